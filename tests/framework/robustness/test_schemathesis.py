"""Schemathesis calls the applications with what their documents allow and with what they forbid.

No request may fail with 500, and no response may break its document: status, content type, headers, schema.

Of its checks, two are not asked for:

- `negative_data_rejection`: pydantic converts what fits ("5" to 5), which JSON Schema cannot say.
- `positive_data_acceptance`, where there are parameters and forms: these have texts only, so a null of the schema is
  sent as the text "null". For JSON bodies it holds.
"""

from collections.abc import Mapping

import schemathesis
from schemathesis.schemas import BaseSchema

from tests.framework.robustness.apps import APPS


def load(app: object, *unwanted: str) -> BaseSchema:
    """An application's operations, called the same way at every run."""
    checks = {name: {"enabled": False} for name in ("negative_data_rejection", *unwanted)}
    generation: Mapping[str, object] = {"deterministic": True, "max-examples": 30, "no-shrink": True}
    config = schemathesis.Config.from_dict({"generation": generation, "checks": checks})
    return schemathesis.openapi.from_asgi("/openapi.json", app, config=config)


SHOP = load(APPS["shop"])
ACCOUNTS, UPLOADS, SEARCH = (load(APPS[name], "positive_data_acceptance") for name in ("accounts", "uploads", "search"))


@SHOP.parametrize()
def test_shop_keeps_its_document(case: schemathesis.Case) -> None:
    """Nested models, unions, dates; an offer to look at in each request."""
    case.call_and_validate()


@ACCOUNTS.parametrize()
def test_accounts_keep_their_document(case: schemathesis.Case) -> None:
    """Security of every kind."""
    case.call_and_validate()


@UPLOADS.parametrize()
def test_uploads_keep_their_document(case: schemathesis.Case) -> None:
    """Forms and files."""
    case.call_and_validate()


@SEARCH.parametrize()
def test_search_keeps_its_document(case: schemathesis.Case) -> None:
    """Parameters of every kind."""
    case.call_and_validate()
