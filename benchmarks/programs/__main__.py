"""The losses whose names contain a part: `python -m benchmarks.programs [--batch N …] [--quick] [NAME-PART …]`."""

from __future__ import annotations

import argparse

from benchmarks.peers import versions
from benchmarks.programs import report
from benchmarks.timing import machine, one_core


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.programs", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="NAME-PART", help="all losses if none is given")
    parser.add_argument("--batch", type=int, action="append", metavar="N", help="32 and 256 if not given; may repeat")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs, to see that it works")
    options = parser.parse_args()
    with one_core():
        print(f"{machine()}; {versions()}\n", flush=True)
        print(report(options.quick, options.parts, options.batch or ()))


if __name__ == "__main__":
    main()
