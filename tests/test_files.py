"""Files that are the old ones or the new ones; real faults are in test_faults.py."""

import os
import sys

import pytest

from autograd import FileError, files
from autograd.files import check_writable, replacing


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
