"""Files that are whole at every moment: the old one, or the new one in its place.

What is being written is a hidden file of its own beside the place, `.reroll-….part`, which takes the place in one step
when it is complete and on the disk. A process that is killed meanwhile leaves that file behind; the next one that
writes into the folder removes it. Whether a writer is still alive can be told by its lock on the file, which the
system undoes when a process ends.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from autograd.errors import FileError

try:
    import fcntl
except ImportError:  # on Windows, where no file can be removed that somebody has open
    fcntl = None  # type: ignore[assignment]

PathLike = str | os.PathLike[str]

PREFIX, SUFFIX = ".reroll-", ".part"

FULL = "free some space, or choose another place"
FORBIDDEN = "choose a place where you may write"
ADVICE = {
    errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EFBIG: FULL,
    errno.EACCES: FORBIDDEN, errno.EPERM: FORBIDDEN, errno.EROFS: FORBIDDEN,
    errno.ENOENT: "make that folder first", errno.ENOTDIR: "choose another folder",
    errno.EEXIST: "choose another folder", errno.ENAMETOOLONG: "choose a shorter name",
}
"""What to do about what the system says."""


@contextlib.contextmanager
def replacing(path: PathLike, error: type[OSError] = FileError) -> Iterator[IO[bytes]]:
    """A file to write to, which takes its place at `path` when the ``with`` block ends, unless by an exception.

    A link stays, and what it leads to is replaced; permissions stay too. Raises `error`, which says what to do, where
    that cannot be; then all is as it was.
    """
    with explained(path, error):
        place = permitted(path)
        with part(place.parent) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # a disk may only now find out that it is full
            if place.exists():
                with contextlib.suppress(OSError):  # some disks have no permissions
                    os.chmod(file.name, place.stat().st_mode & 0o777)
            if fcntl is None:
                file.close()
            os.replace(file.name, place)


def check_writable(path: PathLike, error: type[OSError] = FileError) -> None:
    """Raise `error` if no file can be written there: to know it before hours of work, not after."""
    with explained(path, error), part(permitted(path).parent):
        pass


@contextlib.contextmanager
def reading(path: PathLike, error: type[OSError] = FileError, most: float = math.inf) -> Iterator[IO[bytes]]:
    """A file to read from, open in a ``with`` block.

    Raises `error` where there is none, for more than `most` bytes, and for pipes and devices, which may never end.
    """
    name = os.fspath(path)
    try:
        # A pipe must not make us wait for somebody who writes into it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise error(f"there is no file {name}") from None
    except (OSError, ValueError) as reason:
        raise error(f"{name} cannot be read: {getattr(reason, 'strerror', None) or reason}") from None
    found, refusal = os.fstat(descriptor), ""
    if not stat.S_ISREG(found.st_mode):
        refusal = f"{name} is a {'folder' if stat.S_ISDIR(found.st_mode) else 'pipe or a device'}, no file"
    elif found.st_size > most:
        refusal = f"{name} has {found.st_size} bytes, at most {most:.0f} are read"
    if refusal:
        os.close(descriptor)
        raise error(refusal)
    with open(descriptor, "rb") as file:
        yield file


@contextlib.contextmanager
def explained(path: PathLike, error: type[OSError] = FileError) -> Iterator[None]:
    """A ``with`` block in which what the system says of a file becomes an error that says what to do."""
    try:
        yield
    except OSError as reason:
        advice = ADVICE.get(reason.errno or 0)
        said = reason.strerror or str(reason)
        raise error(f"{os.fspath(path)} cannot be written: {said}{'; ' + advice if advice else ''}") from None


def permitted(path: PathLike) -> Path:
    """Where a path leads. Raises `OSError` if what is there may not be replaced: no file, or one that is protected."""
    with contextlib.suppress(FileNotFoundError):
        try:
            mode = os.stat(path).st_mode
        except ValueError:
            raise OSError("no name holds a zero byte") from None
        if not stat.S_ISREG(mode):
            raise OSError("it is a folder" if stat.S_ISDIR(mode) else "it is a device, not a file")
        open(path, "r+b").close()  # it may be protected in a folder that is not
    return Path(os.path.realpath(path))


@contextlib.contextmanager
def part(folder: Path) -> Iterator[IO[bytes]]:
    """A new file in a folder, which is gone when the ``with`` block ends unless it has been moved."""
    sweep(folder)
    while True:
        with open(folder / f"{PREFIX}{os.urandom(8).hex()}{SUFFIX}", "xb") as file:
            if fcntl is not None:
                with contextlib.suppress(OSError):  # some disks have no locks; nobody sweeps there
                    fcntl.flock(file, fcntl.LOCK_EX)
            if not os.path.exists(file.name):  # swept away before it was locked
                continue
            try:
                yield file
            finally:
                try:
                    file.close()
                finally:
                    Path(file.name).unlink(missing_ok=True)
            return


def sweep(folder: Path) -> None:
    """Remove what killed processes have left in a folder."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    remove(entry.path)


def remove(path: str) -> None:
    """Remove a file; raises `OSError` if a living process writes to it."""
    if fcntl is None:
        os.unlink(path)
        return
    with open(path, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
