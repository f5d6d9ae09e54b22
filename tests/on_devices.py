"""What the JAX engine computes on as many devices as the environment asks for, as a program of its own.

XLA reads the number of virtual devices once, when a process starts: `python -m tests.on_devices small|digits|gpt`
trains by the compiled engine and by JAX, and prints in JSON the number of devices and the largest differences.
`python -m tests.on_devices process PORT PROCESSES NUMBER SEED` is one process of several that train together.
"""

from __future__ import annotations

import json
import sys

import numpy as np

import autograd
import nn
from autograd import UsageError
from benchmarks.gpt import ALPHABET, GPT
from nn.training.jax_engine import JaxEngine

RNG = np.random.default_rng(0)


def small():
    """Batches of 5 and 2: neither can be divided by 4, and the second leaves two devices without a row."""
    X, Y = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2))
    return trained(lambda: nn.MLP(3, [6, 2], "tanh", dropout=0.3, seed=1), X, Y, "mse", epochs=3, batch_size=5)


def digits():
    """784-128-10 with ReLU and softmax cross entropy, in batches of 64 and one of 40."""
    X, labels = RNG.random((232, 784)), RNG.integers(0, 10, 232)
    return trained(lambda: nn.MLP(784, [128, 10], seed=0), X, labels, "cross_entropy_with_logits",
                   epochs=2, batch_size=64)


def gpt():
    """Three steps of a transformer on 6 words of 8 letters."""
    model = GPT()
    letters = np.eye(len(ALPHABET))[RNG.integers(0, len(ALPHABET), (6, 9))]

    def run(engine):
        theta, optimizer, losses = nn.parameters_to_vector(model.params), nn.Adam(0.003), []
        for _ in range(3):
            loss, gradient = engine.value_and_grad(theta, letters[:, :-1], letters[:, 1:])
            optimizer.step(theta, gradient)
            losses.append(loss)
        return np.array(losses), theta

    return compared(run(make(model.loss, model.params)) for make in (autograd.compile, JaxEngine))


def trained(make, X, Y, loss, **options):
    """A training by each engine."""
    def run(engine):
        model = make()
        history = nn.fit(model, X, Y, loss, nn.Adam(0.003), engine=engine, seed=2, progress=False, **options)
        return history.loss, nn.parameters_to_vector(model)

    return compared(run(engine) for engine in ("compiled", "jax"))


def compared(runs):
    """The greatest differences of the losses and of the parameters of two trainings."""
    return {"losses and parameters": [difference(*pair) for pair in zip(*runs, strict=True)]}


def difference(mine, theirs):
    """The greatest difference, relative to the greatest number."""
    return float(np.abs(mine - theirs).max() / np.abs(mine).max())


def collectives():
    """How the devices exchange numbers in a step."""
    import jax

    model = nn.MLP(3, [6, 2], "tanh", seed=1)
    engine = JaxEngine(lambda x, y: nn.mse(model(x), y), model)
    theta, X, Y = nn.parameters_to_vector(model, np.float32), np.ones((8, 3), np.float32), np.ones((8, 2), np.float32)
    engine.value_and_grad(theta, X, Y)
    [(step, losses)] = engine.steps.values()
    with jax.enable_x64(False):
        shares = [engine.placed(part, engine.split) for part in (X, Y)]
        text = step.lower(engine.placed(theta, engine.whole), losses.numbers(), 8, *shares).compile().as_text()
    kinds = ("all-reduce", "all-gather", "all-to-all", "collective-permute", "reduce-scatter")
    return {"collectives": [kind for kind in kinds if kind in text]}


def process(port, processes, number, seed):
    """The devices, the losses and the sum of the parameters of a training in several processes, or its error."""
    import jax

    jax.distributed.initialize(f"localhost:{port}", int(processes), int(number))
    try:
        return together(int(seed), "jax")
    except UsageError as error:
        return {"error": str(error)}


def together(seed, engine):
    """The training that processes share."""
    rng, model = np.random.default_rng(0), nn.MLP(3, [4, 2], "tanh", seed=0)
    history = nn.fit(model, rng.random((7, 3)), rng.random((7, 2)), "mse", nn.Adam(0.01), epochs=3, batch_size=5,
                     engine=engine, seed=seed, progress=False)
    return {"losses": history.loss.tolist(), "total": float(nn.parameters_to_vector(model).sum())}


def main(task, *arguments):
    """Run a task and print what it found."""
    found = {"small": small, "digits": digits, "gpt": gpt, "collectives": collectives, "process": process}[task](
        *arguments)
    print(json.dumps(found | {"place": JaxEngine(lambda x, y: x, []).place}))


if __name__ == "__main__":
    main(*sys.argv[1:])
