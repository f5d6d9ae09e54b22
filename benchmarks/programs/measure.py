"""Contenders for a loss: reroll by NumPy and by machine code, NumPy by hand, PyTorch and JAX; and the table of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

import autograd
from benchmarks.peers import installed
from benchmarks.programs.common import Array, Params, Work
from benchmarks.timing import Contender, agreement, measure, table
from nn.models.module import values

RATIOS = (("reroll", "by hand"), ("reroll", "PyTorch"), ("reroll", "JAX"), ("native", "by hand"), ("native", "JAX"))


def parted(theta: Any, shapes: dict[str, tuple[int, ...]]) -> Params:
    """The arrays of a vector of parameters, or of each row of a matrix, by name."""
    found, start = {}, 0
    for name, shape in shapes.items():
        size = math.prod(shape)
        found[name] = theta[..., start : start + size].reshape((*theta.shape[:-1], *shape))
        start += size
    return found


def arguments(work: Work, examples: int) -> tuple[Array, Array, Array | None]:
    """Parameters as a vector, X and Y."""
    rng = np.random.default_rng(0)
    theta = rng.normal(0, work.scale, sum(math.prod(shape) for shape in work.shapes.values()))
    if work.data is not None:
        return theta, *work.data(rng, examples)
    X = rng.normal(size=(examples, *work.row))
    return theta, X, None if work.target is None else rng.normal(size=(examples, *work.target))


def as_values(work: Work, theta: Array) -> Params:
    """Parameters as Values, by name."""
    return {name: values(array.tolist()) for name, array in parted(theta, work.shapes).items()}


def programs(work: Work) -> dict[str, Any]:
    """The loss compiled, which serves for batches of every size."""
    P = as_values(work, arguments(work, 1)[0])
    program = autograd.compile(lambda *rows: work.loss(P, *rows), P)
    return {"reroll": program} | ({"native": program.to_native()} if installed("llvmlite") else {})


class Jax:
    """JAX by the names that the losses use."""

    def __init__(self) -> None:
        import jax as untyped

        jax: Any = untyped
        jax.config.update("jax_enable_x64", True)
        self.jax, self.jnp = jax, jax.numpy
        self.relu, self.sigmoid, self.softmax = jax.nn.relu, jax.nn.sigmoid, jax.nn.softmax
        self.logsumexp = jax.scipy.special.logsumexp

    def __getattr__(self, name: str) -> Any:
        return getattr(self.jnp, name)

    def conv2d(self, X: Any, K: Any, bias: Any, stride: int = 1, padding: int = 0, dilation: int = 1,
               groups: int = 1) -> Any:
        """As `torch.conv2d`."""
        return bias[:, None, None] + self.jax.lax.conv_general_dilated(
            X, K, (stride, stride), [(padding, padding)] * 2, rhs_dilation=(dilation, dilation),
            feature_group_count=groups)


def by_program(program: Any, theta: Array, X: Array, Y: Array | None) -> Contender:
    """A step of a compiled loss."""
    out = np.empty_like(theta)
    return Contender(lambda: program.value_and_grad(theta, X, Y, out=out)[0], lambda: out)


def by_hand(work: Work, theta: Array, X: Array, Y: Array | None) -> Contender:
    """A step of NumPy by hand."""
    hand, P = work.hand, parted(theta, work.shapes)
    assert hand is not None
    gradients: dict[str, Any] = {}

    def step() -> float:
        nonlocal gradients
        value, gradients = hand(P, X, Y)
        return value

    return Contender(step, lambda: np.concatenate([np.ravel(gradients[name]) for name in work.shapes]))


def by_torch(work: Work, theta: Array, X: Array, Y: Array | None) -> Contender:
    """A step of PyTorch."""
    import torch

    leaf = torch.tensor(theta, requires_grad=True)
    xs, ys = torch.tensor(X), None if Y is None else torch.tensor(Y)

    def step() -> float:
        leaf.grad = None
        loss = work.arrays(torch, parted(leaf, work.shapes), xs, ys).mean()
        loss.backward()
        return float(loss.detach())

    return Contender(step, lambda: leaf.grad.numpy())


def by_jax(work: Work, theta: Array, X: Array, Y: Array | None) -> Contender:
    """A step of JAX under `jit`."""
    xp = Jax()
    compiled = xp.jax.jit(xp.jax.value_and_grad(
        lambda vector, xs, ys: work.arrays(xp, parted(vector, work.shapes), xs, ys).mean()))
    given = [None if array is None else xp.jnp.asarray(array) for array in (theta, X, Y)]
    gradient: Any = None

    def step() -> float:
        nonlocal gradient
        value, gradient = compiled(*given)
        xp.jax.block_until_ready(gradient)
        return float(value)

    return Contender(step, lambda: np.asarray(gradient))


def contenders(work: Work, examples: int, made: dict[str, Any] | None = None) -> dict[str, Contender]:
    """Everything that computes the loss and its gradient; `made` are the programs if they were compiled before."""
    given = arguments(work, examples)
    found = {name: by_program(program, *given) for name, program in (made or programs(work)).items()}
    if work.hand is not None:
        found["by hand"] = by_hand(work, *given)
    for package, name, make in (("torch", "PyTorch", by_torch), ("jax", "JAX", by_jax)):
        if installed(package):
            found[name] = make(work, *given)
    return found


# ── the table ────────────────────────────────────────────────────────────────────────────────


class Measurement(NamedTuple):
    """The least seconds of a step, by contender, for a loss and a batch."""

    name: str
    examples: int
    work: Work
    seconds: dict[str, float]

    def ratio(self, one: str, other: str) -> float | None:
        """The seconds of one by those of the other, if both were there."""
        if one not in self.seconds or other not in self.seconds:
            return None
        return self.seconds[one] / self.seconds[other]


def measured(chosen: dict[str, Work], batches: Iterable[int], rounds: int, run: float) -> Iterator[Measurement]:
    """Measure losses, one after the other, each after a look at whether its contenders agree."""
    for name, work in chosen.items():
        made = programs(work)
        for examples in batches:
            found = contenders(work, examples, made)
            try:
                agreement(found)
            except SystemExit as error:
                raise SystemExit(f"{name}: {error}") from error
            times = measure({key: one.step for key, one in found.items()}, rounds=rounds, run=run)
            yield Measurement(name, examples, work, {key: min(seconds) for key, seconds in times.seconds.items()})


def tabulated(found: list[Measurement]) -> str:
    """The table, and below it what the ratios come to."""
    known = [key for key in ("reroll", "native", "by hand", "PyTorch", "JAX") if any(key in m.seconds for m in found)]
    pairs = [pair for pair in RATIOS if set(pair) <= set(known)]
    rows = [["Loss", "Batch", *(f"{one} µs" for one in known), *(f"{one} ÷ {other}" for one, other in pairs)]]
    for m in found:
        ratios = [m.ratio(*pair) for pair in pairs]
        rows.append([m.name, str(m.examples), *(f"{m.seconds[key] * 1e6:.1f}" if key in m.seconds else ""
                                                for key in known),
                     *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios)])
    plain = [m for m in found if not m.work.carried and not m.work.library]
    lines = [line for title, some in (("All losses", found), ("Without carried state and libraries", plain))
             for line in summary(title, some, pairs)]
    return "\n".join([table(rows), "", *lines]).rstrip()


def summary(title: str, found: list[Measurement], pairs: list[tuple[str, str]]) -> Iterator[str]:
    """A line for each ratio: the median, and the worst with the loss that has it."""
    if not found:
        return
    yield f"{title}:"
    yield ""
    for one, other in pairs:
        ratios = [(ratio, m) for m in found if (ratio := m.ratio(one, other)) is not None]
        if ratios:
            worst, m = max(ratios, key=lambda pair: pair[0])
            middle = statistics.median(ratio for ratio, _ in ratios)
            yield (f"- {one} ÷ {other}: {middle:.2f} in the middle of {len(ratios)}, "
                   f"at worst {worst:.2f} ({m.name}, batch of {m.examples})")
    yield ""
