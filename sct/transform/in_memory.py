"""The reverse sweep through arrays that are written into: what loads and stores add to shadows, and take from them.

Takes operations of memory of the forward sweep; emits those of the reverse sweep on the shadows of the same arrays
(`sct.transform.shadows`). A load v = A is reversed as Ā += v̄, a store A[i] = v as v̄ += Ā[i]; Ā[i] = 0, and A[i] += v as
v̄ += Ā[i]; a new array gives what its shadow holds to what it was made of. Nothing is written back into the arrays
themselves: what the reverse sweep needs of them is kept, like any other value.

Method: Griewank & Walther, Evaluating Derivatives (2008), section 3.2.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace

from sct.analysis.activity import primitive_of
from sct.analysis.points_to import is_change
from sct.errors import NoRuleError
from sct.infer.call import index_type, infer_call
from sct.ir.ops import ALLOCATE, LOAD, PULL, Rebind, Store, View, describe
from sct.ir.paths import is_basic_index
from sct.ir.ssa import Apply, Block, Operand, Statement, Value, type_of, values_of
from sct.ir.types import Array, Const, Dict, DictOf, List, ListOf, Tuple, keys_of, with_items
from sct.registry.rules import adjoint_rule
from sct.runtime import add_each, in_places, of_copy, scatter_add, together, updated
from sct.transform.adjoints import Adjoints, adjoint_type, bar_type
from sct.transform.by_rule import adjoints_by_rule, rule_advice
from sct.transform.shadows import Shadows

__all__ = ["InMemory"]

_WHOLE = Tuple((Const(Ellipsis),))


class InMemory(Adjoints):
    """The adjoints of a function's values, some of which lie in shadows."""

    def __init__(self, block: Block, temporaries: set[Value]) -> None:
        super().__init__(block, temporaries)
        self.memory = Shadows.none(block)

    def rule(self, s: Apply, bar: Operand) -> None:
        """An operation on values, by its rule."""
        raise NotImplementedError

    def is_of_memory(self, s: Apply) -> bool:
        """Whether a statement is reversed here."""
        if s.op is LOAD or s.op is ALLOCATE or isinstance(s.op, (Store, Rebind, View)):
            return True
        r = s.result
        return (
            r in self.memory.reads
            or r in self.memory.cells
            or r in self.memory.of
            or s in self.memory.put
            or s in self.memory.pulls
        )

    def in_memory(self, s: Apply) -> None:
        """The reverse of an operation of memory."""
        if s in self.memory.pulls:
            self.b.append(PULL, self.memory.pulls[s], {}, Const(None))
        for v, cell in reversed(self.memory.put.get(s, ())):
            self.accumulate(v, self.b.append(operator.getitem, (self.held_now(cell), Const(())), {}, adjoint_type(v.type)))
        if s in self.memory.rebound:
            self.rebind(s)
        elif s.result in self.memory.cells:
            bar = self.bars.pop(s.result, None)
            if bar is not None:
                self.add(self.memory.cells[s.result], bar)
        elif s.op is ALLOCATE and s.result in self.memory.of:
            if s.args[0] in self.active:
                own = self.memory.held.get(s.result, self.memory.of[s.result])
                self.accumulate(s.args[0], self.held_at_first(s.result, own))
        elif s.result in self.memory.held:
            bar = self.taken(s.result)
            if bar is not None:
                args = Tuple((self.memory.held[s.result],)), Tuple((bar,))
                self.b.append(Store(add_each), args, {}, Const(None))
        elif s.result in self.memory.reads:
            read = self.memory.reads[s.result]
            part = self.bars.pop(s.result, None)
            if part is not None:
                self.add(self.memory.of[read.array], part, Tuple((read.index,)))
        elif isinstance(s.op, Store):
            if s.args[0] in self.memory.of and not is_change(s):
                self.store(s)
        elif s.op is LOAD and (s.args[0] in self.memory.of or s.args[0] in self.memory.turned):
            bar = self.bars.pop(s.result, None)
            if bar is not None:
                self.give(s.args[0], bar)  # type: ignore[arg-type]
        elif s.result in self.memory.of:
            if s.op == View(together):
                for k, a in enumerate(s.args):
                    if a in self.active:
                        part = self.b.append(operator.getitem, (self.memory.of[s.result], Const(k)), {}, type_of(a))
                        self.accumulate(a, self.held_now(part))
            elif s.result in self.memory.entries:
                self.come_in(s.result)
                if s.result in self.bars:
                    self.item(s, self.bars.pop(s.result))
            elif s.result in self.memory.copies:
                self.copied(s)
            elif s.args and s.args[0] in self.active and self.has_parts(s.result):  # numbers in a tuple
                self.item(s, self.found(s.result))
        elif (bar := self.taken(s.result)) is not None:  # of what nothing is written into
            if isinstance(s.op, View):
                self.rule(replace(s, op=s.op.op), bar)
            else:
                self.accumulate(s.args[0], bar)
        if s.result in self.memory.picks:
            add, operands = self.memory.picks[s.result]
            self.b.append(Store(add), operands, {}, Const(None))

    def come_in(self, v: Value) -> None:
        """What the shadow of an argument, or of what is in one, holds is its adjoint."""
        self.accumulate(v, self.held_at_first(v, self.memory.of[v]))

    def held_at_first(self, v: Value, shadow: Value) -> Value:
        """The adjoint of what comes in, of which the shadow is given; of a list that has the shadows of its items."""
        if isinstance(v.type, ListOf):
            return self.b.append(in_places, (shadow,), {}, bar_type(v.type))
        return self.held_now(shadow)

    def settle(self, v: Value, shadow: Value) -> None:
        """Add the adjoint of an argument, so far as it is a value, to what its caller gives for that."""
        bar = self.found(v)
        if isinstance(bar, (Tuple, List, Dict, Const)) or isinstance(v.type, (ListOf, DictOf)):
            if values_of(bar):
                self.b.append(Store(add_each), (Tuple((shadow,)), Tuple((bar,))), {}, Const(None))
        else:
            self.add(shadow, bar)

    def found(self, v: Value) -> Operand:
        """The adjoint of a value, in its structure; None where there is none."""
        if not isinstance(v.type, (Tuple, List, Dict)):
            return self.bars.get(v, Const(None))
        parts = self.parts.get(v, {})
        return with_items(v.type, [self.found(parts[k]) if k in parts else Const(None) for k in keys_of(v.type)])

    def item(self, s: Apply, bar: Operand) -> None:
        """An item of a container."""
        raise NotImplementedError

    def add(self, shadow: Value, bar: Operand, path: Tuple = _WHOLE) -> None:
        """Add to what a part of a shadow holds."""
        self.b.append(Store(scatter_add), (shadow, path, bar), {}, Const(None))

    def give(self, array: Value, bar: Operand) -> None:
        """The adjoint of what an array held goes into its shadow; that of a view without one by way of what it is a view of."""
        while array in self.memory.turned:
            s = self.memory.turned[array]
            of = s.args[0]
            assert isinstance(of, Value)
            array, bar = of, self.by_view(s, of, array, bar)
        self.add(self.memory.of[array], bar)

    def by_view(self, s: Apply, of: Value, result: Value, bar: Operand) -> Operand:
        """What an array gets of the adjoint of a view of it; of both the form is asked."""
        op = s.op.op if isinstance(s.op, View) else s.op
        rule = adjoint_rule(primitive_of(op))
        if rule is None:
            raise NoRuleError(f"{describe(op)} has no derivative rule", s.place, rule_advice(op))
        made = Apply(op, (of, *s.args[1:]), s.kwargs, result, s.place, s.origin)
        return dict(adjoints_by_rule(self.b, rule, made, bar, {of}))[of]

    def store(self, s: Apply) -> None:
        """A write of a value into a part of an array."""
        target, path, value = s.args
        assert isinstance(target, Value) and isinstance(path, Tuple)
        shadow = self.memory.of[target]
        found: Sequence[tuple[Operand, Operand]] = ()
        if any(v in self.active for v in values_of(value)):
            rule = adjoint_rule(s.op.op)
            assert rule is not None
            bar, path_there = self.held_part(shadow, path)
            there = Apply(s.op.op, (bar, path_there, value), (), bar, s.place, s.origin)  # of what it held the form is asked
            found = adjoints_by_rule(self.b, rule, there, bar, self.active)
        if s.op.op is updated:
            self.b.append(Store(updated), (shadow, path, Const(0.0)), {}, Const(None))
        for operand, one in found:
            self.accumulate(operand, one)

    def rebind(self, s: Apply) -> None:
        """A number that is computed, or an array that is written into, of which the shadow is then that of before."""
        (before, after), shadows = self.memory.rebound[s], self.memory.of
        own, of = shadows[s.result], shadows[s.args[0]]  # type: ignore[index]
        bar = self.held_now(own)
        self.b.append(Store(updated), (own, _WHOLE, Const(0.0)), {}, Const(None))
        rule = adjoint_rule(s.op.op)
        assert rule is not None
        made = Apply(s.op.op, (before, s.args[1]), (), after, s.place, s.origin)
        for operand, one in adjoints_by_rule(self.b, rule, made, bar, {before, *self.active}):
            if operand is before:
                self.add(of, one)
            else:
                self.accumulate(operand, one)

    def copied(self, s: Apply) -> None:
        """What may be a view of an array or a copy: its shadow was one of that's, or is to be added to it."""
        of, own = self.memory.of[s.args[0]], self.memory.of[s.result]  # type: ignore[index]
        bar = self.by_view(s, of, own, self.held_now(own))
        self.add(of, self.b.append(of_copy, (bar, self.memory.copies[s.result]), {}, of.type))

    def held_part(self, shadow: Value, path: Tuple) -> tuple[Value, Tuple]:
        """What a part of a shadow holds, and the path that is left to it: by a basic index only that is loaded."""
        indices = list(path.items)
        while indices and is_basic_index(indices[0]) is True:
            t = infer_call(operator.getitem, [type_of(shadow), index_type(indices[0])], {})
            if not isinstance(t, Array) or not t.rank:
                break
            if indices[0] != Const(Ellipsis):
                shadow = self.b.append(View(operator.getitem), (shadow, indices[0]), {}, t)
            del indices[0]
        return self.held_now(shadow), Tuple(tuple(indices)) if indices else _WHOLE

    def held_now(self, shadow: Value) -> Value:
        """What a shadow holds now."""
        return self.b.append(LOAD, (shadow,), {}, shadow.type)

    def passes_memory(self, s: Statement) -> bool:
        """Whether a statement, or one in its blocks, reads or writes arrays that have shadows."""
        if isinstance(s, Apply):
            passes = self.is_of_memory(s) and not self.memory.of.keys().isdisjoint((s.result, *s.values))
            return s in self.memory.put or s in self.memory.pulls or passes
        return any(self.passes_memory(t) for b in s.blocks for t in b.body)
