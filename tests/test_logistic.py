import numpy as np
import pytest

import nn
from autograd import Value, ops


def test_two_classes_have_one_sigmoid_and_more_have_softmax():
    assert nn.LogisticRegression(3)([1, 2, 3]).op is ops.sigmoid
    probabilities = nn.LogisticRegression(3, classes=4, init="normal", seed=0)([1, 2, 3])
    assert sum(p.data for p in probabilities) == pytest.approx(1, abs=1e-15)
    assert nn.LogisticRegression(3, classes=4).W.shape == (4, 3)


def test_without_training_every_class_is_equally_likely():
    assert nn.LogisticRegression(2).predict([[5.0, -3.0]]).tolist() == [[0.5]]
    assert nn.LogisticRegression(2, classes=5).predict([[5.0, -3.0]])[0] == pytest.approx([0.2] * 5, abs=1e-15)


def test_e14_the_boundary_is_the_hyperplane_where_the_weighted_sum_is_zero():
    model = nn.LogisticRegression(2)
    model.W, model.b = [[2.0, -1.0]], [0.5]
    X = np.random.default_rng(0).normal(size=(200, 2))
    assert np.array_equal(model.predict(X).ravel() > 0.5, X @ [2.0, -1.0] + 0.5 > 0)


def test_the_gradient_of_log_loss_is_error_times_input():
    model, x = nn.LogisticRegression(2, init="normal", seed=0), [1.5, -2.0]
    p = model(x)
    nn.binary_cross_entropy(p, 1).backward()
    assert [w.grad for w in model.parameters()] == pytest.approx(
        [(p.data - 1) * 1.5, (p.data - 1) * -2.0, p.data - 1], abs=1e-12
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_it_finds_the_minimum_that_newtons_method_finds(classes):
    X, Y = nn.data.blobs(60, centers=np.eye(3)[:classes, :2].tolist(), noise=0.6, seed=0)
    model = nn.LogisticRegression(2, classes)
    loss = "binary_cross_entropy" if classes == 2 else "cross_entropy"
    targets = Y if classes == 2 else nn.data.one_hot(Y)
    nn.fit(model, X, targets, loss, nn.SGD(1.0, momentum=0.9), epochs=600, progress=False)
    A, target = np.hstack([X, np.ones((60, 1))]), targets.reshape(60, -1)
    error = A.T @ (model.predict(X) - target) / 60  # the gradient of a convex cost, 0 at the minimum alone
    assert np.abs(error).max() < 1e-7


def test_it_separates_only_what_a_line_separates():
    for gate, best in (("and", 1.0), ("xor", 0.75)):
        X, Y = nn.data.logic_gate(gate)
        model = nn.LogisticRegression(2, init="normal", seed=0)
        nn.fit(model, X, Y, "binary_cross_entropy", nn.SGD(1.0, momentum=0.9), epochs=300, progress=False)
        assert nn.accuracy(model.predict(X), Y) <= best
        assert (nn.accuracy(model.predict(X), Y) == 1) == (gate == "and")


def test_its_output_is_one_value_that_gradients_pass_through():
    model, x = nn.LogisticRegression(2, init="normal", seed=1), [Value(1.0), Value(2.0)]
    p = model(x)
    p.backward()
    assert [v.grad for v in x] == pytest.approx((p.data * (1 - p.data) * model.W[0]).tolist(), abs=1e-15)
