"""PyTorch's words for modules, losses, optimisers and schedules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from autograd.errors import UsageError
from nn.arguments import described
from nn.losses import TINY, Loss, name_of
from nn.models.dropout import Dropout
from nn.models.layer import Layer
from nn.models.logistic import LogisticRegression
from nn.models.mlp import MLP
from nn.models.module import Module
from nn.models.neuron import Neuron
from nn.models.sequential import Function, Sequential
from nn.optim import SGD, AdaDelta, Adagrad, Adam, AdamW, Optimizer, RMSProp
from nn.schedules import CosineDecay, ExponentialDecay, StepDecay, WarmUp

ACTIVATIONS = {
    "sigmoid": "nn.Sigmoid()", "tanh": "nn.Tanh()", "relu": "nn.ReLU()", "leaky_relu": "nn.LeakyReLU(0.1)",
    "elu": "nn.ELU()", "softplus": "nn.Softplus(threshold=40)", "softmax": "nn.Softmax(dim=1)",
}

COSTS = {
    "squared_error": "((outputs - targets) ** 2).sum(dim=1).mean()",
    "half_squared_error": "((outputs - targets) ** 2).sum(dim=1).mean() / 2",
    "mse": "F.mse_loss(outputs, targets)",
    "mae": "F.l1_loss(outputs, targets)",
    "hinge": "F.relu(1 - targets * outputs).mean()",
    "binary_cross_entropy": "F.binary_cross_entropy(outputs, targets)",
    "binary_cross_entropy_with_logits": "F.binary_cross_entropy_with_logits(outputs, targets)",
    "cross_entropy": f"-(targets * outputs.clamp(min={TINY!r}).log()).sum(dim=1).mean()",
    "cross_entropy_with_logits": "F.cross_entropy(outputs, targets)",
}
"""The mean of each loss over a batch of outputs and targets, both of shape (batch, outputs)."""


def untranslatable(what: str) -> UsageError:
    """The error for what PyTorch has no word for."""
    return UsageError(f"{what} cannot be translated: PyTorch has no counterpart that this knows of")


@dataclass(frozen=True)
class Part:
    """A member of `torch.nn.Sequential`, and the layer or neuron that its parameters come from, if it has any."""

    text: str
    source: Layer | Neuron | None = None


def parts(module: Module) -> Iterator[Part]:
    """The members of a `torch.nn.Sequential` that computes the same.

    >>> [part.text for part in parts(Sequential(Layer(2, 3, "relu"), Dropout(0.5)))]
    ['nn.Linear(2, 3)', 'nn.ReLU()', 'nn.Dropout(0.5)']
    """
    kind = type(module)  # a subclass may compute anything
    if isinstance(module, MLP) and kind is MLP:
        for layer in module.layers:
            yield from parts(layer)
            if module.dropout and layer is not module.layers[-1]:
                yield from parts(module.dropout)
    elif isinstance(module, Sequential) and kind is Sequential:
        for step in module.steps:
            yield from parts(step)
    elif isinstance(module, Layer) and kind in (Layer, LogisticRegression):
        yield Part(linear(module.nin, module.nout, module.bias is not None), module)
        yield from activation(module.activation)
    elif isinstance(module, Neuron) and kind is Neuron:
        yield Part(linear(len(module.w), 1, module.b is not None), module)
        yield from activation(module.activation)
    elif isinstance(module, Dropout) and kind is Dropout:
        yield Part(f"nn.Dropout({module.p!r})")
    elif isinstance(module, Function):
        yield from activation(module.function)
    else:
        raise untranslatable(repr(module))


def linear(nin: int, nout: int, bias: bool) -> str:
    """PyTorch's layer without activation."""
    return f"nn.Linear({nin}, {nout}{'' if bias else ', bias=False'})"


def activation(name: str | Callable[[Any], Any]) -> Iterator[Part]:
    """PyTorch's activation of this name; nothing for "linear"."""
    if name != "linear":
        if not isinstance(name, str) or name not in ACTIVATIONS:
            raise untranslatable(f"the activation {described(name)}")
        yield Part(ACTIVATIONS[name])


def cost_text(loss: str | Loss) -> str:
    """The mean of a loss over a batch as an expression."""
    name = name_of(loss)
    if name is None:
        raise untranslatable(f"the loss {described(loss)}")
    return COSTS[name]


# ── optimisers ───────────────────────────────────────────────────────────────────────────────


def optimizer_call(optimizer: Optimizer) -> tuple[str, dict[str, Any]]:
    """The class in `torch.optim`, and its options but for the learning rate."""
    if type(optimizer) not in RULES:
        raise untranslatable(f"the optimiser {optimizer!r}")
    name, options = RULES[type(optimizer)](optimizer)
    decay = optimizer.decoupled if isinstance(optimizer, AdamW) else optimizer.decay
    return name, options | ({"weight_decay": decay} if decay or name == "AdamW" else {})


def sgd(rule: Any) -> tuple[str, dict[str, Any]]:
    """SGD, with the options that are not at rest."""
    options = {"momentum": rule.momentum, "dampening": rule.dampening, "nesterov": rule.nesterov}
    return "SGD", {name: value for name, value in options.items() if value}


def adam(rule: Any) -> tuple[str, dict[str, Any]]:
    """Adam, or AdamW."""
    return type(rule).__name__, {"betas": (rule.beta1, rule.beta2), "eps": rule.eps}


RULES: dict[type[Optimizer], Callable[[Any], tuple[str, dict[str, Any]]]] = {
    SGD: sgd, Adam: adam, AdamW: adam,
    Adagrad: lambda rule: ("Adagrad", {"eps": rule.eps}),
    RMSProp: lambda rule: ("RMSprop", {"alpha": rule.rho, "eps": rule.eps}),
    AdaDelta: lambda rule: ("Adadelta", {"rho": rule.rho, "eps": rule.eps}),
}


def rate_factor(optimizer: Optimizer) -> str:
    """What to multiply our learning rate by: an average of gradients goes the way of their sum at 1 - μ of the rate."""
    return f"(1 - {optimizer.momentum!r}) * " if isinstance(optimizer, SGD) and optimizer.average else ""


def schedule_lines(schedule: Any) -> Iterator[str]:
    """The body of a function of `epochs` that returns the learning rate.

    >>> print(*schedule_lines(WarmUp(2, ExponentialDecay(0.1, 0.5))), sep="\\n")
    if epochs < 2:
        return epochs / 2 * 0.1
    epochs = epochs - 2
    return 0.1 * 0.5 ** math.floor(epochs)
    """
    match schedule:
        case ExponentialDecay(lr, decay):
            yield f"return {lr!r} * {decay!r} ** math.floor(epochs)"
        case StepDecay(lr, every, factor):
            yield f"return {lr!r} * {factor!r} ** math.floor(epochs / {every!r})"
        case CosineDecay(lr, epochs, final):
            height, end = (f"({lr!r} - {final!r})", f"{final!r} + ") if final else (repr(lr), "")
            yield f"return {end}{height} * (1 + math.cos(math.pi * min(epochs / {epochs!r}, 1.0))) / 2"
        case WarmUp(epochs, then):
            yield f"if epochs < {epochs!r}:"
            yield f"    return epochs / {epochs!r} * {schedule.after(0.0)!r}"
            yield f"epochs = epochs - {epochs!r}"
            yield from schedule_lines(then) if callable(then) else (f"return {then!r}",)
        case _:
            raise untranslatable(f"the schedule {described(schedule)}")
