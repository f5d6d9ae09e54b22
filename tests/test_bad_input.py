"""What cannot mean anything is an error that says what was expected, what came and what to do: one table."""

import numpy as np
import pytest

import nn
from autograd import NumberError, SizeError, UsageError
from nn import data

X, Y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 1, 0])
NAN = np.where(X == 5, np.nan, X)
WIDE, TEXT = np.ones((6, 3)), [["a", "b"]] * 6


def fit(x=X, y=Y, loss="mse", optimizer=None, **options):
    """Train a network of two inputs and one output."""
    return nn.fit(nn.MLP(2, [3, 1], seed=0), x, y, loss, optimizer or nn.SGD(0.1), **{"progress": False} | options)


def train(x, y):
    """What cross validation calls."""
    return nn.LogisticRegression(2)


TABLE = {
    # ── wrong lengths and widths ──
    "an example too long": (lambda: nn.MLP(2, [1])([1, 2, 3]), SizeError, "MLP takes 2 inputs, 3 came"),
    "an example too short": (lambda: nn.Layer(3, 1)([1, 2]), SizeError, "Layer takes 3 inputs, 2 came"),
    "many examples at once": (lambda: nn.Neuron(2)(X), SizeError, r"one example, .* \(6, 2\) came: .*predict"),
    "rows too wide to train on": (lambda: fit(WIDE), SizeError, "MLP takes 2 inputs, 3 came"),
    "rows too wide to predict": (lambda: nn.MLP(2, [1]).predict(WIDE), SizeError, "MLP takes 2 inputs, 3 came"),
    "rows too wide for a perceptron": (lambda: nn.Perceptron(2).learn(WIDE, Y), SizeError, "takes 2 inputs, 3 came"),
    "targets too wide": (lambda: fit(y=WIDE), SizeError, "1 outputs and 3 targets came"),
    "targets too wide for a perceptron": (lambda: nn.Perceptron(2).learn(X, X), SizeError, "1 outputs, 2 targets"),
    "layers that do not meet": (
        lambda: nn.Sequential(nn.Layer(2, 3), nn.Layer(2, 1))(X[0]), SizeError, "Layer takes 2 inputs, 3 came"),
    "a maxout unit of the wrong width": (lambda: nn.Maxout(3, 1)(X[0]), SizeError, "Maxout takes 3 inputs, 2 came"),
    "rows of different lengths": (lambda: fit([[1, 2], [3]], [0, 1]), SizeError, "rows of X differ in length"),
    "X and Y that do not match": (lambda: fit(y=Y[:5]), SizeError, "6 and 5 rows came"),
    "X and Y that do not match, split": (lambda: data.train_test_split(X, Y[:5]), SizeError, "6 and 5 rows came"),
    "X and Y that do not match, in batches": (lambda: data.batches(X, Y[:5], 2), SizeError, "6 and 5 rows came"),
    "X and Y that do not match, in a perceptron": (
        lambda: nn.Perceptron(2).learn(X, Y[:5]), SizeError, "6 and 5 rows came"),
    "outputs without targets": (lambda: nn.accuracy([0, 1], [0]), SizeError, "2 outputs and 1 targets came"),
    "a loss of unequal lists": (lambda: nn.mse([1, 2], [1, 2, 3]), SizeError, "2 outputs and 3 targets came"),
    "a cost of unequal lists": (lambda: nn.cost("mse", [1], [1, 2]), SizeError, "1 and 2 came"),
    "a cost of single numbers": (lambda: nn.cost("mse", 1.0, 1.0), SizeError, "a list of outputs"),
    "other columns than were scaled": (lambda: data.zscore(X, WIDE), SizeError, r"\(2,\) were learned from, \(3,\)"),
    "weights of another shape": (
        lambda: setattr(nn.Layer(2, 3), "W", X), SizeError, r"W has shape \(3, 2\), .* \(6, 2\) came"),
    "a parameter vector of another length": (
        lambda: nn.vector_to_parameters([1.0], nn.Neuron(2)), SizeError, r"shape \(3,\) is expected"),
    "too few activations": (
        lambda: nn.MLP(2, [3, 3, 1], ["relu"]), SizeError, "2 hidden layers, 1 activations came"),
    # ── nothing ──
    "no examples": (lambda: fit([], []), SizeError, "X needs at least one example"),
    "no examples of two inputs": (lambda: fit(np.empty((0, 2)), []), SizeError, "X needs at least one example"),
    "nothing to predict": (lambda: nn.MLP(2, [1]).predict([]), SizeError, "at least one example"),
    "nothing to split": (lambda: data.train_test_split([], []), SizeError, "at least one example"),
    "nothing to scale": (lambda: data.minmax_scale([]), SizeError, "at least one example"),
    "nothing to label": (lambda: data.one_hot([]), SizeError, "at least one example"),
    "nothing to compare": (lambda: nn.accuracy([], []), SizeError, "at least one example"),
    "nothing to lose": (lambda: nn.mse([], []), SizeError, "0 outputs and 0 targets came"),
    "a cost of nothing": (lambda: nn.cost("mse", [], []), SizeError, "0 and 0 came"),
    "a perceptron without examples": (lambda: nn.Perceptron(2).learn([], []), SizeError, "at least one example"),
    "a neuron without weights": (lambda: nn.Neuron.of([]), SizeError, "a list of at least one"),
    "a model without layers": (lambda: nn.MLP(2, []), UsageError, "widths of its layers as a list"),
    "a Sequential without steps": (lambda: nn.Sequential(), UsageError, "at least one step"),
    "nothing to train": (lambda: nn.fit(nn.Dropout(), X, Y, "mse", nn.SGD(1)), UsageError, "nothing to train"),
    # ── labels ──
    "a label below 0": (lambda: data.one_hot([0, -1]), UsageError, r"labels\[1\] is -1: labels are whole numbers"),
    "a label too large": (lambda: data.one_hot([0, 3], 3), UsageError, r"labels\[1\] is 3: .* from 0 to 2"),
    "half a label": (lambda: data.class_labels([0.5]), NumberError, r"labels\[0\] is 0.5"),
    "labels as rows": (lambda: data.one_hot([[0], [1]]), SizeError, "labels are a vector"),
    "a label where a row is due": (
        lambda: nn.cross_entropy([0.2, 0.6, 0.2], 1), SizeError, "label of a class, nn.data.one_hot makes it a row"),
    "a class beyond yes and no": (
        lambda: fit(y=Y * 2, loss="binary_cross_entropy"), UsageError, r"from 0 to 1, Y\[1\] is 2.0: .*one_hot"),
    "a margin of 0": (lambda: fit(loss="hinge"), UsageError, r"targets -1 and 1, Y\[0\] is 0.0: 2 \* Y - 1"),
    "a perceptron's target of 2": (lambda: nn.Perceptron(2).learn(X, Y * 2), UsageError, "targets .* are 0 and 1"),
    "a target class that there is not": (
        lambda: nn.confusion_matrix(Y, Y + 5, classes=3), UsageError, "labels of 3 classes run from 0 to 2"),
    "rows that are not one-hot": (lambda: nn.accuracy([[1, 0]], [[1, 1]]), UsageError, "a single 1 among zeros"),
    "one class": (lambda: nn.LogisticRegression(2, classes=1), UsageError, "from 2 on, 1 came"),
    # ── nan and inf ──
    "nan in X": (lambda: fit(NAN), UsageError, r"X\[2, 1\] is nan: leave such examples out, or fill them in"),
    "nan in Y": (lambda: fit(y=[0, 1, 0, np.nan, 1, 0]), UsageError, r"Y\[3\] is nan"),
    "inf in X": (lambda: fit(np.where(X == 5, np.inf, X)), UsageError, r"X\[2, 1\] is inf"),
    "nan to predict": (lambda: nn.MLP(2, [1]).predict(NAN), UsageError, r"X\[2, 1\] is nan"),
    "nan to learn by": (lambda: nn.Perceptron(2).learn(NAN, Y), UsageError, r"X\[2, 1\] is nan"),
    "nan to scale": (lambda: data.zscore(NAN), UsageError, r"X\[2, 1\] is nan"),
    "nan to split": (lambda: data.train_test_split(NAN, Y), UsageError, r"X\[2, 1\] is nan"),
    "nan among outputs": (lambda: nn.accuracy([np.nan], [0]), UsageError, r"outputs\[0\] is nan"),
    "nan pixels": (lambda: data.flip(NAN[None]), UsageError, "is nan"),
    "an initialiser of nan": (
        lambda: nn.Layer(1, 1, init=lambda rng, shape: np.full(shape, np.nan)), UsageError, "finite numbers"),
    # ── what never changes, and too many folds ──
    "a column that never changes": (
        lambda: data.zscore([[1, 7], [2, 7]]), UsageError, r"column \[1\] of X is 7.0 throughout.*constant=True"),
    "a column that never changes, between 0 and 1": (
        lambda: data.minmax_scale([[1, 7], [2, 7]]), UsageError, r"column \[1\] of X is 7.0 throughout"),
    "an empty interval": (lambda: data.minmax_scale(X, low=1, high=1), UsageError, "low < high"),
    "k larger than n": (lambda: data.kfold(6, 7), UsageError, "2 ≤ k ≤ 6, k = 7 came"),
    "k of 1": (lambda: data.kfold(6, 1), UsageError, "k = 1 came"),
    "k larger than n in cross validation": (
        lambda: nn.cross_validate(train, X, Y, k=7), UsageError, "2 ≤ k ≤ 6, k = 7 came"),
    "a test set of everything": (lambda: data.train_test_split(X, Y, test=6), SizeError, "leave none to train on"),
    "a share above one": (lambda: data.train_test_split(X, Y, test=1.5), UsageError, "a share between 0 and 1"),
    "pixels brighter than white": (lambda: data.as_vectors([[[256]]]), UsageError, "white=255"),
    "pixels that make no square": (lambda: data.blur([[1, 2, 3]]), SizeError, "do not make a square"),
    # ── rates, counts and probabilities ──
    "a learning rate of 0": (lambda: nn.SGD(0), UsageError, "learning rate must be a number above 0, 0 came"),
    "a learning rate below 0": (lambda: nn.Adam(-0.1), UsageError, "learning rate must be a number above 0, -0.1"),
    "a learning rate of nan": (lambda: nn.RMSProp(np.nan), UsageError, "learning rate must be a number above 0"),
    "a learning rate in words": (lambda: nn.SGD("fast"), UsageError, "learning rate must be .*, 'fast' came"),
    "a perceptron's rate of 0": (lambda: nn.Perceptron(2).learn(X, Y, lr=0), UsageError, "learning rate must be"),
    "a schedule from 0": (lambda: nn.CosineDecay(0, 10), UsageError, "learning rate must be a number above 0"),
    "a momentum of 1": (lambda: nn.SGD(0.1, momentum=1), UsageError, "momentum must be a number from 0 to below 1"),
    "a negative weight decay": (lambda: nn.Adam(weight_decay=-1), UsageError, "weight decay must be a number from 0"),
    "a negative penalty": (
        lambda: nn.penalized("mse", nn.Neuron(2), l1=-1), UsageError, "strength of a penalty must be a number from 0"),
    "no epochs": (lambda: fit(epochs=0), UsageError, "number of epochs must be a whole number from 1, 0 came"),
    "batches of 0": (lambda: fit(batch_size=0), UsageError, "examples in a batch must be a whole number from 1"),
    "half an epoch": (lambda: nn.Perceptron(2).learn(X, Y, epochs=0.5), UsageError, "number of epochs"),
    "dropout of everything": (lambda: nn.Dropout(1), UsageError, "from 0 to below 1, 1 came"),
    "dropout below 0": (lambda: nn.MLP(2, [2, 1], dropout=-0.1), UsageError, "from 0 to below 1, -0.1 came"),
    "a layer without neurons": (lambda: nn.Layer(2, 0), UsageError, "neurons of a layer must be a whole number"),
    "a layer of half a neuron": (lambda: nn.MLP(2, [1.5]), UsageError, "neurons of a layer must be a whole number"),
    "a unit without pieces": (lambda: nn.Maxout(2, 1, pieces=0), UsageError, "pieces of a maxout unit"),
    "a negative seed": (lambda: nn.MLP(2, [1], seed=-1), UsageError, "a seed is a whole number from 0"),
    "noise below 0": (lambda: data.add_noise(X, std=-1), UsageError, "std must be a number from 0"),
    "turns in words": (lambda: data.spirals(turns="two"), UsageError, "number of turns must be a finite number, 'two'"),
    "a threshold of nan": (lambda: nn.accuracy([0.1], [0], np.nan), UsageError, "threshold must be a finite number"),
    "a mean of inf": (lambda: data.add_noise(X, mean=np.inf), UsageError, "mean must be a finite number, inf came"),
    "an integer that no float holds": (lambda: nn.SGD(10**400), UsageError, "learning rate must be a number above 0"),
    "numbers too far apart to scale": (lambda: data.minmax_scale([1e308, -1e308]), UsageError, "too far apart"),
    "numbers too large to normalise": (lambda: data.zscore([1e300, 2e300]), UsageError, "too large"),
    "a label too large to count": (lambda: data.one_hot([1e300]), UsageError, "whole numbers from 0 to 2147483647"),
    "a picture's shape of one number": (
        lambda: data.flip([[1, 2, 3, 4]], shape=2), SizeError, r"the shape of a picture is \(height, width\), 2 came"),
    "weights of nan": (lambda: setattr(nn.Layer(1, 1), "W", [[np.nan]]), UsageError, r"W\[0, 0\] is nan"),
    "weights in ragged rows": (
        lambda: setattr(nn.Layer(2, 2), "W", [[1], [2, 3]]), SizeError, "the rows of W differ in length"),
    # ── unknown names ──
    "an unknown activation": (lambda: nn.Layer(2, 1, "rleu"), UsageError, "'rleu': there are linear, .*relu.*softmax"),
    "softmax of one neuron": (lambda: nn.Neuron(2, "softmax"), UsageError, "unknown activation 'softmax': there are"),
    "an unknown step": (lambda: nn.Sequential("rleu"), UsageError, "'rleu': there are linear, .*relu.*softmax"),
    "an unknown initialiser": (
        lambda: nn.MLP(2, [1], init="xavier"), UsageError, "'xavier': there are zeros, .*glorot_uniform.*he_normal"),
    "an unknown loss": (lambda: fit(loss="msee"), UsageError, "'msee': there are squared_error, .*mse.*cross_entropy"),
    "an unknown reduction": (lambda: nn.mse(1, 1, "average"), UsageError, "'average': there are mean, sum"),
    "an unknown engine": (lambda: fit(engine="warp"), UsageError, "'warp': there are compiled, eager"),
    "an unknown threshold": (lambda: nn.Perceptron(2, threshold="=>"), UsageError, "'=>': there are >, >="),
    "an unknown gate": (lambda: data.logic_gate("xro"), UsageError, "'xro': there are false, and, .*xor"),
    "an unknown curve": (lambda: data.curve("sin"), UsageError, "'sin': there are line, .*sine"),
    "an unknown metric": (
        lambda: nn.cross_validate(train, X, Y, metric="f1"), UsageError, "'f1': there are accuracy"),
    "an unknown average": (lambda: nn.precision(Y, Y, average="micro"), UsageError, "'micro': there are macro"),
    "an unknown direction": (lambda: data.flip(X[:1, :1], "left"), UsageError, "'left': there are horizontal"),
    "an unknown form of decay": (lambda: nn.SGD(1, decay_form="x"), UsageError, "'x': there are torch, lecture"),
    # ── the wrong kind of thing ──
    "text for numbers": (lambda: fit(TEXT), NumberError, "X must hold real numbers, it is of type <U1"),
    "complex numbers": (lambda: fit(X + 1j), NumberError, "X must hold real numbers, it is of type complex128"),
    "None for numbers": (lambda: fit([None] * 6), NumberError, "X must hold real numbers, it is of type object"),
    "a number for a table": (lambda: fit(3.0), SizeError, "X needs at least one example, its shape is"),
    "a text in an example": (lambda: nn.Neuron(2)([1, "a"]), NumberError, "a real number is expected, str 'a' came"),
    "whole numbers for precision": (lambda: fit(dtype=int), UsageError, "dtype must be float32 or float64"),
    "a name for an optimiser": (lambda: fit(optimizer="adam"), UsageError, "an optimiser such as .*, 'adam' came"),
    "a number for an activation": (lambda: nn.Layer(2, 1, 5), UsageError, "unknown activation 5"),
    "a number for a step": (lambda: nn.Sequential(5), UsageError, "a step is a module, a name .*, 5 came"),
    "a number for a model": (lambda: nn.l2_penalty(5, 0.1), UsageError, "weights of a model, 5 came"),
    "widths in a text": (lambda: nn.MLP(2, "31"), UsageError, "widths of its layers as a list"),
    "a number for weights": (lambda: nn.Neuron.of(3.0), SizeError, "a list of at least one, 3.0 came"),
    "a bias that there is not": (
        lambda: setattr(nn.Layer(2, 1, bias=False), "b", [1]), UsageError, "made with bias=False"),
    "a shape that an initialiser must have": (
        lambda: nn.Layer(2, 1, init=lambda rng, shape: np.zeros(7)), SizeError, r"must return shape \(1, 2\)"),
    "half a pixel": (lambda: data.shift([[1, 2, 3, 4]], right=0.5), NumberError, "whole numbers of pixels"),
}


@pytest.mark.parametrize(("call", "error", "message"), TABLE.values(), ids=TABLE)
def test_bad_input_is_an_error_that_says_why(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert type(caught.value) is error
