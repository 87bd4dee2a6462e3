"""The request of a run: checked, what is not given filled in, made into a scope and a body."""

from collections.abc import Iterable
from urllib.parse import unquote, urlencode

import httpx2
from starlette.types import Scope

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import BenchArguments, Credential
from routebook_kernel.redaction import Hider, Secrets
from routebook_kernel.runtime.client import BASE_URL, scope_of
from routebook_kernel.session.sending import checked_header, is_method

MAX_COUNT, MAX_CONCURRENCY = 1_000_000, 1000


def checked(given: BenchArguments) -> BenchArguments:
    """The arguments, what is not given filled in.

    Raises:
        RequestError: A number is out of bounds, or a name cannot be sent.
    """
    count, concurrency, warm_up = given["count"], given["concurrency"], given["warm_up"]
    if not 1 <= count <= MAX_COUNT:
        raise RequestError(f"{count} requests: choose from 1 to {MAX_COUNT:,}.")
    if not 1 <= concurrency <= MAX_CONCURRENCY:
        raise RequestError(f"{concurrency} at a time: choose from 1 to {MAX_CONCURRENCY:,}.")
    if warm_up is not None and not 0 <= warm_up <= MAX_COUNT:
        raise RequestError(f"{warm_up} to warm up: choose from 0 to {MAX_COUNT:,}.")
    method = given["method"].upper()
    if not is_method(method):
        raise RequestError(f"{method!r} is no HTTP method.")
    if not given["target"].startswith("/") or "{" in given["target"]:
        raise RequestError(f"{given['target']!r} is no path that can be asked for: write one such as '/items/5?q=x'.")
    return BenchArguments(
        method=method,
        target=given["target"],
        headers=[checked_header(name, value) for name, value in given["headers"]],
        body=given["body"],
        count=count,
        concurrency=min(concurrency, count),
        warm_up=warm_up if warm_up is not None else max(concurrency, min(count // 10, 200)),
        served=given["served"],
    )


def formed(arguments: BenchArguments) -> tuple[Scope, bytes]:
    """The scope of each request, and its body."""
    headers, body = list(arguments["headers"]), (arguments["body"] or "").encode()
    if body and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    request = httpx2.Request(arguments["method"], BASE_URL + arguments["target"], headers=headers, content=body or None)
    scope = scope_of(request)
    return {**scope, "path": unquote(scope["raw_path"].decode("ascii")), "state": {}}, body


def with_credentials(given: BenchArguments, credentials: Iterable[Credential]) -> BenchArguments:
    """The arguments with what a person is signed in with; a header that is given already stays."""
    headers, target = list(given["headers"]), given["target"]
    for credential in credentials:
        name, value = credential["name"], credential["value"]
        if credential["where"] == "query":
            target += f"{'&' if '?' in target else '?'}{urlencode([(name, value)])}"
        elif credential["where"] == "cookie":
            headers.append(("cookie", f"{name}={value}"))
        elif name.lower() not in {known.lower() for known, _ in headers}:
            headers.append((name, value))
    return {**given, "headers": headers, "target": target}


def without_secrets(arguments: BenchArguments, secrets: Secrets) -> BenchArguments:
    """The arguments as they may be shown and kept."""
    hider = secrets.hider()
    _hidden(arguments, hider)  # found in one place, hidden in all
    return _hidden(arguments, hider)


def _hidden(arguments: BenchArguments, hider: Hider) -> BenchArguments:
    body = arguments["body"]
    content_type = next((value for name, value in arguments["headers"] if name.lower() == "content-type"), "")
    return {
        **arguments,
        "headers": list(hider.header_pairs(arguments["headers"])),
        "target": hider.url(arguments["target"]),
        "body": None if body is None else hider.body(body.encode(), content_type).decode("utf-8", "replace"),
    }


def with_secrets(given: BenchArguments, shown: BenchArguments, real: BenchArguments) -> BenchArguments:
    """Arguments in which what is still as another run showed it is as that run had it.

    Args:
        shown: Of the other run, without secrets.
        real: Of the other run, with them.
    """
    filled: BenchArguments = {**given}
    if given["target"] == shown["target"]:
        filled["target"] = real["target"]
    if given["body"] == shown["body"]:
        filled["body"] = real["body"]
    known = dict(zip(shown["headers"], real["headers"], strict=True))
    filled["headers"] = [known.get(pair, pair) for pair in given["headers"]]
    return filled
