"""Dots expanded into the products that they add up, and frames around layers and neurons."""

import copy
import re

import pytest

import nn
import viz
from autograd import UsageError, Value, ancestors, dot, ops
from viz.drawings.expand import expanded


def neuron():
    w, x = [Value(2.0, "w0"), Value(-3.0, "w1")], [Value(5.0, "x0"), Value(7.0, "x1")]
    z = dot(w, x, Value(1.0, "b"))
    z.label = "z"
    y = z * z
    y.backward()
    return w, x, z, y


def test_a_dot_becomes_the_sum_of_its_products_with_their_values_and_gradients():
    _, _, z, y = neuron()
    shown = expanded(ancestors(y), True)
    total = shown[z]
    assert (total.op, total.data, total.grad, total.label) == (ops.sum, -10.0, -20.0, "z")
    first, second, bias = total.args
    assert [(p.op, p.data, p.grad) for p in (first, second)] == [(ops.mul, 10.0, -20.0), (ops.mul, -21.0, -20.0)]
    assert bias.label == "b"
    assert [arg.label for arg in first.args] == ["w0", "x0"]
    assert shown[y].args == (total, total)


def test_the_products_have_the_gradients_that_backward_would_give_them():
    w, x, _, y = neuron()
    shown = expanded(ancestors(y), True)[y]
    written = (w[0] * x[0] + w[1] * x[1] + Value(1.0)) ** 2
    written.backward()
    got = sorted(value.grad for value in ancestors(shown) if value.op is ops.mul and value is not shown)
    assert got == sorted(value.grad for value in ancestors(written) if value.op is ops.mul)


def test_expanding_changes_nothing():
    *_, y = neuron()
    before = copy.deepcopy(y)
    viz.draw(y, expand=True)
    assert [repr(value) for value in ancestors(y)] == [repr(value) for value in ancestors(before)]
    assert [value.op for value in ancestors(y)] == [value.op for value in ancestors(before)]


def test_a_list_names_the_dots_to_expand():
    x = [Value(1.0, "x0"), Value(2.0, "x1")]
    a, b = dot([Value(3.0), Value(4.0)], x), dot([Value(5.0), Value(6.0)], x)
    f = a * b
    assert viz.draw(f).source.count("[label=<<font") == 3  # two sums and a product
    assert viz.draw(f, expand=[a]).source.count("[label=<<font") == 5
    assert viz.draw(f, expand=True).source.count("[label=<<font") == 7
    assert viz.draw(f, expand=False).source == viz.draw(f).source == viz.draw(f, expand=[]).source


@pytest.mark.parametrize("style", ["record", "circuit"])
def test_names_and_outputs_are_those_of_the_values_that_are_expanded(style):
    w, x = Value(2.0), Value(3.0)
    z = dot([w], [x])
    source = viz.draw(z, expand=True, names={"w": w, "x": x, "z": z}, style=style).source
    for name in ("w", "x", "z"):
        assert f"<b>{name}</b>" in source


def test_only_dots_can_be_expanded():
    x = Value(1.0, "x")
    with pytest.raises(UsageError, match="expand is True or a list of the values that a dot made"):
        viz.draw(x * 2, expand=[x])


# ── frames ───────────────────────────────────────────────────────────────────────────────────


def frames(drawing):
    """The titles of frames with the ids of the nodes directly inside each."""
    found, open_ = [], []
    for line in drawing.source.splitlines():
        if "subgraph cluster" in line:
            open_.append([None, set()])
        elif line.strip() == "}" and open_:
            found.append(open_.pop())
        elif open_:
            title = re.search(r"point-size=\"10\">(.*?)</font>", line)
            if title:
                open_[-1][0] = title[1]
            else:
                open_[-1][1].add(line.strip())
    return [(title, nodes) for title, nodes in found]


def loss_of(model):
    a = model([Value(1.0, "x0"), Value(2.0, "x1")])
    return -(Value(1.0, "y") * a.log())


@pytest.mark.parametrize("by", ["model", "labels"])
def test_layers_and_neurons_are_framed_by_model_or_by_labels(by):
    model = nn.MLP(2, [2, 1], activation="tanh", output="sigmoid", seed=0)
    drawing = viz.draw(loss_of(model), clusters=model if by == "model" else True)
    titles = [title for title, _ in frames(drawing)]
    assert titles == ["neuron 1", "neuron 0", "layer 1", "neuron 0", "layer 2"]  # the order from below
    neuron = frames(drawing)[0][1]
    assert len(neuron) == 3 + 2 + 2 + 2  # two weights and the bias; where x0 and x1 come in; Σ and z; tanh and a


def test_a_neuron_ends_with_its_activation():
    model = nn.MLP(2, [1], output="sigmoid", seed=0)
    loss = loss_of(model)
    drawing = viz.draw(loss, clusters=model)
    (_, inside), _ = frames(drawing)
    activation = next(value for value in ancestors(loss) if value.op is ops.sigmoid)
    position = ancestors(loss).index(activation)
    assert f"v{position}" in inside
    assert not any(int(re.match(r"v(\d+)", node)[1]) > position for node in inside)


def test_expanded_products_belong_to_their_neuron():
    model = nn.MLP(2, [1], seed=0)
    (_, inside), _ = frames(viz.draw(model([1.0, 2.0]), clusters=model, expand=True))
    assert len(inside) == 3 + 2 + 4 + 2  # parameters; where the inputs come in; two products; their sum


def test_wires_of_a_circuit_stay_with_their_neuron():
    model = nn.MLP(2, [1], seed=0)
    (_, inside), _ = frames(viz.draw(model([1.0, 2.0]), clusters=model, style="circuit"))
    assert any(node.endswith("leaf") for node in inside)
    assert any(node.endswith("op") for node in inside)


def test_names_of_layers_are_text_never_markup():
    layer = nn.Layer(1, 1, name='<script>"\\N', seed=0)
    svg = viz.draw(layer([1.0]), clusters=layer).svg()
    assert "&lt;script&gt;" in svg
    assert "<script" not in svg
