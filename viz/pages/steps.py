"""A walk as frames, each step with its drawing; and the page on which to go through them.

In the drawings nothing moves, and what is not yet known is blank.

>>> from autograd import Value
>>> x, y = Value(2.0, "x"), Value(3.0, "y")
>>> frames = steps(x * y)
>>> [frame.sentence for frame in frames]
['f = x * y = 2 * 3 = 6', 'df/df = 1', 'df/dx = y = 3', 'df/dy = x = 2']
>>> frames[1].drawing.source == frames[2].drawing.source
False
>>> html(frames)[:15]
'<!DOCTYPE html>'
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import Any, overload

from autograd import UsageError, Value, ops
from viz.arguments import one_of
from viz.drawings.expand import expanded
from viz.drawings.picture import Operand, Picture, key, named
from viz.drawings.render import Drawing
from viz.drawings.scalars import DIRECTIONS, STYLES, paint, prepared
from viz.drawings.scene import recast
from viz.drawings.sheet import Moment, Sheet, touched
from viz.drawings.vector import text, vector
from viz.pages import program
from viz.pages.web import Page, document, formulas, labelled, literal, page_file, saved
from viz.pages.words import spoken, words
from viz.style import theme_named, variables
from viz.text.expression import parse
from viz.text.markup import isolated
from viz.text.naming import labels
from viz.text.tokens import Number, Place, forms
from viz.text.walkthrough import Step, Walk

SCRIPTS = ("helpers.js", "tokens.js", "graph.js", "view.js", "files.js", "player.js", "steps.js")

# ── frames ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Frame(Step):
    """A step, and the drawing of what is known after it; what is new there is highlighted."""

    frames: Frames | None = field(default=None, repr=False, compare=False)
    position: int = 0

    @property
    def drawing(self) -> Drawing:
        """The drawing, a `graphviz.Digraph`."""
        assert self.frames is not None
        return self.frames.drawing(self.position)

    def svg(self) -> str:
        """The drawing as SVG text."""
        return self.drawing.svg()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = self.drawing._repr_mimebundle_()
        html = f"{bundle['text/html']}<p style=\"font-size: 1.3em\">{self.mathml}</p>"
        return bundle | {"text/plain": self.sentence, "text/latex": f"$\\displaystyle {self.latex}$", "text/html": html}


class Frames(Sequence[Frame]):
    """The steps of a walk through a graph as frames in one layout.

    `drawing(0)` is the graph before the first step, `drawing(i)` what is known after i steps; `drawing()` all of it.
    """

    def __init__(self, walk: Walk, style: str, look: Mapping[str, Any], clusters: Any, legend: bool) -> None:
        self.walk = walk
        self.style = style
        self.look = look
        self.clusters = clusters
        self.legend = legend
        self.taken = [*walk.forward(), *walk.backward()]

    @property
    def root(self) -> Value:
        """The value whose graph it is."""
        return self.walk.root

    @cached_property
    def users(self) -> Mapping[Value, list[Operand]]:
        """Where each value is an operand."""
        users: dict[Value, list[Operand]] = {value: [] for value in self.walk.values}
        for value in self.walk.values:
            for i, arg in enumerate(value.args):
                users[arg].append((value, i))
        return users

    def __len__(self) -> int:
        return len(self.taken)

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> list[Frame]: ...
    def __getitem__(self, index: int | slice) -> Frame | list[Frame]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        # Made when asked for: if it held its frames, which hold it, nothing but a collection would free it.
        i = range(len(self))[index]
        return Frame(**vars(self.taken[i]), frames=self, position=i + 1)

    def __repr__(self) -> str:
        return f"<{len(self)} steps of {self.walk.names[self.root]}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return html(self)._repr_mimebundle_() | {"text/plain": repr(self)}

    def moment(self, position: int) -> Moment:
        """What is known after so many steps."""
        computed = {value for value in self.walk.values if not value.args}
        gradients: dict[Value, float] = {}
        contributions: dict[Operand, float] = {}
        for step in self.taken[:position]:
            if step.phase == "forward":
                computed.add(step.value)
                continue
            gradients[step.value] = step.number
            if step.chain is not None:
                contributions[step.chain.edge] = step.chain.product
        last = self.taken[position - 1] if position else None
        return Moment(frozenset(computed), gradients, contributions, last)

    @cached_property
    def sheet(self) -> Sheet:
        """All that the walk finds, in its place, with room for the widest number that each gradient is on its way."""
        scene = prepared(self.root, gradients=True, **self.look)
        widest: dict[Value, str] = {}
        for step in self.taken:
            if step.chain is not None and step.chain.paths > 1:
                widest[step.value] = max(widest.get(step.value, ""), scene.number(step.number), key=len)
        labels = {
            value: "" if value.op is ops.constant and not scene.labels[value] else name
            for value, name in self.walk.names.items()
        }
        final = self.moment(len(self))
        return recast(scene, Sheet, labels=labels, final=final, moment=replace(final, last=None), widest=widest)

    def id(self, part: Value | Operand) -> str:
        """What a value or the edge of an operand is called in drawings and pages: v3, v3e0."""
        return named(self.sheet.ids, part)

    def key(self, part: Value | Operand, role: str) -> str:
        """What a number of it is called there: v3:data."""
        return key(self.sheet.ids, part, role)

    def data(self, value: Value) -> list[str]:
        """What the number that a value is is called, at the value and on the pieces of wire to operations."""
        parts: list[Value | Operand] = [value, *self.users[value]]
        return [self.key(part, "data") for part in parts]

    def made_known(self, step: Step) -> dict[str, Number]:
        """The numbers that a step makes known, by the names that they have in pages."""
        words, chain = self.walk.sentences, step.chain
        if step.phase == "forward":
            return dict.fromkeys(self.data(step.value), words.data(step.value))
        if chain is None:
            return {self.key(step.value, "gradient"): words.gradient(step.value, step.number)}
        return {
            self.key(step.value, "gradient"): words.part(chain, "total"),
            self.key(chain.edge, "gradient"): words.part(chain, "product"),
            self.key(chain.edge, "local"): words.part(chain, "local"),
        }

    def drawing(self, position: int | None = None) -> Drawing:
        """The graph after so many steps, the last one highlighted; without a number, all that the walk finds."""
        sheet = self.sheet
        if position is not None:
            moment = self.moment(position)
            sheet = replace(sheet, moment=moment, highlighted=frozenset(touched(moment.last)))
        return paint(sheet, self.style, self.clusters, self.legend).drawing

    def picture(self, room: str = "") -> Picture:
        """All that the walk finds, with a mark for each part, for pages; with room for such a number in any place."""
        return paint(replace(self.sheet, room=room), self.style, self.clusters, self.legend, marks={})

    def part(self, values: Sequence[Value], room: str = "") -> Picture:
        """A picture of some values and what they are made of, with all that the walk finds of them."""
        shown = set(values).union(*(value.args for value in values))
        users = {value: {user for user, _ in self.users[value]} for value in values}
        ends = [value for value in values if not users[value] or users[value] - shown]
        sheet = replace(self.sheet, values=[value for value in self.sheet.values if value in shown], roots=ends,
                        whole=self.sheet.values, room=room)
        return paint(sheet, self.style, None, self.legend, marks={})


def steps(
    root: Value,
    *,
    number_format: str = ".4g",
    names: Mapping[str, Any] | None = None,
    style: str = "record",
    theme: str = "light",
    direction: str = "LR",
    local_derivatives: bool = True,
    expand: bool | Iterable[Value] = False,
    clusters: Any = None,
    legend: bool = False,
    limit: int = 500,
) -> Frames:
    """The forward pass, an operation at a time, then the backward pass, an operand at a time.

    Each is a `Frame`: what happened, its sentence as text, LaTeX and MathML, and its `drawing`. The sequence shows
    itself in notebooks as `viz.html` does. Values without a label get names (q, r, … ; f for the root). It computes
    the gradients itself: it neither needs nor changes any `grad`. Constants are not differentiated with respect to.

    The other options are those of `viz.draw`; `limit` counts when something is drawn, not for sentences.
    """
    if not isinstance(root, Value):
        raise UsageError(f"steps walks through the graph of a Value, {type(root).__name__} came")
    one_of("style", style, STYLES)
    one_of("direction", direction, DIRECTIONS)
    theme_named(theme)
    walk = Walk(root, number_format, names)
    if expand:
        called = labels(walk.values, names)
        copies = expanded(walk.values, expand)
        names = {label: copies[value] for value, label in called.items() if label}
        walk = Walk(copies[root], number_format, names)
    look = {"direction": direction, "number_format": number_format, "theme": theme,
            "local_derivatives": local_derivatives, "limit": limit}
    return Frames(walk, style, look, clusters, legend)


# ── the page ─────────────────────────────────────────────────────────────────────────────────


def html(
    root: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str = "",
    theme: str | None = None,
    language: str = "en",
    **options: Any,
) -> Page:
    """A page on which to step through the forward and the backward pass of a value's graph.

    It takes a value, with options as for `viz.steps`, or what `steps` returned; the graph is drawn as a circuit unless
    `style="record"` is asked for. The page is returned, and written to
    `path` if there is one; in a notebook it shows itself. It needs no other file and no network. Its colours are those
    of the `theme`, "light" or "dark", or as the reader's system prefers; its labels and buttons are in the `language`,
    "en", "de" or "zh". `page.html#step=7` opens it at a step.

    Of a compiled program, with the options of `viz.draw`, it is a page of arrays and lines that say what they stand
    for when one points at them; `page.html#dW1` opens it at an array.
    """
    if hasattr(root, "passes"):
        return program.page(root, path, title, theme, language, **options)
    frames = walked("html", root, theme, options)
    picture = frames.picture()
    svg = picture.drawing.svg()
    written = player(frames, text(vector(picture, svg)), walk_data(frames), title, theme, language)
    still = text(vector(picture, svg, still=True))
    return saved(Page(written, still, words(language)["walk"]), path)


def read(root: Any, title: str, options: dict[str, Any]) -> tuple[Any, str]:
    """An expression as its value, the numbers of its names taken from the options; the expression is the title then."""
    if not isinstance(root, str):
        return root, title
    known = inspect.signature(steps).parameters
    numbers = {name: options.pop(name) for name in list(options) if name not in known}
    return parse(root, **numbers), title or root


def walked(page: str, root: Value | Frames, theme: str | None, options: Mapping[str, Any]) -> Frames:
    """The steps that a page is to show, of a value or as they are given."""
    if not isinstance(root, Value | Frames):
        raise UsageError(f"{page} shows the graph of one Value, or what steps returned; {type(root).__name__} came")
    if isinstance(root, Frames) and options:
        raise UsageError(f"{next(iter(options))} is given to steps, whose result this is: {page}(steps(root, …))")
    if isinstance(root, Frames):
        return root
    return steps(root, **{"theme": theme or "light", "style": "circuit", **options})


def player(
    frames: Frames,
    drawing: str,
    data: Mapping[str, Any],
    title: str,
    theme: str | None,
    language: str,
    *,
    style: str = "",
    panel: str = "",
    script: str = "",
    kind: str = "Steps",
) -> str:
    """The text of a page with a player of steps, and what else is on it: style sheet, a panel at the side, a script.

    `data` is what the script of the page knows of the walk, `kind` the class of its player.
    """
    return document(
        "steps.html",
        title=title or frames.root.label or words(language)["graph"],
        language=language,
        style=variables(theme) + formulas() + page_file("steps.css") + style,
        top="", player=kind, panel=panel,
        script=spoken(language) + page_file(*SCRIPTS) + script,
        **stage(frames, drawing, data, language),
    )


def stage(frames: Frames, drawing: str, data: Mapping[str, Any], language: str) -> dict[str, object]:
    """What of a player's page is of this walk: the drawing, the sentences of all steps, and data for the script."""
    forward = [frame for frame in frames if frame.phase == "forward"]
    return {
        "controls": labelled("controls.html", language), "files": labelled("files.html", language), "svg": drawing,
        "seed": len(forward) + 1,
        "forward_steps": entries(forward), "backward_steps": entries(frames[len(forward) :]),
        "data": literal(dict(data, start=words(language)["known"].format(count=len(data["values"])))),
    }


def entries(frames: Sequence[Frame]) -> str:
    """The sentences of steps as entries of a list, each with the address of its step."""
    return "\n".join(
        f'<li value="{frame.position}"><a href="#step={frame.position}">{escape(frame.sentence)}</a></li>'
        for frame in frames
    )


def walk_data(frames: Frames, place: Place | None = None) -> dict[str, Any]:
    """What the script of the page knows of the graph and of each step: numbers as text, or where the page has them."""
    sheet, names, told = frames.sheet, frames.walk.names, frames.walk.sentences
    values = {}
    for value, id in sheet.ids.items():
        values[id] = {"name": isolated(names[value])}
        if value.op is not ops.constant:
            values[id]["gradient"] = told.derivative(value).text
        if not value.args:
            values[id]["data"] = sheet.number(value.data)
    return {
        "values": values,
        "edges": {
            frames.id((value, i)): {"from": sheet.ids[arg], "to": id, "local": told.ratio(value, arg).text}
            for value, id in sheet.ids.items()
            for i, arg in enumerate(value.args)
        },
        "steps": [step_data(frames, frame, place) for frame in frames],
        "forms": forms(),
    }


def step_data(frames: Frames, frame: Frame, place: Place | None) -> dict[str, Any]:
    """A step: its sentence, the numbers that it makes known, which of them are highlighted, and what it is about."""
    numbers = frames.made_known(frame)
    known = {key: number.json(place)[1] for key, number in numbers.items()}
    fresh = list(known) if frame.phase == "backward" else [frames.key(frame.value, "data")]
    return {"phase": frame.phase, "said": frame.said.json(place), "known": known,
            "fresh": fresh, "about": [frames.id(part) for part in touched(frame)]}
