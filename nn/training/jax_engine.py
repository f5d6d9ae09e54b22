"""The engine that trains on every device that JAX sees: the rows of a batch are split among them.

This is data parallelism by `jax.sharding`: each device has all parameters and its share of the rows, and XLA adds up
what the devices find. Nothing here knows whether they are cores, GPUs, TPUs or those of several hosts.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd
from autograd.compiler.arguments import Batch, as_batch, check_out, vector
from autograd.compiler.printers.to_jax import JaxProgram
from autograd.errors import MissingPackageError, UsageError

FloatArray = npt.NDArray[Any]


class JaxEngine:
    """A loss compiled for JAX, the rows of each batch split among `devices`; `repr` names them.

    Numbers are those of the compiled program to rounding, random ones included, in the dtype of θ; float64 is
    switched on for these calls alone. Each process of `jax.distributed` makes the same calls with the same
    arguments. Raises `MissingPackageError` without JAX.
    """

    def __init__(self, loss: Callable[..., Any], params: Any) -> None:
        self.jax = jax = imported("jax")
        self.program = autograd.compile(loss, params)
        self.devices = jax.devices()
        mesh = jax.sharding.Mesh(np.array(self.devices), ("rows",))
        self.whole = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
        self.split = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("rows"))
        self.steps: dict[tuple[Any, ...], tuple[Any, JaxProgram]] = {}
        self.checked = jax.process_count() == 1

    def value_and_grad(
        self, theta: npt.ArrayLike, X: npt.ArrayLike, Y: npt.ArrayLike | None = None, *,
        rng: np.random.Generator | None = None, out: FloatArray | None = None,
    ) -> tuple[Any, ...]:
        """The mean loss over the rows of X and Y, and its gradient with respect to θ, in `out` if there is one.

        Raises what `Program.value_and_grad` raises.
        """
        theta, batch = vector(theta, len(self.program.params)), as_batch(X, Y)
        check_out(out, theta, batch)
        step, losses = self.step(batch)
        noises = losses.noises
        noise = (rng or np.random.default_rng()).random((len(batch), noises)).astype(theta.dtype) if noises else None
        parts = [part for part in (*batch.matrices(theta.dtype), noise) if part is not None]
        missing = -len(batch) % len(self.devices)
        with self.jax.enable_x64(theta.dtype == np.float64):
            self.check_processes(theta, parts)
            shares = [self.placed(padded(part, missing), self.split) for part in parts]
            given = self.placed(theta, self.whole), self.placed(losses.numbers().astype(theta.dtype), self.whole)
            value, slope = map(np.asarray, step(*given, len(batch), *shares))
        gradient = np.empty_like(theta) if out is None else out
        gradient[:] = slope
        return value[()], gradient

    def step(self, batch: Batch) -> tuple[Any, JaxProgram]:
        """The function that computes value and gradient for rows of this shape, and the program that it differentiates.

        Its arguments are θ, the numbers from outside, how many rows count, which come first, and X, Y and the random
        numbers.
        """
        if batch.shapes not in self.steps:
            losses = JaxProgram(self.program._compiled(batch, "value_and_grad").plan.laid, each=True)
            jax = self.jax

            def mean(theta: Any, outside: Any, n: Any, *parts: Any) -> Any:
                x, y, u = (*parts, None, None)[:3]
                found = losses(theta, x, y, u, outside)
                return jax.numpy.mean(found, where=jax.numpy.arange(len(found)) < n)

            made = jax.jit(jax.value_and_grad(mean), out_shardings=self.whole)
            self.steps[batch.shapes] = made, losses
        return self.steps[batch.shapes]

    def retrace(self) -> bool:
        """As that of a program."""
        changed = self.program.retrace()
        if changed:
            self.steps.clear()
        return changed

    def placed(self, array: FloatArray, sharding: Any) -> Any:
        """An array on the devices of this process, each of which takes its part."""
        return self.jax.make_array_from_callback(array.shape, sharding, array.__getitem__)

    def check_processes(self, *arguments: Any) -> None:
        """Raise `UsageError` if processes begin with different arguments: it would train nothing of use."""
        if self.checked:
            return
        try:
            imported("jax.experimental.multihost_utils").assert_equal(arguments)
        except AssertionError:
            raise UsageError("the processes train with different parameters or batches: "
                             "give the model, the data and fit the same seeds in each") from None
        self.checked = True

    @property
    def place(self) -> str:
        """The devices in words."""
        kinds = Counter(device.device_kind for device in self.devices)
        processes = self.jax.process_count()
        return (" and ".join(f"{n} × {kind}" for kind, n in kinds.items())
                + (f" of {processes} processes" if processes > 1 else ""))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {self.place}>"


def imported(name: str) -> Any:
    """A module of JAX, which takes a second to import, for those who train with it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        message = f'engine="jax" needs {error.name}, which is not installed: pip install -e ".[jax]"'
        raise MissingPackageError(message, name=error.name) from None


def padded(part: FloatArray, missing: int) -> FloatArray:
    """An array with its last row repeated, so that every device has as many rows as the others.

    >>> padded(np.array([[1.0], [2.0]]), 2).ravel().tolist()
    [1.0, 2.0, 2.0, 2.0]
    """
    return np.pad(part, ((0, missing), (0, 0)), mode="edge") if missing else part
