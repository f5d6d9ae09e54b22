"""Training: `fit` takes a model through the examples, epoch after epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.errors import TraceError, UsageError
from autograd.files import PathLike
from autograd.nested import parameters_of
from nn.arguments import count, fraction, function, listed, precision
from nn.examples import explained
from nn.init import Seed, generator
from nn.losses import LOSSES, Loss, threshold_of
from nn.metrics import Metric
from nn.models.module import Module
from nn.models.perceptron import Perceptron
from nn.models.state import named_of
from nn.optim import Optimizer
from nn.optim.fused import Fused
from nn.training.engine import ENGINES, EagerEngine, EngineMaker, native_engine
from nn.training.evaluation import Evaluator, Examples, check_model, examples_for
from nn.training.history import History
from nn.training.interrupt import Interrupt
from nn.training.training import Training


def fit(
    model: Module,
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    loss: str | Loss,
    optimizer: Optimizer,
    *,
    epochs: int = 100,
    batch_size: int | None = None,
    shuffle: bool = True,
    validation_split: float = 0.0,
    validation_data: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    metrics: Sequence[str | Metric] = (),
    callbacks: Sequence[Any] = (),
    record: Any = None,
    resume: PathLike | None = None,
    engine: str | EngineMaker = "compiled",
    dtype: npt.DTypeLike = np.float64,
    progress: bool = True,
    hints: bool = True,
    seed: Seed = None,
) -> History:
    """Train a model: make the mean of `loss(model(x), y)` over the rows x of `X` and y of `Y` small.

    `X` has a row per example; so has `Y`, where a plain number makes one target. For cross entropy, labels of classes
    may stand for one-hot rows. `batch_size` examples share a step of the optimiser: None takes all (batch
    gradient descent), 1 is stochastic gradient descent. Each epoch meets every example once, in an order that is
    drawn anew from `seed` unless `shuffle` is False.

    - `validation_split` keeps back this share of the examples, drawn by `seed` after a shuffle (Keras takes the
      last ones); `validation_data` are other examples (X, Y). After each epoch the loss and the metrics on them are
      measured as when predicting, and go to the history as `val_loss` and so on.
    - `metrics` are names from `METRICS` or functions of (outputs, targets), measured over all the examples
      after each epoch, and once before the first step. Those with a `threshold`, such as ours, are given that of the
      loss (`nn.losses.MEANINGS`): 0 for scores and logits, ½ for probabilities, halfway between the targets of numbers.
    - `callbacks` are functions of the `Training`, called after each epoch, or objects such as `EarlyStopping`
      and `Checkpoint`; `record` is one more, such as a `viz.Recorder`.
    - `resume` is a file that `Checkpoint` wrote in a training with the same arguments: it goes on to the same result,
      to the last bit. `epochs` counts those before it too. Without it the optimiser starts afresh, whatever it
      remembers of a training before, and has its learning rate again at the end if callbacks changed it.
    - Plain numbers that the loss or the model reads besides parameters are frozen when a compiled engine traces them.
      What callbacks change is read anew after each epoch.
    - `loss` and `engine` are names or functions, see `nn.losses` and `nn.ENGINES`; all engines give the same
      history to rounding for the same `seed`. "jax" splits every batch among the devices that JAX sees, and names
      them beside the progress; the optimiser, metrics and validation stay with NumPy. "native" compiles the loss to
      machine code (`Program.to_native`), and the steps of the optimiser. `dtype` is float64 or float32.

    The model's parameters change. Ctrl-C ends training after the step that it meets, and the history so far is
    returned; a second one raises `KeyboardInterrupt` at once. Training stops with a warning once the loss, the gradient
    or a parameter is nan or inf; a step along such a gradient is not taken. Where the loss has plainly risen, or not
    fallen at all, a line on stderr says so and what is suspected, unless `hints` is False; `nn.diagnose` finds out.

    Raises `SizeError` for rows that do not match, `UsageError` for nan or inf among the data, targets and outputs
    that the loss has no meaning for, numbers of epochs or examples below 1, and unknown names; `TraceError` for a
    loss or model that reads numbers (`.data`, `if x > 0`), which only the eager engine can train;
    `MissingPackageError` for engine="jax" without JAX and engine="native" without llvmlite; `DataError` for files.
    Whatever is raised, by callbacks too, the parameters are those after the last step.
    """
    check_trainable(model, optimizer)
    cost, make = function("loss", loss, LOSSES), function("engine", engine, ENGINES)
    dtype, epochs = precision(dtype), count("epochs", epochs)
    size = None if batch_size is None else count("examples in a batch", batch_size)
    order, noise, kept_back = generator(seed).spawn(3)
    examples, validation = parts_of(
        examples_for(model, loss, X, Y, dtype), validation_split, validation_data, kept_back, model, loss)
    evaluator = Evaluator(
        model, cost, metrics, threshold_of(loss, examples.targets), compiled=make is not EagerEngine
    )
    if resume is not None and validation_split and seed is None:
        raise UsageError("resume needs the same seed, since validation_split draws by it")
    try:
        with explained(examples.inputs), Interrupt() as interrupt:
            check_model(model, loss, evaluator, *(part for part in (examples, validation) if part is not None))
            training = Training(
                model, optimizer, make(lambda x, y: cost(model(x), y), model), evaluator, examples, validation,
                epochs=epochs, batch_size=size or len(examples), order=order, shuffle=shuffle, noise=noise,
                callbacks=[*listed("callbacks", callbacks), *([] if record is None else [record])], dtype=dtype,
                step=(Fused(optimizer) if make is native_engine else optimizer).step,
            )
            history = training.run(progress, resume, interrupt)
    except TraceError as error:
        error.add_note('engine="eager" trains with any loss and model, one example at a time')
        raise
    history.interrupted = interrupt.came
    if hints and not interrupt.came:
        from nn.diagnosis.hint import hint  # which knows fit, and has little to do unless a training has failed

        hint(model, examples, loss, optimizer, {"batch_size": batch_size, "shuffle": shuffle}, history)
    return history


def check_trainable(model: Module, optimizer: Optimizer) -> None:
    """Raise `UsageError` for what is no optimiser, or has nothing to train."""
    if not isinstance(optimizer, Optimizer):
        raise UsageError(f"an optimiser such as SGD(lr=0.1) is expected, {optimizer!r} came")
    if isinstance(model, Perceptron):
        raise UsageError("a step has no slope to descend: model.learn(X, Y) follows the perceptron rule")
    named_of(model)  # what could not be saved is not worth training
    if not parameters_of(model):
        raise UsageError(f"{type(model).__name__} has no parameters: there is nothing to train")
    if optimizer.params and set(optimizer.params) != set(parameters_of(model)):
        raise UsageError("fit trains the parameters of its model, this optimiser was made with others: give one "
                         f"without parameters, such as {type(optimizer).__name__}(lr={optimizer.lr:g})")


def parts_of(
    examples: Examples, share: float, others: tuple[npt.ArrayLike, npt.ArrayLike] | None, rng: np.random.Generator,
    model: Module, loss: str | Loss,
) -> tuple[Examples, Examples | None]:
    """Examples to train on, and those to validate on: a share of them, drawn at random, or others."""
    share = fraction("share to validate on (validation_split)", share)
    if others is None:
        return divided(examples, share, rng)
    if share:
        raise UsageError("give validation_split or validation_data, not both")
    if not isinstance(others, (tuple, list)) or len(others) != 2:
        raise UsageError(f"validation_data are a pair (X, Y), {type(others).__name__} came")
    return examples, examples_for(model, loss, *others, examples.inputs.dtype)


def divided(examples: Examples, share: float, rng: np.random.Generator) -> tuple[Examples, Examples | None]:
    """Examples to train on, and a share of them, drawn at random, to validate on."""
    if not share:
        return examples, None
    held = round(share * len(examples))
    if not 0 < held < len(examples):
        raise UsageError(f"validation_split={share:g} of {len(examples)} examples leaves one part empty")
    order = rng.permutation(len(examples))
    return examples.part(np.sort(order[held:])), examples.part(np.sort(order[:held]))
