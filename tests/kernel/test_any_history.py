"""Any sequence of runs, edits, failures, interrupts and deletions ends in the application of a fresh kernel."""

import asyncio
from typing import Any

import httpx2
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from routebook.routing import set_registrar
from tests.kernel.pages import Pages

IMPORTS = """
from pydantic import BaseModel
from routebook import APIRouter, Depends, Request
from routebook.applications import Routebook
from routebook.responses import JSONResponse
"""

MODELS = {
    "one field": "class Item(BaseModel):\n    a: int = 1",
    "two fields": "class Item(BaseModel):\n    a: int = 1\n    b: str = 'b'",
    "nested": "class Item(BaseModel):\n    a: int = 1\nclass Box(BaseModel):\n    item: Item = Item()",
}

PIECES = {
    "get": "@app.get('/x{n}')\ndef get_{n}(q: int = {v}): return {v}",
    "renamed": "@app.get('/x{n}')\ndef renamed_{n}(p: str = ''): return '{v}'",
    "post": "@app.post('/x{n}')\ndef post_{n}(item: Item): return {v}",
    "both": "@app.api_route('/x{n}', methods=['GET', 'POST'])\ndef both_{n}(): return 'both {v}'",
    "templated": "@app.get('/{{any}}')\ndef templated_{n}(any: str): return 'any {v}'",
    "router": (
        "r{n} = APIRouter(prefix='/r{n}')\n@r{n}.get('/y')\ndef y_{n}(item: Item = Depends()): return {v}\n"
        "app.include_router(r{n})"
    ),
    "dependency": "def dep_{n}(): return {v}\n@app.get('/d{n}')\ndef use_{n}(d=Depends(dep_{n})): return d",
    "handler": "@app.exception_handler(404)\ndef lost_{n}(request: Request, error): return JSONResponse({v}, 404)",
    "constant": "@app.get('/c{n}')\ndef constant_{n}(q: int = LIMIT): return q",
    "mount": "sub{n} = Routebook()\n@sub{n}.get('/y')\ndef suby_{n}(): return {v}\napp.mount('/m{n}', sub{n})",
    "middleware": (
        "@app.middleware('http')\nasync def stamp_{n}(request, call_next):\n    answer = await call_next(request)\n"
        "    answer.headers['x-{n}'] = '{v}'\n    return answer"
    ),
    "override": "def real_{n}(): return 'real'\napp.dependency_overrides[real_{n}] = lambda: {v}",
    "webhook": "@app.webhooks.post('hook{n}')\ndef hook_{n}(q: int = {v}): ...",
    "nothing": "x = {v}",
}

BLOCKS = st.lists(st.tuples(st.sampled_from(sorted(PIECES)), st.integers(1, 3), st.integers(0, 9)), max_size=3).map(
    lambda pieces: "\n".join(PIECES[kind].format(n=n, v=v) for kind, n, v in pieces) or "pass"
)

CELLS = st.sampled_from(["A", "B", "C", "D"])
REQUESTS = [(method, f"/x{n}") for method in ("get", "post") for n in (1, 2, 3)] + [
    ("get", path) for path in ("/r1/y", "/r2/y", "/d1", "/d2", "/c1", "/c2", "/m1/y", "/m2/y", "/other", "/r1/z/z")
]


def middleware_headers(response: Any) -> dict[str, str]:
    """Return the headers that middleware set on a response."""
    return {name: value for name, value in response.headers.items() if name.startswith("x-")}


def describe(pages: Pages) -> dict[str, Any]:
    """Return everything observable about an application: its operations in order, its document, its responses."""
    app = pages.namespace["app"]
    return {"operations": pages.paths(), "document": app.openapi(), "answers": asyncio.run(collect_responses(app))}


async def collect_responses(app: Any) -> list[Any]:
    """Request everything. All requests run on one loop, since a thread each for thousands would dominate the test."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
        responses = [await client.request(method, path) for method, path in REQUESTS]
    return [(response.status_code, response.text, middleware_headers(response)) for response in responses]


class AnyNotebook(RuleBasedStateMachine):
    """A notebook with any history."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = Pages()
        self.previous = set_registrar(self.pages.tracker)
        self.sources: dict[str, str] = {}
        for cell, source in (
            ("imports", IMPORTS),
            ("limit", "LIMIT = 1"),
            ("item", MODELS["one field"]),
            ("app", "app = Routebook()"),
        ):
            self.run(cell, source)

    def teardown(self) -> None:
        set_registrar(self.previous)

    def run(self, cell: str, source: str) -> None:
        self.pages.run(cell, source)
        self.sources[cell] = source

    @rule(cell=CELLS, source=BLOCKS)
    def run_or_edit(self, cell: str, source: str) -> None:
        self.run(cell, source)

    @precondition(lambda self: len(self.sources) > 4)
    @rule(data=st.data())
    def run_again(self, data: st.DataObject) -> None:
        cell = data.draw(st.sampled_from(sorted(self.sources)))
        self.run(cell, self.sources[cell])

    @rule(cell=CELLS, source=BLOCKS)
    def fail_half_way(self, cell: str, source: str) -> None:
        self.run(cell, f"{source}\nraise RuntimeError")

    @rule(cell=CELLS, source=BLOCKS, more=BLOCKS)
    def interrupt(self, cell: str, source: str, more: str) -> None:
        self.run(cell, f"{source}\nraise KeyboardInterrupt\n{more}")

    @rule(cell=CELLS, source=BLOCKS)
    def interrupt_between_two_hooks(self, cell: str, source: str) -> None:
        """The end hook of the run is never called."""
        self.pages.run(cell, source, has_end_hook=False)
        self.sources[cell] = source

    @rule(limit=st.integers(1, 3))
    def edit_the_constant(self, limit: int) -> None:
        self.run("limit", f"LIMIT = {limit}")

    @rule(cell=CELLS, source=BLOCKS)
    def break_the_syntax(self, cell: str, source: str) -> None:
        self.run(cell, f"{source}\ndef (")

    @rule(model=st.sampled_from(sorted(MODELS)))
    def edit_the_model(self, model: str) -> None:
        self.run("item", MODELS[model])

    @rule()
    def make_the_application_again(self) -> None:
        self.run("app", "app = Routebook()")

    @precondition(lambda self: set(self.sources) & {"A", "B", "C", "D"})
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        cell = data.draw(st.sampled_from(sorted(set(self.sources) & {"A", "B", "C", "D"})))
        del self.sources[cell]
        self.pages.run("nothing", "pass", deleted=(cell,))

    @invariant()
    def every_operation_is_of_a_standing_cell(self) -> None:
        owners = {operation.entry.cell for operation in self.pages.tracker.operations(self.app) if operation.entry}
        assert owners <= set(self.sources)

    @rule()
    def clean_run_of_all_is_what_a_fresh_kernel_builds(self) -> None:
        """The heart of the test: after a clean run, the history doesn't matter."""
        good = {
            cell: source.removesuffix("\nraise RuntimeError").removesuffix("\ndef (").partition("\nraise Keyboard")[0]
            for cell, source in self.sources.items()
        }
        for cell, source in good.items():
            self.run(cell, source)
        lived = describe(self.pages)
        fresh = Pages()
        set_registrar(fresh.tracker)
        try:
            for cell, source in good.items():
                fresh.run(cell, source)
            expected = describe(fresh)
        finally:
            set_registrar(self.pages.tracker)
        assert lived == expected

    @property
    def app(self) -> Any:
        return self.pages.namespace["app"]


TestAnyNotebook = AnyNotebook.TestCase
TestAnyNotebook.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
