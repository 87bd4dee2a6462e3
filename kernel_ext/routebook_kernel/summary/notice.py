"""Short texts of the extension under a cell: a sentence, or a magic's help."""

from routebook_kernel.recording.style import esc, frame_html, render_backquotes, strip_backquotes
from routebook_kernel.registry.run_report import DiagnosticLevel
from routebook_kernel.visible_text import VisibleText


class Notice(VisibleText):
    """A sentence under a cell, with a link if there's a URL. Backquotes mark code.

    Args:
        text: The sentence.
        url: Shown as a link after the sentence: absolute, or a path on the page's host.
        more: A second sentence, less prominent.
        level: "note" or "error".
    """

    def __init__(self, text: str, url: str | None = None, more: str = "", level: DiagnosticLevel = "note") -> None:
        self.text = text
        self.url = url
        self.more = more
        self.level = level

    def __repr__(self) -> str:
        first = " ".join(filter(None, (strip_backquotes(self.text), self.url)))
        return "\n".join(filter(None, (first, strip_backquotes(self.more))))

    def _repr_html_(self) -> str:
        link = f' <a href="{esc(self.url)}" target="_blank" rel="noopener">{esc(self.url)}</a>' if self.url else ""
        more = f' <span class="rb-2">{render_backquotes(self.more)}</span>' if self.more else ""
        return frame_html(f'<p data-k="{self.level}">{render_backquotes(self.text)}{link}{more}</p>')


class HelpText(VisibleText):
    """The help of a magic, laid out with spaces."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return frame_html(f"<pre>{esc(self.text)}</pre>")
