import numpy as np
import pytest

import autograd
import nn
from autograd import Value
from autograd.noise import drawing_from


def dropped(p, noise, values):
    with drawing_from(iter(noise).__next__):
        return [out.data for out in nn.Dropout(p)([Value(v) for v in values])]


def test_a_value_drops_where_its_random_number_is_below_p_and_grows_where_not():
    assert dropped(0.25, [0.0, 0.2499, 0.25, 0.99], [3.0, 3.0, 3.0, 3.0]) == [0.0, 0.0, 4.0, 4.0]


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_the_mean_is_preserved_as_in_torch(p):
    program = autograd.compile(nn.Dropout(p), [])
    outs = program([], np.full((2000, 20), 3.0), rng=np.random.default_rng(0))
    assert set(np.unique(outs.round(9))) == {0.0, round(3 / (1 - p), 9)}
    assert (outs == 0).mean() == pytest.approx(p, abs=0.01)
    assert outs.mean() == pytest.approx(3.0, rel=0.03)
    torch = pytest.importorskip("torch")
    theirs = torch.nn.functional.dropout(torch.full((2000, 20), 3.0, dtype=torch.float64), p)
    assert set(theirs.unique().numpy().round(9)) == set(np.unique(outs.round(9)))


def test_prediction_uses_the_whole_network():
    model = nn.MLP(2, [50, 1], "tanh", seed=0, dropout=0.5)
    plain = nn.MLP(2, [50, 1], "tanh", seed=0)
    X = np.random.default_rng(0).normal(size=(40, 2))
    assert np.array_equal(model.predict(X), plain.predict(X))
    assert np.array_equal(model.predict(X[:3]), plain.predict(X[:3]))
    assert model.training
    assert len({model(X[0]).data for _ in range(5)}) == 5
    assert len({model.eval()(X[0]).data for _ in range(5)}) == 1


def test_a_dropped_value_passes_no_gradient_on():
    x = [Value(1.0), Value(1.0)]
    with drawing_from(iter([0.9, 0.1]).__next__):
        out = autograd.sum(nn.Dropout(0.5)(x))
    assert autograd.grad(out, x) == [2.0, 0.0]


def test_a_single_value_drops_too_and_p_of_zero_keeps_everything():
    with drawing_from(iter([0.1]).__next__):
        assert nn.Dropout(0.5)(Value(7.0)).data == 0.0
    x = [Value(1.0)]
    assert nn.Dropout(0.0)(x) is x


def test_only_hidden_layers_of_an_mlp_drop_out():
    model = nn.MLP(2, [30, 20, 3], dropout=0.5, seed=0)
    drawn = []

    def draw():
        drawn.append(0.99)
        return 0.99

    with drawing_from(draw):
        model([1.0, 2.0])
    assert len(drawn) == 50
    assert repr(model) == "MLP(2, [30, 20, 3], 'relu', 'linear', dropout=0.5)"
