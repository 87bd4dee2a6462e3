"""The bench: runs of the load generator, whose results are kept for comparison.

A run calls the application directly, not through the recorder: it doesn't fill the log, recording doesn't slow it down,
and what the application prints isn't shown. It shares the home loop with everything else.
"""

import asyncio
import itertools
from collections.abc import Callable, Mapping

from starlette.types import Scope

from routebook_kernel.exceptions import KernelExtensionError, RequestError
from routebook_kernel.protocol import BenchArguments, BenchDelta, BenchRun, BenchState, Credential
from routebook_kernel.redaction import Secrets
from routebook_kernel.runtime.app_proxy import AppProxy
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.load import InProcess, LateErrorFilter, Load, measured_overhead_us, run_over_socket
from routebook_kernel.runtime.output import capture_output
from routebook_kernel.runtime.server import KernelServer, WithState
from routebook_kernel.session.bench_request import (
    add_credentials,
    build_scope,
    check_arguments,
    hide_secrets,
    restore_secrets,
)
from routebook_kernel.session.bench_state import BenchRunRecord, describe_run, difference
from routebook_kernel.session.lifespans import HomeLifespans
from routebook_kernel.session.state_feed import StateFeed

MAX_RUNS = 20
UPDATE_S = 0.1

CredentialsFor = Callable[[str], Mapping[str, Credential]]
"""Returns the stored credentials for an operation, by security scheme."""


class Benches:
    """The bench runs of one session. Runs begin and stop on the home loop; the rest may be called from any thread.

    Args:
        home: The loop that they run on.
        lifespans: Where an application's lifespan is entered before a run.
        secrets: Returns the names whose values are hidden.
    """

    def __init__(self, home: HomeLoop, lifespans: HomeLifespans, secrets: Callable[[], Secrets]) -> None:
        self.home = home
        self._lifespans = lifespans
        self._secrets = secrets
        self._ids = itertools.count(1)
        self._runs: dict[int, BenchRunRecord] = {}
        self._views: list[BenchView] = []

    def view(self, proxy: AppProxy, name: Callable[[], str], credentials: CredentialsFor) -> "BenchView":
        """Return a new view of the runs. Runs that it begins are of this application."""
        view = BenchView(self, proxy, name, credentials)
        self._views.append(view)
        return view

    def begin(self, proxy: AppProxy, arguments: BenchArguments) -> BenchRunRecord:
        """Begin a run.

        Raises:
            RequestError: If the request can't be built, or another run is in progress.
        """
        if any(run.is_live for run in self._runs.values()):
            raise RequestError(
                "Another run is in progress, and two would slow each other down. Wait for it to finish, or cancel it."
            )
        earlier = self._runs.get(arguments.get("like") or 0)
        arguments = check_arguments(
            arguments if earlier is None else restore_secrets(arguments, earlier.shown_arguments, earlier.arguments)
        )
        scope, body = build_scope(arguments)
        load = Load(arguments["count"], arguments["concurrency"], arguments["warm_up"] or 0)
        run = BenchRunRecord(next(self._ids), arguments, hide_secrets(arguments, self._secrets()), load)
        self._runs[run.id] = run
        for old in list(self._runs)[:-MAX_RUNS]:
            del self._runs[old]
        run.task = asyncio.create_task(self._run(run, proxy, scope, body))
        self.touch()
        return run

    async def stop(self, id_: int) -> None:
        """End a run. Its results so far stay."""
        run = self._runs.get(id_)
        if run is not None and run.is_live and run.task is not None:
            run.task.cancel()
            await asyncio.wait([run.task], timeout=5)

    def lose(self, error: Exception) -> None:
        """Mark the current run as failed: its event loop is gone."""
        for run in self._runs.values():
            if run.is_live:
                run.status, run.message = "failed", str(error)
        self.touch()

    def touch(self) -> None:
        """Have the views look again."""
        for view in tuple(self._views):
            view.touch()

    def snapshot(self) -> list[BenchRun]:
        """Return the runs as views show them, oldest first."""
        return [describe_run(run) for run in self._runs.values()]

    async def _run(self, run: BenchRunRecord, proxy: AppProxy, scope: Scope, body: bytes) -> None:
        watching = asyncio.create_task(self._watch(run))
        try:
            with capture_output(is_shown=False) as run.output:
                scope["state"] = await self._lifespans.enter_for_request(proxy)
                await (self._served if run.arguments["served"] else self._in_process)(run, proxy, scope, body)
            run.status = "done"
        except asyncio.CancelledError:
            run.status = "cancelled"
        except Exception as error:
            run.status, run.message = "failed", _describe(error)
        finally:
            watching.cancel()
            self.touch()

    async def _in_process(self, run: BenchRunRecord, proxy: AppProxy, scope: Scope, body: bytes) -> None:
        run.overhead_us = await measured_overhead_us(scope)
        await run.load.run(InProcess(proxy.current, scope, body))

    async def _served(self, run: BenchRunRecord, proxy: AppProxy, scope: Scope, body: bytes) -> None:
        server = KernelServer(self.home)
        state = scope["state"]
        server.start(WithState(LateErrorFilter(proxy.current), lambda: state), port=0)
        try:
            if server.status.port is None:
                raise RequestError(f"The server didn't start: {server.status.message}.")
            await run_over_socket(run.load, server.status.port, scope, body)
        finally:
            server.stop()

    async def _watch(self, run: BenchRunRecord) -> None:
        while True:
            await asyncio.sleep(UPDATE_S)
            run.status = "running" if run.load.is_warm else "warming"
            self.touch()


class BenchView:
    """The runs as one view sees them; implements `session_api.BenchApi`."""

    def __init__(self, benches: Benches, proxy: AppProxy, name: Callable[[], str], credentials: CredentialsFor) -> None:
        self._benches = benches
        self._proxy = proxy
        self._name = name
        self._credentials = credentials
        self._shown: int | None = None
        self._feed = StateFeed(benches.home, self._take, difference)
        self.touch = self._feed.touch
        self.on_end: Callable[[], None] = lambda: None

    def state(self) -> tuple[int, BenchState]:
        """Return the sequence number and the whole state."""
        return self._feed.state()

    def subscribe(self, listener: Callable[[BenchDelta], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread. Returns a function that ends it."""
        return self._feed.subscribe(listener)

    async def start(self, arguments: BenchArguments) -> int:
        """Begin a run, which continues by itself, and show it. Returns its id.

        Raises:
            RequestError: If the request can't be built, or another run is in progress.
        """
        credentials = self._credentials(arguments.get("operation") or "")
        run = self._benches.begin(self._proxy, add_credentials(arguments, credentials.values()))
        self._shown = run.id
        if run.task is not None:
            run.task.add_done_callback(lambda _: self.on_end())
        self.touch()
        return run.id

    async def run(self, arguments: BenchArguments) -> None:
        """Begin a run and wait for it to end. If cancelled, end it.

        Raises:
            RequestError: As for `start`.
        """
        id_ = await self.start(arguments)
        task = self._benches._runs[id_].task
        if task is not None:
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                await self.stop(id_)
                raise

    async def stop(self, id: int) -> None:
        """End a run. Its results so far stay."""
        await self._benches.stop(id)

    def _take(self) -> BenchState:
        return BenchState(name=self._name(), runs=self._benches.snapshot(), shown=self._shown)


def _describe(error: Exception) -> str:
    return str(error) if isinstance(error, KernelExtensionError) else f"{type(error).__name__}: {error}"
