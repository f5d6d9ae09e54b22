"""Signal processing: a library of vectors and matrices (dsp), DSPstone and the kernels of UTDSP."""

import cmath
import functools
import math

import numpy as np

from benchmarks.lifting.kernel import Kernel, positive, small


def matmul(A, B):
    C = [[0.0] * len(B[0]) for _ in A]
    for i in range(len(A)):
        for j in range(len(B[0])):
            for k in range(len(B)):
                C[i][j] += A[i][k] * B[k][j]
    return C


DSP = {
    "vadd": Kernel("", "a:n b:n", lambda a, b: [a[i] + b[i] for i in range(len(a))], lambda a, b: a + b),
    "vsub": Kernel("", "a:n b:n", lambda a, b: [a[i] - b[i] for i in range(len(a))], lambda a, b: a - b),
    "vmul": Kernel("", "a:n b:n", lambda a, b: [a[i] * b[i] for i in range(len(a))], lambda a, b: a * b),
    "vcopy": Kernel("", "a:n", lambda a: [a[i] for i in range(len(a))], lambda a: a.copy()),
    "vneg": Kernel("", "a:n", lambda a: [-a[i] for i in range(len(a))], lambda a: -a),
    "vrecip": Kernel("", "a:n", lambda a: [1 / a[i] for i in range(len(a))], lambda a: 1 / a, positive),
    "vscal": Kernel("s", "a:n", lambda s, a: [a[i] * s for i in range(len(a))], lambda s, a: a * s),
    "voffset": Kernel("s", "a:n", lambda s, a: [a[i] + s for i in range(len(a))], lambda s, a: a + s),
    "vfill": Kernel("", "a:n s", lambda a, s: [s for _ in range(len(a))], lambda a, s: np.repeat(s, a.shape[1])),
    "w_vec": Kernel("s", "a:n b:n", lambda s, a, b: [s * a[i] + b[i] for i in range(len(a))],
                    lambda s, a, b: s * a + b),
    "matadd": Kernel("", "A:mn B:mn",
                     lambda A, B: [[A[i][j] + B[i][j] for j in range(len(A[0]))] for i in range(len(A))],
                     lambda A, B: A + B),
    "matsub": Kernel("", "A:mn B:mn",
                     lambda A, B: [[A[i][j] - B[i][j] for j in range(len(A[0]))] for i in range(len(A))],
                     lambda A, B: A - B),
    "matscal": Kernel("s", "A:mn", lambda s, A: [[A[i][j] * s for j in range(len(A[0]))] for i in range(len(A))],
                      lambda s, A: A * s),
    "matinit": Kernel("", "A:mn s", lambda A, s: [[s for _ in range(len(A[0]))] for _ in range(len(A))],
                      lambda A, s: np.repeat(s, A[0].size)),
    "matmul": Kernel("A:mk", "B:kn", matmul, lambda A, B: A @ B),
}

# ── DSPstone ─────────────────────────────────────────────────────────────────────────────────


def matrix1(A, B):
    """A B, for B that lies column by column; so does the result."""
    C = []
    for column in B:
        for row in A:
            total = 0.0
            for f in range(len(row)):
                total += row[f] * column[f]
            C.append(total)
    return C


def matrix2(A, B):
    """The same, where a sum begins with its first product."""
    C = []
    for column in B:
        for row in A:
            total = row[0] * column[0]
            for f in range(1, len(row)):
                total += row[f] * column[f]
            C.append(total)
    return C


def n_complex_updates(a, b, c):
    """The same for pairs of a real and an imaginary part."""
    return [[z[0] + x[0] * y[0] - x[1] * y[1], z[1] + x[0] * y[1] + x[1] * y[0]]
            for x, y, z in zip(a, b, c, strict=True)]


def complex_hand(a, b, c):
    x, y, z = (np.ascontiguousarray(one).view(complex) for one in (a, b, c))
    return (x * y + z).view(float)


def fir2dim(h, x):
    """A filter of 3 × 3 over a picture with a border of zeros."""
    y = []
    for i in range(len(x)):
        for j in range(len(x[0])):
            total = 0.0
            for p in range(3):
                for q in range(3):
                    if 0 <= i + p - 1 < len(x) and 0 <= j + q - 1 < len(x[0]):
                        total += h[p][q] * x[i + p - 1][j + q - 1]
            y.append(total)
    return y


def fir2dim_hand(h, x):
    m, n = x.shape[1:]
    padded, found = np.zeros((len(x), m + 2, n + 2)), np.zeros_like(x)
    padded[:, 1:-1, 1:-1] = x
    for p in range(3):
        for q in range(3):
            found += h[p, q] * padded[:, p : p + m, q : q + n]
    return found


def biquads(b, a, x):
    """Sections of second order, one after the other, over a signal."""
    for (b0, b1, b2), (a1, a2) in zip(b, a, strict=True):
        one, two, y = 0.0, 0.0, []
        for t in range(len(x)):
            now = x[t] - a1 * one - a2 * two
            y.append(b0 * now + b1 * one + b2 * two)
            one, two = now, one
        x = y
    return x


def biquads_hand(b, a, x):
    x = np.ascontiguousarray(x.T)
    for feed, back in zip(b, a, strict=True):
        w = np.zeros((len(x) + 2, x.shape[1]))
        for t in range(len(x)):
            w[t + 2] = x[t] - back[0] * w[t + 1] - back[1] * w[t]
        x = feed[0] * w[2:] + feed[1] * w[1:-1] + feed[2] * w[:-2]
    return x.T


DSPSTONE = {
    "mat1x3": Kernel("h:33", "x:3", lambda h, x: [sum(h[i][j] * x[j] for j in range(3)) for i in range(3)],
                     lambda h, x: x @ h.T),
    "matrix1": Kernel("A:mk", "B:nk", matrix1, lambda A, B: B @ A.T),
    "matrix2": Kernel("A:mk", "B:nk", matrix2, lambda A, B: B @ A.T),
    "n_real_updates": Kernel("", "a:n b:n c:n", lambda a, b, c: [c[i] + a[i] * b[i] for i in range(len(a))],
                             lambda a, b, c: c + a * b),
    "n_complex_updates": Kernel("", "a:n2 b:n2 c:n2", n_complex_updates, complex_hand),
    "pin_down": Kernel("", "x:n", lambda x: [1.0 for _ in range(len(x))], lambda x: np.ones_like(x)),
    "convolution": Kernel("h:n", "x:n", lambda h, x: sum(x[i] * h[len(x) - 1 - i] for i in range(len(x))),
                          lambda h, x: x @ h[::-1]),
    "fir2dim": Kernel("h:33", "x:mn", fir2dim, fir2dim_hand),
    "iir_biquad_N_sections": Kernel("b:23 a:22", "x:k", biquads, biquads_hand, small),
}

# ── UTDSP ────────────────────────────────────────────────────────────────────────────────────


def lmsfir2(c, x, error):
    """The change of an adaptive filter, all coefficients but the last."""
    for i in range(len(x) - 1):
        c[i] += x[i] * error
    return c


def lmsfir2_hand(c, x, error):
    found = x * error[:, None]
    found[:, -1] = 0
    found += c
    return found


def fir(h, x):
    """Each output is a sum of the latest inputs; what came before the first is zero."""
    y = []
    for t in range(len(x)):
        total = 0.0
        for i in range(len(h)):
            if t - i >= 0:
                total += h[i] * x[t - i]
        y.append(total)
    return y


def fir_hand(h, x):
    y = h[0] * x
    for i in range(1, len(h)):
        y[:, i:] += h[i] * x[:, :-i]
    return y


def iir(b, a, x):
    """Each output is a sum of the latest inputs and of the latest outputs."""
    y = []
    for t in range(len(x)):
        total = 0.0
        for i in range(min(len(b), t + 1)):
            total += b[i] * x[t - i]
        for i in range(min(len(a), t)):
            total -= a[i] * y[t - 1 - i]
        y.append(total)
    return y


def iir_hand(b, a, x):
    y = np.zeros((len(a) + x.shape[1], len(x)))
    y[len(a):] = fir_hand(b, x).T
    for t in range(len(a), len(y)):
        y[t] -= a[::-1] @ y[t - len(a) : t]
    return y[len(a):].T


def lmsfir(c, x, wanted):
    """An adaptive filter of four inputs: what it says at each step, which is compared with what is wanted."""
    said = []
    for t in range(3, len(x)):
        total = 0.0
        for i in range(4):
            total += c[i] * x[t - i]
        error = 0.1 * (wanted[t] - total)
        c = [c[i] + error * x[t - i] for i in range(4)]
        said.append(total)
    return said


def lmsfir_hand(c, x, wanted):
    c, x, wanted, said = np.repeat(c[:, None], len(x), 1), np.ascontiguousarray(x.T[::-1]), wanted.T, []
    for t in range(3, len(x)):
        latest = x[len(x) - 1 - t : len(x) + 3 - t]
        said.append(np.einsum("ib,ib->b", c, latest))
        c += 0.1 * (wanted[t] - said[-1]) * latest
    return np.array(said).T


def idct(X):
    """x[i] = Σ s[j] X[j] cos(π (2i + 1) j / 2n), with s = √(1/n) for j = 0 and √(2/n) otherwise."""
    n, x = len(X), []
    for i in range(n):
        total = math.sqrt(1 / n) * X[0]
        for j in range(1, n):
            total += math.sqrt(2 / n) * math.cos(math.pi * (2 * i + 1) * j / (2 * n)) * X[j]
        x.append(total)
    return x


@functools.cache
def cosines(n):
    """The matrix of `idct`, which the loops, too, compute once."""
    i, j = np.ogrid[:n, :n]
    C = math.sqrt(2 / n) * np.cos(math.pi / (2 * n) * (2 * i + 1) * j)
    C[:, 0] = math.sqrt(1 / n)
    return C


def fft(re, im):
    """The fast Fourier transform of Cooley and Tukey: halves of even and of odd places, put together."""
    if len(re) == 1:
        return re, im
    (a, b), (c, d), half = fft(re[::2], im[::2]), fft(re[1::2], im[1::2]), len(re) // 2
    turns = [cmath.exp(-1j * math.pi * k / half) for k in range(half)]
    p = [c[k] * turns[k].real - d[k] * turns[k].imag for k in range(half)]
    q = [c[k] * turns[k].imag + d[k] * turns[k].real for k in range(half)]
    return ([a[k] + p[k] for k in range(half)] + [a[k] - p[k] for k in range(half)],
            [b[k] + q[k] for k in range(half)] + [b[k] - q[k] for k in range(half)])


def fft_hand(re, im):
    found = np.fft.fft(re + 1j * im)
    return found.real, found.imag


UTDSP = {
    "fir_small": Kernel("h:n", "x:n", lambda h, x: sum(x[i] * h[i] for i in range(len(x))), lambda h, x: x @ h),
    "lmsfir1": Kernel("c:n", "x:n", lambda c, x: sum(x[i] * c[i] for i in range(len(x))), lambda c, x: x @ c),
    "lmsfir2": Kernel("c:n", "x:n error", lmsfir2, lmsfir2_hand),
    "mult": Kernel("B:kn", "A:mk", matmul, lambda A, B: A @ B),
    "histogram": Kernel("", "counts:n", lambda counts: [0.0 for _ in range(len(counts))],
                        lambda counts: np.zeros_like(counts)),
    "dct": Kernel("cos1:kk cos2:kk", "block:kk", lambda cos1, cos2, block: matmul(cos1, matmul(block, cos2)),
                  lambda cos1, cos2, block: cos1 @ block @ cos2),
    "idct": Kernel("", "X:r", idct, lambda X: X @ cosines(X.shape[1]).T),
    "fft": Kernel("", "re:r im:r", fft, fft_hand),
    "fir": Kernel("h:4", "x:n", fir, fir_hand),
    "iir": Kernel("b:3 a:2", "x:n", iir, iir_hand, small),
    "lmsfir": Kernel("c:4", "x:n wanted:n", lmsfir, lmsfir_hand),
}
