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

from sct.analysis.effects import has_effect, statements
from sct.analysis.points_to import fields_given, points_to
from sct.ir.ops import POP, PUSH, Store
from sct.ir.rewriting import changed, keeping, map_blocks
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    ForEach,
    Function,
    If,
    Operand,
    Statement,
    Value,
    While,
    computes_tangents,
    defined,
    values_of,
)

__all__ = ["dead_code"]


def dead_code(f: Function) -> Function:
    """`f` without statements, results and carried values that nothing depends on."""
    live = _Liveness(f.block)
    live.need(*f.block.yields)
    live.mark(f.block)
    while not live.idle.isdisjoint(live.live):
        live.idle.clear()
        live.mark(f.block)
    return changed(f, block=live.sweep(f.block))


_Owner: TypeAlias = "If | For | ForEach | While | Closure"
_End: TypeAlias = "tuple[tuple[Value, ...], tuple[Operand, ...]]"  # what stands for a value at a φ; what that comes from


def _own_memory(block: Block) -> dict[Operand, set[Value]]:
    """What a function writes into that is not its caller's, each with all that may lie in the same memory."""
    targets = [s.args[0] for s in statements(block) if isinstance(s.op, Store)]
    if not targets:
        return {}
    classes = points_to(block)
    inside: dict[Value, set[Value]] = {classes.of(v): set() for v in targets if isinstance(v, Value)}
    for v in defined(block):
        if classes.of(v) in inside:
            inside[classes.of(v)].add(v)
    pulls = (s.block for s in block.body if isinstance(s, Closure))  # whose callers give them their shadows
    given = {*block.params, *fields_given(block), *(p for b in pulls for p in b.params)}
    own = {c: values for c, values in inside.items() if given.isdisjoint(values)}
    return {v: own[classes.of(v)] for v in targets if isinstance(v, Value) and classes.of(v) in own}


class _Liveness:
    """Walk backwards, marking what is needed, and again where that is more than before; then rebuild what is marked."""

    def __init__(self, block: Block) -> None:
        self.live: set[Value] = set()
        self.made: set[Value] = set()  # those whose operations have been marked
        self.needed: set[int] = set()  # statements that own blocks and hold something live
        self.idle: set[Operand] = set()  # tapes and arrays that nothing needed yet when a statement with them was passed
        self.beside = _own_memory(block)

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
            elif self.mark_region(s):
                self.needed.add(id(s))
                found = True
        return found

    def is_root(self, s: Apply) -> bool:
        """Whether a statement is needed although its result is not: for its effect, for a tape, or for what it writes into."""
        if s.op in (PUSH, POP):
            if s.args[0] in self.live:
                return True
            self.idle.add(s.args[0])
        if isinstance(s.op, Store) and s.args[0] in self.beside:
            beside = self.beside[s.args[0]]
            if self.live.isdisjoint(beside):
                self.idle |= beside
                return False
        return has_effect(s)

    def mark_region(self, s: _Owner) -> bool:
        """Mark what is needed of what owns blocks; whether it is. What an iteration needs, the one before it may hand on."""
        ends = [((phi.result, *phi.params), (*phi.begins, *phi.ends)) for phi in s.phis]
        others = {*s.results, *(p for b in s.blocks for p in b.params)}.difference(*(same for same, _ in ends))
        if isinstance(s, If) and s.handles is not None:
            others.update(values_of(s.test))  # which it sets
        needed = inside = marked = False
        while True:
            left = self.mark_ends(ends)
            more = len(left) < len(ends)
            if not needed and (more or inside or not self.live.isdisjoint(others)):
                self.need(*s.reads)
                needed = more = True
                if isinstance(s, If) and s.handles is not None:
                    self.need_all(s.then)
                    marked = False
            if marked and not (more and s.repeats):
                return needed
            ends = left
            inside = self.mark(*reversed(s.blocks))
            marked = True

    def need_all(self, block: Block) -> None:
        """Mark all of a block that is tried: each statement in it may say that the other one is run; no tangent does."""
        for s in block.body:
            if computes_tangents(s):
                continue
            if isinstance(s, Apply):
                self.live.add(s.result)
                self.need(*s.operands)
            else:
                self.needed.add(id(s))
                self.need(*s.reads)
                for b in s.blocks:
                    self.need_all(b)

    def mark_ends(self, ends: list[_End]) -> list[_End]:
        """Mark where φ's come from, as far as these are needed; the rest of `ends`."""
        left: list[_End] = []
        for same, sources in ends:
            if self.live.isdisjoint(same):
                left.append((same, sources))
            else:
                self.need(*sources)
        return left if len(left) == len(ends) else self.mark_ends(left)

    # -- rebuilding --------------------------------------------------------------------------------------------------

    def sweep(self, block: Block) -> Block:
        live = [s for s in block.body if (s.result in self.live if isinstance(s, Apply) else id(s) in self.needed)]
        return block.with_([s if isinstance(s, Apply) else self.kept(s) for s in live])

    def kept(self, s: _Owner) -> Statement:
        keep = [k for k, phi in enumerate(s.phis) if not self.live.isdisjoint((phi.result, *phi.params))]
        return map_blocks(self.sweep, keeping(s, keep))
