"""The style sheet of exercises, which follows the one that all plain HTML shares."""

import re

from routebook_kernel.recording.style import code, esc, frame_html

_SHEET = """
.rb.rb.rb{
:where(h3,ol,dd,summary){margin:0;padding:0;border:0;font:inherit;color:inherit;text-align:start;list-style:none}
.rb-sr{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.rb-check__head{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:0 16px;
padding:8px 16px;border-block-end:1px solid var(--l)}
.rb-check__head h3{font-size:1.154em;font-weight:600;line-height:24px}
[data-all=pass] b{color:var(--ok)}[data-all=stop] b{color:var(--w)}
.rb-steps{padding:8px 16px;display:grid;gap:4px}
.rb-steps--in{padding-inline:0}
.rb-steps>li{padding-inline-start:26px}
.rb-g{display:inline-block;inline-size:18px;margin-inline:-26px 5px;font-weight:600;text-align:center}
[data-r=pass]>.rb-g,[data-r=pass] summary .rb-g{color:var(--ok)}
[data-r=fail] .rb-g{color:var(--w)}
.rb-steps [data-r=wait]{color:var(--i2)}
.rb-steps summary{display:inline-block;color:inherit}
.rb-steps summary::-webkit-details-marker{display:none}
.rb-steps summary::after{content:" …";color:var(--i2)}
.rb-steps [open]>summary::after{content:""}
.rb-steps [data-r=fail]{padding-block-end:8px}
.rb-check__facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:3px 12px;margin-block:4px 12px;
font-size:.923em;line-height:18px}
.rb-check__facts :is(dt,dd){float:none;display:block;inline-size:auto}
.rb-check__facts dt{color:var(--i2)}
.rb-check__facts dd code{overflow-wrap:anywhere;white-space:pre-wrap}
.rb-hint{padding:6px 12px 8px;border-inline-start:3px solid var(--jp-brand-color1,#1976d2);max-inline-size:76ch;
background:color-mix(in srgb,var(--jp-brand-color1,#1976d2) 11%,var(--s));border-radius:0 3px 3px 0}
.rb-hint li{margin-block-start:4px;padding-inline-start:22px;text-indent:-22px}
.rb-small{font-size:.923em;line-height:18px}
.rb-check__foot{display:flex;flex-wrap:wrap;gap:0 16px;padding:0 16px 12px 42px;font-size:.923em;color:var(--i2)}
.rb-check__foot code{color:var(--i)}
.rb-check__done{padding:12px 16px;display:grid;gap:8px;max-inline-size:84ch}
.rb-course{display:grid;grid-template-columns:max-content minmax(0,1fr) max-content;gap:6px 16px;align-items:center;
padding:8px 16px;border-block-start:1px solid var(--l);background:var(--f);font-size:.923em;border-radius:0 0 3px 3px}
.rb-course__l{font-weight:600}.rb-course__l .rb-2{font-weight:400}
.rb-course__n{text-align:end}
.rb-pips{display:flex;flex-wrap:wrap;gap:0 12px}
.rb-pips span{color:var(--i2)}.rb-pips [data-r=pass]{color:var(--ok)}
.rb-pips [data-r=now]{color:var(--a);font-weight:600}
progress{appearance:none;display:block;inline-size:100%;max-inline-size:480px;block-size:6px;border:0;border-radius:3px;
background:var(--l);overflow:hidden}
progress::-webkit-progress-bar{background:transparent}
progress::-webkit-progress-value{background:var(--jp-brand-color1,#1976d2)}
progress::-moz-progress-bar{background:var(--jp-brand-color1,#1976d2)}
.rb-map{inline-size:100%;border-collapse:collapse;font-size:.923em}
.rb-map :is(th,td){padding:3px 16px;border-block-end:1px solid var(--l);vertical-align:baseline}
.rb-map thead th{color:var(--i2);font-weight:400}
.rb-map .is-num{text-align:end;white-space:nowrap}
.rb-map .is-now>*{background:color-mix(in srgb,var(--jp-brand-color1,#1976d2) 11%,var(--s))}
.rb-map tr{background:none}
.rb-tick{letter-spacing:2px;white-space:nowrap}
.rb-source{padding:8px 12px;background:var(--f);border-radius:3px;overflow-x:auto;white-space:pre}
@container rb (max-width:559px){.rb-course{grid-template-columns:minmax(0,1fr) max-content}
.rb-course>:nth-child(3n+2){grid-column:1/-1;order:1}}
}
"""

_CODE = re.compile(r"`([^`]*)`")

STYLE = f"<style>{_SHEET.replace(chr(10), '')}</style>"


def card(inner: str, label: str) -> str:
    """Return a card as the output of a cell; `label` is its accessible name."""
    return STYLE + frame_html(f'<section class="rb-card" aria-label="{esc(label)}">{inner}</section>')


def mark_code(text: str) -> str:
    """Return a sentence as HTML, with code in place of backquotes."""
    pieces = _CODE.split(text)
    return "".join(code(piece) if index % 2 else esc(piece) for index, piece in enumerate(pieces))
