"""Value: a number of Python that remembers how it was made."""

from __future__ import annotations

import contextlib
import copy
import gc
import math
import operator
import pickle
import re
import warnings
from decimal import Decimal
from fractions import Fraction
from typing import Any
from unittest import mock

import numpy as np
import pytest
from strategies import points

import autograd
from autograd import NumberError, NumberRangeError, Value, ops

over = pytest.mark.parametrize

OPERATORS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
}
NUMBERS = [3, 3.0, True, np.float64(3), np.float32(3), np.int64(3), np.bool_(True), Fraction(3, 1), np.array(3.0)]


# ── operators ────────────────────────────────────────────────────────────────────────────────


@over("number", NUMBERS, ids=lambda n: type(n).__name__)
@over("name", OPERATORS)
def test_an_operator_takes_a_plain_number_on_either_side(name: str, number: Any) -> None:
    v, apply = Value(2.0), OPERATORS[name]
    left, right = apply(number, v), apply(v, number)
    assert (type(left), left.data) == (Value, apply(float(number), 2.0))
    assert (type(right), right.data) == (Value, apply(2.0, float(number)))
    assert left.op is right.op is ops.TABLE[name]
    assert left.args[1] is right.args[0] is v
    assert left.args[0].op is right.args[1].op is ops.constant


@over("name", OPERATORS)
def test_an_operator_takes_two_values(name: str) -> None:
    x, y = Value(2.0), Value(3.0)
    z = OPERATORS[name](x, y)
    assert (z.data, z.op, z.args) == (OPERATORS[name](2.0, 3.0), ops.TABLE[name], (x, y))


def test_signs_and_absolute_values_are_operations() -> None:
    v = Value(-2.0)
    assert ((-v).data, abs(v).data) == (2.0, 2.0)
    assert +v is v


def test_augmented_assignment_makes_a_new_value() -> None:
    v = total = Value(2.0)
    total += 1
    total *= v
    assert (v.data, total.data) == (2.0, 6.0)


def test_a_power_may_have_a_value_below_above_or_both() -> None:
    x, y = Value(2.0), Value(3.0)
    assert [(x**3).data, (2**y).data, (x**y).data] == [8.0, 8.0, 8.0]
    assert autograd.grad(x**y, [x, y]) == pytest.approx([12.0, 8 * math.log(2)])


def test_the_built_in_sum_adds_values() -> None:
    assert sum([Value(1), Value(2), 3]).data == 6.0


def test_x_times_x_has_two_operands() -> None:
    x = Value(3.0)
    square = x * x
    assert square.args == (x, x)
    square.backward()
    assert x.grad == 6.0


def test_operands_keep_the_order_in_which_they_were_written() -> None:
    x, y = Value(1.0), Value(2.0)
    assert [(x - y).args, (y - x).args] == [(x, y), (y, x)]
    assert autograd.dot([x, y], [y, x], 3).args[:4] == (x, y, y, x)


def test_an_operand_is_older_than_what_is_made_of_it() -> None:
    x = Value(1.0)
    y = x + 1
    assert x.serial < y.args[1].serial < y.serial


# ── ordering, identity, text ─────────────────────────────────────────────────────────────────


@over("other", [3, np.float64(3), Value(3.0)], ids=["int", "numpy", "Value"])
def test_values_are_ordered_by_their_data(other: Any) -> None:
    v = Value(2.0)
    assert (v < other, v <= other, v > other, v >= other) == (True, True, False, False)
    assert (other < v, other <= v, other > v, other >= v) == (False, False, True, True)


def test_sorting_and_the_built_in_maximum_work() -> None:
    x, y = Value(2.0), Value(1.0)
    assert sorted([x, y]) == [y, x]
    assert max(x, y) is x


def test_equality_is_identity_so_that_lists_and_sets_stay_safe() -> None:
    x, y = Value(2.0), Value(2.0)
    assert x != y
    assert x == x
    assert [x, y].index(y) == 1
    assert len({x, y, x}) == 2
    assert x not in [None, "x"]
    with pytest.warns(RuntimeWarning, match="a Value equals no number"):
        assert not np.float64(2) == x  # noqa: SIM201 - NumPy's own operator


@over("compared", [lambda v: v == 2.0, lambda v: not v != 2, lambda v: v in [2.0],  # noqa: SIM202
                   lambda v: 2.0 == v])  # noqa: SIM300
def test_no_number_is_equal_to_a_value_and_a_warning_says_what_to_write_once_a_line(compared: Any) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        assert not any(compared(Value(2.0)) for _ in range(3))
    assert [str(warning.message).startswith("a Value equals no number") for warning in seen] == [True]
    assert "write v.data == 2" in str(seen[0].message)
    assert seen[0].filename == __file__


@over("bad", ["1", None, 1j, [1.0]])
def test_what_is_no_number_cannot_be_compared(bad: Any) -> None:
    with pytest.raises(NumberError):
        _ = Value(1.0) < bad


@over(("number", "truth"), [(0.0, False), (2.0, True), (math.nan, True)])
def test_a_value_is_as_true_as_its_number(number: float, truth: bool) -> None:
    assert bool(Value(number)) is truth


def test_a_value_represents_itself_by_data_gradient_and_label() -> None:
    f = Value(-12.0, label="f")
    assert repr(f) == "Value(data=-12.0, label='f')"
    f.grad = 1.0
    assert repr(f) == "Value(data=-12.0, grad=1.0, label='f')"
    assert repr(Value(1)) == "Value(data=1.0)"


def test_a_gradient_is_shown_once_one_has_arrived_also_if_it_is_zero() -> None:
    x, y, idle = Value(2.0, "x"), Value(3.0, "y"), Value(4.0, "idle")
    f = x.step() + 0 * y
    assert repr(x) == "Value(data=2.0, label='x')"
    f.backward()
    assert [repr(v) for v in (x, y)] == ["Value(data=2.0, grad=0.0, label='x')", "Value(data=3.0, grad=0.0, label='y')"]
    assert "grad=1.0" in repr(f)
    assert repr(idle) == "Value(data=4.0, label='idle')"
    for twin in (copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))):
        assert [repr(twin(v)) for v in (x, y, f, idle)] == [repr(v) for v in (x, y, f, idle)]
    f.zero_grad()
    assert "grad" not in repr(x) + repr(f)
    x.grad = 0
    assert repr(x) == "Value(data=2.0, grad=0.0, label='x')"


@over("op", [op for op in ops.TABLE.values() if op.recorded], ids=lambda op: op.name)
def test_every_row_leaves_a_gradient_to_be_seen(op: ops.Op) -> None:
    operands = [Value(x) for x in points(op)[0]]
    (0 * op.dispatch(tuple(operands))).backward()
    assert all("grad=" in repr(v) for v in operands)


@over(("apply", "advice"), [
    (lambda v: v ^ 2, r"x \*\* 2 in place of x \^ 2"), (lambda v: 2 ^ v, r"x \*\* 2"),
    (lambda v: round(v), r"round\(v.data, 2\)"), (lambda v: round(v, 2), r"f'\{v:.2f\}'"),
    (lambda v: v // 2, "have no derivative"), (lambda v: 7 % v, "have no derivative"),
])
def test_operators_without_a_derivative_say_what_to_write(apply: Any, advice: str) -> None:
    with pytest.raises(NumberError, match=advice):
        apply(Value(3.0))


@over(("spec", "text"), [(".3f", "3.142"), ("8.2f", "    3.14"), ("e", "3.141593e+00"), ("", f"Value(data={math.pi})")])
def test_a_value_formats_as_its_number(spec: str, text: str) -> None:
    assert format(Value(math.pi), spec) == text


# ── what is a number ─────────────────────────────────────────────────────────────────────────


@over(
    ("number", "data"),
    [(3, 3.0), (True, 1.0), (np.float32(0.5), 0.5), (Fraction(1, 4), 0.25), (Decimal("0.5"), 0.5),
     (np.array([7.0]), 7.0), (np.array(7), 7.0), (math.inf, math.inf), (-math.inf, -math.inf)],
)
def test_every_real_number_makes_a_value_whose_data_is_a_float(number: Any, data: float) -> None:
    v = Value(number)
    assert (type(v.data), v.data, v.grad, v.op, v.args, v.label) == (float, data, 0.0, None, (), "")


def test_nan_is_allowed() -> None:
    assert math.isnan((Value(math.nan) + 1).data)


@over(
    ("bad", "came"),
    [("3", "str '3' came"), (b"3", "bytes b'3' came"), (None, "NoneType None came"), (1j, "complex 1j came"),
     (np.complex128(1j), "complex128 .* came"), (np.array([1.0, 2.0]), r"an array of shape \(2,\) came"),
     (np.array(["a"]), "str 'a' came"), ([1.0], r"list \[1.0\] came"), ({}, "dict {} came"),
     (object(), "object .* came")],
    ids=lambda x: type(x).__name__,
)
def test_what_is_no_real_number_is_refused_with_a_word_about_what_came(bad: Any, came: str) -> None:
    with pytest.raises(NumberError, match=f"a real number is expected, {came}"):
        Value(bad)
    assert issubclass(NumberError, TypeError)


@over("bad", ["3", None, 1j, [1.0], {}])
@over("name", OPERATORS)
def test_an_operator_refuses_what_is_no_number_on_either_side(name: str, bad: Any) -> None:
    apply = OPERATORS[name]
    with pytest.raises(TypeError):
        apply(Value(1.0), bad)
    with pytest.raises(TypeError):
        apply(bad, Value(1.0))


def test_a_value_of_a_value_is_refused() -> None:
    with pytest.raises(NumberError, match=r"a Value came: use v.data, or v itself in place of Value\(v\)"):
        Value(Value(1.0))


def test_an_integer_beyond_every_float_is_refused() -> None:
    with pytest.raises(NumberRangeError, match=r"within ±1.8e308 is expected, an int of 1329 bits came"):
        Value(1.0) + 10**400


@over("function", [float, int, complex, math.tanh, math.exp, math.floor, math.trunc, range])
def test_a_value_does_not_turn_into_a_plain_number_in_silence(function: Any) -> None:
    with pytest.raises(TypeError, match=r"v\.data .* autograd\.tanh\(v\)"):
        function(Value(1.0))


# ── NumPy ────────────────────────────────────────────────────────────────────────────────────


@over("row", [op for op in ops.TABLE.values() if op.name in ("exp", "log", "sqrt", "sin", "cos", "tanh")], ids=str)
def test_a_ufunc_of_a_value_is_a_value_with_a_gradient(row: ops.Op) -> None:
    v = Value(0.5)
    out = getattr(np, row.name)(v)
    assert (out.op, out.args, out.data) == (row, (v,), row(0.5))


@over(
    ("function", "row"),
    [(np.add, ops.add), (np.subtract, ops.sub), (np.multiply, ops.mul), (np.divide, ops.div), (np.power, ops.pow),
     (np.float_power, ops.pow), (np.maximum, ops.maximum), (np.minimum, ops.minimum)],
)
def test_a_ufunc_of_two_operands_takes_values_on_either_side(function: Any, row: ops.Op) -> None:
    v = Value(0.5)
    for out, data in [(function(v, 2), row(0.5, 2)), (function(2, v), row(2, 0.5)), (function(v, v), row(0.5, 0.5))]:
        assert (out.op, out.data) == (row, data)


ALL_UFUNCS = sorted({f.__name__: f for f in vars(np).values() if isinstance(f, np.ufunc)}.items())
FUNCTIONS = sorted(name for name, f in vars(np).items() if hasattr(f, "_implementation") and "save" not in name)


def right_or_refused(name: str, function: np.ufunc, args: list[Any], numbers: list[float]) -> bool:
    """Whether the result equals NumPy's of the numbers; False for an error of ours that names the function."""
    try:
        result = function(*args)
    except autograd.RerollError as error:
        assert re.search(rf"np\.{name} |no derivative|does not turn into", str(error))  # noqa: PT017
        return False
    for got in np.ravel(result):
        number = got.data if isinstance(got, Value) else got
        if name.startswith("logical"):
            number = bool(number)  # of objects, NumPy gives one of the two, as Python's `and` does
        assert number == pytest.approx(function(*numbers))
        if isinstance(got, Value) and got.args:
            for i, x in enumerate(args):
                above, below = [function(*[n + h * (i == j) for j, n in enumerate(numbers)]) for h in (1e-6, -1e-6)]
                leaf = np.ravel(x)[0]
                assert autograd.grad(got, [leaf]) == pytest.approx([(above - below) / 2e-6], rel=1e-4, abs=1e-6)
    return True


@over(("name", "function"), ALL_UFUNCS, ids=[name for name, _ in ALL_UFUNCS])
@over("array", [False, True], ids=["value", "array"])
def test_every_ufunc_is_right_or_refused_by_name(name: str, function: np.ufunc, array: bool) -> None:
    numbers = [0.7, 0.4, 0.2][: function.nin]
    args = [np.array([Value(x)]) if array else Value(x) for x in numbers]
    if array and (not any("O" in kinds for kinds in function.types) or name == "bitwise_count"):
        with pytest.raises(TypeError):  # without a loop over objects, NumPy asks no element
            function(*args)
    elif array and function.signature:
        pytest.skip("a product of matrices: there are others for these")
    else:
        rows = {op.name for op in ops.TABLE.values()} | {"add", "subtract", "multiply", "divide", "power", "absolute"}
        assert right_or_refused(name, function, args, numbers) or name not in rows


@over("name", FUNCTIONS)
def test_other_functions_of_numpy_are_right_or_refused_if_they_ask(name: str) -> None:
    v, asked = Value(0.7), mock.Mock(wraps=ops.Carrier.__array_function__)
    with mock.patch.object(ops.Carrier, "__array_function__", lambda *args: asked(*args)):
        try:
            result = getattr(np, name)(v)
        except Exception as error:
            assert isinstance(error, autograd.RerollError) or not asked.called  # noqa: PT017
        else:
            assert not isinstance(result, np.ndarray) or result.shape


@over(
    ("function", "slopes"),
    [
        (lambda x, y: np.where([True, False], x, y).sum(), [1, 1]),
        (lambda x, y: np.where(x > y, x * y, 0), [2, 3]),
        (lambda x, y: np.clip(x, -1, 5), [1, 0]),
        (lambda x, y: np.clip(x, -1, y), [0, 1]),
        (lambda x, y: np.clip(np.array([x, y]), None, 2.5).sum(), [0, 1]),
        (lambda x, y: np.clip([x, y], y, x).sum(), [1, 1]),
        (lambda x, y: np.maximum(np.array([x, -y]), 0).sum(), [1, 0]),
        (lambda x, y: np.sum([x, y]) + np.prod([x, y]), [3, 4]),
        (lambda x, y: np.std(np.array([x, y])), [0.5, -0.5]),
        (lambda x, y: np.var([x, y]) + np.mean([x, y]), [1, 0]),
        (lambda x, y: np.linalg.norm(np.array([x * 0 + 3, y * 2])), [0, 1.6]),
        (lambda x, y: np.append(np.array([x]), y) @ np.array([2, 7]), [2, 7]),
        (lambda x, y: np.dot(x, y) + np.outer(x, y)[0, 0], [4, 6]),
    ],
)
def test_functions_of_numpy_differentiate(function: Any, slopes: list[float]) -> None:
    x, y = Value(3.0), Value(2.0)
    assert autograd.grad(function(x, y), [x, y]) == pytest.approx(slopes)


@over(("name", "function"), ALL_UFUNCS, ids=[name for name, _ in ALL_UFUNCS])
def test_every_ufunc_in_a_compiled_loss_is_right_or_refused(name: str, function: np.ufunc) -> None:
    numbers, w = [0.7, 0.4, 0.2][: function.nin], Value(1.0)
    try:
        program = autograd.compile(lambda x: function(*x) * w, [w])
        found = program([1.0], np.array([numbers]))
    except autograd.RerollError:
        return
    assert found == pytest.approx(function(*numbers))


@over("name", ops.INSTEAD)
def test_what_is_advised_in_place_of_a_function_of_numpy_is_the_same(name: str) -> None:
    function, x, y = getattr(np, name), 0.7, 0.4
    names = vars(autograd) | {"x": Value(x), "y": Value(y)}
    assert eval(ops.INSTEAD[name], names).data == pytest.approx(function(x, y) if function.nin == 2 else function(x))


def test_a_ufunc_that_is_no_row_is_made_of_rows() -> None:
    v = Value(3.0)
    assert autograd.grad(np.square(v), [v]) == [6.0]
    assert autograd.grad(np.reciprocal(v), [v]) == pytest.approx([-1 / 9])


def test_arrays_of_values_work_with_operators_products_sums_and_ufuncs() -> None:
    vector = np.array([Value(1.0), Value(2.0)])
    matrix = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])

    def data(array: Any) -> Any:
        return np.vectorize(lambda v: v.data, otypes=[float])(array).tolist()

    assert data(vector + vector) == data(vector * 2) == data(2 * vector) == [2.0, 4.0]
    assert data(vector + np.array([1.0, 2.0])) == data(np.array([1.0, 2.0]) + vector) == [2.0, 4.0]
    assert data(vector - Value(1.0)) == [0.0, 1.0]
    assert data(Value(1.0) - vector) == [0.0, -1.0]
    assert data(matrix @ vector) == data(np.dot(matrix, vector)) == [5.0, 11.0]
    assert data(np.eye(2) @ vector) == [1.0, 2.0]
    assert matrix.sum().data == np.sum(matrix).data == 10.0
    assert data(matrix.sum(axis=0)) == [4.0, 6.0]
    assert matrix.mean().data == 2.5
    assert data(np.exp(vector)) == [math.exp(1), math.exp(2)]
    assert data(np.tanh(vector)) == [math.tanh(1), math.tanh(2)]
    assert data(-vector) == data(np.negative(vector)) == [-1.0, -2.0]
    assert data(autograd.sigmoid(vector)) == data([v.sigmoid() for v in vector])


def test_a_value_spreads_over_an_array_of_numbers() -> None:
    v = Value(2.0)
    product = v * np.array([1.0, 2.0])
    assert [p.data for p in product] == [p.data for p in np.array([1.0, 2.0]) * v] == [2.0, 4.0]
    assert autograd.grad(sum(product), [v]) == [3.0]


def test_a_gradient_passes_through_a_matrix_product_of_numpy() -> None:
    weights = np.array([[Value(1.0), Value(2.0)]])
    out = (weights @ np.array([3.0, 4.0]))[0]
    assert autograd.grad(out, list(weights[0])) == [3.0, 4.0]


def test_an_array_of_numbers_does_not_swallow_a_value() -> None:
    with pytest.raises(TypeError):
        np.array([Value(1.0)], dtype=float)
    array = np.zeros(2)
    with pytest.raises(TypeError):
        array += Value(1.0)
    with pytest.raises(TypeError):
        array[0] = Value(1.0)


# ── what data and grad are set to ────────────────────────────────────────────────────────────


@over("number", [*NUMBERS, np.uint8(200), np.int8(-100), np.float16(0.1), np.longdouble("0.1"), Decimal("0.1"), 10**300,
                 np.array([[2.5]]), np.array(7), math.inf], ids=repr)
@over("name", ["data", "grad"])
def test_an_assigned_number_becomes_a_float(name: str, number: Any) -> None:
    v = Value(1.0)
    setattr(v, name, number)
    assert type(getattr(v, name)) is float
    assert getattr(v, name) == Value(number).data
    v.data = number
    assert (v + v).data == 2 * Value(number).data


@over("bad", ["5", b"5", None, 1j, np.complex64(1), np.arange(2), np.array(["a"]), [1.0], {}, object(), 10**400,
              Fraction(10**400), Value(1.0), np.ma.masked, np.datetime64("2020"), math.sin],
      ids=lambda x: type(x).__name__)
@over("name", ["data", "grad"])
def test_what_is_no_real_number_is_refused_where_it_is_assigned(name: str, bad: Any) -> None:
    x = Value(2.0)
    y = x * x
    y.backward()
    with pytest.raises((NumberError, NumberRangeError)):
        setattr(x, name, bad)
    assert (x.data, x.grad) == (2.0, 4.0)
    y.backward()
    assert x.grad == 8.0


def test_a_label_is_text() -> None:
    with pytest.raises(NumberError, match=r"a label is text, float 3.0 came"):
        Value(2.0, 3.0)  # type: ignore[arg-type]


# ── subclasses ───────────────────────────────────────────────────────────────────────────────


class Mine(Value):
    """As forks of micrograd do it."""

    __slots__ = ("note",)

    def softsign(self) -> Any:
        return self / (1 + abs(self))


class Special(Mine):
    unit = "m"


@over("op", ops.TABLE.values(), ids=lambda op: op.name)
def test_every_row_gives_the_same_for_a_subclass_and_keeps_it(op: ops.Op) -> None:
    for point in points(op):
        plain = op.dispatch(tuple(map(Value, point)))
        for i in range(len(point)):
            for others in (Value, float, np.float64):
                operands = [Mine(x) if i == j else others(x) for j, x in enumerate(point)]
                result = op.dispatch(tuple(operands))
                if op.recorded:
                    assert type(result) is Mine
                    assert autograd.grad(result, [operands[i]]) == [slope_of(op, point, i)]
                    assert (result.data, result.op) == (plain.data, plain.op)
                elif isinstance(result, Value):
                    assert result.data == plain.data
                else:  # a comparison; `where` and `detach` of plain numbers
                    assert result == getattr(plain, "data", plain)


def slope_of(op: ops.Op, point: tuple[float, ...], i: int) -> float:
    values = [Value(x) for x in point]
    return autograd.grad(op.dispatch(tuple(values)), [values[i]])[0]  # type: ignore[no-any-return]


@over("op", [op for op in ops.TABLE.values() if op.recorded and not isinstance(op, ops.Reduction | ops.Contraction)],
      ids=lambda op: op.name)
@over("mode", [None, autograd.count_operations], ids=["alone", "watched"])
def test_methods_keep_a_subclass_too(op: ops.Op, mode: Any) -> None:
    point = points(op)[0]
    for kinds in ([Mine, Value], [Value, Mine], [Mine, float], [Special, Mine], [Mine, Special]):
        operands = [kind(x) for kind, x in zip(kinds, point, strict=False)]
        if not isinstance(operands[0], Value):
            continue
        with mode() if mode else contextlib.nullcontext():
            result = getattr(operands[0], op.name)(*operands[1:])
        special = max(kinds[: op.arity], key=lambda kind: len(kind.__mro__))
        assert type(result) is (special if special is not float else Mine)


@over("name", OPERATORS)
def test_operators_keep_a_subclass_with_numbers_on_either_side(name: str) -> None:
    for number in (2.0, 2, np.float64(2), Value(2.0)):
        assert type(OPERATORS[name](Mine(3.0), number)) is Mine
        assert type(OPERATORS[name](number, Mine(3.0))) is Mine
    assert [type(v) for v in np.array([1.0, 2.0]) * Mine(3.0)] == [Mine, Mine]


def test_a_subclass_has_order_truth_copies_and_everything_else_of_a_value() -> None:
    a, b = Mine(2.0, "a"), Value(3.0, "b")
    assert (a < b, a > 1, a <= 2, a <= 1, bool(a), max([a, b]) is b, sorted([b, a])[0] is a) == (
        True, True, True, False, True, True, True)
    assert type(a.softsign().softsign()) is type(sum([b, a])) is type(a.detach()) is Mine
    assert repr(a) == "Mine(data=2.0, label='a')"
    a.note = {"unit": ["m"]}
    for twin in (copy.copy(a), copy.deepcopy(a), pickle.loads(pickle.dumps(a))):
        assert (type(twin), twin.note, twin.data, twin.label) == (Mine, a.note, 2.0, "a")
    deep = copy.deepcopy([a * b, a])
    assert (type(deep[0]), deep[0].args[0], deep[1].note["unit"] is a.note["unit"]) == (Mine, deep[1], False)
    (slope,) = autograd.grad(a * a * b, [a], create_graph=True)
    assert (slope.data, type(slope)) == (12.0, Mine)
    assert autograd.hessian(lambda a: a * a * b, [a]) == [[6.0]]
    assert autograd.softmax([a, b])[0].data + autograd.mean(a, b).data > 2.5
    loss = lambda x: (a * x).softplus() * autograd.where(autograd.gt(x, 0), a, b)  # noqa: E731
    value, gradient = autograd.compile(loss, [a]).value_and_grad([2.0], np.array([0.5]))
    y = loss(Value(0.5))
    y.backward()
    assert (float(value), gradient.tolist()) == (pytest.approx(y.data), [pytest.approx(a.grad)])


def test_a_subclass_must_not_hide_what_the_engine_reads() -> None:
    with pytest.raises(autograd.UsageError, match="Bad defines data, which the engine reads"):
        type("Bad", (Value,), {"data": property(lambda self: 1.0)})


# ── life and death ───────────────────────────────────────────────────────────────────────────


def living() -> int:
    return sum(type(thing) is Value for thing in gc.get_objects())


def test_a_graph_is_freed_by_reference_counting_alone() -> None:
    gc.collect()
    gc.disable()
    try:
        before = living()
        x = Value(0.5)
        y = autograd.dot([x, x.tanh()], [2.0, x], 1).exp() * autograd.max([x, 1])
        y.backward()
        autograd.grad(autograd.grad(y, [x], create_graph=True)[0], [x])
        with autograd.detect_anomaly():
            (x * y).backward()
        assert living() > before
        del x, y
        assert living() == before
    finally:
        gc.enable()


def test_a_detached_value_is_a_constant_that_forgot_its_history() -> None:
    x = Value(3.0, label="x")
    y = (x * x).detach()
    assert (y.data, y.op, y.args) == (9.0, ops.constant, ())
    assert autograd.grad(y * x, [x]) == [9.0]
    assert x.detach().label == "x"


def test_attributes_are_read_the_quick_way() -> None:
    slow = {"__getattr__", "__getattribute__", "__setattr__"}
    assert not slow & {name for kind in Value.__mro__[:-1] for name in vars(kind)}


def test_a_value_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        Value(1.0).gradient = 2.0  # type: ignore[attr-defined]
