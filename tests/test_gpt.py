import numpy as np
import pytest

import autograd
from autograd import Value
from autograd.nested import parameters_of
from benchmarks.gpt import GPT, one_hot
from nn import SGD, parameters_to_vector

WORDS = [".emma.ann.", ".anna.mae.", ".mia.emma.", ".noah.lea."]


@pytest.fixture(scope="module")
def model():
    return GPT()


@pytest.fixture(scope="module")
def program(model):
    return autograd.compile(model.loss, model.params)


@pytest.fixture(scope="module")
def data():
    return one_hot([word[:9] for word in WORDS])


def eager(model, X, Y):
    parameters = parameters_of(model.params)
    for parameter in parameters:
        parameter.grad = 0.0
    loss = autograd.mean([model.loss(x, y) for x, y in zip(X.tolist(), Y.tolist(), strict=True)])
    loss.backward()
    return loss.data, np.array([parameter.grad for parameter in parameters])


def test_a_gpt_compiles_to_a_few_dozen_blocks(model, program, data):
    program.value_and_grad(parameters_to_vector(model.params), *data)
    assert len(program.blocks) <= 40


def test_all_positions_and_heads_share_their_blocks(model, program, data):
    program.value_and_grad(parameters_to_vector(model.params), *data)
    operations = [block.op for block in program.blocks]
    assert [operations.count(op) for op in ("exp", "div", "relu", "pow", "logsumexp")] == [1, 1, 1, 3, 1]
    assert next(block for block in program.blocks if block.op == "exp").scalars == 4 * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8)


def test_a_compiled_gpt_agrees_with_the_eager_one(model, program, data):
    value, gradient = program.value_and_grad(parameters_to_vector(model.params), *data)
    expected, expected_gradient = eager(model, *data)
    assert value == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-9, atol=1e-12)


def test_a_position_does_not_see_those_that_follow(data):
    model = GPT(seed=1)
    X, _ = data
    changed = X[0].copy()
    changed[5:] = changed[5:, ::-1]
    before, after = model(X[0].tolist()), model(changed.tolist())
    for t, (z, z_changed) in enumerate(zip(before, after, strict=True)):
        same = [float(a.data) for a in z] == [float(a.data) for a in z_changed]
        assert same == (t < 5)


def test_a_gpt_learns_a_handful_of_words(model, program, data):
    theta = parameters_to_vector(model.params)
    optimizer = SGD(0.3, momentum=0.9)
    losses = []
    for _ in range(60):
        value, gradient = program.value_and_grad(theta, *data)
        optimizer.step(theta, gradient)
        losses.append(value)
    assert losses[0] == pytest.approx(np.log(27), abs=0.2)
    assert losses[-1] < 0.5


def test_one_hot_shifts_by_a_letter():
    X, Y = one_hot(["ab."])
    assert X.shape == Y.shape == (1, 2, 27)
    assert X[0].argmax(axis=1).tolist() == [1, 2]
    assert Y[0].argmax(axis=1).tolist() == [2, 0]


@pytest.mark.parametrize("total", [sum, autograd.sum])
def test_a_softmax_over_one_score_stays_with_the_longer_ones(total):
    w = [Value(0.1 * i, f"w[{i}]") for i in range(4)]

    def loss(x):
        means = []
        for t in range(1, 5):
            powers = [autograd.exp(a * b) for a, b in zip(w[:t], x[:t], strict=True)]
            means.append(autograd.dot(powers, x[:t]) / total(powers))
        return autograd.sum([mean**2 for mean in means])

    program = autograd.compile(loss, w)
    program.value_and_grad(np.ones(4), np.ones((2, 4)))
    assert [block.op for block in program.blocks].count("div") == 1


def test_letters_may_be_numbers_or_one_hot_rows(model, data):
    X, Y = data
    by_row = model.loss(X[0].tolist(), Y[0].tolist())
    by_number = model.loss(X[0].argmax(1).tolist(), Y[0].argmax(1).tolist())
    assert by_number.data == pytest.approx(by_row.data, rel=1e-12)
