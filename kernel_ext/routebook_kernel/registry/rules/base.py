"""What a rule is: a check that yields sentences, and how its findings are told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from routebook_kernel.registry.report import Level

Subject = TypeVar("Subject")

CREDENTIALS = frozenset({
    "password", "hashed_password", "password_hash", "hash_password", "passwd", "pwd", "secret", "secret_key",
    "client_secret", "private_key",
})  # fmt: skip
"""Names of fields, in lower case, that a response had better not hold."""


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject]):
    """One kind of mistake.

    Attributes:
        word: How its findings begin: "not awaited".
        level: "warn" for a mistake whatever the application, "note" for what may be meant.
        check: Yields a sentence for each: what, its line, and the way out; code stands in backquotes.
    """

    word: str
    level: Level
    check: Callable[[Subject], Iterator[str]]

    def told(self, subject: Subject) -> list[str]:
        """What the rule has to say; nothing where the user's own objects raise while they are looked at."""
        try:
            return list(self.check(subject))
        except Exception:  # any object of the notebook may be asked for its attributes here
            return []
