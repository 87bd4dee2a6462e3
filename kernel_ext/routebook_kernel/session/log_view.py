"""The log as its views see it: a row for each request, the details of one on demand, and sending it again."""

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
from routebook_kernel.session.credentials import StoredCredential, find_for_redacted
from routebook_kernel.session.log_state import detail_of, hidden_values, holds, raw_request_state, summary_of
from routebook_kernel.session.sending import send_raw
from routebook_kernel.session.state_feed import StateFeed

Kept = tuple[dict[int, Exchange], int, int]
"""What the log holds by id, how many there ever were, and about how many bytes it takes."""


class LogView:
    """The log and its views; implements `session_api.LogApi`.

    Args:
        log: The record.
        home: Where deltas are timed.
        requests_to: Returns what sends requests to an application, by its name; None if there's none.
        secrets: Returns the names whose values are credentials.
        credentials: Returns the credentials for an operation, by the application's name and the operation.
    """

    def __init__(
        self,
        log: ExchangeLog,
        home: HomeLoop,
        requests_to: Callable[[str], Perform | None],
        secrets: Callable[[], Secrets],
        credentials: Callable[[str, str], Mapping[str, Credential]],
    ) -> None:
        self._log = log
        self._requests_to = requests_to
        self._secrets = secrets
        self._credentials = credentials
        self._feed = StateFeed[Kept](home, self._take, difference, self._told)
        log.subscribe(lambda exchange: self._feed.touch())

    # What views ask (session_api.LogApi)

    def state(self) -> tuple[int, LogState]:
        """Return the sequence number and the whole state."""
        return self._feed.state()

    def subscribe(self, listener: Callable[[LogDelta], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread. Returns a function that ends it."""
        return self._feed.subscribe(listener)

    def detail(self, id: int) -> ExchangeDetail:
        """Return the details of an exchange.

        Raises:
            RequestError: If it's no longer in the log.
        """
        exchange = self._log.get(id)
        if exchange is None:
            raise RequestError(f"Request {id} is no longer in the log, which drops the oldest first.")
        detail = detail_of(exchange)
        try:
            request = build_request(exchange)
        except RequestError as refusal:
            return detail | {"refusal": str(refusal)}
        if exchange.application is None or self._requests_to(exchange.application) is None:
            return detail | {"refusal": "The application that it was sent to isn't in this notebook."}
        state = raw_request_state(exchange, request)
        hidden = find_redacted_values(request, self._secrets())
        return detail | {
            "request": state,
            "hidden": hidden_values(request, hidden, self._stored_for(state, request)),
        }

    def find(self, text: str) -> list[int]:
        """Return the exchanges whose URL, headers, bodies, messages or prints contain a text, ignoring case."""
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
        """Send a request again, in process, as it was recorded or as edited. Await it on the home loop only.

        Args:
            request: What to send.
            values: Replacements for its hidden values, by key. The others are filled in from stored credentials.

        Raises:
            RequestError: If a hidden value is missing, or the request can't be built.
        """
        perform = self._requests_to(request["application"] or "")
        if perform is None:
            raise RequestError(f"This notebook no longer has an application {request['application']}.")
        raw = raw_request(request)
        stored = {key: credential.value for key, credential in self._stored_for(request, raw).items()}
        entered = {key: value for key, value in values.items() if value}
        exchange = await send_raw(perform, fill_redacted_values(raw, stored | entered, self._secrets()))
        return self.detail(exchange.id)

    def clear(self) -> None:
        """Clear the log."""
        self._log.clear()
        self._feed.touch()

    def _stored_for(self, state: RawRequestState, request: RawRequest) -> dict[str, StoredCredential]:
        """Return the stored credentials that match hidden values of a request, by their keys."""
        credentials = self._credentials(state["application"] or "", state.get("operation") or "")
        secrets = self._secrets()
        found = {
            value.key: find_for_redacted(value, request, credentials, secrets)
            for value in find_redacted_values(request, secrets)
        }
        return {key: credential for key, credential in found.items() if credential is not None}

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
