"""What whoever writes a file says and leaves where it cannot be written.

`python -m tests.unwritable limit|full|read-only|forbidden|protected FOLDER` prints in JSON the message of each. For the
second and the third, the folder is a file system of its own. If a file is not as it was, that is an error.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import nn
import nn.__main__
import viz
import viz.__main__
from autograd import FileError
from nn.data import mnist_files
from viz.drawings import render

NOBODY = 65534


def fit(path):
    X, Y = nn.data.moons(8, seed=0)
    model = nn.MLP(2, [3, 1], seed=0)
    thetas = [nn.parameters_to_vector(model)]
    try:
        nn.fit(model, X, Y, "mse", nn.SGD(0.1), epochs=3, progress=False,
               callbacks=[nn.Checkpoint(path), lambda training: thetas.append(training.theta.copy())])
    finally:
        assert nn.parameters_to_vector(model).tolist() == thetas[-1].tolist()


def commanded(main, *arguments):
    """Raise what a command says if it fails."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
        code = main([str(argument) for argument in arguments])
    assert code in (0, 2)
    if code:
        raise FileError(said.getvalue().splitlines()[-1].split(": ", 1)[1].removeprefix("error: "))


def keep(path):
    os.environ["XDG_CACHE_HOME"] = str(path.parents[2])
    mnist_files.kept({path.name: b"new" * 1000})


F = viz.parse("(x + y) * z", x=-2, y=5, z=-4)
F.backward()
WRITERS = {
    "model.npz": lambda path: nn.MLP(2, [3, 1]).save(path),
    "checkpoint.npz": fit,
    "xor.npz": lambda path: commanded(nn.__main__.main, "xor", "--epochs", 2, "--save", path),
    "f.svg": lambda path: viz.draw(F).write(path),
    "f.png": lambda path: commanded(viz.__main__.main, "x * y", "x=2", "y=3", "-o", path),
    "sheet.html": lambda path: viz.worksheet(2, seed=1).page.write(path),
    "steps.html": lambda path: viz.html(F, path),
    "live.html": lambda path: viz.live(F, path),
    "walk.svg": lambda path: viz.animate(F, path),
    "steps/step-00.svg": lambda path: viz.export(F, path.parent),
    "reroll/mnist/t10k-labels-idx1-ubyte": keep,
}


# ── faults ───────────────────────────────────────────────────────────────────────────────────


def limit(folder):
    """No file may be longer than some bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))


def full(folder):
    """The disk has no room."""
    with contextlib.suppress(OSError), open(folder / "filler", "wb", buffering=0) as file:
        while True:
            file.write(bytes(1000))


def read_only(folder):
    """The disk is mounted so that nobody can write."""
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)


def forbidden(folder):
    """The folders belong to others."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o666)
    become_nobody()


def protected(folder):
    """The files may only be read."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o444)
    become_nobody()


def become_nobody():
    """Give up the rights of the superuser, to whom nothing is forbidden."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)


FAULTS = {"limit": limit, "full": full, "read-only": read_only, "forbidden": forbidden, "protected": protected}


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def attempt(write, path):
    """What a writer says that fails."""
    try:
        write(path)
    except (FileError, nn.DataError) as error:
        return str(error)
    raise AssertionError(f"{path} was written")


def main(fault, folder):
    """Let each write where nothing is wrong, and then where something is, over a file that is there."""
    said = {}
    with tempfile.TemporaryDirectory() as room:
        for name, write in WRITERS.items():
            (Path(room) / name).parent.mkdir(parents=True, exist_ok=True)
            write(Path(room) / name)
    for name in WRITERS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"old")
    FAULTS[fault](folder)
    before = tree(folder)
    for name, write in WRITERS.items():
        said[name] = attempt(write, folder / name)
        assert tree(folder) == before, f"{name} has changed something"
    print(json.dumps(said))


if __name__ == "__main__":
    render.render = functools.cache(render.render)  # users without rights cannot start what draws
    main(sys.argv[1], Path(sys.argv[2]))
