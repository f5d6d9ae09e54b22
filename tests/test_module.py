import copy
import pickle

import numpy as np
import pytest

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
