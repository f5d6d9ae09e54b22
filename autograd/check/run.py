"""Check a student's engine: every operation alone, then graphs of them, then numbers at the edge."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autograd.check.compare import Mismatch, build, compare, shown
from autograd.check.diagnosis import Cause, Failing, diagnose
from autograd.check.expressions import (
    METHODS,
    OPERATORS,
    Apply,
    Case,
    Expression,
    Form,
    Leaf,
    forms,
    leaves,
    outline,
    points,
    reference,
    sample,
)  # fmt: skip
from autograd.check.listing import deep_listing, listing
from autograd.check.report import Failure, Report
from autograd.check.shrink import shrink
from autograd.check.student import Student, close, described
from autograd.errors import UsageError

ROWS = [*OPERATORS, "neg", "abs", *METHODS]
"""The rows of the table that an engine of scalars may have."""

EXTREMES = {"exp": (-1000.0,), "tanh": (-1000.0, 1000.0), "sigmoid": (-1000.0, 1000.0), "softplus": (-1000.0, 1000.0)}
"""Where the result is an ordinary number though a careless formula overflows."""

REUSED, SHARED, RANDOM = "a node used twice", "a result used twice", "random expressions"
AGAIN, DEEP, SEED, ZERO = "a second backward", "a deep graph", "backward starts with 1", "relu at 0"

CHECKS = {
    *[str(form) for row in ROWS for form in forms(row)],
    *[f"{op} at {x:g}" for op in EXTREMES for x in EXTREMES[op]],
    *[REUSED, SHARED, RANDOM, AGAIN, DEEP, SEED, ZERO],
}
"""The names of all checks."""


def engine(
    make: Callable[[float], Any],
    operations: Iterable[str] | None = None,
    names: Mapping[str, str] | None = None,
    skip: Iterable[str] = (),
    count: int = 150,
    depth: int = 5000,
    seed: int = 0,
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

    Exceptions of the class are reported, but a loop that never ends cannot be stopped from here.
    Raises `UsageError` for a class that cannot be asked at all, and for names of no row or check.

    micrograd 0.1 lacks exp, log, tanh and others (missing), and fails two checks: a second backward
    and, since it recurses, a deep graph.

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
    unknown = set(skip := set(skip)) - CHECKS
    if unknown:
        raise UsageError(f"no check is called {min(unknown)!r}; a report lists their names")
    student = Student(make, names or {})
    demanded = None if operations is None else list(operations)
    run = Run(student, skip, count, depth, seed)
    run.seeding()
    run.operations(ROWS if demanded is None else demanded, demanded is not None)
    run.graphs()
    run.edges()
    return run.report


class Run:
    """One check of one engine, and the report it writes."""

    def __init__(self, student: Student, skip: set[str], count: int, depth: int, seed: int) -> None:
        self.student, self.skip, self.count, self.depth, self.seed = student, skip, count, depth, seed
        self.report = Report(student.title)
        self.available: list[Form] = []
        """The forms that give right answers alone, of which graphs are made."""

    # ── the checks ───────────────────────────────────────────────────────────────────────────

    def seeding(self) -> None:
        """The output's own gradient is 1."""
        case = Case(Leaf("a"), {"a": 2.0})
        wrong = compare(self.student, case)
        cause = None
        if wrong and wrong.kind == "gradient":
            self.student.seeds = True
            if compare(self.student, case) is None:
                grad = self.student.name("grad")
                cause = Cause(f"backward does not start with d(out)/d(out) = 1: with out.{grad} = 1 set by hand it "
                              f"is right.", f"backward sets self.{grad} = 1 first.")  # fmt: skip
            else:
                self.student.seeds = False
        if wrong and cause is None:
            cause = diagnose(self.student, Failing(case, wrong))
        self.note(SEED, wrong, case, cause)

    def operations(self, rows: list[str], demanded: bool) -> None:
        """Every form of every row, alone."""
        unknown = [row for row in rows if row not in ROWS]
        if unknown:
            raise UsageError(f"operations are among {', '.join(ROWS)}; {unknown[0]!r} came")
        for row in rows:
            if not self.student.has(row):
                lacking = Mismatch("missing", str(forms(row)[0]), "an operation", "it is missing")
                if demanded:
                    self.note(str(forms(row)[0]), lacking, points(forms(row)[0])[0])
                else:
                    self.report.missing.append(str(forms(row)[0]))
                continue
            for form in forms(row):
                self.form(form)

    def form(self, form: Form) -> None:
        """One form at the points of its domain."""
        if str(form) in self.skip:
            return
        failing = [(case, wrong) for case in points(form) if (wrong := compare(self.student, case))]
        if not failing:
            self.available.append(form)
            self.report.passed.append(str(form))
            return
        case, wrong = failing[0]
        if self.absent(form, wrong.kind):
            self.report.missing.append(str(form))
            return
        case = self.smallest(case, wrong, single=form)
        wrong = compare(self.student, case) or wrong
        self.note(str(form), wrong, case, diagnose(self.student, Failing(case, wrong, form)))

    def absent(self, form: Form, kind: str) -> bool:
        """Whether a form is not there on purpose: many engines take only numbers as exponents."""
        if form.op == "pow" and form.pattern == "nv":
            return not self.student.reflects("pow")
        if form.op == "pow" and form.pattern == "vv":
            return kind in ("raises TypeError", "raises AssertionError", "raises NotImplementedError")
        return kind == "raises NotImplementedError"

    def graphs(self) -> None:
        """Nodes used more than once, by hand and at random, and backward called twice."""
        a, b = Leaf("a"), Leaf("b")
        pairs = [form.op for form in self.available if form.pattern == "vv" and form.op in ("add", "mul", "sub", "div")]
        used = [Apply(op, (a, a)) for op in pairs]
        shared: list[Expression] = []
        for op in pairs[:2]:
            c = Apply(op, (a, b))
            shared += [Apply(op, (c, c)), Apply(op, (c, Apply(op, (c, a)))), Apply(op, (Apply(op, (c, a)), c))]
        for check, roots in ((REUSED, used), (SHARED, shared)):
            cases = [Case(root, {name: {"a": 3.0, "b": 2.0}[name] for name in leaves(root)}) for root in roots]
            self.search(check, cases)
        if self.available:
            rng = random.Random(self.seed)
            self.search(RANDOM, [sample(rng, self.available, rng.randint(2, 7)) for _ in range(self.count)])
        if pairs:
            self.again(pairs[0])

    def search(self, check: str, cases: list[Case]) -> None:
        """Compare cases, shrink those that fail, and explain them."""
        if check in self.skip or not cases:
            return
        shrunk: dict[str, tuple[Case, Mismatch]] = {}
        for case in cases:
            wrong = compare(self.student, case)
            if wrong and len(shrunk) < 4:
                case = self.smallest(case, wrong)
                shrunk.setdefault(outline(case.root), (case, compare(self.student, case) or wrong))
        for case, wrong in shrunk.values():
            self.note(check, wrong, case, diagnose(self.student, Failing(case, wrong)))
        if not shrunk:
            self.report.passed.append(check)

    def smallest(self, case: Case, wrong: Mismatch, single: Form | None = None) -> Case:
        """The smallest case with a mismatch of the same kind; of the same form for a single operation."""
        def fails(other: Case) -> bool:
            if (single and len(other.values) < len(case.values)) or isinstance(other.root, Leaf):
                return False
            found = compare(self.student, other)
            return found is not None and found.kind == wrong.kind

        return shrink(case, fails)

    def again(self, op: str) -> None:
        """A second backward doubles the gradients of leaves, or leaves them as they are."""
        student, a, b = self.student, Leaf("a"), Leaf("b")
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
                                 shown(second))  # fmt: skip
        except Exception as error:
            wrong = Mismatch("again", "", "no exception", described(error))
        self.note(AGAIN, wrong, case, Cause(
            f"results of operations keep their gradient from the first call, and it is counted again. Leaves may "
            f"accumulate ({shown(2 * first)}) or start afresh ({shown(first)}); every other node starts from 0.",
            f"in backward, first set the {student.name('grad')} of every node that an operation made to 0.",
        ) if kept else None)  # fmt: skip

    def edges(self) -> None:
        """Extreme numbers, the corner of relu, and a graph deeper than Python's stack."""
        fine = {form.op: form for form in self.available}
        for op, numbers in EXTREMES.items():
            for x in numbers if op in fine else ():
                case = Case(fine[op].expression(1.0), {"a": x})
                wrong = compare(self.student, case)
                overflows = wrong is not None and (wrong.kind == "raises OverflowError" or wrong.got in ("nan", "inf"))
                cause = Cause(
                    f"overflow: {op} at {x:g} is an ordinary number, but a step on the way to it is beyond floats, as "
                    f"exp(x) is from x = 710 on.", OVERFLOW.get(op, "")) if overflows else None  # fmt: skip
                self.note(f"{op} at {x:g}", wrong, case, cause)
        if "relu" in fine:
            case = Case(fine["relu"].expression(1.0), {"a": 0.0})
            wrong = compare(self.student, case)
            cause = Cause(
                "the slope at the corner itself is taken from the right. Any number from 0 to 1 is a subgradient; the "
                "convention, PyTorch's too, is 0.", "compare with a > 0, not a >= 0.",
            ) if wrong and wrong.kind == "gradient" and wrong.got == "1.0" else None  # fmt: skip
            self.note(ZERO, wrong, case, cause)
        self.depths()

    def depths(self) -> None:
        """A graph deeper than Python's stack."""
        pairs = [form.op for form in self.available if form.pattern == "vv"]
        op = next((op for op in pairs if op in ("add", "sub", "mul")), None)
        if op and self.depth:
            wrong = self.deep(op, self.depth)
            shallow = wrong is not None and self.deep(op, 100) is None
            self.note(DEEP, wrong, None, Cause(
                f"recursion: a graph 100 operations deep is right, one of {self.depth} raises RecursionError, since "
                f"Python allows about 1000 calls inside each other.",
                "walk the graph with a list of nodes still to visit, in place of a function that calls itself.",
            ) if wrong and shallow and "RecursionError" in wrong.got else None)  # fmt: skip

    def deep(self, op: str, depth: int) -> Mismatch | None:
        """A chain of `depth` operations, the gradient of whose first value is 1."""
        student = self.student
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

    # ── the report ───────────────────────────────────────────────────────────────────────────

    def note(self, check: str, wrong: Mismatch | None, case: Case | None, cause: Cause | None = None) -> None:
        """Write down how a check went; failures with one cause are one failure."""
        if check in self.skip:
            return
        if wrong is None:
            self.report.passed.append(check)
            return
        cause = cause or Cause("")
        code = deep_listing(self.student, wrong, self.depth) if case is None else listing(self.student, case, wrong)
        for failure in self.report.failures:
            if (cause.words and failure.cause == cause.words) or failure.code == code:
                if check not in (failure.check, *failure.also):
                    failure.also.append(check)
                return
        found = Failure(check, code, wrong.expected, wrong.got, wrong.kind, cause.words, cause.hint)
        self.report.failures.append(found)


OVERFLOW = {
    "sigmoid": "for x < 0 use e / (1 + e) with e = exp(x), else 1 / (1 + exp(-x)).",
    "tanh": "use math.tanh.",
    "softplus": "use max(x, 0) + log1p(exp(-|x|)).",
}
