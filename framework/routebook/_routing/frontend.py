"""A built front end (static files) as the last resort of a router: served where no operation fits.

Internally one more route, so that the dependencies, prefixes and overrides of its routers hold for it too.
"""

import os
import stat
import warnings
from pathlib import Path
from typing import Any, Literal

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from routebook._deprecation import user_stacklevel
from routebook._routing.api_route import APIRoute
from routebook.exceptions import DeclarationError

Fallback = Literal["auto", "index.html", "404.html"]
CheckDir = bool | Literal["auto"]

REST = "/{frontend_path:path}"
"""What follows the front end's own path in its route's template."""

_HTML_TYPES = ("text/html", "application/xhtml+xml")


def make_frontend_route(
    path: str, directory: str | os.PathLike[str], *, fallback: Fallback | None, check_dir: CheckDir, **options: Any
) -> APIRoute:
    """The route of a front end below `path`.

    Raises:
        DeclarationError: The path does not begin with "/", or there is no such fallback.
        RuntimeError: The directory, or the fallback named explicitly, does not exist.
    """
    if not path.startswith("/"):
        raise DeclarationError(f"A frontend's path must start with '/': write '/{path}'.")
    if fallback not in ("auto", "index.html", "404.html", None):
        raise DeclarationError(f"Unknown fallback {fallback!r}: use 'auto', 'index.html', '404.html' or None.")
    files = FrontendFiles(directory, fallback)
    files.check(check_dir)

    async def serve_frontend(request: Request, response: Response) -> Response:
        answer = await files.answer(request.path_params.get("frontend_path", ""), request.scope)
        answer.headers.raw.extend(response.headers.raw)  # what dependencies have set
        return answer

    return APIRoute(path.rstrip("/") + REST, serve_frontend, include_in_schema=False, name="frontend", **options)


class FrontendFiles(StaticFiles):
    """Static files, and what stands in for those that do not exist."""

    def __init__(self, directory: str | os.PathLike[str], fallback: Fallback | None) -> None:
        super().__init__(directory=directory, html=True, check_dir=False)
        self._given = os.fspath(directory)
        self._fallback = fallback

    def check(self, check_dir: CheckDir) -> None:
        """Look whether the directory is there; in development its absence is only warned of."""
        if check_dir is False:
            return
        if not os.path.isdir(self._given):
            message = (
                f"Frontend directory '{self._given}' does not exist (looked for {self._absolute}). Build it first."
            )
            environment = os.environ.get("ROUTEBOOK_ENV") or os.environ.get("FASTAPI_ENV")
            if check_dir is True or environment != "development":
                raise RuntimeError(message)
            warnings.warn(message, UserWarning, stacklevel=user_stacklevel())
        elif self._fallback in ("index.html", "404.html") and not (Path(self._given) / self._fallback).is_file():
            raise self._missing_fallback(self._fallback)

    @property
    def _absolute(self) -> str:
        return os.path.abspath(self._given)

    def _missing_fallback(self, name: str) -> RuntimeError:
        return RuntimeError(
            f"The fallback file {name} does not exist in the frontend directory '{self._given}' ({self._absolute})."
        )

    async def answer(self, path: str, scope: Scope) -> Response:
        """The file of a path, or the fallback.

        Raises:
            HTTPException: 404 or 405.
            RuntimeError: The directory, or the fallback named explicitly, does not exist.
        """
        await self.check_config()
        relative = os.path.normpath(os.path.join(*path.split("/"))) if path else "."
        if scope["method"] not in ("GET", "HEAD"):
            is_there = await self._find(relative) or await self._find(os.path.join(relative, "index.html"))
            if not is_there:
                raise HTTPException(status_code=404)
        # Starlette's own 404.html would come before our fallback: ask only for what is there.
        try:
            response = await self.get_response(relative, scope)
        except HTTPException as error:
            if error.status_code != 404:
                raise
            return await self._fall_back(scope)
        return await self._fall_back(scope) if response.status_code == 404 else response

    async def _find(self, relative: str) -> tuple[str, os.stat_result] | None:
        full_path, found = await anyio.to_thread.run_sync(self.lookup_path, relative)
        return (full_path, found) if found is not None and stat.S_ISREG(found.st_mode) else None

    async def _fall_back(self, scope: Scope) -> Response:
        if self._fallback in ("auto", "404.html"):
            found = await self._find("404.html")
            if found is not None:
                return FileResponse(found[0], status_code=404, stat_result=found[1])
            if self._fallback == "404.html":
                raise self._missing_fallback("404.html")
        if self._fallback in ("auto", "index.html") and accepts_html(scope):
            found = await self._find("index.html")
            if found is not None:
                return self.file_response(*found, scope)
            if self._fallback == "index.html":
                raise self._missing_fallback("index.html")
        raise HTTPException(status_code=404)


def accepts_html(scope: Scope) -> bool:
    """Whether a request names HTML as acceptable, as a browser's navigation does (RFC 9110 §12.5.1).

    A wildcard does not count: that is what scripts and images are asked for with.
    """
    accept = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"), "")
    for item in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in item.split(";"))
        if media_type in _HTML_TYPES and _quality(parameters) > 0:
            return True
    return False


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0
