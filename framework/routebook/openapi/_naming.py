"""What the definitions of a document are called.

A definition takes the nicest of its names that is not ambiguous, a name being ambiguous when definitions that may take
it differ. Two that are equal share the name: `Item` as input and as output, if nothing in it differs. Whether they are
equal depends on what they refer to, so names are settled in rounds: at first no two definitions are taken for equal,
and each round knows more of them to be. These are pydantic's rules and names.
"""

from collections import defaultdict
from collections.abc import Iterable

from routebook.openapi._definitions import Definition, Names

_AMBIGUOUS = -1


def choose_names(definitions: Iterable[Definition]) -> Names:
    """Name each definition; equal ones may have one name."""
    by_name: dict[str, list[Definition]] = defaultdict(list)
    for definition in definitions:
        by_name[definition.names[0]].append(definition)
    names = {group[0]: name for name, group in by_name.items() if len(group) == 1}
    rivals = [definition for group in by_name.values() if len(group) > 1 for definition in group]
    return {**names, **_settle(rivals, names)} if rivals else names


def _settle(rivals: list[Definition], settled: Names) -> Names:
    choices = _number(rivals)
    known: dict[str, str] = {definition.token: name for definition, name in settled.items()}
    names = {definition: str(definition.token) for definition in rivals}
    for _ in range(len(rivals) + 1):  # each round but the last finds definitions to be equal
        known.update((definition.token, name) for definition, name in names.items())
        contents = _number_contents(rivals, known)
        claims = dict.fromkeys(settled.values(), _AMBIGUOUS)
        for rival, content in contents.items():
            for name in choices[rival]:
                if claims.setdefault(name, content) != content:
                    claims[name] = _AMBIGUOUS
        chosen = {rival: next(name for name in choices[rival] if claims[name] != _AMBIGUOUS) for rival in rivals}
        if chosen == names:
            break
        names = chosen
    return names


def _number_contents(definitions: list[Definition], known: dict[str, str]) -> dict[Definition, int]:
    """A number for each definition; the same for those that are equal, as far as is known."""
    numbers: dict[tuple[str, tuple[str, ...]], int] = {}
    contents = {}
    for definition in definitions:
        text, references = definition.shape
        content = text, tuple([known.get(token, token) for token in references])
        contents[definition] = numbers.setdefault(content, len(numbers))
    return contents


def _number(rivals: list[Definition]) -> dict[Definition, tuple[str, ...]]:
    """All names that each may take; the last ones tell definitions of one qualified name apart by a number."""
    origins: dict[str, dict[str, int]] = defaultdict(dict)
    choices = {}
    for definition in rivals:
        numbers = origins[definition.names[-2:][0]]
        number = numbers.setdefault(definition.origin, len(numbers) + 1)
        numbered = [f"{name}__{number}" for name in definition.names[-2:]]
        last_resort = f"{definition.names[-1]}_{definition.token.strip('@')}"  # of a class that was rebuilt meanwhile
        choices[definition] = (*definition.names, *numbered, last_resort)
    return choices
