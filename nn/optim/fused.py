"""Steps of an optimiser in machine code."""

from __future__ import annotations

from autograd.compiler.native.vectors import Loops, arrays_in
from nn.optim.base import Optimizer
from nn.optim.clip import Vector

FEW = 16_384
"""Up to so many parameters, the calls of NumPy take no longer than to note them."""


class Fused:
    """An optimiser whose calls of NumPy are done together, in one loop over θ; it needs the extra `native`.

    The same numbers come out, to rounding. All that is remembered from step to step is in the optimiser. If that or θ
    comes to lie elsewhere than in the first step, its calls are done one by one again.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.loops: Loops | None = None

    def step(self, theta: Vector, gradient: Vector) -> Vector:
        """`Optimizer.step`, or what a subclass has in its place."""
        one = self.optimizer
        if theta.size <= FEW or type(one).step is not Optimizer.step:
            return one.step(theta, gradient)
        one.begin(theta, gradient)
        state, spare = one.state, (one.move, one.bent, one.spare)
        kept = [theta, gradient, *state.values()]
        loops = self.loops = self.loops or Loops(kept, spare)
        if not loops.are_of([*kept, *spare]):
            return one.change(theta, gradient)
        first, second, *others = loops.vectors
        try:
            one.state = dict(zip(state, others, strict=False))
            one.move, one.bent, one.spare = others[len(state) :]
            one.change(first, second)
            loops.run()
        finally:
            loops.forget()
            one.state = {name: arrays_in(vector) for name, vector in one.state.items()}
            one.move, one.bent, one.spare = spare
        return theta
