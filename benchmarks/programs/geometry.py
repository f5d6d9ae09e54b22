"""Geometry: curves, motions, cameras, shapes, light along rays."""

from __future__ import annotations

import cmath
import math
from itertools import pairwise
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
    sigmoid,
    squared_distance,
)


def bezier(P: Params, x: Any) -> Any:
    """How far ten points are from a Bézier curve of degree five, by de Casteljau."""
    loss = 0.0
    for k in range(10):
        points, t = P["c"], k / 9
        while len(points) > 1:
            points = [[(1 - t) * a + t * b for a, b in zip(p, q, strict=True)]
                      for p, q in pairwise(points)]
        loss = loss + squared_distance(points[0], x[k])
    return loss


ALONG = np.arange(10) / 9
BERNSTEIN = np.stack([math.comb(5, i) * (1 - ALONG) ** (5 - i) * ALONG**i for i in range(6)], 1)


def bezier_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    return ((xp.asarray(BERNSTEIN) @ P["c"] - X) ** 2).sum(-1).sum(-1)


def bezier_hand(P: Params, X: Array, Y: Any) -> Found:
    n = len(X)
    e = BERNSTEIN @ P["c"] - X
    return mean_square(e), {"c": BERNSTEIN.T @ e.sum(0) * (2 / n)}


KNOTS = [i / 8 for i in range(-3, 12)]


def spline(P: Params, x: Any, y: Any) -> Any:
    """A cubic spline of eleven pieces by Cox and de Boor."""
    basis = [autograd.where(autograd.gt(a, x), 0.0, autograd.where(autograd.gt(b, x), 1.0, 0.0))
             for a, b in pairwise(KNOTS)]
    for p in (1, 2, 3):
        basis = [(x - KNOTS[i]) * (8 / p) * basis[i] + (KNOTS[i + p + 1] - x) * (8 / p) * basis[i + 1]
                 for i in range(len(basis) - 1)]
    return (autograd.dot(P["c"], basis) - y) ** 2


def spline_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    knots, x = xp.asarray(np.array(KNOTS)), X[:, None]
    N = xp.where((x >= knots[:-1]) & (x < knots[1:]), 1.0 + 0 * x, 0 * x)
    for p in (1, 2, 3):
        N = (x - knots[: -p - 1]) * (8 / p) * N[:, :-1] + (knots[p + 1 :] - x) * (8 / p) * N[:, 1:]
    return (N @ P["c"] - Y) ** 2


CUBIC = np.array([[1, -3, 3, -1], [4, 0, -6, 3], [1, 3, 3, -3], [0, 0, 0, 1]]) / 6  # of evenly spaced knots


def spline_hand(P: Params, X: Array, Y: Array) -> Found:
    # Only four pieces reach each point, and they are cubic in its place between two knots.
    n, place = len(X), X * 8
    whole = place.astype(np.intp)
    t = place - whole
    square = t * t
    weights = CUBIC @ np.stack([np.ones(n), t, square, square * t])
    where = whole + np.arange(4)[:, None]
    e = np.einsum("ij,ij->j", P["c"][where], weights)
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    weights *= e
    return loss, {"c": np.bincount(where.ravel(), weights.ravel(), 11)}


NODES = np.array([0.0, 0.1, 0.35, 0.65, 0.9, 1.0])
BETWEEN = np.array([1 / math.prod(a - b for b in NODES if b != a) for a in NODES])


def lagrange(P: Params, x: Any, y: Any) -> Any:
    """The polynomial through values at six nodes, by Lagrange."""
    total = 0.0
    for i, value in enumerate(P["c"]):
        for j, node in enumerate(NODES.tolist()):
            if j != i:
                value = value * ((x - node) / (NODES[i].item() - node))
        total = total + value
    return (total - y) ** 2


def lagrange_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    nodes = xp.asarray(NODES)
    total = 0.0 * X
    for i in range(6):
        others = xp.asarray(np.delete(NODES, i))
        total = total + P["c"][i] * ((X[:, None] - others) / (nodes[i] - others)).prod(-1)
    return (total - Y) ** 2


def lagrange_hand(P: Params, X: Array, Y: Array) -> Found:
    # Of each node the product of the distances to those before it, times that of the distances to those behind it.
    n, d = len(X), X - NODES[:, None]
    L, R = np.ones((6, n)), np.ones((6, n))
    for i in range(1, 6):
        np.multiply(L[i - 1], d[i - 1], out=L[i])
        np.multiply(R[6 - i], d[6 - i], out=R[5 - i])
    L *= R
    L *= BETWEEN[:, None]
    e = P["c"] @ L
    e -= Y
    loss = mean_square(e)
    e *= 2 / n
    return loss, {"c": L @ e}


def places(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.random(examples), rng.normal(size=examples)


def motion(P: Params, x: Any, y: Any) -> Any:
    """Six points in a plane turned, scaled and moved onto six others."""
    c, s = P["scale"].exp() * P["angle"].cos(), P["scale"].exp() * P["angle"].sin()
    return sum((c * a - s * b + P["move"][0] - u) ** 2 + (s * a + c * b + P["move"][1] - v) ** 2
               for (a, b), (u, v) in zip(x, y, strict=True))


def motion_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    c, s = xp.exp(P["scale"]) * xp.cos(P["angle"]), xp.exp(P["scale"]) * xp.sin(P["angle"])
    a, b = X[:, :, 0], X[:, :, 1]
    return ((c * a - s * b + P["move"][0] - Y[:, :, 0]) ** 2 + (s * a + c * b + P["move"][1] - Y[:, :, 1]) ** 2).sum(-1)


def motion_hand(P: Params, X: Array, Y: Array) -> Found:
    n, points = len(X), X.reshape(-1, 2)
    size = math.exp(P["scale"])
    c, s = size * math.cos(P["angle"]), size * math.sin(P["angle"])
    e = points @ np.array([[c, s], [-s, c]])
    e += P["move"]
    e -= Y.reshape(-1, 2)
    loss = mean_square(e, n)
    e *= 2 / n
    (aa, ab), (ba, bb) = (points.T @ e).tolist()
    by_c, by_s = aa + bb, ab - ba
    return loss, {"angle": c * by_s - s * by_c, "scale": c * by_c + s * by_s, "move": e.sum(0)}


def motions(P: Params, x: Any, y: Any) -> Any:
    """Six points in a plane moved four times, one after the other, onto six others: a chain of rigid motions."""
    points = list(x)
    for angle, right, up in P["g"]:
        c, s = angle.cos(), angle.sin()
        points = [(c * a - s * b + right, s * a + c * b + up) for a, b in points]
    return sum((a - u) ** 2 + (b - v) ** 2 for (a, b), (u, v) in zip(points, y, strict=True))


def motions_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    a, b = X[:, :, 0], X[:, :, 1]
    for i in range(4):
        angle, right, up = P["g"][i]
        c, s = xp.cos(angle), xp.sin(angle)
        a, b = c * a - s * b + right, s * a + c * b + up
    return ((a - Y[:, :, 0]) ** 2 + (b - Y[:, :, 1]) ** 2).sum(-1)


def motions_hand(P: Params, X: Array, Y: Array) -> Found:
    # As complex numbers a motion is z -> m·z + d; all four make one, and so do their slopes.
    n, points = len(X), X.reshape(-1, 2)
    turns = [(cmath.exp(1j * angle), complex(right, up)) for angle, right, up in P["g"].tolist()]
    m, d, before = 1 + 0j, 0j, []
    for turn, shift in turns:
        before.append((m, d))
        m, d = turn * m, turn * d + shift
    e = points @ np.array([[m.real, m.imag], [-m.imag, m.real]])
    e += (d.real, d.imag)
    e -= Y.reshape(-1, 2)
    loss = mean_square(e, n)
    (p, q), (r, s) = (e.T @ points * (2 / n)).tolist()
    gm, gd = complex(p + s, r - q), complex(*(np.ones(len(e)) @ e * (2 / n)).tolist())
    slopes = []
    for (turn, _), (m, d) in zip(reversed(turns), reversed(before), strict=True):
        g = gm * m.conjugate() + gd * d.conjugate()
        slopes.append(((g * turn.conjugate()).imag, gd.real, gd.imag))
        gm, gd = gm * turn.conjugate(), gd * turn.conjugate()
    return loss, {"g": np.array(slopes[::-1])}


def camera(P: Params, x: Any, y: Any) -> Any:
    """Where a camera that is turned twice and moved sees five points in space."""
    (c, s), (d, r) = ((P[name].cos(), P[name].sin()) for name in ("yaw", "pitch"))
    loss = 0.0
    for (a, b, z), (u, v) in zip(x, y, strict=True):
        a, z = c * a + s * z, c * z - s * a
        b, z = d * b - r * z, r * b + d * z
        a, b, depth = a + P["move"][0], b + P["move"][1], z + P["move"][2] + 6.0
        zoom = P["zoom"].exp() / depth
        loss = loss + (zoom * a - u) ** 2 + (zoom * b - v) ** 2
    return loss


def camera_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    (c, s), (d, r) = ((xp.cos(P[name]), xp.sin(P[name])) for name in ("yaw", "pitch"))
    a, b, z = X[..., 0], X[..., 1], X[..., 2]
    a, z = c * a + s * z, c * z - s * a
    b, z = d * b - r * z, r * b + d * z
    zoom = xp.exp(P["zoom"]) / (z + P["move"][2] + 6.0)
    return ((zoom * (a + P["move"][0]) - Y[..., 0]) ** 2 + (zoom * (b + P["move"][1]) - Y[..., 1]) ** 2).sum(-1)


def camera_hand(P: Params, X: Array, Y: Array) -> Found:
    n, points = len(X), X.reshape(-1, 3).T
    c, s, d, r = (f(P[name]) for name in ("yaw", "pitch") for f in (math.cos, math.sin))
    turned = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    tilted = np.array([[1, 0, 0], [0, d, -r], [0, r, d]])
    seen = (tilted @ turned) @ points
    seen += P["move"][:, None]
    depth = seen[2]
    depth += 6.0
    zoom = math.exp(P["zoom"]) / depth
    image = seen[:2] * zoom
    e = image - Y.reshape(-1, 2).T
    loss = mean_square(e, n)
    e *= 2 / n
    along = np.einsum("ij,ij->j", e, image)
    G = np.empty_like(seen)
    np.multiply(e, zoom, out=G[:2])
    np.divide(along, depth, out=G[2])
    np.negative(G[2], out=G[2])
    by_matrix = G @ points.T
    by_yaw = tilted @ np.array([[-s, 0, c], [0, 0, 0], [-c, 0, -s]])
    by_pitch = np.array([[0, 0, 0], [0, -r, -d], [0, d, -r]]) @ turned
    return loss, {"yaw": (by_matrix * by_yaw).sum(), "pitch": (by_matrix * by_pitch).sum(), "zoom": along.sum(),
                  "move": G.sum(1)}


def views(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.uniform(-2, 2, (examples, 5, 3)), rng.normal(size=(examples, 5, 2))


def arm(P: Params, x: Any, y: Any) -> Any:
    """Where an arm of four joints reaches: its lengths and the zeros of its angles."""
    angle, reach = 0.0, [0.0, 0.0]
    for turn, zero, length in zip(x, P["zero"], P["length"], strict=True):
        angle = angle + turn + zero
        reach = [reach[0] + length * angle.cos(), reach[1] + length * angle.sin()]
    return squared_distance(reach, y)


def arm_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    angles = xp.cumsum(X + P["zero"], 1)
    return (xp.cos(angles) @ P["length"] - Y[:, 0]) ** 2 + (xp.sin(angles) @ P["length"] - Y[:, 1]) ** 2


def arm_hand(P: Params, X: Array, Y: Array) -> Found:
    n, length = len(X), P["length"]
    angles = (X + P["zero"]).cumsum(1)
    both = np.stack([np.cos(angles), np.sin(angles)])
    e = both @ length
    e -= Y.T
    loss = mean_square(e, n)
    e *= 2 / n
    by_length = np.einsum("ki,kij->j", e, both)
    by_angle = (e[1] @ both[0] - e[0] @ both[1]) * length
    return loss, {"length": by_length, "zero": by_angle[::-1].cumsum()[::-1]}


def chamfer(P: Params, x: Any) -> Any:
    """The Chamfer distance of six points from five movable ones: to the nearest, both ways."""
    D = [[squared_distance(a, c) for c in P["c"]] for a in x]
    return sum(autograd.min(row) for row in D) + sum(autograd.min(list(column)) for column in zip(*D, strict=True))


def chamfer_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    D = ((X[:, :, None] - P["c"]) ** 2).sum(-1)
    return xp.amin(D, 2).sum(-1) + xp.amin(D, 1).sum(-1)


def chamfer_hand(P: Params, X: Array, Y: Any) -> Found:
    n, c = len(X), P["c"]
    rows = X.reshape(-1, 2)
    D = rows @ (-2 * c.T)
    D += np.einsum("ij,ij->i", rows, rows)[:, None]
    D += np.einsum("ij,ij->i", c, c)
    D = D.reshape(n, 6, 5)
    to_c, to_x = D.min(2, keepdims=True), D.min(1, keepdims=True)
    loss = float(to_c.sum() + to_x.sum()) / n
    M = np.add(to_c == D, to_x == D, dtype=float).reshape(-1, 5)
    return loss, {"c": (M.sum(0)[:, None] * c - M.T @ rows) * (2 / n)}


def union(P: Params, x: Any, y: Any) -> Any:
    """How far a point is from a smooth union of six balls."""
    gaps = [4 * (r.exp() - (squared_distance(x, c) + 1e-6).sqrt()) for c, r in zip(P["c"], P["r"], strict=True)]
    return (-0.25 * autograd.logsumexp(gaps) - y) ** 2


def union_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    far = xp.sqrt(((X[:, None] - P["c"]) ** 2).sum(-1) + 1e-6)
    return (-0.25 * xp.logsumexp(4 * (xp.exp(P["r"]) - far), -1) - Y) ** 2


def union_hand(P: Params, X: Array, Y: Array) -> Found:
    n, c, r = len(X), P["c"], np.exp(P["r"])
    far = X @ (-2 * c.T)
    far += np.einsum("ij,ij->i", X, X)[:, None]
    far += np.einsum("ij,ij->i", c, c) + 1e-6
    np.sqrt(far, out=far)
    E = r - far
    E *= 4
    high = E.max(1)
    E -= high[:, None]
    np.exp(E, out=E)
    total = E.sum(1)
    e = np.log(total)
    e += high
    e *= -0.25
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    e /= total
    E *= e[:, None]
    by_r = -E.sum(0) * r
    E /= far
    return loss, {"r": by_r, "c": E.sum(0)[:, None] * c - E.T @ X}


def rays(P: Params, x: Any, y: Any) -> Any:
    """The light along a ray through eight points of a volume: densities and colours by linear features."""
    light, left = 0.0, 1.0
    for point in x:
        density, colour = affine(P["W"], P["b"], point)
        passes = (-0.3 * density.softplus()).exp()
        light = light + left * (1 - passes) * colour.sigmoid()
        left = left * passes
    return (light - y) ** 2


def rays_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    Z = X @ P["W"].T + P["b"]
    thick = 0.3 * xp.logaddexp(Z[:, :, 0], 0 * Z[:, :, 0])
    free = xp.exp(-(xp.cumsum(thick, 1) - thick))
    return ((free * (1 - xp.exp(-thick)) * xp.sigmoid(Z[:, :, 1])).sum(-1) - Y) ** 2


def rays_hand(P: Params, X: Array, Y: Array) -> Found:
    # What passes a point is (1 + exp z)^-0.3, so that no logarithm is needed.
    n, flat = len(X), X.reshape(-1, 5)
    Z = P["W"] @ flat.T
    Z += P["b"][:, None]
    S = sigmoid(Z).reshape(2, n, 8)
    passes = (1 - S[0]) ** 0.3
    left = np.empty((n, 9))
    left[:, 0] = 1
    np.multiply.accumulate(passes, 1, out=left[:, 1:])
    weights = left[:, :-1] - left[:, 1:]
    seen = weights * S[1]
    e = seen.sum(1)
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    D = np.empty((2, n, 8))
    # A denser point hides what is behind it and shows more of its own colour.
    behind = seen[:, ::-1].cumsum(1)[:, ::-1]
    behind -= seen
    np.multiply(left[:, 1:], S[1], out=D[0])
    D[0] -= behind
    D[0] *= S[0]
    D[0] *= 0.3
    np.subtract(1, S[1], out=D[1])
    D[1] *= seen
    D *= e[:, None]
    rows = D.reshape(2, -1)
    return loss, {"W": rows @ flat, "b": rows.sum(1)}


def transport(P: Params, x: Any) -> Any:
    """The cost of moving five points to five movable ones, by six steps of Sinkhorn's method."""
    C = [[squared_distance(a, c) for c in P["c"]] for a in x]
    K = [[(-c).exp() for c in row] for row in C]
    v: Any = [1.0] * 5
    for _ in range(6):
        u = [1 / autograd.dot(row, v) for row in K]
        v = [1 / autograd.dot(list(column), u) for column in zip(*K, strict=True)]
    return sum(u[i] * K[i][j] * v[j] * C[i][j] for i in range(5) for j in range(5))


def transport_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    C = ((X[:, :, None] - P["c"]) ** 2).sum(-1)
    K = xp.exp(-C)
    v = 0 * K[:, 0] + 1
    for _ in range(6):
        u = 1 / (K @ v[:, :, None])[:, :, 0]
        v = 1 / (u[:, None] @ K)[:, 0]
    return (u[:, :, None] * K * v[:, None] * C).sum(-1).sum(-1)


def times(p: Any, q: Any) -> list[Any]:
    """The product of two quaternions."""
    (a, b, c, d), (e, f, g, h) = p, q
    return [a * e - b * f - c * g - d * h, a * f + b * e + c * h - d * g,
            a * g - b * h + c * e + d * f, a * h + b * g - c * f + d * e]


def turned(P: Params, x: Any, y: Any) -> Any:
    """Twenty points turned by one quaternion onto twenty others."""
    size = sum(a * a for a in P["q"]).sqrt()
    q = [a / size for a in P["q"]]
    back = [q[0], *(-a for a in q[1:])]
    return sum(squared_distance(times(times(q, [0.0, *point]), back)[1:], to) for point, to in zip(x, y, strict=True))


def rotation(w: Any, a: Any, b: Any, c: Any) -> list[list[Any]]:
    """The matrix by which a quaternion of length 1 turns."""
    return [[1 - 2 * (b * b + c * c), 2 * (a * b - w * c), 2 * (a * c + w * b)],
            [2 * (a * b + w * c), 1 - 2 * (a * a + c * c), 2 * (b * c - w * a)],
            [2 * (a * c - w * b), 2 * (b * c + w * a), 1 - 2 * (a * a + b * b)]]


def turned_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    q = P["q"] / xp.sqrt((P["q"] ** 2).sum())
    R = xp.stack([xp.stack(row) for row in rotation(*q)])
    return ((X @ R.T - Y) ** 2).sum(-1).sum(-1)


def turned_hand(P: Params, X: Array, Y: Array) -> Found:
    n, q = len(X), P["q"]
    size = math.sqrt(q @ q)
    unit = q / size
    w, a, b, c = unit.tolist()
    points = X.reshape(-1, 3)
    e = points @ np.array(rotation(w, a, b, c)).T
    e -= Y.reshape(-1, 3)
    (_, xy, xz), (yx, _, yz), (zx, zy, _) = G = (e.T @ points * (4 / n)).tolist()
    xx, yy, zz = (G[i][i] for i in range(3))
    slopes = np.array([
        a * (zy - yz) + b * (xz - zx) + c * (yx - xy),
        w * (zy - yz) + b * (xy + yx) + c * (xz + zx) - 2 * a * (yy + zz),
        w * (xz - zx) + a * (xy + yx) + c * (yz + zy) - 2 * b * (xx + zz),
        w * (yx - xy) + a * (xz + zx) + b * (yz + zy) - 2 * c * (xx + yy)])
    slopes -= unit * (unit @ slopes)
    return mean_square(e, n), {"q": slopes / size}


def crossed(u: Any, v: Any) -> list[Any]:
    """The cross product."""
    return [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]


def spun(P: Params, x: Any, y: Any) -> Any:
    """Ten points turned about an axis by Rodrigues' formula; the angle is the length of the axis."""
    angle = sum(a * a for a in P["k"]).sqrt()
    u = [a / angle for a in P["k"]]
    cosine, sine, total = angle.cos(), angle.sin(), 0.0
    for point, to in zip(x, y, strict=True):
        along = autograd.dot(u, point) * (1 - cosine)
        moved = [cosine * a + sine * b + along * c for a, b, c in zip(point, crossed(u, point), u, strict=True)]
        total = total + squared_distance(moved, to)
    return total


def spun_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    angle = xp.sqrt((P["k"] ** 2).sum())
    a, b, c = u = P["k"] / angle
    K = xp.stack([xp.stack([0 * a, -c, b]), xp.stack([c, 0 * a, -a]), xp.stack([-b, a, 0 * a])])
    R = xp.cos(angle) * xp.eye(3, dtype=X.dtype) + xp.sin(angle) * K + (1 - xp.cos(angle)) * u[:, None] * u
    return ((X @ R.T - Y) ** 2).sum(-1).sum(-1)


def spun_hand(P: Params, X: Array, Y: Array) -> Found:
    n, k, points = len(X), P["k"], X.reshape(-1, 3)
    angle = math.sqrt(k @ k)
    u = k / angle
    a, b, c = u.tolist()
    sine, cosine = math.sin(angle), math.cos(angle)
    K, square = np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]]), np.outer(u, u)
    R = sine * K
    R += (1 - cosine) * square
    R.ravel()[::4] += cosine
    e = points @ R.T
    e -= Y.reshape(-1, 3)
    G = (e.T @ points) * (2 / n)
    slopes = (1 - cosine) * ((G + G.T) @ u)
    slopes += sine * np.array([G[2, 1] - G[1, 2], G[0, 2] - G[2, 0], G[1, 0] - G[0, 1]])
    slopes -= u * (u @ slopes)
    about = cosine * np.vdot(G, K) + sine * (np.vdot(G, square) - np.trace(G))
    return mean_square(e, n), {"k": slopes / angle + about * u}


def mapped(P: Params, x: Any, y: Any) -> Any:
    """Eight points of a plane seen in another: a homography."""
    h, total = P["h"], 0.0
    for (p, q), (a, b) in zip(x, y, strict=True):
        depth = h[6] * p + h[7] * q + 6.0
        total = total + ((h[0] * p + h[1] * q + h[2]) / depth - a) ** 2
        total = total + ((h[3] * p + h[4] * q + h[5]) / depth - b) ** 2
    return total


def mapped_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    h = P["h"]
    depth = X @ h[6:] + 6
    return (((X @ h[:2] + h[2]) / depth - Y[..., 0]) ** 2 + ((X @ h[3:5] + h[5]) / depth - Y[..., 1]) ** 2).sum(-1)


def mapped_hand(P: Params, X: Array, Y: Array) -> Found:
    n, h, points = len(X), P["h"], X.reshape(-1, 2)
    z = np.array([h[:2], h[3:5], h[6:]]) @ points.T
    z += np.array([[h[2]], [h[5]], [6.0]])
    share = np.reciprocal(z[2])
    seen = z[:2] * share
    e = seen - Y.reshape(-1, 2).T
    loss = mean_square(e, n)
    slopes = np.empty_like(z)
    np.multiply(e, share, out=slopes[:2])
    seen *= slopes[:2]
    np.add(seen[0], seen[1], out=slopes[2])
    np.negative(slopes[2], out=slopes[2])
    slopes *= 2 / n
    G, sums = slopes @ points, slopes[:2].sum(-1)
    return loss, {"h": np.concatenate([G[0], sums[:1], G[1], sums[1:], G[2]])}


def between(P: Params, x: Any, y: Any) -> Any:
    """A place on the arc between two quaternions, some angle apart."""
    a, b = ([value / sum(v * v for v in P[name]).sqrt() for value in P[name]] for name in "ab")
    angle = P["t"].exp()
    share = 1 / angle.sin()
    first, second = ((1 - x) * angle).sin() * share, (x * angle).sin() * share
    return sum((first * p + second * q - r) ** 2 for p, q, r in zip(a, b, y, strict=True))


def between_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    a, b = (P[name] / xp.sqrt((P[name] ** 2).sum()) for name in "ab")
    angle, x = xp.exp(P["t"]), X[:, None]
    return (((xp.sin((1 - x) * angle) * a + xp.sin(x * angle) * b) / xp.sin(angle) - Y) ** 2).sum(-1)


def between_hand(P: Params, X: Array, Y: Array) -> Found:
    n, lengths = len(X), [math.sqrt(P[name] @ P[name]) for name in "ab"]
    angle = math.exp(P["t"])
    share = 1 / math.sin(angle)
    ends = np.stack([P[name] / length for name, length in zip("ab", lengths, strict=True)])
    place = np.stack([1 - X, X])
    phase = place * angle
    weights = np.sin(phase)
    weights *= share
    e = weights.T @ ends
    e -= Y
    loss = mean_square(e, n)
    e *= 2 / n
    G, slopes = weights @ e, ends @ e.T
    np.cos(phase, out=phase)
    phase *= place
    turn = share * (np.vdot(phase, slopes) - math.cos(angle) * np.vdot(weights, slopes))
    G -= ends * np.einsum("ij,ij->i", ends, G)[:, None]
    return loss, {"a": G[0] / lengths[0], "b": G[1] / lengths[1], "t": np.array(turn * angle)}


def on_arcs(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.random(examples), rng.normal(size=(examples, 4))


def shading(P: Params, x: Any, y: Any) -> Any:
    """Phong's light on twelve points of a surface, seen from above."""
    size = autograd.dot(P["light"], P["light"]).sqrt()
    light, loss = [a / size for a in P["light"]], 0.0
    for normal, seen in zip(x, y, strict=True):
        lit = autograd.dot(light, normal).relu()
        shine = (2 * lit * normal[2] - light[2]).relu()
        loss = loss + (P["k"][0] * lit + P["k"][1] * shine**8 - seen) ** 2
    return loss


def shading_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    light = P["light"] / xp.sqrt(P["light"] @ P["light"])
    lit = (X @ light).clip(0)
    return ((P["k"][0] * lit + P["k"][1] * (2 * lit * X[..., 2] - light[2]).clip(0) ** 8 - Y) ** 2).sum(-1)


def shading_hand(P: Params, X: Array, Y: Array) -> Found:
    n, k, normals = len(X), P["k"], X.reshape(-1, 3)
    size = math.sqrt(P["light"] @ P["light"])
    light, up = P["light"] / size, np.ascontiguousarray(normals[:, 2])
    lit = normals @ light
    np.maximum(lit, 0, out=lit)
    shine = lit * up
    shine *= 2
    shine -= light[2]
    np.maximum(shine, 0, out=shine)
    square = shine * shine
    fourth = square * square
    eighth = fourth * fourth
    e = k[0] * lit
    e += k[1] * eighth
    e -= Y.ravel()
    loss = mean_square(e, n)
    e *= 2 / n
    weights = np.array([e @ lit, e @ eighth])
    for factor in (square, shine, 8 * k[1], e):
        fourth *= factor  # the slope of shine
    down = fourth.sum()
    fourth *= up
    fourth *= 2
    e *= k[0]
    e += fourth
    e *= lit > 0
    slopes = e @ normals
    slopes[2] -= down
    return loss, {"light": (slopes - light * (light @ slopes)) / size, "k": weights}


WORK: dict[str, Work] = {
    "Bézier curve by de Casteljau": Work(bezier, bezier_arrays, {"c": (6, 2)}, (10, 2), hand=bezier_hand),
    "cubic spline of 11 pieces": Work(spline, spline_arrays, {"c": (11,)}, (), (), hand=spline_hand, data=places),
    "Lagrange's polynomial of 6": Work(lagrange, lagrange_arrays, {"c": (6,)}, (), (), hand=lagrange_hand, data=places),
    "motion in a plane": Work(motion, motion_arrays, {"angle": (), "scale": (), "move": (2,)}, (6, 2), (6, 2),
                              hand=motion_hand),
    "camera, 5 points": Work(camera, camera_arrays, {"yaw": (), "pitch": (), "zoom": (), "move": (3,)}, (5, 3), (5, 2),
                             0.3, camera_hand, views),
    "robot arm of 4 joints": Work(arm, arm_arrays, {"zero": (4,), "length": (4,)}, (4,), (2,), hand=arm_hand),
    "Chamfer distance, 6 and 5": Work(chamfer, chamfer_arrays, {"c": (5, 2)}, (6, 2), hand=chamfer_hand),
    "smooth union of 6 balls": Work(union, union_arrays, {"c": (6, 3), "r": (6,)}, (3,), (), hand=union_hand),
    "light along a ray, 8 points": Work(rays, rays_arrays, {"W": (2, 5), "b": (2,)}, (8, 5), (), hand=rays_hand),
    "optimal transport, 6 steps": Work(transport, transport_arrays, {"c": (5, 2)}, (5, 2)),
    "points turned by a quaternion": Work(turned, turned_arrays, {"q": (4,)}, (20, 3), (20, 3), hand=turned_hand),
    "points turned about an axis": Work(spun, spun_arrays, {"k": (3,)}, (10, 3), (10, 3), hand=spun_hand),
    "chain of 4 motions in a plane": Work(motions, motions_arrays, {"g": (4, 3)}, (6, 2), (6, 2), hand=motions_hand),
    "homography of 8 points": Work(mapped, mapped_arrays, {"h": (8,)}, (8, 2), (8, 2), 0.3, mapped_hand),
    "between two quaternions": Work(between, between_arrays, {"a": (4,), "b": (4,), "t": ()}, (), (4,), 0.4,
                                    between_hand, on_arcs),
    "Phong's light on 12 points": Work(shading, shading_arrays, {"light": (3,), "k": (2,)}, (12, 3), (12,),
                                       hand=shading_hand),
}
