"""Advice on an exchange: compares the request and the response with what the operation expects.

Pure: takes an exchange and its route, and returns sentences with cause, fix and location. The rules hold in general,
never for a particular program. If they aren't sure, they give no advice.
"""

from routebook_kernel.protocol import Advice
from routebook_kernel.recording.advice.bodies import advise_body
from routebook_kernel.recording.advice.parameters import advise_parameters
from routebook_kernel.recording.advice.responses import advise_response
from routebook_kernel.recording.advice.subject import ExchangeSubject
from routebook_kernel.records import Exchange

__all__ = ["advise"]

_MAX_PIECES = 5


def advise(exchange: Exchange) -> list[Advice]:
    """Return the advice on one exchange, most useful first. Most exchanges have none."""
    subject = ExchangeSubject(exchange)
    pieces = [*advise_parameters(subject), *advise_body(subject), *advise_response(subject)]
    by_text = {piece["text"]: piece for piece in pieces}
    return list(by_text.values())[:_MAX_PIECES]
