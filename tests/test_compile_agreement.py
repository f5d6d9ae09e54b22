"""Compiled losses give what eager evaluation gives, in every way of running them."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import assert_agreement
from losses import LOSSES


@pytest.mark.parametrize("name", LOSSES)
def test_a_compiled_loss_agrees_with_eager(name: str) -> None:
    case = LOSSES[name]()
    X, Y = case.data()
    draw = np.random.default_rng(3).random((len(X), case.noises))
    assert_agreement(case, X, Y, draw)
