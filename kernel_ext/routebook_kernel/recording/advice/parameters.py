"""Advice on path, query and headers: values sent in another place than they're read from, or under another name."""

import re
from collections.abc import Iterator

from routebook_kernel.protocol import Advice, AdvicePlace
from routebook_kernel.recording.advice.bodies import find_intended_name, iter_unread_names, suggest_choice
from routebook_kernel.recording.advice.subject import ExchangeSubject

_SEPARATORS = re.compile(r"\s*[,;|]\s*|\s+")


def advise_parameters(subject: ExchangeSubject) -> Iterator[Advice]:
    """Yield the advice on everything outside the body."""
    yield from _advise_location(subject)
    yield from _advise_lists(subject)
    yield from _advise_names(subject)
    for place in ("path", "query"):
        for error in subject.errors_at(place, "enum", "literal_error"):
            if advice := suggest_choice(subject, error):
                yield Advice(text=advice, place="path" if place == "path" else "query")
    yield from _advise_plus_signs(subject)


def _advise_location(subject: ExchangeSubject) -> Iterator[Advice]:
    """Advise on a value that is missing where it's read, and was sent in another place."""
    sent = {"query": {name for name, _ in subject.query}, "body": set(subject.members), "header": set(subject.headers)}
    read = set(subject.names_at("query"))
    for error in subject.errors:
        loc = error["loc"]
        if error.get("type") != "missing" or len(loc) != 2 or loc[0] not in {"query", "body", "header", "cookie"}:
            continue
        source, name = loc
        other = next((place for place, names in sent.items() if place != source and name in names), None)
        if other is None or (other == "query" and name in read):
            continue
        fix = {
            "query": _fix_for_query(subject, name),
            "body": f"send `json={{{name!r}: …}}`" if not subject.forms else f"send `data={{{name!r}: …}}`",
            "header": f"send `headers={{{name!r}: …}}`",
            "cookie": f"send `cookies={{{name!r}: …}}`",
        }[source]
        place: AdvicePlace = source
        yield Advice(text=f"`{name}` was sent in the {other}, and is read from the {source}: {fix}", place=place)
    if not subject.errors and subject.has_declared_bodies:
        yield from _advise_unread_location(subject, read - sent["query"])


def _advise_unread_location(subject: ExchangeSubject, left_out: set[str]) -> Iterator[Advice]:
    """Advise on an optional query parameter that was sent in the body, where nothing reads it."""
    if _has_unread_body(subject) and left_out:
        names = " and ".join(f"`{name}`" for name in sorted(left_out))
        fix = "send them in the URL, `params={…}`, or declare them with `Body()` or in a model"
        text = f"a body was sent, and `{subject.function}` reads none: {names} would come in the query; {fix}"
        yield Advice(text=text, place="query")
    for name in sorted(left_out & subject.members.keys() - subject.expected.keys()):
        text = f"`{name}` was sent in the body, and is read from the query: {_fix_for_query(subject, name)}"
        yield Advice(text=text, place="query")


def _has_unread_body(subject: ExchangeSubject) -> bool:
    """Whether a JSON body was sent that the operation doesn't read, so that its content isn't known."""
    is_read = bool(subject.bodies or subject.forms or subject.text)
    return subject.is_json and not is_read and int(subject.headers.get("content-length", "0")) > 2


def _fix_for_query(subject: ExchangeSubject, name: str) -> str:
    marker = "`Form()`" if subject.is_form else "`Body()` or in a model"
    return f"send it in the URL, `params={{{name!r}: …}}`, or declare it with {marker}"


def _advise_lists(subject: ExchangeSubject) -> Iterator[Advice]:
    """Advise on lists in the query. Only repeating a name makes a list: `q=1&q=2`."""
    names = {name for parameter in subject.parameters_of("query") for name in parameter.names}
    for key in dict.fromkeys(name for name, _ in subject.query):
        plain = key.partition("[")[0]
        if key not in names and key.endswith("]") and plain in names:
            text = f"`{key}` is another name than `{plain}` and is not read: repeat the name, `{plain}=1&{plain}=2`"
            yield Advice(text=text, place="query")
    for error in subject.errors_at("query"):
        if len(error["loc"]) == 3 and isinstance(error.get("input"), str):
            name, parts = error["loc"][1], _SEPARATORS.split(error["input"].strip("[](){} "))
            if len(parts) < 2 and parts == [error["input"]]:
                continue
            repeated = "&".join(f"{name}={part.strip(chr(39) + chr(34))}" for part in parts[:3])
            text = f"`{name}={error['input']}` is one value: repeat the name, `{repeated}`"
            yield Advice(text=text, place="query")


def _advise_names(subject: ExchangeSubject) -> Iterator[Advice]:
    for place, sent in (("query", [name for name, _ in subject.query]), ("header", list(subject.headers))):
        missing = {error["loc"][1] for error in subject.errors_at(place, "missing") if len(error["loc"]) == 2}
        expected = subject.names_at(place)
        for text in iter_unread_names(missing, sent, expected, f"the {place}"):
            yield Advice(text=text, place="query" if place == "query" else "header")
    if not subject.errors and subject.has_declared_bodies:
        yield from _advise_unread(subject)


def _advise_unread(subject: ExchangeSubject) -> Iterator[Advice]:
    """Advise on a query name that nothing reads, next to a missing optional one."""
    sent = {name for name, _ in subject.query}
    left_out = [name for name, may_be in subject.names_at("query").items() if may_be]
    for key in sorted(sent - subject.names_at("query").keys()):
        if intended := find_intended_name(key, left_out, sent):
            yield Advice(text=f"`{key}` was sent, and nothing reads it: did you mean `{intended}`?", place="query")


def _advise_plus_signs(subject: ExchangeSubject) -> Iterator[Advice]:
    """Advise on a `+` in a time, which arrives as a space.

    Spec: WHATWG URL, application/x-www-form-urlencoded.
    """
    for error in subject.errors_at("query"):
        sent = error.get("input")
        if isinstance(sent, str) and str(error.get("type", "")).startswith("datetime") and " " in sent.strip():
            told = f"`+` in a URL is a blank, so `{sent}` came"
            text = f"{told}: write `%2B`, or let the client encode it with `params={{…}}`"
            yield Advice(text=text, place="query")
