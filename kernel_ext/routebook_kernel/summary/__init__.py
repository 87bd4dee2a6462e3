"""What is shown as plain HTML with a text fallback, no widget: after a cell, and where no widget runs."""

from routebook_kernel.summary.after_cell import Summary
from routebook_kernel.summary.explorer import Overview
from routebook_kernel.summary.notice import Notice

__all__ = ["Notice", "Overview", "Summary"]
