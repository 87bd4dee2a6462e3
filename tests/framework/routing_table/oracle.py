"""The routing table's oracle: a scan in declaration order over Starlette's own patterns."""

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.routing import compile_path

from routebook._routing import Entry, Kind

Decision = tuple[str, Any, dict[str, Any] | None]


def read_params(template: str, path: str) -> dict[str, Any] | None:
    """What Starlette's `Route.matches` makes of a path; a refused conversion is no match."""
    pattern, _, convertors = compile_path(template)
    found = pattern.match(path)
    if found is None:
        return None
    try:
        return {name: convertors[name].convert(text) for name, text in found.groupdict().items()}
    except ValueError:
        return None


def scan_candidates(entries: Sequence[Entry], kind: Kind, path: str) -> Iterator[tuple[Entry, dict[str, Any] | None]]:
    """Every entry that may serve a path, with parameters, or None where it must be asked."""
    for entry in entries:
        if entry.kind not in (kind, None):
            continue
        params = {} if entry.template is None else read_params(entry.template.text, path)
        if params is not None:
            yield entry, None if entry.is_opaque else params


def decide(candidates: Iterator[tuple[Entry, dict[str, Any] | None]], method: str) -> Decision:
    """Starlette's `Router.app`, where an opaque entry's target says whether it matches."""
    partial: Decision | None = None
    for entry, params in candidates:
        if params is None:
            if entry.target.answers:
                return "full", entry.target, None
        elif entry.accepts(method):
            return "full", entry.target, params
        elif partial is None:
            partial = "partial", entry.target, params
    return partial or ("none", None, None)
