"""Response classes; Starlette's, the one for server-sent events, and two deprecated ones."""

import importlib
from types import ModuleType
from typing import Any

from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from routebook._deprecation import warn_deprecated
from routebook._event_stream import EventSourceResponse

__all__ = [
    "EventSourceResponse",
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "ORJSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
    "UJSONResponse",
]


class _LibraryJSONResponse(JSONResponse):
    """A JSON response written by an optional library."""

    library: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warn_deprecated(
            f"{type(self).__name__} is deprecated: a path operation with a return type or a response model is written "
            "to JSON bytes by pydantic directly, which is faster and needs no response class."
        )
        super().__init__(*args, **kwargs)

    def import_library(self) -> ModuleType:
        """Import the library.

        Raises:
            ImportError: It is not installed.
        """
        try:
            return importlib.import_module(self.library)
        except ImportError as error:
            raise ImportError(
                f"{type(self).__name__} needs the package '{self.library}': install it, or use JSONResponse."
            ) from error


class ORJSONResponse(_LibraryJSONResponse):
    """Deprecated: JSON written by orjson; NumPy arrays and keys that are not strings are taken."""

    library = "orjson"

    def render(self, content: Any) -> bytes:
        """Write `content` as JSON.

        Raises:
            ImportError: orjson is not installed.
        """
        orjson = self.import_library()
        written: bytes = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
        return written


class UJSONResponse(_LibraryJSONResponse):
    """Deprecated: JSON written by ujson."""

    library = "ujson"

    def render(self, content: Any) -> bytes:
        """Write `content` as JSON.

        Raises:
            ImportError: ujson is not installed.
        """
        written: str = self.import_library().dumps(content, ensure_ascii=False)
        return written.encode()
