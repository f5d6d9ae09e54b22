"""Axes in the colours of a theme: the look that all plots share. Only this file imports matplotlib."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import MissingPackageError, SizeError, UsageError
from viz.plots.names import apart, brief, last_finite, plain
from viz.style import SERIES, Theme, theme_named

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

TEXT = 15
"""The size of text in points on axes as wide as a slide."""

TICKS = 0.85
"""The size of text along the axes, as a part of that."""

LINE = 2.6
"""The width of lines in points."""

WIDE, SMALLEST = 4.0, 0.7
"""Inches from which axes have text of full size, and what is left of it on the narrowest."""

LUMINANCE = (0.299, 0.587, 0.114)
"""How bright red, green and blue appear."""

STYLES = ("-", "--", ":", "-.")
MARKERS = "os^DvP*X"
"""The second sign by which series differ, for those who do not see the colours."""


def matplotlib() -> Any:
    """The package, with the modules that plots use; `MissingPackageError` without it."""
    try:
        import matplotlib
        from matplotlib import colors, patheffects, pyplot, ticker  # noqa: F401 - which makes them attributes
    except ModuleNotFoundError as error:
        message = f'plots need {error.name}, which is not installed: pip install -e ".[plots]"'
        raise MissingPackageError(message, name=error.name) from None
    return matplotlib


@dataclass(frozen=True)
class Panel:
    """Axes to draw on, and the colours and sizes to draw with."""

    ax: Axes
    theme: Theme
    series: tuple[str, ...]
    scale: float
    curves: list[Line2D] = field(default_factory=list)
    """The curves that have been drawn and have a label."""

    @property
    def text(self) -> float:
        """The size of text."""
        return TEXT * self.scale

    @property
    def tick(self) -> float:
        """The size of numbers and names along the axes."""
        return TICKS * self.text

    @property
    def line(self) -> float:
        """The width of lines."""
        return LINE * self.scale

    def color(self, i: int) -> str:
        """The colour of series i; after the last colour the first comes again."""
        return self.series[i % len(self.series)]

    def style(self, i: int) -> str:
        """The line style of series i: another one when colours come again."""
        return STYLES[i // len(self.series) % len(STYLES)]

    def plot(self, x: Any, y: Any, i: int = 0, **look: Any) -> None:
        """Draw curve i of several; a single point is a dot."""
        options: dict[str, Any] = {"color": self.color(i), "linestyle": self.style(i), "linewidth": self.line}
        if np.isfinite(np.asarray(y, float)).sum() < 2:
            options |= {"marker": "o", "markersize": 3 * self.line}
        curve = self.ax.plot(x, y, **options | look)
        self.curves.extend(curve if look.get("label") else ())

    def write(self, x: str = "", y: str = "", title: str = "") -> None:
        """Name the axes and the whole."""
        for put, words in ((self.ax.set_xlabel, x), (self.ax.set_ylabel, y)):
            put(plain(words), color=self.theme.text, size=self.text, parse_math=False)
        self.ax.set_title(plain(title), color=self.theme.text, size=1.12 * self.text, pad=10 * self.scale,
                          parse_math=False)

    def names(self, texts: Sequence[str], at: Sequence[float], colors: Iterable[str]) -> None:
        """Write names right of the axes, at heights of data, but apart from each other."""
        height = self.ax.get_window_extent().height * 72 / self.ax.figure.dpi
        for text, y, color in zip(texts, apart(self.heights(at), 1.25 * self.text / height), colors, strict=True):
            self.ax.annotate(brief(text), (1.0, y), (6, 0), xycoords="axes fraction", textcoords="offset points",
                             color=color, size=self.text, va="center", annotation_clip=False, parse_math=False)

    def name_curves(self) -> None:
        """Write the label of each curve beside its end, in its colour; call it when all is drawn."""
        ends = [last_finite(np.asarray(curve.get_ydata(), float)) for curve in self.curves]
        colors = [str(curve.get_color()) for curve in self.curves]
        self.names([str(curve.get_label()) for curve in self.curves], ends, colors)

    def heights(self, ys: Sequence[float]) -> list[float]:
        """Where data lie between the bottom, 0, and the top, 1, of the axes."""
        self.ax.get_ylim()  # so that the scale is up to date
        with np.errstate(all="ignore"):
            points = self.ax.transData.transform(np.array([(self.ax.get_xlim()[1], y) for y in ys]).reshape(-1, 2))
        found = self.ax.transAxes.inverted().transform(points)[:, 1]
        return list(map(float, np.clip(np.nan_to_num(found, nan=0.5), 0, 1)))

    def whole(self) -> None:
        """Whole numbers at the axis of x."""
        ticker = matplotlib().ticker.MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
        self.ax.xaxis.set_major_locator(ticker)

    def lattice(self) -> None:
        """Faint lines across, to read off values."""
        self.ax.grid(True, color=self.theme.line, alpha=0.25, linewidth=0.8)
        self.ax.set_axisbelow(True)

    def bare(self) -> None:
        """No ticks and no frame: the axes show pictures."""
        self.ax.set(xticks=[], yticks=[])
        for spine in self.ax.spines.values():
            spine.set_visible(False)

    def diverging(self) -> Any:
        """From negative by the background to positive."""
        return ramp(self.theme.negative, self.theme.background, self.theme.positive)

    def sequential(self) -> Any:
        """From the background to positive."""
        return ramp(self.theme.background, self.theme.positive)

    def root_norm(self) -> Any:
        """From -1 to 1 by the root, signs kept: small numbers show."""
        return matplotlib().colors.FuncNorm((lambda x: np.sign(x) * np.sqrt(np.abs(x)), lambda x: x * np.abs(x)), -1, 1)

    def readable(self, fill: Any) -> str:
        """The colour of text on a fill: the theme's, or its background's where that contrasts more."""
        luminance = [float(np.dot(matplotlib().colors.to_rgb(color), LUMINANCE))
                     for color in (fill, self.theme.text, self.theme.background)]
        text, background = (abs(other - luminance[0]) for other in luminance[1:])
        return self.theme.text if text >= background else self.theme.background

    def color_bar(self, image: Any) -> None:
        """The scale of an image, beside the axes."""
        bar = self.ax.figure.colorbar(image, ax=self.ax, shrink=0.9, pad=0.02)
        bar.ax.tick_params(colors=self.theme.muted, labelsize=0.8 * self.text)
        bar.outline.set_visible(False)

    def on_shades(self) -> dict[str, Any]:
        """The look of text on a picture: with a seam in the colour of the background."""
        seam = matplotlib().patheffects.withStroke(linewidth=3, foreground=self.theme.background)
        return {"color": self.theme.text, "path_effects": [seam]}

    def thin(self) -> dict[str, Any]:
        """The look of lines behind what matters."""
        return {"color": self.theme.muted, "linewidth": 0.4 * self.line, "alpha": 0.6}


def panel(ax: Axes | None, theme: str, size: tuple[float, float] = (8, 5)) -> Panel:
    """Axes of one's own, or a new figure of a size in inches; `UsageError` for what are no axes."""
    colours = theme_named(theme)
    if ax is None:
        _, ax = matplotlib().pyplot.subplots(figsize=size, layout="constrained")
    if not hasattr(ax, "get_window_extent") or not hasattr(ax, "spines"):
        raise UsageError(f"ax takes the Axes of a figure of matplotlib, {type(ax).__name__} came")
    dress(ax, colours)
    return Panel(ax, colours, SERIES[theme], scale(ax))


def panels(n: int, ax: Any, theme: str, columns: int, size: tuple[float, float]) -> list[Panel]:
    """Several axes row by row, each of a size in inches; of one's own there must be as many."""
    theme_named(theme)
    if ax is None:
        columns = min(n, columns)
        rows = -(-n // columns)
        figure, made = matplotlib().pyplot.subplots(
            rows, columns, figsize=(size[0] * columns, size[1] * rows), layout="constrained", squeeze=False
        )
        ax = made.ravel()[:n]
        for empty in made.ravel()[n:]:
            figure.delaxes(empty)
    given = np.ravel(np.asarray(ax, dtype=object)).tolist()
    if len(given) != n:
        raise SizeError(f"this plot has {n} panels, ax has {len(given)} axes")
    return [panel(one, theme) for one in given]


def returned(drawn: Sequence[Panel]) -> Any:
    """The Axes of a single panel, or an array of those of several, as `pyplot.subplots` does."""
    found = np.empty(len(drawn), dtype=object)
    found[:] = [one.ax for one in drawn]
    return found if len(drawn) > 1 else found[0]


def dress(ax: Axes, theme: Theme) -> None:
    """Give axes, and the figure around them, the colours of a theme."""
    ax.figure.set_facecolor(theme.background)
    ax.set_facecolor(theme.background)
    ax.tick_params(which="both", colors=theme.muted, labelsize=TICKS * TEXT * scale(ax))
    for side, spine in ax.spines.items():
        spine.set_color(theme.line)
        spine.set_visible(side in ("left", "bottom"))


def scale(ax: Axes) -> float:
    """What part of the full size text and lines have."""
    inches = ax.get_window_extent().width / ax.figure.dpi
    return float(np.clip(inches / WIDE, SMALLEST, 1.0))


def ramp(*colors: str) -> Any:
    """A colour map through some colours."""
    return matplotlib().colors.LinearSegmentedColormap.from_list("reroll", [*colors])
