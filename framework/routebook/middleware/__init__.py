"""Middleware; Starlette's, one module each."""

from starlette.middleware import Middleware

__all__ = ["Middleware"]
