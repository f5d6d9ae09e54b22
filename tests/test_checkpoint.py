"""Training that goes on from a file is training that never stopped."""

import json

import numpy as np
import pytest

import nn
from nn.models.state import CHECKPOINT, read, write


def data():
    X, Y = nn.data.moons(40, noise=0.2, seed=0)
    return X, Y


OPTIMIZERS = {
    "momentum": lambda: nn.SGD(0.1, momentum=0.9),
    "Adam with a schedule": lambda: nn.Adam(nn.CosineDecay(0.05, epochs=8)),
    "RMSProp": lambda: nn.RMSProp(0.01),
    "AdaDelta": lambda: nn.AdaDelta(1.0),
}


def train(optimizer, *callbacks, engine="compiled", dtype=np.float64, **options):
    model = nn.MLP(2, [5, 1], "tanh", "sigmoid", dropout=0.2, seed=0)
    history = nn.fit(
        model, *data(), "binary_cross_entropy", optimizer, batch_size=16, engine=engine, dtype=dtype, seed=3,
        progress=False, callbacks=callbacks, metrics=["accuracy"], validation_split=0.25, **options,
    )
    return nn.parameters_to_vector(model), history


@pytest.mark.parametrize("engine", ["compiled", pytest.param("eager", marks=pytest.mark.slow)])
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_resuming_gives_what_training_without_a_break_gives(optimizer, engine, tmp_path):
    path = tmp_path / "checkpoint.npz"
    whole, history = train(optimizer(), epochs=8, engine=engine)

    class Interrupted(nn.Callback):
        def step(self, training):
            if training.steps == 8:  # in the middle of the fourth epoch
                raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        train(optimizer(), nn.Checkpoint(path), Interrupted(), epochs=8, engine=engine)
    resumed, rest = train(optimizer(), epochs=8, engine=engine, resume=path)
    np.testing.assert_array_equal(resumed, whole)
    for name in history:
        np.testing.assert_array_equal(rest[name], history[name])


def test_float32_resumes_to_the_last_bit(tmp_path):
    path, optimizer = tmp_path / "checkpoint.npz", OPTIMIZERS["momentum"]
    whole, _ = train(optimizer(), epochs=6, dtype=np.float32)
    train(optimizer(), nn.Checkpoint(path), epochs=3, dtype=np.float32)
    resumed, _ = train(optimizer(), epochs=6, dtype=np.float32, resume=path)
    np.testing.assert_array_equal(resumed, whole)


def test_early_stopping_remembers_what_it_saw_before_the_break(tmp_path):
    path = tmp_path / "checkpoint.npz"

    def descent(*callbacks, **options):
        return train(nn.SGD(1.5, momentum=0.9), nn.EarlyStopping(patience=4), *callbacks, **options)

    whole, history = descent(epochs=60)
    assert len(history.epochs) < 60
    for cut in (2, len(history.epochs) - 2):
        descent(nn.Checkpoint(path), epochs=cut)
        resumed, rest = descent(epochs=60, resume=path)
        np.testing.assert_array_equal(rest.loss, history.loss)
        assert rest.stopped == history.stopped
        np.testing.assert_array_equal(resumed, whole)


def test_a_training_that_was_finished_has_nothing_left_to_do(tmp_path):
    path = tmp_path / "checkpoint.npz"
    whole, history = train(nn.SGD(0.1), nn.Checkpoint(path), epochs=3)
    resumed, rest = train(nn.SGD(0.1), epochs=3, resume=path)
    np.testing.assert_array_equal(resumed, whole)
    np.testing.assert_array_equal(rest.loss, history.loss)


def test_a_checkpoint_is_written_every_so_many_epochs(tmp_path):
    path, seen = tmp_path / "checkpoint.npz", []

    class Look:
        def epoch(self, training):
            seen.append(json.loads(str(read(path)[CHECKPOINT]))["epoch"] if path.exists() else 0)

    train(nn.SGD(0.1), nn.Checkpoint(path, every=2), Look(), epochs=5)
    assert seen == [0, 0, 2, 2, 4]  # a file is written when all callbacks are done with an epoch


@pytest.mark.parametrize(("every", "kept"), [(1, 3), (2, 4)])
def test_best_only_keeps_the_best_of_the_epochs_that_are_due(every, kept, tmp_path):
    path = tmp_path / "best.npz"
    wishes = [4.0, 3.0, 1.0, 2.0, 5.0, 6.0]

    class Wish:
        def epoch(self, training):
            training.logs["wish"] = wishes[training.epoch - 1]

    train(nn.SGD(0.1), Wish(), nn.Checkpoint(path, every, best_only=True, monitor="wish"), epochs=6)
    assert json.loads(str(read(path)[CHECKPOINT]))["epoch"] == kept


def test_a_model_takes_its_parameters_from_a_checkpoint(tmp_path):
    path = tmp_path / "checkpoint.npz"
    theta, _ = train(nn.SGD(0.1), nn.Checkpoint(path), epochs=2)
    model = nn.MLP(2, [5, 1], "tanh", "sigmoid", seed=9)
    model.load(path)
    np.testing.assert_array_equal(nn.parameters_to_vector(model), theta)


def test_a_checkpoint_rebuilds_the_model_too(tmp_path):
    path = tmp_path / "checkpoint.npz"
    theta, _ = train(nn.SGD(0.1), nn.Checkpoint(path), epochs=1)
    model = nn.load(path)
    assert repr(model) == repr(nn.MLP(2, [5, 1], "tanh", "sigmoid", dropout=0.2))
    np.testing.assert_array_equal(nn.parameters_to_vector(model), theta)


def test_a_checkpoint_has_what_callbacks_did_to_the_parameters(tmp_path):
    path = tmp_path / "checkpoint.npz"

    class Halve:
        def epoch(self, training):
            training.theta[:] /= 2

    theta, _ = train(nn.SGD(0.1), nn.Checkpoint(path), Halve(), epochs=2)
    np.testing.assert_array_equal(nn.parameters_to_vector(nn.load(path)), theta)


def test_a_training_that_diverges_keeps_the_last_sound_checkpoint(tmp_path):
    path, model, thetas = tmp_path / "checkpoint.npz", nn.MLP(1, [1], seed=0), []
    with pytest.warns(RuntimeWarning, match="try a lower learning rate"):
        history = nn.fit(model, [1.0, 2.0], [2.0, 4.0], "mse", nn.SGD(1e60), epochs=99, progress=False,
                         callbacks=[nn.Checkpoint(path), lambda training: thetas.append(training.theta.copy())])
    assert np.isfinite(history.loss).tolist() == [True] * (len(thetas) - 1) + [False]
    np.testing.assert_array_equal(nn.parameters_to_vector(nn.load(path)), thetas[-2])


def test_callbacks_find_their_memory_in_any_order_and_new_ones_begin_anew(tmp_path):
    path, more = tmp_path / "checkpoint.npz", nn.EarlyStopping("loss", patience=3)
    early = nn.EarlyStopping(patience=4)
    train(nn.SGD(1.5), nn.Checkpoint(path), early, epochs=3)
    again, (best, waited) = nn.EarlyStopping(patience=4), (early.best, early.waited)

    class Look(nn.Callback):
        def begin(self, training):
            assert (again.best, again.waited, more.best, more.waited) == (best, waited, -np.inf, 0)

    train(nn.SGD(1.5), again, nn.Checkpoint(path), more, Look(), epochs=4, resume=path)


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_any_random_generator_goes_on(kind, tmp_path):
    path = tmp_path / "checkpoint.npz"

    def run(**options):
        model = nn.MLP(2, [3, 1], "tanh", "sigmoid", dropout=0.2, seed=0)
        nn.fit(model, *data(), "binary_cross_entropy", nn.SGD(0.1), batch_size=16, seed=np.random.Generator(kind(0)),
               progress=False, **options)
        return nn.parameters_to_vector(model)

    run(epochs=2, callbacks=[nn.Checkpoint(path)])
    np.testing.assert_array_equal(run(epochs=4, resume=path), run(epochs=4))


# ── files that do not fit ────────────────────────────────────────────────────────────────────


def edit(**changes):
    """A change of what a checkpoint says of the training."""
    def change(arrays):
        progress = json.loads(str(arrays[CHECKPOINT])) | changes
        arrays[CHECKPOINT] = np.array(json.dumps({k: v for k, v in progress.items() if v is not None}))
    return change


@pytest.mark.parametrize(("change", "message"), [
    (lambda arrays: arrays.pop(CHECKPOINT), "it has no entry named #checkpoint"),
    (lambda arrays: arrays.update({CHECKPOINT: np.array("{")}), "no checkpoint of this training"),
    (lambda arrays: arrays.pop("model.layers.0.bias"), "parameters are missing: layers.0.bias"),
    (lambda arrays: arrays.update({"model.layers.0.bias": np.zeros(3)}), "layers.0.bias has shape"),
    (lambda arrays: arrays.pop("optimizer.steps"), "SGD remembers"),
    (lambda arrays: arrays.update({"optimizer.velocity": np.zeros(3)}), "of another number of parameters"),
    (lambda arrays: arrays.update({"optimizer.velocity": np.array(["a"] * 21)}), "must hold real numbers"),
    (lambda arrays: arrays.update({"model.layers.0.bias": np.full(5, 1e300)}), "must hold numbers that float32 can"),
    (edit(optimizer="Adam"), "a training with Adam"),
    (edit(stopped=None), "stopped"),
    (edit(epoch=None), "epoch"),
    (edit(order={"bit_generator": "MT19937"}), "no checkpoint of this training"),
    (edit(columns={"loss": ["a"]}), "no checkpoint of this training"),
])
def test_a_checkpoint_that_does_not_fit_changes_nothing(change, message, tmp_path):
    path = tmp_path / "checkpoint.npz"
    train(nn.SGD(0.1, momentum=0.9), nn.Checkpoint(path), epochs=1)
    arrays = read(path)
    change(arrays)
    write(path, arrays)
    model, optimizer = nn.MLP(2, [5, 1], "tanh", "sigmoid", dropout=0.2, seed=7), nn.SGD(0.1, momentum=0.9)
    before = nn.parameters_to_vector(model)
    with pytest.raises(nn.DataError, match=message):
        nn.fit(model, *data(), "binary_cross_entropy", optimizer, epochs=2, progress=False, resume=path,
               dtype=np.float32)
    np.testing.assert_array_equal(nn.parameters_to_vector(model), before)
    assert (optimizer.steps, optimizer.state) == (0, {})


def test_a_file_that_is_missing_or_cannot_be_written_is_named(tmp_path):
    with pytest.raises(nn.DataError, match="there is no file"):
        train(nn.SGD(0.1), epochs=1, resume=tmp_path / "none.npz")
    with pytest.raises(nn.DataError, match="cannot be written"):
        train(nn.SGD(0.1), nn.Checkpoint(tmp_path / "none" / "checkpoint.npz"), epochs=1)


@pytest.mark.parametrize("monitor", ["val_loss", "loss"])
@pytest.mark.parametrize(("patience", "epochs"), [
    (2, None), (3, 4), pytest.param(5, 6, marks=pytest.mark.slow), (99, 9)])
def test_a_training_that_was_stopped_goes_on_with_more_patience(tmp_path, monitor, patience, epochs):
    path = tmp_path / "checkpoint.npz"

    def stopping(patience, **options):
        watching = nn.EarlyStopping(monitor, patience, min_delta=1e9)
        return train(nn.SGD(0.1, momentum=0.9), watching, nn.Checkpoint(path), epochs=9, **options)

    _, first = stopping(2)
    before = len(first.epochs)
    if epochs is None:
        with pytest.warns(RuntimeWarning, match="nothing is left to train .* has not become better for 2 epochs: more"):
            _, rest = stopping(patience, resume=path)
        assert (rest.loss.tolist(), rest.stopped) == (first.loss.tolist(), first.stopped)
        return
    _, rest = stopping(patience, resume=path)
    _, history = stopping(patience)
    assert len(rest.epochs) == min(9, before - 2 + patience) == len(history.epochs)
    assert rest.loss.tolist() == history.loss.tolist()


def test_a_learning_rate_that_a_callback_changed_goes_on(tmp_path):
    path = tmp_path / "checkpoint.npz"

    def halve(training):
        training.optimizer.lr /= 2

    whole, history = train(nn.SGD(0.4), halve, epochs=4)
    train(nn.SGD(0.4), halve, nn.Checkpoint(path), epochs=2)
    resumed, rest = train(nn.SGD(0.4), halve, epochs=4, resume=path)
    assert rest.lr.tolist() == history.lr.tolist()
    np.testing.assert_array_equal(resumed, whole)
    _, other = train(nn.SGD(0.1), epochs=3, resume=path)
    assert other.lr[-1] == 0.1
