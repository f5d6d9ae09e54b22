"""LLVM's text compiled to machine code, which is kept in files for the next process, and called with arrays.

LLVM comes with the package llvmlite (extra "native"): it compiles in a tenth of the time that numba, which is made of
it, needs to load, and no C compiler has to be there.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd.compiler.native.llvm import joined
from autograd.errors import MissingPackageError
from autograd.files import replacing

LONG = 8000
"""Lines of text from which on to optimise takes several seconds, and saves less than a third of the time of a call."""

KEPT = 1000
"""Files of machine code that are kept; where there are more, a quarter goes that was not used for longest."""


@functools.cache
def llvm() -> Any:
    """llvmlite's binding of LLVM, ready; raises `MissingPackageError` without it."""
    try:
        import llvmlite.binding as binding
    except ModuleNotFoundError:
        raise MissingPackageError(
            'engine="native" and to_native() need the package llvmlite: pip install -e ".[native]"') from None
    with contextlib.suppress(RuntimeError):  # newer ones need no initialisation
        binding.initialize()
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


def is_known(name: str) -> bool:
    """Whether the C library has a function, which machine code may call from now on."""
    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    with contextlib.suppress(AttributeError):
        llvm().add_symbol(name, ctypes.cast(getattr(library, name), ctypes.c_void_p).value)
        return True
    return False


def folder() -> Path:
    """Where machine code is kept: a folder of caches of the user's."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "reroll"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reroll"


class Machine:
    """Compiled text: `function` is called with the `id` of so many arrays, which is their address, and a number.

    Other threads may call it at the same time.
    """

    def __init__(self, text: str, arrays: int) -> None:
        binding = llvm()
        triple = binding.get_default_triple()
        cpu, features = binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
        optimised = int(text.count("\n") < LONG)
        target = binding.Target.from_triple(triple).create_target_machine(cpu=cpu, features=features, opt=optimised)
        key = "\n".join([str(binding.llvm_version_info), triple, cpu, features, text])
        place = folder() / f"{hashlib.sha256(key.encode()).hexdigest()}.o"
        code = kept(place)
        if code is None:
            code = target.emit_object(binding.parse_assembly(f'target triple = "{triple}"\n{text}'))
            keep(place, code)
        engine = binding.create_mcjit_compiler(binding.parse_assembly(""), target)
        engine.add_object_file(binding.ObjectFileRef.from_data(code))
        engine.finalize_object()
        address = engine.get_function_address("function")
        function: Any = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * arrays, ctypes.c_int64)(address)
        function.engine = engine  # which holds the code as long as somebody can call it
        self.function = function


def keep(place: Path, code: bytes) -> None:
    """Write machine code to a file with its checksum, if that can be."""
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place) as file:
            file.write(hashlib.sha256(code).digest() + code)
        files = list(place.parent.glob("*.o"))
        if len(files) > KEPT:
            for old in sorted(files, key=lambda file: file.stat().st_mtime)[: 1 + KEPT // 4]:
                old.unlink(missing_ok=True)


def kept(place: Path) -> bytes | None:
    """The machine code in a file, if it is there and whole; it has been used now."""
    with contextlib.suppress(OSError):
        data = place.read_bytes()
        if hashlib.sha256(data[32:]).digest() == data[:32]:
            with contextlib.suppress(OSError):
                os.utime(place)
            return data[32:]
    return None


def opened(arrays: Sequence[str]) -> str:
    """The function that is called with the addresses of arrays, and has `compute` called with those of their numbers.

    To ask an array for that address takes NumPy and ctypes longer than all the computation of a small loss. It stands
    behind what every object begins with, as NumPy's C interface says.
    """
    head = object.__basicsize__
    arguments = ", ".join(f"ptr %{array}" for array in arrays)
    numbers = ", ".join(f"ptr %{array}.numbers" for array in arrays)
    lines = [line for array in arrays for line in (
        f"%{array}.place = getelementptr i8, ptr %{array}, i64 {head}",
        f"%{array}.numbers = load ptr, ptr %{array}.place")]
    return (f"\ndefine void @function({arguments}, i64 %n) nounwind {{\n"
            + joined([*lines, f"call void @compute({numbers}, i64 %n)", "ret void"]) + "}\n")
