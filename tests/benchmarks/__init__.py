"""Routebook's speed beside FastAPI's, Starlette's, Litestar's and BlackSheep's; see README.md."""
