"""The saved tests of a notebook: created from exchanges, run in process, changed, removed. Their file is the truth."""

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
from routebook_kernel.protocol import (
    Credential,
    ExpectationResultState,
    ExpectationState,
    ExpectationSuggestion,
    SavedTestDraft,
    SavedTestResult,
    SavedTestsDelta,
    SavedTestsState,
    SavedTestState,
)
from routebook_kernel.recording.log import ExchangeLog
from routebook_kernel.recording.redacted_values import build_request, find_redacted_values
from routebook_kernel.records import Exchange
from routebook_kernel.redaction import Secrets
from routebook_kernel.runtime.client import Perform
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.saved_tests.file import read_tests, write_tests
from routebook_kernel.saved_tests.model import Expectation, SavedTest, parse_expectation
from routebook_kernel.saved_tests.response_checker import ExpectationResult, ResponseChecker, UnredactedResponse
from routebook_kernel.saved_tests.suggestions import suggest_expectations
from routebook_kernel.saved_tests.variables import build_saved_request, resolve_variables
from routebook_kernel.session.credentials import StoredCredential, find_for_variable
from routebook_kernel.session.sending import send_raw
from routebook_kernel.session.state_feed import StateFeed
from routebook_kernel.stored_file import locked, set_aside

MAX_CHECKED_BYTES = 10_000_000
_MAX_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class ApplicationAccess:
    """Functions that saved tests call for the notebook's applications; each takes the name of a variable.

    Attributes:
        performing: Returns the function that runs requests; None if there's no such application.
        document: Returns the OpenAPI document; an empty one if there's no such application.
        secrets: Returns the names of secrets.
        variable: Returns a string of the notebook; None if there's none with this name.
        credentials: Returns the credentials entered for an application's security schemes.
    """

    performing: Callable[[str], Perform | None]
    document: Callable[[str], Mapping[str, Any]]
    secrets: Callable[[], Secrets]
    variable: Callable[[str], str | None]
    credentials: Callable[[str], Mapping[str, Credential]]


class SavedTests:
    """The saved tests of a notebook; implements `session_api.SavedTestsApi`.

    Args:
        path: Returns the current path of their file.
        log: The exchanges that can become tests.
        home: The loop that schedules deltas.
        applications: The applications that tests run against.
    """

    def __init__(
        self, path: Callable[[], Path], log: ExchangeLog, home: HomeLoop, applications: ApplicationAccess
    ) -> None:
        self._path = path
        self._log = log
        self._applications = applications
        self._lock = threading.RLock()
        self._tests: list[SavedTest] = []
        self._version: tuple[Path, int, int, int] | None = None
        self._problem = ""
        self._aside: Path | None = None
        self._results: dict[str, tuple[SavedTest, SavedTestResult]] = {}
        self._running: set[str] = set()
        self._feed = StateFeed[SavedTestsState](home, self._build_state, difference)

    # Called by views (session_api.SavedTestsApi)

    def state(self) -> tuple[int, SavedTestsState]:
        """Return the whole state and its sequence number."""
        return self._feed.state()

    def touch(self) -> None:
        """Send views what has changed, if anything has."""
        self._feed.touch()

    def subscribe(self, listener: Callable[[SavedTestsDelta], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread. Call the result to unsubscribe."""
        return self._feed.subscribe(listener)

    def draft(self, id: int) -> SavedTestDraft:
        """Return the test that an exchange would be saved as.

        Raises:
            KernelExtensionError: If the exchange can't be sent again.
        """
        exchange = self._exchange(id)
        test = self._build_test(exchange, f"{exchange.method} {exchange.url.partition('?')[0]}", ())
        document = self._applications.document(test.application)
        suggestions = suggest_expectations(exchange, document, self._applications.secrets())
        return SavedTestDraft(
            name=self._free_name(f"{test.name} returns {exchange.status}"),
            file=self._path().name,
            test=_describe_test(test, self._credentials_for(test), is_running=False, result=None),
            suggestions=[
                ExpectationSuggestion(expectation=_describe_expectation(expectation), is_chosen=is_chosen)
                for expectation, is_chosen in suggestions
            ],
        )

    def save(self, id: int, name: str, expectations: Sequence[ExpectationState]) -> None:
        """Save an exchange as a test.

        Raises:
            KernelExtensionError: If the exchange can't be sent again, the name is taken or empty, or the file isn't
                writable.
        """
        test = self._build_test(self._exchange(id), name.strip(), _parse_expectations(expectations))
        with self._changing():
            self._load()
            self._check_name(test.name)
            self._write([*self._tests, test])

    def change(self, name: str, new_name: str, expectations: Sequence[ExpectationState]) -> None:
        """Change the name and the expectations of a test.

        Raises:
            SavedTestsError: If there's no such test, the name is taken or empty, or the file isn't writable.
        """
        with self._changing():
            test = self._test(name)
            if new_name.strip() != name:
                self._check_name(new_name.strip())
            changed = replace(test, name=new_name.strip(), expectations=_parse_expectations(expectations))
            self._write([changed if other is test else other for other in self._tests])

    def remove(self, name: str) -> None:
        """Remove a test from the file.

        Raises:
            SavedTestsError: If there's no such test, or the file isn't writable.
        """
        with self._changing():
            test = self._test(name)
            self._write([other for other in self._tests if other is not test])

    def check(self, id: int, expectations: Sequence[ExpectationState]) -> list[ExpectationResultState]:
        """Compare the recorded response of an exchange with expectations.

        Raises:
            SavedTestsError: If the exchange is no longer in the log, or an expectation is malformed.
        """
        exchange = self._exchange(id)
        headers = tuple((name.lower(), value) for name, value in exchange.response_headers)
        body = exchange.response_body.data if exchange.response_body else b""
        response = UnredactedResponse(exchange.status, headers, body, exchange.elapsed_ms)
        checker = self._checker(exchange.application or "", exchange.operation)
        return [
            _describe_result(checker.check(expectation, response)) for expectation in _parse_expectations(expectations)
        ]

    async def run_once(
        self, id: int, expectations: Sequence[ExpectationState], values: Mapping[str, str]
    ) -> SavedTestResult:
        """Run a test that isn't saved yet. Await it on the home loop only.

        Raises:
            KernelExtensionError: If the exchange can't be sent again.
        """
        test = self._build_test(self._exchange(id), "a test", _parse_expectations(expectations))
        return await self._run_test(test, values)

    async def run(self, names: Sequence[str] | None = None, values: Mapping[str, str] | None = None) -> None:
        """Run tests, one after the other. Their results are in the state. Await it on the home loop only.

        Args:
            names: The tests to run; None for all.
            values: The values of variables, by name. Those that are missing come from the notebook and from sign-ins.

        Raises:
            SavedTestsError: If the file can't be read.
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
                result = await self._run_test(test, values or {})
            finally:
                self._running.discard(test.name)
                self._feed.touch()
            self._results[test.name] = test, result
            await asyncio.sleep(0)
        self._feed.touch()

    def lose(self) -> None:
        """Mark running tests as ended, because their loop was abandoned. Any thread may call it."""
        self._running.clear()
        self._feed.touch()

    # Running

    async def _run_test(self, test: SavedTest, values: Mapping[str, str]) -> SavedTestResult:
        started_at = time.time()
        try:
            exchange, response = await self._send(test, values)
        except KernelExtensionError as error:
            return SavedTestResult(
                outcome="not run",
                problem=str(error),
                expectation_results=[],
                status=None,
                elapsed_ms=0,
                exchange=None,
                started_at=started_at,
            )
        checker = self._checker(test.application, exchange.operation)
        results = [checker.check(expectation, response) for expectation in test.expectations]
        return SavedTestResult(
            outcome="passed" if all(result.is_met for result in results) else "failed",
            problem="",
            expectation_results=[_describe_result(result) for result in results],
            status=exchange.status,
            elapsed_ms=round(exchange.elapsed_ms, 3),
            exchange=exchange.id,
            started_at=started_at,
        )

    async def _send(self, test: SavedTest, values: Mapping[str, str]) -> tuple[Exchange, UnredactedResponse]:
        perform = self._applications.performing(test.application)
        if perform is None:
            raise SavedTestsError(f"There's no application `{test.application}`. Run the cell that creates it.")
        credentials = self._credentials_for(test)

        def find_variable(name: str) -> str | None:
            credential = credentials[name].value if name in credentials else None
            return values.get(name) or self._applications.variable(name) or credential

        raw = resolve_variables(test, find_variable)
        body, headers = bytearray(), list[tuple[str, str]]()

        def receive(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers.extend((k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in message["headers"])
            elif message["type"] == "http.response.body" and len(body) < MAX_CHECKED_BYTES:
                body.extend(message.get("body", b""))

        exchange = await send_raw(perform, raw, receive)
        return exchange, UnredactedResponse(exchange.status, tuple(headers), bytes(body), exchange.elapsed_ms)

    def _credentials_for(self, test: SavedTest) -> dict[str, StoredCredential]:
        """Return the credentials, entered in a view, that provide variables of a test."""
        credentials = self._applications.credentials(test.application) if test.variables else {}
        candidates = {name: find_for_variable(name, test.request, credentials) for name in test.variables}
        return {name: credential for name, credential in candidates.items() if credential is not None}

    def _checker(self, application: str, operation: str | None) -> ResponseChecker:
        return ResponseChecker(self._applications.document(application), operation, self._applications.secrets())

    # The file

    def _exchange(self, id: int) -> Exchange:
        exchange = self._log.get(id)
        if exchange is None:
            raise SavedTestsError(f"Request {id} is no longer in the log. Send it again.")
        return exchange

    def _build_test(self, exchange: Exchange, name: str, expectations: Sequence[Expectation]) -> SavedTest:
        if exchange.application is None:
            raise SavedTestsError("The request was sent to an application that isn't in a variable of this notebook.")
        secrets, raw = self._applications.secrets(), build_request(exchange)
        request, variables = build_saved_request(raw, find_redacted_values(raw, secrets), secrets)
        return SavedTest(name, exchange.application, request, tuple(expectations), variables)

    def _test(self, name: str) -> SavedTest:
        self._load()
        test = next((test for test in self._tests if test.name == name), None)
        if test is None:
            raise SavedTestsError(f"There's no test {name!r} in {self._path().name}.")
        return test

    def _check_name(self, name: str) -> None:
        if not name:
            raise SavedTestsError("The test needs a name, such as `a good book is created`.")
        if any(test.name == name for test in self._tests):
            raise SavedTestsError(f"There's already a test {name!r}. Choose another name.")

    def _free_name(self, name: str) -> str:
        with self._lock:
            self._load()
            taken = {test.name for test in self._tests}
        return next(
            free for n in range(1, len(taken) + 2) if (free := name if n == 1 else f"{name} ({n})") not in taken
        )

    def _load(self) -> None:
        """Read the file again if it has changed."""
        path = self._path()
        try:
            stat = path.stat()
            version = path, stat.st_ino, stat.st_mtime_ns, stat.st_size
        except OSError:
            version = path, 0, 0, 0
        if version == self._version:
            return
        self._version = version
        try:
            self._tests, self._problem = read_tests(path), ""
        except SavedTestsError as error:
            self._tests, self._problem = [], str(error)

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
                raise SavedTestsError(f"Can't write {path}: {error.strerror or error}.") from None
            yield

    def _write(self, tests: list[SavedTest]) -> None:
        path = self._path()
        if self._problem:  # the file may hold tests that someone wrote by hand
            try:
                self._aside = set_aside(path)
            except OSError as error:
                raise SavedTestsError(
                    f"{self._problem} It can't be moved aside ({error.strerror or error}). Fix it first."
                ) from None
        write_tests(path, tests)
        self._load()
        self._feed.touch()

    def _notice(self) -> str:
        """Return what is wrong with the file, or where an unreadable one was moved, as long as that one exists."""
        if self._problem or self._aside is None or not self._aside.exists():
            return self._problem
        name = self._path().name
        return (
            f"The previous {name} couldn't be read. It is now {self._aside.name}, and a new file was started. "
            f"To use the old one again, fix it and rename it to {name}; or delete it."
        )

    def _build_state(self) -> SavedTestsState:
        with self._lock:
            self._load()
            path = self._path()
            return SavedTestsState(
                file=path.name,
                folder=str(path.parent),
                problem=self._notice(),
                tests=[
                    _describe_test(
                        test,
                        self._credentials_for(test),
                        is_running=test.name in self._running,
                        result=self._last_result(test),
                    )
                    for test in self._tests
                ],
            )

    def _last_result(self, test: SavedTest) -> SavedTestResult | None:
        tested, result = self._results.get(test.name, (None, None))
        return result if tested == test else None


def difference(before: SavedTestsState, after: SavedTestsState, seq: int) -> SavedTestsDelta | None:
    """Return the changes between two states; None if there are none."""
    if before == after:
        return None
    old = {test["name"]: test for test in before["tests"]}
    return SavedTestsDelta(
        type="delta",
        seq=seq,
        set=[test for test in after["tests"] if old.get(test["name"]) != test],
        order=[test["name"] for test in after["tests"]],
        problem=after["problem"],
        file=after["file"],
        folder=after["folder"],
    )


def _describe_test(
    test: SavedTest, credentials: Mapping[str, StoredCredential], *, is_running: bool, result: SavedTestResult | None
) -> SavedTestState:
    request = test.request
    if request.json_text is not None:
        body = json.dumps(json.loads(request.json_text), indent=2, ensure_ascii=False)
    else:
        body = f"({len(request.data):,} bytes)" if request.data is not None else request.text or ""
    return SavedTestState(
        name=test.name,
        application=test.application,
        method=request.method,
        url=request.url,
        headers=list(request.headers),
        body=body[:_MAX_SHOWN],
        variables=list(test.variables),
        signed_in={name: credential.description for name, credential in credentials.items()},
        expectations=list(map(_describe_expectation, test.expectations)),
        is_running=is_running,
        result=result,
    )


def _parse_expectations(expectations: Sequence[ExpectationState]) -> tuple[Expectation, ...]:
    return tuple(map(parse_expectation, expectations))


def _describe_expectation(expectation: Expectation) -> ExpectationState:
    return ExpectationState(
        kind=expectation.kind, target=expectation.target, operator=expectation.operator, value=expectation.value
    )


def _describe_result(result: ExpectationResult) -> ExpectationResultState:
    return ExpectationResultState(is_met=result.is_met, actual=result.actual, problem=result.problem)
