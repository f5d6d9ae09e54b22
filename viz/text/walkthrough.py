"""Backpropagation step by step, each step with the sentence that a lecturer would say.

>>> from autograd import Value
>>> x, y, z = Value(-2.0, "x"), Value(5.0, "y"), Value(-4.0, "z")
>>> walk = Walk((x + y) * z)
>>> for step in walk.forward() + walk.backward():
...     print(step.phase, step.sentence, sep=": ")
forward: q = x + y = -2 + 5 = 3
forward: f = q * z = 3 * (-4) = -12
backward: df/df = 1
backward: df/dq = z = -4
backward: df/dz = q = 3
backward: df/dx = df/dq · dq/dx = -4 · 1 = -4
backward: df/dy = df/dq · dq/dy = -4 · 1 = -4
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from autograd import Value, ancestors, local_derivatives, ops
from autograd.backward import interior, require_unchanged
from viz.text import naming
from viz.text.markup import printable, shorten
from viz.text.sentences import Chain, Sentences
from viz.text.tokens import Sentence


@dataclass(frozen=True)
class Step:
    """One step of the forward or backward pass: the value it reaches, what is known of it now, and the sentence.

    `number` is the value's data in the forward pass and its gradient so far in the backward pass; `said` is the
    sentence as tokens. In the backward pass, after its first step, `chain` is the edge that the chain rule goes along.
    """

    phase: Literal["forward", "backward"]
    value: Value
    name: str
    number: float
    said: Sentence = field(repr=False)
    chain: Chain | None = None

    @property
    def sentence(self) -> str:
        """The sentence as text."""
        return self.said.text

    @property
    def latex(self) -> str:
        """The sentence for slides."""
        return self.said.latex

    @property
    def mathml(self) -> str:
        """The sentence as browsers draw it, a `<math>` element."""
        return self.said.mathml


class Walk:
    """A walk through a graph: its values, the oldest first, and what they are called.

    Raises `UsageError` if data were assigned since the root was computed: no sentence would be true.
    """

    def __init__(self, root: Value, number_format: str = ".4g", names: Mapping[str, Any] | None = None) -> None:
        self.root = root
        require_unchanged(interior(root))
        self.values = ancestors(root)
        labels = {value: shorten(printable(label)) for value, label in naming.labels(self.values, names).items()}
        self.names = naming.unique(self.values, [root], labels)
        self.sentences = Sentences(root, self.names, number_format)

    def forward(self) -> list[Step]:
        """Each operation: q = x + y = -2 + 5 = 3."""
        return [
            Step("forward", value, self.names[value], value.data, self.sentences.forward(value))
            for value in self.values
            if isinstance(value.op, ops.Op)
        ]

    def backward(self) -> list[Step]:
        """The seed and the chain rule along each edge, with running sums where paths meet."""
        words, names = self.sentences, self.names
        return [Step("backward", self.root, names[self.root], 1.0, words.seed()), *(
            Step("backward", chain.operand, names[chain.operand], chain.total, words.backward(chain), chain)
            for chain in self.chains()
        )]

    def chains(self) -> Iterator[Chain]:
        """The chain rule along each edge, the youngest operation first, an operand at a time."""
        uses = Counter(arg for value in self.values for arg in value.args)
        gradients = {self.root: 1.0}
        met: Counter[Value] = Counter()
        for value in reversed(self.values):
            for i, (arg, partial) in enumerate(zip(value.args, local_derivatives(value), strict=True)):
                if arg.op is ops.constant:
                    continue
                met[arg] += 1
                chain = Chain(value, i, gradients[value], partial, met[arg], uses[arg], gradients.get(arg))
                gradients[arg] = chain.total
                yield chain
