"""Advice on the body: sent in another format than the operation reads, or with another structure or spelling."""

import ast
import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from routebook_kernel.protocol import Advice
from routebook_kernel.recording.advice.subject import UNREAD, ExchangeSubject, fields_of, is_list, model_of

_LAST_COMMA = re.compile(r",\s*[}\]]")
_PLAIN = {int: "a whole number", float: "a number", bool: "true or false"}


def advise_body(subject: ExchangeSubject) -> Iterator[Advice]:
    """Yield the advice on the body. If its format is wrong, only that."""
    found = list(_advise_kind(subject)) or [*_advise_shape(subject), *_advise_choices(subject)]
    found += [] if found else _advise_names(subject)
    for text in found or _iter_coerced_values(subject):
        yield Advice(text=text, place="body")


def _advise_kind(subject: ExchangeSubject) -> Iterator[str]:
    """Advise on a body that was sent in one format and is read in another."""
    if subject.status == 400 and "oundary" in json.dumps(
        subject.response_json if subject.response_json is not UNREAD else ""
    ):
        yield (
            "the Content-Type was set by hand and lacks its boundary: leave it out, the client sets it with `files=…`"
        )
        return
    if not subject.errors:
        return
    errors = subject.errors_at("body")
    if any(error.get("type") == "json_invalid" for error in errors):
        yield from _advise_malformed(subject)
    elif errors and subject.forms and not subject.is_form:
        fix = "`data={…}`" if not subject.parameters_of("file") else "`files={…}` and `data={…}`"
        sent = "as JSON" if subject.is_json else "without a form" if subject.text else "without a body"
        yield (
            f"`{subject.function}` reads a form, and the request came {sent}: send it with {fix} (in a browser, "
            "`body: new FormData(form)`)"
        )
    elif errors and subject.forms:
        yield from _advise_file_name(subject)
    elif errors and subject.bodies and subject.is_form and not subject.forms:
        name = subject.bodies[0].name
        yield (
            f"the body was sent as a form, and `{name}` is read as JSON: send `json={{…}}` instead of `data=…`; for an "
            f"HTML form declare `{name}: Annotated[…, Form()]`"
        )
    elif errors and subject.bodies and not subject.text and any(error["loc"] == ["body"] for error in errors):
        yield _describe_unsent(subject)
    elif errors and subject.bodies and subject.text and not subject.is_json and subject.json is not UNREAD:
        sent = f"`{subject.media_type}`" if subject.media_type else "no Content-Type"
        yield (
            f"the body is JSON, but was sent with {sent}: send `json={{…}}`, or the header `Content-Type: "
            "application/json`"
        )


def _describe_unsent(subject: ExchangeSubject) -> str:
    name = subject.bodies[0].name
    came_in_url = bool({key for key, _ in subject.query} & {name, *subject.expected})
    sent = " (the values came in the URL)" if came_in_url else ""
    if subject.method in {"GET", "HEAD"} or (came_in_url and not subject.expected):
        return (
            f"`{name}` is read from the body, and none was sent{sent}: for the query declare `{name}: Annotated[…, "
            "Query()]`"
        )
    return f"no body was sent, and `{name}` is read from it{sent}: send `json={{…}}`"


def _advise_malformed(subject: ExchangeSubject) -> Iterator[str]:
    text = subject.text
    try:
        json.loads(text)
    except ValueError as error:
        at = getattr(error, "pos", 0)
        line = text[max(0, at - 12) : at]
        rest = text[at : at + 12]
        place = f"at character {at + 1}, `{line}▸{rest}`".replace("``", "").replace("\n", " ")
        yield f"the body is not JSON {place}: {_explain_malformed(text, at)}; let the client encode it, `json={{…}}`"


def _explain_malformed(text: str, at: int) -> str:
    if text[at : at + 1] == "'":
        return "JSON has texts in double quotes, `'…'` is Python's"
    comma = at if text[at : at + 1] == "," else len(text[:at].rstrip()) - 1  # Python 3.13 points at it, 3.12 after it
    if _LAST_COMMA.match(text, max(comma, 0)):
        return "a comma stands before the closing bracket"
    if text[at:].startswith(("True", "False", "None")):
        return "JSON writes `true`, `false` and `null`"
    if not text[at:].strip():
        return "it ends too early"
    return "a quote, a comma or a bracket is missing or too much there"


def _advise_file_name(subject: ExchangeSubject) -> Iterator[str]:
    files = {name for parameter in subject.parameters_of("file") for name in parameter.names}
    rejected = [error["loc"][1] for error in subject.errors_at("body") if len(error["loc"]) > 1]
    lost = [name for name in rejected if name in files]
    if not lost:
        return
    if subject.media_type != "multipart/form-data":
        yield (
            f"only the name of the file `{lost[0]}` was sent, not its content: write `files={{{lost[0]!r}: …}}`, "
            f'in HTML `<form enctype="multipart/form-data"><input type="file" name="{lost[0]}">`'
        )
    elif (sent := [name for name in subject.members if name not in files]) and lost[0] not in subject.members:
        yield f"the file was sent as `{sent[0]}`, and is read as `{lost[0]}`: write `files={{{lost[0]!r}: …}}`"


def _advise_shape(subject: ExchangeSubject) -> Iterator[str]:
    for error in subject.errors_at("body"):
        sent = error.get("input")
        if isinstance(sent, str) and not subject.is_form and isinstance(_load_literal(sent), dict | list):
            what = "the body" if error["loc"] == ["body"] else f"`{error['loc'][-1]}`"
            yield f"{what} is a text that holds Python's `{{…}}`: send `json=data`, without `str(…)`"
            return
        if isinstance(sent, str) and isinstance(_load_json(sent), dict | list) and "json" not in str(error.get("type")):
            if subject.is_form:
                name = error["loc"][-1]
                yield (
                    f"`{name}` holds JSON as the text of a form's field: declare `{name}: Annotated[Json[…], Form()]`, "
                    "with pydantic's `Json`"
                )
                return
            what = "the body" if error["loc"] == ["body"] else f"`{error['loc'][-1]}`"
            yield (f"{what} is a text that holds JSON, it was encoded twice: send `json=data`, without `json.dumps(…)`")
            return
    yield from _advise_nesting(subject)


def _load_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return UNREAD


def _load_literal(text: str) -> Any:
    """Return the value of a Python literal, or `UNREAD` if the text is JSON or not a literal."""
    if _load_json(text) is not UNREAD:
        return UNREAD
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return UNREAD


def _advise_nesting(subject: ExchangeSubject) -> Iterator[str]:
    """Advise on the right values at the wrong level, or one value where a list is expected."""
    if not subject.bodies or not subject.errors_at("body") or subject.json is UNREAD:
        return
    if subject.is_embedded:
        yield from _advise_unembedded(subject)
        return
    parameter, members = subject.bodies[0], subject.members
    name, annotation = parameter.name, parameter.field.field_info.annotation
    is_whole = any(error["loc"] == ["body"] for error in subject.errors)
    key, value = next(iter(members.items())) if len(members) == 1 else ("", None)
    embed = f", or declare `{name}: Annotated[…, Body(embed=True)]`" if key == name else ""
    if key and key not in subject.expected and isinstance(value, dict) and set(value) & set(subject.expected):
        yield f"the fields stand under `{key}`, and are read at the top: send them without `{key}` around them{embed}"
    elif is_whole and key and (key == name or (is_list(annotation) and isinstance(value, list))):
        yield f"`{key}` is the whole body there: send its value alone{embed}"
    elif is_whole and is_list(annotation) and isinstance(subject.json, dict):
        yield "a list is read there, and one object was sent: send `[{…}]`"
    elif is_whole and subject.expected and isinstance(subject.json, list):
        yield f"one object is read there, and a list was sent: send one, or declare `{name}: list[…]`"


def _advise_unembedded(subject: ExchangeSubject) -> Iterator[str]:
    missing = {error["loc"][1] for error in subject.errors_at("body", "missing") if len(error["loc"]) == 2}
    members = subject.members
    flat = [
        parameter
        for parameter in subject.bodies
        if missing & set(parameter.names)
        if not members or set(fields_of(parameter.field.field_info.annotation)) & set(members)
    ]
    if flat:
        shape = ", ".join(
            f'"{item.names[0]}": {_placeholder(item.field.field_info.annotation)}' for item in subject.bodies
        )
        why = "takes several body parameters" if len(subject.bodies) > 1 else "embeds its body"
        yield f"`{subject.function}` {why}, each under its own name: send `{{{shape}}}`"


def _placeholder(annotation: Any) -> str:
    if model_of(annotation) is not None or (get_origin(annotation) or annotation) is dict:
        return "{…}"
    return "[…]" if is_list(annotation) else "…"


def _advise_choices(subject: ExchangeSubject) -> Iterator[str]:
    for error in subject.errors_at("body", "enum", "literal_error"):
        if text := suggest_choice(subject, error):
            yield text


def suggest_choice(subject: ExchangeSubject, error: dict[str, Any]) -> str | None:
    """Suggest the choice that was meant, if the name of a member or another spelling was sent."""
    sent, expected = error.get("input"), str((error.get("ctx") or {}).get("expected", ""))
    if not isinstance(sent, str) or not sent:
        return None
    choices = [part.strip() for part in expected.replace(" or ", ", ").split(", ")]
    by_value = next((choice for choice in choices if choice.strip("'").casefold() == sent.strip().casefold()), None)
    if by_value == sent.strip():
        return _describe_string_choice(sent, is_in_body=error["loc"][0] == "body")
    if by_value is not None:
        return f"`{sent}` is spelled `{by_value.strip(chr(39))}` there, letter for letter: send that"
    member = _find_member(subject, str(error["loc"][-1]), sent)
    if member is not None:
        return f"`{sent}` is the name of a choice, its value is expected: send `{member.value}`"
    close = get_close_matches(sent.casefold(), [choice.strip("'") for choice in choices], n=1, cutoff=0.7)
    return f"`{sent}` is none of the choices: did you mean `{close[0]}`?" if close else None


def _describe_string_choice(sent: str, *, is_in_body: bool) -> str:
    if is_in_body:
        return f"`{sent}` was sent as a text, and the choices are no texts: send it without quotation marks"
    return (
        f"`{sent}` arrives as a text there, and the choices are no texts: declare an `IntEnum`, which reads texts too"
    )


def _find_member(subject: ExchangeSubject, name: str, sent: str) -> Enum | None:
    annotations = [p.field.field_info.annotation for p in subject.parameters if name in (p.name, *p.names)]
    annotations += [expected.annotation for key, expected in subject.expected.items() if key == name]
    for annotation in annotations:
        for kind in (annotation, *get_args(annotation)):
            if isinstance(kind, type) and issubclass(kind, Enum):
                for member in kind:
                    if member.name.casefold() == sent.casefold():
                        return member
    return None


def _advise_names(subject: ExchangeSubject) -> Iterator[str]:
    """Advise on members that nothing reads, spelled almost like a missing one, at every level of the body."""
    missing = [tuple(error["loc"][1:]) for error in subject.errors_at("body", "missing")]
    for level in subject.levels():
        here = {loc[-1] for loc in missing if loc and loc[:-1] == level.place}
        yield from iter_unread_names(here, level.members, level.expected, level.label or "the body")
        for key in level.members if not subject.errors and not level.is_open else ():
            if key not in level.expected and (intended := find_intended_name(key, level.expected, level.members)):
                refuse = (
                    " `model_config = ConfigDict(extra='forbid')` would refuse it" if level.model is not None else ""
                )
                yield f"`{level.prefix}{key}` was sent, and nothing reads it: did you mean `{intended}`?{refuse}"


def iter_unread_names(missing: set[Any], sent: Any, expected: Any, where: str) -> Iterator[str]:
    """Yield names that were sent but aren't read, each with the missing name that has almost the same spelling."""
    for key in sent:
        if key in expected:
            continue
        intended = next((name for name in missing if normalise_name(name) == normalise_name(key)), None)
        intended = intended or next(
            iter(get_close_matches(key, [str(name) for name in missing], n=1, cutoff=0.75)), None
        )
        if intended is None:
            continue
        fix = f"send `{intended}`"
        if normalise_name(intended) == normalise_name(key) and where not in {"the query", "the header"}:
            fix += ", or let the model read it too: `ConfigDict(alias_generator=to_camel, populate_by_name=True)`"
        yield f"{where} has `{key}`, and `{intended}` is expected, letter for letter: {fix}"


def find_intended_name(key: str, expected: Any, sent: Any) -> str | None:
    """Return the missing name that an unread name was probably meant for, by its spelling."""
    left = [name for name in expected if name not in sent]
    same = next((name for name in left if normalise_name(name) == normalise_name(key)), None)
    return same or next(iter(get_close_matches(key, left, n=1, cutoff=0.8)), None)


def normalise_name(name: object) -> str:
    """Return a name without the differences between naming styles: capitals, `_` and `-`."""
    return str(name).replace("_", "").replace("-", "").casefold()


def _iter_coerced_values(subject: ExchangeSubject) -> Iterator[str]:
    """Yield advice on JSON values that were converted to another type: `true` to 1, `"42"` to 42."""
    if subject.status >= 400 or subject.is_form:
        return
    for level in subject.levels():
        for key, expected in level.expected.items() if not level.has_validators else ():
            if key in level.members:
                yield from _describe_coerced(
                    level.members[key], expected.annotation, f"{level.prefix}{key}", expected.name
                )


def _describe_coerced(value: Any, annotation: Any, field: str, name: str, whole: str = "{}") -> Iterator[str]:
    kind = _plain_type(annotation)
    if kind is not None and _is_coerced(value, kind):
        sent = json.dumps(value, ensure_ascii=False)
        strict = whole.format(f"Annotated[{kind.__name__}, Field(strict=True)]")
        yield (
            f"`{field}` was sent as `{sent}` and taken for {_PLAIN[kind]}: send one, or declare `{name}: {strict}` to "
            "refuse it"
        )
    elif kind is None and isinstance(value, list) and is_list(annotation) and get_args(annotation):
        for index, item in enumerate(value[:3]):
            yield from _describe_coerced(item, get_args(annotation)[0], f"{field}[{index}]", name, f"list[{whole}]")


def _plain_type(annotation: Any) -> type | None:
    is_choice = get_origin(annotation) in (Union, UnionType)
    kinds = [part for part in (get_args(annotation) if is_choice else (annotation,)) if part is not NoneType]
    return kinds[0] if len(kinds) == 1 and kinds[0] in _PLAIN else None


def _is_coerced(value: Any, kind: type) -> bool:
    if kind is bool:
        return isinstance(value, int | float | str) and not isinstance(value, bool)
    return isinstance(value, bool | str)
