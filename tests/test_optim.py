import numpy as np
import pytest

import nn
from autograd import SizeError, UsageError, Value


def test_e6_one_step_of_gradient_descent():
    w = Value(2.0)
    loss = (10 - w * 3) ** 2
    loss.backward()
    assert w.grad == -24.0
    assert nn.SGD(lr=0.1).step(np.array([w.data]), np.array([w.grad])).tolist() == pytest.approx([4.4], abs=1e-12)


@pytest.mark.parametrize(
    "options",
    [{}, {"momentum": 0.9}, {"momentum": 0.5}, {"momentum": 0.9, "nesterov": True}],
)
def test_fifty_steps_equal_those_of_torch(options):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    theta = rng.normal(size=7)
    theirs = torch.tensor(theta, requires_grad=True)
    optimizer, reference = nn.SGD(0.03, **options), torch.optim.SGD([theirs], lr=0.03, **options)
    for gradient in rng.normal(size=(50, 7)):
        optimizer.step(theta, gradient)
        theirs.grad = torch.tensor(gradient)
        reference.step()
    assert theta == pytest.approx(theirs.detach().numpy(), abs=1e-12)


def test_momentum_accumulates_as_its_formula_says():
    optimizer, theta = nn.SGD(1.0, momentum=0.5), np.zeros(1)
    steps = [float(optimizer.step(theta, np.ones(1))[0]) for _ in range(3)]
    assert steps == [-1.0, -2.5, -4.25]  # velocities 1, 1.5, 1.75


def test_theta_changes_in_place_and_keeps_its_dtype():
    theta = np.zeros(2, np.float32)
    gradient = np.ones(2, np.float32)
    assert nn.SGD(0.5, momentum=0.9).step(theta, gradient) is theta
    assert theta.dtype == np.float32
    assert theta.tolist() == [-0.5, -0.5]
    assert gradient.tolist() == [1.0, 1.0]


def test_vectors_that_do_not_match_are_refused():
    optimizer = nn.SGD(0.1, momentum=0.9)
    with pytest.raises(SizeError, match=r"a gradient of shape \(3,\) is expected, one of shape \(2,\) came"):
        optimizer.step(np.zeros(3), np.zeros(2))
    optimizer.step(np.zeros(3), np.zeros(3))
    with pytest.raises(SizeError, match="each model needs an optimiser of its own"):
        optimizer.step(np.zeros(2), np.zeros(2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": 0}, "learning rate must be a number above 0, 0 came"),
        ({"lr": -1.0}, "learning rate must be"),
        ({"lr": float("nan")}, "learning rate must be"),
        ({"lr": 0.1, "momentum": 1.0}, "momentum must be a number from 0 to below 1"),
        ({"lr": 0.1, "nesterov": True}, "Nesterov's method needs a momentum"),
    ],
)
def test_options_that_cannot_descend_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        nn.SGD(**options)
