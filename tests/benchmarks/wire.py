"""Over a real socket: uvicorn serves, wrk asks, and the server's CPU time a request is taken.

Requests a second on loopback say as much about wrk and the number of cores as about
the server; the CPU time that the server's process spent does not.

`python -m tests.benchmarks.wire FRAMEWORK CASE` is a server's process; it prints its port.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvicorn
from starlette.types import ASGIApp

from .answers import Refusal
from .apps import FRAMEWORKS, Apps
from .cases import CASES, Case, HttpRequest
from .timing import CaseResult

_ROOT = Path(__file__).resolve().parents[2]
_START_TIMEOUT_S = 30.0
_WARM_UP_S = 1  # wrk counts in whole seconds
_TRIES = 3
WIRE_CASES = ("literal", "params", "json_body", "dependencies", "last_route")


class WireError(Exception):
    """The server did not start, or wrk did not finish cleanly."""


@dataclass(frozen=True, slots=True)
class Server:
    """One framework's server of one case."""

    process: psutil.Process
    url: str


def has_wrk() -> bool:
    """Whether the load generator is installed."""
    return shutil.which("wrk") is not None


def measure_wire(tables: Mapping[str, Apps], seconds: int, rounds: int) -> list[CaseResult]:
    """Load each case's servers with wrk in turn; all of a case stand for its whole time, one has work."""
    cases = [case for case in CASES if case.name in WIRE_CASES]
    return [_measure_case(case, tables, seconds, rounds) for case in cases]


def _measure_case(case: Case, tables: Mapping[str, Apps], seconds: int, rounds: int) -> CaseResult:
    if not isinstance(case.request, HttpRequest):
        raise TypeError(f"{case.name} is not an HTTP case")
    commands = {
        name: ["tests.benchmarks.wire", name, case.name] for name, table in tables.items() if case.name in table
    }
    best, failures = measure_servers(commands, case.request, seconds, rounds)
    refusals = [Refusal(case.name, name, reason) for name, reason in failures.items()]
    return CaseResult(case, best, tuple(refusals))


def measure_servers(
    commands: Mapping[str, list[str]], request: HttpRequest, seconds: int, rounds: int
) -> tuple[dict[str, float], dict[str, str]]:
    """Load some servers with wrk in turn.

    Args:
        commands: Modules with their arguments, each a server that prints its port and listens there.

    Returns:
        The CPU microseconds of a request, by server; and why there are none.
    """
    best: dict[str, float] = {}
    failures: dict[str, str] = {}
    with ExitStack() as stack:
        script = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".lua"))
        script.write(_wrk_script(request))
        script.flush()
        servers: dict[str, Server] = {}
        for name, command in commands.items():
            try:
                servers[name] = stack.enter_context(serving(command, request))
                _run_wrk(servers[name].url, script.name, _WARM_UP_S)
            except WireError as error:
                servers.pop(name, None)
                failures[name] = str(error)
        for _ in range(rounds):
            for name, server in servers.items():
                best[name] = min(best.get(name, float("inf")), _microseconds(server, script.name, seconds))
    never = [name for name, figure in best.items() if figure == float("inf")]
    failures |= dict.fromkeys(never, "wrk never finished cleanly")
    return {name: best[name] for name in best if name not in never}, failures


def _microseconds(server: Server, script: str, seconds: int) -> float:
    """The server's CPU time for a request; infinite where a busy machine let wrk time out again and again."""
    for _ in range(_TRIES):
        before = sum(server.process.cpu_times()[:2])
        try:
            count = _run_wrk(server.url, script, seconds)
        except WireError:
            continue
        return (sum(server.process.cpu_times()[:2]) - before) / count * 1e6
    return float("inf")


def _wrk_script(request: HttpRequest) -> str:
    lines = [f"wrk.method = {json.dumps(request.method)}"]
    lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in request.headers]
    if request.body:
        lines.append(f"wrk.body = {json.dumps(request.body.decode())}")
    return "\n".join(lines)


def _run_wrk(url: str, script: str, seconds: int) -> int:
    """Load the server; the number of requests that were answered with success.

    Raises:
        WireError: Some were not.
    """
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "-s", script, url]
    try:
        output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 15).stdout
    except subprocess.SubprocessError as error:
        raise WireError(str(error)) from error
    found = re.search(r"(\d+) requests in", output)
    if found is None or found[1] == "0" or "Non-2xx" in output or "Socket errors" in output:
        raise WireError(f"wrk on {url}: {' '.join(output.split())}")
    return int(found[1])


@contextmanager
def serving(command: list[str], request: HttpRequest) -> Iterator[Server]:
    """A server's process: a module with its arguments, which prints its port."""
    with subprocess.Popen([sys.executable, "-m", *command], cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = _wait_until_listening(process)
            url = f"http://127.0.0.1:{port}{request.path}" + (f"?{request.query}" if request.query else "")
            yield Server(psutil.Process(process.pid), url)
        finally:
            process.terminate()
            process.wait()


def _wait_until_listening(process: subprocess.Popen[str]) -> int:
    """The port, once the server listens there.

    Raises:
        WireError: It does not.
    """
    printed = process.stdout.readline() if process.stdout is not None else ""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while printed and time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(printed))) == 0:
                return int(printed)
        time.sleep(0.02)
    raise WireError("the server did not start")


def serve(app: ASGIApp) -> None:
    """Serve an application as plain uvicorn does, on a port that is printed."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))  # here, so that nobody else can take the port in between
        print(listener.getsockname()[1], flush=True)
        server.run(sockets=[listener])


def _serve(framework: str, case: str) -> None:
    serve(next(known for known in FRAMEWORKS if known.name == framework).load()[case]())


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2])
