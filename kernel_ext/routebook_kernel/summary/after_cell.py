"""The summary under a cell that changed an application: what changed, and warnings if there are any.

It's HTML and text, without a widget, built from the registry's `RunReport`s. A run that changed nothing gets one line.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from routebook_kernel.recording.formatting import format_count
from routebook_kernel.recording.style import code, esc, frame_html, render_backquotes, strip_backquotes
from routebook_kernel.registry.changes import OperationChange
from routebook_kernel.registry.run_report import Diagnostic, RunReport
from routebook_kernel.visible_text import VisibleText

MAX_LINES = 8
_SIGNS: Mapping[str, str] = {"new": "+", "changed": "~", "removed": "−", "note": "·", "warn": "!", "error": "×"}


class Summary(VisibleText):
    """The summary of one run, as cell output.

    Args:
        reports: One per application that the run changed.
    """

    def __init__(self, reports: Sequence[RunReport]) -> None:
        self.reports = tuple(reports)

    def __repr__(self) -> str:
        return "\n".join(line for report in self.reports for line in _iter_text(report, len(self.reports) > 1))

    def _repr_html_(self) -> str:
        return frame_html("".join(_html(report, len(self.reports) > 1) for report in self.reports))

    def bundle(self) -> dict[str, Any]:
        """Return the summary as `text/html` and `text/plain`."""
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


def _iter_text(report: RunReport, has_heading: bool) -> Iterator[str]:
    if has_heading:
        yield f"{report.name}:"
    groups, single = _fold_changes(report.changes)
    widths = [max((len(part) for part in parts), default=0) for parts in zip(*map(_split, single), strict=True)]
    for change in single:
        method, path = _split(change)
        note = strip_backquotes(_note(change))
        yield f"{_SIGNS[change.kind]} {method:{widths[0]}} {path:{widths[1]}}  {note}".rstrip()
    for kind, changes in groups:
        yield f"{_SIGNS[kind]} {strip_backquotes(_count_by_method(changes))}"
    for diagnostic in report.diagnostics:
        yield f"{_SIGNS[diagnostic.level]} {diagnostic.word}: {strip_backquotes(diagnostic.text)}"
    if not report.changes and not report.diagnostics:
        yield f"= {_describe_unchanged(report)}"


def _html(report: RunReport, has_heading: bool) -> str:
    links = dict(report.links)
    groups, single = _fold_changes(report.changes)
    rows = [_change_row(change) for change in single]
    rows += [row for kind, changes in groups for row in _group_rows(kind, changes)]
    rows += [_diagnostic_row(diagnostic, links) for diagnostic in report.diagnostics]
    if not report.changes and not report.diagnostics:
        text = esc(_describe_unchanged(report))
        rows = [f'<li class="rb-sum__quiet"><span class="rb-sum__g">=</span><span>{text}</span></li>']
    label = f'aria-label="{esc(f"Changes to {report.title} in this cell")}"'
    head = f'<p class="rb-2">{code(report.name)}</p>' if has_heading else ""
    return f'{head}<ul class="rb-sum" {label}>{"".join(rows)}</ul>'


def _change_row(change: OperationChange) -> str:
    method, path = _split(change)
    return (
        f'<li data-k="{change.kind}"><span class="rb-sum__g">{_SIGNS[change.kind]}</span>'
        f'<span class="rb-sum__m">{esc(method)}</span><span class="rb-sum__p">{esc(path)}</span>'
        f'<span class="rb-sum__note">{render_backquotes(_note(change))}</span></li>'
    )


def _group_rows(kind: str, changes: Sequence[OperationChange]) -> Iterator[str]:
    sign = f'<span class="rb-sum__g">{_SIGNS[kind]}</span>'
    text = render_backquotes(_count_by_method(changes))
    yield f'<li class="rb-sum__find" data-k="{kind}">{sign}<span>{text}</span></li>'
    items = "".join(f"<li>{esc(change.id)}</li>" for change in changes)
    yield f"<li><details><summary>Show all {len(changes)}</summary><ul>{items}</ul></details></li>"


def _diagnostic_row(diagnostic: Diagnostic, links: Mapping[str, str]) -> str:
    return (
        f'<li class="rb-sum__find" data-k="{diagnostic.level}">'
        f'<span class="rb-sum__g">{_SIGNS[diagnostic.level]}</span>'
        f"<span><b>{esc(diagnostic.word)}:</b> {render_backquotes(diagnostic.text, links)}</span></li>"
    )


def _fold_changes(
    changes: Sequence[OperationChange],
) -> tuple[list[tuple[str, list[OperationChange]]], list[OperationChange]]:
    """Split changes into kinds with too many to list, which are counted and folded, and single changes."""
    groups, single = [], []
    for kind in ("new", "changed", "removed"):
        of_kind = [change for change in changes if change.kind == kind]
        if len(of_kind) > MAX_LINES:
            groups.append((kind, of_kind))
        else:
            single += of_kind
    return groups, single


def _count_by_method(changes: Sequence[OperationChange]) -> str:
    methods = Counter(_split(change)[0] for change in changes)
    counts = ", ".join(f"{count} {method}" for method, count in methods.most_common())
    prefix = _common_prefix(_split(change)[1] for change in changes)
    return f"{len(changes)} operations{f' under `{prefix}`' if prefix else ''}: {counts}"


def _common_prefix(paths: Iterable[str]) -> str:
    segments = [path.strip("/").split("/") for path in paths]
    common: list[str] = []
    for level in zip(*segments, strict=False):
        if len(set(level)) > 1 or level[0].startswith("{"):
            break
        common.append(level[0])
    return f"/{'/'.join(common)}" if common and common[0] else ""


def _split(change: OperationChange) -> tuple[str, str]:
    method, _, path = change.id.partition(" ")
    return method, path


def _note(change: OperationChange) -> str:
    return change.note or ("no longer in this cell" if change.kind == "removed" else "")


def _describe_unchanged(report: RunReport) -> str:
    return f"no changes, {format_count(report.live_count, 'operation')} live"
