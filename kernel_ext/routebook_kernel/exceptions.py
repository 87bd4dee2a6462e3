"""Every error that the kernel extension raises.

    KernelExtensionError        base of all
        HomeLoopError           the home loop was used from where it cannot be
        RequestRefused          a request cannot be formed from what was given
        ServerRefused           the in-kernel server cannot start as asked
        NotAnApplication        something that is no application was given as one
        UnknownField            records were to be filtered by a field that they do not have
        TestsRefused            kept tests cannot be read, written or run
        WriteInstead            a call that cannot work in a kernel; says what to write

Messages are sentences for the person at the notebook: what, where, what to do.
"""

from collections.abc import Sequence

from routebook_kernel.visible_text import visible


class KernelExtensionError(Exception):
    """Base of all errors of the kernel extension. What their messages quote is shown, never obeyed by a terminal."""

    def __str__(self) -> str:
        return visible(super().__str__())


class HomeLoopError(KernelExtensionError):
    """The home loop was asked to run something from its own thread, or after it was closed."""


class RequestRefused(KernelExtensionError):
    """A request cannot be formed: a path parameter is empty, a method is unknown, a body cannot be encoded."""


class ServerRefused(KernelExtensionError):
    """The in-kernel server cannot start as asked."""


class NotAnApplication(KernelExtensionError):
    """Something that is no application was given where one is needed.

    Args:
        given: What was given, as a person wrote it.
    """

    def __init__(self, given: str) -> None:
        self.given = given
        super().__init__(given)

    def __str__(self) -> str:
        return f"{self.given} is not a Routebook application. Make one with `app = Routebook()` and name it here."


class UnknownField(KernelExtensionError):
    """Records were to be filtered by a field that they do not have.

    Args:
        name: The one that was named.
        known: Those that there are.
        close: Those that may have been meant.
    """

    def __init__(self, name: str, known: Sequence[str], close: Sequence[str] = ()) -> None:
        self.name = name
        self.known = tuple(known)
        self.close = tuple(close)
        super().__init__(name, known, close)

    def __str__(self) -> str:
        if self.close:
            return f"An exchange has no field {self.name!r}. Did you mean {self.close[0]!r}?"
        return f"An exchange has no field {self.name!r}. It has {', '.join(self.known)}."


class TestsRefused(KernelExtensionError):
    """Kept tests cannot be read, written or run; the message says which, where, and what to do."""


class WriteInstead(KernelExtensionError):
    """A call that cannot work inside a kernel.

    Args:
        call: The call as it was written, for example `uvicorn.run("main:app", workers=4)`.
        reason: Why it cannot work, a sentence without its full stop.
        instead: What to write, code.
    """

    def __init__(self, call: str, reason: str, instead: str) -> None:
        self.call = call
        self.reason = reason
        self.instead = instead
        super().__init__(call, reason, instead)

    def __str__(self) -> str:
        return f"{self.call}: {self.reason}. Write instead: {self.instead}"
