"""Promotion: arrays that nothing else is read by while they change, as values.

Takes a typed function with operations of memory (`sct.transform.explicit`); gives it with a new value for each write into such
an array, and φ's of these where branches and loops write. So passes, and the reverse sweep, see what is written where. Which
arrays these are is told by `sct.analysis.pointers`; the others stay in memory.

Method: Cytron et al., Efficiently computing static single assignment form and the control dependence graph (1991).
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sct.analysis.permuting import back_from, order_of
from sct.analysis.pointers import Pointers, base_of, pointers
from sct.analysis.points_to import is_item, written_by
from sct.infer.call import infer_call
from sct.ir.ops import ALLOCATE, LOAD, Attribute, Field, Rebind, Store, View
from sct.ir.paths import is_basic_index, permuted, shortest
from sct.ir.rewriting import changed, map_operands
from sct.ir.shapes import as_array
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    If,
    Operand,
    Statement,
    Value,
    While,
    blocks_in,
    map_leaves,
    type_of,
    values_of,
)
from sct.ir.types import Const, Tuple, Unknown
from sct.runtime import as_augmented, laid_out, not_none, scatter_add, updated

__all__ = ["promote"]


def promote(block: Block) -> Block:
    """A block with values in place of arrays that nothing else is read by while they change."""
    found = pointers(block)
    return _Promoted(found).run(block) if found.cells else block


class _Promoted:
    """A walk that has what each array holds: `now`."""

    def __init__(self, found: Pointers) -> None:
        self.pointers = found
        self.now: dict[Value, Operand] = {}
        self.taken: dict[Value, tuple[Operand, Operand]] = {}  # what a part was last taken of, and what it is there
        self.known: dict[Value, Operand] = {}  # what was loaded
        self.last: dict[Value, Apply] = {}  # where a cell was last written into
        self.body: list[Statement] = []
        self.written: dict[int, frozenset[Value]] = {}  # by a block's label: the cells that are written into in it
        self.read: dict[int, frozenset[Value]] = {}  # and the parts that are read in it
        self.given: set[Value] = set()  # arguments, and what is in them

    def run(self, block: Block) -> Block:
        root = self.pointers.root
        for b in blocks_in(block):
            every = [s for s in b.body if isinstance(s, Apply)]
            written = (v for s in every for v in values_of(*written_by(s)) if v in self.pointers)
            self.written[b.label] = frozenset(map(root, written))
            self.read[b.label] = frozenset(v for s in every if s.op is LOAD for v in s.values if v in self.pointers.parts)
        self.given.update(block.params)
        for s in block.body:
            if isinstance(s, Apply) and (isinstance(s.op, Field) or is_item(s)) and s.args[0] in self.given:
                self.given.add(s.result)
        return self.block(block)

    def block(self, block: Block, more: Iterable[Value] = (), before: int | None = None) -> Block:
        """A block, which yields what some arrays hold behind the first operands that it yields."""
        outer, self.body = self.body, []
        now, taken = dict(self.now), dict(self.taken)
        self.begin(block.params)
        s: Statement | None = None
        for s in block.body:
            if isinstance(s, Apply):
                self.apply(s)
            else:
                self.body.append(self.region(s))
        yields = [self.operand(o, s) for o in block.yields]
        n = len(yields) if before is None else before
        made = block.with_(self.body, [*yields[:n], *(self.now[v] for v in more), *yields[n:]])
        self.body, self.now, self.taken = outer, now, taken
        return made

    def begin(self, values: Iterable[Value]) -> None:
        """What φ's stand for is what these hold."""
        self.now.update((v, v) for v in values if v in self.pointers.cells)

    def operand(self, o: Operand, by: Statement | None) -> Operand:
        def leaf(v: Operand) -> Operand:
            if not isinstance(v, Value):
                return v
            return self.held(v, by) if v in self.pointers else self.known.get(v, v)

        return map_leaves(leaf, o)

    def held(self, v: Value, by: Statement | None) -> Operand:
        """What an array, or a view of one, holds where a statement asks for it."""
        s = self.pointers.parts.get(v)
        if s is None:
            return self.now[v]
        of = self.held(base_of(s), by)
        last, part = self.taken.get(v, (None, None))
        if part is not None and last is of:
            return part
        if s.op == View(not_none) and not isinstance(type_of(of), Unknown):
            return of
        made = self.emit(self.viewed(s, of), s if by is None else by, Value(v.type, v.name, v.hint))
        self.taken[v] = of, made
        return made

    def viewed(self, s: Apply, of: Operand) -> Apply:
        """The operation of a view, of what its array holds."""
        args = (of, *(self.operand(o, s) for o in s.args[1:]))
        return Apply(s.op.op, args, tuple((k, self.operand(o, s)) for k, o in s.kwargs), s.result)

    def emit(self, s: Apply, by: Statement, result: Value) -> Value:
        self.body.append(Apply(s.op, s.args, s.kwargs, result, by.place, by.origin))
        return result

    def made(self, op: Any, args: Sequence[Operand], by: Statement) -> Value:
        """What an operation gives."""
        t = infer_call(op, list(map(type_of, args)), {})
        return self.emit(Apply(op, tuple(args), (), Value(t)), by, Value(t))

    def apply(self, s: Apply) -> None:
        target = s.args[0] if s.args else None
        r = s.result
        if r in self.pointers.parts:
            self.held(r, s)
        elif r in self.pointers.cells:
            if s.op is ALLOCATE:
                self.now[r] = self.begun(s)
            elif isinstance(s.op, Rebind):
                self.now[r] = self.rebound(s)
            else:
                args = tuple(self.operand(o, s) for o in s.args)
                kwargs = tuple((k, self.operand(o, s)) for k, o in s.kwargs)
                self.now[r] = self.emit(Apply(s.op.op, args, kwargs, r), s, Value(r.type, r.name, r.hint))
        elif s.op is LOAD and isinstance(target, Value) and target in self.pointers:
            self.known[r] = self.held(target, s)
        elif isinstance(s.op, Store) and isinstance(target, Value) and target in self.pointers:
            path, value = self.operand(s.args[1], s), self.operand(s.args[2], s)
            assert isinstance(path, Tuple)
            self.write(s, target, s.op.op, path.items, value)
        else:
            self.body.append(map_operands(lambda o: self.operand(o, s), s))

    def begun(self, s: Apply) -> Operand:
        """What an array starts with, under its name; what is only read of an argument needs no copy."""
        content, v = self.operand(s.args[0], s), s.result
        made = self.body[-1] if self.body else None
        if not isinstance(made, Apply) or made.result is not content:
            return content
        source = made.args[0] if made.op in (np.array, laid_out) and len(made.operands) == 1 else None
        copied = isinstance(source, Value) and source in self.given and source.type == v.type
        if source is not None and copied and all(v not in cells for cells in self.written.values()):
            return source
        if made.result.name:
            return content
        own = Value(v.type, v.name, v.hint)
        op = np.array if copied else made.op  # how it lies in memory nobody asks
        self.body[-1] = Apply(op, made.args, made.kwargs, own, made.place, made.origin)
        self.known[made.result] = own
        return own

    def rebound(self, s: Apply) -> Operand:
        """What is a number that is computed, or an array that is written into, which keeps its dtype."""
        (x, value), r = (self.operand(o, s) for o in s.args), s.result
        made = self.emit(Apply(s.op.op, (x, value), (), r), s, Value(r.type, r.name, r.hint))
        if getattr(type_of(x), "dtype", None) is not None and getattr(r.type, "dtype", None) is not None:
            return made
        return self.emit(Apply(as_augmented, (made, x), (), r), s, Value(r.type, r.name, r.hint))

    # -- writes ------------------------------------------------------------------------------------------------------

    def write(self, s: Apply, target: Value, op: Any, path: Sequence[Operand], value: Operand) -> None:
        """`target[path[0]]... = value`, or `+= value`, in a new value of what that lies in."""
        parts = self.pointers.parts
        if op is scatter_add and target in parts and is_basic_index(path[0]) is not True:  # it may name an entry twice
            part = Value(target.type)
            self.emit(Apply(op, (self.held(target, s), Tuple(tuple(path)), value), (), part), s, part)
            op, path, value = updated, (_REST,), part
        while (view := parts.get(target)) is not None:
            if view.op == View(operator.getitem):
                path = (self.operand(view.args[1], s), *path)
            elif (there := self.through(view, shortest(path), value, s)) is not None:
                path, value = there
            else:
                break
            target = base_of(view)
        new = Value(target.type, target.name, target.hint)
        self.emit(Apply(op, (self.held(target, s), Tuple(shortest(path)), value), (), new), s, new)
        if view is not None and view.op == View(not_none) and (base := base_of(view)) not in parts:
            view, target = None, base  # which holds just that
        if view is None:
            self.now[target], self.last[target] = new, s
        else:
            self.write(s, base_of(view), updated, (_REST,), self.turned_back(view, new, s))

    def through(
        self, view: Apply, path: tuple[Operand, ...], value: Operand, by: Apply
    ) -> tuple[tuple[Operand, ...], Operand] | None:
        """Where a path through a view with its axes in another order leads in the array, and what is written there."""
        order = order_of(replace(view, op=view.op.op)) if len(path) == 1 and is_basic_index(path[0]) else None
        place = None if order is None else permuted(path[0], order)
        if place is None:
            return None
        index, axes = place
        shape = as_array(type_of(value)).shape
        if shape == () or axes == tuple(range(len(axes))):
            return (index,), value
        if shape is None or len(shape) != len(axes):
            return None
        if len(axes) == 2:
            return (index,), self.made(Attribute("T"), (value,), by)
        return (index,), self.made(np.transpose, (value, Const(axes)), by)

    def turned_back(self, view: Apply, new: Value, by: Apply) -> Operand:
        """What a view of all of an array holds, as what the array holds."""
        base, back = base_of(view), back_from(replace(view, op=view.op.op))
        assert back is not None
        op, args, kwargs = back
        if op is np.reshape:
            args = (self.made(np.shape, (self.held(base, by),), by),)
        return self.emit(Apply(op, (new, *args), kwargs, new), by, Value(base.type))

    # -- branches and loops ------------------------------------------------------------------------------------------

    def region(self, s: Statement) -> Statement:
        inside = [b.label for inner in s.blocks for b in blocks_in(inner)]
        written = frozenset().union(*map(self.written.__getitem__, inside))
        arrays = [v for v in self.now if v in written]
        if s.repeats:  # what it reads in each iteration, and does not change, is taken before it
            read = frozenset().union(*map(self.read.__getitem__, inside))
            for v in [v for v in self.taken if v in read and self.pointers.root(v) not in written]:
                self.held(v, self.last.get(self.pointers.root(v), s))
        results = [Value(v.type, v.name, v.hint) for v in arrays]
        s = map_operands(lambda o: self.operand(o, s), s)
        if isinstance(s, If):
            then, orelse = (self.block(b, arrays) for b in s.blocks)
            made: Statement = changed(s, then=then, orelse=orelse, results=(*s.results, *results))
        elif isinstance(s, Closure):
            made = changed(s, block=self.block(s.block))
        else:
            assert isinstance(s, (For, While))
            made = self.loop(s, arrays, results)
        self.now.update(zip(arrays, results, strict=True))
        self.begin(s.results)
        return made

    def loop(self, s: For | While, arrays: list[Value], results: list[Value]) -> Statement:
        n = len(s.inits)
        inits = (*s.inits, *(self.now[v] for v in arrays))
        before = dict(self.now)
        params = self.params(arrays)
        if isinstance(s, While):
            inside = dict(self.now)
            tested = self.params(arrays) if s.test.params or not n else []  # otherwise it reads the body's parameters
            test = self.block(s.test)
            s = changed(s, test=test.with_(None, None, (*test.params, *tested)))
            self.now = inside
        body = self.block(s.body, arrays, n)
        body = body.with_(None, None, (*body.params, *params))
        self.now = before
        return changed(s, body=body, inits=inits, results=(*s.results[:n], *results, *s.results[n:]))

    def params(self, arrays: list[Value]) -> list[Value]:
        """Parameters that stand for what arrays hold where an iteration begins."""
        made = [Value(v.type, v.name, v.hint) for v in arrays]
        self.now.update(zip(arrays, made, strict=True))
        return made


_REST = Const(Ellipsis)
