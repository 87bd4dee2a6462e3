"""Applications as people write them, for Schemathesis to call with all that their documents allow and forbid."""

from routebook import Routebook
from tests.framework.robustness.apps import accounts, search, shop, uploads

APPS: dict[str, Routebook] = {
    "shop": shop.app,
    "accounts": accounts.app,
    "uploads": uploads.app,
    "search": search.app,
}
