"""Code as users write it, which `mypy --strict` must take; never run."""
