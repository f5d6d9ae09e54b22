"""What a program consists of, for people and pictures."""

from __future__ import annotations

from dataclasses import dataclass

from autograd.compiler.build import Plan
from autograd.compiler.function import Function
from autograd.compiler.printer import Printer


@dataclass(frozen=True)
class BlockInfo:
    """What a picture needs to know of a block: its name, operation, shape, operands and size."""

    name: str
    op: str
    shape: tuple[int | str, ...]
    operands: tuple[str, ...]
    scalars: int
    statement: str
    flops: int


def block_infos(made: Plan, function: Function) -> list[BlockInfo]:
    """The blocks of a plan for people and pictures."""
    write, infos = Printer(), []
    for position, let in function.of_block.items():
        block = made.blocks[position]
        sources = [operand.source for operand in block.reads() if operand.source is not None]
        operands = tuple(dict.fromkeys(function.names[source] for source in sources))
        shape: tuple[int | str, ...] = ("batch", block.size) if block.batched else (block.size,)
        infos.append(
            BlockInfo(let.name.info, block.kind, shape, operands, block.size, write.statement(let), block.flops))
    return infos


def table(infos: list[BlockInfo], made: Plan) -> str:
    """A table of the blocks, and a line that sums them up."""
    lines = [("block", "operation", "shape", "scalars", "flops")]
    lines += [(b.name, b.op, str(b.shape).replace("'", ""), f"{b.scalars:,}", f"{b.flops:,}") for b in infos]
    widths = [max(len(line[i]) for line in lines) for i in range(5)]
    rows = ["  ".join([*map(str.ljust, line[:3], widths[:3]), *map(str.rjust, line[3:], widths[3:])]) for line in lines]
    total = (f"{len(made.graph):,} scalar nodes → {len(infos)} blocks of {sum(b.scalars for b in infos):,} scalars, "
             f"{made.sizes['parameter']:,} parameters, {sum(b.flops for b in infos):,} flops forward")
    return "\n".join([rows[0], "-" * len(rows[0]), *rows[1:], total])
