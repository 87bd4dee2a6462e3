"""A notebook in this process: a real IPython shell with the real extension, and the pages with its cases.

A page is a Markdown file. Each `## id` is a mistake of the corpus, each `### another …` under it another instance of
the same rule, each `### right …` similar but sound code. Code blocks are cells, run in order. A quote is a sentence
that the environment must show. If nothing is quoted under `### right`, it must show no messages at all.
"""

import gc
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CoroutineType
from typing import Any

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from routebook_kernel import extension

PRELUDE = """
import asyncio, json, time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal, Optional
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator
from routebook import *
from routebook import Routebook, APIRouter, BackgroundTasks, Body, Cookie, Depends, File, Form, Header, HTTPException
from routebook import Path, Query, Request, Response, UploadFile, WebSocket, WebSocketDisconnect
from routebook.middleware.cors import CORSMiddleware
from routebook.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from routebook.testclient import TestClient
import routebook_kernel
app = Routebook()
client = routebook_kernel.client(app)
"""

_QUOTE = re.compile(r"^> (.*)$", re.MULTILINE)
_MESSAGE = re.compile(r"^\s*[!·×→] .*$", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One section of a page."""

    page: str
    mistake: str
    title: str
    cells: tuple[str, ...]
    sentences: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return self.title.startswith("right")

    def __str__(self) -> str:
        return self.mistake + (f": {self.title}" if self.title else "")


def read_page(path: Path) -> Iterator[Case]:
    """Yield the cases of a page, in order."""
    mistake = ""
    for part in re.split(r"^(?=##)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        level, _, title = head.partition(" ")
        if level == "##":
            mistake, title = title.strip(), ""
        cells = tuple(re.findall(r"^```python\n(.*?)^```$", body, flags=re.MULTILINE | re.DOTALL))
        if cells:
            yield Case(path.stem, mistake, title.strip(), cells, tuple(_QUOTE.findall(body)))


class Notebook:
    """A shell with the extension loaded. Each case begins with fresh variables."""

    def __init__(self) -> None:
        self.shell: Any = InteractiveShell.instance()
        self.shell.display_pub = CapturingDisplayPublisher()
        self.shell._showtraceback = lambda *parts: None  # its last line is read from the result
        self._count = 0

    def close(self) -> None:
        extension.unload_ipython_extension(self.shell)
        sys.modules.pop("jwt", None)  # a page's stand-in
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # coroutines that no case awaited are collected here
            self.shell.reset(new_session=False)
            InteractiveShell.clear_instance()
            gc.collect()
        for (
            coroutine
        ) in gc.get_objects():  # some still have references: `typing` caches `Annotated[int, Depends(coroutine())]`
            if isinstance(coroutine, CoroutineType) and coroutine.cr_code.co_filename.startswith("<ipython-input"):
                coroutine.close()

    def show(self, case: Case) -> str:
        """Run a case's cells and return everything a person sees under them."""
        extension.unload_ipython_extension(self.shell)
        self.shell.user_ns.clear()  # not `reset`, which collects garbage for a quarter of a second
        self.shell.init_user_ns()
        self.shell.user_ns["__name__"] = "__main__"
        self._run("%reload_ext routebook_kernel")
        self._run(PRELUDE)
        return "\n".join(self._run(cell) for cell in case.cells)

    def _run(self, cell: str) -> str:
        self._count += 1
        self.shell.display_pub.outputs.clear()
        with capture_output(display=False) as printed:
            result = self.shell.run_cell(cell, store_history=True, cell_id=f"cell-{self._count}")
        shown = [output["data"].get("text/plain", "") for output in self.shell.display_pub.outputs]
        if result.result is not None:
            data, _ = self.shell.display_formatter.format(result.result)
            shown.append(data.get("text/plain", ""))
        if (error := result.error_before_exec or result.error_in_exec) is not None:
            shown.append(f"{type(error).__name__}: {error}")
        return "\n".join([*shown, printed.stdout])


def find_messages(shown: str) -> list[str]:
    """Return the diagnostics, issues and advice in the output."""
    return _MESSAGE.findall(shown)
