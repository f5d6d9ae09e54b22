"""The one table of causes: how each is suspected, and what may cure it.

A row looks at a `Case` and says in numbers what points to its cause, or nothing; then it proposes changes, the mildest
first. Whether a change cures is not its business: that is found out by training. To add a cause, add a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from autograd import Value, ops
from autograd.nested import flatten
from nn.activations import ACTIVATIONS
from nn.arguments import described
from nn.data.scale import Scaling
from nn.diagnosis.setups import Setup, code_of, name_of_loss, unbound
from nn.diagnosis.signs import FAR, Case, rectifies, saturates, value_and_slope
from nn.init import redraw
from nn.losses import LOSSES, MEANINGS, name_of, threshold_of
from nn.metrics import recall
from nn.models.dropout import Dropout
from nn.models.layer import Layer
from nn.models.mlp import MLP
from nn.models.module import Module
from nn.models.sequential import Function
from nn.optim.base import Schedule
from nn.penalties import Penalized
from nn.training.callbacks import EarlyStopping


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
    """What may cure it, the mildest first."""
    by_validation: bool = False
    """Whether the change is to make the loss on examples to validate on smaller."""
    advice: str = ""
    """What to do where no change can be tried, or none helped."""
    certain: bool = False
    """Whether what points to it is proof enough."""
    after: tuple[str, ...] = ()
    """Where `fit` may name it by itself: after a loss that has "risen", or "not fallen"."""


MUCH = 0.4
"""A share of the targets, left unexplained, at which a training has learned little."""

# ── loss and output ──────────────────────────────────────────────────────────────────────────


def refused(case: Case) -> str:
    """`fit` does not train it."""
    return str(case.base.refused or "")


def matching(case: Case) -> Iterator[Change]:
    """Targets as they are named, outputs as the loss takes them, or another loss, or both."""
    setup, name, meaning = case.setup, name_of(case.setup.loss) or "", case.setup.meaning
    if meaning is None:
        return
    found = np.unique(setup.Y).tolist()
    if meaning.targets is not None and len(found) == 2 and set(found) != {*meaning.targets}:
        low, high = meaning.targets
        first = found[0]
        yield Change(f"name the two classes {low:g} and {high:g}", f"Y = np.where(Y == {first:g}, {low:g}, {high:g})",
                     replace(setup, Y=np.where(np.equal(setup.Y, first), low, high)))
    yield from with_output(setup, meaning.activation)
    plain = name.removesuffix("_with_logits")
    for other in (plain, f"{plain}_with_logits", "binary_cross_entropy"):
        if other in LOSSES and other != name:
            change = with_loss(setup, other)
            yield change
            for output in with_output(change.setup, MEANINGS[LOSSES[other]].activation):
                yield Change(f"{change.words}, and {output.words}", f"{change.code}\n{output.code}", output.setup)


def limited(case: Case) -> str:
    """Outputs that cannot be where targets or scores are."""
    meaning, (low, high) = case.setup.meaning, case.reach
    if case.base.refused or meaning is None or not len(case.targets) or meaning.outputs == "probabilities":
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
    yield from with_output(case.setup, "linear")


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


def with_output(setup: Setup, kind: str) -> Iterator[Change]:
    """Another activation of the last layer, where there is one that can be told."""
    if last_activation(setup.model) not in (None, kind):
        changed = setup.remodelled(lambda model: activate(last_part(model), kind))
        yield Change(f'let the last layer have the activation "{kind}"', f"model = {code_of(changed.model)}", changed)


# ── data ─────────────────────────────────────────────────────────────────────────────────────


def shifted(case: Case) -> str:
    """Labels that fit the examples better when moved by some rows, or fit no better than any."""
    if len(case.targets) < 20:
        return ""
    found, chance = case.agreement(case.targets), case.agreement(np.random.default_rng(1).permutation(case.targets))
    other = max(case.agreement(moved(case.targets, shift)) for shift in SHIFTS)
    same = f"{found:.0%} of the examples have a label like that of the nearest example"
    if other > found + 0.4 * (1 - found):
        return f"{same}, {other:.0%} if labels move by some rows"
    return f"{same}, {chance:.0%} have by chance" if found < chance + 0.2 * (1 - chance) else ""


SHIFTS = (*(shift for k in range(1, 11) for shift in (-k, k)), "reversed")
"""Usual slips: headings that were taken for examples or forgotten, one of two arrays reversed."""


def moved(Y: Any, shift: Any) -> Any:
    """Targets in another order."""
    return Y[::-1] if shift == "reversed" else np.roll(Y, shift, axis=0)


def realigned(case: Case) -> Iterator[Change]:
    """The labels moved to where they fit."""
    best = max(SHIFTS, key=lambda shift: case.agreement(moved(case.targets, shift)))
    if case.agreement(moved(case.targets, best)) > case.agreement(case.targets) + 0.1:
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
    if X.min() >= 0 and 2 <= round(X.max()) <= 255 and np.allclose(X, np.round(X)) and case.columns.shape[1] >= 30:
        yield Change(f"bring inputs to [0, 1]: divide by {X.max():g}", f"X = X / {X.max():g}",
                     with_inputs(setup, lambda data: np.asarray(data) / X.max()))
    yield Change("scale inputs to mean 0 and standard deviation 1", "X = nn.data.zscore(X, constant=True)",
                 with_inputs(setup, Scaling.zscore(X, constant=True)))


def with_inputs(setup: Setup, scale: Callable[[Any], Any]) -> Setup:
    """Other inputs, those to validate on too."""
    options = dict(setup.options)
    if options.get("validation_data") is not None:
        inputs, targets = options["validation_data"]
        options["validation_data"] = scale(inputs), targets
    return replace(setup, X=scale(setup.X), options=options)


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
        yield Change("scale targets to mean 0 and standard deviation 1 (scaling.inverse takes predictions back)",
                     "scaling = nn.data.Scaling.zscore(Y)\nY = scaling(Y)",
                     replace(case.setup, Y=Scaling.zscore(case.setup.Y, constant=True)(case.setup.Y)))


def unbalanced(case: Case) -> str:
    """A rare class that is never predicted."""
    base, count = case.base, np.bincount(case.classes)
    single = base.targets.shape[1] == 1 or bool((base.targets.sum(axis=1) == 1).all())
    if len(count) < 2 or count.min() > 0.25 * count.max() or not single or not np.isfinite(base.outputs).all():
        return ""
    found = float(recall(base.outputs, base.targets, threshold=threshold_of(case.setup.loss, base.targets)).min())
    if found >= 0.2:
        return ""
    return f"{count.min()} of {count.sum()} examples belong to one class, of which {found:.0%} are found"


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
    init = "he_normal" if rectified else "glorot_uniform"
    changed = case.setup.remodelled(lambda model: redraw(model, init, 0))
    yield Change("draw the weights at random, to fit the width of their layers",
                 f'nn.init.redraw(model, "{init}", seed=0)', changed)


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
    return f"{share:.0%} of the neurons of hidden layer {number} ({units.name}) are 0 for all examples"


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
    """Hidden activations with larger slopes, and a lower learning rate if these need one."""
    for kind in ("tanh", "relu"):
        for change in with_hidden(case, kind, saturates, kind):
            yield change
            for slow in with_rates(change.setup, 0.1):
                yield Change(f"{change.words}, and {slow.words}", f"{change.code}\n{slow.code}", slow.setup)


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
    yield Change(f'let hidden layers have the activation "{kind}"', f"model = {code_of(changed.model)}", changed)


def small(case: Case) -> str:
    """A network that has learned what it can."""
    if case.base.left < MUCH or any(row(case) for row in (alike, dead, saturated, vanishing, stepwise, all_linear)):
        return ""
    sizes = [layer.nout for layer in layers_of(case.setup.model)[:-1]]
    parameters = len(case.theta)
    if not layers_of(case.setup.model) or parameters > 5000 or min(sizes, default=0) > 16:
        return ""
    hidden = f"hidden layers of {', '.join(map(str, sizes))} neurons" if sizes else "no hidden layer"
    return f"{hidden}, {parameters} parameters for {len(case.setup.X)} examples"


def wider(case: Case) -> Iterator[Change]:
    """More hidden neurons, or a hidden layer where there is none."""
    model = case.setup.model
    layers = layers_of(model)
    if not isinstance(model, MLP) and len(layers) != 1:
        return
    kinds = [str(layer.activation) for layer in layers[:-1]]
    for width in (8, 32):  # these are new weights too, which is why nothing else may speak against the old ones
        widths = [max(width, 2 * layer.nout) for layer in layers[:-1]] or [width]
        init = "he_normal" if kinds and rectifies(kinds[0]) else "glorot_uniform"
        sizes = [*widths, layers[-1].nout]
        larger = MLP(layers[0].nin, sizes, kinds or "tanh", layers[-1].activation, seed=0, init=init)
        loss = case.setup.loss
        loss = replace(loss, model=larger) if isinstance(loss, Penalized) else loss
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

    code = "for module in model.modules():\n    if isinstance(module, nn.Dropout):\n        module.p = 0.1"
    yield Change("let fewer neurons drop out", code, case.setup.remodelled(change))


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
    flat = max([units.dead if rectifies(units.name) else units.saturated for units in case.trained_units], default=0.0)
    return f"{flat:.0%} of a hidden layer give no gradient after training" if flat > 0.6 else ""


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
    return (f"the loss goes from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses)} epochs, in which the parameters "
            f"move by {way:.1%} of their size")


def faster(case: Case) -> Iterator[Change]:
    """Higher learning rates."""
    yield from with_rates(case.setup, 10, 100, 1000, 1e4)


def with_rates(setup: Setup, *factors: float) -> Iterator[Change]:
    """The learning rate times a factor."""
    optimizer, schedule = setup.optimizer, setup.optimizer.schedule
    for factor in factors:
        if schedule is None:
            lr = float(f"{optimizer.lr * factor:.3g}")
            yield Change(f"take the learning rate {lr:g} in place of {optimizer.lr:g}", f"optimizer.lr = {lr:g}",
                         with_optimizer(setup, lr=lr))
        else:
            code = f"schedule = optimizer.schedule\noptimizer.schedule = lambda epochs: {factor:g} * schedule(epochs)"
            yield Change(f"take {factor:g} of the learning rate", code,
                         with_optimizer(setup, schedule=partial(scheduled, schedule, factor)))


def scheduled(schedule: Schedule, factor: float, epochs: float) -> float:
    """A schedule times a factor."""
    return factor * schedule(epochs)


def with_optimizer(setup: Setup, **numbers: Any) -> Setup:
    """A copy of the optimiser with other numbers."""
    optimizer = unbound(setup.optimizer)
    vars(optimizer).update(numbers)
    return replace(setup, optimizer=optimizer)


def with_options(setup: Setup, words: str, **options: Any) -> Change:
    """Other arguments of `fit`."""
    given = {**setup.options, **options}
    arguments = [f"{name}={written(name, value)}" for name, value in given.items()]
    return Change(words, f"nn.fit(model, X, Y, loss, optimizer, {', '.join(arguments)})", replace(setup, options=given))


def written(name: str, value: Any) -> str:
    """An argument of `fit` as code."""
    if name == "validation_data" and value is not None:
        return "(X_val, Y_val)"
    if name == "callbacks":
        return f"[{', '.join(f'nn.EarlyStopping(patience={callback.patience})' for callback in value)}]"
    return described(value) if callable(value) else repr(value)


# ── what was learned by heart ────────────────────────────────────────────────────────────────


def overfitted(case: Case) -> str:
    """A loss on other examples that falls, and then rises."""
    base = case.base
    if base.unseen is None or not len(base.val_losses) or not np.isfinite(base.val_losses).all():
        return ""
    best = int(base.val_losses.argmin())
    if base.val_losses[-1] < 1.3 * base.val_losses[best] or base.seen > 0.7 * base.unseen:
        return ""
    return (f"the loss of the examples to validate on is {base.val_losses[best]:.4g} after {best + 1} epochs, and "
            f"{base.val_losses[-1]:.4g} after {len(base.val_losses)}, while that of the others goes to {base.loss:.4g}")


def restrained(case: Case) -> Iterator[Change]:
    """Fewer epochs, or smaller weights."""
    setup, patience = case.setup, max(5, case.setup.epochs // 10)
    yield with_options(setup, "stop when the loss on the examples to validate on rises",
                       callbacks=[EarlyStopping(patience=patience)])
    if name_of(setup.loss) is not None and not isinstance(setup.loss, Penalized):
        for strength in (0.0003, 0.003):
            code = f'loss = nn.penalized("{name_of_loss(setup.loss)}", model, l2={strength:g})'
            penalized = Penalized(setup.loss, setup.model, 0.0, strength, False)
            yield Change("punish large weights", code, replace(setup, loss=penalized))


# ── gradients that do not arrive ─────────────────────────────────────────────────────────────


def stepwise(case: Case) -> str:
    """Activations that are flat wherever they are not a step."""
    flat = {name for name in map(activation_of, activated(case.setup.model)) if is_flat(name)}
    return f"the slope of {', '.join(sorted(flat))} is 0 everywhere: no gradient passes" if flat else ""


def sloping(case: Case) -> Iterator[Change]:
    """Activations that have a slope."""
    def change(model: Module) -> None:
        *hidden, last = activated(model)
        for part in hidden:
            if is_flat(activation_of(part)):
                activate(part, "tanh")
        if is_flat(activation_of(last)):
            activate(last, "sigmoid")

    changed = case.setup.remodelled(change)
    yield Change("take activations that have a slope: tanh in hidden layers, sigmoid in the last",
                 f"model = {code_of(changed.model)}", changed)


def is_flat(name: str) -> bool:
    """Whether an activation has no slope anywhere."""
    return bool(name) and name in ACTIVATIONS and not any(value_and_slope(name, z)[1] for z in (-FAR, -0.5, 0.5, FAR))


def frozen(case: Case) -> str:
    """Values that the outputs depend on and that are not parameters."""
    found = loose_values(case.setup.model)
    return f"{len(found)} Values of the model are no parameters, so that training does not change them" if found else ""


def freed(case: Case) -> Iterator[Change]:
    """All Values as parameters."""
    def change(model: Module) -> None:
        for value in loose_values(model):
            value.op = ops.parameter

    code = "nn.parameter(0.1)  # in place of Value(0.1)"
    yield Change("make them by nn.parameter", code, case.setup.remodelled(change))


def loose_values(model: Module) -> list[Value]:
    """The plain Values among the members of a model."""
    return [thing for module in model.modules() for thing in flatten(list(module.members().values()))
            if isinstance(thing, Value) and thing.op is None]


def blocked(case: Case) -> str:
    """Parameters whose gradient is 0 whatever they are."""
    if stepwise(case):
        return ""
    rng = np.random.default_rng(0)
    thetas = [case.theta, *(rng.normal(0, 0.5, case.theta.size) for _ in range(2))]
    largest = np.max([np.abs(case.gradients(theta)).max(axis=0) for theta in thetas], axis=0)
    names = [name for name, (_, rows) in case.named.items() if not largest[rows].any()] if largest.any() else []
    return f"the gradient of {', '.join(names)} is 0 for all examples, whatever the parameters are" if names else ""


def accumulated(case: Case) -> str:
    """Gradients in the parameters that are far larger than any that one step gives."""
    left, n = float(np.linalg.norm(case.leftover)), len(case.setup.X)
    if not left or not np.isfinite(left):
        return ""
    single = float(np.linalg.norm(case.gradients(case.theta), axis=1).max())
    one = max(float(np.linalg.norm(case.slopes)) * n, single)
    if left < 3 * one:
        return ""
    return (f"the gradients that are left in the parameters have length {left:.3g}, those of single examples up to "
            f"{single:.3g}")


def nothing(case: Case) -> Iterator[Change]:
    """No change can be tried."""
    yield from ()


def not_finite(case: Case) -> str:
    """nan or inf from the first parameters on."""
    losses = case.base.losses
    if not len(losses) or np.isfinite(losses[0]):
        return ""
    return case.first_anomaly


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


KEPT = Cause("gradients were never cleared", accumulated, nothing, certain=True,
             advice="call model.zero_grad() before each backward()")

LABELS = Cause("labels do not belong to their examples", shifted, realigned,
               advice="load X and Y again, and put them into another order together: X, Y = X[order], Y[order]")

CAUSES: tuple[Cause, ...] = (
    KEPT,
    Cause("a parameter gets no gradient", blocked, nothing, certain=True,
          advice="compute with the Values themselves, without .data, detach() and Value(…) of their numbers, and use "
                 "every parameter in forward"),
    Cause("loss and output do not go together", refused, matching),
    Cause("outputs cannot be where they should", limited, linear_output),
    LABELS,
    Cause("activations have no slope", stepwise, sloping, after=("not fallen",)),
    Cause("Values are no parameters", frozen, freed),
    Cause("all neurons of a layer start alike", alike, new_weights, after=("not fallen",)),
    Cause("sorted examples are not shuffled", sorted_rows, shuffled, after=("not fallen",)),
    Cause("the network is linear", all_linear, bent),
    Cause("a penalty is too strong", penalised, milder),
    Cause("too many neurons drop out", dropping, keeping),
    Cause("inputs are not scaled", unscaled, scaled, after=("risen", "not fallen")),
    Cause("targets are not scaled", large_targets, scaled_targets, after=("risen", "not fallen")),
    Cause("neurons are dead", dead, revived, after=("not fallen",)),
    Cause("activations are saturated", saturated, new_weights, after=("not fallen",)),
    Cause("gradients vanish in deep layers", vanishing, livelier, after=("not fallen",)),
    Cause("overfitting: it learns by heart", overfitted, restrained, by_validation=True),
    Cause("a rare class is never predicted", unbalanced, balanced),
    Cause("squared error behind a saturated output", flat_errors, log_loss),
    Cause("batches are too small for the learning rate", noisy, larger_batches),
    Cause("the learning rate is too high", rough, slower, after=("risen",)),
    Cause("the learning rate is too low", slow, faster),
    Cause("the network is too small", small, wider),
    Cause("a number is not finite from the start", not_finite, nothing,
          advice="keep the argument of the operation away from where it is infinite, as log(maximum(p, 1e-12)) does"),
)
"""Every cause, those that say most first: of two changes that cure as well, the one further up is named first."""
