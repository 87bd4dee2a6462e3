"""Every error that the kernel extension raises.

    KernelExtensionError            base of all
        HomeLoopError               the home loop can't be used from here
        RequestError                a request can't be built from these values
        ServerStartError            the in-kernel server can't start with these settings
        NotAnApplicationError       a Routebook application is needed here
        UnknownFieldError           requests in the log have no such field
        SavedTestsError             saved tests can't be read, written or run
        UnsupportedCallError        a call that doesn't work in a kernel, with a replacement
        LifespanError               an application's startup failed
        LifespanReplacedError       an application's startup was cancelled
        LoadError                   a bench couldn't send its requests
        WebSocketEndedError         the application ended a connection
            WebSocketRejectedError      before it was accepted
            WebSocketClosedError        after it was accepted

Messages are sentences for the person at the notebook: what happened, where, how to fix it.
"""

from collections.abc import Sequence

from routebook_kernel.visible_text import visible


class KernelExtensionError(Exception):
    """Base of all errors of the kernel extension. Control characters in its message are made visible."""

    def __str__(self) -> str:
        return visible(super().__str__())


class HomeLoopError(KernelExtensionError):
    """The home loop was asked to run something from its own thread, or after it was closed."""


class RequestError(KernelExtensionError):
    """A request can't be built: a path parameter is empty, a method is unknown, or a body can't be encoded."""


class ServerStartError(KernelExtensionError):
    """The in-kernel server can't start with these settings."""


class NotAnApplicationError(KernelExtensionError):
    """A Routebook application is needed, and the value isn't one.

    Args:
        value: The value, as the user wrote it.
    """

    def __init__(self, value: str) -> None:
        self.value = value
        super().__init__(value)

    def __str__(self) -> str:
        return f"{self.value} isn't a Routebook application. Make one with `app = Routebook()` and pass it here."


class UnknownFieldError(KernelExtensionError):
    """Requests in the log were filtered by a field that they don't have.

    Args:
        name: The unknown field.
        known: The fields that exist.
        close: Those among them with a similar name, the most similar first.
    """

    def __init__(self, name: str, known: Sequence[str], close: Sequence[str] = ()) -> None:
        self.name = name
        self.known = tuple(known)
        self.close = tuple(close)
        super().__init__(name, known, close)

    def __str__(self) -> str:
        if self.close:
            return f"A request has no field {self.name!r}. Did you mean {self.close[0]!r}?"
        return f"A request has no field {self.name!r}. It has {', '.join(self.known)}."


class SavedTestsError(KernelExtensionError):
    """Saved tests can't be read, written or run. The message says which, where, and how to fix it."""


class UnsupportedCallError(KernelExtensionError):
    """A call that doesn't work inside a kernel.

    Args:
        call: The call as the user wrote it, for example `uvicorn.run("main:app", workers=4)`.
        reason: Why it can't work, a sentence without its full stop.
        instead: The code to write instead.
    """

    def __init__(self, call: str, reason: str, instead: str) -> None:
        self.call = call
        self.reason = reason
        self.instead = instead
        super().__init__(call, reason, instead)

    def __str__(self) -> str:
        return f"{self.call}: {self.reason}. Write this instead: {self.instead}"


class LifespanError(KernelExtensionError):
    """An application's startup reported that it failed (ASGI, `lifespan.startup.failed`)."""


class LifespanReplacedError(KernelExtensionError):
    """A startup was cancelled: another application replaced this one, or no one waited for it any longer."""


class LoadError(KernelExtensionError):
    """A bench couldn't send its requests."""


class WebSocketEndedError(KernelExtensionError):
    """The application ended the connection.

    Args:
        code: The close code (RFC 6455 §7.4), 1000 for a normal end; 403 if a rejection has none.
        reason: The application's reason, often empty.
    """

    _verb = "ended"

    def __init__(self, code: int, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(code, reason)

    def __str__(self) -> str:
        why = f": {self.reason.removesuffix('.')}" if self.reason else ""
        return f"The connection was {self._verb} with {self.code}{why}."


class WebSocketRejectedError(WebSocketEndedError):
    """The application didn't accept the connection."""

    _verb = "rejected"


class WebSocketClosedError(WebSocketEndedError):
    """The application closed the connection."""

    _verb = "closed"
