"""How often `nn.diagnose` is right: `python -m benchmarks.diagnosis [--sick N] [--healthy N] [--seed SEED] [--show K]`.

Trainings that work are drawn at random, of data, network, loss, optimiser and the way in which the network is written.
A slip is made in each: one of the usual mistakes, large enough that the training fails. `diagnose` is asked before
the training or after it has failed, and the change that it names first is made. It cures if the whole training then
comes near to that without the slip: in accuracy, of classes that count alike, or in the share of variance explained.
Of trainings in which no slip is made, nothing should be said. `--show K` prints the report on the K-th as well.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import nn
from autograd import Value
from nn.diagnosis.setups import Setup

Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class Work:
    """A training that works: data, a network and what it is trained with."""

    title: str
    setup: Setup
    sizes: list[int]
    hidden: str
    output: str
    layout: str
    kind: str

    def model(self, **other: Any) -> nn.Module:
        """A network such as this, with other numbers of neurons, activations or first weights."""
        how = {"sizes": self.sizes, "hidden": self.hidden, "output": self.output, "init": "glorot_uniform"} | other
        return LAYOUTS[self.layout](how["sizes"], how["hidden"], how["output"], how["init"])

    def changed(self, **parts: Any) -> Setup:
        """The set-up with other parts."""
        return replace(self.setup, **parts)


# ── networks, written in several ways ────────────────────────────────────────────────────────


class Network(nn.Module):
    """A network as people write it themselves."""

    def __init__(self, sizes: list[int], hidden: str, output: str, init: Any) -> None:
        kinds = [hidden] * (len(sizes) - 2) + [output]
        self.parts = [nn.Layer(a, b, kind, init=init, seed=k)
                      for k, (a, b, kind) in enumerate(zip(sizes, sizes[1:], kinds, strict=False))]

    def forward(self, x: Any) -> Any:
        """Layer after layer."""
        for part in self.parts:
            x = part(x)
        return x[0] if len(x) == 1 else x


def sequential(sizes: list[int], hidden: str, output: str, init: Any) -> nn.Module:
    """Layers and activations as steps."""
    steps: list[Any] = []
    for k, (a, b) in enumerate(itertools.pairwise(sizes)):
        kind = hidden if k < len(sizes) - 2 else output
        steps += [nn.Layer(a, b, init=init, seed=k), *([kind] if kind != "linear" else [])]
    return nn.Sequential(*steps)


LAYOUTS: dict[str, Callable[..., nn.Module]] = {
    "MLP": lambda sizes, hidden, output, init: nn.MLP(sizes[0], sizes[1:], hidden, output, init=init, seed=0),
    "Sequential": sequential,
    "Module": Network,
}

# ── trainings that work ──────────────────────────────────────────────────────────────────────


def data(rng: Rng) -> tuple[str, Any, Any, str]:
    """Examples: a title, inputs, targets, and what these are."""
    name = str(rng.choice(["xor", "moons", "circles", "spirals", "blobs", "digits", "sine", "parabola", "plane"]))
    n = int(rng.choice([60, 120, 240]))
    seed = int(rng.integers(1000))
    if name == "xor":
        return name, *nn.data.xor(), "yes or no"
    if name in ("moons", "circles", "spirals"):
        return name, *getattr(nn.data, name)(n, seed=seed), "yes or no"
    if name == "blobs":
        centers = [[-2, 0], [2, 0], [0, 3], [0, -3]][: int(rng.integers(3, 5))]
        return name, *nn.data.blobs(n, centers, noise=0.7, seed=seed), "classes"
    if name == "digits":
        X, Y = nn.data.digits()
        rows = rng.permutation(len(X))[:300]
        return name, X[rows], Y[rows], "classes"
    if name == "plane":
        X = rng.normal(size=(n, 3))
        return name, X, np.tanh(X @ [1.0, -2.0, 0.5]) + rng.normal(0, 0.05, n), "numbers"
    return name, *nn.data.curve(name, n, noise=0.05, seed=seed), "numbers"


ENDS = {
    "yes or no": [("binary_cross_entropy", "sigmoid"), ("binary_cross_entropy_with_logits", "linear"),
                  ("mse", "sigmoid"), ("hinge", "linear")],
    "classes": [("cross_entropy", "softmax"), ("cross_entropy_with_logits", "linear")],
    "numbers": [("mse", "linear"), ("half_squared_error", "linear")],
}
"""Losses, and the activations of the last layer that go with them."""


def working(rng: Rng) -> Work:
    """A training at random; whether it works shows when it is run."""
    title, X, Y, kind = data(rng)
    loss, output = ENDS[kind][rng.integers(len(ENDS[kind]))]
    hidden = str(rng.choice(["tanh", "relu", "sigmoid"], p=[0.45, 0.4, 0.15]))
    width, depth = int(rng.choice([8, 16, 24])), int(rng.choice([1, 2], p=[0.7, 0.3]))
    sizes = [X.shape[1], *[width] * depth, int(Y.max()) + 1 if kind == "classes" else 1]
    layout = str(rng.choice([*LAYOUTS]))
    optimizer = [nn.SGD(0.3), nn.SGD(0.1, momentum=0.9), nn.Adam(0.02), nn.RMSProp(0.01)][rng.integers(4)]
    size = None if len(X) < 20 else [None, 16, 32][rng.integers(3)]
    epochs = int(rng.choice([100, 200, 400])) * (3 if size is None else 1)
    if loss == "hinge":
        Y = 2 * Y - 1
    options = {"epochs": epochs, "batch_size": size}
    title = f"{title}, {layout} {'-'.join(map(str, sizes))} {hidden}, {loss}, {optimizer!r}, batches of {size or 'all'}"
    setup = Setup(LAYOUTS[layout](sizes, hidden, output, "glorot_uniform"), X, Y, loss, optimizer, options)
    return Work(title, setup, sizes, hidden, output, layout, kind)


def score(setup: Setup) -> float:
    """How good a training becomes, on a copy: accuracy, of classes that count alike, or variance explained; 1 is best.

    A training that is refused or has nan in the end scores 0.
    """
    one = replace(setup, model=copy.deepcopy(setup.model)) if setup.loss in nn.LOSSES else setup.remodelled(lambda _: 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one.fit(progress=False, seed=1, hints=False)
        outputs, targets = one.model.predict(one.X), setup.targets()
    except (ValueError, ArithmeticError):
        return 0.0
    if not np.isfinite(outputs).all():
        return 0.0
    if one.meaning is not None and one.meaning.outputs == "numbers" and len(np.unique(targets)) > 2:
        return max(0.0, 1 - float(((outputs - targets) ** 2).mean() / targets.var()))
    middle = (targets.max() + targets.min()) / 2
    threshold = 0.0 if one.meaning is not None and one.meaning.outputs == "scores" else middle
    several = outputs.shape[1] > 1
    found = outputs.argmax(axis=1) if several else outputs[:, 0] > threshold
    right = targets.argmax(axis=1) if several else targets[:, 0] > middle
    return float(np.mean([(found == right)[right == k].mean() for k in np.unique(right)]))


# ── slips ────────────────────────────────────────────────────────────────────────────────────


def rate_too_high(work: Work, rng: Rng) -> Setup:
    return work.changed(optimizer=with_rate(work.setup.optimizer, 10 ** rng.uniform(1.3, 3)))


def rate_too_low(work: Work, rng: Rng) -> Setup:
    return work.changed(optimizer=with_rate(work.setup.optimizer, 10 ** -rng.uniform(2, 4)))


def with_rate(optimizer: nn.Optimizer, factor: float) -> nn.Optimizer:
    """A copy with another learning rate."""
    other = copy.deepcopy(optimizer)
    other.lr = float(f"{other.lr * factor:.2g}")
    return other


def same_weights(work: Work, rng: Rng) -> Setup:
    number = float(rng.choice([0.0, 0.1, 0.5]))
    return work.changed(model=work.model(init=lambda rng, shape: np.full(shape, number)))


def large_weights(work: Work, rng: Rng) -> Setup:
    size = rng.uniform(8, 40)
    return work.changed(model=work.model(init=lambda rng, shape: rng.normal(0, size, shape),
                                         hidden=str(rng.choice(["tanh", "sigmoid"]))))


def dead_units(work: Work, rng: Rng) -> Setup:
    model = work.model(hidden="relu")
    first = next(module for module in model.modules() if isinstance(module, nn.Layer))
    first.b = np.full(first.nout, -rng.uniform(10, 50) * np.abs(work.setup.X).max())
    return work.changed(model=model)


def grey_levels(work: Work, rng: Rng) -> Setup:
    X = work.setup.X
    return work.changed(X=np.round((X - X.min()) / np.ptp(X) * 255))


def one_large_input(work: Work, rng: Rng) -> Setup | None:
    if work.sizes[0] == 1:
        return None
    factor = np.ones(work.sizes[0])
    factor[rng.integers(work.sizes[0])] = 10 ** rng.uniform(2, 4)
    return work.changed(X=work.setup.X * factor)


def far_inputs(work: Work, rng: Rng) -> Setup:
    return work.changed(X=work.setup.X + rng.uniform(50, 500))


def large_targets(work: Work, rng: Rng) -> Setup | None:
    return work.changed(Y=work.setup.Y * 10 ** rng.uniform(2, 4) + 500) if "error" in work.title else None


def labels_moved(work: Work, rng: Rng) -> Setup | None:
    Y = work.setup.Y
    return work.changed(Y=np.roll(Y, int(rng.choice([-2, -1, 1, 2])), axis=0)) if len(Y) > 20 else None


def rare_class(work: Work, rng: Rng) -> Setup | None:
    options = {**work.setup.options, "epochs": 15}
    if not work.title.startswith(("moons", "circles", "blobs")) or score(work.changed(options=options)) < GOOD:
        return None
    Y = work.setup.Y
    rare = np.flatnonzero(Y.max() == Y)
    rows = np.sort(np.r_[np.flatnonzero(Y.max() != Y), rare[: max(3, len(rare) // 10)]])
    return work.changed(X=work.setup.X[rows], Y=Y[rows], options=options)


def wrong_output(work: Work, rng: Rng) -> Setup | None:
    wrong = {"sigmoid": ["linear", "tanh"], "softmax": ["linear", "sigmoid"], "linear": ["sigmoid", "tanh", "relu"]}
    output = str(rng.choice(wrong[work.output]))
    if work.setup.loss in ("hinge", "mse") and output != "relu":
        return None
    if work.setup.loss == "cross_entropy_with_logits" and rng.random() < 0.6:
        output = "softmax"
    return work.changed(model=work.model(output=output))


def squared_error(work: Work, rng: Rng) -> Setup | None:
    if work.output != "sigmoid":
        return None
    model = work.model()
    last = [module for module in model.modules() if isinstance(module, nn.Layer)][-1]
    last.b = np.full(last.nout, rng.choice([-1, 1]) * rng.uniform(12, 30))
    return work.changed(model=model, loss="mse")


def no_activation(work: Work, rng: Rng) -> Setup:
    return work.changed(model=work.model(hidden="linear"))


def too_small(work: Work, rng: Rng) -> Setup:
    hidden = [] if rng.random() < 0.4 else [1]
    return work.changed(model=LAYOUTS["MLP"]([work.sizes[0], *hidden, work.sizes[-1]], work.hidden, work.output,
                                             "glorot_uniform"))


def single_examples(work: Work, rng: Rng) -> Setup | None:
    if len(work.setup.X) < 50 or "SGD" not in work.title:
        return None
    return work.changed(optimizer=with_rate(work.setup.optimizer, rng.uniform(3, 8)),
                        options={**work.setup.options, "batch_size": int(rng.choice([1, 2]))})


def strong_penalty(work: Work, rng: Rng) -> Setup:
    strength = float(10 ** rng.uniform(-0.5, 1))
    if rng.random() < 0.5:
        name = str(rng.choice(["l1", "l2"]))
        return work.changed(loss=nn.penalized(work.setup.loss, work.setup.model, **{name: strength}))
    optimizer = copy.deepcopy(work.setup.optimizer)
    optimizer.decay = strength / 2
    return work.changed(optimizer=optimizer)


def strong_dropout(work: Work, rng: Rng) -> Setup:
    share = float(rng.uniform(0.8, 0.95))
    return work.changed(model=nn.MLP(work.sizes[0], work.sizes[1:], work.hidden, work.output, dropout=share, seed=0))


def sorted_classes(work: Work, rng: Rng) -> Setup | None:
    if work.setup.options["batch_size"] is None:
        return None
    order = np.argsort(work.setup.Y, kind="stable")
    return work.changed(X=work.setup.X[order], Y=work.setup.Y[order],
                        options={**work.setup.options, "shuffle": False})


def labels_shuffled(work: Work, rng: Rng) -> Setup | None:
    return work.changed(Y=rng.permutation(work.setup.Y)) if len(work.setup.Y) > 50 else None


def overfitting(work: Work, rng: Rng) -> Setup | None:
    if not work.title.startswith(("moons", "circles", "sine", "parabola")) or work.layout != "MLP":
        return None
    X, Y = nn.data.moons(60, 0.35, seed=rng) if "yes" in work.kind else nn.data.curve("sine", 40, 0.5, seed=rng)
    Y = 2 * Y - 1 if work.setup.loss == "hinge" else Y
    model = nn.MLP(X.shape[1], [48, 48, 1], "relu", work.output, seed=0, init="he_normal")
    options = {"epochs": 400, "validation_split": 0.4}
    return work.changed(model=model, X=X, Y=Y, optimizer=nn.Adam(0.02), options=options)


class Blocked(Network):
    """A network whose first layer's numbers are taken out of the graph."""

    def forward(self, x: Any) -> Any:
        """Layer after layer."""
        first, *rest = self.parts
        values = [value.detach() for value in first(x)]
        for part in rest:
            values = part(values)
        return values[0] if len(values) == 1 else values


def no_gradient(work: Work, rng: Rng) -> Setup:
    return work.changed(model=Blocked([work.sizes[0], 3, *work.sizes[2:]], work.hidden, work.output, "glorot_uniform"))


def plain_values(work: Work, rng: Rng) -> Setup | None:
    model = work.model()
    for module in model.modules():
        if isinstance(module, nn.Layer):
            module.neurons = [nn.Neuron.of([Value(w.data) for w in neuron.w], neuron.b, neuron.f)
                              for neuron in module.neurons]
    return work.changed(model=model)


def steps(work: Work, rng: Rng) -> Setup:
    return work.changed(model=work.model(hidden="step"))


def not_cleared(work: Work, rng: Rng) -> Setup | None:
    """A loop by hand, after some steps of which somebody asks."""
    if not isinstance(work.setup.optimizer, nn.SGD) or work.sizes[0] > 3:
        return None
    setup = work.changed(model=work.model())
    rate, examples = setup.optimizer.lr, setup.examples()
    pairs = [*zip(examples.inputs.tolist(), examples.targets.tolist(), strict=True)][:20]
    cost = nn.LOSSES[str(setup.loss)]
    for _ in range(60):
        nn.cost(cost, [setup.model(x) for x, _ in pairs], [y for _, y in pairs]).backward()
        for value in setup.model.parameters():
            value.data -= rate * value.grad
    return setup


def too_deep(work: Work, rng: Rng) -> Setup:
    depth = int(rng.integers(5, 9))
    sizes = [work.sizes[0], *[work.sizes[1]] * depth, work.sizes[-1]]
    return work.changed(model=work.model(sizes=sizes, hidden="sigmoid"))


SLIPS: dict[str, Callable[[Work, Rng], Setup | None]] = {
    slip.__name__.replace("_", " "): slip for slip in (
        rate_too_high, rate_too_low, same_weights, large_weights, dead_units, grey_levels, one_large_input, far_inputs,
        large_targets, labels_moved, rare_class, wrong_output, squared_error, no_activation, too_small,
        single_examples, strong_penalty, strong_dropout, sorted_classes, too_deep, labels_shuffled, overfitting,
        no_gradient, plain_values, steps, not_cleared,
    )
}
"""What is done wrong, by its name; None where it cannot be done to a training."""

TO_NAME = {
    "labels shuffled": "labels do not belong to their examples", "no gradient": "a parameter gets no gradient",
    "overfitting": "overfitting: it learns by heart",
}
"""Slips that no change of a training can undo, or of which the data do not show it: they are to be named."""

# ── as it is taught ──────────────────────────────────────────────────────────────────────────


def taught() -> Iterator[tuple[str, Setup]]:
    """Trainings as they are in the README and the notebooks."""
    X, Y = nn.data.xor()
    yield "XOR", Setup(nn.MLP(2, [8, 1], "tanh", "sigmoid", seed=0), X, Y, "binary_cross_entropy",
                       nn.SGD(0.5, momentum=0.9), {"epochs": 200})
    for gate in ("and", "or", "nand", "b_implies_a"):
        X, Y = nn.data.logic_gate(gate)
        yield gate, Setup(nn.LogisticRegression(2), X, Y, "binary_cross_entropy", nn.SGD(0.5), {"epochs": 300})
    hours, passed = nn.data.exam(40, seed=1)
    yield "exam", Setup(nn.LogisticRegression(1), hours, passed, "binary_cross_entropy", nn.SGD(0.3), {"epochs": 3000})
    yield "exam by Adam", Setup(nn.LogisticRegression(1), hours, passed, "binary_cross_entropy", nn.Adam(0.05),
                                {"epochs": 500})
    X, Y = nn.data.curve("line", 400, noise=0.3, seed=0)
    for size, epochs, rate in ((None, 100, 0.1), (20, 10, 0.1), (1, 5, 0.02)):
        yield f"line, batches of {size}", Setup(nn.MLP(1, [1], seed=0), X, Y, "half_squared_error", nn.SGD(rate),
                                                {"epochs": epochs, "batch_size": size})
    X, Y = nn.data.blobs(100, [[-2, 0], [2, 1]], seed=0)
    yield "two clouds", Setup(nn.LogisticRegression(2), X, Y, "binary_cross_entropy", nn.SGD(0.5), {"epochs": 300})
    X, Y = nn.data.moons(100, noise=0.2, seed=0)
    yield "moons", Setup(nn.MLP(2, [16, 16, 1], seed=0), X, 2 * Y - 1, "hinge", nn.SGD(0.1), {"epochs": 300})
    yield "moons by Adam", Setup(nn.MLP(2, [16, 1], output="sigmoid", seed=0), X, Y, "binary_cross_entropy",
                                 nn.Adam(0.05), {"epochs": 60, "batch_size": 10, "validation_split": 0.2})
    X, Y = nn.data.digits()
    X, Y = X[:600], Y[:600]
    yield "digits", Setup(nn.MLP(64, [32, 10], seed=0), X, Y, "cross_entropy_with_logits", nn.Adam(0.01),
                          {"epochs": 30, "batch_size": 50, "validation_split": 0.2})
    yield "linear digits", Setup(nn.LogisticRegression(64, 10), X, Y, "cross_entropy", nn.Adam(0.01),
                                 {"epochs": 40, "batch_size": 32})
    labels = np.stack([Y % 2 == 0, Y > 4], 1) * 1.0
    yield "several labels", Setup(nn.MLP(64, [16, 2], output="sigmoid", seed=0), X, labels, "binary_cross_entropy",
                                  nn.Adam(0.01), {"epochs": 25, "batch_size": 32})
    X, Y = nn.data.curve("sine", 60, noise=0.05, seed=0)
    yield "sine", Setup(nn.MLP(1, [10, 1], "tanh", seed=0), X, Y, "mse", nn.Adam(0.01), {"epochs": 1000})


# ── tables ───────────────────────────────────────────────────────────────────────────────────

GOOD, NEAR, APART = 0.9, 0.07, 0.2
"""A training works from this score on, is cured as near to that, and sick if as far from it."""


def sick(rng: Rng, many: int) -> Iterator[tuple[str, Work, float, Setup, float]]:
    """Trainings with a slip each, slips by turns: its name, the training without it and its score, that with it.

    Half of them have been trained already, in vain.
    """
    names = [str(name) for name in rng.permutation([*SLIPS])]
    for k in range(many):
        name = names[k % len(names)]
        for _ in range(200):
            work = working(rng)
            setup = SLIPS[name](work, rng)
            if setup is None:
                continue
            good = score(work.setup)
            if good < GOOD or score(setup) > good - APART:
                continue
            after = bool(rng.random() < 0.5 and name != "not cleared")
            if after:
                failed(setup)
            if (bad := score(setup)) < good - APART:
                yield f"{name}{', after it failed' * after}", work, good, setup, bad
                break


def healthy(rng: Rng, many: int) -> Iterator[Work]:
    """Trainings that work."""
    while many:
        work = working(rng)
        if score(work.setup) >= GOOD:
            many -= 1
            yield work


def failed(setup: Setup) -> None:
    """Train in earnest, as somebody does who asks only then."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            setup.fit(progress=False, seed=1, hints=False)
        except (ValueError, ArithmeticError):
            return


def asked(setup: Setup) -> nn.Diagnosis:
    """What `diagnose` says of a training."""
    return nn.diagnose(setup.model, setup.X, setup.Y, setup.loss, setup.optimizer, **setup.options)


def table_of_the_sick(many: int, seed: int, show: int) -> None:
    """A line for each training with a slip, and how many were cured."""
    rng, cures = np.random.default_rng([seed, 1]), 0
    print("| | Slip | Training | Named first | Without | Sick | Cured | s |\n|--:|---|---|---|--:|--:|--:|--:|")
    for k, (name, work, good, setup, bad) in enumerate(sick(rng, many), 1):
        start = time.perf_counter()
        report = asked(setup)
        seconds = time.perf_counter() - start
        first = report.findings[0] if report.findings else None
        if (right := TO_NAME.get(name.partition(",")[0])) is not None:
            cured, now = first is not None and first.cause == right, "to be named"
        else:
            reached = score(first.setup) if first and first.setup else bad
            cured, now = reached >= good - NEAR, f"{reached:.2f}"
        cures += cured
        print(f"| {k} | {name} | {work.title} | {first.cause if first else 'nothing'} | "
              f"{good:.2f} | {bad:.2f} | {now}{'' if cured else ' **no**'} | {seconds:.1f} |", flush=True)
        if k == show:
            print(report)
    print(f"\ncured by the change that is named first: {cures} of {many}\n")


def table_of_the_healthy(many: int, seed: int) -> None:
    """A line for each training without a slip, and of how many something was said."""
    drawn = ((work.title, work.setup) for work in healthy(np.random.default_rng([seed, 2]), many))
    alarms = number = 0
    print("| | Training | Named first |\n|--:|---|---|")
    for number, (title, setup) in enumerate(itertools.chain(taught(), drawn), 1):
        report = asked(setup)
        alarms += not report
        print(f"| {number} | {title} | {report.findings[0].cause if report.findings else ''} |", flush=True)
    print(f"\nalarms: {alarms} of {number}")


def main() -> None:
    """Print the two tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sick", type=int, default=30, help="how many trainings with a slip")
    parser.add_argument("--healthy", type=int, default=15, help="how many without, besides those that are taught")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=0, metavar="K", help="print what is said of the K-th")
    options = parser.parse_args()
    print(f"seed {options.seed}\n")
    table_of_the_sick(options.sick, options.seed, options.show)
    table_of_the_healthy(options.healthy, options.seed)


if __name__ == "__main__":
    main()
