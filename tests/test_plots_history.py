from types import SimpleNamespace

import numpy as np
import pytest
from plotting import curves, pyplot, texts

import nn
from autograd import SizeError, UsageError
from viz import plots


def trained(**columns):
    made = nn.History()
    for numbers in zip(*columns.values(), strict=True):
        made.append(dict(zip(columns, numbers, strict=True)))
    return made


def test_loss_metrics_and_a_changing_rate_have_a_panel_each():
    history = trained(loss=[4, 2, 1], lr=[0.4, 0.2, 0.1], accuracy=[0.2, 0.5, 1], val_loss=[5, 3, 2])
    loss, accuracy, rate = plots.history(history)
    assert [ax.get_title() for ax in (loss, accuracy, rate)] == ["loss", "accuracy", "learning rate"]
    assert curves(loss) == {"training": [4, 2, 1], "validation": [5, 3, 2]}
    assert curves(accuracy) == {"training": [0.2, 0.5, 1]}
    assert curves(rate) == {"training": [0.4, 0.2, 0.1]}
    assert loss.get_lines()[0].get_xdata().tolist() == [1, 2, 3]


def test_curves_are_named_at_their_ends():
    ax = plots.history(trained(loss=[4, 1], lr=[1, 1], val_loss=[4, 3]))
    lower, upper = sorted(ax.texts, key=lambda text: text.xy[1])
    assert (lower.get_text(), upper.get_text()) == ("training", "validation")


def test_a_history_with_one_kind_is_one_axes_and_draws_on_that_given():
    _, ax = pyplot.subplots()
    assert plots.history(trained(loss=[2, 1], lr=[1, 1], accuracy=[0, 1]), ax=ax) is ax
    assert curves(ax) == {"training": [2, 1]}


def test_a_history_draws_itself():
    assert curves(trained(loss=[2, 1], lr=[1, 1]).plot(log=True)) == {"training": [2, 1]}
    assert pyplot.gca().get_yscale() == "log"


def test_any_object_with_arrays_is_a_history():
    assert curves(plots.history(SimpleNamespace(loss=[3, 2, 1], seconds=0.1))) == {"training": [3, 2, 1]}


def test_names_choose_panels():
    history = trained(loss=[2, 1], lr=[1, 1], accuracy=[0, 1])
    assert [ax.get_title() for ax in plots.history(history, ["lr", "accuracy"])] == ["learning rate", "accuracy"]


def test_a_single_epoch_is_a_dot():
    (line,) = plots.history(trained(loss=[2], lr=[1])).get_lines()
    assert line.get_marker() == "o"


@pytest.mark.parametrize(("history", "options", "error", "message"), [
    (nn.History(), {}, UsageError, "at least one epoch"),
    (5, {}, UsageError, "at least one epoch"),
    (trained(loss=[1], lr=[1]), {"names": ["accuracy"]}, UsageError, "no 'accuracy': there are loss, lr"),
    (trained(loss=[1], lr=[1]), {"names": 5}, UsageError, "names must be a list"),
    (trained(loss=[1], lr=[1]), {"theme": "pink"}, UsageError, "'light', 'dark'"),
    (trained(loss=[1], lr=[1]), {"ax": 5}, UsageError, "Axes of a figure"),
    (trained(loss=[1], lr=[1]), {"ax": [None, None]}, SizeError, "1 panels, ax has 2"),
])
def test_what_is_no_history_is_refused(history, options, error, message):
    with pytest.raises(error, match=message):
        plots.history(history, **options)


@pytest.mark.parametrize(("loss", "scale"), [([1, 0], "log"), ([0, 0], "linear"), ([np.nan, np.nan], "linear")])
def test_losses_of_zero_need_a_linear_scale(loss, scale):
    assert plots.history({"loss": loss}, log=True).get_yscale() == scale


def test_trainings_that_are_nan_from_the_start_can_be_compared():
    ax = plots.compare({"good": [2.0, 1.0], "bad": [np.nan, np.nan]})
    assert list(curves(ax)) == texts(ax) == ["good", "bad"]
    plots.compare({"bad": [np.nan]}).figure.canvas.draw()


def test_learning_rates_are_compared_by_a_curve_each():
    ax = plots.compare({0.1: trained(loss=[2, 1], lr=[1, 1]), "Adam": [2.0, 0.5]})
    assert curves(ax) == {"η = 0.1": [2, 1], "Adam": [2, 0.5]}
    assert ax.get_yscale() == "log"


def test_a_training_that_diverges_leaves_the_picture_at_the_top():
    ax = plots.compare({0.1: [2.0, 1.0, 0.5], 9: [2.0, 1e50, np.nan]})
    assert ax.get_ylim() == (0.5, 20)


def test_an_accuracy_that_rises_far_stays_in_the_picture():
    ax = plots.compare({"a": [0.01, 0.5, 0.98], "b": [0.02, 0.3, 0.9]}, "accuracy", log=False)
    assert ax.get_ylim()[1] > 0.98


def test_losses_below_zero_have_a_linear_scale():
    assert plots.compare({"a": [1.0, -1.0]}).get_yscale() == "linear"


@pytest.mark.parametrize("histories", [{}, [1.0, 2.0], {"a": []}, {"a": trained(loss=[1], lr=[1])}])
def test_comparing_needs_labelled_trainings_and_a_column_they_have(histories):
    with pytest.raises(UsageError):
        plots.compare(histories, "accuracy")
