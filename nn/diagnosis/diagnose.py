"""Why does it not learn? Suspicions become findings where a short training with the change is plainly better."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.errors import UsageError
from autograd.nested import parameters_of
from nn.arguments import function, rate
from nn.diagnosis.causes import CAUSES, INFINITE, KEPT, LABELS, MUCH, OVERFITTED, Cause, alike
from nn.diagnosis.changes import Change, new_weights
from nn.diagnosis.setups import Setup, Trial, Trials, unbound
from nn.diagnosis.signs import Case
from nn.examples import FloatArray, paired
from nn.losses import LOSSES, Loss
from nn.models.module import Module
from nn.optim import Optimizer
from nn.vector import parameters_to_vector

WELL = 0.08
"""A share of the targets left unexplained below which a training is in order."""

PLAINLY, AT_LEAST = 0.7, 0.1
"""A change is a cure if what is left unexplained becomes this share of what it was, and less by this much."""

ALIKE = 0.05
"""Changes that leave as much unexplained to this number cure as well."""

WIDTH = 96


@dataclass(frozen=True, repr=False)
class Finding:
    """A cause, what points to it, and the change that cures it: proved by training with it and without."""

    cause: str
    evidence: str
    change: str
    """The one change in words."""
    code: str = ""
    """The change as code, to run before `nn.fit` is called again."""
    loss: tuple[float, float] | None = None
    """The loss at the end of a short training, without the change and with it; None where none was tried. That of the
    examples to validate on, if the change is against overfitting."""
    left: tuple[float, float] | None = None
    """The share of the targets that is left unexplained, without the change and with it: 1 is the best constant."""
    setup: Setup | None = None
    """The training with the change: `finding.setup.fit()`."""
    certain: bool = False
    """Whether the evidence is proof enough, where no change could be tried."""

    def __str__(self) -> str:
        lines = [self.cause, *paragraph("evidence", self.evidence), *paragraph("change", self.change),
                 *(f"    {line}" for line in self.code.splitlines())]
        if self.loss and self.left:
            (before, after), (left, now) = self.loss, self.left
            lines += paragraph("proof", f"loss {finite(before)} without, {finite(after)} with it; unexplained "
                                        f"{shown(left)} without, {shown(now)} with it")
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What `diagnose` found, the surest first; true if nothing is wrong."""

    findings: tuple[Finding, ...]
    loss: tuple[float, float]
    """The loss of the first and of the last epoch of a short training as it is."""
    left: float
    """The share of the targets that this training leaves unexplained."""
    tried: tuple[str, ...]
    """The causes that were suspected and tried."""

    def __bool__(self) -> bool:
        return not self.findings

    def __str__(self) -> str:
        first, last = self.loss
        head = f"loss {finite(first)} → {finite(last)}, {shown(self.left)} of the targets unexplained"
        if not self.findings:
            return f"{head}: nothing was found that helps plainly" + (
                "\n" + "\n".join(paragraph("tried", ", ".join(self.tried))) if self.tried else "")
        return "\n".join([head, *(f"\n{number}. {finding}" for number, finding in enumerate(self.findings, 1))])

    __repr__ = __str__


def paragraph(head: str, text: str) -> list[str]:
    """A word and a text of some lines."""
    return textwrap.wrap(text, WIDTH, initial_indent=f"  {head:<10}", subsequent_indent=" " * 12)


def finite(loss: float) -> str:
    """A loss as people write it; of a training that is refused or diverges there is none."""
    return f"{loss:.4g}" if math.isfinite(loss) else "none"


def shown(share: float) -> str:
    """A share as people write it."""
    return f"{share:.0%}" if share < 10 else "many times 100%"


def diagnose(
    model: Module, X: npt.ArrayLike, Y: npt.ArrayLike, loss: str | Loss, optimizer: Optimizer, *,
    seconds: float = 10.0, seed: int = 0, **how: Any,
) -> Diagnosis:
    """Why does it not learn? What is wrong with a training, proved by training shortly without it.

    The arguments are those of `fit`, `how` among them: `epochs`, `batch_size`, `shuffle`, `validation_split` and so on;
    what only watches, such as metrics and callbacks, is left out. First it trains as it is. If that leaves a good part
    of the targets unexplained, each cause of `nn.diagnosis.causes.CAUSES` that something points to is tried: the same
    training with one change. A finding is what helps plainly, with the numbers that point to it, the change in words
    and as code, and the loss without and with it; the one that helps most comes first, and of equals the more specific
    one. Where a training has ruined the weights already, changes are tried from new ones on. What cannot be cured by a
    change, such as a parameter that gets no gradient, is reported with its evidence alone.

    How well a model fits is compared by the share of the variance of the targets that it leaves unexplained, of those
    to validate on if there are any: the loss itself is another one after some changes. So 1 is the best constant, and
    of probabilities it is the Brier score divided by that of a constant.

    All of it takes about `seconds`: so many epochs are cut off as a machine of usual speed would not be through with,
    so that the same `seed` gives the same report everywhere. The model, the optimiser and all states of random numbers
    are as before afterwards.

    Raises what `fit` raises for arguments that no change of the training makes sound.

    >>> import nn
    >>> X, Y = nn.data.xor()
    >>> model = nn.MLP(2, [8, 1], activation="tanh", output="sigmoid", init="zeros")
    >>> nn.diagnose(model, X, Y, "binary_cross_entropy", nn.SGD(0.5, momentum=0.9), epochs=200).findings[0]
    all neurons of a layer start alike
      evidence  all 8 rows of layers.0.weight are equal, and so are their gradients: these neurons
                learn the same
      change    draw the weights at random, to fit the width of their layers
        nn.init.redraw(model, "glorot_uniform", seed=0)
      proof     loss 0.6931 without, 0.001283 with it; unexplained 100% without, 0% with it
    """
    if not isinstance(model, Module):
        raise UsageError(f"a model to train is expected, {type(model).__name__} came")
    if not isinstance(optimizer, Optimizer):
        raise UsageError(f"an optimiser such as SGD(lr=0.1) is expected, {optimizer!r} came")
    function("loss", loss, LOSSES)
    if unknown := [name for name in how if name not in {*TRAINING, *WATCHING}]:
        raise UsageError(f"fit has no argument {unknown[0]!r}: there are {', '.join(TRAINING)}")
    options = {name: value for name, value in how.items() if name in TRAINING}
    inputs, _ = paired(X, Y)
    setup = Setup(model, inputs, np.asarray(Y), loss, optimizer, options)
    return Search(setup, Trials(rate("number of seconds", seconds), seed)).diagnosis()


TRAINING = ("epochs", "batch_size", "shuffle", "validation_split", "validation_data", "engine", "dtype")
"""The arguments of `fit` that decide what is learned."""

WATCHING = ("metrics", "callbacks", "record", "resume", "progress", "hints")
"""Those that do not, or that do more than that."""


class Search:
    """The search for what cures one training."""

    def __init__(self, setup: Setup, trials: Trials) -> None:
        self.setup, self.trials = setup, trials
        self.leftover = np.array([value.grad for value in parameters_of(setup.model)])
        self.base = trials.run(setup)
        self.tried: list[str] = []

    def diagnosis(self) -> Diagnosis:
        """Train as it is, and if that is not well, with every change that is suspected to help."""
        case = self.case(self.setup, self.base)
        if self.base.unseen is None and len(self.setup.X) >= 40 and LABELS.suspect(case):
            self.setup = replace(self.setup, options={**self.setup.options, "validation_split": 0.25})
            self.base = self.trials.run(self.setup)  # what has no rule can be learned by heart
            case = self.case(self.setup, self.base)
        found = self.findings(case, CAUSES if self.base.left >= WELL else (KEPT, INFINITE))
        if self.base.left >= WELL:
            found = self.kept(case) + found
            if best_of(found, 1.0) >= WELL:
                found += self.afresh(best_of(found, math.inf))
        if self.base.refused is not None and not found:
            raise self.base.refused
        best = best_of(found, math.inf)
        proved = sorted([finding for finding in found if finding.left],
                        key=lambda finding: max(0.0, best_of([finding], 0.0) - best - ALIKE))
        certain = [finding for finding in found if finding.certain]
        likely = [finding for finding in found if not (finding.left or finding.certain)]
        if best <= MUCH or any(finding.cause == OVERFITTED.name for finding in proved):
            likely = []  # there is something to learn
        first = float(self.base.losses[0]) if len(self.base.losses) else math.inf
        return Diagnosis((*certain, *likely, *proved), (first, self.base.loss), self.base.left,
                         tuple(dict.fromkeys(self.tried)))

    def case(self, setup: Setup, base: Trial) -> Case:
        """What can be seen of a training."""
        return Case(setup, base, self.leftover)

    def findings(self, case: Case, causes: Iterable[Cause], start: Change | None = None) -> list[Finding]:
        """What helps, in the order of the table; after another change, with which training starts, if there is one."""
        return [finding for cause in causes if (finding := self.tested(cause, case, start))]

    def tested(self, cause: Cause, case: Case, start: Change | None) -> Finding | None:
        """The best change that a cause proposes, if it is suspected and the change helps plainly."""
        evidence = cause.suspect(case)
        if not evidence:
            return None
        self.tried.append(cause.name)
        best: tuple[Change, Trial] | None = None
        for change in cause.changes(case):
            trial = self.trials.run(change.setup)
            if trial.refused is None and (best is None or trial.left < best[1].left - ALIKE / 2):
                best = change, trial
            if trial.left < WELL:
                break
        if best and helps(cause, self.base, best[1]) and helps(cause, case.base, best[1]):
            return self.finding(cause, evidence, best[0], best[1], start)
        if not cause.advice or start is not None:
            return None
        return Finding(cause.name, evidence, cause.advice, certain=cause.certain)

    def finding(self, cause: Cause, evidence: str, change: Change, trial: Trial, start: Change | None) -> Finding:
        """What is reported of a change that helped."""
        words = change.words if start is None else f"{start.words}, and {change.words}"
        code = change.code if start is None else f"{start.code}\n{change.code}"
        losses = [one.val_loss if cause.by_validation else one.loss for one in (self.base, trial)]
        return Finding(cause.name, evidence, words, code, (losses[0], losses[1]), (self.base.left, trial.left),
                       change.setup)

    def afresh(self, enough: float) -> list[Finding]:
        """What helps from new weights on, better than with those of today, which a training may have ruined."""
        start = next(new_weights(self.case(self.setup, self.base)))
        again = self.case(start.setup, self.trials.run(start.setup))
        found = self.findings(again, CAUSES, start)
        if helps(RUINED, self.base, again.base):
            evidence = sizes(parameters_to_vector(self.setup.model), again.theta)
            found.insert(0, self.finding(RUINED, evidence, start, again.base, None))
        return [finding for finding in found if finding.left and finding.left[1] < enough - ALIKE]


    def kept(self, case: Case) -> list[Finding]:
        """Whether it learns from new weights on, but not in a loop that never clears gradients."""
        if not self.leftover.any() or alike(case):
            return []
        start = next(new_weights(case))
        well = self.trials.run(start.setup)
        loop = self.trials.run(replace(start.setup, optimizer=Uncleared(start.setup.optimizer)))
        if not helps(KEPT, self.base, well) or not helps(KEPT, loop, well):
            return []
        evidence = ("there are gradients in the parameters, from which it does not learn; new ones learn by fit, but "
                    "not in a loop that never clears gradients, which is what the proof compares")
        return [Finding(KEPT.name, evidence, f"{KEPT.advice}, and {start.words}", start.code, (loop.loss, well.loss),
                        (loop.left, well.left), start.setup)]


class Uncleared(Optimizer):
    """An optimiser in a loop that never clears gradients."""

    def __init__(self, optimizer: Optimizer) -> None:
        super().__init__(optimizer.lr)
        self.optimizer = unbound(optimizer)
        self.total: Any = 0.0

    def reset(self) -> None:
        """Forget all gradients."""
        self.optimizer.reset()
        self.total = 0.0

    def at(self, epochs: float) -> float:
        """The learning rate of the optimiser."""
        return self.optimizer.at(epochs)

    def change(self, theta: Any, gradient: Any) -> Any:
        """A step along the sum of all gradients."""
        self.total = self.total + gradient
        return self.optimizer.step(theta, self.total)


RUINED = Cause("the weights are no good to start from", lambda case: "", new_weights)


def best_of(findings: list[Finding], otherwise: float) -> float:
    """The least that a change leaves unexplained."""
    return min((finding.left[1] for finding in findings if finding.left), default=otherwise)


def sizes(theta: FloatArray, fresh: FloatArray) -> str:
    """How large parameters are, beside those of a new model."""
    with np.errstate(all="ignore"):
        old, new = (float(np.sqrt(np.mean(vector**2))) for vector in (theta, fresh))
    return f"their root mean square is {old:.2g}, that of new ones {new:.2g}"


def helps(cause: Cause, base: Trial, trial: Trial) -> bool:
    """Whether a change makes a training plainly better."""
    before = min(base.left, 1.2)  # what was worse than a constant has to become better than one
    if cause.by_validation:
        return trial.val_loss < 0.8 * base.val_loss and trial.left < min(before + ALIKE, PLAINLY)
    return trial.left < PLAINLY * before and trial.left < before - AT_LEAST
