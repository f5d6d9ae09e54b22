"""Run the notebooks: `python notebooks/run.py` writes their outputs, with `--check` it compares them instead.

A notebook is committed with its outputs, written in one way: no times, nothing that a kernel counts, cells numbered in
order, so that a change shows as a small difference. Of a picture, what every viewer shows is kept: the HTML, and a PNG
of 256 colours, a third as large as it came. `--check` runs each in a fresh kernel and fails for an
exception, a warning or anything else on stderr, and for text that differs from what is committed: words must be equal,
numbers nearly so. Pictures and pages are not compared, nor is a cell that is tagged "varies", such as one that tells
the time.
"""

from __future__ import annotations

import argparse
import base64
import concurrent.futures
import io
import math
import os
import re
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from PIL import Image

HERE = Path(__file__).parent
LARGEST = 1_500_000
"""Bytes that a notebook may have."""

PROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY: str = PROJECT.get("urls", {}).get("Repository", "")

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
TOLERANCE = 1e-3
"""How far numbers may be off, relative to their size: training adds up roundings that differ between machines."""


def setup(repository: str) -> str:
    """The cell that installs reroll in Colab: from its repository, or a wheel where that has no public address.

    Without `jupyter` and `notebooks`: Colab has an IPython of its own, which must not be replaced.
    """
    if repository:
        where, install = "this cell installs it", [f'%pip install -q "reroll[plots,pictures] @ git+{repository}"']
    else:
        where = "choose the wheel that `python -m build` has written into dist/"
        install = ["from google.colab import files", "", "wheel = next(iter(files.upload()))",
                   '%pip install -q "./{wheel}[plots,pictures]"']
    lines = ['# In a copy of the repository, once: pip install -e ".[jupyter]"', f"# In Google Colab, {where}.",
             "import sys", "", 'if "google.colab" in sys.modules:', *(f"    {line}".rstrip() for line in install)]
    return "\n".join(lines)


def with_setup(notebook: Any) -> Any:
    """The notebook with that cell after its title; the documentation leaves it out, by its tag."""
    title, *others = (cell for cell in notebook.cells if "remove-cell" not in cell.metadata.get("tags", []))
    cell = nbformat.v4.new_code_cell(setup(REPOSITORY), metadata={"tags": ["remove-cell"]})
    notebook.cells = [title, cell, *others]
    return notebook


def execute(path: Path, seconds: int) -> Any:
    """A notebook after all its cells have run, from the first to the last, in a kernel of its own."""
    notebook = with_setup(nbformat.read(path, as_version=4))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook, kernel_name="python3", timeout=seconds, resources={"metadata": {"path": HERE}},
        extra_arguments=["--log-level=ERROR"],
    ).execute()
    return normalised(notebook)


def normalised(notebook: Any) -> Any:
    """The notebook without anything that differs from one run to the next."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells, 1):
        cell["id"] = f"cell-{number:02}"
        tags = cell.metadata.get("tags", [])
        cell.metadata = {"tags": tags} if tags else {}
        if "hidden" in tags:
            cell.metadata["jupyter"] = {"source_hidden": True}  # solutions: JupyterLab folds them
        if cell.cell_type == "code":
            cell.outputs = [lighter(without_counters(output)) for output in merged(cell.outputs)]
    notebook.nbformat_minor = 5
    return notebook


def merged(outputs: list[Any]) -> Iterator[Any]:
    """Outputs in which text printed in several portions is one."""
    last = None
    for output in outputs:
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
            continue
        if last is not None:
            yield last
        last = output
    if last is not None:
        yield last


def without_counters(output: Any) -> Any:
    """An output without metadata; addresses in the text of objects are hidden."""
    if output.output_type in ("execute_result", "display_data"):
        output.metadata = {}
        if "text/plain" in output.data:
            output.data["text/plain"] = re.sub(r" at 0x[0-9a-f]+", "", output.data["text/plain"])
    return output


def lighter(output: Any) -> Any:
    """An output without the SVG that its HTML holds as well, its PNG with a palette: no eye sees the difference."""
    data = output.get("data", {})
    if "data:image/svg+xml" in data.get("text/html", ""):
        data.pop("image/svg+xml", None)
    if "image/png" in data:
        file = io.BytesIO()
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
        picture.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        data["image/png"] = base64.b64encode(file.getvalue()).decode()
    return output


# ── comparison ───────────────────────────────────────────────────────────────────────────────


def text_of(cell: Any) -> str:
    """What a cell says in words and numbers; the text beside a picture or a page is left out."""
    said = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            said.append(output.text)
        elif set(output.get("data", {})) == {"text/plain"}:
            said.append(output.data["text/plain"])
    return "\n".join(said)


def same(one: str, other: str) -> bool:
    """Whether two texts have the same words, and numbers that differ by rounding at most."""
    numbers = [[float(text) for text in NUMBER.findall(said)] for said in (one, other)]
    words = [NUMBER.sub("#", said).split() for said in (one, other)]
    close = all(
        math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=1e-9) for a, b in zip(*numbers, strict=False)
    )
    return words[0] == words[1] and len(numbers[0]) == len(numbers[1]) and close


def faults(committed: Any, run: Any) -> Iterator[str]:
    """What is wrong with a run: warnings, and text that is not what the committed notebook shows."""
    for number, (old, new) in enumerate(zip(committed.cells, run.cells, strict=True), 1):
        errors = [output.text for output in new.get("outputs", []) if output.get("name") == "stderr"]
        if errors:
            yield f"cell {number} wrote to stderr: {errors[0].strip()[:300]}"
        if "varies" not in old.metadata.get("tags", []) and not same(text_of(old), text_of(new)):
            yield f"cell {number} is stale\n  committed: {text_of(old)[:300]!r}\n  now:       {text_of(new)[:300]!r}"


def treat(path: Path, check: bool, seconds: int) -> tuple[float, list[str]]:
    """Run one notebook, and write it or compare it: the seconds it took, and its faults."""
    started = time.perf_counter()
    committed = with_setup(nbformat.read(path, as_version=4))
    try:
        run = execute(path, seconds)
    except (CellExecutionError, CellTimeoutError) as error:
        return time.perf_counter() - started, [str(error)]
    found = list(faults(committed if check else run, run))
    text = nbformat.writes(run)
    if len(text.encode()) > LARGEST:
        found.append(f"{len(text.encode()):,} bytes are too many, {LARGEST:,} are allowed")
    if not check:
        path.write_text(text + "\n", encoding="utf-8")
    return time.perf_counter() - started, found


def main() -> int:
    """Run the notebooks that are named, or all; the exit code is 1 if any has faults."""
    parser = argparse.ArgumentParser(prog="notebooks/run.py", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="those to run (all, if none is named)")
    parser.add_argument("--check", action="store_true", help="compare with what is committed and write nothing")
    parser.add_argument("--timeout", type=int, default=300, metavar="S", help="seconds a cell may take (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="notebooks at a time (%(default)s)")
    options = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # notebooks side by side would stall each other
    paths = options.notebooks or sorted(HERE.glob("[0-9]*.ipynb"))
    failed = False
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = {path: pool.submit(treat, path, options.check, options.timeout) for path in paths}
        for path, job in jobs.items():
            seconds, found = job.result()
            failed = failed or bool(found)
            print(f"{path.name}: {'; '.join(found) if found else 'as it should be'} ({seconds:.0f} s)", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
