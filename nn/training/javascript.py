"""A training as JavaScript: what a page needs to train a model by itself, with the numbers that `fit` would have."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd
from autograd import Value
from autograd.errors import UsageError
from autograd.nested import flatten, parameters_of
from nn.arguments import count, function
from nn.examples import FloatArray, explained
from nn.init import Seed, generator
from nn.losses import LOSSES, Loss, meaning_of, threshold_of
from nn.models.module import Module
from nn.models.state import shape_of
from nn.optim import OPTIMIZERS, SGD, Optimizer
from nn.penalties import Penalized, l1_penalty, l2_penalty, weights
from nn.training.evaluation import Evaluator, Examples, check_model, examples_for
from nn.training.train import check_trainable, parts_of
from nn.vector import parameters_to_vector

RATE = 0.1
"""The learning rate of gradient descent, where it is offered besides an optimiser that was chosen."""


def to_javascript(
    models: Module | Sequence[Module],
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    loss: str | Loss,
    optimizer: Optimizer,
    *,
    epochs: int = 5,
    batch_size: int | None = None,
    shuffle: bool = True,
    validation_split: float = 0.0,
    validation_data: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    seed: Seed = None,
) -> str:
    """A training as one expression of JavaScript, for the class `Training` of viz/pages/static/training.js.

    Arguments are those of `fit`, but for `models`: one, or several to choose from, of the same inputs and outputs. For
    the first `epochs` the examples come in the order in which `fit` meets them with this `seed`, so that all losses and
    parameters are those of `fit` to rounding; later orders are the page's own. Every optimiser of this package is
    there, printed from its own rule; so are the penalties of `penalized`, with strengths that can be changed.

    Raises what `fit` raises for the arguments, and what `Optimizer.to_javascript` raises.
    """
    several = [models] if isinstance(models, Module) else list(models)
    if not several:
        raise UsageError("a page trains a model, or several: none came")
    for model in several:
        check_trainable(model, optimizer)
    l1, l2, biases = 0.0, 0.0, False
    if isinstance(loss, Penalized):
        l1, l2, biases, loss = loss.l1, loss.l2, loss.biases, loss.loss
    cost, epochs = function("loss", loss, LOSSES), count("epochs", epochs)
    order, noise, kept_back = generator(seed).spawn(3)
    examples, validation = parts_of(
        examples_for(several[0], loss, X, Y), validation_split, validation_data, kept_back, several[0], loss)
    size, n = batch_size and count("examples in a batch", batch_size), len(examples)
    for model in several:
        with explained(examples.inputs):
            check_model(model, loss, Evaluator(model, cost, ()), examples)
    written = [Written(model, cost, biases, examples) for model in several]
    noises = max(one.noises for one in written)
    tables = data("X", "Y", examples) | data("testX", "testY", validation)
    orders = np.array([order.permutation(n) for _ in range(epochs)]) if shuffle else np.zeros((0, n), int)
    given = {
        "data": f"{{ {', '.join(f'{name}: {table(rows)}' for name, rows in tables.items())} }}",
        "orders": table(orders),
        "shuffle": literal(shuffle),
        "noise": row(noise.random(epochs * n * noises)),
        "rates": row(rates(optimizer, epochs if optimizer.schedule else 0, n, size or n)),
        "classes": literal(classes(loss, examples)),
        "optimizer": literal(label(optimizer)),
        "options": literal({"lr": optimizer.lr, "batch": size or n, "l1": l1, "l2": l2, "testShare": validation_split}),
    }
    rules = {label(one): one.to_javascript() for one in [optimizer, *offered()][::-1]}
    return "\n".join([
        "(() => {", UNPACK, "return {", *(f"{name}: {text}," for name, text in given.items()),
        "optimizers: {", *(f"{literal(name)}: {rule}," for name, rule in reversed(rules.items())), "},",
        "models: [", *(f"{one.text}," for one in written), "],", "};", "})()",
    ])


class Written:
    """A model in JavaScript: its parameters, its loss with penalties while it learns, and what it predicts."""

    def __init__(self, model: Module, cost: Loss, biases: bool, examples: Examples) -> None:
        l1, l2 = Value(0.0, "l1"), Value(0.0, "l2")

        def penalized(x: Any, y: Any) -> Any:
            total = cost(model(x), y)
            if weights(model, biases):
                total = total + l1 * l1_penalty(model, 1.0, biases) + l2 * l2_penalty(model, 1.0, biases)
            return total

        shapes = examples.inputs.shape[1:], examples.targets.shape[1:]
        with model.mode(training=True):
            learning = autograd.compile(penalized, model).trace(*shapes)
        self.noises = learning._traced().plan.noises
        programs = {"learning": learning.to_javascript()}
        with model.mode(training=False):
            outputs = autograd.compile(lambda x: flatten(model(x)), model).trace(shapes[0])
            programs["predicting"] = outputs.to_javascript()
            if self.noises:
                programs["measuring"] = autograd.compile(penalized, model).trace(*shapes).to_javascript()
        self.text = "\n".join([
            "{", f"name: {literal(repr(model))},", f"parameters: [{', '.join(named(model))}],",
            f"theta: {row(parameters_to_vector(model))},",
            *(f"{name}: {text}," for name, text in programs.items()), "}"])


def named(model: Module) -> Iterator[str]:
    """The parameters by name, each with its shape and with where its numbers are in θ."""
    order = {value: place for place, value in enumerate(parameters_of(model))}
    for name, nested in model.named_parameters():
        places = row(np.array([order[value] for value in flatten(nested)]))
        yield f"{{ name: {literal(name)}, shape: {literal(shape_of(nested))}, places: {places} }}"


def data(inputs: str, targets: str, examples: Examples | None) -> dict[str, FloatArray]:
    """Examples as rows of plain numbers, by these names."""
    if examples is None:
        return {}
    n = len(examples)
    return {inputs: examples.inputs.reshape(n, -1), targets: examples.targets.reshape(n, -1)}


def classes(loss: str | Loss, examples: Examples) -> dict[str, float] | None:
    """Where outputs and targets change from one class to the other; nothing if they tell none.

    Rows of several outputs say by the largest which class they mean, and have no such number.
    """
    targets: FloatArray = examples.targets.reshape(len(examples), -1)
    if targets.shape[1] > 1:
        return {} if bool(np.isin(targets, (0, 1)).all() and (targets.sum(axis=1) == 1).all()) else None
    meaning = meaning_of(loss)
    if not any(set(np.unique(targets)) <= pair for pair in ({0.0, 1.0}, {-1.0, 1.0})):
        return None
    middle = 0.0 if (targets < 0).any() else 0.5
    threshold = threshold_of(loss, examples.targets) if meaning else middle
    return {"output": middle if threshold is None else threshold, "target": middle}


def rates(optimizer: Optimizer, epochs: int, n: int, size: int) -> FloatArray:
    """The learning rate of a schedule in each step."""
    before = optimizer.lr
    found = [optimizer.at(epoch + met / n) for epoch in range(epochs) for met in range(0, n, size)]
    optimizer.lr, optimizer.epochs = before, None
    return np.array(found)


def offered() -> list[Optimizer]:
    """The optimisers that a page lets its reader choose from."""
    descents = [SGD(RATE), SGD(RATE, 0.9), SGD(RATE, 0.9, nesterov=True)]
    return [*descents, *(made() for made in OPTIMIZERS.values() if made is not SGD)]


def label(optimizer: Optimizer) -> str:
    """What a page calls an optimiser."""
    if isinstance(optimizer, SGD) and optimizer.momentum:
        return f"SGD with {'Nesterov momentum' if optimizer.nesterov else 'momentum'}"
    return type(optimizer).__name__


# ── data as text ─────────────────────────────────────────────────────────────────────────────

UNPACK = """\
// Rows of numbers from their bytes: each number is a float, or says which one of the values it is.
const unpacked = (text, width, size, values) => {
  const view = new DataView(Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer);
  const read = { 1: i => view.getUint8(i), 2: i => view.getUint16(i, true), 8: i => view.getFloat64(i, true) }[size];
  const number = values ? i => values[read(i)] : read;
  return Array.from({ length: view.byteLength / (size * width) }, (_, row) =>
    Array.from({ length: width }, (_, column) => number((row * width + column) * size)));
};"""


def table(rows: npt.NDArray[Any]) -> str:
    """Rows of numbers as an expression: as they are written, or as bytes in base 64, whichever is shorter.

    >>> table(np.array([[0, 1], [2, 3]]))
    '[[0,1],[2,3]]'
    >>> table(np.zeros((8, 4)))
    'unpacked("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",4,1,[0.0])'
    """
    spellings = [literal(rows.tolist())]
    if rows.size:
        values, places = np.unique(rows, return_inverse=True)
        width, known = rows.shape[1], literal(values.tolist())
        if len(values) <= 2**8:
            spellings.append(f"unpacked({bytes_of(places.astype('<u1'))},{width},1,{known})")
        if rows.dtype.kind == "i" and rows.max() < 2**16:
            spellings.append(f"unpacked({bytes_of(rows.astype('<u2'))},{width},2)")
        if rows.dtype.kind == "f":
            spellings.append(f"unpacked({bytes_of(rows.astype('<f8'))},{width},8)")
    return min(spellings, key=len)


def row(numbers: npt.NDArray[Any]) -> str:
    """The same of a single row."""
    text = table(numbers[None])
    return text[1:-1] if text.startswith("[") else f"{text}[0]"


def bytes_of(array: npt.NDArray[Any]) -> str:
    """The bytes of an array as text in base 64."""
    return f'"{base64.b64encode(array.tobytes()).decode()}"'


def literal(thing: Any) -> str:
    """Data as JSON that may stand inside a `<script>`."""
    return json.dumps(thing, separators=(",", ":")).replace("<", "\\u003c")
