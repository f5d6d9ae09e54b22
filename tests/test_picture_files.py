import numpy as np
import pytest

from autograd import SizeError, UsageError
from nn.errors import DataError
from nn.files.picture_files import fitted, light_ground, overlaps, read_rows
from tests.test_png import png


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


def test_a_png_is_one_picture(tmp_path):
    pixels = np.arange(0, 128, 2, dtype=np.uint8).reshape(8, 8)
    path = tmp_path / "picture.png"
    path.write_bytes(png([row.tobytes() for row in pixels], 8))
    np.testing.assert_allclose(read_rows(path, 64), [pixels.ravel() / 255])
    np.testing.assert_allclose(read_rows(path, 64, invert=True), [1 - pixels.ravel() / 255])


def test_where_a_png_is_transparent_there_is_ground_inverted_or_not(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(png([bytes([255, 0] * 8)] * 8, 8, colour=4))
    for invert in (False, True):
        np.testing.assert_array_equal(read_rows(path, 64, invert), np.zeros((1, 64)))


@pytest.mark.parametrize("name", ["picture.jpg", "picture.npy", "picture"])
def test_the_first_bytes_say_what_a_file_is(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(png([bytes(8)] * 8, 8))
    assert read_rows(path, 64).shape == (1, 64)


@pytest.mark.parametrize(
    ("array", "nin", "error", "message"),
    [
        (np.zeros(63), 64, SizeError, "rows of 64 numbers, or pictures of 8 × 8 pixels; rows.npy has shape (63,)"),
        (np.zeros(3), 2, SizeError, "the model reads rows of 2 numbers; rows.npy has shape (3,)"),
        (np.zeros((4, 4)), 2, SizeError, "the model reads rows of 2 numbers; rows.npy has shape (4, 4)"),
        (np.zeros((5, 63)), 64, SizeError, "or pictures of 8 × 8 pixels; rows.npy has shape (63,)"),
        (np.zeros((1, 3, 8, 8)), 64, SizeError, "rows.npy needs 1 to 3 axes, its shape is (1, 3, 8, 8)"),
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
        (b"", "neither a PNG picture nor an .npy array"),
        (b"\xff\xd8\xff\xe0JFIF", "neither a PNG picture nor an .npy array"),
        (b"\x93NUMPY", "damaged"),
        (b"\x93NUMPY\x01\x00\x0b\x00{'descr': \n", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "cannot be read as a PNG"),
    ],
)
def test_what_cannot_be_read_is_a_clear_error(tmp_path, content, message):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_rows(path, 64)


def test_a_folder_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
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


def test_dark_ink_on_light_paper_is_noticed_in_pictures_only():
    paper = np.ones((8, 8))
    paper[2:6, 3:5] = 0
    assert light_ground(paper.reshape(1, 64))
    assert not light_ground(1 - paper.reshape(1, 64))
    assert not light_ground(np.ones((3, 2)))
