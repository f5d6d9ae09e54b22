import pytest
from plotting import curves, texts

from autograd import SizeError, UsageError, Value, count_operations, dot
from viz import plots


def test_each_kind_is_a_curve_on_logarithmic_axes_named_at_its_end():
    ax = plots.operation_counts({"differences": [100, 400], "backpropagation": [20, 40]}, [10, 20])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert curves(ax) == {"differences": [100, 400], "backpropagation": [20, 40]}
    assert texts(ax) == ["differences", "backpropagation"]
    assert ax.get_lines()[0].get_xdata().tolist() == [10, 20]


def test_backpropagation_costs_so_much_a_weight_and_finite_differences_a_whole_neuron():
    sizes, counts = [8, 16, 32], {"finite differences": [], "backpropagation": []}
    for n in sizes:
        weights = [Value(0.5) for _ in range(n)]
        with count_operations() as count:
            dot(weights, [1.0] * n).backward()
        counts["backpropagation"].append(count.total)
        with count_operations() as count:
            for _ in range(n + 1):
                dot(weights, [1.0] * n)
        counts["finite differences"].append(count.total)
    assert curves(plots.operation_counts(counts, sizes)) == {
        "finite differences": [2 * n * (n + 1) for n in sizes],
        "backpropagation": [6 * n for n in sizes],
    }


@pytest.mark.parametrize(("sizes", "ticks"), [([10, 20, 40], ["10", "20", "40"]), (range(1, 20), None)])
def test_a_few_sizes_are_written_at_the_axis(sizes, ticks):
    ax = plots.operation_counts({"a": sizes}, sizes)
    written = [tick.get_text() for tick in ax.get_xticklabels()]
    assert written == ticks if ticks else len(written) < len(sizes)


@pytest.mark.parametrize(("counts", "sizes", "error", "message"), [
    ({}, [1], UsageError, "by their labels"),
    ([1, 2], [1, 2], UsageError, "by their labels"),
    ({"a": [1]}, [1, 2], SizeError, r"each of 2 sizes .* \[1\] came"),
    ({"a": [0]}, [1], UsageError, "above 0"),
    ({"a": [1]}, [-1], UsageError, "above 0"),
])
def test_what_cannot_be_drawn_is_refused(counts, sizes, error, message):
    with pytest.raises(error, match=message):
        plots.operation_counts(counts, sizes)
