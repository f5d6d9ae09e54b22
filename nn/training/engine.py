"""Engines: what computes the mean loss over a batch and its gradient.

An engine is made from `loss(x, y)`, a function of one example, and the parameters. Its one method is

    value_and_grad(theta, X, Y, rng=None, out=None) -> (value, gradient)

with θ and the gradient flat vectors in the order of the parameters. "compiled" is
`autograd.compile`: matrix statements over the whole batch; "eager" builds and walks the graph of
every example; "jax" runs those matrix statements on every device that JAX sees; "native" runs small and irregular
losses as machine code, and of large ones what is between products of matrices. They compute the same to rounding,
random numbers included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

import autograd
from autograd import Value
from autograd.errors import UsageError
from autograd.flat import gradients_of, zero_gradients
from autograd.nested import parameters_of
from autograd.noise import drawing_from
from nn.examples import FloatArray
from nn.models.module import values
from nn.vector import vector_to_parameters


class Engine(Protocol):
    """Something that computes the mean loss over a batch, and its gradient."""

    def value_and_grad(
        self, theta: FloatArray, X: FloatArray, Y: FloatArray, *,
        rng: np.random.Generator | None = None, out: FloatArray | None = None,
    ) -> tuple[Any, ...]:
        """The mean loss of the rows of X and Y, and its derivative with respect to θ, in `out` if there is one."""
        ...


EngineMaker = Callable[[Callable[[Any, Any], Any], Any], Engine]
"""Makes an engine from the loss of one example and the parameters."""


class EagerEngine:
    """The engine that builds the graph of each example, number by number, and walks it back.

    >>> w = Value(2.0)
    >>> engine = EagerEngine(lambda x, y: (y - w * x) ** 2, [w])
    >>> engine.value_and_grad(np.array([2.0]), [3.0], [10.0])
    (16.0, array([-24.]))
    """

    def __init__(self, loss: Callable[[Any, Any], Value], params: Any) -> None:
        self.loss = loss
        self.params = parameters_of(params)

    def value_and_grad(
        self, theta: npt.ArrayLike, X: npt.ArrayLike, Y: npt.ArrayLike, *,
        rng: np.random.Generator | None = None, out: FloatArray | None = None,
    ) -> tuple[float, FloatArray]:
        """The mean loss of the rows of X and Y, and its derivative with respect to θ.

        Writes θ into the parameters, and leaves the gradient in their `grad`. Random numbers come from
        `rng`, the same for every example as in a compiled program.
        """
        theta = np.asarray(theta)
        vector_to_parameters(theta, self.params)
        zero_gradients(self.params)
        mean, xs, ys = 0.0, np.asarray(X).tolist(), np.asarray(Y).tolist()
        # One by one a generator draws the numbers that it would draw at once, row by row.
        with drawing_from((rng or np.random.default_rng()).random):
            for x, y in zip(xs, ys, strict=True):
                # The gradient of a mean is the sum of its shares, so that one graph at a time need be in memory.
                share = self.example(x, y) / len(xs)
                share.backward()
                mean += share.data
        gradient = np.empty(len(self.params), np.result_type(theta, np.float32)) if out is None else out
        gradient[:] = gradients_of(self.params)
        return mean, gradient

    def example(self, x: Any, y: Any) -> Value:
        """The loss of one example."""
        loss = self.loss(values(x), values(y))
        if not isinstance(loss, Value):
            raise UsageError(f"the loss of an example must be one Value, {type(loss).__name__} came")
        return loss


def jax_engine(loss: Callable[[Any, Any], Any], params: Any) -> Engine:
    """The engine of `nn.training.jax_engine`, which is loaded only when somebody asks for it."""
    from nn.training.jax_engine import JaxEngine

    return JaxEngine(loss, params)


def native_engine(loss: Callable[[Any, Any], Any], params: Any) -> Engine:
    """The compiled loss as machine code, for which llvmlite is needed."""
    return autograd.compile(loss, params).to_native()


ENGINES: dict[str, EngineMaker] = {
    "compiled": autograd.compile, "eager": EagerEngine, "jax": jax_engine, "native": native_engine,
}
"""Every engine by its name."""
