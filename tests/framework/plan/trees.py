"""Random dependency trees as data, and the application that one describes, on any framework of FastAPI's shape."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

from hypothesis import strategies as st

Kind = Literal["async", "sync", "async generator", "generator"]
Failure = Literal["never", "before", "after"]
"""When a callable raises: never, when it is called, or (with `yield`) when it ends."""

PARAMETERS: dict[str, tuple[Any, Any]] = {
    "number": (int, inspect.Parameter.empty),
    "optional": (int, 7),
    "text": (str, "none"),
}


@dataclass(frozen=True)
class Use:
    """One `Depends`: of an earlier node."""

    node: int
    use_cache: bool
    scope: Literal["function", "request"] | None


@dataclass(frozen=True)
class Node:
    """A dependency, or the endpoint."""

    kind: Kind
    parameters: tuple[str, ...]
    uses: tuple[Use, ...]
    failure: Failure


@dataclass(frozen=True)
class Tree:
    """Nodes that use earlier ones; the last is the endpoint."""

    nodes: tuple[Node, ...]


@st.composite
def trees(draw: st.DrawFn, max_nodes: int = 5) -> Tree:
    """Trees that share nodes, with every kind of callable, caching, scope and failure."""
    count = draw(st.integers(2, max_nodes))
    nodes = []
    for index in range(count):
        is_endpoint = index == count - 1
        kinds: list[Kind] = ["async", "sync"] if is_endpoint else ["async", "sync", "async generator", "generator"]
        uses = st.builds(
            Use,
            node=st.integers(0, index - 1),
            use_cache=st.sampled_from([True, True, False]),
            scope=st.sampled_from([None, None, "function", "request"]),
        )
        nodes.append(
            Node(
                kind=draw(st.sampled_from(kinds)),
                parameters=tuple(draw(st.lists(st.sampled_from(sorted(PARAMETERS)), unique=True, max_size=2))),
                uses=tuple(draw(st.lists(uses, max_size=3 if is_endpoint else 2))) if index else (),
                failure=draw(st.sampled_from(["never"] * 8 + ["before", "after"])),
            )
        )
    return Tree(tuple(nodes))


def queries() -> st.SearchStrategy[str]:
    """Query strings that pass, fail, or leave things out."""
    values = {
        "number": ["3", "x", None],
        "optional": ["4", "y", None, None],
        "text": ["hi", "", None],
    }
    return st.fixed_dictionaries({name: st.sampled_from(options) for name, options in values.items()}).map(
        lambda chosen: "&".join(f"{name}={value}" for name, value in chosen.items() if value is not None)
    )


def build(web: ModuleType, tree: Tree, log: list[Any]) -> Any:
    """The application of a tree; its callables note in `log` what they get, and when they end."""
    calls: list[Callable[..., Any]] = []
    for index, node in enumerate(tree.nodes):
        signature = _signature(web, node, calls)
        calls.append(_make_call(web, f"node{index}", node, signature, log))
    app = web.FastAPI(openapi_url=None)
    app.get("/", response_model=None)(calls[-1])
    return app


def _signature(web: ModuleType, node: Node, calls: list[Callable[..., Any]]) -> inspect.Signature:
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter(name, keyword, annotation=PARAMETERS[name][0], default=PARAMETERS[name][1])
        for name in node.parameters
    ]
    for number, use in enumerate(node.uses):
        depends = web.Depends(calls[use.node], use_cache=use.use_cache, scope=use.scope)
        parameters.append(inspect.Parameter(f"use{number}", keyword, default=depends))
    return inspect.Signature(parameters)


def _make_call(
    web: ModuleType, name: str, node: Node, signature: inspect.Signature, log: list[Any]
) -> Callable[..., Any]:
    def begin(arguments: dict[str, Any]) -> Any:
        log.append((name, sorted(arguments.items(), key=str)))
        if node.failure == "before":
            raise web.HTTPException(409, name)
        return [name, arguments]

    def end(error: BaseException | None) -> None:
        log.append((f"{name} ends", type(error).__name__))
        if node.failure == "after":
            raise web.HTTPException(410, name)

    async def asynchronous(**arguments: Any) -> Any:
        return begin(arguments)

    def synchronous(**arguments: Any) -> Any:
        return begin(arguments)

    async def async_generator(**arguments: Any) -> Any:
        value = begin(arguments)
        try:
            yield value
        except Exception as error:
            end(error)
            raise
        end(None)

    def generator(**arguments: Any) -> Any:
        value = begin(arguments)
        try:
            yield value
        except Exception as error:
            end(error)
            raise
        end(None)

    kinds: dict[Kind, Callable[..., Any]] = {
        "async": asynchronous,
        "sync": synchronous,
        "async generator": async_generator,
        "generator": generator,
    }
    call = kinds[node.kind]
    call.__name__ = name
    call.__signature__ = signature  # type: ignore[attr-defined]
    return call
