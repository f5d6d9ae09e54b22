"""The exceptions of `viz`; all are `autograd.RerollError`s.

    RerollError
    ├── AnswerError (AssertionError)  an answer to a task that is wrong, and how
    ├── UsageError (ValueError)
    │   └── ExpressionError          text that is not an expression, and where
    └── RenderError (RuntimeError)   a drawing that could not become a picture
        └── RendererNotFoundError    neither Graphviz nor graphviz-pure is installed
"""

from __future__ import annotations

import unicodedata

from autograd import RerollError, UsageError


class AnswerError(RerollError, AssertionError):
    """An answer to a task that is wrong; the message says how. IPython shows that alone, and not what tested it."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class ExpressionError(UsageError):
    """Text that is not an expression; `line` and `column` (from 0) say where, `caret()` shows it."""

    def __init__(self, message: str, text: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.text = text
        self.line = line
        self.column = column

    def caret(self) -> str:
        """The line at fault, with a caret under the place.

        >>> print(ExpressionError("no", "x + $", 0, 4).caret())
        x + $
            ^
        """
        lines = self.text.split("\n")
        line = lines[min(self.line, len(lines) - 1)]
        # A window of the line, so that the caret stays on the screen; wide characters take two columns.
        start = max(0, self.column - 60)
        before = "".join(c if c.isprintable() else " " for c in line[start : self.column])
        after = "".join(c if c.isprintable() else " " for c in line[self.column : start + 100])
        columns = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in before)
        return f"{before}{after}\n{' ' * columns}^"


class RenderError(RerollError, RuntimeError):
    """A drawing that could not become a picture; the message says why."""


class RendererNotFoundError(RenderError):
    """Neither Graphviz nor graphviz-pure is installed; the message says how to get one."""
