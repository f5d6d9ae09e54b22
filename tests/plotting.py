"""What tests of plots share: no window, no figure left open, and the data of what was drawn."""

import pytest

from viz.plots.figure import matplotlib

pyplot = matplotlib().pyplot


@pytest.fixture(autouse=True)
def closed_figures():
    pyplot.switch_backend("Agg")
    yield
    pyplot.close("all")


def curves(ax):
    """The heights of each curve that has a name."""
    named = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    return {line.get_label(): line.get_ydata().tolist() for line in named}


def texts(ax):
    """All that is written on the axes."""
    return [text.get_text() for text in ax.texts]
