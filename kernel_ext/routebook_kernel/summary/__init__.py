"""HTML and text without widgets: the summary under a cell, and every view for places where widgets don't run."""

from routebook_kernel.summary.after_cell import Summary
from routebook_kernel.summary.bench import BenchOverview
from routebook_kernel.summary.dependencies import DependenciesOverview
from routebook_kernel.summary.explorer import Overview
from routebook_kernel.summary.log import LogOverview
from routebook_kernel.summary.notice import HelpText, Notice
from routebook_kernel.summary.saved_tests import SavedTestsOverview
from routebook_kernel.summary.sockets import SocketsOverview
from routebook_kernel.summary.trace import Trace, TraceOverview

__all__ = [
    "BenchOverview",
    "DependenciesOverview",
    "HelpText",
    "LogOverview",
    "Notice",
    "Overview",
    "SavedTestsOverview",
    "SocketsOverview",
    "Summary",
    "Trace",
    "TraceOverview",
]
