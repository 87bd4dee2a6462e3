"""Advice on an exchange: what was sent compared with what the operation expects, and what came back.

Pure: from an exchange and the route that answered to sentences, each with cause, way out and place. The rules look at
what is so in general, never at a particular program; they say nothing when they are not sure.
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
    """The advice on one exchange, the most telling first; most exchanges have none."""
    subject = ExchangeSubject(exchange)
    pieces = [*advise_parameters(subject), *advise_body(subject), *advise_response(subject)]
    by_text = {piece["text"]: piece for piece in pieces}
    return list(by_text.values())[:_MAX_PIECES]
