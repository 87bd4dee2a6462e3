"""Parsing of a cell's source: its syntax tree, its definitions and the names it binds."""

import ast
import re
import symtable
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_MAX_TREES = 32
"""How many syntax trees are cached: the running cell's, and those of a few cells it refers to."""

_PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")


@lru_cache(maxsize=_MAX_TREES)
def parse_source(source: str) -> ast.Module | None:
    """Return the syntax tree of a cell, without IPython's own lines, or None if the source can't be parsed."""
    try:
        return ast.parse(blank_magics(source))
    except (SyntaxError, ValueError):
        return None


@lru_cache(maxsize=1024)  # called for every cell after each run
def bound_names(source: str) -> frozenset[str]:
    """Return the names a cell binds by assignment, import, loop or definition."""
    try:
        table = symtable.symtable(blank_magics(source), "<cell>", "exec")
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(
        symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()
    )


@lru_cache(maxsize=1024)
def reassigned_names(source: str) -> frozenset[str]:
    """Return the names with several values in one run of a cell: loop variables, and names assigned more than once."""
    nodes = list(ast.walk(parse_source(source) or ast.Module([], [])))
    loops = [node.target for node in nodes if isinstance(node, ast.For | ast.AsyncFor)]
    looped = {name for target in loops for name in _iter_stored(ast.walk(target))}
    return frozenset(looped | {name for name, count in Counter(_iter_stored(nodes)).items() if count > 1})


def _iter_stored(nodes: Iterable[ast.AST]) -> Iterator[str]:
    return (node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


@lru_cache(maxsize=_MAX_TREES)
def find_functions(source: str) -> dict[tuple[str, int], FunctionNode]:
    """Return the functions of a cell by name and first line, the way their code objects identify them."""
    tree = parse_source(source)
    nodes = [node for node in ast.walk(tree) if isinstance(node, FunctionNode)] if tree else []
    return {
        (node.name, min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])): node
        for node in nodes
    }


def blank_magics(source: str) -> str:
    """Return the source with IPython's own lines blanked, so that the other lines keep their numbers."""
    if source.lstrip().startswith("%%"):
        first = source.lstrip().splitlines()[0]
        return source.replace(first, "", 1) if first.startswith(_PYTHON_MAGICS) else ""
    return re.sub(r"(?m)^(\s*)[%!?].*$", r"\1pass", source)
