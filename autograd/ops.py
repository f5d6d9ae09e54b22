"""The one table of operations: everything the software knows about each of them is one row.

A row says how the operation is computed, its partial derivatives in terms of its output and its
inputs, how it is written for people, in mathematics, NumPy and JavaScript, and where tests may sample it.
Nothing else in the software lists operations.

A rule is written with operators and with rows of this same table, never with Python's ``if`` or
``==``. So what it is given decides what it means: `Value`s record (derivatives of derivatives),
`Formula`s print (mathematics, and the code that computes over arrays or floats), traced nodes
become a compiled program. Whatever a rule can be given is a `Carrier`.

To add an operation, add a row, its name in `Carrier` and in `Value`; a test fails until it is whole.

Sources of the rules: any calculus text; at kinks and corners the conventions of PyTorch 2, which
the tests tabulate.
"""

from __future__ import annotations

import functools
import math
import operator
import reprlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

import numpy as np

from autograd.errors import NumberError, NumberRangeError, SizeError, TraceError
from autograd.notation import (
    BY_NAME,
    Notation,
    bars,
    bracketed,
    exponential,
    fraction,
    function,
    infix,
    negative,
    power,
    root,
)

Interval = tuple[float, float]


def _method(name: str) -> Callable[..., Any]:
    """A method that applies a row, the carrier being the first operand."""

    def apply(self: Carrier, *others: Any) -> Any:
        return TABLE[name](self, *others)

    return apply


def _reflected(name: str) -> Callable[..., Any]:
    """The operator for a plain number on the left."""

    def apply(self: Carrier, other: Any) -> Any:
        return TABLE[name](other, self)

    return apply


class Carrier:
    """Whatever an operation can be applied to besides plain floats: a number that remembers, or prints.

    A subclass says in `_apply` what applying a row to operands of its own class means, and in `_lift`
    how it takes in a plain number or a carrier of lower rank. The operators and methods are here.
    """

    __slots__ = ()

    rank: ClassVar[int] = 0
    """Where carriers of two classes meet, the higher rank lifts the lower."""

    _shortcuts: ClassVar[dict[Any, Callable[..., Any]]] = {}
    """By their rows, functions that do what `_apply` does in less time; dot's may give None to go the long way."""

    _beside: ClassVar[dict[Any, Callable[..., Any]]] = {}
    """By their rows, what does the same for a Value and one of this class, where that has the higher rank."""

    @classmethod
    def _lift(cls, operand: Any) -> Any:
        """A number, or a carrier of lower rank, as one of this class."""
        raise NotImplementedError

    @classmethod
    def _lifted(cls, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Operands, of which some are of this class, as of this class."""
        return tuple([arg if type(arg) is cls else cls._lift(arg) for arg in args])

    @classmethod
    def _apply(cls, op: Op, args: tuple[Any, ...]) -> Any:
        """Apply `op` to `args`, all of this class."""
        raise NotImplementedError

    def _among(self, others: list[Any]) -> tuple[Any, list[Any]]:
        """This one and others as nodes of one graph, in which a number is one object."""
        return self, others

    def _as_float(self) -> NoReturn:
        """Refuse to stand for a plain number."""
        raise NumberError("a number is expected, a Value came: use v.data, or v itself in place of Value(v)")

    add = __add__ = _method("add")
    sub = __sub__ = _method("sub")
    mul = __mul__ = _method("mul")
    div = __truediv__ = _method("div")
    pow = __pow__ = _method("pow")
    neg = __neg__ = _method("neg")
    abs = __abs__ = _method("abs")
    __radd__, __rsub__, __rmul__ = _reflected("add"), _reflected("sub"), _reflected("mul")
    __rtruediv__, __rpow__ = _reflected("div"), _reflected("pow")

    exp, log, sqrt = _method("exp"), _method("log"), _method("sqrt")
    sin, cos, tanh = _method("sin"), _method("cos"), _method("tanh")
    sigmoid, softplus, relu = _method("sigmoid"), _method("softplus"), _method("relu")
    leaky_relu, elu = _method("leaky_relu"), _method("elu")
    step, sign = _method("step"), _method("sign")
    maximum, minimum = _method("maximum"), _method("minimum")
    detach = _method("detach")

    def __pos__(self) -> Any:
        return self

    def conjugate(self) -> Any:
        """Itself, as it is real: NumPy's variance asks for it."""
        return self

    # ── functions of NumPy ───────────────────────────────────────────────────────────────────

    def __array_ufunc__(self, ufunc: np.ufunc, how: str, *inputs: Any, **options: Any) -> Any:
        """np.exp(v), np.float64(2) * v: the row of the same name, element by element over arrays."""
        op = UFUNCS.get(ufunc.__name__)
        if op and how == "__call__" and not options:
            return broadcast(op, inputs)
        # Others, comparisons among them, work through Python's operators on the elements.
        return by_numpy(ufunc.__name__, getattr(ufunc, how), inputs, options)

    def __array_function__(self, function: Any, types: Iterable[type], args: Any, options: dict[str, Any]) -> Any:
        """np.where(c, v, 0), np.clip(v, -1, 1) by rows of the table, others by NumPy over arrays of objects."""
        if not all(issubclass(kind, (Carrier, np.ndarray)) for kind in types):
            return NotImplemented
        if function is np.where and len(args) == where.arity:
            return broadcast(where, args)
        if function is np.clip and len(args) == 3 and not options:
            x, *bounds = args
            for bounded, bound in zip((maximum, minimum), bounds, strict=True):
                x = x if bound is None else broadcast(bounded, (x, bound))
            return x

        def plain(*args: Any, **options: Any) -> Any:
            return np.ndarray.__array_function__(np.empty(0), function, (), args, options)

        return by_numpy(function.__name__, plain, args, options)


def to_float(number: Any) -> float:
    """A real number as a float; True and False are 1 and 0, nan and inf are numbers.

    Raises `NumberError` for anything else, `NumberRangeError` for an integer beyond float64.
    """
    whole = type(number) is int  # by far the most
    if not whole and isinstance(number, Carrier):
        number._as_float()
    try:
        return float(number if whole else _plain(number))
    except OverflowError:
        raise NumberRangeError(f"a number within ±1.8e308 is expected, {described(number)} came") from None
    except (TypeError, ValueError):
        raise NumberError(f"a real number is expected, {described(number)} came") from None
    except Exception as error:  # whatever a foreign number raises when it is asked for its float
        raise NumberError(f"a real number is expected, {described(number)} came, which has no float") from error


def is_several(thing: Any) -> bool:
    """Whether a thing holds others; an array without dimensions is a number."""
    if type(thing) in (list, tuple):  # by far the most
        return True
    return isinstance(thing, Iterable) and not (isinstance(thing, np.ndarray) and thing.ndim == 0)


def as_operand(thing: Any) -> Any:
    """What operators of Python may be applied to: a carrier or an array as it is, any other number as a float."""
    return thing if type(thing) is float or isinstance(thing, (Carrier, np.ndarray)) else to_float(thing)


def _plain(number: Any) -> Any:
    """A number that `float` may have; TypeError for what it would take as well but is none."""
    number = _single(number)
    text = not (hasattr(number, "__float__") or hasattr(number, "__index__"))  # `float` reads it in any buffer
    if text or isinstance(number, (np.ndarray, np.character, np.complexfloating)):
        raise TypeError
    return number


def _single(thing: Any) -> Any:
    """The element of an array that has one, unless it is masked; anything else as it is."""
    lone = isinstance(thing, np.ndarray) and thing.size == 1 and not np.any(getattr(thing, "mask", False))
    return thing.item() if lone else thing


class Short(reprlib.Repr):
    """Writes things in few characters, also those that fail to say what they are."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 40

    def repr_int(self, x: int, level: int) -> str:
        """Python refuses to write the longest."""
        return repr(x) if x.bit_length() < 200 else f"an int of {x.bit_length()} bits"


shown = Short().repr
"""Anything as messages write it."""


def described(thing: Any) -> str:
    """What came, as messages name it."""
    thing = _single(thing)
    if isinstance(thing, np.ndarray):
        return f"an array of shape {thing.shape}"
    if isinstance(thing, int):
        return f"an int of {thing.bit_length()} bits"
    return f"{type(thing).__name__} {shown(thing)}"


@dataclass(eq=False)
class Op:
    """One row: an operation with a fixed number of operands.

    `forward` computes over floats with IEEE 754 results and never raises for a float.
    `rule(out, *operands)` gives one partial derivative per operand, for any carrier.
    The spellings for people and code are format strings, by default those of a function of this name; ``{:product}``
    puts brackets around an operand that binds more loosely than a product (see
    `autograd.formula.LEVELS`), and `level` is how tightly the whole binds. `domain` holds an
    interval per operand, wherein tests may sample, away from `kinks`: values of the first operand,
    or of the difference of two, where the slope jumps.
    """

    name: str
    forward: Callable[..., float]
    rule: Callable[..., tuple[Any, ...]]
    text: str = ""
    notation: Notation = BY_NAME
    """How mathematics writes it, in LaTeX and in MathML; by default as a function of its name."""
    numpy: str = ""
    ufunc: str = ""
    """NumPy's name of the ufunc that computes it over arrays, or folds two terms of a reduction; empty if none does."""
    jax: str = ""
    """How it is written in JAX where JAX would take another slope than the rule; of a reduction, how its terms are."""
    javascript: str = ""
    level: str = "atom"
    domain: tuple[Interval, ...] = ((-2.0, 2.0),)
    kinks: tuple[float, ...] = ()
    defaults: tuple[float, ...] = ()
    symbol: str = ""
    recorded: bool = True
    """False for the selections in which rules are written: Values evaluate them at once."""
    arity: int = field(init=False)
    """The number of operands."""

    def __post_init__(self) -> None:
        self.arity = len(self.domain)
        operands = 1 if isinstance(self, Reduction | Contraction) else self.arity
        places = ", ".join(["{}"] * operands)
        if not (self.numpy or self.ufunc) and isinstance(getattr(np, self.name, None), np.ufunc):
            self.ufunc = self.name
        self.numpy = self.numpy or self.text or f"np.{self.name}({places})"
        self.javascript = self.javascript or self.text or f"Math.{self.name}({places})"
        self.notation = function(self.name, operands) if self.notation is BY_NAME else self.notation
        self.text = self.text or f"{self.name}({places})"
        self.symbol = self.symbol or self.name

    @property
    def operands(self) -> tuple[str, ...]:
        """The names of the operands, as the rule calls them."""
        return self.rule.__code__.co_varnames[1 : 1 + self.arity]

    @property
    def passes(self) -> bool:
        """Whether a gradient goes through it: not through comparisons, nor through what is detached."""
        return self.recorded or self in (where, sloped)

    @property
    def total(self) -> bool:
        """True where Python's own operator never raises for floats, so that code may use it inline."""
        return self.forward in (operator.add, operator.sub, operator.mul, operator.neg)

    def __call__(self, *args: Any) -> Any:
        """Apply the operation: floats give a float, carriers whatever they carry."""
        if len(args) < self.arity:
            args += self.defaults[len(self.defaults) - self.arity + len(args) :]
        if len(args) != self.arity:
            raise SizeError(f"{self.name} takes {self.arity} operand(s), {len(args)} came")
        first = args[0]
        if isinstance(first, Carrier) and self in first._shortcuts:
            return first._shortcuts[self](*args)
        return self.dispatch(args)

    def dispatch(self, args: tuple[Any, ...]) -> Any:
        """Let the operands decide what applying means: where every application passes that takes no shortcut."""
        kinds = set(map(type, args))
        if len(kinds) == 1 and issubclass(kind := type(args[0]), Carrier):  # by far the most
            return kind._apply(self, args)
        if np.ndarray in kinds:
            return broadcast(self, args)
        ordered = kinds if len(kinds) < 3 else dict.fromkeys(map(type, args))
        carriers = [kind for kind in ordered if issubclass(kind, Carrier)]
        if not carriers:
            return self.forward(*[arg if type(arg) is float else to_float(arg) for arg in args])
        carrier = functools.reduce(lambda a, b: b if b.rank > a.rank or issubclass(b, a) else a, carriers)
        return carrier._apply(self, carrier._lifted(args))

    def partials(self, out: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """One partial derivative per operand, over any carrier."""
        return self.rule(out, *args)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return row, (self.name,)


def broadcast(op: Op, args: Iterable[Any]) -> Any:
    """Apply `op` element by element over arrays and carriers, as a ufunc would; raises `SizeError` as that would."""
    boxes = [np.asarray(boxed(arg), dtype=object) for arg in args]
    try:
        columns = np.broadcast_arrays(*boxes)
    except ValueError:
        shapes = " and ".join(str(box.shape) for box in boxes[:4])
        raise SizeError(f"{op.name} takes arrays of shapes that go together, {shapes} came") from None
    result = np.empty(columns[0].shape, dtype=object)
    result.reshape(-1)[:] = [op.dispatch(row) for row in zip(*map(np.ravel, columns), strict=True)]
    return result if result.shape else result[()]


INSTEAD = {
    "arcsinh": "log(x + sqrt(x**2 + 1))", "arctanh": "log((1 + x) / (1 - x)) / 2",
    "cbrt": "sign(x) * abs(x) ** (1 / 3)", "cosh": "(exp(x) + exp(-x)) / 2", "exp2": "2 ** x",
    "expm1": "exp(x) - 1", "heaviside": "step(x)", "hypot": "sqrt(x**2 + y**2)",
    "log10": "log(x) / log(10)", "log1p": "log(1 + x)", "log2": "log(x) / log(2)",
    "logaddexp": "logsumexp(x, y)", "sinh": "(exp(x) - exp(-x)) / 2", "tan": "sin(x) / cos(x)",
}
"""How functions of NumPy are written with those of autograd."""


def unknown_function(name: str, *_: Any) -> NoReturn:
    """Raise `NumberError` for a function of NumPy that has no row."""
    known = f"write {INSTEAD[name]}" if name in INSTEAD else "use autograd.exp, log, sqrt and their kin"
    raise NumberError(
        f"np.{name} takes plain numbers, a Value came, whose gradient it would lose: {known}, or np.{name}(v.data) "
        f"where the number alone is meant"
    )


def by_numpy(name: str, function: Callable[..., Any], args: Iterable[Any], options: dict[str, Any]) -> Any:
    """What NumPy makes of carriers as objects; raises `NumberError` where it does not know what to do with them."""
    try:
        result = function(*map(boxed, args), **{key: boxed(option) for key, option in options.items()})
    except TraceError:
        raise
    except (TypeError, AttributeError):
        unknown_function(name)
    except (ValueError, IndexError) as error:
        raise SizeError(f"np.{name} takes arrays of other shapes, a Value is a single number: {error}") from None
    return result[()] if isinstance(result, np.ndarray) and not result.shape else result


def boxed(operand: Any) -> Any:
    """A carrier in an object array without dimensions; anything else as it is.

    Long doubles become float64: as objects they stay NumPy's, and would ask the carrier again and again.
    """
    if isinstance(operand, Carrier):
        box = np.empty((), dtype=object)
        box[()] = operand
        return box
    wide = isinstance(operand, (np.ndarray, np.generic)) and operand.dtype.char in "gG"
    return operand.astype(np.float64 if operand.dtype.char == "g" else np.complex128) if wide else operand


@dataclass(eq=False, repr=False)
class Reduction(Op):
    """A row that takes any number of terms, one or more: sum, max, min, logsumexp.

    Its rule is that of a single term, `rule(out, x, n)`, where n is the number of terms equal to
    out: the ones among which max and min share the gradient. `expand` writes it in simpler rows.
    """

    expand: Callable[[tuple[Any, ...]], Any] = field(kw_only=True)
    counts_ties: bool = False

    def __call__(self, *args: Any) -> Any:
        """Apply to one iterable of terms, or to the terms themselves."""
        if len(args) == 1 and is_several(args[0]):
            args = tuple(args[0])
        if not args:
            raise SizeError(f"{self.name} needs at least one term, none came")
        return self.dispatch(args)

    def partials(self, out: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """One partial derivative per term, over any carrier."""
        n = functools.reduce(add, [eq(x, out) for x in args]) if self.counts_ties else None
        return tuple(self.rule(out, x, n)[0] for x in args)


@dataclass(eq=False, repr=False)
class Contraction(Op):
    """The row of dot: Σ w·x, optionally + b, with operands (w₁ … wₙ, x₁ … xₙ) or (w₁ … wₙ, x₁ … xₙ, b).

    Its rule is that of one product, `rule(out, w, x)`; the partial for b is 1.
    """

    def __call__(self, ws: Iterable[Any], xs: Iterable[Any], b: Any = None) -> Any:
        """Σ w·x (+ b) over two sequences of equal length."""
        if isinstance(ws, (list, tuple)) and isinstance(xs, (list, tuple)) and ws and isinstance(ws[0], Carrier):
            shortcut = ws[0]._shortcuts.get(self)
            if shortcut and (node := shortcut(ws, xs, b)) is not None:
                return node
        if not (is_several(ws) and is_several(xs)):
            raise SizeError(f"dot takes two sequences, {type(ws).__name__} and {type(xs).__name__} came")
        ws, xs = tuple(ws), tuple(xs)
        if len(ws) != len(xs):
            raise SizeError(f"dot takes two sequences of equal length, {len(ws)} and {len(xs)} came")
        return self.dispatch(ws + xs if b is None else (*ws, *xs, b))

    @staticmethod
    def split(args: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
        """The operands as (weights, inputs, bias or nothing)."""
        n = len(args) // 2
        return args[:n], args[n : 2 * n], args[2 * n :]

    def partials(self, out: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """One partial derivative per operand, over any carrier."""
        ws, xs, bias = self.split(args)
        pairs = [self.rule(out, w, x) for w, x in zip(ws, xs, strict=True)]
        return (*(p[0] for p in pairs), *(p[1] for p in pairs), *(1 for _ in bias))

    def expand(self, args: tuple[Any, ...]) -> Any:
        """The same written with + and ×."""
        ws, xs, bias = self.split(args)
        terms = [mul(w, x) for w, x in zip(ws, xs, strict=True)] + list(bias)
        return functools.reduce(add, terms) if terms else 0.0


# ── forward functions: IEEE 754 results, never an exception ──────────────────────────────────


def ieee(fast: Callable[..., float], ufunc: np.ufunc) -> Callable[..., float]:
    """Python's function, with NumPy's answer (inf, -inf or nan) where Python's would raise."""

    def forward(*xs: float) -> float:
        try:
            return fast(*xs)
        except (OverflowError, ValueError, ZeroDivisionError):
            with np.errstate(all="ignore"):
                return float(ufunc(*map(float, xs)))

    return forward


def _sigmoid(x: float) -> float:
    # Both branches exponentiate a number that is not positive, so nothing overflows.
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    e = math.exp(x)
    return e / (1 + e)


def _softplus(x: float) -> float:
    # ln(1 + eˣ) = max(x, 0) + ln(1 + e^-|x|)
    return (x if x > 0 else 0.0) + math.log1p(math.exp(-math.fabs(x)))


def _maximum(x: float, y: float) -> float:
    return x if x > y or x != x else y


def _minimum(x: float, y: float) -> float:
    return x if x < y or x != x else y


def _sum(*xs: float) -> float:
    # Plain left-to-right addition: the built-in sum compensates rounding from Python 3.12 on.
    return functools.reduce(operator.add, xs)


def _dot(*args: float) -> float:
    n = len(args) // 2
    total = 0.0
    for w, x in zip(args[:n], args[n : 2 * n], strict=True):
        total += w * x
    return total + args[-1] if len(args) % 2 else total


def _logsumexp(*xs: float) -> float:
    # ln Σ eˣ = m + ln Σ e^(x-m) with m = max x; an infinite m is the answer itself.
    m = functools.reduce(_maximum, xs)
    if math.isinf(m):
        return m
    return m + math.log(_sum(*(math.exp(x - m) for x in xs)))


POSITIVE: Interval = (0.2, 3.0)
ANY: Interval = (-2.0, 2.0)

# ── selections, in which rules are written ───────────────────────────────────────────────────
# Over floats and Values they are evaluated at once: which side of a kink a point lies on
# is a matter of data. Only formulas and traced nodes keep them.

gt = Op("gt", lambda x, y: float(x > y), lambda out, x, y: (0, 0),
        ufunc="greater", text="({} > {})", notation=bracketed("[", ">", "]"), javascript="Number({} > {})",
        domain=(ANY, ANY), kinks=(0.0,), recorded=False)
eq = Op("eq", lambda x, y: float(x == y), lambda out, x, y: (0, 0),
        ufunc="equal", text="({} == {})", notation=bracketed("[", "=", "]"), javascript="Number({} === {})",
        domain=(ANY, ANY), kinks=(0.0,), recorded=False)
where: Op = Op("where", lambda c, x, y: x if c else y, lambda out, c, x, y: (0, where(c, 1, 0), where(c, 0, 1)),
               javascript="({} ? {} : {})", domain=((0.5, 1.0), ANY, ANY), recorded=False)
detach = Op("detach", float, lambda out, x: (0,), numpy="{}", jax="jax.lax.stop_gradient({})",
            javascript="{}", level="any", recorded=False)
# ── arithmetic ───────────────────────────────────────────────────────────────────────────────

add = Op("add", operator.add, lambda out, x, y: (1, 1),
         symbol="+", ufunc="add", text="{:sum} + {:product}", notation=infix("sum", "+", "product", level="sum"),
         level="sum", domain=(ANY, ANY))
sub = Op("sub", operator.sub, lambda out, x, y: (1, -1),
         symbol="-", ufunc="subtract", text="{:sum} - {:product}", notation=infix("sum", "−", "product", level="sum"),
         level="sum", domain=(ANY, ANY))
mul = Op("mul", operator.mul, lambda out, x, y: (y, x),
         symbol="*", ufunc="multiply", text="{:product} * {:unary}",
         notation=infix("product", "·", "unary", level="product"), level="product", domain=(ANY, ANY))
div = Op("div", ieee(operator.truediv, np.divide), lambda out, x, y: (1 / y, -out / y),
         symbol="/", ufunc="divide", text="{:product} / {:unary}", notation=fraction, level="product",
         domain=(ANY, POSITIVE))
neg = Op("neg", operator.neg, lambda out, x: (-1,), symbol="-", ufunc="negative", text="-{:power}", notation=negative,
         level="unary")
pow = Op("pow", ieee(math.pow, np.float_power),
         # A zero exponent makes a constant (y/x is that 0, and keeps the mixed second derivative);
         # 0 raised to what is not negative stays 0 (or 1).
         lambda out, x, y: (where(eq(y, 0), where(eq(x, 0), 0, y / x), y * x ** (y - 1)),
                            where(eq(x, 0) * (1 - gt(0, y)), 0, out * log(x))),
         symbol="**", ufunc="power", text="{:atom} ** {:unary}", notation=power, level="power",
         domain=(POSITIVE, ANY), jax="power({}, {})",
         # Where base 1 or -1 makes C and NumPy answer 1, JavaScript says NaN.
         javascript="({0} === 1 || ({0} === -1 && Math.abs({1}) === Infinity) ? 1 : Math.pow({0}, {1}))")
abs = Op("abs", math.fabs, lambda out, x: (sign(x),), ufunc="absolute", notation=bars, jax="magnitude({})",
         kinks=(0.0,))

# ── elementary functions ─────────────────────────────────────────────────────────────────────

exp = Op("exp", ieee(math.exp, np.exp), lambda out, x: (out,), notation=exponential)
log: Op = Op("log", ieee(math.log, np.log), lambda out, x: (1 / x,), notation=function("ln"), domain=(POSITIVE,))
sqrt = Op("sqrt", ieee(math.sqrt, np.sqrt), lambda out, x: (0.5 / out,), notation=root, domain=(POSITIVE,))
sin = Op("sin", ieee(math.sin, np.sin), lambda out, x: (cos(x),))
cos: Op = Op("cos", ieee(math.cos, np.cos), lambda out, x: (-sin(x),))
tanh = Op("tanh", math.tanh, lambda out, x: (1 - out**2,))

# ── activations ──────────────────────────────────────────────────────────────────────────────

sigmoid = Op("sigmoid", _sigmoid, lambda out, x: (out * (1 - out),),
             symbol="σ", notation=function("σ"), numpy="1 / (1 + np.exp(-{:power}))",
             jax="jax.nn.sigmoid({})", javascript="(1 / (1 + Math.exp(-{:power})))",
             level="product")
softplus = Op("softplus", _softplus, lambda out, x: (sigmoid(x),), numpy="np.logaddexp(0, {})",
              javascript="(Math.max({0}, 0) + Math.log1p(Math.exp(-Math.abs({0}))))")
relu = Op("relu", lambda x: _maximum(x, 0.0), lambda out, x: (gt(x, 0),), numpy="np.maximum({}, 0)",
          jax="jax.nn.relu({})", javascript="Math.max({}, 0)", kinks=(0.0,))
leaky_relu = Op("leaky_relu", lambda x, slope: slope * x if x <= 0 else x,
                lambda out, x, slope: (where(gt(x, 0), 1, slope), where(gt(x, 0), 0, x)),
                numpy="np.where({0} > 0, {0}, {1:product} * {0:unary})",
                javascript="({0} > 0 ? {0} : {1:product} * {0:unary})",
                domain=(ANY, (0.01, 0.3)), kinks=(0.0,), defaults=(0.1,))
elu = Op("elu", lambda x, alpha: alpha * math.expm1(x) if x <= 0 else x,
         lambda out, x, alpha: (where(gt(x, 0), 1, out + alpha), where(gt(x, 0), 0, exp(x) - 1)),
         numpy="np.where({0} > 0, {0}, {1:product} * np.expm1(np.minimum({0}, 0)))",
         jax="jnp.where({0} > 0, {0}, {1:product} * jnp.expm1(jnp.where({0} > 0, 0, {0})))",
         javascript="({0} > 0 ? {0} : {1:product} * Math.expm1({0}))",
         domain=(ANY, (0.5, 1.5)), kinks=(0.0,), defaults=(1.0,))
step = Op("step", lambda x: x if x != x else float(x > 0), lambda out, x: (0,),
          numpy="np.heaviside({}, 0)", javascript="Math.sign(Math.max({}, 0))", kinks=(0.0,))
sign: Op = Op("sign", lambda x: x if x != x else float((x > 0) - (x < 0)), lambda out, x: (0,), kinks=(0.0,))
maximum = Op("maximum", _maximum, lambda out, x, y: (where(eq(x, y), 0.5, gt(x, y)), where(eq(x, y), 0.5, gt(y, x))),
             jax="larger({}, {})", javascript="Math.max({}, {})", domain=(ANY, ANY), kinks=(0.0,))
minimum = Op("minimum", _minimum, lambda out, x, y: (where(eq(x, y), 0.5, gt(y, x)), where(eq(x, y), 0.5, gt(x, y))),
             jax="(-larger(-{:power}, -{:power}))", javascript="Math.min({}, {})", domain=(ANY, ANY), kinks=(0.0,))

# ── reductions over any number of terms ──────────────────────────────────────────────────────

sum = Reduction("sum", _sum, lambda out, x, n: (1,),
                symbol="Σ", ufunc="add", numpy="np.sum({}, axis=-1)",
                javascript="[{}].reduce((total, x) => total + x)",
                expand=lambda xs: functools.reduce(add, xs))
dot = Contraction("dot", _dot, lambda out, w, x: (x, w), symbol="Σ", numpy="np.dot({}, {})",
                  javascript="((...xs) => {{ const n = xs.length >> 1; return xs.slice(0, n).reduce((total, w, i) => "
                             "total + w * xs[n + i], 0) + (xs.length % 2 ? xs[2 * n] : 0); }})({})")
max = Reduction("max", lambda *xs: functools.reduce(_maximum, xs), lambda out, x, n: (div(eq(x, out), n),),
                ufunc="maximum", numpy="np.max({}, axis=-1)",
                jax="jax.lax.optimization_barrier({})",
                expand=lambda xs: functools.reduce(maximum, xs), counts_ties=True)
min = Reduction("min", lambda *xs: functools.reduce(_minimum, xs), lambda out, x, n: (div(eq(x, out), n),),
                ufunc="minimum", numpy="np.min({}, axis=-1)",
                jax="jax.lax.optimization_barrier({})",
                expand=lambda xs: functools.reduce(minimum, xs), counts_ties=True)
logsumexp = Reduction("logsumexp", _logsumexp, lambda out, x, n: (exp(x - out),),
                      ufunc="logaddexp", numpy="np.logaddexp.reduce({}, axis=-1)",
                      javascript="((...xs) => {{ const m = Math.max(...xs); return Number.isFinite(m) ? "
                                 "m + Math.log(xs.reduce((total, x) => total + Math.exp(x - m), 0)) : m; }})({})",
                      expand=lambda xs: log(functools.reduce(add, [exp(x) for x in xs])))

TABLE: dict[str, Op] = {op.name: op for op in list(globals().values()) if isinstance(op, Op)}
"""Every row by its name, in the order above."""

sloped = Op("sloped", lambda f, s, x: f, lambda out, f, s, x: (0, 0, s), numpy="{0}", javascript="{0}",
            domain=(ANY, ANY, ANY), level="any", recorded=False)
"""f, which has been computed of x without a gradient, with its slope s: so the compiler writes functions by pieces."""

ROWS: dict[str, Op] = TABLE | {sloped.name: sloped}
"""The rows, and what the compiler alone writes."""


@dataclass(frozen=True)
class Leaf:
    """A kind of leaf: the `op` of a value that nothing made. A leaf the user made has none."""

    name: str

    def __reduce__(self) -> tuple[Any, ...]:
        return row, (self.name,)


constant = Leaf("constant")
parameter = Leaf("parameter")


UFUNCS: dict[str, Op] = {
    op.ufunc or op.name: op for op in TABLE.values() if op.recorded and not isinstance(op, Reduction | Contraction)
} | {"float_power": pow, "fabs": abs}
"""NumPy's names of the rows."""


@functools.lru_cache(256)
def ufunc_of(kind: Any) -> np.ufunc | None:
    """The ufunc that computes a kind, if there is one."""
    if isinstance(kind, Op):
        kind = getattr(np, kind.ufunc, None) if kind.ufunc else None
    return kind if isinstance(kind, np.ufunc) else None


@functools.lru_cache(256)
def is_comparison(kind: Any) -> bool:
    """Whether a row or ufunc gives truth values."""
    ufunc = ufunc_of(kind)
    return ufunc is not None and f"{'d' * ufunc.nin}->?" in ufunc.types


def _asked(self: Carrier, name: str, *others: Any) -> Any:
    """What an element of an array answers where NumPy asks it for a function."""
    return UFUNCS[name](self, *others) if name in UFUNCS else unknown_function(name)


# NumPy asks the elements of an array of objects for methods named log1p and so on.
# Not by __getattr__: with it, reading any attribute takes three times as long.
for _name, _function in list(vars(np).items()):
    if isinstance(_function, np.ufunc) and "O" in "".join(_function.types) and not hasattr(Carrier, _name):
        setattr(Carrier, _name, functools.partialmethod(_asked, _name))

LEAVES: dict[str, Leaf] = {leaf.name: leaf for leaf in (constant, parameter)}


def row(name: str) -> Op | Leaf:
    """The row, or the kind of leaf, of this name."""
    return TABLE[name] if name in TABLE else LEAVES[name]
