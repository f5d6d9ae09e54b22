"""Files: bytes are what they say they are, or an error of ours; nobody runs, hangs or asks for all memory."""

from __future__ import annotations

import atexit
import io
import json
import struct
import tempfile
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

import nn
from autograd import RerollError
from hostile.reader import Reader
from nn.data.idx import parse_idx
from nn.files.picture_files import read_picture, read_rows
from nn.models.state import ARCHITECTURE, CHECKPOINT
from nn.training.training import Training, moments_of

ROOM = tempfile.TemporaryDirectory()
atexit.register(ROOM.cleanup)
PATH = Path(ROOM.name, "file")
"""Where files are written, one after the other."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def damaged(content: bytes, reader: Reader) -> bytes:
    """Bytes of which some are others, or are gone, or are twice there."""
    raw = bytearray(content)
    for _ in range(reader.below(4)):
        place, kind = reader.below(65536) % max(len(raw), 1), reader.below(4)
        if kind == 0:
            del raw[place:]
        elif kind == 1:
            raw[place : place + 4] = reader.take(4)
        elif kind == 2:
            raw[place:place] = raw[place : place + 16]
        else:
            raw[place : place + 1] = bytes([reader.below(256)])
    return bytes(raw)


# ── models and checkpoints ───────────────────────────────────────────────────────────────────

JSON = (None, True, 0, 1, 2, 3, -1, 1.5, 10**30, 1e308, float("nan"), "", "MLP", "Layer", "Dropout", "Function",
        "Sequential", "Perceptron", "LogisticRegression", "Maxout", "tanh", "relu", "softmax", "linear", "sigmoid",
        "__class__", "zeros", ">", [], [1], [3, 1], [10**9], ["tanh"], {}, {"class": "Dropout", "p": 0.5},
        {"class": "Layer", "nin": 2, "nout": 3}, {"class": "Layer", "nin": 3, "nout": 1})
KEYS = ("class", "nin", "nouts", "nout", "activation", "output", "bias", "dropout", "steps", "p", "classes", "pieces",
        "threshold", "function", "seed", "init", "", "self")
ENTRIES = ("weight", "bias", "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "w", "b",
           "model.layers.0.weight", "model.layers.0.bias", "model.layers.1.weight", "model.layers.1.bias",
           "optimizer.steps", "optimizer.first", "callback.EarlyStopping0.best", ARCHITECTURE, CHECKPOINT, "", "../x",
           "a/b", "#")
SHAPES = ((), (1,), (2,), (3,), (2, 3), (3, 2), (1, 3), (0,), (0, 3), (10**9,), (2**40, 2**40), (-1,))
TYPES = ("<f8", "<f4", ">f8", "<f2", "|b1", "<i8", "|u1", "<c16", "<U3", "<U300", "|S4", "|O", "<M8[s]", "|V4",
         [("a", "<f8")], "nonsense", "", None)


def document(reader: Reader, depth: int = 2) -> Any:
    """Any JSON, rather often a description of a model."""
    kind = reader.below(6)
    if kind == 0:
        return reader.pick(JSON)
    if kind == 1 and depth:
        return [document(reader, depth - 1) for _ in range(reader.below(4))]
    if kind == 2 and depth:
        return {"class": "Sequential", "steps": [document(reader, depth - 1) for _ in range(reader.below(3))]}
    described = reader.pick(({"class": "MLP", "nin": 2, "nouts": [3, 1]}, {"class": "Layer", "nin": 3, "nout": 2}, {}))
    return described | {reader.pick(KEYS): reader.pick(JSON) for _ in range(reader.below(4))}


def npy(reader: Reader) -> bytes:
    """An array as .npy: the head says any type and shape, and numbers follow or do not."""
    shape, kind = reader.pick(SHAPES), reader.pick(TYPES)
    head = f"{{'descr': {kind!r}, 'fortran_order': {reader.below(2) == 1}, 'shape': {shape!r}, }}".encode()
    content = reader.pick((bytes(48), np.arange(6.0).tobytes(), bytes(range(200)), b""))
    return np.lib.format.magic(1, 0) + struct.pack("<H", len(head)) + head + content


def text_array(text: str) -> bytes:
    """A text as .npy."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array(text), allow_pickle=False)
    return file.getvalue()


def archive(reader: Reader) -> bytes:
    """An .npz of any entries: arrays, descriptions, texts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as entries, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an entry may be there twice
        for _ in range(reader.below(6)):
            kind, name = reader.below(5), reader.pick(ENTRIES)
            if kind == 0:
                name, content = ARCHITECTURE, text_array(json.dumps(document(reader)))
            elif kind == 1:
                content = text_array(reader.text().replace("\0", ""))
            else:
                content = npy(reader)
            entries.writestr(name + reader.pick((".npy", ".npy", ".npy", ".txt", " ")), content)
    return damaged(file.getvalue(), reader)


def whole(reader: Reader) -> bytes:
    """A file that `save` wrote, somewhat damaged."""
    model = reader.pick((nn.MLP(2, [3, 1], "tanh", seed=0), nn.Layer(3, 2, "relu", seed=0), nn.Perceptron(2),
                         nn.Sequential(nn.Layer(2, 2, seed=0), nn.Dropout(0.5), "tanh")))
    model.save(PATH)
    return damaged(PATH.read_bytes(), reader)


def model_file(data: bytes) -> None:
    """`nn.load` makes a model that predicts, `model.load` takes all parameters; or they refuse with our errors."""
    reader = Reader(data)
    kind = reader.below(4)
    PATH.write_bytes(reader.rest() if kind == 0 else whole(reader) if kind == 1 else archive(reader))
    try:
        model = nn.load(PATH)
        assert model.predict(np.zeros((1, width(model)))).ndim == 2
    except RerollError as error:
        assert "\n" not in str(error)[:80]
    mine = nn.MLP(2, [3, 1], seed=0)
    before = mine.state_dict()
    try:
        mine.load(PATH)
    except RerollError:
        assert all(np.array_equal(before[name], array) for name, array in mine.state_dict().items())
    assert all(type(value.data) is float for value in mine.parameters())


def width(model: nn.Module) -> int:
    """The number of inputs of a model, or 1."""
    return next((member.nin for member in model.modules() if hasattr(member, "nin")), 1)


class StopError(Exception):
    """Raised where a training would begin."""


def training(**options: Any) -> Training:
    """A small training that has not begun."""
    caught: list[Training] = []

    class Catch(nn.Callback):
        def begin(self, training: Training) -> None:
            caught.append(training)
            raise StopError

    X, Y = nn.data.xor()
    model = nn.MLP(2, [3, 1], "tanh", seed=0)
    try:
        nn.fit(model, X, Y, "mse", nn.Adam(0.1), engine="eager", seed=0, progress=False,
               callbacks=[nn.EarlyStopping("loss"), Catch()], **options)
    except StopError:
        return caught[0]
    raise AssertionError


def checkpoint_bytes() -> bytes:
    """What a checkpoint of that training holds."""
    X, Y = nn.data.xor()
    nn.fit(nn.MLP(2, [3, 1], "tanh", seed=0), X, Y, "mse", nn.Adam(0.1), engine="eager", epochs=2, seed=0,
           progress=False, callbacks=[nn.EarlyStopping("loss"), nn.Checkpoint(PATH)])
    return PATH.read_bytes()


PLACES = ("epoch", "steps", "columns", "seconds", "stopped", "optimizer", "order", "noise", "new")
CHECKPOINTED: list[bytes] = []


def changed(reader: Reader) -> bytes:
    """A checkpoint in which entries are others, or are gone."""
    arrays = dict(np.load(io.BytesIO(CHECKPOINTED[0])))
    progress = json.loads(str(arrays[CHECKPOINT]))
    for _ in range(reader.below(3)):
        nested = (progress, progress.get("order"), progress.get("noise"), progress.get("columns"))
        inner = [each.get("state") for each in nested[1:3] if isinstance(each, dict)]
        place = reader.pick([each for each in (*nested, *inner) if isinstance(each, dict)])
        place[reader.pick((*place, "new"))] = reader.pick(JSON)
    arrays[CHECKPOINT] = np.array(json.dumps(progress))
    for _ in range(reader.below(3)):
        name, array = reader.pick(list(arrays)), reader.pick(SHAPES[:9])
        arrays[name] = np.full(array, reader.double()).astype(reader.pick(("f8", "f4", "i8", "U3", "c16", "?")))
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def checkpoint_file(data: bytes) -> None:
    """A training goes on from a checkpoint, or refuses it and is as it was."""
    reader = Reader(data)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not CHECKPOINTED:
            CHECKPOINTED.append(checkpoint_bytes())
        PATH.write_bytes(damaged(CHECKPOINTED[0], reader) if reader.below(4) == 0 else changed(reader))
    mine = training()
    before = memory(mine)
    try:
        mine.resume(PATH)
    except RerollError:
        assert memory(mine) == before
    else:
        assert type(mine.epoch) is type(mine.steps) is int
        assert mine.epoch >= 0
        assert mine.theta.shape == mine.gradient.shape
        mine.epochs, mine.history.stopped = mine.epoch + 1, ""
        mine.moments = moments_of(mine.callbacks[:1])
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mine.run(shown=False)
        assert all(type(value.data) is float for value in mine.model.parameters())


def memory(training: Training) -> str:
    """All that a checkpoint holds of a training, as text."""
    parts = (training.theta.tolist(), training.epoch, training.steps, training.order.bit_generator.state,
             training.noise.bit_generator.state, training.history.columns, training.optimizer.state_dict(),
             training.callbacks[0].state_dict(), training.model.state_dict())
    return repr(parts)


# ── data and pictures ────────────────────────────────────────────────────────────────────────


def idx_file(data: bytes) -> None:
    """`parse_idx` reads exactly the bytes behind the head, or refuses."""
    reader = Reader(data)
    if reader.below(2):
        axes = reader.below(256) if reader.below(9) == 0 else reader.below(5)
        shape = [reader.pick((0, 1, 2, 3, 2**31, 2**32 - 1)) for _ in range(axes)]
        head = bytes([0, reader.below(2), reader.pick((8, 8, 8, 9, 13)), len(shape) % 256])
        content = head + struct.pack(f">{len(shape)}I", *shape) + reader.rest()
    else:
        content = reader.rest()
    try:
        array = parse_idx(content, "it")
    except nn.DataError as error:
        assert str(error).startswith("it ")
        return
    assert array.dtype == np.uint8
    assert content.endswith(array.tobytes())
    assert len(content) == 4 + 4 * content[3] + array.size


KINDS = (b"IHDR", b"IDAT", b"PLTE", b"tRNS", b"IEND", b"gAMA", b"\0\0\0\0")


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file, its checksum right."""
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", zlib.crc32(kind + content))


def png(reader: Reader) -> bytes:
    """A PNG file of any head, pixels and other chunks."""
    width, height = (reader.pick((1, 2, 3, 8, 0, 2**16, 2**31, 2**32 - 1)) for _ in range(2))
    depth, colour = reader.pick((8, 1, 2, 4, 16, 3, 0)), reader.pick((0, 2, 3, 4, 6, 1, 5))
    head = struct.pack(">IIBBBBB", width, height, depth, colour, *(reader.pick((0, 0, 0, 1)) for _ in range(3)))
    extra = [chunk(reader.pick(KINDS), reader.take(reader.below(20))) for _ in range(reader.below(3))]
    bomb = bytes(10**6) if reader.below(16) == 0 else b""
    pixels = zlib.compress(reader.rest() * reader.pick((1, 1, 8)) + bytes(reader.pick((0, 64))) + bomb)
    return SIGNATURE + chunk(b"IHDR", head) + b"".join(extra) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def png_file(data: bytes) -> None:
    """`read_picture` gives grey and opacity from 0 to 1 of the same shape, or refuses."""
    reader = Reader(data)
    kind = reader.below(4)
    content = SIGNATURE + reader.rest() if kind == 0 else png(reader)
    content = damaged(content, reader) if kind == 1 else content
    try:
        grey, opacity = read_picture(content, "it")
    except nn.DataError as error:
        assert str(error).startswith(("it cannot be read", "it is neither", "it holds several"))
        assert "\n" not in str(error)
        return
    assert grey.shape == opacity.shape
    assert grey.ndim == 2
    for array in (grey, opacity):
        assert array.dtype == np.float64
        assert array.min() >= 0
        assert array.max() <= 1 + 1e-12


def picture_file(data: bytes) -> None:
    """`python -m nn` reads rows for its model from a file of pictures or numbers, or refuses."""
    reader = Reader(data)
    kind, nin = reader.below(4), reader.pick((2, 64, 16, 1))
    content = (reader.rest() if kind == 0 else damaged(npy(reader), reader) if kind == 1 else npy(reader))
    PATH.write_bytes(content if kind < 3 else png(reader))
    try:
        rows = read_rows(PATH, nin, invert=reader.below(2) == 1)
    except RerollError:
        return
    assert rows.dtype == np.float64
    assert rows.ndim == 2
    assert rows.shape[1] == nin
    assert np.isfinite(rows).all()
