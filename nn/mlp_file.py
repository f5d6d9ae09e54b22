"""Files of whole multi-layer perceptrons: beside the parameters, what the network is made of.

A file is the .npz of `Module.save` with one entry more, "architecture", a text in JSON: what `MLP` is called with.
"""

from __future__ import annotations

import json

import numpy as np

from autograd.errors import RerollError, UsageError
from nn.errors import DataError
from nn.mlp import MLP
from nn.state import PathLike, read, write


def save_mlp(model: MLP, path: PathLike) -> None:
    """Write a network, whole or not at all; raises `DataError` where it cannot be written."""
    kinds = [layer.activation for layer in model.layers]
    if not all(isinstance(kind, str) for kind in kinds):
        raise UsageError(f"a file names activations, {model!r} has functions: model.save writes the parameters alone")
    architecture = {
        "nin": model.layers[0].nin,
        "nouts": [layer.nout for layer in model.layers],
        "activation": kinds[:-1],
        "output": kinds[-1],
        "bias": model.layers[0].bias is not None,
        "dropout": model.dropout.p if model.dropout else 0.0,
    }
    write(path, {**model.state_dict(), "architecture": np.array(json.dumps(architecture))})


def load_mlp(path: PathLike) -> MLP:
    """The network in a file; raises `DataError` for one that is missing, damaged or of another kind."""
    arrays = read(path)
    architecture = arrays.pop("architecture", None)
    if architecture is None:
        raise DataError(f"{path} holds no network: it has no entry named architecture")
    try:
        options = json.loads(str(architecture))
        # Widths are compared before a network is made of them: a damaged file must not ask for all memory.
        shapes = [arrays[f"layers.{i}.weight"].shape for i in range(len(options["nouts"]))]
        if shapes != list(zip(options["nouts"], [options["nin"], *options["nouts"]], strict=False)):
            raise UsageError("its weights do not have the shapes that it names")
        model = MLP(**options, init="zeros")
        model.load_state_dict(arrays)
    except (RerollError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path} is no network that can be read: {error}") from None
    return model
