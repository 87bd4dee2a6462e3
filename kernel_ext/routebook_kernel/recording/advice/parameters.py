"""Advice on path, query and headers: sent elsewhere than it is read, or spelled otherwise."""

from collections.abc import Iterator

from routebook_kernel.protocol import Advice, AdvicePlace
from routebook_kernel.recording.advice.bodies import near_choice, unread_names
from routebook_kernel.recording.advice.subject import Subject


def advise_parameters(subject: Subject) -> Iterator[Advice]:
    """Everything about what does not stand in the body."""
    yield from _elsewhere(subject)
    yield from _lists(subject)
    yield from _names(subject)
    for place in ("path", "query"):
        for error in subject.errors_at(place, "enum", "literal_error"):
            if told := near_choice(subject, error):
                yield Advice(text=told, place="path" if place == "path" else "query")
    yield from _plus_signs(subject)


def _elsewhere(subject: Subject) -> Iterator[Advice]:
    """A value is missing where it is read, and was sent in another place."""
    sent = {"query": {name for name, _ in subject.query}, "body": set(subject.members), "header": set(subject.headers)}
    read = {name for parameter in subject.parameters_of("query") for name in parameter.names}
    for error in subject.errors:
        loc = error["loc"]
        if error.get("type") != "missing" or len(loc) != 2 or loc[0] not in {"query", "body", "header", "cookie"}:
            continue
        source, name = loc
        other = next((place for place, names in sent.items() if place != source and name in names), None)
        if other is None or (other == "query" and name in read):
            continue
        way_out = {
            "query": f"send it in the URL, `params={{{name!r}: …}}`, or declare it with `Body()` or in a model",
            "body": f"send `json={{{name!r}: …}}`" if not subject.forms else f"send `data={{{name!r}: …}}`",
            "header": f"send `headers={{{name!r}: …}}`",
            "cookie": f"send `cookies={{{name!r}: …}}`",
        }[source]
        place: AdvicePlace = source
        yield Advice(text=f"`{name}` was sent in the {other}, and is read from the {source}: {way_out}", place=place)


def _lists(subject: Subject) -> Iterator[Advice]:
    """Only a repeated name makes a list: `q=1&q=2`."""
    names = {name for parameter in subject.parameters_of("query") for name in parameter.names}
    for key in dict.fromkeys(name for name, _ in subject.query):
        plain = key.partition("[")[0]
        if key not in names and key.endswith("]") and plain in names:
            text = f"`{key}` is another name than `{plain}` and is not read: repeat the name, `{plain}=1&{plain}=2`"
            yield Advice(text=text, place="query")
    for error in subject.errors_at("query"):
        if len(error["loc"]) == 3 and isinstance(error.get("input"), str) and "," in error["input"]:
            name, parts = error["loc"][1], error["input"].split(",")
            repeated = "&".join(f"{name}={part.strip()}" for part in parts[:3])
            text = f"`{name}={error['input']}` is one value: repeat the name, `{repeated}`"
            yield Advice(text=text, place="query")


def _names(subject: Subject) -> Iterator[Advice]:
    for place, sent in (("query", [name for name, _ in subject.query]), ("header", list(subject.headers))):
        missing = {error["loc"][1] for error in subject.errors_at(place, "missing") if len(error["loc"]) == 2}
        expected = {name for parameter in subject.parameters_of(place) for name in parameter.names}
        for text in unread_names(missing, sent, expected, f"the {place}"):
            yield Advice(text=text, place="query" if place == "query" else "header")


def _plus_signs(subject: Subject) -> Iterator[Advice]:
    """Spec: WHATWG URL, application/x-www-form-urlencoded: `+` is a blank."""
    for error in subject.errors_at("query"):
        sent = error.get("input")
        if isinstance(sent, str) and str(error.get("type", "")).startswith("datetime") and " " in sent.strip():
            told = f"`+` in a URL is a blank, so `{sent}` came"
            text = f"{told}: write `%2B`, or let the client encode it with `params={{…}}`"
            yield Advice(text=text, place="query")
