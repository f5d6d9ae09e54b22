"""A network on a page: its layers and neurons, and the parts of its graph that are opened one at a time."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

from autograd import Value, ops
from viz.drawings.clusters import neurons
from viz.drawings.network import Layer, layers_of
from viz.drawings.render import pictures
from viz.drawings.vector import text, vector
from viz.pages.steps import Frames
from viz.pages.words import words

FEW = 100
"""Graphs of up to so many values can be opened as a whole, too."""

LARGEST = 5000
"""Networks of more values than this have no page, unless it is asked for."""


@dataclass(frozen=True)
class Part:
    """A part of a graph: what it is called, what is worked out in it, and its layer and neuron if it is one."""

    name: str
    values: Sequence[Value]
    neuron: tuple[int, int] | None = None

    @cached_property
    def shown(self) -> list[Value]:
        """What is worked out in it and what goes into it, the oldest first."""
        return sorted({*self.values, *(arg for value in self.values for arg in value.args)}, key=attrgetter("serial"))

    def shape(self, uses: Mapping[Value, Sequence[Any]]) -> Hashable:
        """What its drawing looks like but for names and numbers, which is the same for the neurons of a layer."""
        places = {value: i for i, value in enumerate(self.shown)}
        return tuple(
            (value.op, tuple(places.get(arg) for arg in value.args), value in self.values, len(uses[value]) > 1,
             sum(user in places for user, _ in uses[value]))
            for value in self.shown
        )


class Layers:
    """The layers of a model whose graph is walked through."""

    def __init__(self, model: Any, frames: Frames, language: str) -> None:
        self.frames = frames
        self.layers = layers_of(model)
        self.words = words(language)
        self.places = {value: i for i, value in enumerate(frames.sheet.values)}
        self.owners = neurons(frames.sheet.values, model)
        self.parts = list(self._parts(self.owners))

    def _parts(self, owners: Mapping[Value, tuple[str, str]]) -> Iterator[Part]:
        worked = [value for value in self.frames.sheet.values if value.args]
        if len(self.frames.sheet.values) <= FEW:
            yield Part(self.words["graph_whole"], worked)
        for i, layer in enumerate(self.layers):
            for unit in range(layer.units):
                own = [value for value in worked if owners.get(value) == (layer.name, f"neuron {unit}")]
                if own:
                    yield Part(self.words["unit"].format(layer=layer.name, number=unit), own, (i, unit))
        others = [value for value in worked if value not in owners]
        if others:
            yield Part(self.words["others"], others)

    @cached_property
    def drawn(self) -> list[int]:
        """For each part, the one that is drawn for it: of those of one shape, that with the longest names."""
        shapes = [part.shape(self.frames.users) for part in self.parts]
        names = self.frames.walk.names
        lengths = [[len(names[value]) for value in part.shown] for part in self.parts]
        longest = {shape: i for i, shape in sorted(enumerate(shapes), key=lambda pair: lengths[pair[0]])}
        return [longest[shape] for shape in shapes]

    def drawings(self, room: str) -> dict[int, str]:
        """The drawings of parts, one for each shape, as elements of a page."""
        drawn = {i: self.frames.part(self.parts[i].values, room) for i in sorted(set(self.drawn))}
        svgs = pictures(picture.drawing.source for picture in drawn.values())
        return {i: text(vector(picture, svg)) for (i, picture), svg in zip(drawn.items(), svgs, strict=True)}

    def inputs(self) -> Sequence[int | None]:
        """The places of what the first layer sees; unknown where it sees several examples."""
        seen = {
            arg for part in self.parts if part.neuron == (0, 0) for value in part.values for arg in value.args
            if arg not in self.owners and arg.op is not ops.constant
        }
        count = self.layers[0].inputs
        return sorted(self.places[value] for value in seen) if len(seen) == count else [None] * count

    def data(self) -> dict[str, Any]:
        """What the script of the page knows of parts, of layers, and of the part that each step is about."""
        operations = {value: i for i, part in enumerate(self.parts) for value in part.values}
        return {
            "parts": [
                {"name": part.name, "values": [self.frames.id(value) for value in part.shown], "drawn": drawn}
                for part, drawn in zip(self.parts, self.drawn, strict=True)
            ],
            "layers": [
                {"name": self.words["inputs"], "about": "", "weights": [],
                 "neurons": [{"value": place, "part": None} for place in self.inputs()]},
                *(self._layer(i, layer) for i, layer in enumerate(self.layers)),
            ],
            "turns": [
                operations[frame.value if frame.chain is None else frame.chain.operation] for frame in self.frames
            ],
        }

    def _layer(self, i: int, layer: Layer) -> dict[str, Any]:
        found = {part.neuron: (number, part) for number, part in enumerate(self.parts)}
        units = [found.get((i, unit)) for unit in range(layer.units)]
        return {
            "name": layer.name,
            "about": ", ".join(filter(None, [layer.activation, *dict.fromkeys(layer.notes)])),
            "neurons": [
                {"value": self.places[unit[1].values[-1]], "part": unit[0]} if unit else {"value": None, "part": None}
                for unit in units
            ],
            "weights": [
                [[self.places[value] for value in layer.weights(unit, j) if value in self.places]
                 for j in range(layer.inputs)]
                for unit in range(layer.units)
            ],
        }
