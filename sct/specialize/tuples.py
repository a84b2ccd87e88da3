"""Tuples that are None on some ways: `best = None`, and `best = t, i` in a loop.

Takes what is done to one; gives it on its items, which are numbers and arrays or None, and on whether it is there. What has to
find a tuple, or None, when the function runs is refused.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from types import FunctionType
from typing import Any

from sct.ir.ops import TRUTH, UNPACK, Special
from sct.ir.ssa import Operand, type_of
from sct.ir.types import Const, OrNone, Tuple
from sct.specialize.building import Builder, UnrollError
from sct.specialize.instances import Bound, Defined

__all__ = ["operation", "refused"]


def operation(s: Builder, op: Any, args: Sequence[Operand]) -> Any:
    """An operation on operands, if the first is None on some ways; `NotImplemented` where that is nothing special."""
    if not any(type(a) is Tuple and a.kind is OrNone for a in args):
        return NotImplemented
    if op in _ASKING or op in _TAKING:
        first, *others = args if type(args[0]) is Tuple and args[0].kind is OrNone else reversed(args)
        assert isinstance(first, Tuple)
        there, items = first.items[0], Tuple(first.items[1:])
        if op in _TAKING:
            return s.apply(op, (items, *others))
        if not others or type_of(others[0]) == Const(None):
            return s.apply(operator.not_, (there,)) if op in (operator.not_, operator.is_) else there
    elif isinstance(op, (FunctionType, Bound, Defined, Special)) or op is setattr:
        return NotImplemented
    raise refused(s)


def refused(s: Builder) -> UnrollError:
    """What to raise where one would have to be there as a whole."""
    what = "a tuple that is None on some ways, used as a whole"
    place = s.place or next((t.place for t in reversed(s.body) if t.place is not None), None)
    return UnrollError(what, place, "Ask whether it is None, and take its items.")


_ASKING = (operator.is_, operator.is_not, operator.not_, bool, TRUTH)
_TAKING = (operator.getitem, UNPACK)
