"""Products: contractions of two arrays over some of their axes, as loops or by BLAS."""

from __future__ import annotations

import operator
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from sct.backend.loops.elementwise import broadcast_to, combined, common_size
from sct.backend.loops.forms import Branch, Do, Elem, Expr, Make, Name, Num, Put, Ref, Set, Statement, op
from sct.backend.loops.lazy import Lazy, of_array
from sct.backend.loops.lowering import Lowering, Unlooped, cast, lowers
from sct.backend.loops.making import array_type, diagonal, diagonal_of, with_axes
from sct.backend.loops.reducing import reduced
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Operand, type_of

Args = tuple[Operand, ...]
Kwargs = dict[str, Operand]

LARGE = 16
"""The least size of all axes from which BLAS is faster than loops."""


def contracted(
    low: Lowering,
    s: Apply,
    operands: Sequence[tuple[Lazy, Sequence[str]]],
    out: Sequence[str],
    dtype: Any,
    hint: str = "product",
    spread: Collection[str] = (),
) -> Any:
    """The sum over the axes that are not in `out` of a product of arrays, whose axes have names; those in `spread` may be of
    length 1 in some of them."""
    if dtype.kind not in "iufc":
        raise Unlooped("a product of flags")
    sizes: dict[str, Expr] = {}
    for a, axes in operands:
        for n, size in zip(axes, a.shape, strict=True):
            if n in sizes and n not in spread:
                low.same(sizes[n], size, "shapes are not aligned")
            else:
                sizes.setdefault(n, size)
    for n in spread:
        sizes[n] = common_size(low, [size for a, axes in operands for m, size in zip(axes, a.shape, strict=True) if m == n])
    operands = [
        (broadcast_to(low, a, [sizes[n] for n in axes]) if any(n in spread for n in axes) else a, axes) for a, axes in operands
    ]
    summed = [n for n in sizes if n not in out]
    zero = Num(dtype.type(0).item())

    def factor(index: dict[str, Expr]) -> Expr:
        found: Expr | None = None
        for a, axes in operands:
            e = (
                cast(a.at([index[n] for n in axes]), a.dtype, dtype)
                if dtype.itemsize < 8 or dtype.kind == "i"
                else a.at([index[n] for n in axes])
            )
            found = e if found is None else op("*", found, e)
        assert found is not None
        return found

    if not out:
        total = low.fresh(hint, dtype)
        low.add(Set(total, zero))
        order = _order(operands, out, summed)
        low.nest(
            [sizes[n] for n in order], lambda i: [Set(total, op("+", Ref(total), factor(dict(zip(order, i, strict=True)))))]
        )
        return Ref(total)
    shape = tuple(low.simple(sizes[n]) for n in out)
    if not summed:
        arrays = frozenset().union(*[a.arrays for a, _ in operands])
        return Lazy(shape, dtype, lambda i: factor(dict(zip(out, i, strict=True))), arrays)
    name = low.variable(s.result) if s.result in low.roots else low.fresh(s.result.word or hint, dtype, len(shape))
    low.add(Make(name, shape))
    body: list[Statement] = []
    outer, low.out = low.out, body
    _loops(low, operands, out, summed, sizes, name, dtype, factor)
    low.out = outer
    whole = _by_blas(low, operands, out, summed, sizes, name, dtype)
    if whole is None:
        low.out += body
    else:
        test, call = whole
        low.add(Branch(test, [call], body))
    return of_array(name, shape, dtype)


def _order(operands: Sequence[tuple[Lazy, Sequence[str]]], out: Sequence[str], summed: Sequence[str]) -> list[str]:
    """The axes, the innermost last: that is the one that is last in the most arrays."""
    if not out and not summed:
        return []
    ends = [axes[0] if a.turned is not None else axes[-1] for a, axes in operands if axes] + list(out[-1:])
    inner = max([*out, *summed], key=lambda n: (ends.count(n), n in summed))
    return [n for n in (*out, *summed) if n != inner] + [inner]


def _loops(low: Lowering, operands: Any, out: Any, summed: Any, sizes: Any, name: Name, dtype: Any, factor: Any) -> None:
    """A contraction as loops."""
    zero = Num(dtype.type(0).item())
    order = _order(operands, out, summed)
    if order[-1] in summed and order[: len(out)] == list(out):

        def entry(outer: list[Expr]) -> list[Statement]:
            total = low.fresh("total", dtype)
            body: list[Statement] = [Set(total, zero)]
            whole, low.out = low.out, body
            inside = order[len(out) :]
            low.nest(
                [sizes[n] for n in inside],
                lambda i: [
                    Set(
                        total,
                        op(
                            "+", Ref(total), factor({**dict(zip(out, outer, strict=True)), **dict(zip(inside, i, strict=True))})
                        ),
                    )
                ],
            )
            low.out = whole
            return [*body, Put(Elem(name, tuple(outer)), Ref(total))]

        low.nest([sizes[n] for n in out], entry)
        return
    low.nest([sizes[n] for n in out], lambda i: [Put(Elem(name, tuple(i)), zero)])

    def one(i: list[Expr]) -> list[Statement]:
        index = dict(zip(order, i, strict=True))
        return [Put(Elem(name, tuple(index[n] for n in out)), factor(index), "+")]

    low.nest([sizes[n] for n in order], one)


def _by_blas(low: Lowering, operands: Any, out: Any, summed: Any, sizes: Any, name: Name, dtype: Any) -> Any:
    """When, and how, a product of two matrices is had from BLAS."""
    if len(operands) != 2 or len(out) != 2 or len(summed) != 1 or dtype.kind not in "fc":
        return None
    (a, p), (b, q) = operands
    if a.dtype != dtype or b.dtype != dtype or any(isinstance(n, Num) and n.value < LARGE for n in sizes.values()):
        return None
    k = summed[0]
    left, right = _matrix(a, p, out[0], k), _matrix(b, q, k, out[1])
    if left is None or right is None:
        return None
    test: Expr = Num(True)
    for n in dict.fromkeys(sizes.values()):
        if not isinstance(n, Num):
            one = op(">=", n, Num(LARGE))
            test = one if test == Num(True) else op("and", test, one)
    reads = tuple(n for n in (a.whole or a.turned, b.whole or b.turned) if n is not None)
    return test, Do(op("np.dot", left, right, Ref(name)), "", reads, (name,))


def _matrix(a: Lazy, axes: Sequence[str], row: str, col: str) -> Expr | None:
    """A matrix that lies in memory, or its transpose, as BLAS takes it."""
    name = a.whole or a.turned
    if name is None or sorted(axes) != sorted((row, col)):
        return None
    straight = (list(axes) == [row, col]) is (a.whole is not None)
    found: Expr = Ref(name)
    return found if straight else op(".T", found)


def _named(low: Lowering, o: Operand) -> Lazy:
    """An operand of a product."""
    a = low.operand(o)
    return low.read_often(o) if a.computes else a


@lowers(operator.matmul, np.matmul)
def _matmul(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    low.named(s, args, {k: o for k, o in kwargs.items() if k != "dtype"}, "x1", "x2")
    t = array_type(s)
    a, b = (_vector_safe(low, o, args) for o in args)
    batch = max(a.rank, b.rank, 2) - 2
    names = _letters(batch)
    left = [*names[batch - max(a.rank - 2, 0) :], "i", "k"] if a.rank > 1 else ["k"]
    right = [*names[batch - max(b.rank - 2, 0) :], "k", "j"] if b.rank > 1 else ["k"]
    out = [*names, *(["i"] if a.rank > 1 else []), *(["j"] if b.rank > 1 else [])]
    return contracted(low, s, [(a, left), (b, right)], out, t.dtype, spread=names)


def _letters(n: int) -> list[str]:
    """Names of axes that no text has."""
    return [f"axis {k}" for k in range(n)]


def _vector_safe(low: Lowering, o: Operand, args: Args) -> Lazy:
    """An operand; of what is computed each element is asked for once if both are vectors."""
    if all(as_array(type_of(x)).rank == 1 for x in args):
        return low.operand(o)
    return _named(low, o)


@lowers(np.dot)
def _dot(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    low.named(s, args, kwargs, "a", "b")
    t = array_type(s)
    ranks = [low.operand(o).rank for o in args]
    if 0 in ranks:
        return combined(low, "*", [low.operand(o) for o in args], [type_of(o) for o in args], t.dtype)
    if max(ranks) <= 2:
        return _matmul(low, s, args, {})
    a, b = (_named(low, o) for o in args)
    left, right = [f"a{k}" for k in range(a.rank)], [f"b{k}" for k in range(b.rank)]
    right[-2 if b.rank > 1 else -1] = left[-1]
    return contracted(low, s, [(a, left), (b, right)], [n for n in (*left, *right) if n != left[-1]], t.dtype)


@lowers(np.inner)
def _inner(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t = array_type(s)
    vectors = all(as_array(type_of(o)).rank == 1 for o in args)
    a, b = (low.operand(o) if vectors else _named(low, o) for o in args)
    if not a.rank or not b.rank:
        return combined(low, "*", [a, b], [type_of(o) for o in args], t.dtype)
    left, right = [*(f"a{k}" for k in range(a.rank - 1)), "k"], [*(f"b{k}" for k in range(b.rank - 1)), "k"]
    return contracted(low, s, [(a, left), (b, right)], [*left[:-1], *right[:-1]], t.dtype)


@lowers(np.vdot)
def _vdot(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t = array_type(s)
    a, b = (low.operand(o) for o in args)
    if a.rank != b.rank or a.rank > 1:
        raise Unlooped("np.vdot of other than vectors")
    if a.dtype.kind == "c":
        plain = a
        a = Lazy(a.shape, a.dtype, lambda i: op("np.conj", plain.at(i)), a.arrays)
    return contracted(low, s, [(a, ["k"] * a.rank), (b, ["k"] * b.rank)], [], t.dtype)


@lowers(np.outer)
def _outer(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    low.named(s, args, kwargs, "a", "b")
    t = array_type(s)
    a, b = (_named(low, o) for o in args)
    if a.rank > 1 or b.rank > 1:
        raise Unlooped("np.outer of other than vectors")
    a, b = (with_axes(x, range(1 - x.rank)) for x in (a, b))
    return contracted(low, s, [(a, ["i"]), (b, ["j"])], ["i", "j"], t.dtype)


@lowers(np.einsum)
def _einsum(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    text = low.constant(args[0])
    if not isinstance(text, str) or set(kwargs) - {"optimize"}:
        raise Unlooped("np.einsum without a text")
    left, arrow, right = text.replace(" ", "").partition("->")
    names = left.split(",")
    if len(names) != len(args) - 1:
        raise Unlooped("np.einsum with another number of operands than its text has")
    operands = [_named(low, o) for o in args[1:]]
    if any(len(n) > a.rank and "." not in n for a, n in zip(operands, names, strict=True)):
        raise Unlooped("np.einsum with more indices than axes")
    widths = [a.rank - len(n.replace("...", "")) if "..." in n else 0 for a, n in zip(operands, names, strict=True)]
    batch = _letters(max(widths))
    if not arrow:
        letters = "".join(names).replace(".", "")
        right = "..." + "".join(sorted(n for n in set(letters) if letters.count(n) == 1))
    given = []
    for a, n, width in zip(operands, names, widths, strict=True):
        given.append(_without_repeats(low, a, _spelt(n, batch[len(batch) - width :])))
    out = _spelt(right, batch if "..." in right else [])
    every = dict.fromkeys(m for _, axes in given for m in axes)
    return contracted(low, s, given, out, array_type(s).dtype, spread=tuple(every))


def _spelt(text: str, rest: Sequence[str]) -> list[str]:
    """The names of axes in a text, where an ellipsis stands for the rest."""
    before, dots, behind = text.partition("...")
    return [*before, *(rest if dots else ()), *behind]


def _without_repeats(low: Lowering, a: Lazy, axes: Sequence[str]) -> tuple[Lazy, list[str]]:
    """An operand with each name once, which is a diagonal of it where it has one twice."""
    once = list(dict.fromkeys(axes))
    if len(once) == len(axes):
        return a, once
    for k, n in enumerate(axes):
        low.same(a.shape[axes.index(n)], a.shape[k], "dimensions in operand that are to be one do not match")
    shape = tuple(a.shape[axes.index(n)] for n in once)
    return Lazy(shape, a.dtype, lambda i: a.at([i[once.index(n)] for n in axes]), a.arrays, a.computes), once


@lowers(np.tensordot)
def _tensordot(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t = array_type(s)
    axes = low.constant(kwargs.get("axes", args[2] if len(args) > 2 else None), 2)
    a, b = (_named(low, o) for o in args[:2])
    if isinstance(axes, int):
        p, q = list(range(a.rank - axes, a.rank)), list(range(axes))
    else:
        p, q = ([int(k)] if isinstance(k, (int, np.integer)) else [int(j) for j in k] for k in axes)
    left = [f"a{k}" for k in range(a.rank)]
    right = [f"b{k}" for k in range(b.rank)]
    for m, n in zip(p, q, strict=True):
        right[n % b.rank] = left[m % a.rank]
    out = [n for n in left if n not in right] + [n for n in right if n not in left]
    return contracted(low, s, [(a, left), (b, right)], out, t.dtype)


@lowers(np.trace, np.linalg.trace)
def _trace(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t = array_type(s)
    a = low.operand(args[0])
    on = diagonal(low, s, a, *diagonal_of(low, s, args, kwargs))
    return reduced(
        low, on, (on.rank - 1,), t.dtype, Num(t.dtype.type(0).item()), lambda x, e: op("+", x, cast(e, a.dtype, t.dtype))
    )
