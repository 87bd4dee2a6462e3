"""The log as its views see it: a line for each exchange, one told whole on demand, a request sent again."""

import base64
import binascii
from collections.abc import Callable, Mapping

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import Credential, ExchangeDetail, LogDelta, LogState, RawRequestState
from routebook_kernel.recording.log import ExchangeLog
from routebook_kernel.recording.redacted_values import build_request, fill_redacted_values, find_redacted_values
from routebook_kernel.records import Exchange, RawRequest
from routebook_kernel.redaction import Secrets
from routebook_kernel.runtime.client import Perform
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.session.credentials import Held, held_for
from routebook_kernel.session.feed import Feed
from routebook_kernel.session.log_state import detail_of, hidden_values, holds, raw_request_state, summary_of
from routebook_kernel.session.sending import send_raw

Kept = tuple[dict[int, Exchange], int, int]
"""What the log holds by id, how many there ever were, and about how many bytes it takes."""


class LogView:
    """The log and its views; implements `session_api.LogApi`.

    Args:
        log: The record.
        home: Where deltas are timed.
        performing: Finds what runs requests through the application of a name; None where there is none.
        secrets: The names of secrets, as they are now.
        credentials: What was given for the security schemes of an operation; by the application's name and its own.
    """

    def __init__(
        self,
        log: ExchangeLog,
        home: HomeLoop,
        performing: Callable[[str], Perform | None],
        secrets: Callable[[], Secrets],
        credentials: Callable[[str, str], Mapping[str, Credential]],
    ) -> None:
        self._log = log
        self._performing = performing
        self._secrets = secrets
        self._credentials = credentials
        self._feed = Feed[Kept](home, self._take, difference, self._told)
        log.subscribe(lambda exchange: self._feed.touch())

    # What views ask (session_api.LogApi)

    def state(self) -> tuple[int, LogState]:
        """The whole state and its sequence number."""
        return self._feed.state()

    def subscribe(self, listener: Callable[[LogDelta], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""
        return self._feed.subscribe(listener)

    def detail(self, id: int) -> ExchangeDetail:
        """Everything that is kept of an exchange.

        Raises:
            RequestError: It is kept no more.
        """
        exchange = self._log.get(id)
        if exchange is None:
            raise RequestError(f"Exchange {id} has left the log: the oldest go first.")
        detail = detail_of(exchange)
        try:
            request = build_request(exchange)
        except RequestError as refusal:
            return detail | {"refusal": str(refusal)}
        if exchange.application is None or self._performing(exchange.application) is None:
            return detail | {"refusal": "The application that it was sent to is none of this notebook."}
        state = raw_request_state(exchange, request)
        hidden = find_redacted_values(request, self._secrets())
        return detail | {
            "request": state,
            "hidden": hidden_values(request, hidden, self._held(state, request)),
        }

    def find(self, text: str) -> list[int]:
        """The exchanges in whose URL, headers, bodies, messages or prints a text stands, whatever its case."""
        return [exchange.id for exchange in self._log if holds(exchange, text)]

    async def send_again(self, id: int) -> int:
        """Send the request of an exchange again. Returns the id of the new exchange.

        Raises:
            RequestError: If it can't be sent again: its credentials aren't kept, or its body isn't complete.
        """
        detail = self.detail(id)
        if detail["request"] is None:
            raise RequestError(detail["refusal"])
        if hidden := [field for field in detail["hidden"] if not field["held"]]:
            names = ", ".join(field["name"] for field in hidden)
            raise RequestError(f"Credentials aren't kept. To send it again from %api log, fill in: {names}.")
        return (await self.send(detail["request"], {}))["summary"]["id"]

    async def send(self, request: RawRequestState, values: Mapping[str, str]) -> ExchangeDetail:
        """Send a request again, in process, as it was kept or edited. Await it on the home loop only.

        Args:
            request: What to send.
            values: What stands for its hidden values, by key; for the others stands what a view is signed in with.

        Raises:
            RequestError: A hidden value is missing, or the request cannot be formed.
        """
        perform = self._performing(request["application"] or "")
        if perform is None:
            raise RequestError(f"There is no application {request['application']} in this notebook any more.")
        raw = raw_request(request)
        held = {key: each.value for key, each in self._held(request, raw).items()}
        given = {key: value for key, value in values.items() if value}
        exchange = await send_raw(perform, fill_redacted_values(raw, held | given, self._secrets()))
        return self.detail(exchange.id)

    def clear(self) -> None:
        """Let go of all exchanges."""
        self._log.clear()
        self._feed.touch()

    def _held(self, state: RawRequestState, request: RawRequest) -> dict[str, Held]:
        """What views are signed in with that fits hidden values of a request, by their keys."""
        given = self._credentials(state["application"] or "", state.get("operation") or "")
        secrets = self._secrets()
        found = {each.key: held_for(each, request, given, secrets) for each in find_redacted_values(request, secrets)}
        return {key: held for key, held in found.items() if held is not None}

    # The feed

    def _take(self) -> Kept:
        return {exchange.id: exchange for exchange in self._log}, self._log.total, self._log.size_bytes

    def _told(self, kept: Kept) -> LogState:
        exchanges, total, size_bytes = kept
        return LogState(
            exchanges=[summary_of(exchange) for exchange in exchanges.values()],
            total=total,
            size_bytes=size_bytes,
            max_count=self._log.max_count,
            max_bytes=self._log.max_bytes,
        )


def difference(before: Kept, after: Kept, seq: int) -> LogDelta | None:
    """What changed between two states; None when nothing did."""
    old, new = before[0], after[0]
    changed = [summary_of(exchange) for id_, exchange in new.items() if old.get(id_) is not exchange]
    removed = [id_ for id_ in old if id_ not in new]
    if not changed and not removed and before[1] == after[1]:
        return None
    return LogDelta(type="delta", seq=seq, set=changed, removed=removed, total=after[1], size_bytes=after[2])


def raw_request(state: RawRequestState) -> RawRequest:
    """A request as a page tells it.

    Raises:
        RequestError: Its body did not arrive whole.
    """
    try:
        encoded = state.get("base64")
        body = base64.b64decode(encoded, validate=True) if encoded else state.get("text", "").encode()
    except binascii.Error:
        raise RequestError("The body did not arrive whole: open the exchange again.") from None
    return RawRequest(state["method"], state["url"], tuple(state["headers"]), body)
