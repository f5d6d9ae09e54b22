"""An empty drawing in the colours of a theme: what all drawings have in common."""

from __future__ import annotations

from collections.abc import Mapping

from viz.drawings.render import Drawing
from viz.style import FONT, SIZE, SMALL, Theme


def canvas(
    theme: Theme, *, graph: Mapping[str, str] | None = None, node: Mapping[str, str] | None = None,
    edge: Mapping[str, str] | None = None,
) -> Drawing:
    """A drawing in the font and the colours of a theme; attributes of the graph, of nodes and of edges are added."""
    return Drawing(
        format="svg",
        graph_attr={"bgcolor": theme.background, "fontname": FONT, "pad": "0.12", **(graph or {})},
        node_attr={"fontname": FONT, "fontsize": str(SIZE), "fontcolor": theme.text, "color": theme.line,
                   **(node or {})},
        edge_attr={"fontname": FONT, "fontsize": str(SMALL), "color": theme.line, "arrowsize": "0.6", **(edge or {})},
    )
