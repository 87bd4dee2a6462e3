"""What every view is: one widget that is kept in step with a feed, and answers its page's commands.

A widget carries a small loader only; the page asks for the view's bundle once. Its traits hold nothing of what it
shows: the page asks for the state when it appears, and gets what changed after that. So a saved notebook does not
grow with its views.
"""

import contextlib
import hashlib
from collections.abc import Callable, Container, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol

import anywidget

from routebook_kernel.protocol import Code
from routebook_kernel.session_api import Feed, SessionApi
from routebook_kernel.widgets.commands import Ask, Commands

_STATIC = Path(__file__).parent / "static"


class Overview(Protocol):
    """What stands for a view where no widget runs: on GitHub, in nbconvert's output, in a terminal."""

    def __repr__(self) -> str: ...

    def _repr_html_(self) -> str: ...


class View(anywidget.AnyWidget):
    """A live view. Several places that show it, in one page or in several, are in step.

    Args:
        session: Runs what the page asks for.
        feed: What the view shows.
        overview: Makes text and HTML of the feed's state, for where no widget runs.
        asks: What the page may ask for, by the command's name.

    Attributes:
        bundle: The view's files in `static`: a script and a sheet of this name.
    """

    _esm = _STATIC / "loader.js"
    bundle: ClassVar[str]

    def __init__(
        self, session: SessionApi, feed: Feed, overview: Callable[[Any], Overview], asks: Mapping[str, Ask]
    ) -> None:
        super().__init__()
        self.feed = feed
        self._overview = overview
        self._commands = Commands(session, feed, self._post, lambda: code_of(self.bundle), asks)
        self.on_msg(self._receive)
        self._unsubscribe = feed.subscribe(self._post)

    def close(self) -> None:
        """End the view and what its pages are waiting for."""
        if hasattr(self, "_unsubscribe"):  # `close` is also called for a widget whose construction failed
            self._unsubscribe()
            self._commands.close()
        super().close()

    def _receive(self, widget: "View", content: Any, buffers: Any) -> None:
        self._commands.handle(content)

    def _post(self, message: Any) -> None:
        # A kernel that shuts down closes its sockets under us; then there is nobody left to tell.
        with contextlib.suppress(OSError):
            self.send(message)

    def __repr__(self) -> str:
        return repr(self._overview(self.feed.state()[1]))

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None, **options: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The widget, and what stands for it where it does not run; `text/plain` is always there."""
        shown = super()._repr_mimebundle_(**options)
        data, metadata = shown if shown is not None else ({}, {})
        overview = self._overview(self.feed.state()[1])
        data |= {"text/plain": repr(overview), "text/html": overview._repr_html_()}
        kept = {
            kind: value
            for kind, value in data.items()
            if kind == "text/plain" or ((not include or kind in include) and (not exclude or kind not in exclude))
        }
        return kept, metadata


@cache
def code_of(bundle: str) -> Code:
    """The script and the sheet of a view."""
    js, css = ((_STATIC / f"{bundle}.{kind}").read_text("utf-8") for kind in ("js", "css"))
    return Code(view=bundle, key=hashlib.sha256(f"{js}\0{css}".encode()).hexdigest(), js=js, css=css)
