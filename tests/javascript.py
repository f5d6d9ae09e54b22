"""JavaScript run by Node or by a browser, for tests that compare it with Python."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")


AS_TEXT = "JSON.stringify(x, (_, y) => typeof y === 'number' ? String(y) : ArrayBuffer.isView(y) ? [...y] : y)"
"""JSON knows neither nan nor inf, so that numbers travel as text."""


NUMBER = re.compile(r"-?(\d.*|Infinity)|NaN")


def run(script: str) -> Any:
    """What a script gives to `answer(…)`, with every number as the float that JavaScript had."""
    head = f"const answer = x => console.log({AS_TEXT});\n"
    assert NODE is not None
    done = subprocess.run([NODE, "-"], input=head + script, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, object_hook=dict, parse_int=float)


def run_in(browser: Any, script: str) -> Any:
    """The same by a browser."""
    found = browser.execute_script(f"let found; const answer = x => {{ found = {AS_TEXT}; }};\n{script}\nreturn found;")
    return floats(json.loads(found))


def floats(nested: Any) -> Any:
    """Numbers written as text, in lists and objects, as floats; what is none as it is."""
    if isinstance(nested, list):
        return [floats(member) for member in nested]
    if isinstance(nested, dict):
        return {name: floats(member) for name, member in nested.items()}
    return float(nested.replace("Infinity", "inf")) if isinstance(nested, str) and NUMBER.fullmatch(nested) else nested


def array(numbers: Any) -> str:
    """Numbers as a Float64Array, row after row."""
    return f"Float64Array.of({', '.join(map(written, np.asarray(numbers, float).ravel().tolist()))})"


def written(number: float) -> str:
    """A number in JavaScript."""
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(number), repr(number))
