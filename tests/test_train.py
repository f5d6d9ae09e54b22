import itertools
import sys
import threading
import warnings

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import autograd
import nn
from autograd import SizeError, TraceError, UsageError, dot, gt, logsumexp, noise, where
from nn.losses import mse
from nn.recipes import RECIPES
from nn.training.training import ONE_THREAD, batches


def line():
    X = np.linspace(-1, 1, 10).reshape(-1, 1)
    return X, 2 * X[:, 0] - 1


def trained(**options):
    model = nn.MLP(1, [1], seed=0)
    options = {"epochs": 5, "batch_size": 3, "seed": 0, "progress": False} | options
    return model, nn.fit(model, *line(), "mse", nn.SGD(0.1), **options)


def test_a_line_is_found():
    model, history = trained(epochs=100)
    assert model.layers[0].W[0, 0] == pytest.approx(2, abs=1e-4)
    assert model.layers[0].b[0] == pytest.approx(-1, abs=1e-4)
    assert history.loss.shape == (100,)
    assert history.loss[-1] < 1e-8 < history.loss[0]
    assert history.seconds > 0


def test_batch_descent_is_the_formula_applied_by_hand():
    X, Y = line()
    model = nn.MLP(1, [1], seed=0)
    w, b = model.layers[0].W[0, 0], 0.0
    losses = []
    for _ in range(3):
        error = w * X[:, 0] + b - Y
        losses.append(np.mean(error**2))
        w, b = w - 0.1 * np.mean(2 * error * X[:, 0]), b - 0.1 * np.mean(2 * error)
    history = nn.fit(model, X, Y, "mse", nn.SGD(0.1), epochs=3, progress=False)
    assert nn.parameters_to_vector(model) == pytest.approx(np.array([w, b]), abs=1e-12)
    assert history.loss == pytest.approx(np.array(losses), abs=1e-12)


@pytest.mark.parametrize("engine", ["compiled", pytest.param("eager", marks=pytest.mark.slow)])
def test_e9_an_mlp_learns_xor_from_any_of_twenty_seeds(engine):
    recipe = RECIPES["xor"]
    X, Y = nn.data.xor()
    for seed in range(20):
        model = recipe.model(2, seed)
        recipe.train(model, X, Y, engine=engine, progress=False, seed=seed)
        assert np.abs(model.predict(X).ravel() - Y).max() < 0.1, f"seed {seed}"


def test_one_neuron_learns_and_but_never_xor():
    for gate in ("and", "xor"):
        X, Y = nn.data.logic_gate(gate)
        model = nn.MLP(2, [1], output="sigmoid", seed=0)
        nn.fit(model, X, Y, "binary_cross_entropy", nn.SGD(1.0, momentum=0.9), epochs=200, progress=False)
        learned = np.array_equal(model.predict(X).ravel() > 0.5, Y > 0.5)
        assert learned == (gate == "and")


def test_a_seed_repeats_the_training_and_another_changes_it():
    thetas = [nn.parameters_to_vector(trained(seed=seed)[0]) for seed in (1, 1, 2)]
    assert np.array_equal(thetas[0], thetas[1])
    assert not np.array_equal(thetas[0], thetas[2])


def test_without_shuffling_examples_come_in_their_order():
    order = []

    def spy(output, target):
        order.append(target.data)
        return nn.mse(output, target)

    model = nn.MLP(1, [1], seed=0)
    nn.fit(model, *line(), spy, nn.SGD(0.1), epochs=2, batch_size=4, shuffle=False, engine="eager", progress=False)
    assert order == line()[1].tolist() * 2


def test_every_epoch_meets_every_example_once_in_a_new_order():
    rng = np.random.default_rng(0)
    epochs = [[rows.tolist() for rows in batches(10, 4, rng)] for _ in range(2)]
    for epoch in epochs:
        assert [len(rows) for rows in epoch] == [4, 4, 2]
        assert sorted(itertools.chain(*epoch)) == list(range(10))
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("targets", [np.zeros((4, 2)), [[0, 1]] * 4])
def test_targets_may_have_several_columns(targets):
    model = nn.MLP(2, [3, 2], seed=0)
    history = nn.fit(model, nn.data.xor()[0], targets, nn.mse, nn.SGD(0.1), epochs=20, progress=False)
    assert history.loss[-1] < history.loss[0]


def test_the_model_learns_in_training_mode_and_returns_to_its_own():
    modes = []

    class Watch(nn.MLP):
        def forward(self, x):
            modes.append(self.training)
            return super().forward(x)

    model = Watch(1, [1], seed=0).eval()
    nn.fit(model, *line(), "mse", nn.SGD(0.1), epochs=1, progress=False)
    assert set(modes) == {True}
    assert not model.training


def test_an_engine_is_anything_made_from_a_loss_and_parameters():
    calls = []

    class Constant:
        def __init__(self, loss, params):
            self.params = params

        def value_and_grad(self, theta, X, Y, rng, out):
            calls.append((X.shape, Y.shape))
            out[:] = 1.0
            return 7.0, out

    model, history = trained(engine=Constant, epochs=1)
    assert calls == [((3, 1), (3,))] * 3 + [((1, 1), (1,))]
    assert history.loss.tolist() == [7.0]
    assert model.layers[0].b.tolist() == pytest.approx([-0.4], abs=1e-12)


def test_training_that_diverges_stops_with_a_warning():
    model = nn.MLP(1, [1], seed=0)
    with pytest.warns(RuntimeWarning, match="the loss is (inf|nan) in epoch .*: nn.diagnose says where"):
        history = nn.fit(model, *line(), "mse", nn.SGD(1e6), epochs=1000, progress=False)
    assert len(history.loss) < 1000
    assert np.isfinite(history.loss[:-1]).all()


def test_an_interruption_keeps_what_was_learned():
    model = nn.MLP(1, [1], seed=0)
    before = nn.parameters_to_vector(model)

    class Impatient(nn.SGD):
        def step(self, theta, gradient):
            super().step(theta, gradient)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nn.fit(model, *line(), "mse", Impatient(0.1), progress=False)
    assert not np.array_equal(nn.parameters_to_vector(model), before)


def test_the_progress_bar_of_a_terminal_shows_the_epoch_the_loss_and_the_rate(capsys, monkeypatch):
    trained(progress=False)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    trained(progress=True)
    shown = capsys.readouterr().err
    assert "epoch 5/5: 100%" in shown
    assert "loss=" in shown
    assert "examples/s" in shown


@pytest.mark.parametrize(("epochs", "told"), [(1, [1]), (5, [1, 2, 3, 4, 5]), (25, [*range(3, 25, 3), 25])])
def test_without_a_terminal_an_epoch_or_every_tenth_of_many_has_a_line(capsys, epochs, told):
    _, history = trained(progress=True, epochs=epochs)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"epoch {n}/{epochs}: loss={history.loss[n - 1]:.4g}, lr={history.lr[n - 1]:.3g}" for n in told]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"X": []}, SizeError, "X needs at least one example"),
        ({"Y": [1.0]}, SizeError, "10 and 1 rows came"),
        ({"X": np.ones((10, 2))}, SizeError, "MLP takes 1 input, 2 came"),
        ({"X": np.full((10, 1), np.nan)}, UsageError, r"X\[0, 0\] is nan"),
        ({"Y": [0.0] * 9 + [np.inf]}, UsageError, r"Y\[9\] is inf"),
        ({"Y": np.zeros((10, 3))}, SizeError, "1 outputs and 3 targets came"),
        ({"epochs": 0}, UsageError, "the number of epochs must be a whole number from 1"),
        ({"batch_size": 0}, UsageError, "examples in a batch must be a whole number from 1"),
        ({"batch_size": 2.5}, UsageError, "examples in a batch must be a whole number from 1"),
        ({"optimizer": "sgd"}, UsageError, r"an optimiser such as SGD\(lr=0.1\) is expected, 'sgd' came"),
        ({"loss": "msee"}, UsageError, "unknown loss 'msee': there are squared_error"),
        ({"engine": "warp"}, UsageError, "unknown engine 'warp': there are compiled, eager"),
        ({"seed": -1}, UsageError, "a seed is a whole number from 0"),
        ({"model": nn.Module()}, UsageError, "Module has no parameters"),
    ],
)
def test_what_cannot_be_trained_is_named(change, error, message):
    X, Y = line()
    given = {"model": nn.MLP(1, [1]), "X": X, "Y": Y, "loss": "mse", "optimizer": nn.SGD(0.1), "progress": False}
    with pytest.raises(error, match=message):
        nn.fit(**given | change)


def noisy(output, target):
    return (output + 0.1 * noise() - target) ** 2


def penalised(output, target):
    return mse(output, target) + 0.01 * output**2


@pytest.mark.parametrize("batch_size", [None, 4, 1])
@pytest.mark.parametrize("loss", ["mse", noisy, penalised])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_both_engines_give_the_same_history_for_the_same_seed(activation, loss, batch_size):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(10, 3)), rng.normal(size=10)
    runs = []
    for engine in ("compiled", "eager"):
        model = nn.MLP(3, [4, 1], activation, seed=1)
        history = nn.fit(model, X, Y, loss, nn.SGD(0.05, momentum=0.9), epochs=5, batch_size=batch_size,
                         engine=engine, seed=2, progress=False)
        runs.append((history.loss, nn.parameters_to_vector(model)))
    # The order of additions differs, and 50 steps may enlarge the rounding: 1e-10 leaves room for both.
    np.testing.assert_allclose(runs[0][0], runs[1][0], rtol=1e-10)
    np.testing.assert_allclose(runs[0][1], runs[1][1], rtol=1e-10, atol=1e-12)


def test_float32_trains_to_the_same_within_its_precision():
    X, Y = line()
    losses = [nn.fit(nn.MLP(1, [4, 1], "tanh", seed=0), X, Y, "mse", nn.SGD(0.1), epochs=20, dtype=dtype, seed=0,
                     progress=False).loss for dtype in (np.float32, np.float64)]
    np.testing.assert_allclose(*losses, rtol=1e-4)
    with pytest.raises(UsageError, match=r"the dtype must be float32 or float64, <class .int.> came"):
        nn.fit(nn.MLP(1, [1]), X, Y, "mse", nn.SGD(0.1), dtype=int, progress=False)


class Tied(nn.Module):
    """An autoencoder that decodes by the transpose of the matrix that encodes."""

    def __init__(self):
        self.encoder = nn.Layer(3, 2, "tanh", seed=0)

    def forward(self, x):
        h = self.encoder(x)
        return [dot(column, h) for column in zip(*self.encoder.weight, strict=True)]


class Dropping(nn.MLP):
    """Inverted dropout of the inputs while the model learns."""

    def forward(self, x):
        if self.training:
            x = [value * where(gt(noise(), 0.25), 1 / 0.75, 0.0) for value in x]
        return super().forward(x)


def cross_entropy(logits, targets):
    return logsumexp(logits) - dot(targets, logits)


def with_l2(model):
    weights = model.parameters()
    return lambda outputs, targets: mse(outputs, targets) + 0.01 * dot(weights, weights)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize(
    ("make", "loss"),
    [
        (Tied, "mse"),
        (Tied, with_l2),
        (lambda: nn.MLP(3, [4, 3], seed=0), cross_entropy),
        (lambda: nn.MLP(3, [4, 3], "sigmoid", seed=0), with_l2),
        (lambda: nn.MLP(3, [4, 4, 3], "elu", "sigmoid", bias=False, seed=0), "binary_cross_entropy"),
        (lambda: nn.MLP(3, [3], seed=0), "binary_cross_entropy_with_logits"),
        (lambda: Dropping(3, [5, 3], "tanh", seed=0), "mse"),
    ],
)
def test_both_engines_train_every_kind_of_model_and_loss_alike(make, loss, shuffle):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(10, 3)), np.eye(3)[rng.integers(0, 3, 10)]
    runs = []
    for engine in ("compiled", "eager"):
        model = make()
        cost = loss(model) if loss is with_l2 else loss
        history = nn.fit(model, X, Y, cost, nn.SGD(0.1, momentum=0.9, nesterov=True), epochs=4, batch_size=4,
                         shuffle=shuffle, engine=engine, seed=1, progress=False)
        runs.append((history.loss, nn.parameters_to_vector(model), model.predict(X)))
    for compiled, eager in zip(*runs, strict=True):
        np.testing.assert_allclose(compiled, eager, rtol=1e-10, atol=1e-12)


def test_dropout_differs_from_seed_to_seed_and_repeats_with_one():
    X, Y = line()
    losses = [nn.fit(Dropping(1, [3, 1], seed=0), X, Y, "mse", nn.SGD(0.1), epochs=3, shuffle=False, seed=seed,
                     progress=False).loss.tolist() for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


def test_a_loss_that_reads_numbers_is_told_which_engine_trains_it():
    with pytest.raises(TraceError, match="the data of a value was read") as caught:
        nn.fit(nn.MLP(1, [1]), *line(), lambda a, y: a * a.data, nn.SGD(0.1), progress=False)
    assert 'engine="eager"' in "".join(caught.value.__notes__)


def test_numbers_too_large_for_float32_are_named():
    with pytest.raises(UsageError, match=r"X\[0\] is inf"):
        nn.fit(nn.MLP(1, [1]), [1e300], [0.0], "mse", nn.SGD(0.1), dtype="float32", progress=False)


@pytest.mark.parametrize(("small", "threads"), [(2e8, {1}), (0.0, None)])
def test_small_matrix_products_are_not_shared_among_cores(small, threads, monkeypatch):
    def seen():
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    monkeypatch.setattr("nn.training.training.SMALL", small)
    before, during = seen(), []
    trained(epochs=1, callbacks=[lambda training: during.append(seen())])
    assert during == [before if threads is None else threads]
    assert seen() == before


@pytest.mark.parametrize("overlap", [[0, 1, 0, 1], [0, 1, 1, 0], [0, 1, 2, 1, 0, 2], [0, 0, 1, 2, 2, 1]])
def test_trainings_that_overlap_leave_the_threads_as_they_were(overlap):
    """Each number enters a training at its first place and leaves it at its second, in threads of their own."""
    def seen():
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    before = seen()
    for i, one in enumerate(overlap):
        if one in overlap[:i]:
            ONE_THREAD.__exit__(None, None, None)
        else:
            ONE_THREAD.__enter__()
        left = len(set(overlap[: i + 1])) * 2 - (i + 1)
        assert seen() == ({1} if left else before)


def test_two_fits_in_threads_leave_the_threads_as_they_were():
    def seen():
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    before, first_began, second_began = seen(), threading.Event(), threading.Event()

    def first(training):
        first_began.set()
        second_began.wait(5)

    def second(training):
        first_began.wait(5)
        second_began.set()

    both = [threading.Thread(target=trained, kwargs={"epochs": epochs, "callbacks": [callback]})
            for epochs, callback in ((1, first), (3, second))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert seen() == before


# ── numbers that are not finite ──────────────────────────────────────────────────────────────


def steep(x):
    """The root of relu: its slope at 0 is 0 · inf."""
    return autograd.sqrt(autograd.relu(x))


class Rooted(nn.Module):
    def __init__(self):
        self.w, self.b = nn.parameter(1.0), nn.parameter(0.0)

    def forward(self, x):
        return steep(self.w * x[0] - 2) + self.b


def overflowing(a, y):
    """|a| as a root: finite, and its slope at 0 is 0 · inf."""
    return autograd.sqrt(a * a)


UNSOUND = {
    "a slope of 0 · inf": (Rooted, "mse", 0.1, {}),
    "a loss with an infinite slope": (lambda: nn.MLP(1, [1], init="zeros"), overflowing, 0.1, {}),
    "steps that are too long": (lambda: nn.MLP(1, [1], seed=0), "mse", 1e200, {}),
    "steps that are too long for float32": (lambda: nn.MLP(1, [1], seed=0), "mse", 1e25, {"dtype": "float32"}),
    "one step that is too long": (lambda: nn.MLP(1, [1], seed=0), "mae", 1.7e308, {"epochs": 1, "batch_size": 1}),
    "weights that are nan": (lambda: nn.Neuron.of([float("nan")], 0.0), "mse", 0.1, {}),
    "a callback that writes nan": (lambda: nn.MLP(1, [1], seed=0), "mse", 0.1, {"callbacks": [
        type("Spoil", (), {"step": lambda self, training: training.theta.fill(np.nan)})()]}),
}


@pytest.mark.parametrize("engine", ["compiled", "eager"])
@pytest.mark.parametrize("optimizer", [nn.SGD, nn.Adam, nn.RMSProp])
@pytest.mark.parametrize("case", UNSOUND)
def test_numbers_that_are_not_finite_end_training_with_a_word(case, optimizer, engine):
    make, loss, lr, options = UNSOUND[case]
    model, options = make(), {"epochs": 30, "batch_size": 5, "seed": 0, "progress": False, "engine": engine} | options
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        history = nn.fit(model, *line(), loss, optimizer(lr), **options)
    theta = nn.parameters_to_vector(model)
    assert bool(said) == bool(history.stopped)
    assert said or (np.isfinite(theta).all() and np.isfinite(history.loss).all())
    assert said or optimizer is not nn.SGD
    if case.startswith(("a slope", "a loss")):
        assert np.isfinite(theta).all()  # the step along such a gradient was not taken
        assert "the gradient is not finite in epoch 1: nn" in str(said[0].message)
