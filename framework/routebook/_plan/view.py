"""A plan to be looked at: the tree of what it calls, each callable at its place, and the lines that run it.

Traces, the view of dependencies and whoever explains an operation read this; nothing that serves requests does.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from routebook._analysis.analyse import Identity
from routebook._analysis.callables import callable_name
from routebook._analysis.dependant import Dependant, InjectedKind, Source
from routebook._plan.steps import CallDependency, CallEndpoint, CallPlan, Node, ReuseDependency
from routebook._types import DependencyScope, SourceLocation


@dataclass(frozen=True, slots=True)
class ParameterView:
    """What a callable reads of the request.

    Attributes:
        name: The callable's own name for it.
        source: Where it is read.
        line: Of the generated function; 0 where its callable is not run here.
    """

    name: str
    source: Source
    line: int


@dataclass(frozen=True, slots=True)
class CallView:
    """One callable at one place of an operation's tree.

    Attributes:
        name: Of the function or class.
        kind: "sync" (in a worker thread), "async", "generator" or "async generator".
        parameter: The parent's parameter that takes its result; None where nobody does, and for the endpoint.
        runs: Whether it runs here: not where its result is there already, nor below such a place.
        is_reused: Its result is there already, and is given here.
        scope: With `yield`, when it ends: "function" before the response is sent, "request" after it.
        replaced: The name of the dependency in whose place an override put it.
        scheme: The security scheme's name in OpenAPI, where it is one.
        oauth_scopes: What it is asked for, its parents' first.
        line: Of the generated function, where it is called; 0 where nothing is written for it.
        variable: The generated function's name for its result.
        arguments: Its own parameters and the generated function's variables that they are given.
    """

    call: Callable[..., Any]
    name: str
    kind: str
    location: SourceLocation | None
    parameter: str | None
    runs: bool
    is_reused: bool
    use_cache: bool
    scope: DependencyScope | None
    replaced: str | None
    scheme: str | None
    oauth_scopes: tuple[str, ...]
    line: int
    variable: str
    arguments: tuple[tuple[str, str], ...]
    parameters: tuple[ParameterView, ...]
    injected: tuple[InjectedKind, ...]
    dependencies: tuple["CallView", ...]

    def iter_tree(self) -> Iterator["CallView"]:
        """This callable and every one below it, parents first."""
        yield self
        for dependency in self.dependencies:
            yield from dependency.iter_tree()


@dataclass(frozen=True, slots=True)
class PlanView:
    """How an operation is served.

    Attributes:
        title: "GET /items/{item_id}".
        endpoint: The root of the tree.
    """

    title: str
    endpoint: CallView
    _packed: bytes

    @property
    def source(self) -> str:
        """The generated function, as `explain` shows it."""
        return zlib.decompress(self._packed).decode()


def view_plan(plan: CallPlan, packed: bytes, lines: Mapping[int, int]) -> PlanView:
    """A plan's view.

    Args:
        plan: What runs.
        packed: The text of the function that runs it, compressed.
        lines: By the `id` of a step or of a read of the plan, its line in that text.
    """
    return PlanView(plan.title, _view(plan.tree, lines), packed)


def _view(node: Node, lines: Mapping[int, int]) -> CallView:
    dependant, step = node.dependant, node.step
    reads = step.parameters.reads if isinstance(step, CallDependency | CallEndpoint) else ()
    read_lines = {read.reader.field.name: lines.get(id(read), 0) for read in reads}
    return CallView(
        call=dependant.call,
        name=node.name,
        kind=dependant.kind.value,
        location=dependant.location,
        parameter=dependant.name,
        runs=isinstance(step, CallDependency | CallEndpoint),
        is_reused=isinstance(step, ReuseDependency),
        use_cache=dependant.use_cache,
        scope=dependant.scope,
        replaced=_replaced(dependant),
        scheme=dependant.security_scheme.scheme_name if dependant.security_scheme is not None else None,
        oauth_scopes=dependant.oauth_scopes,
        line=lines.get(id(step), 0),
        variable="result" if isinstance(step, CallEndpoint) else step.variable if step is not None else "",
        arguments=step.arguments if isinstance(step, CallDependency | CallEndpoint) else (),
        parameters=tuple(
            ParameterView(each.name, each.source, read_lines.get(each.name, 0)) for each in dependant.parameters
        ),
        injected=tuple(item.kind for item in dependant.injected),
        dependencies=tuple(_view(child, lines) for child in node.children),
    )


def _replaced(dependant: Dependant) -> str | None:
    """The name of what the declaration asks for, where an override stands in its place."""
    declared = dependant.declaration.dependency if dependant.declaration is not None else None
    if declared is None or Identity(declared) == Identity(dependant.call):
        return None
    return callable_name(declared)
