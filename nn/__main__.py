"""The command line: `python -m nn mnist` trains a network, `python -m nn predict` asks it, `play` trains in a page."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace

from autograd.command import HelpWithDefaults, Parser, coloured, printed
from autograd.errors import RerollError, UsageError
from autograd.files import check_writable
from nn.errors import DataError
from nn.files.load import load
from nn.files.picture_files import read_examples
from nn.models.mlp import MLP
from nn.recipes import MAKERS, PLAYED, RECIPES, USUAL_RATES, Recipe
from nn.reports import chances, probabilities, report, score, truth_table
from nn.training.engine import ENGINES

TASKS = {
    "xor": "learn the logic gate that no single neuron can",
    "moons": "tell two half circles of points apart",
    "digits": "read 1797 handwritten digits of 8 × 8 pixels, which come with the package",
    "mnist": "read MNIST's 70 000 handwritten digits, which are downloaded at first",
}
SAVED = {"mnist": "mnist.npz"}
"""Where a model is written if nothing else is said."""

EXAMPLES = """\
examples:
  python -m nn xor
  python -m nn digits --hidden 64 32 --epochs 50 --save digits.npz
  python -m nn mnist
  python -m nn predict mnist.npz seven.png
  python -m nn play spirals --hidden 16 16 -o spirals.html

Ctrl-C ends training early and keeps what was learned. Exit code 2 means that an argument is wrong or a file
cannot be read or written.
"""


def parser() -> Parser:
    """The commands and their options."""
    top = Parser(
        prog="python -m nn", description="Train neural networks made of scalars, and ask them.",
        epilog=EXAMPLES,
    )
    commands = top.add_subparsers(title="commands", metavar="command")
    for task, purpose in TASKS.items():
        training_options(commands.add_parser(
            task, formatter_class=HelpWithDefaults, help=purpose,
            description=f"Train a multi-layer perceptron: {purpose}.",
        ), task)
    asked = commands.add_parser(
        "predict", help="ask a saved model for the probabilities of classes",
        description="Print the probability of each class that a saved model sees in a picture or in rows of numbers.",
    )
    asked.add_argument("model", help="a file that training wrote")
    asked.add_argument("file", help="a picture (PNG, JPEG, BMP, GIF, WebP), made to fit; or .npy: an array of rows or "
                                    "pictures, with bytes from 0 to 255 or numbers from 0 to 1")
    asked.add_argument("--invert", action=argparse.BooleanOptionalAction, help="read dark ink on light paper, or light "
                       "ink on a dark ground (default: as the picture looks)")
    asked.add_argument("--whole", action="store_true", help="fit the whole picture, in place of cutting out a digit, "
                       "centring it and taking away the paper")
    asked.set_defaults(run=predict)
    played = commands.add_parser(
        "play", allow_abbrev=False, help="make a page in which a network trains",
        description="Write a page, one file that needs no network, in which a multi-layer perceptron is trained while "
                    "everything about it is seen.",
    )
    played.add_argument("task", choices=list(PLAYED), help="what is to be learned")
    played.add_argument("-o", "--output", metavar="FILE", help="where the page is written (default: TASK.html)")
    played.add_argument("--hidden", type=int, nargs="+", metavar="N", help="neurons in each hidden layer")
    played.add_argument("--lr", type=float, metavar="R", help="learning rate at the start")
    played.add_argument("--batch-size", type=int, metavar="N", help="examples in a step at the start")
    played.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the first weights and of the orders")
    played.add_argument("--language", default="en", help="language of the page: en, de or zh (default: en)")
    played.set_defaults(run=play)
    return top


def training_options(command: argparse.ArgumentParser, task: str) -> None:
    """The options of a command that trains."""
    recipe, add = RECIPES[task], command.add_argument
    add("--hidden", type=int, nargs="+", default=list(recipe.hidden), metavar="N",
        help=f"neurons in each hidden layer ({recipe.activation})")
    add("--dropout", type=float, default=recipe.dropout, metavar="P",
        help="probability with which a hidden neuron drops out in training")
    add("--epochs", type=int, default=recipe.epochs, metavar="N", help="passes over the examples")
    add("--batch-size", type=number_or_none, default=recipe.batch_size, metavar="N",
        help="examples in a step; None is all")
    add("--optimizer", choices=list(MAKERS), default=recipe.optimizer, help="sgd has a momentum of 0.9")
    add("--lr", type=float, metavar="R", default=argparse.SUPPRESS,
        help=f"learning rate at the start, which falls to 0 (default: {recipe.lr}, or what is usual for another "
             "optimizer)")
    add("--seed", type=int, default=0, metavar="S", help="seed of the first weights and of the order of examples")
    add("--engine", choices=list(ENGINES), default="compiled", help="what computes the gradients")
    add("--save", metavar="FILE", default=SAVED.get(task), help="write the model to FILE (.npz)")
    command.set_defaults(task=task, run=train)


def number_or_none(text: str) -> int | None:
    """A whole number, or the word None."""
    try:
        return None if text.lower() == "none" else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a whole number or None is expected, {text!r} came") from None


# ── commands ─────────────────────────────────────────────────────────────────────────────────


def chosen(options: argparse.Namespace) -> Recipe:
    """The recipe of a task with the changes that the options ask for."""
    recipe = RECIPES[options.task]
    own = options.optimizer == recipe.optimizer
    return replace(
        recipe, hidden=tuple(options.hidden), dropout=options.dropout, epochs=options.epochs,
        batch_size=options.batch_size, optimizer=options.optimizer, weight_decay=recipe.weight_decay if own else 0.0,
        lr=getattr(options, "lr", recipe.lr if own else USUAL_RATES[options.optimizer]),
    )


def train(options: argparse.Namespace) -> None:
    """Train on a task; print what the model gets right before and after, and save it."""
    recipe = chosen(options)
    if options.save:
        check_writable(options.save, DataError)  # before the work, not after
    (X, Y), (X_test, Y_test) = recipe.load()
    model = recipe.model(X.shape[1], options.seed)
    before, after = (truth_table, truth_table) if options.task == "xor" else (score, report)
    print(f"{model}, {len(model.parameters())} parameters, seed {options.seed}")
    print(f"{len(X)} examples to train on, {len(X_test)} to test on")
    print(f"\nbefore training\n{before(model, X_test, Y_test)}\n", flush=True)
    try:
        history = recipe.train(model, X, Y, engine=options.engine, seed=options.seed)
    except OSError:  # nobody sees the progress any more
        if options.save:
            model.save(options.save)
        raise
    if options.save:  # before anything is printed, which may fail
        model.save(options.save)
    if history.interrupted:
        print("stopped early")
    if len(history.epochs):
        print(f"after {len(history.epochs)} epochs and {history.seconds:.1f} s, loss {history.loss[-1]:.4f}")
    print(after(model, X_test, Y_test))
    if options.save:
        print(f"wrote {options.save}")


def play(options: argparse.Namespace) -> None:
    """Write a page in which a network trains."""
    path = options.output or f"{options.task}.html"
    check_writable(path, DataError)
    changed = {name: getattr(options, name) for name in ("hidden", "lr", "batch_size")}
    recipe = replace(PLAYED[options.task], **{name: value for name, value in changed.items() if value is not None})
    recipe.play(path, seed=options.seed, language=options.language, title=options.task)
    print(f"wrote {path}")


def predict(options: argparse.Namespace) -> None:
    """Print the probabilities of classes that a saved model sees in a file."""
    model = load(options.model)
    if not isinstance(model, MLP):
        raise UsageError(f"{options.model} holds {model!r}: predict asks an MLP, as the other commands write them")
    rows, remarks = read_examples(options.file, model.layers[0].nin, options.invert, options.whole)
    print(chances(probabilities(model, rows)))
    for remark in remarks:
        print(remark, file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; exit code 2 and one line for what cannot be done."""
    return printed("python -m nn", lambda: run(arguments))


def run(arguments: Sequence[str] | None) -> int:
    """The exit code of a command."""
    commands = parser()
    options = commands.parse_args(arguments)
    if not hasattr(options, "run"):
        commands.print_help(sys.stderr)
        return 2
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "the loss is", RuntimeWarning)
            options.run(options)
    except (RerollError, RuntimeWarning) as error:
        print(f"{coloured('python -m nn: error:', 'wrong', sys.stderr)} {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\npython -m nn: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
