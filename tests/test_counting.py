import pytest

import autograd
from autograd import Value, count_operations, dot, finite_difference, grad, no_grad


def weights(n):
    return [Value(0.1 * i + 0.1) for i in range(n)]


def product(n):
    """A function of n weights: their dot with n numbers."""
    inputs = [float(i) for i in range(n)]
    return lambda *w: dot(w, inputs)


@pytest.mark.parametrize("n", [1, 10, 100])
def test_a_dot_counts_a_multiplication_and_an_addition_for_each_product(n):
    with count_operations() as count:
        product(n)(*weights(n))
    assert (count.applied["dot"], count.forward["dot"], count.backward.total()) == (1, 2 * n, 0)


@pytest.mark.parametrize("n", [1, 10, 100])
def test_backpropagation_costs_twice_the_forward_pass_whatever_the_number_of_weights(n):
    with count_operations() as count:
        product(n)(*weights(n)).backward()
    assert count.backward.total() == 2 * count.forward.total() == 4 * n


@pytest.mark.parametrize("n", [1, 10, 100])
def test_finite_differences_cost_a_forward_pass_for_every_weight(n):
    with count_operations() as forward:
        finite_difference(product(n), weights(n), kind="forward")
    with count_operations() as central:
        finite_difference(product(n), weights(n), kind="central")
    assert (forward.applied["dot"], forward.total) == (n + 1, 2 * n * (n + 1))
    assert (central.applied["dot"], central.total) == (2 * n, 4 * n**2)


@pytest.mark.parametrize(("make", "forward", "backward"), [
    (lambda x, y: x * y, {"mul": 1}, {"mul": 4}),
    (lambda x, y: x - y / x, {"div": 1, "sub": 1}, {"div": 4, "sub": 4}),
    (lambda x, y: autograd.tanh(x), {"tanh": 1}, {"tanh": 2}),
    (lambda x, y: autograd.sum([x, y, x]), {"sum": 3}, {"sum": 6}),
    (lambda x, y: autograd.max([x, y]), {"max": 2}, {"max": 4}),
    (lambda x, y: dot([x], [y], x), {"dot": 3}, {"dot": 6}),
    (lambda x, y: autograd.where(autograd.gt(x, y), x, y) + 1, {"add": 1}, {"add": 4}),
])
def test_what_counts_how_much(make, forward, backward):
    with count_operations() as count:
        make(Value(2.0), Value(3.0)).backward()
    assert (count.forward, count.backward) == (forward, backward)


def test_grad_counts_as_backward_does_also_when_it_makes_a_graph():
    x = Value(3.0)
    y = x**2 * x.tanh()
    counts = []
    for differentiate in (y.backward, lambda: grad(y, [x]), lambda: grad(y, [x], create_graph=True)):
        with count_operations() as count:
            differentiate()
        counts.append((count.forward.total(), dict(count.backward)))
    assert counts == [(0, {"mul": 4, "pow": 4, "tanh": 2})] * 3


def test_what_is_not_recorded_is_counted_as_well():
    with count_operations() as count, no_grad():
        Value(2.0) * 3
    assert count.total == 1


def test_only_what_happens_inside_the_block_is_counted():
    x = Value(2.0)
    y = x * x
    count = count_operations()
    with count:
        x + x
    y.backward()
    assert (count.total, dict(count.applied)) == (1, {"add": 1})
    with count:
        y.backward()
    assert (count.applied.total(), count.total) == (1, 5)


def test_outside_the_block_the_fast_path_sees_no_mode():
    with count_operations():
        assert len(autograd.modes.ACTIVE) == 1
    assert autograd.modes.ACTIVE == []


def test_the_table_has_a_row_for_each_operation():
    with count_operations() as count:
        (Value(2.0) * 3 + 1).backward()
    assert str(count).splitlines() == [
        "operation  applied  forward  backward",
        "mul              1        1         4",
        "add              1        1         4",
        "total            2        2         8",
    ]
