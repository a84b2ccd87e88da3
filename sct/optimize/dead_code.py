"""Dead code: drop what no result and no effect depends on.

>>> from sct.testing import optimized
>>> print(optimized(dead_code, '''
... def f(x):
...     y = np.exp(x)
...     z = y * x
...     return y
... '''))
def f(x):
    y = np.exp(x)
    return y
"""

from __future__ import annotations

from itertools import chain
from typing import TypeAlias

from sct.analysis.effects import has_effect
from sct.ir.ops import POP, PUSH
from sct.ir.rewriting import carrying, changed, map_blocks
from sct.ir.ssa import Apply, Block, Closure, For, ForEach, Function, If, Operand, Statement, Value, While, values_of

__all__ = ["dead_code"]


def dead_code(f: Function) -> Function:
    """`f` without statements, results and carried values that nothing depends on."""
    live = _Liveness()
    live.need(*f.block.yields)
    live.mark(f.block)
    while not live.idle.isdisjoint(live.live):
        live.idle.clear()
        live.mark(f.block)
    return changed(f, block=live.sweep(f.block))


_Owner: TypeAlias = "If | For | ForEach | While | Closure"
_End: TypeAlias = "tuple[tuple[Value, ...], Operand, Operand]"  # what stands for a carried value; the first; the next one


class _Liveness:
    """Walk backwards, marking what is needed, and again where that is more than before; then rebuild what is marked."""

    def __init__(self) -> None:
        self.live: set[Value] = set()
        self.made: set[Value] = set()  # those whose operations have been marked
        self.needed: set[int] = set()  # statements that own blocks and hold something live
        self.idle: set[Operand] = set()  # tapes that nothing needed yet when a statement with them was passed

    def need(self, *operands: Operand) -> None:
        self.live.update(values_of(*operands))

    def mark(self, *blocks: Block) -> bool:
        """Mark what is needed of blocks; whether there is anything."""
        found = False
        for s in chain.from_iterable(reversed(b.body) for b in blocks):
            if isinstance(s, Apply):
                if s.result in self.made:
                    found = True
                elif s.result in self.live or self.is_root(s):
                    self.made.add(s.result)
                    self.live.add(s.result)
                    self.live.update(s.values)
                    found = True
            elif self.mark_loop(s) if isinstance(s, (For, ForEach, While)) else self.mark_blocks(s):
                self.needed.add(id(s))
                found = True
        return found

    def is_root(self, s: Apply) -> bool:
        """Whether a statement is needed although its result is not: for its effect, or for a tape."""
        if s.op in (PUSH, POP):
            if s.args[0] in self.live:
                return True
            self.idle.add(s.args[0])
        return has_effect(s)

    def mark_blocks(self, s: If | Closure) -> bool:
        """Mark what is needed of branches, or of a closure; whether they are."""
        ends = [y for k, r in enumerate(s.results) if r in self.live for y in (b.yields[k] for b in s.blocks)]
        self.need(*ends)
        found = self.mark(*s.blocks) or bool(ends)
        if found and isinstance(s, If):
            self.need(s.test)
        return found

    def mark_loop(self, s: For | ForEach | While) -> bool:
        """Mark what is needed of a loop; whether it is. What an iteration needs, the one before it may have to hand on."""
        ends = list(zip(_carried(s), s.inits, s.body.yields, strict=False))
        others = *s.results[len(s.inits) :], *s.body.params[: len(s.body.params) - len(s.inits)]
        needed = inside = marked = False
        while True:
            left = self.mark_ends(ends)
            more = len(left) < len(ends)
            if not needed and (more or inside or not self.live.isdisjoint(others)):
                self.need(*s.reads)
                needed = more = True
            if marked and not more:
                return needed
            ends = left
            inside = self.mark(*reversed(s.blocks))
            marked = True

    def mark_ends(self, ends: list[_End]) -> list[_End]:
        """Mark where what a loop carries comes from, as far as it is needed; the rest of `ends`."""
        left: list[_End] = []
        for same, init, after in ends:
            if self.live.isdisjoint(same):
                left.append((same, init, after))
            else:
                self.need(init, after)
        return left if len(left) == len(ends) else self.mark_ends(left)

    # -- rebuilding --------------------------------------------------------------------------------------------------

    def sweep(self, block: Block) -> Block:
        live = [s for s in block.body if (s.result in self.live if isinstance(s, Apply) else id(s) in self.needed)]
        return block.with_([s if isinstance(s, Apply) else self.kept(s) for s in live])

    def kept(self, s: _Owner) -> Statement:
        if isinstance(s, If):
            keep = [k for k, r in enumerate(s.results) if r in self.live]
            then, orelse = (self.sweep(b).with_(yields=[b.yields[k] for k in keep]) for b in s.blocks)
            return changed(s, then=then, orelse=orelse, results=tuple(s.results[k] for k in keep))
        if not isinstance(s, Closure):
            s = carrying(s, [k for k, same in enumerate(_carried(s)) if not self.live.isdisjoint(same)])
        return map_blocks(self.sweep, s)


def _carried(s: For | ForEach | While) -> list[tuple[Value, ...]]:
    """What stands for each value that a loop carries: its result, and the parameters of the loop's blocks."""
    return list(zip(s.results, *(b.params[len(b.params) - len(s.inits) :] for b in s.blocks), strict=False))
