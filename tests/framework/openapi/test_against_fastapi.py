"""The same application on FastAPI, a test dependency, has the same document."""

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import fastapi
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

import routebook
from tests.framework.openapi.applications import APPLICATIONS

pytestmark = pytest.mark.parametrize("build", APPLICATIONS, ids=lambda build: build.__name__)


def _document(build: Callable[[ModuleType], Any], web: ModuleType) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydantic's, of shadowed names; the same on both
        document: dict[str, Any] = build(web).openapi()
    return document


def test_document_equals_fastapis(build: Callable[[ModuleType], Any]) -> None:
    """Clients are generated from it: whoever migrates must get the same ones."""
    assert _document(build, routebook) == _document(build, fastapi)


def test_document_is_valid_openapi(build: Callable[[ModuleType], Any]) -> None:
    """Equal is not enough: the document must also be what OpenAPI 3.1 allows."""
    errors = [str(error) for error in OpenAPIV31SpecValidator(_document(build, routebook)).iter_errors()]
    # FastAPI describes streams by `itemSchema`, of OpenAPI 3.2, in documents that say 3.1; tools read it already.
    assert [error for error in errors if "'itemSchema' was unexpected" not in error] == []
