"""Statements that say what is to be done on an adjoint (`sct.ir.ops.AdjointOf`), gone from what nobody differentiates any more.

Takes a finished function; gives it with the values themselves in place of their results.
"""

from __future__ import annotations

from sct.analysis.effects import statements
from sct.ir.ops import AdjointOf
from sct.ir.rewriting import changed, map_blocks, renamed
from sct.ir.ssa import Apply, Block, Function, Operand, Statement, Value
from sct.optimize.dead_code import dead_code

__all__ = ["without_adjoints"]


def without_adjoints(f: Function) -> Function:
    """`f` without them, and without what only they read."""
    if not any(map(_is_of_adjoint, statements(f.block))):
        return f
    return dead_code(changed(f, block=_without(f.block)))


def _is_of_adjoint(s: Statement) -> bool:
    return isinstance(s, Apply) and isinstance(s.op, AdjointOf)


def _without(block: Block) -> Block:
    body = [s if isinstance(s, Apply) else map_blocks(_without, s) for s in block.body]
    own: dict[Value, Operand] = {}
    for s in body:
        if isinstance(s, Apply) and _is_of_adjoint(s):
            x = s.args[0]
            own[s.result] = own.get(x, x) if isinstance(x, Value) else x
    return renamed(block.with_([s for s in body if not _is_of_adjoint(s)]), own)  # type: ignore[arg-type]
