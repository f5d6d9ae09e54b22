"""Drawings at three distances: `draw` sees what it is given and leaves it to scalars, neurons or blocks.

>>> from autograd import Value
>>> x, y = Value(2.0, "x"), Value(3.0, "y")
>>> f = x * y
>>> drawing = draw(f, gradients=False)
>>> drawing.source.count("->")
3
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from autograd import UsageError
from viz.drawings import blocks, neurons, scalars
from viz.drawings.network import is_model
from viz.drawings.render import Drawing

PAINTERS: dict[str, Callable[..., Drawing]] = {
    "values": scalars.draw, "a model": neurons.draw, "a program": blocks.draw, "a report": blocks.draw_report,
    "an explanation": scalars.draw_entry,
}


SIGNS = {"a program": "passes", "a report": "mistakes", "an explanation": "rules"}
"""What is drawn otherwise than values and models, by an attribute that it has."""


def draw(thing: Any, **options: Any) -> Drawing:
    """A picture of the graph of one value or of several together, of a model, of a compiled program, or of a report.

    It is a `graphviz.Digraph`. In a notebook the drawing shows itself; `drawing.write("f.svg")` writes a
    file, `drawing.source` is its text. Labels longer than 40 characters end in an ellipsis. Options for all:

    - `theme`: "light" or "dark".
    - `legend`: True to tell below the picture what the colours mean.
    - `number_format`: how numbers are written, in the language of `format` (not of programs, which have none).

    Of **values**, each is drawn, and each operation:

    - `style`: "record" draws a box for each value and a circle for each operation, as micrograd does;
      "circuit" draws operations joined by wires, the value above and the gradient below each wire.
    - `gradients`: True or False to show or hide them. By default they are shown, and stay blank with
      a note if there are none yet: no value of the graph has a gradient other than 0.
    - `local_derivatives`: write on each edge the derivative of the operation for that operand.
    - `direction`: "LR", from left to right, or "TB", from top to bottom.
    - `names`: variables, such as `locals()`, to call values by that have no label.
    - `expand`: True, or a list of values made by `dot`, to draw the products that a dot adds up.
    - `clusters`: a model, to draw a frame around each of its layers and neurons; True finds them by
      labels such as W1[0,1] and b1[0].
    - `highlight`: values to draw in the colour of gradients, and pairs (value, i) for the edge that brings
      `value` its operand number i.
    - `limit`: graphs of more values than this raise `SizeError` instead of making a picture nobody can read.

    Of a **model** (or a layer, or a neuron), neurons are circles with their activation and bias, layers
    columns, and weights lines of a colour for their sign and a width for their size, dashed if negative and without a
    number:

    - `x`: an example; circles then show what it makes of them, as when predicting.
    - `gradients`: True to show the gradients of weights and biases in place of their values.
    - `numbers`: True or False to write weights on their lines, or not; by default up to 16 in all.
    - `widest`: layers of more neurons than this show their first and last ones.

    Of a **program** that `autograd.compile` made, each array is a box with its operation, its shape and
    the number of scalars that it stands for, the forward half beside the backward half:

    - `backward`: False leaves the backward half out.
    - `inputs`: True draws the gradient with respect to the inputs too.
    - `direction`: "TB" or "LR".
    - `limit`: programs of more arrays than this raise `SizeError`.

    Of a **report** of `autograd.check.matrices`, the arrays of the program are drawn, with what is wrong in the
    student's; options are `direction` and `limit`. Of an **explanation** that `program.explain` made, the scalars
    behind one entry of the array: `entry`, its position, and `style`, `direction` and `limit` as for values.

    Raises `UsageError` for options that do not fit, `NumberError` for things of other kinds.
    """
    kind = next((kind for kind, has in SIGNS.items() if hasattr(thing, has)), "")
    kind = kind or ("a model" if is_model(thing) else "values")
    painter = PAINTERS[kind]
    known = list(inspect.signature(painter).parameters)[1:]
    for option in options:
        if option not in known:
            raise UsageError(f"drawings of {kind} have the options {', '.join(known)}; {option!r} came")
    return painter(thing, **options)
