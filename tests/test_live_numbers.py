"""What a page works out moving and tells by itself, run by Node beside Python's walk with the same numbers."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from javascript import needs_node, run, written
from strategies import ELEMENTWISE, VARIADIC, Expression, expressions

import viz
from autograd import UsageError, Value, ops
from viz.pages.live import Moving
from viz.pages.web import page_file
from viz.text.formulas import digits, formatted
from viz.text.javascript import PRELUDE

Case = tuple[Callable[..., Value], Sequence[Sequence[float]]]


def told_by_the_page(cases: Sequence[Case]) -> list[list[list[str]]]:
    """The sentences of each graph, drawn at its first point and moved to each of its points: text, then MathML."""
    scripts = []
    for build, points in cases:
        leaves = [Value(x, f"x{i}") for i, x in enumerate(points[0])]
        moving = Moving(viz.steps(build(*leaves)))
        places = [moving.code.places.get(leaf, -1) for leaf in leaves]
        scripts.append(f"""(() => {{
            const walk = {json.dumps(moving.data())};
            {PRELUDE}{moving.script()}{page_file("tokens.js", "numbers.js", "recomputed.js")}
            const numbers = new Numbers();
            const text = new TextWriter(walk.forms, numbers), math = new MathWriter(walk.forms, numbers);
            const both = ({{ said }}) => [text.sentence(said), `<math>${{math.pieces(said).join("")}}</math>`];
            return [{", ".join(f"[{', '.join(map(written, point))}]" for point in points)}].map(point => {{
                {places}.forEach((place, i) => {{ if (place >= 0) numbers.data[place] = point[i]; }});
                numbers.run();
                return walk.steps.flatMap(both);
            }});
        }})()""")
    found: list[list[list[str]]] = run(f"answer([{', '.join(scripts)}]);")
    return found


def told_by_python(build: Callable[..., Value], point: Sequence[float]) -> list[str]:
    """The same sentences, from the walk at that point."""
    frames = viz.steps(build(*[Value(x, f"x{i}") for i, x in enumerate(point)]))
    return [text for frame in frames for text in (frame.sentence, frame.mathml)]


def agree(cases: Sequence[Case]) -> None:
    for (build, points), found in zip(cases, told_by_the_page(cases), strict=True):
        for point, told in zip(points, found, strict=True):
            assert told == told_by_python(build, point), point


CORNERS = [1.5, 0.0, -0.5, 1.0, 2.0, -800.0, math.inf, math.nan]


@needs_node
def test_the_page_tells_every_operation_as_the_walk_does_at_kinks_and_corners_too() -> None:
    agree([
        (lambda *xs, op=op: op.dispatch(xs) * 2, list(itertools.product(CORNERS, repeat=op.arity))[:40])
        for op in ELEMENTWISE if op is not ops.detach
    ])


@needs_node
def test_the_page_tells_reductions_as_the_walk_does_with_ties_and_many_terms() -> None:
    points = [(1.0, 2.0, 2.0, -1.0), (3.0, 3.0, 3.0, 3.0), (0.0, -0.5, 7.0, 1e-9)]
    agree([(lambda *xs, op=op: op.dispatch(xs) - xs[0], points) for op in VARIADIC])
    agree([(lambda *xs: ops.sum(xs) * xs[0], [[float(i) for i in range(20)], [0.5] * 20])])


@needs_node
def test_a_constant_makes_its_rule_simpler_at_all_points() -> None:
    points = [(2.0,), (0.0,), (-3.0,), (1.0,)]
    rows = [ops.add, ops.sub, ops.mul, ops.div, ops.pow, ops.maximum]
    agree([(lambda x, op=op, constant=constant: op(x, constant) + op(constant, x), points)
           for op in rows for constant in (0.0, 1.0, 2.0, -1.0, 0.5)])


@needs_node
@settings(max_examples=5)
@given(expressions())
def test_the_page_tells_any_graph_as_the_walk_does(expression: Expression) -> None:
    points = [expression.point, [x / 2 for x in expression.point], [1.0] * len(expression.point)]
    agree([(lambda *xs: expression(*xs) * 1.5, points)])


@needs_node
@pytest.mark.parametrize("label", [
    "a < b & 'c'", '</math><script>alert("1")</script>', " x ", "theta_12", "W1[0,1]", "\ufdd0🙂",
])
def test_the_page_writes_names_as_python_does(label: str) -> None:
    agree([(lambda x: Value(2.0, label) * x * Value(3.0, label), [(1.0,), (-1.0,)])])


@needs_node
def test_the_page_writes_numbers_as_python_does() -> None:
    rng = random.Random(0)
    numbers = [rng.uniform(-1, 1) * 10 ** rng.uniform(-12, 12) for _ in range(300)]
    numbers += [n / 16 for n in range(-100, 100)] + [0.0, -0.0, 1e22, 5e-324, 1.7e308, 99995.0, 1e-4, 9.9995e-5, 1e16]
    numbers += [math.inf, -math.inf, math.nan]
    formats = [".4g", ".0g", ".1g", ".2f", ".0f", ".3e", ".12g"]
    wanted = [{"digits": int(spec[1:-1]), "kind": spec[-1]} for spec in formats]
    found = run(f"""{page_file("numbers.js")}
        const inf = Infinity, numbers = [{", ".join(map(written, numbers))}];
        answer({json.dumps(wanted)}.map(format => numbers.map(x => formatted(x, format))));
    """)
    for spec, texts in zip(formats, found, strict=True):
        assert texts == [formatted(x, spec) for x in numbers]


READ = {
    "2": 2.0, "2.0": 2.0, " 4/2 ": 2.0, "1e-3": 1e-3, "-.5": -0.5, "+3.": 3.0, "−7": -7.0, "0,5": 0.5, "1/-4": -0.25,
    "inf": math.inf, "-∞": -math.inf, "-pi/2": -math.pi / 2, "1E2": 100.0, "1/0": math.inf,
} | dict.fromkeys(["", "x", "1e", "--1", "1/2/3", "2 3", "0x10", "/2"])
"""What people write, and the number that it is, or None."""


@needs_node
def test_numbers_are_read_as_people_write_them() -> None:
    found = run(f"{page_file('numbers.js')} answer({json.dumps(list(READ))}.map(text => parsed(text) ?? null));")
    assert [text and float(text.replace("Infinity", "inf")) for text in found] == list(READ.values())


@needs_node
def test_the_page_writes_numbers_exactly_as_python_does() -> None:
    numbers = [1.0, -0.5, 0.1, -0.0, 1e15, 1e16, 1.5e300, 1e-4, 9.9e-5, -5e-324, 123456.789, math.inf, math.nan]
    found = run(f"{page_file('numbers.js')} answer([{', '.join(map(written, numbers))}].map(shortest));")
    assert found == [digits(x) for x in numbers]


def test_formats_that_pages_cannot_write_are_refused() -> None:
    with pytest.raises(UsageError, match=r"'\+\.3f' came"):
        viz.live("x * y", x=1, y=2, number_format="+.3f")
