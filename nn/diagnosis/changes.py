"""Changes of a training that may cure it: of loss, data, weights, activations, and steps.

Each looks at a `Case` and yields changes, the mildest first. Whether one cures is found out by training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from autograd import Value, ops
from autograd.nested import flatten
from nn.activations import ACTIVATIONS
from nn.arguments import described
from nn.data.scale import Scaling
from nn.diagnosis.setups import Setup, code_of, name_of_loss, unbound
from nn.diagnosis.signs import FAR, Case, rectifies, saturates, value_and_slope
from nn.init import redraw
from nn.losses import LOSSES, MEANINGS, name_of
from nn.models.dropout import Dropout
from nn.models.layer import Layer
from nn.models.mlp import MLP
from nn.models.module import Module
from nn.models.sequential import Function
from nn.optim.base import Schedule
from nn.penalties import Penalized
from nn.training.callbacks import EarlyStopping


@dataclass(frozen=True)
class Change:
    """One change of a training, in words and as code, and the training with it."""

    words: str
    code: str
    setup: Setup


# ── loss and output ──────────────────────────────────────────────────────────────────────────


def matching(case: Case) -> Iterator[Change]:
    """Targets as they are named, outputs as the loss takes them, or another loss, or both."""
    setup, name, meaning = case.setup, name_of(case.setup.loss) or "", case.setup.meaning
    if meaning is None:
        return
    found = np.unique(setup.Y).tolist()
    if meaning.targets is not None and len(found) == 2 and set(found) != {*meaning.targets}:
        low, high = meaning.targets
        first = found[0]
        yield Change(f"name the two classes {low:g} and {high:g}", f"Y = np.where(Y == {first:g}, {low:g}, {high:g})",
                     replace(setup, Y=np.where(np.equal(setup.Y, first), low, high)))
    yield from with_output(setup, meaning.activation)
    plain = name.removesuffix("_with_logits")
    for other in (plain, f"{plain}_with_logits", "binary_cross_entropy"):
        if other in LOSSES and other != name:
            change = with_loss(setup, other)
            yield change
            for output in with_output(change.setup, MEANINGS[LOSSES[other]].activation):
                yield Change(f"{change.words}, and {output.words}", f"{change.code}\n{output.code}", output.setup)


def linear_output(case: Case) -> Iterator[Change]:
    """The last layer without activation."""
    yield from with_output(case.setup, "linear")


def log_loss(case: Case) -> Iterator[Change]:
    """The cross entropy that belongs to the output."""
    several = case.targets.shape[1] > 1 and bool((case.targets.sum(axis=1) == 1).all())
    for name in ("cross_entropy", "binary_cross_entropy") if several else ("binary_cross_entropy",):
        yield with_loss(case.setup, name)


def with_loss(setup: Setup, name: str) -> Change:
    """Another loss."""
    loss = replace(setup.loss, loss=name) if isinstance(setup.loss, Penalized) else name
    return Change(f"train with {name}", f'loss = "{name}"', replace(setup, loss=loss))


def with_output(setup: Setup, kind: str) -> Iterator[Change]:
    """Another activation of the last layer, where there is one that can be told."""
    if last_activation(setup.model) not in (None, kind):
        changed = setup.remodelled(lambda model: activate(last_part(model), kind))
        yield Change(f'let the last layer have the activation "{kind}"', f"model = {code_of(changed.model)}", changed)


# ── data ─────────────────────────────────────────────────────────────────────────────────────

SHIFTS = (*(shift for k in range(1, 11) for shift in (-k, k)), "reversed")
"""Usual slips: headings that were taken for examples or forgotten, one of two arrays reversed."""


def moved(Y: Any, shift: Any) -> Any:
    """Targets in another order."""
    return Y[::-1] if shift == "reversed" else np.roll(Y, shift, axis=0)


def realigned(case: Case) -> Iterator[Change]:
    """The labels moved to where they fit."""
    best = max(SHIFTS, key=lambda shift: case.agreement(moved(case.targets, shift)))
    if case.agreement(moved(case.targets, best)) > case.agreement(case.targets) + 0.1:
        code = "Y = Y[::-1]" if best == "reversed" else f"Y = np.roll(Y, {best}, axis=0)"
        yield Change("give each example its own label back", code,
                     replace(case.setup, Y=np.ascontiguousarray(moved(case.setup.Y, best))))


def shuffled(case: Case) -> Iterator[Change]:
    """Examples in random order."""
    yield with_options(case.setup, "shuffle the examples in each epoch", shuffle=True)


def scaled(case: Case) -> Iterator[Change]:
    """Columns of mean 0 and standard deviation 1; grey levels as shares."""
    setup, X = case.setup, case.setup.X
    if X.min() >= 0 and 2 <= round(X.max()) <= 255 and np.allclose(X, np.round(X)) and case.columns.shape[1] >= 30:
        yield Change(f"bring inputs to [0, 1]: divide by {X.max():g}", f"X = X / {X.max():g}",
                     with_inputs(setup, lambda data: np.asarray(data) / X.max()))
    yield Change("scale inputs to mean 0 and standard deviation 1", "X = nn.data.zscore(X, constant=True)",
                 with_inputs(setup, Scaling.zscore(X, constant=True)))


def with_inputs(setup: Setup, scale: Callable[[Any], Any]) -> Setup:
    """Other inputs, those to validate on too."""
    options = dict(setup.options)
    if options.get("validation_data") is not None:
        inputs, targets = options["validation_data"]
        options["validation_data"] = scale(inputs), targets
    return replace(setup, X=scale(setup.X), options=options)


def scaled_targets(case: Case) -> Iterator[Change]:
    """Targets of mean 0 and standard deviation 1."""
    if case.setup.options.get("validation_data") is None and np.ptp(case.setup.Y):
        yield Change("scale targets to mean 0 and standard deviation 1 (scaling.inverse takes predictions back)",
                     "scaling = nn.data.Scaling.zscore(Y)\nY = scaling(Y)",
                     replace(case.setup, Y=Scaling.zscore(case.setup.Y, constant=True)(case.setup.Y)))


def balanced(case: Case) -> Iterator[Change]:
    """Rare classes drawn as often as others."""
    count = np.bincount(case.classes)
    places = [np.flatnonzero(case.classes == k) for k in range(len(count))]
    rows = np.concatenate([np.resize(rows, count.max()) for rows in places])
    labels = "Y" if case.setup.Y.ndim == 1 else "Y[:, 0]" if case.setup.Y.shape[1] == 1 else "Y.argmax(axis=1)"
    code = (f"labels = {labels}\nlargest = max((labels == k).sum() for k in np.unique(labels))\n"
            "rows = np.concatenate([np.resize(np.flatnonzero(labels == k), largest) for k in np.unique(labels)])\n"
            "X, Y = X[rows], Y[rows]")
    yield Change("repeat the examples of rare classes until all classes have as many", code, case.setup.part(rows))


# ── weights and activations ──────────────────────────────────────────────────────────────────


def new_weights(case: Case) -> Iterator[Change]:
    """Weights drawn as those of a new model."""
    rectified = any(rectifies(units.name) for units in case.units)
    init = "he_normal" if rectified else "glorot_uniform"
    changed = case.setup.remodelled(lambda model: redraw(model, init, 0))
    yield Change("draw the weights at random, to fit the width of their layers",
                 f'nn.init.redraw(model, "{init}", seed=0)', changed)


def revived(case: Case) -> Iterator[Change]:
    """Weights drawn anew, or an activation that is nowhere flat."""
    yield from new_weights(case)
    yield from with_hidden(case, "leaky_relu", rectifies)


def livelier(case: Case) -> Iterator[Change]:
    """Hidden activations with larger slopes, and a lower learning rate if these need one."""
    for kind in ("tanh", "relu"):
        for change in with_hidden(case, kind, saturates, kind):
            yield change
            for slow in with_rates(change.setup, 0.1):
                yield Change(f"{change.words}, and {slow.words}", f"{change.code}\n{slow.code}", slow.setup)


def bent(case: Case) -> Iterator[Change]:
    """An activation between the layers."""
    for kind in ("tanh", "relu"):
        yield from with_hidden(case, kind, lambda name: name == "linear")


def with_hidden(case: Case, kind: str, which: Callable[[str], bool], init: str = "") -> Iterator[Change]:
    """Another activation of the hidden layers whose activation is one of these."""
    parts = [name for name in hidden_activations(case.setup.model) if which(name)]
    if not parts or parts == [kind]:
        return

    def change(model: Module) -> None:
        for part in activated(model)[:-1]:
            if which(activation_of(part)):
                activate(part, kind)
        if init:
            redraw(model, "he_normal" if rectifies(kind) else "glorot_uniform", 0)

    changed = case.setup.remodelled(change)
    yield Change(f'let hidden layers have the activation "{kind}"', f"model = {code_of(changed.model)}", changed)


def wider(case: Case) -> Iterator[Change]:
    """More hidden neurons, or a hidden layer where there is none."""
    model = case.setup.model
    layers = layers_of(model)
    if not isinstance(model, MLP) and len(layers) != 1:
        return
    kinds = [str(layer.activation) for layer in layers[:-1]]
    for width in (8, 32):  # these are new weights too, which is why nothing else may speak against the old ones
        widths = [max(width, 2 * layer.nout) for layer in layers[:-1]] or [width]
        init = "he_normal" if kinds and rectifies(kinds[0]) else "glorot_uniform"
        sizes = [*widths, layers[-1].nout]
        larger = MLP(layers[0].nin, sizes, kinds or "tanh", layers[-1].activation, seed=0, init=init)
        loss = case.setup.loss
        loss = replace(loss, model=larger) if isinstance(loss, Penalized) else loss
        yield Change(f"take more neurons: hidden layers of {', '.join(map(str, widths))}",
                     f"model = {code_of(larger)}", replace(case.setup, model=larger, loss=loss))


# ── steps ────────────────────────────────────────────────────────────────────────────────────


def milder(case: Case) -> Iterator[Change]:
    """A smaller penalty, or weight decay."""
    loss, optimizer = case.setup.loss, case.setup.optimizer
    for share, words in ((0.01, "a hundredth"), (1e-4, "a ten thousandth")):
        if isinstance(loss, Penalized) and (loss.l1 or loss.l2):
            mild = replace(loss, l1=loss.l1 * share, l2=loss.l2 * share)
            code = f'loss = nn.penalized("{name_of_loss(loss.loss)}", model, l1={mild.l1:g}, l2={mild.l2:g})'
            yield Change(f"take {words} of the penalty", code, replace(case.setup, loss=mild))
        for name in ("decay", "decoupled"):
            if getattr(optimizer, name, 0.0):
                strength = getattr(optimizer, name) * share
                yield Change(f"take {words} of the weight decay", f"optimizer.{name} = {strength:g}",
                             with_optimizer(case.setup, **{name: strength}))


def keeping(case: Case) -> Iterator[Change]:
    """Less dropout."""
    def change(model: Module) -> None:
        for module in model.modules():
            if isinstance(module, Dropout):
                module.p = min(module.p, 0.1)

    code = "for module in model.modules():\n    if isinstance(module, nn.Dropout):\n        module.p = 0.1"
    yield Change("let fewer neurons drop out", code, case.setup.remodelled(change))


def larger_batches(case: Case) -> Iterator[Change]:
    """Steps that more examples share."""
    n, size = len(case.setup.X), case.setup.batch
    for batch in (16, 64):
        if size < batch < n:
            yield with_options(case.setup, f"let {batch} examples share a step", batch_size=batch)


def slower(case: Case) -> Iterator[Change]:
    """Lower learning rates."""
    yield from with_rates(case.setup, 0.1, 0.01, 1e-3, 1e-4)


def faster(case: Case) -> Iterator[Change]:
    """Higher learning rates."""
    yield from with_rates(case.setup, 10, 100, 1000, 1e4)


def with_rates(setup: Setup, *factors: float) -> Iterator[Change]:
    """The learning rate times a factor."""
    optimizer, schedule = setup.optimizer, setup.optimizer.schedule
    for factor in factors:
        if schedule is None:
            lr = float(f"{optimizer.lr * factor:.3g}")
            yield Change(f"take the learning rate {lr:g} in place of {optimizer.lr:g}", f"optimizer.lr = {lr:g}",
                         with_optimizer(setup, lr=lr))
        else:
            code = f"schedule = optimizer.schedule\noptimizer.schedule = lambda epochs: {factor:g} * schedule(epochs)"
            yield Change(f"take {factor:g} of the learning rate", code,
                         with_optimizer(setup, schedule=partial(scheduled, schedule, factor)))


def scheduled(schedule: Schedule, factor: float, epochs: float) -> float:
    """A schedule times a factor."""
    return factor * schedule(epochs)


def with_optimizer(setup: Setup, **numbers: Any) -> Setup:
    """A copy of the optimiser with other numbers."""
    optimizer = unbound(setup.optimizer)
    vars(optimizer).update(numbers)
    return replace(setup, optimizer=optimizer)


def with_options(setup: Setup, words: str, **options: Any) -> Change:
    """Other arguments of `fit`."""
    given = {**setup.options, **options}
    arguments = [f"{name}={written(name, value)}" for name, value in given.items()]
    return Change(words, f"nn.fit(model, X, Y, loss, optimizer, {', '.join(arguments)})", replace(setup, options=given))


def written(name: str, value: Any) -> str:
    """An argument of `fit` as code."""
    if name == "validation_data" and value is not None:
        return "(X_val, Y_val)"
    if name == "callbacks":
        return f"[{', '.join(f'nn.EarlyStopping(patience={callback.patience})' for callback in value)}]"
    return described(value) if callable(value) else repr(value)


# ── what was learned by heart ────────────────────────────────────────────────────────────────


def restrained(case: Case) -> Iterator[Change]:
    """Fewer epochs, or smaller weights."""
    setup, patience = case.setup, max(5, case.setup.epochs // 10)
    yield with_options(setup, "stop when the loss on the examples to validate on rises",
                       callbacks=[EarlyStopping(patience=patience)])
    if name_of(setup.loss) is not None and not isinstance(setup.loss, Penalized):
        for strength in (0.0003, 0.003):
            code = f'loss = nn.penalized("{name_of_loss(setup.loss)}", model, l2={strength:g})'
            penalized = Penalized(setup.loss, setup.model, 0.0, strength, False)
            yield Change("punish large weights", code, replace(setup, loss=penalized))


# ── gradients that do not arrive ─────────────────────────────────────────────────────────────


def sloping(case: Case) -> Iterator[Change]:
    """Activations that have a slope."""
    def change(model: Module) -> None:
        *hidden, last = activated(model)
        for part in hidden:
            if is_flat(activation_of(part)):
                activate(part, "tanh")
        if is_flat(activation_of(last)):
            activate(last, "sigmoid")

    changed = case.setup.remodelled(change)
    yield Change("take activations that have a slope: tanh in hidden layers, sigmoid in the last",
                 f"model = {code_of(changed.model)}", changed)


def is_flat(name: str) -> bool:
    """Whether an activation has no slope anywhere."""
    return bool(name) and name in ACTIVATIONS and not any(value_and_slope(name, z)[1] for z in (-FAR, -0.5, 0.5, FAR))


def freed(case: Case) -> Iterator[Change]:
    """All Values as parameters."""
    def change(model: Module) -> None:
        for value in loose_values(model):
            value.op = ops.parameter

    code = "nn.parameter(0.1)  # in place of Value(0.1)"
    yield Change("make them by nn.parameter", code, case.setup.remodelled(change))


def loose_values(model: Module) -> list[Value]:
    """The plain Values among the members of a model."""
    return [thing for module in model.modules() for thing in flatten(list(module.members().values()))
            if isinstance(thing, Value) and thing.op is None]


def nothing(case: Case) -> Iterator[Change]:
    """No change can be tried."""
    yield from ()


# ── parts of models ──────────────────────────────────────────────────────────────────────────


def layers_of(model: Module) -> list[Layer]:
    """The layers of a model in their order."""
    return [module for module in model.modules() if isinstance(module, Layer)]


def activated(model: Module) -> list[Any]:
    """The parts of a model that have an activation, layers and steps of a `Sequential`, in their order."""
    found: list[Any] = []
    for module in model.modules():
        if isinstance(module, Function) and isinstance(module.function, str):
            if found and isinstance(found[-1], Layer) and found[-1].activation == "linear":
                found.pop()  # the step is the activation of the layer before it
            found.append(module)
        elif isinstance(module, Layer):
            found.append(module)
    return found


def activation_of(part: Any) -> str:
    """The name of an activation, empty for a function."""
    kind = part.function if isinstance(part, Function) else part.activation
    return kind if isinstance(kind, str) else ""


def hidden_activations(model: Module) -> set[str]:
    """The activations before the last."""
    return {activation_of(part) for part in activated(model)[:-1]}


def last_part(model: Module) -> Any:
    """The part of a model with the last activation."""
    return activated(model)[-1]


def last_activation(model: Module) -> str | None:
    """The last activation of a model, None where there is no layer."""
    parts = activated(model)
    return activation_of(parts[-1]) if parts else None


def activate(part: Any, kind: str) -> None:
    """Give a part another activation; weights stay."""
    if isinstance(part, Function):
        vars(part).update(vars(Function(kind)))
        return
    new = Layer(part.nin, part.nout, kind, bias=part.bias is not None, name=part.name)
    new.W = part.W
    if part.bias is not None:
        new.b = part.b
    vars(part).update(vars(new))
