"""Probability: densities, choices, rankings, energies, words."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from benchmarks.programs.common import (
    Array,
    Found,
    Params,
    Work,
    affine,
    mean_square,
    one_hot,
    sigmoid,
    softmax,
    tanh_layer,
    through_softmax,
    through_tanh,
)


def mixture(P: Params, x: Any) -> Any:
    """The negative log likelihood of a point under five normal distributions."""
    parts = []
    for w, ms, ss in zip(P["w"], P["m"], P["s"], strict=True):
        distance = sum(((a - m) / s.exp()) ** 2 for a, m, s in zip(x, ms, ss, strict=True))
        parts.append(w - 0.5 * distance - sum(ss))
    return autograd.logsumexp(P["w"]) - autograd.logsumexp(parts)


def mixture_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    distance = (((X[:, None] - P["m"]) / xp.exp(P["s"])) ** 2).sum(-1)
    return xp.logsumexp(P["w"], 0) - xp.logsumexp(P["w"] - 0.5 * distance - P["s"].sum(-1), -1)


def mixture_hand(P: Params, X: Array, Y: Any) -> Found:
    # Distances as ½ Σ x²/s² - Σ x m/s² + ½ Σ m²/s²: two products.
    n, w, m, s = len(X), P["w"], P["m"], P["s"]
    sharp, squares = np.exp(-2 * s), X * X
    ms = m * sharp
    Z = X @ ms.T
    Z -= squares @ (0.5 * sharp.T)
    Z += w - (s + 0.5 * m * ms).sum(1)
    high = Z.max(1)
    Z -= high[:, None]
    R = np.exp(Z, out=Z)
    total = R.sum(1)
    odds = np.exp(w - w.max())
    every = odds.sum()
    loss = float(np.log(every) + w.max()) - float(np.log(total).sum() + high.sum()) / n
    R /= (total * n)[:, None]
    mass, first, second = R.sum(0), R.T @ X, R.T @ squares
    column = mass[:, None]
    return loss, {"w": odds / every - mass, "m": sharp * (column * m - first),
                  "s": column - sharp * (second - 2 * m * first + column * m * m)}


def flow(P: Params, x: Any) -> Any:
    """The negative log likelihood of a point in space by a flow of four planar layers."""
    z, volume = list(x), 0.0
    for w, u, b in zip(P["W"], P["U"], P["b"], strict=True):
        t = (autograd.dot(w, z) + b).tanh()
        z = [a + k * t for a, k in zip(z, u, strict=True)]
        volume = volume + (1 + autograd.dot(u, w) * (1 - t * t)).log()
    return 0.5 * autograd.dot(z, z) - volume


def flow_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    z, volume = X, 0.0
    for k in range(4):
        w, u = P["W"][k], P["U"][k]
        t = xp.tanh(z @ w + P["b"][k])
        z = z + t[:, None] * u
        volume = volume + xp.log(1 + (u @ w) * (1 - t * t))
    return 0.5 * (z * z).sum(-1) - volume


def flow_hand(P: Params, X: Array, Y: Any) -> Found:
    # z never forms: its products with all w are in Z, to which each layer adds the products of its u.
    n, W, U = len(X), P["W"], P["U"]
    inner = U @ W.T
    Z = W @ X.T
    Z += P["b"][:, None]
    T = np.empty_like(Z)
    for k in range(4):
        np.tanh(Z[k], out=T[k])
        if k < 3:
            Z[k + 1 :] += np.multiply.outer(inner[k, k + 1 :], T[k])
    z = X + T.T @ U
    bend = T * T
    np.subtract(1, bend, out=bend)
    diagonal = inner.diagonal()
    volume = bend * diagonal[:, None]
    volume += 1
    loss = 0.5 * mean_square(z) - float(np.log(volume).sum()) / n
    z /= n
    G = U @ z.T  # slopes by t, then by what enters tanh
    np.reciprocal(volume, out=volume)
    by_inner = np.einsum("ij,ij->i", bend, volume) / -n
    volume *= T
    volume *= (2 / n * diagonal)[:, None]
    G += volume
    for k in range(3, -1, -1):
        if k < 3:
            G[k] += inner[k, k + 1 :] @ G[k + 1 :]
        G[k] *= bend[k]
    mixed = np.triu(T @ G.T, 1)
    np.fill_diagonal(mixed, by_inner)
    return loss, {"W": G @ X + mixed.T @ U, "U": T @ z + mixed @ W, "b": G.sum(1)}


def boltzmann(P: Params, x: Any, y: Any) -> Any:
    """The difference of two free energies of a restricted Boltzmann machine of 16 and 8 units."""

    def energy(v: Any) -> Any:
        return -autograd.dot(P["b"], v) - sum(z.softplus() for z in affine(P["W"], P["c"], v))

    return energy(x) - energy(y)


def boltzmann_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    def energy(V: Any) -> Any:
        Z = V @ P["W"].T + P["c"]
        return -(V @ P["b"]) - xp.logaddexp(Z, 0 * Z).sum(-1)

    return energy(X) - energy(Y)


def boltzmann_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    V = np.concatenate([X, Y])
    Z = V @ P["W"].T
    Z += P["c"]
    S = sigmoid(Z)
    soft = Z - np.log(S)
    visible = (Y - X).sum(0)
    loss = float(visible @ P["b"] + soft[n:].sum() - soft[:n].sum()) / n
    S[:n] *= -1
    S /= n
    return loss, {"W": S.T @ V, "c": S.sum(0), "b": visible / n}


def bits(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.integers(0, 2, (examples, 16)) * 1.0, rng.integers(0, 2, (examples, 16)) * 1.0


def spins(P: Params, x: Any) -> Any:
    """The pseudo-likelihood of an Ising model: sixteen spins on a torus."""
    loss = 0.0
    for i in range(4):
        for j in range(4):
            field = (P["h"][i][j] + P["right"][i][j] * x[i][(j + 1) % 4] + P["right"][i][j - 1] * x[i][j - 1]
                     + P["down"][i][j] * x[(i + 1) % 4][j] + P["down"][i - 1][j] * x[i - 1][j])
            loss = loss + (-2 * x[i][j] * field).softplus()
    return loss


def spins_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    def there(A: Any, axis: int, by: int) -> Any:
        return xp.roll(A, by, axis)

    right, down = P["right"], P["down"]
    field = (P["h"] + right * there(X, 2, -1) + there(right, 1, 1) * there(X, 2, 1)
             + down * there(X, 1, -1) + there(down, 0, 1) * there(X, 1, 1))
    Z = -2 * X * field
    return xp.logaddexp(Z, 0 * Z).sum(-1).sum(-1)


SITE = np.arange(16)
RIGHT = np.roll(SITE.reshape(4, 4), -1, 1).ravel()
BELOW = np.roll(SITE.reshape(4, 4), -1, 0).ravel()


def spins_hand(P: Params, X: Array, Y: Any) -> Found:
    # Couplings as one symmetric matrix.
    n, S, J = len(X), X.reshape(-1, 16), np.zeros((16, 16))
    J[SITE, RIGHT] = J[RIGHT, SITE] = P["right"].ravel()
    J[SITE, BELOW] = J[BELOW, SITE] = P["down"].ravel()
    Z = S @ J
    Z += P["h"].ravel()
    Z *= S
    Z *= 2
    keep = sigmoid(Z)
    loss = -float(np.log(keep).sum()) / n
    keep -= 1
    keep *= S
    keep *= 2 / n
    G = S.T @ keep
    G += G.T
    return loss, {"h": keep.sum(0).reshape(4, 4), "right": G[SITE, RIGHT].reshape(4, 4),
                  "down": G[SITE, BELOW].reshape(4, 4)}


# ── choices and rankings ─────────────────────────────────────────────────────────────────────


def strengths(P: Params, x: Any, y: Any) -> Any:
    """The ratings of twelve players by Bradley and Terry: x is 1 for who won, -1 for who lost, y where they played."""
    return (-autograd.dot(P["r"], x) - P["home"] * y).softplus()


def strengths_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    z = -(X @ P["r"]) - P["home"] * Y
    return xp.logaddexp(z, 0 * z)


def strengths_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    z = X @ P["r"]
    z += P["home"] * Y
    p = sigmoid(z)
    loss = -float(np.log(p).sum()) / n
    p -= 1
    p /= n
    return loss, {"r": p @ X, "home": p @ Y}


def games(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    first = rng.integers(0, 12, examples)
    second = (first + rng.integers(1, 12, examples)) % 12
    return np.eye(12)[first] - np.eye(12)[second], rng.choice([-1.0, 1.0], examples)


def answers(P: Params, x: Any, y: Any) -> Any:
    """Item response theory: twenty students answer fifteen questions, which differ in difficulty and sharpness."""
    able, hard = autograd.dot(P["able"], x[:20]), autograd.dot(P["hard"], x[20:])
    sharp = autograd.dot(P["sharp"], x[20:]).exp()
    return (-y * sharp * (able - hard)).softplus()


def answers_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    z = -Y * xp.exp(X[:, 20:] @ P["sharp"]) * (X[:, :20] @ P["able"] - X[:, 20:] @ P["hard"])
    return xp.logaddexp(z, 0 * z)


def answers_hand(P: Params, X: Array, Y: Array) -> Found:
    n, student, question = len(X), X[:, :20], X[:, 20:]
    sharp = np.exp(question @ P["sharp"])
    sharp *= Y
    z = student @ P["able"]
    z -= question @ P["hard"]
    z *= sharp
    p = sigmoid(z)
    loss = -float(np.log(p).sum()) / n
    p -= 1
    p /= n
    z *= p
    p *= sharp
    return loss, {"able": p @ student, "hard": -(p @ question), "sharp": z @ question}


def questions(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return (np.concatenate([one_hot(rng, (examples,), k) for k in (20, 15)], 1), rng.choice([-1.0, 1.0], examples))


def survival(P: Params, x: Any, y: Any) -> Any:
    """Cox's partial likelihood of eight patients in the order of their times; y says who died."""
    total, loss = 0.0, 0.0
    risk = [autograd.dot(P["w"], patient) for patient in x]
    for k in range(7, -1, -1):
        total = total + risk[k].exp()
        loss = loss + y[k] * (total.log() - risk[k])
    return loss


def survival_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    risk = X @ P["w"]
    total = xp.flip(xp.cumsum(xp.flip(xp.exp(risk), (1,)), 1), (1,))
    return (Y * (xp.log(total) - risk)).sum(-1)


def survival_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    risk = X @ P["w"]
    odds = np.exp(risk)
    total = odds[:, ::-1].cumsum(1)[:, ::-1]
    loss = float(Y.ravel() @ (np.log(total) - risk).ravel()) / n
    d = (Y / total).cumsum(1)
    d *= odds
    d -= Y
    d /= n
    return loss, {"w": d.ravel() @ X.reshape(-1, 5)}


def patients(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.normal(size=(examples, 8, 5)), rng.integers(0, 2, (examples, 8)) * 1.0


def ranking(P: Params, x: Any, y: Any) -> Any:
    """ListNet: a network of four neurons ranks eight things of six features."""
    scores = [autograd.dot(P["v"], [z.tanh() for z in affine(P["W"], P["b"], thing)]) for thing in x]
    return autograd.logsumexp(scores) - autograd.dot(autograd.softmax(y), scores)


def ranking_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    scores = xp.tanh(X @ P["W"].T + P["b"]) @ P["v"]
    return xp.logsumexp(scores, -1) - (xp.softmax(Y, -1) * scores).sum(-1)


def ranking_hand(P: Params, X: Array, Y: Array) -> Found:
    n, flat, v = len(X), X.reshape(-1, 6), P["v"]
    H = flat @ P["W"].T
    H += P["b"]
    np.tanh(H, out=H)
    S = (H @ v).reshape(n, 8)
    S -= S.max(1, keepdims=True)
    d = np.exp(S)
    total = d.sum(1, keepdims=True)
    target = softmax(Y)
    loss = float(np.log(total).sum() - target.ravel() @ S.ravel()) / n
    d /= total
    d -= target
    d /= n
    slopes = d.ravel()
    D = through_tanh(H, np.multiply.outer(slopes, v))
    return loss, {"v": slopes @ H, "W": D.T @ flat, "b": D.sum(0)}


CUTS = ((0, 3), (3, 8), (8, 9), (9, 15), (15, 20))


def ragged(P: Params, x: Any) -> Any:
    """The entropies of five softmaxes over three, five, one, six and five numbers."""
    loss = 0.0
    for a, b in CUTS:
        z = [w * v for w, v in zip(P["w"][a:b], x[a:b], strict=True)]
        loss = loss + autograd.logsumexp(z) - autograd.dot(autograd.softmax(z), z)
    return loss


def ragged_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    Z, loss = X * P["w"], 0.0
    for a, b in CUTS:
        z = Z[:, a:b]
        loss = loss + xp.logsumexp(z, -1) - (xp.softmax(z, -1) * z).sum(-1)
    return loss


STARTS, GROUP = np.array([a for a, _ in CUTS]), np.repeat(np.arange(5), [b - a for a, b in CUTS])


def ragged_hand(P: Params, X: Array, Y: Any) -> Found:
    n = len(X)
    Z = X.T * P["w"][:, None]
    Z -= np.maximum.reduceat(Z, STARTS)[GROUP]
    E = np.exp(Z)
    total = np.add.reduceat(E, STARTS)
    E /= total[GROUP]
    mean = np.add.reduceat(E * Z, STARTS)
    loss = float(np.log(total).sum() - mean.sum()) / n
    Z -= mean[GROUP]
    Z *= E
    Z *= X.T
    return loss, {"w": Z.sum(1) * (-1 / n)}


def words(P: Params, x: Any) -> Any:
    """A word, one beside it and five drawn, of thirty with eight numbers each: word2vec with negative samples."""
    inner = [autograd.dot(column, x[0]) for column in zip(*P["I"], strict=True)]
    outer = [[autograd.dot(column, word) for column in zip(*P["O"], strict=True)] for word in x[1:]]
    scores = [autograd.dot(inner, word) for word in outer]
    return (-scores[0]).softplus() + sum(s.softplus() for s in scores[1:])


def words_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    scores = ((X[:, 1:] @ P["O"]) @ (X[:, 0] @ P["I"])[:, :, None])[:, :, 0]
    scores = xp.concatenate([-scores[:, :1], scores[:, 1:]], 1)
    return xp.logaddexp(scores, 0 * scores).sum(-1)


def words_hand(P: Params, X: Array, Y: Any) -> Found:
    n, flat = len(X), X[:, 1:].reshape(-1, 30)
    inner, outer = X[:, 0] @ P["I"], (flat @ P["O"]).reshape(n, 6, 8)
    Z = (outer @ inner[:, :, None])[:, :, 0]
    Z[:, 1:] *= -1
    p = sigmoid(Z)
    loss = -float(np.log(p).sum()) / n
    p -= 1
    p[:, 1:] *= -1
    p /= n
    by_inner = (p[:, None] @ outer)[:, 0]
    by_outer = p[:, :, None] * inner[:, None]
    return loss, {"I": X[:, 0].T @ by_inner, "O": flat.T @ by_outer.reshape(-1, 8)}


def policy(P: Params, x: Any, y: Any) -> Any:
    """A policy's clipped objective (PPO): five actions, y is what was done, its advantage and its old probability."""
    z = affine(P["W"], P["b"], x)
    ratio = (autograd.dot(z, y[:5]) - autograd.logsumexp(z) - y[6]).exp()
    kept = autograd.minimum(autograd.maximum(ratio, 0.8), 1.2)
    return -autograd.minimum(ratio * y[5], kept * y[5])


def policy_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    z = X @ P["W"].T + P["b"]
    ratio = xp.exp((z * Y[:, :5]).sum(-1) - xp.logsumexp(z, -1) - Y[:, 6])
    return -xp.minimum(ratio * Y[:, 5], xp.clip(ratio, 0.8, 1.2) * Y[:, 5])


def policy_hand(P: Params, X: Array, Y: Array) -> Found:
    n, done, gain = len(X), Y[:, :5], Y[:, 5]
    Z = X @ P["W"].T
    Z += P["b"]
    p = softmax(Z)
    ratio = np.einsum("ij,ij->i", p, done)
    ratio *= np.exp(-Y[:, 6])
    free, kept = ratio * gain, np.minimum(np.maximum(ratio, 0.8), 1.2)
    kept *= gain
    loss = -float(np.minimum(free, kept).sum()) / n
    free *= free <= kept
    free /= n
    p -= done
    p *= free[:, None]
    return loss, {"W": p.T @ X, "b": p.sum(0)}


def actions(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.normal(size=(examples, 8)), np.concatenate(
        [one_hot(rng, (examples,), 5), rng.normal(size=(examples, 1)), rng.normal(-1.6, 0.4, (examples, 1))], 1)


def coupled(P: Params, x: Any) -> Any:
    """The negative log likelihood of four numbers by four coupling layers, each of which moves two of them."""
    a, b, volume = list(x[:2]), list(x[2:]), 0.0
    for S, s, T, t in zip(P["S"], P["s"], P["T"], P["t"], strict=True):
        scale = tanh_layer(S, s, a)
        moved = [v * k.exp() + m for v, k, m in zip(b, scale, affine(T, t, a), strict=True)]
        volume = volume + sum(scale)
        a, b = moved, a
    return 0.5 * sum(v * v for v in a + b) - volume


def coupled_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    a, b, volume = X[:, :2], X[:, 2:], 0.0
    for k in range(4):
        scale = xp.tanh(a @ P["S"][k].T + P["s"][k])
        volume = volume + scale.sum(-1)
        a, b = b * xp.exp(scale) + a @ P["T"][k].T + P["t"][k], a
    return 0.5 * ((a * a).sum(-1) + (b * b).sum(-1)) - volume


def coupled_hand(P: Params, X: Array, Y: Any) -> Found:
    n, volume, kept = len(X), 0.0, []
    both = np.concatenate([P["S"], P["T"]], 1)
    added = np.concatenate([P["s"], P["t"]], 1)[:, :, None]
    a, b = np.ascontiguousarray(X[:, :2].T), np.ascontiguousarray(X[:, 2:].T)
    for k in range(4):
        z = both[k] @ a
        z += added[k]
        scale = np.tanh(z[:2], out=z[:2])
        volume += scale.sum()
        growth = np.exp(scale)
        grown = b * growth
        kept.append((a, scale, growth, grown))
        a, b = grown + z[2:], a
    loss = (0.5 * float(np.vdot(a, a) + np.vdot(b, b)) - float(volume)) / n
    by_a, by_b = a / n, b / n
    slopes, sums, D = np.empty_like(both), np.empty((4, 4)), np.empty((4, n))
    for k in range(3, -1, -1):
        a, scale, growth, grown = kept[k]
        D[2:] = by_a
        np.multiply(by_a, grown, out=D[:2])
        D[:2] -= 1 / n
        D[:2] *= 1 - scale * scale
        slopes[k], sums[k] = D @ a.T, D.sum(1)
        if k:
            by_a, by_b = both[k].T @ D + by_b, by_a * growth
    return loss, {"S": slopes[:, :2], "s": sums[:, :2], "T": slopes[:, 2:], "t": sums[:, 2:]}


def means(P: Params, x: Any) -> Any:
    """How far five points are from three centres that moved twice to the mean of what is theirs, softly: k-means."""

    def scores(point: Any, centres: Any) -> list[Any]:
        return [-sum((a - b) ** 2 for a, b in zip(point, centre, strict=True)) for centre in centres]

    centres = P["c"]
    for _ in range(2):
        shares = list(zip(*(autograd.softmax(scores(point, centres)) for point in x), strict=True))
        centres = [[autograd.dot(share, column) / sum(share) for column in zip(*x, strict=True)] for share in shares]
    return -sum(autograd.logsumexp(scores(point, centres)) for point in x)


def means_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    def scores(C: Any) -> Any:
        return -((X[:, :, None] - C[:, None]) ** 2).sum(-1)

    C = P["c"][None]
    for _ in range(2):
        shares = xp.softmax(scores(C), -1)
        C = (shares.swapaxes(1, 2) @ X) / shares.sum(1)[:, :, None]
    return -xp.logsumexp(scores(C), -1).sum(-1)


def means_hand(P: Params, X: Array, Y: Any) -> Found:
    n, turned, squares = len(X), X.swapaxes(1, 2), np.einsum("ijk,ijk->ij", X, X)[:, :, None]

    def shared(C: Array) -> tuple[Array, Array, Array]:
        Z = X @ C.swapaxes(1, 2)
        Z *= 2
        Z -= np.einsum("ijk,ijk->ij", C, C)[:, None]
        Z -= squares
        high = Z.max(2, keepdims=True)
        Z -= high
        np.exp(Z, out=Z)
        total = Z.sum(2, keepdims=True)
        Z /= total
        return Z, total, high

    def by_centres(slopes: Array, C: Array) -> Array:
        D: Array = (turned @ slopes).swapaxes(1, 2) - C * slopes.sum(1)[:, :, None]
        D *= 2
        return D

    C, kept = np.broadcast_to(P["c"], (n, 3, 2)), []
    for _ in range(2):
        shares, _, _ = shared(C)
        mass = shares.sum(1)[:, :, None]
        moved = shares.swapaxes(1, 2) @ X
        moved /= mass
        kept.append((C, shares, mass, moved))
        C = moved
    shares, total, high = shared(C)
    loss = -float(np.log(total).sum() + high.sum()) / n
    shares *= -1 / n
    D = by_centres(shares, C)
    for C, shares, mass, moved in reversed(kept):
        D /= mass
        slopes = X @ D.swapaxes(1, 2)
        slopes -= np.einsum("ijk,ijk->ij", D, moved)[:, None]
        D = by_centres(through_softmax(shares, slopes), C)
    return loss, {"c": D.sum(0)}


WORK: dict[str, Work] = {
    "mixture of 5 normals": Work(mixture, mixture_arrays, {"w": (5,), "m": (5, 3), "s": (5, 3)}, (3,),
                                 hand=mixture_hand),
    "planar flow, 4 layers": Work(flow, flow_arrays, {"W": (4, 3), "U": (4, 3), "b": (4,)}, (3,), None, 0.3, flow_hand),
    "restricted Boltzmann machine, 16 × 8": Work(
        boltzmann, boltzmann_arrays, {"W": (8, 16), "b": (16,), "c": (8,)}, (16,), (16,), 0.3, boltzmann_hand, bits),
    "Ising model, 4 × 4": Work(spins, spins_arrays, {"h": (4, 4), "right": (4, 4), "down": (4, 4)}, (4, 4),
                               hand=spins_hand, data=lambda rng, n: (rng.choice([-1.0, 1.0], (n, 4, 4)), None)),
    "Bradley and Terry, 12 players": Work(strengths, strengths_arrays, {"r": (12,), "home": ()}, (12,), (),
                                          hand=strengths_hand, data=games),
    "item responses, 20 × 15": Work(answers, answers_arrays, {"able": (20,), "hard": (15,), "sharp": (15,)}, (35,), (),
                                    hand=answers_hand, data=questions),
    "Cox survival, 8 patients": Work(survival, survival_arrays, {"w": (5,)}, (8, 5), (8,), hand=survival_hand,
                                     data=patients),
    "ListNet ranking of 8": Work(ranking, ranking_arrays, {"W": (4, 6), "b": (4,), "v": (4,)}, (8, 6), (8,),
                                 hand=ranking_hand),
    "ragged softmax": Work(ragged, ragged_arrays, {"w": (20,)}, (20,), hand=ragged_hand),
    "word2vec with 5 negatives": Work(words, words_arrays, {"I": (30, 8), "O": (30, 8)}, (7, 30), hand=words_hand,
                                      data=lambda rng, n: (one_hot(rng, (n, 7), 30), None)),
    "clipped policy gradient": Work(policy, policy_arrays, {"W": (5, 8), "b": (5,)}, (8,), (7,), 0.3, policy_hand,
                                    actions),
    "coupling layers, 4 × 4": Work(coupled, coupled_arrays, {"S": (4, 2, 2), "s": (4, 2), "T": (4, 2, 2), "t": (4, 2)},
                                   (4,), None, 0.3, coupled_hand),
    "soft k-means, 5 points": Work(means, means_arrays, {"c": (3, 2)}, (5, 2), None, 0.8, means_hand),
}
