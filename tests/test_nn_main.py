import subprocess
import sys

import pytest

import nn
from nn.__main__ import TASKS, main


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
    assert "epoch 200/200: 100%" in done.stderr


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
    counts = [int(n) for row in (zero, one) for n in row.split("|")[1].replace("·", "0").split()]
    assert sum(counts) == 1000
    assert accuracy == f"test accuracy {(counts[0] + counts[3]) / 1000:.2%}"
    assert counts[0] + counts[3] > 950


def test_digits_are_read(capsys):
    _, out, _ = run(capsys, "digits", "--epochs", "8")
    assert float(out.split("test accuracy ")[-1].rstrip("%\n")) > 95


def test_the_same_seed_prints_the_same_text(capsys):
    assert run(capsys, "xor", "--epochs", "5")[1] == run(capsys, "xor", "--epochs", "5")[1]


def test_another_seed_prints_other_numbers(capsys):
    assert run(capsys, "xor", "--epochs", "5")[1] != run(capsys, "xor", "--epochs", "5", "--seed", "1")[1]


# ── files ────────────────────────────────────────────────────────────────────────────────────


def test_a_model_is_saved_where_it_is_asked_for(capsys, tmp_path):
    path = tmp_path / "moons.npz"
    code, out, _ = run(capsys, "moons", "--epochs", "1", "--hidden", "3", "--save", str(path))
    assert code == 0
    assert out.endswith(f"wrote {path}\n")
    model = nn.MLP(2, [3, 1], "tanh", "sigmoid")
    model.load(path)
    assert model.layers[0].W.any()


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


def test_where_mnist_cannot_be_had_the_message_says_what_to_do(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
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
    code, out, _ = run(capsys)
    assert code == 0
    assert out.startswith("usage: python -m nn")
    assert all(f"\n    {task} " in out for task in TASKS)


def test_help_names_every_option(capsys):
    _, out, _ = run(capsys, "xor", "--help")
    for option in (
        "--hidden", "--dropout", "--epochs", "--batch-size", "--optimizer", "--lr", "--seed", "--engine", "--save"
    ):
        assert option in out
