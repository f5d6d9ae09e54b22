import numpy as np
import pytest
from plotting import texts

import autograd
import nn
import viz
from autograd import NumberError, SizeError, UsageError, Value
from viz import plots

PATH = np.array([[2.0, 1.0], [1.0, 0.5], [0.0, 0.0]])


def bowl(theta):
    return float(theta @ theta)


def drawn(ax):
    """The points of the path."""
    (line,) = [line for line in ax.get_lines() if line.get_label() == "path"]
    return line.get_xydata()


def test_the_path_of_two_weights_is_drawn_as_it_is():
    ax = plots.loss_surface(bowl, PATH)
    assert drawn(ax).tolist() == PATH.tolist()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("θ[0]", "θ[1]")
    assert {"start", "end"} <= set(texts(ax))


@pytest.mark.parametrize("turn", np.linspace(0, 2 * np.pi, 8, endpoint=False))
def test_the_words_at_the_ends_of_a_path_cover_no_label_of_a_height(turn):
    steps = np.linspace(1, 0.05, 12)[:, None] * [np.cos(turn), np.sin(turn)]
    ax = plots.loss_surface(lambda theta: bowl(theta) + np.sin(3 * theta[0]), 2 * steps)
    ax.figure.draw_without_rendering()
    words = [text for text in ax.texts if text.get_text() in ("start", "end")]
    heights = [text.get_window_extent() for text in ax.texts if text not in words]
    frame = ax.get_window_extent()
    assert len(words) == 2
    assert heights
    for word in words:
        box = word.get_window_extent()
        assert box.count_overlaps(heights) == 0
        assert frame.contains(*box.min)
        assert frame.contains(*box.max)


def test_lines_join_points_of_equal_height():
    ax = plots.loss_surface(bowl, center=[0.0, 0.0], reach=2, log=False, resolution=80)
    shades, lines = ax.collections
    for height, path in zip(lines.levels, lines.get_paths(), strict=True):
        assert (path.vertices**2).sum(1) == pytest.approx(height, abs=0.02)
    assert (shades.levels[0], shades.levels[-1]) == pytest.approx((0, 8), abs=0.01)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2, 2), (-2, 2))


def test_two_of_many_weights_are_varied_about_the_end_of_the_path():
    met = []

    def loss(theta):
        met.append(theta)
        return theta @ theta

    path = np.array([[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 8.0]])
    ax = plots.loss_surface(loss, path, directions=(3, 1), resolution=3)
    assert drawn(ax) == pytest.approx(path[:, [3, 1]])
    assert {(theta[0], theta[2]) for theta in met} == {(4.0, 6.0)}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("θ[3]", "θ[1]")


def test_along_two_vectors_the_path_is_projected():
    path = np.array([[1.0, 2.0, 9.0], [0.0, 0.0, 0.0]])
    assert drawn(plots.loss_surface(bowl, path, directions=[[1, 1, 0], [1, -1, 0]])) == pytest.approx(
        np.array([[1.5, -0.5], [0, 0]]))


def test_the_directions_of_a_path_hold_all_of_a_flat_path():
    rng = np.random.default_rng(0)
    path = rng.normal(size=(9, 2)) @ rng.normal(size=(2, 6))
    found = drawn(plots.loss_surface(bowl, path, directions="path"))
    distances = [np.linalg.norm(points[:, None] - points, axis=2) for points in (found, path)]
    assert distances[0] == pytest.approx(distances[1])


def test_a_recording_is_a_path():
    X, Y = nn.data.xor()
    model, recorder = nn.MLP(2, [2, 1], "tanh", seed=0), viz.Recorder()
    nn.fit(model, X, Y, "mse", nn.SGD(0.1), epochs=5, callbacks=[recorder], progress=False, seed=0)
    program = autograd.compile(lambda x, y: nn.mse(model(x), y), model)
    ax = plots.loss_surface(lambda theta: program.value_and_grad(theta, X, Y)[0], recorder, directions=(0, 3))
    assert drawn(ax) == pytest.approx(np.array([frame.theta[[0, 3]] for frame in recorder.frames]))


def test_places_where_the_loss_is_not_finite_are_left_blank():
    shades, _ = plots.loss_surface(lambda w: bowl(w) if w[0] > 0 else np.inf, center=[0.0, 0.0], reach=1).collections
    assert min(path.vertices[:, 0].min() for path in shades.get_paths()) > 0


def test_a_plain_has_no_lines():
    assert len(plots.loss_surface(lambda theta: 1.0, PATH).collections) == 1


def test_axes_can_have_names():
    assert plots.loss_surface(bowl, PATH, labels=("w", "b")).get_ylabel() == "b"


@pytest.mark.parametrize(("options", "error", "message"), [
    ({}, UsageError, "a path or a center"),
    ({"path": [1.0]}, SizeError, "2 dimension"),
    ({"path": PATH, "center": [0.0]}, SizeError, "center has 1 parameters, the path has 2"),
    ({"path": PATH, "directions": (0, 0)}, UsageError, "two of 2 parameters"),
    ({"path": PATH, "directions": (0, 2)}, UsageError, "two of 2 parameters"),
    ({"path": PATH, "directions": (0, 1.5)}, UsageError, "a whole number"),
    ({"path": PATH, "directions": [[1, 1], [2, 2]]}, SizeError, "not parallel"),
    ({"path": PATH, "directions": [[1, 1]]}, SizeError, r"shape \(1, 2\)"),
    ({"path": PATH, "directions": "random"}, UsageError, "'random' came"),
    ({"center": [0.0, 0.0], "directions": "path"}, UsageError, "'path' came"),
    ({"path": PATH, "resolution": 1}, UsageError, "resolution is a whole number from 2"),
    ({"path": PATH, "reach": 0}, UsageError, "reach"),
])
def test_what_does_not_fit_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        plots.loss_surface(bowl, **options)


@pytest.mark.parametrize(("loss", "error", "message"), [
    (lambda theta: np.nan, UsageError, "nan or inf all over"),
    (lambda theta: theta, SizeError, "what the loss returns"),
    (lambda theta: Value(1.0), NumberError, "what the loss returns"),
    ("mse", UsageError, "the loss must be a function, str came"),
])
def test_a_loss_gives_numbers_of_which_some_are_finite(loss, error, message):
    with pytest.raises(error, match=message):
        plots.loss_surface(loss, PATH)
