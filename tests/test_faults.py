"""What goes wrong in real life: processes are killed, Ctrl-C is pressed, disks are full, servers lie, callbacks raise.

The slow tests do each of it as often as the environment variable REROLL_FAULTS says; `tests/killed.py` and
`tests/interrupted.py` are the processes that they do it to.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mirrors import mirror, originals, right

TIMES = int(os.environ.get("REROLL_FAULTS", "20"))
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


def test_ctrl_c_at_any_moment_leaves_a_finished_step(tmp_path):
    found("tests.interrupted", "compiled", 4, 1, 5, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("presses", [1, 3])
@pytest.mark.parametrize("engine", ["compiled", "eager"])
def test_ctrl_c_at_many_moments_leaves_finished_steps(tmp_path, engine, presses):
    met = found("tests.interrupted", engine, TIMES, presses, 6, tmp_path)
    assert met.get("between steps", 0) > 0 or presses > 1


@pytest.mark.slow
def test_ctrl_c_while_jax_computes_leaves_a_finished_step(tmp_path):
    pytest.importorskip("jax")
    found("tests.interrupted", "jax", 1, 1, 7, tmp_path)
