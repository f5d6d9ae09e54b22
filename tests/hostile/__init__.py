"""Hostile input: targets for Hypothesis (`test_hostile.py`) and for a coverage-guided fuzzer (`fuzz.py`).

A target takes bytes, makes an input of them, and raises `AssertionError` if the software breaks its promise; whatever
else it raises is a fault as well.
"""

from __future__ import annotations

from collections.abc import Callable

from hostile import arguments, files, labels, numbers, programs, texts

TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        texts.expression, texts.command,
        files.model_file, files.checkpoint_file, files.idx_file, files.png_file, files.picture_file,
        labels.drawing, labels.other_drawing, labels.picture, labels.sentences, labels.page,
        programs.program, programs.numpy_formula, programs.torch_source,
        numbers.arithmetic, arguments.call,
    )
}
"""Every target by its name."""
