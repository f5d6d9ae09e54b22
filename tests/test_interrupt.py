"""Ctrl-C ends training between two steps."""

import signal
import threading

import numpy as np
import pytest

import nn
from nn.interrupt import Interrupt

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
    history = nn.fit(model, X, Y, "mse", nn.SGD(0.1), epochs=50, batch_size=4, engine=engine, seed=0, progress=False,
                     callbacks=[Watch(), Press(step)])
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
