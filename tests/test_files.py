"""Files that are the old ones or the new ones; real faults are in test_faults.py."""

import os
import socket
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest

import nn
from autograd import FileError, RerollError, files
from autograd.files import check_writable, reading, replacing
from nn.data import mnist_files
from nn.files.picture_files import read_rows


def put(path, content):
    with replacing(path) as file:
        file.write(content)


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_takes_its_place_at_the_end(tmp_path):
    path = tmp_path / "a"
    put(path, b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
        assert len(names(tmp_path)) == 2
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_what_is_raised_within_leaves_the_old_file_alone(tmp_path, error):
    put(tmp_path / "a", b"old")

    def fail():
        with replacing(tmp_path / "a") as file:
            file.write(b"new")
            raise error

    with pytest.raises(FileError if error is OSError else error):
        fail()
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_what_is_left_of_a_killed_process_is_removed_by_the_next(tmp_path):
    for name in (".reroll-0123.part", ".reroll-4567.part", ".reroll-notes", "mine.part"):
        (tmp_path / name).write_bytes(b"half")
    put(tmp_path / "a", b"whole")
    assert names(tmp_path) == [".reroll-notes", "a", "mine.part"]


def test_what_a_living_writer_is_at_is_left_alone(tmp_path):
    with replacing(tmp_path / "a") as file:
        file.write(b"first")
        put(tmp_path / "b", b"second")
        put(tmp_path / "a", b"third")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert names(tmp_path) == ["a", "b"]


@pytest.mark.skipif(files.fcntl is None, reason="no file is swept that is open")
def test_a_file_that_is_swept_before_it_is_locked_is_made_anew(tmp_path, monkeypatch):
    flock, swept = files.fcntl.flock, []

    def late(file, how):
        if not swept:
            swept.append(file.name)
            os.unlink(file.name)
        flock(file, how)

    monkeypatch.setattr(files.fcntl, "flock", late)
    put(tmp_path / "a", b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert len(swept) == 1


def test_a_disk_without_locks_is_written_to_and_not_swept(tmp_path, monkeypatch):
    def flock(file, how):
        raise OSError(38, "Function not implemented")

    (tmp_path / ".reroll-0123.part").write_bytes(b"perhaps another's")
    monkeypatch.setattr(files.fcntl, "flock", flock)
    put(tmp_path / "a", b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert names(tmp_path) == [".reroll-0123.part", "a"]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "a")
    for content in (b"first", b"second"):
        put(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "far" / "a").read_bytes() == content


def test_permissions_stay_and_new_files_have_the_usual_ones(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    put(tmp_path / "a", b"new")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode
    (tmp_path / "a").chmod(0o600)
    put(tmp_path / "a", b"newer")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("name", "message"), [
    (".", "it is a folder"),
    ("none/a", "No such file or directory; make that folder first"),
    ("a/b", "Not a directory; choose another folder"),
    ("x" * 300, "File name too long; choose a shorter name"),
    ("a\0b", "no name holds a zero byte"),
    ("loop", "Too many levels of symbolic links"),
    *([] if sys.platform == "win32" else [("pipe", "it is a device, not a file"), ("/dev/null", "it is a device")]),
])
def test_a_place_where_no_file_can_be_is_known_before_and_named(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    put("a", b"old")
    os.mkfifo("pipe")
    os.symlink("loop", "loop")
    before = names(tmp_path)
    for attempt in (check_writable, lambda path: put(path, b"new")):
        with pytest.raises(FileError, match=message) as caught:
            attempt(name)
        assert str(caught.value).startswith(f"{name} cannot be written: ")
    assert names(tmp_path) == before


def test_looking_whether_a_file_can_be_written_changes_nothing(tmp_path):
    put(tmp_path / "a", b"old")
    check_writable(tmp_path / "a")
    check_writable(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_long_name_is_as_good_as_a_short_one(tmp_path):
    put(tmp_path / ("x" * 255), b"whole")
    assert names(tmp_path) == ["x" * 255]


# ── reading ──────────────────────────────────────────────────────────────────────────────────


def resume(path):
    nn.fit(nn.MLP(2, [1]), [[0, 1]], [1], "mse", nn.SGD(0.1), epochs=1, progress=False, resume=path)


READERS = {
    "reading": lambda path: reading(path, nn.DataError).__enter__(),
    "nn.load": nn.load,
    "Module.load": lambda path: nn.MLP(2, [1]).load(path),
    "fit(resume=…)": resume,
    "read_rows": lambda path: read_rows(path, 64),
    "MNIST": lambda path: mnist_files.from_file(path, "t10k-labels-idx1-ubyte"),
}


def listening(path):
    """A socket."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.path.relpath(path))  # names of sockets may not be long
    server.close()


NO_FILES = {
    "missing": (lambda path: None, "there is no file"),
    "a link to nowhere": (lambda path: path.symlink_to("none"), "there is no file"),
    "a loop of links": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
    "a folder": (lambda path: path.mkdir(), "is a folder, no file"),
    "a pipe": (lambda path: os.mkfifo(path), "is a pipe or a device, no file"),
    "a link to a pipe": (lambda path: [os.mkfifo(f"{path}o"), path.symlink_to(f"{path}o")], "is a pipe or a device"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is a pipe or a device, no file"),
    "a terminal": (lambda path: path.symlink_to("/dev/ptmx"), "is a pipe or a device, no file"),
    "a socket": (listening, "No such device or address|cannot be read"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="there are other devices")
@pytest.mark.parametrize(("make", "message"), NO_FILES.values(), ids=NO_FILES)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_what_is_no_file_is_refused_at_once_by_whoever_reads_one(read, make, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "a")
    with pytest.raises(nn.DataError, match=message) as caught:
        read(tmp_path / "a")
    assert str(caught.value).startswith((f"there is no file {tmp_path / 'a'}", f"{tmp_path / 'a'} "))


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_name_that_no_file_can_have_is_refused(read, tmp_path):
    for name in ("a\0b", "x" * 300):
        with pytest.raises(nn.DataError, match=r"cannot be read: (embedded null|File name too long)"):
            read(tmp_path / name)


LARGE = 2**19
BOMBS = {
    "other names": {f"layer.{i}": (LARGE // 8,) for i in range(8)},
    "another shape": {"layers.0.weight": (1, LARGE)},
    "another beside": {"more": (LARGE,)},
    "what the model is made of": {"#architecture": (LARGE,)},
    "a checkpoint": {"#checkpoint": (), "optimizer.velocity": (LARGE,), "model.layers.0.weight": (1, LARGE)},
}


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("shapes", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("read", [READERS[name] for name in ("nn.load", "Module.load", "fit(resume=…)")])
def test_arrays_that_do_not_fit_are_refused_before_they_take_memory(tmp_path, read, shapes, compressed):
    path = tmp_path / "model.npz"
    nn.MLP(2, [1]).save(path)
    with np.load(path) as arrays:
        entries = dict(arrays) | {name: np.zeros(shape) for name, shape in shapes.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, array in entries.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.save(file, array)
    tracemalloc.start()
    try:
        with pytest.raises(RerollError):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < LARGE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_file_larger_than_memory_is_refused_at_once(tmp_path, read):
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.write(b"\x93NUMPY")
        file.truncate(2**42)
    if read is not READERS["reading"]:
        with pytest.raises(nn.DataError, match=r"damaged|at most|needs 10008 bytes"):
            read(path)
