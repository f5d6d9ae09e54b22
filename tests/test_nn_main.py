import errno
import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nn
from nn.__main__ import TASKS, main, parser


def run(capsys, *arguments):
    """The exit code of a command, and what it prints to either stream."""
    try:
        code = main(arguments)
    except SystemExit as end:
        code = end.code
    shown = capsys.readouterr()
    return code, shown.out, shown.err


# ── training ─────────────────────────────────────────────────────────────────────────────────


def test_the_command_trains_xor_and_shows_the_truth_table_before_and_after():
    done = subprocess.run([sys.executable, "-m", "nn", "xor"], capture_output=True, text=True, check=True)
    before, after = done.stdout.split("after 200 epochs")
    assert "before training\n x1 x2 | target | output" in before
    assert after.count("right") == 4
    assert "accuracy 4 of 4" in after
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [f"epoch {n}/200" for n in range(20, 201, 20)]


def test_options_choose_the_network_and_its_training(capsys):
    code, out, _ = run(
        capsys, "xor", "--hidden", "3", "4", "--dropout", "0.25", "--epochs", "2", "--batch-size", "2",
        "--optimizer", "adam", "--lr", "0.1", "--seed", "5", "--engine", "eager",
    )
    assert code == 0
    assert "MLP(2, [3, 4, 1], 'tanh', 'sigmoid', dropout=0.25), 30 parameters, seed 5" in out
    assert "after 2 epochs" in out


def test_moons_ends_with_a_confusion_matrix_and_the_accuracy(capsys):
    code, out, _ = run(capsys, "moons")
    assert code == 0
    head, zero, one, accuracy = out.splitlines()[-4:]
    assert head == "class |    0    1"
    counts = [int(n) for row in (zero, one) for n in row.split("|")[1].replace(".", "0").split()]
    assert sum(counts) == 1000
    assert accuracy == f"test accuracy {(counts[0] + counts[3]) / 1000:.2%}"
    assert counts[0] + counts[3] > 950


def test_digits_are_read(capsys):
    _, out, _ = run(capsys, "digits", "--epochs", "8")
    assert float(out.split("test accuracy ")[-1].rstrip("%\n")) > 95


def test_the_seed_decides_what_is_printed(capsys):
    first, again, other = (
        re.sub(r"\d+\.\d s", "", run(capsys, "xor", "--epochs", "5", "--seed", seed)[1]) for seed in ("3", "3", "4")
    )
    assert first == again != other.replace("seed 4", "seed 3")


# ── files ────────────────────────────────────────────────────────────────────────────────────


def test_a_model_is_saved_where_it_is_asked_for(capsys, tmp_path):
    path = tmp_path / "moons.npz"
    code, out, _ = run(capsys, "moons", "--epochs", "1", "--hidden", "3", "--save", str(path))
    assert code == 0
    assert out.endswith(f"wrote {path}\n")
    assert repr(nn.load(path)) == "MLP(2, [3, 1], 'tanh', 'sigmoid')"


def test_only_mnist_writes_a_file_without_being_asked(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(capsys, "moons", "--epochs", "1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "message"), [("no/such/folder.npz", "No such file"), (".", "it is a folder")])
def test_where_nothing_can_be_written_nothing_is_trained(capsys, tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, "digits", "--save", name)
    assert (code, out) == (2, "")
    assert err.startswith(f"python -m nn: error: {name} cannot be written: {message}")
    assert err.count("\n") == 1


class Output(io.TextIOBase):
    """A stream that takes so many characters, and then raises an error."""

    def __init__(self, room, error):
        self.room, self.error = room, error

    def write(self, text):
        self.room -= len(text)
        if self.room < 0:
            raise self.error
        return len(text)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize(("error", "status"), [(errno.EPIPE, 141), (errno.ENOSPC, 2)])
def test_a_model_that_was_trained_is_saved_whether_or_not_anybody_reads_what_is_printed(
    monkeypatch, tmp_path, stream, error, status
):
    path, trained = tmp_path / "xor.npz", nn.recipes.Recipe.train
    codes, runs = set(), []
    monkeypatch.setattr(nn.recipes.Recipe, "train", lambda *args, **kw: runs.append(room) or trained(*args, **kw))
    for room in (0, 100, 300, 500, 999):
        monkeypatch.setattr(sys, stream, Output(room, OSError(error, os.strerror(error))))
        codes.add(main(["xor", "--epochs", "1", "--hidden", "2", "--save", str(path)]))
        assert path.exists() == (room in runs)
        path.unlink(missing_ok=True)
    assert codes == {status, 0}


@pytest.mark.slow
@pytest.mark.parametrize("command", [
    ["nn", "xor", "--epochs", "2"], ["nn", "--help"], ["nn", "xor", "--help"],
    ["viz", "x * y", "x=1", "y=2"], ["viz", "x", "x=1", "-o", "x.svg"], ["viz", "--help"],
], ids=" ".join)
@pytest.mark.parametrize("sink", ["a closed pipe", "/dev/full"])
def test_a_command_whose_output_goes_nowhere_ends_in_the_usual_way(command, sink, tmp_path):
    if sink == "/dev/full":
        output = os.open(sink, os.O_WRONLY)
    else:
        end, output = os.pipe()
        os.close(end)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run([sys.executable, "-m", *command], stdout=output, stderr=subprocess.PIPE, text=True,
                          check=False, cwd=tmp_path, env=environment | {"PYTHONPATH": str(Path.cwd())})
    os.close(output)
    assert done.returncode == (2 if sink == "/dev/full" else 141)
    last = f"python -m {command[0]}: error: what it prints cannot be written: No space left on device\n"
    assert "Traceback" not in done.stderr
    assert done.stderr.endswith(last) == (sink == "/dev/full")


def test_ctrl_c_keeps_what_was_learned(capsys, tmp_path, monkeypatch):
    steps = []

    def update(self, gradient):
        steps.append(gradient)
        if len(steps) == 3:
            signal.raise_signal(signal.SIGINT)
        return 0.001 * gradient

    monkeypatch.setattr(nn.Adam, "update", update)
    path = tmp_path / "moons.npz"
    code, out, _ = run(capsys, "moons", "--hidden", "3", "--save", str(path))
    assert (code, len(steps)) == (0, 3)
    assert "test accuracy" in out.split("stopped early")[1]
    assert len(nn.load(path).parameters()) == 13


def test_ctrl_c_elsewhere_ends_quietly(capsys, monkeypatch):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.__main__.chosen", interrupted)
    assert run(capsys, "xor") == (130, "", "\npython -m nn: stopped\n")


def test_a_loss_without_bounds_is_an_error_and_saves_nothing(capsys, tmp_path):
    path = tmp_path / "digits.npz"
    code, _, err = run(
        capsys, "digits", "--optimizer", "sgd", "--lr", "1e200", "--hidden", "8", "--save", str(path)
    )
    assert code == 2
    assert err.splitlines()[-1].startswith("python -m nn: error: the loss is ")
    assert err.endswith("try a lower learning rate\n")
    assert list(tmp_path.iterdir()) == []


# ── predicting ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A file with a network that reads the small digits."""
    path = tmp_path_factory.mktemp("models") / "digits.npz"
    assert main(["digits", "--epochs", "10", "--save", str(path)]) == 0
    return str(path)


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A folder to work in with a three in several files."""
    monkeypatch.chdir(tmp_path)
    three = nn.data.digits()[0][3]
    np.save("three.npy", three)
    np.save("square.npy", three.reshape(8, 8))
    np.save("digits.npy", nn.data.digits()[0][:5])
    for name, picture in (("ink", three), ("paper", 1 - three)):
        pixels = (255 * np.kron(picture.reshape(8, 8), np.ones((10, 10)))).astype(np.uint8)
        Image.fromarray(pixels).save(f"{name}.png")
    return tmp_path


@pytest.mark.parametrize(
    "arguments", [["three.npy"], ["square.npy"], ["ink.png"], ["paper.png", "--invert"], ["--invert", "paper.png"]]
)
def test_the_probability_of_each_class_is_printed(capsys, room, reader, arguments):
    capsys.readouterr()
    code, out, err = run(capsys, "predict", reader, *arguments)
    head, *rows, last = out.splitlines()
    shares = [float(row.split("|")[1].split()[0]) for row in rows]
    assert (code, err) == (0, "")
    assert head == "class | probability"
    assert [row.split("|")[0].strip() for row in rows] == [str(k) for k in range(10)]
    assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert shares[3] > 0.9
    assert last == "most likely class 3"


def test_several_examples_get_a_line_each(capsys, room, reader):
    _, out, _ = run(capsys, "predict", reader, "digits.npy")
    _, *rows = out.splitlines()[-6:]
    assert [row.split("|")[1].strip() for row in rows] == ["0", "1", "2", "3", "4"]


def test_dark_ink_on_light_paper_is_remarked_on(capsys, room, reader):
    code, _, err = run(capsys, "predict", reader, "paper.png")
    assert code == 0
    assert err == "read as dark ink on light paper; --no-invert reads light ink\n"
    assert run(capsys, "predict", reader, "paper.png", "--invert")[2] == ""
    assert run(capsys, "predict", reader, "ink.png")[2] == ""


def test_one_sigmoid_gives_the_probabilities_of_two_classes(capsys, room):
    run(capsys, "xor", "--save", "xor.npz")
    np.save("rows.npy", [[0, 1], [1, 1]])
    _, out, _ = run(capsys, "predict", "xor.npz", "rows.npy")
    assert [line.split("|")[1].strip() for line in out.splitlines()[1:]] == ["1", "0"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.npz", "three.npy"], "there is no file nothing.npz"),
        (["three.npy", "three.npy"], "three.npy is damaged, or no file that `save` wrote"),
        (["ink.png", "three.npy"], "ink.png is damaged, or no file that `save` wrote"),
        (["reader", "nothing.png"], "there is no file nothing.png"),
        (["reader", "half.png"], "half.png cannot be read as a picture: it is damaged, or ends too early"),
        (["reader", "text.txt"], "text.txt is neither an .npy array nor a picture"),
        (["reader", "wide.npy"], "the model reads rows of 64 numbers, or pictures of 8 × 8 pixels; wide.npy has"),
        (["line.npz", "three.npy"], "gives numbers, not the probabilities of classes"),
        (["reader"], "the following arguments are required: file"),
    ],
)
def test_what_cannot_be_asked_is_one_line_with_exit_code_two(capsys, room, reader, arguments, message):
    Path("half.png").write_bytes(Path("ink.png").read_bytes()[:60])
    Path("text.txt").write_text("seven")
    np.save("wide.npy", np.zeros(65))
    nn.MLP(64, [1]).save("line.npz")
    capsys.readouterr()
    code, out, err = run(capsys, "predict", *[reader if name == "reader" else name for name in arguments])
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


# ── errors and help ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["xnor"], "invalid choice: 'xnor'"),
        (["xor", "--hidden", "0"], "neurons in a layer must be a whole number from 1, 0 came"),
        (["xor", "--hidden", "x"], "invalid int value: 'x'"),
        (["xor", "--hidden"], "expected at least one argument"),
        (["xor", "--dropout", "1"], "probability of dropout must be a number from 0 to below 1"),
        (["xor", "--epochs", "0"], "epochs must be a whole number from 1"),
        (["xor", "--epochs", "1.5"], "invalid int value: '1.5'"),
        (["xor", "--batch-size", "0"], "examples in a batch must be a whole number from 1, 0 came"),
        (["xor", "--batch-size", "few"], "argument --batch-size: a whole number or None is expected, 'few' came"),
        (["xor", "--epochs", "1000001"], "epochs may be 1000000 at most, 1000001 came"),
        (["xor", "--lr", "-1"], "learning rate must be a number above 0"),
        (["xor", "--lr", "nan"], "learning rate must be a number above 0"),
        (["xor", "--seed", "-1"], "a seed is a whole number from 0"),
        (["xor", "--optimizer", "atom"], "invalid choice: 'atom'"),
        (["xor", "--engine", "warp"], "invalid choice: 'warp'"),
        (["xor", "--bogus"], "unrecognized arguments: --bogus"),
    ],
)
def test_errors_are_one_line_with_exit_code_two(capsys, arguments, message):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert err.startswith("python -m nn")


NUMERIC = [action.option_strings[0] for action in parser()._subparsers._group_actions[0].choices["xor"]._actions
           if action.type is not None]


@pytest.mark.parametrize("option", NUMERIC)
@pytest.mark.parametrize("number", [
    "0", "-1", "1", "0.5", "1000000000", "1e9", "9" * 30, "9" * 5000, "1e-300", "1e300", "nan", "inf", "-inf", "None",
    "", "one", "٣", "0x10", "1,5",
])
def test_any_number_is_used_or_refused_in_one_line(capsys, option, number):
    code, out, err = run(capsys, "xor", "--hidden", "2", "--epochs", "1", f"{option}={number}")
    assert code in (0, 2)
    if code == 2:
        assert err.splitlines()[-1].startswith("python -m nn")
        assert len(err) < 6000
        assert "before training" not in out or "try a lower learning rate" in err


def test_all_numbers_are_walked_and_help_says_what_they_may_be(capsys):
    assert NUMERIC == ["--hidden", "--dropout", "--epochs", "--batch-size", "--lr", "--seed"]
    assert run(capsys, "digits", "--hidden", "2", "--epochs", "1", "--batch-size", "None")[0] == 0


@pytest.mark.parametrize("task", ["xor", "digits"])
@pytest.mark.parametrize("hidden", [["100000000"], ["10000", "10000"], ["1", "99999999"]])
def test_a_network_that_no_memory_holds_is_refused_before_it_is_made(capsys, task, hidden):
    code, _, err = run(capsys, task, "--hidden", *hidden)
    assert code == 2
    assert err.startswith("python -m nn: error: hidden layers of ")
    assert err.endswith("weights, at most 10000000 are trained: take fewer neurons\n")


def test_where_mnist_cannot_be_had_the_message_says_what_to_do(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("nn.data.mnist_files.MIRRORS", ())
    monkeypatch.setattr("shutil.which", lambda name: None)
    code, _, err = run(capsys, "mnist")
    assert code == 2
    assert "copy the files train-images-idx3-ubyte" in err
    assert err.endswith("into a folder and set MNIST_DIR to it\n")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_without_a_command_there_is_help(capsys):
    code, _, err = run(capsys)
    assert code == 2
    assert err.startswith("usage: python -m nn")
    assert all(f"\n    {task} " in err for task in TASKS)


def test_help_names_every_option(capsys):
    _, out, _ = run(capsys, "xor", "--help")
    for option in (
        "--hidden", "--dropout", "--epochs", "--batch-size", "--optimizer", "--lr", "--seed", "--engine", "--save"
    ):
        assert option in out
