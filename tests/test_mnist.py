"""The whole way on the real images; they are not looked for on the network."""

import os
import re

import numpy as np
import pytest

import nn
from nn.__main__ import main

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("MNIST_DIR"), reason="MNIST_DIR does not name the folder of the images"),
]


def test_mnist_is_read_to_98_percent_saved_and_asked(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["mnist"]) == 0
    out = capsys.readouterr().out
    [accuracy] = re.findall(r"test accuracy (\S+)%\n", out.split("after 10 epochs")[1])
    assert float(accuracy) >= 98.0
    assert out.endswith("wrote mnist.npz\n")

    _, (X, Y) = nn.data.mnist()
    np.save("images.npy", (255 * X[:200]).round().astype(np.uint8).reshape(-1, 28, 28))
    assert main(["predict", "mnist.npz", "images.npy"]) == 0
    _, *rows = capsys.readouterr().out.splitlines()
    classes = [int(row.split("|")[1]) for row in rows]
    assert (classes == Y[:200]).mean() >= 0.97
