"""The GPT of `gpt` on arrays: NumPy by hand, PyTorch and JAX.

A batch is an array of numbers of letters, (words, positions), and one of the letters that follow them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks.by_hand import Array
from benchmarks.timing import Contender

SHAPES = {"E": (16, 27), "P": (8, 16), "QKV": (48, 16), "O": (16, 16), "W1": (64, 16), "W2": (16, 64), "U": (27, 16)}
"""Of the parameters, in their order; Q, K and V are one matrix."""
HEADS = 4


def matrices(theta: Array) -> dict[str, Array]:
    """Views of the parameters, by name."""
    parts, start = {}, 0
    for name, shape in SHAPES.items():
        parts[name] = theta[start : (start := start + math.prod(shape))].reshape(shape)
    return parts


def normalised(h: Array) -> tuple[Array, Array]:
    """n = s h with s = 1/√(mean h² + ε), and s."""
    scale = (np.einsum("ij,ij->i", h, h)[:, None] / h.shape[1] + 1e-5) ** -0.5
    return h * scale, scale


def normalised_back(dn: Array, n: Array, scale: Array) -> Array:
    """dh = s (dn - n mean(n dn))."""
    return scale * (dn - n * (np.einsum("ij,ij->i", n, dn)[:, None] / n.shape[1]))


class ByHand:
    """Forward and backward in NumPy as well as we can: a row for each position of each word."""

    def __init__(self, theta: Array, letters: Any, following: Any) -> None:
        self.gradient = np.empty_like(theta)
        self.weights, self.gradients = matrices(theta), matrices(self.gradient)
        rows = np.eye(SHAPES["E"][1], dtype=theta.dtype)
        self.words, self.positions = letters.shape
        self.x, self.y = rows[letters.ravel()], rows[following.ravel()]
        self.hidden = np.where(np.tri(self.positions, dtype=bool), 0, -np.inf).astype(theta.dtype)

    def heads(self, rows: Array) -> Array:
        """Rows of numbers to (…, words, heads, positions, numbers of a head)."""
        parts = rows.reshape(self.words, self.positions, -1, HEADS, 4)
        return np.ascontiguousarray(parts.transpose(2, 0, 3, 1, 4))

    def rows(self, heads: Array) -> Array:
        """And back."""
        return heads.transpose(1, 3, 0, 2, 4).reshape(self.words * self.positions, -1)

    def step(self) -> float:
        p, g = self.weights, self.gradients
        h0 = ((self.x @ p["E"].T).reshape(self.words, -1) + p["P"].ravel()).reshape(len(self.x), -1)
        n1, s1 = normalised(h0)
        q, k, v = self.heads(n1 @ p["QKV"].T)
        weights = q @ k.swapaxes(-1, -2)
        weights *= 0.5
        weights += self.hidden
        weights -= weights.max(-1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(-1, keepdims=True)
        mixed = self.rows((weights @ v)[None])
        h1 = mixed @ p["O"].T
        h1 += h0
        n2, s2 = normalised(h1)
        a = n2 @ p["W1"].T
        np.maximum(a, 0, out=a)
        h2 = a @ p["W2"].T
        h2 += h1
        n3, s3 = normalised(h2)
        z = n3 @ p["U"].T
        z -= z.max(1, keepdims=True)
        dz = np.exp(z)
        total = dz.sum(1, keepdims=True)
        loss = (np.log(total).sum() - np.vdot(self.y, z)) / len(z)

        dz /= total
        dz -= self.y
        dz /= len(z)
        np.matmul(dz.T, n3, out=g["U"])
        dh2 = normalised_back(dz @ p["U"], n3, s3)
        np.matmul(dh2.T, a, out=g["W2"])
        da = dh2 @ p["W2"]
        da *= a > 0
        np.matmul(da.T, n2, out=g["W1"])
        dh1 = normalised_back(da @ p["W1"], n2, s2)
        dh1 += dh2
        np.matmul(dh1.T, mixed, out=g["O"])
        [dmixed] = self.heads(dh1 @ p["O"])
        dweights = dmixed @ v.swapaxes(-1, -2)
        dweights -= np.einsum("...i,...i->...", dweights, weights)[..., None]
        dweights *= weights
        dweights *= 0.5
        dqkv = self.rows(np.stack([dweights @ k, dweights.swapaxes(-1, -2) @ q, weights.swapaxes(-1, -2) @ dmixed]))
        np.matmul(dqkv.T, n1, out=g["QKV"])
        dh0 = normalised_back(dqkv @ p["QKV"], n1, s1)
        dh0 += dh1
        np.matmul(dh0.T, self.x, out=g["E"])
        np.sum(dh0.reshape(self.words, self.positions, -1), axis=0, out=g["P"])
        return float(loss)


def by_hand(theta: Array, letters: Any, following: Any) -> Contender:
    model = ByHand(theta, letters, following)
    return Contender(model.step, lambda: model.gradient)


def torch(theta: Array, letters: Any, following: Any) -> Contender:
    """Eager PyTorch, with its own embedding, normalisation, attention and loss."""
    import torch

    F = torch.nn.functional
    p = {name: torch.tensor(part, requires_grad=True) for name, part in matrices(theta).items()}
    xs, ys = torch.tensor(letters), torch.tensor(following).ravel()
    words, positions = letters.shape

    def norm(h: Any) -> Any:
        return F.rms_norm(h, (16,), eps=1e-5)

    def step() -> float:
        for weight in p.values():
            weight.grad = None
        h = F.embedding(xs, p["E"].T) + p["P"]
        n = norm(h)
        q, k, v = F.linear(n, p["QKV"]).view(words, positions, 3, HEADS, 4).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(words, positions, 16)
        h = h + F.linear(mixed, p["O"])
        h = h + F.linear(torch.relu(F.linear(norm(h), p["W1"])), p["W2"])
        value = F.cross_entropy(F.linear(norm(h), p["U"]).flatten(0, 1), ys)
        value.backward()
        return float(value.item())

    return Contender(step, lambda: np.concatenate([weight.grad.numpy().ravel() for weight in p.values()]))


def jax(theta: Array, letters: Any, following: Any) -> Contender:
    """JAX, one jitted function."""
    import jax as untyped_jax
    import jax.numpy as jnp

    jax: Any = untyped_jax
    jax.config.update("jax_enable_x64", True)
    words, positions = letters.shape

    def norm(h: Any) -> Any:
        return h * jax.lax.rsqrt(jnp.mean(h * h, axis=-1, keepdims=True) + 1e-5)

    def loss(p: Any, xs: Any, ys: Any) -> Any:
        h = jax.nn.one_hot(xs, 27, dtype=p["E"].dtype) @ p["E"].T + p["P"]
        n = norm(h)
        q, k, v = (n @ p["QKV"].T).reshape(words, positions, 3, HEADS, 4).transpose(2, 0, 3, 1, 4)
        scores = jnp.where(jnp.tri(positions, dtype=bool), q @ k.swapaxes(-1, -2) / 2, -jnp.inf)
        mixed = (jax.nn.softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(words, positions, 16)
        h = h + mixed @ p["O"].T
        h = h + jnp.maximum(norm(h) @ p["W1"].T, 0) @ p["W2"].T
        z = norm(h) @ p["U"].T
        picked = jnp.sum(jax.nn.one_hot(ys, 27, dtype=z.dtype) * z, axis=-1)
        return jnp.mean(jax.nn.logsumexp(z, axis=-1) - picked)

    p = {name: jnp.asarray(part) for name, part in matrices(theta).items()}
    xs, ys = jnp.asarray(letters), jnp.asarray(following)
    value_and_grad = jax.jit(jax.value_and_grad(loss))
    gradients: Any = None

    def step() -> float:
        nonlocal gradients
        value, gradients = value_and_grad(p, xs, ys)
        jax.block_until_ready(gradients)
        return float(value)

    return Contender(step, lambda: np.concatenate([np.ravel(gradients[name]) for name in SHAPES]))
