"""How a value becomes text in generated code: the only way for anything that a user wrote.

A subclass of `str` or `int` may have methods of its own, whose answers would be code or let code pass: they are never
asked. `str.__str__` gives the text that it holds, as a plain `str`.
"""

from collections.abc import Iterable

from routebook._plan.names import is_plain_identifier


def literal(value: str | int) -> str:
    """The Python literal of a string or an integer."""
    return str.__repr__(value) if isinstance(value, str) else int.__repr__(value)


def literal_list(values: Iterable[str]) -> str:
    """The Python literal of a list of strings."""
    return f"[{', '.join(map(literal, values))}]"


def docstring(text: str) -> str:
    """A docstring: as it is if it is plain, else as a literal."""
    text = str.__str__(text)
    is_plain = text.isprintable() and "\\" not in text and '""' not in text and not text.endswith('"')
    return f'"""{text}"""' if is_plain else literal(text)


def comment(text: str) -> str:
    """A comment: as it is if it is plain, else as a literal."""
    text = str.__str__(text)
    return f"# {text if text.isprintable() else literal(text)}"


def filename(text: str) -> str:
    """A name for a file that isn't one, for tracebacks: what can't be printed is escaped."""
    text = str.__str__(text)
    return text if text.isprintable() else literal(text)[1:-1]


def keyword_arguments(arguments: Iterable[tuple[str, str]]) -> str:
    """The keyword arguments of a call.

    Args:
        arguments: Each parameter's name, as the user wrote it, and the variable that it is given.
    """
    plain, others = [], []
    for written, variable in arguments:
        name = str.__str__(written)
        if is_plain_identifier(name):
            plain.append(f"{name}={variable}")
        else:
            others.append(f"{literal(name)}: {variable}")
    return ", ".join([*plain, f"**{{{', '.join(others)}}}"] if others else plain)
