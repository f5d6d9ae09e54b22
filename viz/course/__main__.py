"""`python -m viz.course --out course --format nbgrader --students class.txt`: a course kit for a class."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from autograd import FileError, RerollError
from autograd.command import Parser, printed
from viz.course.assignments import names
from viz.course.kit import handouts, saved, worksheets, write
from viz.course.questions import moodle

FORMATS = ("nbgrader", "otter", "alone", "worksheets", "moodle")

EPILOG = f"""\
examples:
  python -m viz.course --out course --students ada bob --seed 4711
  python -m viz.course --out course --students class.txt --assignments 02 14
  python -m viz.course --out sheets --format worksheets --students class.txt --level 2

Then, in the folder of the first two:
  nbgrader generate_assignment 02_gradients
  python -m viz.course --out . --handouts --students class.txt --assignments 02
  nbgrader autograde 02_gradients
  nbgrader generate_feedback 02_gradients

The second gives each student a copy with its own numbers; the third marks what has come back into
submitted/NAME/02_gradients/.

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
        made = files(options, class_list(options.students))
    except RerollError as error:
        print(f"python -m viz.course: {error}", file=sys.stderr)
        return 2
    print(f"wrote {len(made)} files into {options.out}")
    return 0


def files(options: argparse.Namespace, students: Sequence[str]) -> list[Path]:
    """Write what is asked for."""
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    if options.handouts:
        return handouts(options.out, students, options.assignments)
    if options.format == "worksheets":
        return worksheets(options.out, students, options.number or 3, options.level, seed, language=options.language)
    if options.format == "moodle":
        path = options.out / f"level_{options.level}.xml"
        return [saved(path, moodle(options.number or 10, options.level, seed))]
    if options.seed is None:
        print(f"hidden tests are drawn by --seed {seed}: keep it, to write the same ones again")
    return write(options.out, options.format, students, assignments=options.assignments, seed=seed)


def class_list(given: Sequence[str]) -> list[str]:
    """The names of a class: as given, or the lines of a file."""
    if len(given) == 1 and (Path(given[0]).is_file() or given[0].endswith(".txt")):
        try:
            return Path(given[0]).read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise FileError(f"{given[0]} cannot be read: {error.strerror}") from error
    return list(given)


def parser() -> Parser:
    """What the command understands."""
    parser = Parser(
        prog="python -m viz.course",
        description="Write assignments that mark themselves, worksheets and questions, with other numbers for each.",
        epilog=EPILOG,
    )
    parser.add_argument("--out", metavar="FOLDER", type=Path, required=True, help="where to write")
    parser.add_argument("--format", choices=FORMATS, default="nbgrader",
                        help="assignments for nbgrader, for otter-grader or to study alone; worksheets; questions "
                             "for Moodle (default: %(default)s)")
    parser.add_argument("--students", nargs="+", default=[], metavar="NAME",
                        help="the names of the class, or a text file with a name in each line")
    parser.add_argument("--assignments", nargs="+", default=[], metavar="NAME",
                        help="beginnings of their names, such as 02 (default: all)")
    parser.add_argument("--seed", type=int,
                        help="draws hidden tests and exercises; students should not know it (default: drawn)")
    parser.add_argument("--number", type=int, metavar="N",
                        help="how many exercises a worksheet has (default: 3), or graphs a Moodle file (default: 10)")
    parser.add_argument("--level", type=int, default=1, choices=(1, 2, 3),
                        help="of worksheets and questions (default: %(default)s)")
    parser.add_argument("--language", default="en", help="of worksheets: en, de or zh (default: en)")
    parser.add_argument("--handouts", action="store_true",
                        help="write a copy for each student of what nbgrader has released in FOLDER")
    return parser


if __name__ == "__main__":
    sys.exit(main())
