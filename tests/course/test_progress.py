"""Progress and the tutor: what is saved, by several kernels at once, and when the solution opens."""

import json
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from routebook import Routebook
from routebook_kernel.learn import Exercise, Lesson, LessonError, Tutor, request
from routebook_kernel.learn.cards import MessageCard, SolutionCard
from routebook_kernel.learn.library import Library
from routebook_kernel.learn.progress import ExerciseRecord, Progress
from routebook_kernel.session import Session

STUB = "# Exercise 1.1: GET /"
LESSON = Lesson(
    "One",
    key="1",
    exercises=[
        Exercise(
            "Root",
            steps=[request("It answers", "GET /", returns=1)],
            stub=STUB,
            solution="s",
            another="a",
            hints=["h1", "h2"],
        )
    ],
)


class OneLesson(Library):
    def lesson(self, key: str) -> Lesson:
        if key != "1":
            raise LessonError(f"There is no lesson {key}.")
        return LESSON

    def iter_lessons(self) -> Iterator[Lesson]:
        yield LESSON


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    session = Session({})
    yield session
    session.close()


class Pupil:
    def __init__(self, session: Session, path: Path) -> None:
        self.namespace: dict[str, Any] = {"app": Routebook()}
        self.history: list[str] = ["import this", STUB]
        self.tutor = Tutor(session, self.namespace, lambda: self.history, OneLesson(), Progress(path / "p.json"))

    def write(self, source: str, value: int) -> None:
        self.history += [source, "%check 1.1"]
        self.namespace["app"] = app = Routebook()
        app.get("/")(lambda: value)


@pytest.fixture
def pupil(session: Session, tmp_path: Path) -> Pupil:
    return Pupil(session, tmp_path)


def test_solution_opens_after_a_try_that_changed_the_cell(pupil: Pupil) -> None:
    """Running the stub, or adding a comment to it, isn't a try."""
    pupil.tutor.check("1.1")
    pupil.history.append(f"{STUB}\n\n# a comment\n%check 1.1")
    pupil.tutor.check("1.1")
    closed = pupil.tutor.solution("")

    pupil.write(f"{STUB}\n@app.get('/')\ndef a(): return 2", 2)
    report = pupil.tutor.check("1.1")

    assert isinstance(closed, MessageCard)
    assert "after a try of your own" in closed.text
    assert report.record.tries == 1
    assert isinstance(pupil.tutor.solution("1.1"), SolutionCard)


def test_try_counts_without_the_comment_of_the_stub(pupil: Pupil) -> None:
    """The code that ran last counts, from the second check on. The first may have seen a cell of the lesson itself."""
    pupil.history.append("lesson = 1")
    pupil.tutor.check("1.1")
    first = pupil.tutor.progress.of("1.1").is_solution_open
    pupil.write("@app.get('/')\ndef a(): return 2", 2)
    pupil.tutor.check("1.1")

    assert not first
    assert pupil.tutor.progress.of("1.1").is_solution_open


def test_report_shows_the_exception_of_the_cell_until_it_runs(pupil: Pupil) -> None:
    """Otherwise it would describe an application that isn't from the learner's last cell."""
    source = f"{STUB}\nroom"
    pupil.write(source, 2)
    pupil.tutor.record_run(source, NameError("name 'room' is not defined"))
    raised = pupil.tutor.check("1.1")
    pupil.tutor.record_run(source, NotImplementedError())
    wordless = pupil.tutor.check("1.1")
    pupil.tutor.record_run(source, None)

    assert "Your cell raised `NotImplementedError` the last time it ran." in repr(wordless)
    assert "Your cell raised `NameError: name 'room' is not defined`" in repr(raised)
    assert "name &#x27;room&#x27; is not defined" in raised._repr_html_()
    assert "raised" not in repr(pupil.tutor.check("1.1"))


def test_unchanged_cell_is_not_another_try(pupil: Pupil) -> None:
    """Tries count changes, not clicks."""
    pupil.write(f"{STUB}\nx = 1", 2)
    for _ in range(3):
        record = pupil.tutor.check("1.1").record

    assert record.tries == 1


def test_passed_exercise_stays_passed_with_its_solution_open(pupil: Pupil) -> None:
    """A later failure doesn't undo it."""
    pupil.write(f"{STUB}\nx = 1", 1)
    passed = pupil.tutor.check("1.1")
    pupil.write(f"{STUB}\nx = 2", 2)
    failed = pupil.tutor.check("1.1")

    assert passed.result.is_passed
    assert (failed.result.is_passed, failed.record.is_passed) == (False, True)
    assert isinstance(pupil.tutor.solution("1.1"), SolutionCard)
    assert "1 of 1 exercises, 1 of 1 lessons" in repr(pupil.tutor.show_progress())


def test_hints_are_shown_one_by_one_in_order(pupil: Pupil) -> None:
    """Earlier ones stay readable. After the last one, all are shown again."""
    shown = [list(pupil.tutor.hint("1.1").hints) for _ in range(3)]

    assert shown == [["h1"], ["h1", "h2"], ["h1", "h2"]]


def test_skipped_check_is_not_a_try(pupil: Pupil) -> None:
    """A missing application isn't the learner's solution."""
    pupil.history.append(f"{STUB}\nx = 1")
    del pupil.namespace["app"]

    report = pupil.tutor.check("1.1")

    assert "There's no `app`" in report.result.skipped
    assert report.record.tries == 0
    assert "This doesn't count as a try" in repr(report)


def test_hint_without_a_name_or_an_earlier_check_is_rejected(pupil: Pupil) -> None:
    """Guessing the exercise would give away a hint."""
    with pytest.raises(LessonError, match="Say which exercise"):
        pupil.tutor.hint("")


def test_html_escapes_the_response(pupil: Pupil) -> None:
    """The learner's application can return anything."""
    pupil.namespace["app"] = app = Routebook()
    app.get("/")(lambda: "<script>alert(1)</script>")

    html = pupil.tutor.check("1.1")._repr_html_()

    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_progress_is_saved_in_a_file_and_deleted_on_reset(tmp_path: Path) -> None:
    """Another kernel reads it."""
    path = tmp_path / "deep" / "p.json"
    Progress(path).change("1.1", lambda before: replace(before, tries=2))

    assert Progress(path).of("1.1") == ExerciseRecord(tries=2)
    Progress(path).reset()
    assert Progress(path).all() == {}


UNREADABLE = [
    b"{",
    b"[]",
    b'{"exercises": 5}',
    b"\x00",
    b"\xff\xfe{}",
    b"[" * 100_000,
    b'{"version": 9, "exercises": {"1.1": {"tries": 5}}}',
]


@pytest.mark.parametrize("content", UNREADABLE)
def test_unreadable_file_is_moved_aside_and_reported(tmp_path: Path, content: bytes) -> None:
    """Nothing is lost and nothing raises. The message says where the file is, and a second one doesn't replace it."""
    path = tmp_path / "p.json"
    for count in (1, 2):
        path.write_bytes(content)
        progress = Progress(path)
        assert progress.change("1.1", lambda before: replace(before, tries=1)).tries == 1
        aside = sorted(tmp_path.glob("p.json.unreadable-*"), key=lambda file: file.stat().st_mtime_ns)
        assert [file.read_bytes() for file in aside] == [content] * count
        assert str(aside[-1]) in progress.problem
        assert json.loads(path.read_text())["exercises"]["1.1"]["tries"] == 1


def test_folder_in_place_of_the_file_is_moved_aside(tmp_path: Path) -> None:
    """Its content isn't lost."""
    (tmp_path / "p.json").mkdir()
    (tmp_path / "p.json" / "mine").write_text("x")
    progress = Progress(tmp_path / "p.json")
    progress.change("1.1", lambda before: replace(before, tries=1))

    (aside,) = tmp_path.glob("p.json.unreadable-*")
    assert (aside / "mine").read_text() == "x"
    assert progress.of("1.1").tries == 1


def test_unreadable_file_that_stays_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It's better not to save progress than to lose it."""
    path = tmp_path / "p.json"
    path.write_text("{")
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    progress = Progress(path)
    progress.change("1.1", lambda before: replace(before, tries=1))

    assert path.read_text() == "{"
    assert "Permission denied" in progress.problem


def test_malformed_records_keep_their_valid_fields(tmp_path: Path) -> None:
    """Someone may have edited the file. Unknown fields stay in it."""
    path = tmp_path / "p.json"
    path.write_text('{"version": 1, "exercises": {"1.1": {"tries": "x", "is_passed": true, "new": 1}, "1.2": 3}}')
    assert Progress(path).all() == {"1.1": ExerciseRecord(is_passed=True), "1.2": ExerciseRecord()}

    Progress(path).change("1.1", lambda before: replace(before, tries=1))
    assert json.loads(path.read_text())["exercises"]["1.1"]["new"] == 1


def test_folder_that_is_not_writable_is_reported(tmp_path: Path) -> None:
    """A check runs on a read-only disk too."""
    (tmp_path / "file").write_text("")
    progress = Progress(tmp_path / "file" / "p.json")

    assert progress.change("1.1", lambda before: replace(before, tries=1)).tries == 1
    assert "couldn't be saved" in progress.problem


def add_tries(path: Path, name: str) -> None:
    progress = Progress(path)
    for _ in range(25):
        progress.change(name, lambda before: replace(before, tries=before.tries + 1))


def test_several_kernels_write_at_once_without_losing_progress(tmp_path: Path) -> None:
    """Two notebooks check two exercises, or the same one."""
    path = tmp_path / "p.json"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=add_tries, args=(path, name)) for name in ("1.1", "1.1", "2.1")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert {name: record.tries for name, record in Progress(path).all().items()} == {"1.1": 50, "2.1": 25}
    assert [file.name for file in tmp_path.iterdir()] == ["p.json"]
