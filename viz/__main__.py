"""`python -m viz "(x + y) * z" x=-2 y=5 z=-4`: backpropagation through an expression, told and drawn."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from autograd import RerollError, UsageError, ops
from autograd.command import Parser, coloured, printed
from viz import terminal
from viz.drawings.dot import draw
from viz.drawings.scalars import DIRECTIONS, STYLES
from viz.errors import ExpressionError
from viz.pages.live import live
from viz.pages.playground import playground
from viz.pages.quiz import quiz
from viz.pages.steps import html, steps
from viz.style import THEMES
from viz.text.expression import FUNCTIONS, parse
from viz.text.walkthrough import Step, Walk

EPILOG = f"""\
examples:
  python -m viz "(x + y) * z" x=-2 y=5 z=-4
  python -m viz "(x + y) * z" x=-2 y=5 z=-4 --steps
  python -m viz "(x + y) * z" x=-2 y=5 z=-4 -o graph.svg --style circuit --local
  python -m viz "a = sigmoid(w*x + b); (a - y)**2" w=0.5 x=2 b=0.1 y=1 -o loss.html
  python -m viz "tanh(w*x + b)" w=0.5 x=2 b=0.1 -o neuron.html --live
  python -m viz --playground

Expressions are made of + - * / **, brackets, numbers, names, pi, inf and nan, lists, and these
functions: {", ".join(sorted(FUNCTIONS))}.
"name = expression;" names an intermediate value. What has no name gets one: q, r, s, … between
the inputs and the output, which is f.

Exit code 2 means that an argument is wrong or a file could not be written.
"""

PAGES = (".html", ".htm")
"""The suffixes of pages."""


def main(argv: Sequence[str] | None = None) -> int:
    """Tell the forward and the backward pass of an expression, and draw it if asked; the exit code."""
    return printed("python -m viz", lambda: run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """The exit code of the command."""
    if not argv:
        parser().print_help(sys.stderr)
        return 2
    arguments = parser()
    options = arguments.parse_args(_guarded(argv))
    if not options.playground and options.expression is None:
        arguments.error("an expression is expected, or --playground")
    try:
        if options.playground:
            return typed(options)
        if (options.live or options.quiz) and (not options.output or options.output.suffix.lower() not in PAGES):
            raise UsageError("--live and --quiz make pages: name a file for it, -o page.html")
        output = parse(options.expression, **_numbers(options.values))
        walk = Walk(output, options.number_format)
        lines = lines_of(walk)
        if options.output:
            picture(walk, options)
    except ExpressionError as error:
        return _complain(error, *error.caret().splitlines())
    except RerollError as error:
        return _complain(error)
    if options.steps and sys.stdin is not None and sys.stdin.isatty():
        terminal.walk(steps(output, number_format=options.number_format))
    else:
        print(*lines, sep="\n")
    if options.output:
        print(f"\nwrote {options.output}")
    return 0


def typed(options: argparse.Namespace) -> int:
    """Write the page on which to type expressions."""
    if options.expression is not None:
        raise UsageError(f"--playground takes no expression, it is typed on the page; {options.expression!r} came")
    path = options.output or Path("play.html")
    if path.suffix.lower() not in PAGES:
        raise UsageError(f"--playground makes a page: name a file for it, -o play.html; {str(path)!r} came")
    playground(path, theme=options.theme)
    print(f"wrote {path}")
    return 0


def parser() -> Parser:
    """What the command understands."""
    parser = Parser(
        prog="python -m viz",
        description="Work out an expression and its gradient step by step, and draw its computational graph.",
        epilog=EPILOG,
    )
    parser.add_argument("expression", nargs="?", help='the expression, in quotes: "(x + y) * z"')
    parser.add_argument("values", nargs="*", metavar="name=number", help="the value of each name in it")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path,
                        help="draw the graph to FILE: .svg, .png, .dot, or a page to step through: .html")
    pages = parser.add_mutually_exclusive_group()
    pages.add_argument("--live", action="store_true", help="with -o page.html: a page with sliders")
    pages.add_argument("--quiz", choices=("grads", "values", "local"),
                       help="with -o page.html: a page that asks for the gradients, results or local derivatives")
    parser.add_argument("--steps", action="store_true",
                        help="walk step by step: Enter goes on, b back, q quits; without a terminal, all are told")
    pages.add_argument("--playground", action="store_true",
                       help="a page on which to type any expression, play.html or what -o names")
    parser.add_argument("--style", choices=STYLES,
                        help="boxes with label, data and grad, or the lectures' circuit (default: record; of a page, "
                             "circuit)")
    parser.add_argument("--theme", choices=THEMES,
                        help="colours (default: light; of a page, what the reader's system prefers)")
    parser.add_argument("--direction", choices=DIRECTIONS, default="LR",
                        help="from left to right or top to bottom (default: %(default)s)")
    parser.add_argument("--local", action="store_true",
                        help="write the local derivative on each edge, as pages do anyway")
    parser.add_argument("--number-format", metavar="FORMAT", default=".4g",
                        help="how numbers are written, as Python's format does (default: %(default)s)")
    return parser


def lines_of(walk: Walk) -> list[str]:
    """The lines that tell the forward pass, the backward pass and the gradient."""
    root = walk.root
    named = [walk.names[value] for value in walk.values if value.args and not value.label]
    lines = [f"named here: {', '.join(named)}; the output is {walk.names[root]}", ""] if named else []
    forward, backward = walk.forward(), walk.backward()
    lines += [coloured("forward", "value"), *_numbered(forward, 1), ""]
    lines += [coloured("backward", "gradient"), *_numbered(backward, len(forward) + 1), ""]
    lines += [coloured("gradient", "gradient")]
    # The last step of a leaf has its whole gradient.
    gradient = {step.value: step.number for step in backward}
    leaves = [value for value in walk.values if value in gradient and not value.args]
    words = walk.sentences
    return lines + [f"  {words.derivative(leaf).text} = {words.shown(gradient[leaf])}" for leaf in leaves]


def _numbered(passage: Sequence[Step], start: int) -> list[str]:
    return [f"{number:3}  {step.sentence}" for number, step in enumerate(passage, start)]


def picture(walk: Walk, options: argparse.Namespace) -> None:
    """Write the drawing, after backpropagation and with every name, in the format of the file's suffix."""
    walk.root.backward()
    for value in walk.values:
        if value.op is not ops.constant:
            value.label = walk.names[value]
    look = {"direction": options.direction, "number_format": options.number_format}
    if options.style:
        look["style"] = options.style
    if options.output.suffix.lower() in PAGES:
        look |= {"title": options.expression, "theme": options.theme}
        if options.quiz:
            quiz(walk.root, options.quiz, path=options.output, **look)
        else:
            (live if options.live else html)(walk.root, options.output, **look)
    else:
        drawing = draw(walk.root, theme=options.theme or "light", local_derivatives=options.local, **look)
        drawing.write(options.output)


def _numbers(arguments: Sequence[str]) -> dict[str, float]:
    values: dict[str, float] = {}
    for argument in arguments:
        name, equals, number = (part.strip() for part in argument.partition("="))
        if not (equals and name.isidentifier()):
            raise UsageError(f"name=number is expected, such as x=1.5; {argument!r} came")
        if name in values:
            raise UsageError(f"{name} is given twice: {name}={values[name]:g} and {argument}")
        try:
            values[name] = float(number)
        except ValueError:
            raise UsageError(f"a number is expected after {name}=, {number!r} came") from None
    return values


def _guarded(arguments: Sequence[str]) -> list[str]:
    """The arguments, with a blank before an expression such as -x*y, which argparse would take for an option."""
    known = parser()._option_string_actions
    return [
        f" {argument}" if argument.startswith("-") and argument.partition("=")[0] not in known else argument
        for argument in arguments
    ]


def _complain(*lines: object) -> int:
    print(f"python -m viz: {lines[0]}", *(f"  {line}" for line in lines[1:]), sep="\n", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
