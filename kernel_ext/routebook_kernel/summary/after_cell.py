"""The summary under a cell that changed an API: one quiet line when all is well, room for what needs a person.

Plain HTML with a text fallback, no widget; what it says comes from the registry's `RunReport`.
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
    """The summary of one run, as a notebook's output.

    Args:
        reports: One for each application that the run touched.
    """

    def __init__(self, reports: Sequence[RunReport]) -> None:
        self.reports = tuple(reports)

    def __repr__(self) -> str:
        return "\n".join(line for report in self.reports for line in _iter_text(report, len(self.reports) > 1))

    def _repr_html_(self) -> str:
        return frame_html("".join(_html(report, len(self.reports) > 1) for report in self.reports))

    def bundle(self) -> dict[str, Any]:
        """`text/html` and `text/plain`."""
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


def _iter_text(report: RunReport, is_one_of_many: bool) -> Iterator[str]:
    if is_one_of_many:
        yield f"{report.name}:"
    groups, single = _folded(report.changes)
    widths = [max((len(part) for part in parts), default=0) for parts in zip(*map(_split, single), strict=True)]
    for change in single:
        method, path = _split(change)
        note = strip_backquotes(_note(change))
        yield f"{_SIGNS[change.kind]} {method:{widths[0]}} {path:{widths[1]}}  {note}".rstrip()
    for kind, changes in groups:
        yield f"{_SIGNS[kind]} {strip_backquotes(_counted(changes))}"
    for diagnostic in report.diagnostics:
        yield f"{_SIGNS[diagnostic.level]} {diagnostic.word}: {strip_backquotes(diagnostic.text)}"
    if not report.changes and not report.diagnostics:
        yield f"= {_quiet(report)}"


def _html(report: RunReport, is_one_of_many: bool) -> str:
    links = dict(report.links)
    groups, single = _folded(report.changes)
    rows = [_change_row(change) for change in single]
    rows += [row for kind, changes in groups for row in _group_rows(kind, changes)]
    rows += [_diagnostic_row(diagnostic, links) for diagnostic in report.diagnostics]
    if not report.changes and not report.diagnostics:
        rows = [f'<li class="rb-sum__quiet"><span class="rb-sum__g">=</span><span>{esc(_quiet(report))}</span></li>']
    label = f'aria-label="{esc(f"What this cell changed in {report.title}")}"'
    head = f'<p class="rb-2">{code(report.name)}</p>' if is_one_of_many else ""
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
    yield f'<li class="rb-sum__find" data-k="{kind}">{sign}<span>{render_backquotes(_counted(changes))}</span></li>'
    items = "".join(f"<li>{esc(change.id)}</li>" for change in changes)
    yield f"<li><details><summary>show the {len(changes)}</summary><ul>{items}</ul></details></li>"


def _diagnostic_row(diagnostic: Diagnostic, links: Mapping[str, str]) -> str:
    return (
        f'<li class="rb-sum__find" data-k="{diagnostic.level}">'
        f'<span class="rb-sum__g">{_SIGNS[diagnostic.level]}</span>'
        f"<span><b>{esc(diagnostic.word)}:</b> {render_backquotes(diagnostic.text, links)}</span></li>"
    )


def _folded(
    changes: Sequence[OperationChange],
) -> tuple[list[tuple[str, list[OperationChange]]], list[OperationChange]]:
    """Many changes of one kind are counted, then folded; few are told one by one."""
    groups, single = [], []
    for kind in ("new", "changed", "removed"):
        of_kind = [change for change in changes if change.kind == kind]
        if len(of_kind) > MAX_LINES:
            groups.append((kind, of_kind))
        else:
            single += of_kind
    return groups, single


def _counted(changes: Sequence[OperationChange]) -> str:
    methods = Counter(_split(change)[0] for change in changes)
    told = ", ".join(f"{count} {method}" for method, count in methods.most_common())
    prefix = _common_prefix(_split(change)[1] for change in changes)
    return f"{len(changes)} operations{f' under `{prefix}`' if prefix else ''}: {told}"


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


def _quiet(report: RunReport) -> str:
    return f"no change, {format_count(report.live_count, 'operation')} live"
