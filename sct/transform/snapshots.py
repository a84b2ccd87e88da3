"""Snapshots: what a function of which nothing is known may write into, as it was before.

Takes a typed function; gives it with copies of the arrays that are used before such a call gets them, or gets what they lie in.
The call gets what the primal passes, and what is read after it is what it has left there: so the values are Python's own, and
the reverse sweep finds what the forward sweep has used.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sct.analysis.effects import is_opaque, statements
from sct.analysis.given import OUTSIDE, Given, given_away
from sct.analysis.repeating import may_change
from sct.analysis.storage import fresh
from sct.errors import UnsupportedSyntaxError
from sct.ir.ops import Attribute, Call, Field, Method, Steps, is_of_memory
from sct.ir.rewriting import map_blocks, map_operands
from sct.ir.ssa import (
    Apply,
    Block,
    Function,
    Operand,
    Statement,
    Value,
    map_leaves,
)
from sct.ir.types import Instance, Unknown
from sct.runtime import kept

__all__ = ["snapshots"]


def snapshots(f: Function) -> Function:
    """`f` with copies of what is written into by functions of which nothing is known."""
    given = given_away(f.block)
    return f if given is None else replace(f, block=_Snapshots(given).block(f.block, frozenset()))


@dataclass
class _Snapshots:
    given: Given

    def block(self, block: Block, later: frozenset[Any]) -> Block:
        """A block after which memory may be written into."""
        body: list[Statement] = []
        for s in reversed(block.body):
            if isinstance(s, Apply):
                body += reversed(self.apply(s, later))
                later |= self.given.written.get(s, frozenset())
                continue
            inside = frozenset().union(*(self.given.written.get(t, frozenset()) for t in statements(*s.blocks)))
            again = later | inside if s.repeats else later
            body.append(map_blocks(partial(self.block, later=again), s))
            later |= inside
        return block.with_(reversed(body))

    def apply(self, s: Apply, later: frozenset[Any]) -> list[Statement]:
        """A statement, after copies of those of its operands that are written into later."""
        if not later or is_opaque(s) or _navigates(s) or is_of_memory(s.op):
            return [s]
        copies: dict[Value, Value] = {}
        changing = isinstance(s.op, Call) and s.op.outside and OUTSIDE in later
        for v in s.values:
            of_object = isinstance(s.op, (Call, Steps)) and isinstance(v.type, (Instance, Unknown))
            changing = changing or (of_object and not later.isdisjoint(self.given.memory(v)))
            if may_change(v) and not later.isdisjoint(self.given.memory(v)):
                copies.setdefault(v, Value(v.type, v.name, v.hint))
        if changing:
            raise UnsupportedSyntaxError(
                "a call that the derivative runs again, of something that may be changed in between",
                s.place,
                "Pass what it needs as numbers and arrays.",
            )
        if not copies:
            return [s]

        def copied(o: Operand) -> Operand:
            return map_leaves(lambda leaf: copies.get(leaf, leaf) if isinstance(leaf, Value) else leaf, o)

        made: list[Statement] = [Apply(kept, (v,), (), c, s.place, s.origin) for v, c in copies.items()]
        return [*made, map_operands(copied, s)]


def _navigates(s: Apply) -> bool:
    """Whether a statement only leads to another object, or to a part of one in the same memory."""
    if isinstance(s.op, (Attribute, Field, Method)) or s.op is operator.getitem:
        return not fresh(s)
    return False
