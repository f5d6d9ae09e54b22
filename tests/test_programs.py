"""The losses of `benchmarks.programs`: by machine, by hand, and number by number they are the same."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest
from losses import by_default

from benchmarks import peers
from benchmarks.programs import WORK, __main__, measure, report
from benchmarks.timing import agreement
from nn.models.module import values


@pytest.fixture
def alone(monkeypatch):
    """As if neither PyTorch nor JAX were installed."""
    for module in (measure, peers):
        monkeypatch.setattr(module, "installed", lambda name: name == "llvmlite")


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("name", by_default(WORK, one_in=6))
def test_a_loss_is_the_same_compiled_by_hand_and_number_by_number(name):
    work = WORK[name]
    theta, X, Y = given = measure.arguments(work, 3)
    programs = measure.programs(work)
    assert programs.keys() == {"reroll", "native"}
    contenders = measure.contenders(work, 3, programs)
    agreement(contenders)
    assert np.abs(contenders["reroll"].gradient()).max() > 0
    if work.hand is not None:
        _, slopes = work.hand(measure.parted(theta, work.shapes), X, Y)
        assert {part: np.shape(slope) for part, slope in slopes.items()} == work.shapes
        for before, after in zip(measure.arguments(work, 3), given, strict=True):
            np.testing.assert_array_equal(before, after)

    losses = programs["reroll"](theta, X[:2], None if Y is None else Y[:2])
    P = measure.as_values(work, theta)
    for i in range(2):
        rows = [values(array[i].tolist()) for array in (X, Y) if array is not None]
        assert losses[i] == pytest.approx(work.loss(P, *rows).data, rel=1e-9)


def test_there_are_many_losses_and_most_are_written_by_hand():
    assert len(WORK) >= 60
    assert sum(work.hand is not None for work in WORK.values()) >= 30


@pytest.mark.usefixtures("alone")
def test_the_table_has_the_losses_that_are_asked_for_and_what_their_ratios_come_to(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["programs", "--quick", "--batch", "5", "huber regression", "Poisson"])
    __main__.main()
    out = capsys.readouterr().out
    head, _, *rows = (line.strip("| ").split("|") for line in out.splitlines() if line.startswith("|"))
    assert [cell.strip() for cell in head[:5]] == ["Loss", "Batch", "reroll µs", "native µs", "by hand µs"]
    assert [[cell.strip() for cell in row[:2]] for row in rows] == [["Huber regression", "5"],
                                                                    ["Poisson regression", "5"]]
    assert re.search(r"- reroll ÷ by hand: [\d.]+ in the middle of 2, at worst [\d.]+ \((Huber|Poisson) regression, "
                     r"batch of 5\)", out)


def test_a_part_of_no_name_is_refused():
    with pytest.raises(SystemExit, match="no loss has nothing of the kind in its name"):
        report(parts=["nothing of the kind"])
