"""Promotion: arrays that only one name, and parts of it, are for, as values.

Takes a typed function with operations of memory (`sct.transform.explicit`); gives it with a new value for each write into such
an array, and φ's of these where branches and loops write. So passes, and the reverse sweep, see what is written where. Arrays
that φ's or containers hold, or that are written into through a view of all of it, stay in memory.

Method: Cytron et al., Efficiently computing static single assignment form and the control dependence graph (1991).
"""

from __future__ import annotations

import operator
from collections.abc import Iterable

from sct.analysis.effects import statements
from sct.analysis.points_to import Classes, apart, has_memory, is_change, is_writing_call, written_by
from sct.ir.ops import ALLOCATE, LOAD, Rebind, Store, View
from sct.ir.paths import is_basic_index, shortest
from sct.ir.rewriting import changed, map_operands
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
    values_of,
)
from sct.ir.types import Array, Tuple
from sct.registry.facts import facts_of
from sct.runtime import scatter_add, updated

__all__ = ["promote"]


def promote(block: Block) -> Block:
    """A block with values in place of arrays that nothing but one name, and views of that, stands for."""
    found = _promotable(block)
    return _Promoted(found).run(block) if found else block


def _promotable(block: Block) -> dict[Value, Apply]:
    """What stands for arrays that can be values, with the statements that make them: the arrays, and views of them."""
    classes = apart(block)
    made: dict[Value, Apply] = {}
    stay: set[Value] = set()  # classes
    arrays: set[Value] = set()
    for b in blocks_in(block):
        for v in b.params:
            stay.add(classes.of(v))
        for s in b.body:
            if isinstance(s, Apply):
                _look(s, classes, made, stay, arrays)
                continue
            stay.update(classes.of(v) for v in s.results)
            if isinstance(s, While):  # what its test writes, the body has no parameter for
                stay.update(classes.of(v) for t in statements(s.test) for o in written_by(t) for v in values_of(o))
            if isinstance(s, Closure):
                stay.update(classes.of(v) for v in values_of(*s.block.yields))
        stay.update(classes.of(v) for v in values_of(*b.yields) if v in made)
    return {v: s for v, s in made.items() if classes.of(v) not in stay}


def _look(s: Apply, classes: Classes, made: dict[Value, Apply], stay: set[Value], arrays: set[Value]) -> None:
    """What a statement says of the classes of its values."""
    r = s.result
    if s.op is LOAD:
        return
    if s.op is ALLOCATE and isinstance(r.type, Array) and r.type.dtype is not None:
        c = classes.of(r)
        if c in arrays:
            stay.add(c)
        arrays.add(c)
        made[r] = s
        return
    base = s.args[0] if s.args else None
    if s.op == View(operator.getitem) and base in made and isinstance(r.type, Array) and is_basic_index(s.args[1]) is True:
        made[r] = s
        return
    if isinstance(s.op, Store) and not is_change(s) and s.op.op in (updated, scatter_add):
        stay.update(classes.of(v) for v in values_of(*s.args[1:]) if has_memory(v) and v in made)
        return
    if isinstance(s.op, (Rebind, Store)) or is_writing_call(s):
        stay.update(classes.of(v) for o in written_by(s) for v in values_of(o))
    form_of = facts_of(s.op).form_of
    read = [v for k, o in enumerate(s.operands) if k != form_of for v in values_of(o) if v in made]
    stay.update(map(classes.of, read))
    if has_memory(r) and (read or form_of is None):
        stay.add(classes.of(r))


class _Promoted:
    """A walk that has what each array holds: `now`."""

    def __init__(self, made: dict[Value, Apply]) -> None:
        self.made = made
        self.now: dict[Value, Operand] = {}
        self.known: dict[Value, Operand] = {}  # what was loaded
        self.body: list[Statement] = []
        self.written: dict[int, frozenset[Value]] = {}  # by a block's label: the arrays that are written into in it

    def run(self, block: Block) -> Block:
        for b in blocks_in(block):
            own = {self.root(v) for s in b.body if isinstance(s, Apply) for v in values_of(*written_by(s)) if v in self.made}
            self.written[b.label] = frozenset(own)
        return self.block(block)

    def root(self, v: Value) -> Value:
        """The array that a view is of."""
        while isinstance((s := self.made[v]).op, View):
            v = _base(s)
        return v

    def block(self, block: Block, more: Iterable[Value] = (), before: int | None = None) -> Block:
        """A block, which yields what some arrays hold behind the first operands that it yields."""
        outer, self.body = self.body, []
        now = dict(self.now)
        for s in block.body:
            if isinstance(s, Apply):
                self.apply(s)
            else:
                self.body.append(self.region(s))
        yields = [self.operand(o) for o in block.yields]
        n = len(yields) if before is None else before
        made = block.with_(self.body, [*yields[:n], *(self.now[v] for v in more), *yields[n:]])
        self.body, self.now = outer, now
        return made

    def operand(self, o: Operand) -> Operand:
        return map_leaves(self.leaf, o)

    def leaf(self, o: Operand) -> Operand:
        if not isinstance(o, Value):
            return o
        return self.held(o) if o in self.made else self.known.get(o, o)

    def held(self, v: Value) -> Operand:
        """What an array, or a view of one, holds."""
        s = self.made[v]
        if not isinstance(s.op, View):
            return self.now[v]
        of = self.held(_base(s))
        part = Value(v.type, v.name, v.hint)
        self.body.append(Apply(s.op.op, (of, *map(self.operand, s.args[1:])), (), part, s.place, s.origin))
        return part

    def apply(self, s: Apply) -> None:
        target = s.args[0] if s.args else None
        if s.result in self.made:
            if s.op is ALLOCATE:
                self.now[s.result] = self.named(self.operand(s.args[0]), s.result)
        elif s.op is LOAD and isinstance(target, Value) and target in self.made:
            self.known[s.result] = self.held(target)
        elif isinstance(s.op, Store) and isinstance(target, Value) and target in self.made:
            self.store(s, target)
        else:
            self.body.append(map_operands(self.operand, s))

    def named(self, content: Operand, v: Value) -> Operand:
        """What an array starts with, under its name."""
        made = self.body[-1] if self.body else None
        if isinstance(made, Apply) and made.result is content and not made.result.name:
            own = Value(v.type, v.name, v.hint)
            self.body[-1] = Apply(made.op, made.args, made.kwargs, own, made.place, made.origin)
            self.known[made.result] = own
            return own
        return content

    def store(self, s: Apply, target: Value) -> None:
        path, value = self.operand(s.args[1]), self.operand(s.args[2])
        assert isinstance(path, Tuple)
        op, indices = s.op.op, path.items
        if op is scatter_add and isinstance(self.made[target].op, View) and is_basic_index(indices[0]) is not True:
            part = Value(target.type)  # which it may name an entry of twice
            self.body.append(Apply(op, (self.held(target), path, value), (), part, s.place, s.origin))
            op, indices, value = updated, (), part
        while isinstance((made := self.made[target]).op, View):
            indices = (self.operand(made.args[1]), *indices)
            target = _base(made)
        new = Value(target.type, target.name, target.hint)
        self.body.append(Apply(op, (self.now[target], Tuple(shortest(indices)), value), (), new, s.place, s.origin))
        self.now[target] = new

    def region(self, s: Statement) -> Statement:
        written = frozenset().union(*(self.written[b.label] for inner in s.blocks for b in blocks_in(inner)))
        arrays = [v for v in self.now if v in written]
        results = [Value(v.type, v.name, v.hint) for v in arrays]
        s = map_operands(self.operand, s)
        if isinstance(s, If):
            then, orelse = (self.block(b, arrays) for b in s.blocks)
            made: Statement = changed(s, then=then, orelse=orelse, results=(*s.results, *results))
        elif isinstance(s, Closure):
            made = changed(s, block=self.block(s.block))
        else:
            assert isinstance(s, (For, While))
            made = self.loop(s, arrays, results)
        self.now.update(zip(arrays, results, strict=True))
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


def _base(s: Apply) -> Value:
    """What a view is of."""
    of = s.args[0]
    assert isinstance(of, Value)
    return of
