"""Plots of trainings, models and data, with matplotlib: `pip install -e ".[plots]"`.

Each function draws on `ax`, or on a new figure, in a `theme`, "light" or "dark", and returns the Axes.
Models, histories and optimisers are known by their attributes.
"""

from viz.plots.activations import activations
from viz.plots.boundary import boundary
from viz.plots.confusion import confusion
from viz.plots.counts import operation_counts
from viz.plots.gradients import gradients
from viz.plots.hidden import hidden_space
from viz.plots.history import compare, history
from viz.plots.images import image_grid, weight_images
from viz.plots.initializers import activation_histograms
from viz.plots.kfold import folds
from viz.plots.optimizers import OptimizerTable, descent, optimizer_table
from viz.plots.softmax import softmax_temperatures
from viz.plots.surface import loss_surface

__all__ = [
    "OptimizerTable",
    "activation_histograms",
    "activations",
    "boundary",
    "compare",
    "confusion",
    "descent",
    "folds",
    "gradients",
    "hidden_space",
    "history",
    "image_grid",
    "loss_surface",
    "operation_counts",
    "optimizer_table",
    "softmax_temperatures",
    "weight_images",
]
