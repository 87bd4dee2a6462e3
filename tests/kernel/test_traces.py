"""Traces and dependencies as views and Python get them: real cells, a real session, real requests."""

from collections.abc import Iterator
from typing import Any

import pytest

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import TraceRow, TraceState
from routebook_kernel.session import Session
from routebook_kernel.summary import DependenciesOverview, Trace, TraceOverview
from tests.kernel.driver import eventually

SETUP = """
from typing import Annotated
from pydantic import BaseModel
from routebook import BackgroundTasks, Depends, HTTPException, Routebook, Security
from routebook.security import APIKeyHeader, OAuth2PasswordBearer
import asyncio, time
app = Routebook()
"""
DEPENDENCIES = """
def session():
    yield "session 7"

scheme = OAuth2PasswordBearer(tokenUrl="t")

async def user(db: Annotated[str, Depends(session)], token: Annotated[str, Depends(scheme)]):
    return {"name": "mira", "raw": token}
"""
BOOKS = """
class Book(BaseModel):
    title: str
    price: float

def mail(title: str) -> None: ...

@app.post("/books")
def create(
    book: Book, user: Annotated[dict, Depends(user)], db: Annotated[str, Depends(session)], tasks: BackgroundTasks,
    fast: bool = False,
) -> Book:
    tasks.add_task(mail, book.title)
    if book.title == "bad":
        raise KeyError("bad")
    if book.title == "gone":
        raise HTTPException(404)
    return book
"""
SECRET = "eyJhbGciOiJIUzI1NiJ9.secret"


class Cells:
    """A session whose cells are run by `exec`, as a kernel runs them."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.session = Session(self.namespace)
        self.session.open()
        self.session.is_tracing = True
        self._count = 0

    def run(self, cell: str, source: str) -> None:
        self._count += 1
        filename = f"/tmp/{cell}-{self._count}.py"
        self.session.begin_run(cell, source, self._count, filename, [])
        exec(compile(source, filename, "exec"), self.namespace)
        self.session.finish_run("completed")

    def post(self, title: str, *, price: Any = 9) -> TraceState:
        client = self.session.client(self.namespace["app"], headers={"authorization": f"Bearer {SECRET}"})
        client.post("/books?fast=true", json={"title": title, "price": price})
        return self.session.traces.trace(None)


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    cells = Cells()
    cells.run("setup", SETUP)
    cells.run("deps", DEPENDENCIES)
    cells.run("books", BOOKS)
    cells.post("first")  # compiles
    yield cells
    cells.session.close()


def row(trace: TraceState, label: str, note: str | None = None) -> TraceRow:
    return next(each for each in trace["rows"] if each["label"] == label and note in (None, each["note"]))


def facts(row: TraceRow) -> dict[str, str]:
    return {fact["name"]: fact["text"] for fact in row["facts"]}


def test_steps_stand_at_their_places_in_the_tree(cells: Cells) -> None:
    """Each dependency once, below who asks for it; what comes after the response last."""
    trace = cells.post("Emma")

    assert [(each["level"], each["label"], each["note"]) for each in trace["rows"]] == [
        (1, "match", ""),
        (1, "read the body", "26 B"),
        (1, "dependencies", "3, each once"),
        (2, "user", ""),
        (3, "session", "set-up"),
        (3, "OAuth2PasswordBearer", ""),
        (2, "session", "cached"),
        (1, "parameters", "2"),
        (2, "book", "body"),
        (2, "fast", "query"),
        (1, "create", "endpoint"),
        (1, "serialise JSON", ""),
        (1, "send 200", "28 B"),
        (1, "mail", "background"),
        (1, "session", "teardown"),
    ]
    assert [each["label"] for each in trace["rows"] if each["is_after"]] == ["mail", "session"]
    assert row(trace, "create")["band"] == "thread"
    assert "in thread" in facts(row(trace, "create"))["where"]
    assert row(trace, "session", "cached")["band"] == "hit"
    assert facts(row(trace, "session", "set-up"))["yielded"] == "'session 7'"
    assert "Book(title='Emma', price=9.0)" in facts(row(trace, "create"))["gave"]
    assert sum(value for band, value in trace["sums"].items() if band != "thread") == pytest.approx(
        trace["sent_ms"] + trace["sums"]["after"], rel=0.01
    )


def test_each_step_knows_its_cell_and_its_line_of_the_function(cells: Cells) -> None:
    """The view marks the line, and leads to the cell."""
    trace = cells.post("Emma")
    lines = ["", *trace["function"].splitlines()]

    create, user = row(trace, "create"), row(trace, "user")
    assert "(create, " in lines[create["line"]]
    assert "await user" in lines[user["line"]]
    assert create["cell"] == {"cell_id": "books", "label": "[3]", "line": 8}
    assert user["cell"] == {"cell_id": "deps", "label": "[2]", "line": 7}
    assert row(trace, "mail")["cell"] == {"cell_id": "books", "label": "[3]", "line": 6}
    assert row(trace, "OAuth2PasswordBearer")["cell"] is None


def test_no_credential_is_in_a_trace(cells: Cells) -> None:
    """It passes through three steps under three names."""
    trace = cells.post("Emma")

    assert SECRET not in repr(trace) + repr(cells.session.log.get(trace["id"]))
    assert facts(row(trace, "user"))["given"] != ""


@pytest.mark.parametrize(
    ("title", "price", "label", "band", "note"),
    [
        ("bad", 1, "create", "bad", "KeyError, cell [3], line 15"),
        ("gone", 1, "create", "refused", "HTTPException, cell [3], line 17"),
        ("Emma", "abc", "book", "refused", "body, 1 refused"),
    ],
)
def test_the_step_that_failed_says_where(
    cells: Cells, title: str, price: Any, label: str, band: str, note: str
) -> None:
    """And the response that followed is there although the plan did not send it."""
    trace = cells.post(title, price=price)

    failed = [each for each in trace["rows"] if each["is_failure"]]
    assert [(each["label"], each["band"], each["note"]) for each in failed] == [(label, band, note)]
    assert row(trace, f"send {trace['status']}")["elapsed_ms"] is not None
    if label == "book":
        assert row(trace, "create")["note"] == "did not run"


def test_a_trace_reads_as_text_and_html(cells: Cells) -> None:
    """For terminals, GitHub and nbconvert; what came from a request is text there."""
    trace = Trace(cells.post("<b>Emma</b>"))

    assert "create  endpoint" in repr(trace)
    assert "ms to the response" in repr(trace)
    assert "Generated function" in trace._repr_html_()
    assert "<b>Emma" not in trace._repr_html_()
    assert trace.rows == trace.state["rows"]


def test_code_that_has_changed_since_is_said(cells: Cells) -> None:
    """Line numbers may differ; running the same cell again changes nothing."""
    id_ = cells.post("Emma")["id"]
    cells.run("deps", DEPENDENCIES)
    assert cells.session.traces.trace(id_)["stale"] == ""

    cells.run("books", BOOKS.replace("return book", "return book.model_copy()"))

    stale = cells.session.traces.trace(id_)["stale"]
    cells.run("books", BOOKS)
    assert stale.startswith("This ran an older `create`.")
    assert "has run again" in stale


def test_a_view_follows_the_last_trace_and_keeps_a_chosen_one(cells: Cells) -> None:
    """Deltas are whole states; other views of the same id get the same."""
    first = cells.post("Emma")["id"]
    last, chosen = cells.session.trace_view(), cells.session.trace_view(first)
    assert cells.session.trace_view(first) is chosen
    (seq, state), heard = last.state(), []
    last.subscribe(heard.append)

    second = cells.post("Emma")["id"]

    delta = eventually(lambda: heard and heard[-1])
    assert (delta["seq"], delta["state"]["shown"]["id"], state["shown"]["id"]) == (seq + 1, second, first)
    assert chosen.state()[1]["shown"]["id"] == first
    assert first in [each["id"] for each in delta["state"]["shown"]["others"]]
    assert repr(TraceOverview(delta["state"])).startswith(f"{second} POST /books")


def test_an_untraced_request_says_so_and_can_be_traced(cells: Cells) -> None:
    """Replay runs it again as it was; without its credentials it is refused with the way out."""
    cells.run("open", "@app.get('/open')\ndef opened(q: int): return q")
    cells.session.traces.set_tracing(False)
    client = cells.session.client(cells.namespace["app"])
    client.get("/open?q=5")
    untraced = cells.session.traces.trace(list(cells.session.log)[-1].id)
    view = cells.session.trace_view()

    again = cells.session.home.run(view.replay(untraced["id"]))

    cells.session.traces.set_tracing(True)
    assert (untraced["is_traced"], again["is_traced"], again["url"]) == (False, True, "/open?q=5")
    assert "wasn't traced" in repr(Trace(untraced))
    with pytest.raises(RequestError, match="fill in: authorization"):
        cells.session.home.run(view.replay(cells.post("Emma")["id"]))
    with pytest.raises(RequestError, match="Request 99999 isn't in the log"):
        view.trace(99999)


# Dependencies


def test_the_tree_shows_what_is_shared_once(cells: Cells) -> None:
    """A second use is a leaf that names the first."""
    tree = cells.session.dependencies(cells.namespace["app"]).tree("POST /books")

    told = [
        (each["level"], each["name"], each["parameter"], each["shared_with"], each["uses"]) for each in tree["nodes"]
    ]
    assert told == [
        (0, "create", None, None, 1),
        (1, "user", "user", None, 1),
        (2, "session", "db", None, 2),
        (2, "OAuth2PasswordBearer", "token", None, 1),
        (1, "session", "db", 2, 1),
    ]
    _, user, session, scheme, _ = tree["nodes"]
    assert (session["kind"], session["in_thread"], session["scope"]) == ("def with yield", True, "request")
    assert (user["kind"], user["in_thread"], user["cell"] is not None) == ("async def", False, True)
    assert scheme["scheme"] == "OAuth2PasswordBearer"
    assert tree["nodes"][0]["parameters"] == [
        {"name": "book", "source": "body"},
        {"name": "fast", "source": "query"},
    ]


def test_the_tree_follows_cells_and_overrides(cells: Cells) -> None:
    """Live: a cell that changes a dependency, or puts another in its place."""
    app = cells.namespace["app"]
    view = cells.session.dependencies(app, "POST /books")
    heard: list[Any] = []
    _, state = view.state()
    view.subscribe(heard.append)

    cells.run("override", "async def nobody(): return {}\napp.dependency_overrides[user] = nobody")
    delta = eventually(lambda: heard and heard[-1])

    cells.run("override", "app.dependency_overrides.clear()")
    names = [each["name"] for each in delta["state"]["shown"]["nodes"]]
    assert names == ["create", "nobody", "session"]
    assert delta["state"]["shown"]["nodes"][1]["replaced"] == "user"
    assert "overrides user" in repr(DependenciesOverview(delta["state"]))
    assert "user" in repr(DependenciesOverview(state))


def test_an_operation_that_is_gone_is_named(cells: Cells) -> None:
    """Its view does not fall over."""
    cells.run("temp", "@app.get('/temp')\ndef temp(): ...")
    view = cells.session.dependencies(cells.namespace["app"], "GET /temp")
    assert view.state()[1]["shown"] is not None

    cells.run("temp", "")

    state = eventually(lambda: view.state()[1]["gone"] and view.state()[1])
    assert (state["gone"], state["shown"]) == ("GET /temp", None)
    with pytest.raises(RequestError, match="no operation 'GET /temp'"):
        view.tree("GET /temp")
