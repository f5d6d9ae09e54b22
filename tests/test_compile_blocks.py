"""Regular graphs become a few matrix statements, however many scalars they have."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from agreement import Case
from losses import (
    LOSSES,
    attention,
    convolution,
    cross_entropy,
    layers,
    mlp,
    pooled_convolution,
    recurrent,
    squared,
    weights,
)

import autograd
from autograd import Program, Value, maximum, minimum, relu
from autograd.compiler.arrays.function import function
from autograd.compiler.printers.to_numpy import Printer
from autograd.compiler.scalars.reference import Reference


def forward_of(program: Program) -> str:
    """The forward half of a source."""
    return program.source.split("value = ")[0]


def count(case: Case, op: str | None = None) -> int:
    """The number of blocks, or of those of an operation, of which a loop makes one in each step."""
    return sum(block.steps for block in case.traced().blocks if op in (None, block.op))


@pytest.fixture(scope="module")
def mnist() -> Program:
    """The network of 784-128-10 units with ReLU and softmax cross entropy."""
    return mlp(784, 128, 10, f=relu, error=cross_entropy).traced()


# ── dense layers ─────────────────────────────────────────────────────────────────────────────


def test_a_network_for_digits_is_six_blocks_of_a_hundred_thousand_scalars(mnist: Program) -> None:
    assert [(block.op, block.scalars) for block in mnist.blocks] == [
        ("matmul", 128), ("relu", 128), ("matmul", 10), ("logsumexp", 1), ("dot", 1), ("sum", 1),
    ]
    assert "102,833 scalar nodes → 6 blocks" in mnist.summary()


def test_a_dense_layer_is_exactly_one_matrix_product(mnist: Program) -> None:
    assert forward_of(mnist).count("@") == 2
    assert "z1 = x @ W1 + b1" in mnist.source
    assert "z2 = a1 @ W2 + b2" in mnist.source


def test_the_backward_half_has_a_product_for_each_gradient_of_a_weight_or_hidden_input(mnist: Program) -> None:
    backward = mnist.source.split("value = ")[1]
    for line in ("dW2[...] = a1.T @ dz2", "da1 = dz2 @ W2.T", "dW1[...] = x.T @ dz1"):
        assert line in backward


def test_weights_are_views_of_theta_and_their_gradients_of_the_gradient(mnist: Program) -> None:
    made = function(mnist._traced().plan, "value_and_grad")
    names: dict[str, Any] = {name: np.zeros(101_770) for name in ("theta", "gradient")}
    for let in [*made.views, *made.places]:
        exec(Printer().statement(let), names)
    for name, shape in {"W1": (784, 128), "b1": (128,), "W2": (128, 10), "b2": (10,)}.items():
        assert names[name].shape == names["d" + name].shape == shape
        assert np.shares_memory(names[name], names["theta"])
        assert np.shares_memory(names["d" + name], names["gradient"])


def test_weights_written_by_columns_are_views_as_well() -> None:
    W = weights(4, 3)  # W[k][j] leads from input k to unit j

    def loss(x: Any) -> Any:
        return autograd.sum([autograd.sum([W[k][j] * x[k] for k in range(4)]).tanh() for j in range(3)])

    program = Case(loss, {"W": W}, (4,)).traced()
    assert "W = theta[0:12].reshape(4, 3)\n" in program.source
    assert forward_of(program).count("@") == 1


@pytest.mark.parametrize("widths", [(2, 2, 2), (3, 17, 2), (20, 9, 31)])
def test_the_number_of_blocks_does_not_depend_on_the_widths(widths: tuple[int, ...]) -> None:
    assert count(mlp(*widths)) == 5


@pytest.mark.parametrize("depth", [1, 2, 5, 9])
def test_every_further_layer_adds_a_product_and_an_activation(depth: int) -> None:
    case = mlp(3, *[4] * depth, 2)
    assert count(case) == 2 * depth + 3
    assert count(case, "matmul") == depth + 1


def test_plus_and_times_make_the_same_blocks_as_dot() -> None:
    params = layers(5, 4, 3)

    def written_out(x: Any, y: Any) -> Any:
        for i in (1, 2):
            outputs = []
            for w, b in zip(params[f"W{i}"], params[f"b{i}"], strict=True):
                z = b
                for a, c in zip(w, x, strict=True):
                    z += a * c
                outputs.append(z.tanh() if i == 1 else z)
            x = outputs
        return squared(x, y)

    with_dot, without = mlp(5, 4, 3).traced(), Case(written_out, params, (5,), (3,)).traced()
    assert with_dot.source == without.source


# ── convolution, recurrence, attention ───────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [name for name in LOSSES if name.startswith("convolution")])
def test_a_convolution_is_one_product_however_it_is_written(name: str) -> None:
    program = LOSSES[name]().traced()
    convolved, *others = [block for block in program.blocks if block.op == "matmul"]
    assert convolved.scalars > 1
    assert all(block.scalars == 1 for block in others), "the dense unit that follows"
    assert len(program.blocks) <= 7


def test_a_convolution_with_bias_relu_pooling_and_error_is_six_blocks() -> None:
    program = pooled_convolution(8, 3).traced()
    assert [block.op for block in program.blocks] == ["matmul", "relu", "max", "matmul", "sum", "mul"]


@pytest.mark.parametrize("size", [5, 7, 11])
def test_the_blocks_of_a_convolution_do_not_depend_on_the_size_of_the_picture(size: int) -> None:
    assert count(convolution(size)) == count(convolution(size, padding=1)) == 5


def test_two_convolutions_are_two_products() -> None:
    program = LOSSES["two_convolutions"]().traced()
    assert [block.op for block in program.blocks].count("matmul") == 3
    assert len(program.blocks) <= 10


def test_recurrent_steps_are_a_loop_of_as_many_blocks_whatever_their_number() -> None:
    assert len({len(recurrent(steps).traced().blocks) for steps in (5, 6, 10, 20)}) == 1
    assert count(recurrent(20)) - count(recurrent(10)) == 20


def test_queries_keys_and_values_are_one_product() -> None:
    program = attention(6, 4).traced()
    projections = [block for block in program.blocks if block.scalars == 3 * 6 * 4]
    assert [block.op for block in projections] == ["matmul"]


def test_causal_attention_with_normalisation_is_a_few_blocks_for_any_length() -> None:
    assert count(attention(6, 4)) <= 20
    assert count(attention(3, 4)) == count(attention(6, 4)) == count(attention(9, 4))


def test_softmax_over_ragged_rows_is_computed_as_one() -> None:
    operations = [block.op for block in attention(6, 4).traced().blocks]
    assert [operations.count(op) for op in ("max", "exp", "div")] == [1, 1, 2]


def test_a_kronecker_product_is_not_taken_apart() -> None:
    assert count(LOSSES["kronecker_product"]()) <= 5


# ── what blocks tell ─────────────────────────────────────────────────────────────────────────


def test_a_block_knows_its_name_operation_shape_and_operands() -> None:
    first, second, third, *_ = mlp(3, 4, 2).traced().blocks
    assert (first.name, first.op, first.shape, first.scalars) == ("z1", "matmul", ("batch", 4), 4)
    assert set(first.operands) == {"theta", "x"}
    assert (second.name, second.op, second.operands) == ("a1", "tanh", ("z1",))
    assert (third.name, set(third.operands)) == ("z2", {"a1", "theta"})


def test_operands_are_leaves_or_earlier_blocks() -> None:
    for name in ("causal_attention", "recurrent", "convolution_padded_by_if"):
        blocks = LOSSES[name]().traced().blocks
        known = {"theta", "x", "y", "", *(block.name for block in blocks if block.steps > 1)}
        for block in blocks:
            assert set(block.operands) <= known
            known.add(block.name)


def test_flops_of_a_dense_layer_are_two_for_each_weight_and_one_for_each_bias() -> None:
    assert mlp(30, 20).traced().blocks[0].flops == 2 * 30 * 20 + 20


def test_a_summary_has_a_line_for_each_block() -> None:
    program = mlp(3, 4, 2).traced()
    lines = program.summary().splitlines()
    assert lines[0].split() == ["block", "operation", "shape", "scalars", "flops"]
    assert [line.split()[0] for line in lines[2:-1]] == [block.name for block in program.blocks]
    assert "26 parameters" in lines[-1]


def test_blocks_and_source_wait_for_the_first_call() -> None:
    program = autograd.compile(lambda x: x[0], [])
    for attribute in ("blocks", "source"):
        with pytest.raises(autograd.UsageError, match="traced at its first call"):
            getattr(program, attribute)
    assert repr(program) == "<Program of 0 parameters, not traced yet>"


# ── what is multiplied by 0 ──────────────────────────────────────────────────────────────────


LEFT_OUT: dict[str, tuple[Any, bool]] = {
    "products": (lambda w, x: w * x + x * x, True), "a function": (lambda w, x: (w * x).tanh(), True),
    "a quotient": (lambda w, x: w / x, False), "an exponential": (lambda w, x: (w * x).exp(), False),
    "a high power": (lambda w, x: math.prod([w] * 9), False),
}


@pytest.mark.parametrize(("loss", "safe"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_left_out_is_known_to_be_finite_or_computed_to_see(loss: Any, safe: bool) -> None:
    w = Value(2.0)
    program = autograd.compile(lambda x: 0 * loss(w, x) + w * x, [w])
    value, gradient = program.value_and_grad([2.0], [3.0])
    assert (value, gradient.tolist()) == (6.0, [3.0])
    assert program._traced().hidden.safe == safe


@pytest.mark.parametrize("numbers", [(1e200, 1e200), (1e300, 1e-300)])
def test_0_times_what_is_infinite_is_nan_however_large_what_is_given(numbers: tuple[float, float]) -> None:
    w = Value(1.0)
    program = autograd.compile(lambda x: 0 * (w * x * x) + w + x, [w])
    eager = 0 * (Value(numbers[0]) * numbers[1] * numbers[1]) + numbers[0] + numbers[1]
    np.testing.assert_equal(program.value_and_grad([numbers[0]], [numbers[1]])[0], eager.data)


SHOWN: dict[str, Any] = {
    "a sum": lambda w, h: h + w, "a product": lambda w, h: h * w, "a square": lambda w, h: (h - 1) * (h - 1),
    "a numerator": lambda w, h: h / (w * w + 1), "a root": lambda w, h: (h * h + 1).sqrt(),
    "a state that moves on": lambda w, h: (0.5 * h + w) * (0.5 * h + w) + h,
}
NOT_SHOWN: dict[str, Any] = {
    "a denominator": lambda w, h: w / (h * h + 1), "tanh": lambda w, h: h.tanh() * w,
    "exp": lambda w, h: (-h * h).exp(),
    "the larger": lambda w, h: autograd.maximum(-h * h, w), "a constant to its gradient": lambda w, h: h.detach() * w,
}


@pytest.mark.parametrize("numbers", [(2.0, 3.0), (2.0, 0.0), (0.0, 3.0), (2.0, math.inf), (math.nan, 3.0),
                                     (-math.inf, 3.0)])
@pytest.mark.parametrize("name", [*SHOWN, *NOT_SHOWN])
def test_0_times_what_shows_in_the_result_is_not_asked_for(name: str, numbers: tuple[float, float]) -> None:
    def loss(w: Any, x: Any) -> Any:
        h = w.sqrt() + x
        return 0.0 * h + (SHOWN | NOT_SHOWN)[name](w, h)

    w, (weight, number) = Value(1.0), numbers
    program = autograd.compile(lambda x: loss(w, x), [w])
    value, gradient = program.value_and_grad([weight], [number])
    w.data = weight
    expected = loss(w, Value(number))
    np.testing.assert_allclose(value, expected.data, 1e-12)
    np.testing.assert_allclose(gradient, [autograd.grad(expected, [w])[0]], 1e-12)
    assert (program._traced().hidden is None) == (name in SHOWN)


def current(viscosity: Any, x: Any) -> Any:
    """The squares of the speeds of eight cells on a ring after four steps of Burgers' equation."""
    u = list(x)
    for _ in range(4):
        u = [u[i] - 0.1 * u[i] * (u[(i + 1) % 8] - u[i - 1]) / 2 + viscosity * (u[(i + 1) % 8] - 2 * u[i] + u[i - 1])
             for i in range(8)]
    return sum(speed * speed for speed in u)


def test_what_is_infinite_only_where_the_loss_is_may_be_multiplied_by_0() -> None:
    k = Value(-1.0)
    tame, wild = (autograd.compile(loss, [k]) for loss in (
        lambda x: current(k.tanh(), x), lambda x: current(k.exp(), x)))
    texts = [forward_of(program.trace((8,))).replace("tanh", "exp") for program in (tame, wild)]
    assert texts[0] == texts[1]
    assert wild._traced().statements <= tame._traced().statements + 1
    for rate in (-1.0, 800.0):
        k.data, k.grad = rate, 0.0
        loss = current(k.exp(), [Value(0.1 * i) for i in range(8)])
        loss.backward()
        value, gradient = wild.value_and_grad([rate], [[0.1 * i for i in range(8)]])
        np.testing.assert_allclose([value, *gradient], [loss.data, k.grad], 1e-12)


def test_a_constant_result_is_a_float_for_every_example_and_nan_where_eager_says_so() -> None:
    w = Value(2.0)
    outputs = autograd.compile(lambda x: 0 * x * w, [w])([2.0], [3.0, math.inf, -1.0])
    np.testing.assert_equal(outputs, [0.0, math.nan, 0.0])
    assert outputs.dtype == np.float64


# ── what no selection takes ──────────────────────────────────────────────────────────────────


def safe_quotient(w: list[Any], x: Any) -> Any:
    """A quotient, or another number where it has no value: at 0 both the number and the slope are infinite."""
    return autograd.where(autograd.eq(x, 0), w[1] * w[1], w[0].exp() / (x * w[1]))


def softplus_by_cases(w: list[Any], x: Any) -> Any:
    """ln(1 + e^z), and z where that is as good: e^z is infinite at 1000."""
    z = w[0] * x + w[1]
    return autograd.where(autograd.gt(z, 30), z, (1 + z.exp()).log())


def population(w: list[Any], x: Any) -> Any:
    """Four years of animals that die out where they are few; the root that is not taken is of less than 0."""
    for _ in range(4):
        x = autograd.where(autograd.gt(x, w[0]), w[1] * (x - w[0]).sqrt(), 0.5 * x)
    return x


SELECTIONS: dict[str, tuple[Any, list[float]]] = {
    "a quotient": (safe_quotient, [0.0, 2.0, -1.0]), "softplus": (softplus_by_cases, [1000.0, -3.0, 0.5]),
    "roots in steps": (population, [0.2, 1.0, 5.0]),
}


@pytest.mark.parametrize("inputs", [False, True])
@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("name", SELECTIONS)
def test_slopes_that_are_not_finite_are_left_out_where_no_selection_takes_them(
    name: str, native: bool, inputs: bool, monkeypatch: pytest.MonkeyPatch,
) -> None:
    if native:
        pytest.importorskip("llvmlite")
    loss, numbers = SELECTIONS[name]
    w, xs = [Value(1.0), Value(0.7)], [Value(number) for number in numbers * 20]
    program = autograd.compile(lambda x: loss(w, x), w)
    program = program.to_native() if native else program
    program.value_and_grad([1.0, 0.7], [2.0])  # traced and compared where all is finite
    monkeypatch.setattr(Reference, "value_and_grad", None)  # one scalar after the other
    results = program.value_and_grad([1.0, 0.7], numbers * 20, inputs=inputs)
    mean = sum(loss(w, x) for x in xs) / len(xs)
    slopes = autograd.grad(mean, [*w, *xs])
    np.testing.assert_allclose(results[0], mean.data, 1e-12)
    np.testing.assert_allclose(results[1], slopes[:2], 1e-12)
    if inputs:
        np.testing.assert_allclose(results[2], slopes[2:], 1e-12)


@pytest.mark.parametrize("name", SELECTIONS)
def test_so_does_the_source_leave_them_out(name: str) -> None:
    loss, numbers = SELECTIONS[name]
    w, scope = [Value(1.0), Value(0.7)], dict[str, Any]()
    program = autograd.compile(lambda x: loss(w, x), w).trace(())
    exec(program.source, scope)
    with np.errstate(all="ignore"):
        results = scope["value_and_grad"](np.array([1.0, 0.7]), np.array(numbers)[:, None])
    for mine, other in zip(results, program.value_and_grad([1.0, 0.7], numbers), strict=True):
        np.testing.assert_allclose(mine, other, 1e-12)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_given_may_be_infinite_where_a_matrix_of_numbers_has_zeros(seed: int, native: bool) -> None:
    """0 times infinity is nan, of which a selection makes a number: eager evaluation has no such product."""
    if native:
        pytest.importorskip("llvmlite")
    rng = np.random.default_rng(seed)
    numbers, w = rng.integers(1, 5, (5, 6)) * (rng.random((5, 6)) < 0.5), [Value(1.5), Value(0.5)]

    def loss(x: Any) -> Any:
        sums = [autograd.sum([int(number) * value for number, value in zip(row, x, strict=True) if number] or [x[0]])
                for row in numbers]
        return autograd.sum([autograd.where(autograd.gt(value, 0), w[0], w[1] * w[1]) for value in sums])

    X = rng.normal(size=(8, 6))
    X[rng.random(X.shape) < 0.1] = math.inf
    program = autograd.compile(loss, w)
    program = program.to_native() if native else program
    rows = [loss([Value(number) for number in row]) for row in X.tolist()]
    mean = sum(rows) / len(rows)
    np.testing.assert_allclose(program([1.5, 0.5], X), [row.data for row in rows])
    value, gradient = program.value_and_grad([1.5, 0.5], X)
    np.testing.assert_allclose([value, *gradient], [mean.data, *autograd.grad(mean, w)])


# ── cells that read their neighbours ─────────────────────────────────────────────────────────


def spread(rate: Any, cells: Any) -> Any:
    """Heat on a ring: the first cell reads the last."""
    return [cells[i] + rate * (cells[i - 1] - 2 * cells[i] + cells[(i + 1) % 8]) for i in range(8)]


def carried_on(speeds: Any, cells: Any) -> Any:
    """What is carried along a ring, by each cell's wind from whence it blows."""
    return [cells[i] - maximum(speeds[i], 0) * (cells[i] - cells[i - 1])
            - minimum(speeds[i], 0) * (cells[(i + 1) % 8] - cells[i]) for i in range(8)]


def ring(step: Any, parameters: Any) -> Any:
    """Five steps of eight cells, compiled."""
    def loss(x: Any) -> Any:
        cells = list(x)
        for _ in range(5):
            cells = step(parameters, cells)
        return sum(cell * cell for cell in cells)

    return autograd.compile(loss, parameters).trace((8,))._traced()


def test_steps_on_a_ring_of_which_all_cells_are_alike_run_as_one_product() -> None:
    engine = ring(spread, Value(0.1))
    computed = [block for block in engine.plan.quicker.computing if block.batched]
    assert [(block.kind, block.size) for block in computed] == [("matmul", 8), ("dot", 1)]
    assert engine.statements < 12


def test_a_step_on_a_ring_of_which_no_cells_are_alike_runs_as_one_product() -> None:
    products = [block for block in ring(carried_on, weights(8)).plan.quicker.blocks if block.kind == "matmul"]
    assert [(block.size, len(block.terms)) for block in products if block.batched] == [(8, 1)] * 5
