"""Plots of trainings, models and data, with matplotlib: `pip install -e ".[plots]"`.

Each function draws on `ax`, or on a new figure, in a `theme`, "light" or "dark", and returns the Axes.
Models, histories and optimisers are known by their attributes.
"""

from viz.plots.history import compare, history

__all__ = ["compare", "history"]
