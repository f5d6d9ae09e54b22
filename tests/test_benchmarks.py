"""The benchmarks: contenders do the same work, and tables are tables."""

from __future__ import annotations

import os
import re
import sys

import numpy as np
import pytest

import autograd
from benchmarks import __main__ as command
from benchmarks import comparison, contenders, peers, programs, scalars
from benchmarks.contenders import arrays, singles
from benchmarks.timing import Contender, agreement, duration, one_core, table

FILE = '''
import sys
from math import exp
from math import log as logarithm

sys.exit("only the class is to run")


class Value:
    """Numbers that make the benchmark's sums, forward and backward."""

    def __init__(self, data, *sources):
        self.data, self.grad, self.sources = data, 0.0, sources

    def of(self, other):
        return other if isinstance(other, Value) else Value(other)

    def __add__(self, other):
        return Value(self.data + self.of(other).data, (self, 1.0), (self.of(other), 1.0))

    def __mul__(self, other):
        other = self.of(other)
        return Value(self.data * other.data, (self, other.data), (other, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self, n * self.data ** (n - 1)))

    def exp(self):
        return Value(exp(self.data), (self, exp(self.data)))

    def log(self):
        return Value(logarithm(self.data), (self, 1 / self.data))

    def relu(self):
        return Value(max(self.data, 0.0), (self, float(self.data > 0)))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -self.of(other)

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * self.of(other) ** -1

    def __rtruediv__(self, other):
        return self**-1 * other

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            value, finished = stack.pop()
            if finished:
                order.append(value)
            elif value not in seen:
                seen.add(value)
                stack += [(value, True), *((source, False) for source, _ in value.sources)]
        self.grad = 1.0
        for value in reversed(order):
            for source, slope in value.sources:
                source.grad += slope * value.grad
'''


@pytest.fixture
def engine(tmp_path):
    """Single numbers from a file as microgpt.py is one."""
    (tmp_path / "microgpt.py").write_text(FILE)
    return scalars.microgpt(tmp_path / "microgpt.py")


@pytest.fixture(autouse=True)
def single_precision():
    """JAX as it was: its contenders switch to double precision for good."""
    yield
    if "jax" in sys.modules:
        sys.modules["jax"].config.update("jax_enable_x64", False)


@pytest.fixture
def alone(monkeypatch):
    """As if neither PyTorch nor JAX were installed."""
    for module in (contenders, peers):
        monkeypatch.setattr(module, "installed", lambda name: False)


@pytest.mark.parametrize("kind", [pytest.param("moons", marks=pytest.mark.slow), "xor", "gpt"])
@pytest.mark.usefixtures("alone")
def test_single_numbers_and_arrays_do_the_same_work(kind, engine):
    engines = {"file": engine, "ours": autograd}
    batch = 1 if kind == "gpt" else 4
    found = arrays(kind, batch) | singles(kind, batch, engines)
    assert found.keys() == {"NumPy by hand", "reroll compiled", "file", "ours"}
    assert agreement(found) < 1e-12


@pytest.mark.parametrize("kind", [pytest.param("softmax", marks=pytest.mark.slow), "gpt"])
@pytest.mark.usefixtures("alone")
def test_arrays_agree_in_single_precision(kind):
    found = arrays(kind, 3, np.float32)
    assert agreement(found, np.float32) < 1e-5
    assert {one.gradient().dtype for one in found.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("package", "name"), [("torch", "PyTorch"), ("jax", "JAX `jit`")])
@pytest.mark.parametrize(("kind", "dtype"), [("xor", np.float64), ("moons", np.float32), ("softmax", np.float32),
                                             ("gpt", np.float64)])
def test_a_peer_that_is_installed_does_the_same_work(package, name, kind, dtype):
    pytest.importorskip(package)
    found = arrays(kind, 4, dtype)
    agreement({one: found[one] for one in ("NumPy by hand", name)}, dtype)


@pytest.mark.slow
@pytest.mark.parametrize(("package", "name"), [
    *(("torch", name) for name in programs.WORK), *(("jax", name) for name in list(programs.WORK)[::3])])
def test_other_losses_are_the_same_in_a_peer(package, name):
    """Both peers run the same text of a loss over arrays."""
    pytest.importorskip(package)
    work = programs.WORK[name]
    given = programs.measure.arguments(work, 5)
    ours = programs.measure.by_program(programs.measure.programs(work)["reroll"], *given)
    by_peer = {"torch": programs.measure.by_torch, "jax": programs.measure.by_jax}[package]
    agreement({"reroll": ours, package: by_peer(work, *given)})


def test_micrograd_with_exp_and_log_does_the_same_work():
    pytest.importorskip("micrograd")
    engines = {"micrograd": scalars.micrograd(), "ours": autograd}
    assert agreement(singles("xor", 4, engines)) < 1e-12
    assert agreement(singles("gpt", 1, engines)) < 1e-12


@pytest.mark.parametrize(("value", "slope"), [(1.001, 2.0), (1.0, 2.01), (np.nan, 2.0), (1.0, np.nan)])
def test_contenders_that_disagree_are_not_timed(value, slope):
    found = {"first": Contender(lambda: 1.0, lambda: np.array([1.0, 2.0])),
             "second": Contender(lambda: value, lambda: np.array([1.0, slope]))}
    with pytest.raises(SystemExit, match="second and first disagree by"):
        agreement(found)


@pytest.mark.parametrize(("text", "message"), [
    ("class Number: pass", "has no class Value"), ("no Python", "invalid syntax"), (None, "No such file"),
])
def test_a_file_without_the_class_is_refused(text, message, tmp_path):
    if text:
        (tmp_path / "other.py").write_text(text)
    with pytest.raises(SystemExit, match=message):
        scalars.microgpt(tmp_path / "other.py")


@pytest.mark.usefixtures("alone")
def test_deep_graphs_leave_the_recursion_limit_as_it_was(engine):
    before = sys.getrecursionlimit()
    singles("xor", 4, {"file": engine})["file"].step()
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize(("seconds", "text"), [
    (9.2e-6, "9.20 µs"), (9.996e-6, "10.0 µs"), (123.4e-6, "123 µs"), (0.99949e-3, "999 µs"), (0.99951e-3, "1.00 ms"),
    (0.02814, "28.1 ms"), (1.0, "1.00 s"), (161.4, "161 s"), (1e5, "100000 s"),
])
def test_a_duration_has_three_digits_and_a_unit(seconds, text):
    assert duration(seconds) == text


def test_a_table_is_markdown():
    assert table([["work", "a"], ["first", "1.25"]]).splitlines() == [
        "| work  |    a |",
        "| ----- | ---: |",
        "| first | 1.25 |"]


WORKS = [comparison.Work("one point", "moons", 1), comparison.Work("five", "moons", 5, extrapolated=True),
         comparison.Work("single", "moons", 5, np.float32)]


@pytest.mark.slow
@pytest.mark.usefixtures("alone")
def test_the_comparison_has_a_time_for_everyone_who_took_part(engine, monkeypatch):
    monkeypatch.setattr(comparison, "WORKS", WORKS)
    head, rule, *rows = (line.strip("| ").split("|") for line in comparison.report({"microgpt": engine}, True)
                         .partition("\n\n")[0].splitlines())
    assert len({len(cells) for cells in (head, rule, *rows)}) == 1
    assert [cell.strip() for cell in head[:4]] == ["Work", "microgpt", "reroll eager", "reroll compiled"]
    approximate = [[cell.strip().startswith("≈") for cell in row] for row in rows]
    assert approximate == [[i == 1 and row is rows[1] for i, _ in enumerate(row)] for row in rows]
    assert [cell.strip() for cell in rows[2][1:3]] == ["", ""]
    for cell in (*rows[0][1:], *rows[1][1:], *rows[2][3:]):
        assert re.fullmatch(r"(≈ )?[\d.]+ (s|ms|µs)", cell.strip())


@pytest.mark.usefixtures("alone")
def test_the_command_says_where_it_ran_and_what_is_left_out(monkeypatch, capsys):
    monkeypatch.setattr(comparison, "WORKS", WORKS[-1:])
    monkeypatch.delenv("MICROGPT", raising=False)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "peers", "--quick"])
    command.main()
    out = capsys.readouterr().out
    assert f"NumPy {np.__version__}" in out
    assert re.search(r"; \d{4}-\d\d-\d\d;", out)
    assert "microgpt is left out" in out
    assert re.search(r"differ from those of NumPy by hand by at most \de[-+]\d\d in float32", out)


def test_the_command_refuses_a_table_that_it_has_not(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "everything"])
    with pytest.raises(SystemExit):
        command.main()
    assert "no table everything: choose of peers, eager, programs, lifting, updates," in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system does not let a process choose its cores")
def test_one_core_is_given_back():
    before = os.sched_getaffinity(0)
    with one_core():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
