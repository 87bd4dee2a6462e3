"""The variables that hold applications and routers, and which of them a run replaced."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from routebook.applications import Routebook
from routebook.routing import APIRouter
from routebook_kernel.records import CellKey
from routebook_kernel.registry.identity import ByIdentity

Owner = Routebook | APIRouter


@dataclass(frozen=True, slots=True)
class Rebinding:
    """A variable with a new application or router.

    Attributes:
        previous: What the same cell had created under this name before, now replaced. None if it hadn't, or if another
            cell had: then the new one starts from scratch.
        replaced: The previous value of the variable, from any cell; None if it had none.
    """

    name: str
    new: Owner
    previous: Owner | None
    replaced: Owner | None


class OwnerNames:
    """Tracks the names of applications and routers from run to run."""

    def __init__(self) -> None:
        self._owners: dict[str, Owner] = {}
        self._made: dict[tuple[CellKey, str], Owner] = {}
        self._known: set[ByIdentity] = set()

    def update(self, namespace: Mapping[str, Any], cell: CellKey) -> list[Rebinding]:
        """Record the names after a run of `cell`, and return the ones with a new value."""
        now = dict(iter_owners(namespace))
        rebindings = []
        for name, owner in now.items():
            if self._owners.get(name) is owner or ByIdentity(owner) in self._known:
                continue
            rebindings.append(Rebinding(name, owner, self._made.get((cell, name)), self._owners.get(name)))
            self._made[cell, name] = owner
        self._owners = now
        self._known = {ByIdentity(owner) for owner in (*now.values(), *self._made.values())}
        return rebindings

    def name_of(self, owner: Any) -> str | None:
        """Return the first name of an application or router."""
        return next((name for name, held in self._owners.items() if held is owner), None)

    @property
    def applications(self) -> dict[str, Routebook]:
        """The applications that have a name, each under its first one."""
        found: dict[str, Routebook] = {}
        for name, owner in self._owners.items():
            if isinstance(owner, Routebook) and not any(owner is other for other in found.values()):
                found[name] = owner
        return found


def iter_owners(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Owner]]:
    """Yield the names of a namespace that hold applications or routers, except IPython's own names."""
    for name, value in tuple(namespace.items()):
        if isinstance(value, Routebook | APIRouter) and not name.startswith("_"):
            yield name, value
