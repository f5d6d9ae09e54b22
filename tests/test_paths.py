import math
import operator
import random
import xml.etree.ElementTree as ET

import pytest

import viz
from autograd import SizeError, UsageError, Value, dot, grad, local_derivatives


def parabola():
    """E4: y = x² - 2x + 1 at 5."""
    x = Value(5.0, "x")
    y = x**2 - 2 * x + 1
    y.label = "y"
    return x, y


def doubled(times):
    """x added to itself again and again: twice as many paths each time."""
    x = y = Value(1.0, "x")
    for _ in range(times):
        y = y + y
    return x, y


def tangle(seed):
    """A graph in which values are used again and again."""
    rng = random.Random(seed)
    operations = [operator.mul, operator.add, operator.sub, lambda a, b: a / (1 + b * b), lambda a, b: b.tanh()]
    values = [Value(rng.uniform(0.5, 2)) for _ in range(3)]
    for _ in range(8):
        values.append(rng.choice(operations)(rng.choice(values), rng.choice(values[-3:])))
    return values


def test_two_paths_contribute_10_and_minus_2_to_the_gradient_8():
    x, y = parabola()
    found = viz.paths(y, x)
    assert [path.product for path in found] == [10.0, -2.0]
    assert [path.local_derivatives for path in found] == [(1, 1, 10), (1, -1, 2)]
    assert [path.symbols for path in found] == [("1", "1", "2 * x"), ("1", "-1", "2")]
    assert (found.total, found.gradient, x.grad) == (8.0, 8.0, 0.0)


@pytest.mark.parametrize("seed", range(12))
def test_the_sum_over_all_paths_is_what_backpropagation_gives(seed):
    values = tangle(seed)
    for x in values:
        found = viz.paths(values[-1], x, limit=100_000)
        size = sum(abs(path.product) for path in found)
        assert found.total == pytest.approx(grad(values[-1], [x])[0], rel=1e-12, abs=1e-12 * size)
        assert found.agrees
        assert len({path.edges for path in found}) == len(found)
        for path in found:
            assert (path.nodes[0], path.nodes[-1]) == (x, values[-1])
            assert path.product == math.prod(local_derivatives(value)[i] for value, i in path.edges)


def test_both_operands_of_a_product_of_a_value_with_itself_are_paths():
    x = Value(3.0, "x")
    found = viz.paths(x * x, x)
    assert [path.product for path in found] == [3.0, 3.0]
    assert found.sentence == "df/dx = 3 + 3 = 6"


def test_from_a_value_to_itself_leads_one_path_without_edges():
    x, _ = parabola()
    assert str(viz.paths(x, x)).splitlines() == ["[0]  x  1", "dx/dx = 1"]


def test_where_no_path_leads_the_gradient_is_zero():
    _, y = parabola()
    found = viz.paths(y, Value(1.0, "z"))
    assert (len(found), found.total) == (0, 0.0)
    assert str(found).splitlines()[0] == "no path leads from z to y"


def test_paths_start_at_values_between_as_well():
    _, y = parabola()
    square = y.args[0].args[0]
    assert [path.sentence for path in viz.paths(y, square)] == ["dy/ds · ds/dq = 1 · 1 = 1"]


@pytest.mark.parametrize(("times", "count"), [(3, 8), (20, 2**20), (2000, "about 10^602")])
def test_too_many_paths_are_counted_but_not_walked(times, count):
    x, y = doubled(times)
    with pytest.raises(SizeError, match=f"^{str(count).replace('^', '.')} paths .* limit=7"):
        viz.paths(y, x, limit=7)


def test_a_path_may_be_long():
    x = y = Value(1.0, "x")
    for _ in range(5000):
        y = y.sin()
    (path,) = viz.paths(y, x)
    assert len(path.edges) == 5000


def test_a_dot_has_a_path_through_each_product():
    x = Value(2.0, "x")
    y = dot([Value(3.0), Value(4.0)], [x, x])
    assert [path.product for path in viz.paths(y, x)] == [3.0, 4.0]


def test_where_only_the_sum_overflows_the_table_says_what_backpropagation_gives():
    x = Value(1.0, "x")
    q = x * 1e-10
    found = viz.paths(q * 1e308 + q * 1e308, x)
    assert (found.agrees, found.gradient) == (False, math.inf)
    assert found.sentence == "df/dx = 1e+298 + 1e+298 = 2e+298, where backpropagation gives ∞"


def test_formulas_with_signs_take_brackets():
    x, y = Value(-3.0, "x"), Value(2.0, "y")
    f = (x - y) * (y + 1) * x
    assert [path.sentence for path in viz.paths(f, x)] == [
        "df/ds · ds/dq · dq/dx = x · r · 1 = -3 · 3 · 1 = -9",
        "df/dx = s = -15",
    ]


def test_a_path_is_highlighted_on_the_graph():
    x, y = parabola()
    found = viz.paths(y, x)
    everything = found.draw().source
    for i, path in enumerate(found):
        one = found.draw(i)
        marked = one.source.count("penwidth=2.5")
        assert marked == 2 * len(path.edges)  # the edge to each operation and the one to its result
        assert marked < everything.count("penwidth=2.5")
    assert ET.fromstring(found.draw(-1, theme="dark", style="circuit").svg()).tag.endswith("svg")


def test_the_drawing_calls_values_as_the_table_does():
    x, y = parabola()
    source = viz.paths(y, x).draw().source
    for name in "qrs":
        assert f"<b>{name}</b>" in source


def test_names_and_number_format_are_the_users():
    a = Value(1 / 3)
    assert str(viz.paths(a * a * 1.0, a, names={"a": a}, number_format=".1f").sentence) == "df/da = 0.3 + 0.3 = 0.7"


def test_a_notebook_shows_a_table_with_formulas():
    x, y = parabola()
    x.label = "<script>"
    table = ET.fromstring(viz.paths(y, x)._repr_html_())
    assert len(table.findall("./tbody/tr")) == 3
    assert len(list(table.iter("math"))) == 3
    assert not list(table.iter("script"))


def test_latex_says_the_sum_line_by_line():
    x, y = parabola()
    assert viz.paths(y, x).latex.splitlines() == [
        r"\begin{aligned}\frac{dy}{dx} &= \frac{dy}{ds} \cdot \frac{ds}{dq} \cdot \frac{dq}{dx} + "
        r"\frac{dy}{ds} \cdot \frac{ds}{dr} \cdot \frac{dr}{dx} \\",
        r"  &= 10 + \left(-2\right) \\",
        r"  &= 8\end{aligned}",
    ]


@pytest.mark.parametrize("arguments", [(1.0, Value(1.0)), (Value(1.0), "x")])
def test_other_things_than_values_are_refused(arguments):
    with pytest.raises(UsageError, match="two Values"):
        viz.paths(*arguments)
