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

from viz import plots
from viz.dot import draw
from viz.errors import ExpressionError, RendererNotFoundError, RenderError
from viz.export import animate, export
from viz.expression import parse
from viz.formulas import formula
from viz.frames import Frame, Frames, steps
from viz.legend import legend
from viz.live import live
from viz.nudge import Change, Nudge, nudge
from viz.page import html
from viz.passes import PassFrame, passes
from viz.paths import Path, Paths, paths
from viz.quiz import quiz
from viz.recorder import Recorder
from viz.render import Drawing
from viz.replay import replay
from viz.walkthrough import Step
from viz.worksheet import Worksheet, worksheet

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
    "plots",
    "quiz",
    "replay",
    "steps",
    "worksheet",
]
