"""What `include_router` leaves in a router's routes: a live link, not copies.

Routes that are added to the included router later are served too.
"""

from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from starlette.datastructures import URLPath
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from routebook.params import Depends

if TYPE_CHECKING:
    from routebook.routing import APIRouter


class IncludedRouter(BaseRoute):
    """One inclusion of a router, with the options that were given to it.

    Attributes:
        router: The included router.
        parent: The router that includes it.
        prefix: As given to `include_router`.

    The `whole_` values are the parent's own with the inclusion's, in that order.
    """

    def __init__(
        self,
        router: "APIRouter",
        parent: "APIRouter",
        *,
        prefix: str,
        tags: Sequence[Any],
        dependencies: Sequence[Depends],
        responses: dict[int | str, dict[str, Any]],
        response_fields: dict[int | str, Any],
        callbacks: Sequence[BaseRoute],
        deprecated: bool | None,
        include_in_schema: bool,
        default_response_class: type[Response],
        generate_unique_id_function: Callable[[Any], str],
    ) -> None:
        self.router = router
        self.parent = parent
        self.prefix = prefix
        self.tags = list(tags)
        self.dependencies = list(dependencies)
        self.responses = responses
        self.response_fields = response_fields
        self.callbacks = list(callbacks)
        self.deprecated = deprecated
        self.include_in_schema = include_in_schema
        self.default_response_class = default_response_class
        self.generate_unique_id_function = generate_unique_id_function

    def rebuilt(self, *, router: "APIRouter | None" = None, parent: "APIRouter | None" = None) -> "IncludedRouter":
        """The same inclusion of another router, or into another."""
        new = copy(self)
        new.router, new.parent = router or self.router, parent or self.parent
        new.router.is_included_in(new.parent)
        return new

    def __repr__(self) -> str:
        return f"IncludedRouter({self.whole_prefix!r}, {len(self.router.routes)} routes)"

    @property
    def whole_prefix(self) -> str:
        return self.parent.prefix + self.prefix

    @property
    def whole_tags(self) -> list[Any]:
        return [*self.parent.tags, *self.tags]

    @property
    def whole_dependencies(self) -> list[Depends]:
        return [*self.parent.dependencies, *self.dependencies]

    @property
    def whole_responses(self) -> dict[int | str, dict[str, Any]]:
        return {**self.parent.responses, **self.responses}

    @property
    def whole_response_fields(self) -> dict[int | str, Any]:
        return {**self.parent.response_fields, **self.response_fields}

    @property
    def whole_callbacks(self) -> list[BaseRoute]:
        return [*self.parent.callbacks, *self.callbacks]

    @property
    def whole_deprecated(self) -> bool | None:
        return self.deprecated or self.parent.deprecated

    @property
    def whole_include_in_schema(self) -> bool:
        return self.include_in_schema and self.parent.include_in_schema

    def option_levels(self, name: str) -> list[Any]:
        """An option as the included router, the inclusion and the parent give it, the most specific first."""
        return [getattr(owner, name) for owner in (self.router, self, self.parent) if hasattr(owner, name)]

    # as a route -----------------------------------------------------------------------------------------------------

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self.router.included_at((self,)).matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.router.included_at((self,)).handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        return self.router.included_at((self,)).url_path_for(name, **path_params)
