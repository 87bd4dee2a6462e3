"""Definitions: the schemas of models, enums and the like, each made once and referred to by a token.

Pydantic makes the schemas. In an ordinary run it names definitions when it has seen all of them, and rewrites every
reference. A document that changes a little with each cell cannot afford that; so here a definition gets a token for
life, references name the token, and the document's own names are put in its place at the very end (`_naming`,
`JsonText`). What was made for one document is good for the next.

A definition lives as long as a description that uses it: the table of all is weak. Its keys are pydantic's references,
which hold a class's `id`; the definition keeps the class alive, so that the `id` cannot be another's.
"""

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any
from weakref import WeakValueDictionary

from pydantic import ValidationError
from pydantic.json_schema import CoreModeRef, DefsRef, GenerateJsonSchema, JsonRef, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema, from_json, to_jsonable_python

from routebook._analysis.fields import Mode
from routebook.openapi.constants import REF_PREFIX, REF_TEMPLATE
from routebook.openapi.models import Schema

PLAIN_TYPES = frozenset({str, int, bool, type(None)})
"""Types whose values JSON has as they are."""

_REFERENCE = re.compile(re.escape(REF_PREFIX) + r"(@\d+@)")
_serials = itertools.count()


class Definition:
    """A schema that others refer to.

    Attributes:
        token: Stands for it in references.
        schema: As pydantic made it, references being tokens.
        names: What it may be called in a document, the nicest first.
        origin: Tells it from other definitions of the same names.
        text: What a document shows of it.
    """

    def __init__(
        self, token: DefsRef, schema: JsonSchemaValue, names: tuple[str, ...], origin: str, owner: Any = None
    ) -> None:
        self.token = token
        self.schema = schema
        self.names = names
        self.origin = origin
        self._owner = owner
        self._owners_schema = _core_schema_of(owner)
        self.text: JsonText

    def __repr__(self) -> str:
        return f"Definition({self.names[0]!r}, {self.token})"

    @property
    def uses(self) -> tuple["Definition", ...]:
        return self.text.uses

    @property
    def is_current(self) -> bool:
        """Whether the class is still what it was: `model_rebuild` may have given it other fields."""
        return _core_schema_of(self._owner) is self._owners_schema

    @cached_property
    def shape(self) -> tuple[str, tuple[str, ...]]:
        """The schema in a form that can be compared, its references apart."""
        text = json.dumps(self.schema, sort_keys=True, default=to_jsonable_python)
        parts = _REFERENCE.split(text)
        return "".join(parts[::2]), tuple(parts[1::2])


Names = dict[Definition, str]
"""What each definition is called in one document."""


class JsonText:
    """A JSON value as text, the names of definitions still open: cheap to keep, and every reading of it is new.

    Any thread may read: what is remembered of the last names is replaced as a whole.
    """

    __slots__ = ("_last", "_parts", "uses")

    def __init__(self, text: str, definitions: "Definitions") -> None:
        parts = _REFERENCE.split(text)
        self.uses = tuple(map(definitions.of_token, parts[1::2]))
        self._parts = parts[::2]
        self._last = _Named([], text)

    def read(self, names: Names) -> Any:
        """A new value, with names put in."""
        return from_json(self._put_in(names).text)

    def read_shared(self, names: Names) -> Any:
        """The value that was given the last time, if the names are still the same."""
        named = self._put_in(names) if self.uses else self._last
        if named.value is None:
            named.value = from_json(named.text)
        return named.value

    def _put_in(self, names: Names) -> "_Named":
        used = [names[definition] for definition in self.uses]
        last = self._last
        if used != last.names:
            references = [REF_PREFIX + json.dumps(name)[1:-1] for name in used]
            text = "".join(itertools.chain(*zip(self._parts, references, strict=False), self._parts[-1:]))
            last = self._last = _Named(used, text)
        return last


class _Named:
    """A text with names, and the value that was read from it."""

    __slots__ = ("names", "text", "value")

    def __init__(self, names: list[str], text: str) -> None:
        self.names = names
        self.text = text
        self.value: Any = None


_shared: WeakValueDictionary[CoreModeRef, Definition] = WeakValueDictionary()


class Definitions(GenerateJsonSchema):
    """Pydantic's generator, used for all schemas of one document; it knows the definitions of earlier ones again."""

    def __init__(self) -> None:
        super().__init__(ref_template=REF_TEMPLATE)
        self._by_token: dict[str, Definition] = {}
        self._owners: dict[CoreModeRef, Any] = {}
        self._new: dict[DefsRef, tuple[CoreModeRef, tuple[str, ...]]] = {}
        self._described: dict[tuple[int, Mode], tuple[CoreSchema, JsonSchemaValue, dict[str, None]]] = {}
        self._referred: dict[str, None] = {}
        self._last_referred: dict[str, None] = {}

    def describe(self, schema: CoreSchema, mode: Mode) -> JsonSchemaValue:
        """The JSON Schema of a type, references being tokens; only its own members may be changed.

        Raises:
            PydanticInvalidForJsonSchema: JSON Schema has no words for the type.
        """
        kept = self._described.get((id(schema), mode))
        if kept is None:  # the schema is kept too, so that its id is nobody else's
            kept = self._described[id(schema), mode] = schema, self.describe_once(schema, mode), self._last_referred
        self._referred.update(kept[2])
        return dict(kept[1])

    def describe_once(self, schema: CoreSchema, mode: Mode) -> JsonSchemaValue:
        """`describe`, for a core schema that was made for the purpose."""
        self._mode = mode
        described = dict(self.generate_inner(schema))
        self._keep_new()
        self._last_referred = dict.fromkeys(_REFERENCE.findall(repr(described)))
        self._referred.update(self._last_referred)
        return described

    def define(self, name: str, schema: JsonSchemaValue) -> JsonSchemaValue:
        """Make a definition of a schema that belongs to no class, and refer to it."""
        definition = Definition(_new_token(), schema, (self.normalize_name(name),), name)
        self._know(definition)
        self._write(definition)
        self._referred[definition.token] = None
        return {"$ref": REF_TEMPLATE.format(model=definition.token)}

    def take_referred(self) -> tuple[Definition, ...]:
        """The definitions that were referred to since this was last asked."""
        used = tuple(map(self.of_token, self._referred))
        self._referred.clear()
        return used

    def of_reference(self, schema: JsonSchemaValue) -> Definition | None:
        """The definition that a schema refers to; None when it is no reference."""
        found = _REFERENCE.fullmatch(schema.get("$ref", ""))
        return None if found is None else self.of_token(found[1])

    def of_token(self, token: str) -> Definition:
        """The definition of a token.

        Raises:
            PydanticInvalidForJsonSchema: JSON Schema has no words for it.
        """
        invalid = self._core_defs_invalid_for_json_schema.get(DefsRef(token))
        if invalid is not None:
            raise invalid
        return self._by_token[token]

    # what pydantic calls --------------------------------------------------------------------------------------------

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        reference = schema.get("ref")
        if reference is not None and (reference, self.mode) not in self.core_to_defs_refs:
            self._meet((reference, self.mode), schema)
        return super().generate_inner(schema)

    def get_defs_ref(self, core_mode_ref: CoreModeRef) -> DefsRef:
        token = _new_token()
        names = self._prioritized_defsref_choices.pop(super().get_defs_ref(core_mode_ref))
        self._new[token] = core_mode_ref, tuple(names[:4])  # those after it are numbered by the order of one run
        return token

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        """Binary data by JSON Schema's content keywords, not by a format (OpenAPI 3.1.0 §4.8.14.2)."""
        described: JsonSchemaValue = {"type": "string", "contentMediaType": "application/octet-stream"}
        form = self._config.val_json_bytes if self.mode == "validation" else self._config.ser_json_bytes
        if form == "base64":
            described["contentEncoding"] = "base64"
        self.update_with_validations(described, schema, self.ValidationsMapping.bytes)
        return described

    def encode_default(self, dft: Any) -> Any:
        """A default as JSON; for the usual ones pydantic need not build a serialiser."""
        return dft if type(dft) in PLAIN_TYPES else super().encode_default(dft)

    # definitions of this document and of earlier ones ---------------------------------------------------------------

    def _meet(self, key: CoreModeRef, schema: CoreSchema) -> None:
        """Know a definition again, and all that it uses; or note whose it is."""
        definition = _shared.get(key)
        if definition is None or not definition.is_current:
            self._owners[key] = _owner_of(schema)
            return
        for used in iter_closure([definition]):
            self._know(used)
        self.core_to_defs_refs[key] = definition.token
        self.core_to_json_refs[key] = JsonRef(REF_TEMPLATE.format(model=definition.token))

    def _know(self, definition: Definition) -> None:
        token = definition.token
        self._by_token[token] = definition
        self.definitions[token] = definition.schema
        self.json_to_defs_refs[JsonRef(REF_TEMPLATE.format(model=token))] = token

    def _keep_new(self) -> None:
        if not self._new:
            return
        made = []
        for token, (key, names) in self._new.items():
            if token in self.definitions:
                owner = self._owners.get(key)
                definition = Definition(token, self.definitions[token], names, key[0], owner)
                self._by_token[token] = definition
                made.append(definition)
                if owner is not None:
                    _shared[key] = definition
        self._new.clear()
        for definition in made:
            self._write(definition)

    def _write(self, definition: Definition) -> None:
        try:
            definition.text = JsonText(_as_shown(definition.schema), self)
        except ValidationError as error:
            error.add_note(f"The JSON Schema of {definition.names[0]} is not one that OpenAPI 3.1 allows.")
            raise


def iter_closure(definitions: Iterable[Definition]) -> Iterator[Definition]:
    """The definitions and all that they use, each once."""
    seen: set[Definition] = set()
    waiting = [iter(definitions)]
    while waiting:
        for definition in waiting[-1]:
            if definition not in seen:
                seen.add(definition)
                yield definition
                if definition.uses:
                    waiting.append(iter(definition.uses))
                    break
        else:
            waiting.pop()


def without_none(value: Any) -> Any:
    """A JSON value without the members of objects that are null; elements of arrays stay."""
    if type(value) is dict:
        return {key: without_none(item) for key, item in value.items() if item is not None}
    if type(value) is list:
        return [without_none(item) for item in value]
    return value


def _new_token() -> DefsRef:
    return DefsRef(f"@{next(_serials)}@")


def _owner_of(schema: Any) -> type | None:
    """The class that a core schema is of; None where there is none, so that nothing keeps its `id` from reuse."""
    while "cls" not in schema and "schema" in schema:
        schema = schema["schema"]
    cls: type | None = schema.get("cls")
    return cls


def _core_schema_of(owner: type | None) -> Any:
    return vars(owner).get("__pydantic_core_schema__") if owner is not None else None


def _as_shown(schema: JsonSchemaValue) -> str:
    """OpenAPI's Schema Object: no nulls, the description up to its form feed."""
    description = schema.get("description")
    if isinstance(description, str):
        schema = {**schema, "description": description.partition("\f")[0]}
    return Schema.model_validate(without_none(schema)).model_dump_json(by_alias=True, exclude_none=True)
