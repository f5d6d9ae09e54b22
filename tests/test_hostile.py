"""Hostile input breaks no promise: see the targets in `hostile`; `fuzz.py` drives the same with a fuzzer."""

import json
import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from hostile import TARGETS
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
import viz
from autograd import NumberError, SizeError, UsageError, Value, dot, maximum
from autograd.compiler.arrays.function import function
from autograd.compiler.printers.to_jax import translated
from nn.files.picture_files import fitted
from nn.models.state import CHECKPOINT, read
from nn.models.state import write as write_file

EXAMPLES = {"page": 10, "program": 15, "other_drawing": 15, "checkpoint_file": 25, "torch_source": 25, "picture": 30,
            "model_file": 50, "sentences": 50, "drawing": 60, "png_file": 60, "picture_file": 80, "command": 80,
            "numpy_formula": 80, "expression": 100}
"""So many cases of a target, where they take long; elsewhere 150. By default there are a third of them."""

BYTES = st.binary(min_size=4, max_size=200)


@pytest.mark.parametrize("name", TARGETS)
def test_any_input_keeps_the_promise(name):
    @settings(max_examples=EXAMPLES.get(name, 150) // 3, database=None)
    @given(BYTES)
    def holds(data):
        TARGETS[name](data)

    holds()


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_many_inputs_keep_the_promise(name):
    @settings(max_examples=6 * EXAMPLES.get(name, 150), database=None)
    @given(st.binary(min_size=20, max_size=400))
    def holds(data):
        TARGETS[name](data)

    holds()


# ── what was found ───────────────────────────────────────────────────────────────────────────


class Undecided:
    """A number that fails when it is asked for its float, and what it is."""

    def __float__(self):
        raise RuntimeError("two elements")

    __repr__ = __float__


REFUSED = {
    "a foreign number without a float": (lambda: Value(1.0) * Undecided(), NumberError, "Undecided .* no float"),
    "text in a buffer": (lambda: Value(memoryview(b"3")), NumberError, "memoryview"),
    "text in a bytearray": (lambda: Value(1.0) + bytearray(b"3"), NumberError, "bytearray"),
    "a masked element": (lambda: Value(1.0) + np.ma.masked, NumberError, "real number"),
    "arrays that do not go together": (
        lambda: maximum(np.array([Value(1.0)] * 2), np.ones(3)), SizeError, r"maximum takes .* \(2,\) and \(3,\) came"),
    "rows of other lengths for a vector": (
        lambda: nn.vector_to_parameters([[1.0], [2.0, 3.0]], nn.Neuron(2)), SizeError, "rows of theta differ"),
    "a text for an output": (lambda: nn.mse("a", 1), NumberError, "str 'a' came"),
    "a list for a style": (lambda: viz.draw(Value(1.0), style=["record"]), UsageError, "style is one of"),
    "a list for a spelling": (lambda: viz.formula(Value(1.0), []), UsageError, "spelling is one of"),
    "a number for an expression": (lambda: viz.parse(3.0), UsageError, "an expression is text .* float came"),
    "an array without dimensions for values": (lambda: viz.draw(np.array(1.0)), NumberError, "ndarray came"),
    "a number for biases": (lambda: autograd.maxout([[1.0]], [2.0], 3.0), SizeError, "a list of biases, float came"),
    "a span of time for a rate": (lambda: nn.Adam(np.timedelta64("NaT", "s")), UsageError, "learning rate must be"),
    "a list for a dtype": (lambda: nn.parameters_to_vector([], dtype=[[1]]), UsageError, "float32 or float64"),
    "more classes than there are numbers": (
        lambda: nn.data.one_hot([1], 10**400), UsageError, "at most 2147483648 classes, an int of 1329 bits came"),
    "an integer too long to write": (lambda: nn.SGD(10**5000), UsageError, "an int of 16610 bits came"),
    "an error after a carriage return": (lambda: viz.parse("q = 1\rq + w"), viz.ExpressionError, "w has no value"),
    "an error behind a line separator": (lambda: viz.parse("x + '\u2028' + w", x=1), viz.ExpressionError, "real"),
    "a line too long for a picture": (lambda: fitted(np.zeros((1, 2**17)), 8), SizeError, "up to 65536 pixels"),
    "a schedule that grows too large": (
        lambda: nn.SGD(nn.ExponentialDecay(0.1, 1e300)).at(2.0), UsageError, "after 2 epochs .* inf came"),
}


@pytest.mark.parametrize(("call", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_was_another_error_or_none_is_now_ours(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_place_of_an_error_is_right_whatever_ends_the_line():
    with pytest.raises(viz.ExpressionError) as caught:
        viz.parse("q = 1\rq + w")
    assert caught.value.caret() == "q + w\n    ^"


def test_long_doubles_are_compared_and_computed_with():
    wide, v = np.array([1.0, 3.0], np.longdouble), Value(2.0)
    assert (wide >= v).tolist() == [False, True]
    assert [product.data for product in wide * v] == [2.0, 6.0]


def test_a_dot_product_of_arrays_is_one_of_their_elements():
    w, xs = Value(2.0), np.array([1.0, 3.0])
    assert [result.data for result in dot([w, w], [xs, 1.0], 0.5)] == [4.5, 8.5]


def test_a_sum_takes_any_number_of_arrays():
    assert [total.data for total in autograd.sum([np.array([Value(1.0), Value(2.0)])] * 70)] == [70.0, 140.0]


def test_an_array_without_dimensions_is_one_number():
    assert autograd.max(np.array(3.0)) == autograd.mean(np.array(3.0)) == 3.0


def test_a_page_moves_numbers_near_the_largest():
    x = Value(1.7e308, "x")
    assert '"high":1e+300' in viz.live(x * 0.5)


def test_losses_of_plain_numbers_overflow_to_inf():
    assert nn.mse(1e300, 0) == math.inf
    assert nn.mae(Fraction(1, 2), 1e308) == 1e308


def test_a_long_and_narrow_picture_is_no_square_in_memory():
    row = np.ones((1, 2**16))
    assert fitted(row, 8).sum() == pytest.approx(8 * 8 / 2**16)


@pytest.mark.parametrize(("label", "name"), [("𝐱", "x"), ("Ӑ¼", "Ӑ1_4"), ("x²", "x2"), ("𝐢𝐟", "if_")])
def test_names_for_numpy_are_those_that_python_reads(label, name):
    assert viz.formula(Value(1.0, label) * 2, "numpy") == f"{name} * 2"


def test_names_that_python_takes_for_one_stay_two():
    assert viz.formula(Value(1.0, "x") - Value(2.0, "𝐱"), "numpy") == "x - x_2"


def test_constants_that_are_not_finite_are_in_the_source():
    w, limits = Value(1.0, "w"), [math.inf, -math.inf]
    program = autograd.compile(lambda x: autograd.mean(*(maximum(w * x, limit) for limit in limits)), [w]).trace(())
    names = {}
    exec(program.source, names)
    assert names["value_and_grad"](np.ones(1), np.ones((1, 1)))[0] == math.inf
    assert "np.array([np.inf, -np.inf])" in program.source
    assert "np.array([np.inf, -np.inf])" in translated(function(program._traced().plan, "value_and_grad"))


def test_pytorch_source_has_plain_numbers():
    model = nn.LogisticRegression(2)
    model.W = [[1.0, 2.0]]
    model.parameters()[0].data = math.nan
    schedule = nn.WarmUp(2, nn.CosineDecay(np.float32(0.5), epochs=np.int64(10)))
    source = nn.to_torch_source(model, optimizer=nn.SGD(schedule))
    assert "[[torch.nan, 2.0]]" in source
    assert "np." not in source


@pytest.mark.parametrize("change", [{"epoch": -1}, {"order": -1}, {"order": 2**70}], ids=str)
def test_a_checkpoint_that_cannot_be_is_refused(change, tmp_path):
    path, options = tmp_path / "checkpoint.npz", {"seed": 0, "progress": False, "epochs": 2}
    data = (*nn.data.xor(), "mse", nn.SGD(0.1))
    nn.fit(nn.MLP(2, [2, 1], seed=0), *data, callbacks=[nn.Checkpoint(path)], **options)
    arrays = read(path)
    progress = json.loads(str(arrays[CHECKPOINT]))
    if "order" in change:
        progress["order"]["uinteger"], progress["order"]["has_uint32"] = change["order"], 1
    else:
        progress |= change
    write_file(path, arrays | {CHECKPOINT: np.array(json.dumps(progress))})
    model = nn.MLP(2, [2, 1], seed=1)
    before = nn.parameters_to_vector(model)
    with pytest.raises(nn.DataError, match="no checkpoint of this training"):
        nn.fit(model, *data, resume=path, **options)
    np.testing.assert_array_equal(nn.parameters_to_vector(model), before)


def test_headings_of_recordings_have_no_control_characters():
    recorder, model = viz.Recorder(title="\x1b[31m\ud800</h2>"), nn.Neuron(2, seed=0)
    recorder.keep(model, 1.0)
    page = viz.replay([recorder, recorder])
    assert page.count("␛[31m\ufffd&lt;/h2&gt;</h2>") == 2
    assert "\x1b" not in page


def test_without_atheris_the_fuzzer_says_what_to_install(monkeypatch):
    import fuzz

    monkeypatch.setitem(sys.modules, "atheris", None)
    with pytest.raises(SystemExit, match=r"atheris is not installed, and nothing was fuzzed: pip install -e"):
        fuzz.main()
