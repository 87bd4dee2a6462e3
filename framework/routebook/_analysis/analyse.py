"""Build the `Dependant` tree of a callable."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from routebook._analysis.callables import CallableKind, callable_name, classify_callable, locate_callable
from routebook._analysis.classify import classify_parameter
from routebook._analysis.dependant import Dependant, Injected, Parameter
from routebook._analysis.signature import iter_parameters
from routebook._security import SecurityBase
from routebook._types import DependencyScope
from routebook.exceptions import DeclarationError, DependencyScopeError
from routebook.params import Depends, Security


def analyse_endpoint(
    call: Callable[..., Any],
    *,
    path_names: frozenset[str],
    dependencies: Sequence[Depends] = (),
    overrides: Mapping[Any, Any] | None = None,
) -> Dependant:
    """Analyse an endpoint and, before its own, the dependencies that a decorator, router or application adds.

    Args:
        call: The endpoint.
        path_names: The parameters of the whole path.
        dependencies: Run first, in order; nobody takes their results.
        overrides: What to analyse in place of a dependency (`app.dependency_overrides`).

    Raises:
        DeclarationError: A declaration contradicts itself, or dependencies form a cycle; it names the function,
            file and line.
        DependencyScopeError: A dependency of scope "request" needs one of scope "function".
    """
    return _Analysis(path_names, overrides or {}).analyse(call, extra=dependencies)


class _Analysis:
    """One run over a tree: what holds for all of its nodes."""

    def __init__(self, path_names: frozenset[str], overrides: Mapping[Any, Any]) -> None:
        self._path_names = path_names
        self._overrides = [(Identity(old), new) for old, new in overrides.items()]

    def analyse(
        self,
        call: Callable[..., Any],
        *,
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
        dependencies = [self._analyse_declaration(depends, None, chain, oauth_scopes) for depends in extra]
        for parameter in iter_parameters(call):
            found = classify_parameter(parameter, call=call, path_names=self._path_names)
            if isinstance(found, Parameter):
                parameters.append(found)
            elif isinstance(found, Injected):
                injected.append(found)
            else:
                if scope == "request" and kind.is_generator:
                    _check_scope(call, found.depends.scope, self._overridden(found.depends.dependency))
                dependencies.append(self._analyse_declaration(found.depends, found.name, chain, oauth_scopes))
        takes_scopes = (
            bool(isinstance(declaration, Security) and declaration.scopes)
            or isinstance(call, SecurityBase)
            or any(item.kind == "security_scopes" for item in injected)
            or any(item.cache_key[1] for item in dependencies)
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
            cache_key=(Identity(call), tuple(sorted(oauth_scopes)) if takes_scopes else (), scope),
        )

    def _analyse_declaration(
        self,
        depends: Depends,
        name: str | None,
        chain: tuple[Callable[..., Any], ...],
        parent_scopes: tuple[str, ...],
    ) -> Dependant:
        call = self._overridden(depends.dependency)
        if not callable(call):
            of = callable_name(chain[-1])
            raise DeclarationError(
                f"A parameter-less dependency must have a callable dependency: Depends({call!r}) of {of} has none. "
                "Write Depends(the_function), without calling it.",
                location=locate_callable(chain[-1]),
            )
        if any(call is earlier for earlier in chain):
            names = " → ".join(callable_name(item) for item in (*chain, call))
            raise DeclarationError(
                f"Dependencies form a cycle: {names}. Take one of the Depends out.", location=locate_callable(call)
            )
        own_scopes = tuple(depends.scopes or ()) if isinstance(depends, Security) else ()
        return self.analyse(
            call,
            name=name,
            declaration=depends,
            oauth_scopes=tuple(dict.fromkeys((*parent_scopes, *own_scopes))),
            chain=chain,
        )

    def _overridden(self, call: Any) -> Any:
        if not self._overrides:
            return call
        key = Identity(call)
        return next((new for old, new in self._overrides if old == key), call)


def _scope_of(kind: CallableKind, declaration: Depends | None) -> DependencyScope | None:
    """The declared scope; a generator's default is "request"; only generators have an end to place."""
    if declaration is not None and declaration.scope:
        return declaration.scope
    return "request" if declaration is not None and kind.is_generator else None


def _check_scope(call: Callable[..., Any], scope: DependencyScope | None, dependency: Callable[..., Any]) -> None:
    """Whether a generator's dependency lives as long as it does; where several do not, the outermost is told."""
    if scope == "function":
        raise DependencyScopeError(
            f'The dependency "{callable_name(call)}" has a scope of "request", it cannot depend on dependencies '
            f'with scope "function", which end earlier: "{callable_name(dependency)}".',
            location=locate_callable(call),
        )


class Identity:
    """What makes two callables the same: functions, methods and classes by equality, instances by identity.

    It keeps its target alive: an `id` alone could be reused.
    """

    __slots__ = ("_by_value", "target")

    def __init__(self, target: object) -> None:
        self.target = target
        self._by_value = inspect.isroutine(target) or inspect.isclass(target)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Identity):
            return NotImplemented
        return self.target is other.target or (self._by_value and other._by_value and self.target == other.target)

    def __hash__(self) -> int:
        return hash(self.target) if self._by_value else id(self.target)
