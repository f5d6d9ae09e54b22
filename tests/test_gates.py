import itertools

import numpy as np
import pytest

import nn
from autograd import UsageError
from nn.data import GATES

RULES = {
    "false": lambda a, b: False,
    "and": lambda a, b: a and b,
    "a_and_not_b": lambda a, b: a and not b,
    "a": lambda a, b: a,
    "not_a_and_b": lambda a, b: not a and b,
    "b": lambda a, b: b,
    "xor": lambda a, b: a != b,
    "or": lambda a, b: a or b,
    "nor": lambda a, b: not (a or b),
    "xnor": lambda a, b: a == b,
    "not_b": lambda a, b: not b,
    "b_implies_a": lambda a, b: not b or a,
    "not_a": lambda a, b: not a,
    "a_implies_b": lambda a, b: not a or b,
    "nand": lambda a, b: not (a and b),
    "true": lambda a, b: True,
}


def test_all_sixteen_boolean_functions_are_there_once():
    assert set(GATES.values()) == set(itertools.product((0, 1), repeat=4))
    assert GATES.keys() == RULES.keys()


@pytest.mark.parametrize("name", RULES)
def test_a_gate_is_what_its_name_says(name):
    X, Y = nn.data.logic_gate(name)
    assert X.tolist() == [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    assert Y.tolist() == [float(RULES[name](bool(a), bool(b))) for a, b in X]
    assert X.dtype == Y.dtype == np.float64


@pytest.mark.parametrize("name", ["and_", "or_", "xor", "nand", "nor", "xnor"])
def test_the_common_gates_are_functions(name):
    ours, table = getattr(nn.data, name)(), nn.data.logic_gate(name.rstrip("_"))
    assert all(map(np.array_equal, ours, table))


def test_fourteen_of_the_sixteen_are_linearly_separable():
    # A grid of weights and thresholds that reaches every separable function of two bits.
    corners = nn.data.xor()[0]
    grid = itertools.product((-1, 0, 1), (-1, 0, 1), (-1.5, -0.5, 0.5, 1.5))
    reached = {tuple((corners @ (v, w) + b > 0).astype(int).tolist()) for v, w, b in grid}
    assert set(GATES) - {name for name, outputs in GATES.items() if outputs in reached} == {"xor", "xnor"}


def test_each_call_gives_arrays_of_its_own():
    nn.data.xor()[0][0, 0] = 9
    assert nn.data.xor()[0][0, 0] == 0


def test_an_unknown_gate_names_the_known_ones():
    with pytest.raises(UsageError, match=r"unknown logic gate 'xro': there are false, and, .*xor"):
        nn.data.logic_gate("xro")
