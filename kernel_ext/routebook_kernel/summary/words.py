"""Words that every summary uses."""


def count_text(count: int, unit: str) -> str:
    """A number with its unit: `1 request`, `12 requests`."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
