#!/usr/bin/env python3
"""Run FastAPI's own test suite against a package that mirrors FastAPI's layout.

    python conformance.py --root PKG --suite SDIST_DIR [selection ...]
    python conformance.py --make-baseline FILE --suite SDIST_DIR      (real fastapi installed)

Run it with the interpreter in which PKG is importable (or add --path DIR).
That interpreter must hold the test dependencies and must NOT hold real fastapi.

This one file is two things:
  * the command line below (main), standard library only;
  * a pytest plugin (loaded with -p conformance) that installs the import alias
    fastapi -> PKG before anything is collected and records every outcome.

The alias shares module objects (`fastapi.params is PKG.params`). A submodule that
PKG lacks raises a plain ModuleNotFoundError, so only the tests that use it fail.
The alias also reaches subprocesses of the tests (through a sitecustomize shim).

Selections: a test file or folder ("tests/test_sse.py", "tests/test_tutorial"),
a glob ("tests/test_security_*"), a node id, or "group:NAME" (see groups.json).
With none: every file of the baseline. The denominator is always the baseline's
tests inside the selection; a file that cannot be collected counts as all failed.

Needs in that interpreter: pytest, pytest-timeout, inline-snapshot, pytest-codspeed and
the suite's other test dependencies (requirements.txt). pytest-xdist is not used: every
worker is one pytest process, and a test that kills or hangs it costs only itself.
"""

import contextlib
import os
import sys

MIRROR = "fastapi"  # the name that the tests import
ENV_ROOT = "CONFORMANCE_ROOT"
ENV_OUT = "CONFORMANCE_OUT"
ENV_DIST = "CONFORMANCE_FAKE_DIST"
ENV_HARD = "CONFORMANCE_HARD_TIMEOUT"
ENV_SKIP = "CONFORMANCE_SKIP"
ENV_SHIMS = "CONFORMANCE_SHIMS"
HERE = os.path.dirname(os.path.abspath(__file__))


# Names that the suite imports at the top of a file, where only a few of that file's
# tests use them. --import-shims supplies the absent ones: two real values, and for the
# rest a placeholder that fails as soon as a test uses it.
IMPORT_SHIMS = {
    "_compat": ["PYDANTIC_VERSION_MINOR_TUPLE", "Undefined", "is_uploadfile_sequence_annotation", "v2"],
    "_compat.shared": ["is_bytes_sequence_annotation"],
    "concurrency": ["contextmanager_in_threadpool"],
    "datastructures": ["Default", "DefaultPlaceholder"],
    "dependencies.models": [
        "Dependant", "_get_cache_key", "_get_computed_scope", "_get_oauth_scopes", "_get_security_scheme",
        "_is_async_gen_callable", "_is_async_gen_callable_cached",
        "_is_coroutine_callable", "_is_coroutine_callable_cached",
        "_is_gen_callable", "_is_gen_callable_cached", "_is_security_scheme", "_uses_scopes",
    ],
    "dependencies.utils": [
        "_read_file_bytes", "get_dependant", "get_typed_annotation", "request_body_to_args", "request_params_to_args",
        "multipart_incorrect_install_error", "multipart_not_installed_error",
    ],
    "routing": ["_IncludedRouter", "_iter_included_route_candidates", "_restore_fastapi_scope_key"],
    "telemetry": ["_runtime"],
}  # fmt: skip


class _Placeholder:
    def __init__(self, name):
        self.__dict__["_name"] = name

    def _fail(self, *args, **kwargs):
        raise NotImplementedError(f"conformance placeholder: the package has no {self._name}")

    __call__ = __setattr__ = _fail

    def __getattr__(self, attr):
        if attr.startswith("__"):
            raise AttributeError(attr)
        self._fail()


def _add_shims(module, short):
    """Set the absent names of IMPORT_SHIMS on a module; short is its name below the root."""
    if os.environ.get(ENV_SHIMS) != "1":
        return
    for name in IMPORT_SHIMS.get(short, ()):
        if hasattr(module, name) or _real_spec(f"{os.environ[ENV_ROOT]}.{short}.{name}") is not None:
            continue  # there, as an attribute or as a submodule that is not imported yet
        if name == "PYDANTIC_VERSION_MINOR_TUPLE":
            import pydantic

            value = tuple(int(part) for part in pydantic.VERSION.split(".")[:2])
        elif name == "Undefined":
            from pydantic_core import PydanticUndefined as value
        else:
            value = _Placeholder(f"{MIRROR}.{short}.{name}")
        setattr(module, name, value)


class _ShimLoader:
    """A module that the package lacks and IMPORT_SHIMS lists."""

    def __init__(self, short):
        self.short = short

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        _add_shims(module, self.short)


# --------------------------------------------------------------------------- alias
class _AliasLoader:
    def __init__(self, real_name, short=""):
        self.real_name = real_name
        self.short = short
        self._saved = None

    def create_module(self, spec):
        import importlib

        module = importlib.import_module(self.real_name)
        self._saved = getattr(module, "__spec__", None)
        return module

    def exec_module(self, module):
        # module_from_spec() has just overwritten __spec__ with the alias's: undo it
        module.__spec__ = self._saved
        _add_shims(module, self.short)

    # what runpy and coverage need for `python -m fastapi`
    def _real_spec(self):
        return _real_spec(self.real_name)

    def get_code(self, fullname):
        return self._real_spec().loader.get_code(self.real_name)

    def get_source(self, fullname):
        return self._real_spec().loader.get_source(self.real_name)

    def get_filename(self, fullname):
        return self._real_spec().loader.get_filename(self.real_name)

    def is_package(self, fullname):
        return self._real_spec().submodule_search_locations is not None

    def get_resource_reader(self, fullname):
        reader = getattr(self._real_spec().loader, "get_resource_reader", None)
        return reader(self.real_name) if reader else None


def _real_spec(name):
    import importlib.util

    module = sys.modules.get(name)
    if module is not None and getattr(module, "__spec__", None) is not None:
        return module.__spec__
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError as exc:
        # "PKG.a" is missing while PKG.a.b is asked for: simply not found.
        # Anything else that is missing (a dependency of PKG itself) is PKG's own bug.
        if exc.name and (name == exc.name or name.startswith(exc.name + ".")):
            return None
        raise
    except ValueError:
        return None


class AliasFinder:
    """sys.meta_path finder: fastapi[.x] is ROOT[.x], as the very same module object."""

    def __init__(self, root, fake_dist=None):
        self.root = root
        self.fake_dist = fake_dist

    def find_spec(self, fullname, path=None, target=None):
        if fullname != MIRROR and not fullname.startswith(MIRROR + "."):
            return None
        from importlib.machinery import ModuleSpec

        real_name = self.root + fullname[len(MIRROR) :]
        short = fullname[len(MIRROR) + 1 :]
        real = _real_spec(real_name)
        shimmed = short and any(key == short or key.startswith(short + ".") for key in IMPORT_SHIMS)
        if real is None and shimmed and os.environ.get(ENV_SHIMS) == "1":
            return ModuleSpec(fullname, _ShimLoader(short), is_package=True)
        if real is None:
            # never fall through to another finder (a real fastapi on the path)
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        spec = ModuleSpec(
            fullname,
            _AliasLoader(real_name, short),
            origin=real.origin,
            is_package=real.submodule_search_locations is not None,
        )
        if real.submodule_search_locations is not None:
            spec.submodule_search_locations = list(real.submodule_search_locations)
        return spec

    def find_distributions(self, context=None):
        name = getattr(context, "name", None)
        if not self.fake_dist or (name is not None and name.lower() != MIRROR):
            return []
        from importlib.metadata import Distribution

        version = self.fake_dist

        class FakeDistribution(Distribution):
            def read_text(self, filename):
                if filename in ("METADATA", "PKG-INFO"):
                    return f"Metadata-Version: 2.1\nName: {MIRROR}\nVersion: {version}\n"
                return None

            def locate_file(self, path):
                import pathlib

                return pathlib.Path(path)

        return [FakeDistribution()]


def install_alias():
    root = os.environ.get(ENV_ROOT)
    if not root or root == MIRROR:
        return
    if not any(isinstance(f, AliasFinder) or type(f).__name__ == "AliasFinder" for f in sys.meta_path):
        sys.meta_path.insert(0, AliasFinder(root, os.environ.get(ENV_DIST) or None))


SHIM = """\
# written by conformance.py: installs the import alias in every child interpreter
import os, sys
_here = os.path.dirname(os.path.abspath(__file__))
try:
    # not under its own name: pytest wants to import its plugins itself
    import importlib.util as _util
    _spec = _util.spec_from_file_location("_conformance_alias", os.environ["CONFORMANCE_FILE"])
    _module = _util.module_from_spec(_spec)
    _spec.loader.exec_module(_module)
finally:
    # then run the sitecustomize that this one hides, if there is one
    _rest = [p for p in sys.path if os.path.abspath(p or ".") != _here]
    from importlib.machinery import PathFinder
    _spec = PathFinder.find_spec("sitecustomize", _rest)
    if _spec is not None and _spec.origin:
        _code = compile(open(_spec.origin, "rb").read(), _spec.origin, "exec")
        exec(_code, {"__name__": "sitecustomize", "__file__": _spec.origin})
"""


# ------------------------------------------------------------------- pytest plugin
class _Recorder:
    """Writes one JSON line per event, at once, so that a dead process still tells where it died."""

    def __init__(self, path, skip_path):
        import json

        self.out = open(path, "a", encoding="utf-8")  # noqa: SIM115 - open for the life of the process
        self.skip, self.only = set(), None
        if skip_path and os.path.exists(skip_path):
            with open(skip_path, encoding="utf-8") as handle:
                lists = json.load(handle)
            self.skip = set(lists["skip"])
            self.only = set(lists["only"]) if lists["only"] is not None else None

    def _write(self, **row):
        import json

        self.out.write(json.dumps(row) + "\n")
        self.out.flush()

    def pytest_collectstart(self, collector):
        if type(collector).__name__ == "Module":
            _watchdog(True)
            self._write(kind="collect-start", id=collector.nodeid)

    def pytest_collectreport(self, report):
        _watchdog(False)
        if report.failed:
            self._write(kind="collect", id=report.nodeid, why=_why(report))
        elif report.skipped:
            self._write(kind="collect-skip", id=report.nodeid, why=_why(report))

    def pytest_collection_modifyitems(self, config, items):
        self._write(kind="collected", id="", count=len(items))
        gone = [i for i in items if i.nodeid in self.skip or (self.only is not None and i.nodeid not in self.only)]
        if gone:
            dropped = set(map(id, gone))
            items[:] = [item for item in items if id(item) not in dropped]
            config.hook.pytest_deselected(items=gone)

    def pytest_runtest_protocol(self, item, nextitem):
        # the outermost wrapper (see pytest_configure): even a mark that pytest cannot read is inside it
        self._write(kind="start", id=item.nodeid)
        _watchdog(True)
        try:
            return (yield)
        finally:
            _watchdog(False)

    def pytest_runtest_logreport(self, report):
        self._write(
            kind="test",
            id=report.nodeid,
            when=report.when,
            outcome="xfailed" if hasattr(report, "wasxfail") and report.skipped else report.outcome,
            s=round(report.duration, 4),
            why=_why(report) if not report.passed else "",
        )

    def pytest_sessionfinish(self, session, exitstatus):
        self._write(kind="finish", id="", status=int(exitstatus))


def _watchdog(on):
    # pytest-timeout stops a hung test with a signal; where the cleanup hangs as well,
    # this ends the process, and the command line starts another for the rest
    import faulthandler

    seconds = float(os.environ.get(ENV_HARD) or 0)
    if on and seconds:
        faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__)
    else:
        faulthandler.cancel_dump_traceback_later()


def _why(report):
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):
        return str(longrepr[2])[:300]
    crash = getattr(longrepr, "reprcrash", None)
    if crash is not None:
        return crash.message.strip().split("\n")[0][:300]
    lines = [line for line in str(longrepr).splitlines() if line.strip()]
    for line in reversed(lines):
        if line.startswith("E "):
            return line[1:].strip()[:300]
    return lines[-1].strip()[:300] if lines else ""


def pytest_configure(config):
    install_alias()
    root = os.environ.get(ENV_ROOT)
    if root and root != MIRROR:
        import importlib

        target = importlib.import_module(root)
        alias = importlib.import_module(MIRROR)
        if alias is not target:
            raise RuntimeError(f"alias is not in force: {alias!r} is not {target!r}")
    config.addinivalue_line("markers", "xdist_group: used by the suite; known even without pytest-xdist")
    if os.environ.get(ENV_OUT):
        import pytest

        _Recorder.pytest_runtest_protocol = pytest.hookimpl(wrapper=True, tryfirst=True)(
            _Recorder.pytest_runtest_protocol
        )
        config.pluginmanager.register(_Recorder(os.environ[ENV_OUT], os.environ.get(ENV_SKIP)), "conformance-recorder")


install_alias()  # at import: as a -p plugin this is before any collection


# -------------------------------------------------------------------- command line
def _read_rules(path):
    """Lines 'nodeid or file or glob<TAB>reason' -> list of pairs."""
    rules = []
    if path and os.path.exists(path):
        with open(path, encoding="utf-8") as handle:
            for line in handle:
                line = line.rstrip("\n")
                if line.strip() and not line.startswith("#"):
                    key, _, reason = line.partition("\t")
                    rules.append((key.strip(), reason.strip()))
    return rules


def _matches(nodeid, key):
    import fnmatch

    file = nodeid.split("::", 1)[0]
    key = key.rstrip("/")
    if nodeid == key or file == key or file.startswith(key + "/") or nodeid.startswith((key + "::", key + "[")):
        return True
    return "*" in key and (fnmatch.fnmatchcase(file, key) or fnmatch.fnmatchcase(nodeid, key))


def _group_of(file, groups):
    import fnmatch

    for pattern, name in groups:
        if fnmatch.fnmatchcase(file, pattern):
            return name
    return "other"


def _load_groups(path):
    import json

    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as handle:
        return [tuple(pair) for pair in json.load(handle)["rules"]]


def _prepare_suite(suite, work):
    """Copy what the tests need. The suite's own fastapi/ folder is left out on purpose."""
    import shutil

    ignore = shutil.ignore_patterns("__pycache__", "*.pyc", ".pytest_cache")
    for name in ("tests", "docs_src", "scripts", "docs"):
        source = os.path.join(suite, name)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(work, name), ignore=ignore)
    for name in ("pyproject.toml", "README.md"):
        source = os.path.join(suite, name)
        if os.path.exists(source):
            shutil.copy(source, work)
    if not os.path.isdir(os.path.join(work, "tests")):
        raise SystemExit(f"no tests/ folder in {suite}: is it the unpacked sdist?")


_LIVE = set()  # process groups of running pytest processes
_STOP = []  # not empty: the run is being ended, start no further process


def _end_live(signum=None, frame=None):
    import signal

    _STOP.append(True)
    for pid in list(_LIVE):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    if signum is not None:
        sys.exit(128 + signum)


def _one_process(args, work, selections, root, skip, deadline, log):
    """One pytest process. Returns its events and exit status."""
    import json
    import signal
    import subprocess
    import time

    shim = os.path.join(work, ".shim")
    os.makedirs(shim, exist_ok=True)
    with open(os.path.join(shim, "sitecustomize.py"), "w") as handle:
        handle.write(SHIM)
    out, skip_file = os.path.join(work, ".events.jsonl"), os.path.join(work, ".skip.json")
    if os.path.exists(out):
        os.remove(out)
    with open(skip_file, "w", encoding="utf-8") as handle:
        json.dump({"skip": sorted(skip), "only": args.only}, handle)
    env = dict(os.environ)
    env[ENV_OUT] = out
    env[ENV_SKIP] = skip_file
    env["CONFORMANCE_FILE"] = os.path.abspath(__file__)
    env[ENV_ROOT] = root or ""
    env[ENV_DIST] = args.fake_dist or ""
    env[ENV_SHIMS] = "1" if args.import_shims else ""
    env[ENV_HARD] = str(args.test_timeout + 10)
    env["PYTHONPATH"] = os.pathsep.join(
        [shim, HERE]
        + [os.path.abspath(p) for p in args.path]
        + [os.path.join(work, "docs_src")]
        + [p for p in env.get("PYTHONPATH", "").split(os.pathsep) if p]
    )
    env.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    command = [
        sys.executable, "-m", "pytest",
        "-p", "conformance", "-p", "no:cacheprovider", "-p", "no:sugar", "-p", "no:xdist",
        "-q", "--tb=native", "--continue-on-collection-errors", "--inline-snapshot=disable",
        f"--timeout={args.test_timeout}",
    ]  # fmt: skip
    command += args.pytest_arg + selections
    with open(log, "a") as handle:
        process = subprocess.Popen(
            command, cwd=work, env=env, stdin=subprocess.DEVNULL, stdout=handle,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        _LIVE.add(process.pid)
        try:
            status = process.wait(timeout=max(1, deadline - time.time()))
        except subprocess.TimeoutExpired:
            status = "out of time"
        finally:
            with contextlib.suppress(ProcessLookupError):  # the whole group: servers started by the tests end too
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            _LIVE.discard(process.pid)
    events = []
    if os.path.exists(out):
        with open(out, encoding="utf-8") as handle:
            for line in handle:
                with contextlib.suppress(ValueError):
                    events.append(json.loads(line))
    return events, status


def _batches(work, files):
    """Files with the same nearest conftest.py go together: a conftest that cannot be imported ends its process."""
    groups = {}
    for file in files:
        folder = os.path.dirname(file)
        while folder and not os.path.exists(os.path.join(work, folder, "conftest.py")):
            folder = os.path.dirname(folder)
        groups.setdefault(folder, []).append(file)
    return [files for _, files in sorted(groups.items())]


def _run_shard(args, work, selections, root, deadline, log, events, statuses):
    for files in _batches(work, selections):
        _run_batch(args, work, files, root, deadline, log, events, statuses)


def _run_batch(args, work, files, root, deadline, log, events, statuses):
    """Processes until the batch is done: a test that kills or hangs one is noted and skipped."""
    import time

    skip, left = set(), list(files)
    while left and not _STOP and time.time() < deadline:
        new, status = _one_process(args, work, left, root, skip, deadline, log)
        events += new
        statuses.append(status)
        if _STOP:
            return
        # 0, 1 and 5: pytest came to its end. 2, 3, 4: interrupted, an internal error or a usage error
        # (a test can provoke each, say with a filterwarnings mark that names an absent class): go on after it
        if any(row["kind"] == "finish" and row["status"] in (0, 1, 5) for row in new) or status == "out of time":
            return
        done = {row["id"] for row in new if row["kind"] == "test" and row["when"] == "teardown"}
        started = [row["id"] for row in new if row["kind"] == "start"]
        if started:
            culprit = started[-1]
            if culprit not in done:
                events.append({"kind": "test", "id": culprit, "when": "crash", "outcome": "failed", "s": 0,
                               "why": f"the process ended or hung in this test (exit {status})"})  # fmt: skip
            elif not done - skip:
                return
            skip |= done | {culprit}
            continue
        opened = [row["id"] for row in new if row["kind"] == "collect-start"]
        if any(row["kind"] == "collected" for row in new) or not opened:
            # nothing ran: pytest could not start, or a conftest.py could not be imported
            why = f"pytest did not start (exit {status}): {_last_error(log)}"
            events += [{"kind": "collect", "id": file, "why": why} for file in left]
            return
        events.append(
            {
                "kind": "collect",
                "id": opened[-1],
                "why": f"the process ended or hung while importing this file (exit {status})",
            }
        )
        left = [s for s in left if s != opened[-1]]


def _last_error(log):
    with open(log, encoding="utf-8", errors="replace") as handle:
        lines = [line.strip() for line in handle.read()[-4000:].splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line]
    return (errors or lines or ["no output"])[-1][:200]


def _run_pytest(args, selections, root, weights):
    """Runs the selections in args.workers shards, each in its own copy of the suite."""
    import signal
    import tempfile
    import threading
    import time

    signal.signal(signal.SIGTERM, _end_live)
    _STOP.clear()
    start = time.time()
    deadline = start + args.limit
    shards = [[0.0, []] for _ in range(max(1, args.workers))]
    for item in sorted(selections, key=lambda s: (-weights.get(s, 0.0), s)):
        shard = min(shards, key=lambda pair: pair[0])
        shard[0] += weights.get(item, 0.0) + 0.05
        shard[1].append(item)
    events, statuses, threads = [], [], []
    with tempfile.TemporaryDirectory(prefix="conf-", ignore_cleanup_errors=True) as folder:
        for number, (_, items) in enumerate(shards):
            if not items:
                continue
            work = os.path.join(folder, str(number))
            os.mkdir(work)
            _prepare_suite(args.suite, work)
            log = f"{args.log}.{number}" if args.log else os.path.join(folder, f"{number}.log")
            open(log, "w").close()
            thread = threading.Thread(
                target=_run_shard, args=(args, work, sorted(items), root, deadline, log, events, statuses), daemon=True
            )
            thread.start()
            threads.append((thread, log))
        try:
            for thread, _ in threads:
                thread.join()
        finally:
            _end_live()  # after Ctrl-C or SIGTERM; nothing is left to end otherwise
            for thread, _ in threads:
                thread.join(5)
        for _, log in threads:
            if not events:  # pytest could not start at all
                with open(log, encoding="utf-8", errors="replace") as handle:
                    sys.stderr.write(handle.read()[-3000:])
    return events, time.time() - start, statuses


def _outcomes(events):
    tests, collect = {}, {}
    for row in events:
        if row["kind"] == "collect":
            collect.setdefault(row["id"], row["why"])
        elif row["kind"] == "test":
            now = tests.setdefault(row["id"], {"outcome": None, "why": "", "s": 0.0})
            now["s"] = round(now["s"] + row["s"], 4)
            outcome = row["outcome"]
            if outcome == "failed":
                outcome = "failed" if row["when"] == "call" else "error"  # setup, teardown, crash
            elif outcome == "passed" and row["when"] != "call":
                continue
            if now["outcome"] in (None, "passed") or outcome in ("failed", "error"):
                now["outcome"], now["why"] = outcome, row["why"]
    return tests, collect


def _test_files(suite):
    found = []
    for base in ("tests", os.path.join("scripts", "tests")):
        for folder, _, names in os.walk(os.path.join(suite, base)):
            found += [os.path.join(folder, n) for n in names if n.startswith("test_") and n.endswith(".py")]
    return sorted(os.path.relpath(f, suite) for f in found)


def _make_baseline(args):
    import importlib.metadata
    import json
    import platform

    version = importlib.metadata.version(MIRROR)
    passed, other, times, flaky, weights = None, {}, [], {}, {}
    files = args.selection or _test_files(args.suite)
    for _ in range(args.repeat):
        events, seconds, status = _run_pytest(args, files, None, weights)
        tests, collect = _outcomes(events)
        print(f"run: exit {status}, {seconds:.0f} s, {len(tests)} tests, {len(collect)} collection errors", flush=True)
        times.append(round(seconds, 1))
        weights = {}
        for i, t in tests.items():
            weights[i.split("::", 1)[0]] = round(weights.get(i.split("::", 1)[0], 0) + t["s"], 3)
        now = {i for i, t in tests.items() if t["outcome"] == "passed"}
        if passed is not None:
            for i in passed ^ now:
                flaky[i] = "not the same outcome in every run"
        passed = now if passed is None else passed & now
        other.update({i: f"{t['outcome']}: {t['why']}" for i, t in tests.items() if t["outcome"] != "passed"})
        other.update({i: f"collection error: {why}" for i, why in collect.items()})
        other.update({e["id"]: f"skipped at collection: {e['why']}" for e in events if e["kind"] == "collect-skip"})
    rules = _read_rules(args.vacuous)
    vacuous = {i: r for i in sorted(passed) for k, r in rules if _matches(i, k)}
    data = {
        "suite": f"fastapi {version}",
        "python": platform.python_version(),
        "seconds": times,
        "packages": dict(sorted((d.metadata["Name"], d.version) for d in importlib.metadata.distributions())),
        "counts": {"passing": len(passed), "left_out": len(vacuous), "in_denominator": len(passed) - len(vacuous)},
        "not_passing": dict(sorted(other.items())),
        "flaky": dict(sorted(flaky.items())),
        "file_seconds": {f: w for f, w in sorted(weights.items()) if w >= 0.05},
        "left_out": vacuous,
        "passing": sorted(passed - set(vacuous)),
    }
    with open(args.make_baseline, "w", encoding="utf-8") as handle:
        json.dump(data, handle, indent=1)
        handle.write("\n")
    print(data["counts"], "not passing:", len(other), "flaky:", len(flaky))
    return 0


def _select(baseline, selections, groups):
    if not selections:
        return baseline
    wanted = []
    for nodeid in baseline:
        file = nodeid.split("::", 1)[0]
        for key in selections:
            if key.startswith("group:"):
                name = _group_of(file, groups)
                if name == key[6:] or name.startswith(key[6:] + ":"):
                    wanted.append(nodeid)
                    break
            elif _matches(nodeid, key):
                wanted.append(nodeid)
                break
    return wanted


def _ratio(passed, total):
    return round(passed / total, 4) if total else None


def _count(ids, results):
    row = {"baseline": len(ids), "passed": 0, "failed": 0, "errors": 0, "skipped": 0}
    names = {"passed": "passed", "failed": "failed", "skipped": "skipped", "xfailed": "skipped"}
    for nodeid in ids:
        row[names.get(results[nodeid]["outcome"], "errors")] += 1
    row["ratio"] = _ratio(row["passed"], row["baseline"])
    return row


def main(argv=None):
    import argparse
    import collections
    import importlib.metadata
    import json
    import subprocess

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", help="import root of the package under test")
    parser.add_argument(
        "--suite", required=True, help="folder of the unpacked fastapi sdist (with tests/ and docs_src/)"
    )
    parser.add_argument("--path", action="append", default=[], help="folder to put on sys.path first (repeatable)")
    parser.add_argument("--baseline", default=os.path.join(HERE, "baseline.json"))
    parser.add_argument("--groups", default=os.path.join(HERE, "groups.json"))
    parser.add_argument(
        "--not-applicable",
        action="append",
        help="rule file (repeatable); default: not_applicable.txt beside this script",
    )
    parser.add_argument("--internal", default=os.path.join(HERE, "internal_tests.txt"))
    parser.add_argument(
        "--vacuous",
        default=os.path.join(HERE, "left_out.txt"),
        help="tests left out of the baseline (with --make-baseline)",
    )
    parser.add_argument("--report", help="write the full JSON report here")
    parser.add_argument("--log", help="keep pytest's own output in FILE.0, FILE.1, ...")
    parser.add_argument(
        "-n",
        "--workers",
        type=int,
        default=2,
        help="pytest processes side by side, each with its own copy of the suite",
    )
    parser.add_argument("--test-timeout", type=float, default=20, help="seconds for one test")
    parser.add_argument("--limit", type=float, default=1800, help="seconds for the whole pytest run")
    parser.add_argument(
        "--fake-dist", metavar="VERSION", help="let importlib.metadata report a distribution fastapi==VERSION"
    )
    parser.add_argument(
        "--import-shims",
        action="store_true",
        help="supply the absent private names that test files import at their top (see IMPORT_SHIMS)",
    )
    parser.add_argument("--files", action="store_true", help="also print the per-file table")
    parser.add_argument("--min-ratio", type=float, help="exit 1 when the ratio over applicable tests is lower")
    parser.add_argument(
        "--allow-real", action="store_true", help="go on although real fastapi is installed (it stays shadowed)"
    )
    parser.add_argument("--pytest-arg", action="append", default=[], help="one more argument for pytest (repeatable)")
    parser.add_argument("--make-baseline", metavar="FILE")
    parser.add_argument(
        "--repeat", type=int, default=1, help="with --make-baseline: only tests passing in all of N runs count"
    )
    parser.add_argument("selection", nargs="*")
    args = parser.parse_args(argv)
    if args.log:
        args.log = os.path.abspath(args.log)
    args.suite = os.path.abspath(args.suite)
    args.only = None
    if args.make_baseline:
        return _make_baseline(args)
    if not args.root:
        parser.error("--root is needed")
    try:
        real = importlib.metadata.version(MIRROR)
    except importlib.metadata.PackageNotFoundError:
        real = None
    if real and args.root != MIRROR and not args.allow_real:
        raise SystemExit(
            f"real fastapi {real} is installed in this interpreter: use an environment without it (or --allow-real)"
        )

    with open(args.baseline, encoding="utf-8") as handle:
        base = json.load(handle)
    groups = _load_groups(args.groups)
    wanted = _select(base["passing"], args.selection, groups)
    if not wanted:
        raise SystemExit("the selection holds no test of the baseline")
    na_rules = [r for p in args.not_applicable or [os.path.join(HERE, "not_applicable.txt")] for r in _read_rules(p)]
    internal_rules = _read_rules(args.internal)
    na = {i: r for i in wanted for k, r in na_rules if _matches(i, k)}
    internal = {i: r for i in wanted for k, r in internal_rules if _matches(i, k) and i not in na}

    files = sorted({i.split("::", 1)[0] for i in wanted})
    arguments = [f for f in files if os.path.exists(os.path.join(args.suite, f))]
    if any("::" in s for s in args.selection):
        args.only = wanted
    env = dict(os.environ)
    env["PYTHONPATH"] = os.pathsep.join([os.path.abspath(p) for p in args.path] + [env.get("PYTHONPATH", "")])
    probe = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import importlib; importlib.import_module({args.root!r})"],
        cwd="/", env=env, capture_output=True, text=True,
    )  # fmt: skip
    import_error = probe.stderr.strip().splitlines()[-1] if probe.returncode else None
    if import_error:
        events, seconds, status = [], 0.0, []
    else:
        events, seconds, status = _run_pytest(args, arguments, args.root, base.get("file_seconds", {}))
    tests, collect = _outcomes(events)

    results = {}
    for nodeid in wanted:
        file = nodeid.split("::", 1)[0]
        if nodeid in tests and tests[nodeid]["outcome"] is not None:
            results[nodeid] = tests[nodeid]
        elif import_error:
            results[nodeid] = {"outcome": "not collected", "why": f"import {args.root}: {import_error}", "s": 0}
        else:
            why = collect.get(file) or next((w for k, w in collect.items() if file.startswith(k)), "not run")
            results[nodeid] = {"outcome": "not collected", "why": why, "s": 0}

    by_file, by_group = collections.defaultdict(list), collections.defaultdict(list)
    for nodeid in wanted:
        file = nodeid.split("::", 1)[0]
        by_file[file].append(nodeid)
        by_group[_group_of(file, groups)].append(nodeid)
    applicable = [i for i in wanted if i not in na]
    public = [i for i in applicable if i not in internal]
    total = _count(wanted, results)
    reasons = collections.Counter(r["why"] for r in results.values() if r["outcome"] != "passed")
    report = {
        "root": args.root,
        "suite": base["suite"],
        "python": sys.version.split()[0],
        "selection": args.selection,
        "import_shims": args.import_shims,
        "seconds": round(seconds, 1),
        "pytest_exit": status,
        "import_error": import_error,
        "total": total,
        "applicable": _count(applicable, results),
        "public": _count(public, results),
        "groups": {g: _count(ids, results) for g, ids in sorted(by_group.items())},
        "files": {f: _count(ids, results) for f, ids in sorted(by_file.items())},
        "reasons": reasons.most_common(100),
        "collection_errors": dict(sorted(collect.items())),
        "failures": {
            i: {
                "outcome": r["outcome"],
                "why": r["why"],
                **({"na": na[i]} if i in na else {}),
                **({"internal": internal[i]} if i in internal else {}),
            }
            for i, r in results.items()
            if r["outcome"] != "passed"
        },
        "na_that_pass": sorted(i for i in na if results[i]["outcome"] == "passed"),
        "outside_baseline": {i: t["outcome"] for i, t in sorted(tests.items()) if i not in results},
    }
    if args.report:
        with open(args.report, "w", encoding="utf-8") as handle:
            json.dump(report, handle, indent=1)
            handle.write("\n")

    print(f"{args.root} against the tests of {base['suite']}: {seconds:.0f} s, pytest exit {status}")
    if import_error:
        print(f"  import {args.root} failed: {import_error}")
    line = "{:<34} {:>8} {:>7} {:>7} {:>7} {:>7} {:>7}"
    print(line.format("group", "baseline", "passed", "failed", "errors", "skipped", "ratio"))

    def show(name, row):
        print(
            line.format(
                name[-34:],
                row["baseline"],
                row["passed"],
                row["failed"],
                row["errors"],
                row["skipped"],
                f"{100 * (row['ratio'] or 0):.1f}%",
            )
        )

    for name, row in report["groups"].items():
        show(name, row)
    if args.files:
        print()
        for name, row in report["files"].items():
            print(f"{row['passed']:>5}/{row['baseline']:<5} {name}")
    print()
    show("TOTAL (fixed denominator)", total)
    show(f"applicable (less {len(na)})", report["applicable"])
    show(f"public API only (less {len(na) + len(internal)})", report["public"])
    if reasons:
        print("\nmost frequent reasons of tests that do not pass:")
        for why, count in reasons.most_common(15):
            print(f"  {count:>5}  {why[:140]}")
    sys.stdout.flush()
    if args.min_ratio is not None and (report["applicable"]["ratio"] or 0) < args.min_ratio:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
