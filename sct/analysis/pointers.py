"""Pointers: which names of arrays stand for what nothing else is read by, while it changes.

Takes a block with operations of memory (`sct.transform.explicit`); gives the names whose arrays can be values. `cells` have
contents of their own: new arrays, φ's of arrays, and views that may be copies. `parts` are views of cells, or of other parts,
that are taken again of what a cell holds now. They can be values where no array is written into by one cell while another one
that may be the same array, or lie in it, is still to be read: as in buffers that change places at the end of an iteration.

Method: two names may be one array if their φ's may take it on the same way, which is the least relation with that property;
and one is read later as in Appel, Modern Compiler Implementation in ML (1998), section 10.1.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from sct.analysis.effects import statements
from sct.analysis.permuting import back_from
from sct.analysis.points_to import Classes, apart, has_memory, is_change, is_writing_call, may_pick_number, written_by
from sct.analysis.storage import fresh
from sct.infer.facts import for_call
from sct.ir.ops import ALLOCATE, BINARY, LOAD, Rebind, Store, View
from sct.ir.paths import is_basic_index
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, Closure, If, Operand, Phi, Statement, Value, While, blocks_in, values_of
from sct.ir.types import Array, Unknown
from sct.registry.facts import facts_of
from sct.runtime import scatter_add, updated

__all__ = ["Pointers", "base_of", "pointers"]

Position: TypeAlias = tuple[int, int]
"""A block's label, and the number of a statement in it; of its parameters -1, of what it yields how many statements it has."""


@record(frozen=True)
class Pointers:
    """Names of arrays that can be values: `cells`, and `parts`, with the statements that take these."""

    cells: frozenset[Value]
    parts: dict[Value, Apply]

    def __contains__(self, v: Value) -> bool:
        return v in self.cells or v in self.parts

    def root(self, v: Value) -> Value:
        """The cell that a part is of."""
        return _root(v, self.parts)


def pointers(block: Block) -> Pointers:
    """The names of arrays in a block that can be values, whole classes of `sct.analysis.points_to` at a time."""
    return _Pointers(block).found()


def base_of(s: Apply) -> Value:
    """What a view is of."""
    of = s.args[0]
    assert isinstance(of, Value)
    return of


def _root(v: Value, parts: dict[Value, Apply]) -> Value:
    while v in parts:
        v = base_of(parts[v])
    return v


class _Pointers:
    def __init__(self, block: Block) -> None:
        self.whole = block
        every = [s for b in blocks_in(block) for s in b.body if isinstance(s, Apply)]
        made = [s.result for s in every if s.op is ALLOCATE or isinstance(s.op, Rebind)]
        self.classes = apart(block) if made else Classes()
        self.classed = set(map(self.classes.of, made))  # where there are cells
        self.definition = {s.result: s for s in every}
        self.cells: set[Value] = set()
        self.parts: dict[Value, Apply] = {}
        self.stay: set[Value] = set()  # classes that stay in memory
        self.made: dict[Value, Position] = {}
        self.around: dict[int, Position | None] = {block.label: None}
        self.loops: set[Position] = set()
        self.uses: dict[Value, list[Position]] = {}
        self.stores: list[tuple[Value, Position, bool]] = []  # with whether what is written into may be a number, too
        self.loose: dict[Value, list[Value]] = {}  # a cell that may be another one, or a view of it -> that
        self.phis: list[tuple[Statement, Position]] = []  # statements with φ's
        self.near: dict[Value, set[Value]] = {}

    def found(self) -> Pointers:
        if not self.classed:
            return Pointers(frozenset(), {})
        self.stay.update(map(self.classes.of, self.whole.params))
        self.block(self.whole)
        self.spread()
        for cell, at, rebound in self.stores:
            others = (*self.near.get(cell, ()), *((cell,) if rebound else ()))
            if any(self.is_visible(x, at) and self.is_read_after(x, at) for x in others):
                self.stay.add(self.classes.of(cell))
        cells = frozenset(v for v in self.cells if self.classes.of(v) not in self.stay)
        return Pointers(cells, {v: s for v, s in self.parts.items() if self.classes.of(v) not in self.stay})

    def root(self, v: Value) -> Value:
        return _root(v, self.parts)

    # -- what there is -----------------------------------------------------------------------------------------------

    def block(self, block: Block, closed: bool = False) -> None:
        for i, s in enumerate(block.body):
            at = block.label, i
            if isinstance(s, Apply):
                self.apply(s, at)
                continue
            for o in s.operands:
                self.use(o, at)
            if s.repeats:
                self.loops.add(at)
            for b in s.blocks:
                self.around[b.label] = at
                for v in b.params:
                    self.cell(v, (b.label, -1))
                self.block(b, closed or isinstance(s, Closure))
            for v in s.results:
                self.cell(v, at)
            if s.phis:
                self.phis.append((s, at))
            if isinstance(s, While):  # what its test writes, the body has no parameter for
                self.leave(v for t in statements(s.test) for o in written_by(t) for v in values_of(o))
        for o in block.yields:
            self.use(o, (block.label, len(block.body)))
        if closed:  # it runs at another time
            self.leave(v for s in block.body for v in s.values)
            self.leave(values_of(*block.yields))

    def leave(self, values: Iterable[Value]) -> None:
        self.stay.update(map(self.classes.of, values))

    def is_known(self, v: Value) -> bool:
        return v in self.cells or v in self.parts

    def cell(self, v: Value, at: Position) -> None:
        """What stands for an array of its own, or for one or a number."""
        c = self.classes.of(v)
        if c not in self.classed or not has_memory(v):
            return
        if isinstance(v.type, (Array, Unknown)):
            self.cells.add(v)
            self.made[v] = at
        else:
            self.stay.add(c)

    def use(self, o: Operand, at: Position) -> None:
        for v in filter(self.is_known, values_of(o)):
            self.uses.setdefault(self.root(v), []).append(at)
            if v is not o:  # it is in a container
                self.stay.add(self.classes.of(v))

    def apply(self, s: Apply, at: Position) -> None:
        base = s.args[0] if s.args else None
        others = values_of(*s.operands[1:])
        if not isinstance(base, Value) or not self.is_known(base):
            base, others = None, values_of(*s.operands)
        if s.op is LOAD:
            self.use(s.args[0], at)
        elif s.op is ALLOCATE:
            self.cell(s.result, at)
            self.leave(filter(self.is_known, values_of(*s.args)))
        elif self.is_rebound(s):
            self.leave(filter(self.is_known, others))
            if base is not None:
                self.stores.append((self.root(base), at, True))
            self.led(s, at)
        elif isinstance(s.op, View) and isinstance(s.result.type, (Array, Unknown)):
            if base is not None and self.is_part(s):
                self.leave(filter(self.is_known, others))
                self.parts[s.result] = s
            else:
                self.led(s, at)
        elif base is not None and isinstance(s.op, Store) and not is_change(s) and s.op.op in (updated, scatter_add):
            self.leave(filter(self.is_known, others))
            self.use(base, at)
            self.stores.append((self.root(base), at, False))
        else:
            self.other(s)

    def is_rebound(self, s: Apply) -> bool:
        """Whether a statement computes a number, or writes into a cell, or a part of one, by an operator."""
        known = all(self.is_known(v) or not has_memory(v) for v in values_of(s.args[0])) if s.args else False
        return isinstance(s.op, Rebind) and s.op.op in BINARY.values() and known

    def led(self, s: Apply, at: Position) -> None:
        """What may be one of the operands of a statement, or lie in it."""
        for o in s.operands:
            self.use(o, at)
        self.cell(s.result, at)
        if s.result in self.cells:
            self.loose[s.result] = [v for v in values_of(*s.operands) if self.is_known(v)]

    def other(self, s: Apply) -> None:
        """An operation that is none of one array."""
        if isinstance(s.op, (Rebind, Store)) or is_writing_call(s):
            self.leave(v for o in written_by(s) for v in values_of(o))
        form_of = facts_of(s.op).form_of
        read = [v for k, o in enumerate(s.operands) if k != form_of for v in values_of(o) if self.is_known(v)]
        self.leave(read)
        if has_memory(s.result) and (read or form_of is None):
            self.stay.add(self.classes.of(s.result))

    def is_part(self, s: Apply) -> bool:
        """Whether a view is one for certain, so that it can be taken again."""
        assert isinstance(s.op, View)
        if s.op.op is operator.getitem:
            return is_basic_index(s.args[1]) is True and not may_pick_number(s)
        how = _rearranged(s)
        if how == "may copy":
            return self.is_contiguous(base_of(s))
        return how is not None and back_from(replace(s, op=s.op.op)) is not None

    def is_contiguous(self, v: Value) -> bool:
        """Whether an array lies in memory in the order of its indices."""
        s = self.definition.get(v)
        first = s.args[0] if s is not None and s.args else None
        like = isinstance(first, Value) and self.is_contiguous(first)
        if s is None or s.op in (ALLOCATE, LOAD):
            return like
        if isinstance(s.op, View):
            return like and s.op.op is not operator.getitem and self.is_part(s) and _rearranged(s) != "turned"
        return fresh(s) and _is_laid_out(s, like)

    # -- which may be the same ---------------------------------------------------------------------------------------

    def spread(self) -> None:
        """Find for each cell those that may be, or lie in, the same array."""
        more = True
        while more:
            more = False
            for v, led in self.loose.items():
                for base in led:
                    more = self.join(v, self.beside(self.root(base), self.made[v])) or more
            for s, at in self.phis:
                more = self.phi(s, at) or more

    def beside(self, root: Value, at: Position) -> set[Value]:
        """A cell, and those that may be the same array, of what is there at a statement."""
        return {x for x in (root, *self.near.get(root, ())) if self.is_visible(x, at)}

    def phi(self, s: Statement, at: Position) -> bool:
        phis = [phi for phi in s.phis if phi.result in self.cells]
        ways = zip(*(phi.ends for phi in phis), strict=True) if isinstance(s, If) else self.around_loop(phis)
        more = False
        for way in ways:
            roots = [self.root(o) if isinstance(o, Value) and self.is_known(o) else None for o in way]
            for k, root in enumerate(roots):
                if root is None:
                    continue
                there = {root, *self.near.get(root, ())}
                for v in (*phis[k].params, phis[k].result):
                    more = self.join(v, self.beside(root, at)) or more
                for j in (j for j, other in enumerate(roots) if j != k and other in there):
                    for v, w in zip((*phis[k].params, phis[k].result), (*phis[j].params, phis[j].result), strict=True):
                        more = self.join(v, {w}) or more
        return more

    def around_loop(self, phis: list[Phi]) -> Iterator[tuple[Operand, ...]]:
        yield tuple(phi.begins[0] for phi in phis)
        yield tuple(phi.ends[0] for phi in phis)

    def join(self, v: Value, others: set[Value]) -> bool:
        """Whether it was not known of all of these that they may be one array with `v`."""
        own = self.near.setdefault(v, set())
        new = others - own - {v}
        own |= new
        for x in new:
            self.near.setdefault(x, set()).add(v)
        return bool(new)

    # -- what is read later ------------------------------------------------------------------------------------------

    def way(self, at: Position) -> list[Position]:
        """The statements in which a place lies, from the outside in, with itself."""
        found = [at]
        while (outer := self.around[found[-1][0]]) is not None:
            found.append(outer)
        return found[::-1]

    def is_visible(self, x: Value, at: Position) -> bool:
        """Whether `x` was made before a statement, on every way there."""
        label, i = self.made[x]
        return any(label == there and i < k for there, k in self.way(at))

    def is_read_after(self, x: Value, at: Position) -> bool:
        """Whether `x`, which is there at a statement, may be read after that, before it is made again."""
        depth = len(self.way(self.made[x]))
        way = self.way(at)
        return any(self.follows(way, self.way(use), depth) for use in self.uses.get(x, ()))

    def follows(self, way: list[Position], use: list[Position], depth: int) -> bool:
        """Whether a use comes after a statement: in the blocks around both, or in the next iteration of a loop in which what is
        used is not made."""
        for n, ((label, i), (there, k)) in enumerate(zip(way, use, strict=False), 1):
            if label != there or k < i:
                return False
            if k > i:
                return True
            if n >= depth and (label, i) in self.loops and len(way) > n and len(use) > n:
                return True
        return False


def _rearranged(s: Apply) -> Any:
    """How a view has the entries of what it is of (`sct.registry.facts.Facts`)."""
    op = s.op.op
    return for_call(facts_of(op).rearranged, op, s.args, s.kwargs)


def _is_laid_out(s: Apply, like: bool) -> bool:
    """Whether new memory is in the order of the indices; `like`: that of the first operand is."""
    order = for_call(facts_of(s.op).order, s.op, s.args, s.kwargs)
    return order == "C" or (order == "K" and (like or getattr(s.result.type, "rank", None) == 1))
