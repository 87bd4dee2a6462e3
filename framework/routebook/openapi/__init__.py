"""OpenAPI 3.1: models of the document, its generation, and the pages that show it."""
