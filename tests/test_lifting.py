"""The kernels of `benchmarks.lifting`: by machine, by hand and number by number they are the same."""

from __future__ import annotations

import re

import pytest
from losses import by_default

import autograd
from benchmarks.lifting import KERNELS, Kernel
from benchmarks.lifting.kernel import shapes
from benchmarks.lifting.measure import compiled, gradient_error, measured, outputs_error, tabulated, text


@pytest.mark.parametrize("name", by_default(KERNELS, one_in=4))
def test_a_kernel_is_the_same_compiled_by_hand_and_number_by_number(name):
    assert outputs_error(KERNELS[name], 1, examples=2) < 1e-9
    assert gradient_error(KERNELS[name], 1, examples=2) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_of_twice_the_size_is_too(name):
    assert gradient_error(KERNELS[name], 2, examples=2) < 1e-9


def test_results_are_written_out_of_what_has_no_array_of_its_own():
    """Results gathered out of what is itself a multiple of what is gathered: that has to be written out too."""
    assert outputs_error(KERNELS["PolyBench seidel-2d"], 3, examples=2) < 1e-9


def test_there_are_as_many_kernels_as_others_lift():
    assert len(KERNELS) >= 98


def test_shapes_have_sizes_that_grow_and_sizes_that_stay():
    assert shapes("alpha A:m3 x:n", 2) == {"alpha": (), "A": (6, 3), "x": (10,)}


def test_a_text_is_as_long_as_its_function_and_not_as_its_tables():
    weights = [float(i) for i in range(5)]
    kernel = Kernel("", "x:n", lambda x: autograd.dot(weights[: len(x)], x[:5]).exp(), lambda x: x)
    program = compiled(kernel, 1).trace((5,))
    assert text(program).statements == 3, program.source


@pytest.mark.parametrize("name", [
    "UTDSP iir", "UTDSP lmsfir", "PolyBench ludcmp", "PolyBench gramschmidt", "PolyBench jacobi-2d",
    "PolyBench cholesky"])
def test_a_text_does_not_grow_where_each_step_has_more_or_less_to_do_than_the_one_before(name):
    texts = []
    for scale in (2, 3):
        program = compiled(KERNELS[name], scale)
        program(*KERNELS[name].numbers(scale, 2))
        texts.append(text(program))
    assert texts[1].words <= texts[0].words


@pytest.mark.parametrize("name", [
    "BLAS rot", "llama rope", "darknet forward_convolutional", "DSPstone fir2dim"])
def test_a_text_is_the_same_for_few_and_many_numbers(name):
    texts = []
    for scale in (2, 4):
        program = compiled(KERNELS[name], scale)
        program(*KERNELS[name].numbers(scale, 2))
        texts.append(text(program))
    assert texts[0] == texts[1]


def test_a_rotation_reads_as_it_is_said():
    source = compiled(KERNELS["BLAS rot"], 2).trace((20,)).source
    assert "z = w * x[:, 0:10] + w2 * x[:, 10:20]\n" in source
    assert "z2 = w * x[:, 10:20] - w2 * x[:, 0:10]\n" in source
    assert "return np.concatenate([z, z2], axis=-1)\n" in source


def refused(x):
    raise autograd.CompilerError("this kernel is refused")


def test_the_table_says_what_the_kernels_come_to():
    wrong = Kernel("", "a:n", lambda a: [-one for one in a], lambda a: a)
    few = {"BLAS dot": KERNELS["BLAS dot"], "wrong": wrong, "refused": Kernel("", "x:n", refused, refused)}
    out = tabulated(list(measured(few, rounds=1, run=1e-4)))
    head, _, *rows = ([cell.strip() for cell in line.strip("| ").split("|")]
                      for line in out.splitlines() if line.startswith("|"))
    assert head[:5] == ["Kernel", "Error", "Statements", "at twice the size", "Text ×"]
    assert [row[:2] for row in rows[1:]] == [["wrong", "2e+00"], ["refused", "CompilerError"]]
    assert "- right in outputs, value and gradient: 1 of 3" in out
    assert "- text that does not grow: 2 of 3" in out
    assert re.search(r"- reroll ÷ by hand at a batch of 32: [\d.]+ in the middle", out)
    assert "- refused: this kernel is refused" in out
