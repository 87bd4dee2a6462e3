"""Every command of a page gets exactly one reply, whatever goes wrong."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import Code, SendArguments
from routebook_kernel.widgets.commands import Commands
from routebook_kernel.widgets.explorer import console_asks
from tests.widgets.fakes import FakeSession, FakeView, exchange, operation, running

REQUEST: dict[str, Any] = {
    "operation": "GET /items",
    "method": "GET",
    "path": "/items",
    "path_params": {},
    "query": [],
    "headers": [],
    "cookies": [],
    "body": {"kind": "none"},
}


class Page:
    """What a page of the widget sees: it sends commands and waits for messages."""

    def __init__(self, session: FakeSession, view: FakeView) -> None:
        self.messages: list[Any] = []
        self._came = threading.Condition()
        self.commands = Commands(
            session, view, self._receive, lambda: Code(view="v", key="k", js="", css=""), console_asks(view)
        )

    def _receive(self, message: Any) -> None:
        with self._came:
            self.messages.append(message)
            self._came.notify_all()

    def command(self, name: str, args: Any = None, id_: str = "1") -> None:
        self.commands.handle({"type": "command", "id": id_, "command": name, "args": args})

    def replies(self, count: int = 1) -> list[Any]:
        """The replies, as soon as there are so many."""

        def found() -> list[Any]:
            return [message for message in self.messages if message["type"] == "reply"]

        with self._came:
            assert self._came.wait_for(lambda: len(found()) >= count, timeout=60), self.messages
            return found()


@pytest.fixture
def view() -> FakeView:
    return FakeView(operation("GET /items"))


@pytest.fixture
def page(view: FakeView) -> Iterator[Page]:
    with running(view) as session:
        yield Page(session, view)


def test_resync_sends_the_state_before_the_reply(page: Page, view: FakeView) -> None:
    """A page that has its reply has the state."""
    view.seq = 7

    page.command("resync")

    assert [message["type"] for message in page.messages] == ["state", "reply"]
    assert page.messages[0]["seq"] == 7
    assert page.messages[0]["state"]["operations"][0]["id"] == "GET /items"


def test_send_replies_with_the_exchange(page: Page) -> None:
    """The page shows what the reply holds."""
    page.command("send", REQUEST)

    (reply,) = page.replies()
    assert (reply["id"], reply["ok"], reply["result"]["status"]) == ("1", True, 200)


def test_sign_in_replies_with_the_token(page: Page, view: FakeView) -> None:
    """The page sends it with the requests that follow."""
    view.answer = lambda request: asyncio.sleep(0, "a-token")
    page.command("sign_in", REQUEST)

    (reply,) = page.replies()
    assert (reply["ok"], reply["result"]) == (True, "a-token")


def test_credentials_are_told_to_who_asks_for_them_only(page: Page, view: FakeView) -> None:
    """Every page knows who is signed in; the secret goes to the one that forms a request."""
    given = {"user": "mira", "where": "header", "name": "Authorization", "value": "Bearer abc"}
    page.command("sign", {"scheme": "OAuth2", "credential": given}, "1")
    page.command("sign", {"scheme": "OAuth2", "credential": {**given, "where": "body"}}, "2")
    page.command("credentials", {"schemes": ["OAuth2", "other"]}, "3")
    replies = {reply["id"]: reply for reply in page.replies(3)}
    assert view.state()[1]["credentials"] == {"OAuth2": {"user": "mira", "where": "header", "name": "Authorization"}}
    page.command("sign", {"scheme": "OAuth2", "credential": None}, "4")
    page.replies(4)

    assert (replies["1"]["ok"], replies["2"]["ok"], replies["3"]["result"]) == (True, False, {"OAuth2": given})
    assert view.state()[1]["credentials"] == {}


def test_pairs_reach_the_application_as_pairs(page: Page, view: FakeView) -> None:
    """JSON turns them into lists, which `urlencode` and headers do not take."""
    seen: list[SendArguments] = []

    async def look(request: SendArguments) -> Any:
        seen.append(request)
        return exchange(request)

    view.answer = look
    body = {"kind": "form", "fields": [["a", "1"]]}
    page.command("send", {**REQUEST, "query": [["q", "x"], ["q", "y"]], "headers": [["h", "1"]], "body": body})
    page.replies()

    assert seen[0]["query"] == [("q", "x"), ("q", "y")]
    assert seen[0]["headers"] == [("h", "1")]
    assert seen[0]["body"]["fields"] == [("a", "1")]


def test_send_that_cannot_be_formed_is_refused_with_its_sentence(page: Page, view: FakeView) -> None:
    """What the person has to mend is said in the session's own words."""

    async def refuse(request: SendArguments) -> Any:
        raise RequestError("item_id is empty. A path parameter needs a value.")

    view.answer = refuse
    page.command("send", REQUEST)

    (reply,) = page.replies()
    assert reply["error"] == {"kind": "refused", "message": "item_id is empty. A path parameter needs a value."}


def test_send_that_breaks_replies_with_what_broke(page: Page, view: FakeView) -> None:
    """An exception in a comm callback shows nowhere else."""

    async def fail(request: SendArguments) -> Any:
        raise ZeroDivisionError("division by zero")

    view.answer = fail
    page.command("send", REQUEST)

    (reply,) = page.replies()
    assert reply["error"] == {"kind": "failed", "message": "ZeroDivisionError: division by zero"}


def test_cancel_ends_the_request_and_both_commands_get_one_reply(page: Page, view: FakeView) -> None:
    """The page waits for both."""
    begun, ended = threading.Event(), threading.Event()

    async def linger(request: SendArguments) -> Any:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    view.answer = linger
    page.command("send", REQUEST, id_="1")
    assert begun.wait(60)
    page.command("cancel", {"id": "1"}, id_="2")

    assert {reply["id"]: reply["ok"] for reply in page.replies(2)} == {"1": False, "2": True}
    assert page.replies()[0]["error"]["kind"] == "cancelled"
    assert ended.wait(60)
    page.command("resync", id_="3")
    assert len(page.replies(3)) == 3


def test_cancel_of_a_request_that_clings_on_replies_at_once(page: Page, view: FakeView) -> None:
    """An endpoint that swallows its cancellation must not keep the page waiting."""
    begun, release = threading.Event(), threading.Event()

    async def cling(request: SendArguments) -> Any:
        begun.set()
        while not release.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue
        return exchange(request)

    view.answer = cling
    page.command("send", REQUEST, id_="1")
    assert begun.wait(60)
    page.command("cancel", {"id": "1"}, id_="2")

    assert [reply["id"] for reply in page.replies(2)] == ["1", "2"]
    release.set()


def test_cancel_before_the_request_began_is_replied_too(page: Page, view: FakeView) -> None:
    """A coroutine that is cancelled before its first step runs none of its code."""
    loop_is_busy = threading.Event()
    session_loop = page.commands._session.loop  # type: ignore[attr-defined]  # the fake's
    session_loop.call_soon_threadsafe(lambda: loop_is_busy.wait(60))
    page.command("send", REQUEST, id_="1")
    page.command("cancel", {"id": "1"}, id_="2")
    loop_is_busy.set()

    assert {reply["id"] for reply in page.replies(2)} == {"1", "2"}


def test_cancel_of_what_is_over_changes_nothing(page: Page) -> None:
    """The reply and the cancellation may cross."""
    page.command("send", REQUEST, id_="1")
    page.replies()
    page.command("cancel", {"id": "1"}, id_="2")

    assert [reply["ok"] for reply in page.replies(2)] == [True, True]


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("dance", None, "There is no command 'dance'."),
        ("send", None, "The request to send is missing, or not as this kernel knows it."),
        ("send", {"method": "GET"}, "The request to send is missing, or not as this kernel knows it."),
        ("send", {**REQUEST, "query": [["q"]]}, "The request to send is missing, or not as this kernel knows it."),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(page: Page, name: str, args: Any, message: str) -> None:
    """A page of another version gets an answer too."""
    page.command(name, args)

    (reply,) = page.replies()
    assert reply["error"] == {"kind": "refused", "message": message}


@pytest.mark.parametrize("message", [None, [], "x", {"type": "anywidget-command"}, {"type": "command", "id": 1}])
def test_what_is_no_command_is_left_alone(page: Page, message: Any) -> None:
    """Other parts of the front end use the same line."""
    page.commands.handle(message)

    assert page.messages == []


def test_a_state_that_cannot_be_made_is_replied(page: Page, view: FakeView, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page would wait for ever."""

    def fail() -> Any:
        raise LookupError("gone")

    monkeypatch.setattr(view, "state", fail)
    page.command("resync")

    assert page.replies()[0]["error"] == {"kind": "failed", "message": "LookupError: gone"}


def test_a_session_that_takes_nothing_any_more_is_replied(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `%unload_ext` a view may still stand in the page."""

    def closed(*args: Any) -> Any:
        raise RuntimeError("the loop is closed")

    monkeypatch.setattr(page.commands._session, "submit", closed)
    page.command("send", REQUEST)

    assert page.replies()[0]["error"] == {"kind": "failed", "message": "RuntimeError: the loop is closed"}


def test_close_cancels_what_runs(page: Page, view: FakeView) -> None:
    """Nothing of a closed view stays behind on the home loop."""
    begun, ended = threading.Event(), threading.Event()

    async def linger(request: SendArguments) -> Any:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    view.answer = linger
    page.command("send", REQUEST)
    assert begun.wait(60)
    page.commands.close()

    assert page.replies()[0]["error"]["kind"] == "cancelled"
    assert ended.wait(60)


def test_commands_from_many_threads_get_one_reply_each(page: Page) -> None:
    """Comm callbacks come on the shell's thread and on subshells at once."""
    threads = [threading.Thread(target=page.command, args=("send", REQUEST, f"{number}")) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(int(reply["id"]) for reply in page.replies(50)) == list(range(50))
