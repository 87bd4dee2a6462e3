"""The commands of one view's line to the kernel: each gets exactly one reply, errors included.

A comm callback may come on any thread, and an exception in one shows nowhere; so all state here is locked, and
whatever goes wrong becomes a reply.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from functools import partial
from typing import Any, cast

from routebook_kernel.exceptions import KernelExtensionError
from routebook_kernel.protocol import Json, Pairs, Reply, ReplyError, RequestBody, SendArguments, StateMessage
from routebook_kernel.session_api import AppView, SessionApi

Post = Callable[[Any], None]
"""Sends one message to the page; any thread may call it."""


class Commands:
    """Answers the commands that a page sends about one application.

    Args:
        session: Runs what takes time on the home loop.
        view: The application.
        post: Sends to the page.
    """

    def __init__(self, session: SessionApi, view: AppView, post: Post) -> None:
        self._session = session
        self._view = view
        self._post = post
        self._lock = threading.Lock()
        self._running: dict[str, Callable[[], None] | None] = {}  # by command; None until it can be cancelled
        self._commands: dict[str, Callable[[str, Json], None]] = {
            "resync": self._resync,
            "send": partial(self._run, view.send),
            "sign_in": partial(self._run, view.sign_in),
            "cancel": self._cancel,
        }

    def handle(self, message: Json) -> None:
        """Answer one message. What is no command of ours, and so has no id to reply to, is left alone."""
        if not isinstance(message, dict) or message.get("type") != "command" or not isinstance(message.get("id"), str):
            return
        command = self._commands.get(str(message.get("command")))
        if command is None:
            self._refuse(message["id"], f"There is no command {message.get('command')!r}.", "refused")
            return
        try:
            command(message["id"], message.get("args"))
        except Exception as error:
            self._refuse_for(message["id"], error)

    def close(self) -> None:
        """End what is still running; each of them still gets its reply."""
        with self._lock:
            running = list(self._running)
        for id_ in running:
            self._end(id_)

    def _resync(self, id_: str, args: Json) -> None:
        seq, app = self._view.state()
        self._post(StateMessage(type="state", seq=seq, app=app))
        self._reply(id_, None)

    def _run(self, ask: Callable[[SendArguments], Any], id_: str, args: Json) -> None:
        """Have the view run a request, by the coroutine that `ask` makes; its result is the reply."""
        if (request := _read_request(args)) is None:
            self._refuse(id_, "The request to send is missing, or not as this kernel knows it.", "refused")
            return

        def done(result: Any, error: BaseException | None) -> None:
            if not self._is_taken(id_):
                return
            if error is None:
                self._reply(id_, result)
            else:
                self._refuse_for(id_, error)

        with self._lock:
            self._running[id_] = None
        try:
            cancel = self._session.submit(lambda: ask(request), done)
        except Exception:
            self._is_taken(id_)
            raise
        with self._lock:
            if id_ in self._running:
                self._running[id_] = cancel
                return
        cancel()  # it was cancelled before it could be; after its end this does nothing

    def _cancel(self, id_: str, args: Json) -> None:
        if isinstance(args, dict):
            self._end(str(args.get("id")))
        self._reply(id_, None)

    def _end(self, id_: str) -> None:
        """Cancel a command and reply to it at once: a request that clings on must not keep its page waiting."""
        with self._lock:
            if id_ not in self._running:
                return
            cancel = self._running.pop(id_)
        if cancel is not None:
            cancel()
        self._refuse_for(id_, CancelledError())

    def _is_taken(self, id_: str) -> bool:
        """Whether the caller is the one to reply to a command; true once a command."""
        with self._lock:
            if id_ not in self._running:
                return False
            del self._running[id_]
            return True

    def _reply(self, id_: str, result: Any) -> None:
        self._post(Reply(type="reply", id=id_, ok=True, result=result))

    def _refuse_for(self, id_: str, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError | CancelledError):
            self._refuse(id_, "Cancelled before an answer came.", "cancelled")
        elif isinstance(error, KernelExtensionError):
            self._refuse(id_, str(error), "refused")
        else:
            self._refuse(id_, f"{type(error).__name__}: {error}", "failed")

    def _refuse(self, id_: str, message: str, kind: Any) -> None:
        self._post(Reply(type="reply", id=id_, ok=False, error=ReplyError(message=message, kind=kind)))


def _read_request(args: Json) -> SendArguments | None:
    """The page's request; None where it has not the shape of one. JSON has no pairs: they arrive as lists."""
    try:
        body = cast(RequestBody, dict(args["body"]))
        if "fields" in body:
            body["fields"] = _pairs(body["fields"])
        return SendArguments(
            operation=str(args["operation"]),
            method=str(args["method"]),
            path=str(args["path"]),
            path_params={str(name): str(value) for name, value in args["path_params"].items()},
            query=_pairs(args["query"]),
            headers=_pairs(args["headers"]),
            cookies=_pairs(args["cookies"]),
            body=body,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _pairs(items: Json) -> Pairs:
    return [(str(name), str(value)) for name, value in items]
