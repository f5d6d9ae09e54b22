"""What can be said of the notebooks without running them; `notebooks/run.py --check` runs them."""

from __future__ import annotations

import ast
import json
import re
import runpy
import sys
import tomllib
import types
from pathlib import Path

import pytest

import autograd
import nn
import viz
import viz.course

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
PUBLIC = {"autograd": autograd, "nn": nn, "viz": viz, "viz.course": viz.course}
LARGEST = 1_500_000

over = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


def cells(path, kind):
    """The cells of a kind, as text."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def outputs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]


# ── Google Colab ─────────────────────────────────────────────────────────────────────────────

REPOSITORY = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"].get(
    "urls", {}).get("Repository", "")


def installed(cell, monkeypatch, colab):
    """What a cell that installs asks pip for, in Colab or elsewhere; there somebody uploads a wheel."""
    if colab:
        files = types.SimpleNamespace(upload=lambda: {"reroll-0.2.0-py3-none-any.whl": b"PK"})
        monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
        monkeypatch.setitem(sys.modules, "google.colab", types.SimpleNamespace(files=files))
    asked = []
    exec(re.sub(r"%pip (.*)", r"pip(f'\1')", cell), {"pip": asked.append})  # as IPython fills in {names}
    return asked


@over
def test_after_its_title_a_notebook_installs_reroll_in_colab_and_nothing_elsewhere(path, monkeypatch):
    cell = cells(path, "code")[0]
    assert installed(cell, monkeypatch, colab=False) == []
    (asked,) = installed(cell, monkeypatch, colab=True)
    where = f'"reroll[plots,pictures] @ git+{REPOSITORY}"' if REPOSITORY else (
        '"./reroll-0.2.0-py3-none-any.whl[plots,pictures]"')
    assert asked == f"install -q {where}"


def test_the_cell_for_colab_takes_the_address_of_the_repository(monkeypatch):
    pytest.importorskip("nbclient")
    run = runpy.run_path(str(FOLDER / "run.py"))
    cell = run["setup"]("https://example.org/reroll")
    assert installed(cell, monkeypatch, colab=True) == [
        'install -q "reroll[plots,pictures] @ git+https://example.org/reroll"']
    assert all(cells(path, "code")[0] == run["setup"](run["REPOSITORY"]) for path in NOTEBOOKS)


# ── what all have ────────────────────────────────────────────────────────────────────────────


def test_notebooks_are_numbered_without_a_gap():
    assert [int(path.name[:2]) for path in NOTEBOOKS] == list(range(1, len(NOTEBOOKS) + 1))


@over
def test_a_notebook_begins_with_its_title_and_what_it_is_for(path):
    first = cells(path, "markdown")[0]
    assert first.startswith(f"# {path.name[:2]} · ")
    assert "After this notebook you can" in "\n".join(cells(path, "markdown")[:3])


@over
def test_a_notebook_ends_with_exercises_and_their_solutions(path):
    assert any(re.search(r"^## Exercises", text, re.MULTILINE) for text in cells(path, "markdown"))
    assert any(text.startswith("# Solutions") for text in cells(path, "code"))


@over
def test_a_notebook_is_small_and_shows_neither_errors_nor_warnings(path):
    assert path.stat().st_size < LARGEST
    assert [output for output in outputs(path) if output["output_type"] == "error"] == []
    assert [output for output in outputs(path) if output.get("name") == "stderr"] == []


@over
def test_links_lead_to_files(path):
    linked = re.findall(r"\]\(([^)#\s]+)", "\n".join(cells(path, "markdown")))
    local = [target for target in linked if not re.match(r"https?://", target)]
    assert [target for target in local if not (FOLDER / target).exists()] == []


@over
def test_a_notebook_uses_public_names_only(path):
    for text in cells(path, "code"):
        tree = ast.parse("\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in text.splitlines()))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PUBLIC:
                assert node.module in PUBLIC, f"from {node.module} import …"
                assert {alias.name for alias in node.names} <= set(PUBLIC[node.module].__all__)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in PUBLIC:
                known = {*PUBLIC[node.value.id].__all__, "plots", "check"}
                assert node.attr in known, f"{node.value.id}.{node.attr}"
