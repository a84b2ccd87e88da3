"""Arrays that are made anew, their shapes, and views of all of an array in another form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sct.backend.loops.elementwise import broadcast_to
from sct.backend.loops.forms import Elem, Expr, Loop, Make, Num, Op, Point, Put, Ref, Set, Statement, op, plus, times
from sct.backend.loops.lazy import Lazy, constant, of_array
from sct.backend.loops.lowering import Lowering, Unlooped, cast, lowers
from sct.ir.ops import Attribute
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Operand, Value, type_of
from sct.ir.types import Array, Const, Scalar, Tuple, is_nonnegative
from sct.registry.facts import facts_of
from sct.registry.methods import primitive_of
from sct.runtime import kept, stop_gradient, unbroadcast, unbroadcast_to, zeros_if_bound
from sct.runtime.expectations import expect_structure

Args = tuple[Operand, ...]
Kwargs = dict[str, Operand]


def _shape_operand(low: Lowering, o: Operand) -> tuple[Expr, ...]:
    """A shape that an argument asks for."""
    t = type_of(o)
    if isinstance(t, (Scalar, Array)) or (isinstance(t, Const) and isinstance(t.value, (int, np.integer))):
        return (low.simple(low.number(o)),)
    return tuple(low.simple(low.entry(i)) for i in low.items(o))


def _perhaps_negative(low: Lowering, o: Operand) -> list[int]:
    """Which sizes that an argument asks for may be -1, the size that is left."""
    t = type_of(o)
    one = isinstance(t, (Scalar, Array)) or (isinstance(t, Const) and isinstance(t.value, (int, np.integer)))
    items = (o,) if one else low.items(o)
    found = []
    for k, i in enumerate(items):
        s = type_of(i) if isinstance(i, Value) else None  # any other is a size itself
        if isinstance(s, Scalar) and (s.size is None or not is_nonnegative(s.size)):
            found.append(k)
    return found


def array_type(s: Apply) -> Any:
    """The type of a result that is an array, or a number as one."""
    t = as_array(s.result.type)
    if t.shape is None or t.dtype is None or t.dtype.kind not in "biufc":
        raise Unlooped("an array of which the rank or the dtype is not known")
    return t


def _allowed(kwargs: Kwargs, *names: str) -> None:
    if set(kwargs) - set(names):
        raise Unlooped(f"the argument {', '.join(sorted(set(kwargs) - set(names)))}")


def _given(e: Expr) -> Expr:
    return e


def _known(low: Lowering, t: Any, shape: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """A shape by the names that its sizes have."""
    out = []
    for n, e in zip(t.shape, shape, strict=True):
        if low.worked_out(n) is None:
            low.is_called(n, e)
        out.append(low.extent(n, partial(_given, e)))
    return tuple(out)


@lowers(np.zeros, np.ones, np.empty)
def _filled(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    given = low.named(s, args, kwargs, "shape", "dtype")
    t = array_type(s)
    f = s.op.op if hasattr(s.op, "op") else s.op
    shape = _known(low, t, _shape_operand(low, given["shape"]))
    return _all_alike(low, s, shape, t, 1 if f is np.ones else 0, f is np.empty)


def _all_alike(low: Lowering, s: Apply, shape: tuple[Expr, ...], t: Any, value: Any, empty: bool = False) -> Any:
    made = constant(shape, t.dtype, t.dtype.type(value).item())
    return low.made(replace(made, fill="empty"), s.result) if empty else made


@lowers(np.zeros_like, np.ones_like, np.empty_like)
def _like(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    low.named(s, args, kwargs, "a", "dtype")
    t = array_type(s)
    return _all_alike(low, s, low.operand(args[0]).shape, t, 1 if s.op is np.ones_like else 0, s.op is np.empty_like)


@lowers(np.full)
def _full(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    given = low.named(s, args, kwargs, "shape", "fill_value", "dtype")
    t = array_type(s)
    return _of_value(low, _known(low, t, _shape_operand(low, given["shape"])), low.operand(given["fill_value"]), t)


@lowers(np.full_like)
def _full_like(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    given = low.named(s, args, kwargs, "a", "fill_value", "dtype")
    return _of_value(low, low.operand(given["a"]).shape, low.operand(given["fill_value"]), array_type(s))


def _of_value(low: Lowering, shape: tuple[Expr, ...], value: Lazy, t: Any) -> Lazy:
    """An array of a number, or of an array that is broadcast."""
    a = broadcast_to(low, value, shape)
    return Lazy(shape, t.dtype, lambda i: cast(a.at(i), value.dtype, t.dtype, store=True), a.arrays, a.computes)


@lowers(np.eye)
def _eye(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    given = low.named(s, args, kwargs, "N", "M", "k", "dtype")
    n = low.simple(low.number(given["N"]))
    m = low.simple(low.number(given["M"])) if "M" in given else n
    return _ones_on(low, s, n, m, low.number(given["k"]) if "k" in given else Num(0))


@lowers(np.identity)
def _identity(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    n = low.simple(low.number(low.named(s, args, kwargs, "n", "dtype")["n"]))
    return _ones_on(low, s, n, n, Num(0))


def _ones_on(low: Lowering, s: Apply, n: Expr, m: Expr, k: Expr) -> Lazy:
    """A matrix of ones on its k-th diagonal."""
    t = array_type(s)
    one, zero = (Num(t.dtype.type(v).item()) for v in (1, 0))
    shape = _known(low, t, (n, m))
    return Lazy(shape, t.dtype, lambda i: op("if", op("==", plus(i[0], k), i[1]), one, zero), frozenset())


@lowers(np.arange)
def _arange(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    low.named(s, args, kwargs, "start", "stop", "step", "dtype")
    t = array_type(s)
    if t.dtype.kind not in "if" or not all(_is_integer(a) for a in args[:3]):
        raise Unlooped("a range of numbers that are no integers")
    start, stop, step = Num(0), low.number(args[0]), Num(1)
    if len(args) > 1:
        start, stop = low.number(args[0]), low.number(args[1])  # type: ignore[assignment]
    if len(args) > 2:
        step = Num(int(low.constant(args[2])))
    by = step.value
    if not by:
        raise Unlooped("a range with the step 0")
    n = op("max", Num(0), op("//", plus(plus(stop, start, -1), Num(by - (1 if by > 0 else -1))), Num(by)))
    shape = (low.extent(t.shape[0], lambda: n),)
    integer = np.dtype(np.int64)
    return Lazy(shape, t.dtype, lambda i: cast(plus(start, times(i[0], by)), integer, t.dtype, store=True), frozenset(), False)


@lowers(np.tril_indices, np.triu_indices)
def _indices_of_a_triangle(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    """The rows and the columns of the entries of a triangle, one row after another."""
    given = dict(zip(("n", "k", "m"), args, strict=False)) | kwargs
    n = low.simple(low.number(given["n"]))
    k = low.simple(low.number(given.get("k", Const(0))))
    m = n if given.get("m", Const(None)) == Const(None) else low.simple(low.number(given["m"]))
    integer = np.dtype(np.int64)

    def over(put: Callable[[Expr, Expr], list[Statement]]) -> Loop:
        i, j = low.fresh("i", integer), low.fresh("j", integer)
        edge = op("min", op("max", plus(Ref(i), k), Num(0)), m)
        if primitive_of(s.op) is np.triu_indices:
            row = Loop(j, edge, m)
        else:
            row = Loop(j, Num(0), op("min", op("max", plus(plus(Ref(i), k), Num(1)), Num(0)), m))
        row.body += put(Ref(i), Ref(j))
        return Loop(i, Num(0), op("max", n, Num(0)), [row])

    count, found = low.fresh("count", integer), low.fresh("found", integer)
    low.add(Set(count, Num(0)))
    low.add(over(lambda i, j: [Set(count, plus(Ref(count), Num(1)))]))
    size = low.fresh("size", integer)
    low.add(Set(size, Ref(count)))
    rows, columns = low.fresh("rows", integer, 1), low.fresh("columns", integer, 1)
    for name in (rows, columns):
        low.add(Make(name, (Ref(size),)))
    low.add(Set(found, Num(0)))
    at = (Ref(found),)
    low.add(over(lambda i, j: [Put(Elem(rows, at), i), Put(Elem(columns, at), j), Set(found, plus(Ref(found), Num(1)))]))
    for t in s.result.type.items:  # type: ignore[union-attr]
        known = low.worked_out(as_array(t).shape[0])  # type: ignore[index]
        if known is None:
            low.is_called(as_array(t).shape[0], Ref(size))  # type: ignore[index]
        else:
            low.same(Ref(size), known)
    return tuple(of_array(name, (Ref(size),), integer) for name in (rows, columns))


def _is_integer(o: Operand) -> bool:
    """Whether an operand is an integer of Python's, or one like it."""
    t = as_array(type_of(o))
    return t.shape == () and t.dtype is not None and t.dtype.kind in "iu"


@lowers(np.array, np.copy, np.ascontiguousarray, kept)
def _copied(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    _allowed(kwargs, "dtype", "order", "copy", "ndmin")
    t = array_type(s)
    a = low.operand(args[0])
    if a.rank < len(t.shape):  # by `ndmin`, or for a number is not contiguous
        a = with_axes(a, range(len(t.shape) - a.rank))
    if not a.rank:
        return Lazy((), t.dtype, lambda i: cast(a.at(i), a.dtype, t.dtype, store=True), a.arrays, a.computes)
    if t.dtype is not None and t.dtype != a.dtype:
        b = a
        a = Lazy(b.shape, t.dtype, lambda i: cast(b.at(i), b.dtype, t.dtype, store=True), b.arrays)
    if isinstance(args[0], (Tuple,)) and a.whole is not None:
        return a
    return low.made(a, s.result) if low.uses[s.result] else None


@lowers(stop_gradient)
def _itself(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    return low.entry(args[0])


@lowers(np.shape)
def _shape(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    return low.operand(args[0]).shape


@lowers(Attribute("shape"))
def _shape_attribute(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    return low.operand(args[0]).shape


@lowers(len)
def _len(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    if isinstance(args[0], Value) and args[0] in low.tuples:
        return Num(len(low.tuples[args[0]]))
    if isinstance(args[0], Value) and args[0] in low.lists:
        from sct.backend.loops.lists import length

        return length(low, low.lists[args[0]])
    return low.operand(args[0]).shape[0]


@lowers(np.ndim, Attribute("ndim"))
def _ndim(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    return Num(low.operand(args[0]).rank)


@lowers(np.size, Attribute("size"))
def _size(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    shape = low.operand(args[0]).shape
    if len(args) > 1 or kwargs:
        axis = low.constant(kwargs.get("axis", args[1] if len(args) > 1 else None))
        if axis is not None:
            return shape[axis]
    return product(low, shape)


def product(low: Lowering, shape: Sequence[Expr]) -> Expr:
    """How many entries there are."""
    out: Expr = Num(1)
    for n in shape:
        out = (
            n
            if out == Num(1)
            else out
            if n == Num(1)
            else times(out, n.value)
            if isinstance(n, Num)
            else times(n, out.value)
            if isinstance(out, Num)
            else op("*", out, n)
        )
    return out


@lowers(np.iscomplexobj, np.isrealobj)
def _is_complex(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    kind = low.operand(args[0]).dtype.kind
    return Num((kind == "c") is (s.op is np.iscomplexobj))


# -- views ---------------------------------------------------------------------------------------------------------------------


def turned(a: Lazy, order: Sequence[int]) -> Lazy:
    """An array with its axes in another order."""
    back = [order.index(k) for k in range(a.rank)]
    name = a.whole if list(order) == [1, 0] else None
    whole = a.turned if list(order) == [1, 0] else None
    made = Lazy(
        tuple(a.shape[k] for k in order), a.dtype, lambda i: a.at([i[k] for k in back]), a.arrays, a.computes, turned=name
    )
    return of_array(whole, made.shape, a.dtype) if whole is not None else made


@lowers(np.transpose, Attribute("T"), Attribute("mT"), np.matrix_transpose, np.swapaxes, np.moveaxis, np.permute_dims)
def _turned(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    f = primitive_of(s.op)
    a = low.operand(args[0])
    order = list(range(a.rank))
    if f is np.swapaxes:
        p, q = (int(low.constant(o)) % a.rank for o in args[1:3])
        order[p], order[q] = order[q], order[p]
    elif f is np.moveaxis:
        source, to = (low.constant(o) for o in args[1:3])
        order = [int(k) for k in np.moveaxis(np.empty((0,) * a.rank), source, to).shape] or order
        probe = np.moveaxis(np.empty(tuple(range(a.rank))), source, to).shape if a.rank else ()
        order = list(probe)
    elif s.op == Attribute("mT") or f is np.matrix_transpose:
        order[-2:] = order[:-3:-1]
    else:
        given = kwargs.get("axes", args[1] if len(args) > 1 else None)
        axes = low.constant(given) if given is not None else None
        order = [int(k) % a.rank for k in axes] if axes is not None else order[::-1]
    return turned(a, order)


def with_axes(a: Lazy, axes: Sequence[int]) -> Lazy:
    """An array with axes of length 1 at these places of the result."""
    rank = a.rank + len(axes)
    rest = [k for k in range(rank) if k not in axes]
    shape: list[Expr] = [Num(1)] * rank
    for k, n in zip(rest, a.shape, strict=True):
        shape[k] = n
    return Lazy(tuple(shape), a.dtype, lambda i: a.at([i[k] for k in rest]), a.arrays, a.computes)


def without_axes(a: Lazy, axes: Sequence[int]) -> Lazy:
    """An array without axes of length 1."""
    rest = [k for k in range(a.rank) if k not in axes]

    def at(index: Sequence[Expr]) -> Expr:
        full: list[Expr] = [Num(0)] * a.rank
        for k, i in zip(rest, index, strict=True):
            full[k] = i
        return a.at(full)

    return Lazy(tuple(a.shape[k] for k in rest), a.dtype, at, a.arrays, a.computes)


@lowers(np.expand_dims)
def _expand(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a = low.operand(args[0])
    axis = low.constant(low.named(s, args, kwargs, "a", "axis")["axis"])
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    rank = a.rank + len(axes)
    return with_axes(a, [int(k) % rank for k in axes])


@lowers(np.squeeze)
def _squeeze(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a = low.operand(args[0])
    axis = low.constant(low.named(s, args, kwargs, "a", "axis").get("axis"))
    if axis is None:
        t = array_type(s)
        axes = [k for k, n in enumerate(a.shape) if n == Num(1)]
        if len(t.shape) != a.rank - len(axes):
            raise Unlooped("np.squeeze of axes that may be of length 1")
    else:
        axes = [int(k) % a.rank for k in (axis if isinstance(axis, tuple) else (axis,))]
    for k in axes:
        low.same(a.shape[k], Num(1), "cannot select an axis to squeeze out which has size not equal to one")
    return without_axes(a, axes)


@lowers(np.broadcast_to)
def _broadcast_to(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    return broadcast_to(low, low.operand(args[0]), _shape_operand(low, low.named(s, args, kwargs, "array", "shape")["shape"]))


@lowers(np.reshape, np.ravel, Attribute("flat"))
def _reshaped(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    names = ("a", "shape", "order") if primitive_of(s.op) is np.reshape else ("a", "order")
    given = low.named(s, args, kwargs, *names)
    if low.constant(given.get("order"), "C") != "C":
        raise Unlooped("an order other than C's")
    t = array_type(s)
    a = low.operand(args[0])
    asked: list[Expr] = list(_shape_operand(low, given["shape"])) if "shape" in given else [Num(-1)]
    if len(asked) != len(t.shape):
        raise Unlooped("a shape of which the rank is not known")
    if Num(-1) in asked:
        others = product(low, [n for n in asked if n != Num(-1)])
        k = asked.index(Num(-1))
        total = product(low, a.shape)
        asked[k] = low.extent(t.shape[k], lambda: total if others == Num(1) else op("//", total, op("max", others, Num(1))))
    if "shape" in given:
        for k in _perhaps_negative(low, given["shape"]):
            others = op("max", product(low, [n for j, n in enumerate(asked) if j != k]), Num(1))
            asked[k] = low.simple(op("if", op("<", asked[k], Num(0)), op("//", product(low, a.shape), others), asked[k]))
    shape = _known(low, t, tuple(low.simple(n) for n in asked))
    real = [k for k, n in enumerate(a.shape) if n != Num(1)]
    new = [k for k, n in enumerate(shape) if n != Num(1)]
    if [a.shape[k] for k in real] == [shape[k] for k in new]:
        b = without_axes(a, [k for k in range(a.rank) if k not in real])
        return with_axes(b, [k for k in range(len(shape)) if k not in new]) if b.rank < len(shape) else b
    low.same(product(low, a.shape), product(low, shape), "cannot reshape array into shape")
    if not a.rank:
        return Lazy(shape, a.dtype, lambda i: a.at(()), a.arrays, a.computes)
    name = low.fresh(s.result.word or "rows", t.dtype, len(shape))
    if a.whole not in low.owned:  # which lies in memory as its indices go
        if low.stores and not a.computes:
            raise Unlooped("a part of an array in another shape, in a function that writes into arrays of others")
        a = low.made(a)
    assert a.whole is not None
    low.views.add(name)
    low.owned.add(name)
    name.value = a.whole.value
    low.add(Point(name, op(".reshape", Ref(a.whole), Op("tuple", shape)), a.whole))
    return of_array(name, shape, t.dtype)


@lowers(np.flip, np.flipud, np.fliplr)
def _flipped(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a = low.operand(args[0])
    axis = {np.flipud: 0, np.fliplr: 1}.get(s.op, ...)
    if axis is ...:
        axis = low.constant(kwargs.get("axis", args[1] if len(args) > 1 else None))
    axes = range(a.rank) if axis is None else [int(k) % a.rank for k in (axis if isinstance(axis, tuple) else (axis,))]
    return Lazy(
        a.shape,
        a.dtype,
        lambda i: a.at([plus(plus(a.shape[k], Num(-1)), i[k], -1) if k in axes else i[k] for k in range(a.rank)]),
        a.arrays,
        a.computes,
    )


@lowers(np.diagonal, np.linalg.diagonal)
def _diagonal(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    return diagonal(low, s, low.operand(args[0]), *diagonal_of(low, s, args, kwargs))


def diagonal_of(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> tuple[Expr, int, int]:
    """Which diagonal a call asks for, and the axes that this is of."""
    in_linalg = getattr(primitive_of(s.op), "__module__", "") == "numpy.linalg"
    names = ("a", "offset") if in_linalg else ("a", "offset", "axis1", "axis2")
    given = low.named(s, args, {k: o for k, o in kwargs.items() if k != "dtype"}, *names)
    rank = low.operand(args[0]).rank
    if rank < 2:
        raise Unlooped("a diagonal of what has less than two axes")
    axes = [low.constant(given.get(k), k0) for k, k0 in (("axis1", 0), ("axis2", 1))]
    p, q = (rank - 2, rank - 1) if in_linalg else (int(k) % rank for k in axes)
    return (low.number(given["offset"]) if "offset" in given else Num(0)), p, q


def diagonal(low: Lowering, s: Apply, a: Lazy, offset: Expr, p: int, q: int) -> Lazy:
    """The entries on a diagonal of two axes, as the last axis."""
    rest = [k for k in range(a.rank) if k not in (p, q)]
    if offset == Num(0):
        down, right = Num(0), Num(0)
        n = low.simple(op("min", a.shape[p], a.shape[q])) if a.shape[p] != a.shape[q] else a.shape[p]
    else:
        down, right = (low.simple(op("max", times(offset, c), Num(0))) for c in (-1, 1))  # type: ignore[assignment]
        n = low.simple(op("max", op("min", plus(a.shape[p], down, -1), plus(a.shape[q], right, -1)), Num(0)))

    def at(i: Sequence[Expr]) -> Expr:
        index: list[Expr] = [Num(0)] * a.rank
        for k, e in zip(rest, i, strict=False):
            index[k] = e
        index[p], index[q] = plus(i[-1], down), plus(i[-1], right)
        return a.at(index)

    return Lazy((*(a.shape[k] for k in rest), n), a.dtype, at, a.arrays, a.computes)


@lowers(np.diag)
def _diag(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    given = low.named(s, args, kwargs, "v", "k")
    k = low.number(given["k"]) if "k" in given else Num(0)
    a = low.operand(args[0])
    if a.rank == 2:
        return diagonal(low, s, a, k, 0, 1)
    a = low.read_often(args[0])
    down, right = (Num(0), Num(0)) if k == Num(0) else (low.simple(op("max", times(k, c), Num(0))) for c in (-1, 1))
    n = low.simple(plus(plus(a.shape[0], down), right))
    zero = Num(a.dtype.type(0).item())

    def at(i: Sequence[Expr]) -> Expr:
        return op("if", op("==", plus(i[0], right), plus(i[1], down)), a.at([plus(i[0], down, -1)]), zero)

    return Lazy((n, n), a.dtype, at, a.arrays)


@lowers(np.tril, np.triu)
def _triangle(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    given = low.named(s, args, kwargs, "m", "k")
    a = low.operand(args[0])
    if a.rank == 1:  # each row is the vector
        vector = low.read_often(args[0])
        n = vector.shape[0]
        a = Lazy((n, n), a.dtype, lambda i: vector.at(i[1:]), vector.arrays, False)
    k = low.number(given["k"]) if "k" in given else Num(0)
    sign = "<=" if s.op is np.tril else ">="
    zero = Num(a.dtype.type(0).item())
    return Lazy(a.shape, a.dtype, lambda i: op("if", op(sign, i[-1], plus(i[-2], k)), a.at(i), zero), a.arrays)


# -- joining -------------------------------------------------------------------------------------------------------------------


@lowers(np.concatenate, np.stack, np.vstack, np.hstack)
def _joined(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    if set(kwargs) - {"axis", "dtype"}:
        raise Unlooped(f"np.{s.op.__name__} with {', '.join(sorted(kwargs))}")
    t = array_type(s)
    parts = [low.operand(i) for i in low.items(args[0])]
    axis = low.constant(kwargs.get("axis", args[1] if len(args) > 1 else None), 0)
    if s.op is np.vstack:
        parts = [with_axes(p, range(2 - p.rank)) for p in parts]
    if s.op is np.hstack:
        parts = [with_axes(p, range(1 - p.rank)) for p in parts]
        axis = 0 if parts[0].rank == 1 else 1
    if axis is None and all(p.rank == 1 for p in parts):
        axis = 0
    if axis is None or (not all(p.rank for p in parts) and s.op is not np.stack):
        raise Unlooped(f"{s.op.__name__} of numbers or all entries")
    axis = int(axis) % len(t.shape)
    if s.op is np.stack:
        parts = [with_axes(p, [axis]) for p in parts]
    first = parts[0].shape
    total: Expr = Num(0)
    for p in parts:
        for k in range(len(first)):
            if k != axis:
                low.same(p.shape[k], first[k], "all the input array dimensions must match exactly")
        total = plus(total, p.shape[axis])
    shape = _known(low, t, tuple(low.simple(total) if k == axis else n for k, n in enumerate(first)))
    name = low.variable(s.result) if s.result in low.roots else low.fresh(s.result.word or "joined", t.dtype, len(shape))
    low.add(Make(name, shape))
    offset: Expr = Num(0)

    def entry(p: Lazy, offset: Expr, i: list[Expr]) -> list[Statement]:
        index = tuple(plus(n, offset) if k == axis else n for k, n in enumerate(i))
        return [Put(Elem(name, index), cast(p.at(i), p.dtype, t.dtype, store=True))]

    for n, p in enumerate(parts, 1):
        low.nest(p.shape, partial(entry, p, offset))
        offset = low.simple(plus(offset, p.shape[axis])) if n < len(parts) else offset
    return of_array(name, shape, t.dtype)


@lowers(unbroadcast)
def _unbroadcast(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    return summed_to(low, s, low.operand(args[0]), low.operand(args[1]).shape)


@lowers(unbroadcast_to)
def _unbroadcast_to(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    return summed_to(low, s, low.operand(args[0]), _shape_operand(low, args[1]))


def summed_to(low: Lowering, s: Apply, g: Lazy, shape: Sequence[Expr]) -> Any:
    """An array summed over the axes along which something of a shape was broadcast to it."""
    if g.shape == tuple(shape):
        return g
    if not shape:
        total = low.fresh("total", g.dtype)
        zero = Num(g.dtype.type(0).item())
        low.add(Set(total, zero))
        low.nest(g.shape, lambda i: [Set(total, op("+", Ref(total), g.at(i)))])
        return Ref(total)
    name = low.variable(s.result) if s.result in low.roots else low.fresh(s.result.word or "total", g.dtype, len(shape))
    lead = g.rank - len(shape)
    shape = tuple(low.simple(n) for n in shape)
    steps: list[Expr] = []
    for k, n in enumerate(shape):
        m = g.shape[lead + k]
        if n == m:
            steps.append(Num(1))
        elif low.is_unit(n):
            steps.append(Num(0))
        elif low.is_unit(n) is False:
            low.same(n, m)
            steps.append(Num(1))
        else:
            low.require(op("or", op("==", n, m), op("==", n, Num(1))), "ValueError", "operands could not be broadcast together")
            steps.append(low.simple(op("if", op("==", n, Num(1)), Num(0), Num(1))))
    low.add(Make(name, shape, "empty"))
    low.nest(shape, lambda i: [Put(Elem(name, tuple(i)), Num(g.dtype.type(0).item()))])

    def place(i: Sequence[Expr]) -> tuple[Expr, ...]:
        return tuple(
            i[lead + k] if step == Num(1) else Num(0) if step == Num(0) else op("*", i[lead + k], step)
            for k, step in enumerate(steps)
        )

    low.nest(g.shape, lambda i: [Put(Elem(name, place(i)), g.at(i), "+")])
    return of_array(name, shape, g.dtype)


@lowers(zeros_if_bound)
def _zeros_if_bound(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t, a = array_type(s), low.operand(args[0])
    return constant(a.shape, t.dtype, 0.0) if a.rank else cast(Num(0.0), None, t.dtype)


@lowers(expect_structure)
def _as_expected(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    return None  # by its type it is


@lowers(np.float32, np.complex64)
def _narrowed(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t = array_type(s)
    a = low.operand(args[0])
    if a.rank:
        return Lazy(a.shape, t.dtype, lambda i: cast(a.at(i), a.dtype, t.dtype), a.arrays)
    return cast(a.at(()), a.dtype, t.dtype)


def in_shape(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    """The first operand in the shape of another one."""
    fits = facts_of(s.op).fits
    assert fits is not None
    bar, value = low.operand(args[0]), low.operand(args[fits])
    while bar.rank > value.rank and low.is_unit(bar.shape[0]):
        bar = without_axes(bar, [0])
    if bar.rank < value.rank:
        bar = with_axes(bar, list(range(value.rank - bar.rank)))
    if bar.rank != value.rank:
        raise Unlooped("a write of an array of more axes")
    for m, n in zip(bar.shape, value.shape, strict=True):
        low.same(m, n, "what is written does not fit")
    return bar if bar.rank else bar.at(())
