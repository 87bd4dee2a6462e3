"""The registry as a plain store: cells own what they define, in any order of running, failing, editing and deleting."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from routebook_kernel.records import RunOutcome
from routebook_kernel.registry.identity import find_cell_key
from routebook_kernel.registry.notebook import Notebook


@dataclass(frozen=True, slots=True)
class StubOperation:
    """A definition of a test's cell: the operations of a route."""

    methods: tuple[str, ...]
    path: str
    name: str

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(f"{method} {self.path}" for method in self.methods)


def get(path: str, name: str = "f") -> StubOperation:
    return StubOperation(("GET",), path, name)


@dataclass
class Owner:
    content: list[Any] = field(default_factory=list)


class ListContainer:
    """A container over a plain list."""

    name = "routes"

    def __init__(self, owner: Owner) -> None:
        self.owner = owner

    def values(self) -> Sequence[Any]:
        return self.owner.content

    def set_values(self, values: Sequence[Any]) -> None:
        self.owner.content[:] = values

    def append(self, value: Any) -> None:
        self.owner.content.append(value)

    def replace(self, index: int, value: Any) -> None:
        self.owner.content[index] = value

    def keys_and_label(self, value: Any) -> tuple[frozenset[Hashable], Hashable | None]:
        return value.keys, value.name

    def narrow(self, value: Any, keys: frozenset[Hashable]) -> Any:
        return StubOperation(tuple(sorted(str(key).split(" ")[0] for key in keys)), value.path, value.name)

    def move(self, value: Any, previous: Any) -> Any:
        return value


class Book:
    """A notebook with one application, driven cell by cell."""

    def __init__(self) -> None:
        self.now = 0.0
        self.owner = Owner()
        self.container = ListContainer(self.owner)
        self.notebook = Notebook(lambda: self.now)

    def run(
        self, cell: str | None, *operations: StubOperation, outcome: RunOutcome = "completed", source: str = ""
    ) -> Any:
        self.notebook.begin_run(cell, source or f"# {cell}", 1)
        for operation in operations:
            self.notebook.define(self.container, operation)
        return self.notebook.finish_run(outcome)

    @property
    def shown(self) -> list[str]:
        return [f"{'/'.join(o.methods)} {o.path} {o.name}" for o in self.owner.content]


@pytest.fixture
def book() -> Book:
    return Book()


def test_rerun_replaces_in_place_and_keeps_order(book: Book) -> None:
    """A cell that runs again keeps its position, before the cells that came later."""
    book.run("A", get("/a", "a"))
    book.run("B", get("/b", "b"))

    book.run("A", get("/a", "renamed"), get("/a2", "a2"))

    assert book.shown == ["GET /a renamed", "GET /a2 a2", "GET /b b"]


def test_rerun_without_an_operation_removes_it(book: Book) -> None:
    """What a cell no longer defines is removed, and the finished run lists it."""
    book.run("A", get("/a"), get("/b"))

    run = book.run("A", get("/b"))

    assert book.shown == ["GET /b f"]
    assert [entry.value.path for entry in run.removed] == ["/a"]


def test_run_that_raises_keeps_unreached_entries(book: Book) -> None:
    """Half a run: what it defined is new, the rest stays as it was, and the finished run lists both."""
    book.run("A", get("/a", "a"), get("/b", "b"))

    run = book.run("A", get("/a", "a2"), outcome="raised")

    assert book.shown == ["GET /a a2", "GET /b b"]
    assert [entry.value.name for entry in run.unreached] == ["b"]


def test_raised_run_with_a_changed_path_leaves_no_ghost(book: Book) -> None:
    """The function is the same one with another path, so its old path isn't an unreached entry."""
    book.run("A", get("/old", "a"), get("/b", "b"))

    book.run("A", get("/new", "a"), outcome="raised")

    assert book.shown == ["GET /new a", "GET /b b"]


def test_run_with_syntax_error_changes_nothing(book: Book) -> None:
    """The cell's earlier definitions stay."""
    book.run("A", get("/a"))

    book.run("A", outcome="refused")

    assert book.shown == ["GET /a f"]


def test_definition_is_live_before_the_cell_ends(book: Book) -> None:
    """A request later in the same cell sees what the cell defined above it."""
    book.run("A", get("/a", "old"))
    book.notebook.begin_run("A", "# A", 2)

    book.notebook.define(book.container, get("/a", "new"))

    assert book.shown == ["GET /a new"]


def test_conflict_later_run_wins_and_the_loser_returns(book: Book) -> None:
    """Two cells define one operation: the later run responds, and when it drops the operation, the other's is back."""
    book.run("A", get("/x", "a"))
    book.run("B", get("/x", "b"), get("/y", "b"))
    assert book.shown == ["GET /x b", "GET /y b"]
    [(_, conflict)] = book.notebook.find_conflicts()
    assert (conflict.winner.cell, [loser.cell for loser in conflict.losers]) == ("B", ["A"])

    book.run("B", get("/y", "b"))

    assert book.shown == ["GET /x a", "GET /y b"]
    assert book.notebook.find_conflicts() == []


def test_conflict_over_one_method_keeps_the_losers_other_methods(book: Book) -> None:
    """A route for two methods loses one of them, not both."""
    book.run("A", StubOperation(("GET", "POST"), "/x", "both"))

    book.run("B", get("/x", "b"))

    assert book.shown == ["POST /x both", "GET /x b"]


def test_deleted_cell_loses_its_definitions(book: Book) -> None:
    """JupyterLab reports deleted cells with the next run."""
    book.run("A", get("/a"))
    book.run("B", get("/b"))

    gone = book.notebook.forget(["A", "never seen"])

    assert book.shown == ["GET /b f"]
    assert [entry.value.path for entry in gone] == ["/a"]


def test_change_by_hand_is_recorded(book: Book) -> None:
    """`del app.routes[0]` and `app.routes.append(…)` in a cell mean what they say."""
    book.run("A", get("/a"), get("/b"))
    book.notebook.begin_run("B", "del app.routes[0]", 2)
    del book.owner.content[0]
    book.owner.content.append(get("/c"))
    book.notebook.finish_run("completed")
    assert book.shown == ["GET /b f", "GET /c f"]

    book.run("B")

    assert book.shown == ["GET /b f"]


def test_existing_routes_belong_to_no_cell(book: Book) -> None:
    """Documentation routes and imported operations outlive every cell."""
    book.owner.content.append(get("/docs"))
    book.run("A", get("/a"))

    book.run("A")

    assert book.shown == ["GET /docs f"]


def test_full_run_after_recreating_the_application_updates_the_order(book: Book) -> None:
    """Cells first ran out of order. "Run all" brings the order that a fresh kernel would have."""
    for cell in ("app", "C", "B"):
        book.run(cell, *([] if cell == "app" else [get(f"/{cell}")]))
    assert book.shown == ["GET /C f", "GET /B f"]

    book.notebook.begin_run("app", "app = Routebook()", 4)
    book.notebook.expect_full_run("app")
    book.notebook.finish_run("completed")
    book.run("B", get("/B"))
    book.run("C", get("/C"))

    assert book.shown == ["GET /B f", "GET /C f"]


def test_single_runs_with_pauses_do_not_move_cells(book: Book) -> None:
    """Editing one cell, and later another, isn't a run of the whole notebook."""
    book.run("app")
    book.run("B", get("/B"))
    book.run("C", get("/C"))
    book.notebook.begin_run("app", "app = Routebook()", 4)
    book.notebook.expect_full_run("app")
    book.notebook.finish_run("completed")

    for cell in ("C", "B"):
        book.now += 10
        book.run(cell, get(f"/{cell}"))

    assert book.shown == ["GET /B f", "GET /C f"]


@pytest.mark.parametrize(
    ("earlier", "later", "is_same"),
    [
        ("@app.get('/a')\ndef a(): ...", "@app.get('/a')\ndef a(): ...", True),
        ("@app.get('/a')\ndef a():\n    return 1", "@app.get('/b')\ndef a():\n    return 1", True),
        ("@app.get('/a')\ndef a():\n    return 1", "@app.get('/a')\ndef b():\n    return 1", True),
        ("@app.get('/a')\ndef a():\n    return 1", "@app.get('/b')\ndef b():\n    return 1", False),
        ("x = 1", "x = 2", False),
    ],
)
def test_cell_without_id_is_identified_by_its_source(earlier: str, later: str, is_same: bool) -> None:
    """nbclient and JupyterLite send no cell ids: an edited cell is the same cell, a similar neighbour isn't."""
    notebook = Notebook()
    first = notebook.begin_run(None, earlier, 1)

    second = find_cell_key(None, later, [first])

    assert (second == first.key) is is_same


def test_replaced_container_carries_over_entries_of_other_cells(book: Book) -> None:
    """`app = Routebook()` runs again: the new object has the other cells' operations, in their order."""
    book.run("app", get("/own"))
    book.run("B", get("/b"))
    previous, book.owner = book.owner, Owner([get("/docs")])
    book.notebook.begin_run("app", "app = Routebook()", 3)
    container = book.container = ListContainer(book.owner)
    book.notebook.define(container, get("/own", "again"))

    carried = book.notebook.carry_over([(ListContainer(previous), container)], "app", has_completed=True)
    book.notebook.finish_run("completed")

    assert book.shown == ["GET /docs f", "GET /own again", "GET /b f"]
    assert [entry.cell for entry in carried] == ["B"]


def test_replaced_container_after_a_raise_keeps_unreached_entries(book: Book) -> None:
    """The creating cell raised after `app = Routebook()`: its own later operations aren't lost."""
    book.run("app", get("/one", "one"), get("/two", "two"))
    previous, book.owner = book.owner, Owner()
    book.notebook.begin_run("app", "app = Routebook()", 3)
    container = book.container = ListContainer(book.owner)
    book.notebook.define(container, get("/one", "again"))

    book.notebook.carry_over([(ListContainer(previous), container)], "app", has_completed=False)
    book.notebook.finish_run("raised")

    assert book.shown == ["GET /one again", "GET /two two"]


# Any history, compared with a small plain model

CELLS = ["A", "B", "C", "D"]
OPERATIONS = st.builds(
    StubOperation,
    methods=st.sampled_from([("GET",), ("POST",), ("GET", "POST")]),
    path=st.sampled_from(["/1", "/2", "/3"]),
    name=st.sampled_from(["f", "g", "h"]),
)
BLOCKS = st.lists(OPERATIONS, max_size=4, unique_by=lambda operation: operation.path)


class AnyHistory(RuleBasedStateMachine):
    """Runs, failures, syntax errors and deletions in any order, compared with blocks in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.model: dict[str, list[tuple[int, StubOperation]]] = {}
        self.number = 0

    @rule(cell=st.sampled_from(CELLS), block=BLOCKS)
    def run(self, cell: str, block: list[StubOperation]) -> None:
        self.number += 1
        self.book.run(cell, *block)
        self.model[cell] = [(self.number, operation) for operation in block]

    @rule(cell=st.sampled_from(CELLS), block=BLOCKS)
    def run_and_raise(self, cell: str, block: list[StubOperation]) -> None:
        self.number += 1
        self.book.run(cell, *block, outcome="raised")
        left = self.model.get(cell, [])
        for operation in block:
            same_key = [row for row in left if row[1].keys & operation.keys]
            same_name = [row for row in left if row[1].name == operation.name]
            replaced = same_key or same_name[:1]
            left = [row for row in left if row not in replaced]
        self.model[cell] = [(self.number, operation) for operation in block] + left

    @rule(cell=st.sampled_from(CELLS))
    def syntax_error(self, cell: str) -> None:
        self.number += 1
        self.book.run(cell, outcome="refused")
        self.model.setdefault(cell, [])

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        cell = data.draw(st.sampled_from(sorted(self.model)))
        self.book.notebook.forget([cell])
        del self.model[cell]

    @invariant()
    def container_is_what_the_model_says(self) -> None:
        assert self.book.shown == self.predicted()

    @rule()
    def a_fresh_kernel_builds_the_same_after_all_cells_ran(self) -> None:
        """After a clean run of every existing cell, the history doesn't matter."""
        for cell in list(self.model):
            self.run(cell, [operation for _, operation in self.model[cell]])
        fresh = Book()
        for cell, rows in self.model.items():
            fresh.run(cell, *[operation for _, operation in rows])
        assert self.book.shown == fresh.shown

    def predicted(self) -> list[str]:
        """Rows in order. If several cells define a key, the latest run has it, in the position of the first."""
        rows = [(cell, number, operation) for cell, block in self.model.items() for number, operation in block]
        holder = {
            key: max((number, index) for index, (_, number, other) in enumerate(rows) if key in other.keys)[1]
            for _, _, operation in rows
            for key in operation.keys
        }
        shown: dict[int, str] = {}
        for _, _, operation in rows:
            for index in sorted({holder[key] for key in operation.keys} - shown.keys()):
                winner = rows[index][2]
                methods = [method for method in winner.methods if holder[f"{method} {winner.path}"] == index]
                shown[index] = f"{'/'.join(methods)} {winner.path} {winner.name}"
        return list(shown.values())


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
