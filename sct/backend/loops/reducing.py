"""Reductions: sums, means, products, extrema and counts over axes; sums that run on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sct.backend.loops.elementwise import broadcast_to, combined
from sct.backend.loops.forms import Branch, Elem, Expr, Loop, Make, Num, Put, Ref, Set, Statement, op, plus
from sct.backend.loops.lazy import Lazy, of_array
from sct.backend.loops.lowering import Lowering, Unlooped, cast, lowers
from sct.backend.loops.making import array_type, product, with_axes
from sct.ir.ops import describe
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Operand
from sct.registry.methods import primitive_of

Args = tuple[Operand, ...]
Kwargs = dict[str, Operand]


def axes_of(low: Lowering, args: Args, kwargs: Kwargs, rank: int) -> tuple[int, ...]:
    """The axes over which a call reduces."""
    given = kwargs.get("axis", args[1] if len(args) > 1 else None)
    axis = low.constant(given) if given is not None else None
    if axis is None or not rank:
        return tuple(range(rank))
    return tuple(sorted(int(k) % rank for k in (axis if isinstance(axis, tuple) else (axis,))))


def reduced(
    low: Lowering,
    a: Lazy,
    axes: Sequence[int],
    dtype: Any,
    start: Expr,
    step: Callable[[Expr, Expr], Expr],
    last: Callable[[Expr], Expr] | None = None,
    hint: str = "total",
    keepdims: bool = False,
) -> Any:
    """An array reduced over axes: what `step` makes of the result so far and an element, beginning with `start`."""
    kept = [k for k in range(a.rank) if k not in axes]
    loops = [k for k in axes if a.shape[k] != Num(1)]
    if all(a.shape[k] == Num(1) for k in kept):
        total = low.fresh(hint, dtype)
        low.add(Set(total, start))
        low.nest(a.shape, lambda i: [Set(total, step(Ref(total), a.at(i)))])
        if not kept and not keepdims:
            return last(Ref(total)) if last is not None else Ref(total)
        whole = low.fresh(hint, dtype)
        low.add(Set(whole, last(Ref(total)) if last is not None else Ref(total)))
        ones: tuple[Expr, ...] = (Num(1),) * (a.rank if keepdims else len(kept))
        return Lazy(ones, dtype, lambda _: Ref(whole), frozenset(), False)
    shape = tuple(a.shape[k] for k in kept)
    name = low.fresh(hint, dtype, len(shape))
    low.add(Make(name, shape))
    innermost = not loops or min(loops) > max(k for k in kept if a.shape[k] != Num(1))

    def full(outer: Sequence[Expr], inner: Sequence[Expr]) -> list[Expr]:
        index: list[Expr] = [Num(0)] * a.rank
        for k, e in zip(kept, outer, strict=True):
            index[k] = e
        for k, e in zip(axes, inner, strict=True):
            index[k] = e
        return index

    if innermost:

        def row(outer: list[Expr]) -> list[Statement]:
            total = low.fresh(hint, dtype)
            body: list[Statement] = [Set(total, start)]
            outside, low.out = low.out, body
            low.nest([a.shape[k] for k in axes], lambda inner: [Set(total, step(Ref(total), a.at(full(outer, inner))))])
            low.out = outside
            return [*body, Put(Elem(name, tuple(outer)), last(Ref(total)) if last is not None else Ref(total))]

        low.nest(shape, row)
    else:
        low.nest(shape, lambda outer: [Put(Elem(name, tuple(outer)), start)])

        def one(index: list[Expr]) -> list[Statement]:
            place = Elem(name, tuple(index[k] for k in kept))
            made = step(place, a.at(index))
            if made.op == "+" and made.args[0] == place:  # type: ignore[union-attr]
                return [Put(place, made.args[1], "+")]  # type: ignore[union-attr]
            return [Put(place, made)]

        low.nest(a.shape, one)
        if last is not None:
            low.nest(shape, lambda outer: [Put(Elem(name, tuple(outer)), last(Elem(name, tuple(outer))))])
    found = of_array(name, shape, dtype)
    return with_axes(found, axes) if keepdims else found


def _call(low: Lowering, s: Apply, args: Args, kwargs: Kwargs, *allowed: str) -> tuple[Lazy, tuple[int, ...], Any, bool]:
    """The operand of a reduction, its axes, the result's dtype, and whether the axes stay."""
    if set(kwargs) - {"axis", "keepdims", "a", *allowed} or len(args) > 2:
        raise Unlooped(f"{describe(s.op)} with {', '.join(kwargs)}")
    t = as_array(s.result.type)
    a = low.operand(args[0])
    if "where" in kwargs:
        flags = low.operand(kwargs["where"])
        fitted = broadcast_to(low, flags, a.shape)
        zero = Num(a.dtype.type(0).item())
        b = a
        a = Lazy(a.shape, a.dtype, lambda i: op("if", fitted.at(i), b.at(i), zero), a.arrays | flags.arrays)
    return a, axes_of(low, args, kwargs, a.rank), t.dtype or a.dtype, bool(low.constant(kwargs.get("keepdims"), False))


def _added(source: Any, dtype: Any) -> Callable[[Expr, Expr], Expr]:
    return lambda total, e: op("+", total, cast(e, source, dtype))


@lowers(np.sum)
def _sum(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a, axes, dtype, keepdims = _call(low, s, args, kwargs, "where", "dtype")
    return reduced(low, a, axes, dtype, Num(dtype.type(0).item()), _added(a.dtype, dtype), keepdims=keepdims)


@lowers(np.mean)
def _mean(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a, axes, dtype, keepdims = _call(low, s, args, kwargs)
    count = low.simple(product(low, [a.shape[k] for k in axes]))
    zero = Num(dtype.type(0).item())
    return reduced(
        low,
        a,
        axes,
        dtype,
        zero,
        _added(a.dtype, dtype),
        lambda e: op("/", e, cast(count, None, dtype) if dtype.itemsize < 8 else count),
        "mean",
        keepdims,
    )


@lowers(np.prod)
def _prod(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a, axes, dtype, keepdims = _call(low, s, args, kwargs)
    return reduced(
        low,
        a,
        axes,
        dtype,
        Num(dtype.type(1).item()),
        lambda p, e: op("*", p, cast(e, a.dtype, dtype)),
        hint="product",
        keepdims=keepdims,
    )


@lowers(np.max, np.min)
def _extremum(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a, axes, dtype, keepdims = _call(low, s, args, kwargs)
    largest = primitive_of(s.op) is np.max
    if dtype.kind not in "iuf":
        raise Unlooped("an extremum of flags or complex numbers")
    for k in axes:
        if not isinstance(a.shape[k], Num):
            low.require(
                op(">", a.shape[k], Num(0)), "ValueError", "zero-size array to reduction operation which has no identity"
            )
    if dtype.kind == "f":
        start: Expr = Num(-np.inf if largest else np.inf)
        if dtype.itemsize < 8:
            start = op(f"np.{dtype.name}", start)
    else:
        info = np.iinfo(dtype)
        start = Num(int(info.min if largest else info.max))
    sign = "maximum" if largest else "minimum"
    return reduced(
        low, a, axes, dtype, start, lambda m, e: op(sign, m, e), hint="largest" if largest else "smallest", keepdims=keepdims
    )


@lowers(np.any, np.all)
def _flags(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a, axes, _dtype, keepdims = _call(low, s, args, kwargs)
    every = primitive_of(s.op) is np.all
    sign = "and" if every else "or"
    return reduced(
        low,
        a,
        axes,
        np.dtype(bool),
        Num(every),
        lambda m, e: op(sign, m, cast(e, a.dtype, np.dtype(bool))),
        hint="flag",
        keepdims=keepdims,
    )


@lowers(np.count_nonzero)
def _count(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a, axes, _dtype, keepdims = _call(low, s, args, kwargs)
    return reduced(
        low,
        a,
        axes,
        np.dtype(np.int64),
        Num(0),
        lambda n, e: op("+", n, op("if", op("!=", e, Num(0)), Num(1), Num(0))),
        hint="count",
        keepdims=keepdims,
    )


@lowers(np.var, np.std)
def _spread(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a, axes, dtype, keepdims = _call(low, s, args, kwargs, "ddof")
    ddof = low.constant(kwargs.get("ddof"), 0)
    if dtype.kind != "f" or dtype.itemsize < 8:
        raise Unlooped("a variance of numbers other than float64")
    a = low.made(a) if a.computes else a
    count = low.simple(product(low, [a.shape[k] for k in axes]))
    mean = reduced(low, a, axes, dtype, Num(0.0), _added(a.dtype, dtype), lambda e: op("/", e, count), "mean", True)
    if not isinstance(mean, Lazy):
        number = mean
        mean = Lazy((), dtype, lambda _: number, frozenset(), False)
    off = combined(low, "-", [a, mean], [as_array(s.result.type)] * 2, dtype)
    square = Lazy(off.shape, dtype, lambda i: op("**", off.at(i), Num(2)), off.arrays)
    of = plus(count, Num(-int(ddof))) if float(ddof).is_integer() else op("-", count, Num(ddof))
    root = primitive_of(s.op) is np.std
    return reduced(
        low,
        square,
        axes,
        dtype,
        Num(0.0),
        _added(dtype, dtype),
        lambda e: op("np.sqrt", op("/", e, of)) if root else op("/", e, of),
        "variance",
        keepdims,
    )


@lowers(np.argmax, np.argmin)
def _where_extreme(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    given = kwargs.get("axis", args[1] if len(args) > 1 else None)
    axis = low.constant(given) if given is not None else None
    if set(kwargs) - {"axis"}:
        raise Unlooped("np.argmax with keepdims")
    a = low.operand(args[0])
    a = low.made(a) if a.computes else a
    if axis is None and a.rank != 1:
        raise Unlooped("np.argmax of all entries")
    axis = 0 if axis is None else int(axis) % a.rank
    n = a.shape[axis]
    low.require(op(">", n, Num(0)), "ValueError", "attempt to get argmax of an empty sequence")
    sign = ">" if primitive_of(s.op) is np.argmax else "<"
    rest = [k for k in range(a.rank) if k != axis]
    shape = tuple(a.shape[k] for k in rest)

    def search(outer: Sequence[Expr], body: list[Statement]) -> Expr:
        best, at = low.fresh("best", a.dtype), low.fresh("at", np.dtype(np.int64))

        def index(i: Expr) -> list[Expr]:
            full = list(outer)
            full.insert(axis, i)
            return full

        body += [Set(best, a.at(index(Num(0)))), Set(at, Num(0))]
        loop = Loop(low.fresh("k", np.dtype(np.int64)), Num(1), n)
        e = a.at(index(Ref(loop.var)))
        better: Expr = op(sign, e, Ref(best))
        if a.dtype.kind == "f":
            better = op("and", op("==", Ref(best), Ref(best)), op("or", better, op("!=", e, e)))
        loop.body.append(Branch(better, [Set(best, e), Set(at, Ref(loop.var))]))
        body.append(loop)
        return Ref(at)

    if not shape:
        body: list[Statement] = []
        found = search((), body)
        for one in body:
            low.add(one)
        return found
    name = low.fresh("at", np.dtype(np.int64), len(shape))
    low.add(Make(name, shape))

    def one_row(outer: list[Expr]) -> list[Statement]:
        body: list[Statement] = []
        at = search(outer, body)
        return [*body, Put(Elem(name, tuple(outer)), at)]

    low.nest(shape, one_row)
    return of_array(name, shape, np.dtype(np.int64))


@lowers(np.cumsum, np.cumprod)
def _running(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    if set(kwargs) - {"axis"}:
        raise Unlooped("np.cumsum with out or dtype")
    t = array_type(s)
    a = low.operand(args[0])
    given = kwargs.get("axis", args[1] if len(args) > 1 else None)
    axis = low.constant(given) if given is not None else None
    if axis is None and a.rank != 1:
        raise Unlooped("np.cumsum of all entries")
    axis = 0 if axis is None else int(axis) % a.rank
    sign, start = ("+", 0) if primitive_of(s.op) is np.cumsum else ("*", 1)
    name = low.variable(s.result) if s.result in low.roots else low.fresh(s.result.word or "running", t.dtype, a.rank)
    low.add(Make(name, tuple(low.simple(n) for n in a.shape)))
    rest = [k for k in range(a.rank) if k != axis]

    def row(outer: list[Expr]) -> list[Statement]:
        total = low.fresh("running", t.dtype)
        loop = Loop(low.fresh("k", np.dtype(np.int64)), Num(0), a.shape[axis])
        index = list(outer)
        index.insert(axis, Ref(loop.var))
        loop.body += [
            Set(total, op(sign, Ref(total), cast(a.at(index), a.dtype, t.dtype))),
            Put(Elem(name, tuple(index)), Ref(total)),
        ]
        return [Set(total, Num(t.dtype.type(start).item())), loop]

    low.nest([a.shape[k] for k in rest], row)
    return of_array(name, a.shape, t.dtype)
