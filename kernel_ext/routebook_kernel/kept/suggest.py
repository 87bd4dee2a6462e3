"""What a test of an exchange may expect: offered when it is kept, some of it chosen already."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from routebook_kernel.exceptions import SavedTestsError
from routebook_kernel.kept.judge import Judge
from routebook_kernel.kept.model import DECLARED, Expectation
from routebook_kernel.records import Exchange
from routebook_kernel.redaction import HIDDEN, Secrets

MAX_MEMBERS = 8
_OFTEN_NEW = re.compile(r"(^|_)(id|uuid|token|created|updated|time|date|at|etag)$", re.IGNORECASE)


def suggestions(exchange: Exchange, document: Mapping[str, Any], secrets: Secrets) -> list[tuple[Expectation, bool]]:
    """Expectations that hold of an exchange, each with whether it is chosen already."""
    return list(_iter_suggestions(exchange, document, secrets))


def _iter_suggestions(
    exchange: Exchange, document: Mapping[str, Any], secrets: Secrets
) -> Iterator[tuple[Expectation, bool]]:
    if exchange.status is not None:
        yield Expectation("status", "", "equals", exchange.status), True
    for name, value in exchange.response_headers:
        if name.lower() == "location" and HIDDEN not in value:
            pattern = "".join(r"\d+" if part.isdigit() else re.escape(part) for part in re.split(r"(\d+)", value))
            yield Expectation("header", "location", "matches", f"^{pattern}$"), True
    body = exchange.response_body
    if body is not None and body.media_type.endswith("json") and not body.is_truncated:
        yield from _iter_members(body.data, secrets)
    try:
        Judge(document, exchange.operation, secrets).schema(DECLARED, exchange.status)
    except SavedTestsError:
        pass
    else:
        yield Expectation("schema", "", "fits", DECLARED), True
    yield Expectation("time", "", "under", max(50, round(exchange.elapsed_ms * 5))), False


def _iter_members(data: bytes, secrets: Secrets) -> Iterator[tuple[Expectation, bool]]:
    """The first members of an object that are no objects themselves; what is new each time is not chosen."""
    try:
        value = json.loads(data)
    except ValueError:
        return
    members = value.items() if isinstance(value, dict) else ()
    shown = [
        (name, item)
        for name, item in members
        if not isinstance(item, dict | list) and not secrets.is_secret(name) and HIDDEN not in str(item)
    ]
    for name, item in shown[:MAX_MEMBERS]:
        path = f"$.{name}" if name.isidentifier() else f"$[{json.dumps(name, ensure_ascii=False)}]"
        yield Expectation("json", path, "equals", item), not _OFTEN_NEW.search(name)
