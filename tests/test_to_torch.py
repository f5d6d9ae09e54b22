import itertools

import numpy as np
import pytest

import nn
from autograd import UsageError

RNG = np.random.default_rng(0)
X, NUMBERS = RNG.normal(size=(10, 3)), RNG.normal(size=(10, 2))
UNIT, LABELS = RNG.uniform(0.1, 0.9, (10, 2)), RNG.integers(0, 2, 10)
ONE_HOT, SIGNS = nn.data.one_hot(LABELS, 2), np.sign(NUMBERS)


@pytest.fixture(autouse=True)
def torch():
    """PyTorch, left with the type that it found."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    yield torch
    torch.set_default_dtype(before)


def run(source):
    """The names that the source defines."""
    names = {}
    exec(compile(source, "source.py", "exec"), names)
    return names


def same_losses(model, loss, Y, make=lambda: nn.SGD(0.1), *, given=None, **options):
    """Train by the source and by `fit`, and compare losses and parameters."""
    options = {"epochs": 4, "shuffle": False} | options
    names = run(nn.to_torch_source(model, loss, make(), **options))
    theirs = names["train"](X, Y if given is None else given)
    history = nn.fit(model, X, Y, loss or "mse", make(), progress=False, **options)
    np.testing.assert_allclose(theirs, history.loss, rtol=1e-10, atol=1e-12)
    moved = np.concatenate([p.detach().numpy().ravel() for p in names["model"].parameters()])
    np.testing.assert_allclose(moved, nn.parameters_to_vector(model), rtol=1e-9, atol=1e-11)


def mlp(output="linear", **options):
    return nn.MLP(3, [4, 2], "tanh", output, seed=1, **options)


@pytest.mark.parametrize(("loss", "output", "Y"), [
    ("squared_error", "linear", NUMBERS), ("half_squared_error", "linear", NUMBERS), ("mse", "linear", NUMBERS),
    ("mae", "linear", NUMBERS), ("hinge", "linear", SIGNS), ("binary_cross_entropy", "sigmoid", UNIT),
    ("binary_cross_entropy_with_logits", "linear", UNIT), ("cross_entropy", "softmax", ONE_HOT),
    ("cross_entropy_with_logits", "linear", ONE_HOT), (nn.mse, "linear", NUMBERS),
])
def test_every_loss_gives_the_same_losses(loss, output, Y):
    same_losses(mlp(output), loss, Y)


@pytest.mark.parametrize("name", ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "softmax"])
def test_every_activation_gives_the_same_losses(name):
    same_losses(nn.MLP(3, [4, 4, 2], name, seed=1), "mse", NUMBERS)


MODELS = {
    "without bias": lambda: nn.MLP(3, [4, 2], bias=False, seed=1),
    "Sequential": lambda: nn.Sequential(
        nn.Layer(3, 4, seed=1), "relu", nn.Sequential(nn.Layer(4, 3, "tanh", seed=2), "linear"),
        nn.Layer(3, 2, seed=3)),
    "a layer": lambda: nn.Layer(3, 2, "sigmoid", seed=1),
    "no dropout": lambda: nn.Sequential(nn.Layer(3, 2, seed=1), nn.Dropout(0)),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_every_model_gives_the_same_losses(make):
    same_losses(make(), "mse", UNIT)


@pytest.mark.parametrize("make", [
    lambda: nn.LogisticRegression(3), lambda: nn.Neuron(3, "sigmoid", seed=1),
    lambda: nn.MLP(3, [4, 1], output="sigmoid", seed=1)], ids=["regression", "neuron", "MLP"])
def test_one_output_takes_one_target_an_example(make):
    same_losses(make(), "binary_cross_entropy", LABELS, batch_size=4)


def test_labels_of_classes_become_one_hot_rows():
    same_losses(mlp("softmax"), "cross_entropy", ONE_HOT, given=LABELS)
    same_losses(nn.LogisticRegression(3, 3), "cross_entropy", nn.data.one_hot(np.arange(10) % 3),
                given=np.arange(10) % 3)


OPTIMIZERS = {
    "SGD": lambda **o: nn.SGD(0.1, **o), "momentum": lambda **o: nn.SGD(0.1, momentum=0.9, **o),
    "Nesterov": lambda **o: nn.SGD(0.1, 0.9, nesterov=True, **o),
    "dampening": lambda **o: nn.SGD(0.1, momentum=0.9, dampening=0.5, **o),
    "average": lambda **o: nn.SGD(0.1, momentum=0.9, average=True, **o),
    "Adagrad": lambda **o: nn.Adagrad(0.05, **o), "RMSProp": lambda **o: nn.RMSProp(0.01, 0.9, **o),
    "AdaDelta": lambda **o: nn.AdaDelta(0.5, 0.8, **o), "Adam": lambda **o: nn.Adam(0.01, 0.8, 0.99, 1e-6, **o),
    "AdamW": lambda **o: nn.AdamW(0.01, **o),
}


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1, "decay_form": "lecture"}, {"clip_norm": 0.1},
                                     {"clip_value": 0.02, "clip_norm": 0.05}], ids=["", "decay", "norm", "both"])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_optimiser_gives_the_same_losses(kind, options):
    same_losses(mlp(), "mse", NUMBERS, lambda: OPTIMIZERS[kind](**options), batch_size=4)


@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("make", [
    lambda: nn.SGD(nn.ExponentialDecay(0.1, 0.5)), lambda: nn.SGD(nn.StepDecay(0.1, 2)),
    lambda: nn.Adam(nn.CosineDecay(0.1, 4)), lambda: nn.Adam(nn.CosineDecay(0.1, 3, final=0.01)),
    lambda: nn.SGD(nn.WarmUp(2, nn.CosineDecay(0.1, 2)), momentum=0.9, average=True), lambda: nn.SGD(nn.WarmUp(2, 0.1)),
], ids=["exponential", "step", "cosine", "cosine to an end", "warm-up", "warm-up to a number"])
def test_every_schedule_gives_the_same_losses(make, batch_size):
    same_losses(mlp(), "mse", NUMBERS, make, batch_size=batch_size)


@pytest.mark.parametrize("penalties", [{"l1": 0.01}, {"l2": 0.02}, {"l1": 0.01, "l2": 0.02, "biases": True}])
def test_penalties_give_the_same_losses(penalties):
    model = mlp()
    same_losses(model, nn.penalized("mse", model, **penalties), NUMBERS)


def test_many_parameters_are_read_from_a_file(tmp_path):
    model = nn.MLP(3, [300, 2], seed=0)
    with pytest.raises(UsageError, match=r"1802 parameters are too many .* model.save\('first.npz'\)"):
        nn.to_torch_source(model)
    model.save(tmp_path / "first.npz")
    names = run(nn.to_torch_source(model, optimizer=nn.SGD(0.1), epochs=3, weights=tmp_path / "first.npz"))
    theirs = names["train"](X, NUMBERS)
    history = nn.fit(model, X, NUMBERS, "mse", nn.SGD(0.1), epochs=3, progress=False)
    assert theirs == pytest.approx(history.loss.tolist(), rel=1e-10)


def test_the_usual_loss_goes_with_the_last_activation():
    for output, expected in [("linear", "mse_loss"), ("sigmoid", "binary_cross_entropy("), ("softmax", ".log()")]:
        assert expected in nn.to_torch_source(mlp(output))


def test_dropout_and_shuffling_are_written_as_pytorch_does_them():
    source = nn.to_torch_source(mlp(dropout=0.25), epochs=3, batch_size=4, dtype="float32")
    assert "    nn.Dropout(0.25),\n" in source
    assert "torch.randperm(len(X))" in source
    assert "torch.set_default_dtype(torch.float32)" in source
    losses = run(source)["train"](X, NUMBERS)
    assert len(losses) == 3
    assert np.isfinite(losses).all()


class Own(nn.MLP):
    """A model that computes something else than an MLP."""


@pytest.mark.parametrize(("arguments", "message"), [
    ((nn.Sequential(nn.Maxout(2, 3)),), r"Maxout\(2, 3, pieces=2\) cannot be translated"),
    ((nn.Perceptron(2),), "Perceptron.* cannot be translated"),
    ((Own(2, [1]),), "cannot be translated"),
    ((nn.Layer(2, 1, "sin"),), "the activation 'sin' cannot be translated"),
    ((nn.Layer(2, 1, lambda z: z * z),), "the activation <lambda> cannot be translated"),
    ((nn.Sequential(nn.Layer(2, 1), abs),), "the activation abs cannot be translated"),
    ((nn.Layer(2, 1), lambda a, y: a), "the loss <lambda> cannot be translated"),
    ((nn.Layer(2, 1), "mse", nn.SGD(lambda t: 0.1)), "the schedule <lambda> cannot be translated"),
    ((nn.Layer(2, 1), "mse", nn.Optimizer(0.1)), "the optimiser Optimizer.* cannot be translated"),
    ((nn.Layer(2, 1), "mse", "adam"), "an optimiser such as .* is expected, 'adam' came"),
    ((nn.Layer(2, 1), nn.penalized("mse", nn.Layer(2, 1), l2=1)), "the weights of another model"),
    ((nn.Sequential(*itertools.repeat(nn.Layer(2, 2), 2)),), "some of its layers share parameters"),
    ((nn.Sequential("relu"),), "has no parameters"),
    ((nn.Sequential("linear"),), "has no parameters"),
    ((5,), "5 cannot be translated"),
], ids=lambda x: None)
def test_what_pytorch_has_no_word_for_is_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        nn.to_torch_source(*arguments)
