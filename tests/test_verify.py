"""A pass that goes wrong is found out before its program is handed out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from agreement import theta_of
from losses import LOSSES, attention, mlp

import autograd
from autograd import CompilerError, Value
from autograd.compiler import engine, program
from autograd.compiler.arrays import backward, forward
from autograd.compiler.blocks import plan as build
from autograd.compiler.blocks.block import Block, Operand
from autograd.compiler.printers import straight
from autograd.compiler.scalars import reference
from autograd.compiler.scalars.reference import Reference
from autograd.compiler.scalars.trace import trace
from autograd.compiler.verify import verify
from autograd.nested import parameters_of


def run(name: str = "mlp_tanh", **options: Any) -> None:
    """Trace, compile and verify a loss from the list."""
    case = LOSSES[name]()
    case.compiled().value_and_grad(theta_of(case), *case.data(), **options)


def sabotaged(change: Callable[[Any], Any]) -> Callable[..., Any]:
    """The pass that re-rolls, its blocks changed afterwards."""
    def wrong(*arguments: Any) -> Any:
        blocks, roots = original(*arguments)
        change(blocks)
        return blocks, roots

    original = build.reroll
    return wrong


def block_of(blocks: list[Block], op: str) -> Block:
    """The first block of an operation."""
    return next(block for block in blocks if block.kind == op)


def reverse_the_activation(blocks: list[Block]) -> None:
    (operand,) = block_of(blocks, "tanh").operands
    operand.index = operand.index[::-1].copy()


def swap_two_members(blocks: list[Block]) -> None:
    term = next(term for term in block_of(blocks, "matmul").terms if term.right is not None)
    term.place = term.place.copy()
    term.place[[0, 1]] = term.place[[1, 0]]


def flip_a_sign(blocks: list[Block]) -> None:
    block_of(blocks, "matmul").terms[-1].coefficient = -1


def drop_the_bias(blocks: list[Block]) -> None:
    block_of(blocks, "matmul").terms.pop()


def replace_the_function(blocks: list[Block]) -> None:
    block_of(blocks, "tanh").op = "sin"


@pytest.mark.parametrize(("change", "name"), [
    (reverse_the_activation, "a1"), (swap_two_members, "z1"), (flip_a_sign, "z1"), (drop_the_bias, "z1"),
    (replace_the_function, "a1|sin1"),
])
def test_an_error_names_the_block_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], Any], name: str
) -> None:
    monkeypatch.setattr(build, "reroll", sabotaged(change))
    with pytest.raises(CompilerError, match=rf"^block ({name}) \(`({name}) = .*`\) disagrees with the scalars"):
        run()


def test_a_wrong_forward_statement_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = forward.Forward.sum
    monkeypatch.setattr(forward.Forward, "sum", lambda *arguments: original(*arguments) + 1)
    with pytest.raises(CompilerError, match=r"^block z1 \(`z1 = x @ W1 \+ b1 \+ 1`\) disagrees"):
        run()


def test_a_wrong_backward_statement_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: Any, position: int, block: Block, row: Any, g: Any) -> None:
        (operand,) = block.operands
        self.add(operand, operand.index, g)

    monkeypatch.setattr(backward.ChainRule, "elementwise", forgetful)
    with pytest.raises(CompilerError, match=r"^the gradient disagrees with that of the scalar graph"):
        run()


def test_a_wrong_gradient_of_the_inputs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = backward.Gradients.add

    def twice_to_inputs(self: Any, source: int | None, *flow: Any) -> None:
        for _ in range(2 if source is not None and self.layout.blocks[source].op == "input" else 1):
            original(self, source, *flow)

    monkeypatch.setattr(backward.Gradients, "add", twice_to_inputs)
    with pytest.raises(CompilerError, match=r"^the gradient disagrees"):
        run(inputs=True)


def test_buffers_that_overwrite_each_other_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(allocations: Any, statements: Any, results: Any, ragged: Any) -> Any:
        shapes: dict[Any, Any] = {}
        return [
            type(let)(let.name, shapes[let.name.shape]) if let.value.kind == "empty" and let.name.shape in shapes
            else shapes.setdefault(let.name.shape, let.name) and let for let in allocations
        ]

    monkeypatch.setattr(engine, "reused", greedy)
    with pytest.raises(CompilerError, match="disagrees"):
        run()


def test_wrong_straight_line_code_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = straight.flows
    monkeypatch.setattr(straight, "flows", lambda graph, node, g: [(n, -f) for n, f in original(graph, node, g)])
    with pytest.raises(CompilerError, match=r"^the gradient disagrees"):
        run("mlp_xor")


def test_a_program_that_failed_is_not_handed_out_later(monkeypatch: pytest.MonkeyPatch) -> None:
    case = mlp(2, 3, 1)
    program = case.compiled()
    monkeypatch.setattr(build, "reroll", sabotaged(reverse_the_activation))
    for _ in range(2):
        with pytest.raises(CompilerError):
            program.value_and_grad(theta_of(case), *case.data())
    monkeypatch.undo()
    program.value_and_grad(theta_of(case), *case.data())


def test_an_operand_beyond_its_source_is_found_by_its_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def beyond(blocks: list[Block]) -> None:
        block_of(blocks, "tanh").operands[0].index[0] = 99

    monkeypatch.setattr(build, "reroll", sabotaged(beyond))
    with pytest.raises(AssertionError, match="reads beyond its source"):
        run()


def test_a_block_that_reads_one_that_follows_is_found_by_its_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def backwards(blocks: list[Block]) -> None:
        block = block_of(blocks, "tanh")
        block.operands = [Operand(len(blocks) - 1, block.operands[0].index)]

    monkeypatch.setattr(build, "reroll", sabotaged(backwards))
    with pytest.raises(AssertionError, match="reads one that follows"):
        run()


def test_a_node_in_no_group_is_found_by_its_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    original = build.groups
    monkeypatch.setattr(build, "groups", lambda graph: original(graph)[:-1])
    with pytest.raises(AssertionError, match="in no group"):
        run()


def test_a_canonical_graph_that_uses_a_dead_node_is_found_by_its_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    original = build.canonical

    def deadly(graph: Any) -> Any:
        result = original(graph)
        result.alive[result.roots] = False
        return result

    monkeypatch.setattr(build, "canonical", deadly)
    with pytest.raises(AssertionError, match="a dead node is used"):
        run()


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e6])
def test_sound_programs_are_not_suspected_whatever_the_size_of_the_numbers(scale: float) -> None:
    for case in (mlp(3, 4, 2), attention(4, 3), LOSSES["layer_normalisation"]()):
        X, Y = case.data()
        case.compiled().value_and_grad(theta_of(case), scale * X, scale * Y)


def test_every_kind_of_function_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = []

    def watched(made: Any, part: engine.Engine, kind: str, *others: Any) -> None:
        kinds.append(kind)
        verify(made, part, kind, *others)

    monkeypatch.setattr(program, "verify", watched)
    case = mlp(2, 3, 1)
    compiled_ = case.compiled()
    for _ in range(2):
        compiled_.value_and_grad(theta_of(case), *case.data())
        compiled_(theta_of(case), *case.data())
        compiled_.value_and_grad(theta_of(case), *case.data(), inputs=True)
    assert sorted(kinds) == ["inputs", "outputs", "value_and_grad"]
    assert np.isfinite(compiled_(theta_of(case), *case.data())).all()


def test_what_remains_where_huge_numbers_cancel_is_no_disagreement() -> None:
    p = Value(1.0, "p")
    program = autograd.compile(lambda x: x.sqrt() - x.sqrt() + p + p, [p])
    value, gradient = program.value_and_grad([1.0], [1e300])
    assert np.isfinite(value)
    assert gradient.tolist() == [2.0]


# ── the judge ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("at_once", [1_000_000, 2_000], ids=["all", "some"])
@pytest.mark.parametrize("name", ["selections", "causal_attention", "largest_and_smallest", "dropout"])
def test_points_are_judged_together_as_they_are_one_by_one(
    name: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "AT_ONCE", at_once)
    case, rng = LOSSES[name](), np.random.default_rng(3)
    X, Y = case.data(5)
    parameters = parameters_of(case.params)
    judge = Reference(trace(case.loss, parameters, case.x_shape, case.y_shape).graph)
    points = [{"parameter": theta_of(case) + 0.1 * i, "input": X[i], "target": np.zeros(0) if Y is None else Y[i],
               "noise": rng.random(case.noises), "outside": np.zeros(0)} for i in range(5)]
    values, gradients = judge.run(points)
    for i, point in enumerate(points):
        alone, slopes = judge.run([point])
        np.testing.assert_allclose(values[i], alone[0], 1e-12, 1e-12)  # to rounding: few nodes are computed over floats
        np.testing.assert_allclose(gradients[i], slopes[0], 1e-12, 1e-12)
