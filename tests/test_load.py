import json

import numpy as np
import pytest

import nn
from nn.models.state import ARCHITECTURE, read, write

MODELS = {
    "plain": lambda: nn.MLP(3, [4, 2], seed=0),
    "dropout": lambda: nn.MLP(3, [4, 2], dropout=0.25, seed=0),
    "no biases": lambda: nn.MLP(3, [4, 2], bias=False, seed=0),
    "one layer": lambda: nn.MLP(3, [1], output="sigmoid", seed=0),
    "softmax": lambda: nn.MLP(3, [5, 4, 2], ["tanh", "relu"], "softmax", seed=0),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_network_comes_back_from_its_file(tmp_path, make):
    model, path = make(), tmp_path / "model.npz"
    model.save(path)
    found = nn.load(path)
    assert [layer.activation for layer in found.layers] == [layer.activation for layer in model.layers]
    assert (found.dropout and found.dropout.p) == (model.dropout and model.dropout.p)
    X = np.random.default_rng(0).random((4, 3))
    np.testing.assert_array_equal(found.predict(X), model.predict(X))


@pytest.mark.parametrize("model", [
    nn.Layer(3, 2, "relu", name="7", seed=0),
    nn.LogisticRegression(3, init="normal", seed=0),
    nn.LogisticRegression(3, classes=4, init="normal", seed=0),
    nn.Perceptron(3, 2, threshold=">=", init="normal", seed=0),
    nn.Maxout(3, 2, pieces=4, seed=0),
    nn.Sequential(nn.Layer(3, 4, seed=0), "relu", nn.Dropout(0.5), nn.Sequential(nn.Maxout(4, 2, seed=1)), "softmax"),
], ids=repr)
def test_every_kind_of_model_comes_back(tmp_path, model):
    model.save(tmp_path / "model.npz")
    found = nn.load(tmp_path / "model.npz")
    assert repr(found) == repr(model)
    X = np.random.default_rng(0).random((4, 3))
    np.testing.assert_array_equal(found.predict(X), model.predict(X))


def test_of_a_model_with_a_function_only_the_parameters_are_written(tmp_path):
    path = tmp_path / "model.npz"
    model = nn.MLP(2, [1], output=lambda z: z, seed=0)
    model.save(path)
    with pytest.raises(nn.DataError, match="make the model yourself"):
        nn.load(path)
    other = nn.MLP(2, [1], output=lambda z: z, seed=1)
    other.load(path)
    np.testing.assert_array_equal(other.layers[0].W, model.layers[0].W)


@pytest.mark.parametrize("name", ["Mine", "MLP"])
def test_a_class_of_ones_own_is_not_made_from_a_file(tmp_path, name):
    model = type(name, (nn.MLP,), {})(2, [1])
    model.save(tmp_path / "model.npz")
    with pytest.raises(nn.DataError, match=rf"unknown class '.*\.{name}'"):
        nn.load(tmp_path / "model.npz")
    model.load(tmp_path / "model.npz")


def changed(**options):
    """A change of what the network is made of."""
    def change(arrays):
        arrays[ARCHITECTURE] = np.array(json.dumps(json.loads(str(arrays[ARCHITECTURE])) | options))
    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop(ARCHITECTURE), "holds no model"),
        (lambda arrays: arrays.update({ARCHITECTURE: np.array("{")}), "no model that can be made"),
        (lambda arrays: arrays.update({ARCHITECTURE: np.array("[]")}), "no model that can be made"),
        (lambda arrays: arrays.pop("layers.1.bias"), "parameters are missing: layers.1.bias"),
        (lambda arrays: arrays.pop("layers.1.weight"), "names more weights than it holds"),
        (lambda arrays: arrays.update(extra=np.zeros(2)), "the model has no extra"),
        (changed(nin=10**9), "names more weights than it holds"),
        (changed(nouts=[4, 3]), "layers.1.weight has shape"),
        (changed(nouts=7), "no model that can be made"),
        (changed(activation="wobbly"), "unknown activation 'wobbly'"),
        (changed(dropout=2), "probability of dropout"),
        (changed(colour="red"), "colour"),
    ],
)
def test_a_file_of_another_kind_is_a_clear_error(tmp_path, change, message):
    path = tmp_path / "model.npz"
    nn.MLP(3, [4, 2], seed=0).save(path)
    arrays = read(path)
    change(arrays)
    write(path, arrays)
    with pytest.raises(nn.DataError, match=r"model\.npz") as caught:
        nn.load(path)
    assert message in str(caught.value)
