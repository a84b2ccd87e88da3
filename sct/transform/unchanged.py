"""What a loop makes in each iteration and does not change is handed on, so that it need not be recorded in each of them.

Takes a `Reversal`; gives it with a φ for each such value of the forward sweep, through the branches and loops around it that do
not change it, and with what stands for it behind them. The function makes it where it made it before, and as often: the reverse
sweep finds the last one. Only what costs more than arithmetic is handed on (`sct.analysis.recording.cheap`); the rest is
computed again. So is the test of a `break`, which comes out one way in all iterations but the last.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from sct.analysis.effects import effect
from sct.analysis.recording import cheap
from sct.analysis.switches import is_on
from sct.analysis.versions import Versions, versions
from sct.ir.ops import is_of_memory
from sct.ir.records import record
from sct.ir.rewriting import handing_on, map_blocks
from sct.ir.ssa import Apply, Block, For, If, Operand, Phi, Statement, Value, While, blocks_in, captured
from sct.ir.types import UNDEFINED, Array, Const, Scalar
from sct.transform.reverse import Reversal

__all__ = ["HandedOn", "unchanged"]


@record(frozen=True)
class HandedOn:
    """What stands behind loops for what they do not change, and for tests that end them with what came out before that."""

    same: dict[Value, Value]
    ends: dict[Value, tuple[Value, Const]]


def unchanged(reversal: Reversal) -> tuple[Reversal, HandedOn]:
    """`reversal` with what its loops do not change handed on, and what stands for that behind them."""
    walk = _Unchanged(reversal)
    if reversal.mirror and is_on("recomputation"):
        walk.run()
    found = HandedOn(walk.same, walk.ends)
    if not walk.phis:
        return reversal, found
    function = replace(reversal.function, block=walk.block(reversal.function.block))
    return replace(reversal, function=function, forward=reversal.forward | walk.new), found


@dataclass
class _Around:
    """What is around a block: the statement that owns it, and the block of that."""

    owner: Statement | None
    outer: Block | None
    block: Block


@dataclass
class _Unchanged:
    reversal: Reversal
    around: dict[int, _Around] = field(default_factory=dict)  # by a block's label
    home: dict[Value, Block] = field(default_factory=dict)
    definition: dict[Value, Apply] = field(default_factory=dict)
    phis: dict[Statement, list[Phi]] = field(default_factory=dict)  # those that a statement gets
    new: set[Value] = field(default_factory=set)
    same: dict[Value, Value] = field(default_factory=dict)
    ends: dict[Value, tuple[Value, Const]] = field(default_factory=dict)

    @cached_property
    def versions(self) -> Versions:
        return versions(self.reversal.function.block)

    def survey(self, block: Block, owner: Statement | None = None, outer: Block | None = None) -> None:
        self.around[block.label] = _Around(owner, outer, block)
        self.home.update(dict.fromkeys(block.params, block))
        for s in block.body:
            self.home.update(dict.fromkeys(s.results, block))
            if isinstance(s, Apply):
                self.definition[s.result] = s
            for b in s.blocks:
                self.survey(b, s, block)

    def run(self) -> None:
        """Find what is handed on, of what the reverse sweep reads."""
        whole, mirror = self.reversal.function.block, self.reversal.mirror
        if not any(isinstance(s, (For, While)) for b in blocks_in(whole) for s in b.body):
            return
        self.survey(whole)
        work = [v for label in mirror if label in self.around for v in captured(self.around[label].block)]
        seen: set[Value] = set()
        while work:
            v = work.pop()
            if v in seen or v not in self.reversal.forward:
                continue
            seen.add(v)
            self.ending(v)
            s = self.definition.get(v)
            if s is not None and cheap(s):
                work += s.values
            elif s is not None and (loops := self.loops(v)):
                self.same[v] = self.hand_on(v, loops)

    def ending(self, v: Value) -> None:
        """Hand a test on that ends the loop in whose body it stands, if it comes out one way."""
        body = self.home[v]
        owner = self.around[body.label].owner
        if not isinstance(owner, (For, While)) or not owner.exits or body is not owner.body:
            return
        flag = body.yields[len(owner.inits)]
        made = next((s for s in body.body if isinstance(flag, Value) and flag in s.results), None)
        if isinstance(made, If) and made.test is v:
            ends = made.phis[made.results.index(flag)].ends
            if Const(True) in ends:
                before, result = Const(ends[0] != Const(True)), self.like(v)
                self.phis.setdefault(owner, []).append(Phi(result, (self.like(v),), (before,), (v,)))
                self.ends[v] = result, before

    def loops(self, v: Value) -> list[Block]:
        """The blocks around a value, from the inside out, up to the body of the outermost loop that does not change it."""
        blocks: list[Block] = []
        end = 0
        b: Block | None = self.home[v]
        while b is not None:
            owner = self.around[b.label].owner
            if owner is None or b.label not in self.reversal.mirror.values():
                break
            blocks.append(b)
            if isinstance(owner, (For, While)):
                if not self.is_fixed(v, b):
                    break
                end = len(blocks)
            b = self.around[b.label].outer
        return blocks[:end]

    def is_fixed(self, v: Value, loop: Block) -> bool:
        """Whether a value is the same in each iteration of a loop with this body."""
        if not self.is_within(v, loop):
            return True
        s = self.definition.get(v)
        if s is None or is_of_memory(s.op) or effect(s) != "none" or v in self.versions.chain or v in self.reversal.handles:
            return False
        if not all(isinstance(w.type, (Array, Scalar)) for w in (v, *s.values)):
            return False  # what is in a list may change
        return all(self.is_fixed(w, loop) for w in s.values)

    def is_within(self, v: Value, loop: Block) -> bool:
        b: Block | None = self.home[v]
        while b is not None and b.label != loop.label:
            b = self.around[b.label].outer
        return b is not None

    def hand_on(self, v: Value, blocks: list[Block]) -> Value:
        """A φ of each statement around the value; what the outermost gives."""
        before: Operand = UNDEFINED
        starts: list[Operand] = []
        for b in reversed(blocks):
            starts.append(before)
            if not isinstance(self.around[b.label].owner, If):
                before = self.like(v)
        now = v
        inside = [*starts[1:], before]
        for b, start, param in zip(blocks, reversed(starts), reversed(inside), strict=True):
            owner = self.around[b.label].owner
            result = self.like(v)
            if isinstance(owner, If):
                phi = Phi(result, (), (), (now, start) if b is owner.then else (start, now))
            else:
                assert isinstance(owner, (For, While)) and isinstance(param, Value)
                phi = Phi(result, (param,), (start,), (now,))
            self.phis.setdefault(owner, []).append(phi)
            now = result
        return now

    def like(self, v: Value) -> Value:
        made = Value(v.type, v.name, v.hint)
        self.new.add(made)
        return made

    def block(self, block: Block) -> Block:
        return block.with_(handing_on(map_blocks(self.block, s), self.phis.get(s, ())) for s in block.body)
