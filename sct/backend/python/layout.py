"""Layout: of which values the order of the axes in memory can be seen from outside.

Takes a function; gives the values whose layout the results, or what acts, may have from them. NumPy's operations hand the
layout of their operands on; what is stored into an array takes that of the array. A copy of anything else may be laid out in
any way. What the reverse sweep returns is new, and promises no layout.
"""

from __future__ import annotations

from sct.analysis.binding import behind
from sct.analysis.effects import has_effect, statements
from sct.ir.ops import Attribute, InPlace, Steps, StepsBack
from sct.ir.ssa import Apply, Block, Closure, Function, Operand, Value, captured, is_reverse, values_of
from sct.ir.types import Const

__all__ = ["layouts_seen"]


def layouts_seen(f: Function) -> set[Value]:
    """The values of `f` of which somebody else sees how they lie in memory."""
    every = any(map(_asks, statements(f.block)))
    sources: dict[Value, tuple[Operand, ...]] = {}
    new: set[Value] = set()
    roots = [*values_of(*f.block.yields)]
    work: list[Block] = [f.block]
    while work:
        for s in work.pop().body:
            work += s.blocks
            if isinstance(s, Closure):
                roots += captured(s.block)
            sources.update(s.flows)
            if is_reverse(s) and not every:
                new.update(s.results)
            elif isinstance(s, Apply):
                in_place = isinstance(s.op, InPlace)
                sources[s.result] = s.args[:1] if in_place else s.operands
                if every or isinstance(s.op, (Steps, StepsBack)) or (has_effect(s) and not in_place):
                    roots += values_of(s.result, *s.operands)
    return behind(roots, sources) - new


def _asks(s: Apply) -> bool:
    """Whether what an operation gives may depend on the layout of an operand."""
    if isinstance(s.op, Attribute):
        return s.op.name in ("flags", "strides")
    return any(isinstance(o, Const) and isinstance(o.value, str) and o.value in ("K", "A") for o in s.operands)
