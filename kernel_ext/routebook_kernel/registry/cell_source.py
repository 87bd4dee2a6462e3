"""The source of a cell, read: its syntax tree, its definitions, the names that it binds."""

import ast
import re
import symtable
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_TREES = 32
"""How many syntax trees are kept: those of the cell that runs, and of some that it names."""

_PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")


@lru_cache(maxsize=_TREES)
def parsed(source: str) -> ast.Module | None:
    """A cell's syntax tree, IPython's own lines left out; None where it cannot be read."""
    try:
        return ast.parse(without_magics(source))
    except (SyntaxError, ValueError):
        return None


@lru_cache(maxsize=1024)  # asked of every cell after each run
def bound_in(source: str) -> frozenset[str]:
    """The names that a cell binds: assigned, imported, looped over, defined."""
    try:
        table = symtable.symtable(without_magics(source), "<cell>", "exec")
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(each.get_name() for each in table.get_symbols() if each.is_assigned() or each.is_imported())


@lru_cache(maxsize=1024)
def varying_in(source: str) -> frozenset[str]:
    """The names that stand for several things while a cell runs: of loops, and assigned more than once."""
    nodes = list(ast.walk(parsed(source) or ast.Module([], [])))
    loops = [node.target for node in nodes if isinstance(node, ast.For | ast.AsyncFor)]
    looped = {name for target in loops for name in _stored(ast.walk(target))}
    return frozenset(looped | {name for name, count in Counter(_stored(nodes)).items() if count > 1})


def _stored(nodes: Iterable[ast.AST]) -> Iterator[str]:
    return (node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


@lru_cache(maxsize=_TREES)
def functions_in(source: str) -> dict[tuple[str, int], FunctionNode]:
    """The functions of a cell by name and first line, as their code objects have them."""
    tree = parsed(source)
    nodes = [node for node in ast.walk(tree) if isinstance(node, FunctionNode)] if tree else []
    return {(node.name, min([node.lineno, *(each.lineno for each in node.decorator_list)])): node for node in nodes}


def without_magics(source: str) -> str:
    """The source with IPython's own lines blanked, so that lines keep their numbers."""
    if source.lstrip().startswith("%%"):
        first = source.lstrip().splitlines()[0]
        return source.replace(first, "", 1) if first.startswith(_PYTHON_MAGICS) else ""
    return re.sub(r"(?m)^(\s*)[%!?].*$", r"\1pass", source)
