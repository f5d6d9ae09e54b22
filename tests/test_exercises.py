from collections import Counter

import pytest

import autograd
import viz
from autograd import UsageError, Value, finite_difference, ops
from viz.pages.exercises import TOPICS, along_edges, confirmed, exercises, varying

LEVELS = [1, 2, 3]


def rows(exercise):
    return [value.op for value in exercise.values if value.args]


@pytest.fixture(scope="module", params=LEVELS)
def level(request):
    """A level and forty of its exercises."""
    return request.param, exercises(40, request.param, seed=3)


def test_answers_are_what_finite_differences_measure(level):
    for exercise in level[1]:
        def f(*numbers, exercise=exercise):
            return viz.parse(exercise.formula, **dict(zip(exercise.point, numbers, strict=True))).data

        measured = finite_difference(f, list(exercise.point.values()))
        assert list(exercise.gradient.values()) == pytest.approx(measured, abs=1e-6)
        assert exercise.root.data == f(*exercise.point.values())


def test_all_numbers_are_friendly(level):
    parts = 4 if level[0] == 3 else 1
    for exercise in level[1]:
        values = exercise.values
        slopes = [value.grad for value in values]
        for number in [*slopes, *(value.data for value in values), *along_edges(values, slopes)]:
            assert (number * parts).is_integer()
            assert abs(number) <= 40
            assert str(number) != "-0.0"


def test_expressions_are_as_large_as_their_level_says(level):
    least, most = {1: (5, 5), 2: (5, 7), 3: (7, 10)}[level[0]]
    sizes = {len(exercise.values) for exercise in level[1]}
    assert min(sizes) == least
    assert max(sizes) == most


def test_a_gradient_is_seldom_zero(level):
    for exercise in level[1]:
        assert sum(slope != 0 for slope in exercise.gradient.values()) >= 2


def test_level_1_has_sums_and_products_of_three_inputs():
    for exercise in exercises(30, 1, seed=0):
        assert set(exercise.point) == set("xyz")
        assert set(rows(exercise)) <= {ops.add, ops.mul}


def test_level_2_uses_a_value_twice():
    made = set()
    for exercise in exercises(30, 2, seed=0):
        uses = Counter(arg for value in exercise.values for arg in value.args if arg.op is not ops.constant)
        assert max(uses.values()) > 1
        made |= set(rows(exercise))
    assert made == {ops.add, ops.sub, ops.mul, ops.pow}


def test_level_3_meets_every_topic_in_turn_and_none_twice_in_one_expression():
    found = exercises(2 * len(TOPICS), 3, seed=0)
    for exercise, topic in zip(found, [*TOPICS, *TOPICS], strict=True):
        counts = Counter(rows(exercise))
        assert counts[topic] == 1
        assert all(counts[other] <= 1 for other in TOPICS)


def test_no_expression_is_at_a_kink():
    for exercise in exercises(60, 3, seed=1):
        for value in exercise.values:
            if value.op is ops.relu:
                assert value.args[0].data != 0
            if value.op is ops.maximum:
                assert value.args[0].data != value.args[1].data


def test_exercises_are_all_different_and_the_same_for_the_same_seed():
    def told(seed):
        return [f"{exercise.formula} {exercise.point}" for exercise in exercises(50, 1, seed)]

    assert len(set(told(5))) == 50
    assert told(5) == told(5)
    assert told(5) != told(6)


def test_a_shorter_sheet_is_the_beginning_of_a_longer_one():
    assert [e.formula for e in exercises(9, 3, 2)][:4] == [e.formula for e in exercises(4, 3, 2)]


def test_a_wrong_derivative_does_not_pass():
    x, y = Value(2.0), Value(3.0)
    f = x * y + x
    values = varying(f)
    slopes = autograd.grad(f, values)
    assert confirmed(f, values, slopes)
    for i in range(len(slopes)):
        wrong = [slope + (j == i) * 0.25 for j, slope in enumerate(slopes)]
        assert not confirmed(f, values, wrong)


@pytest.mark.parametrize("level", [0, 4, "2"])
def test_another_level_is_refused(level):
    with pytest.raises(UsageError, match=r"level is one of 1, 2, 3"):
        exercises(1, level, 0)
