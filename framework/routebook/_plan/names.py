"""Names for the variables of generated code.

Two kinds of names meet in a generated function: its own, which its templates spell out, and those that are made from
what a user wrote. No name of the second kind is ever one of the first, whatever the user wrote.
"""

import keyword
import unicodedata

VARIABLES = frozenset(
    "scope receive send path query header cookie sent_path sent_query sent_header sent_cookie sent_form raw_body body "
    "form error errors result answer headers request websocket connection response background_tasks guard "
    "request_stack function_stack trace status".split()
)
"""Variables that templates use."""

HELPERS = frozenset(
    "AsyncExitStack BackgroundTasks CancelScope FAILED GuardedStack Response SecurityScopes Tracer UNREADABLE "
    "UNSENT WebSocket close_form cookie_values decode_json header_values is_body_allowed isinstance len locals "
    "make_request query_values read_body read_form receive_form run_in_threadpool send_response source_values "
    "swallowed_error".split()
)
"""Globals that templates use, Python's own included."""

RESERVED = VARIABLES | HELPERS


class Names:
    """Hands out variable names that are valid and not taken.

    Args:
        taken: More names that are taken.
    """

    def __init__(self, taken: frozenset[str] = frozenset()) -> None:
        self._taken = set(RESERVED | taken)

    def take(self, wish: str) -> str:
        """Return a name close to the wish: a plain identifier, in the form in which Python compares identifiers."""
        base = _identifier(wish)
        name, number = base, 2
        while name in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name)
        return name


def _identifier(wish: str) -> str:
    """The identifier that is most like a text.

    Spec: Python language reference, Identifiers: parsers compare their NFKC forms; `__debug__` can't be assigned.
    """
    text = unicodedata.normalize("NFKC", str.__str__(wish))
    name = "".join(char if f"a{char}".isidentifier() else "_" for char in text).lstrip("_")
    if not text.startswith("__") and text.startswith("_"):
        name = f"_{name}"
    if not is_plain_identifier(name):
        name = f"_{name}" if name else "value"
    return name if is_plain_identifier(name) else "value"


def is_plain_identifier(name: str) -> bool:
    """Whether Python's parser takes a name as it is, as a variable and as the name of an argument."""
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith("__")
        and unicodedata.normalize("NFKC", name) == name
    )
