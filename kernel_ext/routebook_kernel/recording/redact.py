"""Take credentials out of what is kept and shown.

Names decide: a header, a query parameter, a JSON or form field whose name says that it holds a secret loses its value.
Applications add the names of their own API keys (`Secrets.with_names`). The proxy of a Jupyter server forwards its
token and cookies to the application; they go the same way.

Spec: RFC 9110 §11 (Authorization), RFC 6265 (Cookie, Set-Cookie), RFC 6749 §4.3 (password, client_secret), RFC 7578.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote_plus, unquote_plus

from routebook_kernel.records import HeaderPairs

HIDDEN = "•••"

_HEADERS = frozenset({
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-auth-token",
    "x-csrf-token", "x-xsrftoken", "x-amz-security-token",
})  # fmt: skip
_FIELDS = (
    "password", "passwd", "pwd", "passphrase", "secret", "client_secret", "client_assertion", "token", "access_token",
    "refresh_token", "id_token", "api_key", "apikey", "api-key", "authorization", "private_key", "code_verifier",
    "new_password", "old_password", "current_password", "_xsrf",
)  # fmt: skip
_MIN_CREDENTIAL = 4  # what is shorter stands in too many texts by chance
_TELLING = 12  # so many characters tell a credential, also where a text has been cut
_IN_JSON, _IN_FORM, _IN_MULTIPART = r'\1"***"', r"\1\2***", r"\1***"
"""What is put in the place of a match, by kind of body; which match equals its own replacement is hidden already."""
_MASKS = {_IN_JSON: '"***"', _IN_FORM: "***", _IN_MULTIPART: "***"}
_WRITTEN: Mapping[str, Callable[[str], str]] = {
    _IN_JSON: json.dumps,
    _IN_FORM: quote_plus,
    _IN_MULTIPART: lambda value: value.encode().decode("latin-1"),
}
_QUOTED = re.compile(r'^(?:name=)?"([^"]*)"', re.IGNORECASE)
_VALUE_SCHEMES = re.compile(r"(Basic|Bearer|Digest|token)\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The names that hold secrets, ready to be looked for.

    Attributes:
        headers: Header names, lower case.
        fields: Names of query parameters, form fields and JSON members, lower case.
    """

    headers: frozenset[str]
    fields: frozenset[str]
    _json: re.Pattern[str]
    _form: re.Pattern[str]
    _multipart: re.Pattern[str]
    _hints: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str] = ()) -> "Secrets":
        """The usual names and these."""
        own = {name.lower() for name in names}
        fields = frozenset(_FIELDS) | own
        alternatives = "|".join(re.escape(name) for name in sorted(fields, key=len, reverse=True))
        encoded = "|".join(re.escape(quote_plus(name)) for name in sorted(fields, key=len, reverse=True))
        # The closing quote is optional: a body may have been cut in the middle of the secret.
        value = r'"(?:[^"\\]|\\.)*"?|[^\s,\]}\[{"][^,\]}]*'
        in_json = re.compile(rf'("(?:{alternatives})"\s*:\s*)(?:{value})', re.IGNORECASE)
        form = re.compile(rf"(^|[&?])((?:{encoded})=)[^&#\s]*", re.IGNORECASE)
        part_head = rf'name="(?:{alternatives})"(?:;[^\r\n]*)?(?:\r?\n[^\r\n]+)*\r?\n\r?\n'
        multipart = re.compile(rf"({part_head})(?s:.*?)(?=\r?\n--|\Z)", re.IGNORECASE)
        return cls(_HEADERS | own, fields, in_json, form, multipart, _hints_of(fields))

    def header_pairs(self, pairs: Iterable[tuple[str, str]]) -> HeaderPairs:
        """Headers without their secrets; the scheme of an Authorization and the names of cookies stay."""
        secret = self.headers
        return tuple(
            [
                (name, self._header(name.lower(), value)) if name.lower() in secret or "?" in value else (name, value)
                for name, value in pairs
            ]
        )

    def _header(self, name: str, value: str) -> str:
        if name not in self.headers:
            return self.url(value)
        if name == "cookie":
            return "; ".join(f"{pair.partition('=')[0].strip()}={HIDDEN}" for pair in value.split(";"))
        if name == "set-cookie":
            cookie, separator, attributes = value.partition(";")
            return f"{cookie.partition('=')[0]}={HIDDEN}{separator}{attributes}"
        scheme = _VALUE_SCHEMES.match(value)
        return f"{scheme.group(1)} {HIDDEN}" if scheme else HIDDEN

    def url(self, url: str) -> str:
        """A URL or a query string without the values of secret parameters."""
        # Most hold none: looking for one costs less than replacing none.
        return self._form.sub(rf"\1\2{HIDDEN}", url) if "=" in url and self._form.search(url) else url

    def body(self, data: bytes, media_type: str) -> bytes:
        """A body without the values of secret fields, whole or cut short; other media types as they are."""
        pattern, replacement = self._rule(media_type)
        if pattern is None or not data:
            return data
        # latin-1 maps every byte to one character and back, so broken UTF-8 survives.
        text = data.decode("latin-1")
        if pattern is self._json and not self._may_hold(text):
            return data
        if pattern.search(text) is None:
            return data
        return pattern.sub(replacement, text).encode("latin-1", "replace")

    def _may_hold(self, text: str) -> bool:
        """Whether a secret field may stand in a JSON text: most hold none, and this is seven times quicker to tell."""
        lowered = text.lower()
        for hint in self._hints:  # noqa: SIM110  # `any` over a generator takes twice the time
            if hint in lowered:
                return True
        return False

    def hidden_fields(self, data: bytes, media_type: str) -> tuple[str, ...]:
        """The names of the fields of a kept body whose values were taken out, in order, repeats kept."""
        pattern, replacement = self._rule(media_type)
        if pattern is None or not data:
            return ()
        matches = pattern.finditer(data.decode("latin-1"))
        return tuple(_field_of(match) for match in matches if _is_hidden(match, replacement))

    def fill_fields(self, data: bytes, media_type: str, value_of: Callable[[str], str | None]) -> bytes:
        """A kept body with values in the places of those that were taken out.

        Args:
            data: The body.
            media_type: Of the body.
            value_of: A field's value; what has none, or an empty one, stays hidden.
        """
        pattern, replacement = self._rule(media_type)
        if pattern is None or not data:
            return data
        written = _WRITTEN[replacement]

        def fill(match: re.Match[str]) -> str:
            value = value_of(_field_of(match)) if _is_hidden(match, replacement) else None
            return match.expand(replacement).removesuffix(_MASKS[replacement]) + written(value) if value else match[0]

        return pattern.sub(fill, data.decode("latin-1")).encode("latin-1")

    def _rule(self, media_type: str) -> tuple[re.Pattern[str] | None, str]:
        if media_type.endswith("json"):
            return self._json, _IN_JSON
        if media_type == "application/x-www-form-urlencoded":
            return self._form, _IN_FORM
        if media_type.startswith("multipart/"):
            return self._multipart, _IN_MULTIPART
        return None, ""

    def hider(self, headers: Iterable[tuple[str, str]], query: bytes) -> Callable[[str, str], str]:
        """A function from a value's name and repr to that repr without what is secret.

        Names decide, and the credentials that this very request carries, whatever they are called by now.
        """
        credentials = list(self._iter_credentials(headers, query))
        starts = "|".join(re.escape(text[:_TELLING]) for text in sorted(credentials, key=len, reverse=True))
        carried = re.compile(rf"(?:{starts})[^\s'\",)}}\]]*") if starts else None
        names = "|".join(re.escape(name) for name in sorted(self.fields, key=len, reverse=True))
        member = re.compile(rf"((?:\b(?:{names})=|['\"](?:{names})['\"]: ))(?:'[^']*'?|\"[^\"]*\"?|[^\s,)}}\]]+)", re.I)

        def hide(name: str, text: str) -> str:
            text = member.sub(rf"\1{HIDDEN}", self.value(name, text))
            return carried.sub(HIDDEN, text) if carried is not None else text

        return hide

    def _iter_credentials(self, headers: Iterable[tuple[str, str]], query: bytes) -> Iterator[str]:
        """What a request carries as credentials, in the forms in which an application may hold them."""
        found = [value for name, value in parse_qsl(query.decode("latin-1")) if name.lower() in self.fields]
        for name, value in headers:
            if name.lower() == "cookie":
                found += [pair.partition("=")[2].strip().strip('"') for pair in value.split(";")]
            elif name.lower() in self.headers:
                scheme, _, credential = value.partition(" ")
                found += [value, credential]
                if scheme.lower() == "basic":
                    found += _basic_parts(credential)
        yield from (text for text in found if len(text) >= _MIN_CREDENTIAL)

    def value(self, name: str, text: str) -> str:
        """A local variable's text, hidden when its name says that it is a secret."""
        lowered = name.lower()
        return HIDDEN if any(field in lowered for field in self.fields if len(field) > 3) else text


def _hints_of(names: Iterable[str]) -> tuple[str, ...]:
    """The fewest texts one of which stands in every text, in lower case, that one of these names stands in."""
    plain = {name if name.isascii() else "" for name in names}  # the cases of other letters are the pattern's matter
    return tuple(sorted(name for name in plain if not any(other in name for other in plain - {name})))


def _basic_parts(credential: str) -> list[str]:
    """The password of HTTP Basic (RFC 7617 §2)."""
    try:
        return [base64.b64decode(credential, validate=True).decode().partition(":")[2]]
    except ValueError:
        return []


def _is_hidden(match: re.Match[str], replacement: str) -> bool:
    return match.expand(replacement) == match[0]


def _field_of(match: re.Match[str]) -> str:
    """The name of the field that a rule found: `"password": `, `password=` or `name="password"`."""
    quoted = _QUOTED.search(match[0])
    name = quoted.group(1).encode("latin-1").decode("utf-8", "replace") if quoted else match[2][:-1]
    return name if quoted else unquote_plus(name)


USUAL = Secrets.of()
"""The names that are secret in every application."""
