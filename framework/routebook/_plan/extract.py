"""Find parameters' values in a request: under which of their names they were sent, and how often.

Generated code reads the plain ones itself (one name, one value); the rest, and every error, goes through a `Reader`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.types import Scope

from routebook._analysis.dependant import Parameter, Source
from routebook._analysis.fields import ModelField, located_errors, missing_error
from routebook._analysis.shapes import is_sequence
from routebook._cookies import parse_cookies
from routebook._sentinel import UNSET

Sent = Mapping[str, Any]
"""Everything sent from one source: each name's value, or the list of its values where there are several, in order."""

Pick = Callable[[Any], Any]
"""From what was sent under one name to the value that is validated; `UNSET` for what counts as not sent."""


def query_values(query_string: bytes) -> dict[str, str]:
    """The last value of each query parameter (WHATWG URL, application/x-www-form-urlencoded parsing)."""
    if not query_string:
        return {}
    return dict(query_pairs(query_string))


def query_pairs(query_string: bytes) -> list[tuple[str, str]]:
    """Every query parameter in order; blank values count."""
    text = query_string.decode("latin-1")
    if "%" in text or "+" in text or not text.isascii():
        return parse_qsl(text, keep_blank_values=True)
    return [(name, value) for part in text.split("&") if part for name, _, value in (part.partition("="),)]


def header_values(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The first value of each header, names in lower case as ASGI sends them."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(headers)}


def cookie_values(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The cookies of a request (RFC 6265 §5.4), as Starlette reads them."""
    cookies: dict[str, str] = {}
    for name, value in headers:
        if name == b"cookie":
            cookies.update(parse_cookies(value.decode("latin-1")))
    return cookies


def gather(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Each name's value, or the list of its values where there are several."""
    sent: dict[str, Any] = {}
    several: set[str] = set()
    for name, value in pairs:
        if name not in sent:
            sent[name] = value
        elif name in several:
            sent[name].append(value)
        else:
            sent[name] = [sent[name], value]
            several.add(name)
    return sent


def source_values(source: Source, scope: Scope) -> Sent:
    """Everything that a request sent from one source."""
    if source == "query":
        return gather(query_pairs(scope.get("query_string", b"")))
    if source == "header":
        return gather((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    if source == "cookie":
        return cookie_values(scope["headers"])
    path_params: Sent = scope.get("path_params", {})
    return path_params


def take_all(sent: Any) -> Any:
    """All values of a name, for a sequence."""
    return [*sent] if isinstance(sent, list) else [sent]


def take_last(sent: Any) -> Any:
    """The last value of a name."""
    return sent[-1] if isinstance(sent, list) and sent else sent


def take_first(sent: Any) -> Any:
    """The first value of a name: of repeated headers, the first counts."""
    return sent[0] if isinstance(sent, list) and sent else sent


def take_as_is(sent: Any) -> Any:
    """What was sent: a cookie, or a part of the path, is one text."""
    return sent


def choose_pick(source: Source, annotation: Any) -> Pick:
    """How a value of a type is picked from what a query, header, cookie or path sends under one name."""
    if source in ("cookie", "path"):
        return take_as_is
    if is_sequence(annotation):
        return take_all
    return take_first if source == "header" else take_last


class Reader:
    """Reads one parameter: finds it among the values sent, validates it or takes its default.

    Attributes:
        field: The declaration.
        keys: The names to look up, the preferred one first; a header's in lower case, as ASGI sends them.
        is_async: Whether `read` must be awaited.
    """

    __slots__ = ("_pick", "_validate", "field", "keys", "names", "source")

    is_async = False

    def __init__(self, parameter: Parameter, pick: Pick) -> None:
        self.field: ModelField = parameter.field
        self.source = parameter.error_source
        self.names = parameter.names
        self.keys = tuple(name.lower() for name in self.names) if parameter.source == "header" else self.names
        self._pick = pick
        self._validate = self.field.validate_value

    @property
    def is_plain(self) -> bool:
        """Whether it is one value under one name, so that generated code can read it inline."""
        return len(self.names) == 1 and self._pick is not take_all

    def find(self, sent: Sent) -> tuple[Any, str]:
        """The value, `UNSET` if it was not sent, and the name to show for it."""
        for key, name in zip(self.keys, self.names, strict=True):
            if key in sent:
                value = self._pick(sent[key])
                if value is not UNSET:
                    return value, name
        return UNSET, self.names[0]

    def read(self, sent: Sent) -> Any:
        """The parameter's value.

        Raises:
            KeyError: It is required and was not sent.
            ValidationError: What was sent does not pass.
        """
        value, name = self.find(sent)
        if value is not UNSET:
            return self.validate(value)
        if self.field.is_required:
            raise KeyError(name)
        return self.field.make_default()

    def validate(self, value: Any) -> Any:
        """The validated value.

        Raises:
            ValidationError: It does not pass.
        """
        return self._validate(value, from_attributes=True)

    def explain(self, error: KeyError | ValidationError, sent: Sent) -> list[dict[str, Any]]:
        """What `error`, which `read` raised, says about the request, as error items of a 422.

        Raises:
            KeyError: It is no news of the request but of the application: a validator of its own raised it.
            ValidationError: Likewise; a default's factory raised it.
        """
        value, name = self.find(sent)
        loc = self.location(name)
        if isinstance(error, ValidationError):
            if value is not UNSET or self.field.field_info.validate_default:
                return located_errors(error, loc)
        elif value is UNSET and self.field.is_required:
            return [missing_error(loc)]
        raise error

    def location(self, name: str) -> tuple[str | int, ...]:
        """An error's `loc`."""
        return self.source, name
