import itertools
import operator
import signal
import warnings

import numpy as np
import pytest

import nn
from autograd import UsageError


def line(n=12):
    X = np.linspace(-1, 1, n)[:, None]
    return X, 2 * X[:, 0] + 1


def trained(*callbacks, epochs=5, engine="compiled", model=None, lr=0.1, **options):
    model = model or nn.MLP(1, [1], seed=0)
    options = {"batch_size": 4, "seed": 0, "progress": False, "callbacks": callbacks, "engine": engine} | options
    return model, nn.fit(model, *line(), "mse", nn.SGD(lr), epochs=epochs, **options)


class Diary(nn.Callback):
    """A callback that writes down when it was called."""

    def __init__(self):
        self.entries = []

    def begin(self, training):
        self.entries.append(("begin", training.epoch, training.steps))

    def step(self, training):
        self.entries.append(("step", training.epoch, training.steps))

    def epoch(self, training):
        self.entries.append(("epoch", training.epoch, training.steps))

    def end(self, training):
        self.entries.append(("end", training.epoch, training.steps))


def test_callbacks_are_called_at_their_moments():
    diary = Diary()
    trained(diary, epochs=2)
    assert diary.entries == [
        ("begin", 0, 0), ("step", 0, 1), ("step", 0, 2), ("step", 0, 3), ("epoch", 1, 3),
        ("step", 1, 4), ("step", 1, 5), ("step", 1, 6), ("epoch", 2, 6), ("end", 2, 6),
    ]


def test_a_function_is_called_after_each_epoch():
    seen = []
    _, history = trained(lambda training: seen.append((training.epoch, training.logs["loss"], training.logs["lr"])))
    assert seen == list(zip(range(1, 6), history.loss, history.lr, strict=True))


@pytest.mark.parametrize("engine", ["compiled", "eager"])
def test_callbacks_see_the_parameters_after_the_step_and_its_gradient(engine):
    thetas, gradients = [], []

    class Watch:
        def step(self, training):
            thetas.append(training.theta.copy())
            gradients.append(training.gradient.copy())

    start = nn.parameters_to_vector(nn.MLP(1, [1], seed=0))
    trained(Watch(), epochs=2, engine=engine)
    for before, after, gradient in zip([start, *thetas], thetas, gradients, strict=False):
        np.testing.assert_allclose(after, before - 0.1 * gradient, rtol=1e-12)


def test_at_the_end_of_an_epoch_the_model_has_the_parameters():
    def check(training):
        np.testing.assert_array_equal(nn.parameters_to_vector(training.model), training.theta)

    trained(check)


class Failing(nn.Callback):
    """Keeps the parameters after each step, and raises at a moment, the second time that it comes if it comes again."""

    def __init__(self, moment, error):
        self.failing, self.error, self.thetas, self.met = moment, error, [], []

    def come(self, moment, training):
        self.met.append(moment)
        if moment == self.failing and self.met.count(moment) == (1 if moment in ("begin", "end") else 2):
            raise self.error("broken")

    def begin(self, training):
        self.thetas.append(training.theta.copy())
        self.come("begin", training)

    def step(self, training):
        self.thetas.append(training.theta.copy())
        self.come("step", training)

    def epoch(self, training):
        self.come("epoch", training)

    def end(self, training):
        self.come("end", training)


@pytest.mark.parametrize(("error", "engine"), [
    (RuntimeError, "compiled"), (RuntimeError, "eager"), (MemoryError, "compiled"), (KeyboardInterrupt, "eager"),
    (SystemExit, "compiled"),
])
@pytest.mark.parametrize(("moment", "steps", "epochs"),
                         [("begin", 0, 0), ("step", 2, 0), ("epoch", 6, 1), ("end", 9, 3)])
def test_a_callback_that_raises_loses_nothing(tmp_path, moment, steps, epochs, error, engine):
    path, failing, model = tmp_path / "checkpoint.npz", Failing(moment, error), nn.MLP(1, [1], seed=0)
    model.eval()
    whole, _ = trained(epochs=3, engine=engine)
    with pytest.raises(error, match="broken"):
        trained(nn.Checkpoint(path), failing, model=model, epochs=3, engine=engine)
    assert len(failing.thetas) == steps + 1
    np.testing.assert_array_equal(nn.parameters_to_vector(model), failing.thetas[-1])
    assert not model.training
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    assert path.exists() == (epochs > 0)
    again, history = trained(epochs=3, engine=engine, resume=path if epochs else None)
    np.testing.assert_array_equal(nn.parameters_to_vector(again), nn.parameters_to_vector(whole))
    assert len(history.epochs) == 3


class BrokenRule(nn.SGD):
    def update(self, gradient):
        if self.steps == 2:
            raise RuntimeError("broken")
        return super().update(gradient)


def broken_rate(epochs):
    if epochs > 0.4:
        raise RuntimeError("broken")
    return 0.1


def broken_metric():
    calls = itertools.count()

    def metric(outputs, targets):
        if next(calls):  # it works before the first step
            raise RuntimeError("broken")
        return 0.0

    return metric


@pytest.mark.parametrize("engine", ["compiled", "eager"])
@pytest.mark.parametrize(("rule", "rate", "metrics", "steps"), [
    (BrokenRule, 0.1, [], 1), (nn.SGD, broken_rate, [], 2), (nn.SGD, 0.1, [broken_metric], 3),
], ids=["optimiser", "schedule", "metric"])
def test_whatever_else_raises_leaves_the_parameters_of_the_last_step(rule, rate, metrics, steps, engine):
    watch, model = Failing("never", None), nn.MLP(1, [1], seed=0)
    with pytest.raises(RuntimeError, match="broken"):
        nn.fit(model, *line(), "mse", rule(rate), epochs=5, batch_size=4, engine=engine,
               metrics=[make() for make in metrics], progress=False, callbacks=[watch])
    assert len(watch.thetas) == steps + 1
    np.testing.assert_array_equal(nn.parameters_to_vector(model), watch.thetas[-1])


def test_a_loss_that_raises_in_the_midst_of_a_batch_leaves_the_parameters_of_the_last_step():
    watch, model, calls = Failing("never", None), nn.MLP(1, [1], seed=0), []

    def broken(outputs, targets):
        calls.append(outputs)
        if len(calls) == 7:  # the third example of the second batch
            raise RuntimeError("broken")
        return nn.losses.mse(outputs, targets)

    with pytest.raises(RuntimeError, match="broken"):
        nn.fit(model, *line(), broken, nn.SGD(0.1), batch_size=4, engine="eager", progress=False, callbacks=[watch])
    assert len(watch.thetas) == 2
    np.testing.assert_array_equal(nn.parameters_to_vector(model), watch.thetas[-1])


def test_a_recorder_is_one_more_callback():
    diary = Diary()
    trained(record=diary, epochs=1)
    assert diary.entries[-1] == ("end", 1, 3)


def test_what_is_no_callback_is_refused():
    with pytest.raises(UsageError, match=r"or an object with a method among begin, step, epoch, end; .stop. came"):
        trained("stop")
    with pytest.raises(UsageError, match=r"a method among .*EarlyStopping'> came"):
        trained(nn.EarlyStopping)
    with pytest.raises(UsageError, match="callbacks come in a list, <built-in function print> came"):
        trained(callbacks=print)


# ── early stopping ───────────────────────────────────────────────────────────────────────────


def with_losses(losses, **options):
    """Early stopping that watches these numbers: the callback, the epochs, and where θ ended."""
    stopping = nn.EarlyStopping("wish", **options)

    class Wish:
        def epoch(self, training):
            training.logs["wish"] = losses[training.epoch - 1]
            training.theta[:] = training.epoch

    model, history = trained(Wish(), stopping, epochs=len(losses))
    return history, nn.parameters_to_vector(model)[0]


@pytest.mark.parametrize(("losses", "options", "epochs", "best"), [
    ([5, 4, 3, 3, 3, 1], {"patience": 2}, 5, 3),
    ([5, 4, 3, 3, 2, 1], {"patience": 2}, 6, 6),
    ([5, 6, 7, 8], {"patience": 3}, 4, 1),
    ([1, 2, 3, 2, 1], {"patience": 2, "mode": "max"}, 5, 3),
    ([5, 4.95, 4.9, 4.85], {"patience": 2, "min_delta": 0.5}, 3, 1),
    ([5, 6, 7, 8], {"patience": 2, "restore": False}, 3, 3),
    ([float("nan"), 2.0, 3.0, 4.0], {"patience": 3}, 4, 2),
])
def test_early_stopping_waits_and_goes_back_to_the_best(losses, options, epochs, best):
    history, theta = with_losses(losses, **options)
    assert (len(history.epochs), theta) == (epochs, best)


def test_early_stopping_forgets_the_training_before():
    stopping = nn.EarlyStopping("loss", patience=2)
    first, second = (trained(stopping, epochs=9)[1] for _ in range(2))
    assert len(first.epochs) == len(second.epochs) == 9


def test_early_stopping_says_why_it_stopped():
    history, _ = with_losses([1, 2, 3, 4], patience=2)
    assert history.stopped == "wish has not become better for 2 epochs"


def test_early_stopping_on_validation_loss_keeps_the_model_that_generalises():
    """Six points of a line with noise, memorised by 30 hidden units: the best model is an early one."""
    rng = np.random.default_rng(0)
    X, X_val = rng.uniform(-1, 1, (6, 1)), np.linspace(-1, 1, 50)[:, None]
    Y, Y_val = X[:, 0] + rng.normal(0, 0.4, 6), X_val[:, 0]
    model = nn.MLP(1, [30, 1], "tanh", seed=0)
    history = nn.fit(model, X, Y, "mse", nn.Adam(0.03), epochs=2000, validation_data=(X_val, Y_val), seed=0,
                     callbacks=[nn.EarlyStopping(patience=50)], progress=False)
    assert len(history.epochs) < 2000
    kept = nn.evaluate(model, X_val, Y_val, "mse")["loss"]
    assert kept == pytest.approx(history.val_loss.min(), rel=1e-9)
    assert kept < history.val_loss[-1]


def test_accuracy_should_rise_and_losses_should_fall():
    assert nn.EarlyStopping("val_accuracy").sign == 1
    assert nn.EarlyStopping("val_loss").sign == -1
    assert nn.EarlyStopping("perplexity", mode="max").sign == 1


@pytest.mark.parametrize(("monitor", "others", "message"), [
    ("val_loss", [], "no 'val_loss' to watch, only loss, lr: give fit validation data"),
    ("val_loss", [print], "no 'val_loss' to watch, only loss, lr: give fit validation data"),
    ("accuracy", [], "no 'accuracy' to watch, only loss, lr"),
    ("accuracy", [nn.EarlyStopping("loss")], "no 'accuracy' to watch, only loss, lr"),
])
def test_what_is_not_measured_is_refused_before_training(monitor, others, message, tmp_path):
    start = nn.parameters_to_vector(nn.MLP(1, [1], seed=0))
    for watching in (nn.EarlyStopping(monitor), nn.Checkpoint(tmp_path / "a.npz", best_only=True, monitor=monitor)):
        model = nn.MLP(1, [1], seed=0)
        with pytest.raises(UsageError, match=message):
            trained(*others, watching, model=model)
        np.testing.assert_array_equal(nn.parameters_to_vector(model), start)


def test_what_no_callback_has_added_is_refused_after_an_epoch():
    with pytest.raises(UsageError, match=r"no 'wish' to watch, only loss, lr$"):
        trained(nn.EarlyStopping("wish"), lambda training: None)


def test_a_checkpoint_of_every_epoch_watches_nothing(tmp_path):
    trained(nn.Checkpoint(tmp_path / "a.npz"), epochs=1)
    assert (tmp_path / "a.npz").exists()


def test_a_monitor_refuses_what_it_does_not_know():
    with pytest.raises(UsageError, match="unknown mode 'up': there are auto, min, max"):
        nn.EarlyStopping(mode="up")
    with pytest.raises(UsageError, match="epochs of patience must be a whole number from 1"):
        nn.EarlyStopping(patience=0)


# ── the best is what was measured ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("lr", [0.01, 0.9, 1.2])
@pytest.mark.parametrize("batch_size", [4, None])
@pytest.mark.parametrize("engine", ["compiled", "eager"])
def test_what_is_kept_has_the_best_loss_of_all_that_was_passed(lr, batch_size, engine, tmp_path):
    path, thetas = tmp_path / "best.npz", []
    model, history = trained(
        nn.EarlyStopping("loss", patience=9), nn.Checkpoint(path, best_only=True, monitor="loss"),
        lambda training: thetas.append(training.theta.copy()), lr=lr, batch_size=batch_size, engine=engine,
    )

    def loss_of(theta):
        other = nn.MLP(1, [1], seed=0)
        nn.vector_to_parameters(theta, other)
        return nn.evaluate(other, *line(), "mse")["loss"]

    first = nn.parameters_to_vector(nn.MLP(1, [1], seed=0))
    kept = nn.evaluate(model, *line(), "mse")["loss"]
    assert kept == pytest.approx(min(map(loss_of, [first, *thetas])), rel=1e-9)
    assert nn.evaluate(nn.load(path), *line(), "mse")["loss"] == pytest.approx(min(map(loss_of, thetas)), rel=1e-9)
    assert batch_size or kept <= history.loss.min() * (1 + 1e-9)


# ── one training after another ───────────────────────────────────────────────────────────────


class Halving(nn.Callback):
    """Halves the learning rate after every epoch."""

    def epoch(self, training):
        training.optimizer.lr /= 2


SCHEDULES = {
    "constant": lambda lr: lr,
    "exponential": lambda lr: nn.ExponentialDecay(lr, 0.8),
    "step": lambda lr: nn.StepDecay(lr, 2),
    "cosine": lambda lr: nn.CosineDecay(lr, 5),
    "warm-up": lambda lr: nn.WarmUp(2, nn.ExponentialDecay(lr, 0.5)),
}
WATCHING = {
    "nobody": lambda path: [],
    "early stopping": lambda path: [nn.EarlyStopping(patience=1, min_delta=0.1)],
    "early stopping on the loss": lambda path: [nn.EarlyStopping("loss", patience=1, min_delta=0.1)],
    "the best checkpoint": lambda path: [nn.Checkpoint(path, best_only=True)],
    "a rate that is halved": lambda path: [Halving()],
}


USUAL = ("sgd", "constant", "nobody")


def unusual_twice(combination):
    """The mark of a combination in which more than one is unusual."""
    return pytest.mark.slow if sum(map(operator.ne, combination, USUAL)) > 1 else ()


@pytest.mark.parametrize(("kind", "schedule", "watching"), [
    pytest.param(*combination, marks=unusual_twice(combination))
    for combination in itertools.product([*nn.optim.OPTIMIZERS, "momentum"], SCHEDULES, WATCHING)
])
def test_a_second_fit_with_the_same_objects_is_one_with_new_objects(kind, schedule, watching, tmp_path):
    def objects():
        rate = SCHEDULES[schedule](0.1)
        optimizer = nn.SGD(rate, momentum=0.9) if kind == "momentum" else nn.optim.OPTIMIZERS[kind](rate)
        return optimizer, WATCHING[watching](tmp_path / "best.npz")

    def run(optimizer, callbacks, n):
        model = nn.MLP(1, [n, 1], "tanh", seed=0)
        history = nn.fit(model, *line(), "mse", optimizer, epochs=4, batch_size=4, validation_split=0.25, seed=0,
                         progress=False, callbacks=callbacks, engine="eager")
        kept = nn.load(tmp_path / "best.npz") if watching == "the best checkpoint" else model
        return history, nn.parameters_to_vector(model).tolist(), nn.parameters_to_vector(kept).tolist()

    used = objects()
    run(*used, 3)  # a model of another size
    assert run(*used, 2) == run(*objects(), 2) == run(*used, 2)


def test_cross_validation_with_one_optimiser_is_that_with_one_for_each_fold():
    def scores(make):
        def train(X, Y):
            model = nn.MLP(1, [1], seed=0)
            nn.fit(model, X, Y, "mse", make(), epochs=3, progress=False, seed=0)
            return model

        def error(outputs, targets):
            return float(np.abs(outputs.ravel() - targets).mean())

        return nn.cross_validate(train, *line(), k=3, metric=error, seed=0).tolist()

    shared = nn.Adam(0.1)
    assert scores(lambda: shared) == scores(lambda: nn.Adam(0.1))


# ── numbers that callbacks change ────────────────────────────────────────────────────────────


class Annealed(nn.Module):
    """Plain numbers of every kind that a model and its loss can read, and that callbacks then change."""

    def __init__(self, kind):
        self.kind, self.inner = kind, nn.MLP(1, [2, 1], "tanh", seed=0)
        self.weight, self.weights, self.power, self.active = 1.0, {"b": [1.0]}, 2, True

    def number(self):
        return {"attribute": self.weight, "in a dict": self.weights["b"][0], "closure": OUTSIDE[0],
                "whole": self.power - 1, "flag": 1.0 if self.active else 0.25, "array": float(ARRAY[0])}[self.kind]

    def change(self, epoch):
        self.weight, self.weights["b"][0], OUTSIDE[0], ARRAY[0] = [1 / epoch] * 4
        self.power, self.active = 2 + epoch // 2, epoch % 2 == 1

    def forward(self, x):
        return self.inner(x) * self.number()


OUTSIDE, ARRAY = [1.0], np.ones(1)


@pytest.mark.parametrize(("kind", "when"), [
    pytest.param(kind, when, marks=() if kind == "flag" or len(when) == 5 else pytest.mark.slow, id=f"{kind}, {moment}")
    for kind in ("attribute", "in a dict", "closure", "whole", "flag", "array")
    for moment, when in {"always": {1, 2, 3, 4, 5}, "at first": {1}, "late": {5}, "never": set()}.items()
])
def test_what_callbacks_change_is_read_by_every_engine(kind, when):
    def run(engine):
        OUTSIDE[0] = ARRAY[0] = 1.0
        model = Annealed(kind)

        def cost(a, y):
            return (a - y) ** 2 + (model.number() - 1) * a**2

        def change(training):
            if training.epoch in when:
                training.model.change(training.epoch + 1)

        history = nn.fit(model, *line(), cost, nn.SGD(0.1), epochs=7, batch_size=6, validation_split=0.3, seed=0,
                         engine=engine, progress=False, callbacks=[change])
        return np.array([history.loss, history.val_loss])

    compiled = run("compiled")
    np.testing.assert_allclose(compiled, run("eager"), rtol=1e-10)
    assert not when or not np.allclose(compiled, run_without_changes(kind))


def run_without_changes(kind):
    OUTSIDE[0] = ARRAY[0] = 1.0
    model = Annealed(kind)
    history = nn.fit(model, *line(), lambda a, y: (a - y) ** 2 + (model.number() - 1) * a**2, nn.SGD(0.1), epochs=7,
                     batch_size=6, validation_split=0.3, seed=0, progress=False)
    return np.array([history.loss, history.val_loss])


@pytest.mark.parametrize("order", [1, -1], ids=["before", "after"])
@pytest.mark.parametrize("moment", ["begin", "epoch", "end of an epoch's steps"])
def test_what_is_measured_sees_what_callbacks_change(moment, order):
    """Whenever it is changed, before or after a monitor measures the loss, and with metrics of one's own."""
    class Change(nn.Callback):
        def begin(self, training):
            if moment == "begin":
                training.model.weight = 3.0

        def epoch(self, training):
            if moment == "epoch":
                training.model.weight *= 1.5

        def step(self, training):
            if moment not in ("begin", "epoch") and training.steps % 2 == 0:
                training.model.weight *= 1.5

    def error(outputs, targets):
        return float(np.abs(outputs - targets).mean())

    def run(engine):
        stopping = nn.EarlyStopping("loss", patience=9)
        history = nn.fit(Annealed("attribute"), *line(), "mse", nn.SGD(0.01), epochs=3, batch_size=6, seed=0,
                         metrics=[error], progress=False, engine=engine, callbacks=[Change(), stopping][::order])
        return [*history.loss, *history.error, stopping.best]

    with warnings.catch_warnings(action="ignore"):  # of steps that change what the loss reads
        np.testing.assert_allclose(run("compiled"), run("eager"), rtol=1e-10)


@pytest.mark.parametrize("epochs", [1, 2])
def test_numbers_that_change_in_the_course_of_an_epoch_are_warned_of(epochs):
    class Slowly(nn.Callback):
        def step(self, training):
            training.model.weight *= 0.9

    model = Annealed("attribute")
    with pytest.warns(RuntimeWarning, match='changed in the course of an epoch; .* engine="eager" at each step'):
        nn.fit(model, *line(), "mse", nn.SGD(0.1), epochs=epochs, batch_size=4, progress=False, callbacks=[Slowly()])


def test_callbacks_that_only_watch_cost_no_trace():
    calls = []

    class Watch(nn.MLP):
        def forward(self, x):
            calls.append(x)
            return super().forward(x)

    class Reading(nn.Callback):
        changes = False

        def epoch(self, training):
            calls.append("epoch")

    trained(Reading(), nn.EarlyStopping("loss", patience=9), model=Watch(1, [1], seed=0), epochs=4)
    after_first = calls[calls.index("epoch") + 1 :]
    assert "epoch" in after_first
    assert len(after_first) < 10
    many = len(calls)
    trained(lambda training: None, model=Watch(1, [1], seed=0), epochs=4)
    assert len(calls) - many > 6


def test_a_trace_between_epochs_leaves_nothing_in_the_model():
    class Watched(nn.Module):
        def __init__(self):
            self.layer, self.seen = nn.Layer(2, 1, "tanh", seed=0), []

        def forward(self, x):
            self.seen.append(x)
            return self.layer(x)

    model, lengths = Watched(), []
    inputs = np.random.default_rng(0).normal(size=(5, 2))
    nn.fit(model, inputs, inputs[:, :1], "mse", nn.SGD(0.05), epochs=3, progress=False,
           callbacks=[lambda training: lengths.append(len(model.seen))])
    assert len(set(lengths)) == 1
