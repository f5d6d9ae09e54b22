"""A model and its training as plain PyTorch code, for those who move on."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from autograd.compiler.arrays.names import numbers
from autograd.errors import UsageError
from autograd.files import PathLike
from nn.arguments import count, precision
from nn.files.torch_parts import Part, cost_text, optimizer_call, parts, rate_factor, schedule_lines
from nn.losses import Loss, name_of
from nn.models.module import Module
from nn.models.neuron import Neuron
from nn.optim import SGD, Optimizer
from nn.penalties import Penalized

INLINE = 1000
"""As many parameters are written into the source; more are read from a file."""

USUAL = {"nn.Sigmoid()": "binary_cross_entropy", "nn.Softmax(dim=1)": "cross_entropy"}
"""The loss that goes with an activation of the output; "mse" with any other."""


def to_torch_source(
    model: Module, loss: str | Loss | None = None, optimizer: Optimizer | None = None, *, epochs: int = 100,
    batch_size: int | None = None, shuffle: bool = True, dtype: npt.DTypeLike = np.float64,
    weights: PathLike | None = None,
) -> str:
    """A model and its training as Python source that needs PyTorch and nothing of reroll.

    It defines `model`, with the parameters that this one has now; `optimizer`, which starts afresh; and `train(X, Y)`,
    which returns the mean loss of each epoch: to rounding that of `fit` with the same arguments and shuffle=False.
    PyTorch draws other random numbers, so that shuffled epochs and dropout give losses that are alike only on average.
    Without `loss` it is the one that goes with the last activation, without `optimizer` SGD(0.1).

    Up to 1000 parameters are written into the source. With more, or if `weights` is given, it reads them from that
    .npz file by NumPy: write it with `model.save(weights)`.

    Raises `UsageError` for what PyTorch has no counterpart of, such as `Maxout`, or functions of your own.

    >>> from nn import MLP
    >>> print(to_torch_source(MLP(2, [1], output="sigmoid", init="zeros"), optimizer=SGD(0.5), epochs=20))
    import torch
    from torch import nn
    from torch.nn import functional as F
    <BLANKLINE>
    torch.set_default_dtype(torch.float64)
    <BLANKLINE>
    model = nn.Sequential(
        nn.Linear(2, 1),
        nn.Sigmoid(),
    )
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[0.0, 0.0]]))
        model[0].bias.copy_(torch.tensor([0.0]))
    <BLANKLINE>
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    <BLANKLINE>
    <BLANKLINE>
    def cost(outputs, targets):
        return F.binary_cross_entropy(outputs, targets)
    <BLANKLINE>
    <BLANKLINE>
    def train(X, Y, epochs=20):
        X = torch.as_tensor(X, dtype=torch.float64)
        Y = torch.as_tensor(Y, dtype=torch.float64).reshape(len(X), -1)
        losses = []
        for epoch in range(epochs):
            loss = cost(model(X), Y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses
    <BLANKLINE>
    """
    members = list(parts(model))
    if not any(member.source for member in members):
        raise UsageError(f"{model!r} has no parameters: there is nothing to train")
    rule = SGD(0.1) if optimizer is None else optimizer
    if not isinstance(rule, Optimizer):
        raise UsageError(f"an optimiser such as SGD(lr=0.1) is expected, {rule!r} came")
    chosen = USUAL.get(members[-1].text, "mse") if loss is None else loss
    kind = f"torch.{precision(dtype).name}"
    size = None if batch_size is None else count("examples in a batch", batch_size)
    return "\n".join([
        *imports(rule, weights),
        "", f"torch.set_default_dtype({kind})",
        "", "model = nn.Sequential(", *[f"    {member.text}," for member in members], ")",
        *first_parameters(model, members, weights),
        "", *descent(rule),
        "", "", *cost(chosen, model),
        "", "", *loop(rule, classes(chosen, members), kind, count("epochs", epochs), size, shuffle),
        "",
    ])


def imports(optimizer: Optimizer, weights: PathLike | None) -> Iterator[str]:
    """What the rest needs."""
    if optimizer.schedule is not None:
        yield from ("import math", "")
    if weights is not None:
        yield "import numpy as np"
    yield from ("import torch", "from torch import nn", "from torch.nn import functional as F")


def first_parameters(model: Module, members: list[Part], weights: PathLike | None) -> Iterator[str]:
    """Statements that give the parameters their first values."""
    sources = [member.source for member in members if member.source is not None]
    arrays, size = model.state_dict(), len(model.parameters())
    if size < sum(len(source.parameters()) for source in sources):
        raise UsageError(f"{model!r} cannot be translated: some of its layers share parameters")
    if weights is None and size > INLINE:
        raise UsageError(
            f"{size} parameters are too many to write down: give weights='first.npz', and write that file with "
            f"model.save('first.npz')"
        )
    if weights is not None:
        yield f"with np.load({os.fspath(weights)!r}) as file, torch.no_grad():"
        yield f"    for name, parameter in zip({list(arrays)}, model.parameters()):"
        yield "        parameter.copy_(torch.tensor(file[name]).reshape(parameter.shape))"
        return
    yield "with torch.no_grad():"
    for i, member in enumerate(members):
        for name, array in (member.source.state_dict() if member.source else {}).items():
            neuron = isinstance(member.source, Neuron)
            name, array = ({"w": "weight", "b": "bias"}[name], array[None]) if neuron else (name, array)
            if len(array) == 1 or array.ndim == 1:
                yield f"    model[{i}].{name}.copy_(torch.tensor({numbers(array, 'torch')}))"
            else:
                yield f"    model[{i}].{name}.copy_(torch.tensor(["
                yield from (f"        {numbers(row, 'torch')}," for row in array)
                yield "    ]))"


def descent(optimizer: Optimizer) -> Iterator[str]:
    """The optimiser, and its learning rate as a function if it has a schedule."""
    name, options = optimizer_call(optimizer)
    rate = repr(optimizer.lr)
    if optimizer.schedule is not None:
        yield from ("", "def learning_rate(epochs):")
        yield from (f"    {line}" for line in schedule_lines(optimizer.schedule))
        yield from ("", "")
        rate = "learning_rate(0)"
    written = "".join(f", {key}={value!r}" for key, value in options.items())
    yield f"optimizer = torch.optim.{name}(model.parameters(), lr={rate_factor(optimizer)}{rate}{written})"


def cost(loss: str | Loss, model: Module) -> Iterator[str]:
    """The mean loss of a batch, with its penalties."""
    yield "def cost(outputs, targets):"
    if not isinstance(loss, Penalized):
        yield f"    return {cost_text(loss)}"
        return
    if loss.model is not model:
        raise UsageError("this loss penalises the weights of another model")
    yield f"    total = {cost_text(loss)}"
    chosen = "" if loss.biases else ' if not name.endswith("bias")'
    yield f"    weights = [p for name, p in model.named_parameters(){chosen}]"
    if loss.l1:
        yield f"    total = total + {loss.l1!r} * sum(w.abs().sum() for w in weights)"
    if loss.l2:
        yield f"    total = total + {loss.l2!r} * sum((w ** 2).sum() for w in weights)"
    yield "    return total"


def classes(loss: str | Loss, members: list[Part]) -> int | None:
    """How many classes there are, where targets may be their labels."""
    last = [member.source for member in members if member.source is not None][-1]
    categorical = (name_of(loss) or "").startswith("cross_entropy")
    return last.nout if categorical and not isinstance(last, Neuron) else None


def loop(
    optimizer: Optimizer, labels: int | None, kind: str, epochs: int, size: int | None, shuffle: bool
) -> Iterator[str]:
    """The training loop."""
    yield f"def train(X, Y, epochs={epochs}):"
    yield f"    X = torch.as_tensor(X, dtype={kind})"
    yield f"    Y = torch.as_tensor(Y, dtype={kind}).reshape(len(X), -1)"
    if labels is not None:
        yield "    if Y.shape[1] == 1:"
        yield f"        Y = F.one_hot(Y[:, 0].long(), {labels}).to({kind})"
    yield from ("    losses = []", "    for epoch in range(epochs):")
    if size is None:
        yield from (f"        {line}" for line in step(optimizer, "epoch", "model(X), Y"))
        yield "        losses.append(loss.item())"
    else:
        yield f"        order = torch.{'randperm' if shuffle else 'arange'}(len(X))"
        yield "        total, met = 0.0, 0"
        yield f"        for rows in order.split({size}):"
        lines = step(optimizer, "epoch + met / len(X)", "model(X[rows]), Y[rows]")
        yield from (f"            {line}" for line in lines)
        yield "            total += loss.item() * len(rows)"
        yield "            met += len(rows)"
        yield "        losses.append(total / len(X))"
    yield "    return losses"


def step(optimizer: Optimizer, epochs: str, batch: str) -> Iterator[str]:
    """One step of the optimiser."""
    if optimizer.schedule is not None:
        yield f'optimizer.param_groups[0]["lr"] = {rate_factor(optimizer)}learning_rate({epochs})'
    yield from (f"loss = cost({batch})", "optimizer.zero_grad()", "loss.backward()")
    if optimizer.clip_value is not None:
        yield f"nn.utils.clip_grad_value_(model.parameters(), {optimizer.clip_value!r})"
    if optimizer.clip_norm is not None:  # not by clip_grad_norm_, which adds 1e-6 to the length
        yield "length = torch.cat([p.grad.flatten() for p in model.parameters()]).norm()"
        yield "for p in model.parameters():"
        yield f"    p.grad *= min(1.0, {optimizer.clip_norm!r} / length)"
    yield "optimizer.step()"
