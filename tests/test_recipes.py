from dataclasses import replace

import numpy as np
import pytest

import nn
from autograd import UsageError
from nn.recipes import MAKERS, RECIPES, USUAL_RATES, two_moons

BAD = {
    "a layer of no neurons": ({"hidden": (8, 0)}, "neurons in a layer must be a whole number from 1, 0 came"),
    "no epochs": ({"epochs": 0}, "epochs must be a whole number from 1, 0 came"),
    "half a batch": ({"batch_size": 0.5}, "examples in a batch must be a whole number from 1, 0.5 came"),
    "a rate below 0": ({"lr": -1.0}, "learning rate must be a number above 0, -1.0 came"),
    "all dropped": ({"dropout": 1.0}, "probability of dropout must be a number from 0 to below 1, 1.0 came"),
    "an unknown optimiser": ({"optimizer": "atom"}, "unknown optimiser 'atom': there are sgd, adagrad"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_a_recipe_is_checked_when_it_is_made(changes, message):
    with pytest.raises(UsageError, match=message):
        replace(RECIPES["xor"], **changes)


def test_a_recipe_names_the_network():
    recipe = replace(RECIPES["digits"], hidden=(32, 16), dropout=0.5)
    model = recipe.model(64, seed=0)
    assert repr(model) == "MLP(64, [32, 16, 10], 'relu', 'linear', dropout=0.5)"


def test_the_rate_falls_from_lr_to_0_along_half_a_cosine():
    optimizer = replace(RECIPES["digits"], lr=0.4, epochs=10).descent()
    assert [round(optimizer.at(epoch), 12) for epoch in (0, 5, 10)] == [0.4, 0.2, 0.0]


@pytest.mark.parametrize("name", MAKERS)
def test_every_optimiser_descends_on_moons_at_its_usual_rate(name):
    recipe = replace(RECIPES["moons"], optimizer=name, lr=USUAL_RATES[name], epochs=20)
    X, Y = two_moons()[0]
    history = recipe.train(recipe.model(2, seed=0), X, Y, progress=False, seed=0)
    assert history.loss[-1] < 0.95 * history.loss[0]


@pytest.mark.parametrize(("task", "least"), [("xor", 1.0), ("moons", 0.97), ("digits", 0.97)])
@pytest.mark.parametrize("seed", range(3))
def test_recipes_work(task, least, seed):
    recipe = RECIPES[task]
    (X, Y), (X_test, Y_test) = recipe.load()
    model = recipe.model(X.shape[1], seed)
    recipe.train(model, X, Y, progress=False, seed=seed)
    assert nn.accuracy(model.predict(X_test), Y_test) >= least


def test_the_engines_train_alike():
    recipe = replace(RECIPES["moons"], epochs=2, dropout=0.2)
    X, Y = two_moons()[0]
    losses = [
        recipe.train(recipe.model(2, seed=3), X[:60], Y[:60], engine=engine, progress=False, seed=4).loss
        for engine in ("compiled", "eager")
    ]
    np.testing.assert_allclose(*losses, rtol=1e-9)
