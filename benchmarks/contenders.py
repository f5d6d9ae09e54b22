"""Everyone's step on the same work, forward and backward from the same weights."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
import nn
from autograd.nested import flatten
from benchmarks import by_hand, gpt_arrays
from benchmarks.gpt import ALPHABET, GPT
from benchmarks.networks import NETWORKS, examples
from benchmarks.peers import installed, peers
from benchmarks.scalars import MLP, Scalars
from benchmarks.timing import Contender


def arrays(kind: str, batch: int, dtype: Any = np.float64) -> dict[str, Contender]:
    """A network, or the "gpt", in NumPy by hand, compiled, in PyTorch and in JAX."""
    return gpt_arrays_of(batch, dtype) if kind == "gpt" else network_arrays(kind, batch, dtype)


def singles(kind: str, batch: int, engines: dict[str, Any]) -> dict[str, Contender]:
    """The same in engines of single numbers, in float64, the only kind that they have."""
    if kind == "gpt":
        return {name: scalar_gpt(engine, batch) for name, engine in engines.items()}
    return {name: scalar_network(kind, engine, *examples(kind, batch)) for name, engine in engines.items()}


def scalar(parameters: list[Any], loss: Callable[[], Any]) -> Contender:
    """A step of an engine of single numbers: the gradients are cleared, the graph is built and walked back."""

    def step() -> float:
        for parameter in parameters:
            parameter.grad = 0.0
        value = loss()
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(1_000_000)  # micrograd and microgpt recurse as deep as their sums are long
        try:
            value.backward()
        finally:
            sys.setrecursionlimit(limit)
        return float(value.data)

    return Contender(step, lambda: np.array([parameter.grad for parameter in parameters]))


def compiled(program: autograd.Program, theta: Any, X: Any, Y: Any) -> dict[str, Contender]:
    """Steps of a compiled program and of its machine code, which write their gradients into arrays given once."""

    def writing(program: autograd.Program) -> Contender:
        gradient = np.empty_like(theta)
        return Contender(lambda: program.value_and_grad(theta, X, Y, out=gradient)[0], lambda: gradient)

    found = {"reroll compiled": writing(program)}
    return found | ({"reroll native": writing(program.to_native())} if installed("llvmlite") else {})


# ── networks ─────────────────────────────────────────────────────────────────────────────────


def scalar_network(kind: str, engine: Any, X: Any, Y: Any) -> Contender:
    """A network in an engine of single numbers: ours, with `nn.MLP`, or another, with `scalars.MLP`."""
    network = NETWORKS[kind]
    model: Any = network.model()
    if isinstance(engine, Scalars):
        theta = nn.parameters_to_vector(model)
        model = MLP(engine, theta, network.sizes, network.activation, network.output)

    def loss() -> Any:
        numbers = [[engine.Value(x) for x in row] for row in X.tolist()]
        return network.objective(model, numbers, Y.tolist(), engine)

    return scalar(model.parameters(), loss)


def network_arrays(kind: str, batch: int, dtype: Any) -> dict[str, Contender]:
    """A network in NumPy by hand, compiled, in PyTorch and in JAX."""
    network = NETWORKS[kind]
    model = network.model()
    theta = nn.parameters_to_vector(model).astype(dtype)
    X, Y = examples(kind, batch, dtype)
    hand = by_hand.NETWORKS[kind](theta, batch, network.sizes)
    return {
        "NumPy by hand": Contender(lambda: hand.step(X, Y), lambda: hand.gradient),
        **compiled(network.compiled(model), theta, X, Y),
        **peers(kind, theta, network.sizes, X, Y),
    }


# ── the GPT ──────────────────────────────────────────────────────────────────────────────────


def words(batch: int) -> Any:
    """Random words as numbers of letters: nine each, of which the last eight are to be told."""
    return np.random.default_rng(0).integers(0, len(ALPHABET), (batch, 9))


def gpt_arrays_of(batch: int, dtype: Any) -> dict[str, Contender]:
    """The GPT in NumPy by hand, compiled, in PyTorch and in JAX."""
    model = GPT()
    theta = nn.parameters_to_vector(model.params).astype(dtype)
    letters = words(batch)
    rows = np.eye(len(ALPHABET), dtype=dtype)[letters]
    found = {
        "NumPy by hand": gpt_arrays.by_hand(theta, letters[:, :-1], letters[:, 1:]),
        **compiled(autograd.compile(model.loss, model.params), theta, rows[:, :-1], rows[:, 1:]),
    }
    if installed("torch"):
        found["PyTorch"] = gpt_arrays.torch(theta, letters[:, :-1], letters[:, 1:])
    if installed("jax"):
        found["JAX `jit`"] = gpt_arrays.jax(theta, letters[:, :-1], letters[:, 1:])
    return found


def scalar_gpt(engine: Any, batch: int) -> Contender:
    """The GPT in an engine of single numbers."""
    model = GPT(engine=engine)
    pairs = [(word[:-1], word[1:]) for word in words(batch).tolist()]
    return scalar(flatten(model.params), lambda: engine.mean([model.loss(x, y) for x, y in pairs]))
