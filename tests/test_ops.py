"""The table of operations, row by row: a row that lacks anything, or states anything wrong, fails."""

from __future__ import annotations

import itertools
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import ELEMENTWISE, ROWS, VARIADIC, points

import autograd
from autograd import NumberError, NumberRangeError, SizeError, Value, ops
from autograd.formula import LEVELS, Formula
from autograd.specialize import FUNCTIONS, fast

ALL = list(ops.TABLE.values())
DIFFERENTIABLE = [op for op in ALL if op is not ops.detach]
over = pytest.mark.parametrize


def named(op: ops.Op) -> str:
    return op.name


def variables(count: int) -> list[str]:
    return [f"x{i}" for i in range(count)]


def spelled(op: ops.Op, spelling: str, count: int) -> str:
    """A row applied to variables x0, x1, … in one spelling."""
    return str(op.dispatch(tuple([Formula(x, spelling=spelling) for x in variables(count)])))


def central_difference(f: Any, point: tuple[float, ...], i: int, h: float = 1e-6) -> float:
    up, down = list(point), list(point)
    up[i] += h
    down[i] -= h
    return (float(f(*up)) - float(f(*down))) / (up[i] - down[i])


# ── a row is whole ───────────────────────────────────────────────────────────────────────────


@over("op", ALL, ids=named)
def test_a_row_is_named_as_its_key_and_offered_by_the_package(op: ops.Op) -> None:
    assert ops.TABLE[op.name] is op
    assert getattr(autograd, op.name) is op
    assert op.name in autograd.__all__


@over("op", ELEMENTWISE, ids=named)
def test_a_row_with_a_fixed_number_of_operands_is_a_method_of_every_carrier(op: ops.Op) -> None:
    point = points(op)[0]
    first, *others = map(Value, point)
    assert getattr(first, op.name)(*others).data == op(*point)
    assert str(getattr(Formula("x0"), op.name)(*map(Formula, variables(op.arity)[1:]))) == spelled(op, "", op.arity)


@over("op", ALL, ids=named)
def test_a_row_says_all_that_there_is_to_say(op: ops.Op) -> None:
    assert op.text
    assert op.notation.latex
    assert op.notation.mathml
    assert op.numpy
    assert op.symbol
    assert {op.level, op.notation.level} <= set(LEVELS)
    assert all(low < high for low, high in op.domain)
    for part in (fast(op).compute, fast(op).local, fast(op).pull):
        assert callable(part)
    assert op.recorded or op in (ops.gt, ops.eq, ops.where, ops.detach)


@over("op", ALL, ids=named)
def test_a_row_pickles_as_a_reference_to_itself(op: ops.Op) -> None:
    assert pickle.loads(pickle.dumps(op)) is op


@over("leaf", ops.LEAVES.values(), ids=lambda leaf: leaf.name)
def test_a_kind_of_leaf_pickles_as_a_reference_to_itself(leaf: ops.Leaf) -> None:
    assert pickle.loads(pickle.dumps(leaf)) is leaf


# ── derivatives ──────────────────────────────────────────────────────────────────────────────


@over("op", DIFFERENTIABLE, ids=named)
def test_each_partial_derivative_agrees_with_central_differences(op: ops.Op) -> None:
    for point in points(op):
        partials = op.partials(op.dispatch(point), point)
        numeric = [central_difference(lambda *xs: op.dispatch(xs), point, i) for i in range(len(point))]
        assert [float(p) for p in partials] == pytest.approx(numeric, rel=1e-6, abs=1e-7)


@over("op", ROWS, ids=named)
def test_each_second_derivative_agrees_with_differences_of_the_first(op: ops.Op) -> None:
    for point in points(op, 3):
        inputs = list(map(Value, point))
        firsts = autograd.grad(op.dispatch(tuple(inputs)), inputs, create_graph=True)
        for j, first in enumerate(firsts):
            numeric = [
                central_difference(lambda *xs, j=j: fast(op).local(op.dispatch(xs), *xs)[j], point, i)
                for i in range(len(point))
            ]
            assert autograd.grad(first, inputs) == pytest.approx(numeric, rel=1e-5, abs=1e-6)


@over("op", ROWS, ids=named)
def test_generated_code_agrees_with_the_rule(op: ops.Op) -> None:
    for point in points(op):
        out = op.dispatch(point)
        inputs = tuple(map(Value, point))
        recorded = op.partials(Value(out), inputs)
        expected = [p.data if isinstance(p, Value) else float(p) for p in recorded]
        node = op.dispatch(inputs)
        node.grad = 2.0
        fast(op).pull(node)
        assert node.data == fast(op).compute(inputs) == pytest.approx(out, rel=1e-15)
        assert list(fast(op).local(out, *point)) == pytest.approx(expected, rel=1e-15)
        assert [x.grad for x in inputs] == pytest.approx([2 * p for p in expected], rel=1e-14)


@over("op", VARIADIC, ids=named)
def test_a_reduction_agrees_with_its_expansion_into_simpler_rows(op: Any) -> None:
    for point in points(op, 3):
        one, other = (list(map(Value, point)) for _ in "ab")
        whole, expanded = op.dispatch(tuple(one)), op.expand(tuple(other))
        assert whole.data == pytest.approx(expanded.data, rel=1e-14)
        assert autograd.grad(whole, one) == pytest.approx(autograd.grad(expanded, other), rel=1e-13)


def test_detach_passes_the_number_on_and_no_gradient() -> None:
    x = Value(3.0)
    y = x * autograd.detach(x)
    assert (y.data, autograd.grad(y, [x])) == (9.0, [3.0])


# ── spellings ────────────────────────────────────────────────────────────────────────────────


@over("op", ALL, ids=named)
@over("spelling", ["text", "numpy", "python"])
def test_what_a_row_prints_computes_what_the_row_computes(op: ops.Op, spelling: str) -> None:
    for point in points(op):
        kind = np.float64 if spelling == "numpy" else float
        names: dict[str, Any] = dict(zip(variables(len(point)), map(kind, point), strict=True))
        code = spelled(op, spelling, len(point))
        scope = {"np": np} if spelling == "numpy" else FUNCTIONS
        assert float(eval(code, scope | names)) == pytest.approx(op.dispatch(point), rel=1e-13)


@over("op", [op for op in ALL if op not in VARIADIC], ids=named)
def test_the_numpy_spelling_works_on_whole_arrays(op: ops.Op) -> None:
    columns = np.array(points(op)).T
    result = eval(spelled(op, "numpy", op.arity), {"np": np} | dict(zip(variables(op.arity), columns, strict=True)))
    assert result == pytest.approx([op.dispatch(point) for point in points(op)], rel=1e-13)


@over("op", ALL, ids=named)
def test_the_latex_of_a_row_is_balanced_and_names_every_operand(op: ops.Op) -> None:
    count = 5 if op in VARIADIC else op.arity
    latex = spelled(op, "latex", count)
    depth = list(itertools.accumulate({"{": 1, "}": -1}.get(letter, 0) for letter in latex))
    assert min(depth) >= 0
    assert depth[-1] == 0
    assert latex.count(r"\left") == latex.count(r"\right")
    assert all(x in latex for x in variables(count))


# ── IEEE 754: no number makes an operation raise ─────────────────────────────────────────────

ANY_FLOAT = st.one_of(
    st.floats(), st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1e308, -1e308, 1000.0, -1000.0])
)


def same(x: float, y: float) -> bool:
    """Equal to rounding, where nan is nan and inf is inf."""
    return (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=1e-12, abs_tol=1e-300)


@over("op", ALL, ids=named)
@given(data=st.data())
def test_any_floats_give_what_numpy_gives(op: ops.Op, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 5)) if op in VARIADIC else op.arity
    point = tuple(data.draw(ANY_FLOAT) for _ in range(count))
    out = op.dispatch(point)
    names: dict[str, Any] = dict(zip(variables(count), map(np.float64, point), strict=True))
    with np.errstate(all="ignore"):
        expected = float(eval(spelled(op, "numpy", count), {"np": np} | names))
    assert same(out, expected)
    inputs = tuple(map(Value, point))
    assert same(fast(op).compute(inputs), expected)
    assert all(isinstance(float(p), float) for p in fast(op).local(out, *point))
    op.partials(Value(out), inputs)


@over(
    ("op", "point", "value", "partials"),
    [
        ("exp", (1000,), math.inf, (math.inf,)),
        ("exp", (-1000,), 0.0, (0.0,)),
        ("log", (0,), -math.inf, (math.inf,)),
        ("log", (-1,), math.nan, (-1.0,)),
        ("div", (0, 0), math.nan, (math.inf, math.nan)),
        ("div", (1, 0), math.inf, (math.inf, -math.inf)),
        ("div", (-1, 0), -math.inf, (math.inf, math.inf)),
        ("pow", (0, -1), math.inf, (-math.inf, -math.inf)),
        ("pow", (-8, 1 / 3), math.nan, (math.nan, math.nan)),
        ("pow", (1e200, 2), math.inf, (2e200, math.inf)),
        ("sqrt", (0,), 0.0, (math.inf,)),
        ("sqrt", (-1,), math.nan, (math.nan,)),
        ("sigmoid", (1000,), 1.0, (0.0,)),
        ("sigmoid", (-1000,), 0.0, (0.0,)),
        ("softplus", (1000,), 1000.0, (1.0,)),
        ("softplus", (-1000,), 0.0, (0.0,)),
        ("elu", (-1000, 1), -1.0, (0.0, -1.0)),
        ("elu", (1000, 1), 1000.0, (1.0, 0.0)),
        ("sin", (math.inf,), math.nan, (math.nan,)),
        ("logsumexp", (1000, 1000), 1000 + math.log(2), (0.5, 0.5)),
        ("logsumexp", (-math.inf, -math.inf), -math.inf, (math.nan, math.nan)),
        ("max", (math.nan, 1), math.nan, (math.nan, math.nan)),
    ],
)
def test_results_beyond_the_finite_are_those_of_ieee_754(
    op: str, point: tuple[float, ...], value: float, partials: tuple[float, ...]
) -> None:
    row = ops.TABLE[op]
    inputs = tuple([Value(x) for x in point])
    node = row.dispatch(inputs)
    assert node.data == pytest.approx(value, nan_ok=True)
    assert fast(row).local(node.data, *[x.data for x in inputs]) == pytest.approx(partials, nan_ok=True)
    node.backward()
    assert [x.grad for x in inputs] == pytest.approx(partials, nan_ok=True)


def test_softmax_of_large_scores_does_not_overflow() -> None:
    scores = [Value(1000), Value(1001)]
    probabilities = autograd.softmax(scores)
    assert [p.data for p in probabilities] == pytest.approx([1 / (1 + math.e), math.e / (1 + math.e)], rel=1e-15)
    assert sum(autograd.grad(probabilities[0], scores)) == pytest.approx(0, abs=1e-16)


# ── kinks and corners: the conventions of PyTorch ────────────────────────────────────────────

CONVENTIONS: list[tuple[str, tuple[float, ...], tuple[float, ...]]] = [
    ("relu", (0.0,), (0.0,)),
    ("leaky_relu", (0.0, 0.1), (0.1, 0.0)),
    ("elu", (0.0, 1.5), (1.5, 0.0)),
    ("abs", (0.0,), (0.0,)),
    ("sign", (0.0,), (0.0,)),
    ("step", (0.0,), (0.0,)),
    ("sqrt", (0.0,), (math.inf,)),
    ("maximum", (2.0, 2.0), (0.5, 0.5)),
    ("minimum", (2.0, 2.0), (0.5, 0.5)),
    ("max", (3.0, 1.0, 3.0), (0.5, 0.0, 0.5)),
    ("max", (3.0, 3.0, 3.0), (1 / 3, 1 / 3, 1 / 3)),
    ("min", (1.0, 1.0, 3.0), (0.5, 0.5, 0.0)),
    ("pow", (3.0, 0.0), (0.0, math.log(3.0))),
    ("pow", (0.0, 0.0), (0.0, 0.0)),
    ("pow", (0.0, 1.0), (1.0, 0.0)),
    ("pow", (0.0, 2.0), (0.0, 0.0)),
    ("pow", (0.0, 0.5), (math.inf, 0.0)),
    ("pow", (0.0, -1.0), (-math.inf, -math.inf)),
    ("pow", (-2.0, 0.0), (0.0, math.nan)),
    ("pow", (-2.0, 2.0), (-4.0, math.nan)),
    ("pow", (-2.0, 3.0), (12.0, math.nan)),
    ("pow", (-2.0, 0.5), (math.nan, math.nan)),
]


@over(("op", "point", "expected"), CONVENTIONS)
def test_the_derivative_at_a_kink_or_corner_is_the_conventional_one(
    op: str, point: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    row = ops.TABLE[op]
    inputs = tuple(map(Value, point))
    row.dispatch(inputs).backward()
    assert [x.grad for x in inputs] == pytest.approx(expected, nan_ok=True)
    derivatives = autograd.grad(row.dispatch(inputs), inputs, create_graph=True)
    assert [d.data for d in derivatives] == pytest.approx(expected, nan_ok=True)


@over(("op", "point", "expected"), CONVENTIONS)
def test_the_convention_is_that_of_pytorch(op: str, point: tuple[float, ...], expected: tuple[float, ...]) -> None:
    torch = pytest.importorskip("torch")
    functions = {
        "relu": torch.relu,
        # PyTorch knows slope and α as numbers only: their derivatives are ours alone.
        "leaky_relu": lambda x, slope: torch.nn.functional.leaky_relu(x, slope.item()),
        "elu": lambda x, alpha: torch.nn.functional.elu(x, alpha.item()),
        "step": lambda x: torch.sign(x).clamp(min=0) + 0 * x,
        "max": lambda *xs: torch.amax(torch.stack(xs), 0),
        "min": lambda *xs: torch.amin(torch.stack(xs), 0),
    }
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    functions.get(op, getattr(torch, op, None))(*tensors).backward()
    theirs = [(t.grad.item(), ours) for t, ours in zip(tensors, expected, strict=True) if t.grad is not None]
    assert theirs
    for their, our in theirs:
        assert their == pytest.approx(our, nan_ok=True)


# ── calls ────────────────────────────────────────────────────────────────────────────────────


def test_plain_numbers_give_a_float() -> None:
    assert autograd.add(1, 2) == 3.0
    assert type(autograd.add(1, True)) is float
    assert type(autograd.max([1, 2])) is float
    assert autograd.dot([1, 2], [3, 4], 5) == 16.0


def test_a_parameter_of_an_activation_has_a_default_and_a_name() -> None:
    x = Value(-2.0)
    assert autograd.leaky_relu(x).data == x.leaky_relu().data == -0.2
    assert x.leaky_relu(slope=0.5).data == autograd.leaky_relu(x, 0.5).data == -1.0
    assert x.elu(alpha=2.0).data == autograd.elu(x, 2.0).data == 2 * math.expm1(-2)


@over(("name", "expected"), [("sum", 6.0), ("max", 3.0), ("min", 1.0), ("mean", 2.0)])
def test_a_reduction_takes_a_sequence_a_generator_or_the_terms_themselves(name: str, expected: float) -> None:
    function = getattr(autograd, name)
    terms = [Value(1), Value(2), 3]
    assert function(terms).data == function(*terms).data == function(t for t in terms).data == expected
    assert function(np.array(terms)).data == expected
    assert function([Value(7)]).data == function(Value(7)).data == 7


def test_dot_adds_a_bias() -> None:
    assert autograd.dot([Value(1), 2], [3, Value(4)], Value(5)).data == 16


def test_dot_of_nothing_is_zero() -> None:
    assert autograd.dot([], []) == 0.0


@over(
    ("call", "message"),
    [
        (lambda: autograd.add(Value(1)), "add takes 2 operand.*1 came"),
        (lambda: autograd.tanh(1, 2), "tanh takes 1 operand.*2 came"),
        (lambda: autograd.dot([1], [1, 2]), "equal length, 1 and 2 came"),
        (lambda: autograd.dot(Value(1), Value(2)), "two sequences, Value and Value came"),
        (lambda: autograd.sum([]), "sum needs at least one term"),
        (lambda: autograd.max(), "max needs at least one term"),
        (lambda: autograd.mean([]), "mean needs at least one value"),
        (lambda: autograd.softmax([]), "softmax needs at least one value"),
    ],
)
def test_a_call_with_the_wrong_number_of_operands_says_how_many_are_wanted(call: Any, message: str) -> None:
    with pytest.raises(SizeError, match=message):
        call()


@over("function", [autograd.add, autograd.maximum, autograd.sum, autograd.logsumexp, autograd.gt])
@over("bad", ["s", None, 1j, [1.0]])
def test_functions_refuse_what_is_not_a_number(function: Any, bad: Any) -> None:
    with pytest.raises(NumberError, match="real number is expected"):
        function(1.0, bad)
    with pytest.raises(NumberError, match="real number is expected"):
        function(Value(1.0), bad)


def test_an_integer_beyond_every_float_is_an_overflow_that_says_so() -> None:
    with pytest.raises(NumberRangeError, match="an int of 1329 bits came"):
        autograd.exp(10**400)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6))
@example([0.0, 0.0])
def test_the_gradient_of_a_maximum_adds_up_to_one(xs: list[float]) -> None:
    values = list(map(Value, xs))
    assert sum(autograd.grad(autograd.max(values), values)) == pytest.approx(1)
