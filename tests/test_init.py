import math

import numpy as np
import pytest

import nn
from autograd import SizeError, UsageError
from nn.init import INITIALIZERS, draw, generator

NIN, NOUT = 300, 200


@pytest.mark.parametrize(
    ("name", "deviation", "limit"),
    [
        ("normal", 1.0, math.inf),
        ("uniform", 1 / math.sqrt(3), 1.0),
        ("glorot_uniform", math.sqrt(2 / 500), math.sqrt(6 / 500)),
        ("glorot_normal", math.sqrt(2 / 500), math.inf),
        ("he_uniform", math.sqrt(2 / 300), math.sqrt(6 / 300)),
        ("he_normal", math.sqrt(2 / 300), math.inf),
        ("zeros", 0.0, 0.0),
    ],
)
def test_weights_are_spread_as_the_source_says(name, deviation, limit):
    weights = draw(name, (NOUT, NIN), 0)
    assert weights.shape == (NOUT, NIN)
    # 60 000 numbers: the deviation is known to about 0.3 %, the mean to 0.4 % of the deviation.
    assert weights.std() == pytest.approx(deviation, rel=0.015)
    assert abs(weights.mean()) <= 0.02 * deviation
    assert np.abs(weights).max() <= limit


def test_every_initialiser_is_repeated_by_its_seed():
    for name in INITIALIZERS.keys() - {"zeros"}:
        assert np.array_equal(draw(name, (2, 3), 5), draw(name, (2, 3), 5))
        assert not np.array_equal(draw(name, (2, 3), 5), draw(name, (2, 3), 6))


def test_an_initialiser_may_be_a_function():
    layer = nn.Layer(2, 3, init=lambda rng, shape: np.full(shape, 0.5))
    assert layer.W.tolist() == [[0.5, 0.5]] * 3


def test_an_initialiser_of_the_wrong_shape_is_named():
    def wide(rng, shape):
        return np.zeros(7)

    with pytest.raises(SizeError, match=r"wide must return shape \(3, 2\), it returned \(7,\)"):
        nn.Layer(2, 3, init=wide)


@pytest.mark.parametrize("seed", [-1, 1.5, "x"])
def test_a_seed_that_is_none_says_what_is(seed):
    with pytest.raises(UsageError, match="a seed is a whole number from 0"):
        generator(seed)


@pytest.mark.parametrize(("name", "theirs"), [
    ("glorot_uniform", "xavier_uniform_"), ("glorot_normal", "xavier_normal_"),
    ("he_uniform", "kaiming_uniform_"), ("he_normal", "kaiming_normal_"),
])
def test_weights_are_spread_as_those_of_torch(name, theirs):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    options = {"nonlinearity": "relu"} if name.startswith("he") else {}
    tensor = getattr(torch.nn.init, theirs)(torch.empty(NOUT, NIN, dtype=torch.float64), **options)
    ours = draw(name, (NOUT, NIN), 0)
    assert ours.std() == pytest.approx(tensor.std().item(), rel=0.02)
    if name.endswith("uniform"):
        assert np.abs(ours).max() == pytest.approx(tensor.abs().max().item(), rel=1e-3)
