"""A training that a page does by itself, in a browser: the losses and parameters are those of `fit`."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from javascript import run_in

import nn
from autograd import UsageError
from viz.pages.web import page_file

EPOCHS = 100


def examples(name: str) -> Any:
    """The data of a task, and a model, a loss and a size of batches that suit it."""
    if name == "xor":
        return (*nn.data.xor(), nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=0), "binary_cross_entropy", None)
    if name == "moons":
        return (*nn.data.moons(200, seed=0), nn.MLP(2, [8, 8, 1], "tanh", "sigmoid", seed=1), "mse", 10)
    if name == "circles":
        return (*nn.data.circles(120, seed=0), nn.MLP(2, [6, 1], "relu", "linear", seed=2),
                "binary_cross_entropy_with_logits", 16)
    if name == "spirals":
        X, Y = nn.data.spirals(150, seed=0)
        return X, 2 * Y - 1, nn.MLP(2, [8, 8, 1], "elu", "linear", seed=3), "hinge", 32
    if name == "curve":
        X = np.linspace(-3, 3, 60)[:, None]
        return X, np.sin(X), nn.MLP(1, [10, 1], "tanh", "linear", seed=4), "half_squared_error", 20
    X, Y = nn.data.digits()
    return X[:150], Y[:150], nn.MLP(64, [12, 10], "relu", "softmax", seed=5), "cross_entropy", 50


OPTIMIZERS = {
    "xor": [lambda: nn.SGD(0.5), lambda: nn.SGD(0.2, momentum=0.9), lambda: nn.Adam(0.05)],
    "moons": [lambda: nn.SGD(0.1, momentum=0.9, nesterov=True), lambda: nn.RMSProp(0.005), lambda: nn.Adam(0.01)],
    "circles": [lambda: nn.SGD(0.1), lambda: nn.Adagrad(0.1), lambda: nn.AdamW(0.01, weight_decay=0.1)],
    "spirals": [lambda: nn.AdaDelta(), lambda: nn.SGD(0.02, momentum=0.5), lambda: nn.Adam(0.005, clip_norm=1.0)],
    "curve": [lambda: nn.SGD(0.05, weight_decay=0.01), lambda: nn.RMSProp(0.002, rho=0.9), lambda: nn.Adam(0.01)],
    "digits": [lambda: nn.SGD(nn.CosineDecay(0.1, 100)), lambda: nn.SGD(0.05, momentum=0.9), lambda: nn.AdamW(0.003)],
}


def trained(browser: Any, text: str, then: str) -> Any:
    """What a page answers that has such a training."""
    return run_in(browser, f"{page_file('training.js')}\nconst training = new Training({text});\n{then}")


def assert_as_fit(browser: Any, model: Any, X: Any, Y: Any, loss: Any, optimizer: Any, epochs: int = EPOCHS,
                  **options: Any) -> None:
    """A page and `fit`, from the same parameters, have the same losses and end with the same parameters."""
    text = nn.to_javascript(model, X, Y, loss, optimizer, epochs=epochs, **options)
    found = trained(browser, text, f"""
        for (let epoch = 0; epoch < {epochs}; epoch += 1) training.runEpoch();
        answer([training.history, training.theta, training.stepCount]);
    """)
    measured = {} if found[0][0]["accuracy"] is None else {"metrics": ["accuracy"]}
    history = nn.fit(model, X, Y, loss, optimizer, epochs=epochs, progress=False, hints=False, **options, **measured)
    assert [entry["loss"] for entry in found[0]] == pytest.approx(history.loss.tolist(), rel=1e-9, abs=0)
    assert found[1] == pytest.approx(nn.parameters_to_vector(model).tolist(), rel=1e-9, abs=1e-12)
    for column, key in (("val_loss", "test"), ("accuracy", "accuracy"), ("val_accuracy", "testAccuracy")):
        if column in history:
            assert [entry[key] for entry in found[0]] == pytest.approx(history[column].tolist(), rel=1e-9, abs=0), key
    n = len(X) * (1 - options.get("validation_split", 0))
    assert found[2] == epochs * -(-n // (options["batch_size"] or n))


@pytest.mark.parametrize("which", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in (1, 2))])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_hundred_losses_are_those_of_fit(browser: Any, name: str, which: int) -> None:
    X, Y, model, loss, size = examples(name)
    assert_as_fit(browser, model, X, Y, loss, OPTIMIZERS[name][which](), batch_size=size, seed=7)


def test_examples_that_are_kept_back_are_those_of_fit(browser: Any) -> None:
    X, Y, model, loss, size = examples("moons")
    assert_as_fit(browser, model, X, Y, loss, nn.Adam(0.01), 10, batch_size=size, seed=7, validation_split=0.25)
    assert_as_fit(browser, model, X[:100], Y[:100], loss, nn.Adam(0.01), 5, batch_size=30, seed=1, shuffle=False,
                  validation_data=(X[100:], Y[100:]))


def test_penalties_are_those_of_fit_and_can_be_changed(browser: Any) -> None:
    X, Y, model, loss, _ = examples("circles")
    both = nn.penalized(loss, model, l1=0.01, l2=0.02)
    text = nn.to_javascript(model, X, Y, loss, nn.SGD(0.1), epochs=5, batch_size=20, seed=3)
    losses = trained(browser, text, """
        Object.assign(training.options, { l1: 0.01, l2: 0.02 });
        for (let epoch = 0; epoch < 5; epoch += 1) training.runEpoch();
        answer(training.history.map(entry => entry.loss));
    """)
    history = nn.fit(model, X, Y, both, nn.SGD(0.1), epochs=5, batch_size=20, seed=3, progress=False)
    assert losses == pytest.approx(history.loss.tolist(), rel=1e-9)
    assert_as_fit(browser, model, X, Y, both, nn.SGD(0.1), 5, batch_size=20, seed=3)


def test_dropout_is_that_of_fit(browser: Any) -> None:
    X, Y, _, loss, size = examples("moons")
    model = nn.Sequential(nn.Layer(2, 8, "tanh", seed=0), nn.Dropout(0.25), nn.Layer(8, 1, "sigmoid", seed=1))
    assert_as_fit(browser, model, X, Y, loss, nn.Adam(0.01), 6, batch_size=size, seed=5, validation_split=0.2)


def test_one_of_several_models_is_trained(browser: Any) -> None:
    X, Y, _, loss, size = examples("moons")
    models = [nn.MLP(2, [width, 1], "tanh", "sigmoid", seed=0) for width in (2, 4)]
    text = nn.to_javascript(models, X, Y, loss, nn.Adam(0.01), epochs=3, batch_size=size, seed=5)
    found = run_in(browser, f"""{page_file('training.js')}
        const training = new Training({text}, 1);
        for (let epoch = 0; epoch < 3; epoch += 1) training.runEpoch();
        answer([training.history.at(-1).loss, training.model.name]);
    """)
    history = nn.fit(models[1], X, Y, loss, nn.Adam(0.01), epochs=3, batch_size=size, seed=5, progress=False)
    assert found == [pytest.approx(history.loss[-1], rel=1e-9), repr(models[1])]


def page(epochs: int = 2, **options: Any) -> str:
    X, Y, model, loss, size = examples("moons")
    return nn.to_javascript(model, X, Y, loss, nn.Adam(0.01), epochs=epochs, batch_size=size, seed=7, **options)


def test_training_goes_on_in_orders_of_its_own_and_the_same_seed_gives_the_same(browser: Any) -> None:
    first, again, other = trained(browser, page(), """
        const losses = () => Array.from({ length: 4 }, () => training.runEpoch().loss);
        const first = losses();
        training.reset();
        const again = losses();
        training.reset(5);
        answer([first, again, losses()]);
    """)
    assert first == again
    assert not set(first) & set(other)
    assert other[-1] < other[0]


def test_a_schedule_begins_again_until_the_rate_is_changed_by_hand(browser: Any) -> None:
    X, Y, model, loss, size = examples("moons")
    text = nn.to_javascript(model, X, Y, loss, nn.SGD(nn.StepDecay(0.4, 1, 0.5)), epochs=3, batch_size=size, seed=7)
    found = trained(browser, text, """
        const rates = () => Array.from({ length: 3 }, () => { training.runEpoch(); return training.options.lr; });
        const first = rates();
        training.reset();
        const again = rates();
        training.options.lr = 0.3;
        training.reset();
        answer([first, again, rates()]);
    """)
    assert found == [[0.4, 0.2, 0.1], [0.4, 0.2, 0.1], [0.3, 0.3, 0.3]]


def test_options_can_be_changed_while_it_trains(browser: Any) -> None:
    found = trained(browser, page(), """
        const counts = [];
        for (let i = 0; i < 3; i += 1) training.step();
        training.options.lr = 0;
        const before = training.theta.slice();
        training.step();
        counts.push(training.theta.every((x, i) => x === before[i]));
        Object.assign(training.options, { lr: 0.1, optimizer: "SGD with momentum", batch: 160 });
        training.step();
        counts.push(training.epoch, training.met, Object.keys(training.state));
        Object.assign(training.options, { testShare: 0.25, noise: 0.5 });
        training.runEpoch();
        counts.push(training.data.count, training.data.testCount, training.history.at(-1).test !== null);
        const shaken = training.data.X.slice();
        training.options.noise = 0;
        training.follow();
        counts.push(training.data.X.every((x, i) => x !== shaken[i]));
        training.options.testShare = 0;
        training.follow();
        counts.push(training.data.count);
        answer(counts);
    """)
    assert found == [True, 1, 200, ["velocity", "move"], 150, 50, True, True, 200]


def test_other_data_can_be_given_and_taken_back(browser: Any) -> None:
    found = trained(browser, page(), """
        training.setData([[0, 0], [1, 1], [2, 0]], [[0], [1], [0]]);
        const first = training.runEpoch();
        let refused = "";
        try { training.setData([[0, 0, 0]], [[0]]); } catch (error) { refused = error.message; }
        const { count } = training.data, right = training.accuracy() * 3 % 1;
        training.restoreData();
        training.reset();
        answer([count, Number.isFinite(first.loss), refused, right, training.data.count, training.runEpoch().loss]);
    """)
    X, Y, model, loss, size = examples("moons")
    history = nn.fit(model, X, Y, loss, nn.Adam(0.01), epochs=1, batch_size=size, seed=7, progress=False)
    assert found[:-1] == [3, True, "rows of 2 inputs and 1 targets are expected", 0, 200]
    assert found[-1] == pytest.approx(history.loss[0], rel=1e-9)


def test_it_stops_where_numbers_are_not_finite(browser: Any) -> None:
    X = np.linspace(-3, 3, 30)[:, None]
    text = nn.to_javascript(nn.MLP(1, [4, 1], "relu", seed=0), X, X**2, "mse", nn.SGD(1e150), epochs=1)
    stopped, finite = trained(browser, text, """
        for (let i = 0; i < 50; i += 1) training.step();
        answer([training.stopped, training.theta.every(Number.isFinite)]);
    """)
    assert stopped in ("gradient", "loss", "parameters")
    assert finite or stopped == "parameters"


def test_what_is_kept_fits_the_model_in_python(browser: Any) -> None:
    X, Y, model, loss, size = examples("moons")
    text = nn.to_javascript(model, X, Y, loss, nn.Adam(0.01), epochs=2, batch_size=size, seed=7)
    kept = trained(browser, text, "training.runEpoch(); answer(JSON.parse(JSON.stringify(training)));")
    nn.fit(model, X, Y, loss, nn.Adam(0.01), epochs=1, batch_size=size, seed=7, progress=False)
    other = nn.MLP(2, [8, 8, 1], "tanh", "sigmoid", seed=9)
    other.load_state_dict(kept["parameters"])
    assert nn.parameters_to_vector(other) == pytest.approx(nn.parameters_to_vector(model), rel=1e-9)
    assert kept["model"] == repr(model)
    assert (kept["epoch"], kept["options"]["optimizer"]) == (1, "Adam")


def test_outputs_and_all_arrays_between_can_be_asked_for(browser: Any) -> None:
    X, Y, model, loss, size = examples("moons")
    text = nn.to_javascript(model, X, Y, loss, nn.Adam(0.01), epochs=2, batch_size=size, seed=7)
    outputs, seen = trained(browser, text, """
        const { X, Y } = training.data;
        answer([training.outputs(X, 5), training.values(X, Y, 5)]);
    """)
    assert outputs == pytest.approx(model.predict(X[:5]).ravel().tolist(), rel=1e-12)
    assert {name: len(seen[name]) for name in ("z1", "a1", "a2", "a3", "dz1", "da2")} == {
        "z1": 40, "a1": 40, "a2": 40, "a3": 5, "dz1": 40, "da2": 40}
    assert seen["a3"] == pytest.approx(outputs, rel=1e-12)


def test_a_page_trains_faster_than_anybody_can_watch(browser: Any) -> None:
    steps, seconds = trained(browser, page(), """
        for (let i = 0; i < 1000; i += 1) training.step();
        const before = performance.now();
        for (let i = 0; i < 2000; i += 1) training.step();
        answer([2000, (performance.now() - before) / 1000]);
    """)
    assert steps / seconds > 300  # thousands, where nobody else is busy


def test_what_no_page_can_train_is_refused() -> None:
    X, Y, model, loss, _ = examples("moons")
    with pytest.raises(UsageError, match="a page trains a model, or several: none came"):
        nn.to_javascript([], X, Y, loss, nn.Adam())
    with pytest.raises(UsageError, match="epochs"):
        nn.to_javascript(model, X, Y, loss, nn.Adam(), epochs=0)


def test_texts_in_it_cannot_end_a_script(browser: Any) -> None:
    class Model(nn.MLP):
        def __repr__(self) -> str:
            return "</script><!--"

    X, Y, _, loss, _ = examples("xor")
    text = nn.to_javascript(Model(2, [2, 1], "tanh", "sigmoid", seed=0), X, Y, loss, nn.SGD(0.1))
    assert "</script" not in text
    assert "<!--" not in text
    assert json.loads(json.dumps(trained(browser, text, "answer(training.model.name);"))) == "</script><!--"
