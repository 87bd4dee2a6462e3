"""Mistakes in how an application is assembled: mounts, middleware, overrides, lifespans."""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.middleware.cors import CORSMiddleware

from routebook.applications import Routebook
from routebook.routing import APIRoute, IncludedRouter, Mount, iter_route_contexts
from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.run_report import as_code


def _find_shadowing_mounts(app: Routebook) -> Iterator[str]:
    """Find operations declared after a mount that takes every path below its own."""
    mounts: list[Mount] = []
    for route in app.routes:
        if isinstance(route, Mount):
            mounts.append(route)
            continue
        contexts = iter_route_contexts([route]) if mounts and _has_paths(route) else ()
        for path in [context.path_format or "" for context in contexts]:
            mount = next(
                (candidate for candidate in mounts if path == candidate.path or path.startswith(f"{candidate.path}/")),
                None,
            )
            if mount is not None:
                yield (
                    f"`{path}` is never reached, the mount at `{mount.path or '/'}` takes it: mount after the "
                    "operations, "
                    "or under a path of its own"
                )


def _has_paths(route: object) -> bool:
    return isinstance(route, APIRoute | IncludedRouter)


def _find_unprefixed_mounts(app: Routebook) -> Iterator[str]:
    """Find mounts on included routers, which don't get the prefix of `include_router`."""
    for prefix, mount in _iter_mounts(app.routes, ""):
        if prefix:
            yield (
                f"the mount at `{mount.path}` of a router is served without its prefix `{prefix}`: write "
                f"`app.mount({prefix + mount.path!r}, …)`"
            )


def _iter_mounts(routes: Sequence[object], prefix: str) -> Iterator[tuple[str, Mount]]:
    """Yield the mounts of included routers, each with the prefixes above it."""
    for route in routes:
        if isinstance(route, IncludedRouter):
            mounted = f"{prefix}{getattr(route, 'prefix', '')}{route.router.prefix}"
            yield from ((mounted, mount) for mount in route.router.routes if isinstance(mount, Mount))
            yield from _iter_mounts(route.router.routes, mounted)


def _find_skipped_lifespans(app: Routebook) -> Iterator[str]:
    """Find mounted applications with a lifespan. Only the outermost application gets lifespan messages."""
    for route in app.routes:
        mounted = route.app if isinstance(route, Mount) else None
        if isinstance(mounted, Routebook) and mounted.router.has_lifespan and not app.router.has_lifespan:
            yield (
                f"the lifespan of the application mounted at `{route.path}` never runs: enter it in the outer "  # type: ignore[attr-defined]
                "one's, `async with sub.router.lifespan_context(sub):`"
            )


def _find_blocked_methods(app: Routebook) -> Iterator[str]:
    """Find methods that the application serves, but its CORS middleware doesn't allow.

    Spec: Fetch, CORS-preflight: the methods that a response allows.
    """
    for options in _cors_options(app):
        allowed = {str(method).upper() for method in options.get("allow_methods", ("GET",))}
        served = {method for context in iter_route_contexts(app.routes) for method in context.methods or ()}
        blocked = sorted(served - allowed - {"HEAD", "OPTIONS", "GET"}) if "*" not in allowed else []
        if blocked:
            yield (
                f"CORS lets browsers of other origins send {', '.join(sorted(allowed))} only, not "
                f"{', '.join(blocked)}: "
                "add `allow_methods=['*']` and `allow_headers=['*']`"
            )


def _find_open_credentials(app: Routebook) -> Iterator[str]:
    for options in _cors_options(app):
        if options.get("allow_credentials") and "*" in tuple(options.get("allow_origins", ())):
            yield (
                "CORS lets every website use your users' cookies (`allow_origins=['*']` with "
                "`allow_credentials=True`): "
                "list the origins"
            )


def _cors_options(app: Routebook) -> list[dict[str, Any]]:
    return [
        dict(middleware.kwargs)
        for middleware in app.user_middleware
        if getattr(middleware, "cls", None) is CORSMiddleware
    ]


def _find_broken_middleware(app: Routebook) -> Iterator[str]:
    """Find middleware that can't be created. The first request creates it, far from the line that added it."""
    for middleware in app.user_middleware:
        try:
            inspect.signature(middleware.cls).bind(app, *middleware.args, **middleware.kwargs)
        except TypeError as error:
            name = getattr(middleware.cls, "__name__", type(middleware.cls).__name__)
            yield f"the middleware {as_code(name)} cannot be made, every request will fail: {as_code(error)}"
        except ValueError:  # a class in C has no signature
            continue


def _find_unused_overrides(app: Routebook) -> Iterator[str]:
    """Find overrides that no operation uses. An override applies only to the exact callable passed to `Depends`."""
    if not app.dependency_overrides:
        return
    used = [
        node.call
        for context in iter_route_contexts(app.routes)
        if (dependant := getattr(context, "dependant", None) or getattr(context.original_route, "dependant", None))
        for node in dependant.iter_tree()
    ]
    used += [marker.dependency for marker in app.router.dependencies if marker.dependency is not None]
    for key, value in app.dependency_overrides.items():
        if not callable(value):
            code = as_code(repr(value)[:60])
            yield (
                f"`dependency_overrides[{_describe_key(key)}]` is {code}, no function: give it one, without calling it"
            )
        if used and not any(call == key for call in used):
            name = _describe_key(key)
            yield (
                f"`dependency_overrides[{name}]` has no effect: no operation depends on {as_code(name)} itself; the "
                "key is the very object in `Depends(…)`, for a factory what it returned: keep that in a variable"
            )


def _describe_key(key: object) -> str:
    return str(getattr(key, "__name__", None) or (repr(key)[:40] if not callable(key) else type(key).__name__))


RULES: Sequence[DiagnosticRule[Routebook]] = (
    DiagnosticRule("never reached", "warn", _find_shadowing_mounts),
    DiagnosticRule("without the prefix", "warn", _find_unprefixed_mounts),
    DiagnosticRule("never runs", "warn", _find_skipped_lifespans),
    DiagnosticRule("CORS", "note", _find_blocked_methods),
    DiagnosticRule("CORS", "warn", _find_open_credentials),
    DiagnosticRule("cannot be made", "error", _find_broken_middleware),
    DiagnosticRule("no effect", "warn", _find_unused_overrides),
)
