"""A callable's parameters with evaluated annotations: the one place where signatures are read."""

import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ForwardRef, Literal

from typing_extensions import TypeAliasType

from routebook._analysis.callables import callable_name, locate_callable, unwrap_callable
from routebook.exceptions import DeclarationError

EMPTY = inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class SignatureParameter:
    """One parameter as written; `annotation` and `default` are `EMPTY` where absent."""

    name: str
    annotation: Any
    default: Any


def iter_parameters(call: Callable[..., Any]) -> Iterator[SignatureParameter]:
    """Yield the parameters of a callable, string annotations and forward references evaluated.

    Raises:
        DeclarationError: The callable has no readable signature, or an annotation cannot be evaluated.
    """
    namespace = namespace_of(call)
    for parameter in _signature_of(call).parameters.values():
        annotation = _evaluate(parameter.annotation, namespace, call, parameter.name)
        yield SignatureParameter(parameter.name, annotation, parameter.default)


def return_annotation(call: Callable[..., Any]) -> Any:
    """The evaluated return annotation, `EMPTY` where there is none or its names exist only for type checkers."""
    function = unwrap_callable(call)
    if hasattr(function, "__signature__") or inspect.isclass(function):
        annotation = _signature_of(call).return_annotation
    else:  # a signature tells no more, and costs more
        annotation = getattr(function, "__annotations__", {}).get("return", EMPTY)
    if annotation is EMPTY:
        return EMPTY
    try:
        return evaluate_annotation(annotation, namespace_of(call))
    except NameError:
        return EMPTY


def evaluate_annotation(annotation: Any, namespace: dict[str, Any]) -> Any:
    """Evaluate a string or forward reference, and those nested in it.

    Raises:
        NameError: A name is not defined (yet) in the namespace.
    """
    if isinstance(annotation, str):
        annotation = ForwardRef(annotation, is_class=True)
    if annotation is None:
        return type(None)
    return _evaluate_nested(annotation, namespace) if _has_reference(annotation) else annotation


def resolve_alias(annotation: Any) -> Any:
    """The type behind `type Name = …` (PEP 695), generic aliases included."""
    while True:
        if isinstance(annotation, TypeAliasType) or type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        elif type(origin := typing.get_origin(annotation)).__name__ == "TypeAliasType":
            annotation = origin.__value__[typing.get_args(annotation)]
        else:
            return annotation


def namespace_of(call: Callable[..., Any]) -> dict[str, Any]:
    """The global names that the callable's annotations may use; in a notebook, the user's. Not to be changed."""
    function = unwrap_callable(call)
    if inspect.isclass(function):
        module = sys.modules.get(function.__module__)
        return {**(vars(module) if module else {}), **getattr(function.__init__, "__globals__", {})}
    namespace: dict[str, Any] = getattr(function, "__globals__", {})
    return namespace


def _signature_of(call: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(call)
    except (TypeError, ValueError) as error:
        raise DeclarationError(
            f"{call!r} cannot be used here: its parameters cannot be read ({error}). "
            "Wrap it in a function with named parameters."
        ) from error


def _evaluate(annotation: Any, namespace: dict[str, Any], call: Callable[..., Any], name: str) -> Any:
    if annotation is EMPTY:
        return EMPTY
    try:
        return evaluate_annotation(annotation, namespace)
    except NameError as error:
        raise DeclarationError(
            f"The type of parameter {name!r} of {callable_name(call)} cannot be evaluated: {error}. "
            "Define or import that name before this function.",
            location=locate_callable(call),
        ) from error


def _has_reference(annotation: Any) -> bool:
    """Whether a string or a `ForwardRef` stands anywhere in the type; most types hold none and need no evaluation."""
    if isinstance(annotation, str | ForwardRef):
        return True
    origin = typing.get_origin(annotation)
    if origin is None or origin is Literal:
        return False
    arguments = typing.get_args(annotation)
    if origin is Annotated:
        return _has_reference(arguments[0])
    return any(_has_reference(item) for item in arguments if not isinstance(item, list))


def _evaluate_nested(annotation: Any, namespace: dict[str, Any]) -> Any:
    holder = type("_Holder", (), {"__annotations__": {"it": annotation}, "__module__": __name__})
    return typing.get_type_hints(holder, globalns=namespace, localns=namespace, include_extras=True)["it"]
