"""What tests of plots read back from what was drawn."""

from viz.plots.figure import matplotlib

pyplot = matplotlib().pyplot


def curves(ax):
    """The heights of each curve that has a name."""
    named = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    return {line.get_label(): line.get_ydata().tolist() for line in named}


def texts(ax):
    """All that is written on the axes."""
    return [text.get_text() for text in ax.texts]
