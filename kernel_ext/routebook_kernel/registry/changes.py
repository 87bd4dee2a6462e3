"""What a run changed in an application's operations, in words: a comparison of two snapshots.

Spec: OpenAPI 3.1.0, Operation Object, Parameter Object, Schema Object.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any, Literal

from routebook_kernel.records import CellKey
from routebook_kernel.registry.code_equality import has_same_code

ChangeKind = Literal["new", "changed", "removed"]

_MAX_DEPTH = 8


@dataclass(slots=True)  # not frozen, for speed (records.py)
class OperationFacts:
    """One operation as it stood when the snapshot was taken.

    Attributes:
        id: "GET /items/{item_id}".
        function: Its endpoint's name.
        code: Its endpoint's code; None for callables that have none.
        cell: Who owns it; None for what no cell defined.
        operation: Its OpenAPI Operation Object; None when it is not in the document.
    """

    id: str
    function: str
    code: CodeType | None
    cell: CellKey | None
    operation: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An application's operations in order, and the schemas they refer to."""

    operations: Mapping[str, OperationFacts]
    schemas: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One operation that a run added, changed or removed; the note says how, with code in backquotes."""

    kind: ChangeKind
    id: str
    note: str


EMPTY = Snapshot({}, {})


def compare(before: Snapshot, after: Snapshot, altered: Mapping[str, str]) -> list[Change]:
    """The changes between two snapshots, in the order of the operations, removed ones last.

    Args:
        altered: By operation, the name of a model or a dependency that does something else by now.
    """
    changed_schemas = _changed_schemas(before.schemas, after.schemas)
    changes = []
    for key, now in after.operations.items():
        if (then := before.operations.get(key)) is None:
            changes.append(Change("new", key, f"→ `{now.function}`"))
        elif notes := list(_iter_notes(then, now, before, after, changed_schemas)):
            changes.append(Change("changed", key, "; ".join(notes)))
        elif key in altered:
            changes.append(Change("changed", key, f"the code of `{altered[key]}` is new"))
    gone = [key for key in before.operations if key not in after.operations]
    return changes + [Change("removed", key, "") for key in gone]


def _iter_notes(
    then: OperationFacts, now: OperationFacts, before: Snapshot, after: Snapshot, changed_schemas: frozenset[str]
) -> Iterator[str]:
    old, new = then.operation, now.operation
    notes: list[str] = []
    if old is not None and new is not None:
        if old != new or _refers_to(new, changed_schemas) or _refers_to(old, changed_schemas):
            notes = list(_iter_contract_notes(old, new, before.schemas, after.schemas))
    elif (old is None) is not (new is None):
        notes = ["now in the documentation" if new is not None else "no longer in the documentation"]
    if then.function != now.function:
        notes.append(f"its function is `{now.function}`, was `{then.function}`")
    elif not notes and not has_same_code(then.code, now.code):
        notes.append("its code is new")
    yield from notes


def _iter_contract_notes(
    old: Mapping[str, Any], new: Mapping[str, Any], old_schemas: Mapping[str, Any], new_schemas: Mapping[str, Any]
) -> Iterator[str]:
    before, after = _Reader(old, old_schemas), _Reader(new, new_schemas)
    yield from _iter_parameter_notes(before, after)
    yield from _iter_shape_notes("the body", before.body, after.body)
    yield from _iter_status_notes(old, new)
    yield from _iter_shape_notes("the answer", before.answer, after.answer)
    for name, word in (("tags", "its tags"), ("summary", "its summary"), ("description", "its description")):
        # The summary follows the function's name, whose change is told by itself.
        if old.get(name) != new.get(name) and not (
            name == "summary" and old.get("operationId") != new.get("operationId")
        ):
            yield f"{word} changed"
    if old.get("security") != new.get("security"):
        yield "its security changed"
    if bool(old.get("deprecated")) is not bool(new.get("deprecated")):
        yield "now deprecated" if new.get("deprecated") else "no longer deprecated"


class _Reader:
    """An operation with its schemas resolved."""

    def __init__(self, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
        self.operation = operation
        self._schemas = schemas

    @property
    def parameters(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {(parameter["in"], parameter["name"]): parameter for parameter in self.operation.get("parameters", ())}

    @property
    def body(self) -> Any:
        return self._schema(self.operation.get("requestBody"))

    @property
    def answer(self) -> Any:
        responses = self.operation.get("responses", {})
        successes = [response for status, response in responses.items() if status[:1] == "2"]
        return self._schema(successes[0] if successes else None)

    def schema(self, schema: Any) -> Any:
        return resolved(schema, self._schemas)

    def _schema(self, holder: Mapping[str, Any] | None) -> Any:
        contents = list((holder or {}).get("content", {}).values())
        return self.schema(contents[0].get("schema")) if contents else None


def _iter_parameter_notes(before: _Reader, after: _Reader) -> Iterator[str]:
    old, new = before.parameters, after.parameters
    for (source, name), parameter in new.items():
        told = f"{source} parameter `{name}`"
        previous = old.get((source, name))
        if previous is None:
            yield f"{told} is new"
        elif bool(previous.get("required")) is not bool(parameter.get("required")):
            yield f"{told} is {'required now' if parameter.get('required') else 'optional now'}"
        elif before.schema(previous.get("schema")) != after.schema(parameter.get("schema")):
            yield f"{told} {_type_note(before.schema(previous.get('schema')), after.schema(parameter.get('schema')))}"
    for source, name in old.keys() - new.keys():
        yield f"{source} parameter `{name}` is gone"


def _iter_status_notes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = old.get("responses", {}), new.get("responses", {})
    for status in after:
        if status not in before and status != "422":
            yield f"answers {status}"
    for status in before:
        if status not in after and status != "422":
            yield f"no longer answers {status}"


def _iter_shape_notes(what: str, old: Any, new: Any) -> Iterator[str]:
    """How a body or an answer changed, by its top-level fields."""
    if old == new:
        return
    if old is None or new is None:
        yield f"{what} is {'new' if old is None else 'gone'}"
        return
    before, after = _fields(old), _fields(new)
    if before is None or after is None or before.keys() == after.keys() == set():
        yield f"{what} {_type_note(old, new)}"
        return
    notes = [f"{what} has `{name}` too" for name in after if name not in before]
    notes += [f"{what} has no `{name}` any more" for name in before if name not in after]
    for name in after:
        if name in before and before[name] != after[name]:
            notes.append(f"{what}'s `{name}` {_type_note(before[name], after[name])}")
    was, now = set(_required(old)), set(_required(new))
    notes += [f"{what}'s `{name}` is required now" for name in after if name in now - was and name in before]
    notes += [f"{what}'s `{name}` is optional now" for name in after if name in was - now]
    yield from notes or [f"{what} changed"]


def _fields(schema: Any) -> Mapping[str, Any] | None:
    """The properties of an object, or of a list's items."""
    if not isinstance(schema, Mapping):
        return None
    if isinstance(schema.get("items"), Mapping):
        return _fields(schema["items"])
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else None


def _required(schema: Any) -> Sequence[str]:
    inner = schema.get("items", schema) if isinstance(schema, Mapping) else {}
    return inner.get("required", ()) if isinstance(inner, Mapping) else ()


def _type_note(old: Any, new: Any) -> str:
    was, now = type_words(old), type_words(new)
    if was == now:
        return "has other rules now"
    if now == f"{was} or null":
        return "may be null"
    return f"is {now}, was {was}"


_TYPE_WORDS = {
    "string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "an object", "null": "null",
}  # fmt: skip


def type_words(schema: Any) -> str:
    """A schema's type in words: "a whole number or null"."""
    if not isinstance(schema, Mapping):
        return "anything"
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(type_words(option) for option in options))
    if "enum" in schema or "const" in schema:
        return "one of a few values"
    return _TYPE_WORDS.get(str(schema.get("format") or schema.get("type")), "") or _formatted(schema)


def _formatted(schema: Mapping[str, Any]) -> str:
    kind = _TYPE_WORDS.get(str(schema.get("type")), "anything")
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def resolved(schema: Any, schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """A schema with its references put in, some levels deep; a deeper one stays a reference.

    Titles are left out: they follow names and are no part of the contract.
    """
    if isinstance(schema, list):
        return [resolved(item, schemas, depth) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    if isinstance(reference := schema.get("$ref"), str) and depth < _MAX_DEPTH:
        return resolved(schemas.get(reference.rpartition("/")[2], {}), schemas, depth + 1)
    return {
        key: resolved(value, schemas, depth)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }


def _changed_schemas(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
    """The names of the schemas that changed, and of those that refer to one that did."""
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    grown = True
    while grown and changed:
        more = {name for name, schema in new.items() if name not in changed and _refers_to(schema, changed)}
        changed |= more
        grown = bool(more)
    return frozenset(changed)


def _refers_to(node: Any, names: frozenset[str] | set[str]) -> bool:
    if not names:
        return False
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.rpartition("/")[2] in names:
            return True
        return any(_refers_to(value, names) for value in node.values())
    return isinstance(node, list) and any(_refers_to(item, names) for item in node)
