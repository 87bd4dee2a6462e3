"""Credentials that are recognised by their shape, anywhere in a text.

Every pattern takes linear time: it starts with a fixed string or at the start of a word, and never backtracks.
"""

import itertools
import re

KNOWN = re.compile(
    r"""
    -----BEGIN[ ][A-Z ]{0,30}PRIVATE[ ]KEY-----(?:[^-]|-(?!----))*+(?:-----END[^-]{0,40}-{0,5})?
    | (?<![A-Za-z0-9_])(?:
        eyJ[\w-]{5,}+(?:\.[\w-]*+){0,4}
      | (?:sk|rk|pk)[-_](?:live|test|proj|ant|or)[-_][\w-]{8,}+ | sk-[\w-]{16,}+
      | gh[pousr]_\w{10,}+ | github_pat_\w{10,}+ | gl(?:pat|ptt|dt|rt|cbt|soat)-[\w-]{8,}+
      | xox[a-z]-[\w-]{8,}+ | xapp-[\w-]{8,}+ | (?:AKIA|ASIA)[A-Z0-9]{12,}+ | AIza[\w-]{20,}+ | ya29\.[\w.-]{8,}+
      | hf_\w{16,}+ | pypi-[\w-]{16,}+ | npm_\w{20,}+ | do[opr]_v1_\w{10,}+ | SG\.[\w-]{8,}+(?:\.[\w-]++)?
      | whsec_[\w+/=]{10,}+ | shp(?:at|ca|pa|ss)_\w{10,}+ | hv[sbr]\.[\w-]{10,}+ | sq0[a-z]{3}-[\w-]{10,}+
      | key-[0-9a-f]{32} | dapi[0-9a-f]{32} | lin_api_\w{10,}+ | ntn_\w{20,}+ | nvapi-[\w-]{16,}+ | gsk_\w{16,}+
      | tskey-[\w-]{10,}+ | PMAK-[\w-]{10,}+ | AGE-SECRET-KEY-\w{10,}+ | sbp_\w{20,}+ | dckr_pat_[\w-]{10,}+
      | ATATT[\w-]{16,}+ | secret_\w{30,}+ | [0-9]{8,10}:AA[\w-]{30,}+
      | \$(?:2[abxy]|[1567y]|argon2i?d?|scrypt)\$[^\s"',;<>]{20,}+ | pbkdf2_sha\d{1,3}\$[^\s"',;<>]{20,}+
      | hooks\.slack\.com/services/[\w/]{20,}+ | discord(?:app)?\.com/api/webhooks/\d{10,}+/[\w-]{40,}+
      | v2\.public\.[\w-]{10,}+ | figd_[\w-]{10,}+
    )
    """,
    re.VERBOSE,
)
_HINTS = re.compile(
    r"PRIVATE KEY|eyJ|[srp]k[-_]|gh[pousr]_|github_pat|gl[a-z]+-|xox|xapp|AKIA|ASIA|AIza|ya29|hf_|pypi-|npm_|_v1_|SG\.|"
    r"whsec|shp|hv[sbr]\.|sq0|key-|dapi|lin_api|ntn_|nvapi|gsk_|PMAK|AGE-|sbp_|dckr_|ATATT|secret_|:AA|\$|hooks\.|webhooks|v2\.|figd_"
)
_DRAWN = re.compile(r"[A-Za-z0-9_\-+/~.=]{20,512}")
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_INTEGRITY = re.compile(r"sha(?:256|384|512)[-=:]")
_CLASSES = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "a" * 26 + "A" * 26 + "0" * 10
)


def find_known(text: str) -> list[str]:
    """The credentials of known kinds in a text."""
    return [match[0] for match in KNOWN.finditer(text)] if _HINTS.search(text) else []


def is_drawn(text: str) -> bool:
    """Whether a value looks as if it was drawn at random from letters of both cases and digits.

    In such a text the kinds of characters follow each other without order; in a name they stand in groups.
    """
    if (
        not 20 <= len(text) <= 512
        or not _DRAWN.fullmatch(text)
        or _UUID.fullmatch(text)
        or "//" in text
        or _INTEGRITY.match(text)
    ):
        return False
    kinds = text.translate(_CLASSES)
    if not ("a" in kinds and "A" in kinds and "0" in kinds):
        return False
    changes = sum(first != second for first, second in itertools.pairwise(kinds))
    return changes >= 0.38 * len(text)


def is_long(text: str) -> bool:
    """Whether a value is one word as long as a key, with a digit."""
    return len(text) >= 16 and not any(c.isspace() for c in text) and any(c.isdigit() for c in text)
