"""Text outputs show escape sequences and hidden characters, and obey none."""

import importlib
import pkgutil
import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import routebook_kernel
from routebook_kernel.exceptions import KernelExtensionError
from routebook_kernel.learn.cards import MessageCard
from routebook_kernel.recording.display import render_bundle
from routebook_kernel.recording.exchanges import Exchanges
from routebook_kernel.recording.style import esc
from routebook_kernel.records import Body, Exchange
from routebook_kernel.summary import Notice
from routebook_kernel.visible_text import VisibleText, visible, visible_line

HOSTILE = "\x1b[31m\x1b]0;t\x07\x9b2J\b\r\x7f\u202e\u2066\u200b\ufeff\ud800\U000e0041"
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def is_hidden(character: str) -> bool:
    if character in "\n\t\u200c\u200d":
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_every_control_and_format_character_of_unicode_is_shown() -> None:
    """The list in the gate is that of the Unicode database, and nothing is missing from it."""
    every = [chr(number) for number in range(0x110000)]
    assert [hex(ord(one)) for one in every if is_hidden(one) and visible(f"é{one}é") == f"é{one}é"] == []


@given(st.text(st.characters(codec=None, categories=None), max_size=50))
def test_what_passed_the_gate_acts_on_nothing_and_passes_again(text: str) -> None:
    """Twice is as once: an output may be put together of others."""
    shown = visible(text)
    assert not any(map(is_hidden, shown))
    assert visible(shown) == shown
    assert "\n" not in visible_line(text)


@pytest.mark.parametrize(
    "text",
    ["naïve café", "日本語", "👩\u200d👩\u200d👧", "\u0645\u06cc\u200c\u062e\u0648", "a\tb\nc", "✓ → ×", "❤\ufe0f"],
)
def test_text_of_every_language_stays_as_it_is(text: str) -> None:
    """Joiners belong between the letters of some scripts, and in emoji."""
    assert visible(text) == text


def test_joiner_beside_ascii_is_shown() -> None:
    """There it only hides that two names differ."""
    assert visible("pay\u200dpal") == "pay\\u200dpal"


def exchange() -> Exchange:
    body = Body(HOSTILE.encode("utf-8", "replace"), 30, "text/plain")
    return Exchange(
        id=1,
        source="client",
        operation=HOSTILE,
        method="GET",
        url=f"/{HOSTILE}\n   2  200  GET /forged",
        request_headers=(),
        request_body=None,
        status=200,
        response_headers=((HOSTILE, HOSTILE),),
        response_body=body,
        started_at=0.0,
        elapsed_ms=1.0,
        output=HOSTILE,
    )


def outputs() -> Iterator[str]:
    yield repr(Notice(HOSTILE, HOSTILE, HOSTILE))
    yield Notice(HOSTILE, HOSTILE, HOSTILE)._repr_html_()
    yield repr(MessageCard(HOSTILE))
    yield MessageCard(HOSTILE)._repr_html_()
    yield str(KernelExtensionError(HOSTILE))
    yield esc(HOSTILE)
    yield from render_bundle(exchange()).values()
    yield from Exchanges([exchange()])._repr_mimebundle_().values()


def test_outputs_show_what_they_were_given() -> None:
    """Each kind of place: a sentence, a card, an exception's message, HTML."""
    for output in outputs():
        assert not ACTS.search(output)
        assert "\u202e" not in output
        assert "x1b[31m" in output


def test_request_whose_path_has_a_newline_stays_one_line() -> None:
    """Else a client writes lines of its own into the log."""
    for text in (render_bundle(exchange())["text/plain"], Exchanges([exchange()])._repr_mimebundle_()["text/plain"]):
        assert not re.search("^ +2  200", text, re.MULTILINE)


def modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(routebook_kernel.__path__, "routebook_kernel."):
        if "load_client" not in module.name and not module.name.endswith("prove"):
            yield module.name


def test_no_class_with_html_for_a_notebook_forgets_the_gate() -> None:
    """A new view that has its own text passes it too; widgets take theirs from an overview."""
    forgotten = [
        f"{name}.{kind.__name__}"
        for name in modules()
        for kind in vars(importlib.import_module(name)).values()
        if isinstance(kind, type)
        and kind.__module__ == name
        and "_repr_html_" in vars(kind)
        and not issubclass(kind, VisibleText)
        and not getattr(kind, "_is_protocol", False)
    ]
    assert forgotten == []
