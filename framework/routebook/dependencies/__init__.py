"""Names of FastAPI's package that code written for it imports; what they name lives elsewhere."""
