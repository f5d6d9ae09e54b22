"""A walk in the terminal."""

import os
import subprocess
import sys

import pytest

import viz
from autograd import Value
from viz import terminal


def walked(answers, root=None):
    """What is said while the user gives these answers."""
    said, given = [], iter(answers)

    def read(prompt):
        try:
            return next(given)
        except StopIteration:
            raise EOFError from None

    terminal.walk(viz.steps(root or viz.parse("(x + y) * z", x=-2, y=5, z=-4)), read, said.append)
    return [text.splitlines()[1] for text in said if text]


def test_enter_goes_on_b_back_and_q_quits():
    assert walked(["", "", "b", "", "", "q", ""]) == [
        "0/7 start",
        "1/7 forward: q = x + y = -2 + 5 = 3",
        "2/7 forward: f = q * z = 3 * (-4) = -12",
        "1/7 forward: q = x + y = -2 + 5 = 3",
        "2/7 forward: f = q * z = 3 * (-4) = -12",
        "3/7 backward: df/df = 1",
    ]


def test_it_ends_after_the_last_step_and_with_the_input():
    assert len(walked([""] * 20)) == 8
    assert len(walked([""])) == 2
    assert walked(["b", "q"]) == ["0/7 start"] * 2


def test_a_table_shows_what_is_known():
    steps = viz.steps(viz.parse("(x + y) * z", x=-2, y=5, z=-4))
    assert terminal.table(steps, 4) == [
        "           x  y   z   q    f",
        "   value  -2  5  -4   3  -12",
        "gradient   .  .   .  -4    1",
    ]


def test_a_table_that_is_too_wide_is_left_out(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    assert terminal.table(viz.steps(Value(2.0, "a long name") * 3), 1) == []


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are Unix's")
def test_the_command_asks_where_there_is_a_terminal():
    import pty

    parent, child = pty.openpty()
    command = [sys.executable, "-m", "viz", "x * y", "x=2", "y=3", "--steps"]
    with subprocess.Popen(command, stdin=child, stdout=subprocess.PIPE, text=True) as running:
        os.write(parent, b"\n\nq\n")
        said, _ = running.communicate(timeout=60)
    os.close(parent)
    os.close(child)
    assert said.count(terminal.PROMPT) == 3
    assert "2/4 backward: df/df = 1" in said


def test_without_a_terminal_all_steps_are_told():
    command = [sys.executable, "-m", "viz", "x * y", "x=2", "y=3", "--steps"]
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
    assert terminal.PROMPT not in said
    assert "  4  df/dy = x = 2" in said
