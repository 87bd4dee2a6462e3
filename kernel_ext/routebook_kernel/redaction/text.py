"""Texts without a structure of their own: messages, reprs, logs, source. Names beside values, URLs, known shapes.

Each pattern begins where a word begins and takes what it has read without going back, so that time is linear.
"""

import re
from urllib.parse import unquote

from routebook_kernel.redaction.names import DECLARED
from routebook_kernel.redaction.shapes import KNOWN, find_known
from routebook_kernel.redaction.tables import read_inserts
from routebook_kernel.redaction.visitor import HIDDEN, Visitor

_NAMED = re.compile(
    r"(?<![\w.\-])-{0,2}(?P<name>[^\W\d][\w.\-]*+(?:\[[\w.\-]{0,60}+\]){0,4})"
    r"(?:\\?[\"']|[*_`]{1,3})?[ \t]{0,3}+(?:=>|:=|==|->|[=:])[*_]{0,2}[ \t]{0,3}+"
)
_VALUE = re.compile(r"(?:b|r|rb|f)?\\?[\"']|[A-Za-z_][\w.]*+[(]|[(\[{]|[^\s,;&)}\]\"'(\[{<>|]++")
_OPTION = re.compile(r"(?<!\S)--?(?P<name>[a-z][\w-]{2,60}+)[ \t]++(?=[^\s-])")
_BLOCK = re.compile(
    r"(?m)^(?P<indent>[ \t]*+)(?:- )?[\"']?(?P<name>[\w.\-]{1,100}+)[\"']?:[ \t]*+[|>][+\-\d]{0,2}+[ \t]*+\n"
    r"(?P<block>(?:(?P=indent)[ \t]++[^\n]*+(?:\n|\Z)|[ \t]*+\n)++)"
)
_STATED = re.compile(r"(?<![\w.\-])(?P<name>[^\W\d][\w.\-]*+)[\"']? (?:is|was|are|were|of|to) (?=\\?[\"'])")
_PROSE = re.compile(
    r"(?<![\w.\-'\"/])(?P<name>[^\W\d][\w\-]*+(?: (?:key|id|code|phrase|string)\b)?):?\s{1,3}+"
    r"(?:(?:is|was|are|were|of|to|value|provided|given|sent|received|ist|lautet|est|es|for user|for|user)\b:?\s)?+"
    r"(?:[^\W\d]{1,30}+(?:: | is ))?"
    r"(?:(?P<quote>[\"'`])(?P<quoted>[^\s\"'`]{4,400}+)(?P=quote)|(?P<bare>[^\s\"'`,;<>(){}\[\]=]{8,400}+)(?![=(\[]))"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_USER_OPTION = re.compile(
    r"(?<!\S)(?:-u|--user|--proxy-user|-U)[ \t=]++[\"']?[^\s:\"']{0,80}:(?P<password>[^\s\"']{1,200}+)"
)
_PAIRED = re.compile(r"[(\[]b?[\"'](?P<name>[\w.\-]{1,100}+)[\"'], b?(?=[\"'])")
_SCHEME = re.compile(
    r"(?i)\b(basic|bearer|digest|negotiate|token|apikey|hawk|aws4-hmac-sha256)[ \t]{1,3}+(?=[\w\-+/=.~:\"]{6})"
)
_CREDENTIAL = re.compile(r"[^\s'\",;)}\]<>]++")
_AUTHORITY = re.compile(r"(?<=://)[^\s'\"<>]{3,}+")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_BRACKETS = re.compile(r"[()\[\]{}]|\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?")
_MAYBE = re.compile(r"[=:>(\[]|[Bb]earer|[Bb]asic|[Tt]oken|(?:^|\s)-| (?:is|was|are|were|of|to) \\?[\"']")


def read_text(text: str, visitor: Visitor) -> str:
    """A text with the values beside names, and the user and password of URLs, as the visitor writes them."""
    if " " in text or "\t" in text:
        text = _prose(text, visitor)
    if not _MAYBE.search(text):
        return text
    if "(" in text:
        text = read_inserts(text, visitor)
    if ": |" in text or ": >" in text:
        text = _BLOCK.sub(lambda match: _block(match, visitor), text)
    text = _named(_schemes(_users(text, visitor), visitor), visitor, _NAMED)
    text = _named(text, visitor, _STATED)
    if "-" in text:
        text = _named(_user_options(text, visitor), visitor, _OPTION)
    if "', " in text or '", ' in text:
        text = _named(text, visitor, _PAIRED)
    return _misfits(text, visitor) if "input_value=" in text else text


def hide_known(text: str) -> tuple[str, list[str]]:
    """A text without credentials of known kinds, and what they were."""
    found = find_known(text)
    return (KNOWN.sub(HIDDEN, text) if found else text), found


def _users(text: str, visitor: Visitor) -> str:
    if "://" not in text:
        return text

    def put(match: re.Match[str]) -> str:
        whole = match[0]
        end = min((at for at in map(whole.find, "/?#") if at >= 0), default=len(whole))
        authority = whole[:end]
        if "@" not in authority:
            colon = authority.rpartition(":")[2]
            if "@" not in whole or ":" not in authority or colon.isdigit():
                return whole
            authority = whole[: whole.rindex("@") + 1]  # a password with a slash that nobody encoded
        user, mark, host = authority.rpartition("@")
        name, colon, password = user.partition(":")
        rest = mark + host + whole[len(authority) :]
        if colon:
            return f"{name}:{visitor.visit('password', unquote(password)) if password else ''}{rest}"
        return (visitor.visit("password", name) if len(name) >= 16 else name) + rest

    return _AUTHORITY.sub(put, text)


def _block(match: re.Match[str], visitor: Visitor) -> str:
    """A YAML scalar of several lines, below its name."""
    if not visitor.holds_secrets(match["name"]):
        return match[0]
    block = match["block"]
    value = block.strip()
    return match[0][: match.start("block") - match.start()] + block.replace(value, visitor.visit(match["name"], value))


def _user_options(text: str, visitor: Visitor) -> str:
    """What curl and its like are given as `-u name:password`."""

    def put(match: re.Match[str]) -> str:
        begin = match.start("password") - match.start()
        return match[0][:begin] + visitor.visit("password", match["password"])

    return _USER_OPTION.sub(put, text)


def _schemes(text: str, visitor: Visitor) -> str:
    out, done = [], 0
    for match in _SCHEME.finditer(text):
        credential = _CREDENTIAL.match(text, match.end())
        if match.start() < done or credential is None:
            continue
        value = credential[0]
        is_prose = (value.isalpha() and match[1].islower()) or (value.rstrip(".,:!").isalpha() and len(value) < 16)
        if is_prose or HIDDEN in value or "=" in value.rstrip("=")[:12]:
            continue
        out += [text[done : match.end()], visitor.visit("authorization", value)]
        done = credential.end()
    return "".join([*out, text[done:]]) if out else text


def _misfits(text: str, visitor: Visitor) -> str:
    """Pydantic's own words for an error: a line with the place, and one that quotes the value."""
    lines, place = text.split("\n"), ""
    for index, line in enumerate(lines):
        if not line.startswith("  "):
            place = line
            continue
        begin, end = line.find("input_value=") + len("input_value="), line.rfind(", input_type=")
        if len("input_value=") <= begin < end and any(map(visitor.holds_secrets, place.split("."))):
            lines[index] = line[:begin] + visitor.visit("password", line[begin:end].strip("'")) + line[end:]
    return "\n".join(lines)


def _named(text: str, visitor: Visitor, pattern: re.Pattern[str]) -> str:
    """The values beside names, as the visitor writes them."""
    out, done, at = [], 0, 0
    while (named := pattern.search(text, at)) is not None:
        begin = at = named.end()
        match = _VALUE.match(text, begin) if visitor.holds_secrets(named["name"]) else None
        if match is None:
            continue  # what stands there may be a name itself
        if match[0].rstrip("[(") in DECLARED or (match[0].isalpha() and text.startswith("== ", begin - 3)):
            continue
        at, inner = _extent(text, match)
        if text.startswith(HIDDEN, begin):
            continue
        rewritten = visitor.visit(named["name"], inner, is_number=inner.isdigit())
        if rewritten != inner:
            out += [text[done:begin], rewritten]
            done = at
    return "".join([*out, text[done:]]) if out else text


def _prose(text: str, visitor: Visitor) -> str:
    """The values that a sentence states: `Token 'abcd' is invalid`, `API key provided: abcd1234`."""
    out, done, at = [], 0, 0
    while (said := _PROSE.search(text, at)) is not None:
        at = said.end("name")
        group = "quoted" if said["quoted"] else "bare"
        value = said[group].rstrip(".:!?")
        if not visitor.holds_secrets(said["name"]) or HIDDEN in value:
            continue
        if group == "quoted" or _is_stated(value):
            begin = said.start(group)
            out += [text[done:begin], visitor.visit(said["name"], value)]
            at = done = begin + len(value)
    return "".join([*out, text[done:]]) if out else text


def _is_stated(word: str) -> bool:
    """Whether a word without quotes is a value: it has letters and digits, and is no date and no address."""
    has_both = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    return len(word) >= 8 and has_both and "/" not in word[:1] and "://" not in word and not _DATE.match(word)


def _extent(text: str, match: re.Match[str]) -> tuple[int, str]:
    """Where the value ends that begins at a match, and what it says."""
    value, begin = match[0], match.end()
    if value.endswith(('"', "'")):
        quote = value[-2:] if value[-2:-1] == "\\" else value[-1]
        end = begin
        while True:
            end = text.find(quote, end)
            if end < 0:
                line = len(text)
                return line, text[begin:line]
            if len(quote) == 2 or not _is_escaped(text, begin, end):
                return end + len(quote), text[begin:end]
            end += 1
    if value[-1] in _CLOSING:
        depth = 1
        for token in _BRACKETS.finditer(text, begin):
            depth += 1 if token[0] in "([{" else -1 if token[0] in ")]}" else 0
            if depth == 0:
                return token.end(), text[match.start() : token.end()]
        return len(text), text[match.start() :]
    return begin, value


def _is_escaped(text: str, begin: int, at: int) -> bool:
    count = 0
    while at - count - 1 >= begin and text[at - count - 1] == "\\" and count < 1000:
        count += 1
    return count % 2 == 1
