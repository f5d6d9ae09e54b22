"""The one table of causes: how each is suspected, and what may cure it.

A row looks at a `Case` and says in numbers what points to its cause, or nothing; then it proposes changes, the mildest
first. Whether a change cures is not its business: that is found out by training. To add a cause, add a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from nn.data.scale import Scaling
from nn.diagnosis import changes
from nn.diagnosis.changes import (
    SHIFTS,
    Change,
    activated,
    activation_of,
    hidden_activations,
    is_flat,
    layers_of,
    loose_values,
    moved,
)
from nn.diagnosis.signs import Case, rectifies, saturates
from nn.examples import FloatArray
from nn.losses import name_of, threshold_of
from nn.metrics import recall
from nn.models.dropout import Dropout
from nn.penalties import Penalized
from nn.vector import parameters_to_vector


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


def flat_errors(case: Case) -> str:
    """A squared error behind an activation that saturates, of which the gradient vanishes where it is most wrong."""
    meaning, (low, high) = case.setup.meaning, case.reach
    if meaning is None or meaning.outputs != "numbers" or not case.classes.any() or not low >= -0.001 < high <= 1.001:
        return ""
    with np.errstate(all="ignore"):
        slope = np.abs(case.gradient(case.base.theta)).max()
    return (f"{name_of(case.setup.loss)} of probabilities: its slope ends in that of the activation, which vanishes "
            f"where outputs are near 0 or 1; the largest slope at the end is {slope:.1g}")


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


def large_targets(case: Case) -> str:
    """Numbers to learn that are far from 0."""
    meaning = case.setup.meaning
    if meaning is None or meaning.targets is not None or not len(case.targets):
        return ""
    size = float(np.abs(case.targets).max())
    return f"targets go from {case.targets.min():g} to {case.targets.max():g}" if size > 10 or size < 0.05 else ""


def unbalanced(case: Case) -> str:
    """A rare class that is missed."""
    base, count = case.base, np.bincount(case.classes)
    single = base.targets.shape[1] == 1 or bool((base.targets.sum(axis=1) == 1).all())
    if len(count) < 2 or count.min() > 0.25 * count.max() or not single or not np.isfinite(base.outputs).all():
        return ""
    found = float(recall(base.outputs, base.targets, threshold=threshold_of(case.setup.loss, base.targets)).min())
    if found >= 0.7:
        return ""
    return f"{count.min()} of {count.sum()} examples belong to one class, of which {found:.0%} are found"


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


def vanishing(case: Case) -> str:
    """Gradients that get lost on the way to the first layers."""
    sizes = [(name, float(np.sqrt(np.mean(case.slopes[rows] ** 2)))) for name, (shape, rows) in case.named.items()
             if len(shape) == 2]
    deep = sum(saturates(units.name) for units in case.units) >= 3
    if not deep or not sizes[-1][1] > 0 or sizes[0][1] > 0.03 * sizes[-1][1]:
        return ""
    return f"the gradient of {sizes[0][0]} is {sizes[0][1] / sizes[-1][1]:.1g} of that of {sizes[-1][0]}"


def all_linear(case: Case) -> str:
    """Layers upon layers without an activation between."""
    layers = layers_of(case.setup.model)
    hidden = hidden_activations(case.setup.model)
    if len(layers) < 2 or case.units or hidden != {"linear"}:
        return ""
    return f"{len(layers)} layers without an activation between them compute what one could"


def small(case: Case) -> str:
    """A network that has learned what it can."""
    others = alike, dead, saturated, vanishing, stepwise, all_linear
    if case.base.left < MUCH or case.base.unsound or any(row(case) for row in others):
        return ""
    sizes = [layer.nout for layer in layers_of(case.setup.model)[:-1]]
    parameters = len(case.theta)
    if not layers_of(case.setup.model) or parameters > 5000 or min(sizes, default=0) > 16:
        return ""
    hidden = f"hidden layers of {', '.join(map(str, sizes))} neurons" if sizes else "no hidden layer"
    return f"{hidden}, {parameters} parameters for {len(case.setup.X)} examples"


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


def dropping(case: Case) -> str:
    """Much dropout."""
    drops = [module.p for module in case.setup.model.modules() if isinstance(module, Dropout)]
    return f"each hidden neuron drops out with probability {max(drops):g}" if max(drops, default=0.0) >= 0.3 else ""


def rough(case: Case) -> str:
    """A loss that goes up about as often as down, or ends above its start."""
    losses = case.base.losses
    if not len(losses):
        return ""
    first, last = losses[0], losses[-1]
    if case.base.unsound:
        return ": ".join(filter(None, (case.base.unsound, case.anomaly)))
    if diverged(losses):
        return f"the loss goes from {first:.4g} to {last:.4g}"
    if case.base.left > 1.5:
        return f"the error is {case.base.left:.3g} times that of the best constant"
    ups = float((np.diff(losses) > 1e-9 * np.abs(losses[:-1])).mean()) if len(losses) > 1 else 0.0
    if ups > (0.1 if case.setup.batch == len(case.setup.X) else 0.3):
        return f"the loss rises in {ups:.0%} of the epochs"
    flat = max([units.dead if rectifies(units.name) else units.saturated for units in case.trained_units], default=0.0)
    return f"{flat:.0%} of a hidden layer give no gradient after training" if flat > 0.6 else ""


def noisy(case: Case) -> str:
    """Few examples in a step, and a loss that does not settle."""
    size = case.setup.batch
    evidence = rough(case) if size < min(16, len(case.setup.X)) else ""
    return f"{size} example{'s' * (size > 1)} in a step; {evidence}" if evidence else ""


def slow(case: Case) -> str:
    """A loss that has not come far, and falls on."""
    losses = case.base.losses
    if len(losses) < 2 or not np.isfinite(losses).all() or case.base.left < MUCH:
        return ""
    way = float(np.linalg.norm(case.base.theta - case.theta) / (np.linalg.norm(case.theta) or 1.0))
    return (f"the loss goes from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses)} epochs, in which the parameters "
            f"move by {way:.1%} of their size")


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


# ── gradients that do not arrive ─────────────────────────────────────────────────────────────


def stepwise(case: Case) -> str:
    """Activations that are flat wherever they are not a step."""
    flat = {name for name in map(activation_of, activated(case.setup.model)) if is_flat(name)}
    return f"the slope of {', '.join(sorted(flat))} is 0 everywhere: no gradient passes" if flat else ""


def frozen(case: Case) -> str:
    """Values that the outputs depend on and that are not parameters."""
    found = loose_values(case.setup.model)
    return f"{len(found)} Values of the model are no parameters, so that training does not change them" if found else ""


def blocked(case: Case) -> str:
    """Parameters whose gradient is 0 whatever they are."""
    if stepwise(case):
        return ""
    rng, scale = np.random.default_rng(0), Scaling.zscore(case.setup.X, constant=True)  # else tanh may be at its ends
    thetas = [case.theta, *(rng.normal(0, 0.5, case.theta.size) for _ in range(2))]
    trials = [case.gradients(theta, X) for theta in thetas for X in (case.setup.X, scale(case.setup.X))]
    largest = np.max([np.abs(gradients).max(axis=0) for gradients in trials], axis=0)
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


# ── numbers that are not finite ──────────────────────────────────────────────────────────────


def not_finite(case: Case) -> str:
    """nan or inf, for which an operation is to blame, and not steps that led further and further away."""
    losses, fresh = case.base.losses, next(changes.new_weights(case)).setup.model
    if not case.base.unsound or diverged(losses[np.isfinite(losses)]) or not case.anomaly:
        return ""
    if not length(case.base.theta) <= AWAY * length(parameters_to_vector(fresh)):  # nor is nan
        return ""
    return f"{case.base.unsound}: {case.anomaly}"


AWAY = 100.0
"""Parameters that are so many times as large as new ones have diverged."""


def diverged(losses: FloatArray) -> bool:
    """Whether a loss ends plainly above its start."""
    return bool(len(losses)) and bool(losses[-1] > 2 * abs(losses[0]) + 1e-12)


def length(theta: FloatArray) -> float:
    """The size of parameters, as if there were one more that is 1: all may be zeros."""
    return float(np.hypot(1.0, np.linalg.norm(theta)))


# ── the table ────────────────────────────────────────────────────────────────────────────────────

KEPT = Cause("gradients were never cleared", accumulated, changes.nothing, certain=True,
             advice="call model.zero_grad() before each backward()")

INFINITE = Cause("an operation gives infinity or nan", not_finite, changes.nothing, certain=True,
                 advice="keep its operands away from where it or its slope is infinite, as log(maximum(p, 1e-12)) "
                        "does; for probabilities, cross_entropy_with_logits and binary_cross_entropy_with_logits need "
                        "no log of 0")

LABELS = Cause("labels do not belong to their examples", shifted, changes.realigned,
               advice="load X and Y again, and put them into another order together: X, Y = X[order], Y[order]")

OVERFITTED = Cause("overfitting: it learns by heart", overfitted, changes.restrained, by_validation=True)

CAUSES: tuple[Cause, ...] = (
    KEPT,
    INFINITE,
    Cause("a parameter gets no gradient", blocked, changes.nothing, certain=True,
          advice="compute with the Values themselves, without .data, detach() and Value(…) of their numbers, and use "
                 "every parameter in forward"),
    Cause("loss and output do not go together", refused, changes.matching),
    Cause("outputs cannot be where they should", limited, changes.linear_output),
    LABELS,
    Cause("activations have no slope", stepwise, changes.sloping, after=("not fallen",)),
    Cause("Values are no parameters", frozen, changes.freed),
    Cause("all neurons of a layer start alike", alike, changes.new_weights, after=("not fallen",)),
    Cause("sorted examples are not shuffled", sorted_rows, changes.shuffled, after=("not fallen",)),
    Cause("the network is linear", all_linear, changes.bent),
    Cause("a penalty is too strong", penalised, changes.milder),
    Cause("too many neurons drop out", dropping, changes.keeping),
    Cause("inputs are not scaled", unscaled, changes.scaled, after=("risen", "not fallen")),
    Cause("targets are not scaled", large_targets, changes.scaled_targets, after=("risen", "not fallen")),
    Cause("neurons are dead", dead, changes.revived, after=("not fallen",)),
    Cause("activations are saturated", saturated, changes.new_weights, after=("not fallen",)),
    Cause("gradients vanish in deep layers", vanishing, changes.livelier, after=("not fallen",)),
    OVERFITTED,
    Cause("a rare class is missed", unbalanced, changes.balanced),
    Cause("squared error behind a saturated output", flat_errors, changes.log_loss),
    Cause("batches are too small for the learning rate", noisy, changes.larger_batches),
    Cause("the learning rate is too high", rough, changes.slower, after=("risen",)),
    Cause("the learning rate is too low", slow, changes.faster),
    Cause("the network is too small", small, changes.wider),
)
"""Every cause, those that say most first: of two changes that cure as well, the one further up is named first."""
