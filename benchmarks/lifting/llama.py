"""llama: the parts of a transformer that writes text, as inference in C cuts them."""

import math

import numpy as np

import autograd
from benchmarks.lifting.kernel import Kernel, positive
from benchmarks.programs.common import sigmoid as sigmoid_hand
from benchmarks.programs.common import softmax as softmax_hand


def matmul(W, x):
    out = []
    for i in range(len(W)):
        total = 0.0
        for j in range(len(x)):
            total += W[i][j] * x[j]
        out.append(total)
    return out


def rmsnorm_part1(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i]
    return total


def rmsnorm_part2(weight, x, total):
    scale = 1 / (total / len(x) + 1e-5).sqrt()
    return [weight[i] * (scale * x[i]) for i in range(len(x))]


def rmsnorm_hand(weight, x):
    mean = np.einsum("bn,bn->b", x, x)
    mean /= x.shape[1]
    mean += 1e-5
    return weight * x / np.sqrt(mean)[:, None]


def softmax_part1(x):
    largest = x[0]
    for i in range(1, len(x)):
        largest = autograd.maximum(largest, x[i])
    return largest


def softmax(x):
    largest = softmax_part1(x)
    parts = [(x[i] - largest).exp() for i in range(len(x))]
    total = sum(parts)
    return [part / total for part in parts]


def transformer_part1(q, keys):
    """How much a query looks at the key of each step."""
    scores = []
    for t in range(len(keys)):
        total = 0.0
        for i in range(len(q)):
            total += q[i] * keys[t][i]
        scores.append(total / math.sqrt(len(q)))
    return scores


def transformer_part2(attention, values):
    """The values of all steps, as much of each as is looked at."""
    out = []
    for i in range(len(values[0])):
        total = 0.0
        for t in range(len(values)):
            total += attention[t] * values[t][i]
        out.append(total)
    return out


def attention_hand(q, keys, values):
    p = softmax_hand((keys @ q[:, :, None])[:, :, 0] / math.sqrt(q.shape[1]))
    return (p[:, None] @ values)[:, 0]


def silu(x):
    return [x[i] * (1 / (1 + (-x[i]).exp())) for i in range(len(x))]


def swiglu(W1, W2, W3, x):
    """The layer after attention: W2 (silu(W1 x) ⊙ W3 x)."""
    gate, up = silu(matmul(W1, x)), matmul(W3, x)
    return matmul(W2, [gate[i] * up[i] for i in range(len(up))])


def swiglu_hand(W1, W2, W3, x):
    z = x @ W1.T
    z *= sigmoid_hand(z)
    z *= x @ W3.T
    return z @ W2.T


def rope(cos, sin, x):
    """Pairs of numbers turned by the angles of their place in the text."""
    return [[x[i][0] * cos[i] - x[i][1] * sin[i], x[i][0] * sin[i] + x[i][1] * cos[i]] for i in range(len(x))]


def rope_hand(cos, sin, x):
    found = np.empty_like(x)
    found[:, :, 0] = x[:, :, 0] * cos - x[:, :, 1] * sin
    found[:, :, 1] = x[:, :, 0] * sin + x[:, :, 1] * cos
    return found


KERNELS = {
    "matmul": Kernel("W:mn", "x:n", matmul, lambda W, x: x @ W.T),
    "rmsnorm_part1": Kernel("", "x:n", rmsnorm_part1, lambda x: np.einsum("bn,bn->b", x, x)),
    "rmsnorm_part2": Kernel(
        "weight:n", "x:n total", rmsnorm_part2,
        lambda weight, x, total: weight * x / np.sqrt(total / x.shape[1] + 1e-5)[:, None], positive),
    "rmsnorm": Kernel("weight:n", "x:n", lambda weight, x: rmsnorm_part2(weight, x, rmsnorm_part1(x)), rmsnorm_hand),
    "softmax_part1": Kernel("", "x:n", softmax_part1, lambda x: x.max(-1)),
    "softmax_part2": Kernel("", "x:n largest", lambda x, largest: [(x[i] - largest).exp() for i in range(len(x))],
                            lambda x, largest: np.exp(x - largest[:, None])),
    "softmax_part3": Kernel("", "x:n", lambda x: sum(x[i] for i in range(len(x))), lambda x: x.sum(-1)),
    "softmax_part4": Kernel("", "x:n total", lambda x, total: [x[i] / total for i in range(len(x))],
                            lambda x, total: x / total[:, None], positive),
    "softmax": Kernel("", "x:n", softmax, lambda x: softmax_hand(x)),
    "transformer_part1": Kernel("", "q:k keys:nk", transformer_part1,
                                lambda q, keys: (keys @ q[:, :, None])[:, :, 0] / math.sqrt(q.shape[1])),
    "transformer_part2": Kernel("", "attention:n values:nk", transformer_part2,
                                lambda attention, values: (attention[:, None] @ values)[:, 0]),
    "transformer_part3": Kernel("", "x:n", silu, lambda x: x * sigmoid_hand(x)),
    "transformer_part4": Kernel("", "x:n y:n", lambda x, y: [x[i] * y[i] for i in range(len(x))], lambda x, y: x * y),
    "attention": Kernel("", "q:k keys:nk values:nk",
                        lambda q, keys, values: transformer_part2(softmax(transformer_part1(q, keys)), values),
                        attention_hand),
    "swiglu": Kernel("W1:mn W2:nm W3:mn", "x:n", swiglu, swiglu_hand),
    "rope": Kernel("cos:n sin:n", "x:n2", rope, rope_hand),
}
