"""What a step costs with NumPy and with JAX on 1, 2 and 4 devices: `python -m benchmarks.jax_devices [--quick]`.

Steps of 784-128-10 with ReLU and softmax cross entropy and of a small GPT (see `gpt`), with Adam, as `nn.fit` takes
them, in float32. XLA splits the CPU into as many virtual devices as it is told when a process starts, so each number
of devices is a process of its own. Processes take turns, NumPy in each; a table has the medians over them.

Virtual devices are for testing: they share the cores, so that two of them need not be faster than one, which may use
all cores. The last columns are microseconds of a step: for moving X and Y to the most devices and θ there and back
(on a CPU, where memory is shared), and for Adam, which is NumPy's work in either engine; and seconds for tracing and
for XLA to compile.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import autograd
import nn
from benchmarks.gpt import ALPHABET, GPT
from benchmarks.peers import installed, versions
from benchmarks.timing import machine, measure, table
from nn.training.jax_engine import JaxEngine
from nn.training.training import SMALL

DEVICES = (1, 2, 4)
WORK = {"784-128-10": (64, 1024), "small GPT": (16, 256)}
"""The batches of every network."""


def work(name: str, batch: int) -> tuple[Callable[[Any, Any], Any], Any, Any, Any]:
    """A loss, its parameters, and examples."""
    rng = np.random.default_rng(0)
    if name == "small GPT":
        model = GPT()
        letters = np.eye(len(ALPHABET), dtype=np.float32)[rng.integers(0, len(ALPHABET), (batch, 9))]
        return model.loss, model.params, letters[:, :-1], letters[:, 1:]
    network = nn.MLP(784, [128, 10], seed=0)
    X, Y = rng.random((batch, 784), np.float32), np.eye(10, dtype=np.float32)[rng.integers(0, 10, batch)]
    return lambda x, y: nn.cross_entropy_with_logits(network(x), y), network, X, Y


def times(name: str, batch: int, rounds: int) -> dict[str, float]:
    """Seconds of a step by each engine in this process, of compiling, and of the parts of a step of JAX."""
    loss, params, X, Y = work(name, batch)
    theta = nn.parameters_to_vector(params, np.float32)
    engine = JaxEngine(loss, params)
    start = time.perf_counter()
    _, gradient = engine.value_and_grad(theta, X, Y)
    compiling = time.perf_counter() - start
    _, expected = autograd.compile(loss, params).value_and_grad(theta, X, Y)
    if not np.allclose(gradient, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max()):
        raise SystemExit(f"{name}: the gradients of JAX and of NumPy disagree")
    optimizer, mine = nn.Adam(1e-6), theta.copy()
    contenders = {
        "NumPy": training(autograd.compile(loss, params), theta, X, Y),
        "JAX": training(engine, theta, X, Y),
        "moving": lambda: moving(engine, theta, X, Y),
        "optimiser": lambda: optimizer.step(mine, gradient),
    }
    with threadpool_limits(1 if 6 * theta.size * batch < SMALL else None, user_api="blas"):  # as fit does
        measured = measure(contenders, rounds)
    return {kind: measured.median(kind) for kind in contenders} | {"compiling": compiling}


def training(engine: nn.Engine, theta: Any, X: Any, Y: Any) -> Callable[[], Any]:
    """A step: value, gradient and Adam."""
    theta, gradient, optimizer = theta.copy(), np.empty_like(theta), nn.Adam(1e-6)

    def step() -> None:
        engine.value_and_grad(theta, X, Y, out=gradient)
        optimizer.step(theta, gradient)

    return step


def moving(engine: JaxEngine, theta: Any, X: Any, Y: Any) -> Any:
    """The arrays of a step to the devices, and one as large as θ back."""
    for part in (X, Y):
        engine.placed(part.reshape(len(part), -1), engine.split).block_until_ready()
    return np.array(engine.placed(theta, engine.whole))


def elsewhere(devices: int, quick: bool) -> list[dict[str, float]]:
    """The times of all work in a process with so many devices."""
    flags = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    command = [sys.executable, "-m", "benchmarks.jax_devices", "--here", *(["--quick"] if quick else [])]
    done = subprocess.run(command, env=os.environ | flags, stdout=subprocess.PIPE, text=True, check=True)
    found: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def rows_of(quick: bool) -> list[tuple[str, int]]:
    """Network and batch of every row."""
    return [(name, batch) for name, batches in WORK.items() for batch in batches[: 1 if quick else None]]


def report(quick: bool = False) -> str:
    """The table: examples per second, then what else takes time."""
    turns = [{devices: elsewhere(devices, quick) for devices in DEVICES} for _ in range(1 if quick else 3)]

    def median(which: int, kind: str, *devices: int) -> float:
        return statistics.median(turn[n][which][kind] for turn in turns for n in devices or DEVICES)

    devices = [f"JAX, {n} device{'s' * (n > 1)}" for n in DEVICES]
    lines = [["Examples per second", "NumPy", *devices, "moving, µs", "Adam, µs", "compiling, s"]]
    for i, (name, batch) in enumerate(rows_of(quick)):
        speeds = [batch / median(i, "NumPy"), *(batch / median(i, "JAX", n) for n in DEVICES)]
        parts = [median(i, "moving", DEVICES[-1]) * 1e6, median(i, "optimiser") * 1e6]
        lines.append([f"{name}, batch of {batch}", *(f"{speed:,.0f}" for speed in speeds),
                      *(f"{part:.0f}" for part in parts), f"{median(i, 'compiling'):.1f}"])
    return table(lines)


def main() -> None:
    """Print the table, or in a process for one number of devices its times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="less work, once")
    parser.add_argument("--here", action="store_true", help="the times in this process, as JSON")
    options = parser.parse_args()
    if options.here:
        print(json.dumps([times(*row, rounds=3 if options.quick else 15) for row in rows_of(options.quick)]))
    elif not installed("jax"):
        print('JAX is not installed: pip install -e ".[jax]"')
    else:
        print(f"{machine()}; {versions()}\n\n{report(options.quick)}")


if __name__ == "__main__":
    main()
