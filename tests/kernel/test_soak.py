"""Requests in process and over the socket while cells run again and are interrupted: no error, no growth, nothing lost.

`make soak` asks for 100,000 in process and 20,000 over the socket, by ROUTEBOOK_SOAK; the tests for a fiftieth of that.
"""

import os
import threading
import time
from collections import Counter

import httpx2
import psutil
import pytest

from tests.kernel.driver import Kernel

IN_PROCESS = int(os.environ.get("ROUTEBOOK_SOAK", "2000"))
OVER_SOCKET = IN_PROCESS // 5
KEPT = 500

START = f"""
import asyncio, collections, threading, time
from pydantic import BaseModel
soak = Routebook()
client = routebook_kernel.client(soak)
statuses, failures = collections.Counter(), []

def ask():
    for index in range({IN_PROCESS}):
        try:
            answer = client.get('/edited') if index % 2 else client.post('/fixed', json={{'a': 1}})
            statuses[answer.status_code] += 1
        except BaseException as error:
            failures.append(repr(error))
"""
EDITED = "class Item(BaseModel):\n    a: int = {n}\n@soak.get('/edited')\ndef edited(): return {n}"
FIXED = (
    "@soak.post('/fixed')\nasync def fixed(item: Item): return item\n"
    "@soak.get('/hang')\nasync def hang(): await asyncio.sleep(60)"
)
# What IPython and the kernel themselves keep of every run, whatever runs: about 1 kB a run of these cells, with our
# extension or without (800 runs of a plain cell: 848 kB), and the last 65,536 signatures of messages, 120 bytes each.
# Their records of the runs so far are dropped before memory is measured.
FORGET = """
import gc, linecache, re
shell = get_ipython()
shell.history_manager.input_hist_raw[:-2] = [''] * len(shell.history_manager.input_hist_raw[:-2])
shell.history_manager.input_hist_parsed[:-2] = [''] * len(shell.history_manager.input_hist_parsed[:-2])
for name in [name for name in shell.user_ns if re.fullmatch(r'_i?[0-9]+', name)]:
    del shell.user_ns[name]
    shell.user_ns_hidden.pop(name, None)
shell.user_ns['_oh'].clear()
shell.history_manager.outputs.clear()
shell.history_manager.exceptions.clear()
getattr(shell.history_manager, 'outputs', {}).clear()
for name in shell.compile._filename_map:
    linecache.cache.pop(name, None)
shell.compile._filename_map.clear()
shell.kernel.session.digest_history.clear()
gc.collect()
"""
GROWTH_BYTES = 2 * 2**20
"""How much the kernel may be larger at the end than half way: the noise of an allocator, and no more."""
INTERRUPTED = (
    "client.get('/hang')",
    "await asyncio.sleep(60)",
    "for _ in range(6000): time.sleep(0.01)",
    "@soak.get('/half')\ndef half(): return 1\nfor _ in range(6000): time.sleep(0.01)\n"
    "@soak.get('/other')\ndef other(): return 2",
)


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.timeout(90 + IN_PROCESS // 50)
def test_requests_while_cells_run_again_and_one_is_interrupted(kernel: Kernel, free_port: int) -> None:
    """Every request is answered with success, by the old or the new cell; the kernel's memory ends where it was."""
    kernel.good(START, "start")
    kernel.good(EDITED.format(n=0), "edited")
    kernel.good(FIXED, "fixed")
    kernel.good(f"%api log --keep {KEPT}", "log")
    kernel.good(f"%api serve --app soak --port {free_port}", "serve")
    outside: Counter[int] = Counter()

    def over_socket() -> None:
        with httpx2.Client(base_url=f"http://127.0.0.1:{free_port}", timeout=30) as session:
            for _ in range(OVER_SOCKET):
                outside[session.get("/edited").status_code] += 1

    kernel.good("asking = threading.Thread(target=ask); asking.start()", "ask")
    worker = threading.Thread(target=over_socket)
    worker.start()
    process = psutil.Process(int(kernel.value("__import__('os').getpid()")))
    began = interrupted_at = time.monotonic()
    runs, interrupts, sizes = 0, 0, list[int]()
    while worker.is_alive() or kernel.value("asking.is_alive()") == "True":
        runs += 1
        kernel.good(EDITED.format(n=runs), "edited")
        if time.monotonic() - interrupted_at > 1:
            source = INTERRUPTED[interrupts % len(INTERRUPTED)]
            assert "KeyboardInterrupt" in str(kernel.interrupt(source, "interrupted").error), source
            interrupts, interrupted_at = interrupts + 1, time.monotonic()
            kernel.good(FORGET, "forget")
            sizes.append(process.memory_info().rss)
    elapsed_s = time.monotonic() - began

    print(f"{runs} runs, {interrupts} interrupts, {elapsed_s:.0f} s, MB: {[round(size / 2**20, 1) for size in sizes]}")
    assert kernel.value("failures, dict(statuses)") == f"([], {{200: {IN_PROCESS}}})"
    assert outside == {200: OVER_SOCKET}
    assert kernel.value("len(routebook_kernel.log())") == str(KEPT)
    paths = kernel.value("[route.path for route in soak.routes if route.include_in_schema]")
    halves = ", '/half'" if interrupts >= len(INTERRUPTED) else ""
    assert paths == f"['/edited', '/fixed', '/hang'{halves}]"
    assert kernel.value("client.get('/edited').json()") == str(runs)
    half = len(sizes) // 2
    assert not sizes or sizes[-1] < sizes[half] + GROWTH_BYTES, sizes
    kernel.good("%api stop\n%api log --keep 2000", "log")
