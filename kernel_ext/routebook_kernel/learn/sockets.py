"""The step that talks through a WebSocket."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from routebook_kernel.exceptions import WebSocketEndedError
from routebook_kernel.learn.outcomes import Missed, Outcome, Unavailable
from routebook_kernel.learn.patterns import differs, shown, told
from routebook_kernel.learn.probe import Probe, sent_of
from routebook_kernel.learn.steps import Mistakes, hint_for, numbers
from routebook_kernel.runtime.client import Client

PATIENCE_S = 3.0
"""How long a dialogue may take."""


def send(message: Any) -> "Send":
    """One line of a dialogue: send a text, bytes, or anything else as JSON."""
    return Send(message)


def receive(message: Any) -> "Receive":
    """One line of a dialogue: this must come; a text, bytes, or a pattern of JSON."""
    return Receive(message)


def closes(code: int = 1000) -> "Closes":
    """The last line of a dialogue: the application closes with this code, or refuses the connection with it."""
    return Closes(code)


@dataclass(frozen=True, slots=True)
class Send:
    """What a check says; made by `send`."""

    message: Any

    @property
    def asked(self) -> str:
        """In words."""
        return f"that it takes `{_line(self.message)}`"

    async def go(self, connection: Any) -> str:
        """Say it."""
        if isinstance(self.message, str):
            await connection.send_text(self.message)
        elif isinstance(self.message, bytes):
            await connection.send_bytes(self.message)
        else:
            await connection.send_json(self.message)
        return f"→ {_line(self.message)}"


@dataclass(frozen=True, slots=True)
class Receive:
    """What a check wants to hear; made by `receive`."""

    message: Any

    @property
    def asked(self) -> str:
        """In words."""
        return f"`{self.message if isinstance(self.message, str) else told(self.message)}`"

    async def go(self, connection: Any) -> str:
        """Hear it.

        Raises:
            Missed: Something else came.
        """
        came = await self._heard(connection)
        if differs(self.message, came, exactly=True) is not None:
            raise Missed(_line(came), asked=self.asked)
        return f"← {_line(came)}"

    async def _heard(self, connection: Any) -> Any:
        if isinstance(self.message, bytes):
            return await connection.receive_bytes()
        text = await connection.receive_text()
        if isinstance(self.message, str | re.Pattern) or self.message is str or self.message is ...:
            return text
        try:
            return json.loads(text)
        except ValueError:
            return text


@dataclass(frozen=True, slots=True)
class Closes:
    """How a check wants it to end; made by `closes`."""

    code: int

    @property
    def asked(self) -> str:
        """In words."""
        return f"that it closes with `{self.code}`"

    async def go(self, connection: Any) -> str:
        """Wait for the end, which comes as an exception.

        Raises:
            WebSocketClosedError: It ended.
            Missed: A message came instead.
        """
        raise Missed(await connection.receive_text(), asked=self.asked)


Line = Send | Receive | Closes


def socket(
    title: str,
    url: str,
    *dialogue: Line,
    mistakes: Mistakes | None = None,
    needs: int | tuple[int, ...] = (),
    **options: Any,
) -> "Socket":
    """A WebSocket dialogue: `socket("It echoes", "/ws", send("hi"), receive("you said hi"))`.

    Args:
        title: A statement.
        url: The address.
        dialogue: What is said and must be heard, in order.
        mistakes: Hints: functions of what came, a code as a number, or a text that what came contains.
        needs: Which steps must pass first.
        options: `params`, `headers`, `subprotocols` of the connection.
    """
    return Socket(title, url, dialogue, mistakes or {}, options, numbers(needs))


@dataclass(frozen=True, slots=True)
class Socket:
    """A WebSocket dialogue; made by `socket`."""

    title: str
    url: str
    dialogue: tuple[Line, ...]
    mistakes: Mistakes
    options: Mapping[str, Any]
    needs: tuple[int, ...] = ()

    def run(self, probe: Probe) -> Outcome:
        """Hold it."""
        transcript = [str(sent_of("WebSocket", self.url, self.options))]
        outcome = Outcome(self.title, "passed", needs=self.needs)
        client = probe.client
        try:
            probe.run(self._hold(client, transcript), PATIENCE_S)
        except Unavailable:
            raise
        except Missed as missed:
            hint = missed.hint or hint_for(self.mistakes, missed.came)
            outcome = replace(outcome, kind="failed", asked=missed.asked, came=missed.came, hint=hint)
            if not outcome.asked:  # nothing came in time for the line that was due
                due = self.dialogue[len(transcript) - 1 :][:1]
                outcome = replace(outcome, asked=", ".join(line.asked for line in due))
        return replace(outcome, sent=tuple(transcript))

    async def _hold(self, client: Client, transcript: list[str]) -> None:
        due: Line | None = None
        try:
            async with client.websocket_connect(self.url, **self.options) as connection:
                for due in self.dialogue:
                    transcript.append(await due.go(connection))
        except WebSocketEndedError as end:
            expected = next((line for line in self.dialogue if isinstance(line, Closes)), None)
            if due is None and self.dialogue and self.dialogue[0] is expected:
                due = expected
            if not (isinstance(due, Closes) and due.code == end.code):
                asked = due.asked if due is not None else "a connection"
                hint = _untyped(end) or next((hint for when, hint in self.mistakes.items() if when == end.code), "")
                raise Missed(str(end), asked=asked, hint=hint) from end


def _untyped(end: WebSocketEndedError) -> str:
    """The hint where a parameter without a type, often the connection itself, was looked for in the query; else ""."""
    if end.code != 1008:
        return ""
    try:
        lost = [error["loc"][1] for error in json.loads(end.reason) if error["type"] == "missing"]
    except (ValueError, TypeError, LookupError):
        return ""
    if not lost:
        return ""
    return (
        f"`{lost[0]}` was looked for in the query: so is every parameter that is declared as nothing else. The "
        "connection comes as the parameter of the type `WebSocket`."
    )


def _line(value: Any) -> str:
    return (
        value
        if isinstance(value, str)
        else shown(value if not isinstance(value, bytes) else value.decode("utf-8", "replace"))
    )
