"""`make bench`, or `python -m tests.benchmarks`: measure, print, and judge."""

import argparse
import sys
import warnings

from .apps import FRAMEWORKS, Apps
from .cases import CASES
from .kernel import judge_kernel, measure_kernel
from .report import print_cases, print_kernel, print_refusals, print_startup, print_verdicts
from .startup import measure_startup
from .thresholds import Verdict, geometric_mean, judge_cases, judge_startup, judge_wire
from .timing import CaseResult, measure_cases
from .wire import has_wrk, measure_wire

_PARTS = ("requests", "startup", "wire", "kernel")


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; the result is the process's exit code."""
    options = _parse(arguments)
    warnings.simplefilter("ignore")  # frameworks deprecate their own spellings; not our figures' business
    tables = _load(options.frameworks)
    verdicts: list[Verdict] = []
    is_wrong = False

    if "requests" in options.parts:
        cases = tuple(case for case in CASES if not options.cases or case.name in options.cases)
        results = measure_cases(cases, tables, options.rounds)
        print_cases(results, "Microseconds of CPU a request, in process, best of the rounds")
        print_refusals(results)
        _print_means(results)
        verdicts += judge_cases(results)
        is_wrong |= any(result.refusals for result in results)
    if "startup" in options.parts:
        packages = tuple(name for name in tables if name in ("routebook", "fastapi"))
        startup = measure_startup(packages, options.startup_rounds)
        print_startup(startup)
        verdicts += judge_startup(startup)
        is_wrong |= any(result.failures for result in startup)
    if "wire" in options.parts and not has_wrk():
        print("\n! Nothing is measured over a socket: wrk is not installed (on Debian: apt-get install wrk)")
    elif "wire" in options.parts:
        wire = measure_wire(tables, options.wrk_seconds, options.wrk_rounds)
        print_cases(wire, "Microseconds of the server's CPU a request, uvicorn and wrk on loopback")
        print_refusals(wire)
        verdicts += judge_wire(wire)
        is_wrong |= any(result.refusals for result in wire)

    if "kernel" in options.parts:
        notebook = measure_kernel(options.startup_rounds)
        print_kernel(notebook)
        verdicts += judge_kernel(notebook)

    if verdicts:
        print_verdicts(verdicts)
    is_missed = any(not verdict.is_met for verdict in verdicts)
    return 1 if options.check and (is_wrong or is_missed) else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    names = [framework.name for framework in FRAMEWORKS]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a threshold is missed")
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS)
    parser.add_argument("--cases", nargs="+", choices=[case.name for case in CASES], help="all by default")
    parser.add_argument("--frameworks", nargs="+", choices=names, default=names)
    parser.add_argument("--rounds", type=int, default=7, help="the best of so many is kept")
    parser.add_argument("--startup-rounds", type=int, default=5, help="the same, for what needs a process each")
    parser.add_argument("--wrk-seconds", type=int, default=2, help="length of one wrk run")
    parser.add_argument("--wrk-rounds", type=int, default=3, help="the best of so many is kept")
    return parser.parse_args(arguments)


def _load(names: list[str]) -> dict[str, Apps]:
    tables = {}
    for framework in FRAMEWORKS:
        if framework.name not in names:
            continue
        try:
            tables[framework.name] = framework.load()
        except ImportError as exc:
            print(f"! {framework.title} is left out: {exc}")
    return tables


def _print_means(results: list[CaseResult]) -> None:
    for framework in FRAMEWORKS:
        mean = geometric_mean(results, framework.name)
        if mean is not None and framework.name != "routebook":
            print(f"{framework.title} / Routebook, geometric mean over the small cases: {mean:.2f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
