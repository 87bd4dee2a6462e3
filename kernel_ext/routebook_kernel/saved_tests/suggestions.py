"""Suggested expectations for an exchange that becomes a saved test."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from routebook_kernel.exceptions import SavedTestsError
from routebook_kernel.records import Exchange
from routebook_kernel.redaction import HIDDEN, Secrets
from routebook_kernel.saved_tests.model import DECLARED, Expectation
from routebook_kernel.saved_tests.response_checker import ResponseChecker

MAX_MEMBERS = 8
_OFTEN_NEW = re.compile(r"(^|_)(id|uuid|token|created|updated|time|date|at|etag)$", re.IGNORECASE)


def suggest_expectations(
    exchange: Exchange, document: Mapping[str, Any], secrets: Secrets
) -> list[tuple[Expectation, bool]]:
    """Return expectations that an exchange meets, each with whether to select it at first."""
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
        ResponseChecker(document, exchange.operation, secrets).schema(DECLARED, exchange.status)
    except SavedTestsError:
        pass
    else:
        yield Expectation("schema", "", "matches", DECLARED), True
    yield Expectation("time", "", "under", max(50, round(exchange.elapsed_ms * 5))), False


def _iter_members(data: bytes, secrets: Secrets) -> Iterator[tuple[Expectation, bool]]:
    """Yield the first plain members of an object. Those that often differ in each response aren't selected."""
    try:
        value = json.loads(data)
    except ValueError:
        return
    members = value.items() if isinstance(value, dict) else ()
    plain = [
        (name, item)
        for name, item in members
        if not isinstance(item, dict | list) and not secrets.is_secret(name) and HIDDEN not in str(item)
    ]
    for name, item in plain[:MAX_MEMBERS]:
        path = f"$.{name}" if name.isidentifier() else f"$[{json.dumps(name, ensure_ascii=False)}]"
        yield Expectation("json", path, "equals", item), not _OFTEN_NEW.search(name)
