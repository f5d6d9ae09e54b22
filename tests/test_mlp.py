import numpy as np
import pytest

import nn
from autograd import SizeError, UsageError, Value, ops


def gradient(model, X, Y, loss):
    engine = nn.EagerEngine(lambda x, y: loss(model(x), y), model)
    return engine.value_and_grad(nn.parameters_to_vector(model), X, Y)[1]


def numeric_gradient(model, X, Y, loss, h=1e-3):
    """The five-point stencil, whose error shrinks with the fourth power of h."""
    engine = nn.EagerEngine(lambda x, y: loss(model(x), y), model)
    theta = nn.parameters_to_vector(model)

    def value(i, shift):
        return engine.value_and_grad(theta + shift * h * (np.arange(theta.size) == i), X, Y)[0]

    return np.array([
        (8 * (value(i, 1) - value(i, -1)) - (value(i, 2) - value(i, -2))) / (12 * h) for i in range(theta.size)
    ])


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, 3)), rng.uniform(size=(5, 2))


@pytest.mark.parametrize(
    ("hidden", "output", "loss"),
    [
        ("tanh", "linear", nn.mse),
        ("sigmoid", "sigmoid", nn.binary_cross_entropy),
        ("softplus", "linear", nn.binary_cross_entropy_with_logits),
    ],
)
def test_the_gradient_equals_finite_differences(batch, hidden, output, loss):
    model = nn.MLP(3, [4, 3, 2], hidden, output, seed=1)
    assert gradient(model, *batch, loss) == pytest.approx(numeric_gradient(model, *batch, loss), abs=1e-10)


@pytest.mark.parametrize("hidden", ["linear", "relu", "tanh", "sigmoid", "leaky_relu", "elu", "softplus"])
def test_the_gradient_equals_that_of_torch(batch, hidden):
    torch = pytest.importorskip("torch")
    X, Y = batch
    model = nn.MLP(3, [4, 3, 2], hidden, "sigmoid", seed=1)
    kinds = {
        "linear": torch.nn.Identity(), "relu": torch.nn.ReLU(), "tanh": torch.nn.Tanh(), "sigmoid": torch.nn.Sigmoid(),
        "leaky_relu": torch.nn.LeakyReLU(0.1), "elu": torch.nn.ELU(), "softplus": torch.nn.Softplus(),
    }
    parts = []
    for layer in model.layers:
        linear = torch.nn.Linear(layer.nin, layer.nout, dtype=torch.float64)
        linear.weight.data, linear.bias.data = torch.tensor(layer.W), torch.tensor(layer.b)
        parts += [linear, kinds[layer.activation]]
    twin = torch.nn.Sequential(*parts)
    torch.nn.functional.binary_cross_entropy(twin(torch.tensor(X)), torch.tensor(Y)).backward()
    theirs = np.concatenate([p.grad.numpy().ravel() for p in twin.parameters()])
    assert gradient(model, X, Y, nn.binary_cross_entropy) == pytest.approx(theirs, abs=1e-10)


def test_e10_a_network_4_5_7_3_gives_a_vector_of_three_and_has_91_parameters():
    model = nn.MLP(4, [5, 7, 3], activation="linear", seed=0)
    assert len(model.parameters()) == nn.parameters_to_vector(model).size == 91
    assert model.predict([[41, 42, 42, 43]]).shape == (1, 3)
    out = np.array([41, 42, 42, 43])
    for layer in model.layers:
        out = layer.W @ out + layer.b
    assert model.predict([[41, 42, 42, 43]])[0] == pytest.approx(out, abs=1e-12)


def test_e18_linear_layers_in_a_row_are_one_linear_layer():
    model = nn.MLP(3, [5, 4, 2], activation="linear", bias=False, seed=2)
    product = model.layers[2].W @ model.layers[1].W @ model.layers[0].W
    X = np.random.default_rng(0).normal(size=(6, 3))
    assert model.predict(X) == pytest.approx(X @ product.T, abs=1e-12)


def test_one_output_is_a_value_and_several_are_a_list():
    assert isinstance(nn.MLP(2, [3, 1])([1, 2]), Value)
    assert len(nn.MLP(2, [3, 2])([1, 2])) == 2


@pytest.mark.parametrize("nouts", [[1], [1, 1], [1, 3, 1], [3, 1, 2], [1, 1, 1, 2]])
def test_layers_of_width_one_work_anywhere(nouts):
    for nin in (1, 2):
        assert nn.MLP(nin, nouts, seed=0).predict(np.ones((3, nin))).shape == (3, nouts[-1])


def test_the_output_has_an_activation_of_its_own():
    model = nn.MLP(2, [3, 3, 1], "tanh", "sigmoid")
    assert [layer.activation for layer in model.layers] == ["tanh", "tanh", "sigmoid"]
    assert model([1, 2]).op is ops.sigmoid


def test_parameters_are_labelled_by_layer_and_named_as_in_torch():
    model = nn.MLP(2, [1, 1])
    assert [value.label for value in model.parameters()] == ["W1[0,0]", "W1[0,1]", "b1[0]", "W2[0,0]", "b2[0]"]
    assert [name for name, _ in model.named_parameters()] == [
        "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias",
    ]


def test_a_seed_makes_the_model():
    same, again, other = (nn.parameters_to_vector(nn.MLP(2, [4, 1], seed=seed)) for seed in (3, 3, 4))
    assert np.array_equal(same, again)
    assert not np.array_equal(same, other)
    layers = nn.MLP(2, [2, 2], seed=0).layers
    assert not np.array_equal(layers[0].W, layers[1].W)


def test_gradients_reach_inputs_that_are_values():
    model = nn.MLP(2, [1], bias=False, seed=0)
    x = [Value(1.0), Value(2.0)]
    model(x).backward()
    assert [v.grad for v in x] == model.layers[0].W[0].tolist()


def test_the_wrong_number_of_inputs_says_how_many_are_wanted():
    with pytest.raises(SizeError, match="MLP takes 4 inputs, 3 came"):
        nn.MLP(4, [2])([1, 2, 3])
    with pytest.raises(SizeError, match="MLP takes 4 inputs, 3 came"):
        nn.MLP(4, [2]).predict([[1, 2, 3]])


@pytest.mark.parametrize("nouts", [[], 3, None, "31"])
def test_widths_are_a_list(nouts):
    with pytest.raises(UsageError, match="widths of its layers as a list"):
        nn.MLP(2, nouts)


class Sketch(ops.Carrier):
    """A carrier without data, as a compiler feeds in: it remembers only what was applied to what."""

    rank = 9
    __hash__ = None

    def __init__(self, op=None, args=()):
        self.op, self.args = op, args

    @classmethod
    def _lift(cls, operand):
        return cls(getattr(operand, "op", ops.constant))

    @classmethod
    def _apply(cls, op, args):
        return cls(op, args)

    def __bool__(self):
        raise AssertionError("the forward pass looked at a number")

    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __float__ = __bool__


@pytest.mark.parametrize("activation", sorted(nn.ACTIVATIONS))
@pytest.mark.parametrize("loss", sorted(nn.LOSSES))
def test_the_forward_pass_takes_carriers_that_have_no_data(activation, loss):
    model = nn.MLP(2, [3, 1], activation, "sigmoid", seed=0)
    counted = []

    def count(node):
        counted.append(node.op)
        for arg in node.args:
            count(arg)

    out = model([Sketch(), Sketch()])
    assert isinstance(nn.LOSSES[loss](out, Sketch()), Sketch)
    count(out)
    assert counted.count(ops.dot) == 4
    assert counted.count(ops.parameter) == 3 * 3 + 4
    assert counted.count(ops.TABLE.get(activation, ops.sigmoid)) == {"linear": 1, "sigmoid": 4}.get(activation, 3)
