"""What the lectures say, line by line: first the worked examples with the numbers that were written on the board."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, dot
from nn.activations import ACTIVATIONS
from nn.data import GATES

over = pytest.mark.parametrize


def test_e1_a_sum_times_a_number() -> None:
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    q = x + y
    f = q * z
    f.backward()
    assert (q.data, f.data) == (3.0, -12.0)
    assert (f.grad, q.grad, z.grad, x.grad, y.grad) == (1.0, -4.0, 3.0, -4.0, -4.0)
    assert autograd.local_derivatives(f) == (-4.0, 3.0)
    assert autograd.local_derivatives(q) == (1.0, 1.0)


@over(("a", "b", "c"), [(1.0, 2.0, 3.0), (-0.5, 4.0, 0.0)])
def test_e2_a_sum_of_two_products(a: float, b: float, c: float) -> None:
    va, vb, vc = Value(a), Value(b), Value(c)
    u = 3 * va
    v = 2 * vb * vc
    z = u + v
    assert z.data == 3 * a + 2 * b * c
    assert autograd.grad(z, [va, vb, vc, u, v]) == [3.0, 2 * c, 2 * b, 1.0, 1.0]


@over(("a", "b", "c"), [(5.0, 3.0, 2.0), (-1.0, 0.5, -4.0)])
def test_e3_a_chain_of_three_steps(a: float, b: float, c: float) -> None:
    va, vb, vc = Value(a), Value(b), Value(c)
    u = vb * vc
    v = va + u
    cost = 3 * v
    assert autograd.grad(cost, [v, va, u, vb, vc]) == [3.0, 3.0, 3.0, 3 * c, 3 * b]
    assert autograd.local_derivatives(v) == (1.0, 1.0)
    assert autograd.local_derivatives(u) == (c, b)  # du/db is c, where the slide prints 1


def test_e4_a_parabola_and_the_gradient_of_its_own_value() -> None:
    x = Value(5)
    y = x**2 - 2 * x + 1
    y.backward()
    assert (y.data, x.grad, y.grad) == (16.0, 8.0, 1.0)


@over(("x", "y"), [(0.0, 0.0), (1.5, -2.0), (-2.0, 7.0)])
def test_e5_two_variables(x: float, y: float) -> None:
    vx, vy = Value(x), Value(y)
    z = vx**2 + 4 * vx - 3 * vy + 10
    assert autograd.grad(z, [vx, vy]) == [2 * x + 4, -3.0]


def test_e6_one_step_of_gradient_descent() -> None:
    w = Value(2)
    loss = (10 - w * 3) ** 2
    loss.backward()
    assert w.grad == -24.0
    w.data -= 0.1 * w.grad
    assert w.data == pytest.approx(4.4, abs=1e-12)


def test_e7_slopes_from_forward_differences() -> None:
    losses = {(0, 0, 0): 1.25347, (1, 0, 0): 1.25322, (0, 1, 0): 1.25353, (0, 0, 1): 1.25347}
    h = 0.0001
    slopes = autograd.finite_difference(
        lambda *w: losses[tuple(round(x / h) for x in w)], [0.0, 0.0, 0.0], h=h, kind="forward"
    )
    assert slopes == pytest.approx([-2.5, 0.6, 0.0], abs=1e-8)


@over(("image", "losses"), [(2, [0.0, 0.5, 0.0]), (5, [0.5, 0.5, 0.0])])
def test_e8_perceptrons_that_score_an_image(image: int, losses: list[float]) -> None:
    scores, digits = [6.5, 2.4, -7.2], [2, 3, 4]
    outputs = [nn.Perceptron(1, bias=False, init=lambda rng, shape: np.ones(shape))([s]) for s in scores]
    assert [h.data for h in outputs] == [1.0, 1.0, 0.0]
    targets = [float(digit == image) for digit in digits]  # for perceptron '2' shown a '2' it is 1, where a slide has 0
    assert [nn.half_squared_error(h, t).data for h, t in zip(outputs, targets, strict=True)] == losses


@over("gate", ["and", "or", "xor"])
def test_e9_a_perceptron_learns_and_and_or_but_not_xor(gate: str) -> None:
    X, Y = nn.data.logic_gate(gate)
    unit = nn.Perceptron(2)
    history = unit.learn(X, Y, epochs=100)
    assert history.converged == (gate != "xor")
    assert np.array_equal(unit.predict(X).ravel(), Y) == (gate != "xor")
    assert (history.mistakes > 0).sum() == (100 if gate == "xor" else len(history.mistakes) - 1)


def test_e10_a_network_4_5_7_3_gives_a_vector_of_three() -> None:
    model = nn.MLP(4, [5, 7, 3], activation="linear", seed=0)
    assert model.predict([[41, 42, 42, 43]]).shape == (1, 3)
    assert [len(layer.parameters()) for layer in model.layers] == [25, 42, 24]


def test_e11_the_compiler_finds_the_gradients_of_a_linear_layer() -> None:
    rng = np.random.default_rng(11)
    X, W, B, G = rng.normal(size=(2, 2)), rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=(2, 3))
    layer = nn.Layer(2, 3)
    layer.W, layer.b = W, B
    program = autograd.compile(lambda x, y: dot(layer(x), y), layer)  # L = Σ Z∘G / 2, so that dL/dZ = G / 2
    value, gradient, dX = program.value_and_grad(nn.parameters_to_vector(layer), X, G, inputs=True)
    assert value == pytest.approx(((X @ W.T + B) * G).sum() / 2, abs=1e-12)
    np.testing.assert_allclose(dX, G @ W / 2, atol=1e-12)  # dL/dX = dL/dZ · Wᵀ, with the lectures' W the transpose
    np.testing.assert_allclose(gradient[:6].reshape(3, 2).T, X.T @ G / 2, atol=1e-12)  # dL/dW = Xᵀ · dL/dZ
    np.testing.assert_allclose(gradient[6:], np.ones(2) @ G / 2, atol=1e-12)  # dL/db = 1ᵀ · dL/dZ


def test_e11_the_gradient_before_an_activation_is_that_behind_it_times_the_slope() -> None:
    rng = np.random.default_rng(11)
    X, G = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    program = autograd.compile(lambda x, y: dot([v.tanh() for v in x], y), [])
    _, _, dX = program.value_and_grad([], X, G, inputs=True)
    np.testing.assert_allclose(dX, G / 2 * (1 - np.tanh(X) ** 2), atol=1e-12)  # dL/dX = dL/dZ ∘ f'(X)


@over("rate", [0.1, 0.5])
def test_e12_steps_of_weight_decay(rate: float) -> None:
    decay, w, slope = 0.01, Value(-3.0), 0.7
    (l2,) = autograd.grad(slope * w + decay * w**2, [w])
    assert w.data - rate * l2 == pytest.approx(w.data - rate * (slope + 2 * decay * w.data), abs=1e-12)
    (l1,) = autograd.grad(slope * w + decay * abs(w), [w])
    assert w.data - rate * l1 == pytest.approx(w.data - rate * (slope - decay), abs=1e-12)


def test_e13_categorical_cross_entropy() -> None:
    probabilities, desired = [Value(0.2), Value(0.6), Value(0.2)], [0, 1, 0]
    loss = -dot(desired, [p.log() for p in probabilities])
    assert loss.data == pytest.approx(0.5108256237659907, abs=1e-12)
    assert autograd.grad(loss, probabilities) == pytest.approx([0.0, -1 / 0.6, 0.0], abs=1e-12)
    assert nn.cross_entropy(probabilities, desired).data == loss.data
    assert nn.cross_entropy([0.2, 0.6, 0.2], nn.data.one_hot([1], 3)) == pytest.approx(-math.log(0.6), abs=1e-12)


@over("z", [-1000.0, -2.0, -1e-9, 0.0, 1e-9, 2.0, 1000.0])
def test_e14_the_sigmoid_exceeds_one_half_exactly_right_of_zero(z: float) -> None:
    assert (Value(z).sigmoid() > 0.5) == (z > 0)


@over("activation", ["sigmoid", "relu"])
def test_e16_the_gradient_of_a_layer_under_squared_error(activation: str) -> None:
    rng = random.Random(16)
    w = [[Value(rng.gauss(0, 1)) for _ in range(3)] for _ in range(2)]
    b = [Value(rng.gauss(0, 1)) for _ in range(2)]
    a_in = [Value(rng.gauss(0, 1)) for _ in range(3)]
    y = [1.0, -0.5]
    z = [dot(w_j, a_in, b_j) for w_j, b_j in zip(w, b, strict=True)]
    a = [getattr(z_j, activation)() for z_j in z]
    cost = sum((a_j - y_j) ** 2 for a_j, y_j in zip(a, y, strict=True))

    def derivative(a_j: Any, z_j: Any) -> float:
        return a_j.data * (1 - a_j.data) if activation == "sigmoid" else float(z_j > 0)

    delta = [2 * (a_j.data - y_j) * s for a_j, y_j, s in zip(a, y, map(derivative, a, z), strict=True)]
    for j in range(2):
        assert autograd.grad(cost, w[j]) == pytest.approx([delta[j] * a_k.data for a_k in a_in], abs=1e-12)
    assert autograd.grad(cost, b) == pytest.approx(delta, abs=1e-12)
    assert autograd.grad(cost, a_in) == pytest.approx(
        [sum(delta[j] * w[j][k].data for j in range(2)) for k in range(3)], abs=1e-12
    )


def test_e17_the_error_of_a_first_order_prediction_shrinks_with_the_square_of_the_step() -> None:
    def cost(w: Any, b: Any) -> Any:
        return (autograd.sigmoid(w * 1.5 + b) - 1) ** 2

    w, b = Value(0.4), Value(-0.3)
    slopes = autograd.grad(cost(w, b), [w, b])
    squared = sum(s * s for s in slopes)

    def error(rate: float) -> float:
        actual = cost(w.data - rate * slopes[0], b.data - rate * slopes[1]) - cost(w.data, b.data)
        return float(abs(actual - -rate * squared))  # ΔC ≈ -η|∇C|²

    assert error(1e-2) / error(1e-3) == pytest.approx(100, rel=0.05)


def test_e18_two_linear_layers_are_one() -> None:
    rng = random.Random(18)

    def matrix(rows: int, columns: int) -> list[list[Value]]:
        return [[Value(rng.gauss(0, 1)) for _ in range(columns)] for _ in range(rows)]

    first, second, x = matrix(2, 4), matrix(4, 3), [Value(rng.gauss(0, 1)) for _ in range(3)]
    deep = [dot(row, [dot(inner, x) for inner in second]) for row in first]
    product = [[dot(row, column) for column in zip(*second, strict=True)] for row in first]
    flat = [dot(row, x) for row in product]
    assert [v.data for v in deep] == pytest.approx([v.data for v in flat], abs=1e-12)
    for one, other in zip(deep, flat, strict=True):
        assert autograd.grad(one, x) == pytest.approx(autograd.grad(other, x), abs=1e-12)


@over("scores", [[1.0, -1.0], [3.0, -1.0, -1.0], [0.0, 0.0]])
def test_e19_softmax_gives_probabilities_where_division_by_the_sum_does_not(scores: list[float]) -> None:
    values = [Value(s) for s in scores]
    divided = [(v / sum(values)).data for v in values]
    assert any(not 0 <= p <= 1 or math.isnan(p) for p in divided)
    probabilities = [p.data for p in autograd.softmax(values)]
    assert all(0 < p < 1 for p in probabilities)
    assert sum(probabilities) == pytest.approx(1, abs=1e-12)


# ── units, layers, networks ──────────────────────────────────────────────────────────────────


def test_the_bias_of_a_perceptron_learns_as_the_weight_of_a_constant_input_of_one() -> None:
    X, Y = nn.data.logic_gate("and")
    with_bias, with_one = nn.Perceptron(2), nn.Perceptron(3, bias=False)
    mistakes = with_bias.learn(X, Y).mistakes
    assert with_one.learn(np.hstack([X, np.ones((4, 1))]), Y).mistakes.tolist() == mistakes.tolist()
    assert with_one.W.ravel().tolist() == [*with_bias.W.ravel(), *with_bias.b]


def test_a_sigmoid_neuron_is_sigma_of_w_x_plus_b() -> None:
    out = nn.Neuron.of([2.0, -1.0], 0.5, "sigmoid")([1.0, 3.0])
    assert out.data == pytest.approx(1 / (1 + math.exp(0.5)), abs=1e-15)


def test_a_layer_in_both_notations() -> None:
    layer, x = nn.Layer(3, 2, "tanh", seed=0), np.array([1.0, -2.0, 0.5])
    layer.b = [0.1, -0.2]
    from_to = layer.W.T  # the lectures' W_ij, from neuron i to neuron j; w_jk, to j from k, is layer.W itself
    out = [v.data for v in layer(x)]
    assert out == pytest.approx(np.tanh(layer.W @ x + layer.b).tolist(), abs=1e-15)
    assert out == pytest.approx(np.tanh(from_to.T @ x + layer.b).tolist(), abs=1e-15)
    assert out == pytest.approx(np.tanh(x @ from_to + layer.b).tolist(), abs=1e-15)


def test_an_mlp_is_layer_after_layer() -> None:
    model, a = nn.MLP(3, [4, 5, 2], ["tanh", "sigmoid"], "elu", seed=0), np.array([0.3, -1.0, 2.0])
    h = [np.tanh, lambda z: 1 / (1 + np.exp(-z)), lambda z: np.where(z > 0, z, np.expm1(z))]
    expected = a
    for f, layer in zip(h, model.layers, strict=True):
        expected = f(layer.b + layer.W @ expected)
    assert [v.data for v in model(a)] == pytest.approx(expected.tolist(), abs=1e-15)
    h1, h2, h3 = model.layers
    assert [v.data for v in h3(h2(h1(a)))] == [v.data for v in model(a)]


@over(("outputs", "activation", "loss", "target"), [
    (1, "linear", "squared_error", 2.5),  # a real scalar
    (3, "linear", "squared_error", [2.5, -1.0, 0.0]),  # a real vector
    (1, "sigmoid", "binary_cross_entropy", 1.0),  # yes or no
    (3, "softmax", "cross_entropy", [0.0, 1.0, 0.0]),  # one of K classes
    (3, "sigmoid", "binary_cross_entropy", [1.0, 0.0, 1.0]),  # several labels at once
])
def test_representations_of_the_output_and_the_losses_that_go_with_them(
    outputs: int, activation: str, loss: str, target: Any
) -> None:
    model = nn.MLP(2, [4, outputs], "tanh", activation, seed=0)
    X, Y = [[0.5, -1.0]] * 2, [target] * 2
    nn.fit(model, X, Y, loss, nn.Adam(0.05), epochs=300, progress=False)
    assert np.ravel(model.predict(X)[0]) == pytest.approx(np.ravel(target), abs=0.02)


def test_argmax_is_for_reading_out_only_and_softmax_keeps_the_order_and_sums_to_one() -> None:
    scores = [Value(2.0), Value(-1.0), Value(3.5), Value(0.0)]
    probabilities = autograd.softmax(scores)
    assert sum(p.data for p in probabilities) == pytest.approx(1, abs=1e-15)
    assert np.argsort([p.data for p in probabilities]).tolist() == np.argsort([s.data for s in scores]).tolist()
    assert all(abs(slope) > 0.001 for slope in autograd.grad(probabilities[2], scores))
    nudged = [s.data + h for s, h in zip(scores, [0.1, 0.2, -0.3, 0.4], strict=True)]
    assert np.argmax(nudged) == np.argmax([s.data for s in scores])  # flat almost everywhere: no slope to follow


def test_softmax_outputs_are_not_probabilities_in_general() -> None:
    scores = np.array([2.0, 1.0, 0.0])
    sure, unsure = autograd.softmax(10 * scores), autograd.softmax(scores / 10)
    assert np.argmax(sure) == np.argmax(unsure) == 0  # larger weights: the same decision, another "certainty"
    assert sure[0] > 0.9999
    assert unsure[0] < 0.4


@over(("nouts", "capacity"), [([1], 785), ([10], 7850), ([128, 10], 101_770), ([16, 16, 10], 13_002)])
def test_capacity_is_the_number_of_parameters(nouts: list[int], capacity: int) -> None:
    widths = [784, *nouts]
    assert capacity == sum((nin + 1) * nout for nin, nout in itertools.pairwise(widths))
    assert f"{capacity:,} parameters" in nn.MLP(784, nouts, init="zeros").summary()


# ── activations ──────────────────────────────────────────────────────────────────────────────


def sigma(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@over("x", [-2.0, -0.3, 0.7, 3.0])
@over(("name", "f", "slope"), [
    ("linear", lambda x: x, lambda x: 1.0),
    ("step", lambda x: float(x > 0), lambda x: 0.0),
    ("sigmoid", sigma, lambda x: sigma(x) * (1 - sigma(x))),
    ("tanh", lambda x: 2 * sigma(2 * x) - 1, lambda x: 1 - math.tanh(x) ** 2),
    ("relu", lambda x: max(0.0, x), lambda x: float(x > 0)),
    ("leaky_relu", lambda x: max(0.1 * x, x), lambda x: 1.0 if x > 0 else 0.1),
    ("elu", lambda x: x if x > 0 else math.exp(x) - 1, lambda x: 1.0 if x > 0 else math.exp(x)),
])
def test_an_activation_and_its_derivative(name: str, f: Any, slope: Any, x: float) -> None:
    value = Value(x)
    out = ACTIVATIONS[name](value)
    assert out.data == pytest.approx(f(x), abs=1e-15)
    assert autograd.grad(out, [value]) == pytest.approx([slope(x)], abs=1e-15)


@over(("name", "slope"), [("relu", 0.0), ("leaky_relu", 0.1), ("step", 0.0), ("elu", 1.0)])
def test_the_slope_at_zero(name: str, slope: float) -> None:
    x = Value(0.0)
    assert autograd.grad(ACTIVATIONS[name](x), [x]) == [slope]


def test_slopes_and_factors_are_parameters() -> None:
    x = Value(-2.0)
    assert x.leaky_relu(0.2).data == -0.4
    assert x.elu(0.5).data == 0.5 * math.expm1(-2.0)
    assert autograd.grad(x.elu(0.5), [x]) == pytest.approx([0.5 * math.exp(-2.0)], abs=1e-15)


def test_maxout_is_the_largest_of_its_linear_pieces() -> None:
    w, b, x = [[1.0, -1.0], [0.5, 2.0]], [0.0, -1.0], [2.0, 3.0]
    assert autograd.maxout(w, x, b) == max(dot(w[0], x, b[0]), dot(w[1], x, b[1])) == 6.0


def test_softmax_subtracts_the_maximum_so_that_nothing_overflows() -> None:
    assert autograd.softmax([1000.0, 999.0]) == autograd.softmax([1.0, 0.0])
    assert autograd.softmax([-1000.0, 0.0]) == [0.0, 1.0]
    values = [Value(1000.0), Value(999.0)]
    slope = sigma(1) * sigma(-1)
    assert autograd.grad(autograd.softmax(values)[0], values) == pytest.approx([slope, -slope], abs=1e-15)


def gradient_per_layer(activation: str, depth: int = 10) -> list[float]:
    """The root mean square gradient of the weights of each layer of a deep network, from the first to the last."""
    model = nn.MLP(16, [16] * (depth - 1) + [1], activation, init="glorot_uniform", seed=0)
    X = np.random.default_rng(0).normal(size=(32, 16))
    engine = autograd.compile(lambda x: model(x) ** 2, model)
    _, gradient = engine.value_and_grad(nn.parameters_to_vector(model), X)
    nn.vector_to_parameters(gradient, model)  # so that each layer can be asked for its own part
    return [float(np.sqrt(np.mean(layer.W**2))) for layer in model.layers]


def test_gradients_vanish_with_depth_for_sigmoid_and_less_for_tanh_and_relu() -> None:
    sizes = {name: gradient_per_layer(name) for name in ("sigmoid", "tanh", "relu")}
    first_to_last = {name: layers[0] / layers[-1] for name, layers in sizes.items()}
    assert first_to_last["sigmoid"] < 0.25**9  # each of nine slopes is at most ¼
    assert first_to_last["tanh"] > 0.05 < first_to_last["relu"]
    assert all(earlier < later for earlier, later in itertools.pairwise(sizes["sigmoid"]))


@over(("name", "most"), [("sigmoid", 0.25), ("tanh", 1.0)])
def test_the_largest_slopes_of_sigmoid_and_tanh(name: str, most: float) -> None:
    slopes = [autograd.grad(ACTIVATIONS[name](x), [x])[0] for x in map(Value, np.linspace(-4, 4, 81))]
    assert max(slopes) == slopes[40] == most  # a slide says "between 0 and 1" of both
    assert min(slopes) > 0


# ── losses ───────────────────────────────────────────────────────────────────────────────────


def test_squared_error_and_its_half_and_means_by_both_conventions() -> None:
    outputs, targets = [1.0, 4.0, 2.0, 0.0], [0.0, 2.0, 2.0, 3.0]
    squares = [1.0, 4.0, 0.0, 9.0]
    assert [nn.squared_error(a, y) for a, y in zip(outputs, targets, strict=True)] == squares
    assert nn.cost("squared_error", outputs, targets) == sum(squares) / 4  # 1/n over examples
    assert nn.cost("half_squared_error", outputs, targets) == sum(squares) / 8  # 1/(2n)
    assert nn.cost("squared_error", outputs, targets, "sum") == sum(squares)
    assert nn.mse(outputs, targets) == sum(squares) / 4  # 1/d over the outputs of one example
    assert nn.mae(outputs, targets) == 6 / 4


def test_the_total_cost_is_the_sum_or_the_mean_over_examples() -> None:
    rows, targets = [[0.2, 0.6, 0.2], [0.1, 0.1, 0.8]], [[0, 1, 0], [0, 0, 1]]
    assert nn.cost("cross_entropy", rows, targets, "sum") == pytest.approx(-math.log(0.6) - math.log(0.8))
    assert nn.cost("cross_entropy", rows, targets) == pytest.approx((-math.log(0.6) - math.log(0.8)) / 2)


@over(("score", "target"), [(6.0, 0), (-6.0, 1), (2.0, 0), (-0.5, 1)])
def test_behind_a_sigmoid_the_gradient_of_bce_is_the_error_and_that_of_squared_error_fades(
    score: float, target: int
) -> None:
    z = Value(score)
    a = z.sigmoid()
    (entropic,), (squared,) = (autograd.grad(loss(a, target), [z]) for loss in (nn.binary_cross_entropy, nn.mse))
    assert entropic == pytest.approx(a.data - target, abs=1e-12)
    assert squared == pytest.approx(2 * (a.data - target) * a.data * (1 - a.data), abs=1e-12)
    if abs(score) == 6:  # as wrong as can be: one learns fast, the other hardly at all
        assert abs(entropic) > 0.99
        assert abs(squared) < 0.005


def test_from_the_likelihood_to_its_logarithm_to_binary_cross_entropy() -> None:
    probabilities, labels = [0.9, 0.2, 0.6], [1, 0, 1]
    likelihood = math.prod(a**y * (1 - a) ** (1 - y) for a, y in zip(probabilities, labels, strict=True))
    assert likelihood == pytest.approx(0.9 * 0.8 * 0.6, abs=1e-15)
    logarithm = sum(y * math.log(a) + (1 - y) * math.log(1 - a) for a, y in zip(probabilities, labels, strict=True))
    assert math.log(likelihood) == pytest.approx(logarithm, abs=1e-15)
    assert nn.cost("binary_cross_entropy", probabilities, labels, "sum") == pytest.approx(-logarithm, abs=1e-15)


def test_cross_entropy_of_two_distributions_is_least_where_they_agree() -> None:
    p = [0.5, 0.25, 0.125, 0.125]
    entropy = nn.cross_entropy(p, p)
    assert entropy == pytest.approx(1.75 * math.log(2), abs=1e-15)  # H(p) = 1.75 bits
    for q in ([0.25] * 4, [0.4, 0.3, 0.2, 0.1], [0.97, 0.01, 0.01, 0.01]):
        expected = -sum(a * math.log(b) for a, b in zip(p, q, strict=True))
        assert nn.cross_entropy(q, p) == pytest.approx(expected, abs=1e-15)
        assert expected > entropy


@over("z", [-30.0, -1.0, 0.0, 2.0, 30.0])
def test_from_logits_and_from_probabilities_are_one_loss(z: float) -> None:
    assert nn.binary_cross_entropy_with_logits(z, 1) == pytest.approx(nn.binary_cross_entropy(sigma(z), 1), rel=1e-12)
    scores, target = [z, 1.0, -1.0], [0, 1, 0]
    assert nn.cross_entropy_with_logits(scores, target) == pytest.approx(
        nn.cross_entropy(autograd.softmax(scores), target), rel=1e-12
    )


def test_the_logistic_loss_has_a_minus_sign() -> None:
    assert nn.binary_cross_entropy(0.3, 1) == -math.log(0.3) > 0  # a slide prints it without


def test_the_average_perceptron_loss_on_a_small_table() -> None:
    table = [  # x1, x2, target; the weights 1, 1 and the bias -0.5 make an OR, where AND is wanted
        (0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 1),
    ]
    unit = nn.Neuron.of([1.0, 1.0], -0.5, "step")
    outputs = [unit([a, b]).data for a, b, _ in table]
    assert outputs == [0.0, 1.0, 1.0, 1.0]
    assert nn.cost("half_squared_error", outputs, [t for *_, t in table]) == (0 + 0.5 + 0.5 + 0) / 4


def test_a_line_fitted_to_pass_and_fail_leaves_zero_to_one_where_the_logistic_curve_stays() -> None:
    hours, passed = nn.data.exam(60, seed=0)
    hours, passed = np.vstack([hours, [[30.0]]]), np.append(passed, 1)  # one who studied for long, and passed
    line, curve = nn.Neuron(1, seed=0), nn.LogisticRegression(1)
    nn.fit(line, hours, passed, "mse", nn.SGD(0.02, momentum=0.9), epochs=1000, progress=False)
    nn.fit(curve, hours, passed, "binary_cross_entropy", nn.Adam(0.1), epochs=1000, progress=False)
    slope, offset = np.polyfit(hours[:, 0], passed, 1)
    assert (line.w[0].data, line.b.data) == pytest.approx((slope, offset), abs=1e-6)
    assert line.predict([[30.0]])[0, 0] > 1.5
    assert 0 < curve.predict([[0.0]])[0, 0] < 0.5 < curve.predict([[30.0]])[0, 0] <= 1
    assert nn.accuracy(curve.predict(hours), passed) > nn.accuracy(line.predict(hours) > 0.5, passed)


# ── optimisation ─────────────────────────────────────────────────────────────────────────────


def bowl(optimizer: nn.Optimizer, steps: int = 50) -> list[float]:
    """The losses on the way down L(w) = ½(w₁² + 10 w₂²) from (1, 1)."""
    w, losses = np.ones(2), []
    for _ in range(steps):
        losses.append(float(w @ (w * [1, 10]) / 2))
        optimizer.step(w, w * [1, 10])
    return losses


def test_a_learning_rate_too_low_right_and_too_high() -> None:
    low, right, high = (bowl(nn.SGD(rate)) for rate in (0.001, 0.18, 0.21))
    assert low[0] > low[-1] > 0.4 * low[0]
    assert right[-1] < 1e-4
    assert high[-1] > high[0]


def test_gradient_descent_is_w_minus_eta_times_the_slope() -> None:
    w = nn.SGD(0.1).step(np.array([1.0, 2.0]), np.array([0.5, -1.0]))
    assert w == pytest.approx([0.95, 2.1], abs=1e-15)


@over(("batch_size", "steps"), [(None, 1), (4, 3), (1, 10)])
def test_batch_mini_batch_and_stochastic_descent_meet_each_example_once_an_epoch(
    batch_size: int | None, steps: int
) -> None:
    met: list[list[float]] = []

    class Watch(nn.EagerEngine):
        def value_and_grad(self, theta: Any, X: Any, Y: Any, **options: Any) -> Any:
            met.append(X.ravel().tolist())
            return super().value_and_grad(theta, X, Y, **options)

    X = np.arange(10.0)
    nn.fit(nn.Neuron(1), X, X, "mse", nn.SGD(1e-4), epochs=2, batch_size=batch_size, engine=Watch, seed=0,
           progress=False)
    first, second = met[:steps], met[steps:]
    assert sorted(itertools.chain(*first)) == sorted(itertools.chain(*second)) == X.tolist()  # without replacement
    assert first != second  # reshuffled


def test_momentum_goes_on_along_its_average_and_gets_further_in_a_narrow_valley() -> None:
    assert bowl(nn.SGD(0.01, momentum=0.8))[-1] < bowl(nn.SGD(0.01))[-1] / 10


def test_the_learning_rate_decays_by_a_factor_each_epoch() -> None:
    optimizer = nn.SGD(nn.ExponentialDecay(0.1, 0.9))
    assert [optimizer.at(epoch) for epoch in range(4)] == pytest.approx([0.1, 0.09, 0.081, 0.0729], abs=1e-15)


@over("make", [nn.RMSProp, nn.AdaDelta, nn.Adam])
def test_adaptive_rates_do_not_depend_on_the_scale_of_a_parameters_gradient(make: Any) -> None:
    theta, optimizer = np.zeros(2), make()
    for _ in range(20):
        optimizer.step(theta, np.array([1.0, 1e4]))
    assert theta[1] == pytest.approx(theta[0], rel=1e-4 if make is not nn.AdaDelta else 1e-2)


def test_adam_begins_with_steps_of_the_learning_rate_whatever_the_gradient() -> None:
    for slope in (1e-3, 1.0, 1e5):  # m̂ / √v̂ = g/|g|
        assert nn.Adam().step(np.zeros(1), np.array([slope])) == pytest.approx([-0.001], rel=1e-4)


def test_descent_finds_a_local_minimum_and_not_always_the_global_one() -> None:
    def slope(w: float) -> float:
        x = Value(w)
        return autograd.grad(x**4 - 2 * x**2 + 0.5 * x, [x])[0]

    ends = []
    for w in (-1.5, 1.5):
        for _ in range(500):
            w -= 0.01 * slope(w)
        ends.append(w)
        assert abs(slope(w)) < 1e-6
    left, right = (w**4 - 2 * w**2 + 0.5 * w for w in ends)
    assert left < right - 0.5


def test_the_path_of_descent_over_the_loss_surface_of_two_weights_goes_down() -> None:
    X, Y = nn.data.curve("line", 20, noise=0.1, seed=0)
    program = autograd.compile(lambda x, y: nn.mse(x[0] * w + b, y), [w := Value(0.0), b := Value(0.0)])
    theta, path = np.array([-2.0, 3.0]), []
    for _ in range(100):
        value, gradient = program.value_and_grad(theta, X, Y)
        path.append(float(value))
        theta -= 0.3 * gradient
    assert all(after < before for before, after in itertools.pairwise(path[:50]))
    assert theta == pytest.approx(np.polyfit(X[:, 0], Y, 1), abs=1e-6)


# ── initialisation and data ──────────────────────────────────────────────────────────────────


def test_all_weights_at_zero_leave_the_neurons_of_a_layer_alike_for_ever() -> None:
    X, Y = nn.data.xor()
    model = nn.MLP(2, [4, 1], "tanh", "sigmoid", init=lambda rng, shape: np.full(shape, 0.5))
    nn.fit(model, X, Y, "binary_cross_entropy", nn.SGD(0.5), epochs=100, progress=False)
    for i in range(1, 4):
        np.testing.assert_allclose(model.layers[0].W[i], model.layers[0].W[0], rtol=1e-12)
    zeros = nn.MLP(2, [4, 1], "tanh", "sigmoid", init="zeros")
    nn.fit(zeros, X, Y, "binary_cross_entropy", nn.SGD(0.5), epochs=100, progress=False)
    assert not zeros.layers[0].W.any()  # behind zero weights no gradient arrives at all
    assert zeros.predict(X).ravel().tolist() == [0.5] * 4
    drawn = nn.MLP(2, [4, 1], "tanh", "sigmoid", seed=0)
    nn.fit(drawn, X, Y, "binary_cross_entropy", nn.SGD(0.5, momentum=0.9), epochs=300, progress=False)
    assert nn.accuracy(drawn.predict(X), Y) == 1


def test_biases_start_at_zero_and_weights_as_their_initialiser_says() -> None:
    glorot, normal = nn.Layer(300, 200, seed=0), nn.Layer(300, 200, init="normal", seed=0)
    assert not glorot.b.any()
    limit = math.sqrt(6) / math.sqrt(300 + 200)
    assert 0.99 * limit < np.abs(glorot.W).max() <= limit
    assert (normal.W.mean(), normal.W.std()) == pytest.approx((0, 1), abs=0.01)


@over(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (10.0, 12.0)])
def test_min_max_scaling_takes_a_column_to_an_interval(low: float, high: float) -> None:
    x = np.array([[3.0], [7.0], [5.0]])
    assert nn.data.minmax_scale(x, low=low, high=high).ravel().tolist() == [low, high, (low + high) / 2]


def test_z_normalisation_is_x_minus_mu_over_sigma() -> None:
    x = np.array([[2.0], [4.0], [4.0], [4.0], [5.0], [5.0], [7.0], [9.0]])  # μ = 5, σ = 2
    assert nn.data.zscore(x).ravel().tolist() == [-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2]


def test_augmentation_adds_gaussian_noise() -> None:
    X = np.full((400, 100), 3.0)
    noise = nn.data.add_noise(X, mean=0.5, std=0.2, seed=0) - X
    assert (noise.mean(), noise.std()) == pytest.approx((0.5, 0.2), abs=0.005)


def test_flips_and_blur_of_images() -> None:
    X, _ = nn.data.digits()
    images = X[:3].reshape(3, 8, 8)
    assert np.array_equal(nn.data.flip(X[:3]).reshape(3, 8, 8), images[:, :, ::-1])
    assert np.array_equal(nn.data.flip(X[:3], "vertical").reshape(3, 8, 8), images[:, ::-1])
    blurred = nn.data.blur(X[:3], sigma=0.8)
    assert (blurred.std(1) < X[:3].std(1)).all()
    assert nn.data.blur(np.full((1, 64), 0.5)) == pytest.approx(np.full((1, 64), 0.5))


def test_training_validation_and_test_sets_of_8000_1000_and_1000() -> None:
    X = np.arange(10_000.0)
    parts = nn.data.train_val_test_split(X, X, seed=0)
    assert [len(x) for x, _ in parts] == [8000, 1000, 1000]
    assert sorted(np.concatenate([x for x, _ in parts])) == X.tolist()


def test_k_fold_cross_validation_validates_on_each_example_once() -> None:
    folds = list(nn.data.kfold(10, k=5, seed=0))
    assert len(folds) == 5
    assert sorted(np.concatenate([validation for _, validation in folds])) == list(range(10))
    assert all(set(train).isdisjoint(validation) for train, validation in folds)


def sparse_task() -> tuple[Any, Any]:
    """Ten inputs of which two matter."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 10))
    return X, 3 * X[:, 0] - 2 * X[:, 1] + rng.normal(0, 0.3, 40)


def test_l1_makes_weights_sparse_and_l2_makes_them_small() -> None:
    X, Y = sparse_task()
    weights = {}
    for name, options in {"plain": {}, "l1": {"l1": 0.3}, "l2": {"l2": 0.3}}.items():
        model = nn.Neuron(10, seed=0)
        cost = nn.penalized("mse", model, **options)
        nn.fit(model, X, Y, cost, nn.SGD(nn.ExponentialDecay(0.1, 0.98)), epochs=400, progress=False)
        weights[name] = np.array([w.data for w in model.w])
    idle = {name: np.abs(w[2:]) for name, w in weights.items()}
    assert (idle["l1"] < 1e-3).sum() >= 6 > (idle["l2"] < 1e-3).sum()
    assert np.linalg.norm(weights["l2"]) < 0.9 * np.linalg.norm(weights["plain"])


def test_dropout_acts_in_training_only_and_keeps_the_mean() -> None:
    layer, x = nn.Dropout(0.4), [1.0] * 5000
    outs = [v.data if isinstance(v, Value) else v for v in layer(x)]
    assert set(outs) == {0.0, 1 / 0.6}
    assert np.mean(outs) == pytest.approx(1, abs=0.1)
    assert layer.eval()(x) == x


def test_a_small_network_underfits_and_a_large_one_overfits() -> None:
    (X, Y), (X_new, Y_new) = nn.data.curve("sine", 12, noise=0.3, seed=0), nn.data.curve("sine", 200, noise=0, seed=1)
    errors = {}
    for width in (1, 200):
        model = nn.MLP(1, [width, 1], "tanh", seed=0, init="normal")
        nn.fit(model, X, Y, "mse", nn.Adam(0.02), epochs=2500, progress=False)
        errors[width] = [float(np.mean((model.predict(x).ravel() - y) ** 2)) for x, y in ((X, Y), (X_new, Y_new))]
    assert errors[200][0] < 0.1 * errors[1][0]  # small on what it has seen
    assert errors[200][1] > 3 * errors[200][0]  # and larger on what it has not


def test_shuffled_labels_are_fitted_to_a_hundred_per_cent_and_nothing_is_learned() -> None:
    (X, Y), (X_test, Y_test) = nn.data.train_test_split(*nn.data.digits(), test=1500, seed=0)
    shuffled = np.random.default_rng(0).permutation(Y)
    model = nn.MLP(64, [100, 10], seed=0)
    nn.fit(model, X, nn.data.one_hot(shuffled, 10), "cross_entropy_with_logits", nn.Adam(0.01), epochs=150,
           batch_size=64, seed=0, progress=False)
    assert nn.accuracy(model.predict(X), shuffled) == 1
    assert nn.accuracy(model.predict(X_test), Y_test) < 0.25


# ── ideas ────────────────────────────────────────────────────────────────────────────────────


def test_all_sixteen_boolean_functions_of_which_fourteen_are_linearly_separable() -> None:
    learned = set()
    for name in GATES:
        unit = nn.Perceptron(2)
        if unit.learn(*nn.data.logic_gate(name), epochs=50).converged:
            learned.add(name)
    assert len(GATES) == 16
    assert GATES.keys() - learned == {"xor", "xnor"}


def test_a_hundred_points_are_memorised_by_a_hundred_hidden_units() -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.uniform(-1, 1, (100, 10)), rng.integers(0, 2, 100)
    model = nn.MLP(10, [100, 1], "relu", "sigmoid", seed=0)
    nn.fit(model, X, Y, "binary_cross_entropy", nn.Adam(0.01), epochs=200, progress=False)
    assert nn.accuracy(model.predict(X), Y) == 1


def test_pairs_of_sigmoids_make_steps_whose_sum_approximates_any_function() -> None:
    def approximation(pieces: int) -> float:
        """The largest error of so many steps, a pair of sigmoids each, for sin on [0, π]."""
        edges = np.linspace(0, np.pi, pieces + 1)
        heights = np.sin((edges[:-1] + edges[1:]) / 2)
        steep = 5000.0
        hidden = [nn.Neuron.of([steep], -steep * edge, "sigmoid") for edge in edges]
        out = nn.Neuron.of([*np.diff([0.0, *heights]), -heights[-1]])  # up by each height, down before the next
        x = np.linspace(0.01, np.pi - 0.01, 97)
        return max(abs(out([unit(v) for unit in hidden]).data - math.sin(v)) for v in x)

    errors = [approximation(pieces) for pieces in (5, 20, 80)]
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    assert errors[2] < 0.03


def test_gradients_with_respect_to_the_input_show_what_matters_in_it() -> None:
    X, Y = nn.data.digits()
    model = nn.MLP(64, [8, 10], "tanh", seed=0)
    program = autograd.compile(lambda x, y: nn.cross_entropy_with_logits(model(x), y), model)
    targets = nn.data.one_hot(Y[:4], 10)
    _, _, saliency = program.value_and_grad(nn.parameters_to_vector(model), X[:4], targets, inputs=True)
    assert saliency.shape == (4, 64)
    for row, target, expected in zip(X[:4], targets, saliency, strict=True):
        x = [Value(pixel) for pixel in row]
        nn.cross_entropy_with_logits(model(x), target).backward()
        assert [v.grad / 4 for v in x] == pytest.approx(expected.tolist(), rel=1e-10, abs=1e-14)


def test_training_and_predicting_are_two_phases() -> None:
    model = nn.MLP(2, [3, 1], dropout=0.5, seed=0)
    assert model.training
    before = nn.parameters_to_vector(model)
    model.predict(np.ones((3, 2)))
    assert np.array_equal(nn.parameters_to_vector(model), before)
    assert not any(value.grad for value in model.parameters())
