"""Attention: masked, of several heads and layers, crossed, local, and in a small GPT."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from benchmarks.programs.common import (
    Array,
    Found,
    Params,
    Shapes,
    Work,
    linear,
    mean_square,
    one_hot,
    softmax,
    squared_distance,
    through_softmax,
)

MASK = np.triu(np.full((8, 8), -1e30), 1)


def mixed(weights: Any, rows: Any) -> list[Any]:
    """The weighted sum of rows."""
    return [autograd.dot(weights, column) for column in zip(*rows, strict=True)]


def scored(q: Any, k: Any, v: Any) -> tuple[Array, Array]:
    """The weights of masked attention, and what it reads."""
    scores = q @ k.swapaxes(-1, -2)
    scores += MASK[: q.shape[-2], : q.shape[-2]]
    p = softmax(scores)
    return p, p @ v


def through_scores(p: Array, q: Array, k: Array, v: Array, g: Array) -> tuple[Array, Array, Array]:
    """Slopes by q, k and v from those by what attention reads."""
    d = through_softmax(p, g @ v.swapaxes(-1, -2))
    return d @ k, d.swapaxes(-1, -2) @ q, p.swapaxes(-1, -2) @ g


def masked(P: Params, x: Any) -> Any:
    """Causal attention over eight words of four numbers, masked by adding."""
    q, k, v = ([[autograd.dot(row, a) for row in P[name]] for a in x] for name in "QKV")
    terms = []
    for t in range(8):
        p = autograd.softmax([autograd.dot(q[t], k[u]) + (0.0 if u <= t else -1e30) for u in range(8)])
        terms += [sum(p[u] * v[u][j] for u in range(8)) ** 2 for j in range(4)]
    return sum(terms)


def masked_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    q, k, v = (X @ P[name].T for name in "QKV")
    scores = q @ k.swapaxes(1, 2) + xp.asarray(MASK)
    return ((xp.softmax(scores, -1) @ v) ** 2).sum(-1).sum(-1)


def masked_hand(P: Params, X: Array, Y: Any) -> Found:
    n, flat = len(X), X.reshape(-1, 4)
    Z = (flat @ np.concatenate([P["Q"], P["K"], P["V"]]).T).reshape(n, 8, 12)
    q, k, v = Z[:, :, :4], Z[:, :, 4:8], Z[:, :, 8:]
    p, read = scored(q, k, v)
    loss = mean_square(read)
    read *= 2 / n
    D = np.empty((n, 8, 12))
    D[:, :, :4], D[:, :, 4:8], D[:, :, 8:] = through_scores(p, q, k, v, read)
    slopes = D.reshape(-1, 12).T @ flat
    return loss, {"Q": slopes[:4], "K": slopes[4:8], "V": slopes[8:]}


def two_layers(P: Params, x: Any, y: Any) -> Any:
    """Two layers of causal attention with residuals over six words of four numbers."""
    for Q, K, V in zip(P["Q"], P["K"], P["V"], strict=True):
        q, k, v = ([linear(W, word) for word in x] for W in (Q, K, V))
        read = [mixed(autograd.softmax([autograd.dot(q[t], k[u]) + (0.0 if u <= t else -1e30) for u in range(6)]), v)
                for t in range(6)]
        x = [[a + b for a, b in zip(word, more, strict=True)] for word, more in zip(x, read, strict=True)]
    return sum(squared_distance(word, right) for word, right in zip(x, y, strict=True))


def two_layers_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    for layer in range(2):
        q, k, v = (X @ P[name][layer].T for name in "QKV")
        X = X + xp.softmax(q @ k.swapaxes(1, 2) + xp.asarray(MASK[:6, :6]), -1) @ v
    return ((X - Y) ** 2).sum(-1).sum(-1)


def two_layers_hand(P: Params, X: Array, Y: Array) -> Found:
    n, W = len(X), np.concatenate([P["Q"], P["K"], P["V"]], 1)
    known, x = [], X
    for layer in range(2):
        Z = (x.reshape(-1, 4) @ W[layer].T).reshape(n, 6, 12)
        q, k, v = Z[:, :, :4], Z[:, :, 4:8], Z[:, :, 8:]
        p, read = scored(q, k, v)
        known.append((x, p, q, k, v))
        read += x
        x = read
    d = x - Y
    loss = mean_square(d)
    d *= 2 / n
    dW, D = np.empty_like(W), np.empty((n, 6, 12))
    for layer in (1, 0):
        x, p, q, k, v = known[layer]
        D[:, :, :4], D[:, :, 4:8], D[:, :, 8:] = through_scores(p, q, k, v, d)
        rows = D.reshape(-1, 12)
        np.matmul(rows.T, x.reshape(-1, 4), out=dW[layer])
        if layer:
            d += (rows @ W[layer]).reshape(n, 6, 4)
    return loss, {"Q": dW[:, :4], "K": dW[:, 4:8], "V": dW[:, 8:]}


def heads(P: Params, x: Any, y: Any) -> Any:
    """Attention of two heads of four numbers over six words, to all words, with an output matrix."""
    q, k, v = ([linear(P[name], word) for word in x] for name in "QKV")
    loss = 0.0
    for t in range(6):
        read: list[Any] = []
        for part in (slice(0, 4), slice(4, 8)):
            scores = [0.5 * autograd.dot(q[t][part], k[u][part]) for u in range(6)]
            read += mixed(autograd.softmax(scores), [row[part] for row in v])
        loss = loss + squared_distance(linear(P["O"], read), y[t])
    return loss


def heads_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    q, k, v = ((X @ P[name].T).reshape(-1, 6, 2, 4).swapaxes(1, 2) for name in "QKV")
    read = xp.softmax(0.5 * (q @ k.swapaxes(2, 3)), -1) @ v
    return ((read.swapaxes(1, 2).reshape(-1, 6, 8) @ P["O"].T - Y) ** 2).sum(-1).sum(-1)


def heads_hand(P: Params, X: Array, Y: Array) -> Found:
    n, flat = len(X), X.reshape(-1, 8)
    W = np.concatenate([0.5 * P["Q"], P["K"], P["V"]])
    q, k, v = (flat @ W.T).reshape(n, 6, 3, 2, 4).transpose(2, 0, 3, 1, 4)
    p = softmax(q @ k.swapaxes(-1, -2))
    read = np.empty((n, 6, 2, 4))
    np.matmul(p, v, out=read.swapaxes(1, 2))
    rows = read.reshape(-1, 8)
    d = rows @ P["O"].T
    d -= Y.reshape(-1, 8)
    loss = mean_square(d, n)
    d *= 2 / n
    g = (d @ P["O"]).reshape(n, 6, 2, 4).swapaxes(1, 2)
    D = np.empty((n, 6, 3, 2, 4))
    slopes = D.transpose(2, 0, 3, 1, 4)
    slopes[0], slopes[1], slopes[2] = through_scores(p, q, k, v, g)
    dW = D.reshape(-1, 24).T @ flat
    return loss, {"Q": 0.5 * dW[:8], "K": dW[8:16], "V": dW[16:], "O": d.T @ rows}


def pooled(P: Params, x: Any, y: Any) -> Any:
    """Two learned questions asked of eight words of six numbers (cross attention)."""
    k, v = ([linear(P[name], word) for word in x] for name in "KV")
    loss = 0.0
    for question, right in zip(P["q"], y, strict=True):
        weights = autograd.softmax([autograd.dot(question, key) for key in k])
        loss = loss + squared_distance(mixed(weights, v), right)
    return loss


def pooled_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    p = xp.softmax(P["q"] @ (X @ P["K"].T).swapaxes(1, 2), -1)
    return ((p @ (X @ P["V"].T) - Y) ** 2).sum(-1).sum(-1)


def pooled_hand(P: Params, X: Array, Y: Array) -> Found:
    # The questions are asked of the words themselves, by way of K, and V is applied to the two answers.
    n, asked = len(X), P["q"] @ P["K"]
    p = softmax(asked @ X.swapaxes(1, 2))
    heard = p @ X
    rows = heard.reshape(-1, 6)
    d = rows @ P["V"].T
    d -= Y.reshape(-1, 4)
    loss = mean_square(d, n)
    d *= 2 / n
    g = (d @ P["V"]).reshape(n, 2, 6)
    s = through_softmax(p, g @ X.swapaxes(1, 2))
    by_asked = (s @ X).sum(0)
    return loss, {"q": by_asked @ P["K"].T, "K": P["q"].T @ by_asked, "V": d.T @ rows}


def local(P: Params, x: Any, y: Any) -> Any:
    """Attention of each of ten words to itself and its two neighbours, by their content and place."""
    loss = 0.0
    for t in range(10):
        near = range(max(0, t - 1), min(10, t + 2))
        scores = [P["bias"][u - t + 1] + autograd.dot(P["w"], x[u]) for u in near]
        weights = autograd.softmax(scores)
        value = sum(p * autograd.dot(P["v"], x[u]) for p, u in zip(weights, near, strict=True))
        loss = loss + (value - y[t]) ** 2
    return loss


def local_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    s, v = X @ P["w"], X @ P["v"]
    out = 0 * s[:, :1]
    shifted = [xp.concatenate([out - 1e30, s[:, :-1]], 1), s, xp.concatenate([s[:, 1:], out - 1e30], 1)]
    values = xp.stack([xp.concatenate([out, v[:, :-1]], 1), v, xp.concatenate([v[:, 1:], out], 1)], -1)
    p = xp.softmax(xp.stack(shifted, -1) + P["bias"], -1)
    return (((p * values).sum(-1) - Y) ** 2).sum(-1)


def local_hand(P: Params, X: Array, Y: Array) -> Found:
    n, flat = len(X), X.reshape(-1, 4)
    both = (np.stack([P["w"], P["v"]]) @ flat.T).reshape(2, n, 10)
    S, V = np.full((n, 12), -1e30), np.zeros((n, 12))
    S[:, 1:11], V[:, 1:11] = both
    E = np.stack([S[:, :10], S[:, 1:11], S[:, 2:]])
    E += P["bias"][:, None, None]
    E -= E.max(0)
    np.exp(E, out=E)
    E /= E.sum(0)
    near = np.stack([V[:, :10], V[:, 1:11], V[:, 2:]])
    value = np.einsum("kij,kij->ij", E, near)
    d = value - Y
    loss = mean_square(d)
    d *= 2 / n
    near -= value
    E *= d  # slopes by the values, then by the scores
    near *= E
    G = np.zeros((2, n, 12))
    for k in range(3):
        G[0, :, k : k + 10] += near[k]
        G[1, :, k : k + 10] += E[k]
    slopes = G[:, :, 1:11].reshape(2, -1) @ flat
    return loss, {"w": slopes[0], "v": slopes[1], "bias": near.sum((1, 2))}


# ── a small GPT ──────────────────────────────────────────────────────────────────────────────


LETTERS, WIDTH, LONG = 10, 8, 6


def scaled(h: Any) -> list[Any]:
    """h divided by its root mean square."""
    by = (autograd.dot(h, h) / len(h) + 1e-5) ** -0.5
    return [by * a for a in h]


def gpt(P: Params, x: Any, y: Any) -> Any:
    """The letter after each of six: a GPT of one layer of eight numbers and two heads."""
    columns = list(zip(*P["E"], strict=True))
    stream = [[autograd.dot(column, letter) + p for column, p in zip(columns, place, strict=True)]
              for letter, place in zip(x, P["P"], strict=True)]
    normal = [scaled(h) for h in stream]
    q, k, v = ([linear(P[name], h) for h in normal] for name in "QKV")
    loss = 0.0
    for t in range(LONG):
        read: list[Any] = []
        for part in (slice(0, 4), slice(4, 8)):
            scores = [0.5 * autograd.dot(q[t][part], key[part]) for key in k[: t + 1]]
            read += mixed(autograd.softmax(scores), [row[part] for row in v[: t + 1]])
        h = [a + b for a, b in zip(stream[t], linear(P["O"], read), strict=True)]
        more = linear(P["W2"], [z.relu() for z in linear(P["W1"], scaled(h))])
        z = linear(P["U"], [a + b for a, b in zip(h, more, strict=True)])
        loss = loss + autograd.logsumexp(z) - autograd.dot(z, y[t])
    return loss / LONG


def gpt_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    def scaled(H: Any) -> Any:
        return H / xp.sqrt((H * H).mean(-1) + 1e-5)[..., None]

    stream = X @ P["E"] + P["P"]
    normal = scaled(stream)
    q, k, v = ((normal @ P[name].T).reshape(-1, LONG, 2, 4).swapaxes(1, 2) for name in "QKV")
    p = xp.softmax(0.5 * (q @ k.swapaxes(2, 3)) + xp.asarray(MASK[:LONG, :LONG]), -1)
    H = stream + (p @ v).swapaxes(1, 2).reshape(-1, LONG, WIDTH) @ P["O"].T
    Z = (H + xp.relu(scaled(H) @ P["W1"].T) @ P["W2"].T) @ P["U"].T
    return (xp.logsumexp(Z, -1) - (Z * Y).sum(-1)).mean(-1)


def scaled_rows(H: Array) -> tuple[Array, Array]:
    """Rows divided by their root mean squares, and one by these."""
    by = np.einsum("ij,ij->i", H, H)
    by /= H.shape[1]
    by += 1e-5
    np.sqrt(by, out=by)
    np.reciprocal(by, out=by)
    by = by[:, None]
    return H * by, by


def through_scaled(normal: Array, by: Array, g: Array) -> Array:
    """Slopes by rows from those by the scaled ones, which are overwritten."""
    along = np.einsum("ij,ij->i", g, normal)
    along /= g.shape[1]
    g -= normal * along[:, None]
    g *= by
    return g


def gpt_hand(P: Params, X: Array, Y: Array) -> Found:
    n, letters = len(X), X.reshape(-1, LETTERS)
    rows = n * LONG
    stream = letters @ P["E"]
    stream.reshape(n, LONG, WIDTH)[...] += P["P"]
    normal, by = scaled_rows(stream)
    W = np.concatenate([0.5 * P["Q"], P["K"], P["V"]])
    q, k, v = (normal @ W.T).reshape(n, LONG, 3, 2, 4).transpose(2, 0, 3, 1, 4)
    scores = q @ k.swapaxes(-1, -2)
    scores += MASK[:LONG, :LONG]
    p = softmax(scores)
    read = np.empty((n, LONG, 2, 4))
    np.matmul(p, v, out=read.swapaxes(1, 2))
    read = read.reshape(rows, WIDTH)
    H = read @ P["O"].T
    H += stream
    again, again_by = scaled_rows(H)
    hidden = again @ P["W1"].T
    np.maximum(hidden, 0, out=hidden)
    last = hidden @ P["W2"].T
    last += H
    Z = last @ P["U"].T
    Z -= Z.max(1, keepdims=True)
    right = float(Z.ravel() @ Y.ravel())
    np.exp(Z, out=Z)
    total = Z.sum(1, keepdims=True)
    loss = (float(np.log(total).sum()) - right) / rows
    Z /= total
    Z -= Y.reshape(rows, LETTERS)
    Z /= rows
    found = {"U": Z.T @ last}
    g = Z @ P["U"]
    found["W2"] = g.T @ hidden
    d = g @ P["W2"]
    d *= hidden > 0
    found["W1"] = d.T @ again
    g += through_scaled(again, again_by, d @ P["W1"])
    found["O"] = g.T @ read
    D = np.empty((n, LONG, 3, 2, 4))
    slopes = D.transpose(2, 0, 3, 1, 4)
    slopes[0], slopes[1], slopes[2] = through_scores(p, q, k, v, (g @ P["O"]).reshape(n, LONG, 2, 4).swapaxes(1, 2))
    flat = D.reshape(rows, 3 * WIDTH)
    dW = flat.T @ normal
    g += through_scaled(normal, by, flat @ W)
    return loss, found | {"Q": 0.5 * dW[:8], "K": dW[8:16], "V": dW[16:], "E": letters.T @ g,
                          "P": g.reshape(n, LONG, WIDTH).sum(0)}


def texts(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    letters = one_hot(rng, (examples, LONG + 1), LETTERS)
    return np.ascontiguousarray(letters[:, :-1]), np.ascontiguousarray(letters[:, 1:])


SQUARE = dict.fromkeys("QKVO", (8, 8))
GPT: Shapes = {"E": (LETTERS, WIDTH), "P": (LONG, WIDTH), **SQUARE, "W1": (16, 8), "W2": (8, 16), "U": (LETTERS, 8)}

ANGLES = [[place * 10.0 ** (-pair / 2) for pair in range(4)] for place in range(6)]


def turned(v: Any, place: int) -> list[Any]:
    """Pairs of numbers turned by angles that grow with the place."""
    pairs = [(math.cos(angle), math.sin(angle), p, q)
             for angle, p, q in zip(ANGLES[place], v[::2], v[1::2], strict=True)]
    return [number for c, s, p, q in pairs for number in (c * p - s * q, s * p + c * q)]


def rotary(P: Params, x: Any, y: Any) -> Any:
    """Attention over six words of eight numbers whose queries and keys are turned by their places."""
    q, k, v = ([linear(P[name], word) for word in x] for name in "QKV")
    q, k = ([turned(word, place) for place, word in enumerate(words)] for words in (q, k))
    read = [mixed(autograd.softmax([0.5 * autograd.dot(a, b) for b in k]), v) for a in q]
    return sum(squared_distance(word, right) for word, right in zip(read, y, strict=True))


SWAPPED = np.arange(8) ^ 1
COSINES = np.repeat(np.cos(ANGLES), 2, 1)
SINES = np.repeat(np.sin(ANGLES), 2, 1) * np.tile([-1.0, 1.0], 4)


def rotary_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    q, k, v = (X @ P[name].T for name in "QKV")
    c, s = xp.asarray(COSINES), xp.asarray(SINES)
    q, k = (a * c + a[..., SWAPPED] * s for a in (q, k))
    return ((xp.softmax(0.5 * (q @ k.swapaxes(1, 2)), -1) @ v - Y) ** 2).sum(-1).sum(-1)


def rotary_hand(P: Params, X: Array, Y: Array) -> Found:
    n, flat = len(X), X.reshape(-1, 8)
    Z = (flat @ np.concatenate([0.5 * P["Q"], P["K"], P["V"]]).T).reshape(n, 6, 3, 8)
    c, s, both, v = COSINES[:, None], SINES[:, None], Z[:, :, :2], Z[:, :, 2]
    turned = both * c
    turned += both[..., SWAPPED] * s
    q, k = turned[:, :, 0], turned[:, :, 1]
    p = softmax(q @ k.swapaxes(1, 2))
    d = p @ v
    d -= Y
    loss = mean_square(d)
    d *= 2 / n
    D, g = np.empty((n, 6, 3, 8)), np.empty((n, 6, 2, 8))
    g[:, :, 0], g[:, :, 1], D[:, :, 2] = through_scores(p, q, k, v, d)
    np.multiply(g, c, out=D[:, :, :2])
    D[:, :, :2] -= g[..., SWAPPED] * s
    slopes = D.reshape(-1, 24).T @ flat
    return loss, {"Q": 0.5 * slopes[:8], "K": slopes[8:16], "V": slopes[16:]}


SLOPES = 0.5 ** np.arange(1, 5)
FURTHER = np.arange(6)[:, None] - np.arange(6)
AWAY = np.where(FURTHER < 0, -1e30, -SLOPES[:, None, None] * FURTHER).transpose(1, 0, 2)


def shared_keys(P: Params, x: Any, y: Any) -> Any:
    """Four heads that share keys and values (grouped queries), with slopes by distance (ALiBi), over six words."""
    q, k, v = ([linear(P[name], word) for word in x] for name in "QKV")
    loss = 0.0
    for t in range(6):
        out: list[Any] = []
        for head, slope in enumerate(SLOPES.tolist()):
            mine = q[t][2 * head : 2 * head + 2]
            scores = [autograd.dot(mine, k[u]) / math.sqrt(2) - slope * (t - u) for u in range(t + 1)]
            out += mixed(autograd.softmax(scores), v[: t + 1])
        loss = loss + squared_distance(linear(P["O"], out), y[t])
    return loss


def shared_keys_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    away = 0 * X[:1, :1, :1, None] + xp.asarray(AWAY)
    q, k, v = (X @ P["Q"].T).reshape(-1, 6, 4, 2), X @ P["K"].T, X @ P["V"].T
    scores = q @ k.swapaxes(1, 2)[:, None] / math.sqrt(2) + away
    heads = xp.softmax(scores, -1) @ v[:, None]
    return ((heads.reshape(-1, 6, 8) @ P["O"].T - Y) ** 2).sum(-1).sum(-1)


def shared_keys_hand(P: Params, X: Array, Y: Array) -> Found:
    # Heads that share keys are so many more questions of each word.
    n, flat = len(X), X.reshape(-1, 6)
    weights = np.concatenate([P["Q"] * math.sqrt(0.5), P["K"], P["V"]])
    Z = flat @ weights.T
    q, k, v = Z[:, :8].reshape(n, 24, 2), Z[:, 8:10].reshape(n, 6, 2), Z[:, 10:].reshape(n, 6, 2)
    scores = (q @ k.swapaxes(1, 2)).reshape(n, 6, 4, 6)
    scores += AWAY
    p = softmax(scores).reshape(n, 24, 6)
    heads = (p @ v).reshape(-1, 8)
    e = heads @ P["O"].T
    e -= Y.reshape(-1, 4)
    loss = mean_square(e, n)
    e *= 2 / n
    d = (e @ P["O"]).reshape(n, 24, 2)
    D = np.empty_like(Z)
    g, by_k, by_v = through_scores(p, q, k, v, d)
    D[:, :8], D[:, 8:10], D[:, 10:] = g.reshape(-1, 8), by_k.reshape(-1, 2), by_v.reshape(-1, 2)
    slopes = D.T @ flat
    return loss, {"Q": slopes[:8] * math.sqrt(0.5), "K": slopes[8:10], "V": slopes[10:], "O": e.T @ heads}


WORK: dict[str, Work] = {
    "masked attention, 8 × 4": Work(masked, masked_arrays, {"Q": (4, 4), "K": (4, 4), "V": (4, 4)}, (8, 4),
                                    hand=masked_hand),
    "attention of 2 layers, 6 × 4": Work(two_layers, two_layers_arrays,
                                         {"Q": (2, 4, 4), "K": (2, 4, 4), "V": (2, 4, 4)}, (6, 4), (6, 4),
                                         hand=two_layers_hand),
    "attention of 2 heads, 6 × 8": Work(heads, heads_arrays, SQUARE, (6, 8), (6, 8), 0.3, heads_hand),
    "attention by rotations, 6 × 8": Work(rotary, rotary_arrays, dict.fromkeys("QKV", (8, 8)), (6, 8), (6, 8), 0.3,
                                          rotary_hand),
    "cross attention, 2 to 8": Work(pooled, pooled_arrays, {"q": (2, 4), "K": (4, 6), "V": (4, 6)}, (8, 6), (2, 4),
                                    hand=pooled_hand),
    "attention to neighbours, 10": Work(local, local_arrays, {"w": (4,), "v": (4,), "bias": (3,)}, (10, 4), (10,),
                                        hand=local_hand),
    "small GPT, 6 × 8": Work(gpt, gpt_arrays, GPT, (LONG, LETTERS), (LONG, LETTERS), 0.3, gpt_hand, texts),
    "grouped queries with slopes, 6 × 6": Work(shared_keys, shared_keys_arrays,
                                               {"Q": (8, 6), "K": (2, 6), "V": (2, 6), "O": (4, 8)}, (6, 6), (6, 4),
                                               hand=shared_keys_hand),
}
