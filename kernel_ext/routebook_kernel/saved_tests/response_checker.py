"""Compare a response with the expectations of a saved test.

Spec: RFC 9535 (JSONPath), by python-jsonpath; OpenAPI 3.1.0, Schema Object, by jsonschema. Both are installed with the
extra `lab`, and imported when a test needs them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from routebook_kernel.exceptions import SavedTestsError
from routebook_kernel.redaction import HIDDEN, Secrets
from routebook_kernel.saved_tests.model import DECLARED, Expectation

_MAX_SHOWN = 300
_MISSING = object()


@dataclass(frozen=True, slots=True)
class UnredactedResponse:
    """A response with its credentials, held only while it's checked.

    Attributes:
        headers: Names in lower case.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: bytes
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """Whether a response meets one expectation.

    Attributes:
        actual: The value in the response, formatted for reading; credentials hidden.
        problem: What is wrong, if `actual` doesn't show it, or why the expectation can't be checked.
    """

    is_met: bool
    actual: str
    problem: str = ""


class ResponseChecker:
    """Checks responses of one operation.

    Args:
        document: The application's OpenAPI document.
        operation: The operation that responded, "GET /items/{item_id}"; None if none did.
        secrets: The names whose values are hidden.
    """

    def __init__(self, document: Mapping[str, Any], operation: str | None, secrets: Secrets) -> None:
        self._document = document
        self._operation = operation
        self._secrets = secrets

    def check(self, expectation: Expectation, response: UnredactedResponse) -> ExpectationResult:
        """Check one expectation."""
        result = self._compare(expectation, response)
        hider = self._secrets.hider()  # the result quotes values of the response
        hider.header_pairs(response.headers)
        hider.body(response.body, "")
        return replace(result, actual=hider.known.hide(result.actual), problem=hider.text(result.problem))

    def _compare(self, expectation: Expectation, response: UnredactedResponse) -> ExpectationResult:
        try:
            match expectation.kind:
                case "status":
                    return _compare_status(expectation, response)
                case "header":
                    return self._compare_header(expectation, response)
                case "json":
                    return self._compare_json(expectation, response)
                case "time":
                    actual = f"{response.elapsed_ms:.1f} ms"
                    return ExpectationResult(response.elapsed_ms < float(expectation.value), actual)
                case "schema":
                    return self._validate_schema(expectation, response)
        except (SavedTestsError, TypeError, ValueError, re.error) as error:
            return ExpectationResult(False, "", f"can't be checked: {error}")

    def _compare_header(self, expectation: Expectation, response: UnredactedResponse) -> ExpectationResult:
        wanted = expectation.target.lower()
        values = [value for name, value in response.headers if name == wanted]
        if not values:
            return ExpectationResult(False, "nothing", "the response doesn't have this header")
        actual = ", ".join(value for _, value in self._secrets.header_pairs((wanted, value) for value in values))
        return ExpectationResult(_matches(expectation, ", ".join(values)), actual)

    def _compare_json(self, expectation: Expectation, response: UnredactedResponse) -> ExpectationResult:
        document = _parse_body(response)
        if document is _MISSING:
            return ExpectationResult(False, "", "the body isn't JSON")
        value = find_value(expectation.target, document)
        if value is _MISSING:
            return ExpectationResult(False, "nothing", "the body has no value at this path")
        return ExpectationResult(_matches(expectation, value), self._format_value(expectation.target, value))

    def _format_value(self, path: str, value: Any) -> str:
        """Format a value for reading; hide it if a name in its path is a secret's."""
        if any(map(self._secrets.is_secret, re.findall(r"[\w.\-]+", path.replace(".", " ")))):
            return HIDDEN
        text = self._secrets.body(json.dumps(value, ensure_ascii=False).encode(), "application/json").decode()
        return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"

    def _validate_schema(self, expectation: Expectation, response: UnredactedResponse) -> ExpectationResult:
        body = _parse_body(response)
        if body is _MISSING:
            return ExpectationResult(False, "", "the body isn't JSON")
        schema = self.schema(str(expectation.value), response.status)
        error = _find_schema_error(schema | {"components": self._document.get("components", {})}, body)
        return ExpectationResult(not error, "an invalid body" if error else "", error)

    def schema(self, name: str, status: int | None) -> dict[str, Any]:
        """Return the schema with a name, or the one that the operation declares for a status.

        Raises:
            SavedTestsError: If there's no such schema.
        """
        if name != DECLARED:
            if name not in self._document.get("components", {}).get("schemas", {}):
                raise SavedTestsError(f"the OpenAPI document has no schema {name}")
            return {"$ref": f"#/components/schemas/{name}"}
        method, _, path = (self._operation or "").partition(" ")
        responses = self._document.get("paths", {}).get(path, {}).get(method.lower(), {}).get("responses", {})
        declared = responses.get(str(status)) or responses.get("default") or {}
        schema = declared.get("content", {}).get("application/json", {}).get("schema")
        if not schema:
            raise SavedTestsError(f"{self._operation or 'no operation'} declares no schema for the status {status}")
        return dict(schema)


def _compare_status(expectation: Expectation, response: UnredactedResponse) -> ExpectationResult:
    actual, expected = str(response.status or "none"), str(expectation.value)
    is_class = re.fullmatch(r"[1-5]xx", expected) is not None
    return ExpectationResult(actual.startswith(expected[0]) if is_class else actual == expected, actual)


def _parse_body(response: UnredactedResponse) -> Any:
    try:
        return json.loads(response.body)
    except ValueError:
        return _MISSING


def find_value(path: str, document: Any) -> Any:
    """Return the value at a JSON path, or the list of values if the path can match several.

    Raises:
        SavedTestsError: If the path is invalid.
    """
    try:
        import jsonpath  # the extra `lab`
    except ImportError:
        raise SavedTestsError("JSON paths need python-jsonpath: `pip install 'routebook[lab]'`") from None
    try:
        query = jsonpath.JSONPathEnvironment(strict=True).compile(path)
    except jsonpath.JSONPathError as error:
        raise SavedTestsError(f"invalid JSON path {path!r}: {str(error).splitlines()[0]}") from None
    values = query.findall(document)
    if isinstance(query, jsonpath.JSONPath) and query.singular_query():
        return values[0] if values else _MISSING
    return values or _MISSING


def _matches(expectation: Expectation, actual: Any) -> bool:
    expected = expectation.value
    match expectation.operator:
        case "equals":
            return _is_equal(actual, expected)
        case "contains":
            return _contains(actual, expected)
        case "matches":
            return re.search(str(expected), actual if isinstance(actual, str) else json.dumps(actual)) is not None
        case _:
            return False


def _is_equal(actual: Any, expected: Any) -> bool:
    """Compare two JSON values; true isn't 1."""
    if isinstance(actual, bool) or isinstance(expected, bool):
        return actual is expected
    return bool(actual == expected)


def _contains(actual: Any, expected: Any) -> bool:
    if isinstance(actual, str):
        return str(expected) in actual
    if isinstance(actual, list):
        return any(_is_equal(item, expected) for item in actual)
    if isinstance(actual, dict) and isinstance(expected, dict):
        return all(name in actual and _is_equal(actual[name], value) for name, value in expected.items())
    return isinstance(actual, dict) and expected in actual


def _find_schema_error(schema: Mapping[str, Any], value: Any) -> str:
    """Return why a value is invalid against a schema; "" if it's valid."""
    try:
        import jsonschema  # the extra `lab`
    except ImportError:
        raise SavedTestsError("schemas need jsonschema: `pip install 'routebook[lab]'`") from None
    errors = jsonschema.Draft202012Validator(schema).iter_errors(value)
    best = jsonschema.exceptions.best_match(errors)
    return f"{best.json_path}: {best.message}"[:_MAX_SHOWN] if best is not None else ""
