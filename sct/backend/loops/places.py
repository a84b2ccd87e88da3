"""Which values of a function are one variable: what is written into in place, and what loops carry of it.

Takes a function's block; gives for each array, or number that a loop carries, the value whose variable it has. An array that
every iteration leaves where it was is one variable throughout; where pointers move, each has its own.
"""

from __future__ import annotations

from sct.ir.ops import InPlace
from sct.ir.ssa import Apply, Block, For, If, Operand, Value, While

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
        for phi in s.phis:
            first, *others = map(self.of, phi.ends)
            if isinstance(first, Value) and all(o is first for o in others):
                self.place[phi.result] = first

    def loop(self, s: For | While) -> None:
        for phi in s.phis:
            own, (begun,) = phi.params[0], map(self.of, phi.begins)
            if own not in self.moved and isinstance(begun, Value):
                self.place[own] = begun
            for other in phi.params[1:]:
                self.place[other] = self.of(own)  # type: ignore[assignment]
        for b in s.blocks:
            self.block(b)
        for phi in s.phis:
            own = phi.params[0]
            if own not in self.moved and any(self.of(end) is not self.of(own) for end in phi.ends):
                self.more.add(own)
            self.place[phi.result] = self.of(own)  # type: ignore[assignment]
