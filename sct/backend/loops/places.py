"""Which values of a function are one variable: what is written into in place, and what loops carry of it.

Takes a function's block; gives for each array, or number that a loop carries, the value whose variable it has. An array that
every iteration leaves where it was is one variable throughout; where pointers move, each has its own.
"""

from __future__ import annotations

from sct.ir.ops import InPlace
from sct.ir.ssa import Apply, Block, For, If, Operand, Value, While, carried_params

__all__ = ["places"]


def places(block: Block) -> dict[Value, Value]:
    """For each value that shares the variable of another one, that."""
    moved: set[Value] = set()
    while True:
        found = _Places(moved)
        found.block(block)
        if not found.more:
            return found.place
        moved |= found.more


class _Places:
    def __init__(self, moved: set[Value]) -> None:
        self.moved = moved
        self.more: set[Value] = set()
        self.place: dict[Value, Value] = {}

    def of(self, o: Operand) -> Operand:
        return self.place.get(o, o) if isinstance(o, Value) else o

    def block(self, block: Block) -> None:
        for s in block.body:
            if isinstance(s, Apply):
                if isinstance(s.op, InPlace) and isinstance(s.args[0], Value):
                    self.place[s.result] = self.of(s.args[0])  # type: ignore[assignment]
            elif isinstance(s, If):
                self.if_(s)
            elif isinstance(s, (For, While)):
                self.loop(s)
            else:
                for b in s.blocks:
                    self.block(b)

    def if_(self, s: If) -> None:
        self.block(s.then)
        self.block(s.orelse)
        for r, a, b in zip(s.results, s.then.yields, s.orelse.yields, strict=True):
            p = self.of(a)
            if p is self.of(b) and isinstance(p, Value):
                self.place[r] = p

    def loop(self, s: For | While) -> None:
        params = carried_params(s)
        for p, init in zip(params, s.inits, strict=True):
            begun = self.of(init)
            if p not in self.moved and isinstance(begun, Value):
                self.place[p] = begun
        if isinstance(s, While):
            for t, p in zip(s.test.params, params, strict=True):
                self.place[t] = self.of(p)  # type: ignore[assignment]
        for b in s.blocks:
            self.block(b)
        for p, end, r in zip(params, s.body.yields, s.results, strict=False):
            if p not in self.moved and self.of(end) is not self.of(p):
                self.more.add(p)
            self.place[r] = self.of(p)  # type: ignore[assignment]
