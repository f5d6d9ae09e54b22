"""JavaScript run by Node, for tests that compare it with Python."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")


def run(script: str) -> Any:
    """What a script gives to `answer(…)`, with every number as the float that JavaScript had."""
    # JSON knows neither nan nor inf, so that numbers travel as text.
    head = "const answer = x => console.log(JSON.stringify(x, (_, y) => typeof y === 'number' ? String(y) : y));\n"
    assert NODE is not None
    done = subprocess.run([NODE, "-"], input=head + script, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, object_hook=dict, parse_int=float)


def floats(nested: Any) -> Any:
    """Lists of numbers written as text, as floats."""
    return [floats(member) for member in nested] if isinstance(nested, list) else float(nested)


def written(number: float) -> str:
    """A number in JavaScript."""
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(number), repr(number))
