"""Losses of one example, for training to make small; the mean over examples is taken where examples meet.

Each takes one output and one target, or lists of them (nested or not) of the same length; both may be Values or
plain numbers. Conventions differ in what is done with several outputs and with several examples:

- over the d outputs of an example, `mse` and `mae` take the mean (1/d), `squared_error` and `half_squared_error`
  the sum; where there is a `reduction`, it is "mean" or "sum";
- over n examples, `fit` takes the mean: 1/n with `squared_error`, 1/(2n) with `half_squared_error`. `cost`
  takes the mean or the sum. Descent of the sum is that of the mean with a learning rate n times as large.

Which goes with what: a number, linear output and squared error; yes or no, sigmoid and `binary_cross_entropy`; one of K
classes, softmax and `cross_entropy` of one-hot targets; several labels at once, K sigmoids and `binary_cross_entropy`.
The forms `..._with_logits` take outputs without their sigmoid or softmax, and are exact however large these are.

What sigmoid and softmax give lies in [0, 1] and is read as probabilities, but need not be any: nothing makes a network
right nine times in ten where it says 0.9.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import dot, log, logsumexp, maximum, mean, pow, relu, softplus, sum
from autograd.errors import SizeError, UsageError
from autograd.nested import flatten
from autograd.ops import as_operand, is_several
from nn.arguments import entry, function
from nn.examples import FloatArray

Loss = Callable[[Any, Any], Any]

TINY = float(np.finfo(np.float32).tiny)
"""The smallest probability whose logarithm is taken: about 1e-38, since 1/TINY is finite even in float32."""

ROUNDED = 1e-3
"""How far probabilities may be from [0, 1], and their sum from 1: far above the rounding of any type of float."""

# ── numbers ──────────────────────────────────────────────────────────────────────────────────


def squared_error(outputs: Any, targets: Any) -> Any:
    """Σ (a - y)² over the outputs of an example.

    >>> squared_error([1.0, 4.0], [1.0, 2.0])
    4.0
    """
    return mse(outputs, targets, "sum")


def half_squared_error(outputs: Any, targets: Any) -> Any:
    """½ Σ (a - y)² over the outputs of an example, whose derivatives are a - y.

    >>> half_squared_error([1.0, 4.0], [1.0, 2.0])
    2.0
    """
    return squared_error(outputs, targets) / 2


def mse(outputs: Any, targets: Any, reduction: str = "mean") -> Any:
    """The mean squared error over the d outputs of an example, (1/d) Σ (a - y)².

    >>> mse([1.0, 4.0], [1.0, 2.0])
    2.0
    """
    return reduced(reduction, [squared(a - y) for a, y in pairs(outputs, targets)])


def mae(outputs: Any, targets: Any, reduction: str = "mean") -> Any:
    """The mean absolute error over the d outputs of an example, (1/d) Σ |a - y|.

    >>> mae([1.0, 4.0], [1.0, 2.0])
    1.0
    """
    return reduced(reduction, [abs(a - y) for a, y in pairs(outputs, targets)])


# ── classes ──────────────────────────────────────────────────────────────────────────────────


def binary_cross_entropy(probabilities: Any, targets: Any, reduction: str = "mean") -> Any:
    """-(y ln a + (1 - y) ln(1 - a)) of a probability a and a target y in [0, 1]; its mean over several outputs.

    For outputs behind a sigmoid. A probability nearer to 0 than `TINY` counts as `TINY` (and to 1
    likewise), so that a wrong and saturated output costs at most -ln TINY = 87.3, never inf or nan. There its
    gradient is 0: `binary_cross_entropy_with_logits` is exact everywhere.

    >>> round(binary_cross_entropy(0.6, 1), 4), round(binary_cross_entropy(0.0, 1), 1)
    (0.5108, 87.3)
    """
    return reduced(reduction, [
        -(y * log(maximum(a, TINY)) + (1 - y) * log(maximum(1 - a, TINY))) for a, y in pairs(probabilities, targets)
    ])


def binary_cross_entropy_with_logits(logits: Any, targets: Any, reduction: str = "mean") -> Any:
    """The binary cross entropy of σ(z) from the logit z itself: for outputs without an activation.

    With ln σ(z) = -softplus(-z) it is y softplus(-z) + (1 - y) softplus(z), exact for any z.

    >>> round(binary_cross_entropy_with_logits(0.0, 1), 4), binary_cross_entropy_with_logits(-1000.0, 1)
    (0.6931, 1000.0)
    """
    return reduced(reduction, [y * softplus(-z) + (1 - y) * softplus(z) for z, y in pairs(logits, targets)])


def cross_entropy(probabilities: Any, targets: Any) -> Any:
    """The categorical cross entropy -Σ yₖ ln aₖ of probabilities a and targets y, a one-hot row.

    It is H(y, a) for any distribution y, and the negative logarithm of the likelihood. For outputs behind
    softmax; a probability below `TINY` counts as `TINY`, as for `binary_cross_entropy`.

    >>> round(cross_entropy([0.2, 0.6, 0.2], [0, 1, 0]), 7)
    0.5108256
    """
    outs, ys = unzipped(probabilities, targets)
    return -dot(ys, [log(maximum(a, TINY)) for a in outs])


def cross_entropy_with_logits(logits: Any, targets: Any) -> Any:
    """The categorical cross entropy of softmax(z) from the logits z: for outputs without an activation.

    With ln softmax(z)ₖ = zₖ - ln Σ eᶻ it is Σ yₖ (ln Σ eᶻ - zₖ), exact for any z. As
    `torch.nn.functional.cross_entropy`.

    >>> round(cross_entropy_with_logits([0.0, 0.0], [0, 1]), 4), cross_entropy_with_logits([1000.0, 0.0], [0, 1])
    (0.6931, 1000.0)
    """
    zs, ys = unzipped(logits, targets)
    total = logsumexp(zs)
    return dot(ys, [total - z for z in zs])


def hinge(outputs: Any, targets: Any, reduction: str = "mean") -> Any:
    """max(0, 1 - y·a) of a score a and a target y = -1 or 1: the max-margin loss; its mean over several outputs.

    >>> hinge(0.25, 1), hinge(0.25, -1), hinge(2.0, 1)
    (0.75, 1.25, 0.0)
    """
    return reduced(reduction, [relu(1 - y * a) for a, y in pairs(outputs, targets)])


# ── what they mean ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Meaning:
    """What the outputs and targets of a loss mean.

    - `outputs`: "numbers" of any kind, "probabilities" from 0 to 1, or "scores", which take either sign;
    - `classes`: whether each output is one of several classes, of which one is right;
    - `targets`: the ends of the interval that they come from, or None; with `ends` nothing between;
    - `threshold`: where a single output changes from class 0 to class 1; None is halfway between their targets;
    - `activation`: what a last layer has to have.
    """

    outputs: str = "numbers"
    classes: bool = False
    targets: tuple[float, float] | None = None
    ends: bool = False
    threshold: float | None = None
    activation: str = "linear"


MEANINGS: dict[Loss, Meaning] = {
    squared_error: Meaning(),
    half_squared_error: Meaning(),
    mse: Meaning(),
    mae: Meaning(),
    hinge: Meaning("scores", targets=(-1, 1), ends=True, threshold=0.0),
    binary_cross_entropy: Meaning("probabilities", targets=(0, 1), threshold=0.5, activation="sigmoid"),
    binary_cross_entropy_with_logits: Meaning("scores", targets=(0, 1), threshold=0.0),
    cross_entropy: Meaning("probabilities", classes=True, targets=(0, 1), activation="softmax"),
    cross_entropy_with_logits: Meaning("scores", classes=True, targets=(0, 1)),
}
"""Every loss, and what its outputs and targets mean."""

LOSSES: dict[str, Loss] = {loss.__name__: loss for loss in MEANINGS}
"""Every loss by its name."""

# ── many examples ────────────────────────────────────────────────────────────────────────────


def cost(loss: str | Loss, outputs: Sequence[Any], targets: Sequence[Any], reduction: str = "mean") -> Any:
    """The total cost of examples: the mean of their losses, or the "sum".

    `outputs` and `targets` have a row, or a number, for each example.

    >>> cost("squared_error", [1.0, 3.0], [0.0, 1.0]), cost("squared_error", [1.0, 3.0], [0.0, 1.0], "sum")
    (2.5, 5.0)
    """
    each = function("loss", loss, LOSSES)
    outs, ys = ([*examples] if is_several(examples) else [] for examples in (outputs, targets))
    if len(outs) != len(ys) or not outs:
        raise SizeError(f"a cost needs a list of outputs and a target for each, {len(outs)} and {len(ys)} came")
    return reduced(reduction, [each(a, y) for a, y in zip(outs, ys, strict=True)])


def name_of(loss: str | Loss) -> str | None:
    """The name of a loss of this file, or of the one inside a penalised loss; None for any other."""
    plain = getattr(loss, "loss", loss)
    return next((name for name, function in LOSSES.items() if plain in (name, function)), None)


def meaning_of(loss: str | Loss) -> Meaning | None:
    """What a loss of this file means, or the one inside a penalised loss; None for any other."""
    name = name_of(loss)
    return None if name is None else MEANINGS[LOSSES[name]]


def check_targets(loss: str | Loss, targets: FloatArray) -> None:
    """Raise `UsageError` for targets that a loss of this file has no meaning for: any array of them.

    >>> check_targets("hinge", np.array([1.0, 0.0]))
    Traceback (most recent call last):
    autograd.errors.UsageError: hinge takes targets -1 and 1, Y[1] is 0.0: 2 * Y - 1 makes them of 0 and 1
    """
    name, meaning = name_of(loss), meaning_of(loss) or Meaning()
    if meaning.targets is None:
        return
    low, high = meaning.targets
    outside = (targets != low) & (targets != high) if meaning.ends else (targets < low) | (targets > high)
    if outside.any():
        place = tuple(map(int, np.argwhere(outside)[0]))
        if meaning.ends:
            rule, remedy = f"{low} and {high}", "2 * Y - 1 makes them of 0 and 1"
        elif (abs(targets) == 1).all():
            rule, remedy = f"from {low} to {high}", "(Y + 1) / 2 makes them of -1 and 1"
        else:
            rule = f"from {low} to {high}"
            remedy = "classes are one-hot rows for cross_entropy, see nn.data.one_hot"
        raise UsageError(f"{name} takes targets {rule}, Y{list(place)} is {targets[place]}: {remedy}")
    if meaning.classes and targets.ndim > 1:
        shares = targets.reshape(len(targets), -1).sum(axis=1)
        if (off := abs(shares - 1) > ROUNDED).any():
            row = int(off.argmax())
            raise UsageError(f"{name} takes rows of targets that sum to 1, since one class is right; those of Y[{row}] "
                             f"sum to {shares[row]:g}: binary_cross_entropy is for several labels at once")


def check_outputs(loss: str | Loss, outputs: FloatArray) -> None:
    """Raise `UsageError` for outputs, a row for each example, that a loss of this file has no meaning for.

    >>> check_outputs("cross_entropy", np.array([[0.5, 2.5]]))
    Traceback (most recent call last):
    autograd.errors.UsageError: cross_entropy takes probabilities, the model can give 2.5: let its last layer have \
the activation "softmax", or train with cross_entropy_with_logits
    """
    name, meaning = name_of(loss), meaning_of(loss) or Meaning()
    if meaning.classes and outputs.shape[1] == 1:
        raise UsageError(f"{name} needs an output for each class, one came, which would always be right: for two "
                         f"classes, binary_cross_entropy takes one sigmoid")
    if meaning.outputs != "probabilities":
        return
    outside = (outputs < -ROUNDED) | (outputs > 1 + ROUNDED)
    remedy = f'let its last layer have the activation "{meaning.activation}"'
    if outside.any():
        raise UsageError(f"{name} takes probabilities, the model can give {outputs[outside][0]:.6g}: {remedy}, "
                         f"or train with {name}_with_logits")
    wholes = outputs.sum(axis=1)
    if meaning.classes and (off := abs(wholes - 1) > ROUNDED).any():
        raise UsageError(f"{name} takes probabilities of classes, which sum to 1, those of the model can sum to "
                         f"{wholes[off][0]:.6g}: {remedy}, or train with binary_cross_entropy, where each output is a "
                         "yes or no of its own")


def threshold_of(loss: str | Loss, targets: FloatArray) -> float | None:
    """Where a single output changes from class 0 to class 1; None for a loss that is not of this file.

    >>> threshold_of("mse", np.array([0, 1])), threshold_of("mse", np.array([-1, 1]))
    (0.5, 0.0)
    """
    meaning = meaning_of(loss)
    if meaning is None:
        return None
    if meaning.threshold is not None:
        return meaning.threshold
    return 0.0 if (targets < 0).any() else 0.5


# ── details ──────────────────────────────────────────────────────────────────────────────────

REDUCTIONS: dict[str, Callable[[list[Any]], Any]] = {"mean": mean, "sum": sum}


def reduced(reduction: str, terms: list[Any]) -> Any:
    """The mean or the sum of terms; one term as it is."""
    combine = entry("reduction", reduction, REDUCTIONS)
    return terms[0] if len(terms) == 1 else combine(terms)


def squared(difference: Any) -> Any:
    """A square, which is inf where Python's own power of floats would raise."""
    return pow(difference, 2) if type(difference) is float else difference**2


def unzipped(outputs: Any, targets: Any) -> tuple[list[Any], list[Any]]:
    """Outputs and targets as two lists of the same length."""
    outs, ys = ([as_operand(x) for x in flatten(nested)] for nested in (outputs, targets))
    if len(outs) != len(ys) or not outs:
        hint = ": if it is the label of a class, nn.data.one_hot makes it a row" if len(outs) > len(ys) == 1 else ""
        raise SizeError(
            f"a loss compares each output with a target, {len(outs)} outputs and {len(ys)} targets came{hint}"
        )
    return outs, ys


def pairs(outputs: Any, targets: Any) -> list[tuple[Any, Any]]:
    """Each output with its target."""
    return list(zip(*unzipped(outputs, targets), strict=True))
