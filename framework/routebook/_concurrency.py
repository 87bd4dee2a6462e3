"""The limit on simultaneous uses of one dependency declaration: a semaphore for each event loop."""

from weakref import WeakKeyDictionary

import anyio
from anyio.lowlevel import current_token


class DependencyConcurrency:
    """Gives the semaphore that counts a declaration's uses in the running event loop.

    A semaphore belongs to the loop that waits on it, and an application may outlive its loop (tests) or serve
    from several (threads); so there is one for each. They go with the loop, or with the declaration.

    Attributes:
        limit: How many uses may be alive at a time.
    """

    __slots__ = ("_semaphores", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._semaphores: WeakKeyDictionary[object, anyio.Semaphore] = WeakKeyDictionary()

    def get_semaphore(self) -> anyio.Semaphore:
        """The semaphore of the running event loop, created at first use.

        Raises:
            anyio.NoEventLoopError: No event loop runs in this thread.
        """
        loop = current_token().native_token
        semaphore = self._semaphores.get(loop)
        if semaphore is None:
            semaphore = self._semaphores[loop] = anyio.Semaphore(self.limit, max_value=self.limit)
        return semaphore
