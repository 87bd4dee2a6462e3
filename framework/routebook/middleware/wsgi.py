"""WSGI applications inside an ASGI one; Starlette's, which warns on import that it is deprecated."""

from starlette.middleware.wsgi import WSGIMiddleware

__all__ = ["WSGIMiddleware"]
