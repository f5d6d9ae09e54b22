"""PNG pictures, read with the standard library alone.

A PNG file is a signature and chunks, each with its length, its type and a checksum: IHDR says how large the picture is
and what a pixel holds, PLTE and tRNS hold a palette, the IDATs together the pixels. These are compressed, row by row,
each row after a byte that names its filter: how its bytes differ from bytes that came before.

Source: Portable Network Graphics (PNG) Specification, W3C Recommendation, third edition, 2025.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nn.errors import DataError

Bytes = npt.NDArray[np.uint8]
Pixels = npt.NDArray[np.float64]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 2**24
"""A larger picture is refused before memory is spent on it."""

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""The numbers in a pixel by colour type: grey, RGB, a place in the palette, grey and alpha, RGB and alpha."""
PALETTE, WITH_ALPHA = 3, (4, 6)
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""The bits that such a number may have."""
LUMA = np.array([0.299, 0.587, 0.114])
"""How bright red, green and blue look (ITU-R BT.601)."""


class Head(NamedTuple):
    """What the chunk IHDR says."""

    width: int
    height: int
    depth: int
    colour: int
    compression: int
    filter: int
    interlace: int

    @property
    def bits(self) -> int:
        """The bits of a pixel."""
        return CHANNELS[self.colour] * self.depth


def read_png(data: bytes, name: str = "data") -> tuple[Pixels, Pixels]:
    """The grey and the opacity of every pixel of a PNG file, two arrays of shape (height, width) from 0 to 1.

    Colours become as grey as they are bright. Raises `DataError`, which calls the file by its `name`, for what is
    damaged, larger than 16 million pixels, or interlaced.
    """
    try:
        parts = {b"IDAT": b""}
        for kind, content in chunks(data):
            parts[kind] = parts[kind] + content if kind == b"IDAT" else content
        head = checked(Head(*struct.unpack(">IIBBBBB", parts[b"IHDR"])))
        return grey(head, samples(head, unfiltered(head, parts[b"IDAT"])), parts)
    except (struct.error, zlib.error, KeyError, ValueError, IndexError) as error:
        raise DataError(f"{name} cannot be read as a PNG picture: {error or 'it is damaged'}") from None


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The type and the content of every chunk."""
    if not data.startswith(SIGNATURE):
        raise ValueError("it does not start as one")
    place, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, place)
        content = data[place + 8 : place + 8 + length]
        [checksum] = struct.unpack_from(">I", data, place + 8 + length)
        if checksum != zlib.crc32(kind + content):
            raise ValueError("it is damaged, a checksum is wrong")
        yield kind, content
        place += 12 + length


def checked(head: Head) -> Head:
    """A head that can be read; else `ValueError`."""
    if head.depth not in DEPTHS.get(head.colour, ()) or not (head.width and head.height):
        raise ValueError(f"its head makes no sense, {head}")
    if head.interlace:
        raise ValueError("it is interlaced; save it without interlacing")
    if head.width * head.height > MOST_PIXELS:
        raise ValueError(f"it has {head.width} × {head.height} pixels, at most {MOST_PIXELS} are read")
    return head


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def unfiltered(head: Head, compressed: bytes) -> Bytes:
    """The bytes of every row, shape (height, bytes of a row)."""
    length, step = (head.width * head.bits + 7) // 8, max(head.bits // 8, 1)
    size = head.height * (1 + length)
    raw = zlib.decompressobj().decompress(compressed, size)
    if len(raw) < size:
        raise ValueError(f"its pixels end too early, after {len(raw)} bytes of {size}")
    rows = np.frombuffer(raw, np.uint8).reshape(head.height, 1 + length)
    result, above = np.empty((head.height, length), np.uint8), np.zeros(length, np.uint8)
    for row, target in zip(rows, result, strict=True):
        above = target[:] = unfilter(int(row[0]), row[1:], above, step)
    return result


def unfilter(kind: int, row: Bytes, above: Bytes, step: int) -> Bytes:
    """A row from its differences, modulo 256, to bytes at the left, a pixel or `step` bytes before, and above."""
    if kind == 0:
        return row
    if kind == 1:  # to the left: running sums
        padded = np.concatenate([row, np.zeros(-len(row) % step, np.uint8)]).reshape(-1, step)
        return np.add.accumulate(padded, axis=0, dtype=np.uint8).ravel()[: len(row)]
    if kind == 2:  # to what is above
        return row + above
    if kind not in (3, 4):
        raise ValueError(f"it has a filter {kind}, there are 0 to 4")
    before, known = bytes(step) + above.tobytes(), bytearray(step)
    for i, difference in enumerate(row.tolist()):
        left, up, corner = known[i], before[i + step], before[i]
        known.append((difference + ((left + up) // 2 if kind == 3 else paeth(left, up, corner))) & 255)
    return np.frombuffer(known, np.uint8)[step:]


def paeth(left: int, up: int, corner: int) -> int:
    """The one of the three that is nearest to left + up - corner, the first if equal."""
    from_left, from_up, from_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if from_left <= from_up and from_left <= from_corner:
        return left
    return up if from_up <= from_corner else corner


# ── pixels ───────────────────────────────────────────────────────────────────────────────────


def samples(head: Head, rows: Bytes) -> npt.NDArray[Any]:
    """The numbers of every pixel, whole and from 0 to 2ᵈᵉᵖᵗʰ - 1, shape (height, width, channels)."""
    if head.depth == 16:
        numbers: npt.NDArray[Any] = rows.view(">u2")
    elif head.depth == 8:
        numbers = rows
    else:
        bits = np.unpackbits(rows, axis=1)[:, : head.width * head.depth].reshape(head.height, -1, head.depth)
        numbers = bits @ (1 << np.arange(head.depth)[::-1])
    return numbers.reshape(head.height, head.width, CHANNELS[head.colour])


def grey(head: Head, pixels: npt.NDArray[Any], parts: dict[bytes, bytes]) -> tuple[Pixels, Pixels]:
    """Grey and opacity from numbers of any colour type."""
    transparent = parts.get(b"tRNS", b"")
    if head.colour == PALETTE:
        colours = np.frombuffer(parts[b"PLTE"], np.uint8).reshape(-1, 3) / 255
        opacities = np.ones(len(colours))
        opacities[: len(transparent)] = np.frombuffer(transparent, np.uint8) / 255
        places = pixels[:, :, 0]
        return colours[places] @ LUMA, opacities[places]
    channels = pixels / (2**head.depth - 1)
    opacity = channels[:, :, -1] if head.colour in WITH_ALPHA else np.ones(channels.shape[:2])
    if transparent and head.colour not in WITH_ALPHA:  # one colour counts as transparent
        opacity = (pixels != np.frombuffer(transparent, ">u2")).any(axis=2).astype(float)
    return channels[:, :, :3] @ LUMA if channels.shape[2] >= 3 else channels[:, :, 0], opacity
