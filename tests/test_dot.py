"""Drawings: DOT compared as text, labels read back from the rendered SVG."""

import copy
import itertools
import math
import re

import numpy as np
import pytest
from drawings import contrast, first_example, texts

import autograd
import nn
import viz
from autograd import NumberError, RerollError, SizeError, UsageError, Value, dot, ops
from autograd import sum as total
from viz.drawings.scene import NO_GRADIENTS
from viz.style import THEMES, Theme
from viz.text.markup import LONGEST

STYLES = ("record", "circuit")


def test_a_record_box_reads_label_data_grad():
    shown = texts(viz.draw(first_example()))
    boxes = [shown[i : i + 3] for i, text in enumerate(shown) if text in "xyzqf"]
    assert sorted(boxes) == [
        ["f", "data -12", "grad 1"], ["q", "data 3", "grad -4"],
        ["x", "data -2", "grad -4"], ["y", "data 5", "grad -4"], ["z", "data -4", "grad 3"],
    ]
    assert [text for text in shown if text in "+*"] == ["+", "*"]


def test_the_whole_dot_text_of_a_small_record():
    x = Value(2.0, "x")
    source = viz.draw(x.tanh(), gradients=False).source
    statements = [line.split(" [")[0].strip() for line in source.splitlines()]
    assert statements == ["digraph {", "graph", "node", "edge", "v0", "v1", "v1op", "v0 -> v1op", "v1op -> v1", "}"]
    assert "<b>x</b>" in source
    assert "data 0.964<" in source
    assert "grad" not in source


def test_a_circuit_has_the_value_above_and_the_gradient_below_each_wire():
    source = viz.draw(first_example(), style="circuit").source
    theme = THEMES["light"]
    for value, gradient in (("-2", "-4"), ("5", "-4"), ("q = 3", "-4"), ("-4", "3"), ("-12", "1")):
        above = f'<font color="{theme.value}" point-size="12">{value}</font></td></tr>'
        below = f'<tr><td><font color="{theme.gradient}" point-size="12">{gradient}</font>'
        assert f"{above}<hr/>{below}" in source


def test_a_circuit_from_top_to_bottom_has_values_beside_the_wire():
    source = viz.draw(first_example(), style="circuit", direction="TB").source
    assert source.count("<vr/>") == 5
    assert "<hr/>" not in source
    assert "headport=n" in source


def test_a_wire_forks_where_a_value_is_used_twice_and_the_branches_add_up():
    x = Value(5.0, "x")
    f = x * x - 2 * x + 1
    f.backward()
    drawing = viz.draw(f, style="circuit")
    shown = texts(drawing)
    at = shown.index("x")
    assert shown[at + 1 : at + 3] == ["5", "8"]  # the wire before the fork
    wires = list(itertools.pairwise(shown))
    assert wires.count(("5", "5")) >= 2  # x * x
    assert ("5", "-2") in wires  # 2 * x, subtracted
    assert drawing.source.count("v0fork ->") == 3


@pytest.mark.parametrize("style", STYLES)
def test_a_square_shows_two_edges_from_its_operand(style):
    x = Value(3.0, "x")
    source = viz.draw(x * x, style=style).source
    assert source.count("v0 -> v1op" if style == "record" else "v0fork -> v1op") == 2


@pytest.mark.parametrize("style", STYLES)
def test_building_the_same_graph_twice_gives_the_same_text(style):
    assert viz.draw(first_example(), style=style).source == viz.draw(first_example(), style=style).source


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("first", [True, False])
def test_operands_keep_the_users_order(style, first):
    a, b = Value(1.0, "a"), Value(2.0, "b")
    source = viz.draw(a - b if first else b - a, style=style).source
    edges = [line for line in source.splitlines() if "-> v2op" in line]
    assert ["v0" in edge for edge in edges] == [first, not first]
    assert "ordering=in" in source


@pytest.mark.parametrize("style", STYLES)
def test_before_backward_gradients_are_blank_and_the_picture_says_so(style):
    f = first_example(differentiated=False)
    before = texts(viz.draw(f, style=style))
    assert NO_GRADIENTS in before
    assert "0" not in before
    assert "grad 0" not in before
    f.backward()
    assert NO_GRADIENTS not in texts(viz.draw(f, style=style))


@pytest.mark.parametrize("style", STYLES)
def test_gradients_can_be_forced_or_hidden(style):
    f = first_example(differentiated=False)
    zero = "grad 0" if style == "record" else "0"
    assert texts(viz.draw(f, style=style, gradients=True)).count(zero) == 5
    f.backward()
    hidden = texts(viz.draw(f, style=style, gradients=False))
    assert not any("grad" in text for text in hidden)
    assert "1" not in hidden


def test_nan_is_a_known_gradient():
    x = Value(1.0, "x")
    x.grad = math.nan
    assert "grad nan" in texts(viz.draw(x))


@pytest.mark.parametrize("style", STYLES)
def test_local_derivatives_stand_on_the_edges_but_not_on_those_of_constants(style):
    x, y = Value(2.0, "x"), Value(3.0, "y")
    source = viz.draw(x * y + 7, style=style, local_derivatives=True, number_format=".2f").source
    labels = [line.split("<i>")[1].split("</i>")[0] for line in source.splitlines() if "->" in line and "<i>" in line]
    assert labels == ["3.00", "2.00", "1.00"]


def test_kinds_of_leaves_are_drawn_differently():
    x, w = Value(1.0, "x"), Value(2.0, "w")
    w.op = ops.parameter
    f = x * w + 7
    f.backward()
    lines = {line.split()[0]: line for line in viz.draw(f).source.splitlines() if "->" not in line}
    theme = THEMES["light"]
    assert theme.input in lines["v0"]
    assert theme.parameter in lines["v1"]
    assert theme.constant in lines["v3"]
    assert "dashed" in lines["v3"]
    assert "grad" not in lines["v3"]


@pytest.mark.parametrize("make", [lambda v: total(v), lambda v: dot(v[:2], v[2:])])
def test_sums_and_dots_are_drawn_as_sigma(make):
    values = [Value(float(i), f"x{i}") for i in range(4)]
    drawing = viz.draw(make(values))
    assert "Σ" in texts(drawing)
    assert drawing.source.count("-> v4op") == 4


NASTY = [
    '{<a>|"\\n', "\\N \\G \\l \\", "<b>bold</b>", "<", ">", "&amp; &lt;", "%s {0}", '"quoted"', "it's", "😀 漢字 é",
    "a\\\\b\\", "-->", "]]>", "<!--", "graph", "1", " ", "a:b:c", "<<table>>", "   three   blanks   ", "#", ";",
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("label", NASTY)
def test_a_label_is_text_never_markup(label, style):
    assert label in texts(viz.draw(Value(1.0, label), style=style))


@pytest.mark.parametrize("style", STYLES)
def test_nasty_labels_survive_inside_a_graph(style):
    f = total([Value(1.0, label) for label in NASTY]) * Value(2.0, "z")
    f.args[0].label = '{<q>|"\\N'
    shown = texts(viz.draw(f, style=style))
    assert set(NASTY) <= set(shown)
    assert any(text.startswith('{<q>|"\\N') for text in shown)


def test_a_newline_in_a_label_breaks_the_line():
    assert texts(viz.draw(Value(1.0, "one\ntwo"), gradients=False))[:2] == ["one", "two"]


@pytest.mark.parametrize(("label", "shown"), [
    ("\0\x07", "␀␇"), ("\ud800", "\ufffd"), ("\x85", "\ufffd"), ("\uffff", "\ufffd"), ("\t", " "),
])
def test_characters_that_cannot_be_drawn_are_replaced(label, shown):
    assert texts(viz.draw(Value(1.0, label), gradients=False))[0] == shown


def test_long_labels_end_in_an_ellipsis():
    shown = texts(viz.draw(Value(1.0, "x" * 10_000), gradients=False))[0]
    assert shown == "x" * (LONGEST - 1) + "…"


def test_names_label_what_has_no_label():
    x, w = Value(1.0), [Value(2.0), Value(3.0, "own")]
    f = x * w[0] + w[1]
    shown = texts(viz.draw(f, names={"_": x, "x": x, "w": w, "f": f, "other": 3}))
    assert {"x", "w[0]", "own", "f"} <= set(shown)
    assert "_" not in shown
    assert x.label == ""


def test_several_roots_share_one_picture():
    x = Value(2.0, "x")
    u, v = x * 3, x + 1
    source = viz.draw([u, v]).source
    assert source.count("<b>x</b>") == 1
    assert {"*", "+"} <= set(texts(viz.draw([u, v], style="circuit")))


@pytest.mark.parametrize("style", STYLES)
def test_an_output_that_is_also_an_operand_forks(style):
    x = Value(2.0, "x")
    u = x * 3
    u.label = "u"
    assert "u" in texts(viz.draw([u, u + 1], style=style))


@pytest.mark.parametrize("style", STYLES)
def test_a_leaf_alone_is_a_picture(style):
    assert "x" in texts(viz.draw(Value(2.0, "x"), style=style))


def test_a_graph_beyond_the_limit_is_an_error_that_names_the_ways_out():
    x = Value(1.0)
    for _ in range(600):
        x = x + 1
    with pytest.raises(SizeError, match=r"1201 values.*limit=500.*raise limit="):
        viz.draw(x)
    assert viz.draw(x, limit=1201).source.count("->") == 1800


@pytest.mark.parametrize(("options", "message"), [
    ({"style": "boxes"}, "style is one of 'record', 'circuit'; 'boxes' came"),
    ({"theme": "blue"}, "theme is one of"),
    ({"direction": "RL"}, "direction is one of"),
    ({"number_format": "d"}, "number_format is a format"),
    ({"number_format": "%"*3}, "number_format is a format"),
])
def test_an_unknown_option_is_named(options, message):
    with pytest.raises(UsageError, match=message):
        viz.draw(Value(1.0), **options)


@pytest.mark.parametrize(("root", "error"), [(3.0, NumberError), ([Value(1.0), 2], NumberError), ([], SizeError)])
def test_what_is_no_value_is_refused(root, error):
    with pytest.raises(error) as caught:
        viz.draw(root)
    assert isinstance(caught.value, RerollError)


def test_drawing_changes_nothing():
    f = first_example()
    before = copy.deepcopy(f)
    viz.draw(f, style="circuit", local_derivatives=True)
    assert repr(f) == repr(before)
    assert [repr(arg) for arg in f.args] == [repr(arg) for arg in before.args]


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_text_has_enough_contrast_on_everything_it_stands_on(theme: Theme):
    inks = (theme.text, theme.value, theme.gradient)
    fills = (theme.background, theme.input, theme.parameter, theme.constant, theme.result, theme.marker)
    for ink, fill in itertools.product(inks, fills):
        assert contrast(ink, fill) >= 4.5, (ink, fill)
    for ink in (theme.muted, theme.local):
        assert contrast(ink, theme.background) >= 4.5
    assert contrast(theme.text, theme.operation) >= 4.5


@pytest.mark.parametrize("style", ["record", "circuit"])
def test_highlighted_values_and_operands_have_the_colour_of_gradients(style):
    f = viz.parse("x * y", x=2, y=3)
    plain = viz.draw(f, style=style).source
    marked = viz.draw(f, style=style, highlight=[f, (f, 1)]).source
    colour = f'color="{THEMES["light"].gradient}"'
    assert marked.count("penwidth=2.5") == 2  # the edge from the operand, and the edge to the result
    assert marked.count(colour) == plain.count(colour) + 3  # both, and the lines around the result


# ── layers and neurons ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("style", ["record", "circuit"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("sizes", [[2, 2, 1], [3, 2, 1], [4, 4, 1]], ids=str)
def test_layers_follow_one_another_and_neurons_stand_in_order(style, direction, sizes):
    model = nn.MLP(2, sizes, seed=0)
    output = model([Value(1.0, "x1"), Value(2.0, "x2")])
    svg = viz.draw(output, clusters=model, style=style, direction=direction).svg()
    found = {}  # frames by what is written in them: their intervals from left to right and from top to bottom
    for points, text in re.findall(r'class="cluster">.*?d="([^"]+)".*?<text [^>]*>([^<]+)</text>', svg, re.DOTALL):
        xs, ys = zip(*(map(float, point) for point in re.findall(r"([-\d.]+),([-\d.]+)", points)), strict=True)
        found.setdefault(text.replace("&#160;", " "), []).append(((min(xs), max(xs)), (min(ys), max(ys))))
    along, across = (0, 1) if direction == "LR" else (1, 0)
    layers = [found[f"layer {i}"][0][along] for i in range(1, len(sizes) + 1)]
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(layers))
    sides = [found[f"layer {i}"][0][across] for i in range(1, len(sizes) + 1)]
    low, high = max(sides, key=lambda side: side[1] - side[0])
    assert all(low < (start + end) / 2 < high for start, end in sides)  # beside each other
    for i, size in enumerate(sizes):
        starts = [found[f"neuron {unit}"][sum(other > unit for other in sizes[:i])][across][0] for unit in range(size)]
        assert starts == sorted(starts)


@pytest.mark.parametrize("style", ["record", "circuit"])
@pytest.mark.parametrize("sizes", [[2, 2, 1], [3, 3, 1]], ids=str)
def test_wires_into_a_neuron_pass_none_of_its_parameters(style, sizes):
    model = nn.MLP(2, sizes, seed=0)
    svg = viz.draw(model([Value(1.0, "x1"), Value(2.0, "x2")]), clusters=model, style=style).svg()
    pieces = re.findall(r'class="(node|edge)">\s*<title>(.*?)</title>(.*?)</g>\s*(?=<!--|</g>)', svg, re.DOTALL)
    number = r"[-\d.]+"
    boxes = {}
    for kind, title, inside in pieces:
        if kind == "node" and re.search(r">(W|b)\d\[", inside):
            points = re.findall(f"({number}),({number})", " ".join(re.findall(r'(?:points|d)="([^"]*)"', inside)))
            xs, ys = zip(*((float(x), float(y)) for x, y in points), strict=True)
            boxes[title] = (min(xs), max(xs), min(ys), max(ys))
    assert len(boxes) == len(list(model.parameters()))
    for kind, title, inside in pieces:
        if kind == "edge":
            start, *rest = re.findall(f"({number}),({number})", re.search(r'<path[^>]* d="([^"]*)"', inside)[1])
            for curve in zip(*[iter(rest)] * 3, strict=True):
                ends = [np.array(point, float) for point in (start, *curve)]
                for t in np.linspace(0, 1, 20):
                    weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3]
                    x, y = sum(weight * end for weight, end in zip(weights, ends, strict=True))
                    through = [box for box, (left, right, top, bottom) in boxes.items()
                               if left - 4 < x < right + 4 and top - 4 < y < bottom + 4]
                    assert not [box for box in through if not title.startswith(f"{box}&")]
                start = curve[-1]


def test_recurrent_layers_that_read_each_other_are_drawn_all_the_same():
    a, b = Value(1.0, "W1[0,0]"), Value(2.0, "W2[0,0]")
    h = Value(0.5, "h")
    for _ in range(2):
        h = autograd.tanh(b * autograd.tanh(a * h))
    source = viz.draw(h, clusters=True).source
    assert source.count("subgraph cluster") == 4


def test_numbers_beside_a_wire_that_leads_down_keep_off_it():
    root = viz.parse("(x + y) * z", x=-2, y=5, z=-4)
    root.backward()
    svg = viz.draw(root, style="circuit", direction="TB").svg()
    text = r'<text [^>]*x="([-\d.]+)"[^>]*>([^<]+)</text>\s*'
    wires = re.findall(r'<polygon [^>]*points="([-\d.]+),[^"]*"/>\s*' + text + text, svg)
    assert len(wires) == 5
    for wire, left, value, right, _ in wires:
        digits = value.replace("&#45;", "")
        wide = 12 * (0.556 * len(digits) + 0.333 * (digits != value))  # as Helvetica and Arial have them
        assert float(left) + wide < float(wire) - 3
        assert float(right) > float(wire) + 3


def test_an_order_that_tells_nothing_makes_no_crossing():
    x = Value(5.0, "x")
    source = viz.draw(x**2 - 2 * x + 1).source
    orders = dict(re.findall(r">([-+*]+)</font>> .*?ordering=(\w+|\"\")", source))
    assert orders == {"**": "in", "*": '""', "-": "in", "+": '""'}
