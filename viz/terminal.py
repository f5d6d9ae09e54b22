"""A walk in the terminal: Enter goes a step on, b a step back, q ends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from autograd import ops
from autograd.command import coloured
from autograd.tables import aligned, columns
from viz.pages.steps import Frames

PROMPT = "Enter: on, b: back, q: quit > "

UNKNOWN = "."
"""What stands in a table for a number that is not known yet."""


def walk(frames: Frames, read: Callable[[str], str] = input, say: Callable[[str], None] = print) -> None:
    """Go through the steps as the user answers, until the last one is left or the input ends."""
    position = 0
    while True:
        say(screen(frames, position))
        try:
            answer = read(PROMPT).strip().lower()
        except (EOFError, KeyboardInterrupt):
            say("")
            return
        if answer in ("q", "quit") or (answer == "" and position == len(frames)):
            return
        position = max(position - 1, 0) if answer in ("b", "back") else min(position + 1, len(frames))


def screen(frames: Frames, position: int) -> str:
    """What is to be read after so many steps: the sentence, and a table of what is known if it fits on the screen."""
    if position:
        frame = frames[position - 1]
        phase = coloured(frame.phase, "value" if frame.phase == "forward" else "gradient")
        lines = [f"\n{position}/{len(frames)} {phase}: {frame.sentence}"]
    else:
        lines = [f"\n0/{len(frames)} start"]
    return "\n".join(lines + table(frames, position))


def table(frames: Frames, position: int) -> list[str]:
    """The lines of a table, names, values and gradients as far as they are known; none where it is too wide."""
    moment, shown = frames.moment(position), frames.walk.sentences.shown
    rows = [("", "value", "gradient")]
    for value in frames.walk.values:
        if value.op is not ops.constant or value.label:
            data = shown(value.data) if value in moment.computed else UNKNOWN
            gradient = shown(moment.gradients[value]) if value in moment.gradients else UNKNOWN
            rows.append((frames.walk.names[value], data, gradient))
    lines = aligned(list(zip(*rows, strict=True)), ">" * len(rows))
    return lines if max(map(columns, lines)) < shutil.get_terminal_size().columns else []
