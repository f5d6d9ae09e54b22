"""PolyBench: products of matrices, statistics, stencils, solvers and dynamic programs."""

import math

import numpy as np

import autograd
from benchmarks.lifting.kernel import Kernel, definite, positive, small


def product(A, B):
    """A B."""
    C = []
    for i in range(len(A)):
        C.append([])
        for j in range(len(B[0])):
            total = 0.0
            for k in range(len(B)):
                total += A[i][k] * B[k][j]
            C[i].append(total)
    return C


# ── products ─────────────────────────────────────────────────────────────────────────────────


def two_products(alpha, beta, A, B, C, D):
    """D ← α A B C + β D."""
    found = product(product(A, B), C)
    for i in range(len(D)):
        for j in range(len(D[0])):
            D[i][j] = alpha * found[i][j] + beta * D[i][j]
    return D


def three_products(A, B, C, D):
    """(A B) (C D)."""
    return product(product(A, B), product(C, D))


def atax(A, x):
    """Aᵀ (A x)."""
    y = [0.0] * len(x)
    for i in range(len(A)):
        total = 0.0
        for j in range(len(x)):
            total += A[i][j] * x[j]
        for j in range(len(x)):
            y[j] += A[i][j] * total
    return y


def bicg(A, p, r):
    """Aᵀ r and A p."""
    s, q = [0.0] * len(p), [0.0] * len(r)
    for i in range(len(A)):
        for j in range(len(p)):
            s[j] += r[i] * A[i][j]
            q[i] += A[i][j] * p[j]
    return s, q


def mvt(A, x1, x2, y1, y2):
    """x1 + A y1 and x2 + Aᵀ y2."""
    for i in range(len(A)):
        for j in range(len(A)):
            x1[i] += A[i][j] * y1[j]
    for i in range(len(A)):
        for j in range(len(A)):
            x2[i] += A[j][i] * y2[j]
    return x1, x2


def gemm(alpha, beta, A, B, C):
    """C ← α A B + β C."""
    for i in range(len(C)):
        for j in range(len(C[0])):
            C[i][j] *= beta
        for k in range(len(B)):
            for j in range(len(C[0])):
                C[i][j] += alpha * A[i][k] * B[k][j]
    return C


def gemver(alpha, beta, A, u1, v1, u2, v2, y, z):
    """α Â x, where Â = A + u1 v1ᵀ + u2 v2ᵀ and x = β Âᵀ y + z."""
    n = len(A)
    for i in range(n):
        for j in range(n):
            A[i][j] += u1[i] * v1[j] + u2[i] * v2[j]
    x, w = z, [0.0] * n
    for i in range(n):
        for j in range(n):
            x[i] += beta * A[j][i] * y[j]
    for i in range(n):
        for j in range(n):
            w[i] += alpha * A[i][j] * x[j]
    return w


def gemver_hand(alpha, beta, A, u1, v1, u2, v2, y, z):
    full = A + np.outer(u1, v1) + np.outer(u2, v2)
    return (y @ (beta * full) + z) @ (alpha * full.T)


def gesummv(alpha, beta, A, B, x):
    """α A x + β B x."""
    y = []
    for i in range(len(A)):
        one, other = 0.0, 0.0
        for j in range(len(x)):
            one += A[i][j] * x[j]
            other += B[i][j] * x[j]
        y.append(alpha * one + beta * other)
    return y


def symm(alpha, beta, A, B, C):
    """C ← α A B + β C for a symmetric A, of which the lower triangle is read."""
    for i in range(len(C)):
        for j in range(len(C[0])):
            total = 0.0
            for k in range(i):
                C[k][j] += alpha * B[i][j] * A[i][k]
                total += B[k][j] * A[i][k]
            C[i][j] = beta * C[i][j] + alpha * B[i][j] * A[i][i] + alpha * total
    return C


def symm_hand(alpha, beta, A, B, C):
    return (alpha * (np.tril(A) + np.tril(A, -1).T)) @ B + beta * C


def syrk(alpha, beta, A, C):
    """The lower triangle of C ← α A Aᵀ + β C."""
    for i in range(len(C)):
        for j in range(i + 1):
            C[i][j] *= beta
            for k in range(len(A[0])):
                C[i][j] += alpha * A[i][k] * A[j][k]
    return C


def syrk_hand(alpha, beta, A, C):
    return np.where(np.tri(C.shape[1], dtype=bool), A @ (alpha * A.swapaxes(1, 2)) + beta * C, C)


def syr2k(alpha, beta, A, B, C):
    """The lower triangle of C ← α A Bᵀ + α B Aᵀ + β C."""
    for i in range(len(C)):
        for j in range(i + 1):
            C[i][j] *= beta
            for k in range(len(A[0])):
                C[i][j] += A[j][k] * alpha * B[i][k] + B[j][k] * alpha * A[i][k]
    return C


def syr2k_hand(alpha, beta, A, B, C):
    P = B @ (alpha * A.T)
    return np.where(np.tri(C.shape[1], dtype=bool), P + P.swapaxes(1, 2) + beta * C, C)


def trmm(alpha, A, B):
    """B ← α Aᵀ B for a lower triangular A with ones on its diagonal."""
    for i in range(len(B)):
        for j in range(len(B[0])):
            for k in range(i + 1, len(B)):
                B[i][j] += A[k][i] * B[k][j]
            B[i][j] = alpha * B[i][j]
    return B


def trmm_hand(alpha, A, B):
    return (alpha * (np.tril(A, -1).T + np.eye(len(A)))) @ B


def doitgen(A, C):
    """Every A[r][q] as a row times C."""
    for r in range(len(A)):
        A[r] = product(A[r], C)
    return A


# ── statistics of the columns of a table ─────────────────────────────────────────────────────


def columns_of(data):
    """The columns less their means."""
    found = []
    for j in range(len(data[0])):
        mean = sum(row[j] for row in data) / len(data)
        found.append([row[j] - mean for row in data])
    return found


def covariance(data):
    columns = columns_of(data)
    return [[sum(p * q for p, q in zip(one, other, strict=True)) / (len(data) - 1) for other in columns]
            for one in columns]


def covariance_hand(data):
    D = data - data.mean(1, keepdims=True)
    return D.swapaxes(1, 2) @ (D / (data.shape[1] - 1))


def correlation(data):
    """With ones on the diagonal; a column that hardly varies is not divided by its deviation."""
    columns = []
    for column in columns_of(data):
        deviation = (sum(one * one for one in column) / len(column)).sqrt()
        deviation = autograd.where(autograd.gt(deviation, 0.1), deviation, 1.0)
        columns.append([one / (math.sqrt(len(column)) * deviation) for one in column])
    return [[1.0 if i == j else sum(p * q for p, q in zip(columns[i], columns[j], strict=True))
             for j in range(len(columns))] for i in range(len(columns))]


def correlation_hand(data):
    D = data - data.mean(1, keepdims=True)
    deviation = np.sqrt(np.einsum("bij,bij->bj", D, D) / data.shape[1])
    D /= math.sqrt(data.shape[1]) * np.where(deviation > 0.1, deviation, 1)[:, None]
    found = D.swapaxes(1, 2) @ D
    found[:, np.arange(data.shape[2]), np.arange(data.shape[2])] = 1
    return found


# ── stencils: arrays that change step by step ────────────────────────────────────────────────


def jacobi_1d(A, B):
    """Means of three neighbours, from A to B and back."""
    for _ in range(len(A) // 2):
        for source, target in ((A, B), (B, A)):
            for i in range(1, len(A) - 1):
                target[i] = (source[i - 1] + source[i] + source[i + 1]) / 3
    return A, B


def jacobi_1d_hand(A, B):
    A, B = A.T.copy(), B.T.copy()
    for _ in range(len(A) // 2):
        for source, target in ((A, B), (B, A)):
            np.add(source[:-2], source[1:-1], out=target[1:-1])
            target[1:-1] += source[2:]
            target[1:-1] *= 1 / 3
    return A.T, B.T


def jacobi_2d(A, B):
    """Means of a cell and its four neighbours, from A to B and back."""
    n = len(A)
    for _ in range(n // 2):
        for source, target in ((A, B), (B, A)):
            for i in range(1, n - 1):
                for j in range(1, n - 1):
                    target[i][j] = (source[i][j] + source[i][j - 1] + source[i][j + 1]
                                    + source[i - 1][j] + source[i + 1][j]) / 5
    return A, B


def jacobi_2d_hand(A, B):
    A, B = A.copy(), B.copy()
    for _ in range(A.shape[1] // 2):
        for source, target in ((A, B), (B, A)):
            inner = source[:, 1:-1, 1:-1] + source[:, 1:-1, :-2]
            inner += source[:, 1:-1, 2:]
            inner += source[:, :-2, 1:-1]
            inner += source[:, 2:, 1:-1]
            np.multiply(inner, 1 / 5, out=target[:, 1:-1, 1:-1])
    return A, B


def seidel_2d(A):
    """Means of nine cells, some of which have changed in the same step."""
    n = len(A)
    for _ in range(n // 2):
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                A[i][j] = sum(A[i + p][j + q] for p in (-1, 0, 1) for q in (-1, 0, 1)) / 9
    return A


def seidel_2d_hand(A):
    # What a row takes from the cells on its left is a product with powers of 1/9.
    A, n = A.copy(), A.shape[1]
    i, j = np.ogrid[: n - 2, : n - 2]
    left = np.where(i >= j, (1 / 9) ** np.maximum(i - j + 1, 1.0), 0).T
    for _ in range(n // 2):
        for row in range(1, n - 1):
            around = A[:, row - 1] + A[:, row + 1]
            known = around[:, :-2] + around[:, 1:-1] + around[:, 2:] + A[:, row, 1:-1] + A[:, row, 2:]
            known[:, 0] += A[:, row, 0]
            np.matmul(known, left, out=A[:, row, 1:-1])
    return A


def heat_3d(A, B):
    """Heat in a solid, from A to B and back."""
    n = len(A)
    inner = range(1, n - 1)
    for _ in range(n // 4):
        for a, b in ((A, B), (B, A)):
            for i in inner:
                for j in inner:
                    for k in inner:
                        b[i][j][k] = (0.125 * (a[i + 1][j][k] - 2 * a[i][j][k] + a[i - 1][j][k])
                                      + 0.125 * (a[i][j + 1][k] - 2 * a[i][j][k] + a[i][j - 1][k])
                                      + 0.125 * (a[i][j][k + 1] - 2 * a[i][j][k] + a[i][j][k - 1]) + a[i][j][k])
    return A, B


def heat_3d_hand(A, B):
    A, B, c = A.copy(), B.copy(), slice(1, -1)
    for _ in range(A.shape[1] // 4):
        for a, b in ((A, B), (B, A)):
            found = a[:, 2:, c, c] + a[:, :-2, c, c]
            found += a[:, c, 2:, c]
            found += a[:, c, :-2, c]
            found += a[:, c, c, 2:]
            found += a[:, c, c, :-2]
            found += 2 * a[:, c, c, c]
            np.multiply(found, 0.125, out=b[:, c, c, c])
    return A, B


def fdtd_2d(ex, ey, hz, source):
    """An electric and a magnetic field in a plane, with a source at its edge."""
    rows, columns = len(hz), len(hz[0])
    for t in range(len(source)):
        for j in range(columns):
            ey[0][j] = source[t]
        for i in range(1, rows):
            for j in range(columns):
                ey[i][j] -= 0.5 * (hz[i][j] - hz[i - 1][j])
        for i in range(rows):
            for j in range(1, columns):
                ex[i][j] -= 0.5 * (hz[i][j] - hz[i][j - 1])
        for i in range(rows - 1):
            for j in range(columns - 1):
                hz[i][j] -= 0.7 * (ex[i][j + 1] - ex[i][j] + ey[i + 1][j] - ey[i][j])
    return ex, ey, hz


def fdtd_2d_hand(ex, ey, hz, source):
    ex, ey, hz = ex.copy(), ey.copy(), hz.copy()
    for t in range(source.shape[1]):
        ey[:, 0] = source[:, t, None]
        ey[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        ex[:, :, 1:] -= 0.5 * (hz[:, :, 1:] - hz[:, :, :-1])
        curl = ex[:, :-1, 1:] - ex[:, :-1, :-1]
        curl += ey[:, 1:, :-1]
        curl -= ey[:, :-1, :-1]
        curl *= 0.7
        hz[:, :-1, :-1] -= curl
    return ex, ey, hz


def tridiagonal(known, c):
    """x with x[0] = x[n+1] = 1 and (1 + 2c) x[i] - c x[i-1] - c x[i+1] = known[i], by Thomas's algorithm."""
    p, q = [0.0], [1.0]
    for one in known:
        pivot = 1 + 2 * c - c * p[-1]
        p, q = [*p, c / pivot], [*q, (one + c * q[-1]) / pivot]
    x = [1.0]
    for i in range(len(known), 0, -1):
        x.append(p[i] * x[-1] + q[i])
    return [1.0, *reversed(x)]


def adi(u):
    """Heat in a plane by alternating directions: columns are solved for and rows known, then the other way round."""
    n, a, b = len(u), 0.5, 0.25
    for _ in range(n // 4):
        for known, solved in ((b, a), (a, b)):
            lines = [[1.0] * n]
            for i in range(1, n - 1):
                lines.append(tridiagonal([known * u[j][i - 1] + (1 - 2 * known) * u[j][i] + known * u[j][i + 1]
                                          for j in range(1, n - 1)], solved))
            u = [*lines, [1.0] * n]
    return u


def adi_hand(u):
    # A step is the product with an inverse on one side and with a band on the other.
    n, steps = u.shape[1], []
    second = np.eye(n, k=1) + np.eye(n, k=-1) - 2 * np.eye(n)
    second[0] = second[-1] = 0
    for known, solved in ((0.25, 0.5), (0.5, 0.25)):
        steps.append((np.linalg.inv(np.eye(n) - solved * second), (np.eye(n) + known * second).T))
    for _ in range(n // 4):
        for inverse, band in steps:
            u = u @ band
            u[:, 0] = u[:, -1] = 1
            u = inverse @ u
            u[:, :, 0] = u[:, :, -1] = 1
            u = u.swapaxes(1, 2)
    return u


# ── solvers ──────────────────────────────────────────────────────────────────────────────────


def trisolv(L, b):
    """L x = b by substitution, for a lower triangular L."""
    x = []
    for i in range(len(b)):
        total = b[i]
        for j in range(i):
            total -= L[i][j] * x[j]
        x.append(total / L[i][i])
    return x


def cholesky(A):
    """The lower triangular L with L Lᵀ = A, row by row."""
    for i in range(len(A)):
        for j in range(i):
            for k in range(j):
                A[i][j] -= A[i][k] * A[j][k]
            A[i][j] /= A[j][j]
        for k in range(i):
            A[i][i] -= A[i][k] * A[i][k]
        A[i][i] = A[i][i].sqrt()
    return [A[i][: i + 1] for i in range(len(A))]


def cholesky_hand(A):
    i, j = np.tril_indices(A.shape[1])
    return np.linalg.cholesky(A)[:, i, j]


def lu(A):
    """L U = A in one matrix, the ones on the diagonal of L left out."""
    for i in range(len(A)):
        for j in range(i):
            for k in range(j):
                A[i][j] -= A[i][k] * A[k][j]
            A[i][j] /= A[j][j]
        for j in range(i, len(A)):
            for k in range(i):
                A[i][j] -= A[i][k] * A[k][j]
    return A


def lu_hand(A):
    A = A.copy()
    for k in range(A.shape[1] - 1):
        A[:, k + 1 :, k] /= A[:, k, k, None]
        A[:, k + 1 :, k + 1 :] -= A[:, k + 1 :, k, None] * A[:, k, None, k + 1 :]
    return A


def ludcmp(A, b):
    """A x = b by L U = A, then L y = b, then U x = y."""
    A, n, y, x = lu(A), len(b), [], [None] * len(b)
    for i in range(n):
        total = b[i]
        for j in range(i):
            total -= A[i][j] * y[j]
        y.append(total)
    for i in reversed(range(n)):
        total = y[i]
        for j in range(i + 1, n):
            total -= A[i][j] * x[j]
        x[i] = total / A[i][i]
    return x


def durbin(r):
    """The solution of a Toeplitz system by Levinson and Durbin: a number more at each step."""
    y, alpha, beta = [-r[0]], -r[0], 1.0
    for k in range(1, len(r)):
        beta = (1 - alpha * alpha) * beta
        total = r[k]
        for i in range(k):
            total += r[k - i - 1] * y[i]
        alpha = -total / beta
        y = [*(y[i] + alpha * y[k - i - 1] for i in range(k)), alpha]
    return y


def durbin_hand(r):
    r = np.ascontiguousarray(r.T)
    y, alpha, beta = np.empty_like(r), -r[0], 1.0
    y[0] = alpha
    for k in range(1, len(r)):
        beta = (1 - alpha * alpha) * beta
        alpha = (r[k] + np.einsum("ib,ib->b", r[k - 1 :: -1], y[:k])) / -beta
        y[:k] += alpha * y[k - 1 :: -1]
        y[k] = alpha
    return y.T


def gramschmidt(A):
    """Q R = A: each column by its length, and what is along it taken from those that follow."""
    rows, columns, R = len(A), len(A[0]), []
    for k in range(columns):
        R.append(sum(A[i][k] * A[i][k] for i in range(rows)).sqrt())
        for i in range(rows):
            A[i][k] = A[i][k] / R[-1]
        for j in range(k + 1, columns):
            along = sum(A[i][k] * A[i][j] for i in range(rows))
            for i in range(rows):
                A[i][j] = A[i][j] - A[i][k] * along
            R.append(along)
    return A, R


def gramschmidt_hand(A):
    Q, R = np.linalg.qr(A)
    signs = np.sign(np.einsum("bii->bi", R))
    i, j = np.triu_indices(A.shape[2])
    return Q * signs[:, None], (R * signs[:, :, None])[:, i, j]


# ── dynamic programs and pictures ────────────────────────────────────────────────────────────


def floyd_warshall(paths):
    """The shortest paths between all pairs, by way of ever more places."""
    n = len(paths)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                paths[i][j] = autograd.minimum(paths[i][j], paths[i][k] + paths[k][j])
    return paths


def floyd_warshall_hand(paths):
    paths = paths.copy()
    for k in range(paths.shape[1]):
        np.minimum(paths, paths[:, :, k, None] + paths[:, k, None], out=paths)
    return paths


def nussinov(pairs):
    """The best sum of pairs of a strand of RNA that folds without crossings, from what each pair is worth."""
    n = len(pairs)
    best = [[0.0] * n for _ in range(n)]
    for i in reversed(range(n)):
        for j in range(i + 1, n):
            choices = [best[i][j - 1], best[i + 1][j], best[i + 1][j - 1] + (pairs[i][j] if i < j - 1 else 0.0)]
            choices += [best[i][k] + best[k + 1][j] for k in range(i + 1, j)]
            best[i][j] = autograd.max(choices)
    return best[0][n - 1]


def nussinov_hand(pairs):
    pairs, n = np.ascontiguousarray(pairs.transpose(1, 2, 0)), pairs.shape[1]
    best = np.zeros((n, n, pairs.shape[2]))
    for i in reversed(range(n)):
        for j in range(i + 2, n):
            paired = best[i + 1, j - 1] + pairs[i, j]
            np.maximum((best[i, i:j] + best[i + 1 : j + 1, j]).max(0), paired, out=best[i, j])
            # best[i, i] is 0, so the choice of k = i is best[i + 1, j]; the one of k = j - 1 is best[i, j - 1].
    return best[0, -1]


def recursive(x, a, b):
    """Deriche's filter of second order along a line: what comes from the left, and what comes from the right."""
    found = []
    for signal, (now, before) in ((x, a[:2]), ([0.0, *reversed(x)], a[2:])):
        y, last = [0.0, 0.0], [0.0, *signal]
        for t in range(len(signal)):
            y.append(now * last[t + 1] + before * last[t] + b[0] * y[-1] + b[1] * y[-2])
        found.append(y[2:])
    return [found[0][i] + found[1][len(x) - 1 - i] for i in range(len(x))]


def deriche(a, b, picture):
    """A recursive filter that smooths a picture along its rows, then along its columns."""
    rows = [recursive(row, a, b) for row in picture]
    return [recursive([row[j] for row in rows], a, b) for j in range(len(picture[0]))]


def deriche_matrix(n, a, b):
    """The filter for n numbers as a matrix of what a single one turns into."""
    (p, q), (r, s), (c, d), left, right = a[:2].tolist(), a[2:].tolist(), b.tolist(), [], []
    for response, (now, before) in ((left, (p, q)), (right, (r, s))):
        for t in range(n):
            response.append((now, before)[t] if t < 2 else 0.0)
            response[t] += (c * response[t - 1] if t else 0) + (d * response[t - 2] if t > 1 else 0)
    gap = np.subtract.outer(np.arange(n), np.arange(n))
    return np.where(gap >= 0, np.array(left)[gap], 0) + np.where(gap < 0, np.array(right)[-gap - 1], 0)


def deriche_hand(a, b, picture):
    rows = picture @ deriche_matrix(picture.shape[2], a, b).T
    return (deriche_matrix(picture.shape[1], a, b) @ rows).swapaxes(1, 2)


KERNELS = {
    "2mm": Kernel("alpha beta A:mk C:nl", "B:kn D:ml", two_products,
                  lambda alpha, beta, A, B, C, D: (alpha * A) @ B @ C + beta * D),
    "3mm": Kernel("A:mk D:lk", "B:kn C:nl", three_products, lambda A, B, C, D: (A @ B) @ (C @ D)),
    "atax": Kernel("A:mn", "x:n", atax, lambda A, x: x @ A.T @ A),
    "bicg": Kernel("A:mn", "p:n r:m", bicg, lambda A, p, r: (r @ A, p @ A.T)),
    "mvt": Kernel("A:nn", "x1:n x2:n y1:n y2:n", mvt, lambda A, x1, x2, y1, y2: (x1 + y1 @ A.T, x2 + y2 @ A)),
    "gemm": Kernel("alpha beta A:mk", "B:kn C:mn", gemm, lambda alpha, beta, A, B, C: (alpha * A) @ B + beta * C),
    "gemver": Kernel("alpha beta A:nn u1:n v1:n u2:n v2:n", "y:n z:n", gemver, gemver_hand),
    "gesummv": Kernel("alpha beta A:nn B:nn", "x:n", gesummv,
                      lambda alpha, beta, A, B, x: x @ (alpha * A + beta * B).T),
    "symm": Kernel("alpha beta A:mm", "B:mn C:mn", symm, symm_hand),
    "syrk": Kernel("alpha beta", "A:nk C:nn", syrk, syrk_hand),
    "syr2k": Kernel("alpha beta A:nk", "B:nk C:nn", syr2k, syr2k_hand),
    "trmm": Kernel("alpha A:mm", "B:mn", trmm, trmm_hand),
    "doitgen": Kernel("C:mm", "A:lkm", doitgen, lambda A, C: A @ C),
    "covariance": Kernel("", "data:nk", covariance, covariance_hand),
    "correlation": Kernel("", "data:nk", correlation, correlation_hand),
    "jacobi-1d": Kernel("", "A:n B:n", jacobi_1d, jacobi_1d_hand),
    "jacobi-2d": Kernel("", "A:kk B:kk", jacobi_2d, jacobi_2d_hand),
    "seidel-2d": Kernel("", "A:kk", seidel_2d, seidel_2d_hand),
    "heat-3d": Kernel("", "A:kkk B:kkk", heat_3d, heat_3d_hand),
    "fdtd-2d": Kernel("", "ex:km ey:km hz:km source:l", fdtd_2d, fdtd_2d_hand),
    "adi": Kernel("", "u:kk", adi, adi_hand),
    "trisolv": Kernel("L:kk", "b:k", trisolv, lambda L, b: np.linalg.solve(np.tril(L), b.T).T, definite),
    "cholesky": Kernel("", "A:kk", cholesky, cholesky_hand, definite),
    "lu": Kernel("", "A:kk", lu, lu_hand, definite),
    "ludcmp": Kernel("", "A:kk b:k", ludcmp, lambda A, b: np.linalg.solve(A, b[:, :, None])[:, :, 0], definite),
    "durbin": Kernel("", "r:k", durbin, durbin_hand, small),
    "gramschmidt": Kernel("", "A:km", gramschmidt, gramschmidt_hand),
    "floyd-warshall": Kernel("", "paths:mm", floyd_warshall, floyd_warshall_hand, positive),
    "nussinov": Kernel("", "pairs:nn", nussinov, nussinov_hand, positive),
    "deriche": Kernel("a:4 b:2", "picture:ml", deriche, deriche_hand, small),
}
