"""A sentence of the extension's own, under a cell."""

from routebook_kernel.recording.style import esc, frame_html
from routebook_kernel.registry.run_report import DiagnosticLevel
from routebook_kernel.visible_text import VisibleText


class Notice(VisibleText):
    """A sentence of the extension's own, with an address where there is one.

    Args:
        text: The sentence.
        url: Shown as a link behind it: absolute, or a path under the page's host.
        more: A second sentence.
        level: "note" or "error".
    """

    def __init__(self, text: str, url: str | None = None, more: str = "", level: DiagnosticLevel = "note") -> None:
        self.text = text
        self.url = url
        self.more = more
        self.level = level

    def __repr__(self) -> str:
        return "\n".join(part for part in (" ".join(filter(None, (self.text, self.url))), self.more) if part)

    def _repr_html_(self) -> str:
        link = f' <a href="{esc(self.url)}" target="_blank" rel="noopener">{esc(self.url)}</a>' if self.url else ""
        more = f' <span class="rb-2">{esc(self.more)}</span>' if self.more else ""
        return frame_html(f'<p data-k="{self.level}">{esc(self.text)}{link}{more}</p>')
