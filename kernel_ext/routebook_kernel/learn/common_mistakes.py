"""Hints for mistakes that look the same in every exercise, recognised by the response."""

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import parse_qs

from routebook_kernel.learn.responses import ProbeResponse

_NEAR = 0.75
"""The similarity from which one path was probably meant to be the other."""

_PARAMETER = re.compile(r"{\w+(:\w+)?}")

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def find_common_hint(response: ProbeResponse) -> str:
    """Return the hint for a response that shows a common mistake, or "". Backquotes mark code."""
    return next((hint for rule in _RULES if (hint := rule(response))), "")


def _no_response(response: ProbeResponse) -> str:
    return (
        response.trouble
        and f"{response.trouble} Look for a loop that never ends, or a wait for something that is late."
    )


def _raised(response: ProbeResponse) -> str:
    if response.failure is None:
        return ""
    if response.failure.type == "ResponseValidationError":
        return (
            "Your function ran, but what it returned does not fit the return type (or `response_model`) it promises. "
            "Compare the two."
        )
    if any(sign in response.failure.message for sign in ("vars() argument must have", "serialize unknown type")):
        return (
            "What your function returned cannot be written as JSON: return a dictionary, a list, a text, a number or a "
            "model that holds values, not a class, a function or a coroutine."
        )
    hint = "Send the request yourself, with the client: it shows the line."
    return f"Your function raised `{response.failure_text}`. {hint}"


def _slash(response: ProbeResponse) -> str:
    path, paths = _path(response), [path for path, _ in _iter_paths(response)]
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    if response.status in {307, 404} and other in paths and path not in paths:
        return f"Your path is `{other}`; asked is `{path}`. The slash at the end makes two different paths."
    return ""


def _no_such_path(response: ProbeResponse) -> str:
    if response.status != 404 or response.json != {"detail": "Not Found"} or not response.document:
        return ""
    paths = [path for path, _ in _iter_paths(response)]
    path = _path(response)
    if _matching(path, paths):
        return ""  # the operation exists, and returned a 404 itself
    asked_for = parse_qs(response.sent.line.partition("?")[2], keep_blank_values=True)
    for template in paths:
        name = template.removeprefix(path).removeprefix("/").strip("{}")
        if name in asked_for and template == f"{path.rstrip('/')}/{{{name}}}":
            return (
                f"`{name}` stands in your path, `{template}`; here it comes in the query. The path is `{path}` alone: "
                "a parameter of the function that is not in the path is read from the query."
            )
    nearest = max(paths, key=lambda template: _similarity(template, path), default="")
    if f"/{nearest}" == path:
        return f"A path begins with a slash: `{path}`."
    if nearest and _similarity(nearest, path) >= _NEAR:
        return f"No operation has the path `{path}`. There is `{nearest}`: compare the two, letter by letter."
    closest = sorted(paths, key=lambda template: -_similarity(template, path))[:6]
    known = ", ".join(f"`{template}`" for template in closest)
    return (
        f"No operation answers `{response.sent.line}`. Your application has {known or 'none yet'}. Did the cell run? "
        "Does the decorator stand above the function?"
    )


def _other_method(response: ProbeResponse) -> str:
    if response.status != 405:
        return ""
    allowed = response.headers.get("allow", "").replace(",", " and")
    method = response.sent.line.split()[0]
    return f"The path exists, but it answers {allowed or 'another method'}, not {method}: look at the decorator."


def _query_not_body(response: ProbeResponse) -> str:
    """A plain parameter is read from the query, with any method."""
    if not isinstance(response.sent_json, dict):
        return ""
    missing = [name.removeprefix("query.") for name in response.names if name.startswith("query.")]
    if not missing:
        return ""
    return (
        f"`{missing[0]}` was looked for in the query, not in the JSON body: a parameter of a plain type is a query "
        "parameter. A body is a pydantic model (or is marked `Body()`)."
    )


def _path_not_query(response: ProbeResponse) -> str:
    """`{id}` in the path and `item_id` in the function: the second one becomes a query parameter."""
    template = _matching(_path(response), [path for path, _ in _iter_paths(response)])
    missing = [name.removeprefix("query.") for name in response.names if name.startswith("query.")]
    if missing and template and "{" in template and response.sent_json is None:
        return (
            f"`{missing[0]}` was looked for in the query. In the path `{template}` the name in braces and the "
            "parameter's name must be the same, letter by letter; and a parameter without a default must be sent."
        )
    return ""


def _not_sent(response: ProbeResponse) -> str:
    """A parameter becomes a query parameter by default: its type was forgotten, or its name differs."""
    missing = [name.removeprefix("query.") for name in response.names if name.startswith("query.")]
    sent = list(parse_qs(response.sent.line.partition("?")[2], keep_blank_values=True))
    if not missing or missing[0] in sent:
        return ""
    were = f"only {' and '.join(f'`{name}`' for name in sent)} came" if sent else "nothing came"
    return (
        f"`{missing[0]}` was looked for in the query, where {were}. A parameter is read from the query under its name, "
        "unless its type or its default says something else. Is the type there? The name, letter by letter?"
    )


def _promise(response: ProbeResponse) -> str:
    """A coroutine was converted to a string."""
    if "<coroutine object " not in response.text:
        return ""
    return (
        "The answer holds a *coroutine*, the promise of work: an `async def` function was called without `await`. "
        "`await` gives its result."
    )


def _null(response: ProbeResponse) -> str:
    if response.status == 200 and response.text == "null":
        return "The answer is `null`: the function returned `None`. Is there a `return`?"
    return ""


_RULES: Sequence[Callable[[ProbeResponse], str]] = (
    _no_response, _raised, _slash, _no_such_path, _other_method, _query_not_body, _path_not_query, _not_sent,
    _promise, _null,
)  # fmt: skip


def _path(response: ProbeResponse) -> str:
    return response.sent.line.split(" ", 1)[-1].partition("?")[0]


def _iter_paths(response: ProbeResponse) -> Iterator[tuple[str, list[str]]]:
    for path, item in response.document.get("paths", {}).items():
        yield path, [method.upper() for method in _METHODS if method in item]


def _matching(path: str, templates: Sequence[str]) -> str:
    """Return the template that a path matches, segment by segment, or ""."""
    segments = path.split("/")
    for template in templates:
        parts = template.split("/")
        if len(parts) == len(segments) and all(
            part == segment or _PARAMETER.fullmatch(part) for part, segment in zip(parts, segments, strict=True)
        ):
            return template
    return ""


def _similarity(template: str, path: str) -> float:
    """Compare a path with the fixed segments of a template, from 0 to 1: `/loans/3` isn't like `/floors/{n}`."""
    parts, segments = template.split("/"), path.split("/")
    if len(parts) != len(segments):
        return difflib.SequenceMatcher(None, template, path).ratio()
    pairs = [pair for pair in zip(parts, segments, strict=True) if not pair[0].startswith("{")]
    fixed, sent = ("/".join(side) for side in zip(*pairs, strict=True))
    return difflib.SequenceMatcher(None, fixed, sent).ratio()
