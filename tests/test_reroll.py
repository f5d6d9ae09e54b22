"""Indices read as views where they can be, and rows of terms as matrix products."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import numpy as np
import pytest
from agreement import Case, assert_agreement
from losses import attention, convolution, linear_layer, mlp, weights

import autograd
from autograd import Value, dot
from autograd.compiler.blocks import reroll
from autograd.compiler.blocks.block import Block, Term
from autograd.compiler.blocks.reroll import aligned, components, padded, rows_of
from autograd.compiler.blocks.views import PAD, affine, disjoint, factored


def blocks_of(case: Case) -> list[Block]:
    """The blocks of a loss."""
    return case.traced()._traced().plan.blocks


def products_of(case: Case) -> list[Term]:
    """The products among the terms of its sums, the largest first."""
    terms = [term for block in blocks_of(case) for term in block.terms if term.right is not None]
    return sorted(terms, key=lambda term: -term.left.index.size)


# ── indices ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("index", "expected"), [
    ([3, 4, 5], (3, (1,))), ([5, 4, 3], (5, (-1,))), ([0, 2, 4], (0, (2,))), ([7, 7, 7], (7, (0,))), ([2], (2, (0,))),
    ([[0, 1, 2], [3, 4, 5]], (0, (3, 1))), ([[0, 3], [1, 4], [2, 5]], (0, (1, 3))), ([[0, 1], [1, 2]], (0, (1, 1))),
    ([[4, 4], [6, 6]], (4, (2, 0))), ([0, 1, 3], None), ([[0, 1], [2, 4]], None), ([0, PAD], None), ([], None),
])
def test_an_index_is_affine_where_a_base_and_strides_describe_it(index: Any, expected: Any) -> None:
    found = affine(np.array(index, dtype=np.int64))
    assert (found and (found.base, found.strides)) == expected


@pytest.mark.parametrize("shape", [(4,), (3, 2), (2, 3, 4)])
def test_an_affine_index_is_its_base_and_strides(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(len(shape))
    for _ in range(20):
        strides = rng.integers(0, 5, len(shape))
        grid = 3 + sum(np.arange(n).reshape((-1,) + (1,) * (len(shape) - i - 1)) * s
                       for i, (n, s) in enumerate(zip(shape, strides, strict=True)))
        found = affine(np.broadcast_to(grid, shape))
        assert found is not None
        assert (found.base, found.strides) == (3, tuple(strides))


@pytest.mark.parametrize(("index", "expected"), [
    ([0, 1, 2, 3], (4,)), ([0, 1, 2, 0, 1, 2], (2, 3)), ([0, 0, 1, 1], (2, 2)), ([3, 1, 2], (3,)), ([5], (1,)),
    ([0, 1, 4, 5, 10, 11, 14, 15], (2, 2, 2)),
])
def test_a_flat_index_factors_into_the_fewest_axes(index: list[int], expected: tuple[int, ...]) -> None:
    assert factored(np.array(index)) == expected


def test_disjoint_reads_no_element_twice_and_ignores_padding() -> None:
    assert disjoint(np.array([[0, PAD], [2, PAD]]))
    assert not disjoint(np.array([0, 1, 0]))


def test_rows_of_a_matrix_are_numbered_in_order_of_appearance() -> None:
    rows, which = rows_of(np.array([[5, 6], [1, 2], [5, 6], [6, 5]]))
    assert rows.tolist() == [[5, 6], [1, 2], [6, 5]]
    assert which.tolist() == [0, 1, 0, 2]


def test_rows_that_meet_form_a_component() -> None:
    left, right = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 2])
    rows_left, rows_right, group, i, j = components(left, right)
    assert (rows_left.tolist(), rows_right.tolist()) == ([[0, 1], [2, 2]], [[0, 1], [2, 2]])
    assert list(zip(group.tolist(), i.tolist(), j.tolist(), strict=True)) == [
        (0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 0) if i[-1] == 0 else (1, 1, 1)]


def test_ragged_rows_are_padded_to_a_rectangle() -> None:
    owner = np.array([0, 1, 1])
    assert padded(np.array([7, 8, 9]), owner, np.array([1, 2])).tolist() == [[7, PAD], [8, 9]]


def test_ragged_terms_align_by_the_factor_that_repeats() -> None:
    # A convolution in one dimension by two filters (taps 0 1 2 and 3 4 5) whose border is left out.
    members = [[(3 * f + d, 9 + i + d) for d in range(3) if 0 <= i + d - 1 < 10] for f in range(2) for i in range(10)]
    owner = np.repeat(np.arange(20), [len(terms) for terms in members])
    taps, read = np.array([term for terms in members for term in terms]).T
    found = aligned(taps, read, owner, 20, 4, 256)
    assert found is not None
    left, right = found
    assert left.tolist() == [[0, 1, 2]] * 10 + [[3, 4, 5]] * 10
    assert right[:10].tolist() == right[10:].tolist()
    assert right[[0, 1, 9]].tolist() == [[PAD, 10, 11], [10, 11, 12], [18, 19, PAD]]


@pytest.mark.parametrize("seed", range(8))
def test_alignment_keeps_every_term_and_adds_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    members = [rng.choice(6, rng.integers(1, 5), replace=False) for _ in range(7)]
    right = 10 + np.concatenate(members)
    left, owner = rng.integers(0, 5, len(right)), np.repeat(np.arange(7), [len(m) for m in members])
    found = aligned(left, right, owner, 7, 10, 256)
    assert found is not None
    kept = [(member, int(a), int(b)) for member, rows in enumerate(zip(*found, strict=True))
            for a, b in zip(*rows, strict=True) if PAD not in (a, b)]
    assert sorted(kept) == sorted(zip(owner.tolist(), left.tolist(), right.tolist(), strict=True))


# ── products ─────────────────────────────────────────────────────────────────────────────────


def test_a_dense_layer_is_a_matrix_of_weights_by_one_row() -> None:
    (product, *_) = products_of(mlp(5, 7))
    assert product.weights
    assert product.left.index.shape == (1, 7, 5)
    assert product.right is not None
    assert product.right.index.shape == (1, 1, 5)


def test_a_convolution_is_a_matrix_of_filters_by_windows() -> None:
    product = next(p for p in products_of(convolution(6, filters=3, kernel=2)) if p.left.index.shape[1] == 3)
    assert product.left.index.shape == (1, 3, 4)
    assert product.right is not None
    assert product.right.index.shape == (1, 25, 4)
    assert affine(product.right.index[0].reshape(5, 5, 2, 2)) is not None


@pytest.fixture
def incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    """No matrix of weights is completed with zeros."""
    monkeypatch.setattr(reroll, "WEIGHT", math.inf)


@pytest.mark.usefixtures("incomplete")
@pytest.mark.parametrize("zeros", [False, True])
def test_a_padded_convolution_reads_nothing_at_its_border(zeros: bool) -> None:
    case = convolution(5, filters=2, padding=1, zeros=zeros)
    product = next(p for p in products_of(case) if p.left.index.shape[1] == 2)
    assert product.right is not None
    assert product.right.index.shape == (1, 25, 9)
    inside = (3 * 5 - 2) ** 2  # of the rows, and of the columns, under three taps in five places
    assert int((product.right.index != PAD).sum()) == inside


def test_scores_of_full_attention_are_a_product_of_queries_and_keys() -> None:
    products = products_of(attention(5, 4, causal=False, normal=False))
    shapes = [(p.left.index.shape, p.right.index.shape) for p in products
              if p.right is not None and not p.weights and not p.elementwise]
    assert ((1, 5, 4), (1, 5, 4)) in shapes


def test_rows_of_a_matrix_times_weights_by_columns_are_one_product() -> None:
    product = next(p for p in products_of(linear_layer(4, 3, 2)) if p.weights)
    assert product.left.index.shape == (1, 2, 3)
    assert product.right is not None
    assert product.right.index.shape == (1, 4, 3)


@pytest.mark.usefixtures("incomplete")
def test_heads_are_a_batch_of_products() -> None:
    Q = weights(3, 2, 4)

    def loss(x: Any) -> Any:
        return autograd.sum([dot(row, x[head]).tanh() for head in range(3) for row in Q[head]])

    (product, *_) = products_of(Case(loss, Q, (3, 4)))
    assert product.left.index.shape == (3, 2, 4)


# ── matrices completed with zeros ────────────────────────────────────────────────────────────


def wired(inputs: int, outputs: int, wires: int, seed: int, constant: bool = False) -> Case:
    """Neurons that each read a few of the inputs, by weights of their own, or by constants."""
    draw = random.Random(seed)
    chosen = [draw.sample(range(inputs), wires) for _ in range(outputs)]
    numbers = [[draw.gauss(0, 1) for _ in row] for row in chosen]
    W = [[Value(number) for number in row] for row in numbers]
    b = [Value(draw.gauss(0, 1)) for _ in chosen]

    def loss(x: Any) -> Any:
        rows = numbers if constant else W
        return autograd.sum([(dot(row, [x[i] for i in wires]) + bias).tanh()
                             for row, wires, bias in zip(rows, chosen, b, strict=True)])

    return Case(loss, [W, b], (inputs,))


@pytest.mark.parametrize("constant", [False, True])
def test_neurons_that_read_from_anywhere_are_one_product_with_a_matrix(constant: bool) -> None:
    (product,) = products_of(wired(11, 10, 3, seed=0, constant=constant))
    assert product.right is not None
    assert product.left.index.shape == (1, 10, product.right.index.size)
    assert np.all(np.diff(product.right.index[0, 0]) == 1)
    weights = product.left.index != PAD if product.left.numbers is None else product.left.numbers
    assert np.count_nonzero(weights) == 30


def test_few_elements_of_many_are_read_one_by_one() -> None:
    (product,) = products_of(wired(400, 100, 2, seed=0))
    assert product.left.index.size == 200


def test_what_may_not_be_finite_is_not_multiplied_by_zero() -> None:
    case = wired(12, 10, 3, seed=0)
    (product,) = products_of(Case(lambda x: case.loss([autograd.log(a) for a in x]), case.params, (12,)))
    assert product.left.index.size == 30


def test_an_element_that_meets_two_weights_in_a_sum_is_multiplied_by_each() -> None:
    w = weights(4, 3)
    pairs = [[0, 0, 5], [1, 3, 3], [2, 2, 4], [5, 1, 1]]
    case = Case(lambda x: autograd.sum([dot(row, [x[i] for i in wires]).tanh()
                                        for row, wires in zip(w, pairs, strict=True)]), w, (6,))
    assert_agreement(case, *case.data())


@pytest.mark.parametrize("seed", range(12))
def test_completed_matrices_give_what_eager_evaluation_gives(seed: int) -> None:
    draw = random.Random(seed)
    inputs = draw.randint(2, 20)
    case = wired(inputs, draw.randint(2, 20), draw.randint(1, inputs), seed, constant=seed % 3 == 0)
    assert_agreement(case, *case.data())


def test_maps_of_parameters_by_constants_are_one_product_with_a_matrix() -> None:
    c = weights(6)

    def loss(x: Any) -> Any:
        total = 0.0
        for k in range(5):
            points = c
            while len(points) > 1:
                points = [(1 - k / 4) * a + k / 4 * b for a, b in itertools.pairwise(points)]
            total = total + (points[0] - x[k]) ** 2
        return total

    case = Case(loss, c, (5,))
    (product,) = (product for product in products_of(case) if product.left.numbers is not None)
    assert product.left.index.shape == (1, 5, 6)
    assert_agreement(case, *case.data())


def test_products_of_what_comes_one_after_the_other_are_laid_side_by_side() -> None:
    w = weights(6)

    def loss(x: Any) -> Any:
        state, total = x[0], x[1]
        for weight in w:
            state = (state + 0.5).sin()
            total = total + weight * state
        return total

    case = Case(loss, w, (2,))
    (product,) = products_of(case)
    assert product.right is not None
    assert product.left.index.shape == product.right.index.shape == (1, 1, 6)
    assert_agreement(case, *case.data())


def test_products_that_meet_nowhere_are_multiplied_element_by_element() -> None:
    w = weights(6)
    (product, *_) = products_of(Case(lambda x: autograd.max([a * b for a, b in zip(w, x, strict=True)]), w, (6,)))
    assert product.elementwise


def test_reductions_over_several_sources_read_a_stack_that_others_do_not() -> None:
    w = [Value(0.5), Value(1.0)]

    def loss(x: Any) -> Any:
        return autograd.max([w[0], x[0], 2.0]) + autograd.min([w[0], x[0], 2.0]) + w[0] * x[0]

    blocks = blocks_of(Case(loss, w, (1,)))
    assert [block.op for block in blocks].count("stack") == 1
    stack = next(i for i, block in enumerate(blocks) if block.op == "stack")
    readers = [block.op for block in blocks if any(operand.source == stack for operand in block.reads())]
    assert readers == ["max", "min"]


# ── products of several sizes ────────────────────────────────────────────────────────────────


def tables(sizes: list[tuple[int, int]]) -> tuple[Any, list[Any], int]:
    """A loss that multiplies parts of the input by matrices of these sizes, and its parameters."""
    rng, width = np.random.default_rng(0), sum(columns for _, columns in sizes)
    params = [[[Value(v) for v in row] for row in rng.normal(size=size).tolist()] for size in sizes]

    def loss(x: Any) -> Any:
        total, start = 0.0, 0
        for matrix in params:
            part, start = x[start : start + len(matrix[0])], start + len(matrix[0])
            total = total + autograd.sum([dot(row, part) ** 2 for row in matrix])
        return total

    return loss, params, width


@pytest.mark.parametrize("sizes", [[(3, 5), (3, 4)], [(2, 6), (5, 6), (3, 6)], [(4, 3), (4, 3)]])
def test_weights_of_different_sizes_have_products_of_their_own(sizes: list[tuple[int, int]]) -> None:
    loss, params, width = tables(sizes)
    program = autograd.compile(loss, params)
    flat = [v for matrix in params for row in matrix for v in row]
    theta, X = np.array([v.data for v in flat]), np.random.default_rng(1).normal(size=(4, width))
    value, gradient = program.value_and_grad(theta, X)
    assert "[:, i" not in program.source, "nothing is gathered"
    mean = autograd.mean([loss([Value(v) for v in x]) for x in X.tolist()])
    mean.backward()
    assert value == pytest.approx(mean.data, rel=1e-13)
    np.testing.assert_allclose(gradient, [v.grad for v in flat], rtol=1e-12)
