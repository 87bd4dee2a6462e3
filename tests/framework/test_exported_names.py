"""The public names: each module's `__all__` beside what is there, and beside FastAPI's."""

import importlib
import pkgutil
import subprocess
import sys
import textwrap
import warnings
from types import ModuleType

import fastapi
import pytest
from starlette.exceptions import StarletteDeprecationWarning

import routebook


def public_modules() -> list[str]:
    """Every module of the package without an underscore in its path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = [info.name for info in pkgutil.walk_packages(routebook.__path__, "routebook.")]
    return [name for name in names if not any(part.startswith("_") for part in name.split("."))]


def load(name: str) -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Starlette warns on import of the WSGI middleware
        return importlib.import_module(name)


@pytest.mark.parametrize("name", ["routebook", *public_modules()])
def test_all_names_exist(name: str) -> None:
    """`from module import *` and readers rely on it."""
    module = load(name)

    exported = getattr(module, "__all__", [])
    assert len(exported) == len(set(exported))
    assert [missing for missing in exported if not hasattr(module, missing)] == []


def test_package_exports_what_it_defines() -> None:
    """Nothing slips out unnoticed, nothing is forgotten."""
    public = {
        name
        for name, value in vars(routebook).items()
        if not name.startswith("_") and (not isinstance(value, ModuleType) or name == "status")
    }

    assert public | {"__version__"} == set(routebook.__all__)


MODULES = [
    "background",
    "concurrency",
    "datastructures",
    "encoders",
    "exception_handlers",
    "exceptions",
    "middleware",
    "middleware.asyncexitstack",
    "middleware.cors",
    "middleware.gzip",
    "middleware.httpsredirect",
    "middleware.trustedhost",
    "openapi.constants",
    "openapi.models",
    "param_functions",
    "params",
    "requests",
    "responses",
    "security",
    "security.api_key",
    "security.base",
    "security.http",
    "security.oauth2",
    "security.open_id_connect_url",
    "security.utils",
    "sse",
    "staticfiles",
    "templating",
    "types",
    "utils",
    "websockets",
]


@pytest.mark.parametrize("name", MODULES)
def test_module_has_the_names_that_fastapis_defines(name: str) -> None:
    """An import of a name that FastAPI's module defines itself works from ours."""
    theirs = load(f"fastapi.{name}")
    ours = load(f"routebook.{name}")

    defined = {
        key
        for key, value in vars(theirs).items()
        if not key.startswith("_") and getattr(value, "__module__", "") in (theirs.__name__, f"starlette.{name}")
    }
    assert {key for key in defined if not hasattr(ours, key) and not key.startswith("Starlette")} == set()


def test_package_has_fastapis_names() -> None:
    """The first import of every application."""
    theirs = {name for name in vars(fastapi) if not name.startswith("_") and name[0].isupper()}

    assert theirs - set(routebook.__all__) == set()


def test_deprecated_status_still_works() -> None:
    """Much code says HTTP_422_UNPROCESSABLE_ENTITY; the warning points to its line."""
    with pytest.warns(StarletteDeprecationWarning, match="HTTP_422_UNPROCESSABLE_CONTENT") as caught:
        assert routebook.status.HTTP_422_UNPROCESSABLE_ENTITY == 422

    assert caught[0].filename == __file__
    with pytest.raises(AttributeError):
        routebook.status.HTTP_000_NOTHING  # noqa: B018


def test_what_loads_later_is_there_when_asked_for() -> None:
    """Importing routebook imports no OpenAPI models; whoever writes `routebook.security` after it need not know."""
    code = """
        import sys, routebook
        late = ("routebook.openapi.models", "routebook.security", "routebook._plan.compiler", "pydantic.networks")
        early = [name for name in sys.modules if name in late]
        assert not early, early
        assert routebook.security.OAuth2PasswordBearer and routebook.sse.ServerSentEvent
        assert routebook.openapi.models.Example and routebook.openapi.utils.get_openapi
        from routebook.exceptions import RequestErrorModel, WebSocketErrorModel
        assert (RequestErrorModel.__name__, WebSocketErrorModel.__name__) == ("Request", "WebSocket")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
    with pytest.raises(AttributeError, match="secrity"):
        _ = routebook.secrity  # type: ignore[attr-defined]
