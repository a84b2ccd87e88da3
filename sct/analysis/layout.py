"""What depends on how arrays lie in memory: views of these that may be copies, and entries in the order in which they lie.

Takes statements; says which of them give a view of an array or a copy, as that lies, which ask in what order its axes lie, and
what must lie as the user's arrays do for them to give the same.
"""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

from sct.analysis.effects import callee, statements
from sct.analysis.points_to import Classes, shared
from sct.analysis.storage import placed
from sct.infer.facts import for_call
from sct.ir.ops import POP, UNPACK, Attribute, Call, Derived, InPlace, Method, Rebind, View, package_of
from sct.ir.paths import entries_of
from sct.ir.ssa import Apply, Block, Operand, Value, type_of, values_of
from sct.ir.types import Array, Const, Scalar, Slice, Unknown
from sct.registry.effects import is_registered
from sct.registry.facts import facts_of
from sct.registry.methods import attribute_rule

__all__ = [
    "asks_for_layout",
    "depends_on_layout",
    "keeps_strides",
    "may_copy",
    "may_take_number",
    "never_asks",
    "of_array",
]


def keeps_strides(classes: Classes, block: Block) -> set[Value]:
    """The classes that are written into in which an array may be a view of another one, or a copy, as that lies in memory."""
    found: set[Value] = set()
    for s in statements(block):
        if isinstance(s.op, (Call, Derived)) and s.op.laid:
            found |= {classes.of(v) for v in (s.result, *values_of(*s.operands)) if classes.is_written(v)}
        elif classes.is_written(s.result) and shared(s) and may_copy(s):
            found.add(classes.of(s.result))
    return found


def may_copy(s: Apply) -> bool:
    """Whether an operation gives a view of its operand or a copy, as that lies in memory."""
    op = s.op.op if isinstance(s.op, View) else s.op
    if op in (operator.getitem, UNPACK, POP) or isinstance(op, (Call, Derived, Rebind)):
        return False
    if not s.args or not of_array(s.args[0]):
        return False
    if placed(replace(s, op=op)) == "read-only":
        return False
    return for_call(facts_of(op).rearranged, op, s.args, s.kwargs) in ("may copy", None)


def may_take_number(s: Apply) -> bool:
    """Whether an operation that gives a view of an array is of what may be a number, of which it gives no view."""
    x, op = s.args[0], s.op.op if isinstance(s.op, View) else s.op
    if not isinstance(x, Value) or not isinstance(x.type, (Array, Unknown)) or isinstance(op, (Call, Derived, Rebind)):
        return False
    if isinstance(x.type, Array) and x.type.is_ndarray:
        return False
    return op is not operator.getitem or not any(map(_is_of_axis, entries_of(s.args[1])))


def _is_of_axis(entry: Operand) -> bool:
    """Whether an entry of an index is for an axis, so that a number has none for it."""
    t = type_of(entry)
    return isinstance(t, (Slice, Scalar)) or (isinstance(t, Const) and isinstance(t.value, (int, slice)))


def depends_on_layout(block: Block) -> bool:
    """Whether there is what may be a view of an array or a copy in a block, as that lies in memory."""
    every = [s for s in statements(block) if isinstance(s.result.type, (Array, Unknown))]
    return any(s.op.laid if isinstance(s.op, (Call, Derived)) else bool(shared(s)) and may_copy(s) for s in every)


def of_array(o: Operand) -> bool:
    """Whether an operand is, or may be, an array itself, and no container."""
    return isinstance(o, Value) and isinstance(o.type, (Array, Unknown))


def never_asks(op: Any) -> bool:
    """Whether what an operation gives never depends on the layout of an operand, whatever its operands are."""
    if isinstance(op, (Attribute, InPlace, Method)):
        return False
    package = package_of(op)
    return package in _LIBRARIES and (package != "numpy" or is_registered(op)) and facts_of(op).layout is None


def asks_for_layout(s: Apply) -> bool:
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


_LIBRARIES = ("numpy", "_operator", "operator", "math", "builtins", "sct", "")
