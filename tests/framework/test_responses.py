"""Response classes: the two deprecated ones, with doubles for libraries that need not be installed."""

import json
import sys
from types import ModuleType
from typing import Any

import pytest

from routebook.exceptions import RoutebookDeprecationWarning
from routebook.responses import ORJSONResponse, UJSONResponse


@pytest.fixture
def orjson(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module that takes what orjson takes, and notes the options."""
    module = ModuleType("orjson")
    module.OPT_NON_STR_KEYS, module.OPT_SERIALIZE_NUMPY = 4, 16  # type: ignore[attr-defined]
    module.dumps = lambda content, option: json.dumps([content, option]).encode()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "orjson", module)
    return module


def test_orjson_writes_with_lenient_options(orjson: ModuleType) -> None:
    """Keys that are no strings and NumPy arrays are taken, as documented."""
    with pytest.warns(RoutebookDeprecationWarning, match="ORJSONResponse is deprecated") as caught:
        response = ORJSONResponse({"a": 1})

    assert response.body == b'[{"a": 1}, 20]'
    assert caught[0].filename == __file__


def test_ujson_leaves_text_unescaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `JSONResponse` does."""
    module = ModuleType("ujson")
    module.dumps = json.dumps  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ujson", module)

    with pytest.warns(RoutebookDeprecationWarning, match="UJSONResponse is deprecated"):
        assert UJSONResponse("é").body == '"é"'.encode()


@pytest.mark.filterwarnings("ignore::routebook.exceptions.RoutebookDeprecationWarning")
@pytest.mark.parametrize(("kind", "library"), [(ORJSONResponse, "orjson"), (UJSONResponse, "ujson")])
def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, kind: Any, library: str) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(ImportError, match=f"{kind.__name__} needs the package '{library}'"):
        kind({})
