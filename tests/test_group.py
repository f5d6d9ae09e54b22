"""Scalars that do the same stay together, though their neighbours lack a term or read from elsewhere."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from agreement import Case, assert_agreement
from losses import weights

import autograd
from autograd import Program, Value, maximum, minimum, softmax

T, D = 6, 4


def attention(layers: int, how: str) -> Case:
    """Layers of causal attention over T positions of D numbers, masked in one of three ways."""
    params = [[weights(D, D, seed=3 * layer + k) for k in range(3)] for layer in range(layers)]

    def score(q: list[Any], k: list[Any], ahead: bool) -> Any:
        product = autograd.dot(q, k)
        if how == "replaced":
            return -1e30 if ahead else product
        return product + (-1e30 if ahead else 0.0)

    def loss(x: list[list[Any]]) -> Any:
        for Q, K, V in params:
            q, k, v = ([[autograd.dot(row, a) for row in W] for a in x] for W in (Q, K, V))
            rows = []
            for t in range(T):
                seen = range(t + 1 if how == "ragged" else T)
                p = softmax([score(q[t], k[u], ahead=u > t) for u in seen])
                rows.append([x[t][j] + autograd.sum([p[u] * v[u][j] for u in seen]) for j in range(D)])
            x = rows
        return autograd.sum([a * a for row in x for a in row])

    return Case(loss, params, (T, D))


@pytest.mark.parametrize("how", ["added", "replaced", "ragged"])
def test_a_mask_adds_no_blocks_and_layers_add_each_the_same(how: str) -> None:
    """From the fourth on they are a loop, which counts as one with its steps."""
    programs = [attention(layers, how).traced().blocks for layers in (1, 2, 3, 4)]
    assert [sum(block.steps for block in blocks) for blocks in programs] == [10, 19, 28, 37]
    assert len(programs[3]) == len(programs[1]) - 1


@pytest.mark.parametrize("how", ["added", "replaced"])
def test_masked_attention_agrees_with_eager(how: str) -> None:
    case = attention(2, how)
    rng = np.random.default_rng(0)
    assert_agreement(case, rng.normal(size=(3, T, D)), None)


def rotated(v: list[Any], t: int) -> list[Any]:
    """Pairs of numbers turned by angles that grow with the place: at the first, by 0."""
    turns = [t * 0.5**i for i in range(len(v) // 2)]
    pairs = [(math.cos(a), math.sin(a), p, q) for a, p, q in zip(turns, v[::2], v[1::2], strict=True)]
    return [number for c, s, p, q in pairs for number in (c * p - s * q, s * p + c * q)]


def attention_by_places(how: str, words: int, width: int) -> Case:
    """Attention that knows the places of words: by a slope times the distance, by rotations, or not at all."""
    params = {"W": [weights(width, width, seed=k) for k in range(3)], "slope": Value(0.3)}

    def loss(x: list[list[Any]]) -> Any:
        q, k, v = ([[autograd.dot(row, word) for row in W] for word in x] for W in params["W"])
        if how == "rotations":
            q, k = ([rotated(word, t) for t, word in enumerate(of)] for of in (q, k))
        slope, rows = params["slope"], []
        for t in range(words):
            seen = range(t + 1)
            scores = [autograd.dot(q[t], k[u]) for u in seen]
            if how == "distances":
                scores = [score - slope * (t - u) for u, score in zip(seen, scores, strict=True)]
            p = softmax(scores)
            rows.append([autograd.sum([p[u] * v[u][j] for u in seen]) for j in range(width)])
        return autograd.sum([a * a for row in rows for a in row])

    return Case(loss, params, (words, width))


@pytest.mark.parametrize(("how", "words", "width"), [("distances", 6, 4), ("rotations", 4, 4), ("rotations", 8, 8)])
def test_attention_by_places_parts_nothing_though_the_first_word_is_not_turned(
        how: str, words: int, width: int) -> None:
    plain, placed = (attention_by_places(name, words, width) for name in ("none", how))
    assert len(placed.traced().blocks) <= len(plain.traced().blocks) + 3
    assert_agreement(placed, *placed.data())


def spectrum(n: int) -> Case:
    """The logarithm of the power in each frequency of n numbers, by the fast Fourier transform."""

    def transform(v: list[Any]) -> list[Any]:
        if len(v) == 1:
            return v
        even, odd, n = transform(v[0::2]), transform(v[1::2]), len(v)
        turns = [(math.cos(2 * math.pi * k / n), -math.sin(2 * math.pi * k / n)) for k in range(n // 2)]
        moved = [(c * a - s * b, c * b + s * a) for (c, s), (a, b) in zip(turns, odd, strict=True)]
        return ([(a + c, b + d) for (a, b), (c, d) in zip(even, moved, strict=True)]
                + [(a - c, b - d) for (a, b), (c, d) in zip(even, moved, strict=True)])

    w = weights(n)
    return Case(lambda x: autograd.sum([(a * a + b * b + 0.1).log() for a, b in transform(
        [(p * v, 0.0) for p, v in zip(w, x, strict=True)])]), w, (n,))


@pytest.mark.parametrize(("n", "most"), [(8, 12), (16, 16), (64, 60)])
def test_a_fourier_transform_takes_few_blocks(n: int, most: int) -> None:
    case = spectrum(n)
    assert len(case.traced().blocks) <= most
    if n == 8:
        assert_agreement(case, *case.data())


def comparators(n: int, kind: str) -> list[list[tuple[int, int]]]:
    """The layers of a sorting network, of neighbours by turns or of bitonic runs."""
    if kind == "neighbours":
        return [[(j, j + 1) for j in range(i % 2, n - 1, 2)] for i in range(n)]
    layers, run = [], 2
    while run <= n:
        step = run // 2
        while step:
            layers.append([(i, i ^ step) if not i & run else (i ^ step, i) for i in range(n) if i ^ step > i])
            step //= 2
        run *= 2
    return layers


def sorting(kind: str) -> Program:
    """The wires of a network of 8, weighted by their places."""

    def loss(x: list[Any]) -> Any:
        wires = [p * v for p, v in zip(w, x, strict=True)]
        for layer in comparators(8, kind):
            for i, j in layer:
                wires[i], wires[j] = minimum(wires[i], wires[j]), maximum(wires[i], wires[j])
        return autograd.sum([(k + 1) * wire for k, wire in enumerate(wires)])

    w = [Value(1.0) for _ in range(8)]
    return autograd.compile(loss, w).trace((8,))


@pytest.mark.parametrize("kind", ["neighbours", "bitonic"])
def test_a_sorting_network_takes_few_blocks_and_sorts(kind: str) -> None:
    program = sorting(kind)
    X = np.random.default_rng(0).normal(size=(5, 8))
    np.testing.assert_allclose(program(np.ones(8), X), np.sort(X) @ np.arange(1.0, 9))
    assert len(program.blocks) <= 20


def test_what_stands_in_a_stack_is_computed_there() -> None:
    program = sorting("bitonic")
    assert "np.concatenate([np.minimum(" in program.source
    assert "np.concatenate" not in program.executed_source


def test_a_large_program_is_not_read_from_anywhere_to_save_a_statement() -> None:
    def loss(x: list[Any]) -> Any:
        first = [autograd.dot(row, x).tanh() for row in V]
        second = [autograd.dot(row, first).tanh() for row in W]
        return autograd.sum([a.sin() for a in first]) + autograd.sum([a.sin() for a in second])

    V, W = weights(80, 3), weights(80, 80, seed=2)
    program = autograd.compile(loss, {"V": V, "W": W}).trace((3,))
    assert "concatenate" not in program.source


def test_what_hangs_off_a_chain_becomes_one_statement() -> None:
    def loss(x: list[Any]) -> Any:
        total, logs = 0.0, []
        for v, w in zip(x, W, strict=True):
            total = total + (w * v).exp()
            logs.append(total.log())
        return autograd.dot(logs, x)

    W = weights(6)
    case = Case(loss, W, (6,))
    assert case.traced().source.count("np.log(") == 1
    assert_agreement(case, *case.data())


def test_products_with_the_steps_of_a_chain_become_one_statement() -> None:
    def loss(x: list[Any]) -> Any:
        left, seen = 1.0, []
        for v, w in zip(x, W, strict=True):
            passes = (w * v).sigmoid()
            seen.append(left * (1 - passes))
            left = left * passes
        return autograd.sum([s.tanh() for s in seen])

    W = weights(7)
    case = Case(loss, W, (7,))
    assert case.traced().source.count("np.tanh(") == 1
    assert_agreement(case, *case.data())


def test_different_functions_are_multiplied_with_weights_side_by_side() -> None:
    def loss(x: list[Any]) -> Any:
        z = [autograd.dot(row, x) for row in V]
        a = [z[0].tanh(), z[1].sin(), z[2].exp(), z[3].tanh(), z[4].sin(), z[5].exp()]
        return autograd.sum([autograd.dot(row, a).tanh() for row in W])

    V, W = weights(6, 4, seed=1), weights(5, 6, seed=2)
    case = Case(loss, [V, W], (4,))
    assert case.traced().source.count("@") == 5  # one for each layer, and backward one more for the second
    assert_agreement(case, *case.data())


def test_what_all_examples_share_is_added_up_once_and_not_written_out_for_each() -> None:
    params = [Value(0.1 * i) for i in range(6)]

    def loss(x: Any) -> Any:
        total, found = 0.0, 0.0
        for step, number in zip(params, x, strict=True):
            total = total + step.exp()
            found = found + (number - total) ** 2
        return found

    case = Case(loss, params, (6,))
    assert "np.broadcast_to(s" not in case.traced().source
    assert_agreement(case, *case.data())


def test_sums_that_a_selection_chooses_between_stay_apart() -> None:
    def loss(x: list[Any], y: Any) -> Any:
        error = autograd.dot(w, x) - y
        size = error.abs()
        return autograd.where(autograd.gt(0.7, size), 0.5 * error**2, 0.7 * size - 0.245)

    w = weights(4)
    case = Case(loss, w, (4,), ())
    assert "np.concatenate" not in case.traced().source
    assert_agreement(case, *case.data())


def test_two_kernels_of_numbers_are_one_matrix() -> None:
    across = [[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]
    down = [list(column) for column in zip(*across, strict=True)]

    def loss(x: list[list[Any]]) -> Any:
        image = [[(w * v).tanh() for v in row] for row in x]
        windows = [[image[i + a][j + b] for a in range(3) for b in range(3)] for i in range(3) for j in range(3)]
        edges = [autograd.sum([k * v for k, v in zip(itertools.chain(*kernel), window, strict=True)])
                 for kernel in (across, down) for window in windows]
        return autograd.sum([(edge * edge + 1).log() for edge in edges])

    (w,) = weights(1)
    case = Case(loss, [w], (5, 5))
    assert case.traced().source.count("@") == 2  # one on the way back
    assert_agreement(case, *case.data())
