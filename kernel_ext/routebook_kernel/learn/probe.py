"""A check's access to the learner's work: requests with a time limit, the OpenAPI document, the trace, variables.

Every request runs through the session's in-process client, with the lifespan entered. Nothing that the learner wrote
can hang or break a check: a timeout or an exception becomes a response that says so.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from inspect import isawaitable
from typing import Any

import httpx2

from routebook.applications import Routebook
from routebook_kernel.learn.responses import ProbeResponse, SentRequest
from routebook_kernel.learn.step_results import CheckFailedError, CheckSkippedError
from routebook_kernel.redaction import USUAL
from routebook_kernel.runtime.client import Client, Response
from routebook_kernel.session import Session

TIMEOUT_S = 5.0
_BLOCKED = "Blocking code in an `async def` function held the application's event loop for more than {:g} seconds."
_TIMED_OUT = "No response within {:g} seconds."


class Probe:
    """What a check uses to try the learner's application.

    Args:
        session: The session of the kernel.
        namespace: The notebook's variables.
        app_name: The variable of the application; None if the exercise has none.

    Attributes:
        last: The last response, for the result of a step that calls a function.
        hider: Hides the credentials of every response so far in the texts that the check shows.
    """

    def __init__(self, session: Session, namespace: Mapping[str, Any], app_name: str | None) -> None:
        self._session = session
        self._client: Client | None = None
        self.namespace = namespace
        self.app_name = app_name
        self.last: ProbeResponse | None = None
        self.hider = session.secrets.hider()

    # The application

    @property
    def app(self) -> Routebook:
        """The learner's application.

        Raises:
            CheckSkippedError: If its variable doesn't exist or isn't an application.
        """
        return self.application(self.app_name or "app")

    def application(self, name: str) -> Routebook:
        """Return an application of the notebook by its variable.

        Raises:
            CheckSkippedError: If the variable doesn't exist or isn't an application.
        """
        value = self.namespace.get(name)
        if isinstance(value, Routebook):
            return value
        if name not in self.namespace:
            raise CheckSkippedError(f"There's no `{name}` in this notebook. Run the cell that creates it")
        kind = type(value).__name__
        raise CheckSkippedError(f"`{name}` isn't an application. Its type is `{kind}`. Run the cell that creates it")

    @property
    def client(self) -> Client:
        """The in-process client for the application. Cookies last from step to step."""
        if self._client is None:
            self._client = self._session.client(self.app)
        return self._client

    def openapi(self) -> dict[str, Any]:
        """Return the application's OpenAPI document.

        Raises:
            CheckFailedError: If it can't be created.
        """
        try:
            return self.app.openapi()
        except CheckSkippedError:
            raise
        except Exception as error:
            raise CheckFailedError(f"The document can't be created: {type(error).__name__}: {error}") from error

    # Requests

    def request(self, line: str, *, timeout_s: float = TIMEOUT_S, **options: Any) -> ProbeResponse:
        """Send a request: `probe.request("POST /books", json={…})`; the options are httpx2's.

        Args:
            line: Method and URL.
            timeout_s: How long the response may take.
            options: `json`, `params`, `headers`, `cookies`, `data`, `files`, `content`, `auth`, `follow_redirects`.
        """
        method, _, url = line.partition(" ")
        client = self.client
        for name, value in (options.pop("cookies", None) or {}).items():
            client.cookies.set(name, value)

        async def send() -> Response:
            response: Response = await client.request(method, url, **options)
            return response

        sent = describe_request(method, url, options)
        document = self._document()
        try:
            response = self._within(send(), timeout_s)
        except TimeoutError as error:
            self.last = ProbeResponse(sent, None, trouble=_describe_timeout(error, timeout_s), document=document)
        except Exception as error:
            trouble = f"No response: {type(error).__name__}: {str(error).removesuffix('.')}."
            self.last = ProbeResponse(sent, None, trouble=trouble, document=document)
        else:
            self.last = self._build_response(sent, response, document, options.get("json"))
        return self.last

    def get(self, url: str, **options: Any) -> ProbeResponse:
        """Send GET."""
        return self.request(f"GET {url}", **options)

    def post(self, url: str, **options: Any) -> ProbeResponse:
        """Send POST."""
        return self.request(f"POST {url}", **options)

    def put(self, url: str, **options: Any) -> ProbeResponse:
        """Send PUT."""
        return self.request(f"PUT {url}", **options)

    def patch(self, url: str, **options: Any) -> ProbeResponse:
        """Send PATCH."""
        return self.request(f"PATCH {url}", **options)

    def delete(self, url: str, **options: Any) -> ProbeResponse:
        """Send DELETE."""
        return self.request(f"DELETE {url}", **options)

    def trace(self, line: str, **options: Any) -> ProbeResponse:
        """Send a request and record its steps, the response's `spans`."""
        before, self._session.is_tracing = self._session.is_tracing, True
        try:
            return self.request(line, **options)
        finally:
            self._session.is_tracing = before

    def together(self, *lines: str, timeout_s: float = TIMEOUT_S, **options: Any) -> list[ProbeResponse]:
        """Send requests at the same time. The responses are in the order of the lines."""
        client, document = self.client, self._document()

        async def send_line(line: str) -> Response:
            method, _, url = line.partition(" ")
            response: Response = await client.request(method, url, **options)
            return response

        async def send() -> list[Response]:
            return list(await asyncio.gather(*map(send_line, lines)))

        requests = [describe_request(line.partition(" ")[0], line.partition(" ")[2], options) for line in lines]
        try:
            responses = self._within(send(), timeout_s)
        except TimeoutError as error:
            trouble = _describe_timeout(error, timeout_s)
            return [ProbeResponse(sent, None, trouble=trouble, document=document) for sent in requests]
        except Exception as error:
            raise CheckFailedError(f"{type(error).__name__}: {error}") from error
        return [
            self._build_response(sent, response, document, None)
            for sent, response in zip(requests, responses, strict=True)
        ]

    def lines(self, line: str, count: int, *, timeout_s: float = TIMEOUT_S, **options: Any) -> list[str]:
        """Return the first lines of a streamed body, without empty ones, and leave the stream.

        Raises:
            CheckFailedError: If it takes too long, or the request fails.
        """
        method, _, url = line.partition(" ")
        received: list[str] = []

        async def read() -> None:
            async with self.client.stream(method, url, **options) as response:
                async for text in response.aiter_lines():
                    if text:
                        received.append(text)
                    if len(received) >= count:
                        return

        try:
            self._within(read(), timeout_s)
        except TimeoutError:
            text = f"{len(received)} of {count} lines within {timeout_s:g} seconds: {received}"
            raise CheckFailedError(text) from None
        except Exception as error:
            raise CheckFailedError(f"{type(error).__name__}: {error}") from error
        return received

    # Other things the learner wrote

    def value(self, name: str) -> Any:
        """Return a variable of the notebook.

        Raises:
            CheckSkippedError: If it doesn't exist.
        """
        if name not in self.namespace:
            raise CheckSkippedError(f"There's no `{name}` in this notebook. Run the cell that defines it")
        return self.namespace[name]

    def call(self, name: str, *args: Any, timeout_s: float = TIMEOUT_S, **options: Any) -> Any:
        """Call a function of the notebook, sync or async, with a time limit.

        Raises:
            CheckSkippedError: If it doesn't exist.
            CheckFailedError: If it takes too long.
            Exception: Any exception that it raises.
        """
        function = self.value(name)
        if not callable(function):
            raise CheckFailedError(f"`{name}` is of type `{type(function).__name__}`", expected=f"a function `{name}`")
        if sys.platform == "emscripten" and not asyncio.iscoroutinefunction(function):
            # Without threads no limit can end it. Called here and not on the loop, it can wait for its own requests.
            result = function(*args, **options)
            return self.run(_await(result), timeout_s) if isawaitable(result) else result
        try:
            return self._within(_call(function, args, options), timeout_s)
        except TimeoutError as error:
            raise CheckFailedError(_describe_timeout(error, timeout_s)) from None

    def run(self, coroutine: Coroutine[Any, Any, Any], timeout_s: float = TIMEOUT_S) -> Any:
        """Run a coroutine of the check on the application's event loop.

        Raises:
            CheckFailedError: If it takes too long.
        """
        try:
            return self._within(coroutine, timeout_s)
        except TimeoutError as error:
            raise CheckFailedError(_describe_timeout(error, timeout_s)) from None

    def _within(self, coroutine: Coroutine[Any, Any, Any], timeout_s: float) -> Any:
        return self._session.home.run_within(coroutine, timeout_s)

    def _build_response(
        self, sent: SentRequest, response: Response, document: dict[str, Any], sent_json: Any
    ) -> ProbeResponse:
        self.hider.header_pairs(response.headers.items())
        self.hider.body(response.content, response.headers.get("content-type", ""))
        return _build_response(sent, response, document, sent_json)

    def _document(self) -> dict[str, Any]:
        try:
            return self.openapi()
        except CheckFailedError:
            return {}


async def _await(result: Awaitable[Any]) -> Any:
    return await result


async def _call(function: Callable[..., Any], args: Any, options: Any) -> Any:
    if asyncio.iscoroutinefunction(function):
        result = function(*args, **options)
    else:
        result = await asyncio.to_thread(function, *args, **options)
    return await result if isawaitable(result) else result


def _describe_timeout(error: TimeoutError, timeout_s: float) -> str:
    return (_BLOCKED if "blocking" in str(error) else _TIMED_OUT).format(timeout_s)


def describe_request(method: str, url: str, options: Mapping[str, Any]) -> SentRequest:
    """Describe a request for reading, without its credentials."""
    if params := options.get("params"):
        url = f"{url}?{httpx2.QueryParams(params)}"
    parts = []
    if options.get("json") is not None:
        text = json.dumps(options["json"], ensure_ascii=False, default=str)
        parts.append(("", USUAL.body(text.encode(), "application/json").decode()))
    if data := options.get("data"):
        parts.append(
            ("form", ", ".join(f"{name}={USUAL.value(name, str(value))}" for name, value in dict(data).items()))
        )
    if files := options.get("files"):
        names = [name for name, _ in (files.items() if isinstance(files, Mapping) else files)]
        parts.append(("files", ", ".join(names)))
    if (content := options.get("content")) is not None:
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
        parts.append(("body", USUAL.body(text.encode("utf-8", "replace"), "").decode("utf-8", "replace")))
    headers = USUAL.header_pairs(dict(options.get("headers") or {}).items())
    parts += [("header", f"{name}: {value}") for name, value in headers]
    if options.get("auth"):
        parts.append(("", "with name and password"))
    return SentRequest(f"{method} {USUAL.url(url)}", tuple(parts))


def _build_response(sent: SentRequest, response: Response, document: dict[str, Any], sent_json: Any) -> ProbeResponse:
    exchange = response.exchange
    body = exchange.response_body if exchange else None
    return ProbeResponse(
        sent=sent,
        status=response.status_code,
        text=response.text,
        headers={name.lower(): value for name, value in response.headers.items()},
        cookies=dict(response.cookies),
        failure=exchange.failure if exchange else None,
        spans=exchange.spans if exchange else (),
        shown=body.data.decode("utf-8", "replace") if body else "",
        elapsed_ms=exchange.elapsed_ms if exchange else 0.0,
        document=document,
        sent_json=sent_json,
    )
