"""Kept tests: what is kept of an exchange, where, what is judged, and that no credential is in the file."""

import json
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from routebook import Header
from routebook.applications import Routebook
from routebook_kernel import exceptions, protocol, summary
from routebook_kernel.kept.judge import Answer, Judge
from routebook_kernel.kept.model import HOWS, Expectation, kept_from_json, kept_to_json
from routebook_kernel.protocol import ExpectationState
from routebook_kernel.redaction import USUAL
from routebook_kernel.session import Session
from routebook_kernel.session.notebook_file import file_of_tests
from tests.kernel.driver import eventually


class Book(BaseModel):
    id: int
    title: str
    tags: list[str] = []


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "shop.ipynb"))
    return tmp_path


received: list[str] = []
"""What came in the operation's header: no view shows it."""


@pytest.fixture
def app(session: Session) -> Routebook:
    app = Routebook(title="Shop")
    session.tracker.namespace["app"] = app
    session.begin_run("c1", "", 3, None, [])
    count = iter(range(118, 1000))

    @app.post("/books", status_code=201)
    def create_book(book: dict[str, Any], authorization: Annotated[str, Header()] = "") -> Book:
        received.append(authorization)
        if book.get("password") == "wrong":
            return Book.model_construct(id="x", title=book["title"])
        return Book(id=next(count), title=book["title"], tags=["classic", authorization])

    session.finish_run("completed")
    return app


def expected(kind: Any, value: Any, at: str = "", how: Any = None) -> ExpectationState:
    return ExpectationState(kind=kind, at=at, how=how or HOWS[kind][0], value=value)


CREATED = [
    expected("status", 201),
    expected("json", "Emma", "$.title"),
    expected("schema", "declared"),
    expected("header", "json", "content-type", "contains"),
]


@pytest.fixture
def kept(session: Session, app: Routebook) -> Session:
    """A session with one test, of a request that carried credentials."""
    session.client(app).post(
        "/books?token=q1", json={"title": "Emma", "password": "pw1"}, headers={"authorization": "Bearer abc"}
    )
    session.tests.keep(1, "a good book is created", CREATED)
    return session


def run(session: Session, **values: str) -> protocol.TestState:
    session.home.run(session.tests.run(None, values))
    return session.tests.state()[1]["tests"][0]


VALUES = {"token": "q2", "password": "pw2", "authorization": "xyz"}


def test_the_file_is_plain_stands_beside_the_notebook_and_has_no_credentials(kept: Session, folder: Path) -> None:
    """A person reviews it; it goes into a repository."""
    text = (folder / "shop.tests.json").read_text()
    assert not any(secret in text for secret in ("q1", "pw1", "abc", "•"))
    assert json.loads(text) == {
        "routebook_tests": 1,
        "tests": [
            {
                "name": "a good book is created",
                "application": "app",
                "request": {
                    "method": "POST",
                    "url": "/books?token={{token}}",
                    "headers": json.loads(text)["tests"][0]["request"]["headers"],
                    "json": {"title": "Emma", "password": "{{password}}"},
                },
                "fill": ["authorization", "token", "password"],
                "expect": [
                    {"status": 201},
                    {"json": "$.title", "equals": "Emma"},
                    {"schema": "declared"},
                    {"header": "content-type", "contains": "json"},
                ],
            }
        ],
    }
    assert "authorization: Bearer {{authorization}}" in text
    assert list(folder.iterdir()) == [folder / "shop.tests.json"], "no half-written file stays"


def test_a_test_passes_with_what_is_filled_in(kept: Session) -> None:
    """From the page, or from the notebook's variables."""
    refused = run(kept)["result"]
    assert refused is not None
    assert refused["outcome"] == "not run"
    assert "It needs authorization, token, password," in refused["problem"]
    assert len(kept.log) == 1, "nothing was sent"

    kept.tracker.namespace |= {"token": "q2", "password": "pw2"}
    result = run(kept, authorization="xyz")["result"]
    assert result is not None
    assert result["outcome"] == "passed", result
    assert result["exchange"] == 2
    assert received[-1] == "Bearer xyz"
    assert b"xyz" not in kept.log.get(2).response_body.data  # type: ignore[union-attr]


def test_a_failed_test_says_what_was_expected_and_what_came(kept: Session) -> None:
    """In place, and in the overview."""
    kept.tests.change("a good book is created", "a book", [*CREATED, expected("json", "Persuasion", "$.title")])
    test = run(kept, **VALUES)
    assert test["result"] is not None
    assert test["result"]["outcome"] == "failed"
    assert [verdict["holds"] for verdict in test["result"]["verdicts"]] == [True] * 4 + [False]
    assert test["result"]["verdicts"][4]["came"] == '"Emma"'

    overview = summary.TestsOverview(kept.tests.state()[1])
    assert repr(overview).splitlines()[0] == "1 test in shop.tests.json: 1 failed"
    assert 'expected $.title to equal "Persuasion", got "Emma" (it is another)' in repr(overview)
    assert "a book" in overview._repr_html_()


def test_a_result_goes_with_what_it_was_of(kept: Session) -> None:
    """A changed test has not run as it stands."""
    assert run(kept, **VALUES)["result"] is not None
    kept.tests.change("a good book is created", "a good book is created", CREATED[:1])
    assert kept.tests.state()[1]["tests"][0]["result"] is None


def test_names_are_unique_and_given(kept: Session) -> None:
    """They tell one test from another, and become the names of pytest functions."""
    with pytest.raises(exceptions.SavedTestsError, match="already"):
        kept.tests.keep(1, "a good book is created", CREATED)
    with pytest.raises(exceptions.SavedTestsError, match="needs a name"):
        kept.tests.keep(1, "  ", CREATED)
    assert kept.tests.draft(1)["name"] == "POST /books answers 201"


def test_a_draft_offers_what_holds_and_chooses_what_stays(kept: Session) -> None:
    """An id is new each time; a title is not."""
    offered = {(one["expectation"]["kind"], one["expectation"]["at"]): one["is_chosen"]
               for one in kept.tests.draft(1)["suggestions"]}  # fmt: skip
    assert offered == {
        ("status", ""): True, ("json", "$.id"): False, ("json", "$.title"): True, ("schema", ""): True,
        ("time", ""): False,
    }  # fmt: skip
    expect = [one["expectation"] for one in kept.tests.draft(1)["suggestions"]]
    assert all(verdict["holds"] for verdict in kept.tests.judge(1, expect)), kept.tests.judge(1, expect)


def test_what_is_not_kept_yet_can_be_tried(kept: Session) -> None:
    """Run once, before it stands in the file."""
    result = kept.home.run(kept.tests.attempt(1, CREATED[:1], VALUES))
    assert result["outcome"] == "passed"
    assert len(kept.tests.state()[1]["tests"]) == 1


def test_a_file_that_a_person_changed_is_read_again_and_a_broken_one_never_overwritten(
    kept: Session, folder: Path
) -> None:
    """The file is the truth."""
    file = folder / "shop.tests.json"
    text = file.read_text()
    file.write_text(text.replace("a good book", "a fine book "))
    assert kept.tests.state()[1]["tests"][0]["name"] == "a fine book  is created"

    file.write_text(text.replace('"matches"', '"equals"').replace('"status": 201', '"statuz": 201'))
    state = kept.tests.state()[1]
    assert state["problem"] == (
        "The test 'a good book is created' cannot be read: {\"statuz\": 201} is no expectation."
    )
    assert "statuz" in file.read_text(), "reading moves nothing: a person may be writing it"

    kept.tests.keep(1, "another", CREATED)
    (aside,) = folder.glob("shop.tests.json.unreadable-*")
    state = kept.tests.state()[1]
    assert "statuz" in aside.read_text()
    assert [test["name"] for test in state["tests"]] == ["another"]
    assert f"It is now {aside.name}" in state["problem"]
    aside.replace(file)
    file.write_text(text)
    assert kept.tests.state()[1]["problem"] == ""


def test_who_is_signed_in_is_signed_in_for_the_tests(kept: Session, app: Routebook, folder: Path) -> None:
    """What was given for a scheme stands for what was hidden there; a value that is filled in goes before it."""
    deltas: list[protocol.TestsDelta] = []
    kept.tests.state()
    kept.tests.subscribe(deltas.append)
    others = {"token": "q2", "password": "pw2"}
    assert "sign in in the explorer" in run(kept, **others)["result"]["problem"]  # type: ignore[index]

    where: Any = {"user": "mira", "where": "header", "name": "Authorization"}
    kept.view(app).credentials.keep("OAuth2", {**where, "value": "Bearer sesame"})
    eventually(lambda: deltas[-1]["set"][0]["held"] == {"authorization": "OAuth2, as mira"})
    assert run(kept, **others)["result"]["outcome"] == "passed"  # type: ignore[index]
    assert received[-1] == "Bearer sesame"
    run(kept, **others, authorization="own")
    assert received[-1] == "Bearer own"

    kept.view(app).credentials.keep("OAuth2", {**where, "value": "Basic bWlyYTp4"})  # not what was sent there
    assert kept.tests.state()[1]["tests"][0]["held"] == {}
    assert "sesame" not in (folder / "shop.tests.json").read_text()


def test_views_follow(kept: Session) -> None:
    """What ran and what was removed is told."""
    kept.tests.state()
    deltas: list[protocol.TestsDelta] = []
    kept.tests.subscribe(deltas.append)
    run(kept, **VALUES)
    eventually(lambda: bool(deltas) and bool(deltas[-1]["set"]) and not deltas[-1]["set"][0]["is_running"])
    kept.tests.remove("a good book is created")
    eventually(lambda: deltas[-1]["order"] == [])


ANSWER = Answer(
    201,
    (("location", "/books/118"), ("set-cookie", "s=secret")),
    json.dumps(
        {"id": 1, "n": 1.0, "on": True, "tags": ["a", "b"], "items": [{"p": 5}, {"p": 9}], "token": "t"}
    ).encode(),
    12.5,
)
DOCUMENT = {
    "paths": {"/books": {"post": {"responses": {"201": {"content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/Book"}}}}}}}},
    "components": {"schemas": {"Book": {"type": "object", "required": ["id"],
                                        "properties": {"id": {"type": "string"}}}}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("expectation", "holds", "came"),
    [
        (Expectation("status", "", "equals", 201), True, "201"),
        (Expectation("status", "", "equals", "2xx"), True, "201"),
        (Expectation("status", "", "equals", 200), False, "201"),
        (Expectation("header", "Location", "matches", r"/books/\d+$"), True, "/books/118"),
        (Expectation("header", "etag", "equals", "x"), False, "nothing"),
        (Expectation("header", "set-cookie", "contains", "secret"), True, "s=•••"),
        (Expectation("json", "$.n", "equals", 1), True, "1.0"),
        (Expectation("json", "$.on", "equals", 1), False, "true"),
        (Expectation("json", "$.tags", "contains", "b"), True, '["a", "b"]'),
        (Expectation("json", "$.items[?@.p > 6].p", "equals", [9]), True, "[9]"),
        (Expectation("json", "$.items[0]", "contains", {"p": 5}), True, '{"p": 5}'),
        (Expectation("json", "$.tags[0]", "matches", "^a$"), True, '"a"'),
        (Expectation("json", "$.none", "equals", None), False, "nothing"),
        (Expectation("json", "$.token", "equals", "t"), True, "•••"),
        (Expectation("json", "title", "equals", 1), False, ""),
        (Expectation("json", "$.tags[0]", "matches", "("), False, ""),
        (Expectation("time", "", "under", 50), True, "12.5 ms"),
        (Expectation("time", "", "under", 10), False, "12.5 ms"),
        (Expectation("schema", "", "fits", "declared"), False, "it does not fit"),
        (Expectation("schema", "", "fits", "Shelf"), False, ""),
    ],
)
def test_expectations_are_judged(expectation: Expectation, holds: bool, came: str) -> None:
    """Each with what came; credentials are compared, and never told."""
    verdict = Judge(DOCUMENT, "POST /books", USUAL).judge(expectation, ANSWER)
    assert (verdict.holds, verdict.came) == (holds, came), verdict
    assert bool(verdict.problem) is not holds


def test_tests_come_back_from_the_file_as_they_went() -> None:
    """Every form of a body and of an expectation."""
    for request in (
        {"method": "GET", "url": "/"},
        {"method": "POST", "url": "/", "headers": ["a: b"], "json": {"n": 1.0, "é": None}},
        {"method": "POST", "url": "/", "text": "a={{b}}"},
        {"method": "POST", "url": "/", "base64": "/w=="},
    ):
        told = {"name": "t", "application": "app", "request": request,
                "expect": [{"status": "2xx"}, {"header": "a", "equals": "b"}, {"json": "$.a", "contains": 1},
                           {"time_under_ms": 50}, {"schema": "Book"}]}  # fmt: skip
        assert kept_to_json(kept_from_json(told)) == told


def test_the_file_is_found_wherever_the_notebook_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """VS Code says it in a variable, a server in the environment, a bare kernel not at all."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert file_of_tests({}) == tmp_path / "notebook.tests.json"
    monkeypatch.setenv("JPY_SESSION_NAME", "work/a.b.ipynb")
    assert file_of_tests({}) == tmp_path / "a.b.tests.json"
    (tmp_path / "work").mkdir()
    assert file_of_tests({}) == tmp_path / "work" / "a.b.tests.json"
    monkeypatch.setenv("JPY_SESSION_NAME", "console-1-uuid")
    assert file_of_tests({}) == tmp_path / "notebook.tests.json"
    assert file_of_tests({"__vsc_ipynb_file__": str(tmp_path / "v.ipynb")}) == tmp_path / "v.tests.json"
