"""Exercises: lessons as a teacher writes them, and the tutor behind `%check`, `%hint`, `%solution`, `%progress`.

    from routebook_kernel.learn import Exercise, Lesson, Mistake, request

The guide for teachers is `notebooks/checks/README.md`. `Answer`, `Missed` and `ask` are the old names of
`ProbeResponse`, `CheckFailedError` and `request`; they stay.
"""

from routebook_kernel.learn.document_steps import openapi
from routebook_kernel.learn.exercise import Exercise, Lesson, LessonError, Mistake
from routebook_kernel.learn.function_steps import do
from routebook_kernel.learn.probe import Probe
from routebook_kernel.learn.request_steps import request
from routebook_kernel.learn.responses import ProbeResponse
from routebook_kernel.learn.socket_steps import closes, receive, send, socket
from routebook_kernel.learn.step_results import CheckFailedError
from routebook_kernel.learn.trace_steps import trace
from routebook_kernel.learn.tutor import Tutor

Answer, Missed, ask = ProbeResponse, CheckFailedError, request

__all__ = [
    "Answer", "CheckFailedError", "Exercise", "Lesson", "LessonError", "Missed", "Mistake", "Probe", "ProbeResponse",
    "Tutor", "ask", "closes", "do", "openapi", "receive", "request", "send", "socket", "trace",
]  # fmt: skip
