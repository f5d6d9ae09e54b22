"""Why an engine failed: each usual mistake, confirmed by a probe of its own before it is named."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from autograd.check.compare import Mismatch, build, compare, gradient, shown, value
from autograd.check.expressions import (
    OPERATORS,
    Apply,
    Case,
    Expression,
    Form,
    Leaf,
    Number,
    forms,
    nodes,
    points,
    reference,
    spelled,
)
from autograd.check.slips import SLOPES, VALUES
from autograd.check.student import DUNDERS, Student, attributes, close
from autograd.ops import TABLE

A, B, C = Leaf("a"), Leaf("b"), Leaf("c")
NUMBERS = {"a": 3.0, "b": 5.0, "c": 7.0}


@dataclass(frozen=True)
class Cause:
    """A mistake in words, and what to write instead."""

    words: str
    hint: str = ""


@dataclass(frozen=True)
class Failing:
    """What is to be explained: a case, its mismatch and, if it is a single operation, its form."""

    case: Case
    mismatch: Mismatch
    form: Form | None = None


def diagnose(student: Student, failing: Failing) -> Cause | None:
    """The first mistake that its probe confirms, or None: then nothing is guessed."""
    found = (explain(student, failing) for explain in EXPLANATIONS)
    return next((cause for cause in found if cause), None)


def probe(root: Expression) -> Case:
    """An expression at a = 3, b = 5, c = 7."""
    return Case(root, {node.name: NUMBERS[node.name] for node in nodes(root) if isinstance(node, Leaf)})


def _does(student: Student, root: Expression) -> bool:
    return compare(student, probe(root)) is None


# ── one operation ────────────────────────────────────────────────────────────────────────────


def plain_number(student: Student, failing: Failing) -> Cause | None:
    """A plain number on one side, where two values work."""
    form = failing.form
    if form is None or not failing.mismatch.kind.startswith("raises") or form.pattern not in ("vn", "nv"):
        return None
    name = DUNDERS.get(form.op, form.op)
    reflected, symbol = name.replace("__", "__r", 1), TABLE[form.op].symbol
    if form.pattern == "nv" and not student.reflects(form.op):
        return Cause(f"{reflected} is missing: Python asks it when a plain number stands on the left.",
                     f"add def {reflected}(self, other), which computes other {symbol} self.")
    both = Apply(form.op, (A, B))
    if form.op != "pow" and _does(student, both):
        method = reflected if form.pattern == "nv" else name
        return Cause(f"a plain number is not accepted as operand, though {spelled(both, {})} with two values works.",
                     f"in {method}: other = other if isinstance(other, {student.title}) "
                     f"else {student.title}(other).")
    return None


def nothing_returned(student: Student, failing: Failing) -> Cause | None:
    """An operation without a return."""
    form = failing.form
    try:
        if form is None or build(student, failing.case)[failing.case.root] is not None:
            return None
    except Exception:
        return None
    name = DUNDERS.get(form.op, student.name(form.op))
    return Cause(f"{forms(form.op)[0]} gives None: {name} ends without a return.", "end it with return out.")


def called_at_once(student: Student, failing: Failing) -> Cause | None:
    """A function that was to be kept for backward, called while the operation is done: what it returned is kept."""
    form, kind = failing.form, failing.mismatch.kind
    if form is None or kind not in ("gradient", "raises TypeError"):
        return None
    try:
        out = build(student, failing.case)[failing.case.root]
    except Exception:
        return None
    others = [student.example, *student.results(op for op in OPERATORS if op != form.op)]
    kept = [name for name, member in attributes(out).items()
            if member is None and any(callable(attributes(other).get(name)) for other in others)]
    if not kept:
        return None
    return Cause(f"out.{kept[0]} is None after {forms(form.op)[0]}: the function that backward should call is called "
                 "at once, before any gradient has arrived, and what it returns is kept.",
                 f"leave out the brackets: out.{kept[0]} = _backward, not _backward().")


def swapped(student: Student, failing: Failing) -> Cause | None:
    """2 - x computed as x - 2."""
    form = failing.form
    if form is None or form.pattern != "nv" or failing.mismatch.kind != "value":
        return None
    for case in points(form):
        assert isinstance(case.root, Apply)
        number, leaf = case.root.args
        got, turned = value(student, case), Case(Apply(form.op, (leaf, number)), case.values)
        if got is None or not close(got, reference(turned)[turned.root].data):
            return None
    symbol, method = TABLE[form.op].symbol, DUNDERS[form.op].replace("__", "__r", 1)
    return Cause(f"2 {symbol} a computes a {symbol} 2: the operands are swapped.",
                 f"{method}(self, other) means other {symbol} self.")


def wrong_value(student: Student, failing: Failing) -> Cause | None:
    """The value of one operation by another formula."""
    form = failing.form
    if form is None or failing.mismatch.kind != "value":
        return None
    pairs = [(value(student, case), reference(case)[case.root].data) for case in points(form)]
    if _rounded(pairs):
        return Cause(f"the value of {forms(form.op)[0]} is a whole number: integer division, or int().", WHOLE)
    for words, rule in VALUES.get(form.op, []):
        if all(_equals(value(student, case), rule, _operands(case)[1]) for case in points(form)):
            return Cause(f"the value of {forms(form.op)[0]} is computed as {words}.")
    return None


def wrong_slope(student: Student, failing: Failing) -> Cause | None:
    """The derivative of one operation by another formula, its values being right."""
    form = failing.form
    if form is None or failing.mismatch.kind != "gradient":
        return None
    for place, kind in enumerate(form.pattern):
        if kind == "n":
            continue
        leaf = form.pattern[: place + 1].count("v") - 1
        name = "ab"[leaf]
        rows = [(gradient(student, case, name), reference(case)[Leaf(name)].grad, _operands(case))
                for case in points(form)]
        if all(got is not None and close(got, right) for got, right, _ in rows):
            continue
        about = f"the derivative of {forms(form.op)[0]} for {'ab'[place]}"
        if _rounded([(got, right) for got, right, _ in rows]):
            return Cause(f"{about} is a whole number: integer division, or int(). The value is right.", WHOLE)
        slips = [(words, rule) for i, words, rule in SLOPES.get(form.op, []) if i == place]
        for words, rule in slips:
            if all(_equals(got, rule, (out, *xs)) for got, _, (out, xs) in rows):
                return Cause(f"{about} is computed as {words}.")
        for words, factor in (("has the wrong sign", -1), ("is always 0: no gradient arrives", 0),
                              ("is twice what it should be", 2), ("is half of what it should be", 0.5)):
            if all(got is not None and close(got, factor * right) for got, right, _ in rows):
                return Cause(f"{about} {words}; the value is right.")
        if all(got == 1 for got, _, _ in rows):
            return Cause(f"{about} is always 1: the local derivative is not multiplied in.")
    return None


WHOLE = "write / in place of //, which rounds down."


def _rounded(pairs: list[tuple[float | None, float]]) -> bool:
    """Whether numbers are the right ones but rounded, down or towards 0, and not all the same."""
    return len({got for got, _ in pairs}) > 1 and any(
        all(got is not None and close(got, whole(right)) for got, right in pairs) for whole in (math.floor, math.trunc)
    )


def _operands(case: Case) -> tuple[float, tuple[float, ...]]:
    """The output and the operands of a single operation, as floats."""
    right = reference(case)
    assert isinstance(case.root, Apply)
    return right[case.root].data, tuple([right[arg].data for arg in case.root.args])


def _equals(got: float | None, rule: Callable[..., float], xs: tuple[float, ...]) -> bool:
    try:
        return got is not None and close(got, rule(*xs))
    except (ArithmeticError, ValueError):
        return False


# ── the walk through the graph ───────────────────────────────────────────────────────────────


def changed_data(student: Student, failing: Failing) -> Cause | None:
    """Numbers that do not stay what they were."""
    if failing.mismatch.kind == "operand changed by an operation":
        return Cause(f"an operation changes the {student.name('data')} of its operand.",
                     "compute a new number and put it into a new value: self and other stay as they are.")
    if failing.mismatch.kind == "data changed by backward":
        return Cause(f"backward changes {student.name('data')}: it should change nothing but gradients.")
    return None


def forgotten(student: Student, failing: Failing) -> Cause | None:
    """A result that does not remember what it was made of."""
    if failing.mismatch.kind != "operands" or not isinstance(failing.case.root, Apply):
        return None
    operands = student.name("operands")
    return Cause(f"a result has lost what it was made of: it has {failing.mismatch.expected} only if its {operands} "
                 f"are the very values that were combined.",
                 f"give them to the new value, as in {student.title}(number, (self, other)), and keep them in "
                 f"self.{operands}.")


def counted_once(student: Student, failing: Failing) -> Cause | None:
    """A gradient that replaces the one before it, or an operand that is lost from a set."""
    if failing.mismatch.kind != "gradient":
        return None
    apart = gradient(student, probe(Apply("add", (Apply("add", (A, B)), Apply("add", (A, C))))))
    twice = gradient(student, probe(Apply("add", (A, A))))
    square = gradient(student, probe(Apply("mul", (A, A))))
    grad = student.name("grad")
    if apart == 1.0:
        return Cause(f"a node used more than once is counted once: (a + b) + (a + c) gives a.{grad} = 1, not 2.",
                     f"add to the gradient: self.{grad} += ..., since self.{grad} = ... forgets what came "
                     f"before.")
    if apart == 2.0 and (twice == 1.0 or square == 3.0):
        shows = "a + a gives 1, not 2" if twice == 1.0 else "a * a at a = 3 gives 3, not 6"
        return Cause(f"an operand that stands twice in one operation is counted once: {shows}, while "
                     f"(a + b) + (a + c) is right. A set of operands holds it only once.",
                     "keep the operands in a tuple; a set is fit only for the nodes already visited.")
    return None


def out_of_order(student: Student, failing: Failing) -> Cause | None:
    """A node that hands its gradient on before it is complete."""
    b = Apply("add", (A, A))
    unshared = Apply("add", (Apply("add", (A, C)), A))
    if failing.mismatch.kind != "gradient" or not (_does(student, b) and _does(student, unshared)):
        return None
    for root, right, code in ((Apply("add", (b, b)), 4, "b = a + a; c = b + b"),
                              (Apply("add", (b, Apply("add", (b, A)))), 5, "b = a + a; c = b + (b + a)"),
                              (Apply("add", (Apply("add", (b, A)), b)), 5, "b = a + a; c = (b + a) + b")):
        got = gradient(student, probe(root))
        if got is not None and got != right:
            return Cause(f"no topological order: {code} gives a.{student.name('grad')} = {shown(got)}, not {right}, "
                         f"while a + a is right. b hands its gradient on before all of it has "
                         f"arrived, or more than once.",
                         "sort the nodes first (operands before results, each once), then go through them from the "
                         "end.")
    return None


def chain_rule(student: Student, failing: Failing) -> Cause | None:
    """An operation that forgets to multiply by the gradient of its output."""
    if failing.mismatch.kind != "gradient":
        return None
    grad = student.name("grad")
    pairs = [Apply(op, (A, B)) for op in ("add", "mul") if student.has(op)]
    if len(pairs) > 1 and all(ignored(student, pair) for pair in pairs):
        return Cause(f"the gradient that arrives at a result is ignored, by every operation: a.{grad} of (a * b) * c "
                     f"is that of a * b, whatever c is.",
                     f"multiply each local derivative by the {grad} of the result.")
    for node in nodes(failing.case.root):
        if not isinstance(node, Apply):
            continue
        plain = [arg.value for arg in node.args if isinstance(arg, Number)]
        form = Form(node.op, "".join("n" if isinstance(arg, Number) else "v" for arg in node.args))
        inner = form.expression(plain[0] if plain else 2)
        if (got := ignored(student, inner)) is not None:
            return Cause(f"{form} ignores the gradient that arrives at it: {spelled(Apply('mul', (inner, C)), {})} at "
                         f"c = 7 gives the same a.{grad} = {shown(got)} as {form} alone.",
                         f"multiply the local derivative by out.{grad}.")
    return None


def ignored(student: Student, inner: Expression) -> float | None:
    """The gradient of a, if it is the same whether an operation's result is multiplied by 7 or by nothing."""
    numbers = {"a": 2.0, "b": 3.0}
    alone = Case(inner, {node.name: numbers[node.name] for node in nodes(inner) if isinstance(node, Leaf)})
    scaled = Case(Apply("mul", (inner, C)), {**alone.values, "c": 7.0})
    right, got = gradient(student, alone), gradient(student, scaled)
    return got if right and got is not None and close(got, right) else None


def raised(student: Student, failing: Failing) -> Cause | None:
    """The line that raised, where nothing more is known."""
    if failing.mismatch.kind == "raises NotImplementedError":
        return Cause(f"it is not written yet: NotImplementedError is raised in {failing.mismatch.where}.")
    return Cause(f"the exception was raised in {failing.mismatch.where}.") if failing.mismatch.where else None


EXPLANATIONS: list[Callable[[Student, Failing], Cause | None]] = [
    changed_data, forgotten, nothing_returned, called_at_once, plain_number, swapped, wrong_value, wrong_slope,
    counted_once, chain_rule, out_of_order, raised,
]
