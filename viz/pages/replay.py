"""A training to scrub through: its loss, what the network makes of the plane, its weights and their gradients."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError, Value, ops
from autograd.nested import parameters_of, real_array
from viz.drawings.network import forward, is_model, layers_of
from viz.pages.recorder import Frame, Recorder
from viz.pages.web import Page, document, labelled, literal, page_file, saved
from viz.pages.words import spoken, words
from viz.style import THEMES, variables
from viz.text.javascript import PRELUDE, Script
from viz.text.markup import printable

SCRIPTS = ("helpers.js", "player.js", "recording.js", "plane.js", "losses.js", "panels.js")

FRAMES = 200
"""At most so many frames of a recording go into a page."""

LARGEST = 2000
"""A network of more parameters than this is not drawn; its first weights may be, as images."""

IMAGES = 16
"""So many neurons of the first layer have their weights shown as images."""

SMALLEST_IMAGE = 8
"""Inputs that are pixels are a square with sides of at least this."""

EXAMPLES = 400
"""At most so many examples are drawn."""


def replay(
    recordings: Recorder | Sequence[Recorder],
    path: str | os.PathLike[str] | None = None,
    *,
    data: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    title: str = "",
    frames: int = FRAMES,
    language: str = "en",
) -> Page:
    """A page on which a recorded training runs forwards and backwards; two recordings go side by side.

    It shows the loss; where the network is small, its neurons with weights or gradients, and what it
    makes of `data`, examples (X, Y) with one or two inputs; where its inputs are a square of pixels, the weights
    of the first neurons as images. The page is returned, and written to `path` if there is one. It needs no
    other file and no network, opens at a step with `#step=120`, and is in a `language` as for `viz.html`.
    """
    recorders = [recordings] if isinstance(recordings, Recorder) else list(recordings)
    for recorder in recorders:
        if not isinstance(recorder, Recorder):
            raise UsageError(f"replay shows a viz.Recorder, or a list of them; {type(recorder).__name__} came")
        if not recorder.frames:
            raise SizeError("this recording is empty: give it to fit(…, record=recorder), or call its keep in a loop")
    if not recorders:
        raise SizeError("replay shows at least one recording, none came")
    alone, said = len(recorders) == 1, words(language)
    titles = [each.title or said["training"] + ("" if alone else f" {i}") for i, each in enumerate(recorders, 1)]
    text = document(
        "replay.html",
        title=title or " · ".join(titles),
        language=language,
        style=variables() + page_file("replay.css"),
        controls=labelled("controls.html", language),
        articles="\n".join(article(i, name, not alone, said) for i, name in enumerate(titles)),
        script=spoken(language) + page_file(*SCRIPTS) + PRELUDE
        + statement([recording(each, data, frames) for each in recorders]) + page_file("replay.js"),
    )
    return saved(Page(text, curves(recorders), said["replay"]), path)


def curves(recorders: Sequence[Recorder], width: int = 480, height: int = 160) -> str:
    """The losses as a still picture, for where scripts are removed."""
    theme = THEMES["light"]
    kept = [[frame for frame in thinned(each.frames, FRAMES) if math.isfinite(frame.loss)] for each in recorders]
    highest = max((frame.loss for frames in kept for frame in frames), default=0.0) or 1.0
    last = max(each.frames[-1].step for each in recorders) or 1
    lines = []
    for i, frames in enumerate(kept):
        places = [(frame.step / last, 1 - max(frame.loss / highest, 0)) for frame in frames]
        points = " ".join(f"{10 + (width - 20) * x:.1f},{10 + (height - 20) * y:.1f}" for x, y in places)
        colour = (theme.value, theme.gradient)[i % 2]
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" fill="{theme.background}"/>{"".join(lines)}</svg>'
    )


def article(number: int, title: str, several: bool, said: Mapping[str, str]) -> str:
    """The place of a recording on the page."""
    colour = "gradient" if number % 2 else "value"
    heading = f'<h2 class="{colour}">{escape(printable(title))}</h2>\n' if several else ""
    return (
        f'<article id="recording-{number}">\n{heading}<p class="now"></p>\n<div class="panels">\n'
        f'<canvas class="boundary" width="640" height="640" role="img" aria-label="{said["answers"]}"></canvas>\n'
        f'<svg class="network" role="img" aria-label="{said["weights"]}"></svg>\n'
        f'<canvas class="images" role="img" aria-label="{said["images"]}"></canvas>\n'
        '</div>\n<p class="example" aria-live="polite"></p>\n</article>'
    )


# ── recordings as the page takes them ────────────────────────────────────────────────────────────


def recording(recorder: Recorder, data: tuple[npt.ArrayLike, npt.ArrayLike] | None, frames: int) -> dict[str, Any]:
    """A recording as the page takes it."""
    kept = thinned(recorder.frames, frames)
    size = kept[0].theta.size
    small = size <= LARGEST
    network = networked(recorder.model) if small and is_model(recorder.model) else None
    return {
        "steps": [frame.step for frame in kept],
        "epochs": [frame.epoch for frame in kept],
        "losses": [frame.loss for frame in kept],
        "norms": [float(np.linalg.norm(frame.gradient)) for frame in kept],
        "size": size,
        "theta": base64_of([frame.theta for frame in kept]) if small else None,
        "gradient": base64_of([frame.gradient for frame in kept]) if small else None,
        "network": network,
        "data": examples(data, network) if network else None,
        "images": None if network else images(recorder.model, kept),
    }


def thinned(frames: Sequence[Frame], most: int) -> list[Frame]:
    """At most so many frames, spread evenly from the first to the last."""
    if len(frames) <= most:
        return list(frames)
    return [frames[i] for i in np.linspace(0, len(frames) - 1, most).round().astype(int)]


def base64_of(rows: Sequence[npt.NDArray[Any]]) -> str:
    """Arrays one after the other, as text."""
    return base64.b64encode(np.concatenate(rows).astype("<f4").tobytes()).decode()


def networked(model: Any) -> dict[str, Any]:
    """A small network as the page computes and draws it: where each thing lies in the script's array of values."""
    layers = layers_of(model)
    columns = forward(layers, [Value(0.0) for _ in range(layers[0].inputs)])
    params = parameters_of(model)
    script, order = Script(columns[-1]), {value: i for i, value in enumerate(params)}
    rows = [[[order[row[0][j]] for j in range(layer.inputs)] for row in layer.rows] for layer in layers]
    return {
        "source": script.source,
        "start": [value.data for value in script.values],
        "parameters": [script.places.get(value, -1) for value in params],
        "inputs": [script.places[value] for value in columns[0]],
        "outputs": [script.places[value] for value in columns[-1]],
        "probability": all(value.op is ops.sigmoid for value in columns[-1]),
        "layers": [
            {"neurons": [script.places[value] for value in column], "weights": weights}
            for column, weights in zip(columns, [[], *rows], strict=True)
        ],
    }


def examples(data: tuple[npt.ArrayLike, npt.ArrayLike] | None, network: dict[str, Any]) -> dict[str, Any] | None:
    """Inputs and targets, a row for each example."""
    if data is None:
        return None
    X, Y = (real_array(name, part).astype(float) for name, part in zip(("X", "Y"), data, strict=True))
    if X.ndim == 0 or len(X) != len(np.atleast_1d(Y)) or len(X) == 0:
        raise SizeError(f"data holds as many targets as examples, arrays of shape {X.shape} and {Y.shape} came")
    X, Y = X.reshape(len(X), -1)[:EXAMPLES], Y.reshape(len(Y), -1)[:EXAMPLES]
    if X.shape[1] != len(network["inputs"]):
        raise SizeError(f"the network takes {len(network['inputs'])} inputs, examples of {X.shape[1]} came")
    return {"X": X.tolist(), "Y": Y.tolist()}


def images(model: Any, frames: Sequence[Frame]) -> dict[str, Any] | None:
    """The weights of the first neurons in each frame as images: a byte for a pixel, 128 for 0."""
    first = layers_of(model)[0] if is_model(model) else None
    side = math.isqrt(first.inputs) if first else 0
    if first is None or side < SMALLEST_IMAGE or side**2 != first.inputs:
        return None
    order = {value: i for i, value in enumerate(parameters_of(model))}
    places = [order[value] for row in first.rows[:IMAGES] for value in row[0]]
    weights = np.array([frame.theta[places] for frame in frames])
    pixels = np.round(128 + 127 * weights / max(float(np.nanmax(np.abs(weights))), 1e-12))
    encoded = base64.b64encode(np.nan_to_num(pixels, nan=128).astype(np.uint8).tobytes()).decode()
    return {"count": min(first.units, IMAGES), "side": side, "pixels": encoded}


def statement(recordings: Sequence[dict[str, Any]]) -> str:
    """The recordings as a statement of the script."""
    written = []
    for recording in recordings:
        network = recording["network"]
        source = network.pop("source") if network else ""
        data = literal(recording)  # JSON, but for inf and nan, which the script knows as names
        function = f"(() => {{ {source}\nreturn forward; }})()"
        written.append(f"(data => {{ data.network.forward = {function}; return data; }})({data})"
                       if source else data)
    return f"const recordings = [{', '.join(written)}];\n"
