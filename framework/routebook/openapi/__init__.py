"""OpenAPI 3.1: models of the document, its generation, and the pages that show it."""

import importlib
from types import ModuleType

_LOADED_WHEN_ASKED_FOR = ("models", "utils")  # their many pydantic models would be half of what an import takes


def __getattr__(name: str) -> ModuleType:
    """Let `import routebook` be enough to write `routebook.openapi.models` (PEP 562)."""
    if name in _LOADED_WHEN_ASKED_FOR:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
