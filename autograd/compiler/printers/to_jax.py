"""The blocks of a program as JAX: the forward half, which JAX can differentiate, compile and spread over devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    Constant,
    For,
    Let,
    Line,
    Moved,
    Position,
    Shape,
    Statement,
    Step,
    Store,
    as_array,
    constants_in,
    full,
    names_in,
    places_of,
    without_loops,
)
from autograd.compiler.arrays.function import Function, function
from autograd.compiler.arrays.looped import Looped
from autograd.compiler.arrays.loops import looped
from autograd.compiler.arrays.names import literal
from autograd.compiler.arrays.repeats import defined_by
from autograd.compiler.blocks.plan import Plan
from autograd.compiler.printers.to_numpy import Printer, all_nodes, counts_rows, moving
from autograd.errors import MissingPackageError
from autograd.execute import function_of
from autograd.formula import Formula
from autograd.specialize import fast

VIEW = '''
def view(a, base, sizes, strides):
    """The elements a[..., base + strides · (i, j, …)]."""
    return a[..., base + np.tensordot(np.array(strides, int), np.indices(sizes), 1)]
'''

MAGNITUDE = '''
def magnitude(a):
    """|a|, with the slope 0 at 0."""
    return a * jnp.sign(a)
'''

POWER = '''
def power(a, b):
    """a ** b, with both slopes 0 at 0 ** 0."""
    return jnp.where((a == 0) & (b == 0), 1, a) ** b
'''

LARGER = '''
def larger(a, b):
    """The larger of two, half of each where they are equal."""
    return jnp.where((a > b) | (a != a), a, jnp.where(a == b, a / 2 + b / 2, b))
'''

HELPERS = {"view": VIEW, "magnitude": MAGNITUDE, "power": POWER, "larger": LARGER}


class JaxProgram:
    """A function of JAX arrays that `jax.jit`, `jax.grad` and `jax.vmap` take as it is; `source` is its text.

    `program(theta, X, Y, u)` is the mean loss of the rows of X and Y; where the function that was compiled returns
    several values, or with `each`, it is a row for every example. `u` are random numbers from 0 to 1 of shape (batch,
    `noises`), if the loss draws any. Other Values that the loss reads are read at each call; under `jit`, which would
    keep them, give `outside=program.numbers()`. Results have the dtype of theta. Slopes are those of the program in
    NumPy where all is finite and no selection guards a slope that is not; but for one: 0 to a negative power, which is
    inf, has the slope nan along the exponent in JAX, and -inf in NumPy.
    """

    def __init__(self, made: Plan, each: bool = False) -> None:
        kind = "outputs" if each else made.kind
        self.source = translated(function(made, kind))
        self.noises = made.noises
        self.outside = made.outside
        self.squeezed = each and not made.several
        try:
            self.function = function_of(
                self.source, "<compiled for JAX>", "outputs" if kind == "outputs" else "loss", {})
        except ModuleNotFoundError:
            raise MissingPackageError('JAX is not installed: pip install -e ".[jax]"') from None

    def __call__(self, theta: Any, X: Any, Y: Any = None, u: Any = None, outside: Any = None) -> Any:
        """The mean loss, or a row for every example."""
        parts = [part.reshape(len(part), -1) for part in (X, Y, u) if part is not None]
        if self.outside:
            parts.append(self.numbers() if outside is None else outside)
        result = self.function(theta, *parts)
        return result[:, 0] if self.squeezed else result

    def numbers(self) -> Any:
        """What the Values that the loss reads besides parameters are now."""
        return np.array([value.data for value in self.outside])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.source.splitlines())} lines>"


class JaxPrinter(Printer):
    """The forward half in JAX; constants take the dtype of theta.

    Where the table says so rows are spelled otherwise than in NumPy, since JAX would take other slopes: at 0,
    everywhere, or far out, where 1 / (1 + e^-x) has nan. JAX finds which number is the largest by comparing each with
    the maximum. Under `jit` XLA may compute both anew and round them otherwise; then none is equal, and the slope is 0
    or nan. So two numbers are compared with one another, and of several a barrier keeps XLA from computing them twice.
    """

    module = "jnp"
    spellings: ClassVar[dict[str, str]] = Printer.spellings | {"copy": "{}"}

    def __init__(self) -> None:
        super().__init__()
        self.zeros: list[Array] = []
        """What is read after a loop that makes it anew in each step, before the first."""

    def row(self, row: ops.Op, array: Array) -> Formula:
        """A row as JAX writes it: in its own way, as an operator, or by the functions that NumPy has as well."""
        args = list(map(self.formula, array.args))
        if row.jax:
            return Formula(row.jax.format(*args))
        if row.numpy == row.text:
            return Formula(row.text.format(*args), row.level)
        if row.ufunc or row is ops.where:
            return self.call(row.ufunc or row.name, *map(str, args))
        return self.formula(fast(row).arrays(*array.args))

    def program(self, lines: Sequence[Line], after: set[str]) -> list[str]:
        """Lines, of which `after` are the names that are read then."""
        texts = []
        for position, line in enumerate(lines):
            rest = names_in(*(array for later in lines[position + 1 :] for array in later.arrays))
            texts += self.loop(line, after.union(rest)) if isinstance(line, For) else [self.statement(line)]
        return texts

    def loop(self, loop: For, after: set[str]) -> list[str]:
        """A loop as `fori_loop`, which JAX compiles once for all steps; `after` are the names that are read then."""
        made = {array.info: array for array in defined_by(loop)}
        own = needed(loop.body) & {*made, *(one.target for one in without_loops(loop.body) if isinstance(one, Store))}
        late = [array for text, array in made.items() if text in after - own]
        names = sorted(own | {array.info for array in late})
        carried = "".join(f"{text}, " for text in names).strip()
        zeros = [full(array.shape, as_array(0)) for array in late]
        self.zeros += zeros
        back = loop.stop - 1 + loop.start
        head = [f"{loop.index} = {back} - {loop.index}"] if loop.backwards else []
        return [
            *(f"{array.info} = {self.text(zero)}" for array, zero in zip(late, zeros, strict=True)),
            f"def step({loop.index}, carried):",
            *(f"    {text}" for text in [
                f"{carried} = carried", *head, *self.program(loop.body, {*names}), f"return {carried}"]),
            f"{carried} = jax.lax.fori_loop({loop.start}, {loop.stop}, step, ({carried}))",
        ]

    def statement(self, statement: Statement) -> str:
        """A statement as a line: what is written to an item, or to some columns, of an array makes a new array."""
        if isinstance(statement, Let):
            return super().statement(statement)
        place, value = statement.place, self.text(statement.value)
        stack, places = places_of(place.args[0] if place.kind == "part" else place)
        array, indices = stack.info, [moving(position) for position in places]
        if place.kind != "part":
            return f"{array} = {array}.at[{', '.join(indices)}].set({value})"
        start, stop, _ = place.info
        if not isinstance(start, Step):
            return f"{array} = {array}.at[{', '.join([*indices, '...', f'{start}:{stop}'])}].set({value})"
        if statement.value.shape != place.shape:
            value = str(self.call("broadcast_to", value, self.shape(place.shape)))
        item = f"{array}[{', '.join(indices)}]" if indices else array
        new = f"jax.lax.dynamic_update_slice_in_dim({item}, {value}, {moving(start)}, axis=-1)"
        return f"{array} = {array}.at[{', '.join(indices)}].set({new})" if indices else f"{array} = {new}"

    def _part(self, info: Any, a: Formula, array: Array) -> str:
        start, stop, step = info
        if not isinstance(start, Step):
            return super()._part(info, a, array)
        run = f"jax.lax.dynamic_slice_in_dim({a}, {moving(start)}, {stop.start - start.start}, axis=-1)"
        return run if step == 1 else f"{run}[..., ::{step}]"

    def _item(self, position: Position, a: Formula, array: Array) -> str:
        stack, places = places_of(array)
        carried = stack.kind == "constant"
        source = self.call("asarray", stack.info.name, "theta.dtype") if carried else self.formula(stack)
        return f"{source:atom}[{', '.join(map(moving, places))}]"

    def _take(self, index: Any, a: Formula, array: Array) -> str:
        if isinstance(index, Moved) and index.several:
            rows = self.call("asarray", index.constant.name)
            return f"{a:atom}[..., {rows}[{moving(index.step)}]]"
        return super()._take(index, a, array)

    def _constant(self, carried: Constant, array: Array) -> str:
        return f"{carried.name}.astype(theta.dtype)" if array.dtype == "float" else carried.name

    def _reduce(self, info: Any, a: Formula, array: Array) -> Formula | str:
        row, *_ = info
        return super()._reduce(info, Formula(row.jax.format(a)) if row.jax else a, array)

    def _full(self, shape: Shape, value: Formula, array: Array) -> Formula:
        return super()._full(shape, value, array) if shape else self.call("asarray", str(value), "theta.dtype")


def needed(lines: Iterable[Line]) -> set[str]:
    """The names that lines read, or of which they replace a part, before they define them."""
    found, known = set[str](), set[str]()
    for line in lines:
        if isinstance(line, For):
            found |= needed(line.body) - known
        else:
            found |= set(names_in(*line.arrays)) - known
        known |= {array.info for array in defined_by(line)}
    return found


def translated(function: Function, read: Callable[[Function], Looped] = looped) -> str:
    """The forward half of a function, in JAX, with loops or as `read` gives it."""
    write = JaxPrinter()
    made = read(replace(function, start=None, places=[], backward=[], results=function.results[:1]))
    (result,) = made.results
    used = all_nodes(made)
    lines = [*map(write.statement, made.views), "", *write.program(made.forward, set(names_in(result))),
             f"return {write.text(result)}"]
    views = {let.name.info for let in made.views}
    if any(array.kind == "item" and places_of(array)[0].info in views for array in used):
        lines.insert(0, "theta = jnp.asarray(theta)")  # the number of a step is no index of an array of NumPy
    if any(map(counts_rows, [*used, *write.zeros])):
        lines.insert(0, "n = len(x)")
    spelled = {array.kind.jax for array in used if isinstance(array.kind, ops.Op)} | {
        array.info[0].jax for array in used if array.kind == "reduce"}
    helpers = [name for name in HELPERS
               if any(array.kind == name for array in used) or any(f"{name}(" in text for text in spelled)]
    carried = constants_in(used)
    loops = any(isinstance(line, For) for line in made.forward)
    imports = ["import jax"] * (loops or any("jax." in text for text in spelled)) + ["import jax.numpy as jnp"]
    imports += ["import numpy as np"] * bool(carried or "view" in helpers)
    head = "".join(f"{text}\n" for text in imports) + "".join(HELPERS[name] for name in helpers)
    head += "".join(f"{constant.name} = {literal(constant.array)}\n" for constant in carried)
    name = "outputs" if function.kind == "outputs" else "loss"
    body = "".join(f"    {line}\n" if line else "\n" for line in lines)
    return f"{head}\n\ndef {name}({', '.join(map(write.text, made.arguments))}):\n{body}"
