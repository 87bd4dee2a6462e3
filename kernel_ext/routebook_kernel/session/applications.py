"""The applications of a notebook: found by object or by name, and let go of once nothing needs them."""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from starlette.types import ASGIApp

from routebook.applications import Routebook
from routebook_kernel.exceptions import NotAnApplicationError
from routebook_kernel.protocol import Credential
from routebook_kernel.redaction import USUAL, Secrets
from routebook_kernel.registry.operations import build_document
from routebook_kernel.registry.owner_names import iter_owners
from routebook_kernel.runtime.app_proxy import AppProxy
from routebook_kernel.runtime.client import Perform
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.session.application import Application
from routebook_kernel.session.lifespans import HomeLifespans
from routebook_kernel.session.serving import Serving
from routebook_kernel.session.tracker import Tracker
from routebook_kernel.session.transport import Transport
from routebook_kernel.session.weak_list import WeakList


class NotebookApplications:
    """One `Application` for each application object. Cells change it on the kernel's thread; any thread may look.

    An application lives for as long as a variable stands for it, or did last under its name, or anything sends requests
    to it.

    Args:
        tracker: Knows the notebook's variables and which cell owns what.
        home: Where deltas are timed.
        lifespans: Of the applications on the home loop.
        transport: Sends requests to them.
        serving: The in-kernel server.
    """

    def __init__(
        self, tracker: Tracker, home: HomeLoop, lifespans: HomeLifespans, transport: Transport, serving: Serving
    ) -> None:
        self._tracker = tracker
        self._home = home
        self._lifespans = lifespans
        self._transport = transport
        self._serving = serving
        self._applications = WeakList[Application]()
        self._kept: list[Application] = []
        self._proxies = WeakList[AppProxy]()
        self._secrets = USUAL
        self._credential_listeners: list[Callable[[], None]] = []
        serving.on_change(self.touch)

    # Lookup

    def find(self, app: Any) -> Application:
        """Return the `Application` of an application, of its proxy, or itself.

        Raises:
            NotAnApplicationError: If it's something else.
        """
        if isinstance(app, Application):
            return app
        for application in self._applications:
            if application.app is app or application.stands_for(app):
                return application
        if not isinstance(app, Routebook):
            raise NotAnApplicationError(f"{type(app).__name__} {app!r}"[:80])
        return self._add(app)

    def _add(self, app: Routebook) -> Application:
        name = self._tracker.names.name_of(app) or "app"
        application = Application(
            app, name, self._tracker, self._home, self._transport, self._serving, self.get_secrets
        )
        for listener in self._credential_listeners:
            application.credentials.on_change(listener)
        self._applications.append(application)
        self._kept.append(application)  # until the cell has ended: only then is it known what a name stands for
        self._proxies.append(application.proxy)
        return application

    def proxy_of(self, app: ASGIApp) -> AppProxy:
        """Return the proxy of an application of any framework."""
        if isinstance(app, Routebook | Application | AppProxy):
            return self.find(app).proxy
        proxy = AppProxy(app)
        self._proxies.append(proxy)
        return proxy

    def find_default(self) -> Routebook | None:
        """Return the application that is meant if none is named: `app`, or the last one in the notebook."""
        owners = iter_owners(self._tracker.namespace)
        found = {name: owner for name, owner in owners if isinstance(owner, Routebook)}
        return found.get("app") or next(reversed(list(found.values())), None)

    def find_named(self, name: str) -> Application | None:
        """Return the application that a variable stands for, or stood for last."""
        if (app := self._tracker.names.applications.get(name)) is not None:
            return self.find(app)
        return next((found for found in reversed(tuple(self._applications)) if found.name == name), None)

    def list_current(self) -> Iterable[Routebook]:
        """Return the applications that variables stand for."""
        return self._tracker.names.applications.values()

    # By name, for the log and for saved tests

    def requests_to(self, name: str) -> Perform | None:
        """Return what sends a request to an application; None if there's none of this name."""
        application = self.find_named(name)
        return application.perform if application is not None else None

    def document_of(self, name: str) -> Mapping[str, Any]:
        """Return the OpenAPI document of an application; an empty one if there's none of this name."""
        app = self._tracker.names.applications.get(name)
        return build_document(app)[0] if app is not None else {}

    def credentials_for(self, name: str, operation: str) -> Mapping[str, Credential]:
        """Return the credentials that a person gave for an operation, by security scheme."""
        application = self.find_named(name)
        return application.credentials_for(operation) if application is not None else {}

    def credentials_of(self, name: str) -> Mapping[str, Credential]:
        """Return all credentials that a person gave for an application, by security scheme."""
        application = self.find_named(name)
        return application.credentials.of() if application is not None else {}

    def text_variable(self, name: str) -> str | None:
        """Return a variable of the notebook that holds a string or a whole number, as a string."""
        value = self._tracker.namespace.get(name)
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None

    # What is secret

    def get_secrets(self) -> Secrets:
        """Return the names whose values are credentials: the usual ones, and those of the applications' API keys."""
        return self._secrets

    def on_credentials(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever someone signs in or out, from any thread."""
        self._credential_listeners.append(listener)

    # Runs of cells

    def finish_run(self, replaced: Sequence[tuple[Routebook, Routebook]], *, is_changed: bool) -> None:
        """Bring everything up to date after a cell has run.

        Args:
            replaced: Applications whose variable stands for another now, each with the new one.
            is_changed: Whether the run changed anything that views show.
        """
        for previous, new in replaced:
            self._replace(previous, new)
        if is_changed:
            self._secrets = Secrets.of(_list_key_names(self.list_current()))
            for application in self._applications:
                application.note_run(self._tracker.names.name_of(application.app))
        for application in self._applications:
            application.touch_dependencies()
        self._let_go()

    def _replace(self, previous: Routebook, new: Routebook) -> None:
        for application in self._applications:
            if application.app is previous:
                application.replace(new)
                self._home.submit(self._change_lifespan(previous, application.proxy))
        same = [application for application in self._applications if application.app is new]
        for double in same[1:]:  # a cell that makes an application and its client makes two, before it ends
            if not double.is_used:
                same[0].absorb(double)
                self._applications.remove(double)

    async def _change_lifespan(self, previous: Routebook, proxy: AppProxy) -> None:
        await self._lifespans.replace(previous, proxy, is_served=self._serving.is_running_for(proxy))
        self.touch()

    def _let_go(self) -> None:
        """Keep what a name stands for, or stood for last. The rest lives for as long as someone uses it."""
        latest = {application.name: application for application in self._applications}
        named = [found for found in self._applications if self._tracker.names.name_of(found.app) is not None]
        self._kept = [*latest.values(), *named]
        self._lifespans.leave_unused(lambda: self._proxies)

    def touch(self) -> None:
        """Have every view of an application look again."""
        for application in self._applications:
            application.touch()

    def lose_sockets(self, error: Exception) -> None:
        """End the console's connections: their event loop is gone."""
        for application in self._applications:
            application.lose_sockets(error)

    def names_of(self, apps: Iterable[ASGIApp]) -> list[str]:
        """Return the variables of applications, for a message."""
        return [self._tracker.names.name_of(app) or "app" for app in apps if isinstance(app, Routebook)]


def _list_key_names(applications: Iterable[Routebook]) -> list[str]:
    """List the names of the API keys that applications declare (OpenAPI 3.1.0, Security Scheme Object, `apiKey`)."""
    names = []
    for app in applications:
        with contextlib.suppress(Exception):  # a document that can't be built is reported elsewhere
            schemes = app.openapi().get("components", {}).get("securitySchemes", {})
            names += [scheme["name"] for scheme in schemes.values() if scheme.get("type") == "apiKey"]
    return names
