"""Straight-line code over vectors of examples, as text that LLVM compiles.

A number of the graph becomes a vector of LANES examples, which the processor's instructions work on at once; a number
that is the same for all examples stays a single one. Functions that no instruction computes are polynomials after the
range has been reduced (Muller, Elementary Functions, 3rd ed., 2016), right to about two units in the last place; the
rest are calls of the C library, lane by lane.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from math import factorial

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import Array
from autograd.compiler.buffers.algebra import expanded
from autograd.errors import UsageError

LANES = 8
"""Examples that are computed at once: a register of AVX-512, two of AVX2, four of NEON."""

ROUND = float(3 << 51)
"""Added to a number below 2⁵¹, it leaves in the lowest bits the nearest integer."""


def bits(number: float) -> int:
    """The bits of a float64 as an integer."""
    (found,) = struct.unpack("<q", struct.pack("<d", number))
    return int(found)


class Code:
    """Instructions for a number of lanes: each method adds some, and returns the name of the result.

    Results are called by a `stem` and the number of the line.
    """

    def __init__(self, lanes: int, calls: dict[str, int], stem: str, element: str = "double") -> None:
        self.lanes = lanes
        self.stem = stem
        self.element = element
        self.lines: list[str] = []
        self.known: dict[str, str] = {}
        self.opposites: dict[str, str] = {}
        """Of numbers that are minus others, these."""
        """Instructions without effects that have been written, with their results."""
        self.calls = calls
        """The functions that are called, with the number of their operands."""
        self.number = self.type(element)
        self.truth = self.type("i1")
        self.integer = self.type("i64")

    def type(self, element: str) -> str:
        """A vector of elements, or one alone."""
        return element if self.lanes == 1 else f"<{self.lanes} x {element}>"

    def let(self, instruction: str) -> str:
        """The result of an instruction without effects; the same one is not written twice."""
        if instruction not in self.known:
            self.known[instruction] = self.anew(instruction)
        return self.known[instruction]

    def anew(self, instruction: str) -> str:
        """The result of an instruction now, which may be another than it was before: of a load."""
        result = f"%{self.stem}.{len(self.lines)}"
        self.lines.append(f"{result} = {instruction}")
        return result

    def do(self, instruction: str) -> None:
        """An instruction with an effect."""
        self.lines.append(instruction)

    def spread(self, element: str, text: str) -> str:
        """A constant in every lane."""
        return text if self.lanes == 1 else f"<{', '.join([f'{element} {text}'] * self.lanes)}>"

    def constant(self, number: float) -> str:
        """A number."""
        if self.element == "float":
            number = float(np.float32(number))
        return self.spread(self.element, f"0x{bits(number) & (2**64 - 1):016X}")

    def int(self, number: int) -> str:
        """A whole number."""
        return self.spread("i64", str(number))

    def everywhere(self, number: str) -> str:
        """A single number in every lane."""
        if self.lanes == 1:
            return number
        one = self.let(f"insertelement {self.number} poison, {self.element} {number}, i32 0")
        return self.let(f"shufflevector {self.number} {one}, {self.number} poison, "
                        f"<{self.lanes} x i32> zeroinitializer")

    # ── instructions ─────────────────────────────────────────────────────────────────────────

    def arithmetic(self, operation: str, a: str, b: str) -> str:
        """fadd, fsub, fmul, fdiv; a product may be fused with the sum that takes it."""
        return self.let(f"{operation} contract {self.number} {a}, {b}")

    def add(self, a: str, b: str) -> str:
        """a + b"""
        return self.arithmetic("fadd", a, b)

    def sub(self, a: str, b: str) -> str:
        """a - b"""
        return self.arithmetic("fsub", a, b)

    def mul(self, a: str, b: str) -> str:
        """a b"""
        result = self.arithmetic("fmul", a, b)
        if b == self.constant(-1.0):
            self.opposites[result] = a
        return result

    def div(self, a: str, b: str) -> str:
        """a / b"""
        return self.arithmetic("fdiv", a, b)

    def compare(self, condition: str, a: str, b: str) -> str:
        """Truth values: ogt, oeq, une (not equal or not a number), …"""
        return self.let(f"fcmp {condition} {self.number} {a}, {b}")

    def select(self, truth: str, a: str, b: str) -> str:
        """a where true, else b."""
        return self.let(f"select {self.truth} {truth}, {self.number} {a}, {self.number} {b}")

    def intrinsic(self, name: str, *args: str) -> str:
        """An instruction of the processor that LLVM calls a function."""
        lanes = "" if self.lanes == 1 else f"v{self.lanes}"
        return self.call(f"llvm.{name}.{lanes}{'f64' if self.element == 'double' else 'f32'}", self.number, *args)

    def call(self, name: str, number: str, *args: str) -> str:
        """The result of a function of numbers of a type, that is called by this name."""
        self.calls.setdefault(name.removeprefix("lanes."), len(args))
        typed = ", ".join(f"{number} {arg}" for arg in args)
        return self.let(f"call {number} @{name}({typed})")

    def whole(self, operation: str, a: str, b: str) -> str:
        """add, sub, shl, ashr, and, … of integers."""
        return self.let(f"{operation} {self.integer} {a}, {b}")

    def as_bits(self, a: str) -> str:
        """The bits of numbers as integers."""
        return self.let(f"bitcast {self.number} {a} to {self.integer}")

    def as_number(self, a: str) -> str:
        """Numbers of these bits."""
        return self.let(f"bitcast {self.integer} {a} to {self.number}")

    def polynomial(self, x: str, coefficients: Sequence[float]) -> str:
        """c₀ + c₁ x + c₂ x² + …, by Horner's rule."""
        result = self.constant(coefficients[-1])
        for c in coefficients[-2::-1]:
            result = self.intrinsic("fmuladd", result, x, self.constant(c))
        return result

    def function(self, name: str, *args: str) -> str:
        """A function of `MATHEMATICS` for vectors, else one of the C library; either computes in float64."""
        name, wide = name if self.lanes == 1 else f"lanes.{name}", self.type("double")
        if self.number == wide:
            return self.call(name, wide, *args)
        result = self.call(name, wide, *(self.let(f"fpext {self.number} {arg} to {wide}") for arg in args))
        return self.let(f"fptrunc {wide} {result} to {self.number}")

    # ── trees ────────────────────────────────────────────────────────────────────────────────

    def value(self, array: Array, named: Callable[[str], str]) -> str:
        """A tree of numbers; `named` gives the names. Deep trees are walked without recursion."""
        done: dict[int, str] = {}
        waiting: list[tuple[Array, Array | None]] = [(array, None)]
        kept: list[Array] = []  # so that no id is given twice
        while waiting:
            node, spelled = waiting.pop()
            if id(node) in done:
                continue
            if node.kind == "name":
                done[id(node)] = named(node.info)
            elif node.number is not None:
                done[id(node)] = self.constant(node.number)
            elif spelled is None:
                spelled = node if isinstance(node.kind, ops.Reduction) or node.kind in ROWS else expanded(node)
                kept.append(spelled)
                waiting.append((node, spelled))
                leaf = spelled.kind in ("name", "number")
                waiting += [(arg, None) for arg in ((spelled,) if leaf else spelled.args)]
            elif spelled.kind in ("name", "number"):
                done[id(node)] = done[id(spelled)]
            else:
                done[id(node)] = self.computed(spelled, [done[id(arg)] for arg in spelled.args])
            kept.append(node)
        return self.as_float(array, done[id(array)])

    def as_float(self, array: Array, text: str) -> str:
        """Truth values as 1 and 0."""
        return self.select(text, self.constant(1.0), self.constant(0.0)) if is_truth(array) else text

    def computed(self, array: Array, args: list[str]) -> str:
        """One node, from its operands."""
        if array.kind is ops.where:
            truth = args[0] if is_truth(array.args[0]) else self.compare("une", args[0], self.constant(0.0))
            return self.select(truth, *(self.as_float(arg, text)
                                        for arg, text in zip(array.args[1:], args[1:], strict=True)))
        args = [self.as_float(arg, text) for arg, text in zip(array.args, args, strict=True)]
        if array.kind == "cast":
            return args[0]
        if isinstance(array.kind, ops.Reduction):
            return self.folded(array.kind, args)
        if array.kind in ROWS:
            return ROWS[array.kind](self, *args)
        ufunc = ops.ufunc_of(array.kind)
        assert ufunc is not None, f"{array.kind} has no ufunc"
        if ufunc is np.power:
            return self.power(args[0], args[1], array.args[1].number)
        return UFUNCS[ufunc](self, *args) if ufunc in UFUNCS else self.function(in_c(ufunc.__name__), *args)

    def folded(self, row: ops.Reduction, args: list[str]) -> str:
        """A reduction of the table."""
        ufunc = getattr(np, row.ufunc)
        if ufunc is not np.logaddexp or len(args) == 1:
            result = args[0]
            for arg in args[1:]:
                result = UFUNCS[ufunc](self, result, arg)
            return result
        highest = self.folded(ops.max, args)
        total = self.function("exp", self.sub(args[0], highest))
        for arg in args[1:]:
            total = self.add(total, self.function("exp", self.sub(arg, highest)))
        return self.add(highest, self.function("log", total))

    def power(self, base: str, exponent: str, number: float | None) -> str:
        """base ** exponent, by multiplications where the exponent is a small whole number."""
        if number is None or number != int(number) or not 1 <= math.fabs(number) <= 8:
            return self.function("pow", base, exponent)
        result, square, left = "", base, int(math.fabs(number))
        while left:
            if left & 1:
                result = self.mul(result, square) if result else square
            left >>= 1
            square = self.mul(square, square) if left else square
        return self.div(self.constant(1.0), result) if number < 0 else result


def is_truth(array: Array) -> bool:
    """Whether a node gives truth values; under a name they are kept as 1 and 0."""
    return array.dtype == "truth" and array.kind != "name"


def in_c(name: str) -> str:
    """The name in C of one of NumPy's functions."""
    return name.replace("arc", "a").replace("power", "pow").replace("absolute", "fabs")


def extreme(condition: str) -> Callable[[Code, str, str], str]:
    """Gives the operand of which the condition holds, or what is not a number."""

    def chosen(c: Code, a: str, b: str) -> str:
        first = c.let(f"or {c.truth} {c.compare(condition, a, b)}, {c.compare('uno', a, a)}")
        return c.select(first, a, b)

    return chosen


maximum, minimum = extreme("ogt"), extreme("olt")


def sign(c: Code, x: str) -> str:
    """-1, 0, 1, or what is not a number."""
    one = c.intrinsic("copysign", c.constant(1.0), x)
    return c.select(c.compare("one", x, c.constant(0.0)), one, c.add(x, c.constant(0.0)))


def heaviside(c: Code, x: str, middle: str) -> str:
    """0 below 0, 1 above, the second operand at 0."""
    outside = c.select(c.compare("ogt", x, c.constant(0.0)), c.constant(1.0),
                       c.select(c.compare("uno", x, x), x, c.constant(0.0)))
    return c.select(c.compare("oeq", x, c.constant(0.0)), middle, outside)


def logaddexp(c: Code, a: str, b: str) -> str:
    """ln(eᵃ + eᵇ) = m + ln(1 + e^-|a-b|)"""
    apart = c.intrinsic("fabs", c.sub(a, b))
    apart = c.select(c.compare("oeq", a, b), c.constant(0.0), apart)  # of two infinities too
    return c.add(maximum(c, a, b), c.function("log1p", c.function("exp", c.let(f"fneg {c.number} {apart}"))))


def below_one(c: Code, x: str) -> str:
    """e^-|x|, which is the same for x and -x."""
    return c.function("exp", c.let(f"fneg {c.number} {c.intrinsic('fabs', c.opposites.get(x, x))}"))


def softplus(c: Code, x: str) -> str:
    """ln(1 + eˣ) = max(x, 0) + ln(1 + e^-|x|)"""
    return c.add(maximum(c, x, c.constant(0.0)), c.function("log1p", below_one(c, x)))


def sigmoid(c: Code, x: str) -> str:
    """1 / (1 + e⁻ˣ), or eˣ / (1 + eˣ) where x is negative."""
    e = below_one(c, x)
    share = c.div(c.constant(1.0), c.add(c.constant(1.0), e))
    return c.select(c.compare("oge", x, c.constant(0.0)), share, c.mul(e, share))


ROWS: dict[ops.Op, Callable[..., str]] = {ops.softplus: softplus, ops.sigmoid: sigmoid}
"""Rows that share more than what NumPy has for them."""

UFUNCS: dict[np.ufunc, Callable[..., str]] = {
    np.add: Code.add,
    np.subtract: Code.sub,
    np.multiply: Code.mul,
    np.divide: Code.div,
    np.negative: lambda c, x: c.let(f"fneg {c.number} {x}"),
    np.square: lambda c, x: c.mul(x, x),
    np.reciprocal: lambda c, x: c.div(c.constant(1.0), x),
    np.absolute: lambda c, x: c.intrinsic("fabs", x),
    np.copysign: lambda c, x, y: c.intrinsic("copysign", x, y),
    np.sqrt: lambda c, x: c.intrinsic("sqrt", x),
    np.floor: lambda c, x: c.intrinsic("floor", x),
    np.ceil: lambda c, x: c.intrinsic("ceil", x),
    np.rint: lambda c, x: c.intrinsic("rint", x),
    np.maximum: maximum,
    np.minimum: minimum,
    np.sign: sign,
    np.heaviside: heaviside,
    np.logaddexp: logaddexp,
    np.greater: lambda c, a, b: c.compare("ogt", a, b),
    np.less: lambda c, a, b: c.compare("olt", a, b),
    np.equal: lambda c, a, b: c.compare("oeq", a, b),
    np.greater_equal: lambda c, a, b: c.compare("oge", a, b),
    np.less_equal: lambda c, a, b: c.compare("ole", a, b),
    np.not_equal: lambda c, a, b: c.compare("une", a, b),
}
"""What NumPy's functions are in instructions; others are functions of `MATHEMATICS` or of the C library."""


# ── elementary functions of vectors ───────────────────────────────────────────────────────────────

LN2 = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln 2 in two parts, the first with zeros at its end, so that a small whole number times it is exact."""

HALF_PI = 1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624879595063154e-21
"""π/2 in three such parts."""


def clamped(c: Code, x: str, low: float, high: float) -> str:
    """x between two numbers; what is not a number stays so."""
    x = c.select(c.compare("olt", x, c.constant(low)), c.constant(low), x)
    return c.select(c.compare("ogt", x, c.constant(high)), c.constant(high), x)


def nearest(c: Code, x: str) -> tuple[str, str]:
    """The nearest whole number, as a number and as an integer."""
    moved = c.let(f"fadd {c.number} {x}, {c.constant(ROUND)}")
    return (c.let(f"fsub {c.number} {moved}, {c.constant(ROUND)}"),
            c.whole("sub", c.as_bits(moved), c.int(bits(ROUND))))


def power_of_two(c: Code, k: str) -> str:
    """2ᵏ for integers from -1022 to 1023."""
    return c.as_number(c.whole("shl", c.whole("add", k, c.int(1023)), c.int(52)))


def remainder(c: Code, x: str) -> tuple[str, str]:
    """r and k with x = k ln 2 + r, |r| ≤ ln(2)/2."""
    near, k = nearest(c, c.mul(x, c.constant(1 / math.log(2))))
    for part in LN2:
        x = c.intrinsic("fmuladd", near, c.constant(-part), x)
    return x, k


def exp(c: Code, x: str) -> str:
    """eˣ = 2ᵏ eʳ; 2ᵏ in two factors, since the result may be smaller than the smallest normal number."""
    r, k = remainder(c, clamped(c, x, -746.0, 710.0))
    half = c.whole("ashr", k, c.int(1))
    result = c.mul(c.polynomial(r, [1 / factorial(i) for i in range(14)]), power_of_two(c, half))
    return c.mul(result, power_of_two(c, c.whole("sub", k, half)))


def expm1(c: Code, x: str) -> str:
    """eˣ - 1 = 2ᵏ (eʳ - 1) + (2ᵏ - 1)"""
    r, k = remainder(c, clamped(c, x, -700.0, 709.0))
    p = c.mul(r, c.polynomial(r, [1 / factorial(i) for i in range(1, 15)]))
    scale = power_of_two(c, k)
    result = c.intrinsic("fmuladd", p, scale, c.sub(scale, c.constant(1.0)))
    large = c.function("exp", x)
    return c.select(c.compare("ogt", x, c.constant(700.0)), large, result)


def tanh(c: Code, x: str) -> str:
    """(e²ˣ - 1) / (e²ˣ + 1)"""
    size = clamped(c, c.intrinsic("fabs", x), 0.0, 22.0)
    e = c.function("expm1", c.add(size, size))
    return c.intrinsic("copysign", c.div(e, c.add(e, c.constant(2.0))), x)


def log(c: Code, x: str) -> str:
    """ln x = k ln 2 + ln m, √½ ≤ m < √2; ln m = f - f²/2 + s (f²/2 + R), with f = m - 1, s = f / (2 + f)."""
    tiny = c.compare("olt", x, c.constant(2.0**-1022))
    lifted = c.select(tiny, c.mul(x, c.constant(2.0**54)), x)
    k = c.whole("ashr", c.whole("sub", c.as_bits(lifted), c.int(bits(math.sqrt(0.5)))), c.int(52))
    m = c.as_number(c.whole("sub", c.as_bits(lifted), c.whole("shl", k, c.int(52))))
    e = c.let(f"fsub {c.number} {c.as_number(c.whole('add', k, c.int(bits(ROUND))))}, {c.constant(ROUND)}")
    e = c.sub(e, c.select(tiny, c.constant(54.0), c.constant(0.0)))
    f = c.sub(m, c.constant(1.0))
    s = c.div(f, c.add(f, c.constant(2.0)))
    z, half = c.mul(s, s), c.mul(c.constant(0.5), c.mul(f, f))
    rest = c.mul(z, c.polynomial(z, [2 / (2 * i + 3) for i in range(11)]))
    low = c.intrinsic("fmuladd", s, c.add(half, rest), c.mul(e, c.constant(LN2[1])))
    result = c.sub(c.mul(e, c.constant(LN2[0])), c.sub(c.sub(half, low), f))
    result = c.select(c.compare("oeq", x, c.constant(math.inf)), x, result)
    result = c.select(c.compare("oeq", x, c.constant(0.0)), c.constant(-math.inf), result)
    return c.select(c.compare("ult", x, c.constant(0.0)), c.constant(math.nan), result)


def log1p(c: Code, x: str) -> str:
    """ln(1 + x) = ln(u) x / (u - 1), with u = 1 + x as it is rounded."""
    u = c.add(c.constant(1.0), x)
    low = c.sub(u, c.constant(1.0))
    result = c.mul(c.function("log", u), c.div(x, low))
    result = c.select(c.compare("oeq", low, c.constant(0.0)), x, result)
    return c.select(c.compare("oeq", u, c.constant(math.inf)), u, result)


def turned(c: Code, x: str, quarters: int) -> str:
    """The sine of x plus so many quarters of a turn."""
    near, k = nearest(c, c.mul(x, c.constant(2 / math.pi)))
    r = x
    for part in HALF_PI:
        r = c.intrinsic("fmuladd", near, c.constant(-part), r)
    z = c.mul(r, r)
    sine = c.intrinsic("fmuladd", c.mul(r, z), c.polynomial(
        z, [(-1) ** (i + 1) / factorial(2 * i + 3) for i in range(8)]), r)
    cosine = c.polynomial(z, [(-1) ** i / factorial(2 * i) for i in range(10)])
    quarter = c.whole("add", k, c.int(quarters))
    odd = c.let(f"trunc {c.integer} {quarter} to {c.truth}")
    back = c.let(f"trunc {c.integer} {c.whole('ashr', quarter, c.int(1))} to {c.truth}")
    result = c.select(odd, cosine, sine)
    return c.select(back, c.let(f"fneg {c.number} {result}"), result)


FAR = 1e5
"""Angles up to which the parts of π/2 leave enough digits; beyond them the C library is asked."""


MATHEMATICS: dict[str, Callable[[Code, str], str]] = {
    "exp": exp, "expm1": expm1, "tanh": tanh, "log": log, "log1p": log1p,
    "sin": lambda c, x: turned(c, x, 0), "cos": lambda c, x: turned(c, x, 1),
}
"""Functions of vectors."""


ANY, ADDED, FUSED = (f"llvm.{name}.v{LANES}{type}" for name, type in (
    ("vector.reduce.or", "i1"), ("vector.reduce.fadd", "f64"), ("fmuladd", "f64")))
SMALLER, FILLED = "llvm.smin.i64", "llvm.memset.p0.i64"

TYPED = {
    ANY: f"declare i1 @{ANY}(<{LANES} x i1>)",
    ADDED: f"declare double @{ADDED}(double, <{LANES} x double>)",
    SMALLER: f"declare i64 @{SMALLER}(i64, i64)",
    FILLED: f"declare void @{FILLED}(ptr, i8, i64, i1)",
}
"""Intrinsics with operands of other types than their result."""


def helpers(calls: dict[str, int], known: Callable[[str], bool]) -> str:
    """The text of all functions that are called, and of those that they call; raises `UsageError` for unknown ones.

    `calls` says how many operands each has, `known` whether the C library has a function.
    """
    texts: list[str] = []
    todo, done = sorted(calls), dict(calls)
    while todo:
        name = todo.pop()
        more: dict[str, int] = {}
        intrinsic = name.startswith("llvm.")
        texts.append(declared(name, done[name]) if intrinsic else defined(name, done[name], more, known))
        todo += sorted(more.keys() - done.keys())
        done = more | done
    return "\n".join(texts)


def declared(name: str, arity: int) -> str:
    """The declaration of an intrinsic."""
    lanes, _, bits = name.rpartition(".")[2].rpartition("f")
    element = "double" if bits == "64" else "float"
    number = f"<{LANES} x {element}>" if lanes else element
    return TYPED.get(name) or f"declare {number} @{name}({', '.join([number] * arity)})"


def defined(name: str, arity: int, more: dict[str, int], known: Callable[[str], bool]) -> str:
    """A function for vectors, and the declaration of the one in C."""
    if not known(name):
        raise UsageError(f"{name} is no function of the C library: engine=\"native\" cannot compute it")
    number = f"<{LANES} x double>"
    args = ", ".join(f"{number} %x{i}" for i in range(arity))
    near, far = Code(LANES, more, "near"), lane_by_lane(Code(LANES, more, "far"), name, arity)
    if name not in MATHEMATICS:
        lines = far
    else:
        result = MATHEMATICS[name](near, "%x0")
        lines = [*near.lines, f"ret {number} {result}"]
    if name in ("sin", "cos"):
        ask = Code(LANES, more, "ask")
        distant = ask.compare("ogt", ask.intrinsic("fabs", "%x0"), ask.constant(FAR))
        more[ANY] = 1
        ask.do(f"%any = call i1 @{ANY}({ask.truth} {distant})")
        lines = [*ask.lines, "br i1 %any, label %far, label %near", "near:", *lines, "far:", *far]
    return (f"declare double @{name}({', '.join(['double'] * arity)})\n"
            f"define internal {number} @lanes.{name}({args}) noinline nounwind {{\n{joined(lines)}}}")


def lane_by_lane(code: Code, name: str, arity: int) -> list[str]:
    """Calls of a function of the C library."""
    result = "poison"
    for lane in range(LANES):
        args = [code.let(f"extractelement {code.number} %x{i}, i32 {lane}") for i in range(arity)]
        one = code.let(f"call double @{name}({', '.join(f'double {arg}' for arg in args)})")
        result = code.let(f"insertelement {code.number} {result}, double {one}, i32 {lane}")
    return [*code.lines, f"ret {code.number} {result}"]


def joined(lines: Sequence[str]) -> str:
    """Lines of a function."""
    return "".join(f"  {line}\n" for line in lines)
