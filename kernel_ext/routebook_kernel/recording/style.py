"""The style of HTML under a cell: design tokens from JupyterLab's variables, and the few components it uses.

Every piece of HTML includes the style sheet, since each output of a notebook is rendered separately. Classes begin with
`rb-`. The root selector repeats its class three times, because JupyterLab's rules for rendered HTML have a specificity
of up to two classes and two elements.
"""

import re
from collections.abc import Mapping
from html import escape

from routebook_kernel.visible_text import visible

_SHEET = """
.rb{--s:var(--jp-layout-color1,#fff);--p:var(--jp-ui-font-color0,#000);--i:var(--jp-ui-font-color1,rgba(0,0,0,.87));
--i2:color-mix(in srgb,var(--p) 66%,var(--s));--l:var(--jp-border-color2,#e0e0e0);
--a:color-mix(in srgb,var(--jp-brand-color1,#1976d2) 74%,var(--p));
--ok:color-mix(in srgb,var(--jp-success-color1,#388e3c) 70%,var(--p));
--w:color-mix(in srgb,var(--jp-warn-color1,#f57c00) 56%,var(--p));
--e:color-mix(in srgb,var(--jp-error-color1,#d32f2f) 70%,var(--p));
--f:color-mix(in srgb,var(--jp-layout-color2,#eee) 45%,var(--s));
--m:var(--jp-code-font-family,menlo,consolas,"DejaVu Sans Mono",monospace);
container:rb/inline-size;color:var(--i);overflow-wrap:break-word;font-variant-numeric:tabular-nums;
font:400 var(--jp-ui-font-size1,13px)/20px var(--jp-ui-font-family,system-ui,sans-serif)}
.rb.rb.rb{
*{box-sizing:border-box}
:where(ul,li,p,pre,dl,dt,dd,table,tr,th,td,details){margin:0;padding:0;border:0;background:none;color:inherit;
font:inherit;text-align:start;list-style:none;max-inline-size:none}
code,pre{border:0;padding:0;background:none;color:inherit;font-family:var(--m);font-size:.923em;
unicode-bidi:isolate}
pre{line-height:18px;white-space:pre-wrap;overflow-wrap:anywhere}
b{font-weight:600}
summary{cursor:pointer;color:var(--a);inline-size:max-content;max-inline-size:100%}
a{color:var(--a);text-decoration:underline;text-underline-offset:2px}
.rb-sum{display:grid;grid-template-columns:14px max-content max-content minmax(0,1fr);gap:0 8px;
font-size:.923em;line-height:22px}
.rb-sum>li{display:grid;grid-template-columns:subgrid;grid-column:1/-1;align-items:baseline}
.rb-sum__g{font:600 13px/22px var(--m);text-align:center}
.rb-sum__m,.rb-sum__p{font-family:var(--m)}
.rb-sum__m,.rb-sum__note,.rb-sum__quiet,.rb-2{color:var(--i2)}
.rb-sum__note code{color:var(--i)}
[data-k=new] .rb-sum__g{color:var(--ok)}
[data-k=changed] .rb-sum__g{color:var(--a)}
[data-k=removed] .rb-sum__p{text-decoration:line-through}
[data-k=warn] .rb-sum__g,[data-k=warn] b{color:var(--w)}
[data-k=error] .rb-sum__g,[data-k=error] b{color:var(--e)}
.rb-sum__find>*,.rb-sum__quiet>*,.rb-sum details{grid-column:2/-1}
.rb-sum__find>.rb-sum__g,.rb-sum__quiet>.rb-sum__g{grid-column:1}
.rb-sum details ul{columns:2 280px;column-gap:24px;font-family:var(--m)}
@container rb (max-width:559px){.rb-sum{grid-template-columns:14px max-content minmax(0,1fr)}
.rb-sum>li>.rb-sum__note{grid-column:2/-1}}
.rb-card{border:1px solid var(--l);border-radius:4px;background:var(--s)}
.rb-bar{display:flex;flex-wrap:wrap;align-items:center;gap:2px 12px;padding:6px 12px;background:var(--f);
border-block-end:1px solid var(--l);border-radius:3px 3px 0 0}
.rb-part{padding:8px 12px}
.rb-part+.rb-part{border-block-start:1px solid var(--l)}
.rb-status{font-weight:600}
[data-s="2"]{color:var(--ok)}[data-s="3"]{color:var(--a)}[data-s="4"]{color:var(--w)}[data-s="5"]{color:var(--e)}
.rb-body{max-block-size:420px;overflow:auto}
.rb-kv{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:0 12px;font-size:.923em}
.rb-kv dt{color:var(--i2)}
.rb-at{border-inline-start:3px solid var(--e);padding-inline-start:8px;margin-block:4px}
}
"""

STYLE = f"<style>{_SHEET.replace(chr(10), '')}</style>"


def esc(text: object) -> str:
    """Escape text for HTML and make control characters visible. Quotes are escaped too, so it's safe in attributes."""
    return escape(visible(str(text)), quote=True)


def code(text: object) -> str:
    """Return text as inline code."""
    return f"<code>{esc(text)}</code>"


def frame_html(inner: str) -> str:
    """Return HTML as one output of a cell, with the style sheet and the root element."""
    return f'{STYLE}<div class="rb">{inner}</div>'


_CODE = re.compile(r"`([^`]*)`")
_CELL = re.compile(r"cell (\[\d+\])")


def strip_backquotes(text: str) -> str:
    """Return a sentence without its backquotes."""
    return _CODE.sub(r"\1", text)


def render_backquotes(text: str, links: Mapping[str, str] | None = None) -> str:
    """Return a sentence as HTML, with code for backquotes and links for cells.

    Args:
        text: The sentence.
        links: The front end's ids of cells, by their labels.
    """
    pieces = _CODE.split(text)
    return "".join(code(piece) if index % 2 else _link_cells(piece, links or {}) for index, piece in enumerate(pieces))


def _link_cells(text: str, links: Mapping[str, str]) -> str:
    def link(match: re.Match[str]) -> str:
        cell_id = links.get(match.group(1))
        return f'<a href="#cell-id={esc(cell_id)}">{match.group(0)}</a>' if cell_id else match.group(0)

    return _CELL.sub(link, esc(text))
