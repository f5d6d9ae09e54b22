import numpy as np
import pytest

import nn
from autograd import SizeError, UsageError, Value, gt, mean, noise, where


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


@pytest.mark.parametrize("theta", [[3], np.array([3], np.int32)])
def test_whole_numbers_in_theta_have_gradients_that_are_not(theta):
    _, gradient = nn.EagerEngine(lambda x, y: w * x, [w := Value(1.0)]).value_and_grad(theta, [0.5], [0.0])
    assert gradient.tolist() == [0.5]


@pytest.mark.parametrize("engine", ["compiled", "eager"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_has_the_dtype_of_theta_and_the_place_that_is_offered(engine, dtype):
    made = nn.ENGINES[engine](lambda x, y: (w * x - y) ** 2, [w := Value(1.0)])
    theta, X, Y = np.array([2.0], dtype), np.array([1.0, 2.0]), np.array([1.0, 1.0])
    value, gradient = made.value_and_grad(theta, X, Y)
    assert (float(value), gradient.dtype, gradient.tolist()) == (5.0, dtype, [7.0])
    out = np.empty_like(gradient)
    assert made.value_and_grad(theta, X, Y, out=out)[1] is out
    assert out.tolist() == [7.0]


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_engines_draw_the_same_random_numbers_for_each_example(bits):
    w = Value(1.0)

    def loss(x, y):
        """Every example takes three numbers: for a mask, for nothing, and as they are."""
        mask = where(gt(noise(), 0.5), 2.0, 0.0)
        noise()
        return w * (mask * x + noise() * y)

    X, Y = np.arange(1.0, 8.0), np.arange(7.0)
    engines = [nn.ENGINES[name](loss, [w]) for name in ("compiled", "eager")]
    rngs = [np.random.Generator(bits(0)) for _ in engines]
    for call in range(3):
        draw = np.random.Generator(bits(0)).random((call + 1, 7, 3))[call]
        expected = np.mean(2.0 * (draw[:, 0] > 0.5) * X + draw[:, 2] * Y)
        for engine, rng in zip(engines, rngs, strict=True):
            value, gradient = engine.value_and_grad(np.ones(1), X, Y, rng=rng)
            assert [value, *gradient] == pytest.approx([expected] * 2, rel=1e-14)


def test_without_a_generator_noise_differs_from_call_to_call():
    engine = nn.EagerEngine(lambda x, y: x * noise(), [])
    assert len({engine.value_and_grad([], [1.0], [1.0])[0] for _ in range(3)}) == 3
