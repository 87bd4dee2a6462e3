"""A kept test: a request, and what is expected of its answer; read from and written as plain JSON.

    {"name": "a good book is created", "application": "app",
     "request": {"method": "POST", "url": "/books", "headers": ["content-type: application/json"], "json": {...}},
     "expect": [{"status": 201}, {"json": "$.title", "equals": "Emma"}, {"schema": "declared"}]}

Credentials are never in it: a `{{name}}` stands in their place, and `"fill"` lists those names.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from routebook_kernel.exceptions import SavedTestsError

Kind = Literal["status", "header", "json", "time", "schema"]
How = Literal["equals", "contains", "matches", "under", "fits"]

HOWS: Mapping[Kind, tuple[How, ...]] = {
    "status": ("equals",),
    "header": ("equals", "contains", "matches"),
    "json": ("equals", "contains", "matches"),
    "time": ("under",),
    "schema": ("fits",),
}
"""What may be expected of what."""

DECLARED = "declared"
"""The schema that the operation declares for the status of its answer."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that is expected of an answer.

    Attributes:
        at: A header's name, a JSON path (RFC 9535); "" for the others.
        value: Of a time milliseconds, of a schema its name or "declared", of a status a number or "2xx".
    """

    kind: Kind
    at: str
    how: How
    value: Any


@dataclass(frozen=True, slots=True)
class TestRequest:
    """What a test sends; of the body one form at most.

    Attributes:
        json_text: The body where it is JSON, as it is sent.
        text: The body where it is another text.
        data: The body where it is no text.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    json_text: str | None = None
    text: str | None = None
    data: bytes | None = None

    @property
    def body(self) -> bytes:
        """The body's bytes, its variables not yet filled."""
        if self.data is not None:
            return self.data
        return (self.json_text if self.json_text is not None else self.text or "").encode()


@dataclass(frozen=True, slots=True)
class KeptTest:
    """A request with what is expected of its answer.

    Attributes:
        name: Tells it from the others of its file.
        application: The variable of the application that it is sent to.
        fill: The names of the values that are filled in when it runs, `{{name}}` in the request.
    """

    name: str
    application: str
    request: TestRequest
    expect: tuple[Expectation, ...]
    fill: tuple[str, ...] = ()


def kept_to_json(test: KeptTest) -> dict[str, Any]:
    """A test as it stands in the file."""
    request: dict[str, Any] = {"method": test.request.method, "url": test.request.url}
    if test.request.headers:
        request["headers"] = [f"{name}: {value}" for name, value in test.request.headers]
    if test.request.json_text is not None:
        request["json"] = json.loads(test.request.json_text)
    elif test.request.text is not None:
        request["text"] = test.request.text
    elif test.request.data is not None:
        request["base64"] = base64.b64encode(test.request.data).decode("ascii")
    told: dict[str, Any] = {"name": test.name, "application": test.application, "request": request}
    if test.fill:
        told["fill"] = list(test.fill)
    return told | {"expect": [_expectation_to_json(one) for one in test.expect]}


def _expectation_to_json(one: Expectation) -> dict[str, Any]:
    match one.kind:
        case "status" | "schema":
            return {one.kind: one.value}
        case "time":
            return {"time_under_ms": one.value}
        case _:
            return {one.kind: one.at, one.how: one.value}


def kept_from_json(told: Any) -> KeptTest:
    """A test from the file.

    Raises:
        SavedTestsError: It has not the shape of one; the message says where.
    """
    name = told.get("name") if isinstance(told, dict) else None
    where = f"The test {name!r}" if isinstance(name, str) and name else "A test without a name"
    try:
        expect = tuple(_expectation_from_json(one) for one in told["expect"])
        return KeptTest(str(told["name"]), str(told["application"]), _request_from_json(told["request"]), expect,
                        tuple(map(str, told.get("fill", ()))))  # fmt: skip
    except KeyError as missing:
        raise SavedTestsError(f"{where} cannot be read: it has no {missing}.") from None
    except (AttributeError, TypeError, ValueError, binascii.Error) as error:
        raise SavedTestsError(f"{where} cannot be read: {error}.") from None


def _request_from_json(told: Any) -> TestRequest:
    headers = []
    for line in told.get("headers", ()):
        name, colon, value = str(line).partition(":")
        if not colon:
            raise ValueError(f"the header {line!r} is not written as `name: value`")
        headers.append((name.strip(), value.strip()))
    return TestRequest(
        method=str(told["method"]),
        url=str(told["url"]),
        headers=tuple(headers),
        json_text=json.dumps(told["json"], ensure_ascii=False) if "json" in told else None,
        text=str(told["text"]) if "text" in told else None,
        data=base64.b64decode(told["base64"], validate=True) if "base64" in told else None,
    )


def _expectation_from_json(told: Any) -> Expectation:
    match told:
        case {"status": value}:
            return Expectation("status", "", "equals", value)
        case {"schema": value}:
            return Expectation("schema", "", "fits", value)
        case {"time_under_ms": value}:
            return Expectation("time", "", "under", value)
        case {"header": at, **rest} | {"json": at, **rest} if len(rest) == 1:
            kind: Kind = "header" if "header" in told else "json"
            (how, value), *_ = rest.items()
            if how in HOWS[kind]:
                return Expectation(kind, str(at), how, value)
    raise ValueError(f"{json.dumps(told)} is no expectation")


def expectation_from_page(told: Any) -> Expectation:
    """An expectation as the page has it: {"kind", "at", "how", "value"}.

    Raises:
        SavedTestsError: It cannot be expected.
    """
    try:
        one = Expectation(told["kind"], str(told["at"]), told["how"], told["value"])
    except (KeyError, TypeError):
        raise SavedTestsError("An expectation is not as this kernel knows it.") from None
    if one.kind not in get_args(Kind) or one.how not in HOWS[one.kind]:
        raise SavedTestsError(f"{one.kind} cannot be expected to be {one.how!r}.")
    return one
