"""Plots of trainings, models and data, with matplotlib: `pip install -e ".[plots]"`.

Each function draws on `ax`, or on a new figure, in a `theme`, "light" or "dark", and returns the Axes.
Models, histories and optimisers are known by their attributes.
"""

from viz.plots.activations import activations
from viz.plots.boundary import boundary
from viz.plots.confusion import confusion
from viz.plots.folds import folds
from viz.plots.gradients import gradients
from viz.plots.hidden import hidden_space
from viz.plots.histograms import histograms
from viz.plots.history import compare, history
from viz.plots.operations import operations
from viz.plots.optimizers import OptimizerSteps, optimizer_steps
from viz.plots.softmax import softmax
from viz.plots.surface import surface

__all__ = [
    "OptimizerSteps",
    "activations",
    "boundary",
    "compare",
    "confusion",
    "folds",
    "gradients",
    "hidden_space",
    "histograms",
    "history",
    "operations",
    "optimizer_steps",
    "softmax",
    "surface",
]
