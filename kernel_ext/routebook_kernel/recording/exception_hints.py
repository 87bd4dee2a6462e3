"""Hints for exceptions that don't explain themselves, for cells that stop and for 500s: the cause, and how to fix it.

Each rule looks at the exception itself, never at a particular program. If it isn't sure, it returns None.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from pydantic import ValidationError

ExceptionHint = Callable[[BaseException, str], str | None]
"""Returns a sentence with the cause and the fix for an exception and its message, or None."""


def explain_exception(error: BaseException) -> str | None:
    """Return the cause of an exception and how to fix it in one sentence, or None if its message has to do."""
    text = str(error)
    for current in _iter_chain(error):
        for rule in _HINTS:
            if (hint := rule(current, text if current is error else str(current))) is not None:
                return hint
    return None


def _iter_chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and the exceptions that caused it."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < 5:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _explain_outdated_class(error: BaseException, text: str) -> str | None:
    """Explain an object whose class was redefined since, or whose class the model may not read."""
    if not isinstance(error, ValidationError):
        return None
    for item in error.errors(include_url=False, include_context=True):
        expected = (item.get("ctx") or {}).get("class_name") or error.title
        kind = type(item["input"]).__name__
        if item["type"] not in {"model_type", "model_attributes_type", "dataclass_type", "is_instance_of"}:
            continue
        if type(item["input"]).__module__ == "builtins":
            continue
        if kind == (item.get("ctx") or {}).get("class_name", kind if item["type"] == "model_attributes_type" else ""):
            return (
                f"this `{kind}` was made before its class was defined again, so it is of another class of that name: "
                "run the cell that makes it"
            )
        return (
            f"`{expected}` reads mappings, and was given an object, a `{kind}`: write "
            f"`model_config = ConfigDict(from_attributes=True)` in `{expected}`"
        )
    return None


def _explain_unpacked_object(error: BaseException, text: str) -> str | None:
    found = re.search(r"(\w+)\(\) argument after \*\* must be a mapping, not (\w+)", text)
    if not isinstance(error, TypeError) or found is None:
        return None
    return (
        f"a `{found[2]}` is no mapping: write `{found[1]}.model_validate(…)`, with `model_config = "
        f"ConfigDict(from_attributes=True)` in `{found[1]}`"
    )


def _explain_extra_fields(error: BaseException, text: str) -> str | None:
    if isinstance(error, ValidationError) and any(item["type"] == "extra_forbidden" for item in error.errors()):
        names = ", ".join(f"`{item['loc'][-1]}`" for item in error.errors() if item["type"] == "extra_forbidden")
        return (
            f"`{error.title}` has no field {names}: add it, or write `extra='ignore'` in its configuration "
            "(`SettingsConfigDict` for settings from a `.env` file)"
        )
    return None


def _explain_hidden_type(error: BaseException, text: str) -> str | None:
    if isinstance(error, ValidationError) and any(item["type"] == "none_required" for item in error.errors()):
        name = next(str(item["loc"][-1]) for item in error.errors() if item["type"] == "none_required" and item["loc"])
        return (
            f"the field `{name}` takes only `None`: its name hides its type; import the module and write "
            f"`module.{name} | None`, or rename the field"
        )
    return None


def _explain_missing_state(error: BaseException, text: str) -> str | None:
    found = re.search(r"'State' object has no attribute '(\w+)'", text)
    if not isinstance(error, AttributeError) or found is None:
        return None
    fix = (
        "`with TestClient(app) as client:` runs the lifespan, and so does `routebook_kernel.client(app)`"
        if _has_frame_in(error.__traceback__, "testclient.py") or _has_frame_in(error.__traceback__, "_transports")
        else f"set `app.state.{found[1]}` in the application's lifespan, `Routebook(lifespan=…)`"
    )
    return f"`app.state.{found[1]}` was read before it was set; {fix}"


def _explain_unfilled_marker(error: BaseException, text: str) -> str | None:
    if isinstance(error, AttributeError) and re.search(r"'(Depends|Security)' object has no attribute '__\w+__'", text):
        return "a `Depends(…)` stands where a type is expected: write `name: Annotated[…, Depends(…)]`"
    if isinstance(error, AttributeError | TypeError) and re.search(r"'(Depends|Security)'( object|.*instance)", text):
        return (
            "a `Depends(…)` default was not filled in: only the framework does that, for path operations and "
            "dependencies; pass the value as an argument"
        )
    if isinstance(error, AttributeError | TypeError) and re.search(
        rf"'{_SOURCES}'( object| and '| *$)|and '{_SOURCES}'", text
    ):
        return "a parameter's marker was taken for its value: call the function with all its arguments"
    return None


_SOURCES = "(Query|Header|Cookie|Body|Form|File|Path)"


def _explain_unbound_local(error: BaseException, text: str) -> str | None:
    found = re.search(r"local variable '(\w+)'", text)
    if not isinstance(error, UnboundLocalError) or found is None:
        return None
    return (
        f"`{found[1]}` is assigned in this function, and so is its own, not the notebook's: write `global {found[1]}` "
        "in it, or give it a value first"
    )


def _explain_lifespan_without_yield(error: BaseException, text: str) -> str | None:
    if isinstance(error, TypeError) and "'coroutine' object is not an async iterator" in text:
        return "a lifespan has one `yield`, between what is done at the start and at the end: it is missing"
    return None


def _explain_missing_await(error: BaseException, text: str) -> str | None:
    if isinstance(error, TypeError | ValueError | AttributeError) and "'coroutine' object" in text:
        return "an `await` is missing: a coroutine was used in the place of its result; write `await` before the call"
    found = re.search(r"object (\w+) can't be used in 'await' expression", text)
    if isinstance(error, TypeError) and found is not None:
        return f"`await` stands before a plain function's result, a `{found[1]}`: drop `await`, or make it `async def`"
    return None


def _explain_event_loop(error: BaseException, text: str) -> str | None:
    if isinstance(error, RuntimeError) and re.search(r"got Future <(Task|_GatheringFuture)\b.*different loop", text):
        return (
            "a task belongs to the loop that it was made on, and a cell with `await` runs on another than one without: "
            "make it in the cell that awaits it"
        )
    if isinstance(error, RuntimeError | ValueError) and re.search(
        r"(attached to|belongs to|bound to) a different", text
    ):
        return (
            "an object made on one event loop was used on another: make it in the application's lifespan, or call the "
            "application with `routebook_kernel.client(app)`, which runs on the notebook's own loop"
        )
    if isinstance(error, RuntimeError) and "cannot be called from a running event loop" in text:
        return "a loop runs here already: write `await …` instead"
    if isinstance(error, RuntimeError) and "event loop is already running" in text:
        return "a loop runs here already: write `await …` instead of `run_until_complete(…)`"
    return None


def _explain_naive_time(error: BaseException, text: str) -> str | None:
    if isinstance(error, TypeError) and "offset-naive and offset-aware" in text:
        return (
            "one of the two times has no time zone: declare the parameter as `AwareDatetime` (of pydantic), and write "
            "`datetime.now(UTC)`"
        )
    return None


def _explain_unserialisable(error: BaseException, text: str) -> str | None:
    found = re.search(r"Object of type (\w+) is not JSON serializable", text)
    if isinstance(error, TypeError) and found is not None:
        return (
            f"JSON has no word for a `{found[1]}`, and `JSONResponse` converts nothing: write `jsonable_encoder(…)` "
            "around its content, or return the data itself"
        )
    found = re.search(r"'(?:[\w.]*\.)?(\w+)' object is not iterable", text)
    if "vars() argument must have __dict__" in text and found is not None:
        return (
            f"a `{found[1]}` cannot become JSON: return `str(…)` of it, or a response model with "
            "`Annotated[str, BeforeValidator(str)]`"
        )
    return None


def _explain_unknown_keyword(error: BaseException, text: str) -> str | None:
    found = re.search(r"(\w+)\.?(\w*)\(\) got an unexpected keyword argument '(\w+)'", text)
    if not isinstance(error, TypeError) or found is None:
        return None
    if found[3] == "app":
        return (
            "`app=` is gone since httpx 0.28: write `AsyncClient(transport=ASGITransport(app=app))`, or "
            "`routebook_kernel.client(app)`"
        )
    if found[2] in {"get", "delete", "head", "options"} and found[3] in {"json", "data", "content", "files"}:
        return f"`{found[2]}` takes no body: write `client.request('{found[2].upper()}', url, {found[3]}=…)`"
    return None


def _explain_uninstantiated_class(error: BaseException, text: str) -> str | None:
    found = re.search(r"(Routebook|FastAPI|APIRouter)\.\w+\(\) missing 1 required positional argument", text)
    if isinstance(error, TypeError) and found is not None:
        return f"`{found[1]}` is the class here, not an application: write `{found[1]}()`"
    return None


def _explain_template_order(error: BaseException, text: str) -> str | None:
    if isinstance(error, TypeError | AttributeError) and _has_frame_in(error.__traceback__, "templating.py"):
        return "the request comes first: `TemplateResponse(request, 'page.html', {…})`"
    return None


def _explain_circular_import(error: BaseException, text: str) -> str | None:
    found = re.search(r"partially initialized module '([\w.]+)'", text)
    if not isinstance(error, ImportError | AttributeError) or found is None:
        return None
    name = found[1]
    path = re.search(r"\(([^()]*\.py)\)?\)?$", text)
    file = Path(path[1]) if path else None
    if file is not None and file.stem == name.partition(".")[0] and name.partition(".")[0] in _LIBRARY_NAMES:
        return f"the file `{file.name}` hides the library `{name}`: rename the file, and delete `__pycache__` beside it"
    return (
        f"`{name}` is being imported already, by what it imports: put what both need into a third module, or read "
        "`request.app` in the function"
    )


_LIBRARY_NAMES = frozenset({
    "fastapi", "routebook", "pydantic", "starlette", "uvicorn", "httpx", "jwt", "redis", "sqlalchemy", "requests",
    "typing", "types", "json", "logging", "asyncio", "email", "random", "secrets", "queue", "test", "calendar",
})  # fmt: skip


def _explain_missing_package(error: BaseException, text: str) -> str | None:
    if not isinstance(error, ImportError):
        return None
    if "email-validator" in text:
        return "`EmailStr` needs a package of its own: `%pip install email-validator`"
    if isinstance(error, ModuleNotFoundError) and error.name in _PACKAGES:
        return f"`{error.name}` is not installed: `%pip install {_PACKAGES[error.name]}`"
    return None


_PACKAGES = {
    "jwt": "pyjwt", "jose": "pyjwt` and `import jwt", "python_multipart": "python-multipart",
    "multipart": "python-multipart", "dotenv": "python-dotenv", "bs4": "beautifulsoup4", "yaml": "pyyaml",
    "sqlmodel": "sqlmodel", "PIL": "pillow", "pydantic_settings": "pydantic-settings",
    "email_validator": "email-validator", "passlib": "'pwdlib[argon2]'", "pwdlib": "'pwdlib[argon2]'",
}  # fmt: skip


def _explain_moved_settings(error: BaseException, text: str) -> str | None:
    if "BaseSettings" in text and "pydantic-settings" in text:
        return (
            "`BaseSettings` has moved: `%pip install pydantic-settings`, then `from pydantic_settings import "
            "BaseSettings`"
        )
    return None


def _explain_untyped_field(error: BaseException, text: str) -> str | None:
    if (untyped := re.search(r"Field '(\w+)' requires a type annotation", text)) is not None:
        return f"a field needs a type: write `{untyped[1]}: … = Field(…)`"
    found = re.search(r"non-annotated attribute was detected: `(\w+) = (.*?)`", text)
    if found is not None:
        return (
            f"a field needs a type: write `{found[1]}: {_guess_type(found[2])} = {found[2]}`, or `{found[1]}: ClassVar "
            f"= {found[2]}` if it is none"
        )
    return None


def _guess_type(value: str) -> str:
    return {"True": "bool", "False": "bool", "None": "str | None"}.get(
        value, {"'": "str", '"': "str", "[": "list", "{": "dict"}.get(value[:1]) or _guess_number_type(value)
    )


def _guess_number_type(value: str) -> str:
    return "float" if "." in value else "int" if value.isdigit() else "…"


def _explain_token_subject(error: BaseException, text: str) -> str | None:
    if "Subject must be a string" in text:
        return "`sub` of a token must be a text: write `str(…)` around it where the token is made"
    return None


def _explain_long_password(error: BaseException, text: str) -> str | None:
    if isinstance(error, ValueError) and "password cannot be longer than 72 bytes" in text:
        if _has_frame_in(error.__traceback__, "passlib"):
            return (
                "passlib does not work with bcrypt 5: write `from pwdlib import PasswordHash` "
                "(`%pip install 'pwdlib[argon2]'`), or install `bcrypt<5`"
            )
        return (
            "bcrypt takes at most 72 bytes: refuse longer passwords in the model, or hash with argon2 "
            "(`%pip install 'pwdlib[argon2]'`)"
        )
    return None


def _explain_detached_instance(error: BaseException, text: str) -> str | None:
    if type(error).__name__ in {"DetachedInstanceError", "MissingGreenlet"}:
        return (
            "a relationship was loaded after its session had ended: load it with the object, "
            "`select(…).options(selectinload(…))`, or build the answer while the session is open"
        )
    return None


def _explain_late_failure(error: BaseException, text: str) -> str | None:
    if "response already started" in text and isinstance(error, RuntimeError):
        first = error.__cause__ or error.__context__
        hint = f": {type(first).__name__}: {first}"[:200].replace("`", "'") if first is not None else ""
        return (
            f"it failed after the response had been sent{hint}; no handler can answer any more, so catch it where it "
            "happens: `try: … except …` in the background task, or before `yield` in the dependency"
        )
    return None


def _explain_closed_file(error: BaseException, text: str) -> str | None:
    if isinstance(error, ValueError) and "I/O operation on closed file" in text:
        return "an uploaded file is closed when its request ends: read it first, `data = await file.read()`"
    return None


def _explain_socket_order(error: BaseException, text: str) -> str | None:
    if isinstance(error, RuntimeError) and ("WebSocket is not connected" in text or "websocket.accept" in text):
        if "but got 'websocket.accept'" in text:
            return "the WebSocket was accepted twice: accept it in one place, and `return` after a `close`"
        return "the WebSocket was not accepted: `await websocket.accept()` comes before anything is sent"
    return None


def _explain_reraised_error(error: BaseException, text: str) -> str | None:
    """Explain an exception that the test client raises again, although there was a response."""
    way = error.__traceback__
    if _has_frame_in(way, "testclient.py", "starlette") and _has_frame_in(way, "errors.py", "starlette"):
        return (
            "the application raised it, and `TestClient` raises it again, even where a handler answered: "
            "`TestClient(app, raise_server_exceptions=False)`, or `routebook_kernel.client(app)`, gives the response"
        )
    return None


def _explain_swallowed_error(error: BaseException, text: str) -> str | None:
    if isinstance(error, RuntimeError) and ("No response" in text or "not awaited" in text) and "yield" in text:
        return "a dependency with `yield` swallowed the exception: end its `except` with `raise`"
    return None


def _explain_default_order(error: BaseException, text: str) -> str | None:
    if isinstance(error, SyntaxError) and re.search(
        r"(non-default argument|parameter without a default) follows", text
    ):
        return (
            "a parameter without a default stands behind one with a default: write `q: Annotated[…, Query()]` without "
            "`=`, or `*,` as the first parameter"
        )
    return None


def _has_frame_in(traceback: TracebackType | None, *parts: str) -> bool:
    """Whether a frame's file has all these parts in its path."""
    while traceback is not None:
        if all(part in traceback.tb_frame.f_code.co_filename for part in parts):
            return True
        traceback = traceback.tb_next
    return False


_HINTS: Sequence[ExceptionHint] = (
    _explain_default_order,
    _explain_outdated_class,
    _explain_unpacked_object,
    _explain_extra_fields,
    _explain_hidden_type,
    _explain_missing_state,
    _explain_unfilled_marker,
    _explain_unbound_local,
    _explain_lifespan_without_yield,
    _explain_missing_await,
    _explain_event_loop,
    _explain_naive_time,
    _explain_unknown_keyword,
    _explain_uninstantiated_class,
    _explain_template_order,
    _explain_circular_import,
    _explain_moved_settings,
    _explain_untyped_field,
    _explain_missing_package,
    _explain_token_subject,
    _explain_long_password,
    _explain_detached_instance,
    _explain_swallowed_error,
    _explain_late_failure,
    _explain_unserialisable,
    _explain_closed_file,
    _explain_socket_order,
    _explain_reraised_error,
)
