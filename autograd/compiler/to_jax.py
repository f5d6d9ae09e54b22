"""The blocks of a program as JAX: the forward half, which JAX can differentiate, compile and spread over devices."""

from __future__ import annotations

import re
from typing import Any

from autograd.compiler.build import Plan
from autograd.compiler.names import literal
from autograd.compiler.source import Text, write
from autograd.errors import MissingPackageError

MODULES = {"jax": "jax", "jax.numpy as jnp": "jnp", "numpy as np": "np"}
"""What a source imports where it uses it, and how it says it."""

VIEW = '''
def view(a, base, sizes, strides):
    """The elements a[..., base + strides · (i, j, …)]."""
    return a[..., base + np.tensordot(np.array(strides, int), np.indices(sizes), 1)]
'''

MAGNITUDE = '''
def magnitude(a):
    """|a|, with the slope 0 at 0."""
    return a * jnp.sign(a)
'''

POWER = '''
def power(a, b):
    """a ** b, with both slopes 0 at 0 ** 0."""
    return jnp.where((a == 0) & (b == 0), 1, a) ** b
'''

LARGER = '''
def larger(a, b):
    """The larger of two, half of each where they are equal."""
    return jnp.where((a > b) | (a != a), a, jnp.where(a == b, a / 2 + b / 2, b))
'''

HELPERS = {"view": VIEW, "magnitude": MAGNITUDE, "power": POWER, "larger": LARGER}

SPELLINGS = {
    "pow": "power({}, {})",
    "abs": "magnitude({})",
    "sigmoid": "jax.nn.sigmoid({})",
    "relu": "jax.nn.relu({})",
    "elu": "np.where({0} > 0, {0}, {1:product} * np.expm1(np.where({0} > 0, 0, {0})))",
    "detach": "jax.lax.stop_gradient({})",
    "maximum": "larger({}, {})",
    "minimum": "(-larger(-{:power}, -{:power}))",
    "max": "np.max(jax.lax.optimization_barrier({}), axis=-1)",
    "min": "np.min(jax.lax.optimization_barrier({}), axis=-1)",
}
"""Operations whose slopes JAX would take otherwise, at 0, everywhere, or far out: 1 / (1 + e^-x) has nan there.

JAX finds which number is the largest by comparing each with the maximum. Under `jit` XLA may compute both anew and
round them otherwise; then none is equal, and the slope is 0 or nan. So two numbers are compared with one another here,
and of several a barrier keeps XLA from computing them twice.
"""


class JaxProgram:
    """A function of JAX arrays that `jax.jit`, `jax.grad` and `jax.vmap` take as it is; `source` is its text.

    `program(theta, X, Y, u)` is the mean loss of the rows of X and Y; where the function that was compiled returns
    several values, or with `each`, it is a row for every example. `u` are random numbers from 0 to 1 of shape (batch,
    `noises`), if the loss draws any. Results have the dtype of theta. Slopes are those of the program in NumPy but
    for one: 0 to a negative power, which is inf, has the slope nan along the exponent in JAX, and -inf in NumPy.
    """

    def __init__(self, made: Plan, each: bool = False) -> None:
        text = write(made, "outputs" if each or made.several else "value_and_grad", SPELLINGS)
        self.source = translated(text)
        self.noises = made.noises
        self.squeezed = each and not made.several
        names: dict[str, Any] = {}
        try:
            exec(compile(self.source, "<compiled for JAX>", "exec"), names)
        except ModuleNotFoundError:
            raise MissingPackageError('JAX is not installed: pip install -e ".[jax]"') from None
        self.function = names["outputs" if text.kind == "outputs" else "loss"]

    def __call__(self, theta: Any, X: Any, Y: Any = None, u: Any = None) -> Any:
        """The mean loss, or a row for every example."""
        result = self.function(theta, *(part.reshape(len(part), -1) for part in (X, Y, u) if part is not None))
        return result[:, 0] if self.squeezed else result

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.source.splitlines())} lines>"


def translated(text: Text) -> str:
    """The forward half of a source, in JAX."""
    results = text.results if text.kind == "outputs" else "value"
    body = [*text.views, "", *text.forward, f"return {results}"]
    if any(re.search(r"\bn\b", line) for line in body):
        body.insert(0, "n = len(x)")
    helpers = "".join(text for name, text in HELPERS.items() if any(f"{name}(" in line for line in body))
    constants = "".join(f"{name} = {literal(array)}\n" for name, array in text.constants.items()
                        if any(re.search(rf"\b{name}\b", line) for line in body))
    lines = "".join(f"    {in_jax(line, text)}\n" if line else "\n" for line in body)
    name = "outputs" if text.kind == "outputs" else "loss"
    signature = f"def {name}({', '.join(text.arguments)}):"
    used = f"{helpers}{constants}{lines}"
    imports = "".join(f"import {module}\n" for module, mark in MODULES.items() if re.search(rf"\b{mark}\.", used))
    return f"{imports}{helpers}{constants}\n\n{signature}\n{lines}"


def in_jax(line: str, text: Text) -> str:
    """A statement of NumPy as one of JAX; numbers take the dtype of theta."""
    line = re.sub(r"np\.float64\('([^']*)'\)", r"jnp.asarray(float('\1'), theta.dtype)", line)
    line = re.sub(r"(?<!j)\bnp\.", "jnp.", line)
    for name, array in text.constants.items():
        if array.dtype.kind == "f":
            line = re.sub(rf"\b{name}\b", f"{name}.astype(theta.dtype)", line)
    return line.replace(".copy()", "")
