import json

import numpy as np
import pytest

import nn
from autograd import UsageError
from nn.mlp_file import load_mlp, save_mlp
from nn.state import read, write

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
    save_mlp(model, path)
    found = load_mlp(path)
    assert [layer.activation for layer in found.layers] == [layer.activation for layer in model.layers]
    assert (found.dropout and found.dropout.p) == (model.dropout and model.dropout.p)
    X = np.random.default_rng(0).random((4, 3))
    np.testing.assert_array_equal(found.predict(X), model.predict(X))


def test_a_function_has_no_name_to_be_saved_under(tmp_path):
    with pytest.raises(UsageError, match="a file names activations"):
        save_mlp(nn.MLP(2, [1], output=lambda z: z), tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []


def changed(**options):
    """A change of what the network is made of."""
    def change(arrays):
        arrays["architecture"] = np.array(json.dumps(json.loads(str(arrays["architecture"])) | options))
    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("architecture"), "holds no network"),
        (lambda arrays: arrays.update(architecture=np.array("{")), "no network that can be read"),
        (lambda arrays: arrays.update(architecture=np.array("[]")), "no network that can be read"),
        (lambda arrays: arrays.pop("layers.1.bias"), "parameters are missing: layers.1.bias"),
        (lambda arrays: arrays.pop("layers.1.weight"), "layers.1.weight"),
        (lambda arrays: arrays.update(extra=np.zeros(2)), "the model has no extra"),
        (changed(nin=10**9), "do not have the shapes"),
        (changed(nouts=[4, 3]), "do not have the shapes"),
        (changed(nouts=7), "no network that can be read"),
        (changed(activation="wobbly"), "unknown activation 'wobbly'"),
        (changed(dropout=2), "probability of dropout"),
        (changed(colour="red"), "colour"),
    ],
)
def test_a_file_of_another_kind_is_a_clear_error(tmp_path, change, message):
    path = tmp_path / "model.npz"
    save_mlp(nn.MLP(3, [4, 2], seed=0), path)
    arrays = read(path)
    change(arrays)
    write(path, arrays)
    with pytest.raises(nn.DataError, match=r"model\.npz") as caught:
        load_mlp(path)
    assert message in str(caught.value)
