"""Saved tests: what is saved of an exchange, and where; what is checked; and that the file has no credentials."""

import json
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from routebook import Header
from routebook.applications import Routebook
from routebook_kernel import exceptions, protocol, summary
from routebook_kernel.protocol import ExpectationState
from routebook_kernel.redaction import USUAL
from routebook_kernel.saved_tests.model import OPERATORS, Expectation, saved_test_from_json, saved_test_to_json
from routebook_kernel.saved_tests.response_checker import ResponseChecker, UnredactedResponse
from routebook_kernel.session import Session
from routebook_kernel.session.notebook_file import find_tests_file
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
"""The values of the operation's header: no view shows them."""


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


def expected(kind: Any, value: Any, target: str = "", operator: Any = None) -> ExpectationState:
    return ExpectationState(kind=kind, target=target, operator=operator or OPERATORS[kind][0], value=value)


CREATED = [
    expected("status", 201),
    expected("json", "Emma", "$.title"),
    expected("schema", "declared"),
    expected("header", "json", "content-type", "contains"),
]


@pytest.fixture
def shop(session: Session, app: Routebook) -> Session:
    """A session with one test, of a request that had credentials."""
    session.client(app).post(
        "/books?token=q1", json={"title": "Emma", "password": "pw1"}, headers={"authorization": "Bearer abc"}
    )
    session.saved_tests.save(1, "a good book is created", CREATED)
    return session


def run(session: Session, **values: str) -> protocol.SavedTestState:
    session.home.run(session.saved_tests.run(None, values))
    return session.saved_tests.state()[1]["tests"][0]


VALUES = {"token": "q2", "password": "pw2", "authorization": "xyz"}


def test_file_is_plain_json_next_to_the_notebook_without_credentials(shop: Session, folder: Path) -> None:
    """People review it and commit it to a repository."""
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
    assert list(folder.iterdir()) == [folder / "shop.tests.json"], "no half-written file is left"


def test_saved_test_passes_once_its_variables_have_values(shop: Session) -> None:
    """Values come from the page, or from the notebook's variables."""
    result = run(shop)["result"]
    assert result is not None
    assert result["outcome"] == "not run"
    assert "It needs authorization, token, password." in result["problem"]
    assert len(shop.log) == 1, "nothing was sent"

    shop.tracker.namespace |= {"token": "q2", "password": "pw2"}
    result = run(shop, authorization="xyz")["result"]
    assert result is not None
    assert result["outcome"] == "passed", result
    assert result["exchange"] == 2
    assert received[-1] == "Bearer xyz"
    assert b"xyz" not in shop.log.get(2).response_body.data  # type: ignore[union-attr]


def test_failed_test_shows_expected_and_actual_values(shop: Session) -> None:
    """The view shows them, and so does the overview."""
    shop.saved_tests.change("a good book is created", "a book", [*CREATED, expected("json", "Persuasion", "$.title")])
    test = run(shop, **VALUES)
    assert test["result"] is not None
    assert test["result"]["outcome"] == "failed"
    assert [result["is_met"] for result in test["result"]["expectation_results"]] == [True] * 4 + [False]
    assert test["result"]["expectation_results"][4]["actual"] == '"Emma"'

    overview = summary.SavedTestsOverview(shop.saved_tests.state()[1])
    assert repr(overview).splitlines()[0] == "1 test in shop.tests.json: 1 failed"
    assert '    expected $.title to equal "Persuasion", got "Emma"' in repr(overview).splitlines()
    assert "a book" in overview._repr_html_()


def test_changed_test_has_no_result(shop: Session) -> None:
    """Its last result belongs to the version before."""
    assert run(shop, **VALUES)["result"] is not None
    shop.saved_tests.change("a good book is created", "a good book is created", CREATED[:1])
    assert shop.saved_tests.state()[1]["tests"][0]["result"] is None


def test_name_that_is_taken_or_empty_is_rejected(shop: Session) -> None:
    """Names distinguish the tests, and become the names of pytest functions."""
    with pytest.raises(exceptions.SavedTestsError, match="already"):
        shop.saved_tests.save(1, "a good book is created", CREATED)
    with pytest.raises(exceptions.SavedTestsError, match="needs a name"):
        shop.saved_tests.save(1, "  ", CREATED)
    assert shop.saved_tests.draft(1)["name"] == "POST /books returns 201"


def test_draft_suggests_expectations_that_are_met_and_selects_the_stable_ones(shop: Session) -> None:
    """An id is new in each response; a title isn't."""
    suggested = {(one["expectation"]["kind"], one["expectation"]["target"]): one["is_chosen"]
                 for one in shop.saved_tests.draft(1)["suggestions"]}  # fmt: skip
    assert suggested == {
        ("status", ""): True, ("json", "$.id"): False, ("json", "$.title"): True, ("schema", ""): True,
        ("time", ""): False,
    }  # fmt: skip
    expectations = [one["expectation"] for one in shop.saved_tests.draft(1)["suggestions"]]
    results = shop.saved_tests.check(1, expectations)
    assert all(result["is_met"] for result in results), results


def test_draft_runs_once_without_being_saved(shop: Session) -> None:
    """People try a test before they save it."""
    result = shop.home.run(shop.saved_tests.run_once(1, CREATED[:1], VALUES))
    assert result["outcome"] == "passed"
    assert len(shop.saved_tests.state()[1]["tests"]) == 1


def test_edited_file_is_read_again_and_a_broken_one_never_overwritten(shop: Session, folder: Path) -> None:
    """The file is the truth."""
    file = folder / "shop.tests.json"
    text = file.read_text()
    file.write_text(text.replace("a good book", "a fine book "))
    assert shop.saved_tests.state()[1]["tests"][0]["name"] == "a fine book  is created"

    file.write_text(text.replace('"matches"', '"equals"').replace('"status": 201', '"statuz": 201'))
    state = shop.saved_tests.state()[1]
    assert state["problem"] == (
        "Can't read the test 'a good book is created': {\"statuz\": 201} isn't a valid expectation."
    )
    assert "statuz" in file.read_text(), "reading moves nothing: someone may be editing it"

    shop.saved_tests.save(1, "another", CREATED)
    (aside,) = folder.glob("shop.tests.json.unreadable-*")
    state = shop.saved_tests.state()[1]
    assert "statuz" in aside.read_text()
    assert [test["name"] for test in state["tests"]] == ["another"]
    assert f"It is now {aside.name}" in state["problem"]
    aside.replace(file)
    file.write_text(text)
    assert shop.saved_tests.state()[1]["problem"] == ""


def test_signing_in_provides_the_variables_of_tests(shop: Session, app: Routebook, folder: Path) -> None:
    """Credentials entered for a scheme replace those hidden in the request. A value from the page takes precedence."""
    deltas: list[protocol.SavedTestsDelta] = []
    shop.saved_tests.state()
    shop.saved_tests.subscribe(deltas.append)
    others = {"token": "q2", "password": "pw2"}
    assert "Sign in in the explorer" in run(shop, **others)["result"]["problem"]  # type: ignore[index]

    where: Any = {"user": "mira", "where": "header", "name": "Authorization"}
    shop.view(app).credentials.keep("OAuth2", {**where, "value": "Bearer sesame"})
    eventually(lambda: deltas[-1]["set"][0]["signed_in"] == {"authorization": "OAuth2, as mira"})
    assert run(shop, **others)["result"]["outcome"] == "passed"  # type: ignore[index]
    assert received[-1] == "Bearer sesame"
    run(shop, **others, authorization="own")
    assert received[-1] == "Bearer own"

    shop.view(app).credentials.keep("OAuth2", {**where, "value": "Basic bWlyYTp4"})  # not the kind that was sent
    assert shop.saved_tests.state()[1]["tests"][0]["signed_in"] == {}
    assert "sesame" not in (folder / "shop.tests.json").read_text()


def test_view_gets_deltas_of_runs_and_removals(shop: Session) -> None:
    """Otherwise it would show old results."""
    shop.saved_tests.state()
    deltas: list[protocol.SavedTestsDelta] = []
    shop.saved_tests.subscribe(deltas.append)
    run(shop, **VALUES)
    eventually(lambda: bool(deltas) and bool(deltas[-1]["set"]) and not deltas[-1]["set"][0]["is_running"])
    shop.saved_tests.remove("a good book is created")
    eventually(lambda: deltas[-1]["order"] == [])


RESPONSE = UnredactedResponse(
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
    ("expectation", "result"),
    [
        (Expectation("status", "", "equals", 201), (True, "201", "")),
        (Expectation("status", "", "equals", "2xx"), (True, "201", "")),
        (Expectation("status", "", "equals", 200), (False, "201", "")),
        (Expectation("header", "Location", "matches", r"/books/\d+$"), (True, "/books/118", "")),
        (
            Expectation("header", "etag", "equals", "x"),
            (False, "nothing", "the response doesn't have this header"),
        ),
        (Expectation("header", "set-cookie", "contains", "secret"), (True, "s=•••", "")),
        (Expectation("json", "$.n", "equals", 1), (True, "1.0", "")),
        (Expectation("json", "$.on", "equals", 1), (False, "true", "")),
        (Expectation("json", "$.tags", "contains", "b"), (True, '["a", "b"]', "")),
        (Expectation("json", "$.items[?@.p > 6].p", "equals", [9]), (True, "[9]", "")),
        (Expectation("json", "$.items[0]", "contains", {"p": 5}), (True, '{"p": 5}', "")),
        (Expectation("json", "$.tags[0]", "matches", "^a$"), (True, '"a"', "")),
        (Expectation("json", "$.none", "equals", None), (False, "nothing", "the body has no value at this path")),
        (Expectation("json", "$.token", "equals", "t"), (True, "•••", "")),
        (Expectation("json", "title", "equals", 1), (False, "", "can't be checked: invalid JSON path 'title': ")),
        (Expectation("json", "$.tags[0]", "matches", "("), (False, "", "can't be checked: ")),
        (Expectation("time", "", "under", 50), (True, "12.5 ms", "")),
        (Expectation("time", "", "under", 10), (False, "12.5 ms", "")),
        (
            Expectation("schema", "", "matches", "declared"),
            (False, "an invalid body", "$.id: 1 is not of type 'string'"),
        ),
        (
            Expectation("schema", "", "matches", "Shelf"),
            (False, "", "can't be checked: the OpenAPI document has no schema Shelf"),
        ),
    ],
)
def test_expectation_is_compared_with_the_response(expectation: Expectation, result: tuple[bool, str, str]) -> None:
    """The result has the actual value, or the problem. Credentials are compared, and never shown."""
    is_met, actual, problem = result
    checked = ResponseChecker(DOCUMENT, "POST /books", USUAL).check(expectation, RESPONSE)
    assert (checked.is_met, checked.actual) == (is_met, actual), checked
    assert checked.problem.startswith(problem)
    assert bool(checked.problem) is bool(problem)


def test_saved_test_survives_a_round_trip_through_json() -> None:
    """Each form of a body and of an expectation has its own key in the file."""
    for request in (
        {"method": "GET", "url": "/"},
        {"method": "POST", "url": "/", "headers": ["a: b"], "json": {"n": 1.0, "é": None}},
        {"method": "POST", "url": "/", "text": "a={{b}}"},
        {"method": "POST", "url": "/", "base64": "/w=="},
    ):
        document = {"name": "t", "application": "app", "request": request,
                "expect": [{"status": "2xx"}, {"header": "a", "equals": "b"}, {"json": "$.a", "contains": 1},
                           {"time_under_ms": 50}, {"schema": "Book"}]}  # fmt: skip
        assert saved_test_to_json(saved_test_from_json(document)) == document


def test_file_of_saved_tests_is_next_to_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """VS Code names the notebook in a variable, a server in the environment, a bare kernel nowhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert find_tests_file({}) == tmp_path / "notebook.tests.json"
    monkeypatch.setenv("JPY_SESSION_NAME", "work/a.b.ipynb")
    assert find_tests_file({}) == tmp_path / "a.b.tests.json"
    (tmp_path / "work").mkdir()
    assert find_tests_file({}) == tmp_path / "work" / "a.b.tests.json"
    monkeypatch.setenv("JPY_SESSION_NAME", "console-1-uuid")
    assert find_tests_file({}) == tmp_path / "notebook.tests.json"
    assert find_tests_file({"__vsc_ipynb_file__": str(tmp_path / "v.ipynb")}) == tmp_path / "v.tests.json"
