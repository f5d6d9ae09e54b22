import subprocess
import sys

import pytest

from nn.__main__ import main


def test_the_command_trains_xor_and_shows_the_truth_table_before_and_after():
    done = subprocess.run([sys.executable, "-m", "nn", "xor"], capture_output=True, text=True, check=True)
    before, after = done.stdout.split("after 200 epochs")
    assert "before training\n x1 x2 | target | output" in before
    assert after.count("right") == 4
    assert "accuracy 4 of 4" in after
    assert "epoch 200/200: 100%" in done.stderr


def test_options_choose_the_network_and_its_training(capsys):
    assert main(["xor", "--hidden", "3", "--epochs", "2", "--lr", "0.1", "--seed", "5", "--engine", "eager"]) == 0
    shown = capsys.readouterr().out
    assert "MLP(2, [3, 1], 'tanh', 'sigmoid'), 13 parameters, seed 5" in shown
    assert "after 2 epochs" in shown


def test_the_same_seed_prints_the_same_text(capsys):
    main(["xor", "--epochs", "5"])
    first = capsys.readouterr().out
    main(["xor", "--epochs", "5"])
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: command"),
        (["xnor"], "invalid choice: 'xnor'"),
        (["xor", "--hidden", "0"], "neurons of a layer must be a whole number from 1, 0 came"),
        (["xor", "--hidden", "x"], "invalid int value: 'x'"),
        (["xor", "--epochs", "0"], "epochs must be a whole number from 1"),
        (["xor", "--lr", "-1"], "learning rate must be a number above 0"),
        (["xor", "--seed", "-1"], "a seed is a whole number from 0"),
        (["xor", "--engine", "warp"], "invalid choice: 'warp'"),
        (["xor", "--bogus"], "unrecognized arguments: --bogus"),
    ],
)
def test_errors_are_one_line_with_exit_code_two(capsys, arguments, message):
    try:
        code = main(arguments)
    except SystemExit as end:
        code = end.code
    shown = capsys.readouterr()
    assert code == 2
    assert message in shown.err
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("python -m nn")


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit):
        main(["xor", "--help"])
    shown = capsys.readouterr().out
    for option in ("--hidden", "--epochs", "--lr", "--seed", "--engine"):
        assert option in shown
