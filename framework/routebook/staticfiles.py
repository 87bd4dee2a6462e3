"""Static files; Starlette's."""

from starlette.staticfiles import StaticFiles

__all__ = ["StaticFiles"]
