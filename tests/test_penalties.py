import numpy as np
import pytest

import autograd
import nn


def model():
    return nn.Sequential(nn.Layer(2, 2, "tanh", init="normal", seed=0), nn.Maxout(2, 1, init="normal", seed=1))


def arrays(m, biases):
    return [array for name, array in m.state_dict().items() if biases or not name.endswith("bias")]


@pytest.mark.parametrize("biases", [False, True])
def test_a_penalty_is_on_weights_only_unless_asked(biases):
    m = model()
    for value in m.parameters():
        value.data += 0.5  # so that biases count too
    assert nn.l1_penalty(m, 0.1, biases).data == pytest.approx(0.1 * sum(np.abs(a).sum() for a in arrays(m, biases)))
    assert nn.l2_penalty(m, 0.1, biases).data == pytest.approx(0.1 * sum((a**2).sum() for a in arrays(m, biases)))


@pytest.mark.parametrize("engine", ["compiled", "eager"])
@pytest.mark.parametrize(("l1", "l2"), [(0.03, 0.0), (0.0, 0.03), (0.02, 0.01)])
def test_e12_a_step_adds_two_lambda_w_or_lambda_times_the_sign_of_w(l1, l2, engine):
    X, Y, rate = [[1.0, 2.0]], [0.5], 0.1
    plain, decayed = model(), model()
    before = plain.state_dict()
    nn.fit(plain, X, Y, "mse", nn.SGD(rate), epochs=1, engine=engine, progress=False)
    cost = nn.penalized("mse", decayed, l1=l1, l2=l2)
    nn.fit(decayed, X, Y, cost, nn.SGD(rate), epochs=1, engine=engine, progress=False)
    for name, stepped in plain.state_dict().items():
        w = before[name]
        pull = 0 if name.endswith("bias") else 2 * l2 * w + l1 * np.sign(w)
        np.testing.assert_allclose(decayed.state_dict()[name], stepped - rate * pull, rtol=0, atol=1e-14)


def test_neurons_and_lone_layers_have_biases_too():
    neuron = nn.Neuron.of([3.0], 4.0)
    assert (nn.l2_penalty(neuron, 1).data, nn.l2_penalty(neuron, 1, biases=True).data) == (9.0, 25.0)
    layer = nn.Layer(1, 1, init=lambda rng, shape: np.full(shape, 3.0))
    layer.b = [4.0]
    assert (nn.l1_penalty(layer, 1).data, nn.l1_penalty(layer, 1, biases=True).data) == (3.0, 7.0)


def test_the_slope_of_l1_at_zero_is_zero_so_that_a_weight_may_rest_there():
    neuron = nn.Neuron.of([0.0, 2.0], 0.0)
    assert autograd.grad(nn.l1_penalty(neuron, 0.5), neuron.parameters()) == [0.0, 0.5, 0.0]


def test_without_strength_the_loss_stays_as_it_is():
    assert nn.penalized("mse", nn.Neuron(2))(3.0, 1.0) == 4.0
