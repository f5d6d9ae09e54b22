"""Pictures in rows on one Axes, with something written above each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from viz.arguments import Floats
from viz.plots.figure import Panel
from viz.plots.names import brief

GAP = 0.08
"""Between two pictures that are 1 high."""

CAPTION = 0.36
"""The height of what is written above one."""


@dataclass(frozen=True)
class Mosaic:
    """Where each of several pictures of one size, each 1 high, lies on axes whose y points down."""

    panel: Panel
    images: Floats
    across: int
    titled: bool = False

    @property
    def width(self) -> float:
        """How wide a picture is."""
        return stretch(self.images)

    def box(self, i: int) -> tuple[float, float, float, float]:
        """The left, right, lower and upper edge of picture i."""
        left = i % self.across * (self.width + GAP)
        top = i // self.across * (1 + GAP + CAPTION * self.titled)
        return left, left + self.width, top + 1, top

    def draw(self, **look: Any) -> Any:
        """Draw all pictures and nothing else; returns the last."""
        ax = self.panel.ax
        for i, image in enumerate(self.images):
            drawn = ax.imshow(image, extent=self.box(i), interpolation="nearest", **look)
        self.panel.bare()
        right = self.box(min(self.across, len(self.images)) - 1)[1]
        bottom = self.box(len(self.images) - 1)[2]
        ax.set(xlim=(-GAP / 2, right + GAP / 2), ylim=(bottom + GAP / 2, -CAPTION * self.titled - GAP / 2))
        return drawn

    def write(self, i: int, words: str, color: str) -> None:
        """Write above picture i."""
        left, right, _, top = self.box(i)
        size = 0.9 * self.panel.text
        self.panel.ax.text((left + right) / 2, top - 0.05, brief(words), color=color, size=size, ha="center",
                           va="bottom", parse_math=False)

    def frame(self, i: int, color: str) -> None:
        """Draw a frame around picture i."""
        left, right, bottom, top = self.box(i)
        xs, ys = [left, right, right, left, left], [top, top, bottom, bottom, top]
        self.panel.ax.plot(xs, ys, color=color, linewidth=self.panel.line)


def stretch(images: Floats) -> float:
    """The width of pictures (n, height, width) that are 1 high."""
    return float(images.shape[2] / images.shape[1])
