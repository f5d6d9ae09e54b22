import math

import numpy as np
import pytest

import nn
from autograd import UsageError


def test_learning_rate_decay_multiplies_the_rate_once_per_epoch():
    rate, schedule = 0.5, nn.ExponentialDecay(0.5, 0.9)
    for epoch in range(20):
        assert schedule(epoch) == pytest.approx(rate, rel=1e-14)
        assert schedule(epoch + 0.99) == schedule(epoch)
        rate = 0.9 * rate  # α ← αd


@pytest.mark.parametrize(
    ("schedule", "name", "options"),
    [
        (nn.ExponentialDecay(0.1, 0.9), "ExponentialLR", {"gamma": 0.9}),
        (nn.StepDecay(0.1, every=3, factor=0.5), "StepLR", {"step_size": 3, "gamma": 0.5}),
        (nn.CosineDecay(0.1, 10, final=0.01), "CosineAnnealingLR", {"T_max": 10, "eta_min": 0.01}),
    ],
    ids=["exponential", "step", "cosine"],
)
def test_rates_after_whole_epochs_equal_those_of_torch(schedule, name, options):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    theirs = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
    for epoch in range(11):
        assert schedule(epoch) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        optimizer.step()
        theirs.step()


def test_a_cosine_falls_from_first_to_last_and_stays_there():
    schedule = nn.CosineDecay(0.2, 8, final=0.1)
    assert (schedule(0), schedule(4), schedule(8), schedule(100)) == pytest.approx((0.2, 0.15, 0.1, 0.1))
    rates = [schedule(t) for t in np.linspace(0, 8, 50)]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("then", [0.1, nn.CosineDecay(0.1, 5), nn.WarmUp(1, 0.1)])
def test_a_warm_up_rises_in_a_straight_line_to_where_the_next_schedule_starts(then):
    schedule = nn.WarmUp(2, then)
    after = then if callable(then) else lambda t: then
    assert [schedule(t) for t in (0, 0.5, 1.5)] == pytest.approx([x * after(0) for x in (0, 0.25, 0.75)])
    assert [schedule(t) for t in (2, 4.5, 7)] == pytest.approx([after(t) for t in (0, 2.5, 5)])


def test_an_optimiser_takes_a_schedule_in_place_of_a_number():
    optimizer, theta = nn.SGD(nn.ExponentialDecay(0.5, 0.1)), np.zeros(1)
    assert optimizer.lr == 0.5
    optimizer.step(theta, np.ones(1))
    assert optimizer.at(1) == pytest.approx(0.05)
    optimizer.step(theta, np.ones(1))
    assert theta[0] == pytest.approx(-0.55)
    assert nn.SGD(0.3).at(7) == 0.3
    assert repr(optimizer) == "SGD(lr=ExponentialDecay(lr=0.5, decay=0.1))"


def test_fit_asks_for_the_rate_before_every_step_in_epochs():
    asked = []

    def schedule(epochs):
        asked.append(epochs)
        return 0.1

    optimizer = nn.SGD(schedule)
    asked.clear()
    nn.fit(nn.MLP(1, [1]), np.ones(4), np.ones(4), "mse", optimizer, epochs=2, batch_size=2, progress=False)
    assert asked == [0.0, 0.5, 1.0, 1.5]


@pytest.mark.parametrize("rate", [-0.1, math.nan, "fast"])
def test_a_schedule_must_return_a_rate(rate):
    with pytest.raises(UsageError, match="learning rate of the schedule after 3 epochs must be a number from 0"):
        nn.SGD(lambda epochs: rate if epochs else 0.1).at(3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.ExponentialDecay(0, 0.9), "learning rate must be a number above 0, 0 came"),
        (lambda: nn.ExponentialDecay(0.1, -0.9), "decay per epoch must be a number above 0, -0.9 came"),
        (lambda: nn.StepDecay(0.1, 0), "number of epochs between steps must be a number above 0, 0 came"),
        (lambda: nn.StepDecay(0.1, 1, 0), "factor of a step must be a number above 0, 0 came"),
        (lambda: nn.CosineDecay(0.1, 0), "number of epochs must be a number above 0, 0 came"),
        (lambda: nn.CosineDecay(0.1, 3, -1), "final learning rate must be a number from 0, -1 came"),
        (lambda: nn.WarmUp(0, 0.1), "number of epochs of the warm-up must be a number above 0, 0 came"),
        (lambda: nn.WarmUp(1, -0.1), "learning rate must be a number above 0, -0.1 came"),
    ],
)
def test_numbers_that_make_no_schedule_are_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
