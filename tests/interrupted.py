"""Trainings in which Ctrl-C is pressed at random moments, and what they leave.

`python -m tests.interrupted ENGINE TIMES PRESSES SEED FOLDER` prints in JSON how many trainings there were, and where
the first of so many presses met them. A fault ends it with an error.
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import nn
from tests.forks import Shared, struck

EPOCHS, STEPS = 12, 3
X, Y = nn.data.moons(64, noise=0.2, seed=0)


class Watch:
    """Keeps the parameters after each step."""

    def __init__(self):
        self.thetas = []

    def step(self, training):
        self.thetas.append(training.theta.tolist())


def made():
    model = nn.MLP(2, [6, 1], "tanh", "sigmoid", dropout=0.1, seed=0)
    model.eval()
    return model


def train(model, engine, *callbacks, epochs=EPOCHS, **options):
    return nn.fit(model, X, Y, "binary_cross_entropy", nn.Adam(0.05), epochs=epochs, batch_size=16, seed=1,
                  validation_split=0.25, engine=engine, callbacks=callbacks, **{"progress": False} | options)


def parameters(model):
    return nn.parameters_to_vector(model).tolist()


def undisturbed(engine):
    """The parameters after each step, and the history."""
    watch = Watch()
    return watch.thetas, train(made(), engine, watch).columns


def check(engine, path, whole, shared, presses):
    """One training during which somebody else presses Ctrl-C."""
    thetas, columns = whole or undisturbed(engine)
    model, watch, history = made(), Watch(), None
    start = parameters(model)
    path.unlink(missing_ok=True)
    shared.ready = 1
    with contextlib.suppress(KeyboardInterrupt):
        history = train(model, engine, watch, nn.Checkpoint(path), progress=True)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    shared.over, shared.steps, shared.raised = 1, len(watch.thetas), history is None

    assert before is signal.default_int_handler
    assert watch.thetas == thetas[: shared.steps]
    # A second press may come between a step and the callback that keeps its parameters.
    assert parameters(model) in [start, *thetas][shared.steps :][: 2 if presses > 1 else 1]
    assert not any(module.training for module in model.modules())
    assert history is not None or presses > 1 or shared.steps in (0, len(thetas))
    if history is not None:
        epochs = shared.steps // STEPS
        assert history.interrupted or shared.steps == len(thetas)
        for name, column in history.columns.items():
            assert column == columns[name][:epochs]
    if path.exists():
        again = made()
        train(again, engine, resume=path)
        assert parameters(again) == thetas[-1]

    same = made()
    same.load_state_dict(model.state_dict())
    for each in (model, same):
        assert not train(each, engine, epochs=1).interrupted
    assert parameters(model) == parameters(same)


def pressed(engine, folder, whole, delays):
    """Train once while Ctrl-C is pressed after these seconds, and check what is left; where the first press met it."""
    path, shared = Path(folder, "checkpoint.npz"), Shared("ready", "over", "steps", "raised")
    status = struck(lambda: check(engine, path, whole, shared, len(delays)), signal.SIGINT,
                    lambda: shared.ready, *delays)
    if status == 130 and not shared.over:
        return "outside of fit"
    assert status == 0, "a check failed"
    if shared.raised:
        return "raised"
    return {0: "before the first step", EPOCHS * STEPS: "after the last"}.get(shared.steps, "between steps")


def main(engine, times, presses, seed, folder):
    """Press again and again, and print what was met."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background, shells let it be ignored
    rng, began = random.Random(int(seed)), time.perf_counter()
    whole = undisturbed(engine) if engine != "jax" else None  # JAX does not bear forks: each has to begin for itself
    duration = (time.perf_counter() - began) if whole else 1.0
    met = Counter()
    for _ in range(times):
        delays = [rng.uniform(0, 1.5 * duration), *(rng.expovariate(200) for _ in range(presses - 1))]
        met[pressed(engine, folder, whole, delays)] += 1
    print(json.dumps({**met, "seconds": round(time.perf_counter() - began, 1)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
