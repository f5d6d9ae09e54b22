"""A page in which a network of one's own is trained: every picture of it follows, step by step."""

from __future__ import annotations

import base64
import importlib
import itertools
import math
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd
from autograd import SizeError, UsageError, Value, ancestors, ops
from autograd.nested import parameters_of
from viz.drawings.dot import draw
from viz.drawings.network import Layer, forward, is_model, layers_of
from viz.drawings.vector import text, vector
from viz.pages.live import WIDE, Moving
from viz.pages.steps import stage, steps
from viz.pages.web import Page, constants, document, formulas, labelled, literal, page_file, saved
from viz.pages.words import spoken, words
from viz.style import variables
from viz.text import expression
from viz.text.javascript import PRELUDE, operations
from viz.text.tokens import rows

SHARED = ("helpers.js", "numbers.js", "tokens.js", "player.js", "view.js", "recomputed.js", "files.js", "steps.js")
"""The scripts of this page and of the page inside it, on which one example is stepped through."""

SCRIPTS = ("expression.js", "plane.js", "losses.js", "panels.js", "layers.js", "training.js", "model.js", "settings.js",
           "own.js", "weight.js", "dialog.js", "address.js", "play.js")

MOST = 16
"""So many neurons of a layer are drawn."""

LARGEST = 300
"""A graph of more values than this is not stepped through."""

SMALLEST_IMAGE = 6
"""Inputs that are pixels are a square with sides of at least this."""

Cost = Callable[[Any, Any], Value]
"""The loss of an example, from the outputs and the targets."""


def play(
    models: Any,
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    loss: str | Callable[[Any, Any], Any],
    optimizer: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    names: Sequence[str] | None = None,
    title: str = "",
    language: str = "en",
    **options: Any,
) -> Page:
    """A page in which a model is trained on examples (X, Y), while what it makes of them is seen.

    `models` is one model, a list of them, or a dict that names them: the page offers them all. They are compiled with
    their loss; the page computes what `nn.fit` computes with them, and needs no other file and no network. Play, pause
    and step; the learning rate, the optimiser, the size of batches, penalties, noise and the share of test data may
    change at any time, a weight by a click on its line. It shows losses, activations and gradients by layer, and the
    plane of two inputs, the curve over one, or images where the inputs are a square of pixels. A click on an example
    steps through its forward and backward pass. Examples of one's own come as CSV, by clicks or from a function; the
    parameters go as JSON, which `model.load_state_dict(json.load(file))` reads, and the state as the address.

    `names` are those of the classes. Other options are those of the training: `batch_size`, `validation_split`, `seed`.
    The page is returned, and written to `path` if there is one; it is in a `language` as for `viz.html`.
    """
    offered, said = named(models), words(language)
    nn = importlib.import_module("nn")  # viz does not depend on nn: who has a model to train has it
    training = nn.to_javascript(list(offered.values()), X, Y, loss, optimizer, **options)
    kind = task(X, Y, layers_of(next(iter(offered.values())))[-1].units, names)

    def cost(outputs: Sequence[Value], targets: Sequence[Value]) -> Value:
        value: Value = nn.cost(loss, [outputs], [targets])
        return value

    data = [
        drawn(name, model, walked(model, cost, kind["targets"], language)) for name, model in offered.items()
    ]
    written = document(
        "play.html",
        title=title or said["training"],
        language=language,
        style=variables() + formulas() + page_file("steps.css", "play.css"),
        shared=spoken(language) + PRELUDE + page_file(*SHARED),
        script=f"const spec = {training};\nconst task = {literal(kind)};\nconst offered = [{', '.join(data)}];\n"
               + operations() + tables() + page_file(*SCRIPTS),
    )
    return saved(Page(written, draw(next(iter(offered.values()))).svg(), said["playing"]), path)


def tables() -> str:
    """What the script that reads expressions knows of the table of operations, and how long they may be."""
    return constants(rows=rows(), LIMITS={"text": expression.LONGEST, "depth": expression.DEEPEST})


def named(models: Any) -> dict[str, Any]:
    """The models by name: that of a dict, or their sizes."""
    if isinstance(models, Mapping):
        several = list(models.items())
    else:
        several = [("", model) for model in (models if isinstance(models, (list, tuple)) else [models])]
    for _, model in several:
        if not is_model(model):
            raise UsageError(f"play trains models with layers, such as nn.MLP; {type(model).__name__} came")
    if not several:
        raise UsageError("play trains at least one model, none came")
    return {name or sizes(model): model for name, model in several}


def sizes(model: Any) -> str:
    """What a model is called: 2-8-8-1 by its layers."""
    layers = layers_of(model)
    return "-".join(str(size) for size in (layers[0].inputs, *(layer.units for layer in layers)))


# ── what the page draws ───────────────────────────────────────────────────────────────────────────


def task(X: npt.ArrayLike, Y: npt.ArrayLike, outputs: int, names: Sequence[str] | None) -> dict[str, Any]:
    """What is to be learned, as far as pictures ask: inputs, classes, and how examples are looked at."""
    inputs, targets = (np.asarray(part, float).reshape(len(np.asarray(part)), -1) for part in (X, Y))
    width, side = inputs.shape[1], math.isqrt(inputs.shape[1])
    classes = classes_of(targets, outputs)
    called = [f"{number:g}" for number, _ in classes or []] if names is None else list(names)
    if len(called) != len(classes or []):
        raise SizeError(f"names are those of the classes, of which there are {len(classes or [])}; {len(called)} came")
    low, high = float(targets.min()), float(targets.max())
    return {
        "inputs": [f"x{i}" for i in range(1, width + 1)],
        "targets": targets.shape[1] if classes is None else len(classes[0][1]),
        "classes": classes and [{"name": name, "target": row} for name, (_, row) in zip(called, classes, strict=True)],
        "range": [low, high if high > low else low + 1],
        "side": side if side >= SMALLEST_IMAGE and side**2 == width else 0,
        "most": MOST,
        "look": {1: "curve", 2: "plane"}.get(width, "shade"),
    }


def classes_of(targets: npt.NDArray[Any], outputs: int) -> list[tuple[float, list[float]]] | None:
    """The number that each class is called by and its target; None where targets are other numbers."""
    several = max(targets.shape[1], outputs)
    if several > 1:
        rows_of_classes = np.isin(targets, (0, 1)).all() and (targets.sum(axis=1) == 1).all()
        return list(enumerate(np.eye(several).tolist())) if targets.shape[1] == 1 or rows_of_classes else None
    kinds = np.unique(targets).tolist()
    return [(kind, [kind]) for kind in kinds] if len(kinds) == 2 else None


def drawn(name: str, model: Any, walk: str | int) -> str:
    """A model as it is drawn, and the program of what its neurons say, as an expression of the page's script."""
    layers, places = layers_of(model), {value: i for i, value in enumerate(parameters_of(model))}
    data = {
        "title": name,
        "layers": [described(layer, places) for layer in layers],
        "names": {i: value.label for value, i in places.items() if value.label},
        "walk": walk,
    }

    def outputs(x: Any) -> list[Any]:
        return list(itertools.chain(*forward(layers, list(x))[1:]))

    with model.mode(training=False):
        program = autograd.compile(outputs, model).trace((layers[0].inputs,))
    return f"Object.assign({literal(data)}, {{ neurons: {program.to_javascript()} }})"


def described(layer: Layer, places: Mapping[Value, int]) -> dict[str, Any]:
    """A layer: which parameter is which weight of the neurons that are drawn, and all parameters that it has."""
    parameters = sorted(places[value] for i in range(layer.units) for value in layer.parameters(i) if value in places)
    outputs = forward([layer], [Value(0.0) for _ in range(layer.inputs)])[-1]
    return {
        "title": layer.name, "activation": layer.activation, "units": layer.units,
        "weights": [[places.get(weight, -1) for weight in row[0]] for row in layer.rows[:MOST]],
        "biases": [places.get(biases[0], -1) for biases in layer.biases[:MOST] if biases],
        "places": runs(parameters),
        "probability": all(value.op is ops.sigmoid for value in outputs),
    }


def runs(numbers: Sequence[int]) -> list[list[int]]:
    """Whole numbers as ranges of those that follow one another, each from its first to before its end.

    >>> runs([0, 1, 2, 5, 6])
    [[0, 3], [5, 7]]
    """
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1][1] += 1
        else:
            found.append([number, number + 1])
    return found


# ── one example, number by number ─────────────────────────────────────────────────────────────────


def walked(model: Any, cost: Cost, targets: int, language: str) -> str | int:
    """The graph of the loss of one example as a page to step through, compressed; of a large graph, how many values.

    A page of some hundred kilobytes takes a tenth of that, and most readers never open it.
    """
    layers = layers_of(model)
    inputs = [Value(0.5, f"x{i}") for i in range(1, layers[0].inputs + 1)]
    y = [Value(0.5, "y" if targets == 1 else f"y{i}") for i in range(1, targets + 1)]
    with model.mode(training=False):
        root = cost(forward(layers, inputs)[-1], y)
    root.label = root.label or "L"
    count = len(ancestors(root))
    if count > LARGEST:
        return count
    frames = steps(root)
    moving = Moving(frames)
    known = moving.data() | {
        name: [moving.code.places.get(value) for value in values]
        for name, values in (("parameters", parameters_of(model)), ("inputs", inputs), ("targets", y))
    }
    page = labelled(
        "steps.html", language, title=words(language)["one_example"], top="", player="Steps", panel="",
        script=page_file("graph.js") + moving.script() + page_file("example.js"),
        **stage(frames, text(vector(frames.picture(WIDE))), known, language),
    )
    return base64.b64encode(zlib.compress(page.encode(errors="replace"), 9)).decode()
