"""Ctrl-C ends training between two steps."""

import contextlib
import signal
import threading

import numpy as np
import pytest

import nn
from nn.training import evaluation, training
from nn.training.interrupt import Interrupt
from nn.training.training import Training

X, Y = np.linspace(-1, 1, 12)[:, None], np.linspace(-1, 3, 12)


class Press:
    """Ctrl-C in the middle of a step of the optimiser, before or after it has changed the parameters."""

    def __init__(self, step, times=1):
        self.at, self.times = step, times

    def step(self, training):
        if training.steps == self.at:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("engine", ["compiled", "eager"])
@pytest.mark.parametrize("step", [1, 4, 7, 9])
def test_ctrl_c_keeps_the_parameters_of_a_finished_step(engine, step):
    thetas = []

    class Watch:
        def step(self, training):
            thetas.append(training.theta.copy())

    model = nn.MLP(1, [3, 1], "tanh", seed=0)
    with pytest.warns(RuntimeWarning, match=f"interrupted after {step // 3} of 50 epochs: the model keeps"):
        history = nn.fit(model, X, Y, "mse", nn.SGD(0.1), epochs=50, batch_size=4, engine=engine, seed=0,
                         progress=False, callbacks=[Watch(), Press(step)])
    assert history.interrupted
    assert len(thetas) == step
    assert len(history.epochs) == step // 3
    np.testing.assert_array_equal(nn.parameters_to_vector(model), thetas[-1])
    again = nn.fit(model, X, Y, "mse", nn.SGD(0.1), epochs=2, engine=engine, progress=False)
    assert not again.interrupted


def test_the_second_ctrl_c_is_raised_and_the_parameters_are_kept():
    model = nn.MLP(1, [3, 1], "tanh", seed=0)
    before = nn.parameters_to_vector(model)
    with pytest.raises(KeyboardInterrupt):
        nn.fit(model, X, Y, "mse", nn.SGD(0.1), epochs=50, progress=False, callbacks=[Press(2, times=2)])
    assert not np.array_equal(nn.parameters_to_vector(model), before)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_in_the_last_step_is_not_lost():
    with pytest.warns(RuntimeWarning, match="interrupted after 2 of 2 epochs"):
        history = nn.fit(nn.MLP(1, [1]), X, Y, "mse", nn.SGD(0.1), epochs=2, progress=False, callbacks=[Press(2)])
    assert history.interrupted
    assert len(history.epochs) == 2


def test_the_progress_bar_says_that_training_was_interrupted(capsys):
    nn.fit(nn.MLP(1, [1]), X, Y, "mse", nn.SGD(0.1), epochs=9, callbacks=[Press(2)])
    assert "interrupted after 2 of 9 epochs" in capsys.readouterr().err


def test_an_interrupted_training_ends_with_the_best_parameters():
    class Worse:
        def epoch(self, training):
            training.theta[:] = training.epoch
            training.logs["wish"] = training.epoch

    model = nn.MLP(1, [1])
    with pytest.warns(RuntimeWarning, match="interrupted"):
        nn.fit(model, X, Y, "mse", nn.SGD(1e-9), epochs=9, progress=False,
               callbacks=[Worse(), nn.EarlyStopping("wish"), Press(4)])
    assert nn.parameters_to_vector(model).tolist() == [1, 1]


# ── moments ──────────────────────────────────────────────────────────────────────────────────


def press(times):
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)


class Once:
    """Presses Ctrl-C so many times when it is first called; its methods are called at the moments that they name."""

    def __init__(self, times):
        self.times, self.thetas = times, []

    def press(self, *_):
        times, self.times = self.times, 0
        press(times)

    def compiling(self, outputs, targets):
        self.press()
        return nn.mse(outputs, targets)

    def trying(self, outputs, targets):
        self.press()
        return 0.0

    def validating(self, outputs, targets):
        if self.thetas:
            self.press()
        return 0.0

    def step(self, training):
        self.thetas.append(training.theta.copy())


class AtMoment(nn.Callback):
    """Presses at the beginning, at the end, or, asked for what it remembers, while a checkpoint is being written."""

    def __init__(self, moment, once):
        setattr(self, moment, lambda *_: once.press() or {})


def moment(name, once):
    """Arguments of `fit` by which Ctrl-C is pressed then."""
    return {"compiling": {"loss": once.compiling}, "trying": {"metrics": [once.trying]},
            "validating": {"metrics": [once.validating]}}.get(name, {"callbacks": [AtMoment(name, once)]})


@pytest.mark.parametrize(("engine", "times"), [("compiled", 1), ("compiled", 2), ("compiled", 3), ("eager", 1),
                                               ("eager", 2)])
@pytest.mark.parametrize(("name", "steps", "epochs"), [
    ("trying", 0, 0), ("begin", 0, 0), ("compiling", 1, 0), ("validating", 3, 1), ("state_dict", 3, 1), ("end", 15, 5),
])
def test_ctrl_c_at_any_moment_leaves_a_finished_step(tmp_path, name, steps, epochs, times, engine):
    path, model, once = tmp_path / "checkpoint.npz", nn.MLP(1, [3, 1], "tanh", seed=0), Once(times)
    start = nn.parameters_to_vector(model)
    options = {"loss": "mse", "epochs": 5, "batch_size": 4, "seed": 0, "engine": engine, "progress": False}

    def train(model, **more):
        return nn.fit(model, X, Y, optimizer=nn.SGD(0.1), **options | more)

    whole = nn.MLP(1, [3, 1], "tanh", seed=0)
    train(whole)
    arranged = moment(name, once)
    arranged["callbacks"] = [once, nn.Checkpoint(path), *arranged.get("callbacks", [])]
    if times == 1:
        with pytest.warns(RuntimeWarning, match=f"interrupted after {epochs} of 5 epochs"):
            history = train(model, **arranged)
        assert history.interrupted
        assert len(history.epochs) == epochs
    else:
        with pytest.raises(KeyboardInterrupt):
            train(model, **arranged)
        steps = 0 if name == "compiling" else steps
    assert len(once.thetas) == steps
    np.testing.assert_array_equal(nn.parameters_to_vector(model), [start, *once.thetas][-1])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.npz"] * path.exists()
    again = nn.MLP(1, [3, 1], "tanh", seed=0)
    assert not train(again, resume=path if path.exists() else None).interrupted
    np.testing.assert_array_equal(nn.parameters_to_vector(again), nn.parameters_to_vector(whole))


@pytest.mark.parametrize("times", [1, 2, 5])
def test_ctrl_c_cannot_tear_the_way_out(monkeypatch, times):
    model, once = nn.MLP(1, [3, 1], "tanh", seed=0), Once(times)
    written = Training.write_back

    def write_back(training):
        once.press()
        written(training)

    monkeypatch.setattr(Training, "write_back", write_back)
    if times == 1:
        history = nn.fit(model, X, Y, "mse", nn.SGD(0.1), epochs=2, progress=False, callbacks=[Steps(once)])
        assert history.interrupted
    else:
        with pytest.raises(KeyboardInterrupt):
            nn.fit(model, X, Y, "mse", nn.SGD(0.1), epochs=2, progress=False, callbacks=[Steps(once)])
    assert len(once.thetas) == 2
    np.testing.assert_array_equal(nn.parameters_to_vector(model), once.thetas[-1])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("times", [1, 2, 5])
def test_ctrl_c_while_a_model_is_tried_with_random_parameters_leaves_its_own(monkeypatch, times):
    model, once = nn.MLP(1, [3, 1], "tanh", "sigmoid", seed=0), Once(times)
    start, outputs_of = nn.parameters_to_vector(model), evaluation.outputs_of

    def pressed(*arguments):
        once.press()
        return outputs_of(*arguments)

    monkeypatch.setattr(evaluation, "outputs_of", pressed)
    with pytest.warns(RuntimeWarning, match="interrupted after 0 of 2 epochs"), \
            contextlib.nullcontext() if times == 1 else pytest.raises(KeyboardInterrupt):
        nn.fit(model, X, Y > 0, "binary_cross_entropy", nn.SGD(0.1), epochs=2, progress=False)
    np.testing.assert_array_equal(nn.parameters_to_vector(model), start)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class Steps:
    """Lets another see the steps alone, so that the model is written to only on the way out."""

    def __init__(self, other):
        self.step = other.step


def test_ctrl_c_while_a_checkpoint_is_read_waits_until_the_model_is_whole(tmp_path, monkeypatch):
    path, model = tmp_path / "checkpoint.npz", nn.MLP(1, [3, 1], "tanh", seed=1)
    first = nn.MLP(1, [3, 1], "tanh", seed=0)
    nn.fit(first, X, Y, "mse", nn.SGD(0.1), epochs=2, progress=False, callbacks=[nn.Checkpoint(path)])
    read = training.read

    def pressed(*arguments):
        press(1)
        return read(*arguments)

    monkeypatch.setattr(training, "read", pressed)
    with pytest.warns(RuntimeWarning, match="interrupted after 2 of 9 epochs"):
        history = nn.fit(model, X, Y, "mse", nn.SGD(0.1), epochs=9, progress=False, resume=path)
    assert len(history.epochs) == 2
    np.testing.assert_array_equal(nn.parameters_to_vector(model), nn.parameters_to_vector(first))


# ── others who handle the signal ─────────────────────────────────────────────────────────────


def test_a_keyboard_interrupt_by_other_means_ends_training_too():
    class Impatient(nn.SGD):
        def update(self, gradient):
            if self.steps == 3:
                raise KeyboardInterrupt
            return super().update(gradient)

    histories = []

    def work():
        histories.append(nn.fit(nn.MLP(1, [1], seed=0), X, Y, "mse", Impatient(0.1), epochs=9))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert histories[0].interrupted
    assert len(histories[0].epochs) == 2


def test_a_handler_of_somebody_else_stays():
    def mine(number, frame):
        pass

    old = signal.signal(signal.SIGINT, mine)
    try:
        with Interrupt() as interrupt:
            assert signal.getsignal(signal.SIGINT) is mine
        assert not interrupt.came
    finally:
        signal.signal(signal.SIGINT, old)


def test_other_threads_train_as_well():
    histories = []

    def work():
        histories.append(nn.fit(nn.MLP(1, [1], seed=0), X, Y, "mse", nn.SGD(0.1), epochs=3, progress=False))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(histories[0].epochs) == 3
