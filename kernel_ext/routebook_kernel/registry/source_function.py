"""One function of a cell's source, as the rules that look for mistakes see it."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a cell, as the rules see it.

    Attributes:
        decorator: The path operation's decorator call; None for a helper or a dependency.
        namespace: The notebook's variables, to know what a name stands for.
    """

    node: FunctionNode
    decorator: ast.Call | None
    namespace: Mapping[str, Any]

    @property
    def method(self) -> str | None:
        """The decorator's name, "get"; None without one."""
        return self.decorator.func.attr if self.decorator and isinstance(self.decorator.func, ast.Attribute) else None

    @property
    def is_async(self) -> bool:
        """Whether it runs on the loop."""
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def parameters(self) -> list[tuple[ast.arg, ast.expr | None]]:
        """Its parameters with their defaults."""
        spec = self.node.args
        positional = [*spec.posonlyargs, *spec.args]
        padding: list[ast.expr | None] = [None] * (len(positional) - len(spec.defaults))
        return [
            *zip(positional, [*padding, *spec.defaults], strict=True),
            *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
        ]

    def own(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        """Nodes of its body, not of functions inside it."""
        pending: list[ast.AST] = list(self.node.body)
        while pending:
            node = pending.pop(0)
            if isinstance(node, kinds):
                yield node
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
                pending += ast.iter_child_nodes(node)

    def option(self, name: str) -> ast.expr | None:
        """An option of the path operation's decorator."""
        keywords = self.decorator.keywords if self.decorator else []
        return next((keyword.value for keyword in keywords if keyword.arg == name), None)

    def resolved(self, node: ast.expr) -> Any:
        """What a name or an attribute of one stands for; None where it cannot be told."""
        if isinstance(node, ast.Name):
            return self.namespace.get(node.id)
        if isinstance(node, ast.Attribute):
            return getattr(self.resolved(node.value), node.attr, None)
        return None


def dotted(node: ast.AST) -> str:
    """A name or an attribute of one as it is written; "" for anything else."""
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def last_name(node: ast.AST) -> str:
    """The last part of a dotted name."""
    return dotted(node).rpartition(".")[2]
