import numpy as np
import pytest
from plotting import curves

import nn
from autograd import SizeError, UsageError
from nn.optim import OPTIMIZERS
from viz import plots


def slope(w):
    return 2 * w


def made(name):
    return OPTIMIZERS[name](0.1)


def test_the_columns_of_adam_are_those_of_its_formulas():
    table = plots.optimizer_table(nn.Adam(0.1, beta1=0.9, beta2=0.99), slope, 1.0, steps=4)
    assert list(table.columns) == ["g", "m", "v", "m̂", "v̂", "Δθ", "θ"]
    θ, m, v = 1.0, 0.0, 0.0
    for t in range(1, 5):
        g = 2 * θ
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        m̂, v̂ = m / (1 - 0.9**t), v / (1 - 0.99**t)
        Δθ = -0.1 * m̂ / (v̂**0.5 + 1e-8)
        θ += Δθ
        assert [column[t] for column in table.columns.values()] == pytest.approx([g, m, v, m̂, v̂, Δθ, θ])


@pytest.mark.parametrize(("optimizer", "symbols"), [
    (nn.SGD(0.1), []),
    (nn.SGD(0.1, momentum=0.9), ["v"]),
    (nn.SGD(0.1, momentum=0.9, average=True), ["m"]),
    (nn.Adagrad(0.1), ["s"]),
    (nn.RMSProp(0.1), ["s"]),
    (nn.AdaDelta(), ["s", "d"]),
    (nn.AdamW(0.1), ["m", "v", "m̂", "v̂"]),
])
def test_every_optimiser_has_its_own_symbols(optimizer, symbols):
    assert list(plots.optimizer_table(optimizer, slope, 1.0).columns) == ["g", *symbols, "Δθ", "θ"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_steps_are_those_that_the_optimiser_takes(name):
    optimizer, theta, path = made(name), np.array([1.0, -2.0]), []
    table = plots.optimizer_table(made(name), slope, theta, steps=5)
    for _ in range(5):
        optimizer.step(theta, slope(theta))
        path.append(theta.copy())
    assert np.column_stack([table["θ₁"], table["θ₂"]])[1:].tolist() == np.array(path).tolist()
    assert plots.descent(made(name), slope, [1.0, -2.0], steps=5)[1:].tolist() == np.array(path).tolist()


def test_the_optimiser_and_the_start_stay_as_they_are():
    optimizer, theta = nn.Adam(0.1), np.array([1.0])
    plots.optimizer_table(optimizer, slope, theta)
    assert (optimizer.steps, optimizer.state, theta.tolist()) == (0, {}, [1.0])


def test_a_table_goes_on_from_what_the_optimiser_remembers():
    optimizer, theta = nn.Adam(0.1), np.array([1.0])
    optimizer.step(theta, slope(theta))
    later = plots.optimizer_table(optimizer, slope, theta, steps=1)
    assert later["m̂"][1] == pytest.approx(plots.optimizer_table(nn.Adam(0.1), slope, 1.0, steps=2)["m̂"][2])


def test_a_rate_that_changes_is_a_column():
    table = plots.optimizer_table(nn.SGD(nn.ExponentialDecay(0.5, 0.5)), slope, [1.0, 1.0], steps=3)
    assert table["η"][1:].tolist() == [0.5, 0.25, 0.125]
    assert list(table.columns) == ["η", "g₁", "g₂", "Δθ₁", "Δθ₂", "θ₁", "θ₂"]


def test_a_table_is_text_in_columns_and_a_table_in_notebooks():
    table = plots.optimizer_table(nn.Adam(0.5), slope, 1.0, steps=1)
    head, start, step = str(table).splitlines()
    assert head.split() == ["t", "g", "m", "v", "m̂", "v̂", "Δθ", "θ"]
    assert (start.split(), step.split()) == (["0", "1"], ["1", "2", "0.2", "0.004", "2", "4", "-0.5", "0.5"])
    assert len(head.replace("\u0302", "")) == len(start) == len(step)  # as wide to the eye
    assert table._repr_html_().count("<tr>") == 3
    assert "<th>m̂</th>" in table._repr_html_()


def test_columns_are_drawn_as_curves():
    table = plots.optimizer_table(nn.SGD(0.25), slope, 1.0, steps=2)
    assert curves(table.plot("θ", "g")) == {"θ": [1, 0.5, 0.25], "g": [pytest.approx(np.nan, nan_ok=True), 2, 1]}
    assert list(curves(table.plot())) == ["g", "Δθ", "θ"]


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: plots.optimizer_table("adam", slope, 1.0), UsageError, "str came"),
    (lambda: plots.descent(nn.SGD(1), 5, 1.0), UsageError, "gradient must be a function, int came"),
    (lambda: plots.optimizer_table(nn.SGD(1), slope, 1.0, steps=0), UsageError, "steps is a whole number from 1"),
    (lambda: plots.optimizer_table(nn.SGD(1), slope, np.zeros(9)), SizeError, "room for 8 parameters, 9 came"),
    (lambda: plots.optimizer_table(nn.SGD(1), lambda w: [1, 2], 1.0), SizeError, "each of 1 parameters, 2 came"),
    (lambda: plots.descent(nn.SGD(1), slope, [[1.0]]), SizeError, "0 or 1 dimension"),
    (lambda: plots.optimizer_table(nn.SGD(1), slope, 1.0)["m"], UsageError, "no 'm': there are g, Δθ, θ"),
    (lambda: plots.optimizer_table(nn.SGD(1), slope, 1.0).plot("m"), UsageError, "no 'm'"),
])
def test_what_cannot_be_traced_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
