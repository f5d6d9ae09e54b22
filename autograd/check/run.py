"""Check a student's engine: every operation alone, then graphs of them, then numbers at the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autograd.check.report import Report
from autograd.errors import UsageError


def engine(
    make: Callable[[float], Any],
    operations: Iterable[str] | None = None,
    names: Mapping[str, str] | None = None,
    skip: Iterable[str] = (),
    count: int = 150,
    depth: int = 5000,
    seed: int = 0,
    level: str = "full",
) -> Report:
    """A report on somebody's own Value class, compared with the table of operations.

    `make(2.0)` makes a value; values have `data`, `grad` and `backward()`, Python's operators, and
    methods named as the rows of the table. Other names are told in `names`, as in
    {"data": "number", "relu": "rectify"}. An operation that the class lacks is listed as missing,
    which is no failure, unless `operations` demands it by its name in the table ("add", "pow",
    "exp" …); rows it does not name are left out then. Checks named in `skip` are left out too.

    After every operation alone, `count` random expressions are compared, the same for the same
    `seed`; a failure is shrunk to the smallest expression that still fails in the same way, and a
    cause is named only if a probe of its own confirms it. Then come a graph `depth` operations
    deep, extreme numbers, and a second call of backward: after it, leaves hold twice the gradient
    (they accumulate, as in PyTorch) or the same again (they start afresh); anything else comes from
    gradients that the nodes between keep from the first call. relu's slope at 0 is 0, as in PyTorch.

    The report is true if nothing failed, so that a course can say `assert engine(Value)`, or
    `engine(Value).raise_if_failed()` for the whole report as the message.

    An operation that others are built on is reported first, with those that fail for this reason. `level` says how far
    an engine has got, so that it can be checked while it grows. At "values" it computes and has `data` only. At
    "graph" results also remember what they were made of, in `operands`. At "rules" they have `grad` too, and
    `push()`, which adds to the gradients of the operands what the result's own gradient brings them; the check goes
    from result to result. At "micrograd" and "full" there is `backward()`; at "micrograd" a second one and a deep graph
    are beyond what is asked: they are tried and said to be, but no failure.

    Exceptions of the class are reported, but a loop that never ends cannot be stopped from here.
    Raises `UsageError` for a class that cannot be asked at all, and for names of no row, check or level.

    micrograd 0.1 lacks exp, log, tanh and others (missing), and passes at its level.

    >>> class Value:
    ...     def __init__(self, data, operands=()):
    ...         self.data, self.grad, self.operands = data, 0.0, operands
    ...     def __add__(self, other):
    ...         return Value(self.data + other.data, (self, other))
    ...     def backward(self, grad=1.0):
    ...         self.grad = grad
    ...         for operand in self.operands:
    ...             operand.backward(grad)
    >>> print(engine(Value, operations=["add"], skip=["a + 2", "2 + a", "a deep graph"]))
    Value: 2 of 5 checks passed
    passed   backward starts with 1, a + b
    failed   a node used twice, a result used twice, random expressions
    <BLANKLINE>
    1. a node used twice
        a = Value(2.0)
        b = a + a
        b.backward()
        a.grad  # 1.0, expected 2.0
      cause  a node used more than once is counted once: (a + b) + (a + c) gives a.grad = 1, not 2.
      hint   add to the gradient: self.grad += ..., since self.grad = ... forgets what came before.
      also   a result used twice, random expressions
    """
    from autograd.check.edges import CHECKS, again, edges  # not needed by those who check nobody
    from autograd.check.examine import ROWS, Run
    from autograd.check.student import LEVELS, Student

    unknown = set(skip := set(skip)) - CHECKS
    if unknown:
        raise UsageError(f"no check is called {min(unknown)!r}; a report lists their names")
    if level not in LEVELS:
        raise UsageError(f"a level is one of {', '.join(LEVELS)}, {level!r} came")
    student = Student(make, names or {}, LEVELS[level])
    demanded = None if operations is None else list(operations)
    run = Run(student, skip, count, depth, seed)
    run.seeding()
    run.operations(ROWS if demanded is None else demanded, demanded is not None)
    run.graphs()
    again(run)
    edges(run)
    return run.report
