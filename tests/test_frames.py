"""A walk as frames: what is drawn at each step."""

import re
import xml.etree.ElementTree as ET

import pytest

import viz
from autograd import SizeError, UsageError, Value, dot
from viz.style import THEMES

LIGHT = THEMES["light"]


def first(**options):
    return viz.steps(viz.parse("(x + y) * z", x=-2, y=5, z=-4), **options)


def reused(**options):
    return viz.steps(viz.parse("x * x - 2 * x + 1", x=5), **options)


def hidden(drawing):
    """The texts that take their place but are not to be seen."""
    return re.findall(r'color="transparent"[^>]*>(?:<i>)?([^<]*)', drawing.source)


def places(drawing):
    """Where each text and circle is, and where each line begins; a thick line has a longer arrowhead at its end."""
    parts = ET.fromstring(drawing.svg()).iter()
    found = [[part.get(name, "").partition("C")[0] for name in ("x", "y", "cx", "cy", "d")] for part in parts]
    return [place for place in found if any(place)]


@pytest.mark.parametrize("style", ["record", "circuit"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("frames", [first, reused])
def test_nothing_moves_from_frame_to_frame(style, direction, frames):
    frames = frames(style=style, direction=direction)
    final = places(frames.drawing())
    for position in range(len(frames) + 1):
        assert places(frames.drawing(position)) == final


def test_what_is_not_yet_known_is_blank():
    frames = first()
    assert sorted(hidden(frames.drawing(0))) == sorted([
        "data 3", "data -12", "grad -4", "grad -4", "grad -4", "grad 3", "grad 1", "1", "1", "-4", "3",
    ])
    assert "data 3" not in hidden(frames.drawing(1))
    assert "grad 1" in hidden(frames.drawing(2))
    assert hidden(frames[-1].drawing) == []


def test_what_is_new_is_highlighted():
    forward, backward = first()[0].drawing.source, first()[3].drawing.source
    assert re.findall(rf'<td bgcolor="{LIGHT.marker}">.*?>([^<]*)</font>', forward) == ["data 3"]
    assert re.findall(rf'<td bgcolor="{LIGHT.marker}">.*?>([^<]*)</font>', backward) == ["grad -4"]
    assert forward.count("penwidth=2.5") == 3  # both operands and the result
    assert f'color="{LIGHT.value}" id=v3e0 penwidth=2.5' in forward
    assert backward.count("penwidth=2.5") == 2  # the edge of the chain rule, and from its operation to the value
    assert f'color="{LIGHT.gradient}"' in backward


def test_a_reused_value_has_its_running_sum():
    sums = [re.search(r"grad (\S+)</font>", frame.drawing.source)[1] for frame in reused()[-3:]]
    assert sums == ["-2", "3", "8"]


def test_nothing_of_the_graph_is_changed():
    f = viz.parse("x * y", x=2, y=3)
    for frame in viz.steps(f):
        assert frame.drawing.source
    assert [value.grad for value in (f, *f.args)] == [0, 0, 0]


def test_frames_are_a_sequence():
    frames = first()
    assert len(frames) == 7
    assert [frame.position for frame in frames[2:4]] == [3, 4]
    assert frames[-1].sentence == "df/dy = df/dq · dq/dy = -4 · 1 = -4"
    assert frames[-1].latex == (
        r"\frac{df}{dy} = \frac{df}{dq} \cdot \frac{dq}{dy} = -4 \cdot 1 = -4"
    )
    assert repr(frames) == "<7 steps of f>"


def test_the_chain_rule_of_a_step_has_its_parts():
    chain = reused()[-1].chain
    assert (chain.upstream, chain.local, chain.product, chain.before, chain.total) == (1, 5, 5, 3, 8)
    assert (chain.path, chain.paths) == (3, 3)
    assert chain.operand is chain.operation.args[chain.position]


def test_a_step_shows_itself_in_a_notebook():
    bundle = first()[-1]._repr_mimebundle_()
    assert bundle["text/plain"] == first()[-1].sentence
    assert bundle["text/latex"].startswith(r"$\displaystyle \frac{df}{dy}")
    assert "<svg" in bundle["image/svg+xml"]


def test_sentences_have_no_limit_and_drawings_do():
    f = Value(1.0, "x")
    for _ in range(600):
        f = f + 1
    frames = viz.steps(f)
    assert len(frames) == 1201
    with pytest.raises(SizeError, match="limit=500"):
        frames.drawing(0)


def test_a_dot_can_be_walked_product_by_product():
    w, x = [Value(2.0, "w0"), Value(3.0, "w1")], [Value(4.0, "x0"), Value(5.0, "x1")]
    frames = viz.steps(dot(w, x), expand=True)
    assert [frame.sentence for frame in frames[:3]] == [
        "q = w0 * x0 = 2 * 4 = 8", "r = w1 * x1 = 3 * 5 = 15", "f = q + r = 8 + 15 = 23",
    ]


@pytest.mark.parametrize("options", [{"style": "boxes"}, {"theme": "blue"}, {"direction": "up"}])
def test_unknown_options_are_refused_at_once(options):
    with pytest.raises(UsageError):
        first(**options)
