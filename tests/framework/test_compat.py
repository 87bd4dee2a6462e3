"""`routebook.compat.install()`, each case in a process of its own: what is imported can't be taken back."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest


def run(source: str, *, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\n{dedent(source)}" if folder else dedent(source)
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120, check=False
    )


def check(source: str, *, folder: Path | None = None) -> None:
    finished = run(source, folder=folder)
    assert finished.returncode == 0, finished.stderr


def test_application_written_for_fastapi_runs() -> None:
    """The promise: change nothing but one line at the start."""
    check(
        """
        import routebook.compat
        routebook.compat.install()

        from typing import Annotated
        import fastapi
        from fastapi import Depends, FastAPI, Query
        from fastapi.security import HTTPBearer
        from fastapi.testclient import TestClient

        app = FastAPI()

        @app.get("/items")
        def items(limit: Annotated[int, Query(ge=1)], token=Depends(HTTPBearer())):
            return {"limit": limit, "token": token.credentials}

        client = TestClient(app)
        answer = client.get("/items?limit=2", headers={"Authorization": "Bearer t"})
        assert answer.json() == {"limit": 2, "token": "t"}, answer.text
        assert client.get("/items?limit=2").status_code == 401
        assert fastapi.FastAPI.__module__ == "routebook.applications"
        """
    )


def test_both_names_are_the_same_modules() -> None:
    """Classes imported by either name are the same; and the modules know their own name still."""
    check(
        """
        import routebook.compat
        routebook.compat.install()
        import fastapi.security.oauth2, fastapi.params
        import routebook.params, routebook.security.oauth2

        assert fastapi is routebook
        assert fastapi.params is routebook.params
        assert fastapi.security.oauth2 is routebook.security.oauth2
        assert routebook.__spec__.name == "routebook"
        assert routebook.params.__spec__.name == routebook.params.__name__ == "routebook.params"
        """
    )


def test_third_party_package_gets_routebook(tmp_path: Path) -> None:
    """A package that knows only fastapi works, and its classes fit the application."""
    (tmp_path / "plugin.py").write_text(
        dedent(
            """
            from fastapi import APIRouter
            from fastapi.routing import APIRoute

            class Route(APIRoute):
                pass

            router = APIRouter(route_class=Route)

            @router.get("/plugin")
            def plugin():
                return "works"
            """
        )
    )
    check(
        """
        import routebook.compat
        routebook.compat.install()
        import plugin
        from routebook import Routebook
        from routebook.testclient import TestClient

        app = Routebook()
        app.include_router(plugin.router)
        assert TestClient(app).get("/plugin").json() == "works"
        """,
        folder=tmp_path,
    )


def test_real_fastapi_already_imported_is_an_error() -> None:
    """Half of a program on each would fail in ways that nobody could read."""
    finished = run(
        """
        import fastapi
        import routebook.compat
        from routebook.exceptions import RoutebookError
        try:
            routebook.compat.install()
        except RoutebookError as error:
            print(error)
        import fastapi.params
        print(fastapi.params.__name__)
        """
    )

    assert "the real one is imported already, from" in finished.stdout
    assert "before the first import of fastapi" in finished.stdout
    assert finished.stdout.endswith("fastapi.params\n")


def test_import_alone_changes_nothing() -> None:
    """On request only."""
    check(
        """
        import sys
        before = list(sys.meta_path)
        import routebook, routebook.compat
        assert sys.meta_path == before
        import fastapi
        assert fastapi is not routebook
        """
    )


def test_second_call_changes_nothing() -> None:
    """Each notebook and each plugin may call it."""
    check(
        """
        import sys, routebook.compat
        routebook.compat.install()
        import fastapi
        finders = list(sys.meta_path)
        routebook.compat.install()
        assert sys.meta_path == finders
        """
    )


@pytest.mark.parametrize("name", ["fastapi.nothing", "fastapi.security.nothing"])
def test_module_that_routebook_has_not_is_not_found(name: str) -> None:
    """Not even where the real fastapi is installed: code that probes with `except ImportError` goes on."""
    check(
        f"""
        import importlib, routebook.compat
        routebook.compat.install()
        try:
            importlib.import_module("{name}")
        except ModuleNotFoundError as error:
            assert error.name == "{name}", error.name
            assert "routebook stands in for fastapi" in str(error)
        else:
            raise AssertionError("found")
        """
    )
