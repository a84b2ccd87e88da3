"""What values are as polynomials, by the operations that made them.

Takes values and their definitions; gives polynomials in atoms: values that no sum, product, quotient, view or total made. Never
looks into operations on integers of a fixed size, which wrap around, nor into an operation whose operands may be spread in
another way than their types tell.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sct.analysis.activity import primitive_of
from sct.analysis.given import Given
from sct.infer.call import plain
from sct.ir.ops import Attribute
from sct.ir.paths import entries_of, is_axis
from sct.ir.shapes import constant, normalize_axes
from sct.ir.ssa import Apply, Operand, Statement, Value, type_of
from sct.ir.types import Array, Const, Scalar, Size, SizeLike, Tuple
from sct.optimize.arithmetic import numbers
from sct.optimize.polynomials import ZERO, Polynomial, TooLongError, added, atom, inverse, moved, number, times, total
from sct.runtime import scatter_add

__all__ = ["Meaning", "axes_of", "itself"]

_DEEPEST = 40


class Meaning:
    """The polynomials of values; `definition` has the statements that made them, and may grow; `given` tells of a value
    whether it may be another one later."""

    def __init__(self, definition: Mapping[Value, Statement], given: Given | None) -> None:
        self.definition = definition
        self.given = given
        self.known: dict[Value, Polynomial] = {}
        self.depth = 0

    def of(self, o: Operand) -> Polynomial:
        """The polynomial of an operand, on its own axes."""
        if isinstance(o, Const) and type(o.value) in (int, float) and np.isfinite(o.value):
            return number(o.value)
        if not isinstance(o, Value) or (self.given is not None and self.given.changes(o)):
            raise TooLongError
        if o not in self.known:
            d = self.definition.get(o)
            self.depth += 1
            found = self.made(d) if isinstance(d, Apply) and self.depth < _DEEPEST else None
            self.known[o] = itself(o) if found is None else found
            self.depth -= 1
        return self.known[o]

    def made(self, s: Apply) -> Polynomial | None:
        """The polynomial of a result by its operation; None if that says nothing."""
        rule = _RULES.get(primitive_of(s.op))
        n = numbers(s.result.type)
        if rule is None or n is None or not n.inexact or axes_of(s.result) is None:
            return None
        try:
            return rule(self, s)
        except (TooLongError, TypeError, ZeroDivisionError):  # a TypeError: of an index that cannot be hashed
            return None

    # -- operations ------------------------------------------------------------------------------------------------------

    def spread(self, o: Operand, s: Apply) -> Polynomial:
        """An operand on the axes of a result that it is broadcast to."""
        own, whole = axes_of(o), axes_of(s.result)
        if own is None or whole is None or len(own) > len(whole):
            raise TooLongError
        shift = len(whole) - len(own)
        if any(n not in (1, m) and not (_is_long(n) and _is_long(m)) for n, m in zip(own, whole[shift:], strict=True)):
            raise TooLongError
        return moved(self.of(o), lambda k: k + shift) if shift else self.of(o)

    def binary(self, s: Apply, op: Callable[[Polynomial, Polynomial], Polynomial]) -> Polynomial | None:
        return op(self.spread(s.args[0], s), self.spread(s.args[1], s)) if len(s.args) == 2 and not s.kwargs else None

    def power(self, s: Apply) -> Polynomial | None:
        p, e = self.spread(s.args[0], s), s.args[1]
        return times(p, p) if e in (Const(2), Const(2.0)) else None

    def sum(self, s: Apply) -> Polynomial | None:
        """A total, or, divided by the number of what is summed up, a mean."""
        given = {**dict(zip(("a", "axis"), s.args, strict=False)), **dict(s.kwargs)}
        shape = axes_of(s.args[0])
        axis, keep = (plain(type_of(given.pop(k, Const(None)))) for k in ("axis", "keepdims"))
        if len(s.args) > 2 or len(given) != 1 or shape is None or not constant(axis) or not constant(keep):
            return None
        axes = range(len(shape)) if axis is None else normalize_axes(axis, len(shape))
        if axes is None:
            return None
        found = total(self.of(s.args[0]), {k: _size(shape[k]) for k in axes})
        if not keep:
            left = {k: n for n, k in enumerate(k for k in range(len(shape)) if k not in axes)}
            found = moved(found, left.__getitem__)
        if primitive_of(s.op) is np.mean:
            for k in axes:
                found = times(found, inverse(_size(shape[k])))
        return found

    def expand_dims(self, s: Apply) -> Polynomial | None:
        rank = len(axes_of(s.result) or ())
        new = normalize_axes(s.args[1].value, rank) if len(s.args) == 2 and isinstance(s.args[1], Const) else None
        if new is None:
            return None
        old = [k for k in range(rank) if k not in new]
        return moved(self.of(s.args[0]), old.__getitem__)

    def getitem(self, s: Apply) -> Polynomial | None:
        """An index that only moves axes."""
        shape, to, k = list(axes_of(s.args[0]) or ()), {}, 0
        old = 0
        for e in entries_of(s.args[1]):
            if e == Const(None):
                k += 1
            elif old < len(shape) and is_axis(e):
                to[old] = k
                old, k = old + 1, k + 1
            elif old < len(shape) and e in (Const(0), Const(-1)) and shape[old] == 1:
                old += 1
            else:
                return None
        to.update({n: k + n - old for n in range(old, len(shape))})
        return moved(self.of(s.args[0]), to.__getitem__)

    def scatter_add(self, s: Apply) -> Polynomial | None:
        """What is added at some entries is a value of its own; at one entry, it is that times what is one there."""
        x, path, v = s.args
        shape = axes_of(s.result) or ()
        own = tuple(k for k, n in enumerate(shape) if n != 1)
        index = path.items[0] if isinstance(path, Tuple) and len(path.items) == 1 else path
        entries = entries_of(index)
        single = index is not path and len(entries) == len(shape) == len(own) and all(_is_int(i) for i in entries)
        what = times(self.of(v), atom(("at", index), own, own)) if single else atom((path, v), own)
        return added(self.spread(x, s), what)

    def transpose(self, s: Apply) -> Polynomial:
        last = len(axes_of(s.result) or ()) - 1
        return moved(self.of(s.args[0]), lambda k: last - k)


def axes_of(o: Operand) -> tuple[SizeLike, ...] | None:
    """The lengths of the axes of an operand; None if it is not known how many there are."""
    t = type_of(o)
    return t.shape if isinstance(t, Array) else () if isinstance(t, (Scalar, Const)) else None


def _is_long(n: SizeLike) -> bool:
    """Whether a length is another one than 1 for certain: next to another such length it is equal to that."""
    if isinstance(n, int):
        return n != 1
    (atom_, c), *more = n.terms
    return not more and not n.const and c == 1 and isinstance(atom_, tuple) and atom_[0] == "symbol" and atom_[-1] == 1


def _is_int(o: Any) -> bool:
    t = type_of(o)
    return (isinstance(t, Scalar) and t.kind is int) or (isinstance(t, Const) and type(t.value) is int)


def itself(v: Value) -> Polynomial:
    """A value as an atom, or, of a length, as what it is made of."""
    if isinstance(v.type, Scalar) and isinstance(v.type.size, (int, Size)):
        return _size(v.type.size)
    shape = axes_of(v)
    if shape is None:
        raise TooLongError
    return atom(v, tuple(k for k, n in enumerate(shape) if n != 1))


def _size(n: SizeLike) -> Polynomial:
    """A length."""
    if isinstance(n, int):
        return number(n)
    found = number(n.const)
    for of, c in n.terms:
        found = added(found, times(number(c), atom(of)))
    return found


def _quotient(p: Polynomial, q: Polynomial) -> Polynomial:
    return times(p, inverse(q))


def _difference(p: Polynomial, q: Polynomial) -> Polynomial:
    return added(p, q, -1)


_BINARY: dict[Any, Callable[[Polynomial, Polynomial], Polynomial]] = {
    operator.add: added,
    operator.sub: _difference,
    operator.mul: times,
    operator.truediv: _quotient,
    np.add: added,
    np.subtract: _difference,
    np.multiply: times,
    np.true_divide: _quotient,
}

_RULES: dict[Any, Callable[[Meaning, Apply], Polynomial | None]] = {
    **{op: lambda m, s, f=f: m.binary(s, f) for op, f in _BINARY.items()},  # type: ignore[misc]
    operator.neg: lambda m, s: times(number(-1), m.spread(s.args[0], s)),
    np.negative: lambda m, s: times(number(-1), m.spread(s.args[0], s)),
    np.reciprocal: lambda m, s: inverse(m.spread(s.args[0], s)),
    np.square: lambda m, s: times(m.spread(s.args[0], s), m.spread(s.args[0], s)),
    operator.pow: Meaning.power,
    np.sum: Meaning.sum,
    np.mean: Meaning.sum,
    np.broadcast_to: lambda m, s: m.spread(s.args[0], s),
    np.expand_dims: Meaning.expand_dims,
    operator.getitem: Meaning.getitem,
    scatter_add: Meaning.scatter_add,
    np.zeros_like: lambda m, s: ZERO,
    Attribute("T"): Meaning.transpose,
}
