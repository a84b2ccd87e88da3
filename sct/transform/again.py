"""Running again: a function without what it does to the world.

Takes a typed function that has run before, of the same arguments; gives it without the operations that act and whose results
nothing needs. Functions that it calls, and steps of checkpointed loops, are without these too. Random numbers are drawn.
"""

from __future__ import annotations

from dataclasses import replace

from sct.analysis.effects import effect, statements
from sct.ir.ops import Again, Call, Steps
from sct.ir.rewriting import map_blocks
from sct.ir.ssa import Apply, Block, Function, Statement

__all__ = ["again", "is_quiet", "quiet"]


def again(f: Function) -> Function:
    """`f` as it is run again; `f` itself where that is the same."""
    if not any(effect(s) in ("reports", "acts") for s in statements(f.block)):
        return f
    return replace(f, name=f"{f.name}_again", block=quiet(f.block))


def quiet(block: Block) -> Block:
    """A block without what it does to the world."""
    return block.with_([_statement(s) for s in block.body if is_quiet(s)])


def is_quiet(s: Statement) -> bool:
    """Whether a statement is run again, be it without what it does to the world."""
    return not isinstance(s, Apply) or isinstance(s.op, (Call, Steps)) or effect(s) not in ("reports", "acts")


def _statement(s: Statement) -> Statement:
    if not isinstance(s, Apply):
        return map_blocks(quiet, s)
    if isinstance(s.op, Call) and s.op.effect in ("reports", "acts"):
        assert not isinstance(s.op.function, Again)
        return replace(s, op=Call(Again(s.op.function), "draws" if s.op.draws else "none", s.op.draws))
    return replace(s, op=Steps(again(s.op.step))) if isinstance(s.op, Steps) else s
