"""The diff of the OpenAPI document since the last run."""

from typing import Any

from routebook_kernel.registry.changes import EMPTY_SNAPSHOT, ApplicationSnapshot, OperationFacts
from routebook_kernel.registry.document_diff import diff_documents


def snapshot(price: str, **operations: Any) -> ApplicationSnapshot:
    facts = {id_: OperationFacts(id_, "f", None, None, described) for id_, described in operations.items()}
    schemas = {
        "Item": {"properties": {"price": {"$ref": "#/components/schemas/Price"}}},
        "Price": {"type": price},
        "Other": {"type": price},
    }
    return ApplicationSnapshot(facts, schemas)


READ = {"summary": "Read", "schema": {"$ref": "#/components/schemas/Item"}}


def test_operation_differs_if_a_schema_it_uses_changed() -> None:
    """A changed model in another cell changes the operation. A model that it doesn't use doesn't."""
    lines = diff_documents(snapshot("integer", a=READ), snapshot("number", a=READ), "a")

    changed = [line for line in lines if line[0] in "+-"]
    assert changed == ['-  "type": "integer"', '+  "type": "number"']


def test_document_differs_in_every_operation_and_schema() -> None:
    """In the whole document, additions are plus lines, and nothing else is."""
    one, two = snapshot("integer", a=READ), snapshot("integer", a=READ, b={"summary": "New"})

    changed = [line for line in diff_documents(one, two) if line[0] in "+-"]
    assert sorted(changed) == ['+  "summary": "New"', '+ "b": {', "+ },"]
    assert diff_documents(two, two) == []


def test_first_document_is_all_new() -> None:
    """There's nothing before the first run."""
    lines = diff_documents(EMPTY_SNAPSHOT, snapshot("integer", a={"summary": "Read"}), "a")

    assert [line for line in lines if line[0] != "@"] == ["+{", '+ "a": {', '+  "summary": "Read"', "+ }", "+}"]


def test_hidden_operation_has_no_difference() -> None:
    """`include_in_schema=False`."""
    assert diff_documents(snapshot("integer", a=None), snapshot("number", a=None), "a") == []
