"""A coverage-guided fuzzer over the targets of hostile input: python tests/fuzz.py TARGET --minutes 5

It needs atheris: pip install -e ".[fuzz]". Faults are collected, each with the shortest input that was found for it,
while fuzzing goes on; at the end they are printed with the number of cases. Exit code 1 means that there are some.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent

LONGEST = 512
"""Inputs have at most so many bytes."""

SEEDS = 60
"""The fuzzer starts with so many inputs."""

SLOW = 30
"""A case that takes more seconds than this is a fault, and ends the run."""


class Run:
    """One target for so many seconds: its cases and its faults."""

    def __init__(self, name: str, target: Any, seconds: float) -> None:
        self.name, self.target = name, target
        self.start = time.monotonic()
        self.end = self.start + seconds
        self.cases = 0
        self.faults: dict[tuple[object, ...], tuple[bytes, str]] = {}

    def __call__(self, data: bytes) -> None:
        """One case; the report, and the end, when time is up."""
        self.cases += 1
        try:
            self.target(data)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            key = type(error).__name__, place.filename, place.lineno
            if key not in self.faults or len(data) < len(self.faults[key][0]):
                self.faults[key] = data, "".join(traceback.format_exception(error, limit=-4))
        if time.monotonic() > self.end:
            self.report()
            os._exit(1 if self.faults else 0)

    def report(self) -> None:
        """Print the faults, and a row of figures."""
        for data, told in self.faults.values():
            print(f"\n{told}{data!r}")
        minutes = (time.monotonic() - self.start) / 60
        print(f"\n| {self.name} | {self.cases} cases | {minutes:.1f} minutes | {len(self.faults)} faults |", flush=True)


def main() -> None:
    """Fuzz one target."""
    try:
        import atheris
    except ImportError:
        sys.exit('atheris is not installed, and nothing was fuzzed: pip install -e ".[fuzz]"')
    sys.path[:0] = [str(TESTS.parent), str(TESTS)]
    with atheris.instrument_imports(include=["autograd", "nn", "viz"]):
        from hostile import TARGETS
    parser = argparse.ArgumentParser(description="Fuzz one target of hostile input.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as corpus:
        rng = random.Random(options.target)
        for i in range(SEEDS):
            Path(corpus, str(i)).write_bytes(rng.randbytes(rng.randrange(8, 300)))
        child = os.fork()  # the fuzzer's loop has no end but that of its process; who clears up is this one
        if child == 0:
            run = Run(options.target, TARGETS[options.target], 60 * options.minutes)
            limits = [f"-max_len={LONGEST}", f"-timeout={SLOW}", "-rss_limit_mb=4096", "-len_control=0", "-verbosity=0"]
            atheris.Setup([sys.argv[0], *limits, corpus], run)
            atheris.Fuzz()
        _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
