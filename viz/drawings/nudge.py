"""What a gradient predicts: move a value a little, and every value after it moves by about its slope times that.

>>> from autograd import Value
>>> x = Value(5.0, "x")
>>> y = x**2 - 2 * x + 1
>>> y.label = "y"
>>> print(nudge(y, x, 0.1))
value  before  after  change  predicted   error
x           5    5.1     0.1        0.1       0
q          25  26.01    1.01          1    0.01
r          10   10.2     0.2        0.2       0
s          15  15.81    0.81        0.8    0.01
y          16  16.81    0.81        0.8    0.01
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

from autograd import UsageError, Value, grad, local_derivatives, ops
from autograd.ops import to_float
from autograd.tables import aligned
from viz.arguments import one_of
from viz.drawings.picture import Mark
from viz.drawings.render import Drawing
from viz.drawings.scalars import STYLES, paint, prepared
from viz.drawings.scene import Scene, recast
from viz.text.markup import html_table, plain
from viz.text.tokens import DELTA, PLUS, TIMES, Applied, Equation, Sentence, Token
from viz.text.walkthrough import Walk

HEAD = ("value", "before", "after", "change", "predicted", "error")

MOST = 4
"""Of more moved values than this the terms of the prediction are not written out."""


@dataclass(frozen=True)
class Change:
    """What became of one value: its number before and after, and the change that gradients predict."""

    value: Value
    name: str
    before: float
    after: float
    predicted: float

    @property
    def actual(self) -> float:
        """The change that came about."""
        return self.after - self.before

    @property
    def error(self) -> float:
        """What the prediction missed."""
        return self.actual - self.predicted


def delta(token: Token) -> Token:
    """A change: Δx."""
    return Applied(DELTA, (token,))


class Nudge:
    """Values moved, and what became of the others: a table that `draw` shows on the graph.

    `changes` has a row for each value that depends on a moved one, the oldest first; `root` is the last one's.
    The predictions are those of first order, Δf ≈ Σ ∂f/∂x · Δx, so their errors shrink with the square of the step.
    """

    def __init__(self, walk: Walk, moves: Mapping[Value, float]) -> None:
        self.walk = walk
        self.moves = moves
        after, predicted = moved(walk.values, moves)
        self.changes = [
            Change(value, walk.names[value], value.data, after[value], predicted[value]) for value in after
        ]

    def __getitem__(self, value: Value) -> Change:
        """What became of a value of the graph; it may have stayed where it was."""
        return self.of.get(value) or Change(value, self.walk.names[value], value.data, value.data, 0.0)

    @cached_property
    def of(self) -> dict[Value, Change]:
        """The changes by value."""
        return {change.value: change for change in self.changes}

    @property
    def root(self) -> Change:
        """What became of the root."""
        return self[self.walk.root]

    @property
    def said(self) -> Sentence:
        """The prediction for the root; of many values only the result is written."""
        words, root = self.walk.sentences, self.walk.root
        terms: list[Token] = [words.number(self.root.predicted)]
        if len(self.moves) <= MOST:
            slopes = zip(self.moves.items(), grad(root, self.moves), strict=True)
            factors = [(words.derivative(x), delta(words.symbol(x)), slope, h) for (x, h), slope in slopes]
            symbols = [Applied(TIMES, (ratio, change)) for ratio, change, _, _ in factors]
            numbers = [Applied(TIMES, (words.number(slope), words.number(h))) for _, _, slope, h in factors]
            terms = [Applied(PLUS, tuple(symbols)), Applied(PLUS, tuple(numbers)), *terms]
        return Sentence((Equation(delta(words.symbol(root)), tuple(terms), "≈"),))

    @property
    def sentence(self) -> str:
        """The prediction for the root: Δy ≈ dy/dx · Δx = 8 · 0.1 = 0.8."""
        return self.said.text

    @property
    def latex(self) -> str:
        """The sentence for slides."""
        return self.said.latex

    def cells(self, change: Change) -> list[str]:
        """A row of the table; what is mere rounding counts as no error."""
        rounding = 1e-13 * (abs(change.before) + abs(change.after))
        error = 0.0 if abs(change.error) <= rounding else change.error
        numbers = (change.before, change.after, change.actual, change.predicted, error)
        return [change.name, *map(self.walk.sentences.shown, numbers)]

    def draw(self, **options: Any) -> Drawing:
        """The graph with each number before and after, and below or beside it the change ≈ the one predicted.

        Options as for `viz.draw`, but for those about gradients; moved values are highlighted.
        """
        style, clusters = options.pop("style", "record"), options.pop("clusters", None)
        one_of("style", style, STYLES)
        names = {name: value for value, name in self.walk.names.items() if value.op is not ops.constant}
        look = {"names": names, "number_format": self.walk.sentences.number_format, "highlight": self.moves} | options
        scene = prepared(self.walk.root, gradients=True, **look)
        return paint(recast(scene, Nudged, changes=self.of), style, clusters).drawing

    def __str__(self) -> str:
        return "\n".join(aligned([HEAD, *map(self.cells, self.changes)], "<>>>>>"))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [[plain(cell) for cell in self.cells(change)] for change in self.changes]
        return html_table(HEAD, rows, self.said.mathml)


def nudge(
    root: Value,
    x: Value | Mapping[Value, float],
    h: float | None = None,
    *,
    number_format: str = ".6g",
    names: Mapping[str, Any] | None = None,
) -> Nudge:
    """The graph with x moved by h: each value's actual change beside its gradient times h.

    Several values move at once with a mapping, {x: 0.1, y: -0.2}; a step of gradient descent is
    `{w: -rate * w.grad for w in weights}`. A value in the middle of the graph moves by h more than its operands make
    it. The graph itself, its numbers and gradients, stays as it is. `names` gives labels, as for `viz.draw`.

    Raises `UsageError` for a step that is not finite, or values that are no part of the graph.
    """
    if not isinstance(root, Value):
        raise UsageError(f"nudge takes the root of a graph, a Value; {type(root).__name__} came")
    if isinstance(x, Mapping) is (h is not None):
        raise UsageError("nudge takes a value and how far to move it, nudge(root, x, 0.1), or {x: 0.1, y: -0.2}")
    moves = {value: to_float(step) for value, step in (x.items() if isinstance(x, Mapping) else [(x, h)])}
    walk = Walk(root, number_format, names)
    for value, step in moves.items():
        if value not in walk.names:
            raise UsageError(f"{value!r} is no part of the graph, so that moving it changes nothing there")
        if not math.isfinite(step):
            raise UsageError(f"a finite step is expected, {step} came for {walk.names[value]}")
    return Nudge(walk, moves)


def moved(values: Iterable[Value], moves: Mapping[Value, float]) -> tuple[dict[Value, float], dict[Value, float]]:
    """The new number of each value that moves, and its first-order change, operands before what is made of them."""
    after: dict[Value, float] = {}
    predicted: dict[Value, float] = {}
    for value in values:
        changed = [i for i, arg in enumerate(value.args) if arg in after]
        if not changed and value not in moves:
            continue
        step, slopes = moves.get(value, 0.0), local_derivatives(value)
        now = value.data
        if changed and isinstance(value.op, ops.Op):
            now = value.op.forward(*[after.get(arg, arg.data) for arg in value.args])
        after[value] = now + step
        predicted[value] = step + sum(slopes[i] * predicted[value.args[i]] for i in changed)
    return after, predicted


@dataclass(frozen=True)
class Nudged(Scene):
    """A scene in which numbers change and changes stand where gradients do."""

    changes: Mapping[Value, Change] = field(kw_only=True)
    """What became of each value that moved."""

    before_gradient: ClassVar[str] = "Δ "
    caption = "Δ: the change ≈ the change that gradients predict"

    def data(self, value: Value) -> Mark:
        """The number before and after."""
        change = self.changes.get(value)
        if change is None:
            return super().data(value)
        texts = dict.fromkeys([self.number(change.before), self.number(change.after)])
        return Mark(value, "data", " → ".join(texts))

    def gradient(self, value: Value) -> Mark:
        """The change, and the change predicted."""
        change = self.changes.get(value)
        if change is None:
            return Mark(value, "gradient", "0", "muted")
        return Mark(value, "gradient", f"{self.number(change.actual)} ≈ {self.number(change.predicted)}")

    def contribution(self, value: Value, i: int, partial: float) -> Mark:
        """The change that goes to an operand is that of the operand."""
        return replace(self.gradient(value.args[i]), subject=(value, i))
