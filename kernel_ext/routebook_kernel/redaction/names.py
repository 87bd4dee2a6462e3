"""What a name says of the value under it: that it is a credential, that it may be one, or what else it is.

A name is normalised (NFKC, case folded, accents dropped) and split into words: `X-Auth-Key`, `accessToken`,
`user[password]`, `sessionid` and `PASSWORD2` alike. Words and pairs of words decide. The last word says what the value
is: a `token_count` counts, a `password_reset_at` is a time, whatever they count and reset.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

MAX_NAME = 200
"""What is longer is no name; its end is read."""


class Kind(Enum):
    """What a name says of its value."""

    SECRET = "secret"  # a credential, whatever it looks like
    COUNTED = "counted"  # a credential where it is a text; a number is a count
    SHORT = "short"  # a credential from four digits on: a PIN, which may be that of a chip
    KEY = "key"  # a credential where it is long: the key of something
    OTHER = "other"  # nothing: a credential where it looks as if drawn at random
    RANDOM = "random"  # a value that looks random and is no credential: an id, a hash, a picture


def _folded_letters(text: str) -> str:
    """A text in lower case, without accents."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare).casefold().replace("ł", "l")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STRONG = _set("""
    password passwords passwd pwd pswd passphrase passphrases passcode passcodes passkey pw userpw secret secrets
    token credential credentials creds cred authorization authorisation authentication authenticator auth oauth authn
    authz apikey apikeys bearer jwt jws jwe saml samlresponse samlrequest assertion csrf xsrf csrftoken otp totp hotp
    mfa tfa sid sess sessid phpsessid jsessionid cookie cookies signature signatures sig hmac sas
    psw passw dpop zugangsdaten סיסמה סיסמא
    mnemonic cvv cvc psk passwort passworter kennwort kennworter geheimnis geheim contrasena contrasenas clave secreto
    motdepasse mdp senha senhas segredo wachtwoord losenord adgangskode passord salasana haslo heslo lozinka geslo
    parool jelszo sifre jeton simplesaml пароль пароли токен секрет 密码 密碼 口令 令牌 密钥 パスワード 暗証番号
    トークン 비밀번호 암호 토큰
""")
_COUNTED = _set("tokens pass")
_SHORT = _set("pin pins")
_PAIRS = {
    "key": _set("""
        api app application access private secret signing sign encryption encrypt decryption master shared account
        subscription license licence client auth service session deploy webhook hmac storage admin server ssh consumer
        integration developer write ingest wrapping recovery host customer wifi network
    """),
    "code": _set("""
        verification recovery backup reset security access login activation confirmation pairing device pass time mfa
        2fa fa factor sms authorization invite
    """),
    "id": _set("session sess secret"),
    "session": _set("user web express connect flask laravel django rack"),
    "phrase": _set("pass seed recovery secret"),
    "word": _set("pass"),
    "wd": _set("pass"),
    "fa": _set("2"),
    "factor": _set("two second multi"),
    "verifier": _set("code oauth pkce"),
    "answer": _set("security secret challenge"),
    "nonce": _set("wp csrf"),
    "string": _set("connection"),
    "sign": _set("access api request"),
    "schluessel": _set("api geheim"),
    "number": _set("card"),
    "card": _set("credit debit"),
    "crumb": _set("jenkins csrf"),
    "المرور": _set("كلمة"),
    "pat": _set("github gitlab bitbucket azure devops ado jira personal user bot access"),
    "salt": _set("hash password passwd pw secret session jwt key crypt encryption auth"),
    "passe": _set("de"),
}
_PAIRS["keys"], _PAIRS["codes"], _PAIRS["ids"] = _PAIRS["key"], _PAIRS["code"], _set("session sess")
_PLAIN_KEYS = _set("""
    public primary foreign sort partition cache idempotency surrogate unique composite natural object hash range row
    map dictionary routing translation message locale i18n group order websocket socket shift arrow hot piano
""")
_CURSORS = _set("page next continuation sync cursor pagination previous prev resume start cancellation cancel")
_METADATA = _set("""
    count counts used usage total max min limit limits length len size type types at on expires expiry expiration
    expire ttl age lifetime policy policies name names label labels enabled disabled required changed updated created
    issued strength algorithm alg algo method methods scheme schemes version url uri urls endpoint field fields header
    headers format error errors status state hint valid invalid present per remaining budget cost price rate rates
    prefix in prompt completion input output cached reasoning seconds minutes hours days ms attempts retries hidden
    visible index position start end kind mode provider providers domain path same http only samesite consent banner
    file files filename folder directory dir required placeholder title description
    accepted shown realm scope scopes audience issuer rotation generator
""")
_LEADING = _set("has is needs requires require use uses allow allows show max min total num number no of can should")
_RANDOM = _set("""
    id ids uuid guid ulid oid etag hash hashes sha sha1 md md5 checksum crc digest commit revision rev version cursor
    image images picture pictures photo avatar icon thumbnail logo content data file filename path url uri href link
    name title slug nonce fingerprint integrity ref trace traceparent tracestate request correlation boundary png jpeg
    svg blob payload text description match websocket location host agent
""")
_FOREIGN = tuple(_folded_letters(word) for word in _STRONG if not word.isascii())
_SUBSTRINGS = re.compile(
    r"passw(?:or[dt]|d)|passphrase|credential|apikey|secretkey|privatekey|accesskey|sessionid|sessid"
)
_SECRET_WORD = re.compile(r"secret(?!ar|e[ds]?$|ion|ive|ly)")
_ENDINGS = re.compile(r"(.+?)(tokens?|secrets?|apikey|api|cookies?|jwt|signature|pwd|auth|passwd)$")
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_VOCABULARY = (
    _STRONG | _COUNTED | _SHORT | _METADATA | _LEADING | frozenset().union(*_PAIRS.values()) | frozenset(_PAIRS)
    | _set("refresh new old current my db database user users id web hook bot push csrf x admin repeat confirm reset")
) - _set("in on at no of x t s de fa")  # fmt: skip


DECLARED = frozenset({
    "str", "int", "bytes", "bool", "float", "string", "SecretStr", "SecretBytes", "Annotated", "Optional", "Union",
    "Any", "list", "dict", "tuple", "field", "Field", "required", "optional", "missing", "raise", "return",
    "include", "omit",
})  # fmt: skip
"""Words that follow a name in source and in errors, and hold no value."""


@lru_cache(maxsize=8192)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, folded: `xAuthKey2` is x, auth, key, 2."""
    plain = unicodedata.normalize("NFKC", name[-MAX_NAME:])
    words: list[str] = []
    for word in _WORDS.findall(_folded_letters(_CAMEL.sub(" ", plain))):
        words += _apart(word)
    return tuple(words)


def _apart(word: str) -> list[str]:
    """A word that was run together, in its parts: `accesstoken`."""
    if word in _VOCABULARY or len(word) < 5 or len(word) > 40:
        return [word]
    ways: list[list[str] | None] = [[], *[None] * len(word)]
    for end in range(1, len(word) + 1):
        for begin in range(max(0, end - 16), end - 1):
            before = ways[begin]
            if before is not None and word[begin:end] in _VOCABULARY:
                way = [*before, word[begin:end]]
                if ways[end] is None or len(way) < len(ways[end] or ()):
                    ways[end] = way
    if (found := ways[-1]) is not None:
        return found
    ending = _ENDINGS.match(word)
    return [ending[1], *_apart(ending[2])] if ending else [word]


@lru_cache(maxsize=8192)
def kind_of(name: str) -> Kind:
    """What a name says of its value."""
    words = words_of(name)
    named = [word for word in words if not word.isdigit()]
    if not named:
        return Kind.OTHER
    kind = _kind_of_words(words, name)
    if kind in {Kind.SECRET, Kind.COUNTED, Kind.SHORT}:
        is_metadata = named[0] in _LEADING or named[-1] in _METADATA
        if named[-1] == "id" and "session" not in words and "sess" not in words and "secret" not in words:
            is_metadata = True
        if kind is Kind.COUNTED and named[-1] == "tokens" and named[0] in _METADATA:
            return kind
        if is_metadata and len(named) > 1:
            return Kind.RANDOM if named[-1] in {"id", "url", "uri", "name", "path"} else Kind.OTHER
        return kind
    return kind


def _kind_of_words(words: tuple[str, ...], name: str) -> Kind:
    pairs = list(itertools.pairwise(words))
    if words[-1] in {"token", "tokens"} and len(words) > 1 and words[-2] in _CURSORS:
        return Kind.RANDOM
    together = "".join(words)
    if (
        any(word in _STRONG for word in words)
        or any(first in _PAIRS.get(second, ()) for first, second in pairs)
        or _SUBSTRINGS.search(together)
        or any(_SECRET_WORD.search(word) for word in words)
        or (not together.isascii() and any(word in together for word in _FOREIGN))
    ):
        return Kind.SECRET
    if any(word in _COUNTED for word in words):
        return Kind.COUNTED
    if any(word in _SHORT for word in words):
        return Kind.SHORT
    named = [word for word in words if not word.isdigit()]
    if named[-1] in {"key", "keys"} and len(named) > 1:
        return Kind.RANDOM if any(word in _PLAIN_KEYS for word in named) else Kind.KEY
    if named[-1] == "session":
        return Kind.KEY
    return Kind.RANDOM if any(word in _RANDOM for word in named) else Kind.OTHER


@dataclass(frozen=True, slots=True)
class Names:
    """What names say, with an application's own.

    Attributes:
        own: The names of an application's API keys, folded.
    """

    own: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, own: Iterable[str]) -> "Names":
        """The usual names and these."""
        return cls(frozenset(_folded(name) for name in own))

    def kind_of(self, name: str) -> Kind:
        """What a name says of its value."""
        return Kind.SECRET if self.own and _folded(name) in self.own else kind_of(name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
