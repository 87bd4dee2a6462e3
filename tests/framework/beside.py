"""The same application on routebook and on FastAPI, and the same request to both."""

import asyncio
import inspect
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import fastapi
from pydantic import BaseModel
from starlette.datastructures import UploadFile

import routebook

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Request:
    """One request; the body may come in several messages."""

    method: str = "GET"
    path: str = "/"
    query: bytes = b""
    headers: Headers = ()
    body: bytes = b""

    @classmethod
    def of_json(cls, body: Any, path: str = "/") -> "Request":
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return cls("POST", path, headers=[(b"content-type", b"application/json")], body=content)

    @classmethod
    def of_form(cls, body: bytes, path: str = "/") -> "Request":
        return cls("POST", path, headers=[(b"content-type", b"application/x-www-form-urlencoded")], body=body)

    @classmethod
    def of_parts(cls, *parts: tuple[str, str | None, bytes], path: str = "/") -> "Request":
        """A multipart form of parts (name, file name or None, content)."""
        lines = b"".join(_part(*part) for part in parts)
        headers = [(b"content-type", b"multipart/form-data; boundary=boundary")]
        return cls("POST", path, headers=headers, body=lines + b"--boundary--\r\n")


def _part(name: str, filename: str | None, content: bytes) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    return f'--boundary\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"


@dataclass(frozen=True)
class Answer:
    """A response; the body decoded where it is JSON."""

    status: int
    body: Any


def assert_alike(ours: Any, theirs: Any, request: Request) -> None:
    """Assert that both applications answer alike.

    Where a 422 quotes what JSON has no words for (NaN), FastAPI fails and we answer; half of a surrogate pair, at
    which it fails too, is 400.
    """
    answer = ask(ours, request)
    try:
        expected = ask(theirs, request)
    except ValueError:
        assert answer.status in (400, 422), answer
    else:
        assert answer == expected


def ask(app: Any, request: Request) -> Answer:
    """Send one request to an ASGI application; an exception that no handler took is raised."""
    messages = [{"type": "http.request", "body": request.body, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "root_path": "",
        "headers": list(request.headers),
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    asyncio.run(app(scope, receive, send))
    content = b"".join(message.get("body", b"") for message in sent[1:])
    try:
        body = json.loads(content)
    except ValueError:
        body = content
    return Answer(sent[0]["status"], body)


def endpoint_of(parameters: Iterable[tuple[str, Any, Any]]) -> Callable[..., Any]:
    """An endpoint with these parameters (name, annotation, default or `EMPTY`) that tells what it was given."""

    async def endpoint(**values: Any) -> Any:
        return {name: tell(value) for name, value in sorted(values.items())}

    endpoint.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
            for name, annotation, default in parameters
        ]
    )
    return endpoint


EMPTY = inspect.Parameter.empty


def tell(value: Any) -> Any:
    """A value as JSON that hides nothing: types, and which fields of a model were set."""
    if isinstance(value, BaseModel):
        fields = {name: tell(item) for name, item in {**value.__dict__, **(value.model_extra or {})}.items()}
        return {type(value).__name__: fields, "set": sorted(value.model_fields_set)}
    if isinstance(value, dict):
        return {repr(key): tell(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [type(value).__name__, *map(tell, value)]
    if isinstance(value, set | frozenset):
        return [type(value).__name__, *sorted(map(repr, value))]
    if isinstance(value, UploadFile):
        return {"file": value.filename, "size": value.size, "position": value.file.tell()}
    return repr(value)


def applications(build: Callable[[ModuleType], Any]) -> tuple[Any, Any]:
    """What `build` makes of routebook and of FastAPI."""
    return build(routebook), build(fastapi)
