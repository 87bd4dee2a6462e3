"""The step that reads the application's OpenAPI document."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from routebook_kernel.learn.outcomes import Missed, Outcome, Unavailable
from routebook_kernel.learn.patterns import differs, shown
from routebook_kernel.learn.probe import Probe
from routebook_kernel.learn.requests import Expected
from routebook_kernel.learn.steps import Mistakes, Where, hint_for, holds, numbers


def openapi(
    title: str,
    place: str,
    *,
    gives: Any = ...,
    has: Any = ...,
    where: Where | None = None,
    mistakes: Mistakes | None = None,
    needs: int | tuple[int, ...] = (),
) -> "Statement":
    """A statement on the application's OpenAPI document. References are followed, so no model's name matters.

    Args:
        title: A statement: "The document knows the limit".
        place: Where to look: "GET /books" an operation, "GET /books: limit" one of its parameters, "POST /books: body"
            the schema of its body, "GET /books: 200" the schema of that response, "schema NewBook" a schema by its
            name, "" the whole document.
        gives: What must stand there: a pattern.
        has: What must stand there, where objects may hold more.
        where: Something else that must hold of it.
        mistakes: Hints: functions of what stands there (None where nothing does) that say yes.
        needs: Which steps must pass first.
    """
    return Statement(title, place, gives, has, where, mistakes or {}, numbers(needs))


_PARAMETER = re.compile(r"{[^{}]*}")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement on the OpenAPI document; made by `openapi`."""

    title: str
    place: str
    gives: Any
    has: Any
    where: Where | None
    mistakes: Mistakes
    needs: tuple[int, ...] = ()

    def run(self, probe: Probe) -> Outcome:
        """Look it up."""
        asked = Expected(0, self.gives, self.has, where=self.where).told().removeprefix("`0`").strip()
        sent = (f"the OpenAPI document, {self.place}" if self.place else "the OpenAPI document",)
        outcome = Outcome(self.title, "failed", asked=asked or "to be there", sent=sent, needs=self.needs)
        try:
            value = found(probe.openapi(), self.place)
        except Unavailable:
            raise
        except Missed as missed:
            return replace(outcome, came=missed.came)
        if value is not None and self._fits(value):
            return replace(outcome, kind="passed")
        came = "nothing of it" if value is None else f"`{shown(value)}`"
        return replace(outcome, came=came, hint=hint_for(self.mistakes, value))

    def _fits(self, value: Any) -> bool:
        patterns = ((self.gives, True), (self.has, False))
        fits = all(each is ... or differs(each, value, exactly=exactly) is None for each, exactly in patterns)
        return fits and (self.where is None or holds(self.where[1], value))


def found(document: Mapping[str, Any], place: str) -> Any:
    """What an OpenAPI document holds at a place (see `openapi`), references followed; None where there is nothing.

    Spec: OpenAPI 3.1.0, Paths Object, Operation Object, Reference Object.
    """
    if not place:
        return document
    if place.startswith("schema "):
        schema = document.get("components", {}).get("schemas", {}).get(place.removeprefix("schema ").strip())
        return _followed(schema, document, ())
    head, _, part = place.partition(": ")
    method, _, path = head.partition(" ")
    operation = _operation(document, path, method.lower())
    if operation is None or not part:
        return _followed(operation, document, ())
    if part == "body":
        return _followed(_schema_of(operation.get("requestBody")), document, ())
    if part.isdigit():
        return _followed(_schema_of(operation.get("responses", {}).get(part)), document, ())
    named = [each for each in operation.get("parameters", ()) if each.get("name") == part]
    return _followed(named[0], document, ()) if named else None


def _operation(document: Mapping[str, Any], path: str, method: str) -> Any:
    """The operation at a path; the names of the path's parameters are the learner's own."""
    shape = _PARAMETER.sub("{}", path)
    items = document.get("paths", {}).items()
    return next((item[method] for name, item in items if _PARAMETER.sub("{}", name) == shape and method in item), None)


def _schema_of(holder: Any) -> Any:
    """The schema of a body or a response, whatever its media type."""
    contents = list((holder or {}).get("content", {}).values())
    return contents[0].get("schema") if contents else None


def _followed(value: Any, document: Mapping[str, Any], trail: tuple[str, ...]) -> Any:
    """A value with each reference in it replaced by what it names; one that leads back to itself stays."""
    if isinstance(value, list):
        return [_followed(each, document, trail) for each in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/") and reference not in trail:
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target.get(part.replace("~1", "/").replace("~0", "~"), {})
        rest = {name: each for name, each in value.items() if name != "$ref"}
        return _followed({**target, **rest}, document, (*trail, reference))
    return {name: _followed(each, document, trail) for name, each in value.items()}
