"""What is shown as plain HTML with a text fallback, no widget: after a cell, and where no widget runs."""

from routebook_kernel.summary.after_cell import Summary
from routebook_kernel.summary.bench import BenchOverview
from routebook_kernel.summary.dependencies import DependenciesOverview
from routebook_kernel.summary.explorer import Overview
from routebook_kernel.summary.log import LogOverview
from routebook_kernel.summary.notice import Notice
from routebook_kernel.summary.sockets import SocketsOverview
from routebook_kernel.summary.tests import TestsOverview
from routebook_kernel.summary.trace import Trace, TraceOverview

__all__ = [
    "BenchOverview",
    "DependenciesOverview",
    "LogOverview",
    "Notice",
    "Overview",
    "SocketsOverview",
    "Summary",
    "TestsOverview",
    "Trace",
    "TraceOverview",
]
