"""The runs of the load generator: begun, watched, ended; what each measured is kept for comparison.

A run calls the application itself: nothing of it passes the recorder, so that it neither fills the log nor is slowed by
being recorded, and what handlers print is not shown. It shares the home loop with everybody else, in turns.
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
from routebook_kernel.runtime.load import Answered, InProcess, Load, measured_overhead_us, run_over_socket
from routebook_kernel.runtime.output import collected_output
from routebook_kernel.runtime.server import KernelServer, WithState
from routebook_kernel.session.bench_request import checked, formed, with_credentials, with_secrets, without_secrets
from routebook_kernel.session.bench_state import Run, difference, told
from routebook_kernel.session.feed import Feed
from routebook_kernel.session.lifespans import HomeLifespans

MAX_RUNS = 20
TOLD_S = 0.1

CredentialsFor = Callable[[str], Mapping[str, Credential]]
"""What was given for the security schemes of an operation, by scheme."""


class Benches:
    """The runs of one session.

    Args:
        home: Where they happen.
        lifespans: Where an application's lifespan is entered before a run.
        secrets: What is taken out of what is shown.
    """

    def __init__(self, home: HomeLoop, lifespans: HomeLifespans, secrets: Callable[[], Secrets]) -> None:
        self.home = home
        self._lifespans = lifespans
        self._secrets = secrets
        self._ids = itertools.count(1)
        self._runs: dict[int, Run] = {}
        self._views: list[BenchView] = []

    def view(self, live: AppProxy, name: Callable[[], str], credentials: CredentialsFor) -> "BenchView":
        """A new view of the runs; runs that it begins are of this application."""
        view = BenchView(self, live, name, credentials)
        self._views.append(view)
        return view

    def begin(self, live: AppProxy, given: BenchArguments) -> Run:
        """Begin a run.

        Raises:
            RequestError: The request cannot be formed, or another run is under way.
        """
        if any(run.is_live for run in self._runs.values()):
            raise RequestError("A run is under way; two would measure each other. Wait for its end, or cancel it.")
        like = self._runs.get(given.get("like") or 0)
        arguments = checked(given if like is None else with_secrets(given, like.shown_arguments, like.arguments))
        scope, body = formed(arguments)
        load = Load(arguments["count"], arguments["concurrency"], arguments["warm_up"] or 0)
        run = Run(next(self._ids), arguments, without_secrets(arguments, self._secrets()), load)
        self._runs[run.id] = run
        for old in list(self._runs)[:-MAX_RUNS]:
            del self._runs[old]
        run.task = asyncio.create_task(self._run(run, live, scope, body))
        self.touch()
        return run

    async def stop(self, id_: int) -> None:
        """End a run; what it has measured stays."""
        run = self._runs.get(id_)
        if run is not None and run.is_live and run.task is not None:
            run.task.cancel()
            await asyncio.wait([run.task], timeout=5)

    def lose(self, error: Exception) -> None:
        """The loop that the runs were on was abandoned; any thread."""
        for run in self._runs.values():
            if run.is_live:
                run.status, run.message = "failed", str(error)
        self.touch()

    def touch(self) -> None:
        """A run goes on; any thread."""
        for view in tuple(self._views):
            view.touch()

    def snapshot(self) -> list[BenchRun]:
        """The runs as they stand, oldest first."""
        return [told(run) for run in self._runs.values()]

    async def _run(self, run: Run, live: AppProxy, scope: Scope, body: bytes) -> None:
        watching = asyncio.create_task(self._watch(run))
        try:
            with collected_output(is_shown=False) as run.output:
                scope["state"] = await self._lifespans.enter_for_request(live)
                await (self._served if run.arguments["served"] else self._in_process)(run, live, scope, body)
            run.status = "done"
        except asyncio.CancelledError:
            run.status = "cancelled"
        except Exception as error:
            run.status, run.message = "failed", _words(error)
        finally:
            watching.cancel()
            self.touch()

    async def _in_process(self, run: Run, live: AppProxy, scope: Scope, body: bytes) -> None:
        run.overhead_us = await measured_overhead_us(scope)
        await run.load.run(InProcess(live.current, scope, body))

    async def _served(self, run: Run, live: AppProxy, scope: Scope, body: bytes) -> None:
        server = KernelServer(self.home)
        state = scope["state"]
        server.start(WithState(Answered(live.current), lambda: state), port=0)
        try:
            if server.status.port is None:
                raise RequestError(f"No server could be started: {server.status.message}.")
            await run_over_socket(run.load, server.status.port, scope, body)
        finally:
            server.stop()

    async def _watch(self, run: Run) -> None:
        while True:
            await asyncio.sleep(TOLD_S)
            run.status = "running" if run.load.is_warm else "warming"
            self.touch()


class BenchView:
    """The runs as one view sees them; implements `session_api.BenchApi`."""

    def __init__(self, benches: Benches, live: AppProxy, name: Callable[[], str], credentials: CredentialsFor) -> None:
        self._benches = benches
        self._live = live
        self._name = name
        self._credentials = credentials
        self._shown: int | None = None
        self._feed = Feed(benches.home, self._take, difference)
        self.touch = self._feed.touch
        self.on_end: Callable[[], None] = lambda: None

    def state(self) -> tuple[int, BenchState]:
        """The whole state and its sequence number."""
        return self._feed.state()

    def subscribe(self, listener: Callable[[BenchDelta], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""
        return self._feed.subscribe(listener)

    async def start(self, arguments: BenchArguments) -> int:
        """Begin a run, which goes on by itself, and show it; its id.

        Raises:
            RequestError: The request cannot be formed, or another run is under way.
        """
        credentials = self._credentials(arguments.get("operation") or "")
        run = self._benches.begin(self._live, with_credentials(arguments, credentials.values()))
        self._shown = run.id
        if run.task is not None:
            run.task.add_done_callback(lambda _: self.on_end())
        self.touch()
        return run.id

    async def run(self, arguments: BenchArguments) -> None:
        """Begin a run and wait for its end; cancelled, it is ended.

        Raises:
            RequestError: As `start`.
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
        """End a run; what it has measured stays."""
        await self._benches.stop(id)

    def _take(self) -> BenchState:
        return BenchState(name=self._name(), runs=self._benches.snapshot(), shown=self._shown)


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, KernelExtensionError) else f"{type(error).__name__}: {error}"
