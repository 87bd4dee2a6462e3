"""The request of a bench run: its arguments checked and completed, then turned into an ASGI scope and a body."""

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


def check_arguments(arguments: BenchArguments) -> BenchArguments:
    """Return the arguments with defaults filled in.

    Raises:
        RequestError: If a number is out of range, or a method, path or header isn't valid.
    """
    count, concurrency, warm_up = arguments["count"], arguments["concurrency"], arguments["warm_up"]
    if not 1 <= count <= MAX_COUNT:
        raise RequestError(f"{count} isn't a valid number of requests. Choose from 1 to {MAX_COUNT:,}.")
    if not 1 <= concurrency <= MAX_CONCURRENCY:
        raise RequestError(f"{concurrency} isn't a valid concurrency. Choose from 1 to {MAX_CONCURRENCY:,}.")
    if warm_up is not None and not 0 <= warm_up <= MAX_COUNT:
        raise RequestError(f"{warm_up} isn't a valid number of warm-up requests. Choose from 0 to {MAX_COUNT:,}.")
    method = arguments["method"].upper()
    if not is_method(method):
        raise RequestError(f"{method!r} isn't an HTTP method.")
    if not arguments["target"].startswith("/") or "{" in arguments["target"]:
        raise RequestError(f"{arguments['target']!r} isn't a valid path. Write one such as '/items/5?q=x'.")
    return BenchArguments(
        method=method,
        target=arguments["target"],
        headers=[checked_header(name, value) for name, value in arguments["headers"]],
        body=arguments["body"],
        count=count,
        concurrency=min(concurrency, count),
        warm_up=warm_up if warm_up is not None else max(concurrency, min(count // 10, 200)),
        served=arguments["served"],
    )


def build_scope(arguments: BenchArguments) -> tuple[Scope, bytes]:
    """Return the scope of each request, and its body."""
    headers, body = list(arguments["headers"]), (arguments["body"] or "").encode()
    if body and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    request = httpx2.Request(arguments["method"], BASE_URL + arguments["target"], headers=headers, content=body or None)
    scope = scope_of(request)
    return {**scope, "path": unquote(scope["raw_path"].decode("ascii")), "state": {}}, body


def add_credentials(arguments: BenchArguments, credentials: Iterable[Credential]) -> BenchArguments:
    """Add credentials to the arguments. A header that's there already stays."""
    headers, target = list(arguments["headers"]), arguments["target"]
    for credential in credentials:
        name, value = credential["name"], credential["value"]
        if credential["where"] == "query":
            target += f"{'&' if '?' in target else '?'}{urlencode([(name, value)])}"
        elif credential["where"] == "cookie":
            headers.append(("cookie", f"{name}={value}"))
        elif name.lower() not in {known.lower() for known, _ in headers}:
            headers.append((name, value))
    return {**arguments, "headers": headers, "target": target}


def hide_secrets(arguments: BenchArguments, secrets: Secrets) -> BenchArguments:
    """Return the arguments without their secrets, as they're shown."""
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


def restore_secrets(arguments: BenchArguments, shown: BenchArguments, real: BenchArguments) -> BenchArguments:
    """Return arguments with the secrets of an earlier run wherever they still match what that run showed.

    Args:
        arguments: Edited on a page, which has no secrets.
        shown: The earlier run's, without secrets.
        real: The earlier run's, with secrets.
    """
    restored: BenchArguments = {**arguments}
    if arguments["target"] == shown["target"]:
        restored["target"] = real["target"]
    if arguments["body"] == shown["body"]:
        restored["body"] = real["body"]
    known = dict(zip(shown["headers"], real["headers"], strict=True))
    restored["headers"] = [known.get(pair, pair) for pair in arguments["headers"]]
    return restored
