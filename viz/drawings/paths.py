"""Why a gradient is what it is: the sum over all paths of the product of local derivatives along each.

>>> from autograd import Value
>>> x = Value(5.0, "x")
>>> y = x**2 - 2 * x + 1
>>> y.label = "y"
>>> print(paths(y, x))
[0]  x → q → s → y  dy/ds · ds/dq · dq/dx = 1 · 1 · (2 * x) = 1 · 1 · 10 = 10
[1]  x → r → s → y  dy/ds · ds/dr · dr/dx = 1 · (-1) · 2 = -2
dy/dx = 10 + (-2) = 8
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from autograd import SizeError, UsageError, Value, ancestors, grad, local_derivatives, ops
from autograd.tables import aligned
from viz.drawings.dot import draw
from viz.drawings.render import Drawing
from viz.text.markup import html_table, isolated, plain
from viz.text.tokens import PLUS, TIMES, TIMES_NUMBERS, Applied, Equation, Number, Rule, Sentence, Token, Words
from viz.text.walkthrough import Walk

Edge = tuple[Value, int]
"""A value and the number of one of its operands."""


@dataclass(frozen=True)
class Path:
    """One way from a value to the root, written as the chain rule goes: from the root back.

    `edges` are operations with the number of the operand that the path comes in by, `local_derivatives` their
    slopes, `symbols` the same as formulas and `product` what the path contributes to the gradient.
    """

    nodes: tuple[Value, ...]
    edges: tuple[Edge, ...]
    local_derivatives: tuple[float, ...]
    product: float
    walk: Walk = field(repr=False, compare=False)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The local derivatives as formulas: 1, 2 * x."""
        return tuple(Rule(self.walk.sentences.rule(*edge)).text for edge in self.edges)

    @property
    def names(self) -> str:
        """The values from first to last: x → q → y."""
        return " → ".join(isolated(self.walk.names[value]) for value in self.nodes)

    @property
    def said(self) -> Sentence:
        """The product: derivatives, their formulas, their numbers, the result."""
        words = self.walk.sentences
        if not self.edges:
            return Sentence((Number(1.0),))
        ratios = tuple(words.ratio(value, value.args[i]) for value, i in self.edges)
        rules = tuple(Rule(words.rule(*edge)).here for edge in self.edges)
        numbers = tuple(map(words.number, self.local_derivatives))
        terms = (_times(rules), Applied(TIMES_NUMBERS, numbers), words.number(self.product))
        return Sentence((Equation(Applied(TIMES, ratios), terms),))

    @property
    def sentence(self) -> str:
        """The product: dy/dq · dq/dx = 1 · (2 * x) = 1 · 10 = 10."""
        return self.said.text

    @property
    def latex(self) -> str:
        """The sentence for slides."""
        return self.said.latex


def _times(rules: tuple[Token, ...]) -> Token:
    return Applied(TIMES_NUMBERS if isinstance(rules[0], Number) else TIMES, rules)


class Paths(Sequence[Path]):
    """All paths from a value to the root, each a `Path`, as a table whose last line is their sum.

    `gradient` is what backpropagation gives, `total` what the paths give: the same but for rounding, and for paths
    through inf or nan, where adding up before multiplying makes a difference.
    """

    def __init__(self, walk: Walk, x: Value, found: Sequence[Path]) -> None:
        self.walk = walk
        self.x = x
        self.found = found
        (self.gradient,) = grad(walk.root, [x])

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Path]: ...
    def __getitem__(self, index: int | slice) -> Path | Sequence[Path]:
        return self.found[index]

    def __len__(self) -> int:
        return len(self.found)

    @property
    def total(self) -> float:
        """The sum of what the paths contribute."""
        return sum((path.product for path in self.found), 0.0)

    @property
    def agrees(self) -> bool:
        """Whether the sum over paths is what backpropagation gives, to rounding."""
        size = max((abs(path.product) for path in self.found), default=0.0)
        both_nan = math.isnan(self.total) and math.isnan(self.gradient)
        return both_nan or math.isclose(self.total, self.gradient, rel_tol=1e-9, abs_tol=1e-9 * size)

    @property
    def equation(self) -> Equation:
        """The gradient as the sum of what the paths contribute."""
        words = self.walk.sentences
        sum = Applied(PLUS, tuple(words.number(path.product) for path in self.found) or (words.number(0.0),))
        return Equation(words.derivative(self.x), (sum, words.number(self.total)))

    @property
    def said(self) -> Sentence:
        """The sum, and what is to be said if backpropagation gives something else."""
        remark = Words(f"where backpropagation gives {self.walk.sentences.shown(self.gradient)}")
        return Sentence((self.equation,) if self.agrees else (self.equation, remark))

    @property
    def sentence(self) -> str:
        """The sum: dy/dx = 10 + (-2) = 8."""
        return self.said.text

    @property
    def latex(self) -> str:
        """The gradient as the sum of its paths, a line each for derivatives, numbers and the result."""
        derivative, *sums = self.equation.sides("latex")
        products = [path.said.pieces("latex")[0] for path in self.found]
        lines = [" + ".join(products), *sums] if products else sums
        written = (r" \\" + "\n  &= ").join(dict.fromkeys(lines))
        return rf"\begin{{aligned}}{derivative} &= {written}\end{{aligned}}"

    @property
    def none(self) -> str:
        """That there is no path."""
        return f"no path leads from {self.walk.names[self.x]} to {self.walk.names[self.walk.root]}"

    def draw(self, i: int | None = None, **options: Any) -> Drawing:
        """The graph with path number i highlighted, or all of them; options as for `viz.draw`.

        Unless told otherwise it shows the local derivatives and no gradients.
        """
        shown = self.found if i is None else [self[i]]
        names = {name: value for value, name in self.walk.names.items() if value.op is not ops.constant}
        marked = [part for path in shown for part in (*path.nodes, *path.edges)]
        options = {"gradients": False, "local_derivatives": True, "names": names, "highlight": marked} | options
        return draw(self.walk.root, **options)

    def __str__(self) -> str:
        rows = [(f"[{i}]", path.names, path.sentence) for i, path in enumerate(self.found)]
        table = "\n".join(aligned(rows, "><<")) if rows else self.none
        return f"{table}\n{self.sentence}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [(str(i), plain(path.names), path.said.mathml) for i, path in enumerate(self.found)]
        return html_table(("", "path", "product of local derivatives"), rows, self.said.mathml)


def paths(
    root: Value,
    x: Value,
    *,
    limit: int = 100,
    number_format: str = ".4g",
    names: Mapping[str, Any] | None = None,
) -> Paths:
    """Every path from x to the root with its product of local derivatives, whose sum is the gradient of x.

    It prints as a table, shows itself in notebooks with formulas, has all as `latex`, and `draw(i)` shows a path in
    the graph. `names` gives labels, as for `viz.draw`. Gradients are neither needed nor changed.

    The number of paths can double at every reuse of a value: beyond `limit` it raises `SizeError`, which says how
    many there are. Backpropagation never walks them; it adds up at every value what has arrived there.
    """
    for value in (root, x):
        if not isinstance(value, Value):
            raise UsageError(f"paths(root, x) takes two Values, {type(value).__name__} came")
    ways = counted(root, x)
    count = ways.get(root, 0)
    if count > limit:
        raise SizeError(
            f"{shown(count)} paths lead from x to the root, more than limit={limit}: take a root nearer to x, "
            "an x nearer to the root, or raise limit="
        )
    walk = Walk(root, number_format, names)
    walk.names.setdefault(x, x.label or "x")  # it may be no part of the graph
    return Paths(walk, x, [path(walk, x, edges) for edges in (walked(root, x, ways) if count else ())])


def counted(root: Value, x: Value) -> dict[Value, int]:
    """How many paths lead from x to each value up to the root: the sum of those to its operands."""
    ways = {x: 1}
    for value in ancestors(root):
        count = sum(ways.get(arg, 0) for arg in value.args)
        if count and value is not x:
            ways[value] = count
    return ways


def shown(count: int) -> str:
    """A number that may be too long to write."""
    return str(count) if count < 10**9 else f"about 10^{int(math.log10(count))}"


def walked(root: Value, x: Value, ways: Mapping[Value, int]) -> Iterator[tuple[Edge, ...]]:
    """The edges of each path from the root down to x, by first operands first."""
    # A path on the way is a chain of links (edge, link before), so that paths share their beginnings.
    stack: list[tuple[Value, Any]] = [(root, None)]
    while stack:
        value, link = stack.pop()
        if value is x:
            edges = []
            while link is not None:
                edge, link = link
                edges.append(edge)
            yield tuple(reversed(edges))
            continue
        for i in reversed(range(len(value.args))):
            if value.args[i] in ways:
                stack.append((value.args[i], ((value, i), link)))


def path(walk: Walk, x: Value, edges: tuple[Edge, ...]) -> Path:
    """A path with its numbers."""
    slopes = tuple(local_derivatives(value)[i] for value, i in edges)
    return Path((x, *(value for value, _ in reversed(edges))), edges, slopes, math.prod(slopes, start=1.0), walk)
