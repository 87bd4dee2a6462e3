"""C code called from generated functions finds what it looks for in its caller's globals."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from routebook import Path, Query, Routebook
from routebook.testclient import TestClient


def test_validators_that_import_work_in_generated_code() -> None:
    """pydantic-core imports `uuid.UUID` while it validates, with the builtins of whoever called it."""
    app = Routebook()

    @app.get("/{key}")
    async def show(key: Annotated[UUID, Path()], at: Annotated[datetime | None, Query()] = None) -> UUID:
        return key

    key = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    assert TestClient(app).get(f"/{key}").json() == key
