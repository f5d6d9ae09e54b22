"""How far a training is: a bar in a terminal or notebook, lines in a file or pipe, nothing where it is not wanted."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from typing import Any

TENTHS = 10
"""Where there is no terminal, about so many lines tell of the epochs."""


class Progress(contextlib.nullcontext[None]):
    """What a training tells of itself, in a ``with`` block around it; this one tells nothing."""

    shown = False

    def begin(self, epoch: str) -> None:
        """An epoch begins."""

    def advance(self, examples: int) -> None:
        """So many more examples were met."""

    def finish(self, epoch: int, numbers: Mapping[str, str]) -> None:
        """Epoch number so-and-so has ended with these numbers."""

    def end(self, message: str) -> None:
        """Training has ended before its last epoch."""


class Bar(Progress):
    """A bar that grows with the examples, in one line of a terminal."""

    shown = True

    def __init__(self, done: int, epochs: int, examples: int) -> None:
        from tqdm import tqdm

        super().__init__()
        layout = "{l_bar}{bar}| {elapsed}<{remaining}, {rate_fmt}{postfix}"
        self.epochs = epochs
        self.bar: Any = tqdm(total=epochs * examples, initial=done * examples, unit=" examples", unit_scale=True,
                             bar_format=layout)

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def begin(self, epoch: str) -> None:
        self.bar.set_description(epoch, refresh=False)

    def advance(self, examples: int) -> None:
        self.bar.update(examples)

    def finish(self, epoch: int, numbers: Mapping[str, str]) -> None:
        self.bar.set_postfix(numbers, refresh=epoch == self.epochs)

    def end(self, message: str) -> None:
        self.bar.set_description(message)


class Lines(Progress):
    """A line for an epoch, or for every tenth of many."""

    shown = True

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.every = -(-epochs // TENTHS)
        self.epochs, self.epoch = epochs, ""

    def begin(self, epoch: str) -> None:
        self.epoch = epoch

    def finish(self, epoch: int, numbers: Mapping[str, str]) -> None:
        if epoch % self.every == 0 or epoch == self.epochs:
            self.say(f"{self.epoch}: {', '.join(f'{name}={number}' for name, number in numbers.items())}")

    def end(self, message: str) -> None:
        self.say(message)

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def progress(done: int, epochs: int, examples: int, wanted: bool) -> Progress:
    """What shows the progress of `epochs` epochs, of which some are done, on stderr."""
    if not wanted or sys.stderr is None:
        return Progress()
    # Jupyter's stderr is no terminal, but overwrites a line as one does.
    return Bar(done, epochs, examples) if sys.stderr.isatty() or "ipykernel" in sys.modules else Lines(epochs)
