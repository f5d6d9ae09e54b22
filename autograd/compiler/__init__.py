"""From a scalar graph to a matrix program.

Each of these takes what the one before made. Scalars (`graph`):

- `trace`      run the loss once on symbols (`traced`), which write every operation on a `tape`
- `canonical`  sums of signed products, without zeros; equal expressions become one (`shifts`, `features`, `levels`)
- `group`      vectors of scalars that do the same
- `reroll`     blocks: matrix products, elementwise operations, reductions                    (`blocks`)
- `pad`        ragged rows as rectangles, whose dead elements are neutral

Arrays: a tree of nodes, and statements about them, of which every later part is made (`array`):

- `layout`     what each block's array is called, over which axes it is computed, how it is read (`views`, `names`)
- `forward`    a statement for every block
- `backward`   the chain rule from block to block, by the rules of the table, and how gradients are added up
- `function`   both halves, from the arguments to the results; what need not be copied or begin as zeros does not
- `buffered`   the same as calls that write into arrays kept from call to call; `algebra` says which calls give the
               same numbers in less time, `memory` which arrays can be one, `cost` whether examples lie first or last

Text, printed and never read again:

- `printer`    readable NumPy; `to_jax` the forward half in JAX
- `straight`   Python over floats, for tiny graphs, by the same rules; `native` the same as machine code (`llvm`)

`build` runs the first part and `engine` the rest, `autograd.execute` makes functions of Python's text. `verify`
compares the result with the scalar graph as `reference` evaluates it, which also computes anew what is not finite,
and `program` is what users hold. To look inside, `passes` tells what each of them made, as `nodes` for pictures;
`example` replays the trace as an eager graph, and `place` finds a scalar in its array. `explain` says what a line
stands for: `entries` writes the tree of an array as a rule over its scalars, index by index, and `interpret` computes
lines one by one.
"""

from autograd.compiler.explain import Explanation
from autograd.compiler.nodes import BlockInfo, Node
from autograd.compiler.passes import Pass
from autograd.compiler.place import Place
from autograd.compiler.program import Program, compile

__all__ = ["BlockInfo", "Explanation", "Node", "Pass", "Place", "Program", "compile"]
