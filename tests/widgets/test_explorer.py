"""The explorer's Python side: what it sends, what it leaves in the notebook, how it ends."""

from collections.abc import Iterator
from typing import Any

import pytest

from routebook_kernel.protocol import AppState
from routebook_kernel.widgets import Explorer, Views
from tests.widgets.fakes import FakeView, operation, running

WIDGET = "application/vnd.jupyter.widget-view+json"


class Overview:
    def __init__(self, state: AppState) -> None:
        self.state = state

    def __repr__(self) -> str:
        return "\n".join(f"{o['method']} {o['path']}" for o in self.state["operations"])

    def _repr_html_(self) -> str:
        return f"<p>{len(self.state['operations'])}</p>"


@pytest.fixture
def view() -> FakeView:
    return FakeView(operation("GET /items"), operation("POST /items"))


@pytest.fixture
def views(view: FakeView) -> Iterator[Views]:
    with running(view) as session:
        views = Views(session, {"explorer": Overview})
        yield views
        views.close()


@pytest.fixture
def explorer(views: Views) -> Explorer:
    explorer = views.explorer(object())
    assert isinstance(explorer, Explorer)
    return explorer


@pytest.fixture
def sent(explorer: Explorer, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the explorer sends, in order."""
    messages: list[Any] = []
    monkeypatch.setattr(explorer, "send", messages.append)
    return messages


def test_one_explorer_stands_for_an_application(views: Views, explorer: Explorer) -> None:
    """Each carries its whole bundle; showing the application again must not send it again."""
    assert views.explorer(object()) is explorer


def test_deltas_go_to_the_page_in_order(explorer: Explorer, sent: list[Any], view: FakeView) -> None:
    """The page asks for everything when a number is missing."""
    for count in range(5):
        view.change({"exchange_count": count})

    assert [message["seq"] for message in sent] == [1, 2, 3, 4, 5]


def test_a_command_from_the_page_is_answered(explorer: Explorer, sent: list[Any]) -> None:
    """The comm's messages reach the commands."""
    explorer._handle_custom_msg({"type": "command", "id": "a", "command": "resync"}, [])

    assert [message["type"] for message in sent] == ["state", "reply"]


def test_the_page_asks_for_the_bundle(explorer: Explorer, sent: list[Any]) -> None:
    """The loader mounts what comes; its key tells bundles of several versions apart."""
    explorer._handle_custom_msg({"type": "command", "id": "a", "command": "code"}, [])

    code = sent[0]["result"]
    assert set(code) == {"view", "key", "js", "css"}
    assert "export" in code["js"]
    assert ".rb-view" in code["css"]


def test_a_line_that_is_closed_is_no_error(explorer: Explorer, view: FakeView, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that shuts down closes its sockets while requests still end."""

    def closed(message: Any) -> None:
        raise OSError("socket is closed")

    monkeypatch.setattr(explorer, "send", closed)

    view.change({"exchange_count": 1})


def test_close_ends_the_subscription(explorer: Explorer, view: FakeView) -> None:
    """A closed explorer hears nothing more."""
    explorer.close()

    assert view.listeners == []


def test_views_are_made_anew_after_their_end(views: Views, explorer: Explorer, view: FakeView) -> None:
    """`%reload_ext` closes them all."""
    views.close()

    assert views.explorer(object()) is not explorer
    assert len(view.listeners) == 1


def test_repr_is_one_line(explorer: Explorer) -> None:
    """It stands in tracebacks and lists."""
    assert repr(explorer) == "<Explorer of 'Bookshop <b>': 2 operations>"


def test_the_bundle_has_the_widget_and_what_stands_for_it(explorer: Explorer) -> None:
    """GitHub and nbconvert run no widget."""
    data, _ = explorer._repr_mimebundle_()

    assert set(data) == {WIDGET, "text/html", "text/plain"}
    assert data["text/plain"] == "GET /items\nPOST /items"


@pytest.mark.parametrize(
    ("include", "exclude", "kinds"),
    [
        (["text/html"], None, {"text/html", "text/plain"}),
        (None, [WIDGET], {"text/html", "text/plain"}),
        (None, ["text/plain"], {WIDGET, "text/html", "text/plain"}),
    ],
)
def test_the_bundle_keeps_to_what_is_asked_for_and_always_has_text(
    explorer: Explorer, include: Any, exclude: Any, kinds: set[str]
) -> None:
    """IPython's protocol for `_repr_mimebundle_`; the conventions want text in every case."""
    data, _ = explorer._repr_mimebundle_(include=include, exclude=exclude)

    assert set(data) == kinds


def test_the_notebook_does_not_grow_with_the_application(explorer: Explorer, view: FakeView) -> None:
    """The widget's saved state is a loader: neither the view's bundle nor anything of the application."""
    before = len(repr(explorer.get_state()))
    view.operations += [operation(f"GET /more/{number}") for number in range(500)]
    view.change({"set": view.operations})

    assert len(repr(explorer.get_state())) == before
    assert before < 3_000
