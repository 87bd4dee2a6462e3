"""OpenTelemetry's own ASGI instrumentation around an application, with spans named by route template.

The instrumentation names a span before the application has seen the request, so it must be told how:
`introspect.span_details` is all that it takes.
"""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp

from routebook import APIRouter, Routebook, WebSocket
from routebook.introspect import span_details
from routebook.testclient import TestClient


def make_app() -> Routebook:
    app = Routebook()
    inner = APIRouter(prefix="/items")

    @inner.get("/{item_id}")
    async def item(item_id: int) -> int:
        return item_id

    @inner.get("/{item_id}/crash")
    def crash(item_id: int) -> None:
        raise ZeroDivisionError

    @inner.websocket("/{item_id}/talk")
    async def talk(websocket: WebSocket, item_id: int) -> None:
        await websocket.accept()
        await websocket.send_json(item_id)
        await websocket.close()

    outer = APIRouter(prefix="/v1")
    outer.include_router(inner)
    app.include_router(outer)

    @app.get("/items/{item_id}")
    async def own(item_id: int) -> int:
        return item_id

    return app


class Traced:
    """An application in the instrumentation, with the spans that it gave."""

    def __init__(self, wrap: Callable[[Routebook, TracerProvider], ASGIApp]) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.client = TestClient(wrap(make_app(), provider), raise_server_exceptions=False)

    def names(self) -> list[str]:
        """The names of the requests' own spans; those of single messages are below them."""
        return [span.name for span in self._exporter.get_finished_spans() if span.kind is SpanKind.SERVER]

    def routes(self) -> list[Any]:
        spans = self._exporter.get_finished_spans()
        return [(span.attributes or {}).get("http.route") for span in spans if span.kind is SpanKind.SERVER]


def around(app: Routebook, provider: TracerProvider) -> ASGIApp:
    wrapped: ASGIApp = OpenTelemetryMiddleware(app, default_span_details=span_details(app), tracer_provider=provider)
    return wrapped


def inside(app: Routebook, provider: TracerProvider) -> ASGIApp:
    app.add_middleware(OpenTelemetryMiddleware, default_span_details=span_details(app), tracer_provider=provider)
    return app


@pytest.mark.parametrize("wrap", [around, inside])
@pytest.mark.parametrize(
    ("path", "status", "route"),
    [
        ("/items/5", 200, "/items/{item_id}"),
        ("/v1/items/5", 200, "/v1/items/{item_id}"),
        ("/v1/items/five", 422, "/v1/items/{item_id}"),
        ("/v1/items/5/crash", 500, "/v1/items/{item_id}/crash"),
    ],
)
def test_spans_are_named_by_route_template(
    wrap: Callable[[Routebook, TracerProvider], ASGIApp], path: str, status: int, route: str
) -> None:
    """Names must be few: those of included routers have their whole path, whatever the answer is."""
    traced = Traced(wrap)
    assert traced.client.get(path).status_code == status
    assert traced.names() == [f"GET {route}"]
    assert traced.routes() == [route]


@pytest.mark.parametrize("wrap", [around, inside])
def test_unknown_paths_do_not_make_names(wrap: Callable[[Routebook, TracerProvider], ASGIApp]) -> None:
    """A scanner asks for thousands of paths."""
    traced = Traced(wrap)
    assert traced.client.get("/wp-login.php").status_code == 404
    assert traced.names() == ["GET"]


def test_websockets_are_traced() -> None:
    """A connection is one span."""
    traced = Traced(around)
    with traced.client.websocket_connect("/v1/items/5/talk") as session:
        assert session.receive_json() == 5
    assert traced.names() == ["WEBSOCKET /v1/items/{item_id}/talk"]


def test_routes_of_the_scope_name_metrics_by_template() -> None:
    """After the request the instrumentation reads the route from the scope, for its metrics."""
    seen: list[Any] = []
    app = make_app()

    async def record(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)
        seen.append(scope["route"].path_format)

    TestClient(record).get("/v1/items/5")
    assert seen == ["/v1/items/{item_id}"]


def test_routebook_does_not_import_opentelemetry() -> None:
    """Who does not use it pays nothing."""
    code = (
        "import sys, routebook, routebook.applications; print(any(m.startswith('opentelemetry') for m in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
