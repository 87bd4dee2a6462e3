"""What the writers of a function's parts share: the plan, how the function is called, and the text so far."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from routebook._analysis.callables import CallableKind
from routebook._plan.observe import SpanKind
from routebook._plan.source.literals import literal
from routebook._plan.source.text import FunctionText
from routebook._plan.steps import CallEndpoint, CallPlan, Read, ReadBody, Step
from routebook.exceptions import EndpointContext

Form = Literal["asgi", "handler", "websocket"]
"""asgi: serves a request and sends the response. handler: from a Request to a Response, for custom route classes."""


@dataclass(frozen=True, slots=True)
class Emission:
    """One function being written.

    Attributes:
        plan: What it does.
        form: How it is called.
        context: The endpoint, for validation errors.
        is_strict: Whether a JSON body must be declared as JSON.
        is_traced: Whether each step reports to an observer.
        route: Shown to who asks for the request's effective route.
        text: What is written.
        lines: Where steps and reads are written, by their `id`: the plan keeps them alive.
    """

    plan: CallPlan
    form: Form
    context: EndpointContext
    is_strict: bool
    is_traced: bool
    route: Any
    text: FunctionText
    lines: dict[int, int] = field(default_factory=dict)

    @property
    def body_kind(self) -> str:
        """What the function holds of the request's body: "none", "bytes", "json" or "form"."""
        return next((step.kind for step in self.plan.steps if isinstance(step, ReadBody)), "none")

    @property
    def endpoint_kind(self) -> CallableKind:
        return next(step.kind for step in self.plan.steps if isinstance(step, CallEndpoint))

    @property
    def owns_stacks(self) -> bool:
        """Whether the function opens the exit stacks; a handler finds them in the scope."""
        return self.form != "handler"

    @contextmanager
    def span(self, kind: SpanKind, name: str, of: Read | Step | None = None) -> Iterator[None]:
        """Write what is written inside as one step of the traced variant; the other variant has nothing of it.

        Steps name their line in the other variant: that is the one which people read.
        """
        if not self.is_traced:
            yield
            return
        self.lines[id(of)] = self.text.next_line
        with self.text.tracing_block(f"with trace({literal(kind)}, {literal(name)}, {self.text.next_line}):"):
            yield

    def write_result(self, variable: str) -> None:
        """Write, inside of a span, that its result is in a variable now."""
        if self.is_traced:
            self.text.tracing_line(f"trace.gave({variable})")
