"""A real kernel, driven as JupyterLab drives it: cell ids, deleted cells, interrupts, messages in order."""

import os
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Result:
    """What one run of a cell sent to the page."""

    text: str = ""
    displays: list[dict[str, Any]] = field(default_factory=list)
    value: dict[str, Any] | None = None
    error: str | None = None

    @property
    def shown(self) -> str:
        """The plain texts of all that was displayed."""
        return "\n".join(data.get("text/plain", "") for data in self.displays)

    @property
    def plain(self) -> str:
        return (self.value or {}).get("text/plain", "")


class Kernel:
    """One kernel process."""

    def __init__(self, env: dict[str, str] | None = None) -> None:
        # Sockets in a folder: a free TCP port may be taken by another test before the kernel opens it.
        self._sockets = tempfile.TemporaryDirectory(prefix="rb-", dir="/tmp")
        self.manager = KernelManager(kernel_name="python3", transport="ipc", ip=f"{self._sockets.name}/kernel")
        self.manager.start_kernel(env={**os.environ, **(env or {})})
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
        self._sockets.cleanup()

    def start(self, code: str, cell: str | None = None, deleted: list[str] | None = None) -> str:
        """Ask for a run without waiting for it."""
        content = {
            "code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": False,
        }  # fmt: skip
        metadata: dict[str, Any] = {"cellId": cell} if cell else {}
        if deleted:
            metadata["deletedCells"] = deleted
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def interrupt(self, code: str, cell: str | None = None, *, after_s: float = 0) -> Result:
        """Run a cell, with a print before it, and interrupt it once that has come: a moment before may be too early.

        Args:
            after_s: How much later still.
        """
        message_id = self.start(f"print('begun')\n{code}", cell)
        while (message := self.client.get_iopub_msg(timeout=120))["msg_type"] != "stream" or (
            message["parent_header"].get("msg_id") != message_id
        ):
            pass
        time.sleep(after_s)
        self.manager.interrupt_kernel()
        return self.finish(message_id)

    def finish(self, message_id: str, timeout_s: float = 120) -> Result:
        """Gather the outputs of a run until it is idle."""
        result = Result()
        while True:
            message = self.client.get_iopub_msg(timeout=timeout_s)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                result.text += content["text"]
            elif kind == "display_data":
                result.displays.append(content["data"])
            elif kind == "execute_result":
                result.value = content["data"]
            elif kind == "error":
                result.error = _ANSI.sub("", "\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle":
                self._take_reply(message_id)
                return result

    def _take_reply(self, message_id: str) -> None:
        while self.client.get_shell_msg(timeout=60)["parent_header"].get("msg_id") != message_id:
            pass

    def run(self, code: str, cell: str | None = None, deleted: list[str] | None = None) -> Result:
        return self.finish(self.start(code, cell, deleted))

    def value(self, expression: str) -> str:
        """The repr of an expression, evaluated in a cell of its own that is no definition."""
        result = self.run(expression, "value")
        assert result.error is None, result.error
        return result.plain

    def good(self, code: str, cell: str | None = None, deleted: list[str] | None = None) -> Result:
        result = self.run(code, cell, deleted)
        assert result.error is None, result.error
        return result


def eventually(check: Callable[[], Any], timeout_s: float = 60) -> Any:
    """The first true result of `check`; its last exception where it never comes."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            if result := check():
                return result
        except Exception:
            if time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            raise AssertionError("it never came")
        time.sleep(0.05)
