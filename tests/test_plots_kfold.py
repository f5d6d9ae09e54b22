import numpy as np
import pytest
from plotting import texts

import nn
from autograd import SizeError, UsageError
from viz import plots


def shown(ax):
    return ax.collections[0].get_array()


def test_every_example_is_strong_in_one_fold_and_pale_in_the_others():
    parts = list(nn.data.kfold(10, 3, seed=0))
    found = shown(plots.folds(parts))
    assert found.shape == (3, 10)
    assert found.sum(0).tolist() == [1] * 10
    assert [np.flatnonzero(row).tolist() for row in found] == [held.tolist() for _, held in parts]


def test_what_is_in_neither_part_is_blank():
    assert shown(plots.folds([([0, 1], [3])])).mask.tolist() == [[False, False, True, False]]


def test_scores_stand_beside_their_folds():
    ax = plots.folds(nn.data.kfold(4, 2, seed=0), scores=[0.5, 0.75])
    assert texts(ax) == ["0.5", "0.75"]
    assert ax.texts[0].xy[1] > ax.texts[1].xy[1]  # the first fold is at the top
    assert ax.get_title() == "mean score 0.625"


@pytest.mark.parametrize(("parts", "scores", "error", "message"), [
    (5, None, UsageError, "parts must be a list"),
    ([1], None, UsageError, "a fold must be a list"),
    ([], None, SizeError, "nn.data.kfold"),
    ([([0], [1], [2])], None, SizeError, "pairs"),
    ([([0], [])], None, SizeError, "nothing to draw"),
    ([([0], [0.5])], None, UsageError, "whole numbers from 0"),
    ([([0], [-1])], None, UsageError, "whole numbers from 0"),
    ([([0], [1])], [1, 2], SizeError, "1 folds need as many scores, 2 came"),
])
def test_what_are_no_folds_is_refused(parts, scores, error, message):
    with pytest.raises(error, match=message):
        plots.folds(parts, scores=scores)
