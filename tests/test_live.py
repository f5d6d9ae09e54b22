"""The page with sliders, as text; test_live_browser.py opens it, test_live_numbers.py compares its numbers."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from drawings import data_of

import nn
import viz
from autograd import SizeError, UsageError, Value
from viz.pages.sliders import slider


def test_the_page_is_self_contained_and_written_to_a_file(tmp_path):
    page = viz.live("(x + y) * z", tmp_path / "f.html", x=-2, y=5, z=-4)
    assert (tmp_path / "f.html").read_text(encoding="utf-8") == page
    known = {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}
    assert set(re.findall(r"https?://[^\"'\s]*", page)) <= known
    assert not re.search(r"<link|@import|url\((?!data:)| src=|fetch\(", page)
    assert "<title>(x + y) * z</title>" in page


def test_leaves_have_sliders_and_constants_only_if_asked_for():
    def kinds(page):
        return {leaf["name"]: leaf.get("kind") for leaf in data_of(page)["leaves"]}

    w = nn.Neuron(1, seed=0).w[0]
    assert kinds(viz.live(w * Value(1.0, "x") + 3)) == {w.label: "parameter", "x": "input", "3": None}
    root = Value(1.0, "x") + 3
    assert kinds(viz.live(root, constants=True)) == {"x": "input", "c1": "input"}
    assert root.args[1].op.name == "constant"  # the graph given stays as it is


def test_an_expression_takes_numbers_for_its_names_and_options_of_steps():
    page = viz.live("x * y", x=2, y=3, style="circuit", number_format=".2f")
    assert data_of(page)["format"] == {"digits": 2, "kind": "f"}
    assert 'data-number="v0:data"' in page
    with pytest.raises(UsageError, match="the expression does not mention w"):
        viz.live("x * y", x=2, y=3, w=1)


def test_a_walk_is_taken_as_it_is():
    walk = viz.steps(viz.parse("x * y", x=2, y=3), expand=True)
    assert len(data_of(viz.live(walk))["steps"]) == len(walk)
    with pytest.raises(UsageError, match=r"style is given to steps, whose result this is: live\(steps"):
        viz.live(walk, style="circuit")


def test_a_model_is_the_graph_of_its_output_with_the_plane_of_its_inputs():
    X, Y = nn.data.xor()
    data = data_of(viz.live(nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=0), data=(X, Y)))
    assert [leaf["name"] for leaf in data["leaves"] if leaf["kind"] == "input"] == ["x1", "x2"]
    assert data["plane"]["points"] == [[*x, y] for x, y in zip(X.tolist(), Y.ravel().tolist(), strict=True)]
    assert data["plane"]["kind"] == "sigmoid"
    assert data_of(viz.live(nn.Neuron(3, seed=0)))["plane"] is None


@pytest.mark.parametrize("labels", [np.array([2, 0, 1]), np.eye(3)[[2, 0, 1]]])
def test_of_several_outputs_the_graph_ends_with_the_largest_and_the_plane_shows_all(labels):
    model, X = nn.MLP(2, [3], seed=0), np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]])
    data = data_of(viz.live(model, data=(X, labels)))
    assert [data["values"][f"v{place}"]["name"] for place in data["plane"]["outputs"]] == ["y1", "y2", "y3"]
    assert data["plane"]["points"] == [[0, 1, 2], [1, 2, 0], [2, 3, 1]]
    page = str(viz.live(model, data=(X, labels), number_format=".6g"))
    assert "f = max(y1, y2, y3) = max(" in page
    assert f" = {max(model.predict(X)[0]):.6g}<" in page


def test_the_plane_shows_the_value_that_is_named():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    a = (x - y).sigmoid()
    plane = data_of(viz.live((a - 1) ** 2, boundary=(x, y, a)))["plane"]
    assert (plane["x"], plane["y"], plane["outputs"], plane["kind"]) == (0, 1, [3], "sigmoid")
    assert plane["ranges"] == [[-5, 5], [-5, 5]]


x, y = Value(1.0, "x"), Value(2.0, "y")
q = x * y


@pytest.mark.parametrize(("root", "options", "error", "message"), [
    ([q], {}, UsageError, "live shows the graph of one Value"),
    (q, {"boundary": (x,)}, UsageError, "names two values of the graph"),
    (q, {"boundary": (x, Value(1.0))}, UsageError, "names two values of the graph"),
    (q + x, {"boundary": (x, q)}, UsageError, "q is worked out"),
    (q, {"data": (np.ones((2, 2)), [0, 1])}, UsageError, r"boundary=\(x1, x2\)"),
    (q, {"boundary": (x, y), "data": (np.ones((2, 3)), [0, 1])}, SizeError, r"shape \(2, 3\)"),
    (nn.MLP(2, [3, 1]), {"data": (np.ones((2, 3)), [0, 1])}, SizeError, "takes 2 inputs, examples of 3"),
    (viz.steps(q), {"constants": True}, UsageError, "constants=True is for a Value"),
], ids=str)
def test_what_cannot_be_shown_is_refused(root, options, error, message):
    with pytest.raises(error, match=message):
        viz.live(root, **options)


@pytest.mark.parametrize(("number", "low", "high"), [
    (0.0, -2, 2), (0.5, -2, 2), (1.0, -5, 5), (-4.0, -10, 10), (5.0, -20, 20), (1e6, -5e6, 5e6), (math.inf, -10, 10),
    (math.nan, -10, 10),
])
def test_a_slider_goes_around_its_number(number, low, high):
    assert slider(Value(number), []) == {"low": low, "high": high, "step": high / 100}


@pytest.mark.parametrize(("apply", "low"), [
    (lambda x: x.log(), 0), (lambda x: x.sqrt(), 0), (lambda x: x**0.5, 0), (lambda x: x**2, -5), (lambda x: 1 / x, -5),
    (lambda x: x.tanh(), -5),
])
def test_a_slider_stays_where_what_uses_it_is_defined(apply, low):
    x = Value(1.0)
    f = apply(x)
    assert slider(x, [(f, f.args.index(x))])["low"] == low


def test_it_shows_itself_in_notebooks():
    bundle = viz.live("x * y", x=2, y=3)._repr_mimebundle_()
    assert "srcdoc=" in bundle["text/html"]
    assert bundle["image/svg+xml"].startswith("<svg")


def test_a_model_is_shown_in_layers_and_parts():
    model = nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=0)
    network = data_of(viz.live(model))["network"]
    assert [(layer["name"], layer["about"], len(layer["neurons"])) for layer in network["layers"]] == [
        ("inputs", "", 2), ("layer 1", "tanh", 3), ("layer 2", "σ", 1)]
    assert [part["name"] for part in network["parts"]] == [
        "the whole graph", *(f"layer 1, neuron {i}" for i in range(3)), "layer 2, neuron 0"]


def test_a_loss_is_shown_in_the_layers_of_its_model():
    model, x = nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=0), [Value(0.5, "x1"), Value(-1.0, "x2")]
    loss = (model(x) - 1.0) ** 2
    data = data_of(viz.live(loss, clusters=model))
    network, names = data["network"], [value["name"] for value in data["values"].values()]
    assert [names[neuron["value"]] for neuron in network["layers"][0]["neurons"]] == ["x1", "x2"]
    assert network["parts"][-1]["name"] == "outside the layers"
    rows = network["layers"][2]["weights"]
    assert [[names[place] for [place] in row] for row in rows] == [["W2[0,0]", "W2[0,1]", "W2[0,2]"]]
    turns = {network["parts"][turn]["name"] for turn in network["turns"]}
    assert turns == {part["name"] for part in network["parts"][1:]}  # the whole is no one's turn


def test_the_loss_of_several_examples_has_layers_too():
    model = nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=0)
    losses = [(model([Value(float(a)), Value(float(b))]) - float(a != b)) ** 2 for a in (0, 1) for b in (0, 1)]
    network = data_of(viz.live(sum(losses), clusters=model))["network"]
    assert [neuron["value"] for neuron in network["layers"][0]["neurons"]] == [None, None]
    assert [part["name"] for part in network["parts"]][1::4] == ["layer 1, neuron 0", "outside the layers"]


@pytest.mark.slow
def test_two_thousand_values_of_a_model_take_a_moment():
    page = viz.live(nn.MLP(2, [40, 40, 1], "tanh", "sigmoid", seed=0))
    data = data_of(page)
    assert len(data["values"]) > 1900
    assert page.count("<template") == len({part["drawn"] for part in data["network"]["parts"]}) == 3
