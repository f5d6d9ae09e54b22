"""Expressions: any text is an expression that means what Python means by it, or an error that shows the place."""

from __future__ import annotations

import ast
import contextlib
import io
import textwrap
from typing import Any

import viz
from autograd import UsageError, Value
from autograd.value import constant
from hostile.reader import Reader, same
from viz.__main__ import main
from viz.text.expression import CONSTANTS, FUNCTIONS

WORDS = (
    "x", "y", "q", "f", "(", ")", "[", "]", ",", "+", "-", "*", "/", "**", "=", ";", "\n", " ", "2", "0.5", "1e308",
    "1e-320", "0", "pi", "inf", "nan", "10**400", "1_000", "0x1f", "1j", "'a'", "f'{x}'", "lambda", "if", "for",
    "import", "__import__", ".", ":", ":=", "@", "//", "%", "~", "not", "==", "<", "#", "\\", "True", "None", "…",
    "λ", "漢", "\0", "\t", "\f", "\r", "\ufeff", "\u2028", "x.data", "x[0]", "*x", "yield", "await", "match", "_",
    *FUNCTIONS,
)
"""What expressions are made of, and what Python has besides."""

NUMBERS = {"x": 1.5, "y": -2.0}


def words(reader: Reader) -> str:
    """A text of words that often is an expression; sometimes any text."""
    if reader.below(8) == 0:
        return reader.text(5)
    if reader.below(8) == 0:
        return reader.rest().decode(errors="surrogateescape")
    return "".join(reader.pick(WORDS) for _ in range(reader.below(24) + 1))


def expression(data: bytes) -> None:
    """`viz.parse` gives what Python computes with Values, or says where the text is no expression."""
    text = words(Reader(data))
    try:
        value = viz.parse(text, **NUMBERS)
    except viz.ExpressionError as error:
        line, caret = error.caret().split("\n")
        assert caret.strip() == "^", text
        assert line.isprintable(), text
        assert "\n" not in str(error), text
        return
    except UsageError as error:
        assert "does not mention" in str(error), text
        return
    assert isinstance(value, Value)
    assert same(value.data, python(text)), text


class Literals(ast.NodeTransformer):
    """Writes every number as the constant Value that an expression makes of it."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """A number."""
        return ast.Call(ast.Name("constant", ast.Load()), [node], [])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """A number with a sign is one number."""
        signed = isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
        return ast.Call(ast.Name("constant", ast.Load()), [node], []) if signed else self.generic_visit(node)


def python(text: str) -> float:
    """What Python computes with the same names, once it is known that the text is nothing but an expression."""
    body = ast.parse(textwrap.dedent(text).strip()).body
    *before, last = [ast.fix_missing_locations(Literals().visit(statement)) for statement in body]
    names: dict[str, Any] = {"__builtins__": {}, "constant": constant}
    names |= {name: constant(number) for name, number in CONSTANTS.items()} | FUNCTIONS
    names |= {name: Value(number) for name, number in NUMBERS.items()}
    exec(compile(ast.Module(before, []), "<before>", "exec"), names)
    assert isinstance(last, ast.Assign | ast.Expr)
    return float(eval(compile(ast.Expression(last.value), "<last>", "eval"), names).data)


ARGUMENTS = ("x=1.5", "y=-2", "x=nan", "y=1e999", "x", "=", "x=", "x=two", "x=1", "λ=3", " x = 4 ", "2x=1", "--steps",
             "--local", "--number-format=.3f", "--number-format=d", "--number-format={}", "--number-format=1000000.3f",
             "--style=circuit", "--theme=x", "--live", "-h", "--", "-", "-x*y", "__class__=1", "text=1")


def command(data: bytes) -> None:
    """`python -m viz` tells the passes and returns 0, or complains on stderr and returns 2."""
    reader = Reader(data)
    arguments = [reader.pick(ARGUMENTS) if reader.below(4) else reader.text() for _ in range(reader.below(4))]
    arguments = [argument for argument in arguments if not argument.startswith(("-o", "--output", "--o"))]
    text = words(reader)
    out, complaints = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaints):
        try:
            code = main([text, *arguments])
        except SystemExit as end:  # as argparse ends
            code = end.code if isinstance(end.code, int) else 1
    assert code in (0, 2), (text, arguments)
    assert bool(complaints.getvalue()) == (code == 2), (text, arguments)
    assert out.getvalue() if code == 0 else not out.getvalue(), (text, arguments)
