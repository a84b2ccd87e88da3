"""Cancellation: adjoints that are zero by algebra are left out, and sums of quotients written as what they come to.

What is subtracted from all entries alike, such as the maximum in a softmax, has an adjoint of zero, since the others cancel in
the total over its axis; so has a mean where deviations from it are all that counts. And p̄ = (1 − y) / (1 − p) − y / p, for the
logistic function p, comes to the adjoint p − y of what p is a function of. Both are seen in `sct.optimize.polynomials`, and
hold for all numbers; rounding is less. Only what the transform wrote is changed.

>>> import numpy as np
>>> from sct.testing import derivative_of
>>> print(derivative_of('''
... def f(z):
...     m = np.max(z)
...     return m + np.log(np.sum(np.exp(z - m)))
... ''', np.ones(3)))
import numpy as np
<BLANKLINE>
<BLANKLINE>
def f_grad(z):
    # forward
    m = np.max(z)
    exp = np.exp(z - m)
    # reverse
    # return m + np.log(np.sum(np.exp(z - m)))
    z_bar = exp / np.sum(exp)
    return z_bar
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from sct.analysis.effects import has_effect
from sct.infer.call import infer_call
from sct.infer.facts import for_call
from sct.ir.records import record
from sct.ir.ssa import Apply, Block, Function, Operand, Value, is_derived, type_of, values_of
from sct.ir.types import Abstract, Array, Const, same_shape
from sct.optimize.arithmetic import numbers, numbers_of
from sct.optimize.meaning import Meaning, axes_of
from sct.optimize.polynomials import Monomial, Polynomial, TooLongError, order, power, product, written_out
from sct.optimize.products import DIVISIONS
from sct.optimize.rewriter import Rewriter
from sct.registry.facts import Linear, facts_of
from sct.registry.methods import primitive_of
from sct.registry.rules import kind_of
from sct.runtime import scatter_add

__all__ = ["cancellation"]

_SUMS = (operator.add, operator.sub)
_ARITHMETIC = frozenset((*_SUMS, operator.mul, operator.neg, *DIVISIONS))
_FAR = 6  # steps back to what an expression may be written with


def cancellation(f: Function) -> Function:
    """`f` without adjoints that are zero, and with fewer operations in those that are sums of quotients."""
    p = _Cancellation()
    p.count(f.block)
    quotients = sum(s.op in DIVISIONS for s in p.arithmetic.values())
    return p.function(f) if p.reduces or (quotients > 1 and any(map(p.has_quotients, p.arithmetic.values()))) else f


@record(frozen=True, slots=True)
class _Node:
    op: Any
    args: tuple[_Tree, ...]

    def cost(self) -> int:
        """What the operations cost, each by the number of axes that its result has."""
        return _cost(_type(self)) + sum(a.cost() for a in self.args if isinstance(a, _Node))


_Tree: TypeAlias = "_Node | Operand"


class _Cancellation(Rewriter):
    def __init__(self) -> None:
        super().__init__()
        self.zero: set[Operand] = set()
        self.totals: set[Operand] = set()  # what totals over axes have gone into
        self.users: Counter[Value] = Counter()
        self.steps: set[Value] = set()  # what is used by the arithmetic of the reverse sweep
        self.arithmetic: dict[Value, Apply] = {}  # this arithmetic
        self.reduces = False  # whether the forward sweep has totals, or the like, over which something may cancel

    @cached_property
    def meaning(self) -> Meaning:
        """The polynomials of the values of the function that is gone through."""
        return Meaning(self.definition, self.given)

    def count(self, block: Block) -> None:
        """How many statements (and ends of blocks) use each value, those aside that nothing needs."""
        self.users.update(values_of(*block.yields))
        for s in reversed(block.body):
            for b in s.blocks:
                self.count(b)
            if isinstance(s, Apply) and not self.users[s.result] and not has_effect(s):
                continue
            used = s.values
            self.users.update(used)
            if isinstance(s, Apply) and _is_step(s):
                self.steps.update(used)
                self.arithmetic[s.result] = s
            elif not self.reduces and isinstance(s, Apply) and _is_total(s):
                self.reduces = True

    def rewrite(self, s: Apply) -> Apply | Operand:
        if not is_derived(s) or not self.users[s.result]:
            return s
        if not self.zero.isdisjoint(s.args):
            return self.without(s)
        if s.op is np.sum or (s.op in _SUMS and not self.totals.isdisjoint(s.args)):
            if self.meaning.made(s) == {}:
                self.zero.add(s.result)
            self.totals.add(s.result)
        elif not self.totals.isdisjoint(s.args) and _linear(s) is not None:
            self.totals.add(s.result)
        return self.shorter(s) if s.result in self.arithmetic else s

    # -- what is zero ----------------------------------------------------------------------------------------------------

    def without(self, s: Apply) -> Apply | Operand:
        """An operation, an operand of which is zero."""
        a, *others = s.args
        if s.op is scatter_add and a not in self.zero and s.args[2] in self.zero:
            return a
        if s.op in _SUMS and s.args[1] in self.zero and _stands_for(a, s):
            return a
        if s.op in _SUMS and a in self.zero and _stands_for(s.args[1], s):
            return s.args[1] if s.op is operator.add else self.changed(s, operator.neg, s.args[1])
        how = _linear(s)
        if how == "each" or (how == "first" and self.zero.isdisjoint(others)) or (how == "together" and not others):
            self.zero.add(s.result)
        return s

    # -- what is shorter -------------------------------------------------------------------------------------------------

    def shorter(self, s: Apply) -> Apply | Operand:
        """An expression with sums and several quotients in it, with fewer operations."""
        if not self.has_quotients(s):
            return s
        inside = [s, *self.inside(s)]
        p, own = self.meaning.made(s), numbers_of(s.op, *s.args)
        if not p or len(p) >= len(inside) or own is None or not own.inexact:
            return s
        made = {d.result for d in inside}
        values = dict(self.at_hand([o for d in inside for o in d.operands if o not in made], s, _FAR))
        trees = [t for shared in (_shared(p), frozenset()) if isinstance(t := _written(p, shared, values), _Node)]
        tree = min(trees, key=_Node.cost, default=None)
        if tree is None or tree.cost() >= sum(_cost(d.result.type) for d in inside):
            return s
        if not all(own.hold(n) for n in _numbers_in(tree)):
            return s
        t = _type(tree)
        whole = isinstance(t, Array) == isinstance(s.result.type, Array) and same_shape(
            getattr(t, "shape", ()), axes_of(s.result)
        )
        return self.emitted(tree, s) if whole and numbers(t) == own else s

    def has_quotients(self, s: Apply) -> bool:
        """Whether a step that ends an expression has sums and several quotients in it."""
        if s.result in self.steps and self.users[s.result] == 1:
            return False
        ops = [d.op for d in (s, *self.inside(s))]
        return sum(op in DIVISIONS for op in ops) > 1 and any(op in _SUMS for op in ops)

    def inside(self, s: Apply) -> Iterator[Apply]:
        """The steps of an expression that nothing else uses."""
        for a in s.args:
            d = self.arithmetic.get(a) if isinstance(a, Value) and self.users[a] == 1 else None
            if d is not None:
                yield d
                yield from self.inside(d)

    def at_hand(self, operands: list[Operand], s: Apply, steps: int) -> Iterator[tuple[Value, Polynomial]]:
        """Values that an expression is made of, and those that they are made of, on the axes of a result."""
        for o in operands:
            if isinstance(o, Value):
                try:
                    yield o, self.meaning.spread(o, s)
                except TooLongError:
                    continue
                d = self.made_by(o, *_ARITHMETIC)
                if d is not None and steps:
                    yield from self.at_hand(list(d.operands), s, steps - 1)

    def emitted(self, tree: _Node, s: Apply) -> Apply:
        """The operations of a tree, in place of `s`."""

        def operand(t: _Tree) -> Operand:
            if not isinstance(t, _Node):
                return t
            args = tuple(map(operand, t.args))
            v = Value(infer_call(t.op, [type_of(a) for a in args], {}))
            self.keep(Apply(t.op, args, (), v, s.place, s.origin))
            return v

        return self.changed(s, tree.op, *map(operand, tree.args))


def _is_step(s: Apply) -> bool:
    return s.op in _ARITHMETIC and is_derived(s)


def _linear(s: Apply) -> Linear | None:
    """In what operands an operation is linear."""
    how: Linear | None = for_call(facts_of(s.op).linear, s.op, s.args, s.kwargs)
    return how


def _is_total(s: Apply) -> bool:
    """Whether a statement of the program's reduces an array, over whose axes something may cancel."""
    return s.origin is not None and not s.origin.reverse and kind_of(primitive_of(s.op)) == "reduction"


def _stands_for(o: Operand, s: Apply) -> bool:
    """Whether an operand is of the numbers and the shape of a result."""
    own, whole = axes_of(o), axes_of(s.result)
    return numbers(type_of(o)) == numbers(s.result.type) and own is not None and same_shape(own, whole)


def _numbers_in(tree: _Tree) -> Iterator[float]:
    if isinstance(tree, _Node):
        for a in tree.args:
            yield from _numbers_in(a)
    elif isinstance(tree, Const):
        yield tree.value


def _cost(t: Abstract) -> int:
    """What an operation costs whose result is of a type: an axis more is worth ten operations."""
    shape = t.shape if isinstance(t, Array) and t.shape is not None else ()
    found: int = 10 ** sum(n != 1 for n in shape)
    return found


def _type(tree: _Tree) -> Any:
    return infer_call(tree.op, [_type(a) for a in tree.args], {}) if isinstance(tree, _Node) else type_of(tree)


# -- writing a polynomial ----------------------------------------------------------------------------------------------------


def _written(p: Polynomial, shared: Monomial, values: dict[Value, Polynomial]) -> _Tree | None:
    """A polynomial in values, with a factor that all terms share put last; None if these are not enough."""
    factor = abs(min(p.values(), key=abs)) if shared else Fraction(1)
    left = {product(m, power(shared, -1)): c / factor for m, c in p.items()}
    terms: list[tuple[bool, _Tree]] = []
    try:
        for v, q in values.items():
            if len(q) > 1 and q.items() <= left.items():
                terms.append((True, v))
                left = {m: c for m, c in left.items() if m not in q}
        for m, c in sorted(left.items(), key=lambda t: order(t[0])):
            terms.append((c > 0, _scaled(abs(c), _term(m, values))))
        terms.sort(key=lambda t: not t[0])
        over, under = _split(shared, values)
    except TooLongError:
        return None
    (plus, tree), *others = terms
    if not plus:
        tree = _Node(operator.neg, (tree,))
    for plus, term in others:
        tree = _Node(operator.add if plus else operator.sub, (tree, term))
    for v in over:
        tree = _Node(operator.mul, (tree, v))
    for v in under:
        tree = _Node(operator.truediv, (tree, v))
    return _scaled(factor, tree)


def _shared(p: Polynomial) -> Monomial:
    """The factors that all terms have over the line, or all under it."""
    exponents = [dict(m) for m in p]
    first, *others = exponents
    out = {}
    for f, e in first.items():
        all_e = [e, *(o.get(f, 0) for o in others)]
        out[f] = min(all_e) if min(all_e) > 0 else min(0, max(all_e))
    return frozenset((f, e) for f, e in out.items() if e)


def _scaled(c: Any, tree: _Tree) -> _Tree:
    return tree if c == 1 else _Node(operator.mul, (Const(float(c)), tree))


def _term(m: Monomial, values: dict[Value, Polynomial]) -> _Tree:
    """A term, the factors of fewest axes first."""
    over, under = _split(m, values)
    factors = sorted(
        [*((v, operator.mul) for v in over), *((v, operator.truediv) for v in under)], key=lambda f: _cost(f[0].type)
    )
    first = next((k for k, (_, op) in enumerate(factors) if op is operator.mul), None)
    tree: _Tree = Const(1.0) if first is None else factors.pop(first)[0]
    for v, op in factors:
        tree = _Node(op, (tree, v))
    return tree


def _split(m: Monomial, values: dict[Value, Polynomial]) -> tuple[list[Value], list[Value]]:
    """The values whose product is a term, and those that it is divided by."""
    over: list[Value] = []
    under: list[Value] = []
    known = [(v, n) for v, p in values.items() if (n := _as_term(p, m)) is not None]
    known.sort(key=lambda k: -sum(abs(e) for _, e in k[1]))
    while m:
        for v, n in known:
            for into, sign in ((over, 1), (under, -1)):
                if all(dict(m).get(f, 0) * sign * e >= e * e for f, e in n):
                    into.append(v)
                    m = product(m, power(n, -sign))
                    break
            else:
                continue
            break
        else:
            raise TooLongError
    return over, under


def _as_term(p: Polynomial, m: Monomial) -> Monomial | None:
    """A polynomial as one term without a number, which a sum is that `m` is divided by."""
    if len(p) == 1:
        ((n, c),) = p.items()
        return n if c == 1 and n else None
    return next((frozenset({(f, 1)}) for f, _ in m if f[0].kind == "sum" and p == written_out(f)), None)
