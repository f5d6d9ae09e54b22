"""Linear algebra and what is like it: matrices, transforms, sorting, functions to minimise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from benchmarks.programs.common import Array, Found, Params, Work, linear, mean_square

Rows = list[list[Any]]


def sorting(P: Params, x: Any) -> Any:
    """Eight weighted numbers sorted by a network, then weighted by their rank."""
    wires = [w * v for w, v in zip(P["w"], x, strict=True)]
    run = 2
    while run <= 8:
        step = run // 2
        while step:
            for i in range(8):
                if (i ^ step) > i:
                    a, b = (i, i ^ step) if not i & run else (i ^ step, i)
                    wires[a], wires[b] = autograd.minimum(wires[a], wires[b]), autograd.maximum(wires[a], wires[b])
            step //= 2
        run *= 2
    return sum((k + 1) * wire for k, wire in enumerate(wires))


def sorting_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    found = xp.sort(X * P["w"], 1)
    found = found if hasattr(found, "shape") else found[0]
    return sum((k + 1) * found[:, k] for k in range(8))


RANKS = np.arange(1.0, 9)


def sorting_hand(P: Params, X: Array, Y: Any) -> Found:
    n = len(X)
    Z = X * P["w"]
    order = Z.argsort(1)
    ranks = np.empty_like(X)
    np.put_along_axis(ranks, order, RANKS[None], 1)
    slopes = np.einsum("ij,ij->j", ranks, X) / n
    return float(slopes @ P["w"]), {"w": slopes}


def determinant(P: Params, x: Any) -> Any:
    """The square of a determinant of four rows, expanded by minors."""

    def det(A: Rows) -> Any:
        if len(A) == 1:
            return A[0][0]
        return sum((-1) ** j * A[0][j] * det([row[:j] + row[j + 1 :] for row in A[1:]]) for j in range(len(A)))

    return det([[w * v for w, v in zip(P["w"], row, strict=True)] for row in x]) ** 2


def determinant_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    return xp.linalg.det(X * P["w"]) ** 2


def determinant_hand(P: Params, X: Array, Y: Any) -> Found:
    # Every column has one weight, so that the determinant is their product times that of X.
    n, w = len(X), P["w"]
    dets = np.linalg.det(X)
    loss = float(dets @ dets) / n * float(np.prod(w)) ** 2
    return loss, {"w": 2 * loss / w}


def triangle(A: Rows) -> Rows:
    """The lower triangular matrix of Cholesky."""
    L: Rows = []
    for i, row in enumerate(A):
        L.append([])
        for j in range(i + 1):
            rest = row[j] - sum((L[i][k] * L[j][k] for k in range(j)), 0.0)
            L[i].append(rest.sqrt() if i == j else rest / L[j][j])
    return L


def likelihood(P: Params, x: Any, y: Any) -> Any:
    """The negative log likelihood of four numbers whose covariance has a Gaussian kernel, by Cholesky."""
    wide, noise = P["wide"].exp(), P["noise"].exp()
    A = [[(-wide * (a - b) ** 2).exp() + (noise if i == j else 0.0) for j, b in enumerate(x)] for i, a in enumerate(x)]
    L = triangle(A)
    z: list[Any] = []
    for i in range(4):
        z.append((y[i] - P["mean"] - sum((L[i][k] * z[k] for k in range(i)), 0.0)) / L[i][i])
    return 0.5 * sum(v * v for v in z) + sum(L[i][i].log() for i in range(4))


def likelihood_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    D = (X[:, :, None] - X[:, None]) ** 2
    A = xp.exp(-xp.exp(P["wide"]) * D) + xp.exp(P["noise"]) * xp.asarray(np.eye(4))
    r = Y - P["mean"]
    return 0.5 * (r * xp.linalg.solve(A, r[..., None])[..., 0]).sum(-1) + 0.5 * xp.linalg.slogdet(A)[1]


def likelihood_hand(P: Params, X: Array, Y: Array) -> Found:
    n, wide, noise = len(X), math.exp(P["wide"]), math.exp(P["noise"])
    D = X[:, :, None] - X[:, None]
    D *= D
    K = np.exp(D * -wide)
    A = K.copy()
    A.reshape(n, 16)[:, ::5] += noise
    L = np.linalg.cholesky(A)
    inverse = np.linalg.inv(A)
    r = Y - P["mean"]
    a = (inverse @ r[:, :, None])[:, :, 0]
    loss = (0.5 * float(a.ravel() @ r.ravel()) + float(np.log(L.reshape(n, 16)[:, ::5]).sum())) / n
    inverse -= a[:, :, None] * a[:, None]
    diagonal = float(inverse.reshape(n, 16)[:, ::5].sum())
    K *= D
    return loss, {"wide": -0.5 * wide / n * float(inverse.ravel() @ K.ravel()), "noise": 0.5 * noise / n * diagonal,
                  "mean": -a.sum() / n}


def solution(P: Params, x: Any, y: Any) -> Any:
    """The solution of four linear equations by Gauss, the matrix being that of the parameters and x."""
    A = [[p + (x[i] if i == j else 0.0) for j, p in enumerate(row)] + [b] for i, (row, b) in
         enumerate(zip(P["A"], P["b"], strict=True))]
    for i in range(4):
        for k in range(i + 1, 4):
            factor = A[k][i] / A[i][i]
            A[k] = [a - factor * b for a, b in zip(A[k], A[i], strict=True)]
    z: list[Any] = [0.0] * 4
    for i in range(3, -1, -1):
        z[i] = (A[i][4] - sum((A[i][k] * z[k] for k in range(i + 1, 4)), 0.0)) / A[i][i]
    return sum((a - b) ** 2 for a, b in zip(z, y, strict=True))


def solution_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    A = P["A"] + X[:, :, None] * xp.asarray(np.eye(4))
    return ((xp.linalg.solve(A, (0 * X + P["b"])[..., None])[..., 0] - Y) ** 2).sum(-1)


def solution_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    A = np.empty((n, 4, 4))
    A[:] = P["A"]
    A.reshape(n, 16)[:, ::5] += X
    inverse = np.linalg.inv(A)
    z = inverse @ P["b"]
    e = z - Y
    loss = mean_square(e)
    e *= 2 / n
    back = (e[:, None] @ inverse)[:, 0]
    return loss, {"b": back.sum(0), "A": -(back.T @ z)}


def equations(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.uniform(2, 4, (examples, 4)), rng.normal(size=(examples, 4))


def power(P: Params, x: Any) -> Any:
    """The greatest eigenvalue of a symmetric matrix of three rows by six steps of power iteration."""
    A = [[sum(P["A"][i][k] * x[k] * P["A"][j][k] for k in range(3)) for j in range(3)] for i in range(3)]
    v: Any = [1.0, 1.0, 1.0]
    for _ in range(6):
        u = linear(A, v)
        size = autograd.dot(u, u).sqrt()
        v = [a / size for a in u]
    return autograd.dot(v, linear(A, v))


def power_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    A = (P["A"] * X[:, None]) @ P["A"].T
    v = 0 * X + 1
    for _ in range(6):
        u = (A @ v[:, :, None])[:, :, 0]
        v = u / xp.sqrt((u * u).sum(-1))[:, None]
    return (v * (A @ v[:, :, None])[:, :, 0]).sum(-1)


def power_hand(P: Params, X: Array, Y: Any) -> Found:
    n, B = len(X), P["A"]
    BX = B * X[:, None]
    A = BX @ B.T
    V, sizes = np.empty((7, n, 3, 1)), np.empty((7, n, 1, 1))
    V[0] = 1
    for t in range(1, 7):
        u = np.matmul(A, V[t - 1], out=V[t])
        size = np.matmul(u.swapaxes(1, 2), u, out=sizes[t])
        np.sqrt(size, out=size)
        u /= size
    last = A @ V[6]
    loss = float(last.ravel() @ V[6].ravel()) / n
    G = np.empty((7, n, 3, 1))  # slopes by A v at each step
    np.multiply(V[6], 1 / n, out=G[6])
    g = last * (2 / n)  # A is symmetric
    for t in range(6, 0, -1):
        g -= V[t] * (V[t].swapaxes(1, 2) @ g)
        np.divide(g, sizes[t], out=G[t - 1])
        g = A @ G[t - 1]
    by_A = G[:, :, :, 0].transpose(1, 2, 0) @ V[:, :, :, 0].swapaxes(0, 1)
    by_A += by_A.swapaxes(1, 2)
    return loss, {"A": (by_A @ BX).sum(0)}


def axes(rng: np.random.Generator, examples: int) -> tuple[Array, None]:
    return rng.uniform(0.5, 2, (examples, 3)), None


def spectrum(P: Params, x: Any) -> Any:
    """The weighted power at the frequencies of sixteen windowed numbers, by the fast Fourier transform."""

    def transform(a: list[Any]) -> list[tuple[Any, Any]]:
        if len(a) == 1:
            return [(a[0], 0.0)]
        even, odd, half, found = transform(a[::2]), transform(a[1::2]), len(a) // 2, []
        for k in range(half):
            c, s = math.cos(math.pi * k / half), -math.sin(math.pi * k / half)
            (er, ei), (re, im) = even[k], odd[k]
            found.append((er, ei, c * re - s * im, s * re + c * im))
        return [(a + c, b + d) for a, b, c, d in found] + [(a - c, b - d) for a, b, c, d in found]

    waves = transform([w * v for w, v in zip(P["window"], x, strict=True)])
    return sum(w * (a * a + b * b) for w, (a, b) in zip(P["w"], waves[:9], strict=True))


def spectrum_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    waves = xp.fft.rfft(X * P["window"])
    return (waves.real**2 + waves.imag**2) @ P["w"]


TWICE = np.array([2.0] + [1.0] * 7 + [2.0])


def spectrum_hand(P: Params, X: Array, Y: Any) -> Found:
    n = len(X)
    waves = np.fft.rfft(X * P["window"])
    powers = np.einsum("ij,ij->j", waves.real, waves.real) + np.einsum("ij,ij->j", waves.imag, waves.imag)
    powers /= n
    waves *= P["w"] * TWICE
    back = np.fft.irfft(waves, 16)
    return float(powers @ P["w"]), {"w": powers, "window": np.einsum("ij,ij->j", back, X) * (16 / n)}


def valley(P: Params, x: Any) -> Any:
    """Rosenbrock's valley of ten numbers, moved by x."""
    z = [p + v for p, v in zip(P["p"], x, strict=True)]
    return sum(100 * (z[k + 1] - z[k] * z[k]) ** 2 + (1 - z[k]) ** 2 for k in range(9))


def valley_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    Z = X + P["p"]
    a, b = Z[:, :-1], Z[:, 1:]
    return (100 * (b - a * a) ** 2 + (1 - a) ** 2).sum(-1)


def valley_hand(P: Params, X: Array, Y: Any) -> Found:
    n = len(X)
    Z = X.T + P["p"][:, None]
    a, d = Z[:-1], Z[:-1] * Z[:-1]
    np.subtract(Z[1:], d, out=d)
    to_one = 1 - a
    loss = (100 * mean_square(d, n)) + mean_square(to_one, n)
    slopes = np.zeros(10)
    slopes[1:] = 200 * d.sum(1)
    slopes[:-1] -= 400 * np.einsum("ij,ij->i", d, a) + 2 * to_one.sum(1)
    return loss, {"p": slopes / n}


def series(P: Params, x: Any, y: Any) -> Any:
    """A vector times the exponential of a matrix of three rows, scaled by x, by six terms of its series."""
    found = term = list(P["v"])
    for k in range(1, 7):
        term = [a * x / k for a in linear(P["A"], term)]
        found = [a + b for a, b in zip(found, term, strict=True)]
    return sum((a - b) ** 2 for a, b in zip(found, y, strict=True))


def series_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    found = term = 0 * Y + P["v"]
    for k in range(1, 7):
        term = (term @ P["A"].T) * (X / k)[:, None]
        found = found + term
    return ((found - Y) ** 2).sum(-1)


FACTORIALS = np.array([1.0 / math.factorial(k) for k in range(7)])


def series_hand(P: Params, X: Array, Y: Array) -> Found:
    # The terms are powers of x times vectors that are the same for all examples.
    n, A = len(X), P["A"]
    vectors = [P["v"]]
    for _ in range(6):
        vectors.append(A @ vectors[-1])
    powers = FACTORIALS * X[:, None] ** np.arange(7)
    e = powers @ np.array(vectors)
    e -= Y
    loss = mean_square(e)
    slopes = powers.T @ e
    slopes *= 2 / n
    g, by_A = slopes[6], np.zeros((3, 3))
    for k in range(5, -1, -1):
        by_A += np.multiply.outer(g, vectors[k])
        g = slopes[k] + g @ A
    return loss, {"v": g, "A": by_A}


def orthogonal(P: Params, x: Any) -> Any:
    """Three vectors of four numbers made orthogonal by Gram and Schmidt, along x."""
    basis: Rows = []
    for v in P["V"]:
        u = [a * b for a, b in zip(v, x, strict=True)]
        for b in basis:
            along = autograd.dot(u, b)
            u = [p - along * q for p, q in zip(u, b, strict=True)]
        size = (autograd.dot(u, u) + 1e-6).sqrt()
        basis.append([a / size for a in u])
    return sum(autograd.dot(b, P["c"]) * b[0] for b in basis)


def orthogonal_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    basis: list[Any] = []
    for k in range(3):
        u = P["V"][k] * X
        for b in basis:
            u = u - (u * b).sum(-1)[:, None] * b
        basis.append(u / xp.sqrt((u * u).sum(-1) + 1e-6)[:, None])
    return sum((b @ P["c"]) * b[:, 0] for b in basis)


WORK: dict[str, Work] = {
    "sorting network of 8": Work(sorting, sorting_arrays, {"w": (8,)}, (8,), hand=sorting_hand, library="sort"),
    "determinant of 4 rows": Work(determinant, determinant_arrays, {"w": (4,)}, (4, 4), hand=determinant_hand,
                                  library="LAPACK getrf"),
    "Gaussian process of 4 by Cholesky": Work(likelihood, likelihood_arrays, {"wide": (), "noise": (), "mean": ()},
                                              (4,), (4,), hand=likelihood_hand, library="LAPACK potrf"),
    "linear equations of 4": Work(solution, solution_arrays, {"A": (4, 4), "b": (4,)}, (4,), (4,), 0.5, solution_hand,
                                  equations, library="LAPACK gesv"),
    "power iteration, 3 × 6": Work(power, power_arrays, {"A": (3, 3)}, (3,), None, 0.7, power_hand, axes),
    "Fourier transform of 16": Work(spectrum, spectrum_arrays, {"window": (16,), "w": (9,)}, (16,),
                                    hand=spectrum_hand, library="FFT"),
    "Rosenbrock's valley of 10": Work(valley, valley_arrays, {"p": (10,)}, (10,), hand=valley_hand),
    "matrix exponential, 6 terms": Work(series, series_arrays, {"A": (3, 3), "v": (3,)}, (), (3,), hand=series_hand),
    "Gram and Schmidt, 3 of 4": Work(orthogonal, orthogonal_arrays, {"V": (3, 4), "c": (4,)}, (4,)),
}
