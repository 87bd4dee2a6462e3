"""Redirection from http to https, and from ws to wss; Starlette's."""

from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware

__all__ = ["HTTPSRedirectMiddleware"]
