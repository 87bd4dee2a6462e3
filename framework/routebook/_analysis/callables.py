"""What kind of callable this is, decided once: everything later asks the answer, never the callable again."""

import asyncio
import functools
import inspect
from collections.abc import Callable
from enum import Enum
from types import CodeType
from typing import Any

from routebook._types import SourceLocation


class CallableKind(Enum):
    """How a callable is run."""

    SYNC = "sync"  # in a worker thread
    ASYNC = "async"  # awaited
    GENERATOR = "generator"  # set-up, yield, teardown; in a worker thread
    ASYNC_GENERATOR = "async generator"

    @property
    def is_generator(self) -> bool:
        return self in (CallableKind.GENERATOR, CallableKind.ASYNC_GENERATOR)


def classify_callable(call: Callable[..., Any]) -> CallableKind:
    """Tell how to run a function, method, partial, class or callable instance.

    What the callable itself shows wins; a plain wrapper made by `functools.wraps` is what it wraps, since calling
    it gives the wrapped function's coroutine or generator.
    """
    function = _function_of(call)
    own_kind = _kind_of_function(function)
    if own_kind is not CallableKind.SYNC:
        return own_kind
    wrapped = _function_of(inspect.unwrap(function))
    return CallableKind.SYNC if wrapped is function else classify_callable(wrapped)


def unwrap_callable(call: Callable[..., Any]) -> Callable[..., Any]:
    """The function that a person wrote: beneath partials, bound methods, decorators and callable instances."""
    function = _function_of(call)
    wrapped = inspect.unwrap(function)
    return wrapped if wrapped is function else unwrap_callable(wrapped)


def locate_callable(call: Callable[..., Any]) -> SourceLocation | None:
    """Where `call` was written, as its code object tells; None for what has no Python code of its own."""
    function = unwrap_callable(call)
    name: str = getattr(function, "__qualname__", type(function).__qualname__)
    if inspect.isclass(function):
        function = function.__init__  # only its code object is wanted
    code: CodeType | None = getattr(function, "__code__", None)
    return None if code is None else SourceLocation(code.co_filename, code.co_firstlineno, name)


def callable_name(call: Callable[..., Any]) -> str:
    """The name a person would use for it in a sentence: of a callable instance that of its class."""
    function = unwrap_callable(call)
    if inspect.isclass(function):
        return _class_name(function)
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        return _class_name(type(function))
    plain = str.__str__(name)
    return _class_name(type(getattr(function, "__self__", call))) if plain == "__call__" else plain


def _class_name(cls: type) -> str:
    """A class's own name, whatever its metaclass says of it."""
    return str.__str__(type.__dict__["__name__"].__get__(cls))


def _function_of(call: Callable[..., Any]) -> Callable[..., Any]:
    """Step through partials and callable instances to something that `inspect` can judge."""
    while isinstance(call, functools.partial):
        call = call.func
    if inspect.isroutine(call) or inspect.isclass(call):
        return call
    return getattr(call, "__call__", call)  # noqa: B004  # the method is wanted


def _kind_of_function(function: Callable[..., Any]) -> CallableKind:
    if inspect.isclass(function):
        return CallableKind.SYNC
    if inspect.isasyncgenfunction(function):
        return CallableKind.ASYNC_GENERATOR
    if inspect.isgeneratorfunction(function):
        return CallableKind.GENERATOR
    # asyncio's test also knows the marker that older decorators set
    if inspect.iscoroutinefunction(function) or asyncio.iscoroutinefunction(function):
        return CallableKind.ASYNC
    return CallableKind.SYNC
