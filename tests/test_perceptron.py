import numpy as np
import pytest

import nn
from autograd import Value
from nn.data import GATES

CORNERS, _ = nn.data.xor()


def fires(threshold, z):
    """What a perceptron of weight 1 and no bias gives for a sum of z."""
    unit = nn.Perceptron(1, threshold=threshold, bias=False, init=lambda rng, shape: np.ones(shape))
    return unit([z]).data


@pytest.mark.parametrize(("threshold", "at_zero"), [(">", 0.0), (">=", 1.0)])
def test_the_two_conventions_differ_at_a_sum_of_exactly_zero(threshold, at_zero):
    assert [fires(threshold, z) for z in (-1e-300, -0.0, 0.0, 1e-300)] == [0.0, at_zero, at_zero, 1.0]


@pytest.mark.parametrize("threshold", [">", ">="])
def test_the_bias_is_the_negative_of_the_threshold(threshold):
    unit = nn.Perceptron(1, threshold=threshold)
    unit.W, unit.b = [[1.0]], [-3.0]
    assert unit.predict([[2.9], [3.0], [3.1]]).ravel().tolist() == [0.0, float(threshold == ">="), 1.0]


def test_the_rule_is_w_plus_alpha_times_error_times_x():
    unit = nn.Perceptron(2)
    unit.W, unit.b = [[0.5, -1.0]], [0.25]
    history = unit.learn([[1.0, 2.0]], [1], lr=0.1, epochs=1)
    assert unit.W.ravel() == pytest.approx([0.5 + 0.1 * 1.0, -1.0 + 0.1 * 2.0], abs=1e-15)
    assert unit.b == pytest.approx([0.25 + 0.1], abs=1e-15)
    assert history.mistakes.tolist() == [1]
    unit.W, unit.b = [[1.0, 1.0]], [0.0]
    unit.learn([[1.0, 2.0]], [0], lr=0.1, epochs=1)
    assert unit.W.ravel() == pytest.approx([0.9, 0.8], abs=1e-15)


@pytest.mark.parametrize("threshold", [">", ">="])
@pytest.mark.parametrize("gate", ["and", "or"])
def test_e9_the_rule_converges_on_and_and_or(gate, threshold):
    unit = nn.Perceptron(2, threshold=threshold)
    history = unit.learn(*nn.data.logic_gate(gate))
    assert history.converged
    assert history.mistakes[-1] == 0 < history.mistakes[0]
    assert str(history) == f"converged in {len(history.mistakes)} epochs"
    assert unit.predict(CORNERS).ravel().tolist() == list(GATES[gate])


def test_e9_the_rule_never_converges_on_xor_and_says_so():
    history = nn.Perceptron(2).learn(*nn.data.xor(), epochs=500)
    assert not history.converged
    assert len(history.mistakes) == 500
    assert history.mistakes.min() > 0
    assert str(history) == f"not converged after 500 epochs: {history.mistakes[-1]} mistakes in the last"


def test_novikoffs_bound_on_the_number_of_mistakes_holds():
    X, Y = nn.data.blobs(200, centers=[[3, 2], [-2, -3]], noise=0.5, seed=0)
    separator = np.array([1.0, 1.0, 0.0]) / np.sqrt(2)
    signed = np.hstack([X, np.ones((200, 1))]) * np.where(Y == 1, 1, -1)[:, None]
    margin, radius = abs(signed @ separator).min(), np.linalg.norm(signed, axis=1).max()
    assert (np.sign(signed @ separator) == -1).all()
    history = nn.Perceptron(2).learn(X, Y)
    assert history.converged
    assert history.mistakes.sum() <= (radius / margin) ** 2


def test_a_seed_fixes_the_order_of_a_shuffled_epoch():
    X, Y = nn.data.moons(60, seed=0)
    first, again, other = (nn.Perceptron(2).learn(X, Y, epochs=5, shuffle=True, seed=s).mistakes for s in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_a_perceptron_without_bias_keeps_its_boundary_at_the_origin():
    unit = nn.Perceptron(1, bias=False)
    assert unit.learn([[2.0], [-1.0]], [1, 0]).converged
    assert unit.b is None
    assert not nn.Perceptron(1, bias=False).learn([[2.0], [1.0]], [1, 0]).converged


def test_several_perceptrons_learn_side_by_side_as_each_alone():
    targets = np.array([GATES["and"], GATES["or"]]).T
    both = nn.Perceptron(2, 2)
    mistakes = both.learn(CORNERS, targets).mistakes
    alone = [nn.Perceptron(2) for _ in range(2)]
    each = [unit.learn(CORNERS, y).mistakes for unit, y in zip(alone, targets.T, strict=True)]
    assert both.W.tolist() == [unit.W[0].tolist() for unit in alone]
    assert mistakes[0] == each[0][0] + each[1][0]


def test_e8_ten_perceptrons_side_by_side_classify_digits():
    (X, Y), (X_test, Y_test) = nn.data.train_test_split(*nn.data.digits(), test=0.25, seed=0)
    model = nn.Perceptron(64, 10)
    history = model.learn(X, nn.data.one_hot(Y), epochs=10, shuffle=True, seed=0)
    assert history.mistakes[-1] < history.mistakes[0] / 2
    scores = X_test @ model.W.T + model.b
    assert nn.accuracy(scores, Y_test) > 0.9
    assert np.array_equal(model.predict(X_test), scores > 0)


def test_the_slope_of_a_step_is_zero_so_that_descent_has_nothing_to_go_by():
    unit, x = nn.Perceptron(2, init="normal", seed=0), [Value(1.0), Value(2.0)]
    unit(x).backward()
    assert [v.grad for v in [*unit.parameters(), *x]] == [0.0] * 5
