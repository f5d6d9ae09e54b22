"""Why a network does not learn: slips that are found and cured, and what is left alone."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nn
from autograd import UsageError, Value, log, sqrt
from nn.diagnosis import signs
from nn.diagnosis.setups import unexplained
from nn.losses import MEANINGS, Meaning

over = pytest.mark.parametrize
XOR = nn.data.xor()
MOONS = nn.data.moons(60, noise=0.1, seed=0)
SINE = nn.data.curve("sine", 40, noise=0.0)


def net(nin: int = 2, hidden: str = "tanh", output: str = "sigmoid", **how: Any) -> nn.MLP:
    """A network that learns XOR, if nothing is wrong with it."""
    return nn.MLP(nin, how.pop("sizes", [8, 1]), hidden, output, seed=0, **how)


def with_bias(number: float) -> nn.MLP:
    model = net(hidden="relu")
    model.layers[0].b = np.full(8, number)
    return model


class Detached(nn.Module):
    """A network that takes the numbers of its first layer out of the graph."""

    def __init__(self) -> None:
        self.first, self.last = nn.Layer(2, 3, "tanh", seed=0), nn.Layer(3, 1, "sigmoid", seed=1)

    def forward(self, x: Any) -> Any:
        return self.last([value.detach() for value in self.first(x)])[0]


class Unregistered(nn.Module):
    """A line whose slope is a plain Value."""

    def __init__(self) -> None:
        self.slope, self.offset = Value(0.0), nn.parameter(0.0)

    def forward(self, x: Any) -> Any:
        return self.slope * x[0] + self.offset


def surprise(output: Any, target: Any) -> Any:
    """A logarithm that is infinite where the model is certain."""
    return -log(output[0] if isinstance(output, list) else output) * target


descent, momentum = nn.SGD(0.5), nn.SGD(0.5, momentum=0.9)
log_loss = "binary_cross_entropy"
SLIPS: dict[str, tuple[Callable[[], nn.Module], Any, Any, nn.Optimizer, dict[str, Any]]] = {
    "all neurons of a layer start alike": (lambda: net(init="zeros"), XOR, log_loss, momentum, {"epochs": 200}),
    "the learning rate is too low": (net, XOR, log_loss, nn.SGD(0.0005), {"epochs": 300}),
    "the learning rate is too high": (lambda: net(hidden="relu", output="linear"), XOR, "mse", nn.SGD(3.0), {}),
    "the network is linear": (lambda: net(hidden="linear"), XOR, log_loss, descent, {"epochs": 300}),
    "the network is too small": (lambda: nn.LogisticRegression(2), XOR, log_loss, descent, {"epochs": 300}),
    "neurons are dead": (lambda: with_bias(-50.0), XOR, log_loss, descent, {"epochs": 200}),
    "activations have no slope": (lambda: net(hidden="step", sizes=[4, 1]), XOR, log_loss, momentum, {"epochs": 300}),
    "gradients vanish in deep layers": (lambda: net(hidden="sigmoid", sizes=[8] * 6 + [1]), XOR, log_loss, momentum,
                                        {"epochs": 300}),
    "loss and output do not go together": (lambda: net(output="linear"), XOR, log_loss, momentum, {"epochs": 200}),
    "outputs cannot be where they should": (lambda: net(1, sizes=[8, 1]), SINE, "mse", nn.Adam(0.05), {"epochs": 300}),
    "inputs are not scaled": (net, (MOONS[0] * 255, MOONS[1]), log_loss, momentum, {"epochs": 100}),
    "targets are not scaled": (lambda: net(1, output="linear"), (SINE[0], 1000 * SINE[1] + 500), "mse", nn.Adam(0.02),
                               {"epochs": 300}),
    "labels do not belong to their examples": (net, (MOONS[0], np.roll(MOONS[1], 1)), log_loss, momentum,
                                               {"epochs": 200}),
    "a penalty is too strong": (net, XOR, log_loss, nn.SGD(0.5, momentum=0.9, weight_decay=1.0), {"epochs": 300}),
    "too many neurons drop out": (lambda: net(dropout=0.9), XOR, log_loss, momentum, {"epochs": 300}),
    "Values are no parameters": (Unregistered, (SINE[0], 2 * SINE[0].ravel()), "mse", nn.SGD(0.1), {"epochs": 50}),
}
"""By the cause: a model, data, a loss, an optimiser and arguments of fit."""

LONG = {"gradients vanish in deep layers", "labels do not belong to their examples", "a penalty is too strong",
        "too many neurons drop out", "outputs cannot be where they should", "targets are not scaled",
        "inputs are not scaled", "the learning rate is too low"}


def asked(model: nn.Module, data: Any, loss: Any, optimizer: nn.Optimizer, options: dict[str, Any]) -> nn.Diagnosis:
    """What is said of a training."""
    return nn.diagnose(model, *data, loss, optimizer, seconds=3.0, **options)


@over("cause", [pytest.param(cause, marks=pytest.mark.slow) if cause in LONG else cause for cause in SLIPS])
def test_the_cause_is_named_first_and_its_change_cures(cause: str) -> None:
    make, data, loss, optimizer, options = SLIPS[cause]
    first = asked(make(), data, loss, optimizer, options).findings[0]
    assert first.cause == cause
    assert first.setup is not None
    assert first.left is not None
    history = first.setup.fit(progress=False, seed=1, hints=False)
    assert first.left[1] < min(0.3, 0.6 * first.left[0])
    assert history.loss[-1] < 0.5 * history.loss[0]
    scope = {"nn": nn, "np": np, "model": make(), "X": data[0], "Y": data[1], "optimizer": copy.deepcopy(optimizer)}
    exec(first.code, scope)  # can be pasted


def test_what_learns_is_left_alone() -> None:
    report = asked(net(), XOR, log_loss, momentum, {"epochs": 200})
    assert report
    assert report.findings == ()
    assert "nothing was found that helps plainly" in str(report)


def test_a_parameter_without_gradient_is_named_with_its_name() -> None:
    first = asked(Detached(), XOR, log_loss, descent, {"epochs": 100}).findings[0]
    assert (first.cause, first.setup) == ("a parameter gets no gradient", None)
    assert "first.weight, first.bias is 0" in first.evidence


def test_a_gradient_that_large_inputs_have_saturated_is_not_missing() -> None:
    X, Y = (array[:60] for array in nn.data.digits())
    report = asked(net(64, sizes=[8, 10], output="linear"), (X + 500, Y), "cross_entropy_with_logits", descent,
                   {"epochs": 60})
    assert report.findings[0].cause == "inputs are not scaled"


def test_after_a_training_that_ruined_the_weights_changes_are_tried_from_new_ones_on() -> None:
    model, rough = net(hidden="relu", output="linear"), nn.SGD(1.0)
    nn.fit(model, *XOR, "mse", rough, epochs=3, progress=False, hints=False)
    first = asked(model, XOR, "mse", rough, {"epochs": 300}).findings[0]
    assert first.cause == "the learning rate is too high"
    assert first.code == 'nn.init.redraw(model, "he_normal", seed=0)\noptimizer.lr = 0.1'


def test_gradients_that_a_loop_never_cleared_are_told_from_a_rate_that_is_too_high() -> None:
    model = net(hidden="relu", output="linear")
    for _ in range(100):
        nn.cost("mse", [model(x) for x in XOR[0]], [*XOR[1]]).backward()
        for value in model.parameters():
            value.data -= 0.1 * value.grad
    first = asked(model, XOR, "mse", nn.SGD(0.1), {"epochs": 400}).findings[0]
    assert first.cause == "gradients were never cleared"
    assert "zero_grad" in first.change


@pytest.mark.slow
def test_overfitting_shows_on_examples_to_validate_on() -> None:
    X, Y = nn.data.curve("sine", 40, noise=0.5, seed=3)
    model = nn.MLP(1, [24, 24, 1], "relu", seed=0, init="he_normal")
    report = asked(model, (X, Y), "mse", nn.Adam(0.03), {"epochs": 200, "validation_split": 0.4})
    assert report.findings[0].cause == "overfitting: it learns by heart"
    assert report.findings[0].code == ("nn.fit(model, X, Y, loss, optimizer, epochs=200, validation_split=0.4, "
                                       "callbacks=[nn.EarlyStopping(patience=20)])")


@pytest.mark.slow
def test_labels_of_other_examples_are_not_learned_by_heart() -> None:
    shuffled = np.random.default_rng(0).permutation(MOONS[1])
    report = asked(net(sizes=[24, 1]), (MOONS[0], shuffled), log_loss, nn.Adam(0.03), {"epochs": 200})
    assert [finding.cause for finding in report.findings] == ["labels do not belong to their examples"]


def careless(output: Any, target: Any) -> Any:
    """The binary cross entropy as people write it first: nan as soon as the model is certain."""
    return -(target * log(output) + (1 - target) * log(1 - output))


def distance(output: Any, target: Any) -> Any:
    """|output - target| by way of a root, whose slope at 0 is infinite."""
    return sqrt((output - target) ** 2)


FAR_APART = [[-6.0], [6.0], [-5.0], [7.0]], [0, 1, 0, 1]
INFINITE: dict[str, tuple[Callable[[], nn.Module], Any, Any, nn.Optimizer, str, str]] = {
    "in the first step": (lambda: net(hidden="relu", output="relu", init="zeros"), (XOR[0], np.ones(4)), surprise,
                          descent, "in epoch 1", "log(0.0) is -inf"),
    "after many steps": (lambda: trained(nn.LogisticRegression(1), FAR_APART, careless, nn.Adam(0.5), 300), FAR_APART,
                         careless, nn.Adam(0.5), "in epoch 24", "log(0.0) is -inf"),
    "of a slope": (lambda: net(hidden="relu", output="relu", init="zeros"), XOR, distance, descent,
                   "the gradient is not finite in epoch 1", "sqrt(0.0) passes on to 0.0 is inf"),
}
"""By the time: a model, data, a loss, an optimiser, and what is said of the time and the operation."""


def trained(model: nn.Module, data: Any, loss: Any, optimizer: nn.Optimizer, epochs: int) -> nn.Module:
    """A model after a training."""
    nn.fit(model, *data, loss, optimizer, epochs=epochs, progress=False)
    return model


@over("time", INFINITE)
def test_a_number_that_is_not_finite_is_traced_to_its_operation(time: str) -> None:
    make, data, loss, optimizer, epoch, operation = INFINITE[time]
    first = asked(make(), data, loss, optimizer, {"epochs": 300}).findings[0]
    assert (first.cause, first.certain) == ("an operation gives infinity or nan", True)
    assert epoch in first.evidence
    assert operation in first.evidence
    assert "test_diagnose.py:" in first.evidence


def test_steps_that_lead_ever_further_away_are_to_blame_for_where_they_end() -> None:
    first = asked(nn.LogisticRegression(1), FAR_APART, careless, nn.SGD(1000.0), {"epochs": 100}).findings[0]
    assert first.cause == "the learning rate is too high"
    assert "log(0.0) is -inf" in first.evidence


def test_activations_are_known_also_where_they_are_first_met_in_a_trace() -> None:
    signs.value_and_slope.cache_clear()
    model = net(hidden="relu")
    assert [units.name for units in signs.units_of(model, nn.parameters_to_vector(model), XOR[0])] == ["relu"]
    assert signs.rectifies("relu") is True


@over("engine", ["compiled", "eager"])
def test_everything_is_as_before_and_the_same_seed_gives_the_same_report(engine: str) -> None:
    model, optimizer = net(init="zeros", sizes=[4, 1]), nn.SGD(0.5, momentum=0.9)
    nn.fit(model, *XOR, log_loss, optimizer, epochs=2, progress=False, seed=0, hints=False)
    model.parameters()[0].grad = 7.0
    kept = [(value.data, value.grad) for value in model.parameters()]
    state, random_state = copy.deepcopy(optimizer.state_dict()), np.random.get_state()[1].copy()  # type: ignore[union-attr]
    reports = [str(asked(model, XOR, log_loss, optimizer, {"epochs": 20, "engine": engine})) for _ in range(2)]
    assert reports[0] == reports[1]
    assert [(value.data, value.grad) for value in model.parameters()] == kept
    assert str(optimizer.state_dict()) == str(state)
    assert (np.random.get_state()[1] == random_state).all()


@over(("arguments", "message"), [
    ({"model": 3}, "a model to train is expected, int came"),
    ({"optimizer": "sgd"}, "an optimiser such as SGD"),
    ({"loss": "mes"}, "unknown loss 'mes'"),
    ({"epoch": 3}, "fit has no argument 'epoch': there are epochs"),
    ({"seconds": 0}, "the number of seconds must be a number above 0"),
    ({"X": [[math.nan, 1.0]] * 4}, "X\\[0, 0\\] is nan"),
])
def test_what_cannot_be_diagnosed_is_refused(arguments: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"model": net(), "X": XOR[0], "Y": XOR[1], "loss": "mse", "optimizer": descent}
    with pytest.raises(UsageError, match=message):
        nn.diagnose(**given | arguments)


@over(("meaning", "outputs", "targets", "share"), [
    (Meaning(), [[0.5], [0.5]], [[0.0], [1.0]], 1.0),
    (Meaning(), [[math.inf], [0.5]], [[0.0], [1.0]], math.inf),
    (MEANINGS[nn.binary_cross_entropy_with_logits], [[0.0], [0.0]], [[0.0], [1.0]], 1.0),
    (MEANINGS[nn.cross_entropy_with_logits], [[9e9, 0.0], [0.0, 9e9]], [[1.0, 0.0], [0.0, 1.0]], 0.0),
    (MEANINGS[nn.hinge], [[3.0], [-1.0]], [[1.0], [-1.0]], 0.0),
    (Meaning(), [[0.0]] * 9 + [[0.0]], [[0.0]] * 9 + [[1.0]], 2.0),
])
def test_classes_count_alike_in_what_is_unexplained(meaning: Meaning, outputs: Any, targets: Any, share: float) -> None:
    assert unexplained(meaning, np.array(outputs), np.array(targets)) == pytest.approx(share)


# ── the hint of fit ──────────────────────────────────────────────────────────────────────────


@over(("model", "X", "rate", "words"), [
    (net(init="zeros"), XOR[0], 0.5, ("not fallen, from 0.6931 to 0.6931", "all 8 rows of layers.0.weight are equal")),
    (net(output="linear", hidden="relu"), XOR[0] * 255, 0.01, ("risen", "inputs go from 0 to 255")),
    (net(output="linear", hidden="relu"), XOR[0], 1.0, ("risen", "the learning rate is too high")),
])
def test_fit_hints_at_what_has_plainly_failed(
    capsys: Any, model: nn.MLP, X: Any, rate: float, words: tuple[str, ...]
) -> None:
    loss = log_loss if model.layers[-1].activation == "sigmoid" else "mse"
    nn.fit(model, X, XOR[1], loss, nn.SGD(rate), epochs=4 if "risen" in words else 20, progress=False)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("hint: the loss has")
    assert all(word in err for word in words)


@over("options", [{"hints": False}, {"epochs": 5}])
def test_fit_says_nothing_if_told_so_or_after_few_epochs(capsys: Any, options: dict[str, Any]) -> None:
    nn.fit(net(init="zeros"), *XOR, log_loss, descent, **{"epochs": 20, "progress": False, **options})
    assert capsys.readouterr().err == ""


def test_fit_says_nothing_of_what_has_nothing_left_to_learn(capsys: Any) -> None:
    model = net()
    for _ in range(2):
        nn.fit(model, *XOR, log_loss, momentum, epochs=300, progress=False)
    nn.fit(model, *XOR, log_loss, nn.SGD(1e-9), epochs=50, progress=False)
    assert capsys.readouterr().err == ""
