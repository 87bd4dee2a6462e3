"""What tutorials end with, loops that nest on request, interrupts: in a real kernel."""

import pytest

from tests.kernel.driver import Kernel

pytestmark = pytest.mark.kernel

MAIN = "import anyio, asyncio\nasync def main(n=1):\n    await asyncio.sleep(0.01)\n    return n"


@pytest.mark.parametrize("call", ["asyncio.run(main())", "anyio.run(main)", "anyio.run(main, 1)"])
def test_run_of_a_tutorial_works_or_says_what_to_write(kernel: Kernel, call: str) -> None:
    """In an ordinary cell it runs, on the home loop; in an async one it cannot, and says so."""
    kernel.good(MAIN, "main")

    assert kernel.good(call, "run").plain == "1"
    assert "Write this instead: await" in str(kernel.run(f"await main()\n{call}", "run").error)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("asyncio.run(main)", "Write this instead: asyncio.run(main())"),
        ("asyncio.run(5)", "asyncio.run"),
        ("anyio.run(print)", "a coroutine was expected, got None"),
    ],
)
def test_run_of_what_is_no_coroutine_is_told_at_once(kernel: Kernel, call: str, says: str) -> None:
    """A pair of parentheses forgotten must not hold the kernel for ever."""
    kernel.good(MAIN, "main")

    assert says in str(kernel.run(call, "run").error)


def test_anyio_run_with_another_backend_is_refused_in_a_sentence(kernel: Kernel) -> None:
    """The loop here is asyncio's."""
    kernel.good(MAIN, "main")

    assert "Write this instead: anyio.run(…)" in str(kernel.run("anyio.run(main, backend='trio')", "run").error)


def test_loops_nest_only_on_request_and_asyncio_is_put_back(kernel: Kernel) -> None:
    """`%api nest on` states its effects; off restores every attribute that the patch changed."""
    kernel.good(f"{MAIN}\nbefore = asyncio.run, asyncio.Task, asyncio.Future, asyncio.get_event_loop", "main")
    kernel.good("nested = Routebook()\nclient = routebook_kernel.client(nested)", "nested")
    kernel.good(
        "@nested.get('/')\nasync def deep(): return asyncio.get_running_loop().run_until_complete(main(5))", "op"
    )
    calls = [
        "asyncio.get_event_loop().run_until_complete(main(2))",
        "await main()\nasyncio.run(main(3))",
        "await main()\nasyncio.get_event_loop().run_until_complete(main(4))",
        "client.get('/').json()",
    ]
    assert all(kernel.run(call, "call").error for call in calls)

    shown = kernel.good("%api nest on", "on").shown
    assert "asyncio is patched in this whole kernel" in shown
    assert "holds up every call that nested before it" in shown
    assert [kernel.good(call, "call").plain for call in calls] == ["2", "3", "4", "5"]
    kernel.good("%api nest on", "on")

    assert "Nested event loops are off" in kernel.good("%api nest off", "off").shown
    assert kernel.value("before == (asyncio.run, asyncio.Task, asyncio.Future, asyncio.get_event_loop)") == "True"
    assert all(kernel.run(call, "call").error for call in calls)
    assert "Write `%api nest on`" in kernel.run("%api nest", "nest").text


@pytest.mark.parametrize(
    "source",
    [
        "await asyncio.sleep(60)",
        "await client.get('/hang')",
        "client.get('/hang')",
        "asyncio.run(asyncio.sleep(60))",
        "async with asyncio.TaskGroup() as group:\n    group.create_task(asyncio.sleep(60))",
        "import time; time.sleep(60)",
    ],
)
def test_interrupted_cell_shows_keyboard_interrupt_and_the_kernel_goes_on(kernel: Kernel, source: str) -> None:
    """Sync or async, the person who pressed stop sees what they did, at the line of the cell."""
    kernel.good("import asyncio\nhung = Routebook()\nclient = routebook_kernel.client(hung)", "hung")
    kernel.good("@hung.get('/hang')\nasync def hang(): await asyncio.sleep(60)", "hang")
    kernel.good("@hung.get('/one')\nasync def one(): return 1", "one")

    result = kernel.interrupt(source, "stopped")

    assert result.error is not None
    assert result.error.rstrip().endswith("KeyboardInterrupt:") or "\nKeyboardInterrupt: " in result.error
    assert "CancelledError" not in result.error
    assert "----> 2" in result.error
    assert kernel.value("client.get('/one').json()") == "1"


def test_task_of_another_cells_loop_is_explained(kernel: Kernel) -> None:
    """A cell without `await` runs on the kernel's loop, one with it on the notebook's."""
    kernel.good("import asyncio\ntask = asyncio.create_task(asyncio.sleep(60))", "main")

    assert "make it in the cell that awaits it" in kernel.run("await task", "run").shown


def test_cancellation_without_an_interrupt_stays_what_it_is(kernel: Kernel) -> None:
    """A cell that cancels itself is told so."""
    source = "import asyncio\nasyncio.current_task().cancel()\nawait asyncio.sleep(0)"

    assert "CancelledError" in str(kernel.run(source, "cancelled").error)
