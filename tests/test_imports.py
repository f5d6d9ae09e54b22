"""What importing does not do: load what is heavy and seldom needed, or touch anything beyond its own modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

over = pytest.mark.parametrize

MODULES = ["autograd", "nn.__main__", "viz.__main__"]
"""A command loads all of its package."""

UNNEEDED = {
    "matplotlib": "only plots need it, and it is an extra",
    "jax": "only programs on its devices need it, and it is an extra",
    "torch": "nn writes text for it and never loads it",
    "IPython": "it knows what it shows by the methods that it calls",
    "tqdm": "only a progress bar needs it",
    "threadpoolctl": "only a training needs it",
    "http": "only what downloads MNIST needs it",
    "urllib": "likewise",
    "tarfile": "likewise",
    "socket": "comes with http",
    "ssl": "comes with http",
    "email": "comes with http",
    "concurrent": "only the export of many pictures needs it",
    "importlib.resources": "only what reads files of the packages needs it",
    "importlib.metadata": "comes with tqdm",
    "autograd.check.search": "only a check of somebody's matrices needs it",
    "autograd.check.student": "only a check of somebody's engine needs it",
    "asyncio": "nothing needs it",
    "multiprocessing": "nothing needs it",
    "unittest": "nothing needs it",
}
"""Modules that importing leaves alone, and why."""

OF_OTHERS = {
    "numpy.random": "noise makes its generator when it is first asked for a number",
    "graphviz": "drawing is viz's",
    "subprocess": "running programs is viz's",
    "zipfile": "files of models are nn's",
    "json": "likewise",
}
"""Modules that nn or viz may load, but autograd does not."""

LOADED = "import sys, numpy; before = {{*sys.modules}}; import {}; print(*sys.modules.keys() - before)"
"""Prints the modules that come beside those of NumPy, which are others in every version."""

TOUCHED = """
import os, random, signal, sys, threading, warnings
import numpy as np

DEEDS = {{"os.mkdir", "os.putenv", "os.remove", "os.rename", "socket.connect", "subprocess.Popen", "tempfile.mkstemp",
         "_thread.start_new_thread"}}

def audit(event, arguments):
    if event in DEEDS or event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        print(event, arguments)

def settings():
    return {{
        "signal handlers": [signal.getsignal(number) for number in signal.valid_signals()],
        "threads": threading.active_count(), "warnings": list(warnings.filters), "hook": sys.excepthook,
        "recursion": sys.getrecursionlimit(), "folder": os.getcwd(), "random": random.getstate(),
        "NumPy's errors": np.geterr(), "NumPy's printing": np.get_printoptions(),
        "NumPy's random": str(np.random.get_state()),
    }}

before = settings()
sys.addaudithook(audit)
import {}
after = settings()
print(*[name for name in before if before[name] != after[name]])
"""
"""Prints what an import does to the world and which settings it changes."""


def printed(code: str) -> str:
    """What a fresh process prints."""
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, check=False,
                          cwd=Path(__file__).parent.parent, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@over("module", MODULES)
def test_importing_loads_nothing_that_few_need(module):
    loaded = set(printed(LOADED.format(module)).split())
    assert module in loaded
    assert not loaded & (UNNEEDED.keys() | (OF_OTHERS.keys() if module == "autograd" else set()))


@over("module", MODULES)
def test_importing_touches_nothing(module):
    assert printed(TOUCHED.format(module)).split() == []


def test_what_touches_the_world_is_noticed(tmp_path):
    deed = f"os; open({str(tmp_path / 'file')!r}, 'w'); signal.signal(signal.SIGINT, signal.SIG_IGN)"
    assert printed(TOUCHED.format(deed)).split("\n")[0].startswith("open")
    assert printed(TOUCHED.format(deed)).splitlines()[-1] == "signal handlers"


SHADOWED = """
import importlib, pathlib, sys
sys.path.insert(0, {!r})
for folder in ("nn", "viz"):
    for file in pathlib.Path(folder).rglob("*.py"):
        module = ".".join(file.with_suffix("").parts).removesuffix(".__init__")
        for loaded in [name for name in sys.modules if name.split(".")[0] in ("nn", "viz", "autograd")]:
            del sys.modules[loaded]
        try:
            importlib.import_module(module)
            print(module, "was imported")
        except ImportError as error:
            if "needs the package autograd of reroll, but Python finds another one" not in str(error):
                print(module, error)
"""
"""Prints which modules of nn and viz, imported first, do not say that another autograd is in the way."""


@over("other", ["autograd/__init__.py", "autograd.py"])
def test_another_package_of_the_name_autograd_is_named_whatever_is_imported_first(tmp_path, other):
    (tmp_path / other).parent.mkdir(exist_ok=True)
    (tmp_path / other).write_text("def grad(f): ...\nclass Value: ...\n")
    assert printed(SHADOWED.format(str(tmp_path))) == ""


def test_the_first_page_of_the_compiler_names_every_file():
    import autograd.compiler

    files = [file.stem for file in Path(autograd.compiler.__path__[0]).rglob("*.py") if file.stem != "__init__"]
    assert [name for name in files if f"`{name}`" not in autograd.compiler.__doc__] == []
