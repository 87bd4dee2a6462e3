"""The entries of a `CallPlan`: frozen, in the order in which they run, naming the variables that they read and set.

Steps say what happens; `source` writes them as Python, and the tests' interpreter runs them one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from routebook._analysis.callables import CallableKind
from routebook._analysis.dependant import Dependant, Source
from routebook._concurrency import DependencyConcurrency
from routebook._plan.extract import Reader
from routebook._plan.respond import ResponseShape
from routebook._types import DependencyScope, SourceLocation


@dataclass(frozen=True, slots=True)
class ReadBody:
    """Receive the body: as bytes for one direct JSON parameter, decoded JSON, or a form.

    Not `is_sent`, there is none to receive: a WebSocket's handshake has no body.
    """

    kind: str  # "bytes", "json", "form"
    is_sent: bool = True


@dataclass(frozen=True, slots=True)
class ReadSource:
    """Take one source apart: `is_whole` keeps all values of each name, for sequences and models; else one a name."""

    source: Source
    is_whole: bool

    @property
    def variable(self) -> str:
        return f"sent_{self.source}" if self.is_whole else self.source


@dataclass(frozen=True, slots=True)
class Make:
    """Make an object that the framework gives."""

    kind: str
    variable: str
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """One parameter into one variable."""

    variable: str
    source: Source
    reader: Reader

    @property
    def is_body(self) -> bool:
        return self.source in ("body", "form", "file")

    @property
    def is_text(self) -> bool:
        """Whether every text passes unchanged, so that there is nothing to validate."""
        field = self.reader.field
        return self.reader.is_plain and field.annotation is str and not field.field_info.metadata

    @property
    def can_fail(self) -> bool:
        """Whether reading may raise; a text that has a default, or is in the path, is taken as it is."""
        field = self.reader.field
        is_always_there = self.source == "path" or (not field.is_required and field.has_plain_default)
        return not (self.is_text and is_always_there)


@dataclass(frozen=True, slots=True)
class ReadParameters:
    """All parameters of one callable; its errors are told together.

    `key` names them among the errors of the whole request: the callable's variable, "" for the endpoint.
    """

    owner: str
    reads: tuple[Read, ...]
    key: str = ""

    @property
    def can_fail(self) -> bool:
        return any(read.can_fail for read in self.reads)


@dataclass(frozen=True, slots=True)
class CallDependency:
    """Run a dependency unless its parameters, or a dependency of its own, failed."""

    call: Callable[..., Any]
    name: str
    kind: CallableKind
    scope: DependencyScope | None
    parameters: ReadParameters
    arguments: tuple[tuple[str, str], ...]  # (its parameter, variable)
    variable: str
    needs: tuple[str, ...]  # variables of dependencies that may have failed
    can_fail: bool
    limit: DependencyConcurrency | None = None


@dataclass(frozen=True, slots=True)
class ReuseDependency:
    """A dependency that ran before in this request: its result is taken from there.

    Dependencies below it that refuse the cache run again all the same; their steps come before.
    """

    name: str
    variable: str


@dataclass(frozen=True, slots=True)
class CallEndpoint:
    """Run the endpoint; every parameter of the tree has been read by now, or the request is refused."""

    call: Callable[..., Any]
    name: str
    kind: CallableKind
    parameters: ReadParameters
    arguments: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Respond:
    """Turn the result into a response and send it; background tasks run after that."""

    shape: ResponseShape
    has_injected: bool
    has_background: bool


Step = ReadBody | ReadSource | Make | CallDependency | ReuseDependency | CallEndpoint | Respond


@dataclass(frozen=True, slots=True)
class Node:
    """A callable at its place in the tree, and the step that stands for it there.

    `step` is None below a dependency whose result is there already.
    """

    dependant: Dependant
    name: str
    step: CallDependency | ReuseDependency | CallEndpoint | None
    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class CallPlan:
    """Everything that serves one route, in order."""

    title: str  # "GET /items/{item_id}"
    name: str
    location: SourceLocation | None
    steps: tuple[Step, ...]
    tree: Node  # of the endpoint; the same calls as among the steps
    needs_request_stack: bool
    needs_function_stack: bool
    needs_guard: bool  # an async dependency with `yield`: its end is shielded from cancellation
    error_keys: tuple[str, ...]  # whose errors are told, in order; not empty if those of dependencies are gathered

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"  {number}. {describe(step)}" for number, step in enumerate(self.steps, 1))])


def describe(step: Step) -> str:
    """A step in a few words, for `explain`."""
    match step:
        case ReadBody(is_sent=False):
            return "take no body: a handshake has none"
        case ReadBody(kind=kind):
            return f"read the body ({kind})"
        case ReadSource(source=source):
            return f"read the {source} parameters that were sent"
        case Make(kind=kind):
            return f"make the {kind.replace('_', ' ')}"
        case CallDependency(name=name, kind=kind, parameters=parameters):
            return f"dependency {name} ({kind.value}){_describe_reads(parameters)}"
        case ReuseDependency(name=name):
            return f"dependency {name}: its result is there already"
        case CallEndpoint(name=name, kind=kind, parameters=parameters):
            return f"endpoint {name} ({kind.value}){_describe_reads(parameters)}"
        case Respond(shape=shape):
            model = f", checked against {shape.field.annotation!r}" if shape.field else ""
            return f"respond with {shape.response_class.__name__}{model}"


def _describe_reads(parameters: ReadParameters) -> str:
    names = ", ".join(f"{read.source} {read.reader.field.name}" for read in parameters.reads)
    return f", reads {names}" if names else ""
