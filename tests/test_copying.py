"""Copies and pickles of values and their graphs."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import viz
from autograd import UsageError, Value, ops

over = pytest.mark.parametrize
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def pickled(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


def slowly(thing: Any) -> Any:
    """Through the pickler that is written in Python, as other serializers are."""
    file = io.BytesIO()
    pickle._Pickler(file).dump(thing)  # type: ignore[attr-defined]
    return pickle._loads(file.getvalue())  # type: ignore[attr-defined]


WAYS = over("duplicate", [copy.deepcopy, pickled, slowly])


@WAYS
def test_a_copy_equals_its_original_and_is_another(duplicate: Any) -> None:
    x = Value(2.0, label="x")
    y = (3 * x).tanh()
    y.label = "y"
    y.backward()
    twin = duplicate(y)
    for old, new in zip(autograd.ancestors(y), autograd.ancestors(twin), strict=True):
        assert new is not old
        assert (new.data, new.grad, new.op, new.label) == (old.data, old.grad, old.op, old.label)
    twin.backward()
    assert x.grad == y.args[0].args[1].grad == autograd.ancestors(twin)[0].grad / 2


@WAYS
def test_a_leaf_keeps_its_kind(duplicate: Any) -> None:
    (two, x) = (2 * Value(3.0)).args
    assert duplicate(two).op is ops.constant
    assert duplicate(x).op is None


@WAYS
def test_sharing_is_kept_within_a_graph_and_between_graphs(duplicate: Any) -> None:
    x = Value(2.0)
    q = x * x
    new_x, new_q, f, g = duplicate([x, q, q + 1, q * x])
    assert f.args[0] is g.args[0] is new_q
    assert new_q.args == (new_x, new_x)
    assert g.args[1] is new_x


@over("nodes", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])
@WAYS
def test_a_deep_graph_is_copied_without_recursion(duplicate: Any, nodes: int) -> None:
    x = Value(1.0)
    y = x
    for _ in range(nodes):
        y = y + x
    new_x, new_y = duplicate((x, y))
    assert new_y.data == y.data
    assert autograd.grad(new_y, [new_x]) == [nodes + 1.0]


@over("protocol", PROTOCOLS)
def test_every_protocol_of_pickle_works(protocol: int) -> None:
    x = Value(2.0)
    new_x, y = pickle.loads(pickle.dumps([x, x * x + 1], protocol))
    assert autograd.grad(y, [new_x]) == [4.0]


def test_a_copy_can_be_used_beside_new_values() -> None:
    x = Value(2.0)
    new_x, y = pickled((x, x * x))
    z = y * new_x
    assert z.serial > y.serial > new_x.serial
    assert autograd.grad(z, [new_x]) == [12.0]


def test_a_shallow_copy_shares_its_operands() -> None:
    x = Value(2.0)
    y = x * x
    twin = copy.copy(y)
    assert twin is not y
    assert (twin.data, twin.op, twin.args) == (4.0, ops.mul, (x, x))


@over("dump", [pickle.dumps, slowly])
def test_a_pickle_that_fails_does_not_spoil_the_next(dump: Any) -> None:
    x = Value(1.0)
    bad = x * 2
    bad.label = lambda: None  # type: ignore[assignment]
    with pytest.raises((pickle.PicklingError, AttributeError)):
        dump([bad + x])
    y = x
    for _ in range(5000):
        y = y + x
    assert dump(y)


# ── every public class ───────────────────────────────────────────────────────────────────────


def training() -> Any:
    trainings: list[Any] = []
    nn.fit(nn.MLP(2, [1]), *nn.data.xor(), "mse", nn.SGD(0.1), epochs=1, progress=False, callbacks=[trainings.append])
    return trainings[0]


def drawn() -> Value:
    return viz.parse("(x + y) * z", x=-2, y=5, z=-4)


THINGS = {
    "modules": lambda: [nn.MLP(2, [2, 1], dropout=0.5), nn.Layer(2, 1), nn.Neuron(2), nn.Perceptron(2), nn.Maxout(2, 1),
                        nn.LogisticRegression(2), nn.Sequential(nn.Layer(2, 2), "relu", nn.Dropout(0.5), "softmax")],
    "optimisers": lambda: [kind(lr=0.1, clip_norm=1.0) for kind in nn.optim.OPTIMIZERS.values()],
    "schedules": lambda: [nn.StepDecay(0.1, 2), nn.CosineDecay(0.1, 2), nn.ExponentialDecay(0.1, 2), nn.WarmUp(0.1, 2),
                          nn.Adam(nn.CosineDecay(0.1, 5))],
    "callbacks": lambda: [nn.EarlyStopping(), nn.Checkpoint("file.npz"), viz.Recorder()],
    "histories": lambda: [training().history],
    "losses": lambda: [nn.penalized("mse", nn.MLP(2, [1]), l1=0.1)],
    "scalings": lambda: [nn.data.Scaling(np.zeros(2), np.ones(2))],
    "drawings": lambda: [viz.draw(drawn()), viz.steps(drawn()), viz.steps(drawn())[0]],
    "pages": lambda: [viz.html(drawn()), viz.live(drawn()), viz.quiz(drawn(), "grads"), viz.worksheet(1, seed=1)],
    "modes": lambda: [autograd.no_grad(), autograd.detect_anomaly(), autograd.count_operations()],
}


@over("duplicate", [copy.copy, copy.deepcopy, pickled])
@over("make", THINGS.values(), ids=THINGS)
def test_whatever_is_public_can_be_copied_and_pickled(duplicate: Any, make: Any) -> None:
    for thing in make():
        twin = duplicate(thing)
        assert twin is not thing
        assert type(twin) is type(thing)
        assert vars(twin).keys() == vars(thing).keys()
        if type(thing).__repr__ is not object.__repr__:
            assert repr(twin) == repr(thing)


@over("duplicate", [copy.copy, copy.deepcopy, pickled])
@over("make", [lambda: autograd.compile(lambda x: x * x, []), training], ids=["a program", "a training"])
def test_what_cannot_be_copied_says_what_to_do(duplicate: Any, make: Any) -> None:
    if (make, duplicate) != (training, copy.copy):
        with pytest.raises(UsageError, match=r"cannot be copied or pickled, since .*copy or save the model"):
            duplicate(make())


@over("duplicate", [copy.deepcopy, pickled])
@over("kind", nn.optim.OPTIMIZERS.values(), ids=nn.optim.OPTIMIZERS)
def test_a_copy_of_an_optimiser_goes_on_by_itself_as_the_original_would(duplicate: Any, kind: Any) -> None:
    optimizer, gradients = kind(lr=0.1), np.random.default_rng(0).normal(size=(4, 3))
    theta = np.ones(3)
    for gradient in gradients[:2]:
        optimizer.step(theta, gradient)
    twin, other = duplicate(optimizer), theta.copy()
    for gradient in gradients[2:]:
        optimizer.step(theta, gradient)
    for gradient in gradients[2:]:
        twin.step(other, gradient)
    np.testing.assert_array_equal(other, theta)
