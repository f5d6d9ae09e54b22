"""The command line: `python -m nn xor`, or moons, digits, mnist, trains a network and shows what it learned."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from autograd.errors import RerollError
from nn.data.split import Array
from nn.engine import ENGINES
from nn.metrics import accuracy, confusion_matrix
from nn.mlp import MLP
from nn.recipes import MAKERS, RECIPES, USUAL_RATES, Recipe

TASKS = {
    "xor": "learn the logic gate that no single neuron can",
    "moons": "tell two half circles of points apart",
    "digits": "read 1797 handwritten digits of 8 × 8 pixels, which come with the package",
    "mnist": "read MNIST's 70 000 handwritten digits, which are downloaded at first",
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(2, f"{self.prog}: error: {message}\n")


def parser() -> Parser:
    """The commands and their options."""
    top = Parser(prog="python -m nn", description="Train neural networks made of scalars.")
    commands = top.add_subparsers(title="commands", metavar="command", required=True)
    for task, purpose in TASKS.items():
        recipe = RECIPES[task]
        command = commands.add_parser(
            task,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
            help=purpose,
            description=f"Train a multi-layer perceptron with one hidden layer: {purpose}.",
        )
        add = command.add_argument
        add("--hidden", type=int, default=recipe.hidden, metavar="N",
            help=f"neurons in the hidden layer ({recipe.activation})")
        add("--epochs", type=int, default=recipe.epochs, metavar="N", help="passes over the examples")
        add("--batch-size", type=int, default=recipe.batch_size, metavar="N", help="examples in a step; None is all")
        add("--optimizer", choices=list(MAKERS), default=recipe.optimizer, help="sgd has a momentum of 0.9")
        add("--lr", type=float, metavar="R", default=argparse.SUPPRESS,
            help=f"learning rate at the start, which falls to 0 (default: {recipe.lr}, or what is usual for another "
                 "optimizer)")
        add("--seed", type=int, default=0, metavar="S", help="seed of the first weights and of the order of examples")
        add("--engine", choices=list(ENGINES), default="compiled", help="what computes the gradients")
        command.set_defaults(task=task, run=train)
    return top


def chosen(options: argparse.Namespace) -> Recipe:
    """The recipe of a task with the changes that the options ask for."""
    recipe = RECIPES[options.task]
    usual = recipe.lr if options.optimizer == recipe.optimizer else USUAL_RATES[options.optimizer]
    return replace(
        recipe, hidden=options.hidden, epochs=options.epochs, batch_size=options.batch_size,
        optimizer=options.optimizer, lr=getattr(options, "lr", usual),
    )


def train(options: argparse.Namespace) -> None:
    """Train on a task; print what the model gets right before and after."""
    recipe = chosen(options)
    (X, Y), (X_test, Y_test) = recipe.load()
    model = recipe.model(X.shape[1], options.seed)
    before, after = (truth_table, truth_table) if options.task == "xor" else (score, report)
    print(f"{model}, {len(model.parameters())} parameters, seed {options.seed}")
    print(f"{len(X)} examples to train on, {len(X_test)} to test on")
    print(f"\nbefore training\n{before(model, X_test, Y_test)}\n", flush=True)
    history = recipe.train(model, X, Y, engine=options.engine, seed=options.seed)
    print(f"\nafter {len(history.loss)} epochs and {history.seconds:.1f} s, loss {history.loss[-1]:.4f}")
    print(after(model, X_test, Y_test))


def truth_table(model: MLP, X: Array, Y: Array) -> str:
    """What a model answers to each row of X, right if it is on the side of ½ where the target is."""
    outputs = model.predict(X).ravel()
    right = (outputs > 0.5) == (Y > 0.5)
    rows = [
        f"{x1:3.0f} {x2:2.0f} | {y:6.0f} | {out:6.4f}  {'right' if good else 'wrong'}"
        for (x1, x2), y, out, good in zip(X, Y, outputs, right, strict=True)
    ]
    return "\n".join([" x1 x2 | target | output", *rows, f"accuracy {right.sum()} of {len(Y)}"])


def score(model: MLP, X: Array, Y: Array) -> str:
    """The share of the test examples that a model gets right."""
    return f"test accuracy {accuracy(model.predict(X), Y):.2%}"


def report(model: MLP, X: Array, Y: Array) -> str:
    """The same with the confusion matrix: each row the examples of a class, each column what they were taken for."""
    table = confusion_matrix(model.predict(X), Y)
    head = "class |" + "".join(f"{column:5}" for column in range(len(table)))
    rows = [f"{row:5} |" + "".join(f"{n or '·':>5}" for n in counts) for row, counts in enumerate(table.tolist())]
    return "\n".join([head, *rows, score(model, X, Y)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; exit code 2 and one line for what cannot be done."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except RerollError as error:
        print(f"python -m nn: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
