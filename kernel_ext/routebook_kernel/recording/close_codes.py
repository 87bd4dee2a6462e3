"""WebSocket close codes and their meanings.

Spec: RFC 6455 §7.4.1 (1000 to 1011, 1015), §7.4.2 (ranges); IANA, WebSocket Close Code Number Registry.
"""

from collections.abc import Mapping

MAX_REASON_BYTES = 123
"""How many bytes fit in a close frame after the code. Spec: RFC 6455 §5.5, §5.5.1."""

MEANINGS: Mapping[int, str] = {
    1000: "normal, what the connection was for is done",
    1001: "going away: a server stops, or a page is left",
    1002: "protocol error",
    1003: "it was sent a kind of data that it cannot take, such as bytes instead of text",
    1004: "reserved",
    1005: "closed without a code",
    1006: "broken off without a closing word",
    1007: "data that does not fit its kind, such as text that is not UTF-8",
    1008: "against the rules of this side: refused values, or no permission",
    1009: "a message was too big",
    1010: "an extension that the client needs was not agreed on",
    1011: "the server met something that it did not expect",
    1012: "the server restarts",
    1013: "try again later",
    1014: "a gateway got no proper answer",
    1015: "TLS could not be agreed on",
    3000: "not authorised",
    3003: "forbidden",
    3008: "timed out",
}

_NEVER_SENT = {1004, 1005, 1006, 1015}


def describe_close_code(code: int) -> str:
    """Return what a close code means."""
    if code in MEANINGS:
        return MEANINGS[code]
    if 3000 <= code < 4000:
        return "a code of a library or framework, registered with IANA"
    return "private to the application" if 4000 <= code < 5000 else "a code without a meaning"


def find_close_error(code: int, reason: str) -> str | None:
    """Return why a close frame can't carry a code and a reason, or None if it can.

    Spec: RFC 6455 §7.4.1 (1005, 1006 and 1015 are never sent), §7.4.2.
    """
    if code in _NEVER_SENT or not (1000 <= code <= 1014 or 3000 <= code <= 4999):
        return f"{code} cannot be sent as a close code: use 1000, another of 1001 to 1014, or one from 3000 to 4999."
    size = len(reason.encode())
    if size > MAX_REASON_BYTES:
        return f"The reason has {size} bytes; a close frame holds {MAX_REASON_BYTES}."
    return None
