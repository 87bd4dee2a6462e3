"""The commands of one view's line to the kernel: each gets exactly one reply, errors included.

A comm callback may come on any thread, and an exception in one shows nowhere; so all state here is locked, and
whatever goes wrong becomes a reply.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import CancelledError
from functools import partial
from typing import Any

from routebook_kernel.exceptions import KernelExtensionError
from routebook_kernel.protocol import Code, EventMessage, Json, Reply, ReplyError, StateMessage
from routebook_kernel.session_api import Feed, SessionApi

Post = Callable[[Any], None]
"""Sends one message to the page; any thread may call it."""

Emit = Callable[[Json], None]
"""Tells the page of a command before its reply; any thread may call it."""

Ask = Callable[[Json, Emit], Awaitable[Json]]
"""What a command does with its arguments, on the home loop; the result is the reply."""


class Commands:
    """Answers the commands that a page sends.

    Args:
        session: Runs what takes time on the home loop.
        feed: What the view shows.
        post: Sends to the page.
        code: The view's bundle.
        asks: What the view's own commands do.
    """

    def __init__(
        self, session: SessionApi, feed: Feed, post: Post, code: Callable[[], Code], asks: Mapping[str, Ask]
    ) -> None:
        self._session = session
        self._feed = feed
        self._post = post
        self._code = code
        self._lock = threading.Lock()
        self._running: dict[str, Callable[[], None] | None] = {}  # by command; None until it can be cancelled
        self._commands: dict[str, Callable[[str, Json], None]] = {
            "resync": self._resync,
            "code": self._send_code,
            "cancel": self._cancel,
            **{name: partial(self._run, ask) for name, ask in asks.items()},
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
        seq, state = self._feed.state()
        self._post(StateMessage(type="state", seq=seq, state=state))
        self._reply(id_, None)

    def _send_code(self, id_: str, args: Json) -> None:
        self._reply(id_, self._code())

    def _run(self, ask: Ask, id_: str, args: Json) -> None:
        """Run what a command asks for on the home loop; its result is the reply."""

        def emit(data: Json) -> None:
            self._post(EventMessage(type="event", id=id_, data=data))

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
            cancel = self._session.submit(lambda: ask(args, emit), done)
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
