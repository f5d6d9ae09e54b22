"""Small kernels of arrays (simpl_array, makespeare) and of the vectors and matrices of games (mathfu)."""

import numpy as np

from benchmarks.lifting.kernel import Kernel, positive

SIMPL_ARRAY = {
    "array_inc": Kernel("", "a:n", lambda a: [a[i] + 1 for i in range(len(a))], lambda a: a + 1),
    "array_sum": Kernel("", "a:n", lambda a: sum(a[i] for i in range(len(a))), lambda a: a.sum(-1)),
    "sum_elts": Kernel("", "a:n", lambda a: sum(a[i] for i in reversed(range(len(a)))), lambda a: a.sum(-1)),
    "cube_in_place": Kernel("", "a:n", lambda a: [a[i] * a[i] * a[i] for i in range(len(a))], lambda a: a * a * a),
    "fourth_in_place": Kernel("", "a:n", lambda a: [a[i] ** 2 * a[i] ** 2 for i in range(len(a))],
                              lambda a: np.square(a * a)),
}
MAKESPEARE = {
    "sum_of_squares": Kernel("", "a:n", lambda a: sum(a[i] ** 2 for i in range(len(a))),
                             lambda a: np.einsum("bn,bn->b", a, a)),
}

# ── mathfu ───────────────────────────────────────────────────────────────────────────────────


def normalized(a):
    length = sum(a[i] * a[i] for i in range(len(a))).sqrt()
    return [a[i] / length for i in range(len(a))]


def cross_product(a, b):
    """Of each pair of vectors in space."""
    return [[u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
            for u, v in zip(a, b, strict=True)]


CROSS = np.cross(np.eye(3)[:, None], np.eye(3)).reshape(9, 3)
"""What products of components add to those of the vector product."""


def bilinear(a, b, table):
    """All products of components of each pair of vectors, times a table."""
    return (a[..., :, None] * b[..., None, :]).reshape(*a.shape[:-1], -1) @ table


def matrix_mult(A, B):
    return [[sum(A[i][k] * B[k][j] for k in range(len(B))) for j in range(len(B[0]))] for i in range(len(A))]


def quaternion_mult(p, q):
    """Hamilton's product of each pair."""
    return [[a * w - b * x - c * y - d * z, a * x + b * w + c * z - d * y,
             a * y - b * z + c * w + d * x, a * z + b * y - c * x + d * w]
            for (a, b, c, d), (w, x, y, z) in zip(p, q, strict=True)]


HAMILTON = np.array([quaternion_mult([p], [q])[0] for p in np.eye(4) for q in np.eye(4)])


MATHFU = {
    "pluseq": Kernel("", "a:n b:n", lambda a, b: [a[i] + b[i] for i in range(len(a))], lambda a, b: a + b),
    "subeq": Kernel("", "a:n b:n", lambda a, b: [a[i] - b[i] for i in range(len(a))], lambda a, b: a - b),
    "muleq": Kernel("", "a:n b:n", lambda a, b: [a[i] * b[i] for i in range(len(a))], lambda a, b: a * b),
    "diveq": Kernel("", "a:n b:n", lambda a, b: [a[i] / b[i] for i in range(len(a))], lambda a, b: a / b, positive),
    "subeq_sca": Kernel("", "a:n s", lambda a, s: [a[i] - s for i in range(len(a))], lambda a, s: a - s[:, None]),
    "muleq_sca": Kernel("", "a:n s", lambda a, s: [a[i] * s for i in range(len(a))], lambda a, s: a * s[:, None]),
    "diveq_sca": Kernel("", "a:n s", lambda a, s: [a[i] / s for i in range(len(a))], lambda a, s: a / s[:, None],
                        positive),
    "negate": Kernel("", "a:n", lambda a: [-a[i] for i in range(len(a))], lambda a: -a),
    "len_sq": Kernel("", "a:n", lambda a: sum(a[i] * a[i] for i in range(len(a))),
                     lambda a: np.einsum("bn,bn->b", a, a)),
    "len": Kernel("", "a:n", lambda a: sum(a[i] * a[i] for i in range(len(a))).sqrt(),
                  lambda a: np.sqrt(np.einsum("bn,bn->b", a, a))),
    "normalized": Kernel("", "a:n", normalized, lambda a: a / np.sqrt(np.einsum("bn,bn->b", a, a))[:, None]),
    "lerp": Kernel("", "x:n y:n t", lambda x, y, t: [t * x[i] + (1 - t) * y[i] for i in range(len(x))],
                   lambda x, y, t: t[:, None] * (x - y) + y),
    "dot_product": Kernel("", "a:n b:n", lambda a, b: sum(a[i] * b[i] for i in range(len(a))),
                          lambda a, b: np.einsum("bn,bn->b", a, b)),
    "cross_product": Kernel("", "a:n3 b:n3", cross_product, lambda a, b: bilinear(a, b, CROSS)),
    "outer_product": Kernel("", "a:m b:n", lambda a, b: [[a[i] * b[j] for j in range(len(b))] for i in range(len(a))],
                            lambda a, b: a[:, :, None] * b[:, None]),
    "matmul_sca": Kernel("s", "A:mn", lambda s, A: [[A[i][j] * s for j in range(len(A[0]))] for i in range(len(A))],
                         lambda s, A: A * s),
    "matrix_mult": Kernel("A:mk", "B:kn", matrix_mult, lambda A, B: A @ B),
    "transpose": Kernel("", "A:mn", lambda A: [[A[i][j] for i in range(len(A))] for j in range(len(A[0]))],
                        lambda A: A.swapaxes(1, 2).copy()),
    "diagonal": Kernel("", "A:nn", lambda A: [A[i][i] for i in range(len(A))],
                       lambda A: np.einsum("bii->bi", A).copy()),
    "quaternion_mult": Kernel("", "p:n4 q:n4", quaternion_mult, lambda p, q: bilinear(p, q, HAMILTON)),
}
