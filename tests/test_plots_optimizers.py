import numpy as np
import pytest
from plotting import closed_figures, curves  # noqa: F401

import nn
from autograd import SizeError, UsageError
from viz import plots


def slope(w):
    return 2 * w


@pytest.mark.parametrize(("optimizer", "symbols"), [
    (nn.SGD(0.1), ["g", "Δθ", "θ"]),
    (nn.SGD(0.1, momentum=0.9), ["g", "v", "Δθ", "θ"]),
    (nn.SGD(0.1, momentum=0.9, average=True), ["g", "m", "Δθ", "θ"]),
    (nn.Adagrad(), ["g", "s", "Δθ", "θ"]),
    (nn.RMSProp(), ["g", "s", "Δθ", "θ"]),
    (nn.AdaDelta(), ["g", "s", "d", "Δθ", "θ"]),
    (nn.Adam(), ["g", "m", "v", "m̂", "v̂", "Δθ", "θ"]),
    (nn.AdamW(), ["g", "m", "v", "m̂", "v̂", "Δθ", "θ"]),
    (nn.SGD(nn.ExponentialDecay(0.1, 0.5)), ["η", "g", "Δθ", "θ"]),
])
def test_the_columns_are_the_quantities_of_the_optimisers_formulas(optimizer, symbols):
    table = plots.optimizer_table(optimizer, slope, 1.0, steps=3)
    assert list(table.columns) == symbols
    assert optimizer.steps == 0
    assert np.allclose(np.diff(table["θ"]), table["Δθ"][1:])


def test_the_quantities_of_adam_obey_its_formulas():
    table = plots.optimizer_table(nn.Adam(0.1), slope, 1.0, steps=5)
    m = v = 0.0
    for t in range(1, 6):
        g = 2 * table["θ"][t - 1]
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        hats = m / (1 - 0.9**t), v / (1 - 0.999**t)
        found = [table[symbol][t] for symbol in ("g", "m", "v", "m̂", "v̂", "Δθ")]
        assert np.allclose(found, [g, m, v, *hats, -0.1 * hats[0] / (hats[1] ** 0.5 + 1e-8)])


def test_each_parameter_of_a_vector_has_columns_of_its_own():
    table = plots.optimizer_table(nn.SGD(0.25), slope, [4.0, -2.0], steps=1)
    assert {name: column.tolist()[1:] for name, column in table.columns.items()} == {
        "g₁": [8], "g₂": [-4], "Δθ₁": [-2], "Δθ₂": [1], "θ₁": [2], "θ₂": [-1],
    }


def test_a_table_prints_shows_itself_and_draws_its_columns():
    table = plots.optimizer_table(nn.SGD(0.25), slope, 4.0, steps=2)
    assert str(table).splitlines()[1:] == ["0         4", "1  8  -2  2", "2  4  -1  1"]
    assert "<td>-2</td>" in table._repr_html_()
    assert curves(table.plot("θ")) == {"θ": [4, 2, 1]}


def test_a_descent_is_the_path_of_the_parameters():
    assert plots.descent(nn.SGD(0.25), slope, [4.0, -2.0], 2).tolist() == [[4, -2], [2, -1], [1, -0.5]]


@pytest.mark.parametrize(("call", "error"), [
    (lambda: plots.optimizer_table("adam", slope, 1.0), UsageError),
    (lambda: plots.optimizer_table(nn.Adam(), lambda w: [1, 2, 3], [1.0, 2.0]), SizeError),
    (lambda: plots.optimizer_table(nn.Adam(), slope, np.ones(9)), SizeError),
    (lambda: plots.optimizer_table(nn.Adam(), slope, 1.0, steps=0), UsageError),
    (lambda: plots.optimizer_table(nn.Adam(), slope, 1.0, steps=1)["q"], UsageError),
])
def test_what_makes_no_table_is_refused(call, error):
    with pytest.raises(error):
        call()
