"""Steps that read the application's OpenAPI document."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from routebook_kernel.learn.old_names import accept_old_keywords
from routebook_kernel.learn.patterns import find_difference, format_json
from routebook_kernel.learn.probe import Probe
from routebook_kernel.learn.request_steps import ExpectedResponse
from routebook_kernel.learn.step_results import CheckFailedError, CheckSkippedError, StepResult
from routebook_kernel.learn.steps import Mistakes, Requirement, accepts, find_hint, step_numbers


@accept_old_keywords(gives="returns", has="includes")
def openapi(
    title: str,
    place: str,
    *,
    returns: Any = ...,
    includes: Any = ...,
    where: Requirement | None = None,
    mistakes: Mistakes | None = None,
    needs: int | tuple[int, ...] = (),
) -> "DocumentStep":
    """Return a step that checks the application's OpenAPI document.

    References are followed, so the names of models don't matter.

    Args:
        title: A statement: "The document has the limit".
        place: Where to look: "GET /books" for an operation, "GET /books: limit" for one of its parameters, "POST
            /books: body" for the schema of its body, "GET /books: 200" for the schema of that response, "schema
            NewBook" for a schema by its name, "" for the whole document.
        returns: The expected value: a pattern.
        includes: The expected value, in which objects may have more members.
        where: Another condition on the value.
        mistakes: Hints: functions of the value (None if it's missing) that return true.
        needs: The steps that must pass first.
    """
    return DocumentStep(title, place, returns, includes, where, mistakes or {}, step_numbers(needs))


_PARAMETER = re.compile(r"{[^{}]*}")


@dataclass(frozen=True, slots=True)
class DocumentStep:
    """A step that checks the OpenAPI document; created by `openapi`."""

    title: str
    place: str
    returns: Any
    includes: Any
    where: Requirement | None
    mistakes: Mistakes
    needs: tuple[int, ...] = ()

    def run(self, probe: Probe) -> StepResult:
        """Find the value and compare it."""
        expected = (
            ExpectedResponse(0, self.returns, self.includes, where=self.where).describe_content().removeprefix("with ")
        )
        sent = (f"the OpenAPI document, {self.place}" if self.place else "the OpenAPI document",)
        result = StepResult(self.title, "failed", expected=expected or "to be there", sent=sent, needs=self.needs)
        try:
            value = find_in_document(probe.openapi(), self.place)
        except CheckSkippedError:
            raise
        except CheckFailedError as failed:
            return replace(result, actual=failed.actual)
        if value is not None and self._matches(value):
            return replace(result, status="passed")
        actual = "missing" if value is None else f"`{format_json(value)}`"
        return replace(result, actual=actual, hint=find_hint(self.mistakes, value))

    def _matches(self, value: Any) -> bool:
        patterns = ((self.returns, True), (self.includes, False))
        if any(
            pattern is not ... and find_difference(pattern, value, exactly=exactly) is not None
            for pattern, exactly in patterns
        ):
            return False
        return self.where is None or accepts(self.where[1], value)


def find_in_document(document: Mapping[str, Any], place: str) -> Any:
    """Return the value at a place of an OpenAPI document (see `openapi`), references followed; None if it's missing.

    Spec: OpenAPI 3.1.0, Paths Object, Operation Object, Reference Object.
    """
    if not place:
        return document
    if place.startswith("schema "):
        schema = document.get("components", {}).get("schemas", {}).get(place.removeprefix("schema ").strip())
        return _resolve_references(schema, document, ())
    head, _, part = place.partition(": ")
    method, _, path = head.partition(" ")
    operation = _operation(document, path, method.lower())
    if operation is None or not part:
        return _resolve_references(operation, document, ())
    if part == "body":
        return _resolve_references(_schema_of(operation.get("requestBody")), document, ())
    if part.isdigit():
        return _resolve_references(_schema_of(operation.get("responses", {}).get(part)), document, ())
    parameters = [parameter for parameter in operation.get("parameters", ()) if parameter.get("name") == part]
    return _resolve_references(parameters[0], document, ()) if parameters else None


def _operation(document: Mapping[str, Any], path: str, method: str) -> Any:
    """Return the operation at a path. The learner chooses the names of path parameters."""
    shape = _PARAMETER.sub("{}", path)
    items = document.get("paths", {}).items()
    return next((item[method] for name, item in items if _PARAMETER.sub("{}", name) == shape and method in item), None)


def _schema_of(holder: Any) -> Any:
    """Return the schema of a body or a response, of any media type."""
    contents = list((holder or {}).get("content", {}).values())
    return contents[0].get("schema") if contents else None


def _resolve_references(value: Any, document: Mapping[str, Any], trail: tuple[str, ...]) -> Any:
    """Replace the references in a value by their targets. A circular reference stays."""
    if isinstance(value, list):
        return [_resolve_references(item, document, trail) for item in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/") and reference not in trail:
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target.get(part.replace("~1", "/").replace("~0", "~"), {})
        rest = {name: item for name, item in value.items() if name != "$ref"}
        return _resolve_references({**target, **rest}, document, (*trail, reference))
    return {name: _resolve_references(item, document, trail) for name, item in value.items()}
