"""Memory comes back: by reference counting alone, without recursion, and however often something is done.

REROLL_LEAKS sets how often the slow tests train and compile (1000 takes two minutes each).
"""

from __future__ import annotations

import contextlib
import gc
import io
import linecache
import os
import pickle
import signal
import sys
import tempfile
import threading
import tracemalloc
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest

import autograd
import autograd.check
import nn
import viz
from autograd import Value
from autograd.compiler.engine import KEPT

TIMES = int(os.environ.get("REROLL_LEAKS", "150"))
FEW = 12

OBJECTS = 60
"""Objects more than before are no leak: caches of Python and pytest. A training that stays has hundreds, every time."""

MEGABYTES = 4.0
"""Nor is so much memory: Python's table of interned strings moves (1 MB), malloc keeps pieces. A training is 0.1 MB."""

X, Y = np.linspace(-1, 1, 12)[:, None], np.linspace(-1, 3, 12)


@pytest.fixture
def collected() -> Iterator[None]:
    """Nothing is left to collect, and the collector does not run."""
    gc.collect()
    gc.disable()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


def graph() -> Value:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    return (a * b + a).tanh()


def model() -> nn.MLP:
    return nn.MLP(1, [3, 1], "tanh", seed=0)


def squared_error() -> tuple[autograd.Program, Any]:
    net = model()
    return autograd.compile(lambda x, y: (net(x) - y[0]) ** 2, net), nn.parameters_to_vector(net)


def absolute_error(outputs: Any, targets: Any) -> Any:
    return np.abs(outputs - targets).mean()


def fit(engine: str = "compiled", **options: Any) -> nn.History:
    given = {"epochs": 2, "batch_size": 5, "engine": engine, "seed": 0, "progress": False} | options
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "interrupted")
        return nn.fit(model(), X, Y, "mse", nn.SGD(0.1), **given)


# ── what is done ─────────────────────────────────────────────────────────────────────────────

ACTS: dict[str, Callable[[], Any]] = {}


def act(function: Callable[[], Any]) -> Callable[[], Any]:
    ACTS[function.__name__] = function
    return function


@act
def backward() -> None:
    graph().backward()


@act
def second_derivatives() -> None:
    x, y = Value(2.0), Value(3.0)
    slopes = autograd.grad((x * y).tanh(), [x, y], create_graph=True)
    autograd.grad(slopes[0], [x, y])
    autograd.hessian(lambda x, y: (x * x * y).tanh(), [x, y])


@act
def numpy_of_values() -> None:
    vector = np.array([Value(1.0), Value(2.0)])
    np.exp(vector @ vector).backward()


@act
def modes() -> None:
    with autograd.no_grad():
        graph()
    with autograd.detect_anomaly(), autograd.count_operations() as count:
        graph().backward()
    assert str(count)


@act
def anomalies() -> None:
    with pytest.raises(autograd.AnomalyError), autograd.detect_anomaly():
        Value(0.0).log()
    with pytest.raises(autograd.AnomalyError), autograd.detect_anomaly():
        Value(0.0).sqrt().backward()


@act
def copies() -> None:
    assert pickle.loads(pickle.dumps(graph())).data == graph().data


@act
def check() -> None:
    assert autograd.check.engine(Value, count=2, depth=100)


@act
def compiling() -> None:
    program, theta = squared_error()
    for batch in (X, X[:2]):
        program.value_and_grad(theta, batch, batch)
        program.value_and_grad(theta, batch, batch, inputs=True)
        program(theta, batch, batch)
    assert program.source
    assert program.summary()


@act
def convolution() -> None:
    w = [Value(1.0, f"w[{i}]") for i in range(3)]
    program = autograd.compile(lambda x: autograd.sum(autograd.dot(w, x[i : i + 3]) ** 2 for i in range(5)), w)
    program.value_and_grad(np.ones(3), np.ones((40, 7)), inputs=True)
    assert "view(" in program.source


@act
def looking_inside_a_program() -> None:
    program, _ = squared_error()
    loss = program.example(X[0], Y[:1])
    loss.backward()
    assert program.block_of(loss)
    assert [made.nodes for made in program.passes()]


@act
def failed_traces() -> None:
    w = Value(1.0)
    for loss in (lambda x: w if x[0] > 0 else -w, lambda x: w if w > 0 else x[0], lambda x: x[0].data):
        with pytest.raises(autograd.TraceError):
            autograd.compile(loss, [w])([1.0], [[1.0]])


@act
def models() -> None:
    net = nn.MLP(2, [3, 1], seed=0)
    net.load_state_dict(net.state_dict())
    net.predict(np.ones((2, 2)))
    net.predict(np.ones((20, 2)))
    assert net.summary()


@act
def trainings() -> None:
    for engine in ("compiled", "eager"):
        history = fit(engine, validation_split=0.25, metrics=[absolute_error], callbacks=[nn.EarlyStopping(patience=1)])
        assert len(history.loss) == 2


@act
def progress() -> None:
    with contextlib.redirect_stderr(io.StringIO()):
        fit(progress=True)


@act
def recording() -> None:
    recorder = viz.Recorder()
    fit(record=recorder)
    assert viz.replay(recorder)


@act
def failed_trainings() -> None:
    def fail(training: Any) -> None:
        raise ZeroDivisionError

    for engine in ("compiled", "eager"):
        with pytest.raises(ZeroDivisionError):
            fit(engine, callbacks=[fail])
    with pytest.raises(autograd.TraceError):
        nn.fit(model(), X, Y, lambda out, y: out if out > 0 else y, nn.SGD(0.1), progress=False)


class Press:
    """Ctrl-C in the second step, once or twice."""

    def __init__(self, times: int) -> None:
        self.times = times

    def step(self, training: Any) -> None:
        if training.steps == 2:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


@act
def interrupted_trainings() -> None:
    for engine in ("compiled", "eager"):
        assert fit(engine, callbacks=[Press(1)]).interrupted
        with pytest.raises(KeyboardInterrupt):
            fit(engine, callbacks=[Press(2)])


@act
def steps() -> None:
    frames = viz.steps(graph())
    assert [frame.sentence for frame in frames]
    assert frames[2].drawing.source


@act
def drawings() -> None:
    program, _ = squared_error()
    for thing in (graph(), model(), program.trace((1,), (1,))):
        assert viz.draw(thing).source


@act
def pages() -> None:
    for page in (viz.html, viz.live, viz.quiz, viz.animate):
        assert page(graph())


def unreachable(what: Callable[[], Any]) -> list[Any]:
    """What only the collector could have freed after something was done."""
    for _ in range(2):
        what()  # fills caches
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    what()
    gc.collect()
    return gc.garbage


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize("name", ACTS)
def test_reference_counting_frees_everything(name: str) -> None:
    assert unreachable(ACTS[name]) == []


@pytest.mark.usefixtures("collected")
def test_reference_counting_frees_what_files_are_about(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"

    def files() -> None:
        fit(callbacks=[nn.Checkpoint(path)])
        fit(resume=path, epochs=3)
        model().save(path)
        nn.load(path)
        path.write_text("damaged")
        with pytest.raises(nn.DataError):
            fit(resume=path)

    # NumPy reads headers with ast.literal_eval, whose inner functions know one another.
    assert {type(left).__name__ for left in unreachable(files)} <= {"function", "cell", "tuple"}


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize("use", [
    Value.backward, lambda f: autograd.grad(f, f.args, create_graph=True), viz.steps, lambda f: viz.draw(f).source,
    lambda f: viz.html(f),
], ids=["backward", "grad", "steps", "draw", "html"])  # fmt: skip
def test_a_graph_goes_with_its_last_name(use: Callable[[Value], Any]) -> None:
    class Tracked(str):
        """A label that can be watched, since a Value cannot."""

        __slots__ = ("__weakref__",)

    f = graph() * Value(1.0, Tracked("leaf"))
    leaf = weakref.ref(f.args[1].label)
    made = use(f)
    assert leaf() is not None
    del f, made
    assert leaf() is None


# ── large graphs ─────────────────────────────────────────────────────────────────────────────


def deep(nodes: int) -> Value:
    f = Value(1.0)
    for _ in range(nodes):
        f = f + 1.0
    return f


def wide(nodes: int) -> Value:
    return autograd.sum([Value(1.0) for _ in range(nodes)])


def in_this_thread(work: Callable[[], None]) -> None:
    work()


def with_a_small_recursion_limit(work: Callable[[], None]) -> None:
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 30)
    try:
        work()
    finally:
        sys.setrecursionlimit(before)


def in_a_thread_with_a_small_stack(work: Callable[[], None]) -> None:
    failures = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    before = threading.stack_size(2**20)  # Python 3.13 frees some thousand objects inside one another, of any class
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert failures == []


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize("nodes", [100_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("make", [deep, wide])
@pytest.mark.parametrize("where", [in_this_thread, with_a_small_recursion_limit, in_a_thread_with_a_small_stack])
def test_large_graphs_are_freed_without_recursion(where: Any, make: Callable[[int], Value], nodes: int) -> None:
    left = []

    def work() -> None:
        before = sys.getallocatedblocks()
        f = make(nodes)
        f.backward()
        assert sys.getallocatedblocks() > before + nodes
        del f
        left.append(sys.getallocatedblocks() - before)

    where(work)
    assert left[0] < 5000, "Python keeps freed tuples and floats at hand, some thousands"


# ── again and again ──────────────────────────────────────────────────────────────────────────


def resident() -> float:
    """Megabytes of this process in memory, 0 where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if statm.exists() else 0.0


def growth(what: Callable[[], Any], times: int) -> tuple[int, float]:
    """Objects and megabytes more after so many times than after a warm-up."""
    for _ in range(3 + times // 10):
        what()
    gc.collect()
    objects, memory = len(gc.get_objects()), resident()
    for _ in range(times):
        what()
    gc.collect()
    return len(gc.get_objects()) - objects, resident() - memory


def training(engine: str) -> None:
    fit(engine, validation_split=0.25, metrics=[absolute_error], epochs=1)


AGAIN = {"compile": compiling, "fit compiled": lambda: training("compiled"), "fit eager": lambda: training("eager")}


@pytest.mark.parametrize("times", [FEW, pytest.param(TIMES, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", AGAIN)
def test_memory_is_flat(name: str, times: int) -> None:
    objects, megabytes = growth(AGAIN[name], times)
    assert objects < OBJECTS
    assert megabytes < MEGABYTES


@pytest.mark.slow
def test_memory_is_flat_with_jax() -> None:
    pytest.importorskip("jax")
    objects, _ = growth(lambda: training("jax"), 5)
    assert objects < OBJECTS


def test_what_is_compiled_is_not_registered_anywhere() -> None:
    compiling()
    modules, lines = set(sys.modules), set(linecache.cache)
    compiling()
    assert (set(sys.modules), set(linecache.cache)) == (modules, lines)


# ── buffers ──────────────────────────────────────────────────────────────────────────────────


def test_buffers_are_those_of_the_batch_sizes_met_last() -> None:
    net = nn.MLP(4, [64, 3], seed=0)
    program, theta = autograd.compile(lambda x: autograd.sum(net(x)), net), nn.parameters_to_vector(net)
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=(500 + i, 4)) for i in range(3 * KEPT)]
    memory, values = [], []
    tracemalloc.start()
    try:
        for batch in [*batches, *batches]:
            values.append(program.value_and_grad(theta, batch)[0])
            memory.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert memory[-1] < 1.1 * memory[KEPT]
    assert values[: len(batches)] == values[len(batches) :]


def test_batch_sizes_that_alternate_keep_their_buffers() -> None:
    program, theta = squared_error()
    rows = {n: np.ones((n, 1)) for n in range(200, 200 + KEPT - 1)}  # one more is of the check of the program
    for batch in rows.values():
        program(theta, batch, batch)
    local = program._traced().local
    before = {key: id(call) for key, call in local.calls.items()}
    for batch in [*rows.values(), *rows.values()]:
        program(theta, batch, batch)
    assert {key: id(call) for key, call in local.calls.items()} == before


@pytest.mark.usefixtures("collected")
def test_buffers_go_with_their_thread_and_with_their_program() -> None:
    program, theta = squared_error()
    program(theta, X, X)
    (code,) = {call.__code__ for call in program._traced().local.calls.values()}

    def sets_of_buffers() -> int:
        return sum(type(thing) is FunctionType and thing.__code__ is code for thing in gc.get_objects())

    mine = sets_of_buffers()
    assert mine > 0
    seen = []

    def work(program: autograd.Program) -> None:
        program(theta, X, X)
        seen.append(sets_of_buffers())

    thread = threading.Thread(target=work, args=(program,))
    thread.start()
    thread.join()
    assert seen == [mine + 1]
    assert sets_of_buffers() == mine
    del program
    assert sets_of_buffers() == 0


# ── files and threads ────────────────────────────────────────────────────────────────────────


def test_no_file_no_thread_and_no_process_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary, folder = tmp_path / "temporary", tmp_path / "folder"
    temporary.mkdir()
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.chdir(folder)

    def work() -> None:
        f = graph()
        viz.draw(f).write("f.png")
        viz.draw(f).svg()
        viz.html(f, "f.html")
        viz.animate(f, "f.svg")
        viz.export(f, "steps")
        with pytest.raises(viz.RenderError):
            viz.draw(f).write("f.nonsense")
        fit(callbacks=[nn.Checkpoint("model.npz")])
        nn.load("model.npz")

    work()
    files, threads, begun = descriptors(), threading.active_count(), processes()
    work()
    assert (descriptors(), threading.active_count(), processes()) == (files, threads, begun)
    assert list(temporary.iterdir()) == []
    assert {path.name for path in folder.iterdir()} == {"f.png", "f.html", "f.svg", "steps", "model.npz"}


def descriptors() -> set[str]:
    """The files that are open, where the system says."""
    folder = Path("/proc/self/fd")
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def processes() -> set[str]:
    """The processes that this one began and that are still there, where the system says."""
    begun = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # others come and go
            _, parent, *_ = stat.read_text().rpartition(")")[2].split()
            if int(parent) == os.getpid():
                begun.add(stat.parent.name)
    return begun
