"""What cannot mean anything is an error that says what was expected, what came and what to do: one table."""

import numpy as np
import pytest

import autograd
import nn
from autograd import NumberError, SizeError, UsageError, Value
from autograd.errors import RerollError
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
    "numbers too large to normalise": (lambda: data.zscore([1.7e308, -1.7e308]), UsageError, "too large"),
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


# ── one gate for data ────────────────────────────────────────────────────────────────────────


class Sparse:
    """Like the sparse matrices of SciPy, of which NumPy makes one object."""

    def toarray(self):
        return X


class NAType:
    """Like the gaps of pandas."""

    def __repr__(self):
        return "<NA>"


class OnDevice:
    """Like the arrays that stay on a GPU."""

    def __array__(self, *args, **options):
        raise TypeError("it is on a GPU")


def with_first(a, entry):
    """An array of objects whose first entry is this."""
    found = a.astype(object)
    found[(0,) * a.ndim] = entry
    return found


KINDS = {  # what is made of good data, and what the error says besides the name of the argument
    "masked": (lambda a: np.ma.masked_where(np.arange(a.size).reshape(a.shape) == 1, a), "masked entries: leave such"),
    "masked rows in a list": (lambda a: [*a[:-1], np.ma.masked_all_like(a[-1:])[0]], "masked entries: leave such"),
    "texts": (lambda a: np.char.add("c", a.astype(str)), r"with 'c.*' in it: names, .* = np.unique\(.*, return_inv"),
    "bytes": (lambda a: np.char.add(b"c", a.astype("S8")), r"names, .* = np.unique\(.*, return_inverse=True\)"),
    "texts of numbers": (lambda a: a.astype(str), r"with '.*' in it: np.asarray\(.*, float\) reads such texts"),
    "a text among numbers": (lambda a: with_first(a, "cat"), r"with 'cat' in it: names, .* = np.unique\("),
    "one text": (lambda a: "abc", r"np.unique\("),
    "None among numbers": (lambda a: with_first(a, None), r"\[0.*\] is None: leave such examples out, or fill"),
    "a gap among numbers": (lambda a: with_first(a, NAType()), r"\[0.*\] is <NA>: leave such examples out"),
    "a list among numbers": (lambda a: with_first(a, [1]), r"\[0.*\] is of type list"),
    "Values": (lambda a: with_first(a, Value(1.0)), r"\[0.*\] is of type Value"),
    "numbers as objects": (lambda a: a.astype(object), r"astype\(float\) makes floats of them"),
    "whole numbers without end": (lambda a: with_first(a, 10**30), r"astype\(float\) makes floats of them"),
    "complex numbers": (lambda a: a + 1j, r"give the parts as columns, .*\.real and"),
    "dates": (lambda a: a.astype(int).astype("M8[D]"), r"give numbers of days, \(.* / np.timedelta64\(1, 'D'\)"),
    "spans of time": (lambda a: a.astype(int).astype("m8[s]"), "give numbers of days"),
    "records": (lambda a: np.zeros(len(a), [("a", float), ("b", float)]), "give its fields as columns, np.column_st"),
    "a generator": (lambda a: (row for row in a.tolist()), r"made of one generator: list\(.*\) makes a list of it"),
    "an iterator": (lambda a: map(float, range(len(a))), r"made of one map: list\("),
    "a dict": (lambda a: dict(enumerate(a.tolist())), r"made of one dict: list\("),
    "a set": (lambda a: set(range(len(a))), r"made of one set: list\("),
    "a sparse matrix": (lambda a: Sparse(), r"\.toarray\(\) makes an array of a sparse one"),
    "an object": (lambda a: object(), "made of one object"),
    "None": (lambda a: None, "made of one NoneType"),
    "an array elsewhere": (lambda a: OnDevice(), "NumPy makes no array of it: it is on a GPU"),
    "rows of different lengths": (lambda a: [[1.0, 2.0]] + [[1.0]] * (len(a) - 1), "the rows of .* differ in length"),
    "a single number": (lambda a: 3.0, r"needs at least one example|a single number came|\(1?,?\) came"),
}
NOT_FINITE = {
    "nan": (lambda a: np.where(np.arange(a.size).reshape(a.shape) == 1, np.nan, a), "is nan: leave such examples out"),
    "inf": (lambda a: np.where(np.arange(a.size).reshape(a.shape) == 1, np.inf, a), "is inf: leave such examples out"),
    "nothing": (lambda a: a[:0], "needs at least one example"),
}
FLOATS, LABELS, MODEL = X / 12, Y.astype(float), nn.MLP(2, [3, 1], output="sigmoid", seed=0)
PROGRAM = autograd.compile(lambda x, y: (MODEL(x) - y) ** 2, MODEL)
THETA = nn.parameters_to_vector(MODEL)


def learn(x, y, **options):
    nn.fit(MODEL, x, y, "binary_cross_entropy", nn.SGD(0.1), epochs=1, progress=False, engine="eager", **options)


TAKES = {  # each function that takes data: the name in its errors, good data, and a call
    "fit X": ("X", FLOATS, lambda a: learn(a, LABELS)),
    "fit Y": ("Y", LABELS, lambda a: learn(FLOATS, a)),
    "fit validation X": ("X", FLOATS, lambda a: learn(FLOATS, LABELS, validation_data=(a, LABELS))),
    "fit validation Y": ("Y", LABELS, lambda a: learn(FLOATS, LABELS, validation_data=(FLOATS, a))),
    "evaluate X": ("X", FLOATS, lambda a: nn.evaluate(MODEL, a, LABELS, "mse")),
    "evaluate Y": ("Y", LABELS, lambda a: nn.evaluate(MODEL, FLOATS, a, "mse")),
    "predict": ("X", FLOATS, lambda a: MODEL.predict(a)),
    "Perceptron.learn X": ("X", FLOATS, lambda a: nn.Perceptron(2).learn(a, LABELS)),
    "Perceptron.learn Y": ("Y", LABELS, lambda a: nn.Perceptron(2).learn(FLOATS, a)),
    "accuracy outputs": ("outputs", LABELS, lambda a: nn.accuracy(a, LABELS)),
    "accuracy targets": ("targets", LABELS, lambda a: nn.accuracy(LABELS, a)),
    "confusion_matrix": ("targets", LABELS, lambda a: nn.confusion_matrix(LABELS, a)),
    "precision": ("outputs", LABELS, lambda a: nn.precision(a, LABELS)),
    "recall": ("outputs", LABELS, lambda a: nn.recall(a, LABELS)),
    "cross_validate X": ("X", FLOATS, lambda a: nn.cross_validate(train, a, LABELS, k=2)),
    "cross_validate Y": ("Y", LABELS, lambda a: nn.cross_validate(train, FLOATS, a, k=2)),
    "zscore": ("X", FLOATS, lambda a: data.zscore(a)),
    "minmax_scale": ("X", FLOATS, lambda a: data.minmax_scale(a)),
    "zscore of others": ("X", FLOATS, lambda a: data.zscore(FLOATS, a)),
    "Scaling": ("X", FLOATS, lambda a: data.Scaling.zscore(FLOATS)(a)),
    "Scaling.inverse": ("X", FLOATS, lambda a: data.Scaling.minmax(FLOATS).inverse(a)),
    "one_hot": ("labels", LABELS, lambda a: data.one_hot(a)),
    "class_labels": ("labels", LABELS, lambda a: data.class_labels(a)),
    "train_test_split X": ("X", FLOATS, lambda a: data.train_test_split(a, LABELS)),
    "train_val_test_split Y": (
        "Y", LABELS, lambda a: data.train_val_test_split(FLOATS, a, validation=1, test=1)),
    "batches": ("X", FLOATS, lambda a: [*data.batches(a, LABELS, 2)]),
    "as_vectors": ("images", FLOATS, lambda a: data.as_vectors(a)),
    "flip": ("X", FLOATS, lambda a: data.flip(a, shape=(1, 2))),
    "shift": ("X", FLOATS, lambda a: data.shift(a, 1, shape=(1, 2))),
    "jitter": ("X", FLOATS, lambda a: data.jitter(a, shape=(1, 2))),
    "blur": ("X", FLOATS, lambda a: data.blur(a, shape=(1, 2))),
    "add_noise": ("X", FLOATS, lambda a: data.add_noise(a)),
    "weights": ("W", np.ones((3, 2)), lambda a: setattr(MODEL.layers[0], "W", a)),
    "biases": ("b", np.ones(3), lambda a: setattr(MODEL.layers[0], "b", a)),
}
TAKE_ANY_NUMBER = {
    "vector_to_parameters": ("theta", THETA, lambda a: nn.vector_to_parameters(a, MODEL)),
    "load_state_dict": ("layers.0.weight", np.ones((3, 2)), lambda a: MODEL.load_state_dict(
        MODEL.state_dict() | {"layers.0.weight": a})),
    "a program's theta": ("theta", THETA, lambda a: PROGRAM(a, FLOATS, LABELS)),
    "a program's X": ("X", FLOATS, lambda a: PROGRAM.value_and_grad(THETA, a, LABELS)),
    "a program's Y": ("Y", LABELS, lambda a: PROGRAM.value_and_grad(THETA, FLOATS, a)),
}


@pytest.mark.parametrize("takes", [*TAKES, *TAKE_ANY_NUMBER])
def test_bad_data_of_every_kind_are_refused_by_name_and_change_nothing(takes):
    name, good, call = (TAKES | TAKE_ANY_NUMBER)[takes]
    before, kinds = nn.parameters_to_vector(MODEL), KINDS | (NOT_FINITE if takes in TAKES else {})
    for kind, (make, message) in kinds.items():
        if kind == "None" and takes in ("a program's Y",):
            continue  # it takes no Y
        with pytest.raises(RerollError, match=message) as caught:
            call(make(good))
        if kind != "a single number":
            assert name in str(caught.value), kind
    np.testing.assert_array_equal(nn.parameters_to_vector(MODEL), before)


@pytest.mark.parametrize("takes", [takes for takes in (*TAKES, *TAKE_ANY_NUMBER) if takes != "a program's Y"])
def test_data_of_every_good_kind_are_taken(takes):
    _, good, call = (TAKES | TAKE_ANY_NUMBER)[takes]
    whole = np.zeros_like(good, int) + np.arange(len(good)).reshape(-1, *[1] * (good.ndim - 1)) % 2
    start = nn.parameters_to_vector(MODEL)
    for make in (lambda a: a, lambda a: a.tolist(), lambda a: np.asfortranarray(a), lambda a: np.ma.masked_array(a),
                 lambda a: a.astype(np.float32), lambda a: a.astype(">f8"), lambda a: np.float16(a),
                 lambda a: a.astype(np.longdouble), lambda a: whole.astype(np.uint8), lambda a: whole.astype(bool)):
        call(make(good))
    nn.vector_to_parameters(start, MODEL)


PICTURES = np.random.default_rng(0).random((6, 4, 4))


@pytest.mark.parametrize("pictures", [PICTURES, PICTURES[:, None], PICTURES[..., None]], ids=["plain", "first", "last"])
@pytest.mark.parametrize("make", [
    lambda: nn.MLP(16, [1], seed=0), lambda: nn.Layer(16, 1, seed=0), lambda: nn.Layer(4, 1, seed=0),
    lambda: nn.Layer(1, 1, seed=0), lambda: nn.Sequential(nn.Layer(16, 1, seed=0), "tanh"),
], ids=["MLP", "layer", "layer of a side", "layer of one", "Sequential"])
@pytest.mark.parametrize("engine", ["compiled", "eager"])
def test_pictures_are_to_be_rows_before_a_network_reads_them(pictures, make, engine):
    model, calls = make(), []
    before = nn.parameters_to_vector(model)
    calls.append(lambda X: nn.fit(model, X, Y, "mse", nn.SGD(0.1), progress=False, engine=engine))
    calls += [lambda X: nn.evaluate(model, X, Y, "mse"), model.predict, lambda X: model.predict(np.repeat(X, 4, 0))]
    for call in calls:
        with pytest.raises(RerollError, match=r"X has shape \(\d+, .*pictures become rows by nn.data.as_vectors"):
            call(pictures)
    np.testing.assert_array_equal(nn.parameters_to_vector(model), before)
    np.testing.assert_array_equal(data.as_vectors(pictures, white=1), PICTURES.reshape(6, 16))
    for change in (data.flip, lambda X: data.shift(X, 1), lambda X: data.jitter(X, seed=0), data.blur):
        np.testing.assert_array_equal(change(pictures).reshape(6, 4, 4), change(PICTURES))


@pytest.mark.parametrize("n", [1, 3, 17])
def test_one_example_is_to_be_a_row(n):
    with pytest.raises(SizeError, match=r"number for each example; one example of several inputs is a row, \[x\]"):
        nn.MLP(2, [1]).predict(np.ones(n))
    with pytest.raises(SizeError, match=r"is a row, \[x\]"):
        nn.fit(nn.MLP(2, [1]), np.ones(n), np.ones(n), "mse", nn.SGD(0.1), progress=False)
    if n > 1:
        with pytest.raises(SizeError, match=r"one example is a row, \[x\]"):
            fit(np.ones(n), [1.0])


def test_labels_of_signs_say_what_to_write():
    signs = 2 * Y - 1
    for call in (lambda: data.one_hot(signs), lambda: fit(y=signs, loss="binary_cross_entropy"),
                 lambda: nn.fit(nn.MLP(2, [2]), X, signs, "cross_entropy_with_logits", nn.SGD(0.1), progress=False),
                 lambda: nn.Perceptron(2).learn(X, signs)):
        with pytest.raises(UsageError, match=r"\+ 1\) //? 2 makes them of -1 and 1"):
            call()
