import builtins
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from autograd import MissingPackageError, SizeError, UsageError
from nn.errors import DataError
from nn.files.handwriting import overlaps
from nn.files.picture_files import FORMATS, LUMA, fitted, light_ground, read_examples, read_picture, read_rows


def saved(tmp_path, array):
    path = tmp_path / "rows.npy"
    np.save(path, array)
    return path


@pytest.mark.parametrize(
    ("shape", "nin", "rows"),
    [((64,), 64, 1), ((8, 8), 64, 1), ((3, 64), 64, 3), ((3, 8, 8), 64, 3), ((1, 64), 64, 1), ((64, 64), 64, 64),
     ((28, 28), 784, 1), ((28, 28), 64, 1), ((2, 16, 16), 64, 2), ((2,), 2, 1), ((5, 2), 2, 5)],
)
def test_an_npy_file_holds_rows_or_pictures(tmp_path, shape, nin, rows):
    array = np.random.default_rng(0).random(shape)
    found = read_rows(saved(tmp_path, array), nin)
    assert found.shape == (rows, nin)
    if array.size == rows * nin:
        np.testing.assert_array_equal(found.ravel(), array.ravel())


def test_bytes_are_pixels_from_0_to_255(tmp_path):
    path = saved(tmp_path, np.full((8, 8), 51, np.uint8))
    np.testing.assert_allclose(read_rows(path, 64), np.full((1, 64), 0.2))
    np.testing.assert_allclose(read_rows(path, 64, invert=True), np.full((1, 64), 0.8))


@pytest.mark.parametrize("axis", [1, 3])
def test_an_axis_for_a_single_channel_makes_no_difference(tmp_path, axis):
    pictures = np.random.default_rng(0).random((2, 28, 28))
    np.testing.assert_array_equal(
        read_rows(saved(tmp_path, np.expand_dims(pictures, axis)), 784), pictures.reshape(2, -1)
    )


# ── pictures ─────────────────────────────────────────────────────────────────────────────────

LEVELS = np.arange(0, 256, 4, dtype=np.uint8).reshape(8, 8)


def encoded(image, kind="PNG", **options):
    """The bytes of a file of a picture."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind, content):
    """A part of a PNG file."""
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", zlib.crc32(kind + content))


def palette(transparent=None):
    """A picture of three colours by their numbers: 0 is black, 1 white, 2 red."""
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([0, 0, 0, 255, 255, 255, 255, 0, 0])
    return encoded(image) if transparent is None else encoded(image, transparency=transparent)


RGBA = np.random.default_rng(0).integers(0, 256, (5, 7, 4), np.uint8)
HEAD = 33
"""The length of a PNG file's first parts, which say what a picture is."""
DEEP = np.array([[0, 13107, 65535]], np.uint16)
PICTURES = {
    "grey": (encoded(Image.fromarray(LEVELS)), LEVELS / 255, 1),
    "black and white": (encoded(Image.fromarray(LEVELS > 99)), LEVELS > 99, 1),
    "16 bits of grey": (encoded(Image.fromarray(DEEP)), DEEP / 65535, 1),
    "16 bits of grey, one transparent": (
        encoded(Image.fromarray(DEEP))[:HEAD] + chunk(b"tRNS", struct.pack(">H", 13107))
        + encoded(Image.fromarray(DEEP))[HEAD:], DEEP / 65535, [[1, 0, 1]]),
    "grey and alpha": (encoded(Image.fromarray(RGBA[:, :, 2:], "LA")), RGBA[:, :, 2] / 255, RGBA[:, :, 3] / 255),
    "colours": (encoded(Image.fromarray(RGBA[:, :, :3])), RGBA[:, :, :3] / 255 @ LUMA, 1),
    "colours and alpha": (encoded(Image.fromarray(RGBA)), RGBA[:, :, :3] / 255 @ LUMA, RGBA[:, :, 3] / 255),
    "a palette": (palette(), [[0, 1, 0.299]], 1),
    "a palette, one transparent": (palette(1), [[0, 1, 0.299]], [[1, 0, 1]]),
    "a grey that counts as transparent": (encoded(Image.fromarray(LEVELS), transparency=8), LEVELS / 255, LEVELS != 8),
    "interlaced": (encoded(Image.fromarray(LEVELS), interlace=1), LEVELS / 255, 1),
    "BMP": (encoded(Image.fromarray(LEVELS), "BMP"), LEVELS / 255, 1),
    "GIF": (encoded(Image.fromarray(LEVELS), "GIF"), LEVELS / 255, 1),
    "WebP": (encoded(Image.fromarray(RGBA[:, :, :3]), "WEBP", lossless=True), RGBA[:, :, :3] / 255 @ LUMA, 1),
    "JPEG": (encoded(Image.new("L", (16, 8), 51), "JPEG"), np.full((8, 16), 0.2), 1),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_grey_and_opacity(name):
    data, expected, opaque = PICTURES[name]
    grey, opacity = read_picture(data)
    assert grey.dtype == opacity.dtype == np.float64
    np.testing.assert_allclose(grey[opacity > 0], np.asarray(expected, float)[opacity > 0], atol=1e-12)
    np.testing.assert_array_equal(opacity, np.broadcast_to(opaque, grey.shape))


def test_a_picture_lies_as_its_camera_was_held():
    turned = Image.fromarray(LEVELS)
    turned.getexif()[0x0112] = 6  # "rotate by 90° to the right"
    grey, _ = read_picture(encoded(turned, exif=turned.getexif()))
    np.testing.assert_allclose(grey, np.rot90(LEVELS, -1) / 255)


@pytest.mark.parametrize("name", ["picture.jpg", "picture.npy", "picture"])
def test_the_first_bytes_say_what_a_file_is(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(PICTURES["grey"][0])
    np.testing.assert_allclose(read_rows(path, 64), [LEVELS.ravel() / 255])
    np.testing.assert_allclose(read_rows(path, 64, invert=True), [1 - LEVELS.ravel() / 255])


def test_where_a_picture_is_transparent_there_is_ground_inverted_or_not(tmp_path):
    path = tmp_path / "picture.png"
    Image.new("LA", (8, 8), (255, 0)).save(path)
    for invert in (False, True):
        np.testing.assert_array_equal(read_rows(path, 64, invert), np.zeros((1, 64)))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_that_broke_off_is_refused_wherever_it_did(kind):
    data = encoded(Image.fromarray(RGBA[:, :, :3].repeat(9, 0)), kind)
    for stop in range(0, len(data) * 3 // 4, max(1, len(data) // 40)):
        with pytest.raises(DataError, match=r"^seven ") as caught:
            read_picture(data[:stop], "seven")
        assert not any(word in str(caught.value) for word in ("unpack", "buffer", "BytesIO", "\n"))


def huge(width, height):
    """The bytes of a PNG file whose head promises more than it holds."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(bytes(10**6))), chunk(b"IEND", b"")])


@pytest.mark.parametrize(("data", "message"), [
    *((huge(*size), "at most 16777216 pixels") for size in [(4097, 4096), (2**15, 2**15), (1, 2**26), (2**26, 1)]),
    *((huge(*size), "damaged|at most 16777216|neither") for size in [(2**31 - 1, 2**31 - 1), (0, 0), (2**32 - 1, 1)]),
    (encoded(Image.fromarray(LEVELS), "GIF", save_all=True, append_images=[Image.fromarray(LEVELS.T)]),
     "holds several pictures, save one of them"),
    (b"", "neither an .npy array nor a picture"), (b"text", r"PNG, JPEG, BMP, GIF, WEBP"),
    (b"%!PS-Adobe-3.0 EPSF-3.0\n", "neither"),
])
def test_a_picture_that_is_none_or_too_large_is_refused(data, message):
    with pytest.raises(DataError, match=message):
        read_picture(data, "seven.png")


def test_without_pillow_the_error_names_the_extra(monkeypatch, tmp_path):
    path = tmp_path / "seven.png"
    path.write_bytes(PICTURES["grey"][0])
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("PIL"):
            raise ModuleNotFoundError("No module named 'PIL'", name="PIL")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPackageError, match=r'pip install -e "\.\[pictures\]"'):
        read_rows(path, 64)


# ── what is refused ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("array", "nin", "error", "message"),
    [
        (np.zeros(63), 64, SizeError, "rows of 64 numbers, or pictures of 8 × 8 pixels; rows.npy has shape (63,)"),
        (np.zeros(3), 2, SizeError, "the model reads rows of 2 numbers; rows.npy has shape (3,)"),
        (np.zeros((4, 4)), 2, SizeError, "the model reads rows of 2 numbers; rows.npy has shape (4, 4)"),
        (np.zeros((5, 63)), 64, SizeError, "or pictures of 8 × 8 pixels; rows.npy has shape (63,)"),
        (np.zeros((1, 3, 8, 8)), 64, SizeError, "one of length 1 for a channel, its shape is (1, 3, 8, 8)"),
        (np.zeros((0, 64)), 64, SizeError, "at least one example"),
        (np.full(64, 255.0), 64, UsageError, "pixels run from 0 to 1, those of rows.npy from 255 to 255"),
        (np.full(64, np.nan), 64, UsageError, "rows.npy[0] is nan"),
        (np.array([{}]), 64, DataError, "rows.npy is damaged, or holds objects"),
        (np.array(["7"]), 1, TypeError, "must hold real numbers"),
    ],
)
def test_what_does_not_fit_is_a_clear_error(tmp_path, monkeypatch, array, nin, error, message):
    saved(tmp_path, array)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error) as caught:
        read_rows("rows.npy", nin)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file"),
        (b"", "neither an .npy array nor a picture"),
        (b"\xff\xd8\xff\xe0JFIF", "cannot be read as a picture|neither"),
        (b"\x93NUMPY", "damaged"),
        (b"\x93NUMPY\x01\x00\x0b\x00{'descr': \n", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "cannot be read as a picture|neither"),
    ],
)
def test_what_cannot_be_read_is_a_clear_error(tmp_path, content, message):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_rows(path, 64)


def test_a_folder_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="is a folder, no file"):
        read_rows(tmp_path, 64)


def test_a_larger_picture_is_averaged_over_areas():
    np.testing.assert_allclose(fitted(np.arange(16.0).reshape(4, 4), 2), [[2.5, 4.5], [10.5, 12.5]])
    np.testing.assert_allclose(fitted(np.diag([3.0, 6, 9]), 2), [[2, 2 / 3], [2 / 3, 14 / 3]])


def test_a_smaller_picture_is_spread():
    np.testing.assert_array_equal(fitted(np.array([[1.0, 2], [3, 4]]), 4), np.kron([[1, 2], [3, 4]], np.ones((2, 2))))


def test_a_picture_of_the_right_size_stays_as_it_is():
    picture = np.random.default_rng(0).random((8, 8))
    np.testing.assert_array_equal(fitted(picture, 8), picture)


@pytest.mark.parametrize(("new", "old"), [(2, 3), (28, 280), (28, 100), (8, 5), (1, 7)])
def test_each_new_pixel_is_a_mean_of_old_ones(new, old):
    shares = overlaps(new, old)
    np.testing.assert_allclose(shares.sum(1), np.ones(new))
    np.testing.assert_allclose(shares.sum(0), np.full(old, new / old))


def test_dark_ink_on_light_paper_is_noticed():
    paper = np.ones((1, 8, 8))
    paper[0, 2:6, 3:5] = 0
    assert light_ground(paper)
    assert not light_ground(1 - paper)


@pytest.mark.parametrize("light", [True, False])
def test_the_picture_says_whether_ink_is_dark_unless_one_says_so(tmp_path, light):
    path, ink = tmp_path / "one.png", np.zeros((60, 60))
    ink[10:50, 28:32] = 1
    Image.fromarray((255 * (1 - ink if light else ink)).astype(np.uint8)).save(path)
    rows, remarks = read_examples(path, 784, None)
    np.testing.assert_array_equal(rows, read_rows(path, 784, invert=light))
    assert remarks == ["read as dark ink on light paper; --no-invert reads light ink"] * light
    assert rows.reshape(28, 28)[:, 12:16].sum() == pytest.approx(rows.sum())


def test_a_whole_picture_is_made_to_fit_if_asked_and_for_models_of_other_sizes(tmp_path):
    path, picture = tmp_path / "dot.png", np.zeros((56, 56), np.uint8)
    picture[:14, :14] = 255
    Image.fromarray(picture).save(path)
    np.testing.assert_allclose(read_rows(path, 784, whole=True), [fitted(picture / 255, 28).ravel()])
    np.testing.assert_allclose(read_rows(path, 400), [fitted(picture / 255, 20).ravel()])
    assert read_rows(path, 784).reshape(28, 28)[14, 14] == 1
