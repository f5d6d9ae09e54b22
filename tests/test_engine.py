import numpy as np
import pytest

import nn
from autograd import SizeError, UsageError, Value, mean


def test_the_value_is_the_mean_over_the_batch_and_the_gradient_its_derivative():
    model = nn.MLP(2, [3, 1], "tanh", seed=0)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(4, 2)), rng.normal(size=4)
    theta = nn.parameters_to_vector(model)
    value, gradient = nn.EagerEngine(lambda x, y: nn.mse(model(x), y), model).value_and_grad(theta, X, Y)

    whole = mean([(model(x) - y) ** 2 for x, y in zip(X, Y, strict=True)])
    model.zero_grad()
    whole.backward()
    assert value == pytest.approx(whole.data, abs=1e-15)
    assert gradient == pytest.approx(np.array([p.grad for p in model.parameters()]), abs=1e-15)
    assert gradient.shape == theta.shape


def test_the_gradient_starts_afresh_each_time_and_stays_in_the_parameters():
    w = Value(1.0)
    engine = nn.EagerEngine(lambda x, y: w * x * y, [w])
    for _ in range(2):
        value, gradient = engine.value_and_grad([3.0], [2.0, 4.0], [1.0, 1.0])
        assert (value, gradient.tolist()) == (9.0, [3.0])
    assert (w.data, w.grad) == (3.0, 3.0)


def test_examples_are_nested_values_shaped_like_a_row():
    seen = []

    def loss(x, y):
        seen.append((x, y))
        return x[1][0] * y

    nn.EagerEngine(loss, []).value_and_grad([], np.ones((1, 2, 3)), [5.0])
    x, y = seen[0]
    assert [len(row) for row in x] == [3, 3]
    assert isinstance(x[1][2], Value)
    assert y.data == 5.0


def test_a_loss_must_be_one_value():
    with pytest.raises(UsageError, match="must be one Value, list came"):
        nn.EagerEngine(lambda x, y: [x], []).value_and_grad([], [1.0], [1.0])


def test_theta_of_the_wrong_length_is_refused():
    with pytest.raises(SizeError, match=r"shape \(1,\) is expected"):
        nn.EagerEngine(lambda x, y: x, [Value(0.0)]).value_and_grad([1.0, 2.0], [1.0], [1.0])
