"""What a kernel holds at one moment, and the judgement of many such moments: is it flat, and if not, what grew."""

import ast
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from tests.kernel.driver import Kernel
from tests.kernel.test_soak import FORGET

GROWTH_MB = 1.0
"""How much more memory the last quarter may take than the first."""
GROWTH_FUNCTIONS = 2
"""How many more generated functions there may be: a leak adds one each round, and an hour has hundreds."""

# IPython keeps each cell's text, result and exception, and ipykernel the signatures of messages, with our extension or
# without: `FORGET` drops those. The log is filled with the same exchanges each time, as their sizes would be measured
# otherwise. What is counted are all containers by type, and what Python itself can't see: pages, descriptors, threads.
FILL = "for _ in range({kept}): client.get('/async')"
MEASURE = (
    FORGET
    + """
import ctypes, os, threading
import psutil
import stack_data
# the frames of tracebacks, with their code: a cell that fails again adds to them without our extension too
stack_data.Source._class_local("__executing_cache", {}).clear()
for _ in range(2): gc.collect()
try: ctypes.CDLL("libc.so.6").malloc_trim(0)
except OSError: pass
def soak_anonymous(process):
    # The kernel's own pages. USS counts a library's pages too once no other process has them: it rises when one ends.
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon:"))
    except (OSError, StopIteration):
        return process.memory_full_info().uss
def soak_measure():
    process, types = psutil.Process(), collections.Counter()
    for each in gc.get_objects():
        types[f"{type(each).__module__}.{type(each).__qualname__}"] += 1
    return {
        "mb": soak_anonymous(process) / 2**20,
        "resident_mb": process.memory_info().rss / 2**20,
        "descriptors": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else process.num_handles(),
        "threads": threading.active_count(),
        "tasks": len(asyncio.all_tasks(routebook_kernel.session().home.loop)),
        "objects": types.total(),
        "functions": sum(name.startswith("routebook ") for name in linecache.cache),
        "log": len(routebook_kernel.log()),
        "types": dict(types.most_common(1000)),
    }
"""
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the kernel holds at one moment.

    Attributes:
        mb: Memory of its own: no files, no libraries.
        resident_mb: Memory with those.
        functions: Generated functions whose text can be shown.
        types: How many containers there are, by type; the most frequent types only.
    """

    mb: float
    resident_mb: float
    descriptors: int
    threads: int
    tasks: int
    objects: int
    functions: int
    log: int
    types: Mapping[str, int]

    @classmethod
    def of(cls, kernel: Kernel, *, kept: int) -> "Figures":
        """Measure a kernel whose log keeps so many exchanges."""
        kernel.good(FILL.format(kept=kept), "fill")
        kernel.good(MEASURE, "measure")
        return cls(**ast.literal_eval(kernel.value("soak_measure()")))

    def __str__(self) -> str:
        return (
            f"{self.mb:7.2f} MB (resident {self.resident_mb:.1f})  {self.descriptors:3} descriptors  "
            f"{self.threads:3} threads  {self.tasks:2} tasks  {self.objects:7} objects  "
            f"{self.functions:3} generated functions  {self.log} in the log"
        )


def faults_in(figures: Sequence[Figures]) -> list[str]:
    """Say what isn't flat, comparing the last quarter with the first.

    Of memory, which an allocator gives back now and then, the medians. Of counts, the least: a connection that hasn't
    quite ended adds to them. Of generated functions, the medians again: which operations have one depends on the order
    of the round, as a function is generated with an operation's first request.
    """
    first, last = _ends(figures)
    faults = []
    if (megabytes := _median(last, "mb") - _median(first, "mb")) > GROWTH_MB:
        faults.append(f"memory grew by {megabytes:.2f} MB")
    if (functions := _median(last, "functions") - _median(first, "functions")) > GROWTH_FUNCTIONS:
        faults.append(f"generated functions grew by {functions:g}")
    for name in ("descriptors", "threads", "tasks", "log"):
        before, after = (min(map(attrgetter(name), part)) for part in (first, last))
        if after > before:
            faults.append(f"{name} grew from {before} to {after}")
    return faults


def grown(figures: Sequence[Figures], count: int = 20) -> list[tuple[str, int]]:
    """The types of which the last quarter has more than the first, by the medians, most first."""
    first, last = _ends(figures)
    names = {name for each in last for name in each.types}
    rises = {name: _median_count(last, name) - _median_count(first, name) for name in names}
    return [(name, rise) for name, rise in sorted(rises.items(), key=lambda pair: -pair[1])[:count] if rise > 0]


def _ends(figures: Sequence[Figures]) -> tuple[Sequence[Figures], Sequence[Figures]]:
    quarter = max(len(figures) // 4, 1)
    return figures[:quarter], figures[-quarter:]


def _median(figures: Sequence[Figures], name: str) -> float:
    return statistics.median(getattr(each, name) for each in figures)


def _median_count(figures: Sequence[Figures], type_name: str) -> int:
    return round(statistics.median(each.types.get(type_name, 0) for each in figures))
