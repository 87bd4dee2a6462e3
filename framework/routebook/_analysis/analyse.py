"""Build the `Dependant` tree of a callable."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from routebook._analysis.callables import CallableKind, callable_name, classify_callable, locate_callable
from routebook._analysis.classify import DependencyParameter, classify_parameter
from routebook._analysis.dependant import Dependant, Injected, Parameter
from routebook._analysis.signature import iter_parameters
from routebook._types import DependencyScope
from routebook.exceptions import DeclarationError, DependencyScopeError
from routebook.params import Depends, Security
from routebook.security.base import SecurityBase


def analyse_endpoint(
    call: Callable[..., Any], *, path_names: frozenset[str], dependencies: Sequence[Depends] = ()
) -> Dependant:
    """Analyse an endpoint and, before its own, the dependencies that a decorator, router or application adds.

    Raises:
        DeclarationError: A declaration contradicts itself, or dependencies form a cycle; it names the function,
            file and line.
        DependencyScopeError: A dependency of scope "request" needs one of scope "function".
    """
    return _analyse(call, path_names=path_names, extra=dependencies)


def _analyse(
    call: Callable[..., Any],
    *,
    path_names: frozenset[str],
    extra: Sequence[Depends] = (),
    name: str | None = None,
    declaration: Depends | None = None,
    oauth_scopes: tuple[str, ...] = (),
    chain: tuple[Callable[..., Any], ...] = (),
) -> Dependant:
    kind = classify_callable(call)
    scope = _scope_of(kind, declaration)
    chain = (*chain, call)
    parameters: list[Parameter] = []
    injected: list[Injected] = []
    dependencies = [_analyse_declaration(depends, None, path_names, chain, oauth_scopes) for depends in extra]
    for parameter in iter_parameters(call):
        found = classify_parameter(parameter, call=call, path_names=path_names)
        if isinstance(found, Parameter):
            parameters.append(found)
        elif isinstance(found, Injected):
            injected.append(found)
        elif isinstance(found, DependencyParameter):
            dependencies.append(_analyse_declaration(found.depends, found.name, path_names, chain, oauth_scopes))
    if scope == "request" and kind.is_generator:
        _check_scopes(call, dependencies)
    takes_scopes = any(item.kind == "security_scopes" for item in injected) or any(
        item.cache_key[1] for item in dependencies
    )
    return Dependant(
        call=call,
        kind=kind,
        location=locate_callable(call),
        name=name,
        parameters=tuple(parameters),
        injected=tuple(injected),
        dependencies=tuple(dependencies),
        declaration=declaration,
        scope=scope,
        oauth_scopes=oauth_scopes,
        security_scheme=call if isinstance(call, SecurityBase) else None,
        cache_key=(_identity(call), tuple(sorted(oauth_scopes)) if takes_scopes else (), scope),
    )


def _analyse_declaration(
    depends: Depends,
    name: str | None,
    path_names: frozenset[str],
    chain: tuple[Callable[..., Any], ...],
    parent_scopes: tuple[str, ...],
) -> Dependant:
    call = depends.dependency
    if not callable(call):
        of = callable_name(chain[-1]) if chain else "a router or application"
        raise DeclarationError(
            f"A parameter-less dependency must have a callable dependency: Depends({call!r}) of {of} has none. "
            "Write Depends(the_function), without calling it.",
            location=locate_callable(chain[-1]) if chain else None,
        )
    if any(call is earlier for earlier in chain):
        names = " → ".join(callable_name(item) for item in (*chain, call))
        raise DeclarationError(
            f"Dependencies form a cycle: {names}. Take one of the Depends out.", location=locate_callable(call)
        )
    own_scopes = tuple(depends.scopes or ()) if isinstance(depends, Security) else ()
    return _analyse(
        call,
        path_names=path_names,
        name=name,
        declaration=depends,
        oauth_scopes=tuple(dict.fromkeys((*parent_scopes, *own_scopes))),
        chain=chain,
    )


def _scope_of(kind: CallableKind, declaration: Depends | None) -> DependencyScope | None:
    """The declared scope; a generator's default is "request"; only generators have an end to place."""
    if declaration is not None and declaration.scope:
        return declaration.scope
    return "request" if declaration is not None and kind.is_generator else None


def _check_scopes(call: Callable[..., Any], dependencies: Sequence[Dependant]) -> None:
    for dependency in dependencies:
        if dependency.scope == "function":
            raise DependencyScopeError(
                f'The dependency "{callable_name(call)}" has a scope of "request", it cannot depend on dependencies '
                f'with scope "function", which end earlier: "{callable_name(dependency.call)}".',
                location=locate_callable(call),
            )


def _identity(call: Callable[..., Any]) -> Any:
    """What makes two dependencies the same: functions, methods and classes by equality, instances by identity."""
    if inspect.isroutine(call) or inspect.isclass(call):
        return call
    return _Same(call)


class _Same:
    """Equal only for the very same object, which it keeps alive (an `id` alone could be reused)."""

    __slots__ = ("target",)

    def __init__(self, target: object) -> None:
        self.target = target

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.target is other.target

    def __hash__(self) -> int:
        return id(self.target)
