"""Networks of Values and their training.

>>> import nn
>>> X, Y = nn.data.xor()
>>> model = nn.MLP(2, [8, 1], activation="tanh", output="sigmoid", seed=0)
>>> history = nn.fit(model, X, Y, "binary_cross_entropy", nn.SGD(0.5, momentum=0.9), epochs=200, progress=False)
>>> model.predict(X).round().ravel().tolist()
[0.0, 1.0, 1.0, 0.0]
"""

import autograd

if not hasattr(autograd, "RerollError"):
    raise ImportError(
        f"nn needs the package autograd of reroll, but Python finds another one of this name first: {autograd}. "
        "Use an environment without it, or uninstall it (pip uninstall autograd) and install reroll again"
    )

from nn import data, init
from nn.activations import ACTIVATIONS
from nn.diagnosis.diagnose import Diagnosis, Finding, diagnose
from nn.errors import DataError, UnknownColumnError
from nn.files.load import load
from nn.files.to_torch import to_torch_source
from nn.losses import (
    LOSSES,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cost,
    cross_entropy,
    cross_entropy_with_logits,
    half_squared_error,
    hinge,
    mae,
    mse,
    squared_error,
)
from nn.metrics import METRICS, accuracy, confusion_matrix, cross_validate, precision, recall
from nn.models.dropout import Dropout
from nn.models.layer import Layer
from nn.models.logistic import LogisticRegression
from nn.models.maxout import Maxout
from nn.models.mlp import MLP
from nn.models.module import Module, parameter
from nn.models.neuron import Neuron
from nn.models.perceptron import Perceptron, PerceptronHistory
from nn.models.sequential import Sequential
from nn.models.stage import Stage
from nn.optim import (
    OPTIMIZERS,
    SGD,
    AdaDelta,
    Adagrad,
    Adam,
    AdamW,
    Optimizer,
    RMSProp,
    clip_by_norm,
    clip_by_value,
)
from nn.penalties import l1_penalty, l2_penalty, penalized
from nn.schedules import CosineDecay, ExponentialDecay, StepDecay, WarmUp
from nn.training.callbacks import Callback, Checkpoint, EarlyStopping
from nn.training.engine import ENGINES, EagerEngine, Engine
from nn.training.evaluation import evaluate
from nn.training.history import History
from nn.training.javascript import to_javascript
from nn.training.train import fit
from nn.training.training import Training
from nn.vector import parameters_to_vector, vector_to_parameters

__all__ = [
    "ACTIVATIONS",
    "ENGINES",
    "LOSSES",
    "METRICS",
    "MLP",
    "OPTIMIZERS",
    "SGD",
    "AdaDelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Callback",
    "Checkpoint",
    "CosineDecay",
    "DataError",
    "Diagnosis",
    "Dropout",
    "EagerEngine",
    "EarlyStopping",
    "Engine",
    "ExponentialDecay",
    "Finding",
    "History",
    "Layer",
    "LogisticRegression",
    "Maxout",
    "Module",
    "Neuron",
    "Optimizer",
    "Perceptron",
    "PerceptronHistory",
    "RMSProp",
    "Sequential",
    "Stage",
    "StepDecay",
    "Training",
    "UnknownColumnError",
    "WarmUp",
    "accuracy",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "clip_by_norm",
    "clip_by_value",
    "confusion_matrix",
    "cost",
    "cross_entropy",
    "cross_entropy_with_logits",
    "cross_validate",
    "data",
    "diagnose",
    "evaluate",
    "fit",
    "half_squared_error",
    "hinge",
    "init",
    "l1_penalty",
    "l2_penalty",
    "load",
    "mae",
    "mse",
    "parameter",
    "parameters_to_vector",
    "penalized",
    "precision",
    "recall",
    "squared_error",
    "to_javascript",
    "to_torch_source",
    "vector_to_parameters",
]
