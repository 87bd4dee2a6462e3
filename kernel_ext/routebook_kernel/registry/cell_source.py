"""The source of a cell, read: its syntax tree, its definitions, the names that it binds."""

import ast
import re
import symtable
from functools import lru_cache

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")


@lru_cache(maxsize=1024)
def parsed(source: str) -> ast.Module | None:
    """A cell's syntax tree, IPython's own lines left out; None where it cannot be read."""
    try:
        return ast.parse(without_magics(source))
    except (SyntaxError, ValueError):
        return None


@lru_cache(maxsize=1024)
def bound_in(source: str) -> frozenset[str]:
    """The names that a cell binds: assigned, imported, looped over, defined."""
    try:
        table = symtable.symtable(without_magics(source), "<cell>", "exec")
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(each.get_name() for each in table.get_symbols() if each.is_assigned() or each.is_imported())


@lru_cache(maxsize=1024)
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
