"""The step that most checks are made of: a request, and what its answer must be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from routebook_kernel.learn.answers import Answer
from routebook_kernel.learn.outcomes import Outcome
from routebook_kernel.learn.patterns import differs, told
from routebook_kernel.learn.probe import TIMEOUT_S, Probe
from routebook_kernel.learn.steps import Mistakes, Where, hint_for, holds, numbers
from routebook_kernel.learn.usual import usual_hint


def ask(
    title: str,
    request: str,
    *,
    status: int = 200,
    gives: Any = ...,
    has: Any = ...,
    names: str = "",
    text: Any = ...,
    has_headers: Mapping[str, Any] | None = None,
    where: Where | None = None,
    mistakes: Mistakes | None = None,
    needs: int | tuple[int, ...] = (),
    timeout_s: float = TIMEOUT_S,
    **options: Any,
) -> "Ask":
    """A request, and what its answer must be.

    Args:
        title: A statement: "A price of 0 is refused".
        request: Method and address: `POST /books`.
        status: The status asked for.
        gives: The JSON asked for, all of it: a pattern.
        has: The JSON asked for, where objects may hold more.
        names: What a 422 must name: `price`, or with its place `body.price`.
        text: The body as text: a pattern.
        has_headers: Headers asked for in the answer: patterns by name.
        where: Something else: `("a list of at most 10", lambda answer: len(answer.json) <= 10)`.
        mistakes: Hints by what came instead: `{404: "…", "query.q": "…", lambda answer: …: "…"}`.
        needs: Which steps must pass before this one makes sense, by number.
        timeout_s: How long the answer may take.
        options: What to send: `json`, `params`, `headers`, `cookies`, `data`, `files`, `content`, `auth`,
            `follow_redirects`.
    """
    expected = Expected(422 if names else status, gives, has, names, text, has_headers or {}, where)
    return Ask(title, request, options, expected, mistakes or {}, numbers(needs), timeout_s)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is asked of an answer."""

    status: int
    gives: Any = ...
    has: Any = ...
    names: str = ""
    text: Any = ...
    headers: Mapping[str, Any] = field(default_factory=dict)
    where: Where | None = None

    def told(self) -> str:
        """In words."""
        parts = [f"`{self.status}`"]
        if self.names:
            parts.append(f"that names `{self.names}`")
        if self.gives is not ...:
            parts.append(f"with `{told(self.gives)}`")
        if self.has is not ...:
            parts.append(f"with at least `{told(self.has)}`")
        if self.text is not ...:
            parts.append(f"with the text `{told(self.text)}`")
        parts += [f"with the header `{name}: {told(each).strip(chr(34))}`" for name, each in self.headers.items()]
        if self.where is not None:
            parts.append(f"with {self.where[0]}")
        return " ".join(parts)

    def missed(self, answer: Answer) -> str | None:
        """Where an answer is not what is asked: a place in words, "" where it shows by itself; None where it fits."""
        if answer.status != self.status:
            return ""
        if self.names and not answer.is_about(self.names):
            return f"it names {', '.join(f'`{name}`' for name in answer.names) or 'nothing'}"
        for pattern, value, exactly in (
            (self.gives, answer.json, True), (self.has, answer.json, False), (self.text, answer.text, True),
        ):  # fmt: skip
            if pattern is not ... and (place := differs(pattern, value, exactly=exactly)) is not None:
                return f"see `{place}`" if place else ""
        for name, pattern in self.headers.items():
            came = answer.headers.get(name.lower())
            if differs(pattern, came, exactly=True) is not None or (pattern is ... and came is None):
                return f"`{name}: {came}`" if came is not None else f"without the header `{name}`"
        if self.where is not None and not holds(self.where[1], answer):
            return f"not {self.where[0]}"
        return None


@dataclass(frozen=True, slots=True)
class Ask:
    """A request and what is asked of its answer; made by `ask`."""

    title: str
    request: str
    options: Mapping[str, Any]
    expected: Expected
    mistakes: Mistakes
    needs: tuple[int, ...] = ()
    timeout_s: float = TIMEOUT_S

    def run(self, probe: Probe) -> Outcome:
        """Send it and judge the answer."""
        answer = probe.request(self.request, timeout_s=self.timeout_s, **self.options)
        missed = self.expected.missed(answer)
        return Outcome(
            title=self.title,
            kind="passed" if missed is None else "failed",
            asked=self.expected.told(),
            sent=(str(answer.sent),),
            came=missed or "",
            answer=answer,
            hint="" if missed is None else hint_for(self.mistakes, answer, usual_hint(answer)),
            needs=self.needs,
        )
