"""Names for the variables of generated code."""

import keyword

RESERVED = frozenset(
    "scope receive send path query header cookie sent_path sent_query sent_header sent_cookie sent_form raw_body body "
    "form error errors result answer headers request websocket connection response background_tasks guard "
    "request_stack function_stack trace".split()
)
"""Names that generated code uses for itself."""


class Names:
    """Hands out variable names that are valid and not taken."""

    def __init__(self, taken: frozenset[str] = RESERVED) -> None:
        self._taken = set(taken)

    def take(self, wish: str) -> str:
        """A name close to the wish."""
        name = "".join(char if char.isalnum() or char == "_" else "_" for char in wish) or "value"
        if name[0].isdigit() or keyword.iskeyword(name):
            name = f"_{name}"
        base, number = name, 2
        while name in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name)
        return name
