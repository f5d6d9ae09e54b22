"""The one table of causes: how each is suspected, and what may cure it.

A row looks at a `Case` and says in numbers what points to its cause, or nothing; then it proposes changes, the mildest
first. Whether a change cures is not its business: that is found out by training. To add a cause, add a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nn.data.scale import zscore
from nn.diagnosis.setups import Setup, code_of, name_of_loss
from nn.diagnosis.signs import Case, rectifies, saturates
from nn.init import redraw
from nn.losses import LOSSES, MEANINGS, name_of
from nn.models.dropout import Dropout
from nn.models.layer import Layer
from nn.models.mlp import MLP
from nn.models.module import Module
from nn.models.sequential import Function
from nn.penalties import Penalized


@dataclass(frozen=True)
class Change:
    """One change of a training, in words and as code, and the training with it."""

    words: str
    code: str
    setup: Setup


@dataclass(frozen=True)
class Cause:
    """Why a network may not learn: a row of the table."""

    name: str
    suspect: Callable[[Case], str]
    """What points to it, in numbers; empty where nothing does."""
    changes: Callable[[Case], Iterator[Change]]
    """What may cure it, the mildest first; none where nothing but the author can."""


MUCH = 0.4
"""A share of the targets, left unexplained, at which a training has learned little."""

# ── loss and output ──────────────────────────────────────────────────────────────────────────


def refused(case: Case) -> str:
    """`fit` does not train it."""
    return str(case.base.refused or "")


def matching(case: Case) -> Iterator[Change]:
    """Outputs as the loss takes them, a loss that takes such outputs, targets as they are named."""
    setup, name = case.setup, name_of(case.setup.loss) or ""
    meaning = setup.meaning
    if meaning is not None and meaning.targets is not None:
        low, high = meaning.targets
        found = np.unique(setup.Y)
        if len(found) == 2 and {float(found[0]), float(found[1])} != {low, high}:
            a, b = found.tolist()
            code = f"Y = np.where(Y == {b:g}, {high:g}, {low:g})"
            yield Change(f"name the two classes {low:g} and {high:g}", code,
                         replace(setup, Y=np.where(setup.Y == b, high, low)))
    if meaning is not None:
        yield from with_output(case, meaning.activation)
    for other in (name.removesuffix("_with_logits"), f"{name}_with_logits"):
        if other in LOSSES and other != name:
            yield with_loss(setup, other)
    if "softmax" in str(case.base.refused):
        yield from with_output(case, "sigmoid")


def limited(case: Case) -> str:
    """Outputs that cannot be where targets or scores are."""
    meaning, (low, high) = case.setup.meaning, case.reach
    if meaning is None or not len(case.targets) or meaning.outputs == "probabilities":
        return ""
    if meaning.outputs == "scores":
        if low >= 0 or high <= 1:
            return f"{name_of(case.setup.loss)} takes scores of any size and sign, the model gives {low:g} to {high:g}"
        return ""
    least, most = float(case.targets.min()), float(case.targets.max())
    if least < low - 0.01 or most > high + 0.01:
        return f"targets go from {least:g} to {most:g}, the model can give {low:g} to {high:g}"
    return ""


def linear_output(case: Case) -> Iterator[Change]:
    """The last layer without activation."""
    yield from with_output(case, "linear")


def flat_errors(case: Case) -> str:
    """A squared error behind an activation that saturates, of which the gradient vanishes where it is most wrong."""
    meaning, (low, high) = case.setup.meaning, case.reach
    if meaning is None or meaning.outputs != "numbers" or not case.classes.any() or not low >= -0.001 < high <= 1.001:
        return ""
    with np.errstate(all="ignore"):
        slope = np.abs(case.gradient(case.base.theta)).max()
    return (f"{name_of(case.setup.loss)} of probabilities: its slope ends in that of the activation, which vanishes "
            f"where outputs are near 0 or 1; the largest slope at the end is {slope:.1g}")


def log_loss(case: Case) -> Iterator[Change]:
    """The cross entropy that belongs to the output."""
    several = case.targets.shape[1] > 1 and bool((case.targets.sum(axis=1) == 1).all())
    for name in ("cross_entropy", "binary_cross_entropy") if several else ("binary_cross_entropy",):
        yield with_loss(case.setup, name)


def with_loss(setup: Setup, name: str) -> Change:
    """Another loss."""
    loss = replace(setup.loss, loss=name) if isinstance(setup.loss, Penalized) else name
    return Change(f"train with {name}", f'loss = "{name}"', replace(setup, loss=loss))


def with_output(case: Case, kind: str) -> Iterator[Change]:
    """Another activation of the last layer, where there is one that can be told."""
    if last_activation(case.setup.model) not in (None, kind):
        changed = case.setup.remodelled(lambda model: activate(last_part(model), kind))
        yield Change(f'let the last layer have the activation "{kind}"', f"model = {code_of(changed.model)}", changed)


# ── data ─────────────────────────────────────────────────────────────────────────────────────


def shifted(case: Case) -> str:
    """Labels that fit the examples better when moved by some rows, or fit no better than any."""
    if len(case.targets) < 20:
        return ""
    found, chance, other = agreement(case, 0), agreement(case, None), max(agreement(case, k) for k in SHIFTS)
    if found > chance + 0.25 * (1 - chance):
        return ""
    if other > found + 0.25 * (1 - found):
        return (f"{found:.0%} of the examples have a label like that of the nearest example, {other:.0%} if labels move "
                "by some rows")
    return f"{found:.0%} of the examples have a label like that of the nearest example, {chance:.0%} have by chance"


SHIFTS = (-1, 1, -2, 2, "reversed")
"""Usual slips: a heading that was taken for an example or forgotten, one of two arrays reversed."""


def agreement(case: Case, shift: Any) -> float:
    """How like each other targets of nearest examples are, in [0, 1], after these are moved; None takes random ones."""
    rows = np.random.default_rng(0).permutation(len(case.targets))[:400]
    columns = case.setup.X.reshape(len(case.setup.X), -1)[rows].astype(float)
    columns = (columns - columns.mean(axis=0)) / np.maximum(columns.std(axis=0), 1e-12)
    distances = (columns**2).sum(axis=1)[:, None] - 2 * columns @ columns.T + (columns**2).sum(axis=1)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(axis=1)
    targets = np.random.default_rng(1).permutation(case.targets) if shift is None else moved(case.targets, shift)
    here = targets[rows]
    if case.classes.any():
        return float((here == here[nearest]).all(axis=1).mean())
    spread = ((here - here.mean(axis=0)) ** 2).mean() * 2
    return max(0.0, 1 - float(((here - here[nearest]) ** 2).mean() / (spread or 1.0)))


def moved(Y: Any, shift: Any) -> Any:
    """Targets in another order."""
    return Y[::-1] if shift == "reversed" else np.roll(Y, shift, axis=0)


def realigned(case: Case) -> Iterator[Change]:
    """The labels moved to where they fit."""
    best = max(SHIFTS, key=lambda shift: agreement(case, shift))
    if agreement(case, best) > agreement(case, 0) + 0.1:
        code = "Y = Y[::-1]" if best == "reversed" else f"Y = np.roll(Y, {best}, axis=0)"
        yield Change("give each example its own label back", code,
                     replace(case.setup, Y=np.ascontiguousarray(moved(case.setup.Y, best))))


def sorted_rows(case: Case) -> str:
    """Batches in an order in which the same classes or numbers come together."""
    setup = case.setup
    if setup.options.get("shuffle", True) or setup.batch == len(setup.X) or not len(case.targets):
        return ""
    steps = np.abs(np.diff(case.targets, axis=0)).mean()
    mixed = np.abs(np.diff(np.random.default_rng(0).permutation(case.targets), axis=0)).mean()
    if steps > 0.5 * mixed:
        return ""
    return (f"shuffle=False, and examples that follow each other have targets {steps / mixed:.0%} as different as "
            "random ones: every batch pulls its own way")


def shuffled(case: Case) -> Iterator[Change]:
    """Examples in random order."""
    yield with_options(case.setup, "shuffle the examples in each epoch", shuffle=True)


def unscaled(case: Case) -> str:
    """Inputs far from 0, or of very different size."""
    size, spread = np.abs(case.columns).max(axis=0), case.columns.std(axis=0)
    varied = spread > 0
    if not varied.any():
        return ""
    ratio = float(spread[varied].max() / spread[varied].min())
    if size.max() > 20 or size.max() < 0.05:
        return f"inputs go from {case.columns.min():g} to {case.columns.max():g}"
    if ratio > 20 and case.columns.shape[1] < 30:  # of pictures, pixels at the rim hardly vary
        return f"the standard deviation of one input is {ratio:.0f} times that of another"
    offset = float(np.abs(case.columns.mean(axis=0)[varied] / spread[varied]).max())
    return f"the mean of an input is {offset:.0f} times its standard deviation" if offset > 20 else ""


def scaled(case: Case) -> Iterator[Change]:
    """Columns of mean 0 and standard deviation 1; grey levels as shares."""
    setup, X = case.setup, case.setup.X
    code = "X = nn.data.zscore(X, constant=True)"
    if X.min() >= 0 and X.max() in range(2, 256) and (X == np.round(X)).all() and case.columns.shape[1] >= 30:
        yield Change(f"bring inputs to [0, 1]: divide by {X.max():g}", f"X = X / {X.max():g}",
                     with_inputs(setup, lambda data: np.asarray(data) / X.max()))
    yield Change("scale inputs to mean 0 and standard deviation 1", code, with_inputs(
        setup, lambda data: data if data is X else zscore(X, data, constant=True)[1], zscore(X, constant=True)))


def with_inputs(setup: Setup, scale: Callable[[Any], Any], X: Any = None) -> Setup:
    """Other inputs, those to validate on too."""
    options = dict(setup.options)
    if options.get("validation_data") is not None:
        inputs, targets = options["validation_data"]
        options["validation_data"] = scale(inputs), targets
    return replace(setup, X=scale(setup.X) if X is None else X, options=options)


def large_targets(case: Case) -> str:
    """Numbers to learn that are far from 0."""
    meaning = case.setup.meaning
    if meaning is None or meaning.targets is not None or not len(case.targets):
        return ""
    size = float(np.abs(case.targets).max())
    return f"targets go from {case.targets.min():g} to {case.targets.max():g}" if size > 10 or size < 0.05 else ""


def scaled_targets(case: Case) -> Iterator[Change]:
    """Targets of mean 0 and standard deviation 1."""
    if case.setup.options.get("validation_data") is None and np.ptp(case.setup.Y):
        yield Change("scale targets to mean 0 and standard deviation 1 (Scaling.inverse takes predictions back)",
                     "scaling = nn.data.Scaling.zscore(Y)\nY = scaling(Y)",
                     replace(case.setup, Y=zscore(case.setup.Y, constant=True)))


def unbalanced(case: Case) -> str:
    """A rare class that is never predicted."""
    count = np.bincount(case.classes)
    if len(count) < 2 or count.min() > 0.25 * count.max() or not case.base.outputs.size:
        return ""
    outputs = case.base.outputs[:: max(1, len(case.base.outputs) // len(case.classes))]
    if len(outputs) != len(case.classes):
        return ""
    several = outputs.shape[1] > 1
    rare = int(count.argmin())
    mean = case.targets.mean(axis=0)
    threshold = case.setup.meaning.threshold if case.setup.meaning and case.setup.meaning.threshold is not None else (
        (case.targets.max() + case.targets.min()) / 2)
    found = outputs.argmax(axis=1) if several else (outputs[:, 0] > threshold).astype(int)
    right = case.targets.argmax(axis=1) if several else (case.targets[:, 0] > threshold).astype(int)
    hit = (found == right)[case.classes == rare].mean()
    return (f"{count.min()} examples of one class among {len(case.classes)}, of which {hit:.0%} are found"
            if hit < 0.2 and mean.size else "")


def balanced(case: Case) -> Iterator[Change]:
    """Rare classes drawn as often as others."""
    count = np.bincount(case.classes)
    places = [np.flatnonzero(case.classes == k) for k in range(len(count))]
    rows = np.concatenate([np.resize(rows, count.max()) for rows in places])
    labels = "Y" if case.setup.Y.ndim == 1 else "Y[:, 0]" if case.setup.Y.shape[1] == 1 else "Y.argmax(axis=1)"
    code = (f"labels = {labels}\nlargest = max((labels == k).sum() for k in np.unique(labels))\n"
            "rows = np.concatenate([np.resize(np.flatnonzero(labels == k), largest) for k in np.unique(labels)])\n"
            "X, Y = X[rows], Y[rows]")
    yield Change("repeat the examples of rare classes until all classes have as many", code, case.setup.part(rows))


# ── weights and activations ──────────────────────────────────────────────────────────────────


def alike(case: Case) -> str:
    """Neurons that start alike and are pulled alike."""
    for name, (shape, rows) in case.named.items():
        if len(shape) == 2 and shape[0] > 1:
            weights, slopes = case.theta[rows].reshape(shape), case.slopes[rows].reshape(shape)
            if (weights == weights[0]).all() and np.allclose(slopes, slopes[0], rtol=1e-9, atol=1e-15):
                return (f"all {shape[0]} rows of {name} are equal, and so are their gradients: these neurons learn the "
                        "same")
    return ""


def new_weights(case: Case) -> Iterator[Change]:
    """Weights drawn as those of a new model."""
    rectified = any(rectifies(units.name) for units in case.units)
    for init in ("he_normal", "glorot_uniform") if rectified else ("glorot_uniform",):
        yield Change("draw the weights at random, to fit the width of their layers",
                     f'nn.init.redraw(model, "{init}", seed=0)',
                     case.setup.remodelled(lambda model, init=init: redraw(model, init, 0)))


def saturated(case: Case) -> str:
    """Hidden neurons at the flat ends of their activation from the start."""
    shares = [(units.saturated, number, units) for number, units in enumerate(case.units, 1) if saturates(units.name)]
    share, number, units = max(shares, default=(0.0, 0, None), key=lambda row: row[0])
    if units is None or share < 0.3:
        return ""
    return f"{share:.0%} of the outputs of hidden layer {number} ({units.name}) are at its ends, where it is flat"


def dead(case: Case) -> str:
    """Hidden neurons that are 0 for all examples from the start."""
    shares = [(units.dead, number, units) for number, units in enumerate(case.units, 1) if rectifies(units.name)]
    share, number, units = max(shares, default=(0.0, 0, None), key=lambda row: row[0])
    if units is None or share < 0.5:
        return ""
    return f"{share:.0%} of the neurons of hidden layer {number} ({units.name}) are 0 for all examples: no gradient passes"


def revived(case: Case) -> Iterator[Change]:
    """Weights drawn anew, or an activation that is nowhere flat."""
    yield from new_weights(case)
    yield from with_hidden(case, "leaky_relu", rectifies)


def vanishing(case: Case) -> str:
    """Gradients that get lost on the way to the first layers."""
    sizes = [(name, float(np.sqrt(np.mean(case.slopes[rows] ** 2)))) for name, (shape, rows) in case.named.items()
             if len(shape) == 2]
    deep = sum(saturates(units.name) for units in case.units) >= 3
    if not deep or not sizes[-1][1] > 0 or sizes[0][1] > 0.03 * sizes[-1][1]:
        return ""
    return f"the gradient of {sizes[0][0]} is {sizes[0][1] / sizes[-1][1]:.1g} of that of {sizes[-1][0]}"


def livelier(case: Case) -> Iterator[Change]:
    """Hidden activations with larger slopes."""
    for kind in ("tanh", "relu"):
        yield from with_hidden(case, kind, saturates, kind)


def all_linear(case: Case) -> str:
    """Layers upon layers without an activation between."""
    layers = layers_of(case.setup.model)
    hidden = hidden_activations(case.setup.model)
    if len(layers) < 2 or case.units or hidden != {"linear"}:
        return ""
    return f"{len(layers)} layers without an activation between them compute what one could"


def bent(case: Case) -> Iterator[Change]:
    """An activation between the layers."""
    for kind in ("tanh", "relu"):
        yield from with_hidden(case, kind, lambda name: name == "linear")


def with_hidden(case: Case, kind: str, which: Callable[[str], bool], init: str = "") -> Iterator[Change]:
    """Another activation of the hidden layers whose activation is one of these."""
    parts = [name for name in hidden_activations(case.setup.model) if which(name)]
    if not parts or parts == [kind]:
        return

    def change(model: Module) -> None:
        for part in activated(model)[:-1]:
            if which(activation_of(part)):
                activate(part, kind)
        if init:
            redraw(model, "he_normal" if rectifies(kind) else "glorot_uniform", 0)

    changed = case.setup.remodelled(change)
    seeded = code_of(changed.model)
    yield Change(f'let hidden layers have the activation "{kind}"', f"model = {seeded}", changed)


def small(case: Case) -> str:
    """A network that has learned what it can."""
    if case.base.left < MUCH:
        return ""
    sizes = [layer.nout for layer in layers_of(case.setup.model)[:-1]]
    parameters = len(case.theta)
    if not layers_of(case.setup.model) or parameters > 5000 or min(sizes, default=0) > 16:
        return ""
    hidden = f"hidden layers of {', '.join(map(str, sizes))} neurons" if sizes else "no hidden layer"
    return f"{hidden}, {parameters} parameters for {len(case.setup.X)} examples, of which {case.base.left:.0%} is unexplained"


def wider(case: Case) -> Iterator[Change]:
    """More hidden neurons, or a hidden layer where there is none."""
    model = case.setup.model
    layers = layers_of(model)
    if not isinstance(model, MLP) and len(layers) != 1:
        return
    kinds = [str(layer.activation) for layer in layers[:-1]]
    for width in (8, 32):
        widths = [max(width, 2 * layer.nout) for layer in layers[:-1]] or [width]
        init = "he_normal" if kinds and rectifies(kinds[0]) else "glorot_uniform"
        larger = MLP(layers[0].nin, [*widths, layers[-1].nout], kinds or "tanh", layers[-1].activation, seed=0, init=init)
        if isinstance(case.setup.loss, Penalized):
            loss: Any = replace(case.setup.loss, model=larger)
        else:
            loss = case.setup.loss
        yield Change(f"take more neurons: hidden layers of {', '.join(map(str, widths))}",
                     f"model = {code_of(larger)}", replace(case.setup, model=larger, loss=loss))


# ── steps ────────────────────────────────────────────────────────────────────────────────────


def penalised(case: Case) -> str:
    """A penalty or a weight decay that outweighs the loss."""
    loss, optimizer = case.setup.loss, case.setup.optimizer
    parts = [f"l1={loss.l1:g}", f"l2={loss.l2:g}"] if isinstance(loss, Penalized) else []
    decay = optimizer.decay or getattr(optimizer, "decoupled", 0.0)
    parts += [f"weight_decay={decay:g}"] if decay else []
    if not parts:
        return ""
    before, after = (float(np.sqrt(np.mean(theta**2))) for theta in (case.theta, case.base.theta))
    return f"{', '.join(parts)}; the weights go from {before:.2g} to {after:.2g} by root mean square"


def milder(case: Case) -> Iterator[Change]:
    """A smaller penalty, or weight decay."""
    loss, optimizer = case.setup.loss, case.setup.optimizer
    for share, words in ((0.01, "a hundredth"), (1e-4, "a ten thousandth")):
        if isinstance(loss, Penalized) and (loss.l1 or loss.l2):
            mild = replace(loss, l1=loss.l1 * share, l2=loss.l2 * share)
            code = f'loss = nn.penalized("{name_of_loss(loss.loss)}", model, l1={mild.l1:g}, l2={mild.l2:g})'
            yield Change(f"take {words} of the penalty", code, replace(case.setup, loss=mild))
        for name in ("decay", "decoupled"):
            if getattr(optimizer, name, 0.0):
                strength = getattr(optimizer, name) * share
                yield Change(f"take {words} of the weight decay", f"optimizer.{name} = {strength:g}",
                             with_optimizer(case.setup, **{name: strength}))


def dropping(case: Case) -> str:
    """Much dropout."""
    drops = [module.p for module in case.setup.model.modules() if isinstance(module, Dropout)]
    return f"each hidden neuron drops out with probability {max(drops):g}" if max(drops, default=0.0) >= 0.3 else ""


def keeping(case: Case) -> Iterator[Change]:
    """Less dropout."""
    def change(model: Module) -> None:
        for module in model.modules():
            if isinstance(module, Dropout):
                module.p = min(module.p, 0.1)

    yield Change("let fewer neurons drop out", "for module in model.modules():\n    if isinstance(module, nn.Dropout):\n"
                 "        module.p = 0.1", case.setup.remodelled(change))


def rough(case: Case) -> str:
    """A loss that goes up about as often as down, or ends above its start."""
    losses = case.base.losses
    if not len(losses):
        return ""
    first, last = losses[0], losses[-1]
    if not np.isfinite(losses).all() or last > 2 * abs(first) + 1e-12:
        return f"the loss goes from {first:.4g} to {last:.4g}"
    if case.base.left > 1.5:
        return f"the error is {case.base.left:.3g} times that of the best constant"
    ups = float((np.diff(losses) > 1e-9 * np.abs(losses[:-1])).mean()) if len(losses) > 1 else 0.0
    if ups > (0.1 if case.setup.batch == len(case.setup.X) else 0.3):
        return f"the loss rises in {ups:.0%} of the epochs"
    ruined = [units.dead for units in case.trained_units if rectifies(units.name)] + [
        units.saturated for units in case.trained_units if saturates(units.name)]
    return f"{max(ruined):.0%} of a hidden layer give no gradient after training" if max(ruined, default=0) > 0.6 else ""


def larger_batches(case: Case) -> Iterator[Change]:
    """Steps that more examples share."""
    n, size = len(case.setup.X), case.setup.batch
    for batch in (16, 64):
        if size < batch < n:
            yield with_options(case.setup, f"let {batch} examples share a step", batch_size=batch)


def noisy(case: Case) -> str:
    """Few examples in a step, and a loss that does not settle."""
    size = case.setup.batch
    evidence = rough(case) if size < min(16, len(case.setup.X)) else ""
    return f"{size} example{'s' * (size > 1)} in a step; {evidence}" if evidence else ""


def slower(case: Case) -> Iterator[Change]:
    """Lower learning rates."""
    yield from with_rates(case.setup, 0.1, 0.01, 1e-3, 1e-4)


def slow(case: Case) -> str:
    """A loss that has not come far, and falls on."""
    losses = case.base.losses
    if len(losses) < 2 or not np.isfinite(losses).all() or case.base.left < MUCH:
        return ""
    way = float(np.linalg.norm(case.base.theta - case.theta) / (np.linalg.norm(case.theta) or 1.0))
    return (f"the loss goes from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses)} epochs, and the parameters move by "
            f"{way:.1%} of their size")


def faster(case: Case) -> Iterator[Change]:
    """Higher learning rates."""
    yield from with_rates(case.setup, 10, 100, 1000, 1e4)


def with_rates(setup: Setup, *factors: float) -> Iterator[Change]:
    """The learning rate times a factor."""
    optimizer, schedule = setup.optimizer, setup.optimizer.schedule
    for factor in factors:
        if schedule is not None:
            rate = lambda epochs, factor=factor: factor * schedule(epochs)  # noqa: E731
            yield Change(f"take {factor:g} of the learning rate",
                         f"schedule = optimizer.schedule\noptimizer.schedule = lambda epochs: {factor:g} * schedule(epochs)",
                         with_optimizer(setup, schedule=rate, lr=rate(0.0)))
        else:
            lr = float(f"{optimizer.lr * factor:.3g}")
            yield Change(f"take the learning rate {lr:g} in place of {optimizer.lr:g}", f"optimizer.lr = {lr:g}",
                         with_optimizer(setup, lr=lr))


def with_optimizer(setup: Setup, **numbers: Any) -> Setup:
    """A copy of the optimiser with other numbers."""
    import copy

    optimizer = copy.deepcopy(setup.optimizer)
    vars(optimizer).update(numbers)
    return replace(setup, optimizer=optimizer)


def with_options(setup: Setup, words: str, **options: Any) -> Change:
    """Other arguments of `fit`."""
    [(name, value)] = options.items()
    return Change(words, f"nn.fit(model, X, Y, loss, optimizer, {name}={value})",
                  replace(setup, options={**setup.options, **options}))


# ── parts of models ──────────────────────────────────────────────────────────────────────────


def layers_of(model: Module) -> list[Layer]:
    """The layers of a model in their order."""
    return [module for module in model.modules() if isinstance(module, Layer)]


def activated(model: Module) -> list[Any]:
    """The parts of a model that have an activation, layers and steps of a `Sequential`, in their order."""
    found: list[Any] = []
    for module in model.modules():
        if isinstance(module, Function) and isinstance(module.function, str):
            if found and isinstance(found[-1], Layer) and found[-1].activation == "linear":
                found.pop()  # the step is the activation of the layer before it
            found.append(module)
        elif isinstance(module, Layer):
            found.append(module)
    return found


def activation_of(part: Any) -> str:
    """The name of an activation, empty for a function."""
    kind = part.function if isinstance(part, Function) else part.activation
    return kind if isinstance(kind, str) else ""


def hidden_activations(model: Module) -> set[str]:
    """The activations before the last."""
    return {activation_of(part) for part in activated(model)[:-1]}


def last_part(model: Module) -> Any:
    """The part of a model with the last activation."""
    return activated(model)[-1]


def last_activation(model: Module) -> str | None:
    """The last activation of a model, None where there is no layer."""
    parts = activated(model)
    return activation_of(parts[-1]) if parts else None


def activate(part: Any, kind: str) -> None:
    """Give a part another activation; weights stay."""
    if isinstance(part, Function):
        vars(part).update(vars(Function(kind)))
        return
    new = Layer(part.nin, part.nout, kind, bias=part.bias is not None, name=part.name)
    new.W = part.W
    if part.bias is not None:
        new.b = part.b
    vars(part).update(vars(new))


CAUSES: tuple[Cause, ...] = (
    Cause("loss and output do not go together", refused, matching),
    Cause("outputs cannot be where they should", limited, linear_output),
    Cause("labels do not belong to their examples", shifted, realigned),
    Cause("all neurons of a layer start alike", alike, new_weights),
    Cause("sorted examples are not shuffled", sorted_rows, shuffled),
    Cause("the network is linear", all_linear, bent),
    Cause("a penalty is too strong", penalised, milder),
    Cause("too many neurons drop out", dropping, keeping),
    Cause("inputs are not scaled", unscaled, scaled),
    Cause("targets are not scaled", large_targets, scaled_targets),
    Cause("neurons are dead", dead, revived),
    Cause("activations are saturated", saturated, new_weights),
    Cause("gradients vanish in deep layers", vanishing, livelier),
    Cause("a rare class is never predicted", unbalanced, balanced),
    Cause("squared error behind a saturated output", flat_errors, log_loss),
    Cause("batches are too small for the learning rate", noisy, larger_batches),
    Cause("the learning rate is too high", rough, slower),
    Cause("the learning rate is too low", slow, faster),
    Cause("the network is too small", small, wider),
)
"""Every cause, those that say most first: of two changes that cure as well, the one further up is named first."""

__all__ = ["CAUSES", "MEANINGS", "Cause", "Change"]
