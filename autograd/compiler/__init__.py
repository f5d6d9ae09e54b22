"""From a scalar graph to a matrix program. Each folder is a floor, which reads those below it and none above.

`scalars`: a graph of single numbers.

- `trace`       runs the loss once on symbols, which write every operation on a `tape`
- `canonical`   sums of signed products, without zeros; equal expressions become one. `features` multiplies out sums
                of parameters times data, `multiples` makes one of sums that are multiples of one another, `shifts`
                finds what is subtracted in exponents for safety alone, and `maps` makes linear maps, one after the
                other, one, where that runs sooner
- `levels`      which scalars do the same, and when each can be computed; `chains` puts those one after the other that
                need not wait for one another; `graph` is what all of these read
- `pieces`      functions of one number with kinks, said exactly, and the `forms` of them that run soonest
- `reference`   evaluates a graph as it was traced: the judge of every program, and its answer where that is not
                finite

`blocks`: vectors and matrices hidden in it.

- `group`       vectors of scalars that do the same; `recurrence` finds those that wait for one another, step by step
- `reroll`      blocks: matrix products, elementwise operations, reductions (`block`), and how they are read (`views`)
- `pad`         ragged rows as rectangles, whose dead elements are neutral
- `plan`        runs all passes up to here, unless hardly two scalars do the same

`arrays`: a tree of nodes, and statements about them, of which every later part is made (`array`).

- `layout`      what each block's array is called (`names`), over which axes it is computed, how it is read
- `forward`     a statement for every block
- `backward`    the chain rule from block to block, by the rules of the table, and how gradients are added up
                (`steps`)
- `function`    both halves, from the arguments to the results; what need not be copied or begin as zeros does not
- `loops`       statements that repeat (`repeats`), written once, with first and last steps like the others (`ends`)
                and names for the `weights` of steps: a function as it is read (`looped`), where views are said by
                `axes`
- `place`       finds a scalar in its array; `interpret` computes statements one by one, and `elements` says what one
                element of an array is

`printers`: text, printed and never read again.

- `to_numpy`    what a lecturer would write; `to_jax`, `to_javascript` and, of an optimiser's update, `rules`
- `straight`    Python over floats, for tiny graphs, by the same rules

`buffers`: what runs.

- `buffered`    the statements as calls that write into arrays kept from call to call, which `calls` prints
- `columns`     the same for an irregular graph, scalar by scalar, without blocks or statements
- `algebra`     the calls that give the same numbers in less time; `memory` says where arrays lie and which can be one,
                `cost` what calls take
- `floats`      numbers that are the same for all examples as floats of Python, where calls would take longer
- `lowering`    the calls of a function with examples first or last, whichever takes less time

`native`: the same as machine code, which `machine` compiles from text (`llvm`): `scalar` graphs over eight examples at
once, and loops over arrays (`kernels`) for calls of a program that follow one another (`fuse`) or of an optimiser
(`vectors`).

`engine` makes a plan runnable for every kind and dtype and each thread, from `arguments` that it checks, and knows by
`finite` where to compute scalar by scalar; `reading` says it in the way, of several, that is easiest to read; `verify`
compares both with the scalar graph before they are handed out; `program` is what users hold. `explain` looks inside:
`explanation` says what a line stands for, `entries` writes an array as a rule over its scalars, index by index,
`passes` tells what each pass made, as `nodes` for pictures, and `example` replays the trace as an eager graph.
"""

from autograd.compiler.arrays.place import Place
from autograd.compiler.explain.explanation import Explanation
from autograd.compiler.explain.nodes import BlockInfo, Node
from autograd.compiler.explain.passes import Pass
from autograd.compiler.program import Program, compile

__all__ = ["BlockInfo", "Explanation", "Node", "Pass", "Place", "Program", "compile"]
