"""What may be passed to a program: arrays of any layout and type of real numbers, and clear errors for the rest."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from agreement import by_numpy, theta_of
from losses import LOSSES, convolution, cross_entropy, mlp

import autograd
from autograd import NumberError, Program, SizeError, UsageError, Value, relu

CASE = mlp(3, 4, 2)
THETA = theta_of(CASE)
X, Y = CASE.data(4)


@pytest.fixture(scope="module")
def program() -> Program:
    """A small network, traced."""
    program = autograd.compile(CASE.loss, CASE.params)
    program(THETA, X, Y)
    return program


RUNS: dict[str, Callable[..., Any]] = {"as chosen": Program.value_and_grad, "numpy": by_numpy}


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest, program: Program) -> Callable[..., Any]:
    """Value and gradient, by the engine that the program chooses and by matrix statements."""
    return lambda *arguments, **options: RUNS[request.param](program, *arguments, **options)


def strided(array: Any) -> Any:
    """The same numbers, every second of a larger array along each axis."""
    larger = np.full([2 * n for n in array.shape], math.nan)
    view = larger[tuple([slice(None, None, 2)] * array.ndim)]
    view[...] = array
    return view


def read_only(array: Any) -> Any:
    """The same numbers, protected."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "strided": strided, "reversed": lambda a: a[..., ::-1].copy()[..., ::-1], "Fortran": np.asfortranarray,
    "read-only": read_only, "lists": lambda a: a.tolist(), "big-endian": lambda a: a.astype(">f8"),
    "transposed": lambda a: a.T.copy().T, "float128": lambda a: a.astype(np.longdouble),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_arguments_makes_no_difference(run: Callable[..., Any], layout: str) -> None:
    expected = run(THETA, X, Y)
    give = LAYOUTS[layout]
    for arguments in ((give(THETA), X, Y), (THETA, give(X), Y), (THETA, X, give(Y)), (give(THETA), give(X), give(Y))):
        value, gradient = run(*arguments)
        assert value == pytest.approx(expected[0], rel=1e-15)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.bool_, np.float16, np.float32])
def test_inputs_of_other_types_are_taken_as_the_numbers_they_are(run: Callable[..., Any], dtype: Any) -> None:
    few = np.array([[0, 1, 1], [1, 0, 1]])
    expected = run(THETA, few.astype(float), Y[:2])
    value, gradient = run(THETA, few.astype(dtype), Y[:2])
    assert value == expected[0]
    np.testing.assert_array_equal(gradient, expected[1])


@pytest.mark.parametrize(("dtype", "computed"), [
    (np.float64, np.float64), (np.float32, np.float32), (np.float16, np.float64), (np.int64, np.float64),
])
def test_the_gradient_has_the_dtype_of_theta(run: Callable[..., Any], dtype: Any, computed: Any) -> None:
    assert run(np.ones_like(THETA, dtype=dtype), X, Y)[1].dtype == computed


def test_float32_is_kept_whatever_the_type_of_the_data(program: Program) -> None:
    theta = THETA.astype(np.float32)
    assert program(theta, X, Y).dtype == np.float32
    value, gradient, dx = program.value_and_grad(theta, X, Y, inputs=True)
    assert gradient.dtype == dx.dtype == np.float32
    assert value == pytest.approx(program.value_and_grad(THETA, X, Y)[0], rel=1e-5)


@pytest.mark.parametrize("name", ["mlp_tanh", "convolution_and_max_pooling", "causal_attention", "an_input_alone",
                                  "no_parameters", "largest_and_smallest", "residual_blocks"])
def test_arguments_are_never_modified(name: str) -> None:
    case = LOSSES[name]()
    rows, targets = case.data()
    given = [theta_of(case), rows, targets] if targets is not None else [theta_of(case), rows]
    copies = [array.copy() for array in given]
    program = case.compiled()
    for _ in range(2):
        program(*given)
        program.value_and_grad(*given)
        by_numpy(program, given[0], rows, targets, inputs=True)
    for array, copy in zip(given, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", ["an_input_alone", "a_target_alone", "no_parameters", "a_parameter_alone"])
def test_results_share_no_memory_with_arguments(name: str) -> None:
    case = LOSSES[name]()
    theta, (rows, targets) = theta_of(case), case.data()
    program = case.compiled()
    results = [program(theta, rows, targets), *by_numpy(program, theta, rows, targets, inputs=True)[1:]]
    given = [array for array in (theta, rows, targets) if array is not None]
    assert not any(np.may_share_memory(result, array) for result in results for array in given)


# ── batches ──────────────────────────────────────────────────────────────────────────────────


def test_one_example_is_a_batch_of_one(run: Callable[..., Any]) -> None:
    values = [run(THETA, X[i : i + 1], Y[i : i + 1])[0] for i in range(4)]
    assert np.mean(values) == pytest.approx(run(THETA, X, Y)[0], rel=1e-14)


def test_a_batch_of_nothing_is_an_error(program: Program) -> None:
    with pytest.raises(UsageError, match=r"at least one row, X has shape \(0, 3\)"):
        program.value_and_grad(THETA, np.zeros((0, 3)), np.zeros((0, 2)))


def test_a_single_number_is_no_batch(program: Program) -> None:
    with pytest.raises(SizeError, match=r"for one example: \[number\]"):
        program(THETA, 1.0)


def test_rows_may_be_numbers() -> None:
    w = Value(2.0)
    program = autograd.compile(lambda x, y: (w * x - y) ** 2, [w])
    value, gradient, dx = program.value_and_grad([2.0], [1.0, 2.0], [1.0, 1.0], inputs=True)
    assert (value, gradient.tolist(), dx.tolist()) == (5.0, [7.0], [2.0, 6.0])


def test_rows_may_be_tables() -> None:
    case = convolution(5)
    pictures, targets = case.data(3)
    program = case.compiled()
    assert program.value_and_grad(theta_of(case), pictures, targets, inputs=True)[2].shape == (3, 5, 5)


def test_rows_may_be_empty() -> None:
    w = Value(2.0)
    program = autograd.compile(lambda x: w * w + len(x), [w])
    value, gradient, dx = program.value_and_grad([3.0], np.zeros((4, 0)), inputs=True)
    assert (value, gradient.tolist(), dx.shape) == (9.0, [6.0], (4, 0))


# ── errors ───────────────────────────────────────────────────────────────────────────────────

BAD: dict[str, tuple[tuple[Any, ...], type[Exception], str]] = {
    "theta too short": ((THETA[:-1], X, Y), SizeError, r"theta must have shape \(26,\).*\(25,\) came"),
    "theta as a matrix": ((THETA[None], X, Y), SizeError, r"theta must have shape \(26,\).*\(1, 26\) came"),
    "theta as a number": ((1.0, X, Y), SizeError, r"theta must have shape \(26,\).*\(\) came"),
    "theta complex": ((THETA * 1j, X, Y), NumberError, "theta must hold real numbers.*complex128"),
    "theta as text": (("theta", X, Y), NumberError, "theta must hold real numbers"),
    "theta of Values": (([Value(1.0)] * 26, X, Y), NumberError, "theta must hold real numbers.*object"),
    "theta ragged": (([[1.0], [1.0, 2.0]], X, Y), SizeError, "the rows of theta differ"),
    "X and Y of different lengths": ((THETA, X, Y[:3]), SizeError, "as many rows as each other, 4 and 3 came"),
    "X ragged": ((THETA, [[1.0, 2.0, 3.0], [1.0]], Y[:2]), SizeError, "the rows of X differ in length"),
    "Y ragged": ((THETA, X[:2], [[1.0], [1.0, 2.0]]), SizeError, "the rows of Y differ in length"),
    "X as text": ((THETA, "text", Y), NumberError, "X must hold real numbers"),
    "X complex": ((THETA, X * 1j, Y), NumberError, "X must hold real numbers, it is of type complex128"),
    "X None": ((THETA, None, Y), NumberError, "X must hold real numbers, it is of type object"),
    "X of Values": ((THETA, [[Value(1.0)] * 3] * 4, Y), NumberError, "X must hold real numbers"),
    "Y as text": ((THETA, X, ["cat", "dog", "cat", "dog"]), NumberError, "Y must hold real numbers"),
    "class numbers": ((THETA, X, [0, 1, 1, 0]), UsageError, r"one-hot rows \(np\.eye\(2\)\[Y\]\)"),
    "class numbers as an array": ((THETA, X, np.array([0, 2, 1, 0])), UsageError, r"np\.eye\(3\)"),
    "a number where the loss takes a row": ((THETA, X, Y[:, 0]), autograd.TraceError, "one number.*nested lists"),
    "no Y": ((THETA, X), UsageError, "missing a required argument: 'y'"),
}


@pytest.mark.parametrize(("arguments", "kind", "message"), BAD.values(), ids=BAD)
def test_arguments_that_cannot_be_meant_get_a_clear_error(
    program: Program, arguments: tuple[Any, ...], kind: type[Exception], message: str
) -> None:
    for call in (program.value_and_grad, program):
        with pytest.raises(kind, match=message):
            call(*arguments)


def test_rows_that_the_loss_cannot_read_are_an_error_of_the_loss(program: Program) -> None:
    with pytest.raises((SizeError, ValueError), match=r"equal length|strict"):
        program(THETA, X[:, :2], Y)
    with pytest.raises((SizeError, ValueError), match=r"equal length|strict|shorter"):
        program(THETA, X, Y[:, :1])


def test_one_hot_rows_of_integers_are_targets() -> None:
    case = mlp(3, 4, f=relu, error=cross_entropy)
    program = case.compiled()
    labels = np.array([0, 3, 2, 1])
    value = program.value_and_grad(theta_of(case), X, np.eye(4, dtype=int)[labels])[0]
    assert value == program.value_and_grad(theta_of(case), X, np.eye(4)[labels])[0]


OUTS: dict[str, tuple[Any, type[Exception], str]] = {
    "too short": (np.zeros(25), SizeError, r"out must be an array like theta, float64 of shape \(26,\).*\(25,\)"),
    "float32": (np.zeros(26, np.float32), SizeError, "float32 of shape"),
    "a list": ([0.0] * 26, SizeError, "list came"),
    "strided": (np.zeros(52)[::2], UsageError, "contiguous"),
    "read-only": (read_only(np.zeros(26)), UsageError, "read-only"),
    "theta itself": (THETA, UsageError, "of its own"),
}


@pytest.mark.parametrize(("out", "kind", "message"), OUTS.values(), ids=OUTS)
def test_out_must_be_like_theta(program: Program, out: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        program.value_and_grad(THETA, X, Y, out=out)


def test_out_is_filled_and_returned(run: Callable[..., Any]) -> None:
    expected, out = run(THETA, X, Y)[1], np.full(26, 7.0)
    for _ in range(3):
        assert run(THETA, X, Y, out=out)[1] is out
        np.testing.assert_array_equal(out, expected)


def test_a_gradient_is_a_fresh_array(run: Callable[..., Any]) -> None:
    first, second = run(THETA, X, Y)[1], run(THETA, X, Y)[1]
    assert not np.may_share_memory(first, second)


# ── numbers that are none ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", [
    "mlp_tanh", "mlp_relu", "mlp_softmax_cross_entropy",
    pytest.param("convolution_padded_by_if", marks=pytest.mark.slow)])
def test_a_number_that_is_not_finite_passes_through_without_a_warning(name: str, bad: float) -> None:
    case = LOSSES[name]()
    rows, targets = case.data(3)
    rows[1].flat[0] = bad
    for traced_with in (rows, case.data(3)[0]):
        program = case.compiled()
        program.value_and_grad(theta_of(case), traced_with, targets)
        outputs = program(theta_of(case), rows, targets)
        assert np.isfinite(outputs).tolist()[::2] == [True, True]
        for result in (program.value_and_grad(theta_of(case), rows, targets),
                       by_numpy(program, theta_of(case), rows, targets)):
            assert result[0] == pytest.approx(np.mean(outputs), nan_ok=True)
    if math.isnan(bad):
        assert np.isnan(outputs[1])
        assert np.isnan(result[1]).any()


def test_a_program_whose_first_example_is_nan_is_right_for_the_next() -> None:
    program = autograd.compile(CASE.loss, CASE.params)
    program.value_and_grad(THETA, np.full_like(X, math.nan), Y)
    fresh = autograd.compile(CASE.loss, CASE.params)
    np.testing.assert_array_equal(program.value_and_grad(THETA, X, Y)[1], fresh.value_and_grad(THETA, X, Y)[1])


@pytest.mark.parametrize(("function", "x", "expected"), [
    (autograd.exp, 1000.0, math.inf), (autograd.log, 0.0, -math.inf), (autograd.log, -1.0, math.nan),
    (autograd.sqrt, -1.0, math.nan), (lambda v: 1 / v, 0.0, math.inf), (lambda v: v / v, 0.0, math.nan),
    (lambda v: v**0.5, -1.0, math.nan), (lambda v: v**-1, 0.0, math.inf), (autograd.softplus, 800.0, 800.0),
    (autograd.sigmoid, -800.0, 0.0), (autograd.sigmoid, 800.0, 1.0),
    (lambda v: autograd.logsumexp([v, v]), 1e4, 1e4 + math.log(2)),
])
def test_arithmetic_is_that_of_ieee_754_in_every_engine(function: Any, x: float, expected: float) -> None:
    w = Value(1.0)
    program = autograd.compile(lambda v: w * function(v[0]), [w])
    assert program([1.0], [[x]])[0] == pytest.approx(expected, nan_ok=True)
    for run in (by_numpy, Program.value_and_grad):
        assert run(program, [1.0], np.array([[x]]), None)[0] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("place", ["its end first", "at the same place", "its start last"])
@pytest.mark.parametrize("shared", ["theta", "X", "Y"])
def test_out_shares_no_memory_with_what_is_read(run: Callable[..., Any], shared: str, place: str) -> None:
    given = {"theta": THETA, "X": np.tile(X, (20, 1)), "Y": np.tile(Y, (20, 1))}
    size, n = given[shared].size, len(THETA)
    memory = np.zeros(n + size + 2 * n)
    given[shared] = memory[n : n + size].reshape(given[shared].shape)
    start = {"its end first": 1, "at the same place": n, "its start last": n + size - 1}[place]
    beside = memory[n + size : n + size + n]
    for _ in range(2):  # what has been met before is checked again
        with pytest.raises(UsageError, match=f"shares memory with {shared}"):
            run(*given.values(), out=memory[start : start + n])
        assert run(*given.values(), out=beside)[1] is beside


def test_what_is_not_finite_is_found_in_arrays_like_those_met_before() -> None:
    w = Value(1.0)
    program = autograd.compile(lambda v: autograd.where(autograd.gt(v, 0), w * v, 1 / v), [w])
    x = np.ones(16)
    for _ in range(3):
        assert program.value_and_grad(np.ones(1), x) == (1, [1])
    x[0] = math.nan
    assert np.isnan(program.value_and_grad(np.ones(1), x)[0])
    x[0] = -1.0
    assert program.value_and_grad(np.ones(1), x) == (0.875, [0.9375])


# ── gradients in the parameters ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", [convolution, lambda: mlp(3, 4, 2, error=cross_entropy)], ids=["cnn", "mlp"])
@pytest.mark.parametrize("native", [False, True], ids=["numpy", "native"])
def test_backward_adds_the_gradient_of_the_mean_to_that_of_every_parameter(make: Any, native: bool) -> None:
    case = make()
    params = autograd.nested.parameters_of(case.params)
    x, y = case.data(3)
    program = autograd.compile(case.loss, case.params)
    if native:
        pytest.importorskip("llvmlite")
        program = program.to_native()
    value, gradient = program.value_and_grad([p.data for p in params], x, y)
    for times in (1, 2):
        loss = program.backward(x, y)
        assert (type(loss), loss) == (float, pytest.approx(float(value), rel=1e-12))
        assert [p.grad for p in params] == pytest.approx((times * gradient).tolist(), rel=1e-12, abs=1e-15)
    params[0].data += 1.0
    assert program.backward(x, y) == pytest.approx(float(program.value_and_grad([p.data for p in params], x, y)[0]))


def test_backward_agrees_with_that_of_a_graph_of_the_batch() -> None:
    w, b = Value(2.0), Value(-1.0)
    loss = lambda x, y: (relu(w * x) + b - y) ** 2  # noqa: E731
    rows = [(1.0, 3.0), (-2.0, 0.5), (0.0, 4.0)]
    mean = sum(loss(x, y) for x, y in rows) / len(rows)
    mean.backward()
    expected = w.grad, b.grad
    w.grad = b.grad = 0.0
    xs, ys = zip(*rows, strict=True)
    assert autograd.compile(loss, [w, b]).backward(xs, ys) == pytest.approx(mean.data)
    assert (w.grad, b.grad) == pytest.approx(expected)


def test_backward_draws_from_its_generator_and_leaves_gradients_where_it_raises() -> None:
    w = Value(1.0)
    program = autograd.compile(lambda x: w * x * autograd.noise(), [w])
    losses = [program.backward([1.0, 2.0], rng=np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2]
    before = w.grad
    with pytest.raises(SizeError):
        program.backward([1.0, 2.0], [1.0])
    with pytest.raises(UsageError, match="a loss of one Value"):
        autograd.compile(lambda x: [w * x, w], [w]).backward([1.0])
    assert w.grad == before
