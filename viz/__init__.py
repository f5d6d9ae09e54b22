"""Pictures of values: graphs, their gradients, and backpropagation step by step.

>>> import viz
>>> f = viz.parse("(x + y) * z", x=-2, y=5, z=-4)
>>> f.backward()
>>> drawing = viz.draw(f)  # shows itself in a notebook; drawing.write("f.svg") writes a file
>>> print(viz.formula(f), "=", f.data)
(x + y) * z = -12.0
>>> print(viz.steps(f)[-1].sentence)
df/dy = df/dq · dq/dy = -4 · 1 = -4
"""

import autograd

if not hasattr(autograd, "RerollError"):
    raise ImportError(
        f"viz needs the package autograd of reroll, but Python finds another one of this name first: {autograd}. "
        "Use an environment without it, or uninstall it (pip uninstall autograd) and install reroll again"
    )

from viz import plots
from viz.drawings.dot import draw
from viz.drawings.legend import legend
from viz.drawings.nudge import Change, Nudge, nudge
from viz.drawings.passes import PassFrame, passes
from viz.drawings.paths import Path, Paths, paths
from viz.drawings.render import Drawing
from viz.errors import ExpressionError, RendererNotFoundError, RenderError
from viz.pages.export import animate, export
from viz.pages.live import live
from viz.pages.play import play
from viz.pages.playground import playground
from viz.pages.quiz import quiz
from viz.pages.recorder import Recorder
from viz.pages.replay import replay
from viz.pages.steps import Frame, Frames, html, steps
from viz.pages.worksheet import Worksheet, worksheet
from viz.text.expression import parse
from viz.text.formulas import formula
from viz.text.walkthrough import Step

__all__ = [
    "Change",
    "Drawing",
    "ExpressionError",
    "Frame",
    "Frames",
    "Nudge",
    "PassFrame",
    "Path",
    "Paths",
    "Recorder",
    "RenderError",
    "RendererNotFoundError",
    "Step",
    "Worksheet",
    "animate",
    "draw",
    "export",
    "formula",
    "html",
    "legend",
    "live",
    "nudge",
    "parse",
    "passes",
    "paths",
    "play",
    "playground",
    "plots",
    "quiz",
    "replay",
    "steps",
    "worksheet",
]
