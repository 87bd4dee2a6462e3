"""Properties: on any table and path, the index answers as a scan in declaration order would."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from routebook._routing import Entry, RouteTable, parse_template

from .oracle import decide, scan_candidates


@dataclass(frozen=True)
class Target:
    """An entry's target; `answers` is what an opaque one says when asked."""

    number: int
    answers: bool


METHODS = ("GET", "POST", "DELETE")
PARAMETERS = (
    "{p}",
    "{p:str}",
    "{p:int}",
    "{p:float}",
    "{p:path}",
    "{p:uuid}",
    "v{p}",
    "{p}.json",
    "{p:int}-{q}",
    "x{p:path}y",
)
TEXTS = ("a", "b", "é", "1", "1.5", "", "v1", "a.json", "1-a", "xay", "{p", "p}", "a\n", "\n", "a.b", "x", "%2F")
UUID = "0b6a1f0e-8f0e-4d57-9b1c-3f3d8a0c1f11"


def _distinct(segments: list[str]) -> str:
    """Number the parameter names, which may not repeat in a template."""
    return "".join(
        "/" + segment.replace("{p", f"{{p{at}").replace("{q", f"{{q{at}") if "}" in segment else "/" + segment
        for at, segment in enumerate(segments)
    )


templates = st.lists(st.sampled_from(PARAMETERS + TEXTS), min_size=1, max_size=4).map(_distinct) | st.sampled_from(
    ("", "a")
)
paths = st.lists(st.sampled_from((*TEXTS, UUID)), min_size=1, max_size=5).map(
    lambda texts: "/" + "/".join(texts)
) | st.text(alphabet="/ab1.\n-é", max_size=8)


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """A random table's lines: HTTP and WebSocket routes, mounts and routes that must be asked."""
    found: list[Entry] = []
    for number in range(draw(st.integers(0, 12))):
        text = draw(templates | st.none())
        found.append(
            Entry(
                None if text is None else parse_template(text),
                draw(st.sampled_from(("http", "http", "http", "websocket", None))),
                draw(st.none() | st.frozensets(st.sampled_from(METHODS))),
                Target(number, draw(st.booleans())),
                must_ask=draw(st.integers(0, 9)) == 0,
            )
        )
    return found


@given(
    entries(),
    st.lists(paths, min_size=1, max_size=8),
    st.sampled_from((*METHODS, "BREW")),
    st.sampled_from(("http", "websocket")),
)
def test_table_answers_as_a_scan_does(entries, paths, method, kind):
    """Both ways to an answer, `match` and `candidates`, agree with Starlette's patterns tried one by one."""
    table = RouteTable.build(entries)
    index = table.http if kind == "http" else table.websocket
    literals = [entry.template.text for entry in entries if entry.template is not None]
    for path in [*paths, *literals]:
        expected = list(scan_candidates(entries, kind, path))
        assert list(index.candidates(path)) == expected

        found = index.match(method, path)
        decision = decide(iter(expected), method)
        if found is not None:
            assert ("full", *found) == decision
        elif decision[0] == "full" and "\n" not in path and path.startswith("/"):
            assert any(entry.is_opaque for entry in entries), "the table alone answers where nothing has to be asked"


@given(entries(), st.data())
def test_changing_a_table_leaves_the_old_one_as_it_was(entries, data):
    """A server in another thread may still hold the old table."""
    table = RouteTable.build(entries)
    path = data.draw(paths)
    before = list(table.http.candidates(path))

    position = data.draw(st.integers(0, len(entries)))
    added = Entry(parse_template(path if path.startswith("/") else "/" + path), "http", None, Target(99, True))
    changed = RouteTable.build((*table.entries[:position], added, *table.entries[position + 1 :]))

    assert list(table.http.candidates(path)) == before
    assert list(changed.http.candidates(path)) == list(scan_candidates(changed.entries, "http", path))
