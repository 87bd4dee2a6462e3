"""Over a real socket: uvicorn serves, wrk asks, and the server's CPU time a request is taken.

Requests a second on loopback say as much about wrk and the number of cores as about
the server; the CPU time that the server's process spent does not.

`python -m tests.benchmarks.wire FRAMEWORK CASE PORT` is the server's process.
"""

import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvicorn

from .apps import FRAMEWORKS
from .cases import CASES, Case, HttpRequest

_ROOT = Path(__file__).resolve().parents[2]
_START_TIMEOUT_S = 20.0
WIRE_CASES = ("literal", "params", "json_body", "dependencies", "last_route")


@dataclass(frozen=True, slots=True)
class WireResult:
    """Server's CPU microseconds a request, by framework."""

    case: Case
    microseconds: Mapping[str, float]


class WireError(Exception):
    """The server did not start, or wrk did not finish cleanly."""


def measure_wire(frameworks: tuple[str, ...], seconds: int, rounds: int) -> list[WireResult]:
    """Serve each case by each framework in turn and load it with wrk."""
    results = []
    for case in CASES:
        if case.name not in WIRE_CASES:
            continue
        best = dict.fromkeys(frameworks, float("inf"))
        for _ in range(rounds):
            for name in frameworks:
                best[name] = min(best[name], _measure(name, case, seconds))
        results.append(WireResult(case, best))
    return results


def _measure(framework: str, case: Case, seconds: int) -> float:
    request = case.request
    if not isinstance(request, HttpRequest):
        raise TypeError(f"{case.name} is not an HTTP case")
    with _serving(framework, case) as (server, port), tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_wrk_script(request))
        script.flush()
        url = f"http://127.0.0.1:{port}{request.path}" + (f"?{request.query}" if request.query else "")
        _run_wrk(url, script.name, 1)
        before = sum(server.cpu_times()[:2])
        count = _run_wrk(url, script.name, seconds)
        return (sum(server.cpu_times()[:2]) - before) / count * 1e6


def _wrk_script(request: HttpRequest) -> str:
    lines = [f"wrk.method = {json.dumps(request.method)}"]
    lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in request.headers]
    if request.body:
        lines.append(f"wrk.body = {json.dumps(request.body.decode())}")
    return "\n".join(lines)


def _run_wrk(url: str, script: str, seconds: int) -> int:
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "-s", script, url]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"(\d+) requests in", output)
    if found is None or "Non-2xx" in output or "Socket errors" in output:
        raise WireError(f"wrk on {url}:\n{output}")
    return int(found[1])


@contextmanager
def _serving(framework: str, case: Case) -> Iterator[tuple[psutil.Process, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.benchmarks.wire", framework, case.name, str(port)]
    with subprocess.Popen(command, cwd=_ROOT) as process:
        try:
            _wait_until_listening(process, port)
            yield psutil.Process(process.pid), port
        finally:
            process.terminate()
            process.wait()


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise WireError(f"the server on port {port} did not start")


def _serve(framework: str, case: str, port: int) -> None:
    app = next(known for known in FRAMEWORKS if known.name == framework).load()[case]()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))
