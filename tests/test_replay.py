"""Pages on which a recorded training runs."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from javascript import floats, needs_node, run

import autograd
import nn
import viz
from autograd import SizeError, UsageError, Value
from viz.pages.replay import LARGEST
from viz.text.javascript import PRELUDE


def recorded(model, X, Y, loss="binary_cross_entropy", steps=20, lr=0.5, **options) -> viz.Recorder:
    """A training by hand, every step of it kept."""
    recorder = viz.Recorder(**options)
    program = autograd.compile(lambda x, y: nn.LOSSES[loss](model(x), y), model)
    theta = nn.parameters_to_vector(model)
    for epoch in range(steps):
        value, gradient = program.value_and_grad(theta, X, Y)
        nn.vector_to_parameters(theta, model)
        for parameter, slope in zip(model.parameters(), gradient.tolist(), strict=True):
            parameter.grad = slope
        recorder.keep(model, float(value), epoch=epoch)
        theta -= lr * gradient
    return recorder


def xor_recorder(**options) -> viz.Recorder:
    return recorded(nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=0), *nn.data.xor(), **options)


def literal(page: str) -> dict:
    """What the page knows of its only recording without a network."""
    return json.loads(re.search(r"const recordings = \[(.*)\];", page).group(1))


def test_a_page_needs_no_other_file_and_no_network(tmp_path):
    page = viz.replay(xor_recorder(), tmp_path / "xor.html", data=nn.data.xor())
    assert (tmp_path / "xor.html").read_text() == page
    assert not re.search(r"(src|href)=|url\(|import\s|fetch\(", page)
    assert set(re.findall(r"https?://[^\s\"<]*", page)) == {"http://www.w3.org/2000/svg"}


def test_a_page_with_200_frames_of_moons_is_under_5_mb():
    X, Y = nn.data.moons(200, seed=0)
    recorder = recorded(nn.MLP(2, [16, 16, 1], "tanh", "sigmoid", seed=0), X, Y.astype(float), steps=210)
    assert len(viz.replay(recorder, data=(X, Y)).encode()) < 2_000_000


def test_many_frames_are_thinned_from_first_to_last():
    w, recorder = Value(1.0), viz.Recorder()
    for _ in range(1000):
        recorder.keep([w], 1.0)
    steps = literal(viz.replay(recorder, frames=5))["steps"]
    assert steps == [0, 250, 500, 749, 999]


@needs_node
@pytest.mark.parametrize("model", [
    nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=0),
    nn.MLP(2, [4, 3], "relu", "softmax", seed=1),
    nn.Sequential(nn.Layer(2, 3, "elu", seed=0), nn.Dropout(0.5), nn.Layer(3, 1, seed=1), "sigmoid").eval(),
    nn.LogisticRegression(2, init="normal", seed=0),
])
def test_the_page_computes_what_the_model_predicts(model):
    X, _ = nn.data.moons(8, noise=0.1, seed=0)
    recorder = viz.Recorder()
    recorder.keep(model, 1.0)
    script = re.search(r"(const recordings = .*?];)\s*class Training", viz.replay(recorder), re.S).group(1)
    found = floats(run(f"""{PRELUDE}{script}
        const network = recordings[0].network, v = network.start;
        const bytes = Uint8Array.from(atob(recordings[0].theta), c => c.charCodeAt(0));
        const theta = new Float32Array(bytes.buffer);
        network.parameters.forEach((place, i) => {{ v[place] = theta[i]; }});
        answer({X.tolist()}.map(x => {{
            network.inputs.forEach((place, i) => {{ v[place] = x[i]; }});
            network.forward(v);
            return network.outputs.map(place => v[place]);
        }}));
    """))
    assert found == pytest.approx(model.predict(X), abs=1e-6)  # the page has parameters in float32


def test_a_large_network_shows_its_first_weights_as_images():
    model = nn.MLP(64, [30, 10], seed=0)
    recorder = viz.Recorder()
    recorder.keep(model, 1.0)
    assert len(model.parameters()) > LARGEST
    data = literal(viz.replay(recorder))
    assert (data["network"], data["images"]["count"], data["images"]["side"]) == (None, 16, 8)


def test_titles_are_text_and_losses_may_be_nan():
    recorder = xor_recorder(title="</script><b>&")
    recorder.keep(recorder.model, float("nan"))
    page = viz.replay(recorder)
    assert "&lt;/script&gt;&lt;b&gt;&amp;" in page
    assert page.count("</script>") == 1
    assert "NaN" in page


@pytest.mark.parametrize(("recordings", "options", "error", "message"), [
    ([], {}, SizeError, "at least one recording"),
    (viz.Recorder(), {}, SizeError, "this recording is empty"),
    ("recorder", {}, UsageError, "replay shows a viz.Recorder"),
    (xor_recorder(), {"data": (np.zeros((4, 3)), np.zeros(4))}, SizeError, "takes 2 inputs, examples of 3"),
    (xor_recorder(), {"data": (np.zeros((4, 2)), np.zeros(3))}, SizeError, "as many targets as examples"),
], ids=["none", "empty", "text", "inputs", "targets"])
def test_what_cannot_be_shown_is_refused(recordings, options, error, message):
    with pytest.raises(error, match=message):
        viz.replay(recordings, **options)
