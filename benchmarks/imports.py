"""What importing costs: `python -m benchmarks.imports`.

Each import is timed in a process of its own, the packages by turns with NumPy, on which all of them stand: what a
package adds is its time less NumPy's in the same round. The first round is not counted: it fills the caches of
bytecode and files. Medians suffer from what else a machine does; the least times hardly.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from statistics import median

from benchmarks.timing import machine, table

PACKAGES = ("numpy", "autograd", "nn", "viz")
TIMED = "from time import perf_counter as now; start = now(); import {}; print(now() - start)"


def milliseconds(package: str) -> float:
    """The time of an import in a fresh process, which may keep bytecode."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", TIMED.format(package)], capture_output=True, check=True, env=env)
    return 1000 * float(done.stdout)


def report(quick: bool = False) -> str:
    """The medians of all rounds and the least times."""
    times = [{package: milliseconds(package) for package in PACKAGES} for _ in range(1 + (3 if quick else 15))][1:]
    rows = [["import", "median ms", "over numpy", "least ms", "over numpy"]]
    for package in PACKAGES:
        total, added = [time[package] for time in times], [time[package] - time["numpy"] for time in times]
        least = min(total) - min(time["numpy"] for time in times)
        rows.append([package, *(f"{number:.0f}" for number in (median(total), median(added), min(total), least))])
    return table(rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few rounds")
    print(f"{machine()}\n\n{report(parser.parse_args().quick)}")


if __name__ == "__main__":
    main()
