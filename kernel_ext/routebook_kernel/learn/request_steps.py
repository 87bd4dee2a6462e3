"""Steps that send a request and check its response: what most checks are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from routebook_kernel.learn.common_mistakes import find_common_hint
from routebook_kernel.learn.old_names import accept_old_keywords
from routebook_kernel.learn.patterns import describe_pattern, find_difference
from routebook_kernel.learn.probe import TIMEOUT_S, Probe
from routebook_kernel.learn.responses import ProbeResponse
from routebook_kernel.learn.step_results import StepResult
from routebook_kernel.learn.steps import Mistakes, Requirement, accepts, find_hint, step_numbers


@accept_old_keywords(gives="returns", has="includes")
def request(
    title: str,
    request: str,
    *,
    status: int = 200,
    returns: Any = ...,
    includes: Any = ...,
    names: str = "",
    text: Any = ...,
    has_headers: Mapping[str, Any] | None = None,
    where: Requirement | None = None,
    mistakes: Mistakes | None = None,
    needs: int | tuple[int, ...] = (),
    timeout_s: float = TIMEOUT_S,
    **options: Any,
) -> "RequestStep":
    """Return a step that sends a request and checks its response.

    Args:
        title: A statement: "A price of 0 is rejected".
        request: Method and URL: `POST /books`.
        status: The expected status.
        returns: The expected JSON, all of it: a pattern.
        includes: The expected JSON, in which objects may have more members.
        names: The field that a 422 must report: `price`, or with its location `body.price`.
        text: The expected body as a string: a pattern.
        has_headers: The expected headers: patterns by name.
        where: Another condition: `("a list of at most 10", lambda response: len(response.json) <= 10)`.
        mistakes: Hints by what the application does instead: `{404: "…", "query.q": "…", lambda response: …: "…"}`.
        needs: The numbers of the steps that must pass before this one makes sense.
        timeout_s: How long the response may take.
        options: What to send: `json`, `params`, `headers`, `cookies`, `data`, `files`, `content`, `auth`,
            `follow_redirects`.
    """
    expected = ExpectedResponse(422 if names else status, returns, includes, names, text, has_headers or {}, where)
    return RequestStep(title, request, options, expected, mistakes or {}, step_numbers(needs), timeout_s)


@dataclass(frozen=True, slots=True)
class ExpectedResponse:
    """What a step expects of a response."""

    status: int
    returns: Any = ...
    includes: Any = ...
    names: str = ""
    text: Any = ...
    headers: Mapping[str, Any] = field(default_factory=dict)
    where: Requirement | None = None

    def describe(self) -> str:
        """Describe it: `201` with at least `{"days": 14}`."""
        return " ".join([f"`{self.status}`", self.describe_content()]).strip()

    def describe_content(self) -> str:
        """Describe all but the status."""
        parts = []
        if self.names:
            parts.append(f"that reports `{self.names}`")
        if self.returns is not ...:
            parts.append(f"with `{describe_pattern(self.returns)}`")
        if self.includes is not ...:
            parts.append(f"with at least `{describe_pattern(self.includes)}`")
        if self.text is not ...:
            parts.append(f"with the text `{describe_pattern(self.text)}`")
        parts += [
            f"with the header `{name}: {describe_pattern(pattern).strip(chr(34))}`"
            for name, pattern in self.headers.items()
        ]
        if self.where is not None:
            parts.append(f"with {self.where[0]}")
        return " ".join(parts)

    def difference(self, response: ProbeResponse) -> str | None:
        """Describe where a response differs; "" if that is plain to see, None if it doesn't differ."""
        if response.status != self.status:
            return ""
        if self.names and not response.is_about(self.names):
            return f"it reports {', '.join(f'`{name}`' for name in response.names) or 'nothing'}"
        for pattern, value, exactly in (
            (self.returns, response.json, True),
            (self.includes, response.json, False),
            (self.text, response.text, True),
        ):
            if pattern is not ... and (path := find_difference(pattern, value, exactly=exactly)) is not None:
                return f"see `{path}`" if path else ""
        for name, pattern in self.headers.items():
            actual = response.headers.get(name.lower())
            if find_difference(pattern, actual, exactly=True) is not None or (pattern is ... and actual is None):
                return f"`{name}: {actual}`" if actual is not None else f"without the header `{name}`"
        if self.where is not None and not accepts(self.where[1], response):
            return f"not {self.where[0]}"
        return None


@dataclass(frozen=True, slots=True)
class RequestStep:
    """A step that sends a request; created by `request`."""

    title: str
    request: str
    options: Mapping[str, Any]
    expected: ExpectedResponse
    mistakes: Mistakes
    needs: tuple[int, ...] = ()
    timeout_s: float = TIMEOUT_S

    def run(self, probe: Probe) -> StepResult:
        """Send the request and check the response."""
        response = probe.request(self.request, timeout_s=self.timeout_s, **self.options)
        difference = self.expected.difference(response)
        return StepResult(
            title=self.title,
            status="passed" if difference is None else "failed",
            expected=self.expected.describe(),
            sent=(str(response.sent),),
            actual=difference or "",
            response=response,
            hint="" if difference is None else find_hint(self.mistakes, response, find_common_hint(response)),
            needs=self.needs,
        )
