import math

import numpy as np
import pytest

import autograd
import nn
from autograd import SizeError, UsageError, Value

KINDS = {
    "descent": (lambda **o: nn.SGD(0.03, **o), "SGD", {"lr": 0.03}),
    "momentum": (lambda **o: nn.SGD(0.03, momentum=0.9, **o), "SGD", {"lr": 0.03, "momentum": 0.9}),
    "nesterov": (lambda **o: nn.SGD(0.03, 0.9, nesterov=True, **o), "SGD",
                 {"lr": 0.03, "momentum": 0.9, "nesterov": True}),
    "dampened": (lambda **o: nn.SGD(0.03, momentum=0.8, dampening=0.3, **o), "SGD",
                 {"lr": 0.03, "momentum": 0.8, "dampening": 0.3}),
    "adagrad": (lambda **o: nn.Adagrad(**o), "Adagrad", {}),
    "rmsprop": (lambda **o: nn.RMSProp(**o), "RMSprop", {}),
    "rmsprop_rho": (lambda **o: nn.RMSProp(0.02, rho=0.9, **o), "RMSprop", {"lr": 0.02, "alpha": 0.9}),
    "adadelta": (lambda **o: nn.AdaDelta(**o), "Adadelta", {}),
    "adadelta_rho": (lambda **o: nn.AdaDelta(0.5, rho=0.95, **o), "Adadelta", {"lr": 0.5, "rho": 0.95}),
    "adam": (lambda **o: nn.Adam(**o), "Adam", {}),
    "adam_betas": (lambda **o: nn.Adam(0.01, 0.8, 0.99, 1e-3, **o), "Adam",
                   {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-3}),
    "adamw": (lambda **o: nn.AdamW(**o), "AdamW", {}),
}
"""How to make ours, and the class and options of torch's."""


def gradients(steps, n=7, seed=0):
    """Gradients of very different sizes, some of them zero."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(steps, n)) * np.array([0, 1e-6, 1e-3, 1, 1, 1e3, 1e6])[:n]


@pytest.mark.parametrize("decay", [{}, {"weight_decay": 0.1}], ids=["", "decay"])
@pytest.mark.parametrize("kind", KINDS)
def test_fifty_steps_equal_those_of_torch(kind, decay):
    torch = pytest.importorskip("torch")
    make, name, options = KINDS[kind]
    theta = np.random.default_rng(1).normal(size=7)
    theirs = torch.tensor(theta, requires_grad=True)
    optimizer, reference = make(**decay), getattr(torch.optim, name)([theirs], **options, **decay)
    for gradient in gradients(50):
        optimizer.step(theta, gradient)
        theirs.grad = torch.tensor(gradient)
        reference.step()
    np.testing.assert_allclose(theta, theirs.detach().numpy(), rtol=1e-12, atol=1e-12)


def test_e6_one_step_of_gradient_descent():
    w = Value(2.0)
    loss = (10 - w * 3) ** 2
    loss.backward()
    assert w.grad == -24.0
    assert nn.SGD(lr=0.1).step(np.array([w.data]), np.array([w.grad])).tolist() == pytest.approx([4.4], abs=1e-12)


# ── parameters of its own ────────────────────────────────────────────────────────────────────

BOUND = {
    "descent": (lambda p, **o: nn.SGD(p, 0.03, **o), "descent"),
    "momentum": (lambda p, **o: nn.SGD(p, 0.03, 0.9, **o), "momentum"),
    "nesterov": (lambda p, **o: nn.SGD(p, lr=0.03, momentum=0.9, nesterov=True, **o), "nesterov"),
    "adagrad": (lambda p, **o: nn.Adagrad(p, **o), "adagrad"),
    "rmsprop": (lambda p, **o: nn.RMSProp(p, **o), "rmsprop"),
    "adadelta": (lambda p, **o: nn.AdaDelta(p, **o), "adadelta"),
    "adam": (lambda p, **o: nn.Adam(p, lr=0.001, **o), "adam"),
    "adam_betas": (lambda p, **o: nn.Adam(p, 0.01, 0.8, 0.99, 1e-3, **o), "adam_betas"),
    "adamw": (lambda p, **o: nn.AdamW(p, **o), "adamw"),
}
"""How to make one with parameters, and which of `KINDS` it is."""


def set_gradients(values, gradient):
    for value, slope in zip(values, gradient, strict=True):
        value.grad = slope


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1, "clip_norm": 3.0, "clip_value": 2.0}], ids=["", "all"])
@pytest.mark.parametrize("kind", BOUND)
def test_with_parameters_the_same_steps_are_taken(kind, options):
    make, same = BOUND[kind]
    theta = np.random.default_rng(1).normal(size=7)
    values = [Value(x) for x in theta]
    optimizer, reference = make(values, **options), KINDS[same][0](**options)
    for gradient in gradients(20):
        set_gradients(values, gradient)
        assert optimizer.step() is None
        assert [v.data for v in values] == reference.step(theta, gradient).tolist()
        assert [v.grad for v in values] == gradient.tolist()
    optimizer.zero_grad()
    assert {v.grad for v in values} == {0.0}


LINE = [(1.0, 3.0), (2.0, 5.0), (-1.0, -1.5)]


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("schedule", [False, True], ids=["", "schedule"])
def test_the_loop_that_people_write_equals_that_of_torch(compiled, schedule):
    torch = pytest.importorskip("torch")
    X, Y = (np.array(column) for column in zip(*LINE, strict=True))
    w, b = Value(0.5), Value(0.0)
    optimizer = nn.Adam([w, b], lr=nn.ExponentialDecay(0.1, 0.9) if schedule else 0.1, weight_decay=0.01)
    program = autograd.compile(lambda x, y: (w * x + b - y) ** 2, [w, b])
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (0.5, 0.0)]
    reference = torch.optim.Adam(theirs, lr=0.1, weight_decay=0.01)
    decay = torch.optim.lr_scheduler.ExponentialLR(reference, 0.9 if schedule else 1.0)
    for epoch in range(20):
        optimizer.at(epoch)
        for _ in range(2):
            optimizer.zero_grad()
            if compiled:
                loss = program.backward(X, Y)
            else:
                mean = sum((w * x + b - y) ** 2 for x, y in zip(X, Y, strict=True)) / len(X)
                mean.backward()
                loss = mean.data
            optimizer.step()
            reference.zero_grad()
            expected = ((theirs[0] * torch.tensor(X) + theirs[1] - torch.tensor(Y)) ** 2).mean()
            expected.backward()
            reference.step()
            assert loss == pytest.approx(expected.item(), rel=1e-12)
        decay.step()
    assert [w.data, b.data] == pytest.approx([t.item() for t in theirs], rel=1e-12)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_a_network_learns_in_a_loop_of_ones_own(compiled):
    X, Y = nn.data.xor()
    model = nn.MLP(2, [8, 1], "tanh", "sigmoid", seed=0)
    optimizer = nn.SGD(model.parameters(), lr=0.5, momentum=0.9)
    program = autograd.compile(lambda x, y: nn.squared_error(model(x), y), model)
    for _ in range(100):
        optimizer.zero_grad()
        if compiled:
            program.backward(X, Y)
        else:
            loss = sum(nn.squared_error(model(x), y) for x, y in zip(X, Y, strict=True)) / len(X)
            loss.backward()
        optimizer.step()
    assert model.predict(X).round().ravel().tolist() == [0, 1, 1, 0]
    nn.fit(twin := nn.MLP(2, [8, 1], "tanh", "sigmoid", seed=0), X, Y, "squared_error",
           nn.SGD(0.5, momentum=0.9), epochs=100, shuffle=False, progress=False)
    assert nn.parameters_to_vector(model) == pytest.approx(nn.parameters_to_vector(twin), rel=1e-9)


def test_a_schedule_counts_steps_until_it_is_told_of_epochs():
    w = Value(1.0)
    optimizer = nn.SGD([w], lr=nn.ExponentialDecay(0.1, 0.5))
    rates = []
    for _ in range(3):
        optimizer.step()
        rates.append(optimizer.lr)
    assert rates == [0.1, 0.05, 0.025]
    assert optimizer.at(1) == 0.05
    optimizer.step()
    assert optimizer.lr == 0.05
    plain = nn.SGD([w], lr=0.1)
    plain.lr = 0.3  # as loops do that lower the rate themselves
    plain.step()
    assert plain.lr == 0.3


@pytest.mark.parametrize("kind", BOUND)
def test_a_loop_resumes_from_states_as_if_it_had_not_stopped(kind):
    values, twins = ([Value(1.0) for _ in range(7)] for _ in range(2))
    schedule = nn.CosineDecay(0.1, 20)
    optimizer, resumed = BOUND[kind][0](values), BOUND[kind][0](twins)
    optimizer.schedule = resumed.schedule = schedule
    for i, gradient in enumerate(gradients(10)):
        if i == 5:
            resumed.load_state_dict(optimizer.state_dict())
            for twin, value in zip(twins, values, strict=True):
                twin.data = value.data
        set_gradients([*values, *twins], [*gradient, *gradient])
        optimizer.step()
        if i >= 5:
            resumed.step()
    assert [v.data for v in values] == [v.data for v in twins]


@pytest.mark.parametrize("given", ["model", "list", "generator", "tuple", "dict", "nested"])
def test_parameters_come_as_a_model_or_as_values(given):
    model = nn.Neuron(2, seed=0)
    several = {"model": model, "list": model.parameters(), "generator": iter(model.parameters()),
               "tuple": tuple(model.parameters()), "dict": dict(model.named_parameters()), "nested": [model.w, model.b]}
    optimizer = nn.SGD(several[given], lr=0.1)
    assert optimizer.params == tuple(model.parameters())
    assert repr(optimizer) == "SGD(3 parameters, lr=0.1)"
    assert nn.SGD(lr=0.1, params=several["list"]).params == optimizer.params
    assert repr(nn.SGD(0.1)) == "SGD(lr=0.1)"


class Signs(nn.Optimizer):
    def update(self, gradient):
        return self.lr * np.sign(gradient)


def test_an_optimiser_of_ones_own_takes_parameters_too():
    w = Value(1.0)
    w.grad = -3.0
    Signs([w], lr=0.5).step()
    assert w.data == 1.5
    assert Signs(0.5).step(np.ones(1), np.ones(1)).tolist() == [0.5]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.SGD([], lr=0.1), UsageError, "at least one parameter to change, none came"),
        (lambda: nn.SGD([{"params": [Value(1.0)], "lr": 0.1}], lr=0.1), UsageError, "make one for each group"),
        (lambda: nn.SGD([1.0], lr=0.1), TypeError, "parameters are Values, float came"),
        (lambda: nn.SGD(np.ones(3), lr=0.1), TypeError, "parameters are Values, float came"),
        (lambda: nn.SGD([Value(1.0)], lr="fast"), UsageError, "learning rate must be a number above 0, 'fast' came"),
        (lambda: nn.SGD([Value(1.0)]), TypeError, "lr"),
        (lambda: nn.SGD(0.1).step(), UsageError, r"made without parameters: SGD\(model.parameters\(\), lr=0.1\)"),
        (lambda: nn.Adam().zero_grad(), UsageError, r"Adam\(model.parameters\(\), lr=0.001\) has step"),
        (lambda: nn.SGD([Value(1.0)], lr=0.1).step(np.ones(1)), UsageError, "both theta and gradient, or neither"),
        (lambda: nn.fit(nn.Neuron(1), [[1.0]], [[1.0]], "mse", nn.SGD([Value(1.0)], lr=0.1), progress=False),
         UsageError, r"fit trains the parameters of its model, .* such as SGD\(lr=0.1\)"),
    ],
)
def test_what_cannot_be_bound_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_fit_takes_an_optimiser_with_the_parameters_of_its_model():
    X, Y = nn.data.xor()
    models = [nn.MLP(2, [2, 1], seed=0) for _ in range(2)]
    losses = [nn.fit(model, X, Y, "mse", optimizer, epochs=3, progress=False, seed=0).loss.tolist()
              for model, optimizer in zip(models, (nn.SGD(models[0], lr=0.1), nn.SGD(0.1)), strict=True)]
    assert losses[0] == losses[1]


# ── formulas ─────────────────────────────────────────────────────────────────────────────────


def test_momentum_accumulates_as_its_formula_says():
    optimizer, theta = nn.SGD(1.0, momentum=0.5), np.zeros(1)
    steps = [float(optimizer.step(theta, np.ones(1))[0]) for _ in range(3)]
    assert steps == [-1.0, -2.5, -4.25]  # velocities 1, 1.5, 1.75


def test_momentum_as_an_average_starts_at_zero_and_takes_in_a_share_of_each_gradient():
    optimizer, theta, m, expected = nn.SGD(0.1, momentum=0.9, average=True), np.ones(3), np.zeros(3), np.ones(3)
    for gradient in gradients(20, 3):
        m = 0.9 * m + (1 - 0.9) * gradient
        expected = expected - 0.1 * m
        optimizer.step(theta, gradient)
    assert theta == pytest.approx(expected, abs=1e-15)


def test_the_two_momentums_go_the_same_way_at_rates_that_differ_by_one_minus_mu():
    one, other = np.ones(7), np.ones(7)
    plain, average = nn.SGD(0.01, momentum=0.9), nn.SGD(0.1, momentum=0.9, average=True)
    for gradient in gradients(20):
        plain.step(one, gradient)
        average.step(other, gradient)
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_adam_is_m_v_bias_correction_and_step_with_the_defaults_of_the_lectures():
    optimizer, theta = nn.Adam(), np.ones(7)
    assert (optimizer.lr, optimizer.beta1, optimizer.beta2, optimizer.eps) == (0.001, 0.9, 0.999, 1e-8)
    m, v, expected = np.zeros(7), np.zeros(7), np.ones(7)
    for t, g in enumerate(gradients(20), start=1):
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        expected = expected - 0.001 * m_hat / (np.sqrt(v_hat) + 1e-8)
        optimizer.step(theta, g)
    np.testing.assert_allclose(theta, expected, rtol=1e-14)
    np.testing.assert_allclose(optimizer.state["m"], m, rtol=1e-14)
    np.testing.assert_allclose(optimizer.state["v"], v, rtol=1e-14)


def test_rmsprop_divides_by_the_root_of_a_running_average_of_squares():
    optimizer, theta = nn.RMSProp(0.01, rho=0.9, eps=1e-8), np.array([1.0])
    optimizer.step(theta, np.array([2.0]))
    assert theta[0] == pytest.approx(1 - 0.01 * 2 / (math.sqrt(0.1 * 4) + 1e-8), abs=1e-15)


def test_adadelta_needs_no_learning_rate():
    optimizer, theta = nn.AdaDelta(rho=0.9, eps=1e-6), np.array([1.0])
    optimizer.step(theta, np.array([2.0]))
    assert theta[0] == pytest.approx(1 - 2 * math.sqrt(1e-6) / math.sqrt(0.1 * 4 + 1e-6), abs=1e-15)


@pytest.mark.parametrize(("form", "factor"), [("torch", 1), ("lecture", 2)])
def test_e12_weight_decay_in_both_forms(form, factor):
    w, slope, rate, decay = np.array([-3.0, 0.5]), np.array([0.7, -1.0]), 0.1, 0.01
    expected = w - rate * (slope + factor * decay * w)
    stepped = nn.SGD(rate, weight_decay=decay, decay_form=form).step(w.copy(), slope)
    assert stepped == pytest.approx(expected, abs=1e-15)
    decoupled = nn.AdamW(rate, weight_decay=decay, decay_form=form).step(w.copy(), np.zeros(2))
    assert decoupled == pytest.approx(w * (1 - factor * rate * decay), abs=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_every_optimiser_finds_the_minimum_of_a_bowl(kind):
    theta, optimizer = np.array([1.0, -1.0]), KINDS[kind][0]()
    optimizer.lr *= {"adagrad": 30, "adam": 30, "adamw": 30}.get(kind, 1)  # made for deeper bowls
    for _ in range(1500):
        optimizer.step(theta, theta * [1.0, 4.0])
    assert np.abs(theta).max() < 0.1


# ── vectors ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_theta_changes_in_place_in_its_dtype_and_the_gradient_stays(kind, dtype):
    theta, gradient = np.ones(3, dtype), np.full(3, 5.0, dtype)
    optimizer = KINDS[kind][0](weight_decay=0.1, clip_norm=3.0, clip_value=2.0)
    for _ in range(3):
        assert optimizer.step(theta, gradient) is theta
    assert theta.dtype == dtype
    assert {vector.dtype for vector in optimizer.state.values()} <= {np.dtype(dtype)}
    assert (theta < 1).all()
    assert gradient.tolist() == [5.0] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_allocates_no_vectors(kind):
    import tracemalloc

    theta, gradient = np.ones(100_000), np.ones(100_000)
    optimizer = KINDS[kind][0](weight_decay=0.1, clip_norm=3.0, clip_value=2.0)
    optimizer.step(theta, gradient)
    tracemalloc.start()
    optimizer.step(theta, gradient)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000


@pytest.mark.parametrize("kind", ["momentum", "adam"])
def test_what_fades_from_the_memory_ends_as_zero_and_not_as_a_subnormal_number(kind):
    optimizer, theta, faded = KINDS[kind][0](), np.zeros(2, np.float32), np.array([0.0, 1.0], np.float32)
    optimizer.step(theta, np.ones(2, np.float32))
    for _ in range(1500):
        optimizer.step(theta, faded)
    name = optimizer.memory[0]
    assert optimizer.state[name][0] == 0 < abs(optimizer.state[name][1])
    number = np.float32(2e-45)
    assert np.float32(0.9) * number == number > 0  # why it would stay for ever


def test_vectors_that_do_not_match_are_refused():
    optimizer = nn.SGD(0.1, momentum=0.9)
    with pytest.raises(SizeError, match=r"a gradient of shape \(3,\) is expected, one of shape \(2,\) came"):
        optimizer.step(np.zeros(3), np.zeros(2))
    optimizer.step(np.zeros(3), np.zeros(3))
    with pytest.raises(SizeError, match="each model needs an optimiser of its own"):
        optimizer.step(np.zeros(2), np.zeros(2))
    with pytest.raises(UsageError, match="the dtype must be float32 or float64"):
        nn.SGD(0.1).step(np.array([1]), np.array([1]))


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_resumes_from_a_state_as_if_it_had_not_stopped(kind, dtype):
    make, theta = KINDS[kind][0], np.ones(7, dtype)
    optimizer, resumed = make(), make()
    for gradient in gradients(5).astype(dtype):
        optimizer.step(theta, gradient)
    twin = theta.copy()
    resumed.load_state_dict(optimizer.state_dict())
    for gradient in gradients(5, seed=3).astype(dtype):
        optimizer.step(theta, gradient)
        resumed.step(twin, gradient)
    assert np.array_equal(theta, twin)


def test_a_state_is_a_copy():
    optimizer = nn.Adam()
    optimizer.step(np.ones(2), np.ones(2))
    state = optimizer.state_dict()
    optimizer.step(np.ones(2), np.ones(2))
    assert state["steps"] == 1
    assert state["m"].tolist() == pytest.approx([0.1, 0.1])


@pytest.mark.parametrize("state", [{}, {"steps": 1, "velocity": np.zeros(2)}, {"m": np.zeros(2), "v": np.zeros(2)}])
def test_the_state_of_another_kind_is_refused(state):
    with pytest.raises(UsageError, match="Adam remembers steps, m, v; "):
        nn.Adam().load_state_dict(state)


# ── clipping ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("gradient", "limit", "expected"),
    [
        ([3.0, 4.0], 1.0, [0.6, 0.8]),
        ([3.0, 4.0], 5.0, [3.0, 4.0]),
        ([3.0, 4.0], 10.0, [3.0, 4.0]),
        ([0.0, 0.0], 1.0, [0.0, 0.0]),
        ([3e200, 4e200], 1.0, [0.6, 0.8]),
    ],
)
def test_clipping_by_norm_shortens_what_is_too_long_and_keeps_its_direction(gradient, limit, expected):
    assert nn.clip_by_norm(np.array(gradient), limit) == pytest.approx(expected, rel=1e-12)


def test_clipping_in_float32_survives_squares_that_overflow():
    clipped = nn.clip_by_norm(np.array([3e30, 4e30], np.float32), 1.0)
    assert clipped.dtype == np.float32
    assert clipped == pytest.approx([0.6, 0.8], rel=1e-6)


def test_clipping_equals_that_of_torch():
    torch = pytest.importorskip("torch")
    gradient = np.random.default_rng(0).normal(size=9)
    theirs = torch.zeros(9, dtype=torch.float64)
    theirs.grad = torch.tensor(gradient)
    torch.nn.utils.clip_grad_norm_(theirs, 0.5)
    assert nn.clip_by_norm(gradient, 0.5) == pytest.approx(theirs.grad.numpy(), rel=1e-5)  # theirs adds 1e-6
    theirs.grad = torch.tensor(gradient)
    torch.nn.utils.clip_grad_value_(theirs, 0.5)
    assert np.array_equal(nn.clip_by_value(gradient, 0.5), theirs.grad.numpy())


def test_an_optimiser_clips_before_it_uses_the_gradient():
    assert nn.SGD(1.0, clip_norm=1.0).step(np.zeros(2), np.array([3.0, 4.0])) == pytest.approx([-0.6, -0.8])
    assert nn.SGD(1.0, clip_value=1.0).step(np.zeros(2), np.array([3.0, -0.5])).tolist() == [-1.0, 0.5]
    decayed = nn.SGD(1.0, clip_norm=1.0, weight_decay=0.5).step(np.ones(2), np.array([3.0, 4.0]))
    assert decayed == pytest.approx([1 - 0.6 - 0.5, 1 - 0.8 - 0.5])


# ── options ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", nn.OPTIMIZERS.values(), ids=nn.OPTIMIZERS)
@pytest.mark.parametrize("lr", [0, -1.0, math.nan, math.inf, "fast", None])
def test_a_learning_rate_is_a_number_above_zero(make, lr):
    with pytest.raises(UsageError, match="learning rate must be a number above 0"):
        make(lr)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.SGD(0.1, momentum=1.0), "momentum must be a number from 0 to below 1"),
        (lambda: nn.SGD(0.1, nesterov=True), "Nesterov's method needs a momentum"),
        (lambda: nn.SGD(0.1, average=True), "an average needs a momentum"),
        (lambda: nn.SGD(0.1, dampening=0.5), "dampening needs a momentum"),
        (lambda: nn.SGD(0.1, 0.9, nesterov=True, average=True), "different kinds of momentum: choose one"),
        (lambda: nn.SGD(0.1, weight_decay=-1), "weight decay must be a number from 0, -1 came"),
        (lambda: nn.SGD(0.1, decay_form="keras"), "unknown form of weight decay 'keras': there are torch, lecture"),
        (lambda: nn.SGD(0.1, clip_norm=0), r"longest gradient \(clip_norm\) must be a number above 0, 0 came"),
        (lambda: nn.SGD(0.1, clip_value=-1), r"largest slope \(clip_value\) must be a number above 0, -1 came"),
        (lambda: nn.Adam(beta1=1), "beta1 must be a number from 0 to below 1, 1 came"),
        (lambda: nn.Adam(beta2=-0.1), "beta2 must be a number from 0 to below 1"),
        (lambda: nn.Adam(eps=0), "eps must be a number above 0"),
        (lambda: nn.RMSProp(rho=1.5), "rho must be a number from 0 to below 1"),
        (lambda: nn.AdaDelta(eps=-1e-6), "eps must be a number above 0"),
        (lambda: nn.Optimizer(0.1).step(np.zeros(1), np.zeros(1)), "Optimizer needs a method update"),
    ],
)
def test_options_that_cannot_descend_are_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
