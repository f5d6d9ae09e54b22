"""`python -m viz.course --out course --format nbgrader --students class.txt`: a course kit for a class."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from autograd import FileError, RerollError
from autograd.files import printed
from viz.course.assignments import names
from viz.course.kit import handouts, write

EPILOG = f"""\
examples:
  python -m viz.course --out course --students ada bob --seed 4711
  python -m viz.course --out course --students class.txt --assignments 02 14
  python -m viz.course --out sheets --format worksheets --students class.txt --level 2

Then, in the folder of the first two: nbgrader generate_assignment 02_gradients, and
python -m viz.course --out . --handouts --students class.txt gives each student a copy with its own numbers.
What comes back into submitted/NAME/02_gradients/ is marked by nbgrader autograde 02_gradients, and
nbgrader generate_feedback 02_gradients says to each what went wrong.

Assignments: {", ".join(names())}.

Exit code 2 means that an argument is wrong or a file could not be written.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Write a kit; the exit code."""
    return printed("python -m viz.course", lambda: run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """The same, for output that somebody reads."""
    options = parser().parse_args(argv)
    try:
        students = class_list(options.students)
        if options.handouts:
            made = handouts(options.out, students, options.assignments)
        else:
            made = write(options.out, options.format, students, assignments=options.assignments, seed=options.seed)
    except RerollError as error:
        print(f"python -m viz.course: {error}", file=sys.stderr)
        return 2
    print(f"wrote {len(made)} files into {options.out}")
    return 0


def class_list(given: Sequence[str]) -> list[str]:
    """The names of a class: as given, or the lines of a file."""
    if len(given) == 1 and Path(given[0]).suffix:
        try:
            return Path(given[0]).read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise FileError(f"{given[0]} cannot be read: {error.strerror}") from error
    return list(given)


def parser() -> argparse.ArgumentParser:
    """What the command understands."""
    parser = argparse.ArgumentParser(
        prog="python -m viz.course", description="Write assignments that mark themselves, with other numbers for each.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )
    parser.add_argument("--out", metavar="FOLDER", type=Path, required=True, help="where to write")
    parser.add_argument("--format", choices=("nbgrader", "otter", "alone"), default="nbgrader",
                        help="what the assignments are for (default: %(default)s)")
    parser.add_argument("--students", nargs="+", default=[], metavar="NAME",
                        help="the names of the class, or a text file with a name in each line")
    parser.add_argument("--assignments", nargs="+", default=[], metavar="NAME",
                        help="beginnings of their names, such as 02 (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="draws hidden tests; students should not know it")
    parser.add_argument("--handouts", action="store_true",
                        help="write a copy for each student of what nbgrader has released in FOLDER")
    return parser


if __name__ == "__main__":
    sys.exit(main())
