"""MNIST from servers that fail, from caches that are damaged, and for several processes at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mirrors import (
    bomb,
    dripping,
    dripping_head,
    expected,
    mirror,
    missing,
    originals,
    other,
    page,
    right,
    silent,
    truncated,
)

from nn import DataError
from nn.data import mnist_files

FILES = originals()
NAME = "train-labels-idx1-ubyte"
SERVERS = {
    page: "no .gz file", truncated: "ended before", other: "SHA-256", bomb: "it has more than", missing: "404",
    silent: "closed connection",
}


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """An empty cache, for small files; no other place has them."""
    monkeypatch.setattr(mnist_files, "ORIGINALS", expected(FILES))
    monkeypatch.setattr(mnist_files.shutil, "which", lambda command: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("MNIST_DIR", raising=False)
    return tmp_path / "reroll" / "mnist"


def fetched(monkeypatch, *servers):
    """What comes of these mirrors."""
    if not servers:
        return mnist_files.mnist_files(progress=False)
    with mirror(servers[0](FILES)) as address:
        monkeypatch.setattr(mnist_files, "MIRRORS", (*mnist_files.MIRRORS, address))
        return fetched(monkeypatch, *servers[1:])


@pytest.fixture(autouse=True)
def no_mirrors(monkeypatch):
    monkeypatch.setattr(mnist_files, "MIRRORS", ())


def kept(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("server", SERVERS)
def test_a_mirror_that_fails_gives_way_to_the_next(monkeypatch, folder, server):
    assert fetched(monkeypatch, server, right) == FILES
    assert kept(folder) == FILES


@pytest.mark.parametrize(("server", "message"), SERVERS.items())
def test_where_every_mirror_fails_the_error_says_how_and_nothing_is_kept(monkeypatch, folder, server, message):
    with pytest.raises(DataError, match=f"http://localhost.*{message}.*set MNIST_DIR"):
        fetched(monkeypatch, server)
    assert not folder.exists()


@pytest.mark.parametrize("server", [dripping, dripping_head])
def test_a_mirror_that_never_ends_is_left_after_a_time_for_all_files(monkeypatch, folder, server):
    monkeypatch.setattr(mnist_files, "DEADLINE", 0.1)
    with pytest.raises(DataError, match=r"http://localhost.*longer than the 0\.1 s in which all files must arrive"):
        fetched(monkeypatch, server)
    assert not folder.exists()


DAMAGE = {
    "empty": b"", "truncated": FILES[NAME][:-1], "too long": FILES[NAME] + b"?", "other": FILES[NAME][:-1] + b"\xff",
    "a page": b"<html>please log in</html>", "zeros": bytes(len(FILES[NAME])),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_in_the_cache_is_repaired(monkeypatch, folder, damage):
    folder.mkdir(parents=True)
    for name, data in (FILES | {NAME: damage}).items():
        (folder / name).write_bytes(data)
    with pytest.raises(DataError, match=rf"mnist.{NAME} is not MNIST's {NAME}: .*no .gz file"):
        fetched(monkeypatch, page)
    assert fetched(monkeypatch, right) == FILES
    assert kept(folder) == FILES


def test_what_is_in_the_way_of_a_file_of_the_cache_is_named(monkeypatch, folder):
    (folder / NAME).mkdir(parents=True)
    with pytest.raises(DataError, match=rf"{NAME} cannot be written: it is a folder; set XDG_CACHE_HOME"):
        fetched(monkeypatch, right)


@pytest.mark.slow
def test_processes_that_fill_the_cache_at_once_do_not_mind_each_other(folder):
    files = originals(images=3000)
    with mirror(right(files)) as address:
        root = Path(__file__).parent.parent
        processes = [subprocess.Popen([sys.executable, "-m", "tests.mirrors", address], cwd=root, env=os.environ)
                     for _ in range(4)]
        assert [process.wait() for process in processes] == [0, 0, 0, 0]
    assert kept(folder) == files
