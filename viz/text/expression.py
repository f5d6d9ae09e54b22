"""Expressions from text, without `eval`: arithmetic, the functions of the table, and given names.

Python's own parser reads the text, and only the kinds of syntax listed here are then evaluated.

>>> f = parse("q = x + y; q * z", x=-2, y=5, z=-4)
>>> f
Value(data=-12.0)
>>> [arg.label for arg in f.args]
['q', 'z']
"""

from __future__ import annotations

import ast
import keyword
import math
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import autograd
from autograd import RerollError, UsageError, Value, ops
from autograd.value import constant
from viz.errors import ExpressionError

LONGEST = 20_000
"""Expressions have at most so many characters."""

DEEPEST = 1_000
"""Expressions are nested at most so deeply; x + x + x + x is three deep."""

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: ops.add, ast.Sub: ops.sub, ast.Mult: ops.mul, ast.Div: ops.div, ast.Pow: ops.pow,
    ast.USub: ops.neg, ast.UAdd: lambda x: x,
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: op for name, op in ops.TABLE.items() if op.recorded},
    "mean": autograd.mean,
}

CONSTANTS = {"pi": math.pi, "inf": math.inf, "nan": math.nan}
"""Names that mean a number unless a value of that name is given."""


NUMBER, NAME = r"(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?+", r"[^\W\d]\w*+"
ADJACENT = re.compile(rf"(?P<left>(?<![\w.])(?:{NUMBER}|{NAME})|\))\s*(?P<right>(?<=[)\s]){NUMBER}|{NAME}|\()")
"""Two operands with nothing between them, as mathematics is written on paper."""


def adjacent(line: str) -> tuple[str, int] | None:
    """What to write where a product in a line has no sign, or a function no brackets, and the place; or None."""
    for pair in ADJACENT.finditer(line):
        left, right = pair["left"], pair["right"]
        if keyword.iskeyword(left) or keyword.iskeyword(right) or (left.isidentifier() and right == "("):
            continue  # the last is a call
        if left in FUNCTIONS:
            operand = line[pair.start("right") :].split()[0]
            return f"a function is written with brackets, {left}({operand})", pair.start()
        shown = ["(…)" if side in "()" else side for side in (left, right)]
        return f"a product is written with *, {' * '.join(shown)}", pair.start("right")
    return None


def parse(text: str, /, **values: Any) -> Value:
    """The value of an expression, its graph ready to be drawn and differentiated.

    `values` gives each name its number, or a Value. Allowed are `+ - * / **`, brackets, numbers, the
    functions of the table such as `tanh(x)`, `max(x, y)` and `dot([a, b], [x, y])`, `mean`, and
    the numbers pi, inf and nan. Several statements, separated by semicolons or newlines, may give
    names to intermediate values; the last one is the result.

    Raises `ExpressionError`, a ValueError that knows the place, for anything else and for a name
    without a value; `UsageError` for a value that the expression does not mention.
    """
    evaluator = Evaluator(text, values)
    result = evaluator.result()
    if evaluator.unused:
        raise UsageError(f"the expression does not mention {', '.join(sorted(evaluator.unused))}")
    return result


class Evaluator:
    """The evaluation of one text; `scope` holds the values by name, `unused` the names not met yet."""

    def __init__(self, text: str, values: Mapping[str, Any]) -> None:
        if not isinstance(text, str):
            raise UsageError(f"an expression is text such as '(x + y) * z', {type(text).__name__} came")
        # Lines end as in Python's parser, whose numbers of lines are used in errors.
        self.text = textwrap.dedent(text.replace("\r\n", "\n").replace("\r", "\n")).strip()
        self.scope: dict[str, Value] = {}
        self.unused = set(values)
        for name, value in values.items():
            self.scope[name] = value if isinstance(value, Value) else Value(value, label=name)

    def result(self) -> Value:
        """The value of the last statement."""
        result = None
        for statement in self.statements():
            result = self.statement(statement)
        if result is None:
            raise ExpressionError("an expression is expected, nothing came", self.text)
        return result

    def statements(self) -> list[ast.stmt]:
        """The text as Python's parser reads it."""
        if len(self.text) > LONGEST:
            raise ExpressionError(f"an expression has at most {LONGEST} characters, {len(self.text)} came", self.text)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                warnings.simplefilter("ignore", DeprecationWarning)
                return ast.parse(self.text).body
        except SyntaxError as error:
            line, column = (error.lineno or 1) - 1, max((error.offset or 1) - 1, 0)
            reason, column = adjacent(error.text or "") or (error.msg.partition(";")[0], column)
            raise ExpressionError(f"not an expression: {reason}", self.text, line, column) from None
        except (RecursionError, MemoryError):
            raise ExpressionError("the expression is nested too deeply", self.text) from None
        except ValueError as error:
            raise ExpressionError(f"not an expression: {error}", self.text) from None

    def statement(self, statement: ast.stmt) -> Value:
        """An expression, or `name = expression`, whose value gets that label."""
        if isinstance(statement, ast.Expr):
            return self.evaluate(statement.value)
        if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1):
            self.fail(statement, "only expressions and name = expression can be used here")
        (target,) = statement.targets
        if not isinstance(target, ast.Name):
            self.fail(target, "a name is expected before =")
        if target.id in self.scope:
            self.fail(target, f"{target.id} has a value already")
        value = self.evaluate(statement.value)
        value.label = value.label or target.id
        self.scope[target.id] = value
        return value

    def evaluate(self, root: ast.expr) -> Value:
        """The value of an expression, from the leaves up, without recursion."""
        done: dict[ast.expr, Any] = {}
        stack = [(root, 0, False)]
        while stack:
            node, depth, ready = stack.pop()
            if ready:
                done[node] = self.apply(node, done)
            elif depth > DEEPEST:
                self.fail(node, "the expression is nested too deeply")
            else:
                stack.append((node, depth, True))
                stack.extend((part, depth + 1, False) for part in reversed(list(self.parts(node))))
        result = done[root]
        if not isinstance(result, Value):
            self.fail(root, "a list is no value: give it to a function such as sum")
        return result

    def parts(self, node: ast.expr) -> Iterator[ast.expr]:
        """The expressions inside an expression, in the order in which they are computed."""
        match node:
            case ast.BinOp(left=left, op=operator, right=right):
                if type(operator) not in OPERATORS:
                    power = "a power is written **, as in x ** 2; " if isinstance(operator, ast.BitXor) else ""
                    self.fail(node, f"{power}the operators are + - * / **")
                yield from (left, right)
            case ast.UnaryOp(op=operator, operand=operand):
                if type(operator) not in OPERATORS:
                    self.fail(node, "the signs are + and -")
                if self.literal(node) is None:
                    yield operand
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                if name in self.scope and name not in FUNCTIONS:
                    self.fail(node, f"a product is written with *, {name} * (…)")
                if name not in FUNCTIONS:
                    self.fail(node, f"there is no function {name}; the functions are {', '.join(sorted(FUNCTIONS))}")
                if keywords:
                    self.fail(keywords[0], "functions take their operands by position")
                yield from args
            case ast.Call(func=ast.BinOp() | ast.UnaryOp() | ast.Constant() | ast.Call()):
                self.fail(node, "a product is written with *, such as 2 * (…) or (…) * (…)")
            case ast.List(elts=items) | ast.Tuple(elts=items):
                yield from items
            case ast.Name() | ast.Constant():
                pass
            case _:
                self.fail(node, "only arithmetic, functions, numbers and names can be used here")

    def apply(self, node: ast.expr, done: Mapping[ast.expr, Any]) -> Any:
        """The value of an expression whose parts are done."""
        try:
            match node:
                case ast.BinOp(left=left, op=operator, right=right):
                    return OPERATORS[type(operator)](self.value(left, done), self.value(right, done))
                case ast.UnaryOp(op=operator, operand=operand):
                    literal = self.literal(node)
                    if literal is not None:
                        return constant(literal)
                    return OPERATORS[type(operator)](self.value(operand, done))
                case ast.Call(func=ast.Name(id=name), args=args):
                    return self.call(name, [done[arg] for arg in args])
                case ast.List(elts=items) | ast.Tuple(elts=items):
                    return [self.value(item, done) for item in items]
                case ast.Name(id=name):
                    return self.named(node, name)
                case ast.Constant(value=number):
                    if type(number) not in (int, float):
                        self.fail(node, "a real number is expected")
                    return constant(number)
        except ExpressionError:
            raise
        except RerollError as error:
            self.fail(node, str(error))
        raise AssertionError(node)

    def call(self, name: str, operands: list[Any]) -> Any:
        """A function applied; of those of the table only sums and the like take lists."""
        function = FUNCTIONS[name]
        lists = [isinstance(operand, list) for operand in operands]
        if isinstance(function, ops.Contraction):
            if lists not in ([True, True], [True, True, False]):
                raise UsageError(f"{name} takes two lists, and perhaps a number to add")
        elif any(lists) and not (len(lists) == 1 and (name == "mean" or isinstance(function, ops.Reduction))):
            raise UsageError(f"{name} takes numbers, a list came")
        return function(*operands)

    def named(self, node: ast.expr, name: str) -> Value:
        """The value of a name."""
        if name in self.scope:
            self.unused.discard(name)
            return self.scope[name]
        if name in CONSTANTS:
            return constant(CONSTANTS[name])
        hint = f"write {name}(…) to apply it" if name in FUNCTIONS else f"give it one with {name}=1.5, say"
        self.fail(node, f"{name} has no value: {hint}")

    def value(self, node: ast.expr, done: Mapping[ast.expr, Any]) -> Value:
        """A part that has to be a value."""
        if not isinstance(done[node], Value):
            self.fail(node, "a list cannot be used in arithmetic")
        result: Value = done[node]
        return result

    @staticmethod
    def literal(node: ast.expr) -> float | None:
        """The number that a literal with a sign means, so that -2 is one constant."""
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=number)) if type(number) in (int, float):
                return -number  # type: ignore[operator,return-value]
        return None

    def fail(self, node: ast.AST, message: str) -> NoReturn:
        """Raise an `ExpressionError` at the place of a node."""
        line = getattr(node, "lineno", 1) - 1
        # Python counts bytes of UTF-8.
        raw = self.text.split("\n")[line].encode()[: getattr(node, "col_offset", 0)]
        raise ExpressionError(message, self.text, line, len(raw.decode(errors="replace")))
