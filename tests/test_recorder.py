"""Recordings of training."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import nn
import viz
from autograd import SizeError, UsageError, Value


def descended(recorder: viz.Recorder, steps: int, size: int = 1) -> viz.Recorder:
    weights = [Value(2.0) for _ in range(size)]
    for epoch in range(steps):
        for w in weights:
            w.grad = float(epoch)
        recorder.keep(weights, 1.0 / (1 + epoch), epoch=epoch)
    return recorder


def test_a_recorder_keeps_every_kth_step():
    recorder = descended(viz.Recorder(every=3), 10)
    assert [frame.step for frame in recorder.frames] == [0, 3, 6, 9]
    assert [frame.gradient.tolist() for frame in recorder.frames] == [[0], [3], [6], [9]]
    assert len(recorder) == 4


def test_frames_are_copies():
    w, recorder = Value(2.0), viz.Recorder()
    recorder.keep([w], w * 3)
    w.data = 7.0
    assert recorder.frames[0].theta.tolist() == [2.0]
    assert recorder.frames[0].loss == 6.0


def test_a_recorder_drops_every_second_frame_where_memory_is_full():
    recorder = descended(viz.Recorder(memory=8 * 100 * 10), 100, size=100)
    assert sum(frame.theta.nbytes + frame.gradient.nbytes for frame in recorder.frames) <= recorder.memory
    assert [frame.step for frame in recorder.frames] == list(range(0, 100, recorder.every))
    assert recorder.every == 16


def test_fit_calls_a_recorder_after_each_step():
    recorder, theta = viz.Recorder(), np.array([1.0, 2.0])
    recorder.step(SimpleNamespace(model="model", loss=0.5, epoch=1, theta=theta, gradient=-theta))
    theta[:] = 0
    frame, = recorder.frames
    assert (frame.epoch, frame.loss, frame.theta.tolist(), frame.gradient.tolist()) == (1, 0.5, [1, 2], [-1, -2])
    assert recorder.model == "model"


def test_the_steps_of_another_model_are_refused():
    recorder = descended(viz.Recorder(), 2)
    with pytest.raises(SizeError, match="each model needs a recorder of its own"):
        recorder.keep(nn.Neuron(3, seed=0), 0.0)


@pytest.mark.parametrize("wrong", [{"every": 0}, {"every": 1.5}, {"every": True}, {"memory": -1}])
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError, match="is a whole number from 1"):
        viz.Recorder(**wrong)
