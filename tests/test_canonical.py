"""Equal mathematics gets equal structure: signed sums of products, no zeros, nothing twice."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from agreement import Case, assert_agreement
from strategies import ROWS, points

import autograd
from autograd import Value, dot, gt, maximum, minimum, ops, where
from autograd.compiler.scalars import graph as graphs
from autograd.compiler.scalars.canonical import canonical
from autograd.compiler.scalars.graph import (
    CODE,
    CODES,
    LEAVES,
    NONE,
    PIECE,
    Canonical,
    in_pieces,
    regions,
    with_operands,
)
from autograd.compiler.scalars.trace import trace

W = [Value(0.5), Value(-1.0), Value(2.0)]


def canonical_of(loss: Callable[[Any], Any]) -> Canonical:
    """The canonical graph of a loss of three inputs."""
    graph, *_ = trace(loss, W, (3,), None)
    graph.check()
    result = canonical(graph)
    result.check()
    return result


def text(graph: Canonical, node: int | None = None) -> str:
    """A canonical graph in mathematics: leaves as w0, x0 …, sums with their terms in order of spelling."""
    node = int(graph.roots[0]) if node is None else node
    kind = CODES[graph.code[node]]
    if kind in LEAVES:
        number = float(graph.data[node])
        return f"{number:g}" if kind == "constant" else f"{'w' if kind == 'parameter' else 'x'}{int(number)}"
    if kind != "sum":
        operands = graph.args[graph.start[node] : graph.start[node + 1]].tolist()
        return f"{kind}({', '.join(text(graph, operand) for operand in operands)})"
    terms = []
    for i in range(graph.first[node], graph.first[node + 1]):
        factors = sorted(text(graph, int(n)) for n in (graph.left[i], graph.right[i]) if n != NONE)
        terms.append(("+" if graph.sign[i] > 0 else "-") + "·".join(factors))
    return f"({' '.join(sorted(terms))})"


SAME: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a chain of additions": (lambda x: x[0] + x[1] + x[2], "(+x0 +x1 +x2)"),
    "brackets": (lambda x: x[0] + (x[1] + x[2]), "(+x0 +x1 +x2)"),
    "sum": (lambda x: autograd.sum(x), "(+x0 +x1 +x2)"),
    "the built-in sum": (lambda x: sum(x), "(+x0 +x1 +x2)"),
    "differences": (lambda x: x[0] - (x[1] - x[2]), "(+x0 +x2 -x1)"),
    "signs": (lambda x: -(-x[0] - x[1]), "(+x0 +x1)"),
    "products": (lambda x: W[0] * x[0] + x[1] * W[1], "(+w0·x0 +w1·x1)"),
    "dot": (lambda x: dot(W[:2], x[:2]), "(+w0·x0 +w1·x1)"),
    "dot with a bias": (lambda x: dot(W[:2], x[:2], W[2]), "(+w0·x0 +w1·x1 +w2)"),
    "powers in turn": (lambda x: x[0] ** 2 + x[0] ** 3 + x[0] ** 4, "(+(+(+x0·x0)·x0) +(+(+x0·x0)·x0)·x0 +(+x0·x0))"),
    "a power of powers that are there": (lambda x: x[0] ** 2 + x[0] ** 4, "(+(+x0·x0) +(+x0·x0)·(+x0·x0))"),
    "powers 0 and 1": (lambda x: x[0] ** 0 + x[0] ** 1 + x[0] ** 3, "(+1 +pow(x0, 3) +x0)"),
    "powers of a parameter": (lambda x: W[0] ** 3 + W[0] ** 4, "(+pow(w0, 3) +pow(w0, 4))"),
    "a surface of powers": (lambda x: W[0] * x[0] ** 2 * x[1] ** 2 + W[1] * x[0] ** 1 * x[1] ** 0 + W[2] * x[1] ** 2,
                            "(+(+(+x0·x0)·(+x1·x1))·w0 +(+x0)·w1 +(+x1·x1)·w2)"),
    "taking products away": (lambda x: W[2] - W[0] * x[0] - W[1] * x[1], "(+w2 -w0·x0 -w1·x1)"),
    "a threshold": (lambda x: W[0] * x[0] + W[1] * x[1] - W[2], "(+w0·x0 +w1·x1 -w2)"),
    "a square": (lambda x: x[0] ** 2, "(+x0·x0)"),
    "a square written out": (lambda x: x[0] * x[0], "(+x0·x0)"),
    "a quotient by a number": (lambda x: x[0] / 4, "(+0.25·x0)"),
    "a quotient": (lambda x: x[0] / x[1], "div(x0, x1)"),
    "a padded product": (lambda x: W[0] * x[0] + W[1] * 0.0, "(+w0·x0)"),
    "zero times a function": (lambda x: x[0] + 0 * x[1].exp(), "(+x0)"),
    "nothing left": (lambda x: x[0] * 0.0 * W[0] + 0 * x[1], "0"),
    "constants": (lambda x: Value(2.0) * Value(3.0) + Value(1.0).exp() * 0 + 1.0, "7"),
    "constants by the way": (lambda x: x[0] * (Value(2.0) * 3 + 1), "(+7·x0)"),
    "a function of what vanished": (lambda x: x[0] * (0 * x[1]).cos(), "(+x0)"),
    "a decided selection": (lambda x: where(gt(0 * x[0], 1.0), x[1], x[2]).tanh(), "tanh((+x2))"),
    "the other decision": (lambda x: where(gt(1.0, 0 * x[0]), x[1], x[2]).tanh(), "tanh((+x1))"),
    "an open selection": (lambda x: where(gt(x[0], 1.0), x[1], x[2]), "where(gt(x0, 1), x1, x2)"),
    "a neuron beside its target": (lambda x: W[0] * x[0] + W[1] * x[1] - x[2], "(+(+w0·x0 +w1·x1) -x2)"),
    "a target beside its neuron": (lambda x: x[2] - (W[0] * x[0] + W[1] * x[1]), "(+x2 -(+w0·x0 +w1·x1))"),
    "Horner's rule": (lambda x: (W[2] * x[0] + W[1]) * x[0] + W[0], "(+(+x0·x0)·w2 +w0 +w1·x0)"),
    "taking it away": (lambda x: W[0] - (W[1] - x[1]) * x[0], "(+(+x0·x1) +w0 -w1·x0)"),
    "a factor of many terms": (lambda x: (W[0] * x[0] + W[1] * x[1] + W[2]) * x[2] + W[0],
                               "(+(+w0·x0 +w1·x1 +w2)·x2 +w0)"),
    "a parameter times data by data": (lambda x: W[0] * x[0] * x[1] * x[2] + x[0] * W[1] * x[1] - W[2] * x[0],
                                       "(+(+(+x0·x1)·x2)·w0 +(+x0·x1)·w1 -w2·x0)"),
    "a product of three alone": (lambda x: (W[0] * x[0] * x[1]).tanh(), "tanh((+(+w0·x0)·x1))"),
    "a factor alone": (lambda x: ((W[0] * x[0] + W[1]) * x[0]).tanh(), "tanh((+(+w0·x0 +w1)·x0))"),
    "squares of parameters times data": (lambda x: sum((w * v) ** 2 for w, v in zip(W, x, strict=True)),
                                         "(+(+w0·w0)·(+x0·x0) +(+w1·w1)·(+x1·x1) +(+w2·w2)·(+x2·x2))"),
    "squares beside their sum": (lambda x: autograd.sum(z := [W[0] * x[0], W[1] * x[1]]) - sum(v * v for v in z),
                                 "(+w0·x0 +w1·x1 -(+(+w0·w0)·(+x0·x0) +(+w1·w1)·(+x1·x1)))"),
    "squares beside a function": (lambda x: sum((v := W[i] * x[i]).tanh() + v * v for i in (0, 1)),
                                  "(+(+w0·x0)·(+w0·x0) +(+w1·x1)·(+w1·x1) +tanh((+w0·x0)) +tanh((+w1·x1)))"),
    "a square alone": (lambda x: (W[0] * x[0]) ** 2, "(+(+w0·x0)·(+w0·x0))"),
    "the larger multiple": (lambda x: maximum(3 * x[0], x[0] * 2), "(+2·x0 +maximum(x0, 0))"),
    "the smaller multiple": (lambda x: minimum(x[0], -x[0]), "(+-1·x0 +2·minimum(x0, 0))"),
    "the larger of others": (lambda x: maximum(3 * x[0], x[1]), "maximum((+3·x0), x1)"),
    "a sum written twice": (lambda x: (x[0] + x[1]).tanh() + (x[0] + x[1]), "(+tanh((+x0 +x1)) +x0 +x1)"),
}


@pytest.mark.parametrize(("loss", "expected"), SAME.values(), ids=SAME)
def test_the_canonical_form(loss: Callable[[Any], Any], expected: str) -> None:
    assert text(canonical_of(loss)) == expected


def living(graph: Canonical, op: str) -> int:
    """How many nodes of an operation are alive."""
    return int((graph.alive & (graph.code == CODE[op])).sum())


@pytest.mark.parametrize("loss", [
    lambda x: (x[0] + x[1]).exp() * (x[1] + x[0]).exp() + (x[0] + x[1]).exp(),
    lambda x: (W[0] * x[0]).exp() + (x[0] * W[0]).exp(),
    lambda x: (x[0] - x[1]).exp() + (-x[1] + x[0]).exp(),
    lambda x: (x[0] / 2).exp() + (0.5 * x[0]).exp(),
    lambda x: dot(W, x).exp() + (W[0] * x[0] + W[1] * x[1] + W[2] * x[2]).exp(),
])
def test_common_sub_expressions_merge(loss: Callable[[Any], Any]) -> None:
    assert living(canonical_of(loss), "exp") == 1


@pytest.mark.parametrize("loss", [
    lambda x: (x[0] - x[1]).exp() + (x[1] - x[0]).exp(), lambda x: x[0].exp() + x[1].exp(),
    lambda x: (x[0] ** x[1]).exp() + (x[1] ** x[0]).exp(), lambda x: (x[0] + x[0]).exp() + x[0].exp(),
])
def test_what_differs_does_not_merge(loss: Callable[[Any], Any]) -> None:
    assert living(canonical_of(loss), "exp") == 2


def test_products_that_feed_sums_are_never_merged() -> None:
    graph = canonical_of(lambda x: (W[0] * x[0] + W[1] * x[1]).tanh() + (W[0] * x[0] + W[2] * x[2]).tanh())
    assert text(graph) == "(+tanh((+w0·x0 +w1·x1)) +tanh((+w0·x0 +w2·x2)))"


def test_what_no_result_depends_on_is_dropped() -> None:
    def wasteful(x: Any) -> Any:
        x[1].exp()
        return x[0]

    assert living(canonical_of(wasteful), "exp") == 0


def test_labels_survive() -> None:
    def named(x: Any) -> Any:
        z = W[0] * x[0] / 2
        z.label = "half"
        return z.tanh()

    graph = canonical_of(named)
    assert [CODES[graph.code[node]] for node, label in graph.labels.items() if label == "half"] == ["sum"]


def test_a_long_chain_of_additions_flattens() -> None:
    def long(x: Any) -> Any:
        total = x[0]
        for i in range(3_000):
            total = total + x[i % 3]
        return total

    graph = canonical_of(long)
    assert living(graph, "sum") == 1
    assert len(graph.left) == 3_001


def test_maps_by_numbers_one_after_the_other_become_one() -> None:
    def curves(x: Any) -> Any:
        """Points of a curve of degree 2, by de Casteljau."""
        points = []
        for t in (0.0, 0.25, 0.5, 0.75, 1.0):
            row = list(x)
            while len(row) > 1:
                row = [(1 - t) * a + t * b for a, b in pairwise(row)]
            points.append(row[0].exp())
        return autograd.sum(points)

    graph = canonical_of(curves)
    sums = [text(graph, int(node)) for node in np.flatnonzero(graph.alive) if CODES[graph.code[node]] == "sum"]
    assert "(+0.0625·x2 +0.375·x1 +0.5625·x0)" in sums
    assert len(sums) == 6  # one of each point, and that of their exponentials


def test_a_mean_is_not_made_a_matrix_with_what_it_is_taken_from() -> None:
    def spread(x: Any) -> Any:
        mean = autograd.sum(x) / 3
        return autograd.sum([(v - mean).exp() for v in x])

    assert living(canonical_of(spread), "sum") == 6  # as many as were written


@pytest.mark.parametrize("a", [3.0, -1.0, 0.5])
@pytest.mark.parametrize("extreme", [maximum, minimum])
def test_the_extreme_of_multiples_has_the_slopes_that_it_has_in_eager_evaluation(extreme: Any, a: float) -> None:
    program = autograd.compile(lambda x: extreme(a * (W[0] * x[0]), 2 * (W[0] * x[0])), W)
    for x in (-1.5, 0.0, 0.7):
        node = Value(0.5)
        extreme(a * (node * x), 2 * (node * x)).backward()
        value, gradient, dx = program.value_and_grad([0.5, 0, 0], [[x, 0, 0]] * 20, inputs=True)
        assert value == pytest.approx(max(a * x, 2 * x) / 2 if extreme is maximum else min(a * x, 2 * x) / 2)
        assert gradient[0] == pytest.approx(node.grad)
        slope = Value(x)
        extreme(a * (0.5 * slope), 2 * (0.5 * slope)).backward()
        assert dx[0, 0] * 20 == pytest.approx(slope.grad)


def data_and_parameters(choose: random.Random, w: list[Value], x: list[Value]) -> Value:
    """Chains by Horner's rule, products, squares of these, and extremes of multiples, of any parameters and data."""
    def p() -> Value:
        return choose.choice(w)

    def d() -> Value:
        return choose.choice([*x, x[0] * x[1], x[1].sin()])

    def chain() -> Value:
        h = p()
        for _ in range(choose.randint(1, 5)):
            h = h * d() + p() if choose.random() < 0.6 else p() - h * x[0]
        return h

    def squares() -> Value:
        products = [p() * d() for _ in range(choose.randint(1, 4))]
        return sum((v * v for v in products), choose.choice([0.0, autograd.sum(products), products[0].tanh()]))

    def extreme() -> Value:
        v = p() * d() + choose.choice([0.0, p()])
        return choose.choice([maximum, minimum])(choose.choice([-1.0, 0.5, 2.0, 0.0]) * v, choose.choice([1, -2]) * v)

    def monomial() -> Value:
        v = choose.choice([p(), p() * p(), p() - 1])
        for _ in range(choose.randint(1, 4)):
            v = choose.choice([v * d(), d() * v, -v * d()])
        return choose.choice([v, v + v.tanh()])

    return autograd.sum([choose.choice([chain, squares, extreme, monomial])() for _ in range(choose.randint(1, 5))])


@pytest.mark.parametrize("seed", range(20))
def test_what_is_made_of_data_and_parameters_agrees_with_eager_evaluation(seed: int) -> None:
    case = Case(lambda x: data_and_parameters(random.Random(seed), W, x), W, (3,))
    assert_agreement(case, *case.data(5))


@pytest.mark.parametrize("op", [op for op in ROWS if op is not ops.detach], ids=lambda op: op.name)
def test_every_operation_of_numbers_that_hide_a_variable_behind_a_zero_agrees_with_eager(op: ops.Op) -> None:
    point = points(op)[0]

    def loss(x: Any) -> Any:
        hiding = tuple(0 * autograd.tanh(W[0] * x[i]) + number for i, number in enumerate(point))
        return op.dispatch(hiding) * x[2] + W[1] * x[0]

    case = Case(loss, W, (max(3, len(point)),))
    assert_agreement(case, case.data()[0])


# ── many nodes at a time ──────────────────────────────────────────────────────────────────────────


def test_the_form_is_the_same_whether_nodes_are_hashed_at_once_or_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    def loss(x: Any) -> Any:
        twice = [dot(W, [maximum(v, 0), v, v * v]) for v in (*x, *x)]
        return sum(twice) + autograd.max(twice)

    at_once = canonical_of(loss)
    monkeypatch.setattr(graphs, "PIECE", 2)
    in_pieces = canonical_of(loss)
    for column in ("code", "start", "args", "first", "sign", "left", "right", "alive", "home"):
        assert np.array_equal(getattr(at_once, column), getattr(in_pieces, column)), column


def test_regions_are_the_same_in_whatever_order_pairs_come() -> None:
    pairs = [(0, 3), (3, 5), (5, 1), (2, 4)]
    for seed in range(20):
        order = random.Random(seed)
        mixed = [order.sample(pair, 2) for pair in order.sample(pairs, len(pairs))]
        one, other = np.array(mixed).T
        assert regions(7, one, other).tolist() == [5, 5, 4, 5, 4, 5, 6], mixed


def test_operands_of_some_nodes_are_replaced_by_more_fewer_or_none() -> None:
    args, start = np.array([0, 1, 0, 1, 2, 3]), np.array([0, 0, 0, 2, 3, 6])
    new, counts = with_operands(args, start, {3: np.array([2, 2]), 4: np.zeros(0, np.int64), 0: np.array([9])})
    assert new.tolist() == [9, 0, 1, 2, 2]
    assert counts.tolist() == [1, 0, 2, 2, 0]


def test_what_is_computed_in_pieces_may_be_nothing_of_a_large_graph() -> None:
    nothing = np.zeros(0, np.int64)
    assert in_pieces(lambda nodes: 2 * nodes, nothing, np.array([0, PIECE + 1])).size == 0
