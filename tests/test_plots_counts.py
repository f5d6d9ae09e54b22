import pytest
from plotting import closed_figures, curves  # noqa: F401

from autograd import SizeError, UsageError, Value, count_operations, dot
from viz import plots


def test_counts_of_backpropagation_grow_as_a_line_and_of_finite_differences_as_a_square():
    sizes, backward, forward = [8, 16, 32], [], []
    for n in sizes:
        weights = [Value(0.5) for _ in range(n)]
        with count_operations() as count:
            dot(weights, [1.0] * n).backward()
        backward.append(count.total)
        with count_operations() as count:
            for _ in range(n + 1):
                dot(weights, [1.0] * n)
        forward.append(count.total)
    ax = plots.operation_counts({"finite differences": forward, "backpropagation": backward}, sizes)
    assert curves(ax) == {"finite differences": forward, "backpropagation": backward}
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert backward[-1] / backward[0] == 4
    assert forward[-1] / forward[0] > 14


@pytest.mark.parametrize(("counts", "sizes", "error"), [
    ({}, [1, 2], UsageError),
    ([1, 2], [1, 2], UsageError),
    ({"a": [1, 2]}, [1, 2, 3], SizeError),
    ({"a": [0, 2]}, [1, 2], UsageError),
])
def test_counts_are_above_zero_and_one_for_each_size(counts, sizes, error):
    with pytest.raises(error):
        plots.operation_counts(counts, sizes)
