"""Storing in place: `g + v` is stored into `g`, and a write into a part of an array goes into that array, where it may; so is
what an adjoint is multiplied or divided by, if the result is called as it was.

An operation may overwrite its first operand if that operand is not needed any more, no value that is needed may share its
memory, and the memory was made by this function. A write into a part of an array, or the adjoint of a read of a part
(`scatter_add`), then costs no more than the part. A write that may not goes into a copy.

>>> import numpy as np
>>> from sct.testing import derivative_of
>>> print(derivative_of('''
... def f(x, n):
...     s = 0.0
...     for i in range(n):
...         s = s + x[i] * x[i]
...     return s
... ''', np.ones(3), 3))
import numpy as np
<BLANKLINE>
<BLANKLINE>
def f_grad(x, n):
    # reverse
    # for i in range(n):
    x_bar = np.zeros(x.shape)
    for i in range(n - 1, -1, -1):
        # s = s + x[i] * x[i]
        x_bar[i] += 2.0 * x[i]
    return x_bar
"""

from __future__ import annotations

import operator
from dataclasses import replace
from functools import cached_property, reduce

import numpy as np

from sct.analysis.binding import perhaps_numbers
from sct.analysis.storage import numbering, storage, storage_of_lists
from sct.analysis.versions import is_write
from sct.ir.ops import InPlace
from sct.ir.rewriting import changed, map_blocks
from sct.ir.shapes import as_array
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    Function,
    If,
    Operand,
    Statement,
    Value,
    captured,
    is_derived,
    is_tangent,
    type_of,
    values_of,
)
from sct.ir.types import Array, Const, Scalar, Slice, same_dtype, same_shape
from sct.optimize.products import multiplies
from sct.registry.facts import facts_of
from sct.runtime import added_item, scatter_add

__all__ = ["accumulation"]


def accumulation(f: Function) -> Function:
    """`f` with sums, differences, writes and changes of lists stored over their first operands where that is safe."""
    p = _Accumulation(f)
    block, _ = p.block(f.block)
    return changed(f, block=block)


class _Accumulation:
    """A walk backwards; `live` is what is needed after the statement at hand, as bits."""

    def __init__(self, f: Function) -> None:
        self.f = f
        self.bits = numbering(f.block)
        self.live = self.bits.of(v for s in f.block.body if isinstance(s, Closure) for v in captured(s.block))
        self.copied: dict[Operand, Apply] = {}

    def block(self, block: Block) -> tuple[Block, int]:
        self.need(*block.yields)
        body: list[Statement] = []
        for s in reversed(block.body):
            made = self.statement(s)
            self.live &= ~self.bits.of(s.results)
            self.live |= self.bits.of(made.values)
            body.append(made)
            if self.copied and isinstance(made, Apply) and made.args and made.args[0] in self.copied:
                copy = self.copied[made.args[0]]
                body.append(copy)
                self.live &= ~self.bits.bit(copy.result)
                self.need(*copy.args)
        return block.with_(reversed(body)), self.live

    def need(self, *operands: Operand) -> None:
        """Operands are read."""
        self.live |= self.bits.of(values_of(*operands))

    def is_live(self, v: Value) -> bool:
        return bool(self.live & self.bits.bit(v))

    def statement(self, s: Statement) -> Statement:
        if isinstance(s, Apply):
            return self.stored(s)
        after = self.live & ~self.bits.of(s.results)
        if s.repeats:  # what a block reads from around it is needed again
            after |= self.bits.of(v for b in s.blocks for v in captured(b))
        handled = 0 if not isinstance(s, If) or s.handles is None else self.bits.of(captured(s.orelse))
        before: list[int] = []

        def inner(b: Block) -> Block:
            self.live = after | handled  # a block that is tried may end anywhere
            made, live = self.block(b)
            before.append(live)
            return made

        made = map_blocks(inner, s)
        self.live = after if s.repeats else reduce(operator.or_, before)
        return made

    def stored(self, s: Apply) -> Apply:
        """The statement, storing over its first operand where it may; a write that may not goes into a copy."""
        if s.op is scatter_add and is_derived(s) and as_array(type_of(s.args[0])).dtype is None:
            return s  # an adjoint of what holds integers on another path, which NumPy would not add to
        if (s.op is operator.add or s.op is operator.mul) and len(s.args) == 2:
            a, b = s.args
            for args in ((a, b), (b, a)):
                if self.can_store(s, args[0], args[1]):
                    return Apply(InPlace(s.op), args, s.kwargs, s.result, s.place, s.origin)
        elif facts_of(s.op).in_place and self.can_take_place(s):
            return replace(s, op=InPlace(s.op))
        elif is_write(s):
            assert isinstance(s.args[0], Value)
            t = s.args[0].type
            own = replace(t, boxed=True) if isinstance(t, Array) and t.shape == () else t
            copy = Value(own, s.result.name, s.result.hint)
            self.copied[copy] = Apply(np.array, s.args[:1], (), copy, s.place, s.origin)
            return replace(s, op=InPlace(s.op), args=(copy, *s.args[1:]))
        return s

    def can_take_place(self, s: Apply) -> bool:
        """Whether a statement may be carried out in its first operand."""
        return self.can_change(s, s.args[0]) if facts_of(s.op).new_list else self.can_store(s, s.args[0], s.args[1])

    def can_store(self, s: Apply, target: object, other: object) -> bool:
        if not isinstance(target, Value) or self.is_live(target):
            return False
        if is_write(s):
            return self.is_ndarray(target) and self.free(s, target)
        if not is_derived(s) or not (s.result.name or (s.result.hint and not is_tangent(s))):
            return False  # a step inside an expression, not an adjoint
        if multiplies(s.op) and (not target.name or s.result.name != target.name):
            return False  # a product with the adjoint of something else, which keeps its name
        t, r = target.type, s.result.type
        if not isinstance(t, Array) or not isinstance(r, Array) or not t.shape or not same_shape(t.shape, r.shape):
            return False
        if isinstance(other, Value) and isinstance(other.type, Array) and storage(self.f.block).share(target, other):
            return False  # what is read must not be changed on the way, and a copy costs as much
        return same_dtype(t.dtype, r.dtype) and _fits(s, t) and self.free(s, target)

    def is_ndarray(self, v: Value) -> bool:
        """Whether a value can be written into: of rank 0, or of unknown rank, it may be a number."""
        return isinstance(v.type, Array) and v.type.is_ndarray and (bool(v.type.shape) or v not in self.perhaps_numbers)

    @cached_property
    def perhaps_numbers(self) -> set[Value]:
        """The arrays of rank 0 that are numbers on some path."""
        return perhaps_numbers(self.f.block)

    def can_change(self, s: Apply, target: object) -> bool:
        """Whether a list can be changed in place: it was made here, and nothing that is needed after `s` is that list."""
        if not isinstance(target, Value) or self.is_live(target):
            return False
        if s.op is added_item and not isinstance(type_of(s.args[1]), (Scalar, Slice, Const)):
            return False
        lists = storage_of_lists(self.f.block)
        return lists.owned(target) and not lists.shares_with_any(target, self.live & ~self.bits.bit(s.result))

    def free(self, s: Apply, target: Value) -> bool:
        """Whether the memory of `target` is this function's, and nothing that is needed after `s` may lie in it."""
        memory, needed = storage(self.f.block), self.live & ~self.bits.bit(s.result)
        return memory.owned(target, needed) and not memory.shares_with_any(target, needed)


def _fits(s: Apply, t: Array) -> bool:
    """Whether both operands are of kinds that the result's dtype takes without a cast."""
    for a in s.args:
        u = type_of(a)
        if isinstance(u, Array) and not same_dtype(u.dtype, t.dtype):
            return False
    return True
