"""The hints that no lesson need write: mistakes which look the same in every exercise, known by what came."""

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import parse_qs

from routebook_kernel.learn.answers import Answer

_NEAR = 0.75
"""How alike two paths are where one was probably meant for the other."""

_PARAMETER = re.compile(r"{\w+(:\w+)?}")

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def usual_hint(answer: Answer) -> str:
    """The hint for what came, where it is one of the usual mistakes; else "". Backquotes mark code."""
    return next((hint for rule in _RULES if (hint := rule(answer))), "")


def _no_answer(answer: Answer) -> str:
    return answer.trouble and f"{answer.trouble} Look for a loop that never ends, or a wait for something that is late."


def _raised(answer: Answer) -> str:
    if answer.failure is None:
        return ""
    if answer.failure.type == "ResponseValidationError":
        return (
            "Your function ran, but what it returned does not fit the return type (or `response_model`) it promises. "
            "Compare the two."
        )
    if any(sign in answer.failure.message for sign in ("vars() argument must have", "serialize unknown type")):
        return (
            "What your function returned cannot be written as JSON: return a dictionary, a list, a text, a number or a "
            "model that holds values, not a class, a function or a coroutine."
        )
    return (
        f"Your function raised `{answer.failure_text}`. Send the request yourself, with the client: it shows the line."
    )


def _slash(answer: Answer) -> str:
    path, paths = _path(answer), [path for path, _ in _iter_paths(answer)]
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    if answer.status in {307, 404} and other in paths and path not in paths:
        return f"Your path is `{other}`; asked is `{path}`. The slash at the end makes two different paths."
    return ""


def _no_such_path(answer: Answer) -> str:
    if answer.status != 404 or answer.json != {"detail": "Not Found"} or not answer.document:
        return ""
    paths = [path for path, _ in _iter_paths(answer)]
    path = _path(answer)
    if _matching(path, paths):
        return ""  # the operation was found, and answered 404 of its own
    asked_for = parse_qs(answer.sent.line.partition("?")[2], keep_blank_values=True)
    for template in paths:
        name = template.removeprefix(path).removeprefix("/").strip("{}")
        if name in asked_for and template == f"{path.rstrip('/')}/{{{name}}}":
            return (
                f"`{name}` stands in your path, `{template}`; here it comes in the query. The path is `{path}` alone: "
                "a parameter of the function that is not in the path is read from the query."
            )
    near = max(paths, key=lambda template: _likeness(template, path), default="")
    if f"/{near}" == path:
        return f"A path begins with a slash: `{path}`."
    if near and _likeness(near, path) >= _NEAR:
        return f"No operation has the path `{path}`. There is `{near}`: compare the two, letter by letter."
    likest = sorted(paths, key=lambda template: -_likeness(template, path))[:6]
    known = ", ".join(f"`{each}`" for each in likest)
    return (
        f"No operation answers `{answer.sent.line}`. Your application has {known or 'none yet'}. Did the cell run? "
        "Does the decorator stand above the function?"
    )


def _other_method(answer: Answer) -> str:
    if answer.status != 405:
        return ""
    allowed = answer.headers.get("allow", "").replace(",", " and")
    method = answer.sent.line.split()[0]
    return f"The path exists, but it answers {allowed or 'another method'}, not {method}: look at the decorator."


def _query_not_body(answer: Answer) -> str:
    """A single value is read from the query, whatever the method."""
    if not isinstance(answer.sent_json, dict):
        return ""
    lost = [name.removeprefix("query.") for name in answer.names if name.startswith("query.")]
    if not lost:
        return ""
    return (
        f"`{lost[0]}` was looked for in the query, not in the JSON body: a parameter of a plain type is a query "
        "parameter. A body is a pydantic model (or is marked `Body()`)."
    )


def _path_not_query(answer: Answer) -> str:
    """`{id}` in the path and `item_id` in the function: the second one becomes a query parameter."""
    template = _matching(_path(answer), [path for path, _ in _iter_paths(answer)])
    lost = [name.removeprefix("query.") for name in answer.names if name.startswith("query.")]
    if lost and template and "{" in template and answer.sent_json is None:
        return (
            f"`{lost[0]}` was looked for in the query. In the path `{template}` the name in braces and the parameter's "
            "name must be the same, letter by letter; and a parameter without a default must be sent."
        )
    return ""


def _not_sent(answer: Answer) -> str:
    """Whatever is declared as nothing else is a query parameter: a forgotten type, another name."""
    lost = [name.removeprefix("query.") for name in answer.names if name.startswith("query.")]
    sent = list(parse_qs(answer.sent.line.partition("?")[2], keep_blank_values=True))
    if not lost or lost[0] in sent:
        return ""
    were = f"only {' and '.join(f'`{name}`' for name in sent)} came" if sent else "nothing came"
    return (
        f"`{lost[0]}` was looked for in the query, where {were}. A parameter is read from the query under its name, "
        "unless its type or its default says something else. Is the type there? The name, letter by letter?"
    )


def _promise(answer: Answer) -> str:
    """A coroutine that was made a text."""
    if "<coroutine object " not in answer.text:
        return ""
    return (
        "The answer holds a *coroutine*, the promise of work: an `async def` function was called without `await`. "
        "`await` gives its result."
    )


def _null(answer: Answer) -> str:
    if answer.status == 200 and answer.text == "null":
        return "The answer is `null`: the function returned `None`. Is there a `return`?"
    return ""


_RULES: Sequence[Callable[[Answer], str]] = (
    _no_answer, _raised, _slash, _no_such_path, _other_method, _query_not_body, _path_not_query, _not_sent,
    _promise, _null,
)  # fmt: skip


def _path(answer: Answer) -> str:
    return answer.sent.line.split(" ", 1)[-1].partition("?")[0]


def _iter_paths(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    for path, item in answer.document.get("paths", {}).items():
        yield path, [method.upper() for method in _METHODS if method in item]


def _matching(path: str, templates: Sequence[str]) -> str:
    """The template that a path fits, segment by segment; "" where none does."""
    segments = path.split("/")
    for template in templates:
        parts = template.split("/")
        if len(parts) == len(segments) and all(
            part == segment or _PARAMETER.fullmatch(part) for part, segment in zip(parts, segments, strict=True)
        ):
            return template
    return ""


def _likeness(template: str, path: str) -> float:
    """How much a path is like a template in what is fixed there, from 0 to 1: `/loans/3` is not like `/floors/{n}`."""
    parts, segments = template.split("/"), path.split("/")
    if len(parts) != len(segments):
        return difflib.SequenceMatcher(None, template, path).ratio()
    pairs = [pair for pair in zip(parts, segments, strict=True) if not pair[0].startswith("{")]
    fixed, sent = ("/".join(side) for side in zip(*pairs, strict=True))
    return difflib.SequenceMatcher(None, fixed, sent).ratio()
