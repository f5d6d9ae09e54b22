"""A scalar found again in its block; the eager graph of one example; the graph after each pass by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from agreement import Case, theta_of
from losses import LOSSES, by_default, convolution, mlp, weights

import autograd
import nn
from autograd import Program, UsageError, Value, ancestors, ops
from autograd.compiler import Node
from autograd.compiler.arrays.array import Let, evaluated, places_of
from autograd.compiler.arrays.place import Place
from autograd.compiler.printers.to_numpy import Printer

EVERY = by_default((name for name in LOSSES if name != "chain_of_a_thousand"), one_in=3)  # long, and like the others


def example_of(case: Case) -> tuple[Program, Any, dict[str, Any]]:
    """A program, the eager graph of one example, and every array that the program's source computes for it."""
    program = case.compiled()
    X, Y = case.data(1)
    root = program.example(X[0], None if Y is None else Y[0], rng=np.random.default_rng(0))
    compiled = program._traced()
    arrays: dict[str, Any] = {
        "theta": theta_of(case), "x": X.reshape(1, -1), "y": np.zeros((1, 0)) if Y is None else Y.reshape(1, -1),
        "u": np.random.default_rng(0).random((1, compiled.plan.noises)),
    }
    function = compiled.reading.shown
    named = [statement.name for statement in (*function.views, *function.forward) if isinstance(statement, Let)]
    if named:
        names: dict[str, Any] = {}
        given = {"outside": compiled.outside(np.dtype(np.float64))} if compiled.plan.outside else {}
        exec(Printer().source(replace(function, kind="outputs", start=None, results=named), given), names)
        with np.errstate(all="ignore"):
            results = names["outputs"](*(
                arrays[argument.info] for argument in function.arguments if argument.info not in given))
        arrays |= given
        arrays |= zip((name.info for name in named), results if len(named) > 1 else [results], strict=True)
    loops = compiled.reading.loops
    weights = {let.name.info: evaluated(let.value, arrays["theta"]) for let in loops.views}
    return program, root, arrays | weights | by_step(loops, arrays)


def by_step(read: Any, arrays: dict[str, Any]) -> dict[str, Any]:
    """What the loops of a source make, step by step: stacks by position, and what variables are in turn."""
    steps: dict[str, dict[Any, Any]] = {}
    for name, kept in read.kept.items():
        if name in arrays:
            places = tuple(places_of(kept)[1])
            steps.setdefault(read.home(name), {})[places or name] = arrays[name]
    return steps


def numbers_at(place: Place, arrays: dict[str, Any]) -> list[Any]:
    """What is in a place: of a variable that each step of a loop replaces, what it is in turn."""
    found, index = arrays[place.name], place.index
    if not isinstance(found, dict):
        return [found[index]]
    if any(isinstance(position, str) for position in found):
        return [array[index] for array in found.values()]
    depth = len(next(iter(found)))
    return [found[index[:depth]][index[depth:]]]


# ── scalars in blocks ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", EVERY)
def test_an_example_gives_what_the_program_gives_and_every_scalar_is_in_its_place(name: str) -> None:
    case = LOSSES[name]()
    program, root, arrays = example_of(case)
    roots = root if isinstance(root, list) else [root]
    outputs = program(theta_of(case), *case.data(1), rng=np.random.default_rng(0))
    np.testing.assert_allclose([value.data for value in roots], outputs.ravel(), rtol=1e-9)
    found = 0
    for value in {value for one in roots for value in ancestors(one)}:
        place = program.block_of(value)
        if place is not None and place.whole:
            numbers = numbers_at(place, arrays)
            assert np.isclose(numbers, value.data, rtol=1e-9, atol=1e-12, equal_nan=True).any(), (place, numbers)
            found += 1
    assert found or {program.block_of(value) for value in roots} == {None}


def test_an_example_differentiates_the_parameters_themselves() -> None:
    case = mlp(2, 3, 1)
    program = case.compiled()
    X, Y = case.data(1)
    _, gradient = program.value_and_grad(theta_of(case), X, Y)
    program.example(X[0], Y[0]).backward()
    np.testing.assert_allclose([value.grad for value in program.params], gradient, rtol=1e-12)


def test_a_weight_is_found_under_the_name_and_index_that_the_source_uses() -> None:
    model = nn.MLP(4, [6, 3], seed=0)
    program = autograd.compile(lambda x: autograd.sum([z * z for z in model(x)]), model).trace((4,))
    W, b = model.layers[0].weight, model.layers[0].bias
    assert str(program.block_of(W[3][2])) == "W1[2, 3]"  # W1 of the source is (in, out)
    assert str(program.block_of(b[5])) == "b1[5]"
    assert str(program.block_of(model.layers[1].weight[2][4])) == "W2[4, 2]"


def test_the_neuron_of_an_example_is_a_column_of_its_block() -> None:
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    program = autograd.compile(lambda x, y: (model(x) - y) ** 2, model)
    loss = program.example([1.0, 2.0], 0.5)
    named = {value.label: value for value in ancestors(loss)}
    assert {"x[1]", "y", "W1[2,1]", "z1[2]", "a1[0]", "loss"} <= set(named)
    assert str(program.block_of(named["z1[2]"])) == "z1[:, 2]"
    assert named["z1[2]"].op is ops.dot
    assert str(program.block_of(named["x[1]"])) == "x[:, 1]"


def test_a_pixel_of_a_convolution_is_found_and_its_products_are_terms_of_it() -> None:
    case = convolution(4, filters=1, kernel=2)
    program, loss, _ = example_of(case)
    pixel = next(value for value in ancestors(loss) if value.label.startswith("z[") and value.args)
    place = program.block_of(pixel)
    assert place is not None
    assert place.name == "z"
    assert place.whole
    below = [program.block_of(value) for value in pixel.args if value.args and not value.label]
    assert all(term == place or (str(term) == str(place) and not term.whole) for term in below if term)


def test_products_written_out_are_terms_of_their_sum() -> None:
    w = weights(2)
    program = autograd.compile(lambda x: (w[0] * x[0] + w[1] * x[1]).tanh(), {"w": w})
    z = program.example([1.0, 2.0]).args[0]
    place, term = program.block_of(z), program.block_of(z.args[0])
    assert (str(place), str(term)) == ("z[:, 0]", "z[:, 0]")
    assert place is not None
    assert term is not None
    assert (place.whole, term.whole) == (True, False)


def test_constants_and_what_nothing_depends_on_are_in_no_block() -> None:
    w = Value(2.0, "w")
    program = autograd.compile(lambda x: (w * x * 0.0 + x) ** 3, [w])
    loss = program.example(1.5)
    assert [program.block_of(value) for value in ancestors(loss) if value.op is ops.constant] == [None, None]
    dead = next(value for value in ancestors(loss) if w in value.args)
    assert program.block_of(dead) is None


def test_labels_of_the_loss_are_kept() -> None:
    w = Value(2.0, "w")

    def loss(x: Any) -> Any:
        q = w * x
        q.label = "prediction"
        return q.tanh()

    root = autograd.compile(loss, [w]).example(1.0)
    assert root.args[0].label == "prediction"


def test_a_value_from_elsewhere_is_refused() -> None:
    w = Value(2.0, "w")
    program = autograd.compile(lambda x: w * x, [w]).trace(())
    with pytest.raises(UsageError, match=r"latest program\.example"):
        program.block_of(Value(1.0))


def test_inside_an_untraced_program_is_nothing_yet_and_the_error_says_what_to_do() -> None:
    program = autograd.compile(lambda x: x, [Value(1.0, "w")])
    for look in (program.passes, lambda: program.block_of(program.params[0])):
        with pytest.raises(UsageError, match=r"trace\(x_shape, y_shape\)"):
            look()


def test_tracing_needs_shapes_alone() -> None:
    w = weights(3)
    program = autograd.compile(lambda x, y: (autograd.dot(w, x) - y) ** 2, {"w": w})
    assert program.trace((3,), ()) is program
    assert "z = x @ w" in program.source


# ── pass by pass ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", EVERY)
def test_nodes_come_after_those_that_they_read(name: str) -> None:
    case = LOSSES[name]()
    program = case.traced()
    for made in program.passes(inputs=True):
        seen = {node.name for node in made.nodes if node.loops}  # a step reads what the last one has made
        for node in made.nodes:
            assert set(node.reads) <= seen, (made, node)
            seen.add(node.name)
        assert len({node.name for node in made.nodes}) == len(made.nodes)


def arrays(program: Program, **options: bool) -> dict[str, Node]:
    return {node.name: node for node in program.passes(**options)[-1].nodes}


def test_each_pass_leaves_less() -> None:
    case = LOSSES["plain_plus_and_times"]()
    program = case.traced()
    trace, canonical, group, reroll, differentiate = program.passes()
    assert len(trace.nodes) > len(canonical.nodes) == len(group.nodes) > len(reroll.nodes)
    assert len({node.group for node in group.nodes}) < len(group.nodes)
    assert [node for node in differentiate.nodes if not node.backward] == reroll.nodes


def test_the_arrays_of_a_linear_layer_are_those_of_the_lecture() -> None:
    W, b = weights(2, 3), weights(3, seed=2)

    def loss(x: Any) -> Any:
        return autograd.sum([(x[0] * W[0][j] + x[1] * W[1][j] + b[j]) ** 2 for j in range(3)])

    nodes = arrays(autograd.compile(loss, {"W": W, "b": b}).trace((2,)), inputs=True)
    assert nodes["z"].statements == ("z = x @ W + b",)
    assert nodes["dx"].statements == ("dx = dz @ W.T",)
    assert nodes["dW"].statements == ("dW[...] = x.T @ dz",)
    assert nodes["db"].statements == ("db[...] = dz.sum(axis=0)",)
    assert (nodes["W"].shape, nodes["dW"].shape, nodes["z"].shape) == ((2, 3), (2, 3), ("batch", 3))
    assert (nodes["dW"].of, nodes["dx"].of, nodes["dz"].reads) == ("W", "x", ("dloss", "z"))


def test_the_statements_of_the_arrays_are_the_source() -> None:
    for name in ("dropout", "convolution_padded_by_if", "softmax_then_log"):
        case = LOSSES[name]()
        program = case.traced()
        function = program._traced().reading.function("value_and_grad")
        told = [line for node in arrays(program).values() for line in node.statements]
        assert sorted(told) == sorted(map(Printer(function.places).statement, [*function.forward, *function.backward]))


def test_a_loss_of_several_values_has_no_backward_half() -> None:
    w = weights(2)
    program = autograd.compile(lambda x: [w[0] * x, w[1] * x], {"w": w}).trace(())
    assert [made.name for made in program.passes()] == ["trace", "canonical", "group", "reroll"]
    assert not any(node.backward for node in program.passes()[-1].nodes)


def test_division_by_a_constant_moves_no_names() -> None:
    w = Value(2.0, "w")
    program = autograd.compile(lambda x: (w * x).tanh() / 4, [w]).trace(())
    canonical = program.passes()[1].nodes
    assert [line for node in canonical for line in node.statements] == [
        "v1 = w * x", "v2 = tanh(v1)", "v3 = v2 * 0.25",
    ]


def test_equal_labels_are_told_apart() -> None:
    a, b = Value(1.0, "w"), Value(2.0, "w")
    program = autograd.compile(lambda x: a * x + b, [a, b]).trace(())
    assert [node.name for node in program.passes()[0].nodes][:3] == ["w", "w_2", "x"]


@pytest.mark.parametrize(("loss", "statements"), [
    (lambda x: x.tanh() * -2, ["v1 = tanh(x)", "v2 = v1 * (-2)"]),
    (lambda x: Value(2.0) * Value(3.0) + x, ["v1 = 6 + x"]),
    (lambda x: (x - (-3)).exp(), ["v1 = x - (-3)", "v2 = exp(v1)"]),
])
def test_constants_are_written_where_they_are_used(loss: Any, statements: list[str]) -> None:
    program = autograd.compile(loss, []).trace(())
    nodes = program.passes()[0].nodes
    assert [line for node in nodes for line in node.statements] == statements
    assert not any(node.op == "constant" for node in nodes)


def test_constants_that_come_of_folding_are_written_out_too() -> None:
    def loss(x: Any) -> Any:
        zero = x * 0.0
        return x.tanh() * (zero + 2.0)

    canonical = autograd.compile(loss, []).trace(()).passes()[1].nodes
    assert canonical[-1].statements == ("v4 = v2 * 2",)


@pytest.mark.parametrize("label", ["x", "v1", "y"])
def test_a_label_that_is_also_the_name_of_something_else_is_numbered(label: str) -> None:
    w = Value(2.0, label)
    for made in autograd.compile(lambda x, y: (w * x - y) ** 2, [w]).trace((), ()).passes():
        names = [node.name for node in made.nodes]
        assert len(names) == len(set(names))
