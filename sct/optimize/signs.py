"""Signs: what is left of the signs of a product goes to its smallest factor.

`algebra` takes signs out of products, so that they meet. One that has met no other is dear in front of an array, and cheap at
a number, or at a factor of fewer axes. Only what the transform wrote is changed.

>>> import numpy as np
>>> from sct.testing import derivative_of
>>> print(derivative_of('''
... def f(x, c):
...     return -np.sum(c * np.log(x))
... ''', np.ones((3, 2)), np.ones((3, 1))))
def f_grad(x, c):
    # reverse
    # return -np.sum(c * np.log(x))
    x_bar = -c / x
    return x_bar
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import ClassVar, TypeAlias

from sct.analysis.effects import statements
from sct.ir.paths import is_basic_index, path_of
from sct.ir.ssa import Apply, Block, Function, Operand, Value, blocks_in, is_derived, type_of, values_of
from sct.ir.types import Array, Const
from sct.optimize.arithmetic import Numbers, numbers, numbers_of
from sct.optimize.products import DIVISIONS
from sct.optimize.rewriter import Rewriter
from sct.runtime import scatter_add

__all__ = ["signs"]


def signs(f: Function) -> Function:
    """`f` with negatives of products as products with a negative of fewer axes."""
    return _Signs(f).function(f) if any(s.op is operator.neg and is_derived(s) for s in statements(f.block)) else f


_Factor: TypeAlias = "tuple[int, Operand, list[tuple[Apply, int]]]"  # its axes; itself; the products on the way to it


class _Signs(Rewriter):
    def __init__(self, f: Function) -> None:
        super().__init__()
        self.f = f
        self.moved: set[Value] = set()  # products with their old signs

    @cached_property
    def users(self) -> Counter[Value]:
        """How often each value is used."""
        found: list[Value] = []
        for b in blocks_in(self.f.block):
            found += values_of(*b.yields)
            for s in b.body:
                found += s.values
        return Counter(found)

    @cached_property
    def added(self) -> Counter[Operand]:
        """How often each value is added to a part of an array: what is added with a sign is subtracted."""
        return Counter(s.args[2] for s in statements(self.f.block) if _adds(s))

    def is_subtracted(self, v: Value) -> bool:
        """Whether a negative is added to parts of arrays, and not used in any other way."""
        return self.added[v] == self.users[v]

    def block(self, block: Block) -> Block:
        made = super().block(block)
        return made.with_([s for s in made.body if self.moved.isdisjoint(s.results)]) if self.moved else made

    def outward(self, s: Apply) -> Apply | Operand:
        """A negative of a product, written with the sign at its smallest factor."""
        if not is_derived(s) or self.is_subtracted(s.result):
            return s
        own = numbers_of(s.op, *s.args)
        factors = list(self.factors(s.args[0], own)) if own is not None and own.inexact else []
        if not factors:
            return s
        _, factor, steps = min(factors, key=lambda f: f[0])
        negative: Operand = Const(-factor.value) if isinstance(factor, Const) else Value(type_of(factor))
        if isinstance(negative, Value):
            self.keep(Apply(operator.neg, (factor,), (), negative, s.place, s.origin))
        self.moved.update(d.result for d, _ in steps)
        for d, k in steps[:0:-1]:
            made = Value(d.result.type)
            self.keep(replace(d, args=(*d.args[:k], negative, *d.args[k + 1 :]), result=made))
            negative = made
        d, k = steps[0]
        return replace(s, op=d.op, args=(*d.args[:k], negative, *d.args[k + 1 :]))

    def factors(self, o: Operand, own: Numbers) -> Iterator[_Factor]:
        """The factors in an operand that can take its sign."""
        d = self.made_by(o, operator.mul, *DIVISIONS)
        if d is None or not is_derived(d) or self.users[d.result] > 1 or not own.takes(numbers_of(d.op, *d.args)):
            return
        for k, a in enumerate(d.args[:1] if d.op in DIVISIONS else d.args):
            for axes, factor, steps in self.factors(a, own):
                yield axes, factor, [(d, k), *steps]
            n = numbers(type_of(a))
            if n is not None and (n == own or (n.weak and own.takes(n))):
                yield -1 if isinstance(a, Const) else _axes(a), a, [(d, k)]

    def apart(self, s: Apply) -> Apply | Operand:
        """An addition of a negative that is added elsewhere as well, with a negative of its own: it is subtracted, not made."""
        d = self.made_by(s.args[2], operator.neg) if _adds(s) else None
        if d is None or not is_derived(d) or self.users[d.result] == 1 or not self.is_subtracted(d.result):
            return s
        own = Value(d.result.type)
        self.keep(replace(d, result=own, origin=s.origin))
        self.moved.add(d.result)
        return replace(s, args=(*s.args[:2], own))

    rules: ClassVar = {operator.neg: outward, scatter_add: apart}


def _adds(s: Apply) -> bool:
    """Whether a statement adds to a part of an array in which nothing lies twice."""
    return s.op is scatter_add and all(map(is_basic_index, path_of(s)))


def _axes(o: Operand) -> int:
    """The number of axes of an operand that are longer than one, as far as its type tells."""
    t = type_of(o)
    if not isinstance(t, Array):
        return 0
    return _MANY if t.shape is None else sum(n != 1 for n in t.shape)


_MANY = 64  # more than NumPy takes
