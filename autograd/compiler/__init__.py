"""From a scalar graph to a matrix program.

The passes, in order; each takes what the one before made:

- `trace`          run the loss once on symbols and write down every scalar operation;
- `canonical`      sums of signed products; no zeros, no common sub-expressions;
- `group`          vectors of scalars that do the same;
- `reroll`         matrix products, elementwise operations, reductions;
- `emit`           NumPy statements for the forward half;
- `differentiate`  and for the backward half, by the rules of the table;
- `lower`          the same statements with buffers that are used again.

`build` runs them, `verify` compares the result with the scalar graph, `program` is what users hold.
"""

from autograd.compiler.program import BlockInfo, Program, compile

__all__ = ["BlockInfo", "Program", "compile"]
