"""Layout: of which values the order of the axes in memory can be seen.

Takes a function; gives the values whose layout a result may depend on: the results of the forward sweep, a test or a number of
iterations, what acts, and what the reverse sweep reads. NumPy's operations hand the layout of their operands on; what is
stored into an array takes that of the array. A copy of anything else may be laid out in any way, and so may copies in the
reverse sweep, unless the function asks how an array lies.
"""

from __future__ import annotations

from typing import Any

from sct.analysis.binding import behind
from sct.analysis.effects import callee, has_effect, statements
from sct.ir.ops import Attribute, InPlace, Method, Special, Steps, StepsBack, package_of
from sct.ir.ssa import Apply, Block, Function, Operand, Value, is_derived, type_of, values_of
from sct.ir.types import Array, Const, Unknown
from sct.registry.effects import is_registered
from sct.registry.facts import facts_of
from sct.registry.methods import attribute_rule

__all__ = ["layouts_seen"]


def layouts_seen(f: Function) -> set[Value]:
    """The values of `f` on whose order of axes something may depend."""
    all_ = list(statements(f.block))
    operations = {id(s.op): s.op for s in all_}  # most never ask, and are looked at once
    asking = {k for k, op in operations.items() if not _never_asks(op)}
    every = any(id(s.op) in asking and _asks(s) for s in all_)
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


_LIBRARIES = ("numpy", "_operator", "operator", "math", "builtins", "sct", "")


def _never_asks(op: Any) -> bool:
    """Whether what an operation gives never depends on the layout of an operand, whatever its operands are."""
    if isinstance(op, (Attribute, InPlace, Method)):
        return False
    package = package_of(op)
    return package in _LIBRARIES and (package != "numpy" or is_registered(op)) and facts_of(op).layout is None


def _asks(s: Apply) -> bool:
    """Whether what an operation gives may depend on the layout of an operand."""
    if isinstance(s.op, Attribute):
        return facts_of(s.op).form_of is None and attribute_rule(s.op.name) is None
    op = callee(s)
    if package_of(op) not in _LIBRARIES:
        return True
    known = package_of(op) != "numpy" or is_registered(op)
    asked = facts_of(op).layout if known else "by order"
    return asked == "always" or (asked == "by order" and any(map(_is_other_order, s.operands[1:])))


def _is_other_order(o: Operand) -> bool:
    """Whether an operand may be an order that is that of the array."""
    t: Any = type_of(o)
    return isinstance(t, Unknown) or (isinstance(t, Const) and isinstance(t.value, str) and t.value not in ("C", "F", "c", "f"))
