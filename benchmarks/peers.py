"""The same steps in PyTorch (eager) and JAX (jit), where these are installed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from typing import Any

import numpy as np

from benchmarks.by_hand import Array, Moons, views
from benchmarks.timing import Contender


def installed(name: str) -> bool:
    """Whether a package can be imported."""
    return importlib.util.find_spec(name) is not None


def versions() -> str:
    """The versions and threads of the peers."""
    found = [f"micrograd {importlib.metadata.version('micrograd')}"] if installed("micrograd") else []
    if installed("torch"):
        import torch

        threads = torch.get_num_threads()
        found.append(f"PyTorch {torch.__version__} on {threads} thread{'s' * (threads > 1)}")
    if installed("jax"):
        import jax

        found.append(f"JAX {jax.__version__}")
    missing = [name for name in ("micrograd", "torch", "jax") if not installed(name)]
    return "; ".join(found + [f"{name} is not installed: its columns are left out" for name in missing])


# ── PyTorch ──────────────────────────────────────────────────────────────────────────────────


def torch_step(
    network: str, theta: Array, sizes: list[int], x: Array, y: Array, update: str | None = None
) -> Contender:
    """Forward, backward and, if named, the update, of "softmax", "xor" or "moons"."""
    import torch

    weights = [torch.tensor(part, requires_grad=True) for part in views(theta, sizes)]
    xs, ys = torch.tensor(x), torch.tensor(y)
    labels = ys.argmax(1)
    F = torch.nn.functional

    def softmax() -> Any:
        W1, b1, W2, b2 = weights
        return F.cross_entropy(F.linear(torch.relu(F.linear(xs, W1, b1)), W2, b2), labels)

    def xor() -> Any:
        W1, b1, W2, b2 = weights
        return F.mse_loss(torch.sigmoid(F.linear(torch.tanh(F.linear(xs, W1, b1)), W2, b2)), ys)

    def moons() -> Any:
        W1, b1, W2, b2, W3, b3 = weights
        z = F.linear(torch.relu(F.linear(torch.relu(F.linear(xs, W1, b1)), W2, b2)), W3, b3)
        return torch.relu(1 - ys * z).mean() + Moons.penalty * sum((w * w).sum() for w in weights)

    loss = {"softmax": softmax, "xor": xor, "moons": moons}[network]
    optimizers = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}
    optimizer = optimizers[update](weights, lr=1e-3) if update else None

    def step() -> Any:
        for weight in weights:
            weight.grad = None
        value = loss()
        value.backward()
        if optimizer is not None:
            optimizer.step()
        return value.item()

    return Contender(step, lambda: np.concatenate([weight.grad.numpy().ravel() for weight in weights]))


# ── JAX ──────────────────────────────────────────────────────────────────────────────────────


def jax_step(network: str, theta: Array, sizes: list[int], x: Array, y: Array, update: str | None = None) -> Contender:
    """The same as one jitted function, waited for."""
    import jax as untyped_jax
    import jax.numpy as jnp

    jax: Any = untyped_jax
    jax.config.update("jax_enable_x64", True)
    inputs, targets = jnp.asarray(x), jnp.asarray(y)

    def softmax(weights: Any, xs: Any, ys: Any) -> Any:
        W1, b1, W2, b2 = weights
        z = jnp.maximum(xs @ W1.T + b1, 0) @ W2.T + b2
        return jnp.mean(jax.nn.logsumexp(z, axis=1) - jnp.sum(ys * z, axis=1))

    def xor(weights: Any, xs: Any, ys: Any) -> Any:
        W1, b1, W2, b2 = weights
        return jnp.mean((jax.nn.sigmoid(jnp.tanh(xs @ W1.T + b1) @ W2.T + b2) - ys) ** 2)

    def moons(weights: Any, xs: Any, ys: Any) -> Any:
        W1, b1, W2, b2, W3, b3 = weights
        z = jnp.maximum(jnp.maximum(xs @ W1.T + b1, 0) @ W2.T + b2, 0) @ W3.T + b3
        return jnp.mean(jnp.maximum(1 - ys * z, 0)) + Moons.penalty * sum(jnp.sum(w * w) for w in weights)

    value_and_grad = jax.value_and_grad({"softmax": softmax, "xor": xor, "moons": moons}[network])

    def sgd(state: Any, xs: Any, ys: Any) -> Any:
        weights, steps, ms, vs = state
        value, gradients = value_and_grad(weights, xs, ys)
        return value, ([w - 1e-3 * g for w, g in zip(weights, gradients, strict=True)], steps, ms, vs)

    def adam(state: Any, xs: Any, ys: Any) -> Any:
        weights, steps, ms, vs = state
        value, gradients = value_and_grad(weights, xs, ys)
        steps = steps + 1
        ms = [0.9 * m + 0.1 * g for m, g in zip(ms, gradients, strict=True)]
        vs = [0.999 * v + 0.001 * g * g for v, g in zip(vs, gradients, strict=True)]
        rate, correction = 1e-3 / (1 - 0.9**steps), 1 - 0.999**steps
        moved = [w - rate * m / (jnp.sqrt(v / correction) + 1e-8) for w, m, v in zip(weights, ms, vs, strict=True)]
        return value, (moved, steps, ms, vs)

    def nothing(state: Any, xs: Any, ys: Any) -> Any:
        weights, *_ = state
        return value_and_grad(weights, xs, ys)

    # The state is given away, as training does, so that updates need no new memory.
    compiled = jax.jit({None: nothing, "SGD": sgd, "Adam": adam}[update], donate_argnums=(0,) if update else ())
    weights = [jnp.asarray(part) for part in views(theta, sizes)]
    zeros = [[jnp.zeros_like(w) for w in weights] for _ in range(2)]
    state: Any = (weights, jnp.asarray(0, x.dtype), *zeros)
    new: Any = None

    def step() -> Any:
        nonlocal state, new
        value, new = compiled(state, inputs, targets)
        if update:
            state = new
        jax.block_until_ready(new)
        return float(value)

    return Contender(step, None if update else lambda: np.concatenate([np.ravel(part) for part in new]))


def peers(
    network: str, theta: Array, sizes: list[int], x: Array, y: Array, update: str | None = None
) -> dict[str, Contender]:
    """The steps of every peer that is installed."""
    found: dict[str, Contender] = {}
    for package, name, make in (("torch", "PyTorch", torch_step), ("jax", "JAX `jit`", jax_step)):
        if installed(package):
            found[name] = make(network, np.array(theta), sizes, x, y, update)
    return found
