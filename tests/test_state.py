"""Parameters as named arrays, in memory and in files."""

import contextlib
import zipfile

import numpy as np
import pytest

import nn
from autograd import NumberError, SizeError, UsageError
from nn.models.state import ARCHITECTURE, read, write

LARGE = np.longdouble("1e4000")
WIDE = pytest.mark.skipif(np.isinf(LARGE), reason="no numbers here are larger than float64 can hold")


def model(seed=0):
    return nn.MLP(3, [4, 2], "tanh", seed=seed)


def test_names_and_shapes_are_those_of_pytorch():
    assert {name: array.shape for name, array in model().state_dict().items()} == {
        "layers.0.weight": (4, 3), "layers.0.bias": (4,), "layers.1.weight": (2, 4), "layers.1.bias": (2,),
    }


def test_a_state_is_a_copy():
    one = model()
    state = one.state_dict()
    state["layers.0.weight"][:] = 0
    assert one.layers[0].W.all()


def test_a_model_takes_on_the_state_of_another():
    one, other = model(0), model(1)
    other.load_state_dict(one.state_dict())
    np.testing.assert_array_equal(nn.parameters_to_vector(other), nn.parameters_to_vector(one))


def test_torch_computes_the_same_with_the_same_state():
    torch = pytest.importorskip("torch")
    ours = model()
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)).double()
    numbered = {"layers.0": "0", "layers.1": "2"}
    theirs.load_state_dict({
        name.replace(layer, number): torch.tensor(array)
        for name, array in ours.state_dict().items() for layer, number in numbered.items() if name.startswith(layer)
    })
    X = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(ours.predict(X), theirs(torch.tensor(X)).detach().numpy(), rtol=1e-14)


def test_a_sequential_and_that_of_torch_exchange_states_as_they_are():
    torch = pytest.importorskip("torch")
    ours = nn.Sequential(nn.Layer(3, 4, seed=0), "tanh", nn.Layer(4, 2, seed=1))
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)).double()
    ours.load_state_dict(theirs.state_dict())
    X = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(ours.predict(X), theirs(torch.tensor(X)).detach().numpy(), rtol=1e-14)
    theirs.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})


def changed(**arrays):
    return lambda state: state | arrays


@pytest.mark.parametrize(("change", "error", "message"), [
    (lambda state: {k: v for k, v in state.items() if "1" not in k}, UsageError,
     "parameters are missing: layers.1.weight, layers.1.bias; there are layers.0.weight"),
    (changed(extra=np.zeros(2)), UsageError, "the model has no extra"),
    (changed(**{"layers.1.bias": np.zeros(3)}), SizeError, r"layers.1.bias has shape \(2,\), .* shape \(3,\) came"),
    (changed(**{"layers.1.bias": np.array(["a", "b"])}), NumberError, "must hold real numbers"),
    (changed(**{"layers.1.bias": np.array([1j, 2])}), NumberError, "must hold real numbers"),
    pytest.param(changed(**{"layers.1.bias": np.array([1, LARGE])}), NumberError, "that float64 can hold", marks=WIDE),
    (changed(**{"layers.1.bias": np.array([None, 1])}), NumberError, "must hold real numbers"),
    (lambda state: {}, UsageError, "there are none"),
])
def test_a_state_that_does_not_fit_changes_nothing(change, error, message):
    one = model()
    before = nn.parameters_to_vector(one)
    with pytest.raises(error, match=message):
        one.load_state_dict(change(model(1).state_dict()))
    np.testing.assert_array_equal(nn.parameters_to_vector(one), before)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("bad", [pytest.param(LARGE, marks=WIDE), np.complex128(1), "a", None], ids=repr)
def test_whatever_takes_on_parameters_takes_on_all_or_none(place, bad, tmp_path):
    one = model()
    before = nn.parameters_to_vector(one).tolist()
    state, theta = model(1).state_dict(), nn.parameters_to_vector(model(1)).astype(type(bad))
    name = list(state)[place]
    state[name] = state[name].astype(type(bad))
    state[name].flat[-1] = theta[-1] = bad
    if bad is not None:
        write(tmp_path / "model.npz", state)
    takers = [lambda: one.load_state_dict(state), lambda: one.load(tmp_path / "model.npz"),
              lambda: nn.vector_to_parameters(theta, one)]
    for take in takers:
        with pytest.raises((NumberError, nn.DataError)):
            take()
        assert nn.parameters_to_vector(one).tolist() == before


# ── files ────────────────────────────────────────────────────────────────────────────────────


def test_a_file_gives_back_every_parameter_to_the_last_bit(tmp_path):
    one, other = model(0), model(1)
    one.save(tmp_path / "model.npz")
    other.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(nn.parameters_to_vector(other), nn.parameters_to_vector(one))
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


def truncated(path):
    path.write_bytes(path.read_bytes()[:-100])


def flipped(path):
    data = bytearray(path.read_bytes())
    data[200] ^= 255
    path.write_bytes(bytes(data))


def foreign_archive(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "hello")


def pickled(path):
    np.savez(path, weights=np.array([{"a": 1}], dtype=object))


def one_array(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def version(path):
    """The archive names a method of compression that nobody knows."""
    data = bytearray(path.read_bytes())
    data[8] = 77
    data[data.index(b"PK\x01\x02") + 10] = 77
    path.write_bytes(bytes(data))


DAMAGE = {
    "truncated": truncated,
    "flipped": flipped,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("<html>404</html>"),
    "another archive": foreign_archive,
    "pickled objects": pickled,
    "one array": one_array,
    "of another version": version,
    "another model": lambda path: nn.MLP(2, [1]).save(path),
    "missing": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_file_that_cannot_be_read_leaves_the_model_as_it_is(damage, tmp_path):
    path, one = tmp_path / "model.npz", model()
    model(1).save(path)
    damage(path)
    before = nn.parameters_to_vector(one)
    with pytest.raises((nn.DataError, UsageError)) as caught:
        one.load(path)
    assert "pickle" not in str(caught.value)
    np.testing.assert_array_equal(nn.parameters_to_vector(one), before)


def test_where_a_file_cannot_be_written_the_old_one_stays(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    model(0).save(path)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(nn.DataError, match="No space left on device"):
        model(1).save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.npz"]


def test_ctrl_c_between_two_arrays_is_ctrl_c(tmp_path, monkeypatch):
    path, entries, opened = tmp_path / "model.npz", [], zipfile.ZipFile.open
    model(0).save(path)
    before = path.read_bytes()

    def interrupted(archive, *args, **options):
        entries.append(opened(archive, *args, **options))
        raise KeyboardInterrupt

    monkeypatch.setattr(zipfile.ZipFile, "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model(1).save(path)
    with contextlib.suppress(AttributeError):
        entries[0].close()  # Python 3.14 would tell of it otherwise that its archive is gone
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.npz"]


def test_reading_gives_every_array_by_name(tmp_path):
    model().save(tmp_path / "model.npz")
    assert set(read(tmp_path / "model.npz")) == {*model().state_dict(), ARCHITECTURE}


def test_a_parameter_may_have_any_name(tmp_path):
    class Odd(nn.Module):
        def __init__(self, value):
            self.file, self.checkpoint, self.architecture = (nn.parameter(value) for _ in range(3))

    one, other = Odd(1.0), Odd(2.0)
    one.save(tmp_path / "odd.npz")
    other.load(tmp_path / "odd.npz")
    assert nn.parameters_to_vector(other).tolist() == [1, 1, 1]


def test_what_only_pickle_could_write_is_not_written(tmp_path):
    with pytest.raises(NumberError, match="a file holds arrays of numbers and texts, memory is None"):
        write(tmp_path / "state.npz", {"memory": None})
    assert list(tmp_path.iterdir()) == []
