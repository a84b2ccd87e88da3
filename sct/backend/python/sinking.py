"""Sinking: what a loop hands on to its next iteration is made when the value of this one has been read for the last time.

Takes a function and its folding; gives the function with such statements moved down, so that both values can share a variable
and nothing is copied at the end of the body: `a = 2.0 * b` as the last line, where a program that goes back through the user's
has `a_1 = 2.0 * b` first and `a = a_1` last. Moves only what reads nothing that may change in between.
"""

from __future__ import annotations

from collections.abc import Iterable

from sct.analysis.effects import effect, has_effect
from sct.analysis.recording import is_number
from sct.backend.python.fold import Folding
from sct.ir.ops import InPlace
from sct.ir.rewriting import changed, map_blocks
from sct.ir.ssa import Apply, Block, For, Function, Operand, Statement, Value, While, values_of

__all__ = ["sunk"]


def sunk(f: Function, folding: Folding) -> Function:
    """`f` with what loops hand on moved down; `f` itself where there is nothing to move."""
    return changed(f, block=_Sinker(folding).block(f.block))


class _Sinker:
    def __init__(self, folding: Folding) -> None:
        self.folding = folding
        self.leaves: dict[Value, frozenset[Value]] = {}
        self.carried: set[Value] = set()  # by the loops around

    def block(self, block: Block) -> Block:
        return block.with_(map(self.statement, block.body))

    def statement(self, s: Statement) -> Statement:
        if not s.blocks:
            return s
        if not isinstance(s, (For, While)):
            return map_blocks(self.block, s)
        around = [(phi.params[0], phi.ends[0]) for phi in s.phis]
        self.carried.update(p for p, _ in around)
        return changed(s, body=_Body(self, self.block(s.body)).run(around))

    def read(self, *operands: Operand) -> frozenset[Value]:
        """The variables that are read where operands are written."""
        out: set[Value] = set()
        for v in values_of(*operands):
            if v not in self.folding.inline:
                out.add(v)
                continue
            if v not in self.leaves:
                self.leaves[v] = self.read_by(self.folding.definition[v])
            out |= self.leaves[v]
        return frozenset(out)

    def read_by(self, s: Statement) -> frozenset[Value]:
        """The variables that a statement reads, in its blocks as well."""
        out = set(self.read(*s.operands))
        for b in s.blocks:
            out |= self.read(*b.yields)
            for t in b.body:
                out |= self.read_by(t)
        return frozenset(out)


class _Body:
    """The body of one loop, whose statements are moved."""

    def __init__(self, sinker: _Sinker, block: Block) -> None:
        self.sinker = sinker
        self.body = list(block.body)
        self.reads = {t: sinker.read_by(t) for t in self.body if not self.is_folded(t)}
        self.handed_on = sinker.read(*block.yields)
        self.block = block

    def is_folded(self, s: Statement) -> bool:
        return any(r in self.sinker.folding.inline for r in s.results)

    def run(self, carried: Iterable[tuple[Value, Operand]]) -> Block:
        for p, y in carried:
            s = self.sinker.folding.definition.get(y) if isinstance(y, Value) else None
            if isinstance(s, Apply) and s in self.reads and y in s.results and p not in self.handed_on:
                self.move(p, s)
        return self.block.with_(self.body)

    def move(self, p: Value, s: Apply) -> None:
        """Move the statement that makes what comes after `p` behind the last one that reads `p`, if it may be there."""
        first = self.body.index(s)
        last = max((k for k, t in enumerate(self.body) if p in self.reads.get(t, ())), default=0)
        between = [t for t in self.body[first + 1 : last + 1] if t in self.reads]
        if between and s.result.name in ("", p.name) and self.may_pass(s, between):
            self.body.insert(last + 1, s)
            del self.body[first]

    def may_pass(self, s: Apply, between: list[Statement]) -> bool:
        """Whether a statement may come after some others, and what it reads keep its variable until then."""
        if isinstance(s.op, InPlace) or has_effect(s) or effect(s) != "none":
            return False
        read = self.reads[s]
        if not all(map(is_number, (*read, s.result))) or not all(isinstance(t, Apply) for t in between):
            return False
        if any(s.result in self.reads[t] for t in between):
            return False
        later = frozenset[Value]().union(*(self.reads[t] for t in self.body[self.body.index(between[-1]) :] if t in self.reads))
        names = {t.result.name for t in between if isinstance(t, Apply)} - {""}
        return all(q in later or (q not in self.sinker.carried and q.name not in names) for q in read)
