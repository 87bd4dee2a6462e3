"""The notebook's variables: which name holds which application, and who takes whose place when a cell runs again."""

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
    """A variable holds a new application or router.

    Attributes:
        former: What the same cell had made under this name before: the new one takes its place. None when another
            cell did: then the new one is a new beginning.
        replaced: What the name held until now, whoever made it; None when it held none.
    """

    name: str
    new: Owner
    previous: Owner | None
    replaced: Owner | None


class OwnerNames:
    """Follows the names of applications and routers through the runs of cells."""

    def __init__(self) -> None:
        self._owners: dict[str, Owner] = {}
        self._made: dict[tuple[CellKey, str], Owner] = {}
        self._known: set[ByIdentity] = set()

    def update(self, namespace: Mapping[str, Any], cell: CellKey) -> list[Rebinding]:
        """A run of `cell` ended: see what the names hold now, and what is new."""
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
        """The first name that holds it."""
        return next((name for name, held in self._owners.items() if held is owner), None)

    @property
    def applications(self) -> dict[str, Routebook]:
        """The applications that a name holds, each under its first name."""
        found: dict[str, Routebook] = {}
        for name, owner in self._owners.items():
            if isinstance(owner, Routebook) and not any(owner is other for other in found.values()):
                found[name] = owner
        return found


def iter_owners(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Owner]]:
    """The names of a namespace that hold applications and routers; IPython's own names are left out."""
    for name, value in tuple(namespace.items()):
        if isinstance(value, Routebook | APIRouter) and not name.startswith("_"):
            yield name, value
