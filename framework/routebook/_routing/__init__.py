"""Paths to routes: templates, the trie over them, and the immutable table. Knows nothing of ASGI."""

from .entry import Entry, Kind
from .table import Candidate, PathIndex, RouteTable
from .template import PathTemplate, PathTemplateError, parse_template

__all__ = [
    "Candidate",
    "Entry",
    "Kind",
    "PathIndex",
    "PathTemplate",
    "PathTemplateError",
    "RouteTable",
    "parse_template",
]
