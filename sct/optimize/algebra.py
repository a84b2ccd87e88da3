"""Algebra on adjoints: identities of arithmetic that leave less to compute.

`x + 0`, `1 * x`, `-(-x)`, `x.T.T`, `x + x`, sums with negatives; of the numbers in a chain of products and quotients one, and
nothing that such a chain is both multiplied with and divided by; signs and numbers go out of products and sums, to meet others.
A broadcast number in an element-wise operation is the number; adding an array that is zero but for some entries is adding to
these entries. Only what the transform wrote is changed, never the user's own expressions. A result keeps its dtype, and its
values but for rounding, and but for a quotient of zeros that is not computed: an identity is used where all operations in it
compute in one kind of numbers (`sct.optimize.arithmetic`).

>>> from sct.testing import optimized
>>> print(optimized(algebra, '''
... def f(x):
...     a = 1.0 * x + 0.0
...     b = 2.0 * (0.5 * a)
...     return -(-b) + x.T.T
... ''', everywhere=True))
def f(x):
    return 2.0 * x
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from sct.analysis.permuting import order_of
from sct.infer.call import infer_call
from sct.ir.ops import Attribute, Method
from sct.ir.paths import ALL, entries_of, is_axis, is_basic_index, is_everything, path_of, permuted, shortest
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Block, Function, Operand, Value, blocks_in, is_derived, type_of, values_of
from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Scalar,
    SizeLike,
    Tuple,
    is_of_arguments,
    is_unit,
    same_dtype,
    same_shape,
)
from sct.optimize.arithmetic import Numbers, is_elementwise, loop_of, numbers, numbers_of
from sct.optimize.products import DIVISIONS, Node, Tree, multiplies, numbers_in, simpler, values_in
from sct.optimize.rewriter import Rewriter
from sct.registry.facts import facts_of
from sct.runtime import added_each, added_item, scatter_add, updated, zeros_each

__all__ = ["algebra"]

_T = Attribute("T")
_DOUBLE = Numbers(np.dtype(float))
_LONGEST = 32  # so many products are looked at together: longer ones are not written by hand


def algebra(f: Function, everywhere: bool = False) -> Function:
    """`f` with adjoint expressions simplified; with `everywhere`, the primal's expressions as well."""
    p = _Algebra(everywhere)
    p.users = _users(f.block)
    return p.function(f)


def _users(block: Block) -> Counter[Value]:
    """How many statements (and ends of blocks) use each value."""
    found: list[Value] = []
    for b in blocks_in(block):
        found += set(values_of(*b.yields))
        for s in b.body:
            found += set(s.values)
    return Counter(found)


def _is(o: Operand, value: float) -> bool:
    return isinstance(o, Const) and type(o.value) in (int, float) and o.value == value


def _number(o: Operand) -> bool:
    return isinstance(o, Const) and type(o.value) in (int, float)


class _Algebra(Rewriter):
    def __init__(self, everywhere: bool) -> None:
        super().__init__()
        self.everywhere = everywhere
        self.users: Counter[Value] = Counter()
        self.numbers: dict[Apply, Numbers | None] = {}

    def rewrite(self, s: Apply) -> Apply | Operand:
        if not self.everywhere and not is_derived(s):
            return s
        if s.kwargs:
            return self.sum(s) if s.op is np.sum else s
        if len(s.args) == 2 and self.spread_out(s) and is_elementwise(s.op):
            s = self.outwards(self.without_broadcast(s))
        rule = _RULES.get(s.op) if not isinstance(s.op, Method) else None
        found = s if rule is None else rule(self, s)
        made = self.definition.get(found) if isinstance(found, Value) else None
        if isinstance(made, Apply) and self.is_step(made) and not (self.name_of(made.result) or made.result.hint):
            self.called[made.result] = s.result.name  # an adjoint that came out as a step of an expression
        return found

    def is_step(self, s: Apply) -> bool:
        """Whether a statement is a step of one expression, or an adjoint times something that several read."""
        return self.reversed_sweep(s) or (multiplies(s.op) and (self.everywhere or is_derived(s)))

    def computes(self, s: Apply) -> Numbers | None:
        """The numbers that an operation computes in."""
        if s not in self.numbers:
            self.numbers[s] = numbers_of(s.op, *s.args)
        return self.numbers[s]

    # -- what may be changed ---------------------------------------------------------------------------------------------

    def suits(self, o: Operand, s: Apply) -> bool:
        """Whether an operand can stand for the result: it is of the same numbers, and of the same shape."""
        t, r, own = type_of(o), s.result.type, self.computes(s)
        if own is None or numbers(t) != own:
            return False
        if not isinstance(t, Array) or any(_number(a) for a in s.args):  # a number changes no shape
            return True
        return isinstance(r, Array) and same_shape(t.shape, r.shape)

    def alike(self, s: Apply, inner: Apply) -> bool:
        """Whether two operations, to be rearranged, compute in the same numbers, for which identities of algebra hold."""
        own = self.computes(s)
        return own is not None and own.ordinary and own.takes(self.computes(inner))

    def negative(self, o: Operand, s: Apply) -> Operand | None:
        """What an operand of `s` is the negative of, where its sign can move: a sign changes no floating-point number."""
        inner = self.made_by(o, operator.neg)
        if inner is None:
            return None
        own, before = self.computes(s), self.computes(inner)
        if own is None or before is None or not own.ordinary or not before.ordinary:
            return None
        return inner.args[0] if own.inexact or own == before else None

    def spread_out(self, s: Apply) -> bool:
        """Whether an operand may be a broadcast, a cast or a view: those that arithmetic makes are none."""
        for a in s.args:
            d = self.definition.get(a) if type(a) is Value else None
            if type(d) is Apply and not is_elementwise(d.op):
                return True
        return False

    def without_broadcast(self, s: Apply) -> Apply:
        """A broadcast number or row in an element-wise operation with an array of the full shape."""
        for k in (0, 1):
            other = type_of(s.args[1 - k])
            spread = self.made_by(s.args[k], np.broadcast_to) or self.cast_number(s.args[k]) or self.uniform(s.args[k])
            small = spread.args[0] if spread is not None else self.leading(s.args[k])
            if small is None or not isinstance(other, Array) or not isinstance(s.result.type, Array):
                continue
            args = (small, s.args[1]) if k == 0 else (s.args[0], small)
            loop = loop_of(s.op, *args)
            if same_shape(other.shape, s.result.type.shape) and loop is not None and loop == loop_of(s.op, *s.args):
                return self.without_broadcast(Apply(s.op, args, s.kwargs, s.result, s.place, s.origin))
        return s

    def outwards(self, s: Apply) -> Apply:
        """An element-wise operation of a broadcast operand, with another that is not of the full shape, comes first."""
        for k, a in enumerate(s.args):
            spread = self.made_by(a, np.broadcast_to)
            if spread is None or not same_shape(_shape(spread.result), _shape(s.result)):
                continue
            args = (spread.args[0], s.args[1]) if k == 0 else (s.args[0], spread.args[0])
            t = infer_call(s.op, [type_of(o) for o in args], {})
            if _axes(t) is not None and not same_shape(_axes(t), _shape(s.result)) and numbers(t) == numbers(s.result.type):
                return self.changed(s, np.broadcast_to, self.number(s, s.op, *args), spread.args[1])
        return s

    def cast_number(self, o: Operand) -> Apply | None:
        """The broadcast of a Python number in another precision: next to an array of that precision the number will do."""
        cast = self.made_by(o, Method("astype"))
        spread = None if cast is None or not _inexact(cast.result) else self.made_by(cast.args[0], np.broadcast_to)
        return spread if spread is not None and isinstance(type_of(spread.args[0]), (Const, Scalar)) else None

    def rearranged(self, o: Operand) -> Apply | None:
        """The operation that made an operand of all entries of an array, in another shape or order."""
        d = self.definition.get(o) if isinstance(o, Value) else None
        return d if isinstance(d, Apply) and facts_of(d.op).rearranged is not None else None

    def uniform(self, o: Operand) -> Apply | None:
        """The broadcast of a number of which an operand is a view of another shape."""
        view = self.rearranged(o)
        if view is None:
            return None
        spread = self.made_by(view.args[0], np.broadcast_to)
        if spread is None:
            return self.uniform(view.args[0])
        return spread if _single(spread.args[0]) else None

    def leading(self, o: Operand) -> Operand | None:
        """The operand of an expand_dims by leading axes, which broadcasting puts there anyhow."""
        d = self.made_by(o, np.expand_dims)
        if d is None or len(d.args) != 2 or not isinstance(d.args[1], Const):
            return None
        axis = d.args[1].value
        return d.args[0] if axis == 0 or (isinstance(axis, tuple) and tuple(sorted(axis)) == tuple(range(len(axis)))) else None

    # -- subscripts ------------------------------------------------------------------------------------------------------

    def getitem(self, s: Apply) -> Apply | Operand:
        x, index = s.args
        if is_everything(index) and self.suits(x, s):
            return x
        total = self.made_by(x, np.sum)
        if total is not None and self.users[total.result] <= 1 and any(t is total for t in self.body):
            kwargs = dict(total.kwargs)
            taken = {Const(k): e for k, e in enumerate(entries_of(index)) if not is_axis(e)}
            if len(total.args) == 1 and taken == {kwargs.pop("axis", None): Const(0)} and kwargs == {"keepdims": Const(True)}:
                return replace(
                    total,
                    kwargs=tuple(k for k in total.kwargs if k[0] == "axis"),
                    result=s.result,
                    place=s.place,
                    origin=s.origin,
                )
        return self.view(s)

    def reaxed(self, s: Apply, x: Operand, index: Operand, v: Operand) -> Operand | None:
        """`v`, which has the axes of `x[index]`, with those of `x`, where the index picks all of `x`."""
        given = _axes(type_of(v))
        back: list[Operand] = []
        shape = list(_axes(type_of(x)) or ())
        axes: list[SizeLike] = []
        for entry in entries_of(index):
            if entry == Const(None):
                axes.append(1)
                back.append(Const(0))
            elif not shape or not (is_axis(entry) or (entry in (Const(0), Const(-1)) and shape[0] == 1)):
                return None
            elif is_axis(entry):
                axes.append(shape.pop(0))
                back.append(ALL)
            else:
                shape.pop(0)
                back.append(Const(None))
        if not back or not given or not same_shape(given, (*axes, *shape)):
            return None
        return self.number(s, operator.getitem, v, Tuple(tuple(back)) if len(back) > 1 else back[0])

    def scatter_add(self, s: Apply) -> Apply | Operand:
        x, path, v = s.args
        t = type_of(v)
        r = s.result.type
        refilled = self.refilled(s)
        if refilled is not s:
            return refilled
        if not isinstance(t, Array) or not isinstance(r, Array):
            return s
        index = _part(path)
        if index is None or not is_everything(index):
            other = self.reaxed(s, x, index, v) if index is not None and same_dtype(t.dtype, r.dtype) else None
            return self.into_part(s) if other is None else self.add(self.changed(s, operator.add, x, other))
        whole = same_shape(t.shape, r.shape) and same_dtype(t.dtype, r.dtype)
        return self.add(self.changed(s, operator.add, x, v)) if whole else s

    def into_part(self, s: Apply) -> Apply:
        """What is added to entries of a part is added there at once, and what is the same along an axis is spread by NumPy: no
        array of the size of the part is made for it."""
        x, path, v = s.args
        if not isinstance(path, Tuple):
            return s
        entries = self.entries(v) if all(map(is_basic_index, path.items)) else []
        spread = self.made_by(v, np.broadcast_to)
        if spread is not None and not _single(spread.args[0]) and self.made_by(x, np.zeros_like) is not None:
            spread = None  # it moves on, and may meet another summand
        if not (entries or spread):
            return s
        t, place = type_of(v), s.result.type
        for index in path.items:
            place = infer_call(operator.getitem, [place, type_of(index)], {})
        if not isinstance(place, Array) or not isinstance(t, Array):
            return s
        if not same_shape(place.shape, t.shape) or not same_dtype(place.dtype, t.dtype):
            return s
        return self.changed(s, scatter_add, x, path, spread.args[0]) if spread else self.scattered(s, x, entries, path.items)

    def entries(self, o: Operand) -> list[Apply]:
        """The statements, the first one first, that add to what was all zero, if that is how an operand was made.

        They belong to one statement of the user's: what is of several is gathered first, and its summands need not be kept.
        """
        view = self.rearranged(o)
        if view is not None:
            return self.permuted(view)
        found: list[Apply] = []
        while (added := self.made_by(o, scatter_add)) is not None and (not found or added.origin == found[0].origin):
            found.insert(0, added)
            o = added.args[0]
        single = len(found) < 2 or all(self.users[added.result] == 1 for added in found)
        return found if single and self.made_by(o, np.zeros_like) is not None else []

    def permuted(self, view: Apply) -> list[Apply]:
        """What adds to entries of an array, for one that is a view of all of it with its axes in another order."""
        entries = self.entries(view.args[0])
        order = order_of(view) if entries else None
        if order is None:
            return []
        found: list[Apply] = []
        for added in entries:
            index = _part(added.args[1])
            place = None if index is None else permuted(index, [order.index(k) for k in range(len(order))])
            v = None if place is None else self.turned(added, place[1])
            if place is None or v is None:
                return []
            found.append(replace(added, args=(added.args[0], Tuple(place[:1]), v), result=Value(view.result.type)))
        return found

    def turned(self, added: Apply, order: tuple[int, ...]) -> Operand | None:
        """What is added, with its axes in another order; None if it may have fewer."""
        v = added.args[2]
        axes = _axes(as_array(type_of(v)))
        if order == tuple(range(len(order))) or axes == ():
            return v
        if axes is None or len(axes) != len(order):
            return None
        spread = self.made_by(v, np.broadcast_to)
        if spread is not None and _single(spread.args[0]):
            return spread.args[0]
        return self.transposed(added, v) if len(order) == 2 else self.number(added, np.transpose, v, Const(order))

    def refilled(self, s: Apply) -> Apply | Operand:
        """What is added to a part that was set to zero is what that holds."""
        x, path, v = s.args
        cleared = self.made_by(x, updated)
        if cleared is None or self.users[cleared.result] > 1 or not _is(cleared.args[2], 0):
            return s
        if cleared.args[1] != path or not all(map(is_basic_index, path_of(s))):
            return s
        return self.updated(self.changed(s, updated, cleared.args[0], path, v))

    def updated(self, s: Apply) -> Apply | Operand:
        """All of an array replaced, or a part by what is there."""
        x, path, v = s.args
        there = self.made_by(v, operator.getitem)
        if there is not None and there.args[0] is x and there.args[1] == _part(path) and is_basic_index(there.args[1]):
            return x
        if not isinstance(path, Tuple) or len(path.items) != 1 or not is_everything(path.items[0]):
            return s
        if _is(v, 0) and not _is_boxed(x):
            return self.changed(s, np.zeros_like, x)
        t, r = type_of(v), s.result.type
        whole = isinstance(t, Array) and isinstance(r, Array) and bool(t.shape) and same_shape(t.shape, r.shape)
        return v if whole and same_dtype(t.dtype, r.dtype) else s  # type: ignore[union-attr]

    # -- sums --------------------------------------------------------------------------------------------------------

    def add(self, s: Apply) -> Apply | Operand:
        a, b = s.args
        for p, q in ((a, b), (b, a)):
            if _is(q, 0) and self.suits(p, s):
                return p
        for p, q in ((a, b), (b, a)):
            entries = self.entries(q)  # of a row that is added to all rows, an entry is not one of the sum's
            if entries and same_shape(_shape(entries[-1].result), _shape(s.result)) and self.suits(p, s):
                return self.scattered(s, p, entries)
            if self.made_by(q, np.zeros_like) is not None and self.suits(p, s):
                return p
        if a is b and isinstance(a, Value) and _inexact(a):
            if self.users[a] == 1 and self.name_of(a) == s.result.name != "" and a in self.definition:
                self.called[a] = ""  # no longer what something is added to
            return self.mul(self.changed(s, operator.mul, Const(2.0), a))
        for p, q in ((a, b), (b, a)):
            negative = self.negative(q, s)
            if negative is not None:
                return self.doubled(self.changed(s, operator.sub, p, negative))
        return self.doubled(s)

    def doubled(self, s: Apply) -> Apply:
        """`g + p + p` is `g + 2 p`, and so with a minus: what multiplies `p` takes the number."""
        inner, p = self.made_by(s.args[0], s.op), s.args[1]
        if (
            inner is None
            or not isinstance(p, Value)
            or not _inexact(p)
            or not self.reversed_sweep(inner)
            or not self.alike(s, inner)
        ):
            return s
        k = next((k for k in (1, 0) if inner.args[k] is p and (k == 1 or s.op is operator.add)), None)
        if k is None:
            return s
        self.users[p] -= self.users[p] == 2  # one statement in place of the two
        return self.changed(s, s.op, inner.args[1 - k], self.built(s, operator.mul, Const(2.0), p, t=p.type))

    def scattered(self, s: Apply, g: Operand, entries: list[Apply], part: tuple[Operand, ...] = ()) -> Apply:
        """`g` with entries added, or those of a part; with what was just added at the same place, they go in together."""
        for added in entries:
            path, v = Tuple(shortest((*part, *path_of(added)))), added.args[2]
            before = self.made_by(g, scatter_add)
            if before is not None and self.reversed_sweep(before) and _inexact(v) and before.args[1] == path:
                t = _of_both(type_of(before.args[2]), type_of(v))
                if t is not None:
                    g, v = before.args[0], self.both(s, before.args[2], v, t)
            if added is not entries[-1]:
                g = self.built(s, scatter_add, g, path, v, t=s.result.type)
                self.users.update(values_of(g))
        return self.changed(s, scatter_add, g, path, v)

    def both(self, s: Apply, a: Operand, b: Operand, t: Abstract) -> Operand:
        """`a + b`, of type `t`, with the sign in front if it is that of both."""
        p, q = self.negative(a, s), self.negative(b, s)
        if p is None or q is None:
            return self.built(s, operator.add, a, b, t=t)
        return self.built(s, operator.neg, self.built(s, operator.add, p, q, t=t), t=t)

    def sub(self, s: Apply) -> Apply | Operand:
        a, b = s.args
        if _is(b, 0) and self.suits(a, s):
            return a
        if _is(a, 0) and self.suits(b, s):
            return self.neg(self.changed(s, operator.neg, b))
        negative = self.negative(b, s)
        if negative is not None:
            return self.add(self.changed(s, operator.add, a, negative))
        return self.doubled(s)

    def neg(self, s: Apply) -> Apply | Operand:
        (a,) = s.args
        negative = self.negative(a, s)
        if negative is not None:
            return negative
        inner = self.made_by(a, np.broadcast_to)
        if inner is not None and _inexact(inner.args[0]):
            return self.changed(s, np.broadcast_to, self.number(s, operator.neg, inner.args[0]), inner.args[1])
        spread = self.spread_number(s) if self.spread_out(s) else None
        if spread is not None:
            return spread
        inner = self.made_by(a, operator.sub)
        if inner is not None and self.reversed_sweep(inner) and self.alike(s, inner):
            return self.changed(s, operator.sub, inner.args[1], inner.args[0])
        return s

    def added_each(self, s: Apply) -> Apply | Operand:
        """The sum of two adjoints of a list: what is added to one item goes into that one, with what was just added to it."""
        a, b = s.args
        for p, q in ((a, b), (b, a)):
            if self.made_by(q, zeros_each) is not None:
                return p
            into = self.made_by(q, added_item)
            if into is not None and self.made_by(into.args[0], zeros_each) is not None:
                key, v = into.args[1:]
                before = self.made_by(p, added_item)
                if before is not None and self.reversed_sweep(before) and _inexact(v) and before.args[1] == key:
                    t = _of_both(type_of(before.args[2]), type_of(v))
                    if t is not None:
                        p, v = before.args[0], self.both(s, before.args[2], v, t)
                return self.changed(s, added_item, p, key, v)
        return s

    # -- products ----------------------------------------------------------------------------------------------------

    def mul(self, s: Apply) -> Apply | Operand:
        a, b = s.args
        if _number(b) and not _number(a):
            a, b = b, a
            s = self.changed(s, operator.mul, a, b)
        number = _number(a)
        if number and _is(a, 1) and self.suits(b, s):
            return b
        spread = (self.spread_number(s) or self.scaled_cast(s)) if self.spread_out(s) else None
        if spread is not None:
            return spread
        if number and _is(a, -1) and self.suits(b, s):
            return self.neg(self.changed(s, operator.neg, b))
        found = (self.positive(s) or self.scaled(s, b)) if number else None
        return found or self.chain(s) or self.mul_negative(s)

    def positive(self, s: Apply) -> Apply | Operand | None:
        """A product with, or a quotient of, a negative number: the sign goes out, to meet another one."""
        a, b = s.args
        if not isinstance(a, Const) or not _number(a) or a.value >= 0:
            return None
        own = self.computes(s)
        if own is None or not own.inexact:
            return None
        return self.neg(self.changed(s, operator.neg, self.built(s, s.op, Const(-a.value), b)))

    def scaled(self, s: Apply, b: Operand) -> Apply | Operand | None:
        """A number times a product, a quotient or a negative that begins with a number."""
        a = s.args[0]
        inner = self.made_by(b, operator.mul, operator.truediv)
        if inner is not None and self.reversed_sweep(inner) and self.alike(s, inner):
            first, second = inner.args
            factor = self.product(s, a, first)
            if factor is not None:
                return self.rewrite(self.changed(s, inner.op, factor, second))
        negative = self.negative(b, s)
        if negative is not None:
            return self.neg(self.changed(s, operator.neg, self.built(s, operator.mul, a, negative)))
        return None

    def product(self, s: Apply, a: Operand, b: Operand) -> Operand | None:
        """The product of two numbers, as the factor of something of the kind of `s`; None if that would be less exact."""
        whole = self.computes(s)
        if not _single(b) or whole is None or not whole.takes(numbers_of(operator.mul, a, b)):
            return None
        made = self.number(s, operator.mul, a, b)
        return (
            made
            if not isinstance(made, Const) or (whole.hold(made.value) and (made.value != 0 or _is(a, 0) or _is(b, 0)))
            else None
        )

    def spread_number(self, s: Apply) -> Apply | None:
        """An operation on numbers and a broadcast number, or a view of one, is broadcast itself."""
        for k, a in enumerate(s.args):
            view = self.rearranged(a)
            spread = self.made_by(a if view is None else view.args[0], np.broadcast_to)
            if spread is None:
                continue
            small = (*s.args[:k], spread.args[0], *s.args[k + 1 :])
            if not all(_single(o) for o in small):
                return None
            known = isinstance(small[-1], Const) and small[-1].value != 0
            if s.op is operator.truediv and not known and all(map(_may_be_python, small)):
                return None  # an error of Python's where it divides by zero, and arrays are infinite
            own, made = self.computes(s), numbers(as_array(infer_call(s.op, [type_of(o) for o in small], {})))
            if own is None or made is None or not own.inexact or made.dtype != own.dtype or own.weak is not False:
                return None
            if view is None:
                return self.changed(s, np.broadcast_to, self.number(s, s.op, *small), spread.args[1])
            wide = self.built(s, np.broadcast_to, self.number(s, s.op, *small), spread.args[1], t=spread.result.type)
            return replace(view, args=(wide, *view.args[1:]), result=s.result, place=s.place, origin=s.origin)
        return None

    def scaled_cast(self, s: Apply) -> Apply | None:
        """A number times a broadcast number in another precision: the product, broadcast, in that precision."""
        a, b = s.args
        spread = self.cast_number(b) if _number(a) else None
        cast = self.made_by(b, Method("astype"))
        if spread is None or cast is None or self.computes(s) != numbers(cast.result.type):
            return None
        factor = self.number(s, operator.mul, a, spread.args[0])
        wide = self.built(s, np.broadcast_to, factor, spread.args[1], t=spread.result.type)
        return self.changed(s, cast.op, wide, cast.args[1])

    def number(self, s: Apply, op: Any, *args: Operand) -> Operand:
        """An operation on numbers, in front of the one being rewritten; worked out where they are known."""
        t = infer_call(op, [type_of(a) for a in args], {})
        return t if isinstance(t, Const) else self.built(s, op, *args, t=t)

    def built(self, s: Apply, op: Any, *args: Operand, t: Any = None) -> Operand:
        """A further operation in front of the one being rewritten, itself rewritten; of its type, or of type `t`."""
        v = Value(s.result.type if t is None else t)
        found = self.rewrite(Apply(op, args, (), v, s.place, s.origin))
        if isinstance(found, Apply):
            self.keep(found)
            return v
        return found

    def mul_negative(self, s: Apply) -> Apply | Operand:
        """(-a) b = -(a b), so that the sign can meet another one."""
        a, b = s.args
        for p, q, left in ((a, b, True), (b, a, False)):
            inner = self.made_by(p, operator.neg)
            negative = None if inner is None else self.negative(p, s)
            if inner is not None and negative is not None and self.reversed_sweep(inner) and not _number(q):
                args = (negative, q) if left else (q, negative)
                return self.neg(self.changed(s, operator.neg, self.built(s, operator.mul, *args)))
        return s

    def truediv(self, s: Apply) -> Apply | Operand:
        a, b = s.args
        if _is(b, 1) and self.suits(a, s):
            return a
        spread = self.spread_number(s) if self.spread_out(s) else None
        if spread is not None:
            return spread
        inner = self.made_by(a, operator.neg)
        negative = None if inner is None else self.negative(a, s)
        if inner is not None and negative is not None and self.reversed_sweep(inner):
            return self.neg(self.changed(s, operator.neg, self.built(s, operator.truediv, negative, b)))
        return self.positive(s) or self.chain(s) or s

    # -- chains of products ------------------------------------------------------------------------------------------

    def chain(self, s: Apply) -> Apply | Operand | None:
        """A product or a quotient, with the products and quotients that go into it, in fewer operations."""
        if s.args[0] is not s.args[1] and not any(self.made_by(a, operator.mul, *DIVISIONS) for a in s.args):
            return None
        own = self.computes(s) if self.may_be_simpler(s) else None
        if own is None or not own.inexact:
            return None
        for deep in (False, True):
            met: list[Apply] = []  # the user's products on the way, which are opened the second time
            tree = self.tree(s, own, deep, met, [])
            found = simpler(tree, lambda o: _single(o))
            if found is not None and not self.quotients(found, own) <= self.quotients(tree, own):
                found = simpler(tree, lambda o: False)  # does not take together what would be divided by zero
            if found is not None and self.fits(found, s, own) and self.quotients(found, own) <= self.quotients(tree, own):
                return self.emitted(found, s)
            if isinstance(found, Const) and own == _DOUBLE and _shape(s.result):
                like = next((a for a in s.args if same_shape(_axes(type_of(a)), _shape(s.result))), None)
                if like is not None:
                    return self.changed(s, np.broadcast_to, found, self.number(s, np.shape, like))
            if not met:
                break
        return None

    def may_be_simpler(self, s: Apply) -> bool:
        """Whether a chain has two numbers in it, one that is 1, or a factor twice, so that `simpler` may find something."""
        single = False
        seen: set[Operand] = set()
        inside = 0
        work = [(a, k == 1 and s.op in DIVISIONS) for k, a in enumerate(s.args)]
        while work:
            o, under = work.pop()
            d = self.made_by(o, operator.mul, *DIVISIONS) if inside < _LONGEST else None
            if d is not None and (self.reversed_sweep(d) or (self.scales(d) and (under or self.users[d.result] <= 1))):
                inside += 1
                work += [(a, under != (k == 1 and d.op in DIVISIONS)) for k, a in enumerate(d.args)]
            elif o in seen or (_single(o) and (single or _is(o, 1))):
                return True
            else:
                seen.add(o)
                single = single or _single(o)
        return False

    def tree(self, s: Apply, own: Numbers, deep: bool, met: list[Apply], inside: list[Apply], under: bool = False) -> Node:
        """The tree of a product or quotient, of not too many.

        `met`: the user's products with numbers, which belong to it if it is `deep`; `inside`: the products that do.
        """
        inside.append(s)

        def part(k: int, o: Operand) -> Tree:
            d = self.made_by(o, operator.mul, *DIVISIONS)
            if d is None or d.kwargs or len(inside) > _LONGEST:
                return o
            below = under != (k == 1 and s.op in DIVISIONS)
            if not self.reversed_sweep(d):
                if not self.scales(d) or not (below or self.users[d.result] <= 1):
                    return o
                met.append(d)
                if not deep:
                    return o
            return self.tree(d, own, deep, met, inside, below) if own.takes(self.computes(d)) else o

        return Node(s.op, *(part(k, o) for k, o in enumerate(s.args)))

    def scales(self, s: Apply) -> bool:
        """Whether a step of an expression multiplies, or divides, by a number."""
        return not self.name_of(s.result) and (any(map(_number, s.args)) if s.op is operator.mul else _number(s.args[1]))

    def fits(self, tree: Tree, s: Apply, own: Numbers) -> bool:
        """Whether a tree gives what `s` does, and all of it is computed in the numbers of `s`."""
        t, r = self.type_of_tree(tree, own), s.result.type
        if not all(own.hold(n) for n in numbers_in(tree)):
            return False
        found = None if t is None else numbers(t)
        if t is None or found is None or not (found == own or (own.weak is None and found.dtype == own.dtype)):
            return False
        return isinstance(t, Array) == isinstance(r, Array) and same_shape(_axes(t), _axes(r))

    def type_of_tree(self, tree: Tree, own: Numbers) -> Abstract | None:
        if not isinstance(tree, Node):
            return type_of(tree)
        left, right = self.type_of_tree(tree.left, own), self.type_of_tree(tree.right, own)
        made = None if left is None or right is None else infer_call(tree.op, [left, right], {})
        return made if made is not None and own.takes(numbers(made)) else None

    def quotients(self, tree: Tree, own: Numbers) -> set[frozenset[Value]]:
        """What Python's numbers are divided by in a tree, which is an error where that is zero."""
        if not isinstance(tree, Node):
            return set()
        inside = self.quotients(tree.left, own) | self.quotients(tree.right, own)
        types = [self.type_of_tree(t, own) for t in (tree.left, tree.right)]
        python = all(t is not None and not (isinstance(t, Array) and not t.also) for t in types)
        return inside | {values_in(tree.right)} if tree.op is operator.truediv and python else inside

    def emitted(self, tree: Tree, s: Apply) -> Apply | Operand:
        """The operations of a tree, in place of `s`."""
        if not isinstance(tree, Node):
            return tree
        return self.changed(s, tree.op, self.part(tree.left, s), self.part(tree.right, s))

    def part(self, tree: Tree, s: Apply) -> Operand:
        """A part of a tree that stands in place of `s`, emitted before it."""
        if not isinstance(tree, Node):
            return tree
        return self.number(s, tree.op, self.part(tree.left, s), self.part(tree.right, s))

    def quotient(self, s: Apply) -> Apply | Operand:
        return self.chain(s) or s

    def pow(self, s: Apply) -> Apply | Operand:
        return s.args[0] if _is(s.args[1], 1) and self.suits(s.args[0], s) else s

    def transpose(self, s: Apply) -> Apply | Operand:
        inner = self.made_by(s.args[0], _T)
        if inner is not None:
            return inner.args[0]
        made = self.definition.get(s.args[0]) if isinstance(s.args[0], Value) else None
        single = isinstance(made, Apply) and self.reversed_sweep(made)
        return (self.turned_product(s) or self.view(s)) if single else s

    def transposed(self, s: Apply, o: Operand) -> Operand:
        """An operand transposed, in front of the statement being rewritten."""
        return self.built(s, _T, o, t=infer_call(np.transpose, [type_of(o)], {}))

    def turned_product(self, s: Apply) -> Operand | None:
        """(Aᵀ B)ᵀ = Bᵀ A, and (a bᵀ)ᵀ = b aᵀ, where the product was made: what it is made of need not be kept."""
        inner = self.made_by(s.args[0], operator.matmul, np.outer)
        if inner is None or len(inner.args) != 2 or inner.kwargs:
            return None
        at = next((k for k, t in enumerate(self.body) if t is inner), None)
        turned = [inner.op is np.outer or self.made_by(o, _T) is not None for o in inner.args]
        ranks = 1 if inner.op is np.outer else 2
        if at is None or not any(turned) or any(len(_axes(type_of(o)) or ()) != ranks for o in inner.args):
            return None
        after = self.body[at + 1 :]
        del self.body[at + 1 :]
        b, a = (o if ranks == 1 else self.transposed(inner, o) for o in reversed(inner.args))
        self.keep(replace(inner, args=(b, a), result=s.result))
        self.body += after
        return s.result

    # -- sums along axes, and views ----------------------------------------------------------------------------------

    def sum(self, s: Apply) -> Apply | Operand:
        """A sign or a number goes out of a sum along axes, and what has one entry along an axis that is kept."""
        kwargs = dict(s.kwargs)
        axis = kwargs.get("axis")
        if len(s.args) > 2 or not {"axis", "keepdims"}.issuperset(kwargs):
            return s
        kept = axis.value if isinstance(axis, Const) and kwargs.get("keepdims") == Const(True) else None
        rank = len(_axes(s.result.type) or ())

        def single(o: Operand, over: bool) -> bool:
            if _single(o):
                return not over
            shape = _axes(type_of(o)) or ()
            return not over and type(kept) is int and len(shape) == rank and -rank <= kept < rank and shape[kept] == 1

        return self.linear(s, single)

    def reshape(self, s: Apply) -> Apply | Operand:
        """What has the shape already stays as it is (where it only must have it, that is checked), and so does a number."""
        own = _axes(type_of(s.args[0]))
        if own and own == _shape(s.result):
            return s.args[0]
        summed = self.made_by(s.args[0], np.sum)
        if own and summed is not None and self.users[summed.result] == 1 and len(summed.args) == 1:
            axis = dict(summed.kwargs).get("axis")
            if summed.kwargs == (("axis", axis), ("keepdims", Const(True))) and type(k := getattr(axis, "value", None)) is int:
                k %= len(own)
                if own[:k] + own[k + 1 :] == _shape(s.result):  # the axis is summed over, kept, and taken away
                    return replace(s, op=np.sum, args=summed.args, kwargs=summed.kwargs[:1])
        spread = self.made_by(s.args[0], np.broadcast_to)
        measured = self.made_by(s.args[1], np.shape, Attribute("shape")) if len(s.args) == 2 else None
        fits = all(map(is_of_arguments, (*(own or ()), *(_shape(s.result) or ()))))  # or NumPy sees whether it does
        if spread is not None and measured is not None and fits and _single(spread.args[0]):
            return self.changed(s, np.broadcast_to, *spread.args[:1], s.args[1])
        return self.view(s)

    def view(self, s: Apply) -> Apply | Operand:
        """A sign or a number goes out of a view, to meet others."""
        return self.linear(s, lambda o, over: _number(o))

    def linear(self, s: Apply, single: Callable[[Operand, bool], bool]) -> Apply | Operand:
        """What is linear in its first operand, of a negative, or of a product or quotient with a factor that is `single`."""
        inner = self.made_by(s.args[0], operator.neg, operator.mul, *DIVISIONS)
        if inner is None or numbers(s.result.type) != numbers(inner.result.type):
            return s
        if inner.op is not operator.neg and not self.reversed_sweep(inner):
            return s
        own = self.computes(inner)
        for k, a in enumerate(inner.args):
            others = (*inner.args[:k], *inner.args[k + 1 :])
            over = k == 1 and inner.op in DIVISIONS  # what `a` divides
            if not _spans(type_of(a), inner.result.type):  # its axes are others, or have other lengths
                continue
            if own is None or not own.inexact or numbers(type_of(a)) != own or not all(single(o, over) for o in others):
                continue
            self.users[inner.result] -= 1
            if self.users[inner.result] > 0:  # two statements use `a` now
                self.users.update(values_of(a))
            v = Value(s.result.type)
            found = self.rewrite(replace(s, args=(a, *s.args[1:]), result=v))
            if isinstance(found, Apply):
                self.keep(found)
                found = v
            return self.rewrite(self.changed(s, inner.op, *(found if n == k else o for n, o in enumerate(inner.args))))
        return s

    def expand_dims(self, s: Apply) -> Apply | Operand:
        """Of a sum along the same axis, it keeps that axis."""
        total = self.made_by(s.args[0], np.sum)
        if total is None or self.users[total.result] > 1 or len(s.args) != 2 or _axis_of(total) != s.args[1]:
            return self.view(s)
        if not any(t is total for t in self.body):  # where it was made it is small, and what it sums up need not be kept
            return self.view(s)
        kwargs = (("axis", s.args[1]), ("keepdims", Const(True)))
        return replace(total, args=total.args[:1], kwargs=kwargs, result=s.result, place=s.place, origin=s.origin)

    # -- shapes ------------------------------------------------------------------------------------------------------

    def broadcast_to(self, s: Apply) -> Apply | Operand:
        inner = self.made_by(s.args[0], np.broadcast_to)
        if inner is not None:
            return self.changed(s, np.broadcast_to, inner.args[0], s.args[1])
        t = type_of(s.args[0])
        return s.args[0] if isinstance(t, Array) and t.shape is not None and t == s.result.type and t.shape else s

    def shape(self, s: Apply) -> Apply | Operand:
        """The shape or size of an element-wise result is that of an operand with all its axes, or follows from two; what was
        broadcast has the shape that it was given, and zeros that of what they are like."""
        while True:
            spread = self.made_by(s.args[0], np.broadcast_to)
            if spread is not None and s.op is np.shape and isinstance(type_of(spread.args[1]), Tuple):
                return spread.args[1]
            zeros = self.made_by(s.args[0], np.zeros_like)
            if zeros is not None and len(zeros.operands) == 1:  # they may be given another shape
                s = self.changed(s, s.op, zeros.args[0])
                continue
            inner = self.definition.get(s.args[0]) if isinstance(s.args[0], Value) else None
            if not isinstance(inner, Apply) or not is_elementwise(inner.op):
                return s
            t = inner.result.type
            arrays = [a for a in inner.args if isinstance(u := type_of(a), Array) and u.shape != ()]
            known = isinstance(t, Array) and t.shape is not None
            like = next((a for a in arrays if known and type_of(a).shape == t.shape), None)  # type: ignore[union-attr]
            if like is None:
                break
            s = self.changed(s, s.op, like)
        if s.op is np.shape and len(arrays) == 2 and self.users[inner.result] <= 1:
            return self.changed(s, np.broadcast_shapes, *(self.built(s, np.shape, a) for a in arrays))
        return s

    def zeros_like(self, s: Apply) -> Apply | Operand:
        """Zeros of the shape of zeros of the shape of something."""
        inner = self.made_by(s.args[0], np.zeros_like)
        alone = inner is not None and len(inner.operands) == len(s.operands) == 1
        return self.changed(s, np.zeros_like, inner.args[0]) if inner is not None and alone else s

    def where(self, s: Apply) -> Apply | Operand:
        """A choice from a broadcast number, where the condition or the other choice has the full shape."""
        for k in (1, 2) if len(s.args) == 3 else ():
            spread = self.made_by(s.args[k], np.broadcast_to)
            if spread is not None and _single(spread.args[0]):
                args = (*s.args[:k], spread.args[0], *s.args[k + 1 :])
                t = infer_call(s.op, [type_of(a) for a in args], {})
                if isinstance(t, Array) and same_shape(t.shape, _shape(s.result)) and same_dtype(t.dtype, s.result.type.dtype):  # type: ignore[union-attr]
                    return self.where(self.changed(s, s.op, *args))
        return s

    def reversed_sweep(self, s: Apply) -> bool:
        """Whether an expression may be taken apart: it is not the user's own, and nothing else uses it."""
        return (self.everywhere or is_derived(s)) and self.users[s.result] <= 1


def _inexact(o: Operand) -> bool:
    """Whether an operand is of real or complex numbers, not of integers."""
    found = numbers(type_of(o))
    return found is not None and found.inexact


def _part(path: Operand) -> Operand | None:
    """The index of the part that a write goes to, if that is told by one."""
    return path.items[0] if isinstance(path, Tuple) and len(path.items) == 1 else None


def _of_both(a: Abstract, b: Abstract) -> Abstract | None:
    """The type of the sum of two values of one shape and one dtype: an array's if either is sure to be one, or is no number."""
    for p, q in ((a, b), (b, a)):
        if _axes(p) == () and isinstance(q, Array) and q.shape:
            t = infer_call(operator.add, [p, q], {})
            return t if isinstance(t, Array) and same_shape(t.shape, q.shape) and same_dtype(t.dtype, q.dtype) else None
    if isinstance(a, Array) and isinstance(b, Array) and not (a.also and b.also):
        sure, other = (b, a) if a.also else (a, b)
        same = sure.shape is not None and same_shape(sure.shape, other.shape) and same_dtype(sure.dtype, other.dtype)
        return sure if same and sure.boxed is other.boxed else None
    return a if a == b else None


def _shape(v: Value) -> tuple[SizeLike, ...] | None:
    return _axes(v.type) if isinstance(v.type, Array) else None


def _axes(t: Abstract) -> tuple[SizeLike, ...] | None:
    return t.shape if isinstance(t, Array) else ()


def _spans(t: Abstract, whole: Abstract) -> bool:
    """Whether a value that goes into `whole` element by element has all of its axes, with their lengths."""
    shape, full = _axes(t), _axes(whole)
    if shape is None or full is None:
        return shape is full
    return len(shape) == len(full) and all(n == m or is_unit(n) is False for n, m in zip(shape, full, strict=True))


def _is_boxed(o: Operand) -> bool:
    """Whether an operand is an array of rank 0, or may be one."""
    t = type_of(o)
    return not isinstance(t, Array) or not t.shape


def _scalar(o: Operand) -> bool:
    t = type_of(o)
    return isinstance(t, Scalar) or (isinstance(t, Array) and t.shape == ())


def _single(o: Operand) -> bool:
    """Whether an operand is a number, known or not."""
    return _number(o) or _scalar(o)


def _may_be_python(o: Operand) -> bool:
    """Whether an operand is a number of Python's, or may be one."""
    t = type_of(o)
    return isinstance(t, (Const, Scalar)) or (isinstance(t, Array) and bool(t.also))


def _axis_of(s: Apply) -> Operand | None:
    """The axis of a sum along one, counted from the front, that is given nothing else."""
    given = [*s.args[1:], *(v for k, v in s.kwargs if k == "axis")]
    if len(given) != 1 or len(s.args) + len(s.kwargs) != 2:
        return None
    return given[0] if isinstance(given[0], Const) and type(given[0].value) is int and given[0].value >= 0 else None


_RULES: dict[Any, Callable[[_Algebra, Apply], Apply | Operand]] = {
    operator.getitem: _Algebra.getitem,
    scatter_add: _Algebra.scatter_add,
    updated: _Algebra.updated,
    operator.add: _Algebra.add,
    operator.sub: _Algebra.sub,
    added_each: _Algebra.added_each,
    operator.neg: _Algebra.neg,
    operator.mul: _Algebra.mul,
    operator.truediv: _Algebra.truediv,
    np.true_divide: _Algebra.quotient,
    operator.pow: _Algebra.pow,
    _T: _Algebra.transpose,
    np.sum: _Algebra.sum,
    np.expand_dims: _Algebra.expand_dims,
    np.reshape: _Algebra.reshape,
    np.broadcast_to: _Algebra.broadcast_to,
    np.where: _Algebra.where,
    np.shape: _Algebra.shape,
    np.zeros_like: _Algebra.zeros_like,
    np.size: _Algebra.shape,
}
