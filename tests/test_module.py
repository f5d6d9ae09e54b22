import copy
import pickle
import random
import threading
from collections import UserDict, UserList, deque
from types import SimpleNamespace

import numpy as np
import pytest
from losses import by_default

import autograd
import nn
from autograd import SizeError, UsageError, Value


class Shared(nn.Module):
    """A model with parameters in every place an attribute can hide them."""

    def __init__(self):
        self.kernel = [[nn.parameter(1.0), nn.parameter(2.0)], [nn.parameter(3.0), nn.parameter(4.0)]]
        self.tied = self.kernel
        self.fixed = Value(5.0)
        self.mixed = [nn.parameter(6.0), 7.0]
        self.parts = {"head": nn.Layer(2, 1), "tail": [nn.Neuron(1, bias=False)]}


def test_parameters_are_found_in_lists_dicts_and_modules_under_pytorchs_names():
    names = [name for name, _ in Shared().named_parameters()]
    assert names == ["kernel", "mixed.0", "parts.head.weight", "parts.head.bias", "parts.tail.0.w"]


def test_shared_parameters_count_once_and_plain_values_not_at_all():
    model = Shared()
    data = [value.data for value in model.parameters()]
    assert data[:5] == [1.0, 2.0, 3.0, 4.0, 6.0]
    assert len(data) == 5 + 3 + 1


def put(**places):
    """Puts each of these functions' results into an attribute of its name."""
    def into(model, new):
        for name, make in places.items():
            setattr(model, name, make(new))
    return into


def shared(model, new):
    model.one = [new(), new()]
    model.other = {"the same": model.one[::-1], "another": new()}


class Pair(nn.Module):
    """A module in micrograd's way."""

    def __init__(self, new):
        self.w, self.b = [Value(new().data)], Value(new().data)

    def parameters(self):
        return [*self.w, self.b]


class Plain:
    """What is no Module, but has parameters."""

    def __init__(self, new):
        self.w = [new(), new()]

    def parameters(self):
        return self.w


PLACES = {
    "attributes": put(a=lambda new: new(), b=lambda new: new()),
    "lists": put(matrix=lambda new: [[new(), new()], [new(), new()]], row=lambda new: (new(), new())),
    "rows of different lengths": put(rows=lambda new: [[new()], [new(), new()], []]),
    "dicts": put(table=lambda new: {"w": [new()], "b": new(), 3: {"deep": [new()]}}),
    "arrays": put(array=lambda new: np.array([[new(), new()], [new(), new()]])),
    "arrays of more": put(array=lambda new: np.array([new(), 1.0, None])),
    "lists of more": put(mixed=lambda new: [new(), "text", 2.0, nn.Layer(1, 2, init="normal"), {"w": new()}]),
    "modules": put(layer=lambda new: nn.Layer(2, 2), steps=lambda new: nn.Sequential(nn.Neuron(1), "tanh")),
    "micrograd's modules": put(pair=Pair, pairs=lambda new: [Pair(new), {"deep": Pair(new)}]),
    "shared": shared,
    "slots": put(slot=lambda new: [new(), new()]),
}
METHODS = {
    None: None,
    "as they are": lambda self: super(type(self), self).parameters(),
    "all": lambda self: self.used(),
    "backwards": lambda self: self.used()[::-1],
    "twice": lambda self: self.used() * 2,
    "some": lambda self: self.used()[::2],
    "of others": lambda self: [*super(type(self), self).parameters(), *self.plain.parameters()],
}


def values_in(thing):
    """Every Value that is in attributes and lists, however deep."""
    if isinstance(thing, Value):
        return [thing]
    if isinstance(thing, np.ndarray):
        thing = thing.ravel().tolist()
    members = [thing.slot] if hasattr(thing, "slot") else []
    members += thing if isinstance(thing, (list, tuple)) else thing.values() if isinstance(thing, dict) else []
    members += vars(thing).values() if isinstance(thing, (nn.Module, Plain)) else []
    return list(dict.fromkeys(value for member in members for value in values_in(member)))


def built(rng, deep=3):
    """A model of a class that is made up, with random numbers; the same generator makes the same class."""
    places, method = rng.sample(list(PLACES), rng.randint(1, 4)), rng.choice(list(METHODS))

    def forward(self, x):
        return sum((w * (x[0] + i) for i, w in enumerate(self.used())), Value(0.0))

    members = {"__slots__": ("slot",), "forward": forward, "used": values_in}
    kind = type("MadeUp", (nn.Module,), members | ({"parameters": METHODS[method]} if method else {}))
    model = kind()
    new = (lambda: Value(random.random())) if method in ("all", "backwards", "twice") else (
        lambda: nn.parameter(random.random()))
    for place in places:
        PLACES[place](model, new)
    if rng.random() * deep > 1:
        model.inner = [built(rng, deep - 1)]
    if method == "of others":
        model.plain = Plain(new)
    return model


@pytest.mark.parametrize("seed", by_default(range(60), one_in=3))
def test_any_module_trains_and_saved_and_loaded_it_predicts_the_same(seed, tmp_path):
    model, other = (built(random.Random(seed)) for _ in range(2))
    X, path = np.array([[0.5], [-1.0]]), tmp_path / "model.npz"
    nn.fit(model, X, [1.0, 2.0], "mse", nn.SGD(1e-4), epochs=1, engine="eager", progress=False,
           callbacks=[nn.Checkpoint(tmp_path / "checkpoint.npz")])
    named = [value for _, nested in model.named_parameters() for value in autograd.nested.flatten(nested)]
    assert set(named) == set(model.parameters())
    biased = nn.l2_penalty(model, 1.0, biases=True).data
    assert biased == pytest.approx(sum(value.data**2 for value in named))
    model.save(path)
    expected = model.predict(X).tolist()
    for file in (path, tmp_path / "checkpoint.npz"):
        other = built(random.Random(seed))
        assert other.predict(X).tolist() != expected
        other.load(file)
        assert other.predict(X).tolist() == expected
    twin = copy.deepcopy(model)
    twin.load(tmp_path / "model.npz")
    assert twin.predict(X).tolist() == expected
    assert not set(values_in(twin)) & set(values_in(model))
    model.later = nn.Neuron(2)
    model.load_state_dict(model.state_dict())
    if type(model).parameters is nn.Module.parameters:
        assert set(model.later.parameters()) <= set(model.parameters())


class Fresh(nn.Module):
    def __init__(self):
        self.w = 1.0

    def forward(self, x):
        return self.w * x[0]

    def parameters(self):
        return [Value(self.w)]


def holding(**members):
    model = nn.Module()
    vars(model).update(w=nn.parameter(1.0), forward=lambda x: model.w * x[0], **members)
    return model


@pytest.mark.parametrize(("make", "message"), [
    (Fresh, r"Fresh\.parameters\(\) must return the same Values at every call"),
    (lambda: holding(more={nn.parameter(1.0)}), "has parameters in a set, where they are not looked for"),
    (lambda: holding(more=[deque([nn.Neuron(1)])]), "has parameters in a deque"),
    (lambda: holding(inner=holding(more=frozenset([nn.parameter(1.0)]))), "has parameters in a frozenset"),
    (lambda: holding(more=SimpleNamespace(w=[nn.parameter(1.0)])), "has parameters in a SimpleNamespace"),
    (lambda: holding(more=[UserList([nn.parameter(1.0)])]), "has parameters in a UserList"),
    (lambda: holding(inner=holding(more=UserDict(deep=nn.Neuron(1)))), "has parameters in a UserDict"),
    (lambda: holding(more=Plain(lambda: nn.parameter(1.0))), "has parameters in a Plain, .* or make it a Module"),
    (lambda: holding(more={1: nn.parameter(1.0), "1": nn.parameter(2.0)}), "two parameters of the model are called"),
])
def test_what_could_not_be_trained_or_saved_is_refused_before_anything_is_lost(make, message, tmp_path):
    model = make()
    with pytest.raises(UsageError, match=message):
        nn.fit(model, [[1.0]], [2.0], "mse", nn.SGD(0.1), epochs=1, engine="eager", progress=False)
    with pytest.raises(UsageError, match=message):
        model.save(tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []


def test_an_object_may_refer_to_what_the_model_has():
    model = holding()
    model.cost, model.first = nn.penalized("mse", model, l2=0.1), SimpleNamespace(w=model.w, model=model)
    assert list(model.state_dict()) == ["w"]


@pytest.mark.parametrize("method", [lambda self: iter([self.w]), lambda self: (self.w, self.w)])
def test_a_method_parameters_may_return_whatever_holds_values(method):
    model = type("MadeUp", (nn.Module,), {"parameters": method, "forward": lambda self, x: self.w * x[0]})()
    model.w = nn.parameter(1.0)
    assert nn.fit(model, [[1.0]], [2.0], "mse", nn.SGD(0.1), epochs=1, progress=False).loss == [1.0]
    assert nn.evaluate(model, [[1.0]], [2.0], "mse")["loss"] == pytest.approx((2 - model.w.data) ** 2)
    assert model.summary().endswith("1 parameters")
    assert model.predict([[1.0]] * 40).shape == (40, 1)
    model.zero_grad()
    assert model.w.grad == 0.0


def test_zero_grad_clears_every_parameter():
    model = nn.MLP(2, [2, 1], "tanh", seed=0)
    model([1.0, 2.0]).backward()
    assert any(value.grad for value in model.parameters())
    model.zero_grad()
    assert not any(value.grad for value in model.parameters())


def test_train_and_eval_reach_modules_at_any_depth():
    model = Shared()
    assert all(module.training for module in model.modules())
    assert model.eval() is model
    assert [module.training for module in model.modules()] == [False] * 4
    model.parts["tail"][0].train()
    with model.mode(training=True):
        assert all(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == [False, False, False, True]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_and_pickles_are_equal_and_independent(copied):
    model = nn.MLP(3, [4, 2], "elu", "sigmoid", seed=1)
    twin = copied(model)
    x = [0.5, -1.0, 2.0]
    before = [out.data for out in model(x)]
    assert [out.data for out in twin(x)] == before
    assert [value.label for value in twin.parameters()] == [value.label for value in model.parameters()]
    for value in twin.parameters():
        value.data += 1
    assert [out.data for out in model(x)] == before
    assert len(list(twin.named_parameters())) == 4


def test_a_module_without_forward_says_what_is_missing():
    with pytest.raises(UsageError, match=r"Shared needs a method forward\(self, x\)"):
        Shared()([1.0])


def test_predict_records_nothing_and_restores_the_mode():
    seen = []

    class Watch(nn.Module):
        def __init__(self):
            self.w = nn.parameter(2.0)

        def forward(self, x):
            out = self.w * x[0]
            seen.append((self.training, out.args))
            return out

    model = Watch()
    assert model.predict([[1.0], [2.0]]).tolist() == [[2.0], [4.0]]
    assert seen == [(False, ()), (False, ())]
    assert model.training


def test_predict_takes_plain_numbers_as_rows_of_one():
    model = nn.MLP(1, [1], seed=0)
    assert np.array_equal(model.predict([1.0, 2.0]), model.predict([[1.0], [2.0]]))


@pytest.mark.parametrize("sizes", [[1], [3], [5, 2]])
@pytest.mark.parametrize("rows", [17, 1024, 1030])
def test_many_rows_are_predicted_as_few_are(sizes, rows):
    model = nn.MLP(2, sizes, "tanh", seed=0)
    X = np.random.default_rng(0).normal(size=(rows, 2))
    outputs = model.predict(X)
    assert outputs.shape == (rows, sizes[-1])
    ends = [*range(5), *range(rows - 5, rows)]
    np.testing.assert_allclose(outputs[ends], model.predict(X[ends]), rtol=1e-12, atol=1e-14)


def test_many_rows_are_predicted_with_the_weights_and_the_mode_of_the_moment():
    class Doubling(nn.MLP):
        def forward(self, x):
            return super().forward(x) * (1 if self.training else 2)

    model, X = Doubling(1, [1], seed=0), np.ones((100, 1))
    for weight in (3.0, 4.0):
        model.layers[0].W = [[weight]]
        assert model.predict(X).tolist() == [[2 * weight]] * 100
    assert model.training


@pytest.mark.parametrize("look", [lambda x: x if x > 0.5 else -x, lambda x: x if isinstance(x, Value) else Value(x)])
def test_a_model_that_looks_at_its_inputs_predicts_many_rows_too(look):
    class Looking(nn.Module):
        def __init__(self):
            self.w = nn.parameter(2.0)

        def forward(self, x):
            return self.w * look(x[0])

    assert Looking().predict(np.ones((100, 1))).tolist() == [[2.0]] * 100


def test_rows_of_the_wrong_length_are_named_however_many():
    for rows in (1, 100):
        with pytest.raises(SizeError, match="MLP takes 2 inputs, 3 came"):
            nn.MLP(2, [1]).predict(np.ones((rows, 3)))


# ── one meaning for any number of rows ───────────────────────────────────────────────────────


class Base(nn.Module):
    def __init__(self):
        self.w, self.b = nn.parameter(0.7), nn.parameter(-0.2)
        self.start()

    def start(self):
        """What a subclass keeps besides parameters."""


class Recurrent(Base):
    """Its hidden value goes on from row to row."""

    def start(self):
        self.h = Value(0.0)

    def forward(self, x):
        self.h = autograd.tanh(self.w * x[0] + self.b * self.h)
        return self.h


class RecurrentByNumber(Recurrent):
    def forward(self, x):
        return Value(super().forward(x).data)


class Listing(Base):
    def start(self):
        self.seen = []

    def forward(self, x):
        self.seen.append(self.w * x[0])
        return autograd.sum(self.seen)


class Counting(Base):
    def start(self):
        self.memory = {"calls": 0}

    def forward(self, x):
        self.memory["calls"] += 1
        return self.w * x[0] * self.memory["calls"]


class CountingOnce(Counting):
    """As plain as any for its first rows."""

    def forward(self, x):
        self.memory["calls"] += 1
        return self.w * x[0] if self.memory["calls"] == 1 else self.b


class OwnGenerator(Base):
    def start(self):
        self.rng = np.random.default_rng(5)

    def forward(self, x):
        return self.w * x[0] + self.rng.random()


class PythonGenerator(Base):
    def start(self):
        self.rng = random.Random(5)

    def forward(self, x):
        return self.w * x[0] * self.rng.random()


class SharedGenerators(Base):
    def start(self):
        random.seed(3)
        np.random.seed(3)

    def forward(self, x):
        return self.w * x[0] + random.random() * np.random.rand()


class Branching(Base):
    def forward(self, x):
        return self.w * x[0] if x[0].data > 0 else self.b * x[0]


class Keeping(Base):
    """Keeps its last hidden value to be looked at."""

    def forward(self, x):
        self.hidden = autograd.tanh(self.w * x[0])
        return [self.hidden, self.b + 0 * self.hidden]


PREDICTORS = {
    "a network": lambda: nn.MLP(1, [3, 2], "tanh", seed=0),
    "dropout": lambda: nn.MLP(1, [3, 2], "tanh", seed=0, dropout=0.5),
    "softmax": lambda: nn.Sequential(nn.Layer(1, 3, seed=0), nn.Dropout(0.5), "softmax"),
    "functions": lambda: nn.Sequential(lambda x: [x[0].tanh(), x[0] ** 2], nn.Layer(2, 1, seed=0), lambda z: z[0].exp()
    ),
    "a perceptron": lambda: nn.Perceptron(1, init="normal", seed=0),
    "no parameters": lambda: nn.Sequential(lambda x: x[0] * 2),
    "a plain number": lambda: nn.Sequential(lambda x: 3.0),
    **{kind.__name__: kind for kind in (
        Recurrent, RecurrentByNumber, Listing, Counting, CountingOnce, OwnGenerator, PythonGenerator,
        SharedGenerators, Branching, Keeping,
    )},
}


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_batch_is_predicted_as_its_rows_are_one_after_the_other(name):
    X = np.random.default_rng(1).normal(size=(100, 1))
    for n in (1, 2, 16, 17, 18, 100):
        batch, single = PREDICTORS[name](), PREDICTORS[name]()
        outputs = batch.predict(X[:n])
        if isinstance(single, SharedGenerators):
            single.start()
        expected = np.concatenate([single.predict(row[None]) for row in X[:n]])
        np.testing.assert_allclose(outputs, expected, rtol=1e-12, atol=1e-14)
        assert batch.training
        if isinstance(batch, Keeping):
            assert batch.hidden.data == pytest.approx(single.hidden.data, rel=1e-12)
        again = np.concatenate([single.predict(row[None]) for row in X[:n]])
        if not isinstance(batch, SharedGenerators):
            np.testing.assert_allclose(batch.predict(X[:n]), again, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", PREDICTORS)
def test_no_rows_are_refused(name):
    with pytest.raises(SizeError, match="X needs at least one example"):
        PREDICTORS[name]().predict(np.zeros((0, 1)))


@pytest.mark.parametrize("n", [1, 16, 17, 100])
def test_noise_is_drawn_anew_for_each_row(n):
    class Noisy(Base):
        def forward(self, x):
            return self.w * 0 + autograd.noise()

    outputs = Noisy().predict(np.zeros((n, 1)))
    assert len(set(outputs.ravel().tolist())) == n
    assert (outputs.ravel() != Noisy().predict(np.zeros((n, 1))).ravel()).all()


@pytest.mark.parametrize("n", [2, 16, 17, 100])
def test_rows_with_different_numbers_of_outputs_are_refused(n):
    class Ragged(Base):
        def forward(self, x):
            return [self.w] * (1 if x[0].data < 0.5 else 2)

    with pytest.raises(SizeError, match="as many outputs for each row, this one gave 1 and 2"):
        Ragged().predict(np.linspace(0, 1, n)[:, None])


# ── threads ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("engine", ["eager", "compiled"])
@pytest.mark.parametrize("rows", [3, 40])
def test_predictions_in_a_thread_leave_the_dropout_of_a_training_on(engine, rows):
    X = np.linspace(-1, 1, 8)[:, None]

    def trained(*callbacks):
        model = nn.MLP(1, [6, 1], "tanh", seed=0, dropout=0.5)
        history = nn.fit(model, X, X[:, 0], "mse", nn.SGD(0.1), epochs=4, seed=0, progress=False, engine=engine,
                         callbacks=callbacks)
        return history.loss.tolist()

    class Asking:
        """Is in the midst of a prediction while each step is taken."""

        def step(self, training):
            entered, leave = threading.Event(), threading.Event()

            def ask():
                with training.model.mode(training=False):
                    entered.set()
                    leave.wait(5)
                training.model.predict(np.zeros((rows, 1)))

            thread = threading.Thread(target=ask)
            thread.start()
            entered.wait(5)
            self.modes = getattr(self, "modes", set()) | {module.training for module in training.model.modules()}
            leave.set()
            thread.join()

    asking = Asking()
    assert trained(asking) == trained()
    assert asking.modes == {True}


def test_what_is_set_inside_a_mode_holds_until_its_end():
    model = nn.MLP(1, [2, 1], dropout=0.5)
    with model.mode(training=True):
        model.eval()
        assert not model.dropout.training
        with model.mode(training=True):
            assert model.dropout.training
        assert not model.dropout.training
    assert model.dropout.training
    model.eval()
    assert not model.dropout.training
