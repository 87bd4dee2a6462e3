"""Saved tests as records, and as the plain JSON of their file.

    {"name": "a good book is created", "application": "app",
     "request": {"method": "POST", "url": "/books", "headers": ["content-type: application/json"], "json": {...}},
     "expect": [{"status": 201}, {"json": "$.title", "equals": "Emma"}, {"schema": "declared"}]}

A test never contains credentials: variables, `{{name}}`, take their place, and `"fill"` lists them.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from routebook_kernel.exceptions import SavedTestsError

ExpectationKind = Literal["status", "header", "json", "time", "schema"]
ExpectationOperator = Literal["equals", "contains", "matches", "under"]

OPERATORS: Mapping[ExpectationKind, tuple[ExpectationOperator, ...]] = {
    "status": ("equals",),
    "header": ("equals", "contains", "matches"),
    "json": ("equals", "contains", "matches"),
    "time": ("under",),
    "schema": ("matches",),
}
"""The operators that each kind of expectation can use."""

DECLARED = "declared"
"""The schema that the operation declares for the status of its response."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation on a response.

    Attributes:
        target: The name of a header, or a JSON path (RFC 9535); "" for the other kinds.
        value: A number or "2xx" for a status, milliseconds for a time, a name or "declared" for a schema.
    """

    kind: ExpectationKind
    target: str
    operator: ExpectationOperator
    value: Any


@dataclass(frozen=True, slots=True)
class SavedRequest:
    """The request of a saved test. At most one form of the body is set.

    Attributes:
        json_text: A JSON body, as it is sent.
        text: Any other body that is text.
        data: A binary body.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    json_text: str | None = None
    text: str | None = None
    data: bytes | None = None

    @property
    def body(self) -> bytes:
        """The body, with its variables unresolved."""
        if self.data is not None:
            return self.data
        return (self.json_text if self.json_text is not None else self.text or "").encode()


@dataclass(frozen=True, slots=True)
class SavedTest:
    """A request with expectations on its response.

    Attributes:
        name: Unique in its file.
        application: The variable of the application that gets the request.
        variables: The names that are replaced when it runs, `{{name}}` in the request.
    """

    name: str
    application: str
    request: SavedRequest
    expectations: tuple[Expectation, ...]
    variables: tuple[str, ...] = ()


def saved_test_to_json(test: SavedTest) -> dict[str, Any]:
    """Convert a test to the JSON of its file."""
    request: dict[str, Any] = {"method": test.request.method, "url": test.request.url}
    if test.request.headers:
        request["headers"] = [f"{name}: {value}" for name, value in test.request.headers]
    if test.request.json_text is not None:
        request["json"] = json.loads(test.request.json_text)
    elif test.request.text is not None:
        request["text"] = test.request.text
    elif test.request.data is not None:
        request["base64"] = base64.b64encode(test.request.data).decode("ascii")
    document: dict[str, Any] = {"name": test.name, "application": test.application, "request": request}
    if test.variables:
        document["fill"] = list(test.variables)
    return document | {"expect": [_expectation_to_json(expectation) for expectation in test.expectations]}


def _expectation_to_json(expectation: Expectation) -> dict[str, Any]:
    match expectation.kind:
        case "status" | "schema":
            return {expectation.kind: expectation.value}
        case "time":
            return {"time_under_ms": expectation.value}
        case _:
            return {expectation.kind: expectation.target, expectation.operator: expectation.value}


def saved_test_from_json(document: Any) -> SavedTest:
    """Parse a test from the JSON of its file.

    Raises:
        SavedTestsError: If it's malformed; the message says where.
    """
    name = document.get("name") if isinstance(document, dict) else None
    subject = f"the test {name!r}" if isinstance(name, str) and name else "a test without a name"
    try:
        return SavedTest(
            name=str(document["name"]),
            application=str(document["application"]),
            request=_request_from_json(document["request"]),
            expectations=tuple(map(_expectation_from_json, document["expect"])),
            variables=tuple(map(str, document.get("fill", ()))),
        )
    except KeyError as missing:
        raise SavedTestsError(f"Can't read {subject}: it has no {missing}.") from None
    except (AttributeError, TypeError, ValueError, binascii.Error) as error:
        raise SavedTestsError(f"Can't read {subject}: {error}.") from None


def _request_from_json(document: Any) -> SavedRequest:
    headers = []
    for line in document.get("headers", ()):
        name, colon, value = str(line).partition(":")
        if not colon:
            raise ValueError(f"the header {line!r} must be written as `name: value`")
        headers.append((name.strip(), value.strip()))
    return SavedRequest(
        method=str(document["method"]),
        url=str(document["url"]),
        headers=tuple(headers),
        json_text=json.dumps(document["json"], ensure_ascii=False) if "json" in document else None,
        text=str(document["text"]) if "text" in document else None,
        data=base64.b64decode(document["base64"], validate=True) if "base64" in document else None,
    )


def _expectation_from_json(document: Any) -> Expectation:
    match document:
        case {"status": value}:
            return Expectation("status", "", "equals", value)
        case {"schema": value}:
            return Expectation("schema", "", "matches", value)
        case {"time_under_ms": value}:
            return Expectation("time", "", "under", value)
        case {"header": target, **rest} | {"json": target, **rest} if len(rest) == 1:
            kind: ExpectationKind = "header" if "header" in document else "json"
            (operator, value), *_ = rest.items()
            if operator in OPERATORS[kind]:
                return Expectation(kind, str(target), operator, value)
    raise ValueError(f"{json.dumps(document)} isn't a valid expectation")


def parse_expectation(state: Any) -> Expectation:
    """Parse an expectation sent by the page: {"kind", "target", "operator", "value"}.

    Raises:
        SavedTestsError: If it's malformed, or its operator can't be used with its kind.
    """
    try:
        expectation = Expectation(state["kind"], str(state["target"]), state["operator"], state["value"])
    except (KeyError, TypeError):
        raise SavedTestsError("The expectation is malformed.") from None
    if expectation.kind not in get_args(ExpectationKind) or expectation.operator not in OPERATORS[expectation.kind]:
        raise SavedTestsError(f"An expectation on {expectation.kind} can't use {expectation.operator!r}.")
    return expectation
