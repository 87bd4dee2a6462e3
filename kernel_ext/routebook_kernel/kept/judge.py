"""Whether an answer is as a test expects: each expectation judged, with what came, in words.

Spec: RFC 9535 (JSONPath), by python-jsonpath; OpenAPI 3.1.0, Schema Object, by jsonschema. Both come with the extra
`lab`; they are imported when a test needs them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from routebook_kernel.exceptions import SavedTestsError
from routebook_kernel.kept.model import DECLARED, Expectation
from routebook_kernel.redaction import HIDDEN, Secrets

_MAX_TOLD = 300
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came, nothing hidden; it is judged and let go.

    Attributes:
        headers: Names lower case.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: bytes
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one expectation holds.

    Attributes:
        came: What came in its place, as a person reads it; credentials hidden.
        problem: Why it could not be judged, or what is wrong in words; "" where it holds.
    """

    holds: bool
    came: str
    problem: str = ""


class Judge:
    """Judges the answers of one operation.

    Args:
        document: The application's OpenAPI document.
        operation: Which operation answered, "GET /items/{item_id}"; None when none did.
        secrets: The names whose values are not told.
    """

    def __init__(self, document: Mapping[str, Any], operation: str | None, secrets: Secrets) -> None:
        self._document = document
        self._operation = operation
        self._secrets = secrets

    def judge(self, expectation: Expectation, answer: Answer) -> Verdict:
        """Judge one expectation."""
        verdict = self._judged(expectation, answer)
        hider = self._secrets.hider()  # what is wrong is told with values out of the answer
        hider.header_pairs(answer.headers)
        hider.body(answer.body, "")
        return replace(verdict, came=hider.known.hide(verdict.came), problem=hider.text(verdict.problem))

    def _judged(self, expectation: Expectation, answer: Answer) -> Verdict:
        try:
            match expectation.kind:
                case "status":
                    return _status(expectation, answer)
                case "header":
                    return self._header(expectation, answer)
                case "json":
                    return self._json(expectation, answer)
                case "time":
                    came = f"{answer.elapsed_ms:.1f} ms"
                    return _verdict(answer.elapsed_ms < float(expectation.value), came, "it took longer")
                case "schema":
                    return self._schema(expectation, answer)
        except (SavedTestsError, TypeError, ValueError, re.error) as error:
            return Verdict(False, "", f"this cannot be judged: {error}")

    def _header(self, expectation: Expectation, answer: Answer) -> Verdict:
        wanted = expectation.at.lower()
        values = [value for name, value in answer.headers if name == wanted]
        if not values:
            return Verdict(False, "nothing", "the answer has no such header")
        came = ", ".join(value for _, value in self._secrets.header_pairs((wanted, value) for value in values))
        return _verdict(_compares(expectation, ", ".join(values)), came, "it is another")

    def _json(self, expectation: Expectation, answer: Answer) -> Verdict:
        document = _loaded(answer)
        if document is _NOTHING:
            return Verdict(False, "", "the body is not JSON")
        found = find(expectation.at, document)
        if found is _NOTHING:
            return Verdict(False, "nothing", "nothing is there")
        return _verdict(_compares(expectation, found), self._told(expectation.at, found), "it is another")

    def _told(self, path: str, value: Any) -> str:
        """A value for reading; one under a name that says that it is secret is hidden."""
        if any(map(self._secrets.is_secret, re.findall(r"[\w.\-]+", path.replace(".", " ")))):
            return HIDDEN
        text = self._secrets.body(json.dumps(value, ensure_ascii=False).encode(), "application/json").decode()
        return text if len(text) <= _MAX_TOLD else f"{text[:_MAX_TOLD]}…"

    def _schema(self, expectation: Expectation, answer: Answer) -> Verdict:
        body = _loaded(answer)
        if body is _NOTHING:
            return Verdict(False, "", "the body is not JSON")
        schema = self.schema(str(expectation.value), answer.status)
        problem = _unfit(schema | {"components": self._document.get("components", {})}, body)
        return Verdict(not problem, "" if not problem else "it does not fit", problem)

    def schema(self, name: str, status: int | None) -> dict[str, Any]:
        """The schema of a name, or the one that the operation declares for a status.

        Raises:
            SavedTestsError: There is none.
        """
        if name != DECLARED:
            if name not in self._document.get("components", {}).get("schemas", {}):
                raise SavedTestsError(f"the application describes no schema {name}")
            return {"$ref": f"#/components/schemas/{name}"}
        method, _, path = (self._operation or "").partition(" ")
        responses = self._document.get("paths", {}).get(path, {}).get(method.lower(), {}).get("responses", {})
        described = responses.get(str(status)) or responses.get("default") or {}
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if not schema:
            raise SavedTestsError(f"{self._operation or 'no operation'} declares no schema for the status {status}")
        return dict(schema)


def _verdict(holds: bool, came: str, problem: str) -> Verdict:
    return Verdict(holds, came, "" if holds else problem)


def _status(expectation: Expectation, answer: Answer) -> Verdict:
    came, wanted = str(answer.status or "none"), str(expectation.value)
    holds = came.startswith(wanted[0]) if re.fullmatch(r"[1-5]xx", wanted) else came == wanted
    return _verdict(holds, came, "it is another")


def _loaded(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return _NOTHING


def find(path: str, document: Any) -> Any:
    """What stands at a JSON path: one value, or the list of them where the path may find several.

    Raises:
        SavedTestsError: It is no path.
    """
    try:
        import jsonpath  # the extra `lab`
    except ImportError:
        raise SavedTestsError("JSON paths need python-jsonpath: `pip install 'routebook[lab]'`") from None
    try:
        query = jsonpath.JSONPathEnvironment(strict=True).compile(path)
    except jsonpath.JSONPathError as error:
        raise SavedTestsError(f"{path!r} is no JSON path: {str(error).splitlines()[0]}") from None
    found = query.findall(document)
    if isinstance(query, jsonpath.JSONPath) and query.singular_query():
        return found[0] if found else _NOTHING
    return found or _NOTHING


def _compares(expectation: Expectation, came: Any) -> bool:
    wanted = expectation.value
    match expectation.how:
        case "equals":
            return _same(came, wanted)
        case "contains":
            return _contains(came, wanted)
        case "matches":
            return re.search(str(wanted), came if isinstance(came, str) else json.dumps(came)) is not None
        case _:
            return False


def _same(came: Any, wanted: Any) -> bool:
    """Whether two JSON values are equal; true is not 1."""
    if isinstance(came, bool) or isinstance(wanted, bool):
        return came is wanted
    return bool(came == wanted)


def _contains(came: Any, wanted: Any) -> bool:
    if isinstance(came, str):
        return str(wanted) in came
    if isinstance(came, list):
        return any(_same(item, wanted) for item in came)
    if isinstance(came, dict) and isinstance(wanted, dict):
        return all(name in came and _same(came[name], value) for name, value in wanted.items())
    return isinstance(came, dict) and wanted in came


def _unfit(schema: Mapping[str, Any], value: Any) -> str:
    """Why a value does not fit a schema; "" where it does."""
    try:
        import jsonschema  # the extra `lab`
    except ImportError:
        raise SavedTestsError("schemas need jsonschema: `pip install 'routebook[lab]'`") from None
    errors = jsonschema.Draft202012Validator(schema).iter_errors(value)
    best = jsonschema.exceptions.best_match(errors)
    return f"{best.json_path}: {best.message}"[:_MAX_TOLD] if best is not None else ""
