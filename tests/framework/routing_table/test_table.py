"""The routing table: its contract by example; the properties are in test_table_properties.py."""

import time
from collections.abc import Callable

import pytest

from routebook._routing import Entry, PathIndex, RouteTable, parse_template


def http(template: str, *methods: str, target: str = "", must_ask: bool = False) -> Entry:
    """An entry whose target is its template, unless named."""
    return Entry(parse_template(template), "http", frozenset(methods) or None, target or template, must_ask)


def index_of(*entries: Entry) -> PathIndex:
    return RouteTable.build(entries).http


def test_match_declared_first_wins_over_more_literal() -> None:
    """Order of declaration decides, not how concrete a path is (FastAPI against OpenAPI 3.1.0, Paths Object)."""
    assert index_of(http("/users/{x}"), http("/users/me")).match("GET", "/users/me") == ("/users/{x}", {"x": "me"})
    assert index_of(http("/users/me"), http("/users/{x}")).match("GET", "/users/me") == ("/users/me", {})


def test_match_backtracks_where_a_literal_leads_nowhere() -> None:
    """Litestar answers 404 here: its trie commits to the literal."""
    index = index_of(http("/a/{x}/c"), http("/a/b/{y}/d"))
    assert index.match("GET", "/a/b/c") == ("/a/{x}/c", {"x": "b"})
    assert index.match("GET", "/a/b/c/d") == ("/a/b/{y}/d", {"y": "c"})


def test_match_method_decides_between_equal_paths() -> None:
    """The first entry with the path is not the answer if a later one has the method."""
    index = index_of(http("/items/{a}", "GET"), http("/items/{b}", "POST"))
    assert index.match("POST", "/items/1") == ("/items/{b}", {"b": "1"})


def test_match_wrong_method_leaves_405_to_the_caller() -> None:
    """The first candidate is the one that answers 405 in Starlette."""
    index = index_of(http("/items", "GET"), http("/items", "PUT", target="put"))
    assert index.match("DELETE", "/items") is None
    assert [entry.target for entry, _ in index.candidates("/items")] == ["/items", "put"]


def test_match_any_method_entry_takes_methods_that_nobody_named() -> None:
    """A route without methods (an ASGI application) serves PROPFIND too."""
    index = index_of(http("/dav", "GET", target="get"), http("/dav", target="any"))
    assert index.match("GET", "/dav") == ("get", {})
    assert index.match("PROPFIND", "/dav") == ("any", {})


@pytest.mark.parametrize("path", ["/later", "/items/5", "/a/b/c"])
def test_match_opaque_in_front_must_be_asked(path: str) -> None:
    """A mount's or custom route's own `matches` may claim any path."""
    opaque = Entry(None, None, None, "opaque")
    routes = (http("/later"), http("/items/{x}"), http("/a/{x}/{y}"))
    assert index_of(opaque, *routes).match("GET", path) is None
    assert next(index_of(opaque, *routes).candidates(path))[0].target == "opaque"
    assert index_of(*routes, opaque).match("GET", path) is not None


def test_match_mount_is_asked_only_under_its_prefix() -> None:
    """A static files mount in front does not slow down the routes after it."""
    index = index_of(http("/static/{path:path}", must_ask=True), http("/items/{x}"), http("/static/own"))
    assert index.match("GET", "/items/1") == ("/items/{x}", {"x": "1"})
    assert index.match("GET", "/static/own") is None
    assert [params for _, params in index.candidates("/static/own")] == [None, {}]


def test_match_opaque_literal_before_a_parameter_is_asked() -> None:
    """The shortcut for a last parameter must not pass over an entry that only its target can judge."""
    index = index_of(http("/items/me", must_ask=True), http("/items/{x}"))
    assert index.match("GET", "/items/me") is None


def test_match_parameters_are_new_each_time() -> None:
    """The caller puts them into the scope, where middleware may write."""
    index = index_of(http("/a"), http("/b/{x}"))
    for path in ("/a", "/b/1"):
        first, second = index.match("GET", path), index.match("GET", path)
        assert first is not None
        assert second is not None
        assert first[1] is not second[1]


def test_table_kinds_do_not_meet() -> None:
    """A WebSocket route and a path operation may share a path; an entry of neither kind serves both."""
    table = RouteTable.build(
        [
            Entry(parse_template("/x"), "websocket", None, "ws"),
            http("/x", "GET"),
            Entry(parse_template("/y"), None, None, "both"),
        ]
    )
    assert table.http.match("GET", "/x") == ("/x", {})
    assert table.websocket.match("", "/x") == ("ws", {})
    assert table.http.match("GET", "/y") == table.websocket.match("", "/y") == ("both", {})


def _best_times_s(*acts: Callable[[], object], repeat: int = 500) -> list[float]:
    """The best of many short turns of each, so that a busy machine disturbs them alike."""
    best = [float("inf")] * len(acts)
    for _ in range(60):
        for at, act in enumerate(acts):
            start = time.process_time()
            for _ in range(repeat):
                act()
            best[at] = min(best[at], time.process_time() - start)
    return best


@pytest.mark.parametrize("template", ["/r{}/items", "/r{}/{{x}}", "/{{x}}/r{}/{{y}}"])
def test_match_last_of_500_costs_what_the_first_does(template: str) -> None:
    """A scan would cost some hundred times as much; `make bench` measures closely."""
    index = index_of(*(http(template.format(number), "GET") for number in range(500)))
    first, last = (template.format(number).replace("{x}", "1").replace("{y}", "1") for number in (0, 499))
    assert index.match("GET", last) is not None
    first_s, last_s = _best_times_s(lambda: index.match("GET", first), lambda: index.match("GET", last))
    assert last_s < 2 * first_s


def test_build_costs_in_proportion_to_its_entries() -> None:
    """A cell that changes one route rebuilds the table. Four times as many by comparing each with each: 16 times."""

    def entries(count: int) -> list[Entry]:
        return [
            entry
            for number in range(count // 2)
            for entry in (http(f"/r{number}/items/{{x}}", "GET"), http(f"/r{number}/items", "GET", "POST"))
        ]

    few, many = entries(125), entries(500)
    few_s, many_s = _best_times_s(lambda: RouteTable.build(few), lambda: RouteTable.build(many), repeat=2)
    assert many_s < 8 * few_s
