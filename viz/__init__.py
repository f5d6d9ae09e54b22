"""Pictures of values: graphs, their gradients, and backpropagation step by step.

>>> import viz
>>> f = viz.parse("(x + y) * z", x=-2, y=5, z=-4)
>>> f.backward()
>>> drawing = viz.draw(f)  # shows itself in a notebook; drawing.write("f.svg") writes a file
"""

from viz.dot import draw
from viz.errors import RendererNotFoundError, RenderError
from viz.render import Drawing

__all__ = ["Drawing", "RenderError", "RendererNotFoundError", "draw"]
