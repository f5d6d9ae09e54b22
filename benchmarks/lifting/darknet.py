"""darknet: what a library of neural networks in C computes for its layers."""

import numpy as np

import autograd
from benchmarks.lifting.kernel import Kernel, pixels, positive
from benchmarks.programs.common import softmax as softmax_hand

windows = np.lib.stride_tricks.sliding_window_view

# ── products of matrices, each of which may lie transposed ───────────────────────────────────


def gemm_nn(alpha, A, B, C):
    for i in range(len(C)):
        for k in range(len(B)):
            part = alpha * A[i][k]
            for j in range(len(C[0])):
                C[i][j] += part * B[k][j]
    return C


def gemm_nt(alpha, A, B, C):
    for i in range(len(C)):
        for j in range(len(C[0])):
            total = 0.0
            for k in range(len(A[0])):
                total += alpha * A[i][k] * B[j][k]
            C[i][j] += total
    return C


def gemm_tn(alpha, A, B, C):
    for i in range(len(C)):
        for k in range(len(B)):
            part = alpha * A[k][i]
            for j in range(len(C[0])):
                C[i][j] += part * B[k][j]
    return C


def gemm_tt(alpha, A, B, C):
    for i in range(len(C)):
        for j in range(len(C[0])):
            total = 0.0
            for k in range(len(A)):
                total += alpha * A[k][i] * B[j][k]
            C[i][j] += total
    return C


# ── arrays ───────────────────────────────────────────────────────────────────────────────────


def mean(a):
    return sum(a[i] for i in range(len(a))) / len(a)


def variance(a):
    middle = mean(a)
    return sum((a[i] - middle) ** 2 for i in range(len(a))) / len(a)


def normalize(a):
    middle, sigma = mean(a), variance(a).sqrt()
    return [(a[i] - middle) / sigma for i in range(len(a))]


def smooth_l1(pred, truth):
    """Half a square near zero, a line beyond one."""
    errors = []
    for i in range(len(pred)):
        far = abs(truth[i] - pred[i])
        errors.append(autograd.where(autograd.gt(1, far), far * far / 2, far - 0.5))
    return errors


def smooth_l1_hand(pred, truth):
    far = np.abs(truth - pred)
    return np.where(far < 1, far * far / 2, far - 0.5)


def leaky(x):
    return [autograd.where(autograd.gt(x[i], 0), x[i], 0.1 * x[i]) for i in range(len(x))]


def softmax(x):
    largest = autograd.max(x)
    parts = [(x[i] - largest).exp() for i in range(len(x))]
    total = sum(parts)
    return [part / total for part in parts]


def connected(W, b, x):
    return leaky([sum(W[i][j] * x[j] for j in range(len(x))) + b[i] for i in range(len(W))])


def connected_hand(W, b, x):
    z = x @ W.T
    z += b
    return np.where(z > 0, z, 0.1 * z)


# ── pictures: channels, rows, columns ────────────────────────────────────────────────────────


def channels(rule):
    """The loops over all pixels, with what a layer makes of one by its channel's numbers."""

    def loops(x, **given):
        for c in range(len(x)):
            for i in range(len(x[0])):
                for j in range(len(x[0][0])):
                    x[c][i][j] = rule(x[c][i][j], *(numbers[c] for numbers in given.values()))
        return x

    return loops


def mean_cpu(x):
    return [mean([one for row in plane for one in row]) for plane in x]


def variance_cpu(x, mean):
    found = []
    for c in range(len(x)):
        total = 0.0
        for i in range(len(x[0])):
            for j in range(len(x[0][0])):
                total += (x[c][i][j] - mean[c]) ** 2
        found.append(total / (len(x[0]) * len(x[0][0]) - 1))
    return found


def variance_hand(x, mean):
    far = x - mean[:, :, None, None]
    return np.einsum("bcij,bcij->bc", far, far) / (far[0, 0].size - 1)


def convolutional(W, x):
    """Filters of 3 × 3 over all channels, without a border."""
    found = []
    for f in range(len(W)):
        for i in range(len(x[0]) - 2):
            for j in range(len(x[0][0]) - 2):
                total = 0.0
                for c in range(len(x)):
                    for p in range(3):
                        for q in range(3):
                            total += W[f][c][p][q] * x[c][i + p][j + q]
                found.append(total)
    return found


def convolutional_hand(W, x):
    patches = windows(x, (3, 3), (2, 3))
    b, c, h, w = patches.shape[:4]
    return W.reshape(len(W), -1) @ patches.transpose(0, 1, 4, 5, 2, 3).reshape(b, c * 9, h * w)


def im2col(x):
    """All windows of 2 × 2, the places in a window first."""
    found = []
    for c in range(len(x)):
        for p in range(2):
            for q in range(2):
                found += [x[c][i + p][j + q] for i in range(len(x[c]) - 1) for j in range(len(x[c][0]) - 1)]
    return found


def maxpool(x):
    """The largest of every 2 × 2."""
    return [autograd.max([plane[i + p][j + q] for p in range(2) for q in range(2)])
            for plane in x for i in range(0, len(plane), 2) for j in range(0, len(plane[0]), 2)]


def maxpool_hand(x):
    return np.maximum(np.maximum(x[:, :, ::2, ::2], x[:, :, ::2, 1::2]),
                      np.maximum(x[:, :, 1::2, ::2], x[:, :, 1::2, 1::2]))


def upsample(x):
    """Each pixel as 2 × 2."""
    return [plane[i // 2][j // 2] for plane in x for i in range(2 * len(plane)) for j in range(2 * len(plane[0]))]


KERNELS = {
    "gemm_nn": Kernel("alpha A:mk", "B:kn C:mn", gemm_nn, lambda alpha, A, B, C: (alpha * A) @ B + C),
    "gemm_nt": Kernel("alpha B:nk", "A:mk C:mn", gemm_nt, lambda alpha, A, B, C: A @ (alpha * B.T) + C),
    "gemm_tn": Kernel("alpha A:km", "B:kn C:mn", gemm_tn, lambda alpha, A, B, C: (alpha * A.T) @ B + C),
    "gemm_tt": Kernel("alpha B:nk", "A:km C:mn", gemm_tt, lambda alpha, A, B, C: A.swapaxes(1, 2) @ (alpha * B.T) + C),
    "matrix_add_matrix": Kernel(
        "", "a:mn b:mn", lambda a, b: [[a[i][j] + b[i][j] for j in range(len(a[0]))] for i in range(len(a))],
        lambda a, b: a + b),
    "scale_matrix": Kernel("s", "m:mn", lambda s, m: [[s * m[i][j] for j in range(len(m[0]))] for i in range(len(m))],
                           lambda s, m: s * m),
    "sum_array": Kernel("", "a:n", lambda a: sum(a[i] for i in range(len(a))), lambda a: a.sum(-1)),
    "mean_array": Kernel("", "a:n", mean, lambda a: a.mean(-1)),
    "variance_array": Kernel("", "a:n", variance, lambda a: a.var(-1)),
    "mag_array": Kernel("", "a:n", lambda a: sum(a[i] * a[i] for i in range(len(a))).sqrt(),
                        lambda a: np.sqrt(np.einsum("bn,bn->b", a, a))),
    "mse_array": Kernel("", "a:n", lambda a: (sum(a[i] * a[i] for i in range(len(a))) / len(a)).sqrt(),
                        lambda a: np.sqrt(np.einsum("bn,bn->b", a, a) / a.shape[1])),
    "normalize_array": Kernel("", "a:n", normalize,
                              lambda a: (a - a.mean(-1, keepdims=True)) / a.std(-1, keepdims=True)),
    "scale_array": Kernel("s", "a:n", lambda s, a: [s * a[i] for i in range(len(a))], lambda s, a: s * a),
    "translate_array": Kernel("s", "a:n", lambda s, a: [a[i] + s for i in range(len(a))], lambda s, a: a + s),
    "mult_add_into_cpu": Kernel("", "x:n y:n z:n", lambda x, y, z: [z[i] + x[i] * y[i] for i in range(len(x))],
                                lambda x, y, z: x * y + z),
    "weighted_sum_cpu": Kernel("s:n", "a:n b:n",
                               lambda s, a, b: [s[i] * a[i] + (1 - s[i]) * b[i] for i in range(len(s))],
                               lambda s, a, b: s * (a - b) + b),
    "ol_l2_cpu1": Kernel("", "pred:n truth:n",
                         lambda pred, truth: [(truth[i] - pred[i]) ** 2 for i in range(len(pred))],
                         lambda pred, truth: (truth - pred) ** 2),
    "ol_l2_cpu2": Kernel("", "pred:n truth:n", lambda pred, truth: [truth[i] - pred[i] for i in range(len(pred))],
                         lambda pred, truth: truth - pred),
    "l1_cpu": Kernel("", "pred:n truth:n", lambda pred, truth: [abs(truth[i] - pred[i]) for i in range(len(pred))],
                     lambda pred, truth: np.abs(truth - pred)),
    "smooth_l1_cpu": Kernel("", "pred:n truth:n", smooth_l1, smooth_l1_hand),
    "leaky_activate": Kernel("", "x:n", leaky, lambda x: np.where(x > 0, x, 0.1 * x)),
    "softmax": Kernel("", "x:n", softmax, lambda x: softmax_hand(x)),
    "forward_connected": Kernel("W:mn b:m", "x:n", connected, connected_hand),
    "mean_cpu": Kernel("", "x:lkk", mean_cpu, lambda x: x.mean((2, 3))),
    "variance_cpu": Kernel("", "x:lkk mean:l", variance_cpu, variance_hand),
    "normalize_cpu": Kernel(
        "mean:l variance:l", "x:lkk", channels(lambda x, mean, variance: (x - mean) / (variance + 1e-6).sqrt()),
        lambda x, mean, variance: (x - mean[:, None, None]) / np.sqrt(variance + 1e-6)[:, None, None], positive),
    "scale_bias": Kernel("scales:l", "x:lkk", channels(lambda x, s: x * s),
                         lambda x, scales: x * scales[:, None, None]),
    "add_bias": Kernel("biases:l", "x:lkk", channels(lambda x, b: x + b),
                       lambda x, biases: x + biases[:, None, None]),
    "forward_convolutional": Kernel("W:2233", "x:2nn", convolutional, convolutional_hand),
    "forward_maxpool": Kernel("", "x:3kk", maxpool, maxpool_hand, pixels),
    "im2col_cpu": Kernel("", "x:2kk", im2col, lambda x: windows(x, (2, 2), (2, 3)).transpose(0, 1, 4, 5, 2, 3).copy(),
                         pixels),
    "upsample_cpu": Kernel("", "x:2kk", upsample, lambda x: x.repeat(2, axis=2).repeat(2, axis=3), pixels),
}
