"""Layouts that take a moment: graphs of all kinds are drawn in a few seconds, or refused at once."""

import random
import resource
import time

import pytest

import autograd
import viz
from autograd import SizeError, Value

SECONDS = 5


def rolled(step, times):
    """What a step makes of its result again and again, from a number that it may use each time."""
    x = Value(1.01, "x")
    value = x
    for _ in range(times):
        value = step(value, x)
    return value


def at_random(count, window=None, seed=0):
    """Operations on values drawn at random from all before, or from the last ones."""
    draw = random.Random(seed)
    values = [Value(draw.uniform(-1, 1), f"x{i}") for i in range(8)]
    while len(values) < count:
        a, b = draw.choices(values[-window:] if window else values, k=2)
        values.append(draw.choice([lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a.tanh()])(a, b))
    used = {arg for value in values for arg in value.args}
    return autograd.sum([value for value in values if value not in used])


def of_all_before(count):
    """Values, each the sum of all before."""
    values = [Value(1.0, "x")]
    while len(values) < count:
        values.append(autograd.sum(values))
    return values[-1]


def gathered(count):
    """The sum of all members of a chain."""
    members = [Value(0.5, "x")]
    while len(members) < count:
        members.append(members[-1].sin())
    return autograd.sum(members)


KINDS = {
    "a chain": lambda size: rolled(lambda c, x: c.sin(), size),
    "a chain of constants": lambda size: rolled(lambda c, x: c * 1.01, size // 2),
    "powers": lambda size: rolled(lambda c, x: c * x, size),
    "Newton's iteration": lambda size: rolled(lambda c, x: c - (c * c - x) / (2 * c), size // 6),
    "at random": at_random,
    "at random from the last 20": lambda size: at_random(size, window=20),
    "all before": of_all_before,
    "a chain added up": gathered,
    "many terms": lambda size: autograd.sum([Value(1.0).sin() for _ in range(size // 2)]),
    "doubling": lambda size: rolled(lambda c, x: c + c, size),
}


def drawn(root, **options):
    """The drawing of a graph of any size and the seconds that its layout takes of a processor; None if refused."""
    begun = time.process_time()
    try:
        drawing = viz.draw(root, limit=5000, **options)
    except SizeError:
        return None, time.process_time() - begun
    begun = spent()
    assert drawing.svg().rstrip().endswith("</svg>")
    return drawing, spent() - begun


def spent():
    """Seconds of a processor that layouts have taken so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", ["record", "circuit"])
@pytest.mark.parametrize("local_derivatives", [False, True])
def test_every_drawing_takes_a_few_seconds_or_is_refused_at_once(kind, style, local_derivatives):
    answers = []
    for size in (30, 61, 120, 240, 490, 792):
        drawing, seconds = drawn(KINDS[kind](size), style=style, local_derivatives=local_derivatives)
        assert seconds < SECONDS, size
        answers.append(drawing is not None)
        if answers[-2:] == [False, False]:
            break
    assert answers[0]
    assert answers == sorted(answers, reverse=True)  # what is refused is larger than what is drawn


def test_newtons_iteration_sixty_times_is_drawn():
    drawing, seconds = drawn(rolled(lambda c, x: c - (c * c - x) / (2 * c), 60))
    assert drawing.graph_attr["splines"] == "line"
    assert seconds < SECONDS


@pytest.mark.parametrize(("kind", "size"), [("all before", 61), ("powers", 490), ("a chain added up", 490)])
def test_what_would_take_too_long_is_refused_at_once_with_advice(kind, size):
    with pytest.raises(SizeError, match=r"pass [\d,]+ layers .* draw a value nearer to the leaves"):
        viz.draw(KINDS[kind](size), limit=500)


def test_small_drawings_are_laid_out_with_all_care():
    for kind in KINDS:
        drawing, _ = drawn(KINDS[kind](20))
        assert "nslimit" not in drawing.graph_attr
