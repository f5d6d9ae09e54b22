"""The program as people read it: of several ways to say the same, the one that is easiest to read."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from autograd.compiler.arrays.function import Function, function
from autograd.compiler.arrays.looped import Looped
from autograd.compiler.arrays.loops import looped
from autograd.compiler.arrays.place import Places
from autograd.compiler.blocks.group import groups
from autograd.compiler.blocks.plan import Plan
from autograd.compiler.blocks.recurrence import FEW, MORE, UNLIKE, unlike, with_recurrence
from autograd.compiler.printers.to_numpy import Printer
from autograd.compiler.scalars.canonical import canonical, in_sums
from autograd.compiler.scalars.chains import has_chains, one_after_another
from autograd.compiler.scalars.levels import with_partial_sums

LONG, MANY_ALIKE = 30, 100
"""From so many statements, or so many outside loops that are alike, on it is worth while to look for a recurrence."""

LONGER, APART = 150, 3
"""Of so many statements outside loops each would become several, if what is mixed in them came apart; of so many times
the blocks there would be as many statements."""

WIDE = 4
"""So many scalars a block has in the mean where steps are read by tables rather than one by one."""


class Reading:
    """The statements of a plan, with loops in the places of what repeats."""

    def __init__(self, made: Plan, guarded: bool = True) -> None:
        self.plan, self.guarded = made, guarded
        self.functions: dict[str, Function] = {}
        self.read: dict[str, Looped] = {}

    def function(self, kind: str) -> Function:
        """The statements of "value_and_grad", of "inputs" (with dX) or of "outputs"."""
        if kind not in self.functions:
            self.functions[kind] = function(self.plan, kind, self.guarded)
        return self.functions[kind]

    def looped(self, kind: str) -> Looped:
        """The same with loops."""
        if kind not in self.read:
            self.read[kind] = looped(self.function(kind))
        return self.read[kind]

    @property
    def shown(self) -> Function:
        """The function that people look at."""
        return self.function(self.plan.kind)

    @property
    def loops(self) -> Looped:
        """The same with loops."""
        return self.looped(self.plan.kind)

    @property
    def source(self) -> str:
        """The same as text, with the numbers that Values from outside have now."""
        outside = [value.data for value in self.plan.outside]
        return Printer(self.shown.places).source(self.loops, {"outside": np.array(outside)} if outside else {})

    @cached_property
    def places(self) -> Places:
        """Where each scalar of the trace is in the source."""
        return Places(self.plan, self.shown, self.loops)


def easiest(read: Reading) -> Reading:
    """The reading of the same loss that is the easiest: as it is, with chains apart, unmixed, or by tables."""
    apart = by_chains(read)
    if apart:
        return apart
    plain = unmixed(read)
    if plain and not plain.loops.may_grow:
        return plain
    return by_tables(read) or plain or read


def by_chains(read: Reading) -> Reading | None:
    """With chains one after the other that need not wait for one another, where that makes a long text shorter."""
    made, loops = read.plan, read.loops
    if len(loops.outside) <= LONG or not has_chains(made.canonical):
        return None
    found = one_after_another(in_sums(made.graph))
    if found is None:
        return None
    chains = Reading(made.of(found[0], groups(*found)))
    longer = len(chains.loops.outside) > len(loops.outside) or len(chains.source) >= len(read.source)
    return None if longer else chains


def unmixed(read: Reading) -> Reading | None:
    """With statements of their own for what loops would lay side by side, where that is easier to read."""
    made, loops = read.plan, read.loops
    if not (loops.mixed or loops.masked or (loops.may_grow and len(loops.outside) < LONGER)):
        return None
    normal = canonical(made.graph)
    plain = made.of(normal, groups(normal, mixed=False))
    if len(plain.blocks) > APART * len(made.blocks):
        return None
    found = Reading(plain)
    grows = not loops.may_grow and found.loops.alike > loops.alike
    longer = len(found.loops.outside) > (1 if loops.may_grow else 2) * len(loops.outside)
    return found if found.loops.effort < loops.effort and not (grows or longer) else None


def by_tables(read: Reading) -> Reading | None:
    """With a recurrence, where the text may grow with the steps and that says it in half the statements."""
    made, loops = read.plan, read.loops
    if not loops.may_grow:
        return None
    many, found = loops.alike > MANY_ALIKE, None
    if unlike(made.patterns) >= UNLIKE:
        found = recurring(made, least=UNLIKE)
    if found is None and (many or (len(loops.forward) > LONG and may_recur(made))):
        found = recurring(made, most=MORE if many else FEW)
    steps = found and Reading(found)
    return steps if steps and 2 * len(steps.loops.outside) < len(loops.outside) else None


def recurring(made: Plan, least: float = -math.inf, most: int = FEW) -> Plan | None:
    """The plan with a recurrence, if there is one of at most so many operations that saves as many statements."""
    normal = with_partial_sums(canonical(made.graph))
    found = groups(normal)
    read = with_recurrence(normal, found, least, most)
    return None if read is found else made.of(normal, read)


def may_recur(made: Plan) -> bool:
    """Whether tables may say it well: blocks are wide, and those in the middle no products with parameters."""
    blocks = made.computing
    sources = [term.left.source for block in blocks[len(blocks) // 4 : -len(blocks) // 4] for term in block.terms
               if term.weights]
    by_weights = any(source is not None and made.blocks[source].op == "parameter" for source in sources)
    return not by_weights and sum(block.size for block in blocks) >= WIDE * len(blocks)
