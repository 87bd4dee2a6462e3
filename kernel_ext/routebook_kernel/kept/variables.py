"""What is filled into a test when it runs: `{{name}}` for a value that stands in no file.

Credentials of the request that was kept become such names; each is encoded as its place needs it.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

from routebook_kernel.exceptions import SavedTestsError
from routebook_kernel.kept.model import KeptTest, TestRequest
from routebook_kernel.recording.redacted_values import RedactedValue, fill_redacted_values
from routebook_kernel.records import RawRequest
from routebook_kernel.redaction import Secrets

_FORM = "application/x-www-form-urlencoded"


def named(text: str) -> str:
    """The name under which a header, a parameter or a field is asked for: "authorization", "x_api_key"."""
    return re.sub(r"\W+", "_", text).strip("_").lower() or "value"


def request_to_keep(
    raw: RawRequest, hidden: Iterable[RedactedValue], secrets: Secrets
) -> tuple[TestRequest, tuple[str, ...]]:
    """A request as a test keeps it, and the names of what is to be filled in."""
    hidden = tuple(hidden)
    names = {each.key: "{{" + named(each.name) + "}}" for each in hidden}
    marked = fill_redacted_values(raw, names, secrets)
    # A URL and a form have the braces encoded; a person reads them better as they are.
    url = marked.url.replace("%7B%7B", "{{").replace("%7D%7D", "}}")
    made = TestRequest(marked.method, url, marked.headers)
    return _with_body(made, marked), tuple(dict.fromkeys(named(each.name) for each in hidden))


def _with_body(request: TestRequest, raw: RawRequest) -> TestRequest:
    if not raw.body:
        return request
    try:
        text = raw.body.decode()
    except UnicodeDecodeError:
        return replace(request, data=raw.body)
    if raw.media_type.endswith("json"):
        try:
            json.loads(text)
        except ValueError:
            return replace(request, text=text)
        return replace(request, json_text=text)
    if raw.media_type == _FORM:
        text = text.replace("%7B%7B", "{{").replace("%7D%7D", "}}")
    return replace(request, text=text)


def fill(test: KeptTest, value_of: Callable[[str], str | None]) -> RawRequest:
    """The request that a test sends, its variables filled in.

    Args:
        test: The test.
        value_of: The value of a name; None where there is none.

    Raises:
        SavedTestsError: A value is missing; the message says which.
    """
    values = {name: value for name in test.fill if (value := value_of(name))}
    if missing := [name for name in test.fill if name not in values]:
        told = ", ".join(missing)
        raise SavedTestsError(
            f"It needs {told}, which is kept nowhere: sign in in the explorer, or give a cell a variable of that name."
        )
    request = test.request
    headers = tuple((name, _header(value, values)) for name, value in request.headers)
    raw = RawRequest(request.method, _put(request.url, values, quote_plus), headers, request.body)
    if request.data is not None or not values:
        return raw
    if request.json_text is not None:
        body = json.dumps(_in_json(json.loads(request.json_text), values), ensure_ascii=False)
    else:
        body = _put(request.text or "", values, quote_plus if raw.media_type == _FORM else str)
    return replace(raw, body=body.encode())


def _put(text: str, values: Mapping[str, str], encoded: Callable[[str], str]) -> str:
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", encoded(value))
    return text


def _header(text: str, values: Mapping[str, str]) -> str:
    if text.startswith("Basic {{") and text.endswith("}}"):  # name and password, as RFC 7617 §2 has them
        given = values.get(text.removeprefix("Basic {{").removesuffix("}}"), "")
        if ":" in given:
            return f"Basic {b64encode(given.encode()).decode()}"
    return _put(text, values, str)


def _in_json(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _put(value, values, str)
    if isinstance(value, list):
        return [_in_json(item, values) for item in value]
    if isinstance(value, dict):
        return {name: _in_json(item, values) for name, item in value.items()}
    return value
