"""Implicit memory: operations of memory as Python has them, where an array is read by its name.

Takes a function with `LOAD`, `ALLOCATE` and `View` (`sct.transform.explicit`), such as a derivative in forward mode; gives it
without. What an array holds is read where it is used, if nothing was written into what may share its memory since it was
loaded; otherwise it is a copy, made where it was loaded. A new array is what it is made of, if that is not used later either.
So the passes between may have done with values whatever they like. Method: Cytron et al., Efficiently computing static single
assignment form and the control dependence graph (1991), section 7: versions of one variable that are alive at once are apart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from itertools import chain

import numpy as np

from sct.analysis.effects import effect, is_opaque
from sct.analysis.layout import keeps_strides
from sct.analysis.points_to import Classes, has_memory, is_change, points_to, put_in, shared, written_by
from sct.analysis.storage import fresh
from sct.ir.ops import ALLOCATE, LEAVE, LOAD, PUSH, InPlace, View, is_of_memory
from sct.ir.rewriting import changed, map_blocks, map_operands, renamed
from sct.ir.ssa import Apply, Block, Closure, Function, Operand, Statement, Value, blocks_in, map_leaves, values_of
from sct.ir.types import Array, ListOf
from sct.registry.facts import facts_of
from sct.runtime import kept, laid_out

__all__ = ["implicit"]


def implicit(f: Function) -> Function:
    """`f` as Python has it; `f` itself where no array is written into."""
    every = [s for b in blocks_in(f.block) for s in b.body if isinstance(s, Apply)]
    if not any(s.op in (ALLOCATE, LEAVE, LOAD) or isinstance(s.op, View) for s in every):
        return f
    return changed(f, block=_Names(f.block).run())


class _Names:
    """Which loads are names of arrays, and which are copies."""

    def __init__(self, block: Block) -> None:
        self.whole = block
        self.classes: Classes = points_to(block)
        self.home: dict[Value, tuple[Block, int]] = {}
        self.definition: dict[Value, Apply] = {}
        self.around: dict[int, tuple[Block, int] | None] = {block.label: None}  # a block's label -> where it stands
        self.closures: set[int] = set()
        self.uses: dict[Value, list[tuple[Block, int, Statement | None]]] = {}
        self.aliases: dict[Value, list[Value]] = {}  # a value -> those made of it that may lie in its memory
        self.writes: dict[tuple[int, Value], list[int]] = {}  # a block's label and a class -> where it is written into
        self.escaping: set[Value] = set()
        self.survey(block)
        self.strided = keeps_strides(self.classes, block)

    def survey(self, block: Block) -> None:
        for i, s in enumerate(block.body):
            for v in set(s.values):
                self.uses.setdefault(v, []).append((block, i, s))
            for r in s.results:
                self.home[r] = block, i
            if isinstance(s, Apply):
                self.definition[s.result] = s
                self.operation(s, block, i)
                continue
            for phi in s.phis:
                self.escaping.update(values_of(*phi.begins, *phi.ends))
            if isinstance(s, Closure):
                self.escaping.update(values_of(*s.block.yields))
                self.closures.add(s.block.label)
            for b in s.blocks:
                self.around[b.label] = block, i
                self.survey(b)
        for v in set(values_of(*block.yields)):
            self.uses.setdefault(v, []).append((block, len(block.body), None))

    def operation(self, s: Apply, block: Block, i: int) -> None:
        targets = written_by(s)
        if is_opaque(s):  # it may write into the arrays that it is given
            loads = (self.definition.get(v) for v in s.values)
            targets = tuple(o for t in loads if t is not None and t.op is LOAD for o in t.args)
        if targets:
            for v in filter(has_memory, values_of(*targets)):
                at: tuple[Block, int] | None = (block, i)
                while at is not None:
                    positions = self.writes.setdefault((at[0].label, self.classes.of(v)), [])
                    if not positions or positions[-1] != at[1]:
                        positions.append(at[1])
                    at = None if at[0].label in self.closures else self.around[at[0].label]  # it runs at another time
        if is_change(s):  # what is in a list or dict is read whenever somebody looks there
            self.escaping.update(values_of(*put_in(s)))
        if s.op is PUSH:
            self.escaping.update(values_of(*s.args[1:]))
        elif has_memory(s.result):
            for v in values_of(*shared(s)):
                self.aliases.setdefault(v, []).append(s.result)

    # -- what lasts --------------------------------------------------------------------------------------------------

    def lasts(self, v: Value, block: Block, i: int, c: Value) -> bool:
        """Whether `v`, and what lies in its memory, is used before the class `c` is written into after statement `i`."""
        found = {v}
        work = [v]
        while work:
            w = work.pop()
            if w in self.escaping:
                return False
            for b, j, s in self.uses.get(w, ()):
                if not self.is_read(w, s):
                    continue
                way = self.way(b, j, block)
                if way is None or (way[0][1] > i and (_is_taken(w, s) or self.is_changed(way, i, c))):
                    return False
            for a in self.aliases.get(w, ()):
                if a not in found:
                    found.add(a)
                    work.append(a)
        return True

    def is_read(self, v: Value, s: Statement | None) -> bool:
        """Whether a statement reads what is in `v`, and not its form alone."""
        if not isinstance(s, Apply) or s.kwargs:
            return True
        form_of = facts_of(s.op).form_of if isinstance(v.type, Array) else None
        return form_of is None or any(v in values_of(o) for k, o in enumerate(s.args) if k != form_of)

    def way(self, b: Block, j: int, block: Block) -> list[tuple[Block, int]] | None:
        """The blocks, and the places in them, by which one comes from a block to a use; None if it is not in that block."""
        found = [(b, j)]
        while b.label != block.label:
            around = self.around[b.label]
            if around is None:
                return None
            b, j = around
            found.append((b, j))
        return found[::-1]

    def is_changed(self, way: list[tuple[Block, int]], i: int, c: Value) -> bool:
        """Whether a class is written into on the way to a use, from behind statement `i` of its first block."""
        for (block, j), after in zip(way, (i, *[-1] * len(way)), strict=False):
            around = j < len(block.body) and bool(block.body[j].blocks) and block.body[j].repeats
            if self.is_written(block, after, j + around, c):
                return True
            if around:  # in which nothing writes there, in any iteration
                return False
        return False

    def is_written(self, block: Block, i: int, end: int, c: Value) -> bool:
        """Whether a statement of a block behind number `i` and before `end` writes into a class."""
        positions = self.writes.get((block.label, c), [])
        after = bisect_right(positions, i)
        return after < bisect_left(positions, end)

    # -- rebuilding --------------------------------------------------------------------------------------------------

    def run(self) -> Block:
        self.same: dict[Value, Operand] = {}  # what is gone -> what stands for it
        self.copies: set[Value] = set()
        self.moved: dict[Statement, int] = {}  # what is computed earlier than it was -> before which statement of its block
        for b in blocks_in(self.whole):
            for i, s in enumerate(b.body):
                if isinstance(s, Apply) and s.op is LOAD:
                    self.load(s, b, i)
        names: dict[Value, Value] = {}
        for b in blocks_in(self.whole):
            for i, s in enumerate(b.body):
                if isinstance(s, Apply) and s.op is ALLOCATE:
                    self.allocate(s, b, i, names)
        return renamed(self.block(self.whole), names)

    def load(self, s: Apply, block: Block, i: int) -> None:
        (array,) = s.args
        classes = {self.classes.of(v) for v in values_of(array) if has_memory(v)}
        if all(self.lasts(s.result, block, i, c) for c in classes) or self.is_computed_before(s.result, block, i, classes):
            self.same[s.result] = array
        else:
            self.copies.add(s.result)

    def is_computed_before(self, v: Value, block: Block, i: int, classes: set[Value]) -> bool:
        """Whether what was loaded is for one new value, which can be computed before the write: then it is."""
        uses = self.uses.get(v, [])
        if len(uses) != 1 or v in self.escaping:
            return False
        ((b, j, s),) = uses
        write = min((k for c in classes for k in self.writes.get((block.label, c), ()) if k > i), default=j)
        if s in self.moved:  # as it reads another array, too, which may be written into sooner
            write = min(write, self.moved[s])
        if b.label != block.label or not isinstance(s, Apply) or write >= j or isinstance(block.body[write], Closure):
            return False
        if is_of_memory(s.op) or isinstance(s.op, InPlace) or effect(s) != "none" or not fresh(s) or self.aliases.get(v):
            return False
        if any(self.home[w][1] >= write for w in s.values if w in self.home and self.home[w][0].label == block.label):
            return False
        self.moved[s] = write
        return True

    def allocate(self, s: Apply, block: Block, i: int, names: dict[Value, Value]) -> None:
        """An array of its own: what it is made of becomes it, if that is new and nothing else needs it once it changes."""
        (content,) = s.args
        if (
            isinstance(content, Value)
            and content not in names
            and content in self.definition
            and self.home[content][0].label == block.label
            and self.is_new(content)
            and self.lasts(content, block, i, self.classes.of(s.result))
        ):
            names[content] = s.result
            self.same[s.result] = s.result

    def is_new(self, v: Value) -> bool:
        """Whether a value was made with memory of its own."""
        made = self.definition.get(v)
        while made is not None and isinstance(made.op, InPlace) and isinstance(made.args[0], Value):
            made = self.definition.get(made.args[0])
        return made is not None and made.op not in (LOAD, ALLOCATE) and not isinstance(made.op, View) and fresh(made)

    def block(self, block: Block) -> Block:
        body: list[Statement] = []
        earlier: dict[int, list[Statement]] = {}
        for s in block.body:
            if s in self.moved:
                earlier.setdefault(self.moved[s], []).append(s)
        for s in chain.from_iterable((*earlier.get(k, ()), t) for k, t in enumerate(block.body) if t not in self.moved):
            if isinstance(s, Apply) and s.op is LEAVE:
                continue
            if isinstance(s, Apply) and s.op in (ALLOCATE, LOAD):
                if s.result not in self.same:
                    body.append(self.copy(s))
                continue
            if isinstance(s, Apply) and isinstance(s.op, View):
                s = replace(s, op=s.op.op)
            body.append(map_blocks(self.block, map_operands(self.operand, s)))
        return block.with_(body, map(self.operand, block.yields))

    def copy(self, s: Apply) -> Apply:
        """What an array holds, or starts with, as a copy; of an array that views may be taken of, as it lies in memory."""
        (o,) = map(self.operand, s.args)
        if s.op is ALLOCATE and isinstance(s.result.type, ListOf):
            return replace(s, op=laid_out, args=(o,))
        if not isinstance(s.result.type, Array) or not s.result.type.shape:
            return replace(s, op=kept, args=(o,))
        if s.op is ALLOCATE and self.classes.of(s.result) in self.strided:
            return replace(s, op=laid_out, args=(o,))
        return replace(s, op=np.array, args=(o,))

    def operand(self, o: Operand) -> Operand:
        return map_leaves(self.leaf, o)

    def leaf(self, v: Operand) -> Operand:
        found = self.same.get(v, v) if isinstance(v, Value) else v
        return v if found is v else self.operand(found)


def _is_taken(v: Value, s: Statement | None) -> bool:
    """Whether a statement stores something over the memory of a value."""
    return isinstance(s, Apply) and isinstance(s.op, InPlace) and v in values_of(s.args[0])
