"""Data to learn from, functions that return (X, Y), a row per example; and what is done to data before learning."""

from nn.data.curves import CURVES, curve, exam
from nn.data.gates import GATES, and_, logic_gate, nand, nor, or_, xnor, xor
from nn.data.images import add_noise, as_vectors, blur, flip, jitter, shift
from nn.data.labels import class_labels, one_hot
from nn.data.pictures import digits, mnist
from nn.data.points import blobs, circles, moons, spirals
from nn.data.scale import Scaling, minmax_scale, zscore
from nn.data.split import batches, kfold, train_test_split, train_val_test_split

__all__ = [
    "CURVES",
    "GATES",
    "Scaling",
    "add_noise",
    "and_",
    "as_vectors",
    "batches",
    "blobs",
    "blur",
    "circles",
    "class_labels",
    "curve",
    "digits",
    "exam",
    "flip",
    "jitter",
    "kfold",
    "logic_gate",
    "minmax_scale",
    "mnist",
    "moons",
    "nand",
    "nor",
    "one_hot",
    "or_",
    "shift",
    "spirals",
    "train_test_split",
    "train_val_test_split",
    "xnor",
    "xor",
    "zscore",
]
