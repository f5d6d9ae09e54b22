"""One check of one engine: every operation alone, then graphs of those that are right."""

from __future__ import annotations

import random

from autograd.check.compare import Mismatch, compare
from autograd.check.diagnosis import Cause, Failing, diagnose
from autograd.check.expressions import (
    METHODS,
    OPERATORS,
    Apply,
    Case,
    Expression,
    Form,
    Leaf,
    Number,
    forms,
    leaves,
    outline,
    points,
    sample,
)
from autograd.check.listing import deep_listing, listing
from autograd.check.report import Failure, Report
from autograd.check.shrink import shrink
from autograd.check.student import Student
from autograd.errors import UsageError

ROWS = [*OPERATORS, "neg", "abs", *METHODS]
"""The rows of the table that an engine of scalars may have."""

SEED, LEAF, RANDOM = "backward starts with 1", "a number", "random expressions"
REUSED, SHARED = "a node used twice", "a result used twice"


class Run:
    """One check of one engine, and the report it writes."""

    def __init__(self, student: Student, skip: set[str], count: int, depth: int, seed: int) -> None:
        self.student, self.skip, self.count, self.depth, self.seed = student, skip, count, depth, seed
        self.report = Report(student.title)
        self.available: list[Form] = []
        """The forms that give right answers alone, of which graphs are made."""

    # ── the checks ───────────────────────────────────────────────────────────────────────────

    def seeding(self) -> None:
        """A number is kept; and the output's own gradient is 1."""
        case = Case(Leaf("a"), {"a": 2.0})
        wrong = compare(self.student, case)
        if not self.student.walks:
            self.note(LEAF, wrong, case)
            return
        cause = None
        if wrong and wrong.kind == "gradient":
            self.student.seeds = True
            if compare(self.student, case) is None:
                grad = self.student.name("grad")
                cause = Cause(f"backward does not start with d(out)/d(out) = 1: with out.{grad} = 1 set by hand it "
                              f"is right.", f"backward sets self.{grad} = 1 first.")
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
        failing: list[Failing] = []
        for row in rows:
            if not self.student.has(row):
                lacking = Mismatch("missing", str(forms(row)[0]), "an operation", "it is missing")
                if demanded:
                    self.note(str(forms(row)[0]), lacking, points(forms(row)[0])[0])
                else:
                    self.report.missing.append(str(forms(row)[0]))
                continue
            failing += filter(None, [self.form(form, demanded) for form in forms(row)])
        self.explain(failing)

    def form(self, form: Form, demanded: bool) -> Failing | None:
        """What is wrong with one form at the points of its domain."""
        if str(form) in self.skip:
            return None
        failing = [(case, wrong) for case in points(form) if (wrong := compare(self.student, case))]
        if not failing:
            self.available.append(form)
            self.report.passed.append(str(form))
            return None
        case, wrong = failing[0]
        if self.absent(form, wrong.kind, demanded):
            self.report.missing.append(str(form))
            return None
        case = self.smallest(case, wrong, single=form)
        return Failing(case, compare(self.student, case) or wrong, form)

    def explain(self, failing: list[Failing]) -> None:
        """Note what failed: rows that others are built on first, with those that fail for this reason."""
        noted: dict[str, Failure] = {}
        for rows, one in sorted([(self.built_on(one), one) for one in failing], key=lambda pair: len(pair[0])):
            assert one.form is not None
            reason = next((noted[row] for row in noted if row in rows), None)
            if reason is not None:
                reason.also.append(str(one.form))
                continue
            failure = self.note(str(one.form), one.mismatch, one.case, diagnose(self.student, one))
            if failure is not None:
                noted.setdefault(one.form.op, failure)

    def built_on(self, failing: Failing) -> set[str]:
        """The rows by which the class computes a form."""
        case = failing.case
        assert isinstance(case.root, Apply)
        return self.student.built_on(case.root.op, [
            arg.value if isinstance(arg, Number) else self.student.make(case.values[arg.name])
            for arg in case.root.args if isinstance(arg, (Number, Leaf))
        ])

    def absent(self, form: Form, kind: str, demanded: bool) -> bool:
        """Whether a form is not there on purpose: many engines take only numbers as exponents."""
        if form.op == "pow" and form.pattern == "nv":
            return not self.student.reflects("pow")
        if form.op == "pow" and form.pattern == "vv":
            return kind in ("raises TypeError", "raises AssertionError", "raises NotImplementedError")
        return kind == "raises NotImplementedError" and not demanded

    def pairs(self) -> list[str]:
        """The rows that combine two values, and do it right."""
        return [form.op for form in self.available if form.pattern == "vv" and form.op in ("add", "sub", "mul", "div")]

    def graphs(self) -> None:
        """Nodes used more than once, by hand and at random, and backward called twice."""
        a, b = Leaf("a"), Leaf("b")
        pairs = self.pairs()
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

    # ── the report ───────────────────────────────────────────────────────────────────────────

    def note(
        self, check: str, wrong: Mismatch | None, case: Case | None, cause: Cause | None = None
    ) -> Failure | None:
        """Write down how a check went, and return what failed; failures with one cause are one failure."""
        if check in self.skip:
            return None
        if wrong is None:
            self.report.passed.append(check)
            return None
        if check in self.student.level.beyond:
            self.report.beyond.append(check)
            return None
        cause = cause or Cause("")
        code = deep_listing(self.student, wrong, self.depth) if case is None else listing(self.student, case, wrong)
        for failure in self.report.failures:
            if (cause.words and failure.cause == cause.words) or failure.code == code:
                if check not in (failure.check, *failure.also):
                    failure.also.append(check)
                return failure
        found = Failure(check, code, wrong.expected, wrong.got, wrong.kind, cause.words, cause.hint)
        self.report.failures.append(found)
        return found
