"""Mistakes that people really make are explained on the spot, with cause and fix. Sound code gets no messages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mistakes.notebook import Case, Notebook, find_messages, read_page

PAGES = sorted(Path(__file__).parent.glob("[a-z]*.md"))
CASES = [case for page in PAGES for case in read_page(page)]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("notebook"))
        shell = Notebook()
        yield shell
        shell.close()


@pytest.mark.filterwarnings(  # mistakes also cause warnings
    "ignore::UserWarning",
    "ignore::DeprecationWarning",
    "ignore::RuntimeWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_mistake_is_explained_and_sound_code_is_not(notebook: Notebook, case: Case) -> None:
    """A page quotes what the environment shows. If it quotes nothing, there must be nothing to show."""
    shown = notebook.show(case)

    plain = _squeeze(shown)
    for sentence in case.sentences:
        assert _squeeze(sentence) in plain, shown
    if case.is_sound and not case.sentences:
        assert find_messages(shown) == [], shown


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("`", ""))


def test_each_case_asserts_something() -> None:
    """A page without a quotation would pass whatever happens."""
    assert [str(case) for case in CASES if not case.sentences and not case.is_sound] == []


def test_most_rules_have_another_instance_and_sound_code() -> None:
    """A rule is judged by more than the instance it was made for."""
    mistakes = {case.mistake for case in CASES}
    with_another = {case.mistake for case in CASES if case.title.startswith("another")}
    with_sound = {case.mistake for case in CASES if case.is_sound}

    assert len(with_another) >= 0.95 * len(mistakes), sorted(mistakes - with_another)
    assert len(with_sound) >= 0.9 * len(mistakes), sorted(mistakes - with_sound)
