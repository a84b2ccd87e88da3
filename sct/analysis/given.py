"""What is given away: the memory that functions of which nothing is known may write into.

Takes a function's block; gives the calls of that kind, what each may write into, and in what memory a value may lie. Such a
function is taken to change nothing but what it is given; one that could not be followed may change what lies outside as well.
"""

from __future__ import annotations

from typing import Any

from sct.analysis.effects import acting, callee, effect, is_opaque, statements
from sct.analysis.repeating import changes_outside
from sct.analysis.storage import storage
from sct.ir.manager import managed
from sct.ir.ops import Field, Free
from sct.ir.ssa import Apply, Block, Value

__all__ = ["OUTSIDE", "Given", "given_away"]

OUTSIDE = "outside"
"""Stands for what is read outside by functions that are called."""


class Given:
    """The memory that calls get; `written` is what each call of a function of which nothing is known may write into."""

    def __init__(self, block: Block, calls: list[Apply]) -> None:
        self.storage = storage(block)
        self.outside = [s.result for s in statements(block) if isinstance(s.op, (Free, Field))]
        self.more: dict[Value, frozenset[Any]] = {}  # what a value lies in, besides its roots
        for s in statements(block):
            if isinstance(s.op, Field) or is_opaque(s):
                self.more[s.result] = self.touched(s)
        self.written = {s: self.touched(s) for s in calls}
        self.anywhere: frozenset[Any] = frozenset().union(*self.written.values())

    def touched(self, s: Apply) -> frozenset[Any]:
        """The memory that a call may write into: of its operands, and of the object that it is a method of."""
        found: set[Any] = {OUTSIDE} if changes_outside(s) else set()
        for v in (*(s.values if is_opaque(s) or not found else ()), *(self.outside if found else ())):
            found |= self.memory(v)
        owner = getattr(callee(s), "__self__", None)
        return frozenset(found | {id(owner)} if owner is not None else found)

    def memory(self, v: Value) -> set[Any]:
        """What a value may lie in."""
        roots = set(self.storage.bits.those(self.storage.of(v)))
        return roots.union(*(self.more.get(r, ()) for r in roots))

    def changes(self, v: Value) -> bool:
        """Whether some call may write into a value."""
        return not self.anywhere.isdisjoint(self.memory(v))


@managed
def given_away(block: Block) -> Given | None:
    """What a function gives away; None if it calls no function of which nothing is known."""
    calls = [s for s in acting(block) if effect(s) == "acts" and (is_opaque(s) or changes_outside(s))]
    return Given(block, calls) if calls else None
