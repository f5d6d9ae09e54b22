"""Networks as neurons: what is drawn for layers, weights, activations, gradients, and at any width."""

import math
import re
import time
import xml.etree.ElementTree as ET

import pytest
from drawings import texts

import nn
import viz
from autograd import SizeError, UsageError, Value
from viz.drawings import network
from viz.drawings.neurons import NARROW, SHOWS_GRADIENTS, WIDE, shown
from viz.drawings.scene import NO_GRADIENTS
from viz.style import THEMES

LIGHT = THEMES["light"]


def lines(drawing):
    """The colour and width of every weight, by the nodes that its line joins."""
    found = {}
    for line in drawing.source.splitlines():
        match = re.search(r'(n\d+_\d+) -> (n\d+_\d+) \[color="(.*?)".* penwidth=([\d.]+)', line)
        if match:
            found[match[1], match[2]] = match[3], float(match[4])
    return found


def model_of(weights, biases=(0.5, -0.5)):
    layer = nn.Layer(2, 2, "tanh")
    layer.W, layer.b = weights, list(biases)
    return layer


def test_each_layer_is_a_column_with_its_size_and_activation():
    shown_texts = texts(viz.draw(nn.MLP(2, [4, 1], activation="tanh", output="sigmoid", seed=0)))
    for text in ("input", "2", "layer 1", "4 tanh", "layer 2", "1 σ"):
        assert text in shown_texts
    assert shown_texts.count("tanh") == 4


def test_the_colour_of_a_line_is_the_sign_of_its_weight_and_its_width_the_size():
    found = lines(viz.draw(model_of([[2.0, -1.0], [0.0, -2.0]])))
    assert found["n0_0", "n1_0"] == (LIGHT.positive, WIDE)
    assert found["n0_1", "n1_1"] == (LIGHT.negative, WIDE)
    colour, width = found["n0_1", "n1_0"]
    assert colour == LIGHT.negative
    assert width == pytest.approx(0.3 + (WIDE - 0.3) / 2)
    assert found["n0_0", "n1_1"] == (LIGHT.muted, 0.3)


@pytest.mark.parametrize("options", [{}, {"gradients": True}])
def test_without_numbers_the_lines_of_negative_weights_are_dashed(options):
    model = model_of([[2.0, -1.0], [0.0, -2.0]])
    model.weight[0][0].grad, model.weight[0][1].grad = -1.0, 1.0
    source = viz.draw(model, numbers=False, **options).source
    dashed = set(re.findall(r"(n0_\d -> n1_\d) \[.*style=dashed", source))
    assert dashed == ({"n0_0 -> n1_0"} if options else {"n0_1 -> n1_0", "n0_1 -> n1_1"})
    assert "dashed" not in viz.draw(model, numbers=True, **options).source


def test_biases_are_written_in_the_neurons():
    assert {"b 0.5", "b -0.5"} <= set(texts(viz.draw(model_of([[1, 1], [1, 1]]))))
    assert not any(text.startswith("b ") for text in texts(viz.draw(nn.Layer(2, 2, bias=False, seed=0))))


def test_an_example_shows_the_inputs_and_what_every_neuron_makes_of_them():
    model = nn.MLP(2, [2, 1], activation="tanh", seed=3)
    hidden = [value.data for value in model.layers[0]([1.0, -2.0])]
    found = texts(viz.draw(model, x=[1.0, -2.0], number_format=".5f"))
    for number in (1.0, -2.0, *hidden, model([1.0, -2.0]).data):
        assert f"{number:.5f}" in found
    assert "tanh" not in found


def test_an_example_leaves_the_gradients_alone():
    model = nn.MLP(2, [2, 1], seed=0)
    model([1.0, 2.0]).backward()
    before = [value.grad for value in model.parameters()]
    viz.draw(model, x=[3.0, 4.0], gradients=True)
    assert [value.grad for value in model.parameters()] == before


def test_gradients_take_the_place_of_values_when_asked_for():
    layer = model_of([[1.0, 1.0], [1.0, 1.0]])
    assert NO_GRADIENTS in texts(viz.draw(layer, gradients=True))
    layer.weight[0][0].grad, layer.weight[1][1].grad, layer.bias[0].grad = 3.0, -1.5, 0.25
    drawing = viz.draw(layer, gradients=True)
    found = lines(drawing)
    assert found["n0_0", "n1_0"] == (LIGHT.positive, WIDE)
    assert found["n0_1", "n1_1"][0] == LIGHT.negative
    assert {"∂b 0.25", "3", "-1.5", SHOWS_GRADIENTS} <= set(texts(drawing))


def test_few_weights_have_their_numbers_and_many_do_not():
    assert "2.25" in texts(viz.draw(model_of([[2.25, 1], [1, 1]]), number_format=".3g"))
    wide = nn.Layer(5, 5, seed=0)
    number = f"{wide.W[0, 0]:.2g}"
    assert number not in texts(viz.draw(wide))
    assert number in texts(viz.draw(wide, numbers=True))
    assert "2.25" not in texts(viz.draw(model_of([[2.25, 1], [1, 1]]), number_format=".3g", numbers=False))


@pytest.mark.parametrize(("n", "widest", "expected"), [
    (3, 3, [0, 1, 2]), (4, 3, [0, 1, None, 3]), (784, 2, [0, None, 783]), (1, 2, [0]),
])
def test_a_wide_layer_shows_its_first_and_last_neurons(n, widest, expected):
    assert shown(n, widest) == expected


def test_the_ellipsis_says_how_many_there_are_between():
    found = texts(viz.draw(nn.MLP(784, [128, 10], seed=0)))
    assert {"774 more", "118 more", "784", "128 relu", "x[0]", "x[783]"} <= set(found)
    assert not any(text.startswith("x[") and text not in {f"x[{i}]" for i in (*range(5), *range(779, 784))}
                   for text in found)


def test_many_lines_are_narrower():
    assert max(width for _, width in lines(viz.draw(nn.Layer(10, 10, seed=0))).values()) <= NARROW


def test_the_largest_weight_sets_the_scale_even_where_it_is_not_shown():
    layer = nn.Layer(6, 1, init="zeros")
    layer.W = [[1, 1, 10, 1, 1, 1]]
    widths = [width for _, width in lines(viz.draw(layer, widest=2)).values()]
    assert widths == [pytest.approx(0.3 + (WIDE - 0.3) / 10)] * 2


def test_weights_that_are_no_numbers_are_drawn_all_the_same():
    layer = model_of([[1.0, 1.0], [1.0, 1.0]])
    (first, second), (_, last) = layer.weight
    first.data, second.data, last.data = math.inf, math.nan, -math.inf
    found = lines(viz.draw(layer))
    assert [found[a, b][0] for a, b in (("n0_0", "n1_0"), ("n0_1", "n1_0"), ("n0_1", "n1_1"))] == [
        LIGHT.positive, LIGHT.muted, LIGHT.negative,
    ]


def test_neurons_of_a_column_stand_in_order():
    svg = viz.draw(nn.MLP(5, [7, 3], seed=1)).svg()
    for column, size in ((0, 5), (1, 7), (2, 3)):
        heights = [float(re.search(rf"<title>n{column}_{i}</title>.*?cy=\"([-\d.]+)\"", svg, re.DOTALL)[1])
                   for i in range(size)]
        assert heights == sorted(heights)


@pytest.mark.parametrize(("model", "expected"), [
    (nn.Neuron(3, "sigmoid", seed=0), ["neuron", "1 σ"]),
    (nn.Layer(3, 2, "softmax", seed=0), ["layer 1", "2 softmax"]),
    (nn.Perceptron(2), ["layer 1"]),
    (nn.LogisticRegression(2), ["1 σ"]),
    (nn.Maxout(3, 2, seed=0), ["2 max"]),
    (nn.Sequential(nn.Layer(2, 3), "relu", nn.Dropout(0.25), nn.Layer(3, 1)), ["3 relu, dropout 0.25", "layer 2"]),
    (nn.MLP(2, [3, 1], dropout=0.5), ["3 relu, dropout 0.5", "1"]),
    (nn.Sequential(nn.MLP(2, [3, 2]), nn.Layer(2, 1)), ["layer 1", "layer 2", "layer 3"]),
])
def test_every_kind_of_model_can_be_drawn_with_an_example(model, expected):
    inputs = len(network.layers_of(model)[0].rows[0][0])
    assert set(expected) <= set(texts(viz.draw(model, x=[0.5] * inputs)))


def test_a_model_of_the_users_own_says_its_stages():
    class Line:
        w, b = [Value(2.0, "slope")], Value(-1.0, "offset")

        def __call__(self, x):
            return self.w[0] * x[0] + self.b

        def stages(self):
            return [nn.Stage("line", [[self.w]], [[self.b]], (self,))]

    assert {"line", "5", "b -1"} <= set(texts(viz.draw(Line(), x=[3.0])))


def test_a_module_of_the_users_own_has_the_stages_of_those_inside():
    class Cube(nn.Module):
        def forward(self, x):
            return [v**3 for v in x]

    class Net(nn.Module):
        def __init__(self):
            self.first, self.cube, self.rest = nn.Layer(2, 3, seed=0), Cube(), nn.MLP(3, [2, 1], dropout=0.5, seed=1)

        def forward(self, x):
            return self.rest(self.cube(self.first(x)))

    net = Net()
    net.eval()
    found = texts(viz.draw(net, x=[1.0, 2.0], number_format=".5f"))
    assert {"3 Cube", "2 relu, dropout 0.5", f"{net([1.0, 2.0]).data:.5f}"} <= set(found)


def test_weights_that_are_no_values_are_refused():
    class Odd:
        def stages(self):
            return [nn.Stage("odd", [[[2.0]]], [[]], ())]

    with pytest.raises(UsageError, match="the weights and biases of stage odd are Values"):
        viz.draw(Odd())


def test_a_digit_classifier_is_drawn_in_less_than_two_seconds():
    model = nn.MLP(784, [128, 10], seed=0)
    start = time.perf_counter()
    viz.draw(model, x=[0.5] * 784).svg()
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(("options", "error", "message"), [
    ({"x": [1.0]}, SizeError, "takes 2 inputs, x has 1"),
    ({"widest": 1}, UsageError, "widest is a whole number from 2, 1 came"),
    ({"theme": "blue"}, UsageError, "theme is one of"),
    ({"number_format": "d"}, UsageError, "number_format"),
    ({"style": "circuit"}, UsageError, "drawings of a model have the options x, gradients"),
])
def test_an_option_that_does_not_fit_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        viz.draw(nn.MLP(2, [2, 1], seed=0), **options)


def test_layers_that_do_not_fit_together_are_refused():
    with pytest.raises(SizeError, match="layer 2 takes 4 inputs, and layer 1 has 3 outputs"):
        viz.draw(nn.Sequential(nn.Layer(2, 3), nn.Layer(4, 1)))


def test_a_model_without_layers_is_refused():
    with pytest.raises(UsageError, match="Sequential has no layers to draw"):
        viz.draw(nn.Sequential("relu"))


def test_names_and_labels_are_text_never_markup():
    nasty = '<script>"\\N{|}\'&\n😀 ‮אב'
    layer = nn.Layer(1, 1, name=nasty, seed=0)
    layer.weight[0][0].label = nasty
    drawing = viz.draw(layer)
    root = ET.fromstring(drawing.svg())
    assert "<script" not in drawing.svg()
    tips = [a.get("{http://www.w3.org/1999/xlink}title") for a in root.iter("{http://www.w3.org/2000/svg}a")]
    assert any(tip and tip.startswith('<script>"\\N{|}\'&') for tip in tips)
    assert any("<script>" in text for text in texts(drawing))
    layer.weight[0][0].label = "x" * 10_000
    assert len(viz.draw(layer).source) < 4000
