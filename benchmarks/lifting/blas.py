"""BLAS: the kernels of vectors and matrices on which libraries of linear algebra stand."""

import numpy as np

from benchmarks.lifting.kernel import Kernel, definite


def gemv(alpha, beta, A, x, y):
    """y ← α A x + β y."""
    for i in range(len(A)):
        total = 0.0
        for j in range(len(x)):
            total += A[i][j] * x[j]
        y[i] = alpha * total + beta * y[i]
    return y


def ger(alpha, A, x, y):
    """A ← A + α x yᵀ."""
    for i in range(len(x)):
        for j in range(len(y)):
            A[i][j] += alpha * x[i] * y[j]
    return A


def gemm(alpha, beta, A, B, C):
    """C ← α A B + β C."""
    for i in range(len(A)):
        for j in range(len(B[0])):
            total = 0.0
            for k in range(len(B)):
                total += A[i][k] * B[k][j]
            C[i][j] = alpha * total + beta * C[i][j]
    return C


def trsv(L, x):
    """L⁻¹ x for a lower triangular matrix L."""
    for i in range(len(x)):
        for j in range(i):
            x[i] -= L[i][j] * x[j]
        x[i] /= L[i][i]
    return x


KERNELS = {
    "dot": Kernel("", "x:n y:n", lambda x, y: sum(x[i] * y[i] for i in range(len(x))),
                  lambda x, y: np.einsum("bn,bn->b", x, y)),
    "nrm2": Kernel("", "x:n", lambda x: sum(x[i] * x[i] for i in range(len(x))).sqrt(),
                   lambda x: np.sqrt(np.einsum("bn,bn->b", x, x))),
    "asum": Kernel("", "x:n", lambda x: sum(abs(x[i]) for i in range(len(x))), lambda x: np.abs(x).sum(-1)),
    "scal": Kernel("alpha", "x:n", lambda alpha, x: [alpha * x[i] for i in range(len(x))], lambda alpha, x: alpha * x),
    "axpy": Kernel("alpha", "x:n y:n", lambda alpha, x, y: [y[i] + alpha * x[i] for i in range(len(x))],
                   lambda alpha, x, y: alpha * x + y),
    "rot": Kernel("c s", "x:n y:n", lambda c, s, x, y: ([c * x[i] + s * y[i] for i in range(len(x))],
                                                        [c * y[i] - s * x[i] for i in range(len(x))]),
                  lambda c, s, x, y: (c * x + s * y, c * y - s * x)),
    "gemv": Kernel("alpha beta A:mn", "x:n y:m", gemv, lambda alpha, beta, A, x, y: x @ (alpha * A.T) + beta * y),
    "ger": Kernel("alpha A:mn", "x:m y:n", ger, lambda alpha, A, x, y: (alpha * x)[:, :, None] * y[:, None] + A),
    "gemm": Kernel("alpha beta A:mk", "B:kn C:mn", gemm, lambda alpha, beta, A, B, C: (alpha * A) @ B + beta * C),
    "trsv": Kernel("L:kk", "x:k", trsv, lambda L, x: np.linalg.solve(np.tril(L), x.T).T, definite),
}
