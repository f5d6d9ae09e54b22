"""A program may be called from several threads at once: each has buffers of its own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from agreement import Given, theta_of
from losses import LOSSES

import autograd

THREADS, CALLS = 6, 15


@pytest.mark.parametrize("traced", [True, False], ids=["traced before", "traced by whoever comes first"])
@pytest.mark.parametrize("name", [
    "mlp_softmax_cross_entropy", "mlp_xor", "dropout",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("convolution_padded_by_if", "causal_attention")),
])
def test_threads_get_what_serial_calls_get(name: str, traced: bool) -> None:
    case = LOSSES[name]()
    theta = theta_of(case)
    batches = [(*case.data(3 + i % 3, seed=i), theta + 0.01 * i) for i in range(THREADS)]
    draws = [np.random.default_rng(i).random((3 + i % 3, case.noises)) for i in range(THREADS)]
    serial = case.compiled()
    expected = [serial.value_and_grad(t, X, Y, rng=Given(draw))
                for (X, Y, t), draw in zip(batches, draws, strict=True)]
    program = case.compiled()
    if traced:
        program(theta, *case.data())
    together = threading.Barrier(THREADS)

    def calls(i: int) -> None:
        X, Y, t = batches[i]
        together.wait()
        for _ in range(CALLS):
            value, gradient = program.value_and_grad(t, X, Y, rng=Given(draws[i]))
            assert value == expected[i][0]
            np.testing.assert_array_equal(gradient, expected[i][1])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(calls, range(THREADS)))


def test_eager_evaluation_goes_on_in_other_threads_while_one_traces() -> None:
    a, b = autograd.Value(1.0), autograd.Value(2.0)
    inside, finished = threading.Event(), threading.Event()

    def loss(x: list[autograd.Value]) -> autograd.Value:
        inside.set()
        assert finished.wait(10)
        return a * x[0]

    program = autograd.compile(loss, [a, b])
    with ThreadPoolExecutor(1) as pool:
        tracing = pool.submit(program, [1.0, 2.0], [[3.0]])
        assert inside.wait(10)
        try:
            assert a < b, "comparing parameters is refused only where they are traced"
            c = a * b
            with autograd.no_grad():
                assert (a * b).args == ()
        finally:
            finished.set()
        c.backward()
        assert (a.grad, b.grad) == (2.0, 1.0)
        assert tracing.result().tolist() == [3.0]
