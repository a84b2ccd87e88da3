"""Pruning: what branches and loops hand on is what somebody reads.

Takes a block of the untyped form in which a branch yields, and a loop carries, every name that is assigned in it; gives it
without those that are not read afterwards, nor in the next iteration, before they are assigned anew. A loop's index is seldom
read after the loop. Never drops an operation, but those of a rule that are for results which nobody asks for.
"""

from __future__ import annotations

from collections.abc import Sequence

from sct.ir.rewriting import keeping, map_blocks
from sct.ir.ssa import (
    Apply,
    Block,
    Operand,
    Statement,
    Value,
    read,
    reads_of,
    values_of,
)
from sct.ir.types import Const, Tuple

__all__ = ["giving", "pruned"]


def pruned(block: Block) -> Block:
    """The block without φ's that nothing needs."""
    sources: dict[Value, tuple[Operand, ...]] = {}
    needed: set[Value] = set()
    work = _asked(block, sources)
    while work:
        v = work.pop()
        if v not in needed:
            needed.add(v)
            work += values_of(*sources.get(v, ()))
    return _without(block, needed)


def giving(block: Block, wanted: Sequence[bool]) -> Block:
    """A block that gives a tuple, without the items of it that are not wanted, nor what is made for these alone."""
    (whole,) = block.yields
    if not isinstance(whole, Tuple) or len(whole.items) != len(wanted):
        return block
    items = tuple(i if w else Const(None) for i, w in zip(whole.items, wanted, strict=True))
    needed = set(values_of(*items))
    spare = read(block) - needed
    kept: list[Statement] = []
    for s in reversed(block.body):
        if not isinstance(s, Apply) or s.result not in spare:
            reads = reads_of(s)
            needed |= reads
            spare -= reads
            kept.append(s)
    return block.with_(reversed(kept), (Tuple(items),))


def _asked(block: Block, sources: dict[Value, tuple[Operand, ...]]) -> list[Value]:
    """What is read other than by φ's, in a block and those in it; `sources` gets what each φ takes its value from."""
    asked = values_of(*block.yields)
    blocks = [block]
    while blocks:
        for s in blocks.pop().body:
            blocks += s.blocks
            asked += values_of(*s.reads)
            sources.update(s.flows)
    return asked


def _without(block: Block, needed: set[Value]) -> Block:
    """The block with the φ's in `needed` alone."""
    return block.with_([_statement_without(s, needed) if s.blocks else s for s in block.body])


def _statement_without(s: Statement, needed: set[Value]) -> Statement:
    s = map_blocks(lambda b: _without(b, needed), s)
    return keeping(s, [k for k, phi in enumerate(s.phis) if not needed.isdisjoint((phi.result, *phi.params))])
