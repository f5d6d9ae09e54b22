"""Chains of steps that do not wait for one another are loops one after the other, however many steps they have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from losses import by_default
from test_loops import by_source, lines

import autograd
from autograd import dot, sigmoid, softmax, tanh
from benchmarks.steps import Made, compiled, parameters

Cell = Callable[[Any, Sequence[Any]], list[Any]]

WIDTH = 2


def affine(U: Any, W: Any, b: Any, x: Any, h: Any) -> list[Any]:
    return [dot(u, x) + dot(w, h) + c for u, w, c in zip(U, W, b, strict=True)]


def simple(P: Any, sequence: Sequence[Any]) -> list[Any]:
    """The states of a recurrent network; `P` has the weights of each gate."""
    h, read = [0.0] * WIDTH, []
    for x in sequence:
        h = [tanh(z) for z in affine(*P[0], x, h)]
        read.append(h)
    return read


def gated(P: Any, sequence: Sequence[Any]) -> list[Any]:
    h, read = [0.0] * WIDTH, []
    for x in sequence:
        update, reset = ([sigmoid(z) for z in affine(*gate, x, h)] for gate in P[:2])
        U, W, b = P[2]
        new = [tanh(dot(u, x) + r * dot(w, h) + c) for u, w, c, r in zip(U, W, b, reset, strict=True)]
        h = [(1 - z) * n + z * old for z, n, old in zip(update, new, h, strict=True)]
        read.append(h)
    return read


def long_memory(P: Any, sequence: Sequence[Any]) -> list[Any]:
    h, c, read = [0.0] * WIDTH, [0.0] * WIDTH, []
    for x in sequence:
        i, f, o = ([sigmoid(z) for z in affine(*gate, x, h)] for gate in P[:3])
        new = [tanh(z) for z in affine(*P[3], x, h)]
        c = [f[k] * c[k] + i[k] * new[k] for k in range(WIDTH)]
        h = [o[k] * tanh(c[k]) for k in range(WIDTH)]
        read.append(h)
    return read


GATES = {simple: 1, gated: 3, long_memory: 4}


def weights(cell: Cell, inputs: int, seed: int) -> Any:
    """The weights of a cell, gate by gate."""
    return [[parameters(WIDTH, inputs, seed=seed + i), parameters(WIDTH, WIDTH, seed=seed + i + 10),
             parameters(WIDTH, seed=seed + i + 20)] for i in range(GATES[cell])]


def both_ways(cell: Cell, P: Any, sequence: Sequence[Any]) -> list[Any]:
    """The states from the left and from the right, at each step."""
    forwards, backwards = cell(P[0], sequence), cell(P[1], sequence[::-1])[::-1]
    return [[*f, *b] for f, b in zip(forwards, backwards, strict=True)]


def squares(rows: Any) -> Any:
    return autograd.sum([a * a for row in rows for a in row])


def layers(cell: Cell, number: int, steps: int) -> Made:
    P = {f"layer{i}": [weights(cell, 2 * WIDTH if i else 2, seed=50 * i + 25 * way) for way in range(2)]
         for i in range(number)} | {"M": parameters(WIDTH, 2 * WIDTH, seed=9)}

    def loss(x: Any) -> Any:
        sequence = list(x)
        for name in list(P)[:-1]:
            sequence = both_ways(cell, P[name], sequence)
        return squares([[dot(row, h) for row in P["M"]] for h in sequence])

    return loss, P, (steps, 2), ()


def with_shared_weights(steps: int) -> Made:
    P = {"one": weights(simple, 2, 0), "M": parameters(2, 2 * WIDTH, seed=9)}

    def loss(x: Any) -> Any:
        states = both_ways(simple, [P["one"], P["one"]], list(x))
        return squares([[dot(row, h) for row in P["M"]] for h in states])

    return loss, P, (steps, 2), ()


def classified(steps: int) -> Made:
    """A class at each step, by the states of both ways."""
    P = {"ways": [weights(long_memory, 2, seed) for seed in (0, 25)], "M": parameters(3, 2 * WIDTH, seed=9)}

    def loss(x: Any, y: Any) -> Any:
        states = both_ways(long_memory, P["ways"], list(x))
        scores = [[dot(row, h) for row in P["M"]] for h in states]
        return autograd.sum([autograd.logsumexp(s) - dot(s, t) for s, t in zip(scores, y, strict=True)])

    return loss, P, (steps, 2), (steps, 3)


def of_their_ends(steps: int) -> Made:
    """The last state of each way alone."""
    P = {"ways": [weights(gated, 2, seed) for seed in (0, 25)], "M": parameters(2, 2 * WIDTH, seed=9)}

    def loss(x: Any) -> Any:
        states = both_ways(gated, P["ways"], list(x))
        ends = [*states[-1][:WIDTH], *states[0][WIDTH:]]
        return squares([[dot(row, ends) for row in P["M"]]])

    return loss, P, (steps, 2), ()


def attended(steps: int) -> Made:
    """A mean of the states, weighted by attention."""
    P = {"ways": [weights(simple, 2, seed) for seed in (0, 25)], "q": parameters(2 * WIDTH, seed=9)}

    def loss(x: Any) -> Any:
        states = both_ways(simple, P["ways"], list(x))
        shares = softmax([dot(P["q"], h) for h in states])
        return squares([[dot(shares, column)] for column in zip(*states, strict=True)])

    return loss, P, (steps, 2), ()


def random_field(cell: Cell, steps: int) -> Made:
    """A conditional random field on the states of both ways."""
    P = {"ways": [weights(cell, 2, seed) for seed in (0, 25)], "M": parameters(3, 2 * WIDTH, seed=9),
         "A": parameters(3, 3, seed=8)}

    def loss(x: Any, y: Any) -> Any:
        scores = [[dot(row, h) for row in P["M"]] for h in both_ways(cell, P["ways"], list(x))]
        reached, path = scores[0], dot(scores[0], y[0])
        for before, score, label in zip(y, scores[1:], y[1:], strict=False):
            reached = [s + autograd.logsumexp([r + a for r, a in zip(reached, row, strict=True)])
                       for s, row in zip(score, P["A"], strict=True)]
            path = path + dot(score, label) + sum(dot(row, before) * one for row, one in zip(
                P["A"], label, strict=True))
        return autograd.logsumexp(reached) - path

    return loss, P, (steps, 2), (steps, 3)


def of_two_kinds(steps: int) -> Made:
    """A chain with gates from the left, one without from the right."""
    P = {"f": weights(gated, 2, 0), "g": weights(simple, 2, 25), "M": parameters(2, 2 * WIDTH, seed=9)}

    def loss(x: Any) -> Any:
        forwards, backwards = gated(P["f"], list(x)), simple(P["g"], x[::-1])[::-1]
        return squares([[dot(row, [*f, *b]) for row in P["M"]] for f, b in zip(forwards, backwards, strict=True)])

    return loss, P, (steps, 2), ()


def of_two_periods(steps: int) -> Made:
    """A chain of every step, and one of every other."""
    P = {"f": weights(simple, 2, 0), "g": weights(simple, 4, 25), "M": parameters(2, 2 * WIDTH, seed=9)}

    def loss(x: Any) -> Any:
        every, other = simple(P["f"], list(x)), simple(P["g"], [[*a, *b] for a, b in zip(x[::2], x[1::2], strict=True)])
        return squares([[dot(row, [*f, *g]) for row in P["M"]] for f, g in zip(every[1::2], other, strict=True)])

    return loss, P, (steps, 2), ()


def four_chains(steps: int) -> Made:
    P = {"ways": [weights(simple, 2, 25 * i) for i in range(4)], "M": parameters(2, 4 * WIDTH, seed=9)}

    def loss(x: Any) -> Any:
        one, other = (both_ways(simple, P["ways"][i : i + 2], list(x)) for i in (0, 2))
        return squares([[dot(row, [*a, *b]) for row in P["M"]] for a, b in zip(one, other, strict=True)])

    return loss, P, (steps, 2), ()


def mirrored(steps: int) -> Made:
    """Step t of one chain beside step T - 1 - t of the other."""
    P = {"f": weights(simple, 2, 0), "g": weights(simple, 2, 25)}

    def loss(x: Any) -> Any:
        f, g = simple(P["f"], list(x)), simple(P["g"], list(x))
        return squares([[a - b for a, b in zip(*pair, strict=True)] for pair in zip(f, g[::-1], strict=True)])

    return loss, P, (steps, 2), ()


def decoded(steps: int) -> Made:
    """A sequence made of another, which is read both ways: each step attends to all that was read."""
    P = {"ways": [weights(simple, 2, seed) for seed in (0, 25)], "K": parameters(WIDTH, 2 * WIDTH, seed=7),
         "U": parameters(WIDTH, WIDTH, seed=8), "W": parameters(WIDTH, WIDTH, seed=9)}

    def loss(x: Any, y: Any) -> Any:
        keys = [[dot(row, h) for row in P["K"]] for h in both_ways(simple, P["ways"], list(x))]
        h, total = keys[-1], 0.0
        for t in range(steps):
            shares = softmax([dot(h, key) for key in keys])
            seen = [dot(shares, column) for column in zip(*keys, strict=True)]
            h = [tanh(dot(u, seen) + dot(w, h)) for u, w in zip(P["U"], P["W"], strict=True)]
            total = total + squares([[a - b for a, b in zip(h, y[t], strict=True)]])
        return total

    return loss, P, (steps, 2), (steps, WIDTH)


def smoothed(steps: int) -> Made:
    """A hidden Markov model: what came before and what comes after, at each step, by the passes of Baum and Welch."""
    P = {"A": parameters(3, 3, seed=1), "first": parameters(3, seed=2), "mu": parameters(3, seed=3)}

    def loss(x: Any) -> Any:
        rows = [softmax(row) for row in P["A"]]
        columns = list(zip(*rows, strict=True))
        likely = [[autograd.exp(-(value - m) ** 2) for m in P["mu"]] for value in x]
        forwards, backwards = [[a * b for a, b in zip(softmax(P["first"]), likely[0], strict=True)]], [[1.0] * 3]
        for here in likely[1:]:
            forwards.append([p * dot(column, forwards[-1]) for p, column in zip(here, columns, strict=True)])
        for here in likely[:0:-1]:
            told = [p * b for p, b in zip(here, backwards[-1], strict=True)]
            backwards.append([dot(row, told) for row in rows])
        total = 0.0
        for value, f, b in zip(x, forwards, backwards[::-1], strict=True):
            both = [p * q for p, q in zip(f, b, strict=True)]
            total = total + dot(both, [(value - m) ** 2 for m in P["mu"]]) / autograd.sum(both)
        return total

    return loss, P, (steps,), ()


def of_two_models(steps: int) -> Made:
    """The word after each by what was read from the left, the word before it by what was read from the right."""
    P = {"ways": [weights(simple, 2, seed) for seed in (0, 25)], "M": parameters(2, WIDTH, seed=9)}

    def loss(x: Any) -> Any:
        f, b = simple(P["ways"][0], list(x)), simple(P["ways"][1], x[::-1])[::-1]
        pairs = [*zip(f, x[1:], strict=False), *zip(b[1:], x, strict=False)]
        return squares([[dot(row, h) - a for row, a in zip(P["M"], word, strict=True)] for h, word in pairs])

    return loss, P, (steps, 2), ()


def filtered_both_ways(steps: int) -> Made:
    P = {"a": parameters(1), "b": parameters(1, seed=1), "c": parameters(1, seed=2), "d": parameters(1, seed=3)}

    def states(a: Any, b: Any, x: Any) -> list[Any]:
        s, found = 0.0, []
        for value in x:
            s = a * s + b * value
            found.append(s)
        return found

    def loss(x: Any) -> Any:
        f, g = states(*P["a"], *P["b"], x), states(*P["c"], *P["d"], x[::-1])[::-1]
        return autograd.sum([tanh(p * q - value) ** 2 for p, q, value in zip(f, g, x, strict=True)])

    return loss, P, (steps,), ()


KINDS: list[Any] = [
    partial(layers, simple, 1), of_two_periods, partial(random_field, simple), partial(layers, gated, 1), attended,
    with_shared_weights, of_two_kinds, decoded, mirrored, partial(layers, simple, 2), four_chains, classified,
    of_their_ends, partial(layers, long_memory, 1), partial(random_field, long_memory), partial(layers, simple, 3),
    smoothed, of_two_models, filtered_both_ways, partial(layers, gated, 2), partial(layers, long_memory, 2),
]


@pytest.mark.parametrize("made", by_default(KINDS, one_in=7))
def test_the_source_does_not_grow_with_the_steps(made: Callable[[int], Made]) -> None:
    """And it computes what the program returns."""
    few, many = (compiled(made(steps)) for steps in (12, 16))
    assert lines(few[0]) == lines(many[0])
    for program, arguments, (value, gradient) in (few, many):
        again, slopes = by_source(program, arguments)
        np.testing.assert_allclose(again, value, rtol=1e-12)
        np.testing.assert_allclose(slopes, gradient, rtol=1e-9, atol=1e-12 * np.abs(gradient).max())


@pytest.mark.slow
@pytest.mark.parametrize("made", KINDS)
def test_forty_steps_are_no_more_lines_than_twenty(made: Callable[[int], Made]) -> None:
    assert lines(compiled(made(40))[0]) <= 1.05 * lines(compiled(made(20))[0])


def test_a_network_reads_both_ways_as_in_a_textbook() -> None:
    P = {"Uf": parameters(3, 2), "Wf": parameters(3, 3), "Ub": parameters(3, 2), "Wb": parameters(3, 3),
         "V": parameters(2, 3), "S": parameters(2, 3)}

    def states(U: Any, W: Any, sequence: Any) -> list[Any]:
        h, read = [0.0] * 3, []
        for x in sequence:
            h = [tanh(dot(u, x) + dot(w, h)) for u, w in zip(U, W, strict=True)]
            read.append(h)
        return read

    def loss(x: Any) -> Any:
        forwards, backwards = states(P["Uf"], P["Wf"], x), states(P["Ub"], P["Wb"], x[::-1])[::-1]
        return squares([[dot(v, f) + dot(s, b) for v, s in zip(P["V"], P["S"], strict=True)]
                        for f, b in zip(forwards, backwards, strict=True)])

    program, *_ = compiled((loss, P, (6, 2), ()))
    assert program.source[program.source.index("    z ") : program.source.index("    value")] == """\
    z = (x.reshape(-1, 2) @ Uf).reshape(-1, 18)
    a2 = np.empty((6, n, 3), theta.dtype)
    a2[0] = np.tanh(z[:, 0:3])
    for t in range(1, 6):
        z2 = z[:, 3 * t:3 * t + 3] + a2[t - 1] @ Wf
        a2[t] = np.tanh(z2)
    v1 = np.concatenate(a2, axis=-1)
    z7 = (x.reshape(-1, 6, 2)[:, ::-1].reshape(-1, 2) @ Ub).reshape(-1, 18)
    a8 = np.empty((6, n, 3), theta.dtype)
    a8[0] = np.tanh(z7[:, 0:3])
    for t in range(1, 6):
        z8 = z7[:, 3 * t:3 * t + 3] + a8[t - 1] @ Wb
        a8[t] = np.tanh(z8)
    v2 = np.concatenate(a8, axis=-1)
    z13 = (v1.reshape(-1, 3) @ V).reshape(-1, 12) + (v2.reshape(-1, 6, 3)[:, ::-1].reshape(-1, 3) @ S).reshape(-1, 12)
    loss = np.sum(z13 * z13, axis=-1, keepdims=True)
"""


def test_layers_that_read_both_ways_are_two_loops_each() -> None:
    program, *_ = compiled(layers(simple, 3, 8))
    forward, backward = program.source.split("    gradient =")
    assert forward.count("for t in range(1, 8):") == 6
    assert backward.count("for t in reversed(range(7)):") == 6
