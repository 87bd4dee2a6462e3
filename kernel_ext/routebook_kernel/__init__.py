"""The IPython extension of Routebook: `%load_ext routebook_kernel`."""

from routebook_kernel.exceptions import (
    KernelExtensionError,
    LifespanError,
    NotAnApplicationError,
    RequestError,
    SavedTestsError,
    ServerStartError,
    UnknownFieldError,
    UnsupportedCallError,
    WebSocketClosedError,
    WebSocketEndedError,
    WebSocketRejectedError,
)
from routebook_kernel.extension import (
    check,
    client,
    load_ipython_extension,
    log,
    session,
    trace,
    unload_ipython_extension,
)

__all__ = [
    "KernelExtensionError",
    "LifespanError",
    "NotAnApplicationError",
    "RequestError",
    "SavedTestsError",
    "ServerStartError",
    "UnknownFieldError",
    "UnsupportedCallError",
    "WebSocketClosedError",
    "WebSocketEndedError",
    "WebSocketRejectedError",
    "check",
    "client",
    "load_ipython_extension",
    "log",
    "session",
    "trace",
    "unload_ipython_extension",
]
