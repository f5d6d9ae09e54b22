"""Programs as blocks: a box for every array, the forward half beside the backward half."""

import re
import time

import pytest
from drawings import texts
from losses import LOSSES

import autograd
import nn
import viz
from autograd import SizeError, UsageError, Value
from benchmarks.gpt import GPT
from nn.losses import mse
from viz.drawings import blocks
from viz.drawings.blocks import LONGEST, MOST, broken
from viz.style import THEMES

LIGHT = THEMES["light"]


def boxes(drawing):
    """The source of every box by the name in it."""
    found = {}
    for line in drawing.source.splitlines():
        match = re.match(r"\s*(b\d+) \[label=<<table.*?<b>(.*?)</b>", line)
        if match:
            found[match[2]] = line
    return found


def edges(drawing):
    """The edges by the names of their ends, with their attributes and the shape that stands on them."""
    names = {re.match(r"\s*(b\d+)", line)[1]: name for name, line in boxes(drawing).items()}
    lines = [line for line in drawing.source.splitlines() if "invis" not in line]
    direct = [re.match(r"\s*(b\d+) -> (b\d+) (.*)", line) for line in lines]
    found = {(names[match[1]], names[match[2]]): match[3] for match in direct if match}
    for shape in filter(None, (re.match(r"\s*(b\d+)_(b\d+) \[(.*)", line) for line in lines)):
        ends = f"{shape[1]}_{shape[2]}"
        pieces = [line for line in lines if f"-> {ends} " in line or f"{ends} ->" in line]
        found[names[shape[1]], names[shape[2]]] = shape[3] + "".join(pieces)
    return found


@pytest.fixture(scope="module")
def digits():
    model = nn.MLP(784, [128, 10], seed=0)

    def loss(x, y):
        z = model(x)
        return autograd.logsumexp(z) - autograd.dot(y, z)

    return autograd.compile(loss, model).trace((784,), (10,))


def test_a_block_has_its_name_operation_statement_shape_and_number_of_scalars(digits):
    box = boxes(viz.draw(digits))["z1"]
    for text in ("matmul", "z1 = x @ W1 + b1", "batch × 128 · 128 scalars"):
        assert text in box
    assert "784 × 128 · 100,352 scalars" in boxes(viz.draw(digits))["W1"]
    assert "batch × 1 · 1 scalar<" in boxes(viz.draw(digits))["loss"]


def test_the_backward_half_has_a_box_for_every_gradient(digits):
    found = boxes(viz.draw(digits))
    assert {"dz1", "da1", "dz2", "dW1", "db1", "dW2", "db2", "dloss"} <= set(found)
    assert "dW2[...] = a1.T @ dz2" in found["dW2"]
    assert "gradient of W2" in found["dW2"]
    assert LIGHT.gradient in found["dW2"]
    assert LIGHT.gradient not in found["z1"]


def test_the_backward_half_can_be_left_out(digits):
    found = boxes(viz.draw(digits, backward=False))
    assert set(found) == {"x", "y", "W1", "b1", "W2", "b2", "z1", "a1", "z2", "a2", "s1", "loss", "value"}


def test_edges_have_the_shape_of_what_flows_along_them(digits):
    found = edges(viz.draw(digits))
    assert ">batch × 784<" in found["x", "z1"]
    assert ">128 × 10<" in found["W2", "z2"]
    assert ">batch × 10<" in found["dW2", "dz2"]  # drawn against the ranks: dz2 flows into dW2
    assert "dir=back" in found["dW2", "dz2"]
    assert "dashed" in found["a1", "dW2"]
    assert "constraint=false" in found["a1", "dW2"]


def test_no_line_is_drawn_over_the_shape_of_another():
    model = nn.MLP(2, [3, 1], seed=0)
    svg = viz.draw(autograd.compile(lambda x, y: mse(model(x), y), model).trace((2,), (1,))).svg()
    shapes = re.findall(
        r'<text [^>]*text-anchor="(\w+)" x="([-\d.]+)" y="([-\d.]+)" [^>]*font-size="8.00"[^>]*>([^<]+)</text>', svg)
    dashed = re.findall(r'<path [^>]*stroke-dasharray[^>]* d="M([^"]+)"', svg)
    assert len(shapes) > 9
    assert len(dashed) >= 3
    for curve in dashed:
        points = [tuple(map(float, point.split(","))) for point in re.split("[C ]", curve)]
        start, *rest = points
        for at in range(0, len(rest), 3):
            a, b, c = rest[at : at + 3]
            for i in range(101):
                t, s = i / 100, 1 - i / 100
                x, y = (s**3 * p + 3 * s**2 * t * q + 3 * s * t**2 * r + t**3 * e
                        for p, q, r, e in zip(start, a, b, c, strict=True))
                for anchor, place, base, text in shapes:
                    middle = float(place) + (2 * len(text) if anchor == "start" else 0)
                    assert not (abs(x - middle) < 2 * len(text) and float(base) - 6 < y < float(base) + 1), text
            start = c


def test_each_gradient_stands_beside_its_array_and_to_the_right(digits):
    svg = viz.draw(digits).svg()
    places = {}
    for node in re.findall(r'<g id="node\d+" class="node">.*?</g>', svg, re.DOTALL):
        name = re.search(r'font-weight="bold"[^>]*>([^<]+)<', node)
        if name is None:
            continue  # the shape of what flows along an edge
        x, y = re.search(r'<text [^>]*x="([-\d.]+)" y="([-\d.]+)"', node).groups()
        places[name[1]] = float(x), float(y)
    for name in ("z1", "a1", "z2", "W1", "b2", "loss"):
        (x, y), (dx, dy) = places[name], places["d" + name]
        assert x < dx
        assert y == pytest.approx(dy, abs=30)


def test_kinds_of_leaves_are_told_by_their_colour(digits):
    found = boxes(viz.draw(digits))
    assert LIGHT.parameter in found["W1"]
    assert LIGHT.input in found["x"]
    assert LIGHT.input in found["y"]


def test_the_gradient_of_the_inputs_is_drawn_when_asked_for(digits):
    assert "dx = dz1 @ W1.T" in texts(viz.draw(digits, inputs=True))
    assert "dx" not in boxes(viz.draw(digits))


def test_a_digit_classifier_is_drawn_in_less_than_two_seconds(digits):
    start = time.perf_counter()
    viz.draw(digits).svg()
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("name", ["dropout", "convolution_padded_by_if", "recurrent", "causal_attention", "selections"])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_any_program_can_be_drawn(name, direction):
    case = LOSSES[name]()
    program = case.traced()
    assert "loss" in texts(viz.draw(program, direction=direction, theme="dark", legend=True))


def test_a_small_gpt_has_a_box_for_each_of_its_blocks():
    model = GPT(vocabulary=5, positions=4, width=8, heads=2, hidden=8)
    program = autograd.compile(model.loss, model.params).trace((4, 5), (4, 5))
    found = boxes(viz.draw(program, backward=False))
    assert len(found) == len(program.blocks) + len({"x", "y", "E", "P", "Q", "O", "W1", "W2", "U", "value"})


def test_a_loss_of_several_values_is_drawn_without_a_backward_half():
    w = Value(2.0, "w")
    program = autograd.compile(lambda x: [w * x, w + x], [w]).trace(())
    assert "gradient" not in viz.draw(program).source


def test_long_statements_are_broken_and_many_are_cut():
    assert broken(["a = " + "b + " * 30 + "c"])[1].startswith("    ")
    assert all(len(line) <= LONGEST for line in broken(["a = " + "b + " * 30 + "c"]))
    assert broken(["a = b"] * 20) == ["a = b"] * (MOST - 1) + ["…"]


def test_a_program_of_many_arrays_is_refused_with_ways_out(digits):
    with pytest.raises(SizeError, match=r"\d+ arrays.*limit=7.*backward=False.*program\.summary"):
        viz.draw(digits, limit=7)


def test_shapes_stay_in_the_boxes_where_there_are_many(digits, monkeypatch):
    monkeypatch.setattr(blocks, "MANY", 5)
    assert "label" not in edges(viz.draw(digits))["x", "z1"]


def test_an_untraced_program_says_what_to_do():
    with pytest.raises(UsageError, match=r"traced at its first call.*trace\(x_shape, y_shape\)"):
        viz.draw(autograd.compile(lambda x: x, []))


@pytest.mark.parametrize(("options", "message"), [
    ({"direction": "RL"}, "direction is one of"), ({"theme": "blue"}, "theme is one of"),
    ({"style": "circuit"}, "drawings of a program have the options backward, inputs"),
])
def test_an_option_that_does_not_fit_is_refused(digits, options, message):
    with pytest.raises(UsageError, match=message):
        viz.draw(digits, **options)


def test_names_of_parameters_are_text_never_markup():
    nasty = Value(2.0, '<script>"\\N{|}')
    program = autograd.compile(lambda x: nasty * x, {'"><script>': nasty}).trace(())
    assert "script" in "".join(texts(viz.draw(program)))
    assert "<script" not in viz.draw(program).svg()
