"""Routebook: a web framework with FastAPI's public API, each route compiled ahead."""

import importlib

from routebook import status
from routebook.applications import FastAPI, Routebook
from routebook.background import BackgroundTasks
from routebook.datastructures import UploadFile
from routebook.exceptions import HTTPException, WebSocketException
from routebook.param_functions import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
from routebook.requests import Request
from routebook.responses import Response
from routebook.routing import APIRouter
from routebook.websockets import WebSocket, WebSocketDisconnect

__version__ = "0.1.0"

_LOADED_WHEN_ASKED_FOR = ("security", "sse")  # pydantic models are in them, which would be slow to import for everybody


def __getattr__(name: str) -> object:
    """Let `import routebook` be enough to write `routebook.security` (PEP 562)."""
    if name in _LOADED_WHEN_ASKED_FOR:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "APIRouter",
    "BackgroundTasks",
    "Body",
    "Cookie",
    "Depends",
    "FastAPI",
    "File",
    "Form",
    "HTTPException",
    "Header",
    "Path",
    "Query",
    "Request",
    "Response",
    "Routebook",
    "Security",
    "UploadFile",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketException",
    "__version__",
    "status",
]
