"""Run a command under a single line of progress: progress.py [--of N --count PATTERN] TITLE -- COMMAND...

The line shows the time, how many of N things are done, and the command's last line of output. On a terminal it rewrites
itself; elsewhere a new one is printed every 15 seconds. The rest of the output is shown only if the command fails.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence

TERMINAL_INTERVAL_S = 0.2
LOG_INTERVAL_S = 15.0
SHOWN_ON_FAILURE = 40
"""How many of the last lines of output a failure shows."""

_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class CommandOutput:
    """The output of a command, read by a thread of its own while another draws the progress line.

    Args:
        stream: The command's output, in text.
        pattern: Counts the distinct matches of its first group; None counts nothing.
    """

    def __init__(self, stream: Iterable[str], pattern: re.Pattern[str] | None) -> None:
        self.lines: list[str] = []
        self._counted: set[str] = set()
        self._pattern = pattern
        self._stream = stream
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._stream:
            text = plain_text(line)
            if text:
                self.lines.append(text)
            if self._pattern and (match := self._pattern.search(text)):
                self._counted.add(match[1])

    @property
    def last_line(self) -> str:
        """The most recent line of output, or "" before the first."""
        return self.lines[-1] if self.lines else ""

    @property
    def count(self) -> int:
        """How many distinct things have been counted."""
        return len(self._counted)

    def finish(self) -> None:
        """Wait for the rest. A background process that kept the stream open is not waited for."""
        self._reader.join(timeout=2)


def plain_text(line: str) -> str:
    """Return a line without escape sequences, and of a line that rewrote itself the last version."""
    text = _ESCAPE_SEQUENCE.sub("", line).rstrip().rpartition("\r")[2]
    return "".join(character for character in text if character.isprintable()).strip()


def describe(title: str, elapsed_s: float, count: str, activity: str) -> str:
    """Return one line of progress."""
    minutes, seconds = divmod(int(elapsed_s), 60)
    return "  ".join(part for part in (f"==> {title}", f"{minutes}:{seconds:02}", count, activity) if part)


def follow(process: subprocess.Popen[str], output: CommandOutput, title: str, total: int) -> float:
    """Draw the progress line until the process ends; return the seconds it took."""
    is_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    interval_s = TERMINAL_INTERVAL_S if is_terminal else LOG_INTERVAL_S
    began = time.monotonic()
    if not is_terminal:
        print(f"==> {title}", flush=True)
    while True:
        try:
            process.wait(interval_s)
        except subprocess.TimeoutExpired:
            count = f"{min(output.count, total)} of {total}" if total else ""
            line = describe(title, time.monotonic() - began, count, output.last_line)
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{line[:width]}\x1b[K" if is_terminal else line[:160], end="" if is_terminal else "\n", flush=True)
        else:
            break
    if is_terminal:
        print("\r\x1b[K", end="")
    return time.monotonic() - began


def run(title: str, command: Sequence[str], total: int = 0, pattern: str = "") -> int:
    """Run a command under a progress line; return its exit status."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}  # or its last line is seen only when a block is full
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        print(f"==> {title}: can't run {command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    output = CommandOutput(process.stdout or (), re.compile(pattern) if pattern else None)
    try:
        elapsed_s = follow(process, output, title, total)
    except KeyboardInterrupt:
        process.wait()  # Ctrl-C reached the command too
        print(f"\n==> {title}: interrupted", file=sys.stderr)
        return 130
    output.finish()
    if process.returncode:
        print(f"==> {title}: failed after {elapsed_s:.0f} s", flush=True)
        print("\n".join(output.lines[-SHOWN_ON_FAILURE:]), file=sys.stderr)
    else:
        print(f"==> {title}: done in {elapsed_s:.0f} s", flush=True)
    return process.returncode


def main() -> int:
    """Read the command line and run the command."""
    parser = argparse.ArgumentParser(prog="progress.py", description=__doc__)
    parser.add_argument("--of", type=int, default=0, metavar="N", help="how many things there are to do")
    parser.add_argument("--count", default="", metavar="PATTERN", help="matches a line for each; group 1 names it")
    parser.add_argument("title")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    return run(arguments.title, arguments.command, arguments.of, arguments.count)


if __name__ == "__main__":
    sys.exit(main())
