"""IPython hooks around each cell run, which report it to the session and show what it changed."""

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
    """Callbacks for `pre_run_cell` and `post_run_cell`.

    We don't use `pre_execute`, because it also fires for widget messages. If a cell runs another one (`%run`, a magic),
    both count as one run, the outer one.

    Args:
        show: Displays a summary under the running cell.
        shown_error: Returns the exception to show for a cell that raised.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        session: Session,
        show: Callable[[Summary], None],
        shown_error: Callable[[BaseException | None], BaseException | None] = lambda error: error,
    ) -> None:
        self._shell = shell
        self._session = session
        self._show = show
        self._shown_error = shown_error
        self._running: list[ExecutionInfo] = []
        self._filename: str | None = None

    def register(self) -> None:
        """Register the hooks."""
        self._shell.events.register("pre_run_cell", self.before)
        self._shell.events.register("post_run_cell", self.after)

    def unregister(self) -> None:
        """Unregister the hooks."""
        for event, callback in (("pre_run_cell", self.before), ("post_run_cell", self.after)):
            with contextlib.suppress(ValueError):
                self._shell.events.unregister(event, callback)

    def join(self) -> None:
        """Begin the run of the cell that loads the extension, because it may also define operations."""
        if (info := _running_now(self._shell)) is not None:
            self.before(info)

    def before(self, info: ExecutionInfo) -> None:
        """Begin a cell's run. For a cell that uses `await`, IPython calls this on the home thread."""
        with HeldInterrupts(limit=1) as held:
            self._begin(info)
        if held.count:
            deliver_soon()  # inside the cell: here, IPython would print the interrupt and still run the cell

    def _begin(self, info: ExecutionInfo) -> None:
        self._running.append(info)
        if len(self._running) > 1:
            return
        raw, transformed = info.raw_cell or "", info.transformed_cell or info.raw_cell or ""
        count = self._shell.execution_count - 1 if info.store_history else None
        self._filename = self._shell.compile.get_code_name(raw, transformed, count or 0)
        meta = info.cell_meta or _parent_message(self._shell).get("metadata") or {}
        deleted = [str(cell) for cell in meta.get("deletedCells") or ()]
        self._session.begin_run(info.cell_id or meta.get("cellId"), raw, count, self._filename, deleted)

    def after(self, result: ExecutionResult) -> None:
        """End a cell's run, whether or not it raised."""
        with HeldInterrupts(limit=1):  # the cell is over, so there is nothing left to interrupt
            self._end(result)

    def _end(self, result: ExecutionResult) -> None:
        result.error_in_exec = self._shown_error(result.error_in_exec)
        if not self._leave(result.info):
            return
        outcome, error = outcome_of(result, self._filename)
        run_result = self._session.finish_run(outcome, error)
        if run_result is not None and run_result.reports:
            self._show(Summary(run_result.reports))

    def _leave(self, info: Any) -> bool:
        """Return whether the run that ends is the outermost one. An empty cell ends without having begun."""
        for index in reversed(range(len(self._running))):
            running = self._running[index]
            if running is info or (info is not None and _code_of(running) == _code_of(info)):
                del self._running[index:]
                return index == 0
        return False


def _code_of(info: ExecutionInfo) -> str:
    """Return a cell's source without trailing newlines: JupyterLite's kernel adds some, and the history has none."""
    return str(info.raw_cell or "").rstrip("\n")


def _parent_message(shell: Any) -> dict[str, Any]:
    """Return the message that the kernel is processing. In JupyterLite, only the kernel has it, not the shell."""
    get_parent = getattr(shell if hasattr(shell, "get_parent") else getattr(shell, "kernel", None), "get_parent", None)
    message = get_parent() if get_parent is not None else None
    return message if isinstance(message, dict) else {}


def _running_now(shell: InteractiveShell) -> ExecutionInfo | None:
    """Return the running cell, from the message that the kernel is processing, or from a console's history."""
    message = _parent_message(shell)
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
    """Return how a run ended and, if it raised, the error with its line in the cell."""
    if (error := result.error_before_exec) is not None:
        return "refused", CellError(error, error.lineno if isinstance(error, SyntaxError) else None)
    if (error := result.error_in_exec) is not None:
        return "raised", CellError(error, line_in(error.__traceback__, filename))
    return "completed", None


def line_in(traceback: TracebackType | None, filename: str | None) -> int | None:
    """Return the innermost line of a file in a traceback, or None if the file isn't in it."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == filename:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
