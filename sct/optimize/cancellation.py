"""Cancellation: adjoints that are zero by algebra are left out, and sums of quotients written as what they come to.

What is subtracted from all entries alike, such as the maximum in a softmax, has an adjoint of zero, since the others cancel in
the total over its axis; so has a mean where deviations from it are all that counts. And p̄ = (1 − y) / (1 − p) − y / p, for the
logistic function p, comes to the adjoint p − y of what p is a function of. Both are seen in `sct.optimize.polynomials`, and
hold for all numbers; rounding is less. Powers of e that overflow are not divided by what overflows with them: the derivative of
s = 1 / (1 + exp(−x)) is s (1 − s), and that of log(1 + exp(x)) is 1 / (1 + exp(−x)). Only what the transform wrote is changed.

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
from collections.abc import Iterator, Sequence
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
from sct.optimize.logistic import alone, without_powers
from sct.optimize.meaning import Meaning, axes_of, itself
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
    several = p.powers or (quotients > 1 and any(map(p.has_quotients, p.arithmetic.values())))
    return p.function(f) if p.reduces or (quotients and several) else f


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
        self.powers: set[Value] = set()  # powers of numbers among the operands of this arithmetic
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
            elif isinstance(s, Apply) and facts_of(s.op).inverts and s.result in self.steps:
                self.powers.add(s.result)
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
        if s.result not in self.arithmetic:
            return s
        found = self.logistic(s) if self.powers else None
        return self.shorter(s) if found is None else found

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

    # -- what overflows --------------------------------------------------------------------------------------------------

    def logistic(self, s: Apply) -> Apply | None:
        """An expression without quotients of powers and of sums with these; None if it has none."""
        if s.result in self.steps and self.users[s.result] == 1:
            return None
        inside = [s, *self.inside(s)]
        trees: list[_Tree | None] = []
        found = False
        own = self.powers.intersection(v for d in inside for v in d.values)
        if not own:
            return None
        for meaning in (_OfPowers(self, own), self.meaning):
            p = meaning.made(s)
            try:
                q = without_powers(p, self.is_power) if p else None
            except TooLongError:
                q = None
            if p and q:
                found = found or q is not p
                whole: list[Operand] = [
                    d.result for d in inside[1:] if meaning.known.get(d.result) == itself(d.result)
                ]  # sums in one piece
                values = self.values(inside, s, meaning) | dict(self.at_hand(whole, s, 0, meaning))
                inverted = self.inverted(p, values)
                trees += [inverted] if inverted else [_written(q, shared, values) for shared in (_shared(q), frozenset())]
        if not found:
            return None
        tree = min((t for t in trees if isinstance(t, _Node)), key=_Node.cost, default=None)
        return None if tree is None else self.instead(tree, s)

    def is_power(self, o: Any) -> bool:
        d = self.definition.get(o) if isinstance(o, Value) else None
        return isinstance(d, Apply) and facts_of(d.op).inverts

    def inverted(self, p: Polynomial, values: dict[Value, Polynomial]) -> _Tree | None:
        """E / (1 + E), times what else there is, as that over 1 + 1 / E; the power 1 / E is that of the negative."""
        found = alone(p, self.is_power)
        if found is None:
            return None
        atom, rest, c = found
        d = self.definition[atom.of]
        assert isinstance(d, Apply)
        own = numbers(type_of(d.args[0]))
        if not isinstance(d.op, np.ufunc) or own is None or not own.inexact:  # Python's own raises where it overflows
            return None
        negated = self.made_by(d.args[0], operator.neg, np.negative)
        less = negated.args[0] if negated is not None else _Node(operator.neg, (d.args[0],))
        under = _Node(operator.add, (Const(1.0), _Node(d.op, (less,))))
        try:
            over = _scaled(abs(c), _term(rest, values)) if rest else Const(float(abs(c)))
        except TooLongError:
            return None
        tree = _Node(operator.truediv, (over, under))
        return tree if c > 0 else _Node(operator.neg, (tree,))

    # -- what is shorter -------------------------------------------------------------------------------------------------

    def shorter(self, s: Apply) -> Apply | Operand:
        """An expression with sums and several quotients in it, with fewer operations."""
        if not self.has_quotients(s):
            return s
        inside = [s, *self.inside(s)]
        p, own = self.meaning.made(s), numbers_of(s.op, *s.args)
        if not p or len(p) >= len(inside) or own is None or not own.inexact:
            return s
        values = self.values(inside, s, self.meaning)
        trees = [t for shared in (_shared(p), frozenset()) if isinstance(t := _written(p, shared, values), _Node)]
        tree = min(trees, key=_Node.cost, default=None)
        if tree is None or tree.cost() >= sum(_cost(d.result.type) for d in inside):
            return s
        return self.instead(tree, s) or s

    def instead(self, tree: _Node, s: Apply) -> Apply | None:
        """The operations of a tree in place of `s`; None if it is of other numbers, or of another shape."""
        own, t = numbers_of(s.op, *s.args), _type(tree)
        if own is None or not own.inexact or not all(own.hold(n) for n in _numbers_in(tree)):
            return None
        whole = isinstance(t, Array) == isinstance(s.result.type, Array) and same_shape(
            getattr(t, "shape", ()), axes_of(s.result)
        )
        return self.emitted(tree, s) if whole and numbers(t) == own else None

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

    def values(self, inside: Sequence[Apply], s: Apply, meaning: Meaning) -> dict[Value, Polynomial]:
        """What an expression may be written with."""
        made = {d.result for d in inside}
        found = dict(self.at_hand([o for d in inside for o in d.operands if o not in made], s, _FAR, meaning))
        return dict(sorted(found.items(), key=lambda v: len(v[1]) != 1))

    def at_hand(self, operands: list[Operand], s: Apply, steps: int, meaning: Meaning) -> Iterator[tuple[Value, Polynomial]]:
        """Values that an expression is made of, and those that they are made of, on the axes of a result."""
        for o in operands:
            if isinstance(o, Value):
                try:
                    yield o, meaning.spread(o, s)
                except TooLongError:
                    continue
                d = self.made_by(o, *_ARITHMETIC)
                if d is not None and steps:
                    yield from self.at_hand(list(d.operands), s, steps - 1, meaning)

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


class _OfPowers(Meaning):
    """The polynomials of values, but that a sum with none of some powers in it is best left in one piece."""

    def __init__(self, p: _Cancellation, powers: set[Value]) -> None:
        super().__init__(p.definition, p.given)
        self.powers = powers

    def of(self, o: Operand) -> Polynomial:
        p = super().of(o)
        if len(p) > 1 and isinstance(o, Value) and not any(self.has_power(m) for m in p):
            p = self.known[o] = itself(o)
        return p

    def has_power(self, m: Monomial) -> bool:
        """Whether a term has such a power in it, or is divided by a sum that has."""
        for (a, _), _ in m:
            if a.kind == "value" and a.of in self.powers:
                return True
            if a.kind == "sum" and any(map(self.has_power, dict(a.of))):
                return True
        return False


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
