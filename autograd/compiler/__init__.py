"""From a scalar graph to a matrix program.

Each of these takes what the one before made. Scalars:

- `trace`      run the loss once on symbols (`traced`), which write every operation on a `tape` (`graph`)
- `canonical`  sums of signed products, no zeros; `merge` equal expressions                    (`sums`)
- `group`      vectors of scalars that do the same
- `reroll`     blocks: matrix products, elementwise operations, reductions; `rows` finds them  (`blocks`)

Arrays, a tree of nodes and statements that every later part is made of and none reads as text (`array`):

- `layout`     what each block's array is called, over which axes it is computed, how it is read (`views`, `names`)
- `forward`    a statement for every block
- `backward`   the chain rule from block to block, by the rules of the table; `gradients` adds up
- `function`   both halves, from the arguments to the results; what need not be copied or begin as zeros does not
- `buffered`   the same as calls that write into arrays kept from call to call; `reuse` lets these share memory

Text, printed and never read again:

- `printer`    readable NumPy; `to_jax` the forward half in JAX; `straight` Python over floats, for tiny graphs

`build` runs the first part, `engine` the rest, `execute` turns text into functions, `verify` compares the result with
the scalar graph by the `reference` evaluator, and `program` is what users hold. To look inside, `passes` tells what
each of them made, scalars as `nodes` and blocks as `arrays`, `summary` lists the blocks, `example` replays the trace
as an eager graph, and `place` finds a scalar in its array.
"""

from autograd.compiler.nodes import Node
from autograd.compiler.passes import Pass
from autograd.compiler.place import Place
from autograd.compiler.program import Program, compile
from autograd.compiler.summary import BlockInfo

__all__ = ["BlockInfo", "Node", "Pass", "Place", "Program", "compile"]
