"""The command: python -m viz."""

import os
import subprocess
import sys

import pytest

from viz.__main__ import main

FIRST = ["(x + y) * z", "x=-2", "y=5", "z=-4"]


def test_it_tells_both_passes_step_by_step(capsys):
    assert main(FIRST) == 0
    assert capsys.readouterr().out.splitlines() == [
        "named here: q, f; the output is f",
        "",
        "forward",
        "  1  q = x + y = -2 + 5 = 3",
        "  2  f = q * z = 3 * (-4) = -12",
        "",
        "backward",
        "  3  df/df = 1",
        "  4  df/dq = z = -4",
        "  5  df/dz = q = 3",
        "  6  df/dx = df/dq · dq/dx = -4 · 1 = -4",
        "  7  df/dy = df/dq · dq/dy = -4 · 1 = -4",
        "",
        "gradient",
        "  df/dx = -4",
        "  df/dy = -4",
        "  df/dz = 3",
    ]


def test_nothing_is_named_where_everything_has_a_name(capsys):
    assert main(["q = x + y; f = q * z", *FIRST[1:]]) == 0
    assert capsys.readouterr().out.startswith("forward\n")


@pytest.mark.parametrize(("name", "start"), [
    ("f.svg", b"<?xml"), ("f.png", b"\x89PNG"), ("f.dot", b"digraph"), ("f.html", b"<!DOCTYPE html>"),
])
def test_it_writes_the_picture(tmp_path, capsys, name, start):
    path = tmp_path / name
    assert main([*FIRST, "-o", str(path), "--style", "circuit", "--theme", "dark", "--local"]) == 0
    assert path.read_bytes().startswith(start)
    assert capsys.readouterr().out.endswith(f"wrote {path}\n")


@pytest.mark.parametrize(("option", "mark"), [
    ([], 'id="walk"'), (["--live"], 'id="leaves"'), (["--quiz", "grads"], 'id="quiz"'),
])
def test_it_writes_pages_of_three_kinds(tmp_path, option, mark):
    assert main([*FIRST, "-o", str(tmp_path / "f.html"), *option, "--style", "circuit"]) == 0
    page = (tmp_path / "f.html").read_text()
    assert mark in page
    assert "<title>(x + y) * z</title>" in page


@pytest.mark.parametrize("output", [[], ["-o", "f.svg"]])
@pytest.mark.parametrize("option", [["--live"], ["--quiz", "values"]])
def test_live_pages_and_quizzes_are_files_of_html(tmp_path, monkeypatch, capsys, output, option):
    monkeypatch.chdir(tmp_path)
    assert main([*FIRST, *output, *option]) == 2
    assert "make pages" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_picture_has_gradients_names_and_local_derivatives(tmp_path):
    path = tmp_path / "f.dot"
    main([*FIRST, "-o", str(path), "--local", "--direction", "TB", "--number-format", ".1f"])
    source = path.read_text()
    for text in ("<b>q</b>", "<b>f</b>", "grad -4.0", "data -12.0", "3.0</i>", "rankdir=TB"):
        assert text in source


@pytest.mark.parametrize(("arguments", "complaint"), [
    (["(x + y) * w", "x=1", "y=2"], ["w has no value: give it one with w=1.5, say", "  (x + y) * w", "            ^"]),
    (["x +* y", "x=1", "y=2"], ["not an expression: invalid syntax", "  x +* y", "     ^"]),
    (["x", "x=1", "y=2"], ["the expression does not mention y"]),
    (["x", "x=1", "x=2"], ["x is given twice: x=1 and x=2"]),
    (["x", "x=one"], ["a number is expected after x=, 'one' came"]),
    (["x", "x"], ["name=number is expected, such as x=1.5; 'x' came"]),
    (["x", "2x=1"], ["name=number is expected, such as x=1.5; '2x=1' came"]),
    (["x", "x=1", "-o", "picture"], ["a file name ending in .svg, .png or .dot is expected, 'picture' came"]),
    (["x", "x=1", "--number-format", "d"],
     ["number_format is a format for floats such as '.4g' or '.2f'; 'd' came"]),
    (["x", "x=1", "-o", "/no/such/folder/f.svg"],
     ["/no/such/folder/f.svg cannot be written: No such file or directory; make that folder first"]),
])
def test_what_is_wrong_is_said_and_the_exit_code_is_2(capsys, arguments, complaint):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [f"python -m viz: {complaint[0]}", *complaint[1:]]


def test_a_picture_that_cannot_be_drawn_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert main(["x", "x=1", "-o", str(tmp_path / "f.pdf")]) == 2
    assert "cannot write 'pdf'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("expression", ["-x*y", "-x", "--x", "-x * y"])
def test_an_expression_may_begin_with_a_minus(capsys, expression):
    values = ["x=2", "y=-3"] if "y" in expression else ["x=2"]
    assert main([expression, *values]) == 0
    assert "backward" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["x", "--theme", "blue"], ["x", "--style"]])
def test_a_wrong_option_ends_with_exit_code_2(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    line, end = capsys.readouterr().err.split("\n")
    assert line.startswith("python -m viz: error: ")
    assert arguments[1] in line
    assert end == ""


def test_help_shows_examples_and_functions(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert 'python -m viz "(x + y) * z" x=-2 y=5 z=-4' in shown
    assert "tanh" in shown


def test_it_runs_as_a_module_and_survives_a_terminal_without_dots():
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-m", "viz", *FIRST], capture_output=True, check=True, env=ascii_only)
    assert b"df/dq * dq/dx = -4 * 1 = -4" in done.stdout
    subprocess.run([sys.executable, "-m", "viz", "--help"], capture_output=True, check=True, env=ascii_only)
