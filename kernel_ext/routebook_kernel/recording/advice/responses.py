"""Advice on responses: redirects, rules of browsers, misleading results, failures.

Spec: RFC 9110 §15.4.8 (307), Fetch (CORS protocol).
"""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args
from urllib.parse import urlsplit

from routebook_kernel.protocol import Advice
from routebook_kernel.recording.advice.subject import UNREAD, ExchangeSubject, fields_of

_NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?")
_MIN_CPU_MS = 100.0  # a process's first request takes at most 20 ms: its imports come with the extension


def advise_response(subject: ExchangeSubject) -> Iterator[Advice]:
    """Yield the advice on the response."""
    for text in (
        *_advise_redirect(subject),
        *_advise_cors(subject),
        *_advise_result(subject),
        *_iter_model_errors(subject),
        *_advise_cpu_time(subject),
    ):
        yield Advice(text=text, place="response")
    for text in _advise_failure(subject):
        yield Advice(text=text, place="failure")


def _advise_redirect(subject: ExchangeSubject) -> Iterator[str]:
    """Advise on a redirect to the same path with or without its trailing slash."""
    target = urlsplit(subject.response_headers.get("location", ""))
    path = urlsplit(subject.exchange.url).path
    if not _differs_by_slash(subject, path, target.path):
        return
    extra = ""
    if subject.headers.get("x-forwarded-proto") == "https" and target.scheme == "http":
        extra = "; it leads from https to http, and clients drop `Authorization` there: run with `--proxy-headers`"
    elif "authorization" in subject.headers:
        extra = "; clients drop `Authorization` when a redirect leads to another host or scheme"
    yield (
        f"`{path}` is only a redirect to `{target.path}`, where the operation is: call `{target.path}`, or "
        f"declare it as `{path}`{extra}"
    )


def _differs_by_slash(subject: ExchangeSubject, path: str, target: str) -> bool:
    is_redirect = subject.status in {301, 302, 307, 308} and subject.route is None
    return is_redirect and path != target and path.rstrip("/") == target.rstrip("/")


def _advise_cors(subject: ExchangeSubject) -> Iterator[str]:
    origin = subject.headers.get("origin")
    if not origin or urlsplit(origin).netloc == subject.headers.get("host"):
        return
    is_preflight = subject.method == "OPTIONS" and "access-control-request-method" in subject.headers
    if is_preflight and subject.status == 400:
        wanted = subject.headers["access-control-request-method"]
        yield (
            f"`CORSMiddleware` refuses this: it allows neither everything nor `{wanted}` from `{origin}`: add "
            "`allow_methods=['*']`, `allow_headers=['*']` and the origin to `allow_origins`"
        )
    elif "access-control-allow-origin" in subject.response_headers:
        return
    elif subject.status >= 500:
        yield (
            "a browser reports this 500 as a CORS error, since it carries no CORS headers: this is not CORS, mend the "
            "error itself first"
        )
    elif is_preflight or subject.status < 400:
        yield (
            f"a browser keeps this from the page at `{origin}`, another origin: `app.add_middleware(CORSMiddleware, "
            f"allow_origins=[{origin!r}], allow_methods=['*'], allow_headers=['*'])`"
        )


def _advise_result(subject: ExchangeSubject) -> Iterator[str]:
    if not 200 <= subject.status < 300 or subject.response_json is UNREAD:
        return
    if isinstance(subject.response_json, str):
        yield from _advise_string_result(subject.response_json)
    yield from _advise_naive_times(subject)


def _advise_string_result(text: str) -> Iterator[str]:
    inner = text.strip()
    if inner.startswith("<") and inner.endswith(">"):
        yield "HTML came as a JSON text, in quotes: add `response_class=HTMLResponse` to the operation's decorator"
    elif inner[:1] in {"{", "["} and isinstance(_load_json(inner), dict | list):
        yield (
            "the response is a text that holds JSON, it was encoded twice: return the object itself, without "
            "`json.dumps(…)`"
        )


def _load_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return UNREAD


def _advise_naive_times(subject: ExchangeSubject) -> Iterator[str]:
    """Advise on a time without an offset, which each reader takes as local time. Echoed times don't count."""
    request_text = f"{subject.exchange.url} {subject.text}"
    for path, value in _iter_values(subject.response_json):
        if isinstance(value, str) and _NAIVE.fullmatch(value) and value[:16] not in request_text.replace("%3A", ":"):
            name = f"`{path}`" if path else "the time"
            yield (
                f"{name} has no time zone, and a browser reads it as its own local time: write `datetime.now(UTC)`, or "
                "declare `AwareDatetime`"
            )
            return


def _iter_values(value: Any, path: str = "", depth: int = 4) -> Iterator[tuple[str, Any]]:
    """Yield the single values of a JSON document, each with its path; of a list, only the first few."""
    if isinstance(value, dict) and depth:
        for name, inner in value.items():
            yield from _iter_values(inner, f"{path}.{name}" if path else name, depth - 1)
    elif isinstance(value, list) and depth:
        for index, inner in enumerate(value[:3]):
            yield from _iter_values(inner, f"{path}[{index}]", depth - 1)
    elif not isinstance(value, dict | list):
        yield path, value


def _iter_model_errors(subject: ExchangeSubject) -> Iterator[str]:
    """Yield advice on one object where the response model is a list, or the other way round."""
    failure = subject.exchange.failure
    for item in failure.response_errors if failure is not None else ():
        is_whole = len(item["loc"]) == 1
        if is_whole and item["type"] in {"model_attributes_type", "model_type"} and str(item["input"])[:1] in "[(":
            yield f"`{subject.function}` returned a list and promises one object: promise `list[…]`, or return one"
        elif (is_whole and item["type"] in {"list_type", "tuple_type"}) or _is_field_pair(subject, item):
            yield f"`{subject.function}` returned one object and promises a list: return `[…]`, or promise the one"
        elif is_whole and str(item["input"]) == "None":
            yield (
                f"`{subject.function}` returned nothing: a `return` is missing on this way through it, or promise `| "
                "None`"
            )
        else:
            continue
        return
    if failure is not None and failure.response_errors:
        yield (
            f"what `{subject.function}` returns does not fit its response model: return what it says, or change the "
            "model"
        )


def _is_field_pair(subject: ExchangeSubject, item: Any) -> bool:
    """Whether a model was iterated like a list, so that its first field became a pair, ('id', 1)."""
    pair = re.match(r"\('(\w+)', ", str(item["input"]))
    fields = fields_of(next(iter(get_args(getattr(subject.route, "response_model", None))), None))
    return len(item["loc"]) == 2 and pair is not None and pair[1] in fields


def _advise_cpu_time(subject: ExchangeSubject) -> Iterator[str]:
    exchange = subject.exchange
    if exchange.cpu_ms > _MIN_CPU_MS and exchange.cpu_ms > 0.05 * exchange.elapsed_ms and subject.route is not None:
        yield (
            f"it computed for {exchange.cpu_ms:.0f} of {exchange.elapsed_ms:.0f} ms, and other requests wait "
            "meanwhile, in threads too: hand such work to a `ProcessPoolExecutor`, or to a queue"
        )


def _advise_failure(subject: ExchangeSubject) -> Iterator[str]:
    failure = subject.exchange.failure
    if failure is None:
        return
    if failure.cause is not None:
        yield failure.cause
    last = failure.frames[-1] if failure.frames else None
    if (
        last is not None
        and last.function in _validator_names(subject)
        and failure.type not in {"ValueError", "AssertionError"}
    ):
        yield (
            f"the validator `{last.function}` failed with `{failure.type}`, which is a 500; raise `ValueError` for a "
            "value that it refuses, and think of `None`"
        )


def _validator_names(subject: ExchangeSubject) -> set[str]:
    """Return the names of the validators of the models that the operation reads."""
    names: set[str] = set()
    for parameter in subject.parameters:
        model = parameter.field.field_info.annotation
        decorators = getattr(model, "__pydantic_decorators__", None)
        for kind in ("field_validators", "model_validators", "validators", "root_validators"):
            names |= set(getattr(decorators, kind, ()))
        names |= {
            getattr(item.func, "__name__", "") for item in parameter.field.field_info.metadata if hasattr(item, "func")
        }
    return names
