import importlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import nn
from autograd import MissingPackageError, UsageError


def history(**columns):
    found = nn.History()
    for row in zip(*columns.values(), strict=True):
        found.append(dict(zip(columns, row, strict=True)))
    return found


def test_a_history_is_a_mapping_of_arrays_which_are_attributes_too():
    found = history(loss=[0.5, 0.25], lr=[0.1, 0.1], val_accuracy=[0.6, 0.9])
    assert list(found) == ["loss", "lr", "val_accuracy"]
    np.testing.assert_array_equal(found["val_accuracy"], [0.6, 0.9])
    np.testing.assert_array_equal(found.val_accuracy, found["val_accuracy"])
    np.testing.assert_array_equal(found.epochs, [1, 2])
    assert repr(found) == "<History of 2 epochs: loss 0.25, lr 0.1, val_accuracy 0.9>"


def test_what_a_history_does_not_have_is_named():
    found = history(loss=[1.0], lr=[0.1])
    with pytest.raises(UsageError, match="no 'val_loss': there are loss, lr"):
        found["val_loss"]
    with pytest.raises(AttributeError, match="no 'val_loss': there are loss, lr"):
        found.val_loss  # noqa: B018
    assert "loss" in found
    assert "val_loss" not in found
    assert found.get("val_loss") is None


def test_a_history_that_nothing_happened_in_is_empty():
    assert repr(nn.History()) == "<History of 0 epochs>"
    assert len(nn.History().loss) == 0


def test_histories_of_the_same_numbers_are_equal():
    assert history(loss=[1.0, 0.5]) == history(loss=[1.0, 0.5])
    assert history(loss=[1.0]) != history(loss=[1.0, 0.5])


def test_a_history_is_drawn_by_the_plots_with_their_options(monkeypatch):
    drawn = []
    plots = SimpleNamespace(history=lambda *args, **options: drawn.append((args, options)) or "axes")
    monkeypatch.setitem(sys.modules, "viz.plots", plots)
    found = history(loss=[1.0])
    assert found.plot(ax="here") == "axes"
    assert drawn == [((found,), {"ax": "here"})]


def test_without_the_packages_of_plots_a_history_says_what_to_install(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(MissingPackageError, match=r"plots need matplotlib, .*: pip install -e .\.\[plots\]"):
        nn.History().plot()
