"""The compiler pass by pass: a frame for each, with what is left."""

import re

import pytest
from drawings import texts

import autograd
import viz
from autograd import SizeError, UsageError, Value
from viz.style import THEMES

W1 = [[Value(0.1, "W1[0,0]"), Value(0.2, "W1[0,1]")], [Value(0.3, "W1[1,0]"), Value(0.4, "W1[1,1]")]]
B1 = [Value(0.0, "b1[0]"), Value(0.0, "b1[1]")]
W2 = [Value(0.5, "W2[0,0]"), Value(0.6, "W2[0,1]")]
B2 = Value(0.0, "b2[0]")
PARAMS = [W1, B1, W2, B2]


def loss(x, y):
    """A network of 2-2-1 units, written out in + and *."""
    h = [(w[0] * x[0] + w[1] * x[1] + b).tanh() for w, b in zip(W1, B1, strict=True)]
    return (W2[0] * h[0] + W2[1] * h[1] + B2 - y) ** 2


@pytest.fixture(scope="module")
def frames():
    return {frame.name: frame for frame in viz.passes(loss, PARAMS, (2,), ())}


def test_there_is_a_frame_for_each_pass(frames):
    assert list(frames) == ["trace", "canonical", "group", "reroll", "differentiate"]


@pytest.mark.parametrize(("name", "title", "count"), [
    ("trace", "1. trace", "28 scalars"), ("canonical", "2. canonical", "19 scalars"),
    ("group", "3. group", "19 scalars"),
    ("reroll", "4. reroll", "12 arrays"), ("differentiate", "5. differentiate", "21 arrays"),
])
def test_a_frame_says_what_the_pass_did_and_how_much_is_left(frames, name, title, count):
    assert {title, count, frames[name].sentence} <= set(texts(frames[name].drawing))


def test_the_trace_is_every_operation_as_it_was_written(frames):
    assert {"v1 = W1[0,0] * x[0]", "v3 = v1 + v2", "v5 = tanh(v4)", "v16 = v15 ** 2"} <= set(
        texts(frames["trace"].drawing))


def test_a_chain_of_additions_becomes_one_sum(frames):
    found = texts(frames["canonical"].drawing)
    assert "v4 = W1[0,0] * x[0] + W1[0,1] * x[1] + b1[0]" in found
    assert not any(text.startswith("v1 =") for text in found)


def test_groups_are_frames_around_scalars_that_do_the_same(frames):
    source = frames["group"].drawing.source
    titles = re.findall(r">(\d+ × \w+)</font>", source)
    assert sorted(titles) == sorted(
        ["9 × parameter", "2 × input", "1 × target", "2 × sum", "2 × tanh", "1 × sum", "1 × sum", "1 × sum"])
    assert " × " not in frames["canonical"].drawing.source


def places(drawing):
    """Where the texts of a drawing stand."""
    found = re.findall(r'<text [^>]*x="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]+)</text>', drawing.svg())
    return {text.replace("&#160;", " "): (float(x), float(y)) for x, y, text in found}


@pytest.mark.parametrize(("direction", "axis"), [("LR", 1), ("TB", 0)])
def test_the_members_of_a_group_stand_in_order_after_its_heading(direction, axis):
    frames = viz.passes(loss, PARAMS, (2,), (), direction=direction)
    found = places(frames[2].drawing)
    weights = ["W1[0,0]", "W1[0,1]", "W1[1,0]", "W1[1,1]", "b1[0]", "b1[1]", "W2[0,0]", "W2[0,1]", "b2[0]"]
    order = ["9 × parameter", *weights]
    along = [found[text][axis] for text in order]
    assert along == sorted(along)


def test_lines_meet_members_at_their_ends_and_no_heading(frames):
    drawing = frames["group"].drawing
    headings = [place for text, place in places(drawing).items() if re.match(r"\d+ × ", text)]
    ends = re.findall(r'<path [^>]*d="M([-\d.]+),([-\d.]+)C', drawing.svg())
    arrows = re.findall(r'<polygon [^>]*points="([-\d.]+),([-\d.]+) ', drawing.svg())
    assert len(headings) == 6  # three are alike
    assert all(re.search(r":e -> g\d+:m\d+:w", line) for line in drawing.source.splitlines() if "->" in line)
    for x, y in [*ends, *arrows]:
        assert not any(abs(float(x) - a) < 20 and abs(float(y) - b) < 5 for a, b in headings)


def test_the_title_stands_above_the_sentence_with_room_between_them(frames):
    for frame in frames.values():
        found = places(frame.drawing)
        title = next(y for text, (_, y) in found.items() if text.endswith(f". {frame.name}"))
        assert found[frame.sentence][1] - title > 1.2 * 12


def test_the_last_frames_are_matrix_statements(frames):
    assert "z1 = x @ W1 + b1" in texts(frames["reroll"].drawing)
    assert "dW1[...] = x.T @ dz1" in texts(frames["differentiate"].drawing)
    assert "dW1[...] = x.T @ dz1" not in texts(frames["reroll"].drawing)


def test_a_traced_program_can_be_given_and_its_options(frames):
    program = autograd.compile(loss, PARAMS).trace((2,), ())
    again = viz.passes(program, theme="dark", direction="TB", inputs=True)
    assert [frame.name for frame in again] == list(frames)
    assert THEMES["dark"].background in again[0].drawing.source
    assert "dx = dz1 @ W1.T" in texts(again[-1].drawing)


def test_constants_stand_in_the_statements_that_use_them():
    frames = viz.passes(lambda x: (3 * x + 1).tanh() * 3, [], ())
    assert "v2 = v1 + 1" in texts(frames[0].drawing)
    assert texts(frames[0].drawing).count("3") == 0


def test_a_large_loss_is_refused_with_ways_out():
    w = [Value(1.0) for _ in range(100)]
    with pytest.raises(SizeError, match=r"limit=120.*smaller network.*draw\(program\)"):
        viz.passes(lambda x: autograd.sum([w[i] * x[i] for i in range(100)]), {"w": w}, (100,))


@pytest.mark.parametrize("arguments", [(3,), (loss,), (loss, PARAMS), (autograd.compile(loss, PARAMS), PARAMS)])
def test_what_is_missing_is_said(arguments):
    with pytest.raises(UsageError, match=r"passes takes a program|passes\(program\)"):
        viz.passes(*arguments)


def test_labels_are_text_never_markup():
    nasty = Value(2.0, '<script>"\\N{|}\'&')
    drawing = viz.passes(lambda x: nasty * x, [nasty], ())[0].drawing
    assert "<script" not in drawing.svg()
    assert '<script>"\\N{|}\'&' in texts(drawing)
    long = Value(2.0, "x" * 10_000)
    assert len(viz.passes(lambda x: long * x, [long], ())[0].drawing.source) < 4000
