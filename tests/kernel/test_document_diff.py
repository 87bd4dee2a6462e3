"""The difference of the OpenAPI document since the last run."""

from typing import Any

from routebook_kernel.registry.changes import EMPTY, OperationFacts, Snapshot
from routebook_kernel.registry.document_diff import document_difference


def snapshot(price: str, **operations: Any) -> Snapshot:
    facts = {id_: OperationFacts(id_, "f", None, None, described) for id_, described in operations.items()}
    schemas = {
        "Item": {"properties": {"price": {"$ref": "#/components/schemas/Price"}}},
        "Price": {"type": price},
        "Other": {"type": price},
    }
    return Snapshot(facts, schemas)


READ = {"summary": "Read", "schema": {"$ref": "#/components/schemas/Item"}}


def test_an_operation_differs_where_a_schema_behind_it_changed() -> None:
    """A model in another cell changes what an operation says; a model that it never names does not."""
    lines = document_difference(snapshot("integer", a=READ), snapshot("number", a=READ), "a")

    changed = [line for line in lines if line[0] in "+-"]
    assert changed == ['-  "type": "integer"', '+  "type": "number"']


def test_all_differs_by_every_operation_and_schema() -> None:
    """The whole document: what came is all plus, and nothing else is."""
    one, two = snapshot("integer", a=READ), snapshot("integer", a=READ, b={"summary": "New"})

    changed = [line for line in document_difference(one, two) if line[0] in "+-"]
    assert sorted(changed) == ['+  "summary": "New"', '+ "b": {', "+ },"]
    assert document_difference(two, two) == []


def test_what_was_not_there_before_is_all_new() -> None:
    """The first run has nothing before it."""
    lines = document_difference(EMPTY, snapshot("integer", a={"summary": "Read"}), "a")

    assert [line for line in lines if line[0] != "@"] == ["+{", '+ "a": {', '+  "summary": "Read"', "+ }", "+}"]


def test_an_operation_that_the_document_hides_differs_in_nothing() -> None:
    """`include_in_schema=False`."""
    assert document_difference(snapshot("integer", a=None), snapshot("number", a=None), "a") == []
