"""How a check reaches the learner's work: requests with a time limit, the OpenAPI document, the trace, variables.

Every request runs through the session's in-process client, lifespan entered. Nothing that the learner wrote can hang
or break a check: what is late, or raises, becomes an answer that says so.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from inspect import isawaitable
from typing import Any

import httpx2

from routebook.applications import Routebook
from routebook_kernel.learn.answers import Answer, Sent
from routebook_kernel.learn.outcomes import Missed, Unavailable
from routebook_kernel.redaction import USUAL
from routebook_kernel.runtime.client import Client, Response
from routebook_kernel.session import Session

TIMEOUT_S = 5.0
_BLOCKED = "The application's loop was held for more than {:g} seconds by blocking code in an `async def` function."
_LATE = "No answer came within {:g} seconds."


class Probe:
    """A check's hands and eyes.

    Args:
        session: The kernel's.
        namespace: The notebook's variables.
        app_name: The variable that holds the application; None where the exercise has none.

    Attributes:
        last: The last answer, for what a function's step shows.
        hider: Knows the credentials of every response so far, to keep them out of what the check shows.
    """

    def __init__(self, session: Session, namespace: Mapping[str, Any], app_name: str | None) -> None:
        self._session = session
        self._client: Client | None = None
        self.namespace = namespace
        self.app_name = app_name
        self.last: Answer | None = None
        self.hider = session.secrets.hider()

    # The application

    @property
    def app(self) -> Routebook:
        """The learner's application.

        Raises:
            Unavailable: There is none under its name.
        """
        return self.application(self.app_name or "app")

    def application(self, name: str) -> Routebook:
        """An application of the notebook by its variable.

        Raises:
            Unavailable: There is none under this name.
        """
        found = self.namespace.get(name)
        if isinstance(found, Routebook):
            return found
        if name not in self.namespace:
            raise Unavailable(f"There is no `{name}` in this notebook. Run the cell that makes it")
        kind = type(found).__name__
        raise Unavailable(f"`{name}` is no application but of type `{kind}`. Run the cell that makes it")

    @property
    def client(self) -> Client:
        """The in-process client for it; cookies are kept from step to step."""
        if self._client is None:
            self._client = self._session.client(self.app)
        return self._client

    def openapi(self) -> dict[str, Any]:
        """The application's OpenAPI document.

        Raises:
            Missed: It cannot be made.
        """
        try:
            return self.app.openapi()
        except Unavailable:
            raise
        except Exception as error:
            raise Missed(f"The document cannot be made: {type(error).__name__}: {error}") from error

    # Requests

    def request(self, line: str, *, timeout_s: float = TIMEOUT_S, **options: Any) -> Answer:
        """Send a request: `probe.request("POST /books", json={…})`; the options are httpx2's.

        Args:
            line: Method and address.
            timeout_s: How long an answer may take.
            options: `json`, `params`, `headers`, `cookies`, `data`, `files`, `content`, `auth`, `follow_redirects`.
        """
        method, _, url = line.partition(" ")
        client = self.client
        for name, value in (options.pop("cookies", None) or {}).items():
            client.cookies.set(name, value)

        async def send() -> Response:
            response: Response = await client.request(method, url, **options)
            return response

        sent = sent_of(method, url, options)
        document = self._document()
        try:
            response = self._within(send(), timeout_s)
        except TimeoutError as error:
            self.last = Answer(sent, None, trouble=_late(error, timeout_s), document=document)
        except Exception as error:
            trouble = f"No answer came: {type(error).__name__}: {str(error).removesuffix('.')}."
            self.last = Answer(sent, None, trouble=trouble, document=document)
        else:
            self.last = self._answer(sent, response, document, options.get("json"))
        return self.last

    def get(self, url: str, **options: Any) -> Answer:
        """Send GET."""
        return self.request(f"GET {url}", **options)

    def post(self, url: str, **options: Any) -> Answer:
        """Send POST."""
        return self.request(f"POST {url}", **options)

    def put(self, url: str, **options: Any) -> Answer:
        """Send PUT."""
        return self.request(f"PUT {url}", **options)

    def patch(self, url: str, **options: Any) -> Answer:
        """Send PATCH."""
        return self.request(f"PATCH {url}", **options)

    def delete(self, url: str, **options: Any) -> Answer:
        """Send DELETE."""
        return self.request(f"DELETE {url}", **options)

    def trace(self, line: str, **options: Any) -> Answer:
        """Send a request with its steps recorded: they are the answer's `spans`."""
        before, self._session.is_tracing = self._session.is_tracing, True
        try:
            return self.request(line, **options)
        finally:
            self._session.is_tracing = before

    def together(self, *lines: str, timeout_s: float = TIMEOUT_S, **options: Any) -> list[Answer]:
        """Send requests at the same time; the answers come in the order of the lines."""
        client, document = self.client, self._document()

        async def one(line: str) -> Response:
            method, _, url = line.partition(" ")
            response: Response = await client.request(method, url, **options)
            return response

        async def send() -> list[Response]:
            return list(await asyncio.gather(*map(one, lines)))

        sents = [sent_of(line.partition(" ")[0], line.partition(" ")[2], options) for line in lines]
        try:
            responses = self._within(send(), timeout_s)
        except TimeoutError as error:
            return [Answer(sent, None, trouble=_late(error, timeout_s), document=document) for sent in sents]
        except Exception as error:
            raise Missed(f"{type(error).__name__}: {error}") from error
        return [self._answer(sent, each, document, None) for sent, each in zip(sents, responses, strict=True)]

    def lines(self, line: str, count: int, *, timeout_s: float = TIMEOUT_S, **options: Any) -> list[str]:
        """The first lines of a streamed body, empty ones left out; the stream is left then.

        Raises:
            Missed: It took too long, or the request failed.
        """
        method, _, url = line.partition(" ")
        gathered: list[str] = []

        async def read() -> None:
            async with self.client.stream(method, url, **options) as response:
                async for each in response.aiter_lines():
                    if each:
                        gathered.append(each)
                    if len(gathered) >= count:
                        return

        try:
            self._within(read(), timeout_s)
        except TimeoutError:
            raise Missed(f"{len(gathered)} of {count} lines came within {timeout_s:g} seconds: {gathered}") from None
        except Exception as error:
            raise Missed(f"{type(error).__name__}: {error}") from error
        return gathered

    # Other things the learner wrote

    def value(self, name: str) -> Any:
        """A variable of the notebook.

        Raises:
            Unavailable: There is none of this name.
        """
        if name not in self.namespace:
            raise Unavailable(f"There is no `{name}` in this notebook. Run the cell that defines it")
        return self.namespace[name]

    def call(self, name: str, *args: Any, timeout_s: float = TIMEOUT_S, **options: Any) -> Any:
        """Call a function of the notebook, sync or async, with a time limit.

        Raises:
            Unavailable: There is none of this name.
            Missed: It is late.
            Exception: What it raises.
        """
        function = self.value(name)
        if not callable(function):
            raise Missed(f"`{name}` is of type `{type(function).__name__}`", asked=f"a function `{name}`")
        if sys.platform == "emscripten" and not asyncio.iscoroutinefunction(function):
            # Without threads no limit can end it; called here, not on the loop, it can wait for requests of its own.
            result = function(*args, **options)
            return self.run(_awaited(result), timeout_s) if isawaitable(result) else result
        try:
            return self._within(_called(function, args, options), timeout_s)
        except TimeoutError as error:
            raise Missed(_late(error, timeout_s)) from None

    def run(self, coroutine: Coroutine[Any, Any, Any], timeout_s: float = TIMEOUT_S) -> Any:
        """Run a coroutine of the check's own where the application runs.

        Raises:
            Missed: It is late.
        """
        try:
            return self._within(coroutine, timeout_s)
        except TimeoutError as error:
            raise Missed(_late(error, timeout_s)) from None

    def _within(self, coroutine: Coroutine[Any, Any, Any], timeout_s: float) -> Any:
        return self._session.home.run_within(coroutine, timeout_s)

    def _answer(self, sent: Sent, response: Response, document: dict[str, Any], sent_json: Any) -> Answer:
        self.hider.header_pairs(response.headers.items())
        self.hider.body(response.content, response.headers.get("content-type", ""))
        return _answer(sent, response, document, sent_json)

    def _document(self) -> dict[str, Any]:
        try:
            return self.openapi()
        except Missed:
            return {}


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result


async def _called(function: Callable[..., Any], args: Any, options: Any) -> Any:
    if asyncio.iscoroutinefunction(function):
        result = function(*args, **options)
    else:
        result = await asyncio.to_thread(function, *args, **options)
    return await result if isawaitable(result) else result


def _late(error: TimeoutError, timeout_s: float) -> str:
    return (_BLOCKED if "blocking" in str(error) else _LATE).format(timeout_s)


def sent_of(method: str, url: str, options: Mapping[str, Any]) -> Sent:
    """A request as a person reads it, credentials taken out."""
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
    return Sent(f"{method} {USUAL.url(url)}", tuple(parts))


def _answer(sent: Sent, response: Response, document: dict[str, Any], sent_json: Any) -> Answer:
    exchange = response.exchange
    body = exchange.response_body if exchange else None
    return Answer(
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
