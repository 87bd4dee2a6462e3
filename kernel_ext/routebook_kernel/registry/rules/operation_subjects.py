"""The subjects of rules for operations: an operation as the framework analysed it, and each parameter in its tree."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic.fields import FieldInfo

from routebook_kernel.registry.rules.source_subjects import iter_parameters, strip_annotated


@dataclass(frozen=True)
class OperationSubject:
    """One operation as the framework analysed it.

    Attributes:
        method: "GET"; "WEBSOCKET" for a WebSocket endpoint.
        path: With every prefix.
        dependant: The analysed tree of its function.
        response_type: The type of its response model; None without one.
    """

    function: str
    method: str
    path: str
    dependant: Any
    response_type: Any

    @cached_property
    def parameters(self) -> list["ParameterSubject"]:
        """The parameters of the operation and its dependencies, in the order of the tree."""
        return [
            ParameterSubject(parameter, node.call, "" if node is self.dependant else callable_name(node.call))
            for node in self.dependant.iter_tree()
            if node.security_scheme is None
            for parameter in node.parameters
        ]

    def has_injected(self, *kinds: str) -> bool:
        """Whether the operation or a dependency gets one of these objects: "request"."""
        return any(item.kind in kinds for node in self.dependant.iter_tree() for item in node.injected)


@dataclass(frozen=True)
class ParameterSubject:
    """One parameter of an operation, or of one of its dependencies.

    Attributes:
        analysed: The framework's view of it.
        call: The callable that declares it.
        dependency: The name of the dependency; "" for the operation's own parameters.
    """

    analysed: Any
    call: Callable[..., Any]
    dependency: str

    @property
    def name(self) -> str:
        """Its name in the function."""
        return str(self.analysed.name)

    @property
    def source(self) -> str:
        """Where it's read from: "query"."""
        return str(self.analysed.source)

    @property
    def type(self) -> Any:
        """Its type, without `Annotated`."""
        return self.analysed.field.field_info.annotation

    @property
    def label(self) -> str:
        """How a message refers to it."""
        return f"`{self.name}` of `{self.dependency}`" if self.dependency else f"`{self.name}`"

    @cached_property
    def declaration(self) -> inspect.Parameter | None:
        """Its declaration in the function, with types evaluated."""
        try:
            return inspect.signature(self.call, eval_str=True).parameters.get(self.name)
        except (TypeError, ValueError, NameError):
            return None

    @property
    def is_typed(self) -> bool:
        """Whether it has a type or a default."""
        empty = inspect.Parameter.empty
        declaration = self.declaration
        return declaration is None or not (declaration.annotation is empty and declaration.default is empty)

    @property
    def is_variadic(self) -> bool:
        """Whether it's `*args` or `**kwargs`."""
        declaration = self.declaration
        return declaration is not None and declaration.kind in (declaration.VAR_POSITIONAL, declaration.VAR_KEYWORD)

    @property
    def is_marked(self) -> bool:
        """Whether `Query()`, `Body()` or another marker says where it's read from."""
        if self.declaration is None:
            return True
        found = [self.declaration.default, *getattr(self.declaration.annotation, "__metadata__", ())]
        return any(isinstance(item, FieldInfo) for item in found)

    @cached_property
    def _source_parts(self) -> tuple[ast.expr | None, ast.expr | None] | None:
        """Its type and default in the source, or None if the source can't be read."""
        tree = parse_callable(self.call)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for arg, default in iter_parameters(node.args):
                    if arg.arg == self.name:
                        return arg.annotation, default
        return None

    @property
    def source_type(self) -> str:
        """Its type as written, without `Annotated`."""
        annotation = self._source_parts[0] if self._source_parts else None
        annotation = strip_annotated(annotation)
        if annotation is not None:
            return ast.unparse(annotation)
        return inspect.formatannotation(self.type).replace("__main__.", "").replace("typing.", "")

    @property
    def has_ellipsis(self) -> bool:
        """Whether `...` marks it as required. True if the source can't be read."""
        if self._source_parts is None:
            return True
        parts = [part for part in self._source_parts if part is not None]
        return any(isinstance(n, ast.Constant) and n.value is ... for part in parts for n in ast.walk(part))


def callable_name(call: Any) -> str:
    """Return the name of a function, of a class, or of an object's class."""
    return str(getattr(call, "__name__", None) or type(call).__name__)


def _entry_name(call: Any) -> str:
    return "__init__" if inspect.isclass(call) else "__call__"


def parse_callable(call: Any) -> ast.Module | None:
    """Return the syntax tree of a function, class or callable object, or None if its source can't be read."""
    target = (
        call
        if inspect.isroutine(call)
        else getattr(call if inspect.isclass(call) else type(call), _entry_name(call), None)
    )
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(target))))  # type: ignore[arg-type]
    except (OSError, SyntaxError, TypeError, ValueError):
        return None
