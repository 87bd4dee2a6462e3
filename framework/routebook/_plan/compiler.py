"""From a `Dependant` tree to a `CallPlan`: what runs, in which order, and what need not run at all."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from routebook._analysis.callables import CallableKind, callable_name
from routebook._analysis.dependant import Dependant, Parameter, Source
from routebook._plan.body import BodyShape, make_body_reader
from routebook._plan.extract import Reader
from routebook._plan.models import make_reader
from routebook._plan.names import Names
from routebook._plan.respond import ResponseShape
from routebook._plan.steps import (
    CallDependency,
    CallEndpoint,
    CallPlan,
    Make,
    Node,
    Read,
    ReadBody,
    ReadParameters,
    ReadSource,
    Respond,
    ReuseDependency,
    Step,
)

_SOURCE_ORDER: dict[Source, int] = {"path": 0, "query": 1, "header": 2, "cookie": 3, "body": 4, "form": 4, "file": 4}


def compile_plan(
    dependant: Dependant,
    *,
    title: str,
    body: BodyShape,
    response: ResponseShape | None,
) -> CallPlan:
    """Order a tree's steps. `response` is None for a WebSocket endpoint, which answers by itself."""
    return _Compiler(dependant, body, response).compile(title)


class _Results:
    """What the dependencies of one callable give: variables by parameter, and which of them may have failed."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.nodes: list[Node] = []
        self._fallible: dict[str, None] = {}

    def add(self, node: Dependant, call: CallDependency) -> None:
        if node.name is not None:
            self.variables[node.name] = call.variable
        if call.can_fail:
            self._fallible[call.variable] = None

    @property
    def fallible(self) -> tuple[str, ...]:
        return tuple(self._fallible)


class _Compiler:
    def __init__(self, dependant: Dependant, body: BodyShape, response: ResponseShape | None) -> None:
        self._root = dependant
        self._body = body
        self._response = response
        self._names = Names()
        self._calls: dict[Any, CallDependency] = {}
        self._made: dict[tuple[str, tuple[str, ...]], Make] = {}
        self._error_keys: list[str] = []

    def compile(self, title: str) -> CallPlan:
        tree = _Results()
        calls = list(self._iter_calls(tree))
        reads = [read for call in calls if not isinstance(call, ReuseDependency) for read in call.parameters.reads]
        dependencies = [call for call in calls if isinstance(call, CallDependency)]
        prologue: list[Step] = [*self._read_body(dependencies), *self._read_sources(reads), *self._made.values()]
        kinds = {make.kind for make in self._made.values()}
        steps: list[Step] = [*prologue, *calls]
        if self._response is not None:
            steps.append(Respond(self._response, "response" in kinds, "background_tasks" in kinds))
        scopes = {call.scope for call in dependencies if call.kind.is_generator}
        return CallPlan(
            title=title,
            name=callable_name(self._root.call),
            location=self._root.location,
            steps=tuple(steps),
            tree=tree.nodes[0],
            needs_request_stack="request" in scopes,
            needs_function_stack="function" in scopes,
            needs_guard=any(call.kind is CallableKind.ASYNC_GENERATOR for call in dependencies),
            error_keys=tuple(self._error_keys) if any(call.can_fail for call in dependencies) else (),
        )

    def _iter_calls(self, tree: _Results) -> Iterator[CallDependency | ReuseDependency | CallEndpoint]:
        """The calls below the endpoint, then its own; its node is added to `tree`."""
        root = self._root
        below = _Results()
        for dependency in root.dependencies:
            yield from self._iter_dependency(dependency, below)
        parameters, arguments = self._read_parameters(root, key="")
        arguments.update(self._make_injected(root))
        arguments.update(below.variables)
        name = callable_name(root.call)
        call = CallEndpoint(root.call, name, root.kind, parameters, tuple(arguments.items()))
        tree.nodes.append(Node(root, name, call, tuple(below.nodes)))
        yield call

    def _iter_dependency(self, node: Dependant, results: "_Results") -> Iterator[CallDependency | ReuseDependency]:
        """The calls below a node, then its own, which is added to `results`."""
        name = callable_name(node.call)
        earlier = self._calls.get(node.cache_key) if node.use_cache else None
        below = _Results()
        for dependency in node.dependencies:
            for step in self._iter_dependency(dependency, below):
                if earlier is None or isinstance(step, CallDependency):
                    yield step
        if earlier is not None:
            if earlier.parameters.can_fail:  # each use tells the errors, as in FastAPI
                self._error_keys.append(earlier.parameters.key)
            results.add(node, earlier)
            reuse = ReuseDependency(name, earlier.variable)
            results.nodes.append(Node(node, name, reuse, _without_reuse(below.nodes)))
            yield reuse
            return
        call = self._make_call(node, name, below)
        self._calls.setdefault(node.cache_key, call)
        results.add(node, call)
        results.nodes.append(Node(node, name, call, tuple(below.nodes)))
        yield call

    def _make_call(self, node: Dependant, name: str, below: "_Results") -> CallDependency:
        variable = self._names.take(node.name or name)
        parameters, arguments = self._read_parameters(node, key=variable)
        arguments.update(self._make_injected(node))
        arguments.update(below.variables)
        return CallDependency(
            call=node.call,
            name=name,
            kind=node.kind,
            scope=node.scope,
            parameters=parameters,
            arguments=tuple(arguments.items()),
            variable=variable,
            needs=below.fallible,
            can_fail=parameters.can_fail or bool(below.fallible),
            limit=node.declaration._concurrency if node.declaration is not None else None,
        )

    def _read_parameters(self, node: Dependant, key: str) -> tuple[ReadParameters, dict[str, str]]:
        ordered = sorted(node.parameters, key=lambda parameter: _SOURCE_ORDER[parameter.source])
        prefix = f"{key}_" if key else ""
        reads = tuple(
            Read(self._names.take(prefix + parameter.name), parameter.source, self._make_reader(parameter))
            for parameter in ordered
        )
        arguments = {parameter.name: read.variable for parameter, read in zip(ordered, reads, strict=True)}
        parameters = ReadParameters(callable_name(node.call), reads, key)
        if parameters.can_fail:
            self._error_keys.append(key)
        return parameters, arguments

    def _make_reader(self, parameter: Parameter) -> Reader:
        return make_body_reader(parameter, self._body) if parameter.is_body else make_reader(parameter)

    def _make_injected(self, node: Dependant) -> dict[str, str]:
        variables = {}
        for item in node.injected:
            kind: str = item.kind
            if kind in ("connection", "request"):
                kind = "websocket" if self._response is None else "request"
            scopes = node.oauth_scopes if kind == "security_scopes" else ()
            make = self._made.get((kind, scopes))
            if make is None:
                variable = self._names.take("security_scopes") if kind == "security_scopes" else kind
                make = self._made[(kind, scopes)] = Make(kind, variable, scopes)
            variables[item.name] = make.variable
        return variables

    def _read_body(self, dependencies: list[CallDependency]) -> Iterator[ReadBody]:
        if self._body.kind == "none":
            return
        is_sent = self._response is not None
        is_direct = self._body.kind == "json" and not dependencies and not self._body.is_embedded
        yield ReadBody("bytes" if is_direct and is_sent else self._body.kind, is_sent)

    def _read_sources(self, reads: list[Read]) -> Iterator[ReadSource]:
        wanted = {(read.source, not read.reader.is_plain) for read in reads if _SOURCE_ORDER[read.source] < 4}
        for source, is_whole in sorted(wanted, key=lambda item: (_SOURCE_ORDER[item[0]], item[1])):
            yield ReadSource(source, is_whole)


def _without_reuse(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Nodes below a dependency whose result is there already: for what it would have reused, there is no step."""
    return tuple(
        replace(
            node,
            step=None if isinstance(node.step, ReuseDependency) else node.step,
            children=_without_reuse(node.children),
        )
        for node in nodes
    )
