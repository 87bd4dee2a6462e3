"""What a run changed in an application's operations: the differences between two snapshots, as sentences.

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
    """One operation at the time of the snapshot.

    Attributes:
        id: "GET /items/{item_id}".
        function: The name of its endpoint.
        code: The code of its endpoint; None for callables without any.
        cell: The cell that owns it; None if no cell defined it.
        operation: Its OpenAPI Operation Object; None if it isn't in the document.
    """

    id: str
    function: str
    code: CodeType | None
    cell: CellKey | None
    operation: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ApplicationSnapshot:
    """An application's operations in order, and the schemas they refer to."""

    operations: Mapping[str, OperationFacts]
    schemas: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OperationChange:
    """An operation that a run added, changed or removed. The note says how, with code in backquotes."""

    kind: ChangeKind
    id: str
    note: str


EMPTY_SNAPSHOT = ApplicationSnapshot({}, {})


def compare_snapshots(
    before: ApplicationSnapshot, after: ApplicationSnapshot, altered: Mapping[str, str]
) -> list[OperationChange]:
    """Return the changes between two snapshots in the order of the operations, removed ones last.

    Args:
        before: As the previous run left it.
        after: As it is now.
        altered: For each operation that uses a model or dependency with new behaviour, the name of that definition.
    """
    changed_schemas = _changed_schemas(before.schemas, after.schemas)
    changes = []
    for key, new_facts in after.operations.items():
        if (old_facts := before.operations.get(key)) is None:
            changes.append(OperationChange("new", key, f"→ `{new_facts.function}`"))
        elif notes := list(_iter_notes(old_facts, new_facts, before, after, changed_schemas)):
            changes.append(OperationChange("changed", key, "; ".join(notes)))
        elif key in altered:
            changes.append(OperationChange("changed", key, f"the code of `{altered[key]}` is new"))
    removed = [key for key in before.operations if key not in after.operations]
    return changes + [OperationChange("removed", key, "") for key in removed]


def _iter_notes(
    old_facts: OperationFacts,
    new_facts: OperationFacts,
    before: ApplicationSnapshot,
    after: ApplicationSnapshot,
    changed_schemas: frozenset[str],
) -> Iterator[str]:
    old, new = old_facts.operation, new_facts.operation
    notes: list[str] = []
    if old is not None and new is not None:
        if old != new or _refers_to(new, changed_schemas) or _refers_to(old, changed_schemas):
            notes = list(_iter_contract_notes(old, new, before.schemas, after.schemas))
    elif (old is None) is not (new is None):
        notes = ["now in the documentation" if new is not None else "no longer in the documentation"]
    if old_facts.function != new_facts.function:
        notes.append(f"its function is `{new_facts.function}`, was `{old_facts.function}`")
    elif not notes and not has_same_code(old_facts.code, new_facts.code):
        notes.append("its code is new")
    yield from notes


def _iter_contract_notes(
    old: Mapping[str, Any], new: Mapping[str, Any], old_schemas: Mapping[str, Any], new_schemas: Mapping[str, Any]
) -> Iterator[str]:
    before, after = _ContractReader(old, old_schemas), _ContractReader(new, new_schemas)
    yield from _iter_parameter_notes(before, after)
    yield from _iter_shape_notes("the body", before.body, after.body)
    yield from _iter_status_notes(old, new)
    yield from _iter_shape_notes("the answer", before.response, after.response)
    for name, word in (("tags", "its tags"), ("summary", "its summary"), ("description", "its description")):
        # The summary follows from the function's name, and a change of that is reported separately.
        if old.get(name) != new.get(name) and not (
            name == "summary" and old.get("operationId") != new.get("operationId")
        ):
            yield f"{word} changed"
    if old.get("security") != new.get("security"):
        yield "its security changed"
    if bool(old.get("deprecated")) is not bool(new.get("deprecated")):
        yield "now deprecated" if new.get("deprecated") else "no longer deprecated"


class _ContractReader:
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
    def response(self) -> Any:
        responses = self.operation.get("responses", {})
        successes = [response for status, response in responses.items() if status[:1] == "2"]
        return self._schema(successes[0] if successes else None)

    def schema(self, schema: Any) -> Any:
        return resolve_references(schema, self._schemas)

    def _schema(self, holder: Mapping[str, Any] | None) -> Any:
        contents = list((holder or {}).get("content", {}).values())
        return self.schema(contents[0].get("schema")) if contents else None


def _iter_parameter_notes(before: _ContractReader, after: _ContractReader) -> Iterator[str]:
    old, new = before.parameters, after.parameters
    for (source, name), parameter in new.items():
        label = f"{source} parameter `{name}`"
        previous = old.get((source, name))
        if previous is None:
            yield f"{label} is new"
        elif bool(previous.get("required")) is not bool(parameter.get("required")):
            yield f"{label} is {'required now' if parameter.get('required') else 'optional now'}"
        elif before.schema(previous.get("schema")) != after.schema(parameter.get("schema")):
            yield f"{label} {_type_note(before.schema(previous.get('schema')), after.schema(parameter.get('schema')))}"
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
    """Yield how a body or a response changed, by its top-level fields."""
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
    was_required, is_required = set(_required(old)), set(_required(new))
    notes += [
        f"{what}'s `{name}` is required now" for name in after if name in is_required - was_required and name in before
    ]
    notes += [f"{what}'s `{name}` is optional now" for name in after if name in was_required - is_required]
    yield from notes or [f"{what} changed"]


def _fields(schema: Any) -> Mapping[str, Any] | None:
    """Return the properties of an object, or of the objects in a list."""
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
    was, now = describe_type(old), describe_type(new)
    if was == now:
        return "has other rules now"
    if now == f"{was} or null":
        return "may be null"
    return f"is {now}, was {was}"


_TYPE_WORDS = {
    "string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "an object", "null": "null",
}  # fmt: skip


def describe_type(schema: Any) -> str:
    """Return a schema's type in words: "a whole number or null"."""
    if not isinstance(schema, Mapping):
        return "anything"
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(describe_type(option) for option in options))
    if "enum" in schema or "const" in schema:
        return "one of a few values"
    return _TYPE_WORDS.get(str(schema.get("format") or schema.get("type")), "") or _describe_format(schema)


def _describe_format(schema: Mapping[str, Any]) -> str:
    kind = _TYPE_WORDS.get(str(schema.get("type")), "anything")
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def resolve_references(schema: Any, schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """Return a schema with its references resolved. References more than a few levels deep stay references.

    Titles are dropped: they follow names and aren't part of the contract.
    """
    if isinstance(schema, list):
        return [resolve_references(item, schemas, depth) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    if isinstance(reference := schema.get("$ref"), str) and depth < _MAX_DEPTH:
        return resolve_references(schemas.get(reference.rpartition("/")[2], {}), schemas, depth + 1)
    return {
        key: resolve_references(value, schemas, depth)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }


def _changed_schemas(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the schemas that changed, and of those that refer to a changed one."""
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
