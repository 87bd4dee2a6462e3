"""Each mistake that people really make is named on the spot, with its cause and the way out; right code is not."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mistakes.notebook import Case, Notebook, read_page, told

PAGES = sorted(Path(__file__).parent.glob("[a-z]*.md"))
CASES = [case for page in PAGES for case in read_page(page)]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("notebook"))
        shell = Notebook()
        yield shell
        shell.close()


@pytest.mark.filterwarnings(  # what is wrong warns, too
    "ignore::UserWarning",
    "ignore::DeprecationWarning",
    "ignore::RuntimeWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_mistake_is_named_and_right_code_is_not(notebook: Notebook, case: Case) -> None:
    """What is quoted on its page is what the environment shows; where nothing is quoted, it shows nothing."""
    shown = notebook.show(case)

    plain = _squeezed(shown)
    for sentence in case.sentences:
        assert _squeezed(sentence) in plain, shown
    if case.is_right and not case.sentences:
        assert told(shown) == [], shown


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("`", ""))


def test_each_case_asserts_something() -> None:
    """A page without a quotation would pass whatever happens."""
    assert [str(case) for case in CASES if not case.sentences and not case.is_right] == []


def test_most_rules_have_another_instance_and_sound_code() -> None:
    """A rule is judged by more than the instance that it was made for."""
    mistakes = {case.mistake for case in CASES}
    with_another = {case.mistake for case in CASES if case.title.startswith("another")}
    with_right = {case.mistake for case in CASES if case.is_right}

    assert len(with_another) >= 0.95 * len(mistakes), sorted(mistakes - with_another)
    assert len(with_right) >= 0.9 * len(mistakes), sorted(mistakes - with_right)
