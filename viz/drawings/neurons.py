"""Networks as neurons: layers as columns, weights as lines of a colour for their sign and a width for their size."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autograd import Value
from viz.arguments import count
from viz.drawings.legend import NEURONS, attach
from viz.drawings.network import Layer, layers_of, outputs
from viz.drawings.render import Drawing, canvas
from viz.drawings.scene import NO_GRADIENTS
from viz.style import SIZE, SMALL, Theme, theme_named
from viz.text.formulas import formatted
from viz.text.markup import escape, font, shorten

WIDE, NARROW = 4.0, 2.0
"""The width in points of the line of a layer's largest weight, where there are few lines and where there are many."""

SHOWS_GRADIENTS = "lines and ∂b are gradients"

MANY = 40
"""More lines than this between two layers are drawn narrower."""

FEW = 16
"""Up to this many weights have their numbers written on their lines."""


def draw(
    model: Any,
    *,
    x: Any = None,
    gradients: bool = False,
    numbers: bool | None = None,
    widest: int = 10,
    number_format: str = ".2g",
    theme: str = "light",
    legend: bool = False,
) -> Drawing:
    """A picture of a network, a layer or a neuron, as `viz.draw` makes it of a model."""
    count("widest", widest, least=2)
    layers = layers_of(model)
    formatted(0.0, number_format)
    weights = sum(len(layer.rows) * len(layer.rows[0]) * layer.inputs for layer in layers)
    numbers = weights <= FEW if numbers is None else numbers
    picture = Network(layers, theme_named(theme), gradients, numbers, widest, number_format)
    picture.columns(None if x is None else outputs(layers, x))
    for position, layer in enumerate(layers):
        picture.connect(position, layer)
    note = SHOWS_GRADIENTS if gradients else ""
    if gradients and not any(v.grad for layer in layers for i in range(layer.units) for v in layer.parameters(i)):
        note = NO_GRADIENTS
    if legend:
        attach(picture.drawing, NEURONS, picture.theme, note)
    elif note:
        picture.drawing.attr(label=f"<{font(note, picture.theme.muted, SMALL, italic=True)}>", labelloc="b")
    return picture.drawing


def shown(n: int, widest: int) -> list[int | None]:
    """Which of n neurons are drawn: all, or the first and last ones with a None for those between.

    >>> shown(3, 10), shown(784, 4)
    ([0, 1, 2], [0, 1, None, 782, 783])
    """
    if n <= widest:
        return list(range(n))
    return [*range(widest - widest // 2), None, *range(n - widest // 2, n)]


@dataclass
class Network:
    """The drawing of a network while it is made."""

    layers: list[Layer]
    theme: Theme
    gradients: bool
    numbers: bool
    widest: int
    number_format: str

    def __post_init__(self) -> None:
        tallest = max(len(shown(n, self.widest)) for n in [self.layers[0].inputs, *(s.units for s in self.layers)])
        self.drawing = canvas(
            self.theme,
            graph={"rankdir": "LR", "nodesep": "0.12", "ranksep": f"{1.2 + 0.15 * tallest:.2f}",
                   "outputorder": "edgesfirst", "splines": "line"},
            node={"fontsize": str(SMALL)},
            edge={"arrowhead": "none", "labeldistance": "3.6", "labelangle": "11"},
        )

    def quantity(self, value: Value) -> float:
        """What of a parameter is drawn."""
        return value.grad if self.gradients else value.data

    def colour(self, number: float) -> str:
        """The colour of a sign; neither that of + nor of - is that of 0 and nan."""
        return self.theme.positive if number > 0 else self.theme.negative if number < 0 else self.theme.muted

    def columns(self, numbers: list[list[float]] | None) -> None:
        """The inputs and every layer as a column of circles."""
        inputs = self.layers[0].inputs
        self.column(0, "input", "", inputs, numbers[0] if numbers else None)
        for position, layer in enumerate(self.layers, 1):
            about = ", ".join(filter(None, [layer.activation, *dict.fromkeys(layer.notes)]))
            self.column(position, layer.name, about, layer.units, numbers[position] if numbers else None)

    def column(self, position: int, name: str, about: str, units: int, numbers: list[float] | None) -> None:
        """A heading, and below it the neurons from first to last."""
        heading = f"h{position}"
        count = f"{units} {about}".strip()
        lines = [font(shorten(name), self.theme.text, SIZE, bold=True), font(shorten(count), self.theme.muted, SMALL)]
        names = [heading]
        with self.drawing.subgraph() as rank:
            rank.attr(rank="same")
            rank.node(heading, f"<{'<br/>'.join(lines)}>", shape="plain")
            for unit in shown(units, self.widest):
                names.append(f"n{position}_{'more' if unit is None else unit}")
                if unit is None:
                    more = f"{units - self.widest:,} more"
                    dots = font("·\n·\n·", self.theme.text, SIZE, bold=True)
                    rank.node(names[-1], f"<{dots}<br/>{font(more, self.theme.muted, SMALL)}>", shape="plain")
                else:
                    rank.node(names[-1], **self.neuron(position, unit, None if numbers is None else numbers[unit]))
            for above, below in itertools.pairwise(names):  # what is above stays above
                rank.edge(above, below, style="invis", weight="100")

    def neuron(self, position: int, unit: int, number: float | None) -> dict[str, str]:
        """The attributes of a neuron's circle: what it gives, if that is known, over its bias."""
        layer = self.layers[position - 1] if position else None
        biases = layer.biases[unit] if layer else []
        first = (layer.activation.split()[0] if layer.activation else "Σ") if layer else f"x[{unit}]"
        lines = [font(shorten(first, 8), self.theme.text, SMALL)]
        if number is not None:
            lines = [font(self.number(number), self.theme.value, SMALL, bold=True)]
        for bias in biases[:1]:
            quantity = self.quantity(bias)
            lines.append(font(("∂" if self.gradients else "") + "b " + self.number(quantity), self.colour(quantity), 8))
        return {
            "label": f"<{'<br/>'.join(lines)}>", "shape": "circle", "fixedsize": "true", "width": "0.62",
            "style": "filled", "margin": "0",
            "fillcolor": self.theme.operation if layer else self.theme.input,
            "tooltip": self.tip([f"{layer.name} neuron {unit}" if layer else f"input {unit}"], biases),
        }

    def connect(self, position: int, layer: Layer) -> None:
        """The lines that lead to a layer from the one before."""
        sizes = (abs(self.quantity(v)) for unit in layer.rows for row in unit for v in row)
        largest = max((size for size in sizes if math.isfinite(size)), default=0.0) or 1.0
        units, inputs = shown(layer.units, self.widest), shown(layer.inputs, self.widest)
        end = "head" if layer.inputs <= layer.units else "tail"  # the end where fewer lines meet
        widest = WIDE if len(units) * len(inputs) <= MANY else NARROW
        for unit, input in itertools.product(units, inputs):
            if unit is None or input is None:
                continue
            for value in layer.weights(unit, input):
                number = self.quantity(value)
                size = min(abs(number) / largest, 1.0) if math.isfinite(number) else 1.0
                look = {}
                if self.numbers:
                    look[f"{end}label"] = f"<{font(self.number(number), self.colour(number), 8)}>"
                elif number < 0:  # where no number says so, and colours cannot be told apart
                    look["style"] = "dashed"
                self.drawing.edge(
                    f"n{position}_{input}", f"n{position + 1}_{unit}", color=self.colour(number),
                    penwidth=f"{0.3 + (widest - 0.3) * size:.2f}", edgetooltip=self.tip([], [value]), **look,
                )

    def tip(self, first: Iterable[str], values: Iterable[Value]) -> str:
        """What is said where the pointer rests: parameters with value and gradient."""
        said = [f"{shorten(v.label)} = {self.number(v.data)}, gradient {self.number(v.grad)}" for v in values]
        return escape("; ".join([*first, *said]))

    def number(self, x: float) -> str:
        """A number as the picture shows it."""
        return formatted(x, self.number_format)
