"""Checks beyond single expressions: backward twice, extreme numbers, corners, deep graphs."""

from __future__ import annotations

from autograd.check.compare import Mismatch, build, compare, shown
from autograd.check.diagnosis import Cause
from autograd.check.examine import LEAF, RANDOM, REUSED, ROWS, SEED, SHARED, Run
from autograd.check.expressions import Apply, Case, Leaf, forms, reference
from autograd.check.student import AGAIN, DEEP, close, described

EXTREMES = {"exp": (-1000.0,), "tanh": (-1000.0, 1000.0), "sigmoid": (-1000.0, 1000.0), "softplus": (-1000.0, 1000.0)}
"""Where the result is an ordinary number though a careless formula overflows."""

OVERFLOW = {
    "sigmoid": "for x < 0 use e / (1 + e) with e = exp(x), else 1 / (1 + exp(-x)).",
    "tanh": "use math.tanh.",
    "softplus": "use max(x, 0) + log1p(exp(-|x|)).",
}
"""What to compute in its place."""

ZERO = "relu at 0"

CHECKS = {
    *[str(form) for row in ROWS for form in forms(row)],
    *[f"{op} at {x:g}" for op in EXTREMES for x in EXTREMES[op]],
    *[REUSED, SHARED, RANDOM, AGAIN, DEEP, SEED, LEAF, ZERO],
}
"""The names of all checks, the single expressions among them."""


def again(run: Run) -> None:
    """A second backward doubles the gradients of leaves, or leaves them as they are."""
    if not run.pairs() or not run.student.walks:
        return
    op = run.pairs()[0]
    student, a, b = run.student, Leaf("a"), Leaf("b")
    inner, kept = Apply(op, (a, b)), False
    case = Case(Apply(op, (inner, b)), {"a": 2.0, "b": 3.0})
    if compare(student, case):
        return
    wrong: Mismatch | None = None
    first = reference(case)[a].grad
    try:
        built = build(student, case)
        student.backward(built[case.root])
        between = student.grad(built[inner])
        student.backward(built[case.root])
        second, kept = student.grad(built[a]), not close(student.grad(built[inner]), between)
        if not (close(second, first) or close(second, 2 * first)):
            wrong = Mismatch("again", f"a.{student.name('grad')}", f"{shown(2 * first)} or {shown(first)}",
                             shown(second))
    except Exception as error:
        wrong = Mismatch("again", "", "no exception", described(error))
    run.note(AGAIN, wrong, case, Cause(
        f"results of operations keep their gradient from the first call, and it is counted again. Leaves may "
        f"accumulate ({shown(2 * first)}) or start afresh ({shown(first)}); every other node starts from 0.",
        f"in backward, first set the {student.name('grad')} of every node that an operation made to 0.",
    ) if kept else None)


def edges(run: Run) -> None:
    """Extreme numbers, the corner of relu, and a graph deeper than Python's stack."""
    fine = {form.op: form for form in run.available}
    for op, numbers in EXTREMES.items():
        for x in numbers if op in fine else ():
            case = Case(fine[op].expression(1.0), {"a": x})
            wrong = compare(run.student, case)
            overflows = wrong is not None and (wrong.kind == "raises OverflowError" or wrong.got in ("nan", "inf"))
            cause = Cause(
                f"overflow: {op} at {x:g} is an ordinary number, but a step on the way to it is beyond floats, as "
                f"exp(x) is from x = 710 on.", OVERFLOW.get(op, "")) if overflows else None
            run.note(f"{op} at {x:g}", wrong, case, cause)
    if "relu" in fine:
        case = Case(fine["relu"].expression(1.0), {"a": 0.0})
        wrong = compare(run.student, case)
        cause = Cause(
            "the slope at the corner itself is taken from the right. Any number from 0 to 1 is a subgradient; the "
            "convention, PyTorch's too, is 0.", "compare with a > 0, not a >= 0.",
        ) if wrong and wrong.kind == "gradient" and wrong.got == "1.0" else None
        run.note(ZERO, wrong, case, cause)
    depths(run)


def depths(run: Run) -> None:
    """A graph deeper than Python's stack."""
    op = next((op for op in run.pairs() if op in ("add", "sub", "mul")), None)
    if op and run.depth and run.student.walks:
        wrong = deep(run, op, run.depth)
        shallow = wrong is not None and deep(run, op, 100) is None
        run.note(DEEP, wrong, None, Cause(
            f"recursion: a graph 100 operations deep is right, one of {run.depth} raises RecursionError, since "
            f"Python allows about 1000 calls inside each other.",
            "walk the graph with a list of nodes still to visit, in place of a function that calls itself.",
        ) if wrong and shallow and "RecursionError" in wrong.got else None)


def deep(run: Run, op: str, depth: int) -> Mismatch | None:
    """A chain of `depth` operations, the gradient of whose first value is 1."""
    student = run.student
    try:
        a, b = student.make(1.0), student.make(1.0 if op == "mul" else 0.0)
        out = a
        for _ in range(depth):
            out = student.apply(op, [out, b])
        student.backward(out)
        got = student.grad(a)
    except Exception as error:
        return Mismatch("deep", op, "no exception", described(error))
    return None if close(got, 1.0) else Mismatch("deep", op, "1.0", shown(got))
