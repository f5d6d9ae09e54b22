"""Processes that are killed at random moments while they write files, and what the files hold then.

`python -m tests.killed save|checkpoint KILLS SEED FOLDER` prints in JSON how many kills there were, how many of them
while a file was being saved and in the midst of writing it, and how often the old and the new file were found then; so
does `cache KILLS SEED FOLDER ADDRESS` with the address of a mirror. A fault ends it with an error.

What is killed is a fork of this process, so that its start takes no time.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

import nn
from autograd.files import PREFIX
from nn.data import mnist_files
from nn.models.state import CHECKPOINT, read
from tests.forks import Shared, forked, killed
from tests.mirrors import fill, originals


def leftovers(folder):
    return [path for path in folder.iterdir() if path.name.startswith(PREFIX)]


def note(found, progress, room, number):
    """Count a kill after which the file with this number was found, which must be the old or the new one."""
    assert number in (progress.done, progress.begun), (number, progress.done, progress.begun)
    found["kills"] += 1
    if progress.begun > progress.done:
        found["while saving"] += 1
        found["old" if number == progress.done else "new"] += 1
    left = leftovers(room)
    assert len(left) <= 1, "an earlier one should have been swept away"
    found["midst of a file"] += len(left)


# ── models ───────────────────────────────────────────────────────────────────────────────────


def save(kills, rng, room):
    """A model is saved again and again, its parameters all 1, then all 2, …"""
    path, model, other = room / "model.npz", nn.MLP(16, [64, 16], init="zeros"), nn.MLP(16, [64, 16])
    progress, found = Shared("begun", "done"), Counter()

    def work():
        theta = np.empty(len(model.parameters()))
        for number in itertools.count(progress.done + 1):
            theta[:] = number
            nn.vector_to_parameters(theta, model)
            progress.begun = number
            model.save(path)
            progress.done = number

    began = time.perf_counter()
    model.save(path)
    duration = time.perf_counter() - began
    for _ in range(kills):
        before = progress.done = progress.begun
        killed(work, lambda before=before: progress.begun > before, rng.uniform(0, 3 * duration))
        other.load(path)
        [number] = set(nn.parameters_to_vector(other).tolist())
        note(found, progress, room, number)
        progress.begun = int(number)
    model.save(path)
    assert [path.name for path in room.iterdir()] == ["model.npz"]
    return found


def checkpoint(kills, rng, room):
    """A training that writes checkpoints; each time, its rest gives what a training gives that is left alone."""
    path, epochs, progress, found = room / "checkpoint.npz", 15, Shared("begun", "done"), Counter()
    X, Y = nn.data.moons(64, noise=0.2, seed=0)

    class Watch:
        """Tells when a checkpoint is begun, at the end of an epoch, and done, in the next step."""

        def epoch(self, training):
            progress.begun = training.epoch

        def step(self, training):
            progress.done = training.epoch

    def train(*callbacks):
        model = nn.MLP(2, [12, 12, 1], "tanh", "sigmoid", dropout=0.1, seed=0)
        history = nn.fit(model, X, Y, "binary_cross_entropy", nn.Adam(0.01), epochs=epochs, batch_size=32, seed=1,
                         validation_split=0.25, progress=False,
                         callbacks=[nn.EarlyStopping(patience=epochs), *callbacks],
                         resume=path if path.exists() else None)
        return nn.parameters_to_vector(model).tolist(), history.columns

    whole = train()
    began = time.perf_counter()
    train(nn.Checkpoint(path))
    duration = (time.perf_counter() - began) / 2  # half of it is compilation
    path.unlink()
    while found["kills"] < kills:
        before = progress.begun = progress.done = int(last(path))
        early = killed(lambda: train(Watch(), nn.Checkpoint(path)), lambda before=before: progress.begun > before,
                       rng.uniform(0, duration))
        number = last(path)
        if early:
            note(found, progress, room, number)
        assert train() == whole
        if number == epochs:
            path.unlink()
            found["trainings"] += 1
    return found


def last(path):
    """The epoch after which a checkpoint was written; 0 if there is none."""
    return json.loads(str(read(path)[CHECKPOINT]))["epoch"] if path.exists() else 0


# ── the cache of MNIST ───────────────────────────────────────────────────────────────────────


def cache(kills, rng, room, address):
    """Two processes fill the cache, and one of them is killed: the other does not mind, and the next one repairs."""
    found, files = Counter(), originals(images=3000)
    os.environ["XDG_CACHE_HOME"] = str(room)
    folder = mnist_files.cache()

    def work():
        fill(address, files)

    began = time.perf_counter()
    work()
    duration = time.perf_counter() - began
    for _ in range(kills):
        for path in folder.iterdir():
            path.unlink()
        survivor = forked(work)
        found["kills"] += killed(work, lambda: True, rng.uniform(0, 2 * duration))
        assert os.waitpid(survivor, 0)[1] == 0
        found["midst of a file"] += len(leftovers(folder))
        assert {path.name: path.read_bytes() for path in folder.iterdir() if path not in leftovers(folder)} == files
        (folder / "t10k-images-idx3-ubyte").write_bytes(b"half")
        work()
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    return found


def main(task, kills, seed, folder, *address):
    """Do a task and print what was found."""
    began = time.perf_counter()
    found = {"save": save, "checkpoint": checkpoint, "cache": cache}[task](
        int(kills), random.Random(int(seed)), Path(folder), *address)
    print(json.dumps({**found, "seconds": round(time.perf_counter() - began, 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
