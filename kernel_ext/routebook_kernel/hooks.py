"""IPython's hooks around each run of a cell: open the unit, settle it, show what it changed."""

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any

from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

from routebook_kernel.records import RunOutcome
from routebook_kernel.runtime.interrupts import HeldInterrupts, deliver_soon
from routebook_kernel.session import Session
from routebook_kernel.session.reporting import CellError
from routebook_kernel.summary import Summary


class CellHooks:
    """Listens to `pre_run_cell` and `post_run_cell`.

    Not to `pre_execute`, which also fires for widget messages. A cell that runs another one (`%run`, a magic) is one
    unit: the outer one.

    Args:
        show: Displays a summary under the cell that runs.
        told: What a person should hear of a cell's exception.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        session: Session,
        show: Callable[[Summary], None],
        told: Callable[[BaseException | None], BaseException | None] = lambda error: error,
    ) -> None:
        self._shell = shell
        self._session = session
        self._show = show
        self._told = told
        self._running: list[ExecutionInfo] = []
        self._filename: str | None = None

    def register(self) -> None:
        """Begin to listen."""
        self._shell.events.register("pre_run_cell", self.before)
        self._shell.events.register("post_run_cell", self.after)

    def unregister(self) -> None:
        """Stop listening."""
        for event, callback in (("pre_run_cell", self.before), ("post_run_cell", self.after)):
            with contextlib.suppress(ValueError):
                self._shell.events.unregister(event, callback)

    def join(self) -> None:
        """Open the unit of the cell that runs already: the one that loads the extension, and may go on to declare."""
        if (info := _running_now(self._shell)) is not None:
            self.before(info)

    def before(self, info: ExecutionInfo) -> None:
        """A cell begins to run; for an async cell this is called on the home thread."""
        with HeldInterrupts(limit=1) as held:
            self._begin(info)
        if held.count:
            deliver_soon()  # to the cell: IPython would print it here, and run the cell

    def _begin(self, info: ExecutionInfo) -> None:
        self._running.append(info)
        if len(self._running) > 1:
            return
        raw, transformed = info.raw_cell or "", info.transformed_cell or info.raw_cell or ""
        count = self._shell.execution_count - 1 if info.store_history else None
        self._filename = self._shell.compile.get_code_name(raw, transformed, count or 0)
        meta = info.cell_meta or _asked(self._shell).get("metadata") or {}
        deleted = [str(cell) for cell in meta.get("deletedCells") or ()]
        self._session.begin_run(info.cell_id or meta.get("cellId"), raw, count, self._filename, deleted)

    def after(self, result: ExecutionResult) -> None:
        """A cell's run ended, however it did. An interrupt has nothing to end any longer."""
        with HeldInterrupts(limit=1):
            self._end(result)

    def _end(self, result: ExecutionResult) -> None:
        result.error_in_exec = self._told(result.error_in_exec)
        if not self._leave(result.info):
            return
        outcome, error = outcome_of(result, self._filename)
        settled = self._session.finish_run(outcome, error)
        if settled is not None and settled.reports:
            self._show(Summary(settled.reports))

    def _leave(self, info: Any) -> bool:
        """Whether the run that ends is the outermost; an empty cell ends without having begun."""
        for index in reversed(range(len(self._running))):
            begun = self._running[index]
            if begun is info or (info is not None and _code_of(begun) == _code_of(info)):
                del self._running[index:]
                return index == 0
        return False


def _code_of(info: ExecutionInfo) -> str:
    """A cell's text; a history keeps it without the line ends that a kernel may have added (JupyterLite's does)."""
    return str(info.raw_cell or "").rstrip("\n")


def _asked(shell: Any) -> dict[str, Any]:
    """The message that the kernel answers, whole; JupyterLite's kernel has it, and tells the shell nothing of it."""
    get_parent = getattr(shell if hasattr(shell, "get_parent") else getattr(shell, "kernel", None), "get_parent", None)
    message = get_parent() if get_parent is not None else None
    return message if isinstance(message, dict) else {}


def _running_now(shell: InteractiveShell) -> ExecutionInfo | None:
    """What runs in the shell: what the kernel was asked to execute, or the last line of a console's history."""
    message = _asked(shell)
    content, meta = message.get("content", {}), message.get("metadata", {})
    history = shell.history_manager.input_hist_raw if shell.history_manager else []
    code = content.get("code") or (history[-1] if len(history) > 1 else None)
    if not code or content.get("silent"):
        return None
    make_info: Callable[..., ExecutionInfo] = ExecutionInfo
    transform: Callable[[str], str] = shell.transform_cell
    return make_info(
        raw_cell=code,
        store_history=content.get("store_history", True),
        silent=False,
        shell_futures=True,
        cell_id=meta.get("cellId"),
        cell_meta=meta,
        transformed_cell=transform(code),
    )


def outcome_of(result: ExecutionResult, filename: str | None) -> tuple[RunOutcome, CellError | None]:
    """How a run ended, and the line of the cell where it stopped."""
    if (error := result.error_before_exec) is not None:
        return "refused", CellError(error, error.lineno if isinstance(error, SyntaxError) else None)
    if (error := result.error_in_exec) is not None:
        return "raised", CellError(error, line_in(error.__traceback__, filename))
    return "completed", None


def line_in(traceback: TracebackType | None, filename: str | None) -> int | None:
    """The innermost line of a file that a traceback goes through."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == filename:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
