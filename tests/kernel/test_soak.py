"""Requests in process and over the socket while cells run again and again: no error, no growth, nothing lost."""

import gc
import threading
import time
from collections import Counter

import httpx2
import psutil
import pytest

from routebook_kernel.session import Session

IN_PROCESS = 2000
OVER_SOCKET = 500


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_requests_while_cells_run_again_and_one_is_interrupted(free_port: int) -> None:
    """The operation of an edited cell always answers, old or new; the log stays in its bounds; memory stays flat."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    session = Session(namespace)  # type: ignore[arg-type]
    session.open()
    session.log.max_count = 500

    def run(cell: str, source: str, number: int) -> None:
        filename = f"/tmp/soak-{cell}-{number}.py"
        session.begin(cell, source, number, filename, [])
        exec(compile(source, filename, "exec"), namespace)
        session.settle("completed")

    run("app", "from routebook import Routebook\nfrom pydantic import BaseModel\napp = Routebook()", 0)
    app = namespace["app"]
    declare = "class Item(BaseModel):\n    a: int = {n}\n@app.get('/edited')\ndef edited(): return {n}"
    run("edited", declare.format(n=0), 1)
    run("fixed", "@app.post('/fixed')\nasync def fixed(item: Item): return item", 2)
    session.serve(app, port=free_port)
    statuses: Counter[int] = Counter()
    failures: list[BaseException] = []
    is_over = threading.Event()

    def in_process() -> None:
        client = session.client(app)
        for index in range(IN_PROCESS):
            path = client.get("/edited") if index % 2 else client.post("/fixed", json={"a": 1})
            statuses[path.status_code] += 1

    def over_socket() -> None:
        with httpx2.Client(base_url=f"http://127.0.0.1:{free_port}") as client:
            for _ in range(OVER_SOCKET):
                statuses[client.get("/edited").status_code] += 1

    def guarded(work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=guarded, args=(work,)) for work in (in_process, over_socket)]
    process = psutil.Process()
    try:
        for worker in workers:
            worker.start()
        number, sizes = 3, list[int]()
        while any(worker.is_alive() for worker in workers):
            run("edited", declare.format(n=number), number)
            number += 1
            if number % 20 == 0:
                session.begin("broken", "raise", number, None, [])  # a cell that is interrupted
                session.settle("raised")
                gc.collect()
                sizes.append(process.memory_info().rss)
            time.sleep(0.005)
    finally:
        is_over.set()
        session.close()

    assert not failures
    assert statuses == {200: IN_PROCESS + OVER_SOCKET}
    assert len(session.log) == 500
    assert [operation.id for operation in session.tracker.operations(app)] == ["GET /edited", "POST /fixed"]  # type: ignore[arg-type]
    half = len(sizes) // 2
    assert sizes[-1] < sizes[half] * 1.3 + 20_000_000, sizes
