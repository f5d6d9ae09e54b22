import numpy as np
import pytest

import nn
from autograd import UsageError, sigmoid
from nn.reports import chances, probabilities, report, score, truth_table


def constant(biases, output="linear"):
    """A network of two inputs that answers the same to everything."""
    model = nn.MLP(2, [len(biases)], output=output, init="zeros")
    model.layers[0].b = biases
    return model


X = np.array([[0.0, 0], [0, 1], [1, 0]])


def test_a_truth_table_says_what_is_right():
    assert truth_table(constant([0.75]), X, np.array([0, 1, 1])).splitlines() == [
        " x1 x2 | target | output",
        "  0  0 |      0 | 0.7500  wrong",
        "  0  1 |      1 | 0.7500  right",
        "  1  0 |      1 | 0.7500  right",
        "accuracy 2 of 3",
    ]


def test_a_report_counts_what_was_taken_for_what():
    model, Y = constant([0.0, 2.0, 1.0]), np.array([1, 1, 2])
    assert report(model, X, Y).splitlines() == [
        "      | taken for",
        "class |    0    1    2",
        "    0 |    .    .    .",
        "    1 |    .    2    .",
        "    2 |    .    1    .",
        "test accuracy 66.67%",
    ]
    assert score(model, X, Y) == "test accuracy 66.67%"


@pytest.mark.parametrize(
    ("biases", "output", "expected"),
    [
        ([0.0, np.log(3)], "linear", [0.25, 0.75]),
        ([1000.0, 0.0], "linear", [1, 0]),
        ([0.0, np.log(3)], "softmax", [0.25, 0.75]),
        ([np.log(3)], "sigmoid", [0.25, 0.75]),
        ([0.0, np.log(3), 0.0], "sigmoid", [0.5, 0.75, 0.5]),
    ],
)
def test_outputs_become_probabilities_of_classes(biases, output, expected):
    np.testing.assert_allclose(probabilities(constant(biases, output), X), [expected] * 3)


@pytest.mark.parametrize(("biases", "output"), [([1.0], "linear"), ([1.0, 2.0], "tanh"), ([1.0], sigmoid)])
def test_outputs_of_another_kind_are_no_probabilities(biases, output):
    with pytest.raises(UsageError, match="gives numbers, not the probabilities of classes"):
        probabilities(constant(biases, output), X)


def test_one_example_gets_a_line_for_each_class():
    assert chances(np.array([[0.2, 0.8]])).splitlines() == [
        "class | probability",
        "    0 | 0.2000  ██████",
        "    1 | 0.8000  ████████████████████████",
        "most likely class 1",
    ]


def test_several_examples_get_a_line_each():
    assert chances(np.array([[0.2, 0.8], [1, 0]])).splitlines() == [
        "example | class |     0     1",
        "      0 |     1 | 0.200 0.800",
        "      1 |     0 | 1.000 0.000",
    ]
