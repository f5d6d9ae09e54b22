import math

import numpy as np
import pytest

import nn
from autograd import SizeError, UsageError, Value
from nn.losses import check_targets


def slope(loss, a, y):
    """The loss of one output and its derivative."""
    out = Value(a)
    value = loss(out, y)
    value.backward()
    return value.data, out.grad


def test_mse_is_the_mean_over_the_outputs_of_an_example():
    outputs = [Value(1.0), Value(4.0), Value(2.0), Value(0.0)]
    loss = nn.mse(outputs, [1.0, 2.0, 2.0, 2.0])
    loss.backward()
    assert loss.data == 2.0
    assert [out.grad for out in outputs] == [0.0, 1.0, 0.0, -1.0]


@pytest.mark.parametrize("a", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
def test_binary_cross_entropy_is_its_formula(a, y):
    value, grad = slope(nn.binary_cross_entropy, a, y)
    assert value == pytest.approx(-(y * math.log(a) + (1 - y) * math.log(1 - a)), abs=1e-15)
    assert grad == pytest.approx((a - y) / (a * (1 - a)), rel=1e-12)


@pytest.mark.parametrize("z", [-3.0, 0.0, 2.0])
@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
def test_the_two_binary_cross_entropies_agree(z, y):
    value, grad = slope(nn.binary_cross_entropy_with_logits, z, y)
    behind, chained = slope(lambda z, y: nn.binary_cross_entropy(z.sigmoid(), y), z, y)
    assert value == pytest.approx(behind, rel=1e-12)
    assert grad == pytest.approx(chained, rel=1e-12)
    assert grad == pytest.approx(1 / (1 + math.exp(-z)) - y, rel=1e-12)


@pytest.mark.parametrize("z", [-1e6, -800.0, -100.0, -40.0, 40.0, 100.0, 800.0, 1e6])
@pytest.mark.parametrize("y", [0.0, 1.0, 0.5])
def test_saturated_outputs_cost_finite_losses_with_finite_gradients(z, y):
    for loss in (nn.binary_cross_entropy_with_logits, lambda z, y: nn.binary_cross_entropy(z.sigmoid(), y)):
        value, grad = slope(loss, z, y)
        assert 0 <= value < math.inf
        assert abs(grad) <= 1


@pytest.mark.parametrize(("a", "y", "cost"), [(0.0, 0, 0), (1.0, 1, 0), (0.0, 1, 87.3365), (1.0, 0, 87.3365)])
def test_a_probability_of_zero_or_one_costs_nothing_or_the_most(a, y, cost):
    value, grad = slope(nn.binary_cross_entropy, a, y)
    assert value == pytest.approx(cost, abs=1e-4)
    assert math.isfinite(grad)


SCORES = np.random.default_rng(0).normal(0, 2, 6)
TARGETS = np.random.default_rng(1).uniform(size=6)
ONE_HOT = np.eye(6)[2]
PROBABILITIES = np.array([0.1, 0.3, 0.05, 0.25, 0.2, 0.1])


@pytest.mark.parametrize(("loss", "theirs", "outputs", "targets"), [
    (nn.squared_error, lambda F, a, y: F.mse_loss(a, y, reduction="sum"), SCORES, TARGETS),
    (nn.half_squared_error, lambda F, a, y: F.mse_loss(a, y, reduction="sum") / 2, SCORES, TARGETS),
    (nn.mse, lambda F, a, y: F.mse_loss(a, y), SCORES, TARGETS),
    (nn.mae, lambda F, a, y: F.l1_loss(a, y), SCORES, TARGETS),
    (nn.hinge, lambda F, a, y: F.relu(1 - a * y).mean(), SCORES, np.sign(SCORES[::-1].copy())),
    (nn.binary_cross_entropy, lambda F, a, y: F.binary_cross_entropy(a, y), PROBABILITIES, TARGETS),
    (nn.binary_cross_entropy_with_logits, lambda F, a, y: F.binary_cross_entropy_with_logits(a, y), SCORES, TARGETS),
    (nn.cross_entropy, lambda F, a, y: F.nll_loss(a.log(), y.argmax()), PROBABILITIES, ONE_HOT),
    (nn.cross_entropy_with_logits, lambda F, a, y: F.cross_entropy(a, y), SCORES, ONE_HOT),
], ids=lambda x: getattr(x, "__name__", ""))
def test_a_loss_and_its_gradient_equal_those_of_torch(loss, theirs, outputs, targets):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(outputs, requires_grad=True)
    expected = theirs(torch.nn.functional, tensor, torch.tensor(targets))
    expected.backward()
    ours = [Value(out) for out in outputs]
    value = loss(ours, targets.tolist())
    value.backward()
    assert value.data == pytest.approx(expected.item(), abs=1e-13)
    assert [out.grad for out in ours] == pytest.approx(tensor.grad.tolist(), abs=1e-13)


@pytest.mark.parametrize("loss", nn.LOSSES.values())
def test_a_list_of_one_is_one_output(loss):
    assert loss([Value(0.3)], 1).data == loss(Value(0.3), [1]).data == loss(0.3, 1)


@pytest.mark.parametrize("loss", nn.LOSSES.values())
def test_outputs_and_targets_must_be_equally_many(loss):
    with pytest.raises(SizeError, match="2 outputs and 1 targets came"):
        loss([Value(0.1), Value(0.2)], 1)
    with pytest.raises(SizeError, match="0 outputs and 0 targets came"):
        loss([], [])


def test_a_label_of_a_class_where_a_row_is_due_says_how_to_make_one():
    with pytest.raises(SizeError, match=r"if it is the label of a class, nn\.data\.one_hot makes it a row"):
        nn.cross_entropy([0.2, 0.6, 0.2], 1)


@pytest.mark.parametrize(("loss", "targets", "message"), [
    ("binary_cross_entropy", [0.0, 2.0], r"binary_cross_entropy takes targets from 0 to 1, Y\[1\] is 2.0: classes are"),
    (nn.cross_entropy_with_logits, [[0.0, 1.0], [-0.5, 1.5]], r"from 0 to 1, Y\[1, 0\] is -0.5"),
    (nn.penalized("hinge", nn.Neuron(2), l2=1), [1.0, 0.0], r"hinge takes targets -1 and 1, Y\[1\] is 0.0: 2 \* Y - 1"),
])
def test_targets_that_a_loss_has_no_meaning_for_are_named(loss, targets, message):
    with pytest.raises(UsageError, match=message):
        check_targets(loss, np.array(targets))


@pytest.mark.parametrize("loss", ["mse", "squared_error", lambda a, y: a, nn.penalized("mae", nn.Neuron(2), l1=1)])
def test_losses_of_numbers_and_losses_of_ones_own_take_any_target(loss):
    check_targets(loss, np.array([-7.0, 9.0]))


def test_targets_between_the_ends_are_probabilities_too():
    for name in ("binary_cross_entropy", "cross_entropy", "binary_cross_entropy_with_logits"):
        check_targets(name, np.array([[0.0, 0.3, 0.7], [0.0, 1.0, 0.0]]))
