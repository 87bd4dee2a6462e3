"""The explorer as HTML and text."""

from routebook_kernel.protocol import AppState
from routebook_kernel.recording.formatting import format_count
from routebook_kernel.recording.style import esc, frame_html
from routebook_kernel.visible_text import VisibleText


class Overview(VisibleText):
    """An application's operations, one per line, for places where widgets don't run."""

    def __init__(self, state: AppState) -> None:
        self.state = state

    def __repr__(self) -> str:
        head = (
            f"{self.state['title']} {self.state['version']}, {format_count(len(self.state['operations']), 'operation')}"
        )
        rows = [f"  {o['method']:7} {o['path']}  {o['summary']}".rstrip() for o in self.state["operations"]]
        return "\n".join([head, *rows])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<li><span class="rb-sum__g"></span><span class="rb-sum__m">{esc(operation["method"])}</span>'
            f'<span class="rb-sum__p">{esc(operation["path"])}</span>'
            f'<span class="rb-sum__note">{esc(operation["summary"])}</span></li>'
            for operation in self.state["operations"]
        )
        title = f'<p><b>{esc(self.state["title"])}</b> <span class="rb-2">{esc(self.state["version"])}</span></p>'
        return frame_html(f'{title}<ul class="rb-sum">{rows}</ul>')
