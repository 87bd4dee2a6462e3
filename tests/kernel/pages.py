"""A notebook without a kernel: cells are run by `exec`, the tracker is the framework's registrar."""

import textwrap
from typing import Any

from routebook.testclient import TestClient
from routebook_kernel.records import RunOutcome
from routebook_kernel.session.reporting import CellError
from routebook_kernel.session.tracker import Tracker
from routebook_kernel.summary import Summary


class Pages:
    """A notebook whose cells are run by `exec`, with the tracker as the framework's registrar."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.tracker = Tracker(self.namespace)
        self.count = 0

    def run(self, cell: str, source: str, deleted: tuple[str, ...] = (), *, has_end_hook: bool = True) -> str:
        """Run a cell and return the text of its summary.

        Args:
            cell: The id of the cell.
            source: What it runs.
            deleted: The ids of cells deleted before.
            has_end_hook: Whether the extension hears of the end. An interrupt between two hooks prevents that.
        """
        self.count += 1
        source = textwrap.dedent(source).strip()
        filename = f"/tmp/cell-{cell}-{self.count}.py"
        self.tracker.begin_run(cell, source, self.count, filename, deleted)
        outcome: RunOutcome = "completed"
        error: CellError | None = None
        try:
            code = compile(source, filename, "exec", dont_inherit=True)
        except SyntaxError as raised:
            outcome, error = "refused", CellError(raised, raised.lineno)
        else:
            try:
                exec(code, self.namespace)
            except (Exception, KeyboardInterrupt) as raised:
                traceback = raised.__traceback__
                line = None
                while traceback is not None:
                    if traceback.tb_frame.f_code.co_filename == filename:
                        line = traceback.tb_lineno
                    traceback = traceback.tb_next
                outcome, error = "raised", CellError(raised, line)
        if not has_end_hook:
            return ""
        result = self.tracker.finish_run(outcome, error)
        assert result is not None
        return repr(Summary(result.reports)) if result.reports else ""

    def client(self, name: str = "app") -> TestClient:
        return TestClient(self.namespace[name], raise_server_exceptions=False)

    def paths(self, name: str = "app") -> list[str]:
        return [operation.id for operation in self.tracker.operations(self.namespace[name])]
