import numpy as np
import pytest
from plotting import closed_figures, texts  # noqa: F401

import nn
from autograd import SizeError, UsageError
from viz import plots


def test_a_map_of_folds_marks_what_each_is_validated_on():
    parts = list(nn.data.kfold(10, 5, seed=0))
    ax = plots.folds(parts)
    (mesh,) = [group for group in ax.collections if group.get_array() is not None]
    kinds = np.asarray(mesh.get_array()).reshape(5, 10)
    assert [np.flatnonzero(row).tolist() for row in kinds] == [held.tolist() for _, held in parts]
    assert kinds.sum(0).tolist() == [1] * 10
    assert [label.get_text() for label in ax.get_yticklabels()] == [f"fold {i}" for i in range(1, 6)]


def test_scores_are_written_beside_their_folds():
    ax = plots.folds(nn.data.kfold(4, 2, seed=0), scores=[0.5, 1.0])
    assert texts(ax) == ["0.5", "1"]
    assert "mean score 0.75" in ax.get_title()


@pytest.mark.parametrize(("parts", "options", "error"), [
    ([], {}, SizeError),
    ([([0], [1], [2])], {}, SizeError),
    ([([0.5], [1])], {}, UsageError),
    ([([-1], [1])], {}, UsageError),
    ([([0], [1])], {"scores": [1, 2]}, SizeError),
])
def test_folds_are_pairs_of_numbers_of_examples(parts, options, error):
    with pytest.raises(error):
        plots.folds(parts, **options)
