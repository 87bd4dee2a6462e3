"""A client for tests: Starlette's."""

from starlette.testclient import TestClient as TestClient

__all__ = ["TestClient"]
