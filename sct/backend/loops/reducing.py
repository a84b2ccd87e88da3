"""Reductions: sums, means, products, extrema and counts over axes; sums that run on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sct.backend.loops.elementwise import broadcast_to, combined, elementwise
from sct.backend.loops.forms import Branch, Elem, Expr, Loop, Make, Num, Put, Ref, Set, Statement, op
from sct.backend.loops.lazy import Lazy, of_array
from sct.backend.loops.lowering import Lowering, Unlooped, cast, lowers
from sct.backend.loops.making import array_type, product, with_axes
from sct.ir.ops import describe
from sct.ir.records import record
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Operand, type_of
from sct.ir.types import Array, Const, List, Tuple
from sct.registry.methods import primitive_of

Args = tuple[Operand, ...]
Kwargs = dict[str, Operand]


def axes_of(low: Lowering, given: Kwargs, rank: int) -> tuple[int, ...]:
    """The axes over which a call reduces."""
    axis = low.constant(given.get("axis"))
    if axis is None:
        return tuple(range(rank))
    axes = [int(k) for k in (axis if isinstance(axis, (tuple, list)) else (axis,))]
    if any(not -rank <= k < rank for k in axes) and rank:
        raise Unlooped("an axis that the array does not have")
    return tuple(sorted({k % rank for k in axes})) if rank else ()


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


@record(frozen=True)
class _Call:
    """A call of a reduction: its operand, in which what `where` leaves out changes nothing, its axes, the result's dtype,
    whether the axes stay, and what it begins with."""

    a: Lazy
    axes: tuple[int, ...]
    dtype: Any
    keepdims: bool
    where: Lazy | None
    initial: Expr | None
    given: Kwargs


_PARAMETERS: dict[Any, tuple[str, ...]] = {
    np.sum: ("a", "axis", "dtype", "out", "keepdims", "initial", "where"),
    np.prod: ("a", "axis", "dtype", "out", "keepdims", "initial", "where"),
    np.mean: ("a", "axis", "dtype", "out", "keepdims", "where"),
    np.max: ("a", "axis", "out", "keepdims", "initial", "where"),
    np.min: ("a", "axis", "out", "keepdims", "initial", "where"),
    np.any: ("a", "axis", "out", "keepdims", "where"),
    np.all: ("a", "axis", "out", "keepdims", "where"),
    np.count_nonzero: ("a", "axis", "keepdims"),
    np.var: ("a", "axis", "dtype", "out", "ddof", "keepdims", "where", "correction"),
    np.std: ("a", "axis", "dtype", "out", "ddof", "keepdims", "where", "correction"),
    np.argmax: ("a", "axis", "out", "keepdims"),
    np.argmin: ("a", "axis", "out", "keepdims"),
    np.cumsum: ("a", "axis", "dtype", "out"),
    np.cumprod: ("a", "axis", "dtype", "out"),
}


def _call(low: Lowering, s: Apply, args: Args, kwargs: Kwargs, outside: Any = 0) -> _Call:
    """A call of a reduction; what `where` leaves out is `outside`, which changes nothing."""
    given = low.named(s, args, kwargs, *_PARAMETERS[primitive_of(s.op)])
    if "out" in given:
        raise Unlooped(f"{describe(s.op)} with out")
    t = as_array(s.result.type)
    a = low.operand(given["a"])
    dtype = t.dtype or a.dtype
    initial = (
        cast(low.number(given["initial"]), as_array(type_of(given["initial"])).dtype, dtype) if "initial" in given else None
    )
    where = given.get("where")
    if where is None or type_of(where) == Const(True):
        return _Call(a, axes_of(low, given, a.rank), dtype, _keeps(low, given), None, initial, given)
    flags = low.operand(where)
    if flags.rank > a.rank:
        raise Unlooped(f"{describe(s.op)} with flags of more axes")
    fitted = broadcast_to(low, flags, a.shape)
    least = _number(a.dtype, outside)
    chosen = Lazy(a.shape, a.dtype, lambda i: op("if", fitted.at(i), a.at(i), least), a.arrays | flags.arrays)
    return _Call(chosen, axes_of(low, given, a.rank), dtype, _keeps(low, given), fitted, initial, given)


def _keeps(low: Lowering, given: Kwargs) -> bool:
    return bool(low.constant(given.get("keepdims"), False))


def _number(dtype: Any, value: Any) -> Expr:
    """A constant of a dtype."""
    if isinstance(value, float) and dtype.kind in "iu":
        value = int(np.iinfo(dtype).max if value > 0 else np.iinfo(dtype).min)
    e = Num(dtype.type(value).item())
    return op(f"np.{dtype.name}", e) if dtype.kind in "fiu" and dtype.itemsize < 8 else e


def _entries(low: Lowering, c: _Call) -> Any:
    """How many entries a reduction is over: a number, or an array of these."""
    if c.where is None:
        return low.simple(product(low, [c.a.shape[k] for k in c.axes]))
    flags, integer = c.where, np.dtype(np.int64)
    ones = Lazy(flags.shape, integer, lambda i: op("if", flags.at(i), Num(1), Num(0)), flags.arrays)
    found = reduced(low, ones, c.axes, integer, Num(0), lambda n, e: op("+", n, e), hint="count", keepdims=c.keepdims)
    return found if isinstance(found, Lazy) else low.simple(found)


def _per_entry(low: Lowering, total: Any, count: Any, dtype: Any) -> Any:
    """Sums divided by how many numbers are in each."""
    if not isinstance(total, Lazy):
        return op("/", total, cast(count, None, dtype) if dtype.itemsize < 8 else count)
    each = count if isinstance(count, Lazy) else Lazy((), np.dtype(np.int64), lambda _: count, frozenset(), False)
    return combined(low, "/", [total, each], [Array(dtype, (0,) * total.rank)] * 2, dtype)


def _added(source: Any, dtype: Any) -> Callable[[Expr, Expr], Expr]:
    return lambda total, e: op("+", total, cast(e, source, dtype))


def _times(source: Any, dtype: Any) -> Callable[[Expr, Expr], Expr]:
    return lambda total, e: op("*", total, cast(e, source, dtype))


@lowers(np.sum)
def _sum(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    c = _call(low, s, args, kwargs)
    start = c.initial if c.initial is not None else _number(c.dtype, 0)
    return reduced(low, c.a, c.axes, c.dtype, start, _added(c.a.dtype, c.dtype), keepdims=c.keepdims)


@lowers(np.prod)
def _prod(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    c = _call(low, s, args, kwargs, 1)
    start = c.initial if c.initial is not None else _number(c.dtype, 1)
    return reduced(low, c.a, c.axes, c.dtype, start, _times(c.a.dtype, c.dtype), hint="product", keepdims=c.keepdims)


@lowers(np.mean)
def _mean(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    c = _call(low, s, args, kwargs)
    return _mean_of(low, c)


def _mean_of(low: Lowering, c: _Call) -> Any:
    """The mean of what a reduction is over."""
    count, zero, add = _entries(low, c), _number(c.dtype, 0), _added(c.a.dtype, c.dtype)
    if isinstance(count, Lazy):
        return _per_entry(low, reduced(low, c.a, c.axes, c.dtype, zero, add, hint="mean", keepdims=c.keepdims), count, c.dtype)

    def each(e: Expr) -> Expr:
        return op("/", e, cast(count, None, c.dtype) if c.dtype.itemsize < 8 else count)

    return reduced(low, c.a, c.axes, c.dtype, zero, add, each, "mean", c.keepdims)


@lowers(np.max, np.min)
def _extremum(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    largest = primitive_of(s.op) is np.max
    c = _call(low, s, args, kwargs, -np.inf if largest else np.inf)
    if c.dtype.kind not in "iuf":
        raise Unlooped("an extremum of flags or complex numbers")
    if c.initial is None:
        for k in c.axes:
            if not isinstance(c.a.shape[k], Num):
                message = "zero-size array to reduction operation which has no identity"
                low.require(op(">", c.a.shape[k], Num(0)), "ValueError", message)
            elif c.a.shape[k] == Num(0):
                raise Unlooped("an extremum of no numbers")
    start = c.initial if c.initial is not None else _number(c.dtype, -np.inf if largest else np.inf)
    sign, hint = ("maximum", "largest") if largest else ("minimum", "smallest")
    return reduced(low, c.a, c.axes, c.dtype, start, lambda m, e: op(sign, m, e), hint=hint, keepdims=c.keepdims)


@lowers(np.any, np.all)
def _flags(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    every = primitive_of(s.op) is np.all
    c = _call(low, s, args, kwargs, every)
    flag = np.dtype(bool)

    def step(m: Expr, e: Expr) -> Expr:
        return op("and" if every else "or", m, cast(e, c.a.dtype, flag))

    return reduced(low, c.a, c.axes, flag, Num(every), step, hint="flag", keepdims=c.keepdims)


@lowers(np.count_nonzero)
def _count(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    c = _call(low, s, args, kwargs)
    is_flag = c.a.dtype.kind == "b"

    def step(n: Expr, e: Expr) -> Expr:
        return op("+", n, op("if", e if is_flag else op("!=", e, Num(0)), Num(1), Num(0)))

    return reduced(low, c.a, c.axes, np.dtype(np.int64), Num(0), step, hint="count", keepdims=c.keepdims)


@lowers(np.var, np.std)
def _spread(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    c = _call(low, s, args, kwargs)
    if "dtype" in c.given or c.a.dtype.kind not in "iufc" or c.dtype.itemsize < 8:
        raise Unlooped("a variance of numbers other than float64")
    ddof = low.number(c.given.get("ddof", c.given.get("correction", Const(0))))
    source = c.a.dtype if c.a.dtype.kind == "c" else c.dtype
    a = low.made(c.a) if c.a.computes else c.a
    mean = _mean_of(low, _Call(a, c.axes, source, True, c.where, None, {}))
    if not isinstance(mean, Lazy):
        number = mean
        mean = Lazy((), source, lambda _: number, frozenset(), False)
    off = combined(low, "-", [a, mean], [Array(source, (0,) * a.rank)] * 2, source)

    def at(i: Sequence[Expr]) -> Expr:
        e = off.at(i)
        if source.kind == "c":
            e = op("+", op("**", op("np.real", e), Num(2)), op("**", op("np.imag", e), Num(2)))
        else:
            e = op("**", e, Num(2))
        return e if c.where is None else op("if", c.where.at(i), e, Num(0.0))

    square = Lazy(off.shape, c.dtype, at, off.arrays | (c.where.arrays if c.where is not None else frozenset()))
    root = primitive_of(s.op) is np.std
    total = reduced(low, square, c.axes, c.dtype, Num(0.0), _added(c.dtype, c.dtype), None, "variance", c.keepdims)
    count = _entries(low, c)
    if isinstance(count, Lazy):
        many = count
        of: Any = Lazy(many.shape, c.dtype, lambda i: _less(many.at(i), ddof), many.arrays)
    else:
        of = _less(count, ddof)
    found = _per_entry(low, total, of, c.dtype)
    if not root:
        return found
    if not isinstance(found, Lazy):
        return op("np.sqrt", found)
    return Lazy(found.shape, c.dtype, lambda i: op("np.sqrt", found.at(i)), found.arrays)


def _less(count: Expr, ddof: Expr) -> Expr:
    """How many degrees of freedom are left, none at least."""
    return count if ddof in (Num(0), Num(0.0)) else op("max", op("-", count, ddof), Num(0))


@lowers(np.argmax, np.argmin)
def _where_extreme(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    given = low.named(s, args, kwargs, *_PARAMETERS[primitive_of(s.op)])
    axis = low.constant(given.get("axis"))
    if given.keys() - {"a", "axis"}:
        raise Unlooped("np.argmax with keepdims")
    a = low.operand(given["a"])
    a = low.made(a) if a.computes else a
    if not a.rank or (axis is None and a.rank != 1):
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
    given = low.named(s, args, kwargs, *_PARAMETERS[primitive_of(s.op)])
    if "out" in given:
        raise Unlooped("np.cumsum with out")
    t = array_type(s)
    a = low.operand(given["a"])
    axis = low.constant(given.get("axis"))
    if not a.rank or (axis is None and a.rank != 1):
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


@lowers(max, min)
def _extremum_in_python(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    """The first of the greatest, or least, of several numbers."""
    sign = "max" if s.op is max else "min"
    if kwargs:
        raise Unlooped(f"{sign} with {', '.join(kwargs)}")
    if len(args) > 1:
        return elementwise(low, s, args, kwargs)
    t = array_type(s)
    if not _is_sequence(low, args[0]):
        a = low.operand(args[0])
        if a.rank != 1:
            raise Unlooped(f"{sign} of other than numbers")
        low.require(op(">", a.shape[0], Num(0)), "ValueError", f"{sign}() iterable argument is empty")
        found = low.fresh(s.result.word or sign, t.dtype)
        low.add(Set(found, a.at([Num(0)])))
        low.nest(a.shape, lambda i: [Set(found, op(sign, Ref(found), a.at(i)))])
        return Ref(found)
    items = [low.operand(i) for i in low.items(args[0])]
    if any(a.rank for a in items) or not items:
        raise Unlooped(f"{sign} of other than numbers")
    first, *others = (cast(a.at(()), a.dtype, t.dtype) for a in items)
    return functools.reduce(lambda m, e: op(sign, m, e), others, first)


@lowers(sum)
def _sum_in_python(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    """The sum of the items of a sequence, one after another."""
    given = low.named(s, args, kwargs, "iterable", "start")
    t = array_type(s)
    items = _items_of(low, given["iterable"])
    start = [low.operand(given["start"])] if "start" in given else []
    if not (items or start):
        return Num(0)
    types = [Array(t.dtype, (0,) * len(t.shape))] * 2
    return functools.reduce(lambda a, b: combined(low, "+", [a, b], types, t.dtype), [*start, *items])


def _is_sequence(low: Lowering, o: Operand) -> bool:
    """Whether the items of an operand are known one by one."""
    t = type_of(o)
    return isinstance(o, (Tuple, List)) or o in low.tuples or (isinstance(t, Const) and isinstance(t.value, (tuple, list)))


def _items_of(low: Lowering, o: Operand) -> list[Lazy]:
    """The items of a sequence, or the entries of an array of known length along its first axis."""
    if _is_sequence(low, o):
        return [low.operand(i) for i in low.items(o)]
    raise Unlooped("a sum of what is no sequence of known length")
