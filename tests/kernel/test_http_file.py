"""The `.http` format, as VS Code and JetBrains write it."""

import re
from pathlib import Path

import pytest

from routebook_kernel.runtime.http_file import HttpFileError, NamedResponse, VariableResolver, parse_http_file

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
        VariableResolver(parsed.variables, lambda name: None)
        .resolve(listing.url, 6)
        .startswith("http://localhost:8000/api/books")
    )


def test_answer_of_a_named_request_is_used() -> None:
    """Its body by a path, and its headers."""
    resolver = VariableResolver({}, lambda name: None)
    resolver.responses["a"] = NamedResponse({"Location": "/a/1"}, '{"items": [{"id": 7}], "name": "n"}')

    filled = resolver.resolve(
        "{{a.response.body.$.items[0].id}} {{a.response.body.name}} {{ a.response.headers.Location }}", 1
    )

    assert filled == "7 n /a/1"


def test_body_comes_from_a_file(tmp_path: Path) -> None:
    """`< path`; a missing one is told with its line."""
    (tmp_path / "body.json").write_text('{"a": 1}')
    there, missing = parse_http_file(
        f"POST /\n\n< {tmp_path}/body.json\n###\nPOST /\n\n< {tmp_path}/none.json"
    ).requests
    resolver = VariableResolver({}, lambda name: None)

    assert resolver.body(there) == b'{"a": 1}'
    with pytest.raises(HttpFileError, match=r"line 5: .*none\.json cannot be read"):
        resolver.body(missing)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("GET / with spaces in it", "line 1: .* is no request"),
        ("GET /\nno header here", "line 2: 'no header here' is no header"),
        ("GRAPHQL /graphql", "line 1: GRAPHQL is no method of HTTP: write POST"),
        ("curl -X POST http://localhost", "line 1: 'curl .* is no request: write the method and the URL"),
        ("import other.http", "copy their requests into the cell"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, says: str) -> None:
    """A sentence, the line, what to write."""
    with pytest.raises(HttpFileError, match=says):
        parse_http_file(text)


def test_variable_without_a_value_is_told() -> None:
    """Neither the text nor the notebook has it."""
    with pytest.raises(HttpFileError, match=r"line 3: \{\{token\}\} has no value: define it with @token = …"):
        VariableResolver({}, lambda name: None).resolve("Bearer {{token}}", 3)


SCRIPTED = """
< {%
  request.variables.set("a", "1")
%}
# @no-redirect
# @no-log
get /items?at={{$datetime iso8601}}

> {%
  client.test("ok", () => client.assert(response.status === 200))
%}
> check.js
>> answer.json
<> 2026-11-22.200.json
"""


def test_scripts_are_left_out_and_told() -> None:
    """JetBrains' scripts and files of answers are no part of the body; what has no effect is said, line by line."""
    (request,) = parse_http_file(SCRIPTED).requests

    assert (request.method, request.url, request.body) == ("GET", "/items?at={{$datetime iso8601}}", None)
    assert not request.follows_redirects
    assert [note.partition(":")[0] for note in request.notes] == ["line 2", "line 9", "line 12", "line 13", "line 7"]


@pytest.mark.parametrize(("told", "seconds"), [("5", 5), ("0.5 s", 0.5), ("500ms", 0.5), ("2 m", 120)])
def test_timeout_is_read_with_its_unit(told: str, seconds: float) -> None:
    """Seconds, where no unit is written; what is no time is said with its line."""
    (request,) = parse_http_file(f"# @timeout {told}\nGET /").requests
    assert request.timeout_s == seconds
    with pytest.raises(HttpFileError, match=r"line 2: the request's `@timeout soon` is no time: write 5"):
        parse_http_file("# @timeout soon\nGET /")


def test_files_stand_anywhere_in_a_body(tmp_path: Path) -> None:
    """Alone, with `<@` filled, and as the parts of a multipart body, whose lines end as they have to."""
    (tmp_path / "a.txt").write_text("{{who}}")
    text = f"""
@who = ann
POST /
Content-Type: multipart/form-data; boundary=B

--B

< {tmp_path}/a.txt
--B--
###
POST /

<@ {tmp_path}/a.txt
###
POST /
Content-Type: application/x-www-form-urlencoded

a=1
&b=2&
c=3
"""
    parsed = parse_http_file(text)
    resolver = VariableResolver(parsed.variables, lambda name: None)

    bodies = [resolver.body(request) for request in parsed.requests]

    assert bodies == [b"--B\r\n\r\n{{who}}\r\n--B--\r\n", b"ann", b"a=1&b=2&c=3"]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("$uuid", "[0-9a-f-]{36}"), ("$random.uuid", "[0-9a-f-]{36}"), ("$timestamp", "[0-9]{10,}"),
        ("$randomInt 3 4", "3"), ("$random.integer(3, 4)", "3"), ("$datetime rfc1123", "[A-Z].* GMT"),
        ("$datetime iso8601", "[0-9T:.-]+Z"), ("$processEnv HTTP_FILE", "from there"),
    ],
)  # fmt: skip
def test_system_variables(name: str, shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of both clients that need nothing but this machine."""
    monkeypatch.setenv("HTTP_FILE", "from there")

    assert re.fullmatch(shape, VariableResolver({}, lambda name: None).resolve(f"{{{{{name}}}}}", 1))


@pytest.mark.parametrize("name", ["$dotenv KEY", "$processEnv NOT_THERE", "$randomInt a b", "$datetime"])
def test_system_variable_that_is_not_known_is_told(name: str) -> None:
    """With its line."""
    with pytest.raises(HttpFileError, match=r"line 4: \{\{\$"):
        VariableResolver({}, lambda name: None).resolve(f"{{{{{name}}}}}", 4)


def test_file_that_is_no_text_has_no_variables(tmp_path: Path) -> None:
    """`<@` fills what it reads; of a picture it says so, in place of a traceback."""
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\xff")
    [request] = parse_http_file(f"POST /a\n\n<@ {picture}").requests

    with pytest.raises(HttpFileError, match=r"line 1: .*picture\.png is no text in UTF-8"):
        VariableResolver({}, lambda name: None).body(request)


@pytest.mark.parametrize("written", ["Basic ann pass", "Basic ann:pass", "Basic YW5uOnBhc3M="])
def test_basic_credentials_are_encoded(written: str) -> None:
    """As both clients do; what is encoded already stays."""
    (request,) = parse_http_file(f"GET /\nAuthorization: {written}").requests

    assert VariableResolver({}, lambda name: None).headers(request) == [("Authorization", "Basic YW5uOnBhc3M=")]
