"""Layout: of which values the order of the axes in memory can be seen.

Takes a function; gives the values whose layout a result may depend on: the results of the forward sweep, a test or a number of
iterations, what acts, and what the reverse sweep reads. NumPy's operations hand the layout of their operands on; what is
stored into an array takes that of the array. A copy of anything else may be laid out in any way, and so may copies in the
reverse sweep, unless the function asks how an array lies.
"""

from __future__ import annotations

from sct.analysis.binding import behind
from sct.analysis.effects import has_effect, statements
from sct.analysis.layout import asks_for_layout, never_asks
from sct.ir.ops import InPlace, Special, Steps, StepsBack
from sct.ir.ssa import Apply, Block, Function, Operand, Value, is_derived, values_of
from sct.ir.types import Array
from sct.registry.facts import facts_of

__all__ = ["layouts_seen"]


def layouts_seen(f: Function) -> set[Value]:
    """The values of `f` on whose order of axes something may depend."""
    all_ = list(statements(f.block))
    operations = {id(s.op): s.op for s in all_}  # most never ask, and are looked at once
    asking = {k for k, op in operations.items() if not never_asks(op)}
    every = any(id(s.op) in asking and asks_for_layout(s) for s in all_)
    sources: dict[Value, tuple[Operand, ...]] = {}
    new: set[Value] = set()
    roots = [*values_of(*f.block.yields)]
    work: list[Block] = [f.block]
    while work:
        for s in work.pop().body:
            work += s.blocks
            sources.update(s.flows)
            if not isinstance(s, Apply):
                roots += values_of(*s.reads)
                continue
            if is_derived(s) and not every:
                new.add(s.result)
                roots += values_of(*_laid_out(s, new=True))
                continue
            in_place = isinstance(s.op, InPlace)
            sources[s.result] = s.args[:1] if in_place else _laid_out(s, new=False)
            if every or isinstance(s.op, (Special, Steps, StepsBack)) or (has_effect(s) and not in_place):
                roots += values_of(s.result, *s.operands)
    return behind(roots, sources) - new


def _laid_out(s: Apply, new: bool) -> tuple[Operand, ...]:
    """The operands on whose layout what an operation gives may depend; `new`: its own may be any."""
    form_of = facts_of(s.op).form_of
    if form_of is None or (isinstance(s.result.type, Array) and not new):  # an array of the same form lies in the same way
        return s.operands
    return s.operands[:form_of] + s.operands[form_of + 1 :]
