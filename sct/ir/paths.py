"""Paths: the indices, one after another, that lead from an array to a part of it.

Takes indices as they stand in statements; gives their entries, and of a path the one with the fewest indices that leads to the
same part. What is read and what is written is then told by one index, which the analyses of the reverse sweep compare, and
which reads as it would be written by hand: `A[i][j]` is `A[i, j]`, and so is `A[:, j][i]`. Never looks at what is in the array.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Operand, Value, type_of
from sct.ir.types import Abstract, Array, Const, List, ListOf, Scalar, Slice, Tuple

__all__ = [
    "ALL",
    "entries_of",
    "is_axis",
    "is_basic_index",
    "is_everything",
    "is_number",
    "is_whole",
    "joined",
    "path_of",
    "permuted",
    "shortest",
]

ALL = Slice(Const(None), Const(None), Const(None))
"""All of an axis."""
_REST = Const(Ellipsis)


def path_of(s: Apply) -> tuple[Operand, ...]:
    """The indices, one after another, of the part that a write goes to."""
    return s.args[1].items  # type: ignore[union-attr]


def is_whole(path: tuple[Operand, ...]) -> bool:
    """Whether a path leads to all of an array."""
    return path == (_REST,)


def shortest(path: Sequence[Operand]) -> tuple[Operand, ...]:
    """The path to a part with as few indices as may be."""
    out = [path[0]]
    for index in path[1:]:
        if index == _REST:
            continue  # all of the part
        made = joined(out[-1], index)
        if made is None:
            out.append(index)
        else:
            out[-1] = made
    return tuple(out)


def joined(outer: Operand, inner: Operand) -> Operand | None:
    """The index of which the part is that by `inner` of that by `outer`: one of numbers, and of axes that are taken whole."""
    entries, more = entries_of(outer), list(entries_of(inner))
    if not more or not all(is_number(e) or is_axis(e) for e in entries) or not all(map(_picks_one_by_one, more)):
        return None
    if _REST in more and not all(map(is_number, entries)):
        return None  # the axes after it are counted from the end
    out: list[Operand] = []
    for e in entries:
        if not is_axis(e):
            out.append(e)
            continue
        while more and _is_new(more[0]):
            out.append(more.pop(0))
        out.append(more.pop(0) if more else e)
    out += more
    return Tuple(tuple(out)) if len(out) > 1 else out[0]


def permuted(index: Operand, order: Sequence[int]) -> tuple[Operand, tuple[int, ...]] | None:
    """The index that picks of an array what `index` picks of a view of it, of which axis `k` is axis `order[k]` of the array;
    and, of what it picks, the axes of the view's in the order in which they then stand."""
    entries = list(entries_of(index))
    if _REST in entries:
        at = entries.index(_REST)
        entries[at : at + 1] = [ALL] * (len(order) + 1 - len(entries))
    if len(entries) > len(order) or _REST in entries:
        return None
    entries += [ALL] * (len(order) - len(entries))
    arrays = [e for e in entries if _is_array(e)]
    if not all(is_number(e) or _is_slice(e) or _is_array(e) for e in entries):
        return None
    slices = sum(map(_is_slice, entries))
    if arrays and slices and (len(arrays) > 1 or len(arrays) + slices < len(order) or as_array(type_of(arrays[0])).rank != 1):
        return None  # what arrays and numbers pick may stand in front
    there = dict(zip(order, entries, strict=True))
    kept = [axis for axis, e in there.items() if not is_number(e)] if slices else []
    last = max([axis for axis, e in there.items() if not is_axis(e)], default=0)
    found = Tuple(tuple([there[axis] for axis in range(last + 1)])) if last else there[0]
    return found, tuple(map(kept.index, sorted(kept)))


def entries_of(index: Operand) -> tuple[Operand, ...]:
    """The entries of an index."""
    if isinstance(index, Tuple):
        return index.items
    return tuple(map(Const, index.value)) if isinstance(index, Const) and isinstance(index.value, tuple) else (index,)


def is_everything(index: Operand) -> bool:
    """Whether an index picks all of an array."""
    return index == _REST or is_axis(index)


def is_number(entry: Operand) -> bool:
    """Whether an entry of an index is an integer."""
    t = type_of(entry)
    if isinstance(t, Const):
        return isinstance(t.value, (int, np.integer)) and not isinstance(t.value, bool)
    if isinstance(t, Scalar):
        return t.kind is int
    return isinstance(t, Array) and t.shape == () and t.boxed is False and t.dtype is not None and t.dtype.kind in "iu"


def is_basic_index(index: Operand) -> bool | None:
    """Whether what an index picks is a view: there are no arrays or lists in it. None where that cannot be told."""
    if isinstance(index, Value) and isinstance(index.type, Tuple):
        index = index.type  # entries that are known by their types alone
    kinds = [_is_basic_entry(e) for e in entries_of(index)]
    return False if False in kinds else None if None in kinds else True


def _is_basic_entry(entry: Operand | Abstract) -> bool | None:
    t = type_of(entry) if isinstance(entry, Value) else entry
    if isinstance(t, Array):  # NumPy copies what an array of rank 0 picks, but not what a NumPy integer does
        if t.shape == ():
            return None if t.dtype is None or (t.boxed is None and t.dtype.kind != "b") else t.dtype.kind != "b" and not t.boxed
        return None if t.shape is None else False
    if isinstance(t, Const):
        basic = t.value is None or t.value is Ellipsis or isinstance(t.value, (int, np.integer, slice, str))  # a field
        return basic and not isinstance(t.value, bool)
    if isinstance(t, Scalar):
        return t.kind is not bool
    if isinstance(t, (List, ListOf, Tuple)):
        return False
    return True if isinstance(t, Slice) else None


def is_axis(entry: Operand) -> bool:
    """Whether an entry takes all of an axis, in its order."""
    return entry in (Const(slice(None)), ALL)


def _is_new(entry: Operand) -> bool:
    return entry == Const(None)


def _picks_one_by_one(entry: Operand) -> bool:
    """Whether an entry of an index is a number, a slice, an ellipsis or a new axis."""
    t = type_of(entry)
    known = t.value if isinstance(t, Const) else ()
    return is_number(entry) or _is_slice(entry) or known is None or known is Ellipsis


def _is_slice(entry: Operand) -> bool:
    t = type_of(entry)
    return isinstance(t, Slice) or (isinstance(t, Const) and isinstance(t.value, slice))


def _is_array(entry: Operand) -> bool:
    """Whether an entry of an index is an array of integers."""
    t = type_of(entry)
    return isinstance(t, Array) and bool(t.shape) and t.dtype is not None and t.dtype.kind in "iu"
