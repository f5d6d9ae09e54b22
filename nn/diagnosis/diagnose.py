"""Why does it not learn? Suspicions become findings where a short training with the change is plainly better."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.errors import RerollError, UsageError
from autograd.nested import parameters_of
from nn.arguments import count, rate
from nn.diagnosis.causes import CAUSES, Cause, Change, new_weights
from nn.diagnosis.setups import Setup, Trial, Trials, name_of_loss, step_seconds
from nn.diagnosis.signs import Case
from nn.examples import FloatArray
from nn.losses import Loss
from nn.models.module import Module

WELL = 0.08
"""A share of the targets left unexplained below which a training is in order."""

PLAINLY, AT_LEAST = 0.6, 0.1
"""A change is a cure if what is left unexplained becomes this share of what it was, and less by this much."""

ALIKE = 0.05
"""Changes that leave as much unexplained to this number cure as well."""

WIDTH = 96


@dataclass(frozen=True)
class Finding:
    """A cause, what points to it, and the change that cures it: proved by training with it and without."""

    cause: str
    evidence: str
    change: str
    """The one change in words."""
    code: str
    """The same as code, before `nn.fit` is called again."""
    loss: tuple[float, float]
    """The loss at the end of a short training, without the change and with it."""
    left: tuple[float, float]
    """The share of the targets that is left unexplained, without the change and with it: 1 is the best constant."""
    setup: Setup
    """The training with the change: `finding.setup.fit()`."""

    def __str__(self) -> str:
        (before, after), (left, now) = self.loss, self.left
        return "\n".join([
            self.cause,
            *paragraph("evidence", self.evidence),
            *paragraph("change", self.change),
            *(f"    {line}" for line in self.code.splitlines()),
            *paragraph("proof", f"loss {before:.4g} without, {after:.4g} with it; unexplained {shown(left)} without, "
                                f"{shown(now)} with it"),
        ])


@dataclass(frozen=True)
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
        head = f"loss {first:.4g} → {last:.4g}, {shown(self.left)} of the targets unexplained"
        if not self.findings:
            return f"{head}: nothing was found that helps plainly" + (
                "\n" + "\n".join(paragraph("tried", ", ".join(self.tried))) if self.tried else "")
        return "\n".join([head, *(f"\n{number}. {finding}" for number, finding in enumerate(self.findings, 1))])

    __repr__ = __str__


def paragraph(head: str, text: str) -> list[str]:
    """A word and a text of some lines."""
    return textwrap.wrap(text, WIDTH, initial_indent=f"  {head:<10}", subsequent_indent=" " * 12, break_long_words=False)


def shown(share: float) -> str:
    """A share as people write it."""
    return f"{share:.0%}" if share < 10 else "many times 100%"


def diagnose(
    model: Module, X: npt.ArrayLike, Y: npt.ArrayLike, loss: str | Loss, optimizer: Any, *,
    seconds: float = 10.0, seed: int = 0, **how: Any,
) -> Diagnosis:
    """Why does it not learn?"""
    setup = Setup(model, np.asarray(X), np.asarray(Y), loss, optimizer, how)
    return Search(setup, Trials(rate("seconds", seconds), seed)).diagnosis()


class Search:
    """The search for what cures one training."""

    def __init__(self, setup: Setup, trials: Trials) -> None:
        self.setup, self.trials = setup, trials
        self.base = trials.run(setup)
        self.tried: list[str] = []

    def diagnosis(self) -> Diagnosis:
        """Train as it is, and if that is not well, with every change that is suspected to help."""
        base, findings = self.base, list[Finding]()
        if base.left >= WELL:
            findings = self.findings(Case(self.setup, base))
            if all(finding.left[1] >= WELL for finding in findings):
                findings += self.afresh(min([finding.left[1] for finding in findings], default=math.inf))
        best = min((finding.left[1] for finding in findings), default=0.0)
        findings.sort(key=lambda finding: max(0.0, finding.left[1] - best - ALIKE))
        first = float(base.losses[0]) if len(base.losses) else math.inf
        return Diagnosis(tuple(findings), (first, base.loss), base.left, tuple(dict.fromkeys(self.tried)))

    def findings(self, case: Case, start: Change | None = None) -> list[Finding]:
        """What helps, in the order of the table; after another change, with which training starts, if there is one."""
        return [finding for cause in CAUSES if (finding := self.tested(cause, case, start))]

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
        if best is None or not (helps(self.base, best[1]) and helps(case.base, best[1])):
            return None
        return self.finding(cause.name, evidence, best[0], best[1], start)

    def finding(self, cause: str, evidence: str, change: Change, trial: Trial, start: Change | None) -> Finding:
        """What is reported of a change that helped."""
        words = change.words if start is None else f"{start.words}, and {change.words}"
        code = change.code if start is None else f"{start.code}\n{change.code}"
        return Finding(cause, evidence, words, code, (self.base.loss, trial.loss), (self.base.left, trial.left),
                       change.setup)

    def afresh(self, enough: float) -> list[Finding]:
        """What helps from new weights on, better than what helps with those that there are: a training may have ruined them."""
        case = Case(self.setup, self.base)
        found = []
        for start in new_weights(case):
            again = Case(start.setup, self.trials.run(start.setup))
            if helps(self.base, again.base):
                found.append(self.finding("the weights are no good to start from", sizes(case.theta, again.theta), start,
                                          again.base, None))
            found += [finding for finding in self.findings(again, start) if finding.left[1] < enough - ALIKE]
            break
        return found


def sizes(theta: FloatArray, fresh: FloatArray) -> str:
    """How large parameters are, beside those of a new model."""
    with np.errstate(all="ignore"):
        old, new = (float(np.sqrt(np.mean(vector**2))) for vector in (theta, fresh))
    return f"their root mean square is {old:.2g}, that of new ones {new:.2g}"


def helps(base: Trial, trial: Trial) -> bool:
    """Whether a change makes a training plainly better."""
    return trial.left < PLAINLY * base.left and trial.left < base.left - AT_LEAST
