"""`%check`, `%hint`, `%solution`, `%progress`: a lesson's exercises. Errors are sentences."""

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
    """The magics of one learner.

    Args:
        show: Displays what a magic gives back.
    """

    def __init__(self, shell: InteractiveShell, session: Session, show: Callable[[Any], None]) -> None:
        super().__init__(shell)
        self._session = session
        self._show = show
        self.tutor = Tutor(session, shell.user_ns, lambda: _cells_of(shell))

    def note_run(self, result: ExecutionResult) -> None:
        """Listens to `post_run_cell`: a cell that raised is no answer to an exercise."""
        source = str(result.info.raw_cell or "") if result.info is not None else ""
        self.tutor.ran(source, result.error_before_exec or result.error_in_exec)

    @line_magic
    def check(self, line: str) -> None:
        """Check an exercise: `%check 4.2`; without a name, the last one again."""
        self._say(lambda: self.tutor.check(line.strip()))

    @line_magic
    def hint(self, line: str) -> None:
        """The next hint for an exercise: `%hint 4.2`; without a name, for the last one."""
        self._say(lambda: self.tutor.hint(line.strip()))

    @line_magic
    def solution(self, line: str) -> None:
        """One way to do an exercise, after a try: `%solution 4.2`."""
        self._say(lambda: self.tutor.solution(line.strip()))

    @line_magic
    def progress(self, line: str) -> None:
        """The course and what is reached of it; `%progress --reset` forgets it."""
        if line.strip() not in {"", "--reset"}:
            raise UsageError("Write %progress, or %progress --reset")
        self._say(self.tutor.reset if line.strip() else self.tutor.show_progress)

    def _say(self, make: Callable[[], Any]) -> None:
        if self._session.home.is_here:
            raise UsageError("A cell with `await` cannot hold this: put it into a cell of its own.")
        try:
            self._show(make())
        except KernelExtensionError as error:
            raise UsageError(str(error)) from None


def _cells_of(shell: InteractiveShell) -> list[str]:
    """The cells that ran, as they were written: in `In` a `%%writefile` cell is a call with one text."""
    return [] if shell.history_manager is None else shell.history_manager.input_hist_raw
