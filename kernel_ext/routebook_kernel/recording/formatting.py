"""Formats for counts and sizes, the same everywhere."""

from typing import Any


def format_count(count: Any, unit: str) -> str:
    """Format a number with its unit: `1 request`, `12 requests`."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def format_size(size_bytes: int) -> str:
    """Format a size: `312 B`, `4.1 kB`."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    return f"{size_bytes / 1000:.1f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1_000_000:.1f} MB"
