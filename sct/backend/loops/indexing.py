"""Parts of arrays: basic indices, arrays of integers, flags.

Takes a path of indices; gives where an element of the part lies in the array. An index out of range raises before the nest.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from sct.backend.loops.forms import Branch, Elem, Expr, Make, Name, Num, Put, Ref, Set, Statement, op, plus, times
from sct.backend.loops.lazy import Lazy, constant, of_array
from sct.backend.loops.lowering import Lowering, Unlooped, lowers
from sct.ir.ops import UNPACK
from sct.ir.paths import entries_of
from sct.ir.records import record
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Operand, Value, type_of
from sct.ir.types import (
    Array,
    Const,
    List,
    Scalar,
    SizeLike,
    Slice,
    Tuple,
    is_nonnegative,
    is_positive,
    size_add,
)
from sct.runtime import last_writes

__all__ = ["Part", "part_of"]


@record(frozen=True, eq=False)
class Part:
    """A part of an array: its shape, and where the element at an index lies.

    `mask`: the flags that pick entries, for which the part has one axis, and the number of those that were come by.
    `where`: flags of the same shape, which say what of the part is meant. `gathers`: places come from arrays of integers, and
    may come more than once.
    """

    shape: tuple[Expr, ...]
    sizes: tuple[SizeLike | None, ...]
    index: Callable[[Sequence[Expr]], list[Expr]]
    arrays: frozenset[Name] = frozenset()
    mask: tuple[Lazy, Name] | None = None
    where: Lazy | None = None
    gathers: bool = False
    here: list[Expr] = field(default_factory=list)  # where the flag is that the nest over the part has come to

    def nest(self, low: Lowering, body: Callable[[list[Expr]], list[Statement]]) -> None:
        """A nest over the part."""
        if self.where is not None:
            chosen = self.where
            low.nest(self.shape, lambda index: [Branch(chosen.at(index), body(index))])
            return
        if self.mask is None:
            low.nest(self.shape, body)
            return
        flags, count = self.mask
        low.add(Set(count, Num(0)))

        def picked(index: list[Expr]) -> list[Statement]:
            found = index[: flags.rank]
            self.here[:] = found
            inside: list[Statement] = []
            outer, low.out = low.out, inside
            low.nest(self.shape[1:], lambda rest: body([Ref(count), *rest]))
            low.out = outer
            return [Branch(flags.at(found), [*inside, Set(count, plus(Ref(count), Num(1)))])]

        low.nest(flags.shape, picked)


def part_of(low: Lowering, base: Lazy, path: Sequence[Operand], t: Array) -> Part:
    """The part of an array to which a path leads."""
    assert t.shape is not None
    part = Part(base.shape, tuple(map(low.settled, t.shape)), list)
    for index in path:
        part = _picked(low, part, index)
    return part


def _picked(low: Lowering, part: Part, index: Operand) -> Part:
    entries = list(entries_of(index))
    if part.mask is not None or part.gathers:
        raise Unlooped("an index behind flags or an array of integers")
    width = sum(_width(e) for e in entries)
    if width > len(part.shape):
        raise Unlooped("an index with more entries than there are axes")
    if Const(Ellipsis) in entries:
        rest = entries.index(Const(Ellipsis))
        entries[rest : rest + 1] = [_ALL] * (len(part.shape) - width)
    else:
        entries += [_ALL] * (len(part.shape) - width)
    if any(e == Const(Ellipsis) for e in entries):
        raise Unlooped("an index with two ellipses")
    if any(_is_array(e) for e in entries):
        return _advanced(low, part, entries)
    maps: list[tuple[str, Any]] = []  # of each axis of the part that was: how the new index gives the old one
    shape: list[Expr] = []
    sizes: list[SizeLike | None] = []
    axis = 0
    for e in entries:
        t = type_of(e)
        if t == Const(None):
            shape.append(Num(1))
            sizes.append(1)
            continue
        n, size = part.shape[axis], part.sizes[axis]
        if isinstance(e, Slice) or (isinstance(e, Const) and isinstance(e.value, slice)):
            start, step, count, known = _slice(low, e, n, size)
            maps.append(("slice", (start, step, len(shape))))
            shape.append(count)
            sizes.append(known)
        else:
            maps.append(("at", low.row(e, n, size)))
        axis += 1

    def at(new: Sequence[Expr]) -> list[Expr]:
        old: list[Expr] = []
        for how, what in maps:
            if how == "at":
                old.append(what)
            else:
                start, step, k = what
                old.append(plus(start, _times(new[k], step)))
        return part.index(old)

    return Part(tuple(shape), tuple(sizes), at, part.arrays)


_ALL = Slice(Const(None), Const(None), Const(None))


def _width(e: Operand) -> int:
    """How many axes an entry of an index takes up."""
    t = type_of(e)
    if t in (Const(None), Const(Ellipsis)):
        return 0
    if _is_array(e):
        a = as_array(t)
        if a.shape is None or a.dtype is None:
            raise Unlooped("an index of which the rank is not known")
        return len(a.shape) if a.dtype.kind == "b" else 1
    return 1


def _is_array(e: Operand) -> bool:
    t = type_of(e)
    if isinstance(e, (Tuple, List)) or (isinstance(e, Const) and isinstance(e.value, (list, np.ndarray))):
        return True
    if isinstance(t, Const) and isinstance(t.value, bool):
        raise Unlooped("a flag as an index")
    return isinstance(t, Array) and (bool(t.shape) or t.shape is None)


def _slice(low: Lowering, e: Operand, n: Expr, size: SizeLike | None) -> tuple[Expr, Any, Expr, SizeLike | None]:
    """The start, the step and the length of a slice of an axis."""
    from sct.ir.shapes import slice_size

    if isinstance(e, Const):
        start, stop, step = (Const(p) for p in (e.value.start, e.value.stop, e.value.step))
    else:
        assert isinstance(e, Slice)
        start, stop, step = e.start, e.stop, e.step
    kind = type_of(step)
    if isinstance(kind, Scalar) and kind.size is not None and is_positive(kind.size):
        return _stepped(low, start, stop, n, size, low.number(step), kind)
    by = low.constant(step)
    by = 1 if by is None else int(by)
    if by == 0:
        raise Unlooped("a slice with the step 0")
    known: SizeLike | None = None
    if size is not None:
        known = slice_size(size, _bound(start), _bound(stop), None if by == 1 else by)
    first = _first(low, start, n, size, by)
    count = low.worked_out(known) if known is not None else None
    if count is None:
        last = _last(low, stop, n, by)
        if by == 1:
            count = op("max", plus(last, first, -1), Num(0))
        elif by > 0:
            count = op("max", op("//", plus(plus(last, first, -1), Num(by - 1)), Num(by)), Num(0))
        else:
            count = op("max", op("//", plus(plus(first, last, -1), Num(-by - 1)), Num(-by)), Num(0))
        count = low.simple(count)
        if known is not None:
            low.is_called(known, count)
    return first, by, count, known


def _stepped(
    low: Lowering, start: Operand, stop: Operand, n: Expr, size: SizeLike | None, by: Expr, kind: Scalar
) -> tuple[Expr, Any, Expr, SizeLike | None]:
    """The start, the step and the length of a slice whose step is known to be positive."""
    from sct.ir.shapes import slice_size

    known = slice_size(size, _bound(start), _bound(stop), kind) if size is not None else None
    first = _first(low, start, n, size, 1)
    count = low.worked_out(known) if known is not None else None
    if count is None:
        last = _last(low, stop, n, 1)
        count = low.simple(op("max", op("//", plus(plus(last, first, -1), plus(by, Num(-1))), by), Num(0)))
        if known is not None:
            low.is_called(known, count)
    return first, by, count, known


def _times(i: Expr, step: Any) -> Expr:
    return times(i, step) if isinstance(step, int) else op("*", i, step)


def _bound(p: Operand) -> Any:
    t = type_of(p)
    return t.value if isinstance(t, Const) else t


def _first(low: Lowering, p: Operand, n: Expr, size: SizeLike | None, by: int) -> Expr:
    """Where a slice begins, where it is not empty."""
    t = type_of(p)
    if t == Const(None):
        return Num(0) if by > 0 else plus(n, Num(-1))
    e = low.number(p)
    least = Num(0) if by > 0 else Num(-1)
    most = n if by > 0 else plus(n, Num(-1))
    if isinstance(t, Const):
        k = int(t.value)
        if k >= 0 and by > 0:
            return Num(k)
        known = size_add(size, k) if size is not None and k < 0 else None
        if k < 0 and known is not None and is_nonnegative(known):
            return plus(n, Num(k))
        if k >= 0:
            return low.simple(op("min", Num(k), most))
        return low.simple(op("max", plus(n, Num(k)), least))
    if by > 0 and isinstance(t, Scalar) and t.size is not None and is_nonnegative(t.size):
        return e  # where it lies behind the end, the slice is empty
    e = low.simple(op("if", op("<", e, Num(0)), op("max", plus(e, n), least), e))
    return low.simple(op("min", e, most))


def _last(low: Lowering, p: Operand, n: Expr, by: int) -> Expr:
    """Where a slice ends, within the axis."""
    t = type_of(p)
    if t == Const(None):
        return n if by > 0 else Num(-1)
    e = low.number(p)
    least = Num(0) if by > 0 else Num(-1)
    if isinstance(t, Const):
        k = int(t.value)
        return op("min", Num(k), n) if k >= 0 else op("max", plus(n, Num(k)), least)
    e = low.simple(e)
    return op("min", low.simple(op("if", op("<", e, Num(0)), op("max", plus(e, n), least), e)), n)


def _advanced(low: Lowering, part: Part, entries: list[Operand]) -> Part:
    """A part that arrays of integers, or flags, pick."""
    from sct.backend.loops.elementwise import broadcast

    arrays = [(k, e) for k, e in enumerate(entries) if _is_array(e)]
    flags = [(k, e) for k, e in arrays if as_array(type_of(e)).dtype.kind == "b"]  # type: ignore[union-attr]
    if flags:
        if len(arrays) > 1 or flags[0][0] != 0 or any(e != _ALL for e in entries[1:]):
            raise Unlooped("flags among other indices")
        return _flagged(low, part, flags[0][1])
    numbers = [k for k, e in enumerate(entries) if not _is_array(e) and type_of(e) != Const(None) and not _is_slice(e)]
    together = sorted([*(k for k, _ in arrays), *numbers])
    adjacent = together == list(range(together[0], together[-1] + 1))
    picked: dict[int, Any] = {}
    shape: list[Expr] = []
    sizes: list[SizeLike | None] = []
    operands = []
    axis = 0
    slots: list[tuple[str, Any]] = []
    axes: dict[int, int] = {}
    for k, e in enumerate(entries):
        if type_of(e) == Const(None):
            slots.append(("new", None))
            continue
        axes[k] = axis
        axis += 1
    for k, e in arrays:
        operands.append(_in_range(low, low.read_often(e), part.shape[axes[k]]))
    for k in numbers:
        row = low.row(entries[k], part.shape[axes[k]], part.sizes[axes[k]])
        picked[k] = row
    common, fitted = broadcast(low, operands)
    where = together[0] if adjacent else 0
    maps: dict[int, tuple[str, Any]] = {}
    placed = False
    for k, e in enumerate(entries):
        if (adjacent and k == where) or (not adjacent and not placed):
            first = len(shape)
            shape += common
            sizes += [None] * len(common)
            placed = True
        if type_of(e) == Const(None):
            shape.append(Num(1))
            sizes.append(1)
        elif k in axes and k not in picked and not any(k == j for j, _ in arrays):
            start, step, count, known = _slice(low, e, part.shape[axes[k]], part.sizes[axes[k]])
            maps[axes[k]] = ("slice", (start, step, len(shape)))
            shape.append(count)
            sizes.append(known)
    rank = len(common)
    for (k, _), f in zip(arrays, fitted, strict=True):
        maps[axes[k]] = ("array", f)
    for k, row in picked.items():
        maps[axes[k]] = ("at", row)

    def at(new: Sequence[Expr]) -> list[Expr]:
        old: list[Expr] = []
        for k in range(len(part.shape)):
            how, what = maps[k]
            if how == "at":
                old.append(what)
            elif how == "array":
                old.append(what.at(new[first : first + rank]))
            else:
                start, step, j = what
                old.append(plus(start, _times(new[j], step)))
        return part.index(old)

    read = part.arrays.union(*[f.arrays for f in fitted])
    return Part(tuple(shape), tuple(sizes), at, read, gathers=True)


def _is_slice(e: Operand) -> bool:
    return isinstance(e, Slice) or (isinstance(e, Const) and isinstance(e.value, slice))


def _in_range(low: Lowering, index: Lazy, n: Expr) -> Lazy:
    """An array of integers as indices within an axis: checked before they are used, and not negative."""
    probe = [Ref(Name("probe")) for _ in index.shape]
    if index.rank == 1 and index.at(probe) == probe[0] and low.canonical(index.shape[0]) == low.canonical(n):
        return index  # all of the axis, in order
    bad = low.fresh("outside", np.dtype(bool))
    low.add(Set(bad, Num(False)))
    low.nest(
        index.shape,
        lambda i: [Set(bad, op("or", op("or", Ref(bad), op("<", index.at(i), times(n, -1))), op(">=", index.at(i), n)))],
    )
    low.require(op("not", Ref(bad)), "IndexError", "index is out of bounds")

    def at(i: Sequence[Expr]) -> Expr:
        e = index.at(i)
        return op("if", op("<", e, Num(0)), plus(e, n), e)

    return Lazy(index.shape, index.dtype, at, index.arrays, False)


def _flagged(low: Lowering, part: Part, e: Operand) -> Part:
    """The entries that flags pick, one after another."""
    flags = low.read_often(e)
    for k, n in enumerate(flags.shape):
        low.same(n, part.shape[k], "boolean index did not match indexed array", "IndexError")
    count = low.fresh("count", np.dtype(np.int64))
    low.add(Set(count, Num(0)))
    low.nest(flags.shape, lambda i: [Branch(flags.at(i), [Set(count, plus(Ref(count), Num(1)))])])
    total = low.fresh("total", np.dtype(np.int64))
    low.add(Set(total, Ref(count)))
    here: list[Expr] = []
    mask = flags, low.fresh("picked", np.dtype(np.int64))
    shape, sizes = (Ref(total), *part.shape[flags.rank :]), (None, *part.sizes[flags.rank :])
    read = part.arrays | flags.arrays
    return Part(shape, sizes, lambda new: part.index([*here, *new[1:]]), read, mask, here=here)


@lowers(UNPACK)
def _unpacked(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Any:
    a, n = low.read_often(args[0]), int(low.constant(args[1]))
    low.same(a.shape[0], Num(n), "wrong number of values to unpack")

    def row(k: int) -> Any:
        made = Lazy(a.shape[1:], a.dtype, lambda i: a.at([Num(k), *i]), a.arrays, False)
        return made if made.rank else made.at(())

    return tuple(row(k) for k in range(n))


@lowers(last_writes)
def _last_writes(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Any:
    base = low.operand(args[0])
    t = as_array(type_of(args[0]))
    if t.shape is None or t.dtype is None:
        raise Unlooped("an index into an array of which the rank is not known")
    part = part_of(low, base, (args[1],), t)
    probe = [Ref(Name("probe")) for _ in part.shape]
    if part.mask is not None or set(probe) <= set(part.index(probe)):  # no two name the same entry
        return constant(part.shape, np.dtype(bool), True)
    number = low.fresh("number", np.dtype(np.int64), base.rank)
    low.add(Make(number, tuple(low.simple(n) for n in base.shape)))

    def order(index: Sequence[Expr]) -> Expr:
        out: Expr = Num(0)
        for i, n in zip(index, part.shape, strict=True):
            out = plus(op("*", out, n), i) if out != Num(0) else i
        return out

    part.nest(low, lambda i: [Put(Elem(number, tuple(part.index(i))), order(i))])
    return Lazy(
        part.shape,
        np.dtype(bool),
        lambda i: op("==", Elem(number, tuple(part.index(i))), order(i)),
        part.arrays | {number},
    )


@lowers(operator.getitem)
def _getitem(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Any:
    whole, index = args
    if isinstance(whole, (Tuple, List)) or (isinstance(whole, Value) and whole in low.tuples):
        items = low.items(whole)
        return low.entry(items[low.constant(index)])
    base = low.operand(whole)
    t = as_array(type_of(whole))
    if t.shape is None or t.dtype is None:
        raise Unlooped("an index into an array of which the rank is not known")
    part = part_of(low, base, (index,), t)
    if part.mask is not None:
        name = low.fresh(s.result.word or "picked", t.dtype, len(part.shape))
        low.add(Make(name, part.shape))
        part.nest(low, lambda i: [Put(Elem(name, tuple(i)), base.at(part.index(i)))])
        return of_array(name, part.shape, t.dtype)
    rt = as_array(s.result.type)
    if rt.shape is not None:
        for n, e in zip(rt.shape, part.shape, strict=True):
            if low.worked_out(n) is None:
                low.is_called(n, low.simple(e))
    if part.gathers:
        base = base if not base.computes else low.read_often(whole)
        return Lazy(part.shape, t.dtype, lambda i: base.at(part.index(i)), base.arrays | part.arrays, True)
    return Lazy(part.shape, t.dtype, lambda i: base.at(part.index(i)), base.arrays, base.computes)
