"""The explorer: one live widget for an application, over the kernel's own messages.

The widget's traits hold nothing of the application, so that a saved notebook does not grow with it: the page asks for
the state when it appears, and gets what changed after that.
"""

import contextlib
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any, Protocol

import anywidget

from routebook_kernel.protocol import AppState, DeltaMessage
from routebook_kernel.session_api import AppView, SessionApi
from routebook_kernel.widgets.commands import Commands

_STATIC = Path(__file__).parent / "static"


class Overview(Protocol):
    """An application where no widget runs: on GitHub, in nbconvert's output, in a terminal."""

    def __repr__(self) -> str: ...

    def _repr_html_(self) -> str: ...


class Explorer(anywidget.AnyWidget):
    """The explorer of one application. Several views of it, in one page or in several, are in step.

    Args:
        session: Runs the console's requests.
        view: The application.
        overview: Makes the text and HTML for where no widget runs.
    """

    _esm = _STATIC / "explorer.js"
    _css = _STATIC / "explorer.css"

    def __init__(self, session: SessionApi, view: AppView, overview: Callable[[AppState], Overview]) -> None:
        super().__init__()
        self._view = view
        self._overview = overview
        self._commands = Commands(session, view, self._post)
        self.on_msg(self._receive)
        self._unsubscribe = view.subscribe(self._changed)

    def close(self) -> None:
        """End the views and what they are waiting for."""
        if hasattr(self, "_unsubscribe"):  # `close` is also called for a widget whose construction failed
            self._unsubscribe()
            self._commands.close()
        super().close()

    def _receive(self, widget: "Explorer", content: Any, buffers: Any) -> None:
        self._commands.handle(content)

    def _changed(self, delta: DeltaMessage) -> None:
        self._post(delta)

    def _post(self, message: Any) -> None:
        # A kernel that shuts down closes its sockets under us; then there is nobody left to tell.
        with contextlib.suppress(OSError):
            self.send(message)

    def __repr__(self) -> str:
        _, app = self._view.state()
        return f"<Explorer of {app['title']!r}: {len(app['operations'])} operations>"

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None, **options: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The widget, and what stands for it where it does not run; `text/plain` is always there."""
        shown = super()._repr_mimebundle_(**options)
        data, metadata = shown if shown is not None else ({}, {})
        overview = self._overview(self._view.state()[1])
        data |= {"text/plain": repr(overview), "text/html": overview._repr_html_()}
        kept = {
            kind: value
            for kind, value in data.items()
            if kind == "text/plain" or ((not include or kind in include) and (not exclude or kind not in exclude))
        }
        return kept, metadata


class Explorers:
    """The explorers of one session: one an application, however often it is shown, since each carries its bundle.

    Args:
        session: The kernel's session.
        overview: Makes the text and HTML for where no widget runs.
    """

    def __init__(self, session: SessionApi, overview: Callable[[AppState], Overview]) -> None:
        self._session = session
        self._overview = overview
        self._explorers: dict[AppView, Explorer] = {}

    def of(self, app: Any) -> Explorer:
        """The explorer of an application.

        Raises:
            NotAnApplication: It is none.
        """
        view = self._session.view(app)
        if view not in self._explorers:
            self._explorers[view] = Explorer(self._session, view, self._overview)
        return self._explorers[view]

    def close(self) -> None:
        """End all of them."""
        for explorer in self._explorers.values():
            explorer.close()
        self._explorers.clear()
