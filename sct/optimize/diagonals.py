"""Diagonals: what is computed of an identity matrix, as the directions of a Jacobian are, is computed of its diagonal.

An identity times a row, or times numbers, is a diagonal matrix, of which the entries are computed alone; a matrix product with
one scales rows or columns, and with an identity it is the other matrix; a sum along an axis is the diagonal. An infinite number
beside a zero of the matrix makes no NaN then. Only what the transform wrote is changed.

>>> import numpy as np
>>> import sct
>>> def f(x, W):
...     return np.tanh(W @ np.sin(x)) - x * x
>>> print(sct.jacobian(f).source_for(np.ones(3), np.ones((3, 3))).rstrip())
import numpy as np
<BLANKLINE>
<BLANKLINE>
def f_jacobian(x, W):
    tanh = np.tanh(W @ np.sin(x))
    return (np.cos(x)[:, None] * W.T * (1.0 - tanh * tanh) - np.diag(2.0 * x)).T
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from sct.analysis.effects import statements
from sct.infer.call import infer_call
from sct.ir.ops import Attribute
from sct.ir.paths import ALL
from sct.ir.ssa import Apply, Function, Operand, Value, is_derived, type_of, values_of
from sct.ir.types import Abstract, Array, Const, Scalar, Tuple, same_shape
from sct.optimize.arithmetic import numbers
from sct.optimize.rewriter import Rewriter

__all__ = ["diagonals"]

_ONE = Const(1.0)


def diagonals(f: Function) -> Function:
    """`f` with what it computes of diagonal matrices computed of their diagonals."""
    return _Diagonals().function(f) if any(map(_is_identity, statements(f.block))) else f


def _is_identity(s: Any) -> bool:
    """Whether a statement gives a square matrix with ones on its main diagonal."""
    return isinstance(s, Apply) and s.op is np.eye and len(s.args) == 1 and {k for k, _ in s.kwargs} <= {"dtype", "order"}


class _Diagonals(Rewriter):
    """`entries`: the diagonals of the diagonal matrices, each a row, or one number for all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[Operand, Operand] = {}

    def rewrite(self, s: Apply) -> Apply | Operand:
        if _is_identity(s):
            return self.diagonal(s, _ONE)
        of = [a for a in s.args if a in self.entries]
        if not of or not is_derived(s) or (s.kwargs and s.op is not np.sum):
            return s
        return super().rewrite(s)

    def emitted(self, s: Apply, op: Any, *args: Operand) -> Operand | None:
        """The result of a further operation in front of `s`, if it has entries of what `s` gives."""
        t = infer_call(op, [type_of(a) for a in args], {})
        if not _has_entries(t, s):
            return None
        if isinstance(t, Const):
            return t
        v = Value(t)
        self.keep(Apply(op, args, (), v, s.place, s.origin))
        return v

    # -- diagonals -------------------------------------------------------------------------------------------------------

    def diagonal(self, s: Apply, entries: Operand | None) -> Apply:
        """`s`, which gives the diagonal matrix of these entries."""
        if entries is None or any(map(self.changes, values_of(s.result, entries))):
            return s
        self.entries[s.result] = entries
        return self.changed(s, np.diag, entries) if _is_row(entries) else s

    def scaled(self, s: Apply) -> Apply:
        """A diagonal matrix times, or divided by, what is the same in all its rows."""
        a, b = s.args
        over, by = (a, b) if a in self.entries else (b, a)
        if by in self.entries or not _are_of_shape(over, s.result) or not _is_of_columns(by, s):
            return s  # an identity of one row may be spread over more columns
        if s.op is operator.truediv and over is b:
            return s
        own = self.entries[over]
        if own == _ONE and s.op is operator.mul and _has_entries(type_of(by), s):
            return self.diagonal(s, by)
        return self.diagonal(s, self.emitted(s, s.op, *((own, by) if over is a else (by, own))))

    def negated(self, s: Apply) -> Apply:
        return self.diagonal(s, self.emitted(s, operator.neg, self.entries[s.args[0]]))

    def added(self, s: Apply) -> Apply:
        """The sum, or the difference, of two diagonal matrices; or of one and what another one was added to before."""
        a, b = s.args
        if a in self.entries and b in self.entries and _are_of_shape(a, b):
            return self.diagonal(s, self.emitted(s, s.op, self.entries[a], self.entries[b]))
        first = self.made_by(a, operator.add, operator.sub)
        if first is None or b not in self.entries or first.args[1] not in self.entries or not _are_of_shape(first.args[1], b):
            return s
        op = operator.add if s.op is first.op else operator.sub
        entries = self.emitted(s, op, self.entries[first.args[1]], self.entries[b])
        if entries is None or not _is_row(entries):
            return s
        both = self.emitted(s, np.diag, entries)
        return s if both is None else self.changed(s, first.op, first.args[0], both)

    def transposed(self, s: Apply) -> Operand:
        return s.args[0]

    # -- what is made of them --------------------------------------------------------------------------------------------

    def product(self, s: Apply) -> Apply | Operand:
        """A matrix product: the other matrix, its rows or columns times the entries."""
        a, b = s.args
        own, other = (a, b) if a in self.entries else (b, a)
        entries, t = self.entries[own], type_of(other)
        if not _are_of_shape(other, s.result) or numbers(t) != numbers(s.result.type):
            return s
        if entries == _ONE:
            return other
        if own is b:
            return self.changed(s, operator.mul, other, entries)
        if _is_row(entries) and isinstance(t, Array) and t.rank != 1:
            column = self.emitted(s, operator.getitem, entries, Tuple((ALL, Const(None))))
            return s if column is None else self.changed(s, operator.mul, column, other)
        return self.changed(s, operator.mul, entries, other)

    def total(self, s: Apply) -> Apply | Operand:
        """The sum along an axis."""
        entries = self.entries[s.args[0]]
        along = len(s.args) == 1 and [k for k, _ in s.kwargs] == ["axis"] and s.kwargs[0][1] in (Const(0), Const(1), Const(-1))
        return entries if along and _is_row(entries) and _are_of_shape(entries, s.result) else s

    rules: ClassVar[dict[Any, Callable[[Any, Apply], Apply | Operand]]] = {
        operator.mul: scaled,
        operator.truediv: scaled,
        operator.neg: negated,
        operator.add: added,
        operator.sub: added,
        Attribute("T"): transposed,
        operator.matmul: product,
        np.sum: total,
    }


def _is_row(o: Operand) -> bool:
    t = type_of(o)
    return isinstance(t, Array) and t.rank == 1


def _has_entries(t: Abstract, s: Apply) -> bool:
    """Whether a row is of the numbers that `s` gives; or one number, in which these may as well be computed."""
    own, whole = numbers(t), numbers(s.result.type)
    single = isinstance(t, (Scalar, Const)) or (isinstance(t, Array) and t.shape == ())
    return whole is not None and (whole.takes(own) if single else own == whole)


def _is_of_columns(o: Operand, s: Apply) -> bool:
    """Whether an operand is one number, or has one for each column of what `s` gives."""
    t, whole = type_of(o), s.result.type
    if isinstance(t, (Scalar, Const)) or (isinstance(t, Array) and t.shape == ()):
        return True
    return (
        isinstance(t, Array) and isinstance(whole, Array) and whole.shape is not None and same_shape(t.shape, whole.shape[1:])
    )


def _are_of_shape(a: Operand, b: Operand) -> bool:
    """Whether two arrays have the same shape."""
    t, u = type_of(a), type_of(b)
    return isinstance(t, Array) and isinstance(u, Array) and same_shape(t.shape, u.shape)
