"""The base of all rules: a check that yields messages, and how its diagnostics begin."""

import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from routebook_kernel.registry.run_report import DiagnosticLevel

SubjectT = TypeVar("SubjectT")

CREDENTIALS = frozenset({
    "password", "hashed_password", "password_hash", "hash_password", "passwd", "pwd", "secret", "secret_key",
    "client_secret", "private_key",
})  # fmt: skip
"""Names of fields, in lower case, that a response shouldn't contain."""


@dataclass(frozen=True, slots=True)
class DiagnosticRule(Generic[SubjectT]):
    """One kind of mistake.

    Attributes:
        word: How its diagnostics begin: "not awaited".
        level: "warn" for a mistake in any application, "note" for code that may be intended.
        check: Yields a message for each mistake: what, on which line, and how to fix it, with code in backquotes.
    """

    word: str
    level: DiagnosticLevel
    check: Callable[[SubjectT], Iterator[str]]

    def messages(self, subject: SubjectT) -> list[str]:
        """Return the rule's messages, or none if one of the user's objects raises while it's inspected."""
        try:
            return list(self.check(subject))
        except Exception:  # attributes of any user object may be read here
            return []


_NEVER_NONE = (
    str, bytes, int, float, complex, date, time, timedelta, Decimal, UUID, Enum, BaseModel, list, dict, set, frozenset,
    tuple,
)  # fmt: skip


def is_non_nullable(annotation: Any) -> bool:
    """Whether a type certainly doesn't accept `None`. False for unknown classes."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return all(is_non_nullable(part) for part in get_args(annotation))
    if origin is Literal:
        return None not in get_args(annotation)
    kind = origin or annotation
    return isinstance(kind, type) and issubclass(kind, _NEVER_NONE)
