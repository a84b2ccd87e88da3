"""Subscripts of subscripts: `A[i][j]` is read and written as `A[i, j]`.

Takes indices that follow one another; gives fewer, where the first picks a part by numbers alone. What is read and what is
written is then told by one index, which the analyses of the reverse sweep compare.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sct.ir.ssa import Operand, Value, type_of
from sct.ir.types import Array, Const, Scalar, Slice, Tuple
from sct.specialize.building import Builder

__all__ = ["is_row", "of_whole", "shortest"]


def is_row(x: Operand, key: Operand, made: Operand) -> bool:
    """Whether `made`, `x[key]`, is an array of which an entry is one of `x` by the numbers in `key` and those of the entry."""
    t, r = type_of(x), type_of(made)
    return isinstance(t, Array) and isinstance(r, Array) and bool(r.shape) and all(map(_is_number, _entries(key)))


def of_whole(s: Builder, args: Sequence[Operand]) -> Sequence[Operand]:
    """An array and an index, for the part by `args` of a part that has no name."""
    part, key = args
    if not isinstance(part, Value) or part not in s.rows or s.memory.name_of(part):
        return args
    x, outer = s.rows[part]
    index = _joined(outer, key)
    return args if index is None else (x, index)


def shortest(path: Sequence[Operand]) -> tuple[Operand, ...]:
    """The path to a part with as few indices as may be."""
    out = [path[0]]
    for index in path[1:]:
        if index == Const(Ellipsis):
            continue  # all of the part
        joined = _joined(out[-1], index)
        if joined is None:
            out.append(index)
        else:
            out[-1] = joined
    return tuple(out)


def _joined(outer: Operand, inner: Operand) -> Operand | None:
    entries, more = _entries(outer), _entries(inner)
    if not more or not all(map(_is_number, entries)) or not all(map(_picks_one_by_one, more)):
        return None
    return Tuple((*entries, *more))


def _entries(index: Operand) -> tuple[Operand, ...]:
    if isinstance(index, Tuple):
        return index.items
    return tuple(map(Const, index.value)) if isinstance(index, Const) and isinstance(index.value, tuple) else (index,)


def _is_number(entry: Operand) -> bool:
    t = type_of(entry)
    if isinstance(t, Const):
        return isinstance(t.value, (int, np.integer)) and not isinstance(t.value, bool)
    if isinstance(t, Scalar):
        return t.kind is int
    return isinstance(t, Array) and t.shape == () and t.boxed is False and t.dtype is not None and t.dtype.kind in "iu"


def _picks_one_by_one(entry: Operand) -> bool:
    """Whether an entry of an index is a number, a slice, an ellipsis or a new axis."""
    t = type_of(entry)
    known = t.value if isinstance(t, Const) else ()
    return _is_number(entry) or isinstance(t, Slice) or known is None or known is Ellipsis or isinstance(known, slice)
