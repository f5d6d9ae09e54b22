"""What the commands have in common."""

import io
import os
import subprocess
import sys

import pytest

from autograd.command import ASCII, PLAIN, Parser, coloured

COMMANDS = ["autograd", "nn", "viz"]


def run(*arguments, **settings):
    """A command as it ends."""
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, check=False, text=True,
                          encoding="utf-8", env=environment | settings)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize("command", COMMANDS)
def test_without_arguments_a_command_says_what_it_takes_and_fails(command):
    done = run(command)
    assert (done.returncode, done.stdout) == (2, "")
    assert "python -m viz" in done.stderr or f"usage: python -m {command}" in done.stderr


def test_the_commands_that_autograd_names_are_there():
    named = {line.split("#")[0].split()[2] for line in run("autograd").stderr.splitlines() if "python -m" in line}
    assert named == {"nn", "viz"}


@pytest.mark.parametrize("command", ["nn", "viz"])
def test_help_is_as_wide_as_the_terminal_but_for_commands_to_copy(command):
    lines = run(command, "--help", COLUMNS="60").stdout.splitlines()
    assert [line for line in lines if len(line) > 60 and not line.startswith("  python -m")] == []
    assert any(line.startswith("  python -m") for line in lines)


def test_lines_with_blanks_at_their_beginning_are_not_wrapped(monkeypatch):
    monkeypatch.setenv("COLUMNS", "32")
    shown = Parser(prog="p", epilog="a b c d e f g h i j k l m n o p\nq r s\n\n  code     x\nend").format_help()
    assert shown.endswith("\n\na b c d e f g h i j k l m n o\np q r s\n\n  code     x\nend\n")


@pytest.mark.parametrize(("text", "ascii"), [
    ("df/dq · dq/dx", "df/dq * dq/dx"), ("8 × 8", "8 x 8"), ("α", "alpha"), ("λ", "lambda"), ("ā", "a"), ("x₁", "x1"),
    ("…", "..."), ("漢", "?"), ("𝟛", "3"),
])
def test_what_an_encoding_lacks_is_spelled_as_people_spell_it(text, ascii):
    assert text.encode("ascii", PLAIN).decode() == ascii
    assert text.encode("utf-8", PLAIN).decode() == text


def test_a_spelling_is_ascii():
    assert all(letter.isascii() for letter in "".join(ASCII.values()))


def test_a_terminal_that_knows_no_sign_for_times_gets_an_asterisk():
    done = run("viz", "(x + y) * z", "x=-2", "y=5", "z=-4", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert "df/dq * dq/dx = -4 * 1 = -4" in done.stdout


@pytest.mark.parametrize(("settings", "seen"), [
    ({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False),
])
def test_colours_are_for_terminals_that_want_them(monkeypatch, settings, seen):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in ({"TERM": "xterm", "WT_SESSION": "1"} | settings).items():
        monkeypatch.setenv(name, value)
    assert (coloured("wrong", "wrong", Terminal()) == "\x1b[31mwrong\x1b[0m") == seen
    assert coloured("wrong", "wrong", io.StringIO()) == "wrong"


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are Unix's")
@pytest.mark.parametrize("settings", [{}, {"NO_COLOR": "1"}])
def test_the_passes_have_their_colours_in_a_terminal(settings):
    import pty

    parent, child = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"}
    subprocess.run([sys.executable, "-m", "viz", "x * y", "x=2", "y=3"], stdout=child, check=True,
                   env=environment | settings)
    os.close(child)
    said = os.read(parent, 10_000).decode()
    os.close(parent)
    assert ("\x1b[34mforward\x1b[0m" in said) == (not settings)
    assert "forward" in said
    assert ("\x1b" in said) == (not settings)


@pytest.mark.parametrize("command", [["nn", "--help"], ["viz", "x*y", "x=1", "y=2"], ["autograd"]], ids=" ".join)
def test_a_reader_who_stops_reading_is_no_error(command):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-m", *command], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert b"Traceback" not in done.stderr
