"""What CONTRIBUTING.md says about a new operation, done to a copy."""

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

SOURCES = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "nn").rglob("*.py"))

USE = """
import json
import numpy as np
import autograd, nn, viz
from autograd import Value, atan
from autograd.compiler.printers.to_jax import translated

x = Value(0.5, "x")
y = atan(x) * 2
y.backward()
layer = nn.Layer(2, 1, "atan", seed=0)
program = autograd.compile(lambda x: layer(x)[0], layer)
program.value_and_grad(np.zeros(3), [[1.0, 2.0]])
engine = program._traced()
calls = engine.runnable("value_and_grad", np.dtype(float)).source
jax = translated(engine.function("value_and_grad"))
bent = autograd.compile(lambda x: autograd.grad(atan(w * x), [w], create_graph=True)[0], [w := Value(0.5)])
slope, bend = bent.value_and_grad([0.5], [1.0])
print(json.dumps([y.data, x.grad, viz.formula(y, "latex"), program.source, calls, jax, float(slope), float(bend[0])]))
"""


def applied(diff, root):
    """Change the files below a folder as a diff says, whose places are found by their lines."""
    for part in re.split(r"^--- ", diff, flags=re.MULTILINE)[1:]:
        name, *places = re.split(r"^@@.*\n|(?<=\.py)\n", part, flags=re.MULTILINE)
        path = root / name
        text = path.read_text(encoding="utf-8")
        for lines in (place.splitlines(keepends=True) for place in places if place):
            old = "".join(line[1:] for line in lines if line[0] == " ")
            assert text.count(old) == 1, f"{name} has these lines no more:\n{old}"
            text = text.replace(old, "".join(line[1:] for line in lines))
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The repository with the operation that CONTRIBUTING.md adds."""
    root = tmp_path_factory.mktemp("copy")
    for name in ("autograd", "nn", "viz", "tests", "benchmarks"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "pictures"))
    shutil.copy(ROOT / "pyproject.toml", root)
    [diff] = re.findall(r"^```diff\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    applied(diff, root)
    return root


def run(root, *command):
    return subprocess.run([sys.executable, "-B", *command], cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
                          capture_output=True, text=True)


def test_the_operation_works_everywhere(copy):
    done = run(copy, "-c", USE)
    assert not done.returncode, done.stderr
    value, slope, latex, source, calls, jax, first, second = json.loads(done.stdout)
    assert value == 2 * math.atan(0.5)
    assert slope == 2 / (1 + 0.5**2)
    assert r"\arctan\left(x\right)" in latex
    assert "np.arctan(z)" in source
    assert "1 / (1 + z ** 2)" in source
    assert re.search(r"^    np_arctan\(z, \w+\)", calls, re.MULTILINE), "it writes to a buffer"
    assert "jnp.arctan(z)" in jax
    assert first == pytest.approx(1 / (1 + 0.5**2), rel=1e-15)
    assert second == pytest.approx(-2 * 0.5 / (1 + 0.5**2) ** 2, rel=1e-15)


@pytest.mark.slow
def test_its_tests_come_with_it(copy):
    files = ["ops", "formula", "specialize", "javascript", "tokens", "activations"]
    done = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/test_{name}.py" for name in files))
    assert not done.returncode, done.stdout


def test_the_places_named_are_there():
    files = re.findall(r"`([\w/]+\.(?:py|txt)|[\w/]+/)`", TEXT)
    assert len(files) > 8
    assert [name for name in files if not (ROOT / name).exists()] == []
    tables = re.findall(r"\| `([A-Z_]+)` \|", TEXT)
    assert [name for name in tables if not re.search(rf"^{name}\b", SOURCES, re.MULTILINE)] == []


def test_the_newest_version_has_its_changes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [newest, *_] = re.findall(r"^## ([\d.]+),", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest == project["version"]


def test_the_version_is_the_same_wherever_it_is_written():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    [latest, *_] = re.findall(r"^## (\S+), (\S+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert latest == (version, re.findall(r"^date-released: (.*)$", citation, re.MULTILINE)[0])
    assert f"\nversion: {version}\n" in citation


def test_the_workflows_run_the_checks_that_contributors_run():
    workflows = [(ROOT / f".github/workflows/{name}.yml").read_text(encoding="utf-8") for name in ("checks", "release")]
    assert all("- run: bash .ci/run\n" in workflow for workflow in workflows)
