"""Binding: which values a path may leave undefined.

Takes a block; gives the values that are undefined if some branch is taken, or some loop is not run. A program never uses
such a value on such a path, but the reverse sweep might keep it, or ask for its shape.
"""

from __future__ import annotations

from sct.ir.ssa import Block, For, If, Operand, Value, While, blocks_of, carried_params
from sct.ir.types import UNDEFINED

__all__ = ["unbound_values"]


def unbound_values(block: Block) -> set[Value]:
    """The values of a block, and of the blocks in it, that are undefined on some path."""
    out: set[Value] = set()
    while True:
        before = len(out)
        _collect(block, out)
        if len(out) == before:
            return out


def _collect(block: Block, out: set[Value]) -> None:
    def may_be(o: Operand) -> bool:
        return o is UNDEFINED or (isinstance(o, Value) and o in out)

    for s in block.body:
        for b in blocks_of(s):
            _collect(b, out)
        if isinstance(s, If):
            out.update(r for r, a, b in zip(s.results, s.then.yields, s.orelse.yields, strict=True) if may_be(a) or may_be(b))
        elif isinstance(s, (For, While)):
            params = carried_params(s)
            for p, r, i, y in zip(params, s.results, s.inits, s.body.yields, strict=False):
                if may_be(i):
                    out.update((p, r))
                if may_be(y):
                    out.update((p, r))
