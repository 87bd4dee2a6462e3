"""The `.http` format, as VS Code and JetBrains write it."""

from pathlib import Path

import pytest

from routebook_kernel.runtime.http_file import Answered, Filler, HttpFileError, parse_http_file

TEXT = """
@host = http://localhost:8000
@base = {{host}}/api

### List the books
GET {{base}}/books
    ?page=1
    &size=2
Accept: application/json
# a comment

###
# @name login
POST /login HTTP/1.1
Content-Type: application/x-www-form-urlencoded

user=ann&
password=x

?? status == 204

### only a comment
// nothing here

###
/plain
"""


def test_requests_are_read_in_order() -> None:
    """Names, continued queries, headers, bodies, expectations, comments."""
    parsed = parse_http_file(TEXT)

    listing, login, plain = parsed.requests
    assert (listing.name, listing.method, listing.url) == ("List the books", "GET", "{{base}}/books?page=1&size=2")
    assert (listing.headers, listing.body, listing.line) == ((("Accept", "application/json"),), None, 6)
    assert (login.name, login.body, login.expect) == ("login", "user=ann&\npassword=x", 204)
    assert (plain.method, plain.url) == ("GET", "/plain")
    assert (
        Filler(parsed.variables, lambda name: None).filled(listing.url, 6).startswith("http://localhost:8000/api/books")
    )


def test_answer_of_a_named_request_is_used() -> None:
    """Its body by a path, and its headers."""
    filler = Filler({}, lambda name: None)
    filler.answered["a"] = Answered({"Location": "/a/1"}, '{"items": [{"id": 7}], "name": "n"}')

    filled = filler.filled(
        "{{a.response.body.$.items[0].id}} {{a.response.body.name}} {{ a.response.headers.Location }}", 1
    )

    assert filled == "7 n /a/1"


def test_body_comes_from_a_file(tmp_path: Path) -> None:
    """`< path`; a missing one is told with its line."""
    (tmp_path / "body.json").write_text('{"a": 1}')
    there, missing = parse_http_file(
        f"POST /\n\n< {tmp_path}/body.json\n###\nPOST /\n\n< {tmp_path}/none.json"
    ).requests
    filler = Filler({}, lambda name: None)

    assert filler.body(there) == b'{"a": 1}'
    with pytest.raises(HttpFileError, match=r"line 5: .*none\.json cannot be read"):
        filler.body(missing)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("GET / with spaces in it", "line 1: .* is no request"),
        ("GET /\nno header here", "line 2: 'no header here' is no header"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, says: str) -> None:
    """A sentence, the line, what to write."""
    with pytest.raises(HttpFileError, match=says):
        parse_http_file(text)


def test_variable_without_a_value_is_told() -> None:
    """Neither the text nor the notebook has it."""
    with pytest.raises(HttpFileError, match=r"line 3: \{\{token\}\} has no value: define it with @token = …"):
        Filler({}, lambda name: None).filled("Bearer {{token}}", 3)
