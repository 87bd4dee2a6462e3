"""Refusal of requests whose Host header names another host; Starlette's."""

from starlette.middleware.trustedhost import TrustedHostMiddleware

__all__ = ["TrustedHostMiddleware"]
