"""The kept tests of a notebook: kept from exchanges, run in process, changed, removed; their file is the truth."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from starlette.types import Message

from routebook_kernel.exceptions import KernelExtensionError, SavedTestsError
from routebook_kernel.kept.file import read_tests, write_tests
from routebook_kernel.kept.judge import Answer, Judge, Verdict
from routebook_kernel.kept.model import Expectation, KeptTest, expectation_from_page
from routebook_kernel.kept.suggest import suggestions
from routebook_kernel.kept.variables import fill, request_to_keep
from routebook_kernel.protocol import (
    Credential,
    ExpectationState,
    Suggestion,
    TestDraft,
    TestResultState,
    TestsDelta,
    TestsState,
    TestState,
    VerdictState,
)
from routebook_kernel.recording.log import ExchangeLog
from routebook_kernel.recording.redacted_values import build_request, find_redacted_values
from routebook_kernel.records import Exchange
from routebook_kernel.redaction import Secrets
from routebook_kernel.runtime.client import Perform
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.session.credentials import Held, held_as
from routebook_kernel.session.feed import Feed
from routebook_kernel.session.sending import send_raw
from routebook_kernel.stored_file import locked, set_aside

MAX_JUDGED_BYTES = 10_000_000
_MAX_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class Applications:
    """What tests need of the notebook's applications, by the variable's name.

    Attributes:
        performing: What runs requests; None where there is no such application.
        document: The OpenAPI document; an empty one where there is none.
        secrets: The names of secrets.
        variable: A text variable of the notebook; None where there is none.
        credentials: What was given for the security schemes of an application.
    """

    performing: Callable[[str], Perform | None]
    document: Callable[[str], Mapping[str, Any]]
    secrets: Callable[[], Secrets]
    variable: Callable[[str], str | None]
    credentials: Callable[[str], Mapping[str, Credential]]


class NotebookTests:
    """The tests of a notebook; implements `session_api.TestsApi`.

    Args:
        path: Their file, as it is now.
        log: Where exchanges are kept from.
        home: Where deltas are timed.
        applications: What they run against.
    """

    def __init__(self, path: Callable[[], Path], log: ExchangeLog, home: HomeLoop, applications: Applications) -> None:
        self._path = path
        self._log = log
        self._applications = applications
        self._lock = threading.RLock()
        self._tests: list[KeptTest] = []
        self._read: tuple[Path, int, int, int] | None = None
        self._problem = ""
        self._aside: Path | None = None
        self._results: dict[str, tuple[KeptTest, TestResultState]] = {}
        self._running: set[str] = set()
        self._feed = Feed[TestsState](home, self._take, difference)

    # What views ask (session_api.TestsApi)

    def state(self) -> tuple[int, TestsState]:
        """The whole state and its sequence number."""
        return self._feed.state()

    def touch(self) -> None:
        """Something that its views show may have changed."""
        self._feed.touch()

    def subscribe(self, listener: Callable[[TestsDelta], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""
        return self._feed.subscribe(listener)

    def draft(self, id: int) -> TestDraft:
        """An exchange as it would be kept.

        Raises:
            KernelExtensionError: It cannot be sent again.
        """
        exchange = self._exchange(id)
        test = self._made(exchange, f"{exchange.method} {exchange.url.partition('?')[0]}", ())
        document = self._applications.document(test.application)
        offered = suggestions(exchange, document, self._applications.secrets())
        return TestDraft(
            name=self._free_name(f"{test.name} answers {exchange.status}"),
            file=self._path().name,
            test=_test_state(test, self._held(test), is_running=False, result=None),
            suggestions=[Suggestion(expectation=_told(one), is_chosen=chosen) for one, chosen in offered],
        )

    def keep(self, id: int, name: str, expect: Sequence[ExpectationState]) -> None:
        """Keep an exchange as a test.

        Raises:
            KernelExtensionError: It cannot be sent again, the name is taken or empty, or the file cannot be written.
        """
        test = self._made(self._exchange(id), name.strip(), _read(expect))
        with self._changing():
            self._load()
            self._check_name(test.name)
            self._write([*self._tests, test])

    def change(self, name: str, to: str, expect: Sequence[ExpectationState]) -> None:
        """Give a test another name, and other expectations.

        Raises:
            SavedTestsError: There is no such test, the name is taken or empty, or the file cannot be written.
        """
        with self._changing():
            test = self._test(name)
            if to.strip() != name:
                self._check_name(to.strip())
            changed = replace(test, name=to.strip(), expect=_read(expect))
            self._write([changed if one is test else one for one in self._tests])

    def remove(self, name: str) -> None:
        """Remove a test from the file.

        Raises:
            SavedTestsError: There is no such test, or the file cannot be written.
        """
        with self._changing():
            test = self._test(name)
            self._write([one for one in self._tests if one is not test])

    def judge(self, id: int, expect: Sequence[ExpectationState]) -> list[VerdictState]:
        """What an exchange, as the log has it, says to expectations.

        Raises:
            RequestError: It is kept no more.
        """
        exchange = self._exchange(id)
        headers = tuple((name.lower(), value) for name, value in exchange.response_headers)
        body = exchange.response_body.data if exchange.response_body else b""
        answer = Answer(exchange.status, headers, body, exchange.elapsed_ms)
        judge = self._judge(exchange.application or "", exchange.operation)
        return [_verdict(judge.judge(one, answer)) for one in _read(expect)]

    async def attempt(self, id: int, expect: Sequence[ExpectationState], values: Mapping[str, str]) -> TestResultState:
        """Run a test that is not kept yet. Await it on the home loop only.

        Raises:
            KernelExtensionError: The exchange cannot be sent again.
        """
        return await self._result(self._made(self._exchange(id), "a test", _read(expect)), values)

    async def run(self, names: Sequence[str] | None = None, values: Mapping[str, str] | None = None) -> None:
        """Run tests, one after the other; their results are in the state. Await it on the home loop only.

        Args:
            names: Which; None for all.
            values: What is filled in, by name; the notebook's variables stand for the rest.

        Raises:
            SavedTestsError: The file cannot be read.
        """
        with self._lock:
            self._load()
            if self._problem:
                raise SavedTestsError(self._problem)
            tests = [test for test in self._tests if names is None or test.name in names]
        for test in tests:
            self._running.add(test.name)
            self._feed.touch()
            try:
                result = await self._result(test, values or {})
            finally:
                self._running.discard(test.name)
                self._feed.touch()
            self._results[test.name] = test, result
            await asyncio.sleep(0)
        self._feed.touch()

    def lose(self) -> None:
        """The loop that tests ran on was abandoned; any thread."""
        self._running.clear()
        self._feed.touch()

    # Running

    async def _result(self, test: KeptTest, values: Mapping[str, str]) -> TestResultState:
        at = time.time()
        try:
            exchange, answer = await self._send(test, values)
        except KernelExtensionError as refusal:
            return TestResultState(
                outcome="not run", problem=str(refusal), verdicts=[], status=None, elapsed_ms=0, exchange=None, at=at
            )
        judge = self._judge(test.application, exchange.operation)
        verdicts = [judge.judge(one, answer) for one in test.expect]
        return TestResultState(
            outcome="passed" if all(verdict.holds for verdict in verdicts) else "failed",
            problem="",
            verdicts=[_verdict(verdict) for verdict in verdicts],
            status=exchange.status,
            elapsed_ms=round(exchange.elapsed_ms, 3),
            exchange=exchange.id,
            at=at,
        )

    async def _send(self, test: KeptTest, values: Mapping[str, str]) -> tuple[Exchange, Answer]:
        perform = self._applications.performing(test.application)
        if perform is None:
            raise SavedTestsError(f"There is no application {test.application!r}: run the cell that makes it.")
        held = self._held(test)

        def value_of(name: str) -> str | None:
            signed_in = held[name].value if name in held else None
            return values.get(name) or self._applications.variable(name) or signed_in

        raw = fill(test, value_of)
        body, headers = bytearray(), list[tuple[str, str]]()

        def hear(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers.extend((k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in message["headers"])
            elif message["type"] == "http.response.body" and len(body) < MAX_JUDGED_BYTES:
                body.extend(message.get("body", b""))

        exchange = await send_raw(perform, raw, hear)
        return exchange, Answer(exchange.status, tuple(headers), bytes(body), exchange.elapsed_ms)

    def _held(self, test: KeptTest) -> dict[str, Held]:
        """What its names stand for while somebody is signed in."""
        given = self._applications.credentials(test.application) if test.fill else {}
        return {name: held for name in test.fill if (held := held_as(name, test.request, given)) is not None}

    def _judge(self, application: str, operation: str | None) -> Judge:
        return Judge(self._applications.document(application), operation, self._applications.secrets())

    # The file

    def _exchange(self, id: int) -> Exchange:
        exchange = self._log.get(id)
        if exchange is None:
            raise SavedTestsError(f"Exchange {id} has left the log: the oldest go first.")
        return exchange

    def _made(self, exchange: Exchange, name: str, expect: Sequence[Expectation]) -> KeptTest:
        if exchange.application is None:
            raise SavedTestsError("The application that it was sent to is none of this notebook.")
        secrets, raw = self._applications.secrets(), build_request(exchange)
        request, names = request_to_keep(raw, find_redacted_values(raw, secrets), secrets)
        return KeptTest(name, exchange.application, request, tuple(expect), names)

    def _test(self, name: str) -> KeptTest:
        self._load()
        found = next((test for test in self._tests if test.name == name), None)
        if found is None:
            raise SavedTestsError(f"There is no test {name!r} in {self._path().name}.")
        return found

    def _check_name(self, name: str) -> None:
        if not name:
            raise SavedTestsError("A test needs a name: say what it shows, such as `a good book is created`.")
        if any(test.name == name for test in self._tests):
            raise SavedTestsError(f"There is a test {name!r} already: give this one another name.")

    def _free_name(self, name: str) -> str:
        with self._lock:
            self._load()
            taken = {test.name for test in self._tests}
        return next(
            free for n in range(1, len(taken) + 2) if (free := name if n == 1 else f"{name} ({n})") not in taken
        )

    def _load(self) -> None:
        """Read the file again where it is another than the one that is known."""
        path = self._path()
        try:
            stat = path.stat()
            known = path, stat.st_ino, stat.st_mtime_ns, stat.st_size
        except OSError:
            known = path, 0, 0, 0
        if known == self._read:
            return
        self._read = known
        try:
            self._tests, self._problem = read_tests(path), ""
        except SavedTestsError as refusal:
            self._tests, self._problem = [], str(refusal)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the file's lock too: another kernel may save a test in the same file.

        Raises:
            SavedTestsError: If the lock can't be had.
        """
        with self._lock, ExitStack() as stack:
            path = self._path()
            try:
                stack.enter_context(locked(path))
            except OSError as error:
                raise SavedTestsError(f"{path} cannot be written: {error.strerror or error}.") from None
            yield

    def _write(self, tests: list[KeptTest]) -> None:
        path = self._path()
        if self._problem:  # what a person wrote there must not be lost
            try:
                self._aside = set_aside(path)
            except OSError as error:
                raise SavedTestsError(
                    f"{self._problem} It can't be moved aside ({error.strerror or error}): fix it first."
                ) from None
        write_tests(path, tests)
        self._load()
        self._feed.touch()

    def _notice(self) -> str:
        """What is wrong with the file, or where the last one is that couldn't be read, for as long as it is there."""
        if self._problem or self._aside is None or not self._aside.exists():
            return self._problem
        name = self._path().name
        return (
            f"The previous {name} couldn't be read. It is now {self._aside.name}, and a new file was started. "
            f"To use the old one again, fix it and rename it to {name}; or delete it."
        )

    def _take(self) -> TestsState:
        with self._lock:
            self._load()
            path = self._path()
            return TestsState(
                file=path.name,
                folder=str(path.parent),
                problem=self._notice(),
                tests=[
                    _test_state(
                        test,
                        self._held(test),
                        is_running=test.name in self._running,
                        result=self._known_result(test),
                    )
                    for test in self._tests
                ],
            )

    def _known_result(self, test: KeptTest) -> TestResultState | None:
        ran, result = self._results.get(test.name, (None, None))
        return result if ran == test else None


def difference(before: TestsState, after: TestsState, seq: int) -> TestsDelta | None:
    """What changed between two states; None when nothing did."""
    if before == after:
        return None
    old = {test["name"]: test for test in before["tests"]}
    return TestsDelta(
        type="delta",
        seq=seq,
        set=[test for test in after["tests"] if old.get(test["name"]) != test],
        order=[test["name"] for test in after["tests"]],
        problem=after["problem"],
        file=after["file"],
        folder=after["folder"],
    )


def _test_state(
    test: KeptTest, held: Mapping[str, Held], *, is_running: bool, result: TestResultState | None
) -> TestState:
    request = test.request
    if request.json_text is not None:
        body = json.dumps(json.loads(request.json_text), indent=2, ensure_ascii=False)
    else:
        body = f"({len(request.data):,} bytes)" if request.data is not None else request.text or ""
    return TestState(
        name=test.name,
        application=test.application,
        method=request.method,
        url=request.url,
        headers=list(request.headers),
        body=body[:_MAX_SHOWN],
        fill=list(test.fill),
        held={name: one.words for name, one in held.items()},
        expect=[_told(one) for one in test.expect],
        is_running=is_running,
        result=result,
    )


def _read(expect: Sequence[ExpectationState]) -> tuple[Expectation, ...]:
    return tuple(map(expectation_from_page, expect))


def _told(one: Expectation) -> ExpectationState:
    return ExpectationState(kind=one.kind, at=one.at, how=one.how, value=one.value)


def _verdict(verdict: Verdict) -> VerdictState:
    return VerdictState(holds=verdict.holds, came=verdict.came, problem=verdict.problem)
