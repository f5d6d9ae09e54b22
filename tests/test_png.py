import struct
import zlib

import numpy as np
import pytest

from nn.errors import DataError
from nn.files.png import SIGNATURE, paeth, read_png


def chunk(kind, content):
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", zlib.crc32(kind + content))


def png(rows, width, depth=8, colour=0, interlace=0, extra=(), filters=None, step=1):
    """A PNG file of rows of bytes, each row with its filter."""
    filters = filters or [0] * len(rows)
    above, raw = bytes(len(rows[0])), b""
    for kind, row in zip(filters, rows, strict=True):
        raw += bytes([kind]) + filtered(kind, row, above, step)
        above = row
    head = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, interlace)
    packed = zlib.compress(raw)
    middle = len(packed) // 2  # pixels may lie in several chunks
    parts = [chunk(b"IHDR", head), *(chunk(*pair) for pair in extra), chunk(b"IDAT", packed[:middle]),
             chunk(b"IDAT", packed[middle:]), chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(parts)


def filtered(kind, row, above, step):
    """The differences that a filter of the specification leaves of a row."""
    left, corner = bytes(step) + row[:-step], bytes(step) + above[:-step]
    guess = {
        0: lambda a, b, c: 0, 1: lambda a, b, c: a, 2: lambda a, b, c: b,
        3: lambda a, b, c: (a + b) // 2, 4: paeth,
    }[kind]
    return bytes((x - guess(a, b, c)) % 256 for x, a, b, c in zip(row, left, above, corner, strict=True))


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_every_filter_is_undone(kind, colour, channels):
    pixels = np.random.default_rng(kind).integers(0, 256, (5, 7, channels), np.uint8)
    rows = [row.tobytes() for row in pixels]
    plain = read_png(png(rows, 7, colour=colour))
    other = read_png(png(rows, 7, colour=colour, filters=[kind] * 5, step=channels))
    np.testing.assert_array_equal(other, plain)


@pytest.mark.parametrize(
    ("a", "b", "c", "nearest"), [(10, 20, 10, 20), (20, 10, 10, 20), (10, 20, 20, 10), (5, 5, 5, 5), (0, 100, 40, 40)]
)
def test_paeth_takes_the_neighbour_nearest_to_a_plus_b_minus_c(a, b, c, nearest):
    assert paeth(a, b, c) == nearest


@pytest.mark.parametrize(
    ("depth", "row", "greys"),
    [
        (1, bytes([0b10100000]), [1, 0, 1]),
        (2, bytes([0b00011000]), [0, 1 / 3, 2 / 3]),
        (4, bytes([0xF0, 0x50]), [1, 0, 1 / 3]),
        (8, bytes([0, 51, 255]), [0, 0.2, 1]),
        (16, struct.pack(">3H", 0, 13107, 65535), [0, 0.2, 1]),
    ],
)
def test_greys_of_every_depth_run_from_0_to_1(depth, row, greys):
    grey, opacity = read_png(png([row, row], 3, depth))
    np.testing.assert_allclose(grey, [greys, greys])
    np.testing.assert_array_equal(opacity, np.ones((2, 3)))


def test_colours_become_as_grey_as_they_are_bright():
    red, green, blue, white = b"\xff\0\0", b"\0\xff\0", b"\0\0\xff", b"\xff\xff\xff"
    grey, _ = read_png(png([red + green + blue + white], 4, colour=2))
    np.testing.assert_allclose(grey, [[0.299, 0.587, 0.114, 1]])


def test_alpha_is_opacity():
    grey, opacity = read_png(png([bytes([255, 51, 0, 255])], 2, colour=4))
    np.testing.assert_allclose(grey, [[1, 0]])
    np.testing.assert_allclose(opacity, [[0.2, 1]])


def test_a_palette_gives_colours_and_opacities():
    extra = [(b"PLTE", b"\0\0\0" + b"\xff\xff\xff" + b"\xff\0\0"), (b"tRNS", b"\0")]
    grey, opacity = read_png(png([bytes([0b00011000])], 3, depth=2, colour=3, extra=extra))
    np.testing.assert_allclose(grey, [[0, 1, 0.299]])
    np.testing.assert_allclose(opacity, [[0, 1, 1]])


def test_one_colour_may_count_as_transparent():
    _, opacity = read_png(png([bytes([7, 8])], 2, extra=[(b"tRNS", b"\0\x07")]))
    np.testing.assert_array_equal(opacity, [[0, 1]])


good = png([bytes(3)] * 3, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it does not start as one"),
        (b"\xff\xd8\xff\xe0JFIF", "it does not start as one"),
        (good[:20], "seven.png cannot be read as a PNG picture"),
        (good[:-12], "seven.png cannot be read as a PNG picture"),
        (good.replace(b"IDAT", b"IDAX"), "a checksum is wrong"),
        (SIGNATURE + chunk(b"IEND", b""), "IHDR"),
        (png([bytes(3)], 3, interlace=1), "interlaced; save it without"),
        (png([bytes(3)], 3, depth=3), "its head makes no sense"),
        (png([bytes(3)], 3, colour=5), "its head makes no sense"),
        (png([bytes(3)], 0), "its head makes no sense"),
        (png([bytes(3)], 9), "its pixels end too early, after 4 bytes of 10"),
        (png([bytes(3)], 2**20), "its pixels end too early"),
        (png([bytes(3)] * 17, 2**20), "at most 16777216 are read"),
        (png([bytes(3)], 3, colour=3), "PLTE"),
        (png([bytes([0, 1, 2])], 3, colour=3, extra=[(b"PLTE", bytes(6))]), "index 2 is out of bounds"),
        (SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) + chunk(b"IDAT", b"xx")
         + chunk(b"IEND", b""), "cannot be read as a PNG"),
    ],
)
def test_what_cannot_be_read_is_a_clear_error(data, message):
    with pytest.raises(DataError, match=r"^seven\.png cannot be read as a PNG picture: ") as caught:
        read_png(data, "seven.png")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_filter_is_a_clear_error():
    raw = zlib.compress(bytes([9, 0, 0, 0]))
    data = (SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 1, 8, 0, 0, 0, 0)) + chunk(b"IDAT", raw)
            + chunk(b"IEND", b""))
    with pytest.raises(DataError, match="a filter 9, there are 0 to 4"):
        read_png(data)
