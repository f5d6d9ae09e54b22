import copy
import pickle

import numpy as np
import pytest

import nn
from autograd import SizeError, Value


def test_the_output_is_each_step_applied_to_the_one_before():
    first, second = nn.Layer(2, 3, seed=0), nn.Layer(3, 2, seed=1)
    model = nn.Sequential(first, "tanh", second, "softmax")
    x = np.array([1.0, -0.5])
    z = second.W @ np.tanh(first.W @ x)
    assert [p.data for p in model(x)] == pytest.approx((np.exp(z) / np.exp(z).sum()).tolist(), abs=1e-15)


def test_it_equals_the_mlp_of_the_same_layers():
    mlp = nn.MLP(3, [4, 2], "relu", "sigmoid", seed=0)
    model = nn.Sequential(mlp.layers[0], mlp.layers[1])
    X = np.random.default_rng(0).normal(size=(5, 3))
    assert np.array_equal(model.predict(X), mlp.predict(X))
    assert model.parameters() == mlp.parameters()


def test_a_step_may_be_any_function_of_what_comes_before():
    model = nn.Sequential(nn.Layer(1, 2, init=lambda rng, shape: np.array([[1.0], [2.0]])), lambda zs: zs[0] * zs[1])
    assert model([3.0]).data == 18.0


@pytest.mark.parametrize("name", ["linear", "tanh", "leaky_relu", "softmax"])
def test_an_activation_may_come_first(name):
    x = [0.5, -1.0]
    model = nn.Sequential(name, nn.Layer(2, 2, seed=0))
    expected = nn.Sequential(nn.Layer(2, 2, name, init=lambda rng, shape: np.eye(2)), model.steps[1])
    assert [out.data for out in model(x)] == pytest.approx([out.data for out in expected(x)], abs=1e-15)


def test_one_output_is_a_value_and_several_are_a_list():
    assert isinstance(nn.Sequential(nn.Layer(2, 1), "sigmoid")([1, 2]), Value)
    assert len(nn.Sequential(nn.Layer(2, 3), "relu")([1, 2])) == 3


def test_sequentials_nest_and_units_of_one_output_feed_layers():
    inner = nn.Sequential(nn.Layer(2, 1), "tanh")
    model = nn.Sequential(inner, nn.Layer(1, 2), nn.Maxout(2, 1), nn.LogisticRegression(1))
    assert model.predict([[1.0, 2.0]]).shape == (1, 1)
    assert [name for name, _ in model.named_parameters()] == [
        "0.0.weight", "0.0.bias", "1.weight", "1.bias", "2.weight", "2.bias", "3.weight", "3.bias",
    ]


def test_it_writes_itself_as_it_was_called():
    model = nn.Sequential(nn.Layer(2, 3), "relu", nn.Dropout(0.25), nn.Maxout(3, 2), "softmax")
    assert repr(model) == (
        "Sequential(Layer(2, 3, 'linear'), 'relu', Dropout(0.25), Maxout(3, 2, pieces=2), 'softmax')"
    )


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_and_pickles_compute_the_same(copied):
    model = nn.Sequential(nn.Layer(2, 3, seed=0), "relu", nn.Dropout(0.5), nn.Layer(3, 2, seed=1), "softmax")
    assert np.array_equal(copied(model).predict([[1.0, 2.0]]), model.predict([[1.0, 2.0]]))


def test_widths_that_do_not_meet_are_named():
    with pytest.raises(SizeError, match="Layer takes 2 inputs, 3 came"):
        nn.Sequential(nn.Layer(2, 3), nn.Layer(2, 1))([1, 2])


def test_weights_go_to_torchs_sequential_and_give_the_same_outputs():
    torch = pytest.importorskip("torch")
    model = nn.Sequential(nn.Layer(2, 3, seed=0), "tanh", nn.Dropout(0.5), nn.Layer(3, 2, seed=1))
    twin = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Dropout(0.5), torch.nn.Linear(3, 2))
    twin = twin.double().eval()
    twin.load_state_dict({name: torch.tensor(array) for name, array in model.state_dict().items()})
    X = np.random.default_rng(0).normal(size=(5, 2))
    np.testing.assert_allclose(model.predict(X), twin(torch.tensor(X)).detach().numpy(), rtol=1e-13, atol=1e-14)
