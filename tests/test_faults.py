"""What goes wrong in real life: processes are killed, Ctrl-C is pressed, disks are full, servers lie, callbacks raise.

The slow tests do each of it as often as the environment variable REROLL_FAULTS says; `tests/killed.py`,
`tests/interrupted.py` and `tests/unwritable.py` are the processes that they do it to.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from mirrors import mirror, originals, right

TIMES = int(os.environ.get("REROLL_FAULTS", "30"))
ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems with fork can do that to a process")


def found(*command, **environment):
    """What a module of tests prints in JSON."""
    process = subprocess.run(
        [sys.executable, "-m", *map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "no_proxy": "*"} | environment,
    )
    assert process.returncode == 0, process.stderr
    print(process.stdout)
    return json.loads(process.stdout)


# ── killed ───────────────────────────────────────────────────────────────────────────────────


def test_a_process_that_is_killed_while_it_saves_a_model_leaves_the_old_file_or_the_new(tmp_path):
    met = found("tests.killed", "save", 8, 1, tmp_path)
    assert met["kills"] == 8
    assert met["while saving"] > 0


@pytest.mark.slow
def test_models_are_whole_however_often_their_writer_is_killed(tmp_path):
    met = found("tests.killed", "save", TIMES, 2, tmp_path)
    assert met["kills"] == TIMES
    assert met["midst of a file"] > 0


@pytest.mark.slow
def test_a_training_that_is_killed_goes_on_to_the_same_result(tmp_path):
    met = found("tests.killed", "checkpoint", TIMES, 3, tmp_path)
    assert met["kills"] == TIMES
    assert met["while saving"] > 0


@pytest.mark.slow
def test_a_process_that_is_killed_while_it_fills_the_cache_of_mnist_leaves_no_half_file(tmp_path):
    with mirror(right(originals(images=3000))) as address:
        met = found("tests.killed", "cache", TIMES, 4, tmp_path, address)
    assert met["kills"] > 0


# ── Ctrl-C ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize("presses", [1, 3])
@pytest.mark.parametrize("engine", ["compiled", "eager"])
def test_ctrl_c_at_many_moments_leaves_finished_steps(tmp_path, engine, presses):
    met = found("tests.interrupted", engine, TIMES, presses, 6, tmp_path)
    assert met.get("between steps", 0) > 0 or presses > 1


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_ctrl_c_while_jax_computes_leaves_a_finished_step(tmp_path):
    found("tests.interrupted", "jax", 1, 1, 7, tmp_path)


# ── disks ────────────────────────────────────────────────────────────────────────────────────


def said(fault, folder):
    """What those say who cannot write a file, by its name."""
    messages = found("tests.unwritable", fault, folder)
    for name, message in messages.items():
        place = "MNIST cannot be kept in" if "mnist" in name else f"{folder / name} cannot be written: "
        assert message.startswith(place)
    return messages.values()


def test_where_files_may_not_grow_old_ones_stay_and_the_error_says_what_to_do(tmp_path):
    assert all("File too large; free some space, or choose another place" in each for each in said("limit", tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["forbidden", "protected"])
def test_where_somebody_may_not_write_old_files_stay_and_the_error_says_what_to_do(fault):
    with tempfile.TemporaryDirectory() as folder:  # in that of pytest others may not even look
        os.chmod(folder, 0o755)
        messages = said(fault, Path(folder))
        os.chmod(folder, 0o755)
    assert all("Permission denied; choose a place where you may write" in each for each in messages)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 128 kB."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", tmp_path], capture_output=True)
    if mounted.returncode:
        pytest.skip("a disk cannot be mounted here")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "message"), [
    ("full", "No space left on device; free some space, or choose another place"),
    ("read-only", "Read-only file system; choose a place where you may write"),
])
def test_where_a_disk_takes_nothing_old_files_stay_and_the_error_says_what_to_do(small_disk, fault, message):
    assert all(message in each for each in said(fault, small_disk))
