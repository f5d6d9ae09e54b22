"""From a scalar graph to a matrix program.

The passes, in order; each takes what the one before made:

- `trace`          run the loss once on symbols (`traced`), which write every operation on a `tape` (`graph`)
- `canonical`      sums of signed products, no zeros; `merge` common sub-expressions      (`sums`)
- `group`          vectors of scalars that do the same
- `reroll`         matrix products, elementwise operations, reductions; `rows` finds them  (`blocks`)
- `emit`           NumPy statements for the forward half; `read` writes their operands
- `differentiate`  and for the backward half, by the rules of the table; `accumulate` adds up
- `source`         both halves as a function that runs on its own
- `lower`          the same statements with buffers, which `share` lets live in little memory
- `straight`       or, for tiny graphs, Python over floats

`build` runs the first four, `compiled` holds what `executable` makes of the rest, `verify` compares
the result with the scalar graph by the `reference` evaluator, and `program` is what users hold.
To look inside, `passes` tells what each of them made, scalars as `nodes` and then blocks as `arrays`,
`example` replays the trace as an eager graph, and `place` finds a scalar in its array.
"""

from autograd.compiler.nodes import Node
from autograd.compiler.passes import Pass
from autograd.compiler.place import Place
from autograd.compiler.program import Program, compile
from autograd.compiler.summary import BlockInfo

__all__ = ["BlockInfo", "Node", "Pass", "Place", "Program", "compile"]
