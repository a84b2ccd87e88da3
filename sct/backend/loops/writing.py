"""Writes into arrays: parts that are set or added to, at slices, at integers, at arrays of integers and at flags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sct.backend.loops.elementwise import broadcast_to, made
from sct.backend.loops.forms import Elem, Expr, Name, Num, Put, Ref, Statement, elements, op
from sct.backend.loops.indexing import Part, part_of
from sct.backend.loops.lazy import Lazy
from sct.backend.loops.lowering import Lowering, Unlooped, cast, lowers
from sct.backend.loops.making import without_axes
from sct.ir.ops import InPlace, Store
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Operand, Value, type_of
from sct.ir.types import Array
from sct.runtime import scatter_add, updated

__all__ = ["store", "write", "written_into"]


def write(low: Lowering, s: Apply, target: Operand, path: Sequence[Operand], value: Operand, sign: str) -> Any:
    """Set a part of an array, or change it where there is a sign; gives the array, in the same memory if that is asked for."""
    base = written_into(low, s, target)
    t = as_array(type_of(target))
    if t.shape is None or t.dtype is None:
        raise Unlooped("a write into an array of which the rank or the dtype is not known")
    store(low, base, part_of(low, base, path, t), low.operand(value), sign)
    return base


def written_into(low: Lowering, s: Apply, target: Operand) -> Lazy:
    """The array into which a statement writes, in memory: that of what it changes, or its own."""
    base = low.operand(target)
    if isinstance(s.op, Store):
        if base.computes or not (base.rank or base.whole):
            raise Unlooped("a write into what is no array that lies in memory")
    elif base.whole is None or not isinstance(s.op, InPlace):
        base = low.made(base, s.result)
        if isinstance(target, Value) and isinstance(s.op, InPlace):
            low.arrays[target] = base
            low.pending.pop(target, None)
    return base


def store(low: Lowering, base: Lazy, part: Part, given: Lazy, sign: str) -> None:
    """Put an array into a part of another one."""
    (name,) = base.arrays
    while given.rank > len(part.shape) and given.shape[0] == Num(1):  # NumPy drops such axes
        given = without_axes(given, [0])
    low.about_to_write(name, given)
    fitted = broadcast_to(low, given, part.shape)
    probe = [Ref(Name("probe")) for _ in part.shape]
    if name in fitted.arrays or any(low.may_share(name, n) for n in fitted.arrays):
        there = part.index(probe)
        own = base.at(there)
        read = [e for e in elements(fitted.at(probe)) if low.may_share(name, e.array)]
        if part.mask is not None or part.gathers or any(e != own for e in read):
            fitted = low.made(fitted)

    def body(index: list[Expr]) -> list[Statement]:
        place = base.at(part.index(index))
        assert isinstance(place, Elem)
        e = fitted.at(index)
        if sign in ("", "+", "-", "*", "/") and (not sign or base.dtype.kind in "fc"):
            how = sign
            e = cast(e, given.dtype, base.dtype) if base.dtype.kind != "f" or base.dtype.itemsize < 8 else e
        else:
            how, e = "", cast(made(sign, [place, e]), None, base.dtype) if base.dtype.kind in "iu" else made(sign, [place, e])
        if how == "+" and isinstance(e, type(op("neg", Num(0)))) and e.op == "neg":
            how, e = "-", e.args[0]
        return [Put(place, e, how)]

    part.nest(low, body)


@lowers(updated, scatter_add)
def _written(low: Lowering, s: Apply, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Any:
    f = s.op.op if isinstance(s.op, (InPlace, Store)) else s.op
    t = s.result.type
    if isinstance(s.op, Store):
        write(low, s, args[0], args[1].items, args[2], "" if f is updated else "+")  # type: ignore[union-attr]
        return None
    if not (isinstance(t, Array) and t.shape):
        if f is updated:
            return low.operand(args[2])
        return Lazy((), as_array(t).dtype, lambda _: op("+", low.number(args[0]), low.number(args[2])), frozenset())
    return write(low, s, args[0], args[1].items, args[2], "" if f is updated else "+")  # type: ignore[union-attr]
