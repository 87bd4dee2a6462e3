"""What an application costs before its first request: import, registration, description, memory.

Each measurement runs in a process of its own (`python -m tests.benchmarks.startup
MEASUREMENT PACKAGE` prints a number), so that one framework's imports and caches
never serve the other.
"""

import asyncio
import gc
import importlib
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from .cases import HttpRequest
from .driver import UnfinishedResponseError, fetch

_ROUTES = 500
_ROOT = Path(__file__).resolve().parents[2]


class Part(BaseModel):
    sku: str
    amount: int = 1


class Order(BaseModel):
    reference: str
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class StartupResult:
    """One line of the table: a figure by package name, the smaller the better; or why there is none."""

    name: str
    title: str
    unit: str
    figures: Mapping[str, float]
    failures: Mapping[str, str]


class StartupError(Exception):
    """A measurement's process failed; the message is its last line."""


def measure_startup(packages: tuple[str, ...], rounds: int) -> list[StartupResult]:
    """Measure everything, packages taking turns; the best of the rounds is kept."""
    with tempfile.TemporaryDirectory() as bytecode:
        return [_measure(name, packages, rounds, bytecode) for name in MEASUREMENTS]


def _measure(name: str, packages: tuple[str, ...], rounds: int, bytecode: str) -> StartupResult:
    measurement = MEASUREMENTS[name]
    figures: dict[str, float] = {}
    failures: dict[str, str] = {}
    for _ in range(rounds):
        for package in packages:
            if package not in measurement.packages or package in failures:
                continue
            try:
                figure = _measure_apart(name, package, bytecode)
            except StartupError as exc:
                failures[package] = str(exc)
                continue
            figures[package] = min(figure, figures.get(package, figure))
    return StartupResult(name, measurement.title, measurement.unit, figures, failures)


def _measure_apart(name: str, package: str, bytecode: str) -> float:
    """Take one figure in a process of its own, with compiled modules cached as after any first start.

    Raises:
        StartupError: The process failed.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "tests.benchmarks.startup", name, package]
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StartupError(done.stderr.strip().rpartition("\n")[2])
    return float(done.stdout)


def _import_ms(package: str) -> float:
    """CPU time of the import in an interpreter that has imported nothing else; the first writes the bytecode."""
    code = f"import time; start = time.process_time(); import {package}; print(time.process_time() - start)"
    command = [sys.executable, "-c", code]
    times = [float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(4)]
    return min(times) * 1e3


def _build(web: ModuleType, routes: int = _ROUTES) -> Any:
    """An application as one meets it: five kinds of operation for each resource, with models and a dependency."""
    app = web.FastAPI()

    async def paging(limit: int = 10, offset: int = 0) -> tuple[int, int]:
        return limit, offset

    def add(number: int) -> None:
        path = f"/orders{number}"

        @app.get(path, name=f"list{number}")
        async def list_orders(page: Any = web.Depends(paging), search: str | None = None) -> list[Order]:
            return []

        @app.post(path, name=f"create{number}", status_code=201)
        async def create_order(order: Order) -> Order:
            return order

        @app.get(path + "/{order_id}", name=f"read{number}")
        async def read_order(order_id: int) -> Order:
            return Order(reference=str(order_id), parts=[])

        @app.put(path + "/{order_id}", name=f"replace{number}")
        async def replace_order(order_id: int, order: Order) -> Order:
            return order

        @app.delete(path + "/{order_id}", name=f"delete{number}", status_code=204)
        async def delete_order(order_id: int) -> None:
            return None

    for number in range(routes // 5):
        add(number)
    return app


def _milliseconds(act: Callable[[], object]) -> float:
    gc.collect()
    start = time.process_time_ns()
    act()
    return (time.process_time_ns() - start) / 1e6


def _register_ms(package: str) -> float:
    web = importlib.import_module(package)
    _build(web, 5)
    return _milliseconds(lambda: _build(web))


def _describe_ms(package: str) -> float:
    web = importlib.import_module(package)
    _build(web, 5).openapi()
    app = _build(web)
    elapsed = _milliseconds(app.openapi)
    described = sum(len(path) for path in app.openapi().get("paths", {}).values())
    if described != _ROUTES:
        raise ValueError(f"the document of {package} describes {described} operations, not {_ROUTES}")
    return elapsed


def _describe_again_ms(package: str) -> float:
    """The document after one of the routes was replaced."""
    app = _build(importlib.import_module(package))
    app.openapi()
    path = "/orders50/{order_id}"

    async def read_order(order_id: int, verbose: bool = False) -> Order:
        return Order(reference=str(order_id), parts=[])

    old = next(route for route in app.routes if getattr(route, "path", "") == path)
    app.replace_route(old, old.rebuilt(endpoint=read_order))
    elapsed = _milliseconds(app.openapi)
    if len(app.openapi()["paths"][path]["get"]["parameters"]) != 2:
        raise ValueError("the document does not follow the replaced route")
    return elapsed


def _first_answer_ms(package: str) -> float:
    """The first request after 500 routes were registered: what was put off until then."""
    app = _build(importlib.import_module(package))
    return _milliseconds(lambda: _serve(app, HttpRequest("GET", "/orders7/7")))


def _memory_kib(package: str) -> float:
    """KiB a route holds once registered and served."""
    web = importlib.import_module(package)
    _serve_all(_build(web, 5), 5)
    gc.collect()
    tracemalloc.start()
    app = _build(web)
    _serve_all(app, _ROUTES)
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / _ROUTES / 1024


_ORDER = b'{"reference": "r", "parts": [{"sku": "s"}]}'
_JSON = (("content-type", "application/json"),)


def _serve_all(app: Any, routes: int) -> None:
    for number in range(routes // 5):
        path = f"/orders{number}"
        _serve(
            app,
            HttpRequest("GET", path),
            HttpRequest("POST", path, headers=_JSON, body=_ORDER),
            HttpRequest("GET", f"{path}/7"),
            HttpRequest("PUT", f"{path}/7", headers=_JSON, body=_ORDER),
            HttpRequest("DELETE", f"{path}/7"),
        )


def _serve(app: Any, *requests: HttpRequest) -> None:
    async def serve() -> None:
        for request in requests:
            answer = await fetch(app, request)
            if answer.status >= 300:
                raise UnfinishedResponseError(f"{request.method} {request.path}: {answer}")

    asyncio.run(serve())


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure and who can give it."""

    title: str
    unit: str
    take: Callable[[str], float]
    packages: tuple[str, ...] = ("routebook", "fastapi")


MEASUREMENTS: Mapping[str, Measurement] = {
    "import": Measurement("import", "ms", _import_ms),
    "register": Measurement(f"{_ROUTES} routes registered", "ms", _register_ms),
    "first_answer": Measurement(f"first answer of {_ROUTES} routes", "ms", _first_answer_ms),
    "describe": Measurement(f"{_ROUTES} routes described (OpenAPI)", "ms", _describe_ms),
    "describe_again": Measurement("described again after one changed", "ms", _describe_again_ms, ("routebook",)),
    "memory": Measurement("memory a route, registered and served", "KiB", _memory_kib),
}


if __name__ == "__main__":
    print(MEASUREMENTS[sys.argv[1]].take(sys.argv[2]))
