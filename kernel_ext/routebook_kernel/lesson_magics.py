"""`%check`, `%hint`, `%solution` and `%progress`: the exercises of a lesson."""

from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class

from routebook_kernel.exceptions import KernelExtensionError
from routebook_kernel.learn import Tutor
from routebook_kernel.session import Session

NAMES = ("check", "hint", "solution", "progress")


@magics_class
class LessonMagics(Magics):
    """The magics for exercises.

    Args:
        show: Displays an object under the cell.
    """

    def __init__(self, shell: InteractiveShell, session: Session, show: Callable[[Any], None]) -> None:
        super().__init__(shell)
        self._session = session
        self._show = show
        self.tutor = Tutor(session, shell.user_ns, lambda: _cells_of(shell))

    def record_run(self, result: ExecutionResult) -> None:
        """Note a cell's run, for `post_run_cell`: a cell that raised doesn't count as an attempt at an exercise."""
        source = str(result.info.raw_cell or "") if result.info is not None else ""
        self.tutor.record_run(source, result.error_before_exec or result.error_in_exec)

    @line_magic
    def check(self, line: str) -> None:
        """Check an exercise: `%check 4.2`. Without a number, check the last one again."""
        self._show_result("check", lambda: self.tutor.check(line.strip()))

    @line_magic
    def hint(self, line: str) -> None:
        """Show the next hint for an exercise: `%hint 4.2`. Without a number, for the last one."""
        self._show_result("hint", lambda: self.tutor.hint(line.strip()))

    @line_magic
    def solution(self, line: str) -> None:
        """Show one solution of an exercise, once you've tried it: `%solution 4.2`."""
        self._show_result("solution", lambda: self.tutor.solution(line.strip()))

    @line_magic
    def progress(self, line: str) -> None:
        """Show the course and your progress. `%progress --reset` deletes your progress."""
        if line.strip() not in {"", "--reset"}:
            raise UsageError(
                f"`%progress` doesn't take {line.strip()!r}. Write `%progress`, or `%progress --reset` to start over."
            )
        self._show_result("progress", self.tutor.reset if line.strip() else self.tutor.show_progress)

    def _show_result(self, magic: str, run: Callable[[], Any]) -> None:
        if self._session.home.is_here:
            raise UsageError(f"`%{magic}` can't run in a cell that uses `await`. Put it in a cell of its own.")
        try:
            self._show(run())
        except KernelExtensionError as error:
            raise UsageError(str(error)) from None


def _cells_of(shell: InteractiveShell) -> list[str]:
    """Return the cells that ran, as written. In IPython's `In`, a cell magic is a call with a string."""
    return [] if shell.history_manager is None else shell.history_manager.input_hist_raw
