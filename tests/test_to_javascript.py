"""Programs and rules of optimisers in JavaScript, run by a browser beside Python."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest
from agreement import Case, Comparison, Given, eager, theta_of
from javascript import array, run_in
from losses import LOSSES, by_default, layers, recurrent
from random_losses import random_grids, random_wires
from strategies import VARIADIC, points
from test_optim import KINDS, gradients

import autograd
import nn
from autograd import NumberError, Program, UsageError, Value, dot, ops
from autograd.compiler.arrays.interpret import run as interpreted
from benchmarks.programs import WORK, measure

ALL = list(ops.TABLE.values())
FEW = [name for name in LOSSES if not by_default([name])[0].marks]

# A loss in JavaScript, called with more examples before, and with a gradient that is not zero.
CALL = """
function called(program, theta, X, Y, u, count) {
  const twice = array => array && Float64Array.of(...array, ...array);
  const gradient = new Float64Array(theta.length).fill(7);
  program.valueAndGrad(theta, twice(X), twice(Y), 2 * count, gradient, twice(u));
  return {
    outputs: program.run(theta, X, Y, count, u), value: program.valueAndGrad(theta, X, Y, count, gradient, u),
    gradient, values: program.values(theta, X, Y, count, u),
  };
}
"""


def call(program: Program, theta: Any, X: Any, Y: Any = None, draw: Any = None) -> str:
    """The text of that call."""
    given = [array(theta), *("undefined" if part is None else array(part) for part in (X, Y, draw))]
    return f"called({program.to_javascript()}, {', '.join(given)}, {len(X)})"


def compiled(case: Case, X: Any, Y: Any, draw: Any = None) -> Program:
    """A loss, traced for these rows."""
    program = case.compiled()
    program.value_and_grad(theta_of(case), X, Y, rng=Given(draw))
    return program


def assert_the_same(browser: Any, cases: dict[str, tuple[Case, Any, Any, Any]]) -> None:
    """Every loss gives in JavaScript what eager evaluation gives, and every array on the way what NumPy gives."""
    programs = {name: compiled(*given) for name, given in cases.items()}
    calls = [call(programs[name], theta_of(case), X, Y, draw) for name, (case, X, Y, draw) in cases.items()]
    answers = run_in(browser, f"{CALL} answer([{', '.join(calls)}]);")
    for (name, (case, X, Y, draw)), answer in zip(cases.items(), answers, strict=True):
        expected, bound = eager(case, X, Y, draw)
        for what in ("outputs", "value", "gradient"):
            comparison = Comparison(f"{name}: {what}", answer[what], getattr(expected, what), getattr(bound, what))
            assert comparison.share <= 1, comparison
        assert_all_arrays(programs[name], answer["values"], theta_of(case), X, Y, draw)


def assert_all_arrays(program: Program, found: dict[str, Any], theta: Any, X: Any, Y: Any, draw: Any) -> None:
    engine = program._traced()
    given = {"theta": theta, "x": X.reshape(len(X), -1), "y": None if Y is None else Y.reshape(len(Y), -1), "u": draw,
             "outside": engine.outside(theta.dtype), "n": len(X)}
    made = engine.written.looped("value_and_grad")
    start = [made.start] if made.start else []
    arrays = interpreted([*made.views, *made.forward, *start, *made.places, *made.backward], given)
    for name, numbers in found.items():
        assert numbers == pytest.approx(np.ravel(arrays[name]).astype(float).tolist(), rel=1e-9, abs=1e-9), name


def random_case(name: str, seed: int = 0) -> tuple[Case, Any, Any, Any]:
    """A loss of `losses` with random examples."""
    case = LOSSES[name]()
    X, Y = case.data()
    return case, X, Y, np.random.default_rng(seed).random((len(X), case.noises))


# ── programs ─────────────────────────────────────────────────────────────────────────────────


def test_every_operation_of_the_table_has_its_value_and_gradient(browser: Any) -> None:
    kinks, ties = [0.0, 1.0, -1.0, 0.5, 2.0, -2.5], [(1.0, 1.0, 0.0, 1.0, -1.0), (0.5,) * 5]
    places = {op: points(op) + (ties if op in VARIADIC else list(itertools.product(kinks, repeat=op.arity)))
              for op in ALL}
    programs = {op: autograd.compile(*loss_of_row(op, len(places[op][0]))) for op in ALL}
    expected = {op: [programs[op].value_and_grad(np.ones(len(xs)), [xs]) for xs in places[op]] for op in ALL}
    rows = ", ".join(f"[{programs[op].to_javascript()}, {array(places[op])}]" for op in ALL)
    answers = run_in(browser, f"""
        answer([{rows}].map(([program, points]) => {{
          const theta = new Float64Array(program.parameters).fill(1), gradient = new Float64Array(program.parameters);
          return Array.from({{ length: points.length / program.inputs }}, (_, i) => {{
            const x = points.subarray(i * program.inputs, (i + 1) * program.inputs);
            return [program.valueAndGrad(theta, x, undefined, 1, gradient), ...gradient];
          }});
        }}));
    """)
    for op, answer in zip(ALL, answers, strict=True):
        for xs, found, (value, gradient) in zip(places[op], answer, expected[op], strict=True):
            assert found == pytest.approx([value, *gradient], rel=1e-12, abs=1e-14, nan_ok=True), (op, xs)


def loss_of_row(op: ops.Op, operands: int) -> Any:
    """A row of the table, half as much again, of parameters times inputs."""
    w = [Value(1.0) for _ in range(operands)]

    def loss(x: Any) -> Any:
        terms = [a * b for a, b in zip(w, x, strict=True)]
        return (op(terms[:2], terms[2:4], terms[4]) if op is ops.dot else op(*terms)) * 1.5

    return loss, w


def test_losses_are_the_same_as_in_python(browser: Any) -> None:
    assert_the_same(browser, {name: random_case(name) for name in FEW[::4]})


@pytest.mark.slow
@pytest.mark.parametrize("names", [*([name] for name in LOSSES if name not in FEW[::4])], ids=lambda names: names[0])
def test_all_losses_are_the_same_as_in_python(browser: Any, names: list[str]) -> None:
    assert_the_same(browser, {name: random_case(name) for name in names})


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_random_losses_are_the_same_as_in_python(browser: Any, seed: int) -> None:
    drawn = [draw(random.Random(10 * seed + i)) for draw in (random_grids, random_wires) for i in range(10)]
    assert_the_same(browser, {str(i): (loss.case(), X, Y, None) for i, (loss, X, Y) in enumerate(drawn)})


@pytest.mark.slow
@pytest.mark.parametrize("name", WORK)
def test_losses_of_all_fields_are_the_same_as_in_python(browser: Any, name: str) -> None:
    theta, X, Y = measure.arguments(WORK[name], 3)
    program = autograd.compile(*loss_of(name))
    value, gradient = program.value_and_grad(theta, X, Y)
    answer = run_in(browser, f"{CALL} answer({call(program, theta, X, Y)});")
    assert answer["value"] == pytest.approx(value, rel=1e-12)
    assert answer["gradient"] == pytest.approx(gradient.tolist(), rel=1e-10, abs=1e-10 * np.abs(gradient).max())


def loss_of(name: str) -> Any:
    program = measure.programs(WORK[name])["reroll"]
    return program.loss, program.params


def test_steps_of_time_are_loops() -> None:
    lengths = {len(recurrent(steps).traced().to_javascript()) // 100 for steps in (20, 40)}
    assert len(lengths) == 1


def test_any_number_of_examples_may_come_after_any_other(browser: Any) -> None:
    case, X, Y, _ = random_case("mlp_tanh")
    X, Y = case.data(7)
    program, theta = compiled(case, X, Y), theta_of(case)
    found = run_in(browser, f"""
        const program = {program.to_javascript()}, theta = {array(theta)}, X = {array(X)}, Y = {array(Y)};
        const {{ inputs, targets }} = program, gradient = new Float64Array(theta.length);
        answer([3, 7, 1, 5].map(n => [program.valueAndGrad(theta, X, Y, n, gradient), gradient.slice()]));
    """)
    for n, (value, gradient) in zip([3, 7, 1, 5], found, strict=True):
        expected = program.value_and_grad(theta, X[:n], Y[:n])
        assert value == pytest.approx(expected[0], rel=1e-12)
        assert gradient == pytest.approx(expected[1].tolist(), rel=1e-11, abs=1e-14)


def test_it_says_how_many_numbers_it_takes_and_gives(browser: Any) -> None:
    case = LOSSES["dropout"]()
    text = case.traced().to_javascript()
    program = case.traced()._traced().plan
    found = run_in(browser, f"const {{ parameters, inputs, targets, outputs, noises }} = {text};"
                            "answer([parameters, inputs, targets, outputs, noises]);")
    assert found == [*(program.sizes[leaf] for leaf in ("parameter", "input", "target")), 1, case.noises]


def test_several_results_are_columns(browser: Any) -> None:
    params = layers(3, 4, 2)
    program = autograd.compile(lambda x: [dot(w, x, b).tanh() for w, b in zip(params["W1"], params["b1"], strict=True)],
                               params).trace((3,))
    X, theta = np.random.default_rng(0).normal(size=(5, 3)), np.array([v.data for v in program.params])
    found = run_in(browser, f"const program = {program.to_javascript()};"
                            f"const outputs = program.run({array(theta)}, {array(X)}, undefined, 5);"
                            "answer([outputs, 'valueAndGrad' in program]);")
    assert found[0] == pytest.approx(program(theta, X).ravel().tolist(), rel=1e-12)
    assert found[1] is False


def test_values_from_outside_can_be_changed(browser: Any) -> None:
    w, scale = Value(2.0), Value(3.0)
    program = autograd.compile(lambda x: scale * w * x, [w]).trace(())
    found = run_in(browser, f"""
        const program = {program.to_javascript()}, one = Float64Array.of(2), x = Float64Array.of(1);
        const first = program.run(one, x, undefined, 1);
        program.outside[0] = 10;
        answer([first, program.run(one, x, undefined, 1)]);
    """)
    assert found == [[6.0], [20.0]]


@pytest.mark.parametrize("label", ["new", "memory", "i", "n", "k", "Math", "this", "working", "</script>", "s", "t"])
def test_any_label_does(browser: Any, label: str) -> None:
    w = [Value(0.5 + i, label) for i in range(3)]

    def loss(x: Any) -> Any:
        sums = [dot(w, x) * Value(1.5, label) for _ in range(2)]
        return (sums[0] * w[0]).tanh() + sums[1] ** 3

    program = autograd.compile(loss, {label: w}).trace((3,))
    X, theta = np.array([[0.1, 0.2, 0.3], [0.4, -0.5, 0.6]]), np.array([0.5, 1.5, 2.5])
    value, gradient = program.value_and_grad(theta, X)
    answer = run_in(browser, f"{CALL} answer({call(program, theta, X)});")
    assert [answer["value"], *answer["gradient"]] == pytest.approx([value, *gradient.tolist()], rel=1e-12)
    assert "</script" not in program.to_javascript()


# ── rules of optimisers ──────────────────────────────────────────────────────────────────────

OWN = {
    "average": lambda **o: nn.SGD(0.03, 0.9, average=True, **o),
    "clipped": lambda **o: nn.Adam(0.01, clip_norm=2.0, clip_value=1.0, **o),
    "lecture": lambda **o: nn.AdamW(0.01, decay_form="lecture"),
}


class SignDescent(nn.Optimizer):
    """A rule of somebody's own, written with operators, that replaces what it remembers."""

    memory = ("mean", "longest")

    def __init__(self) -> None:
        super().__init__(0.01)
        self.new = 0.9
        self.n = 2.0

    def update(self, gradient: Any) -> Any:
        """A step of the same length for each parameter."""
        self.state["mean"] *= self.new
        self.state["mean"] += (1 - self.new) * gradient
        self.state["longest"] = np.maximum(self.state["longest"], abs(gradient))
        share = np.where(self.state["mean"] > 0, np.sqrt(self.n), np.multiply(1.0, self.new))
        return self.lr * np.sign(self.state["mean"]) * share / (1 + self.state["longest"])


def test_every_optimiser_goes_the_same_steps(browser: Any) -> None:
    made = {name: make for name, (make, _, _) in KINDS.items()} | OWN
    optimizers = [make(**decay) for make in made.values() for decay in ({}, {"weight_decay": 0.1})] + [SignDescent()]
    assert {type(optimizer) for optimizer in optimizers} >= set(nn.OPTIMIZERS.values())
    theta, slopes = np.random.default_rng(1).normal(size=7), gradients(30)
    rules = ", ".join(optimizer.to_javascript() for optimizer in optimizers)
    found = run_in(browser, f"""
        const slopes = {array(slopes)};
        answer([{rules}].map(rule => {{
          const theta = {array(theta)}, names = [...rule.memory, ...rule.spare];
          const state = Object.fromEntries(names.map(name => [name, new Float64Array(theta.length)]));
          for (let i = 0; i < 30; i++) {{
            rule.step(theta, slopes.subarray(7 * i, 7 * i + 7), state, {{ ...rule.numbers, steps: i + 1 }});
          }}
          return theta;
        }}));
    """)
    for optimizer, answer in zip(optimizers, found, strict=True):
        own = theta.copy()
        for slope in slopes:
            optimizer.step(own, slope)
        assert answer == pytest.approx(own.tolist(), rel=1e-12, abs=1e-14), optimizer


@pytest.mark.parametrize(("choose", "message"), [
    (lambda own, gradient: own.lr if own.steps < 10 else own.lr / 10, r"write autograd\.where"),
    (lambda own, gradient: own.lr if gradient > 0 else 0.0, r"write autograd\.where"),
    (lambda own, gradient: own.lr / gradient.max(), "the rule of Choosing is not made of operators .* 'max'"),
])
def test_a_rule_that_would_have_one_branch_only_is_refused(choose: Any, message: str) -> None:
    class Choosing(nn.Optimizer):
        def update(self, gradient: Any) -> Any:
            return gradient * choose(self, gradient)

    with pytest.raises(UsageError, match=message):
        Choosing(0.1).to_javascript()


def test_a_rule_of_functions_that_are_not_in_the_table_is_refused() -> None:
    class Cubic(nn.Optimizer):
        def update(self, gradient: Any) -> Any:
            return self.lr * np.cbrt(gradient)

    class Sorted(nn.Optimizer):
        def update(self, gradient: Any) -> Any:
            return self.lr * np.sort(gradient)

    for optimizer, name in ((Cubic, "cbrt"), (Sorted, "sort")):
        with pytest.raises(NumberError, match=rf"rows of the table, np\.{name} came"):
            optimizer(0.1).to_javascript()


def test_an_optimiser_with_a_step_of_its_own_is_refused() -> None:
    class Own(nn.SGD):
        def step(self, *given: Any) -> Any:
            return given

    with pytest.raises(UsageError, match="Own has a method step of its own"):
        Own(0.1).to_javascript()
