"""Liveness: which values are needed at the same time, and so cannot share a variable.

Takes a function and its folding; gives for each value the set (as a bit mask) of values that it interferes with. The φ's
count as parallel copies at the ends of branches and loop bodies.
"""

from __future__ import annotations

from collections.abc import Iterable

from sct.backend.python.fold import Folding
from sct.ir.bits import Bits
from sct.ir.ops import InPlace
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    Function,
    If,
    Operand,
    Statement,
    Value,
    While,
    captured,
    values_of,
)

__all__ = ["Interference", "interference"]


class Interference:
    """The values that get variables, as `bits`; `of[v]` are those which are needed while `v` is made.

    Two values interfere if either is among those of the other.
    """

    def __init__(self) -> None:
        self.bits: Bits[Value] = Bits()
        self.of: dict[Value, int] = {}

    def define(self, v: Value, live: int) -> None:
        """`v` is made while `live` are needed; that it is one of them itself says nothing."""
        self.bits.bit(v)
        before = self.of.get(v, 0)
        self.of[v] = before | live if before else live  # one integer for all results of a statement


def interference(f: Function, folding: Folding) -> Interference:
    """The interference of the values of `f` that get variables."""
    return _Analysis(folding).run(f)


class _Analysis:
    def __init__(self, folding: Folding) -> None:
        self.folding = folding
        self.graph = Interference()
        self.leaf_masks: dict[Value, int] = {}
        self.closures: dict[Value, Closure] = {}

    def run(self, f: Function) -> Interference:
        self.find_closures(f.block)
        live = self.body(f.block, self.reads(*f.block.yields))
        for p in f.block.params:
            self.graph.define(p, live | self.masks(f.block.params))
        return self.graph

    def find_closures(self, block: Block) -> None:
        """Whoever calls a function inside reads what that sees: the variables must not change before."""
        for s in block.body:
            if isinstance(s, Closure):
                self.closures[s.result] = s
            for b in s.blocks:
                self.find_closures(b)

    def masks(self, values: Iterable[Value]) -> int:
        return self.graph.bits.of(v for v in values if v not in self.folding.inline)

    def captured(self, block: Block) -> int:
        """The variables from outside that a block reads."""
        out = self.reads(*block.yields)
        own = self.masks(block.params)
        for s in block.body:
            out |= self.read_by(s.values)
            own |= self.masks(s.results)
            for b in s.blocks:
                out |= self.captured(b)
        return out & ~own

    def reads(self, *operands: Operand) -> int:
        """The variables that operands read, through the expressions folded into them."""
        return self.read_by(values_of(*operands))

    def read_by(self, values: Iterable[Value]) -> int:
        """The variables that are read where some values are."""
        out, known = 0, self.leaf_masks
        for v in values:
            mask = known.get(v)
            out |= self.leaves(v) if mask is None else mask
        return out

    def leaves(self, v: Value) -> int:
        if v in self.closures:
            out = self.graph.bits.bit(v) | self.captured(self.closures[v].block)
        elif v not in self.folding.inline:
            out = self.graph.bits.bit(v)
        else:
            s = self.folding.definition[v]
            out = self.read_by(s.values)
            if isinstance(s, If):
                out |= self.choice(s)
        self.leaf_masks[v] = out
        return out

    def choice(self, s: If) -> int:
        return self.reads(*s.then.yields, *s.orelse.yields)

    def body(self, block: Block, live: int) -> int:
        for s in reversed(block.body):
            live = self.statement(s, live)
        return live

    def block(self, block: Block, live: int) -> int:
        """What is needed before a block whose end needs `live` and its yields."""
        live = self.body(block, live | self.reads(*block.yields))
        for p in block.params:
            self.graph.define(p, live)
            live &= ~self.graph.bits.bit(p)
        return live

    def statement(self, s: Statement, live: int) -> int:
        if isinstance(s, Apply):
            if s.result in self.folding.inline:
                return live
            if not isinstance(s.op, InPlace):
                self.graph.define(s.result, live)
                return (live & ~self.graph.bits.bit(s.result)) | self.read_by(s.values)
            others = self.reads(*s.args[1:])  # read after the variable is set
            own = self.reads(s.args[0])
            self.graph.define(s.result, live | (others & ~own))
            return (live & ~self.graph.bits.bit(s.result)) | self.read_by(s.values)
        if isinstance(s, If):
            return self.if_(s, live)
        if isinstance(s, Closure):
            self.graph.define(s.result, live)
            inside = self.block(s.block, live)
            return (live & ~self.graph.bits.bit(s.result)) | inside
        assert isinstance(s, (For, While))
        return self.loop(s, live)

    def if_(self, s: If, live: int) -> int:
        if s.results and s.results[0] in self.folding.inline:
            return live
        results = self.masks(s.results)
        for r in s.results:
            self.graph.define(r, live | results)
        live &= ~results
        test = self.reads(s.test)
        if s.results and s.results[0] in self.folding.choices:
            return live | test | self.choice(s)
        orelse = self.block(s.orelse, live)
        then = self.block(s.then, live if s.handles is None else live | orelse)  # which may end anywhere
        return then | orelse | test

    def loop(self, s: For | While, live: int) -> int:
        """Values from around the loop that it reads are needed in every iteration, so throughout."""
        n = len(s.inits)
        results = self.masks(s.results)
        for r in s.results:
            self.graph.define(r, live | results)
        count = self.masks(s.results[n:]) & live
        params = self.masks(s.body.params)
        flag = self.reads(*s.body.yields[n:]) & ~self.masks(v for v in s.body.yields[:n] if isinstance(v, Value))
        around = self.read_by(v for b in s.blocks for v in captured(b))
        inner = (live & ~results) | count | flag | (around & ~params)
        top = self.body(s.body, inner | self.reads(*s.body.yields))
        if isinstance(s, While):
            top = self.body(s.test, top | inner | self.reads(*s.test.yields))
        bounds = self.reads(s.start, s.stop, s.step) if isinstance(s, For) else 0
        begins = {phi.params[0]: self.masks(v for v in phi.begins if isinstance(v, Value)) for phi in s.phis}
        for p in s.body.params:  # set before the bounds are read, which may be of what it is set to
            self.graph.define(p, top | inner | params | (bounds & ~begins.get(p, 0)))
        for r in s.results[n:]:
            if count:
                self.graph.define(r, inner | params | bounds)  # set to 0 before the bounds are read
        flag &= ~(live & ~results)
        return (inner & ~count & ~self.inside(s, flag)) | bounds | self.reads(*s.inits)

    def inside(self, s: For | While, flag: int) -> int:
        """Of `flag`, what the loop's body defines."""
        return flag & self.masks(r for t in s.body.body for r in t.results)
