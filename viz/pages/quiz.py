"""A page that asks for numbers of a graph before it tells them.

>>> from autograd import Value
>>> x, y = Value(2.0, "x"), Value(3.0, "y")
>>> quiz(x * y, hide="grads")[:15]
'<!DOCTYPE html>'
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd import UsageError, Value
from viz.drawings.picture import Operand
from viz.drawings.vector import text, vector
from viz.pages.steps import Frame, Frames, player, read, walk_data, walked
from viz.pages.web import Page, labelled, page_file, saved
from viz.pages.words import words
from viz.text.markup import isolated

Blank = dict[str, Any]


def quiz(
    root: Any,
    hide: str | Sequence[str] = "grads",
    seed: int | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    share: float = 1.0,
    tolerance: float = 0.01,
    title: str = "",
    theme: str | None = None,
    language: str = "en",
    **options: Any,
) -> Page:
    """A page on which numbers of a graph are to be worked out: right ones turn green, wrong ones are explained.

    `root` is a value, what `viz.steps` returned, or an expression as for `viz.live`; `title`, `theme` and `language`
    are as for `viz.html`. Hidden are all gradients ("grads"), all results ("values") or all local derivatives
    ("local"); or those in a list of names: "q" for the value and the gradient of q, "q.data" and "q.grad" for one of
    them. With a `share` below 1, `seed` chooses which.

    An answer such as 2, 2.0, 2,0, 4/2 or 1e-3 is right within `tolerance`, relative to what is right. A wrong one shows
    the sentences of the walk that work out that number. When all are right, the page becomes that of `viz.html`.
    """
    root, title = read(root, title, options)
    frames = walked("quiz", root, theme, options)
    if not 0 < share <= 1:
        raise UsageError(f"share is above 0 and at most 1, {share!r} came")
    if not 0 <= tolerance <= 1:
        raise UsageError(f"tolerance is a number from 0 to 1, {tolerance!r} came")
    asked = blanks(frames, hide, language)
    count = max(1, round(share * len(asked)))
    asked = [asked[i] for i in sorted(random.Random(seed).sample(range(len(asked)), count))]
    written = player(
        frames, text(vector(frames.picture())),
        walk_data(frames) | {"quiz": {"blanks": asked, "tolerance": tolerance}}, title, theme, language,
        style=page_file("quiz.css"), panel=labelled("quiz.html", language),
        script=page_file("numbers.js", "quiz.js"),
    )
    return saved(Page(written, frames.drawing(0).svg(), words(language)["quiz"]), path)


def blanks(frames: Frames, hide: str | Sequence[str], language: str) -> list[Blank]:
    """What is asked for, in the order of the walk: its name, its number, its places, and the sentences that tell it."""
    kinds: dict[str, Callable[[Frames], Iterator[Blank]]] = {
        "grads": gradients, "values": values, "local": lambda frames: local(frames, words(language)["operand"]),
    }
    if isinstance(hide, str) and hide not in kinds:
        raise UsageError(f"hide is one of {', '.join(map(repr, kinds))} or a list of names; {hide!r} came")
    found = list(kinds[hide](frames)) if isinstance(hide, str) else list(named(frames, hide))
    if not found:
        raise UsageError("there is nothing to hide: a quiz needs an operation")
    return found


def named(frames: Frames, names: Sequence[str]) -> Iterator[Blank]:
    """Numbers by the names of their values: q for the value and its gradient, q.data or q.grad for one of them."""
    called = {name: value for value, name in frames.walk.names.items()}
    for name in names:
        if str(name).removesuffix(".data").removesuffix(".grad") not in called:
            raise UsageError(f"hide names values of the graph, {', '.join(called)}; {name!r} came")
    for kind, of in (("data", values), ("grad", gradients)):
        for blank in of(frames):
            value = blank["of"]
            if value in names or f"{value}.{kind}" in names:
                yield blank


def values(frames: Frames) -> Iterator[Blank]:
    """The results of operations."""
    for frame in frames:
        if frame.phase == "forward":
            yield blank(frame.name, isolated(frame.name), frame.number, frames.data(frame.value), [frame])


def gradients(frames: Frames) -> Iterator[Blank]:
    """The gradients, and with them what comes back along each branch."""
    passages: dict[Value, list[Frame]] = {}
    for frame in frames:
        if frame.phase == "backward":
            passages.setdefault(frame.value, []).append(frame)
    for value, passage in passages.items():
        parts: list[Value | Operand] = [value, *(frame.chain.edge for frame in passage if frame.chain is not None)]
        keys = [frames.key(part, "gradient") for part in parts]
        name = frames.walk.sentences.derivative(value).text
        yield blank(frames.walk.names[value], name, passage[-1].number, keys, passage)


def local(frames: Frames, operand: str) -> Iterator[Blank]:
    """The local derivatives, on the edges; `operand` says which one it is where a value is used twice."""
    for frame in frames:
        if frame.chain is not None:
            operation, position = frame.chain.edge
            name = frames.walk.sentences.ratio(operation, frame.value).text
            if operation.args.count(frame.value) > 1:
                name += f", {operand.format(number=position + 1)}"
            key = frames.key(frame.chain.edge, "local")
            yield blank(frame.name, name, frame.chain.local, [key], [frame])


def blank(of: str, name: str, number: float, keys: Sequence[str], frames: Sequence[Frame]) -> Blank:
    """A blank; the number as text, since JSON has no infinity."""
    explanation = [frame.sentence for frame in frames]
    return {"of": of, "name": name, "answer": repr(number), "keys": keys, "explanation": explanation}
