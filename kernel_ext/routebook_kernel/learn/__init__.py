"""Exercises: lessons as a teacher writes them, and the tutor behind `%check`, `%hint`, `%solution`, `%progress`.

    from routebook_kernel.learn import Exercise, Lesson, Mistake, ask

The guide for teachers is `notebooks/checks/README.md`.
"""

from routebook_kernel.learn.answers import Answer
from routebook_kernel.learn.documents import openapi
from routebook_kernel.learn.exercise import Exercise, Lesson, LessonError, Mistake
from routebook_kernel.learn.functions import do
from routebook_kernel.learn.outcomes import Missed
from routebook_kernel.learn.probe import Probe
from routebook_kernel.learn.requests import ask
from routebook_kernel.learn.sockets import closes, receive, send, socket
from routebook_kernel.learn.traces import trace
from routebook_kernel.learn.tutor import Tutor

__all__ = [
    "Answer", "Exercise", "Lesson", "LessonError", "Missed", "Mistake", "Probe", "Tutor",
    "ask", "closes", "do", "openapi", "receive", "send", "socket", "trace",
]  # fmt: skip
