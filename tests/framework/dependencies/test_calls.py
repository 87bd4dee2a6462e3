"""How often dependencies run, which errors they tell, and how many may run at a time."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
import httpx2
import pytest

from routebook import APIRouter, Depends, Routebook, Security
from routebook.routing import APIRoute
from routebook.testclient import TestClient


class Counter:
    """Counts its calls, and gives the count."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        return self.calls


def test_equal_dependencies_share_one_result() -> None:
    """Wherever they stand in the tree; `use_cache=False` asks for a call of its own."""
    count = Counter()
    app = Routebook()

    def below(value: Annotated[int, Depends(count)]) -> int:
        return value

    @app.get("/")
    def endpoint(
        first: Annotated[int, Depends(below)],
        second: Annotated[int, Depends(count)],
        third: Annotated[int, Depends(count, use_cache=False)],
        fourth: Annotated[int, Depends(count)],
    ) -> list[int]:
        return [first, second, third, fourth]

    assert TestClient(app).get("/").json() == [1, 1, 2, 1]


def test_what_refuses_the_cache_runs_again_below_a_cached_dependency() -> None:
    """As in FastAPI: a second use of the cached one asks once more for what stands below it."""
    count = Counter()
    app = Routebook()

    def cached(value: Annotated[int, Depends(count, use_cache=False)]) -> int:
        return value

    @app.get("/")
    def endpoint(first: Annotated[int, Depends(cached)], second: Annotated[int, Depends(cached)]) -> list[int]:
        return [first, second]

    assert TestClient(app).get("/").json() == [1, 1]
    assert count.calls == 2


def test_oauth_scopes_belong_to_the_cache_key() -> None:
    """A dependency that asks which scopes are needed may answer differently."""
    from routebook.security import SecurityScopes

    def scopes(needed: SecurityScopes) -> list[str]:
        return needed.scopes

    app = Routebook()

    @app.get("/")
    def endpoint(
        first: Annotated[list[str], Security(scopes, scopes=["a"])],
        second: Annotated[list[str], Security(scopes, scopes=["b"])],
    ) -> list[list[str]]:
        return [first, second]

    assert TestClient(app).get("/").json() == [["a"], ["b"]]


def test_errors_are_told_by_each_use() -> None:
    """As in FastAPI: what two dependencies need is told twice, in the order of the tree; nothing runs in vain."""
    ran: list[str] = []
    app = Routebook()

    async def number(x: int) -> int:
        return x

    async def first(n: Annotated[int, Depends(number)]) -> None:
        ran.append("first")

    async def fine() -> None:
        ran.append("fine")

    async def second(n: Annotated[int, Depends(number)], z: int) -> None:
        ran.append("second")

    @app.get("/", dependencies=[Depends(first), Depends(fine), Depends(second)])
    async def endpoint(y: int) -> None:
        ran.append("endpoint")

    errors = TestClient(app).get("/").json()["detail"]

    assert [error["loc"] for error in errors] == [["query", name] for name in ("x", "x", "z", "y")]
    assert ran == ["fine"]


class OwnRoute(APIRoute):
    """A route class that handles requests itself."""

    def get_route_handler(self) -> Any:
        handler = super().get_route_handler()

        async def handle(request: Any) -> Any:
            return await handler(request)

        return handle


@pytest.mark.parametrize("route_class", [APIRoute, OwnRoute])
def test_overrides_hold_from_the_next_request_on(route_class: type[APIRoute]) -> None:
    """In tests they come and go; an override brings its own parameters and dependencies."""
    app = Routebook()
    router = APIRouter(route_class=route_class)

    def original() -> str:
        return "original"

    def below() -> str:
        return "override"

    def override(suffix: str, name: Annotated[str, Depends(below)]) -> str:
        return name + suffix

    @router.get("/")
    def endpoint(value: Annotated[str, Depends(original)]) -> str:
        return value

    app.include_router(router)
    client = TestClient(app)

    assert client.get("/").json() == "original"
    app.dependency_overrides[original] = override
    assert client.get("/").status_code == 422
    assert client.get("/?suffix=!").json() == "override!"
    app.dependency_overrides[below] = lambda: "other"
    assert client.get("/?suffix=!").json() == "other!"
    app.dependency_overrides.clear()
    assert client.get("/").json() == "original"


def test_an_override_of_something_else_keeps_the_compiled_function() -> None:
    """Overriding one dependency of a large application must not compile all of its routes again."""
    app = Routebook()

    @app.get("/")
    def endpoint() -> None: ...

    context = next(route for route in app.routes if route.path == "/").context  # type: ignore[attr-defined]
    standing = context.generated()
    app.dependency_overrides[Counter] = Counter

    assert context._variant("asgi", app.dependency_overrides, is_traced=False) is standing


@pytest.mark.anyio
@pytest.mark.parametrize("is_generator", [True, False])
async def test_limit_holds_uses_back_until_one_ends(is_generator: bool) -> None:
    """`max_concurrency` counts what is alive: with `yield`, up to the end of the response."""
    alive = peak = 0

    def enter() -> None:
        nonlocal alive, peak
        alive += 1
        peak = max(peak, alive)

    async def generator() -> AsyncIterator[None]:
        nonlocal alive
        enter()
        yield
        await anyio.sleep(0)
        alive -= 1

    async def function() -> None:
        nonlocal alive
        enter()
        await anyio.sleep(0.001)
        alive -= 1

    app = Routebook()
    limited = Depends(generator if is_generator else function, max_concurrency=2)

    @app.get("/", dependencies=[limited])
    async def endpoint() -> None:
        await anyio.sleep(0.001)

    async with (
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as client,
        anyio.create_task_group() as group,
    ):
        for _ in range(7):
            group.start_soon(client.get, "/")

    assert (alive, peak) == (0, 2)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
