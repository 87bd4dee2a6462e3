"""Variables of a saved test: `{{name}}` for each value that its file must not contain.

Saving a request turns its credentials into variables; running it encodes each value as its place requires.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

from routebook_kernel.exceptions import SavedTestsError
from routebook_kernel.recording.redacted_values import RedactedValue, fill_redacted_values
from routebook_kernel.records import RawRequest
from routebook_kernel.redaction import Secrets
from routebook_kernel.saved_tests.model import SavedRequest, SavedTest

_FORM = "application/x-www-form-urlencoded"


def variable_name(name: str) -> str:
    """Return the variable for a header, parameter or field: "authorization", "x_api_key"."""
    return re.sub(r"\W+", "_", name).strip("_").lower() or "value"


def build_saved_request(
    raw: RawRequest, hidden: Iterable[RedactedValue], secrets: Secrets
) -> tuple[SavedRequest, tuple[str, ...]]:
    """Return a request with variables in place of its hidden values, and their names."""
    hidden = tuple(hidden)
    placeholders = {value.key: "{{" + variable_name(value.name) + "}}" for value in hidden}
    marked = fill_redacted_values(raw, placeholders, secrets)
    # A URL and a form encode the braces; as braces they are easier to read.
    url = marked.url.replace("%7B%7B", "{{").replace("%7D%7D", "}}")
    request = _add_body(SavedRequest(marked.method, url, marked.headers), marked)
    return request, tuple(dict.fromkeys(variable_name(value.name) for value in hidden))


def _add_body(request: SavedRequest, raw: RawRequest) -> SavedRequest:
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


def resolve_variables(test: SavedTest, find_variable: Callable[[str], str | None]) -> RawRequest:
    """Return the request of a test with its variables replaced by their values.

    Args:
        test: The test.
        find_variable: Returns the value of a variable; None if it has none.

    Raises:
        SavedTestsError: If a variable has no value; the message says which.
    """
    values = {name: value for name in test.variables if (value := find_variable(name))}
    if missing := [name for name in test.variables if name not in values]:
        raise SavedTestsError(
            f"It needs {', '.join(missing)}. Such values are never saved. "
            "Sign in in the explorer, or assign a variable of the same name in a cell."
        )
    request = test.request
    headers = tuple((name, _resolve_header(value, values)) for name, value in request.headers)
    raw = RawRequest(request.method, _resolve_text(request.url, values, quote_plus), headers, request.body)
    if request.data is not None or not values:
        return raw
    if request.json_text is not None:
        body = json.dumps(_resolve_json(json.loads(request.json_text), values), ensure_ascii=False)
    else:
        body = _resolve_text(request.text or "", values, quote_plus if raw.media_type == _FORM else str)
    return replace(raw, body=body.encode())


def _resolve_text(text: str, values: Mapping[str, str], encode: Callable[[str], str]) -> str:
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", encode(value))
    return text


def _resolve_header(text: str, values: Mapping[str, str]) -> str:
    if text.startswith("Basic {{") and text.endswith("}}"):  # name and password, encoded as in RFC 7617 §2
        value = values.get(text.removeprefix("Basic {{").removesuffix("}}"), "")
        if ":" in value:
            return f"Basic {b64encode(value.encode()).decode()}"
    return _resolve_text(text, values, str)


def _resolve_json(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _resolve_text(value, values, str)
    if isinstance(value, list):
        return [_resolve_json(item, values) for item in value]
    if isinstance(value, dict):
        return {name: _resolve_json(item, values) for name, item in value.items()}
    return value
