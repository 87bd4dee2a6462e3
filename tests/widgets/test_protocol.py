"""`protocol.py` and `protocol.ts` are written by hand, each in its language's terms, and say the same."""

import re
import types
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from routebook_kernel import protocol

TWIN = (Path(__file__).parents[2] / "kernel_ext/frontend/src/protocol.ts").read_text()
SCALARS = {str: "string", bool: "boolean", int: "number", float: "number", type(None): "null", Any: "any"}
ANYTHING = {"Json", "unknown", "State"}
INTERFACE = re.compile(r"export interface (\w+)(?:<\w+>)?(?: extends (\w+))? \{(.*?)\n\}", re.DOTALL)
TOKEN = re.compile(r'"[^"]*"|\w+|[{}\[\]();:?|]')

MESSAGES = {name: message for name, message in vars(protocol).items() if is_typeddict(message)}
TWINS = {name: (base, body) for name, base, body in INTERFACE.findall(re.sub(r"/\*.*?\*/", "", TWIN, flags=re.DOTALL))}


@pytest.mark.parametrize("name", sorted(MESSAGES.keys() & TWINS.keys()))
def test_message_is_the_same_in_python_and_typescript(name: str) -> None:
    """A field that only one side knows is undefined in the page, or never read."""
    assert fields_of_twin(name) == fields_of(MESSAGES[name])


def test_message_without_a_twin_of_its_name_is_part_of_one_that_has() -> None:
    """Those that TypeScript names otherwise are compared where they are used; none may be left out."""
    compared = {part for name in MESSAGES.keys() & TWINS.keys() for part in names_within(MESSAGES[name])}

    assert MESSAGES.keys() - TWINS.keys() <= compared


def fields_of(message: Any) -> dict[str, str]:
    """The fields of a TypedDict, and what their JSON looks like, in TypeScript's words without names of its own."""
    return {
        name + ("" if name in message.__required_keys__ else "?"): shape_of(kind)
        for name, kind in get_type_hints(message).items()
    }


def shape_of(kind: Any) -> str:
    """What the JSON of a Python type looks like."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in SCALARS:
        return SCALARS[kind]
    if origin is NotRequired:
        return shape_of(arguments[0])
    if origin is Literal:
        return either(f'"{value}"' for value in arguments)
    if origin in {Union, types.UnionType}:
        return either(map(shape_of, arguments))
    if origin is list:
        return f"({shape_of(arguments[0])})[]"
    if origin is tuple:
        return f"[{', '.join(map(shape_of, arguments))}]"
    return record({"[]": shape_of(arguments[1])} if origin is dict else fields_of(kind))


def names_within(kind: Any) -> Iterator[str]:
    """The messages that are part of one."""
    for part in get_type_hints(kind).values() if is_typeddict(kind) else get_args(kind):
        if is_typeddict(part):
            yield part.__name__
        yield from names_within(part)


def either(shapes: Iterable[str]) -> str:
    """One of several; where one is anything, that is all there is to say."""
    members = sorted(set(shapes))
    return "any" if "any" in members else " | ".join(members)


def record(fields: Mapping[str, str]) -> str:
    """An object; one that may hold anything under any name is what Python calls Json."""
    return "any" if fields == {"[]": "any"} else "{ " + "; ".join(f"{n}: {s}" for n, s in sorted(fields.items())) + " }"


def fields_of_twin(name: str) -> dict[str, str]:
    """The fields of an interface, those that it extends included."""
    base, body = TWINS[name]
    return (fields_of_twin(base) if base else {}) | Reader(body + "}").fields()


class Reader:
    """Reads types of TypeScript, as far as `protocol.ts` needs."""

    def __init__(self, text: str) -> None:
        self._tokens = TOKEN.findall(text)

    def fields(self) -> dict[str, str]:
        """What stands before a closing brace."""
        fields = {}
        while not self._take("}"):
            if self._take("["):  # { [name: string]: … }
                del self._tokens[:4]
                name = "[]"
            else:
                name = self._tokens.pop(0) + ("?" if self._take("?") else "")
            self._take(":")
            fields[name] = self.shape()
            self._take(";")
        return fields

    def shape(self) -> str:
        """A type, up to what cannot belong to it."""
        members = [self._member()]
        while self._take("|"):
            members.append(self._member())
        return either(members)

    def _member(self) -> str:
        shape = self._single()
        while self._tokens[:2] == ["[", "]"]:
            del self._tokens[:2]
            shape = f"({shape})[]"
        return shape

    def _single(self) -> str:
        token = self._tokens.pop(0)
        if token == "(":
            inner = self.shape()
            self._take(")")
            return inner
        if token == "[":
            members = []
            while not self._take("]"):
                members.append(self.shape())
            return f"[{', '.join(members)}]"
        if token == "{":
            return record(self.fields())
        return token if token.startswith('"') else named(token)

    def _take(self, token: str) -> bool:
        is_next = self._tokens[:1] == [token]
        if is_next:
            del self._tokens[0]
        return is_next


def named(name: str) -> str:
    """What a name stands for."""
    if name in TWINS:
        return record(fields_of_twin(name))
    if name in ANYTHING or name in SCALARS.values():
        return "any" if name in ANYTHING else name
    alias = re.search(rf"export type {name} =(.*?);\n", TWIN, re.DOTALL)
    if alias is None:
        raise LookupError(f"protocol.ts does not say what {name} is")
    return Reader(alias[1]).shape()
