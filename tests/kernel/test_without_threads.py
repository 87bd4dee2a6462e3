"""Where no thread can start: the same interface on the kernel's own loop, as in JupyterLite."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from routebook import Routebook, threads
from routebook_kernel.exceptions import HomeLoopError, ServerStartError
from routebook_kernel.runtime.kernel_loop import KernelLoop, make_home
from routebook_kernel.session import Session
from tests.kernel.driver import Kernel
from tests.suspended import run_sync, suspendable


@pytest.fixture
def session() -> Iterator[Session]:
    with threads.without_threads():
        opened = Session({})
    opened.open()
    assert isinstance(opened.home, KernelLoop)
    yield opened
    opened.close()


def make_application(session: Session) -> Routebook:
    app = Routebook()

    @app.get("/hi")
    def hi(n: int = 1) -> int:
        return n

    return app


def ask_suspended(session: Session, monkeypatch: pytest.MonkeyPatch, ask: Any) -> Any:
    """Ask as an ordinary cell does, in a browser that can suspend it."""
    monkeypatch.setattr(threads, "find_run_sync", lambda: run_sync)
    cell = {"ask": ask}

    async def main() -> Any:
        with threads.without_threads():
            return await suspendable(lambda: exec("answer = ask()", cell) or cell["answer"])

    return asyncio.run(main())


def test_ordinary_cell_waits_where_it_can_be_suspended(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code as where there are threads."""
    app = make_application(session)

    def ask() -> Any:
        client = session.client(app)
        with client.stream("GET", "/hi?n=3") as streamed:
            return client.get("/hi?n=2").json(), b"".join(streamed.iter_bytes())

    assert ask_suspended(session, monkeypatch, ask) == (2, b"3")


def test_async_code_is_given_an_awaitable(session: Session) -> None:
    """From an async cell, and from what it calls; generator expressions included."""
    app = make_application(session)

    async def main() -> list[int]:
        client = session.client(app)
        return [answer.json() for answer in await asyncio.gather(*(client.get(f"/hi?n={n}") for n in (1, 2)))]

    with threads.without_threads():
        assert asyncio.run(main()) == [1, 2]


def test_ordinary_cell_that_cannot_wait_is_told_to_await(session: Session) -> None:
    """An older browser: a sentence instead of a hang."""

    async def main() -> None:
        threads.call_inline(session.client(make_application(session)).get, "/hi")

    with pytest.raises(HomeLoopError, match="write `await` before it"):
        asyncio.run(main())


def test_serving_is_refused_with_what_works_instead(session: Session) -> None:
    """There are no sockets in a browser."""
    with pytest.raises(ServerStartError, match="no sockets in the browser"):
        session.serve(make_application(session))


def test_home_has_a_thread_of_its_own_where_there_are_threads() -> None:
    """The loop of the kernel is the last resort."""
    assert type(make_home()).__name__ == "HomeLoop"


@pytest.mark.kernel
def test_notebook_works_on_the_kernels_loop() -> None:
    """Cells without ids: definitions are followed, requests awaited, views answered."""
    driver = Kernel()
    try:
        driver.good("from routebook import Routebook, threads\nthreads.do_without()")
        driver.good("%load_ext routebook_kernel\nimport routebook_kernel")
        driver.good("app = Routebook()\nclient = routebook_kernel.client(app)")
        driver.good("@app.get('/hi')\ndef hi(n: int = 1):\n    print('asked')\n    return {'n': n}")
        changed = driver.good("@app.get('/hi')\ndef hi(n: int = 2):\n    print('asked')\n    return {'n': n}")

        awaited = driver.good("(await client.get('/hi')).json()")
        ordinary = driver.run("client.get('/hi')")
        served = driver.run("%api serve")

        assert "~ GET /hi" in changed.shown
        assert (awaited.plain, awaited.text) == ("{'n': 2}", "asked\n")
        assert "write `await` before it" in (ordinary.error or "")
        assert "no sockets in the browser" in served.text + (served.error or "")
        assert "GET     /hi" in driver.good("app").plain
    finally:
        driver.close()
