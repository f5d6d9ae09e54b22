"""Embeddings: compared in twos, threes and more, of sets and of graphs."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from benchmarks.programs.common import (
    Array,
    Found,
    Params,
    Work,
    dense,
    linear,
    mean_square,
    squared_distance,
    tanh_layer,
    through_tanh,
)


def siamese(P: Params, x: Any, y: Any) -> Any:
    """Two embeddings by one layer, near each other if y is one, apart by a margin if it is none."""
    a, b = (tanh_layer(P["W"], P["b"], one) for one in x)
    distance = (squared_distance(a, b) + 1e-6).sqrt()
    return y * distance * distance + (1 - y) * (1.5 - distance).relu() ** 2


def siamese_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    E = xp.tanh(X @ P["W"].T + P["b"])
    distance = xp.sqrt(((E[:, 0] - E[:, 1]) ** 2).sum(-1) + 1e-6)
    return Y * distance * distance + (1 - Y) * xp.relu(1.5 - distance) ** 2


def siamese_hand(P: Params, X: Array, Y: Array) -> Found:
    n, flat = len(X), X.reshape(-1, 10)
    E = dense(flat, P["W"], P["b"])
    np.tanh(E, out=E)
    both = E.reshape(n, 2, 6)
    apart = both[:, 0] - both[:, 1]
    square = np.einsum("ij,ij->i", apart, apart)
    square += 1e-6
    distance = np.sqrt(square)
    lack = np.maximum(1.5 - distance, 0)
    far = (1 - Y) * lack
    loss = float(Y @ square + far @ lack) / n
    far /= distance
    slope = Y - far
    slope *= 2 / n
    apart *= slope[:, None]
    G = np.stack([apart, -apart], 1).reshape(-1, 6)
    D = through_tanh(E, G)
    return loss, {"W": D.T @ flat, "b": D.sum(0)}


def same(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.normal(size=(examples, 2, 10)), rng.integers(0, 2, examples) * 1.0


def triplet(P: Params, x: Any) -> Any:
    """A triplet loss: an anchor is to be nearer to one point than to another, by a margin."""
    anchor, near, far = (tanh_layer(P["W"], P["b"], one) for one in x)
    return (squared_distance(anchor, near) - squared_distance(anchor, far) + 0.2).relu()


def triplet_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    E = xp.tanh(X @ P["W"].T + P["b"])
    return xp.relu(((E[:, 0] - E[:, 1]) ** 2).sum(-1) - ((E[:, 0] - E[:, 2]) ** 2).sum(-1) + 0.2)


def triplet_hand(P: Params, X: Array, Y: Any) -> Found:
    # |a - n|² - |a - f|² = (f - n) · (2a - n - f).
    n, flat = len(X), X.reshape(-1, 12)
    E = dense(flat, P["W"], P["b"])
    np.tanh(E, out=E)
    anchor, near, far = E.reshape(n, 3, 8).swapaxes(0, 1)
    apart = far - near
    more = np.einsum("ij,ij->i", apart, 2 * anchor - near - far)
    more += 0.2
    wrong = more > 0
    loss = float(more @ wrong) / n
    G = np.empty((n, 3, 8))
    G[:, 0] = apart
    np.subtract(near, anchor, out=G[:, 1])
    np.subtract(anchor, far, out=G[:, 2])
    G *= (wrong * (2 / n))[:, None, None]
    D = through_tanh(E, G.reshape(-1, 8))
    return loss, {"W": D.T @ flat, "b": D.sum(0)}


def contrast(P: Params, x: Any) -> Any:
    """InfoNCE: of five pairs in an example, each embedding is to find its partner, by cosines."""

    def embedded(points: Any) -> list[list[Any]]:
        found = []
        for point in points:
            e = linear(P["W"], point)
            size = (autograd.dot(e, e) + 1e-6).sqrt()
            found.append([a / size for a in e])
        return found

    ones, others, loss = embedded(x[0]), embedded(x[1]), 0.0
    for i, one in enumerate(ones):
        scores = [5 * autograd.dot(one, other) for other in others]
        loss = loss + autograd.logsumexp(scores) - scores[i]
    return loss


def contrast_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    E = X @ P["W"].T
    E = E / xp.sqrt((E * E).sum(-1) + 1e-6)[..., None]
    S = 5 * (E[:, 0] @ E[:, 1].swapaxes(1, 2))
    return (xp.logsumexp(S, -1) - xp.diagonal(S, 0, 1, 2)).sum(-1)


def contrast_hand(P: Params, X: Array, Y: Any) -> Found:
    n, flat = len(X), X.reshape(-1, 8)
    E = flat @ P["W"].T
    size = np.einsum("ij,ij->i", E, E)
    size += 1e-6
    np.sqrt(size, out=size)
    E /= size[:, None]
    both = E.reshape(n, 2, 5, 6)
    ones, others = both[:, 0], both[:, 1]
    S = ones @ others.swapaxes(1, 2)
    S *= 5
    S -= S.max(2, keepdims=True)
    right = float(S.reshape(n, 25)[:, ::6].sum())
    np.exp(S, out=S)
    total = S.sum(2, keepdims=True)
    loss = (float(np.log(total).sum()) - right) / n
    S /= total
    S.reshape(n, 25)[:, ::6] -= 1
    S *= 5 / n
    G = np.empty((n, 2, 5, 6))
    np.matmul(S, others, out=G[:, 0])
    np.matmul(S.swapaxes(1, 2), ones, out=G[:, 1])
    D = G.reshape(-1, 6)
    D -= E * np.einsum("ij,ij->i", D, E)[:, None]
    D /= size[:, None]
    return loss, {"W": D.T @ flat}


def sets(P: Params, x: Any, y: Any) -> Any:
    """A function of a set of six points (DeepSets): a layer each, their sum, two layers."""
    each = [tanh_layer(P["A"], P["a"], point) for point in x]
    h = tanh_layer(P["B"], P["b"], [sum(column) for column in zip(*each, strict=True)])
    return (autograd.dot(P["v"], h) - y) ** 2


def sets_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    each = xp.tanh(X @ P["A"].T + P["a"])
    return (xp.tanh(each.sum(1) @ P["B"].T + P["b"]) @ P["v"] - Y) ** 2


def sets_hand(P: Params, X: Array, Y: Array) -> Found:
    n, flat = len(X), X.reshape(-1, 3)
    E = dense(flat, P["A"], P["a"])
    np.tanh(E, out=E)
    S = E.reshape(n, 6, 10).sum(1)
    H = dense(S, P["B"], P["b"])
    np.tanh(H, out=H)
    e = H @ P["v"]
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    d = through_tanh(H, np.multiply.outer(e, P["v"]))
    D = E * E
    np.subtract(1, D, out=D)
    D.reshape(n, 6, 10)[...] *= (d @ P["B"])[:, None]
    return loss, {"v": e @ H, "B": d.T @ S, "b": d.sum(0), "A": D.T @ flat, "a": D.sum(0)}


RING = np.eye(8) + np.roll(np.eye(8), 1, 0) + np.roll(np.eye(8), -1, 0)
RING[0, 4] = RING[4, 0] = 1.0
GRAPH = RING / np.sqrt(np.multiply.outer(RING.sum(0), RING.sum(0)))


def graph(P: Params, x: Any, y: Any) -> Any:
    """Two graph convolutions over eight nodes, whose normalised edges are fixed: 4-6-2."""

    def spread(rows: Any) -> list[list[Any]]:
        return [[sum(g * row[k] for g, row in zip(edges, rows, strict=True) if g) for k in range(len(rows[0]))]
                for edges in GRAPH.tolist()]

    h = [[z.relu() for z in linear(P["W"], row)] for row in spread(x)]
    return sum(squared_distance(linear(P["V"], row), t) for row, t in zip(spread(h), y, strict=True))


def graph_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    edges = xp.asarray(GRAPH)
    H = xp.relu((edges @ X) @ P["W"].T)
    return (((edges @ H) @ P["V"].T - Y) ** 2).sum(-1).sum(-1)


def graph_hand(P: Params, X: Array, Y: Array) -> Found:
    # The narrower side of each product first: 8 × 8 by 4 columns, and by 2.
    n = len(X)
    first = (GRAPH @ X).reshape(-1, 4)
    H = first @ P["W"].T
    np.maximum(H, 0, out=H)
    d = GRAPH @ (H @ P["V"].T).reshape(n, 8, 2)
    d -= Y
    loss = mean_square(d)
    d *= 2 / n
    back = (GRAPH @ d).reshape(-1, 2)  # the edges are symmetric
    D = back @ P["V"]
    D *= H > 0
    return loss, {"W": D.T @ first, "V": back.T @ H}


WORK: dict[str, Work] = {
    "Siamese network, 10-6": Work(siamese, siamese_arrays, {"W": (6, 10), "b": (6,)}, (2, 10), (), 0.2, siamese_hand,
                                  same),
    "triplet loss, 12-8": Work(triplet, triplet_arrays, {"W": (8, 12), "b": (8,)}, (3, 12), hand=triplet_hand),
    "InfoNCE of 5 pairs": Work(contrast, contrast_arrays, {"W": (6, 8)}, (2, 5, 8), hand=contrast_hand),
    "DeepSets of 6 points": Work(sets, sets_arrays, {"A": (10, 3), "a": (10,), "B": (8, 10), "b": (8,), "v": (8,)},
                                 (6, 3), (), hand=sets_hand),
    "graph convolutions, 8 nodes": Work(graph, graph_arrays, {"W": (6, 4), "V": (2, 6)}, (8, 4), (8, 2),
                                        hand=graph_hand),
}
