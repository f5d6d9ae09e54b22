"""Random losses computed in several ways: `python tests/agree.py --graphs 10000 --seed 0`.

Case number s is drawn from the seed s, so `--only s` shows it and computes it again. Pairs are compared, values and
gradients with respect to parameters and inputs:

- eager evaluation beside 50 digits (`oracle`), which knows no rule of the table,
- the compiled program, run in every way there is, beside eager evaluation,
- the program as JAX under `jax.jit` beside the program as NumPy,
- both kinds of machine code beside eager evaluation, where `--pairs` names it: to compile takes a second for each case.

One loss in eight stands at kinks, ties and singular points, guarded by selections or not, and numbers that are not
finite come in: for those the compiled program, and machine code, are compared with eager evaluation alone.

Results may be apart by a tolerance times the sum of the absolute terms of which they consist (see `agreement`): a
number that is the small difference of large ones has the rounding errors of the large ones.
"""

from __future__ import annotations

import argparse
import collections
import importlib.util
import itertools
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from agreement import Comparison, at_corners, by_machine_code, eager, every_way, nested, theta_of
from oracle import exact
from random_corners import Corners, random_corners
from random_graphs import random_graph
from random_losses import random_grids, random_loops, random_wires
from tqdm import tqdm

from autograd import Value
from autograd.backward import interior

EAGER = 1e-15
"""Times the sum of absolute terms, to each of which a node adds an ulp or two of 2.2e-16: eager beside the oracle."""

NOISE = 1e-15
"""Times `EAGER`: 50 digits less the 17 of the step make a slope that is 0 some 1e-33 (see `oracle`)."""

PAIRS = ("eager, 50 digits", "compiled, eager", "JAX, NumPy", "machine code, eager")

BESIDE_EAGER = {PAIRS[1]: every_way, PAIRS[3]: by_machine_code}
"""The pairs of which eager evaluation is one, with the ways to compute the other."""

CHUNK = 50
"""Cases that a process takes at once."""


def drawn(seed: int) -> tuple[Any, Any, Any]:
    """The loss of a seed, a row of X and Y for each example: most are graphs, others loops, grids, wires, corners."""
    rng = random.Random(seed)
    if seed % 8 == 7:
        return *random_corners(rng), None
    if rng.randrange(4):
        return random_graph(rng)
    return rng.choice([random_loops, random_loops, random_grids, random_wires])(rng)


def operations(seed: int) -> int:
    """How many values the loss of a seed computes for one example."""
    loss, X, Y = drawn(seed)
    total = loss.case().loss(*(nested(part[0]) for part in (X, Y) if part is not None))
    return len(interior(total)) if isinstance(total, Value) else 0


def comparisons(seed: int, pairs: Iterable[str] = PAIRS) -> Iterator[tuple[str, Comparison]]:
    """Everything that is compared for one seed."""
    loss, X, Y = drawn(seed)
    case = loss.case()
    if isinstance(loss, Corners):
        for pair, ways in BESIDE_EAGER.items():
            if pair in pairs:
                for comparison in at_corners(case, X, ways):
                    yield pair, comparison
        return
    expected, bound = eager(case, X, Y)
    if PAIRS[0] in pairs:
        truth = exact(loss, theta_of(case), X, Y)
        for name in ("outputs", "value", "gradient", "inputs"):
            allowed = getattr(bound, name) + NOISE
            yield PAIRS[0], Comparison(name, getattr(expected, name), getattr(truth, name), allowed, EAGER)
    for pair, ways in BESIDE_EAGER.items():
        if pair in pairs:
            for comparison in ways(case, X, Y, None, expected, bound):
                yield pair, comparison
    if PAIRS[2] in pairs:
        for comparison in jax_beside_numpy(case, X, Y, bound):
            yield PAIRS[2], comparison


def jax_beside_numpy(case: Any, X: Any, Y: Any, bound: Any) -> Iterator[Comparison]:
    """The program as JAX: what it gives for each example, the mean, and the slopes of that."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax

    program, theta = case.compiled(), theta_of(case)
    value, gradient, inputs = program.value_and_grad(theta, X, Y, inputs=True)
    each, slopes = program.to_jax(each=True), jax.value_and_grad(program.to_jax(), (0, 1))
    with jax.enable_x64(True):
        outputs, (mean, (along_theta, along_x)) = jax.jit(lambda *given: (each(*given), slopes(*given)))(theta, X, Y)
    yield Comparison("outputs", outputs, program(theta, X, Y), bound.outputs)
    yield Comparison("value", mean, value, bound.value)
    yield Comparison("gradient", along_theta, gradient, bound.gradient)
    yield Comparison("inputs", along_x, inputs, bound.inputs)


@dataclass
class Tally:
    """What was found for one pair."""

    cases: set[int] = field(default_factory=set)
    operations: int = 0
    numbers: int = 0
    share: float = 0.0
    """The largest error by what is allowed."""
    wrong: dict[int, str] = field(default_factory=dict)

    def add(self, seed: int, comparison: Comparison) -> None:
        """Count one comparison."""
        if seed not in self.cases:
            self.cases.add(seed)
            self.operations += operations(seed)
        self.numbers += comparison.found.size
        share = comparison.share
        if share <= 1:
            self.share = max(self.share, share)
        else:
            self.wrong.setdefault(seed, str(comparison))


def tallied(seeds: Iterable[int], pairs: Iterable[str] = PAIRS) -> dict[str, Tally]:
    """A tally of every pair; what raises is a disagreement as well."""
    tallies: dict[str, Tally] = collections.defaultdict(Tally)
    for seed in seeds:
        pair = "drawing"
        try:
            for pair, comparison in comparisons(seed, pairs):
                tallies[pair].add(seed, comparison)
        except Exception as error:
            tallies[f"after {pair}"].wrong[seed] = f"{type(error).__name__}: {error}"
    return dict(tallies)


def merged(tallies: Iterable[dict[str, Tally]]) -> dict[str, Tally]:
    """The sum of several tallies of each pair."""
    total: dict[str, Tally] = collections.defaultdict(Tally)
    for part in tallies:
        for pair, tally in part.items():
            total[pair].cases |= tally.cases
            total[pair].operations += tally.operations
            total[pair].numbers += tally.numbers
            total[pair].share = max(total[pair].share, tally.share)
            total[pair].wrong |= tally.wrong
    return dict(total)


def table(tallies: dict[str, Tally]) -> str:
    """A line for each pair, and what disagreed with the expressions that did."""
    layout = "{:<21}{:>8}{:>12}{:>12}{:>17}{:>15}"
    lines = [layout.format("compared", "cases", "operations", "numbers", "error/tolerance", "disagreements")]
    for pair, tally in tallies.items():
        counts = [f"{count:,}" for count in (len(tally.cases), tally.operations, tally.numbers)]
        lines.append(layout.format(pair, *counts, f"{tally.share:.2g}", len(tally.wrong)))
    for pair, tally in tallies.items():
        for seed, what in tally.wrong.items():
            lines += ["", f"{pair}, --only {seed}: {what}", repr(drawn(seed)[0])]
    return "\n".join(lines)


def main() -> int:
    """Compare as many cases as asked for; 1 where two ways disagree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graphs", type=int, default=1000, help="how many cases (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="the first of them (default: 0)")
    parser.add_argument("--only", type=int, help="one case, which is shown")
    parser.add_argument("--pairs", nargs="+", choices=PAIRS,
                        help="what to compare (default: all that is installed but machine code)")
    parser.add_argument("--processes", type=int, default=1, help="how many at once (default: 1)")
    given = parser.parse_args()
    pairs = given.pairs or [pair for pair in PAIRS[:3] if "JAX" not in pair or importlib.util.find_spec("jax")]
    seeds = range(given.seed, given.seed + given.graphs)
    if given.only is not None:
        seeds = range(given.only, given.only + 1)
        print(repr(drawn(given.only)[0]), end="\n\n")
    started = time.perf_counter()
    parts = [seeds[i : i + CHUNK] for i in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(given.processes, multiprocessing.get_context("spawn")) as pool:
        done = pool.map(tallied, parts, itertools.repeat(pairs))
        found = merged(tqdm(done, total=len(parts), unit=f" × {CHUNK}"))
    print(table(found))
    print(f"{len(seeds):,} cases from seed {seeds[0]}, {(time.perf_counter() - started) / 60:.1f} minutes")
    return int(any(tally.wrong for tally in found.values()))


if __name__ == "__main__":
    sys.exit(main())
