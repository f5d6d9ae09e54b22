"""The search for the slips by which the right program becomes what a student has."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.check.answers import CONVENTIONS, Answer, Array, Failure, Parameter, Spellings, Student, parameters
from autograd.check.mistakes import Slip, Version, become, factor_words, plus, slips, version_of
from autograd.check.report import MatrixReport, Mistake
from autograd.check.student import described
from autograd.compiler.arguments import as_batch
from autograd.compiler.arrays.array import Let, Line, N, Rows, Statement, as_array, full, names_in, nodes, target_of
from autograd.compiler.arrays.interpret import Arrays
from autograd.compiler.explain.entries import element
from autograd.compiler.explain.explanation import Explanation, Lines, numbers
from autograd.compiler.program import Program
from autograd.errors import UsageError

TOLERANCE = 1e-6
"""Relative to the largest number of an array; for float32 a thousand times as much."""

ROUNDS = 4
"""So many slips at most are looked for."""

FEW = 4
"""Lines that are shown beside the right one, at most."""

LIKELY = ("mean", "sign", "transpose", "axis", "shape", "product", "slope", "mask", "overwritten", "missing term",
          "factor", "extra term", "wrong array", "order", "flipped", "missing factor", "missing")
"""The kinds of slips, those first that are named where several give the same numbers."""


def same(found: Any, wanted: Any, least: float = 0.0, loose: bool = False) -> bool:
    """Whether two arrays have the same shape and numbers but for rounding; if `loose`, axes of 1 do not count.

    What is smaller than `least` is rounding.
    """
    found, wanted = np.asarray(found), np.asarray(wanted)
    if loose:
        found, wanted = np.squeeze(found), np.squeeze(wanted)
    if found.shape != wanted.shape:
        return False
    tolerance = TOLERANCE * (1000 if found.dtype == np.float32 else 1)
    return bool(np.all(np.abs(found - wanted) <= tolerance * np.max(np.abs(wanted), initial=0.0) + least))


class Search:
    """Looks for slips that make the program give what the student has."""

    def __init__(self, lines: Lines, given: Arrays, student: Student, answer: Answer) -> None:
        self.lines, self.given, self.student, self.answer, self.known = lines, given, student, answer, student.known
        self.order = {target_of(one): number for number, one in enumerate(lines.statements)}
        """When each array is complete."""
        views = {target_of(let) for let in lines.read.views}
        taken = {one.called for one in self.known if one.gradient != one.called}
        self.wanted = Spellings((text for text in lines.names if text not in views | taken), student.names)
        self.version = version_of(lines, {one.gradient: one.stored for one in self.known if one.unplaced})
        self.right = self.version.arrays(given, lines.arrays)
        self.least = 1e-12 * float(np.max(np.abs(self.right["gradient"]), initial=0.0))
        """What is smaller is rounding."""
        self.explanations: dict[str, Explanation] = {}
        self.solved = False
        """Whether slips have been found that explain all gradients."""

    @property
    def is_right(self) -> bool:
        """Whether all gradients are right, and of the shapes of their parameters."""
        answered = self.answer.error is None and len(self.agreeing(self.right)) == len(self.known)
        return answered and not any(self.misshapen())

    def rank(self) -> tuple[Any, ...]:
        """How much a convention makes of the student's function: how far it comes, and how much is right."""
        layout, answer = self.answer.convention, self.answer
        shapes = sum(one.name in answer.gradients and answer.gradients[one.name].shape == layout.parameter(
            one, one.stored).shape for one in self.known)
        far = answer.reached if answer.error else ()
        return answer.error is None, len(self.agreeing(self.right)), self.noted(self.right), shapes, far

    def explained(self, text: str) -> Explanation:
        """The lines that compute an array; of a parameter whose gradient has no name, those of all gradients."""
        if text not in self.explanations:
            self.explanations[text] = Explanation(text if text in self.lines.names else "gradient", self.lines)
        return self.explanations[text]

    def before(self, text: str) -> tuple[str, ...]:
        """The lines of gradients that an array comes from and that the student does not have, if they are few."""
        had, texts = {text, *map(self.wanted.get, self.answer.arrays)}, [text]
        for one in texts:
            read = names_in(*(array for rule in self.explained(one).rules for array in rule.statement.arrays))
            texts += [name for name in read if name in self.lines.gradient_of and name not in {*had, *texts}]
        lines = [rule.text for one in texts[1:] for rule in self.explained(one).rules]
        return tuple(lines) if len(lines) <= FEW else ()

    # ── comparison ───────────────────────────────────────────────────────────────────────────

    def agreeing(self, arrays: Arrays) -> set[str]:
        """The parameters whose gradients are the student's."""
        return {one.name for one in self.known if one.name in self.answer.gradients and self.agrees(one, arrays)}

    def agrees(self, one: Parameter, arrays: Arrays) -> bool:
        """Whether the gradient of a parameter is the student's."""
        mine = self.answer.convention.parameter(one, one.of(arrays))
        return same(self.answer.gradients[one.name], mine, self.least, loose=True)

    def misshapen(self) -> Iterator[Mistake]:
        """Gradients that have other axes of 1 than their parameters."""
        for one in self.known:
            mine = self.answer.gradients.get(one.name)
            if mine is None or (one.turned is None and one not in self.student.given):
                continue
            own = self.answer.convention.parameter(one, one.stored)
            if mine.shape != own.shape and np.squeeze(mine).shape == np.squeeze(own).shape:
                advice = "keepdims=True was forgotten" if mine.ndim < own.ndim else (
                    "flatten it, or leave keepdims=True out" if mine.ndim > own.ndim else "it is transposed")
                kind = "transpose" if one.turned is not None and mine.ndim == own.ndim else "shape"
                words = f"has the shape {mine.shape} where {one.name} has {own.shape}: {advice}"
                yield Mistake(one.called, kind, words, explanation=self.explained(one.gradient))

    def noted(self, arrays: Arrays) -> int:
        """How many of the arrays that the student has noted are those of the program."""
        return sum(self.is_noted(text, array, arrays) is True for text, array in self.answer.arrays.items())

    def is_noted(self, text: str, array: Array, arrays: Arrays) -> bool | None:
        """Whether a noted array is the program's; None where the program has none of that name and size."""
        mine = self.wanted.get(text)
        if not mine or mine not in arrays or mine in self.lines.places or mine == "gradient":
            return None
        wanted = np.asarray(arrays[mine])
        if wanted.size != array.size or wanted.ndim == 0:
            return None
        turned = self.turned(array).reshape(wanted.shape)
        return same(turned, wanted, self.least)

    def turned(self, array: Array) -> Array:
        """A noted array with its examples first."""
        return np.moveaxis(array, -1, 0) if self.answer.convention.last and array.ndim > 1 else array

    def strange(self, text: str, array: Array) -> bool:
        """Whether a noted array is wrong, however the student scales gradients on the way."""
        mine = self.wanted.get(text)
        if self.is_noted(text, array, self.right) is not False:
            return False
        wanted = np.asarray(self.right[mine])
        return mine not in self.lines.gradient_of or multiple(self.turned(array).reshape(wanted.shape), wanted) is None

    # ── slips ────────────────────────────────────────────────────────────────────────────────

    def factors(self) -> list[float]:
        """By how much arrays may be too large: the usual numbers, and those by which gradients differ."""
        n = float(self.given["n"])
        found = [n, 1 / n, -1.0, 2.0, 0.5]
        for one in self.known:
            if one.name in self.answer.gradients and one.stored.size > 1:  # of a single number there always is one
                mine, right = self.answer.gradients[one.name], self.answer.convention.parameter(one, one.of(self.right))
                ratio = ratio_of(mine, right)
                if ratio is not None and not any(np.isclose(ratio, other) for other in found):
                    found.append(ratio)
        return found

    def candidates(self, version: Version) -> Iterator[Slip]:
        """All slips that are tried."""
        yield from slips(self.lines, version, self.factors())
        arrays = version.arrays(self.given, self.right)
        for one in self.known:
            if one.name in self.answer.gradients:
                yield from self.of_parameter(one, arrays, version)

    def of_parameter(self, one: Parameter, arrays: Arrays, version: Version) -> Iterator[Slip]:
        """Slips in the gradient of one parameter, some of which are seen by what the student has."""
        mine = np.asarray(self.answer.gradients[one.name])
        own = self.answer.convention.parameter(one, one.of(arrays))
        if self.answer.vector and one.turned is not None:
            turned = self.answer.convention.transposed
            yield Slip("transpose", one.gradient, f"is the transpose of {one.gradient}", after=self.changed(
                one, lambda a: a.ravel().reshape(a.shape[::-1]).T if turned else a.T.reshape(a.shape)))
        if mine.shape == own.shape and mine.size > 1:
            value = self.answer.convention.parameter(one, np.asarray(self.given["theta"])[one.stored])
            ratio = ratio_of(mine - own, value)
            if ratio is not None:
                yield self.penalised(one, ratio, version, own, value)
        if one.turned is None and one.stored.ndim > 1:
            yield from self.of_kernel(one)
        yield from self.of_terms(one, arrays, version)
        for other in self.known:
            instead = other.of(self.right)
            if other is not one and mine.shape == self.answer.convention.parameter(other, instead).shape:
                instead = one.to(instead) if instead.size == one.stored.size else instead.T if one.turned else instead
                words = f"is {other.called}: gradients are mixed up"
                yield Slip("order", one.gradient, words, after=become(instead))

    def of_kernel(self, one: Parameter) -> Iterator[Slip]:
        """A kernel whose entries are in reverse, or transposed."""
        rank = one.stored.ndim
        for axes in dict.fromkeys([*((axis,) for axis in range(rank)), (rank - 2, rank - 1), tuple(range(rank))]):
            words = f"is reversed along axis {' and '.join(map(str, axes))}: a convolution in place of a correlation"
            flip = functools.partial(np.flip, axis=axes)
            yield Slip("flipped", one.gradient, words, after=self.changed(one, flip))
        yield Slip("transpose", one.gradient, f"is the transpose of {one.gradient}",
                   after=self.changed(one, lambda a: np.swapaxes(a, -1, -2)))

    def of_terms(self, one: Parameter, arrays: Arrays, version: Version) -> Iterator[Slip]:
        """One of several terms alone, or all without one."""
        rules = self.explained(one.gradient).rules
        for number, rule in enumerate(rules if len(rules) > 1 else ()):
            without = version.with_slip(Slip("", "", "", rule.statement)).arrays(self.given, self.right)[one.gradient]
            if np.shape(without) == np.shape(arrays[one.gradient]):
                part = arrays[one.gradient] - without
                yield Slip("missing term", one.gradient, f"lacks the term {rule.right}", after=plus(-part))
                if number:
                    words = f"is overwritten by {rule.right}, which is to be added: = in place of +="
                    yield Slip("overwritten", one.gradient, words, after=become(part))

    def penalised(self, one: Parameter, ratio: float, version: Version, own: Array, value: Array) -> Slip:
        """A gradient that differs by a multiple of its parameter, as that of a penalty is."""
        right = 0.0
        for rule in self.explained(one.gradient).rules:
            if rule.adds:
                without = version.with_slip(Slip("", "", "", rule.statement)).arrays(self.given, self.right)
                part = own - self.answer.convention.parameter(one, one.of(without))
                right += multiple(part, value) or 0.0
        penalty = one.to(np.asarray(self.given["theta"])[one.stored])
        mine = right + ratio
        if not right:
            kind, words = "extra term", f"contains {ratio:.6g} * {one.name}: a penalty that the loss does not have"
        elif abs(mine) < 1e-9 * abs(right):
            kind, words = "missing term", f"lacks {right:.6g} * {one.name}, the gradient of the penalty"
        else:
            kind, words = factor_words(mine / right, int(self.given["n"]))
            words = (f"has {mine:.6g} * {one.name} for the gradient of the penalty, which is {right:.6g} * {one.name}: "
                     f"it {words}")
        return Slip(kind, one.gradient, words, after=lambda a, arrays: a + ratio * penalty.reshape(np.shape(a)))

    def changed(self, one: Parameter, change: Callable[[Array], Array]) -> Callable[[Any, Arrays], Any]:
        """A change of a gradient as it is stored."""
        def after(a: Array, arrays: Arrays) -> Array:
            new = change(one.of({one.gradient: a}))
            return one.to(new).reshape(a.shape) if new.shape == one.stored.shape else new

        return after

    def single(self, version: Version) -> Iterator[Slip]:
        """Only the last, or the first, of several terms counts: each has been assigned in place of added."""
        arrays = version.arrays(self.given, self.right)
        for one in self.known:
            for rule in self.explained(one.gradient).rules:
                if rule.loops or target_of(rule.statement) != one.gradient:
                    continue
                examples = [axis for axis in rule.summed if isinstance(axis.size, Rows)]
                others = [axis for axis in rule.summed if not isinstance(axis.size, Rows)]
                for axes, what in ((examples, "examples"), (others, "positions"), (examples + others, "terms")):
                    for last in (True, False) if axes else ():
                        try:
                            part = rule.single(arrays, axes, last)
                        except (IndexError, ValueError):
                            continue
                        which = "last" if last else "first"
                        words = f"is that of the {which} of the {what} alone: add up, += in place of ="
                        yield Slip("overwritten", one.gradient, words, after=become(part))

    @functools.cached_property
    def found(self) -> list[tuple[Slip, list[str]]]:
        """The slips that, one after the other, lead from the right program to what the student has.

        Each comes with the other arrays in which it would give the same.
        """
        version, agreed = self.version, self.agreeing(self.right)
        result: list[tuple[Slip, list[str]]] = []
        while len(agreed) < len(self.answer.gradients) and len(result) < ROUNDS:
            best: tuple[Any, ...] | None = None
            alike: list[tuple[Slip, Version, set[str]]] = []
            for slip in itertools.chain(self.candidates(version), self.single(version)):
                changed = version.with_slip(slip)
                try:
                    found = changed.arrays(self.given, self.right)
                    now = self.agreeing(found)
                except (ValueError, IndexError, TypeError, AttributeError):
                    continue  # arrays of shapes that do not go together
                if not agreed < now:
                    continue
                score = len(now), self.noted(found)
                if best is None or score > best:
                    best, alike = score, []
                if score == best:
                    alike.append((slip, changed, now))
            if not alike:
                return result
            slip, version, agreed, others = self.chosen(alike)
            result.append((slip, others))
        self.solved = len(agreed) == len(self.known)
        return result

    def into(self, text: str) -> str:
        """The gradient that an array goes into next, if a student may well have no name for the array.

        What is a product of matrices, and the gradient of it, has a line of its own.
        """
        forward = self.lines.gradient_of.get(text, text)
        lines = [one for one in self.lines.statements if target_of(one) == forward]
        own = any(node.kind == "matmul" for one in lines for node in nodes(one.value))
        if not lines or own or text in self.lines.places:
            return ""
        waiting, done = [text], {text}
        while waiting:
            now = waiting.pop(0)
            readers = dict.fromkeys(target_of(one) for one in self.lines.statements if now in one.value.names)
            found = [one for one in readers if one in self.lines.gradient_of and one not in self.lines.places
                     and one != "gradient"]
            if found:
                return found[-1]
            waiting += [one for one in readers if one not in done]
            done |= set(readers)
        return ""

    def behind(self, target: str) -> tuple[set[str], bool]:
        """The arrays that an array is made of, and whether by a product of matrices.

        Arrays that the student has not noted may be computed in the same line: what they read belongs there too.
        """
        noted = set(map(self.wanted.get, self.answer.arrays))
        own: dict[str, list[Statement]] = {}
        for statement in self.lines.statements:
            own.setdefault(target_of(statement), []).append(statement)
        reads: set[str] = set()
        product, waiting, done = False, [target], set()
        while waiting:
            text = waiting.pop()
            done.add(text)
            for statement in own.get(text, []):
                product |= any(node.kind in ("matmul", "einsum") for node in nodes(statement.value))
                for name in statement.value.names:
                    reads.add(name)
                    if name not in noted and name in own and name not in done:
                        waiting.append(name)
        return reads, product

    def shaped(self) -> Iterator[Mistake]:
        """The gradients that the student has noted before an exception and that have another shape than they should."""
        layout = self.answer.convention
        for text, array in self.answer.arrays.items():
            mine = self.wanted.get(text)
            one = next((one for one in self.known if one.gradient == mine), None)
            if one is not None:
                own = layout.parameter(one, one.stored).shape
                if one.turned is not None and array.shape == own[::-1] != own:
                    yield Mistake(one.called, "transpose", f"is the transpose of {one.called}: it has the shape "
                                  f"{array.shape}, {own} is expected", explanation=self.explained(one.gradient))
            elif mine in self.lines.gradient_of and mine not in self.lines.places:
                wanted = np.shape(self.right[mine])
                if array.ndim == len(wanted) and self.turned(array).shape != wanted:
                    expected = wanted[::-1] if layout.last else wanted
                    yield Mistake(mine, "shape", f"has the shape {array.shape}, {expected} is expected",
                                  explanation=self.explained(mine))

    def noted_slip(self) -> Slip | None:
        """The slip with which most of the arrays that the student has noted are right, if one makes more of them so."""
        most, found = self.noted(self.right), None
        if not any(self.strange(text, array) for text, array in self.answer.arrays.items()):
            return None
        for slip in self.candidates(self.version):
            try:
                count = self.noted(self.version.with_slip(slip).arrays(self.given, self.right))
            except (ValueError, IndexError, TypeError, AttributeError):
                continue
            if count > most:
                most, found = count, slip
        return found

    def chosen(
        self, alike: Sequence[tuple[Slip, Version, set[str]]]
    ) -> tuple[Slip, Version, set[str], list[str]]:
        """The likeliest of several slips that explain as much, in the last of the arrays in which it does."""
        kind = min((one[0].kind for one in alike), key=LIKELY.index)
        kin = [one for one in alike if one[0].kind == kind]
        slip, version, agreed = max(kin, key=lambda one: self.order.get(one[0].name, 0))
        others = dict.fromkeys(one[0].name for one in kin if one[0].name != slip.name)
        return slip, version, agreed, list(others)


def multiple(mine: Any, right: Any) -> float | None:
    """The number by which one array is a multiple of another; None where it is none."""
    mine, right = np.asarray(mine, dtype=float), np.asarray(right, dtype=float)
    if mine.shape != right.shape or not np.any(right) or not np.all(np.isfinite(mine)):
        return None
    ratio = float(np.vdot(mine, right) / np.vdot(right, right))
    return ratio if np.allclose(mine, ratio * right, rtol=0, atol=TOLERANCE * np.abs(mine).max()) else None


def ratio_of(mine: Any, right: Any) -> float | None:
    """The same, but for 0 and 1."""
    ratio = multiple(mine, right)
    return None if ratio is None or abs(ratio) < 1e-9 or abs(ratio - 1) < 1e-9 else ratio


# ── mistakes in words ────────────────────────────────────────────────────────────────────────


def mistake(search: Search, slip: Slip, others: Sequence[str] = ()) -> Mistake:
    """A slip that was found, with the right line explained."""
    called = {one.gradient: one.called for one in search.known}
    return Mistake(called.get(slip.name, slip.name), slip.kind, slip.words, also=tuple(others),
                   into=search.into(slip.name), explanation=search.explained(slip.name),
                   where=search.before(slip.name))


def unknown(search: Search) -> Mistake:
    """The first array that is wrong, where no usual slip gives the student's numbers."""
    wrong = {name: name for text, array in search.answer.arrays.items()
             if search.strange(text, array) and (name := search.wanted.get(text))}
    wrong |= {one.gradient: one.called for one in search.known
              if one.name in search.answer.gradients and not search.agrees(one, search.right)}
    first = min(wrong, key=lambda text: search.order.get(text, len(search.order)))
    one = next((one for one in search.known if one.gradient == first), None)
    details = ""
    if one is not None:
        own = search.answer.convention.parameter(one, one.of(search.right))
        details = difference(search.answer.gradients[one.name], own)
    return Mistake(wrong[first], "unknown", "is wrong, by none of the usual slips", details=details,
                   explanation=search.explained(first), where=search.before(first))


def difference(mine: Array, own: Array) -> str:
    """How an array differs from what it should be."""
    if mine.shape != own.shape:
        return f"it has the shape {mine.shape}, {own.shape} is expected"
    apart = np.where(np.isfinite(mine), np.abs(mine - own), np.inf)
    where = np.unravel_index(int(np.argmax(apart)), mine.shape)
    place = element("", where) or "there"
    return f"the largest difference is at {place}: {mine[where]:.6g} came, {own[where]:.6g} is expected"


def raised(search: Search) -> Mistake:
    """An exception of the student's function, with the line that it tried to compute; or what was wrong before it."""
    answer = search.answer
    assert answer.error is not None
    before = search.noted_slip()
    if before is not None:
        return mistake(search, before)
    shaped = next(search.shaped(), None)
    if shaped is not None:
        return shaped
    failure = answer.failure or Failure()
    target = search.wanted.get(failure.target)
    kind, hint = "raises", ""
    if isinstance(answer.error, ValueError) and failure.operator:
        kind, hint = guessed(search, failure, target)
    code = f", `{answer.text}`," if answer.text else ""
    return Mistake(target or failure.target, kind, f"cannot be computed: {hint}line {answer.line}{code} raises "
                   f"{described(answer.error)}", explanation=search.explained(target) if target else None)


def guessed(search: Search, failure: Failure, target: str) -> tuple[str, str]:
    """Why arrays do not go together: one does not belong there, @ and * are mixed up, or a transpose is missing."""
    reads, product = search.behind(target) if target else (set(), True)
    mine = [text for text in failure.reads if search.wanted.get(text)]
    strange = [text for text in mine if target and search.wanted.get(text) not in reads]
    if failure.compares:
        return "mask", "the mask has another shape: "
    if strange:
        return "wrong array", f"it uses {strange[0]}, which does not belong there: "
    if failure.operator == "*" and product:
        return "product", "@ belongs there, not *: "
    if failure.operator == "@" and not product:
        return "product", "* belongs there, not @: "
    if failure.operator == "@":
        return "transpose", "a transpose is missing or too many: "
    return "shape", "shapes do not go together, a sum is over another axis or keepdims=True is missing: "


# ── the check ────────────────────────────────────────────────────────────────────────────────


def check(
    loss: Callable[..., Any], params: Any, function: Callable[..., Any], X: Any, Y: Any, reduction: str,
    names: Mapping[str, str],
) -> MatrixReport:
    """See `autograd.check.matrices`."""
    if reduction not in ("mean", "sum"):
        raise UsageError(f'reduction is "mean" or "sum", {reduction!r} came')
    program = Program(loss, params)
    batch = as_batch(X, Y)
    engine = program._compiled(batch, "outputs")
    if engine.plan.several:
        raise UsageError("a loss of one Value is expected, several came")
    theta = np.array([value.data for value in program.params])
    given = numbers(engine, theta, batch, engine.noise(batch, np.random.default_rng(0)))
    read = engine.written.loops
    if reduction == "sum":
        read = replace(read, backward=[summed(line) for line in read.backward])
    known = parameters(params, program, read)
    student = Student(function, known, Y is not None, names)
    given["theta"] = generic(given["theta"], student.given)
    lines = Lines(engine.written.shown, read, given, engine.plan.sizes["parameter"])
    search = best(student, lines, given, np.asarray(X, dtype=float), None if Y is None else np.asarray(Y, dtype=float))
    return report(student, search, program)


def summed(line: Line) -> Line:
    """A line of the backward half for the sum over the batch: its gradient begins with 1, not with 1/n."""
    if isinstance(line, Let) and line.value.kind == "full" and line.value.args[0].key == (1 / N).key:
        return Let(line.name, full(line.value.shape, as_array(1)))
    return line


def generic(theta: Array, known: Sequence[Parameter]) -> Array:
    """Parameters of which no array has equal numbers throughout: nothing agrees by chance then."""
    rng, theta = np.random.default_rng(0), theta.copy()
    for one in known:
        if np.ptp(theta[one.stored]) == 0:
            theta[one.stored] += rng.normal(0, 0.1, one.stored.shape)
    return theta


def best(student: Student, lines: Lines, given: Arrays, X: Array, Y: Array | None) -> Search:
    """The search in the convention that makes the most of the student's function."""
    searches: list[Search] = []
    for convention in CONVENTIONS:
        if convention.biases != "flat" and not student.given:
            continue
        answer = student.answer(convention, given["theta"], X, Y)
        searches.append(Search(lines, given, student, answer))
        if searches[-1].is_right:
            return searches[-1]
    most = max(map(Search.rank, searches))
    alike = [search for search in searches if search.rank() == most]
    solved = (search for search in alike if search.answer.error is None and search.found and search.solved)
    return next(solved, alike[0])


def report(student: Student, search: Search, program: Program) -> MatrixReport:
    """The report on what a search finds."""
    answer, right = search.answer, search.agreeing(search.right)
    names = {one.name: one.called for one in student.known}
    made = MatrixReport(
        student.title, [names[one] for one in names if one in right], [names[one] for one in names if one not in right],
        layout=answer.layout, program=program, lines=tuple(search.lines.names))
    if answer.error is not None:
        made.mistakes.append(raised(search))
        return made
    made.mistakes += [Mistake(names[one], "missing", "is missing in what the function returns")
                      for one in names if one not in answer.gradients]
    found = [*search.misshapen(), *(mistake(search, slip, others) for slip, others in search.found)]
    made.mistakes += sorted(found, key=lambda one: search.order.get(one.explanation.name, 0) if one.explanation else 0)
    if made.wrong and not made.mistakes:
        made.mistakes.append(unknown(search))
    return made
