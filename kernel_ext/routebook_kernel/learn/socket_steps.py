"""Steps that hold a dialogue over a WebSocket."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from routebook_kernel.exceptions import WebSocketEndedError
from routebook_kernel.learn.patterns import describe_pattern, find_difference, format_json
from routebook_kernel.learn.probe import Probe, describe_request
from routebook_kernel.learn.step_results import CheckFailedError, CheckSkippedError, StepResult
from routebook_kernel.learn.steps import Mistakes, find_hint, step_numbers
from routebook_kernel.runtime.client import Client

PATIENCE_S = 3.0
"""How long a dialogue may take."""


def send(message: Any) -> "SendLine":
    """Return a line that sends a string, bytes, or anything else as JSON."""
    return SendLine(message)


def receive(message: Any) -> "ReceiveLine":
    """Return a line that expects a message: a string, bytes, or a pattern of JSON."""
    return ReceiveLine(message)


def closes(code: int = 1000) -> "CloseLine":
    """Return the last line: the application closes the connection, or rejects it, with this code."""
    return CloseLine(code)


@dataclass(frozen=True, slots=True)
class SendLine:
    """A line that sends a message; created by `send`."""

    message: Any

    @property
    def expected(self) -> str:
        """What is expected of the application, in words."""
        return f"that it accepts `{_format_message(self.message)}`"

    async def run(self, connection: Any) -> str:
        """Send the message. Return the line of the transcript."""
        if isinstance(self.message, str):
            await connection.send_text(self.message)
        elif isinstance(self.message, bytes):
            await connection.send_bytes(self.message)
        else:
            await connection.send_json(self.message)
        return f"→ {_format_message(self.message)}"


@dataclass(frozen=True, slots=True)
class ReceiveLine:
    """A line that expects a message; created by `receive`."""

    message: Any

    @property
    def expected(self) -> str:
        """The expected message, in words."""
        return f"`{self.message if isinstance(self.message, str) else describe_pattern(self.message)}`"

    async def run(self, connection: Any) -> str:
        """Receive a message. Return the line of the transcript.

        Raises:
            CheckFailedError: If the message differs.
        """
        actual = await self._receive(connection)
        if find_difference(self.message, actual, exactly=True) is not None:
            raise CheckFailedError(_format_message(actual), expected=self.expected)
        return f"← {_format_message(actual)}"

    async def _receive(self, connection: Any) -> Any:
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
class CloseLine:
    """A line that expects the end of the connection; created by `closes`."""

    code: int

    @property
    def expected(self) -> str:
        """The expected end, in words."""
        return f"that it closes with `{self.code}`"

    async def run(self, connection: Any) -> str:
        """Wait for the end, which is raised as an exception.

        Raises:
            WebSocketClosedError: If the connection ends.
            CheckFailedError: If a message arrives instead.
        """
        raise CheckFailedError(await connection.receive_text(), expected=self.expected)


DialogueLine = SendLine | ReceiveLine | CloseLine


def socket(
    title: str,
    url: str,
    *dialogue: DialogueLine,
    mistakes: Mistakes | None = None,
    needs: int | tuple[int, ...] = (),
    **options: Any,
) -> "SocketStep":
    """Return a step that holds a dialogue: `socket("It echoes", "/ws", send("hi"), receive("you said hi"))`.

    Args:
        title: A statement.
        url: The URL.
        dialogue: The messages to send and to receive, in order.
        mistakes: Hints: by a function of the actual message, a close code, or a string that the message contains.
        needs: The steps that must pass first.
        options: `params`, `headers`, `subprotocols` of the connection.
    """
    return SocketStep(title, url, dialogue, mistakes or {}, options, step_numbers(needs))


@dataclass(frozen=True, slots=True)
class SocketStep:
    """A step that holds a dialogue over a WebSocket; created by `socket`."""

    title: str
    url: str
    dialogue: tuple[DialogueLine, ...]
    mistakes: Mistakes
    options: Mapping[str, Any]
    needs: tuple[int, ...] = ()

    def run(self, probe: Probe) -> StepResult:
        """Hold the dialogue."""
        transcript = [str(describe_request("WebSocket", self.url, self.options))]
        result = StepResult(self.title, "passed", needs=self.needs)
        client = probe.client
        try:
            probe.run(self._run_dialogue(client, transcript), PATIENCE_S)
        except CheckSkippedError:
            raise
        except CheckFailedError as failed:
            hint = failed.hint or find_hint(self.mistakes, failed.actual)
            # A message that didn't arrive in time has no expectation of its own: it's the next line's.
            expected = failed.expected or ", ".join(line.expected for line in self.dialogue[len(transcript) - 1 :][:1])
            result = replace(result, status="failed", expected=expected, actual=failed.actual, hint=hint)
        return replace(result, sent=tuple(transcript))

    async def _run_dialogue(self, client: Client, transcript: list[str]) -> None:
        current: DialogueLine | None = None
        try:
            async with client.websocket_connect(self.url, **self.options) as connection:
                for current in self.dialogue:
                    transcript.append(await current.run(connection))
        except WebSocketEndedError as end:
            close_line = next((line for line in self.dialogue if isinstance(line, CloseLine)), None)
            if current is None and self.dialogue and self.dialogue[0] is close_line:
                current = close_line
            if not (isinstance(current, CloseLine) and current.code == end.code):
                expected = current.expected if current is not None else "a connection"
                hints = (hint for sign, hint in self.mistakes.items() if sign == end.code)
                hint = _find_untyped_hint(end) or next(hints, "")
                raise CheckFailedError(str(end), expected=expected, hint=hint) from end


def _find_untyped_hint(end: WebSocketEndedError) -> str:
    """Return the hint for a parameter without a type, often the connection itself, which is read from the query."""
    if end.code != 1008:
        return ""
    try:
        missing = [error["loc"][1] for error in json.loads(end.reason) if error["type"] == "missing"]
    except (ValueError, TypeError, LookupError):
        return ""
    if not missing:
        return ""
    return (
        f"`{missing[0]}` was looked for in the query: so is every parameter that is declared as nothing else. The "
        "connection comes as the parameter of the type `WebSocket`."
    )


def _format_message(message: Any) -> str:
    if isinstance(message, bytes):
        message = message.decode("utf-8", "replace")
        return format_json(message)
    return message if isinstance(message, str) else format_json(message)
