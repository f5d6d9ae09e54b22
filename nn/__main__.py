"""The command line: `python -m nn xor` trains a network on XOR and shows what it learned."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from autograd.errors import RerollError
from nn.data import xor
from nn.engine import ENGINES
from nn.examples import FloatArray
from nn.mlp import MLP
from nn.optim import SGD
from nn.train import fit


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(2, f"{self.prog}: error: {message}\n")


def parser() -> Parser:
    """The commands and their options."""
    top = Parser(prog="python -m nn", description="Train neural networks made of scalars.")
    commands = top.add_subparsers(title="commands", metavar="command", required=True)
    defaults = argparse.ArgumentDefaultsHelpFormatter
    command = commands.add_parser(
        "xor",
        formatter_class=defaults,
        help="learn the logic gate that no single neuron can",
        description="Train a multi-layer perceptron with one hidden layer on XOR.",
    )
    command.add_argument("--hidden", type=int, default=8, metavar="N", help="neurons in the hidden layer (tanh)")
    command.add_argument("--epochs", type=int, default=200, metavar="N", help="passes over the four examples")
    command.add_argument("--lr", type=float, default=0.5, metavar="R", help="learning rate (momentum is 0.9)")
    command.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the first weights")
    command.add_argument("--engine", choices=list(ENGINES), default="compiled", help="what computes the gradients")
    command.set_defaults(run=train_xor)
    return top


def train_xor(options: argparse.Namespace) -> None:
    """Train on XOR; print the truth table before and after."""
    X, Y = xor()
    model = MLP(2, [options.hidden, 1], activation="tanh", output="sigmoid", seed=options.seed)
    optimizer = SGD(options.lr, momentum=0.9)
    print(f"{model}, {len(model.parameters())} parameters, seed {options.seed}")
    print(f"\nbefore training\n{truth_table(model, X, Y)}\n", flush=True)
    history = fit(
        model, X, Y, "binary_cross_entropy", optimizer,
        epochs=options.epochs, engine=options.engine, seed=options.seed,
    )
    print(f"\nafter {len(history.loss)} epochs, loss {history.loss[-1]:.4f}\n{truth_table(model, X, Y)}")


def truth_table(model: MLP, X: FloatArray, Y: FloatArray) -> str:
    """What a model answers to each row of X, right if it is on the side of ½ where the target is."""
    outputs = model.predict(X).ravel()
    right = (outputs > 0.5) == (Y > 0.5)
    rows = [
        f"{x1:3.0f} {x2:2.0f} | {y:6.0f} | {out:6.4f}  {'right' if good else 'wrong'}"
        for (x1, x2), y, out, good in zip(X, Y, outputs, right, strict=True)
    ]
    return "\n".join([" x1 x2 | target | output", *rows, f"accuracy {right.sum()} of {len(Y)}"])


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
