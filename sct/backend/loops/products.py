"""Products: contractions of two arrays over some of their axes, as loops or by BLAS."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from sct.backend.loops.elementwise import combined
from sct.backend.loops.forms import Branch, Do, Elem, Expr, Make, Name, Num, Put, Ref, Set, Statement, op
from sct.backend.loops.lazy import Lazy, of_array
from sct.backend.loops.lowering import Lowering, Unlooped, cast, lowers
from sct.backend.loops.making import array_type
from sct.ir.ops import describe
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
) -> Any:
    """The sum over the axes that are not in `out` of a product of arrays, whose axes have names."""
    sizes: dict[str, Expr] = {}
    for a, axes in operands:
        for n, size in zip(axes, a.shape, strict=True):
            if n in sizes:
                low.same(sizes[n], size, "shapes are not aligned")
            else:
                sizes[n] = size
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
    ends = [axes[-1] for axes in (*(axes for _, axes in operands), out) if axes]
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
    if kwargs:
        raise Unlooped("np.matmul with out")
    t = array_type(s)
    a, b = (_vector_safe(low, o, args) for o in args)
    batch = max(a.rank, b.rank, 2) - 2
    names = "abcdef"[:batch]
    left = [*names[batch - max(a.rank - 2, 0) :], "i", "k"] if a.rank > 1 else ["k"]
    right = [*names[batch - max(b.rank - 2, 0) :], "k", "j"] if b.rank > 1 else ["k"]
    if batch:
        a, b = _batches_alike(low, a, b, batch)
        if a is None or b is None:
            raise Unlooped("products of stacks of matrices that are broadcast")
    out = [*names, *(["i"] if a.rank > 1 else []), *(["j"] if b.rank > 1 else [])]
    return contracted(low, s, [(a, left), (b, right)], out, t.dtype)


def _batches_alike(low: Lowering, a: Lazy, b: Lazy, batch: int) -> tuple[Any, Any]:
    """Stacks of matrices, if they have as many axes; axes of length 1 of one of them are refused."""
    for p, q in ((a, b), (b, a)):
        if p.rank == batch + 2 and q.rank > 2:
            for k in range(1, q.rank - 1):
                m, n = p.shape[-2 - k], q.shape[-2 - k] if k <= q.rank - 2 else None
                if n is not None and m != n and Num(1) in (m, n):
                    return None, None
    return a, b


def _vector_safe(low: Lowering, o: Operand, args: Args) -> Lazy:
    """An operand; of what is computed each element is asked for once if both are vectors."""
    if all(as_array(type_of(x)).rank == 1 for x in args):
        return low.operand(o)
    return _named(low, o)


@lowers(np.dot)
def _dot(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t = array_type(s)
    ranks = [low.operand(o).rank for o in args]
    if 0 in ranks:
        return combined(low, "*", [low.operand(o) for o in args], [type_of(o) for o in args], t.dtype)
    if len(args) > 2 or max(ranks) > 2:
        raise Unlooped("np.dot of arrays of more than two axes")
    return _matmul(low, s, args, {})


@lowers(np.inner, np.vdot)
def _inner(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t = array_type(s)
    a, b = (low.operand(o) for o in args)
    if a.rank != 1 or b.rank != 1 or t.dtype.kind == "c":
        raise Unlooped(f"{describe(s.op)} of other than two real vectors")
    return contracted(low, s, [(a, ["k"]), (b, ["k"])], [], t.dtype)


@lowers(np.outer)
def _outer(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    t = array_type(s)
    a, b = (_named(low, o) for o in args[:2])
    if a.rank != 1 or b.rank != 1 or len(args) > 2 or kwargs:
        raise Unlooped("np.outer of other than two vectors")
    return contracted(low, s, [(a, ["i"]), (b, ["j"])], ["i", "j"], t.dtype)


@lowers(np.einsum)
def _einsum(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    text = low.constant(args[0])
    if not isinstance(text, str) or "." in text or set(kwargs) - {"optimize"}:
        raise Unlooped("np.einsum with an ellipsis, or without a text")
    left, arrow, right = text.replace(" ", "").partition("->")
    names = left.split(",")
    if not arrow:
        letters = "".join(names)
        right = "".join(sorted(n for n in set(letters) if letters.count(n) == 1))
    if any(len(set(n)) < len(n) for n in names) or len(names) != len(args) - 1:
        raise Unlooped("np.einsum with an index that one operand has twice")
    t = array_type(s)
    operands = [(_named(low, o), list(n)) for o, n in zip(args[1:], names, strict=True)]
    for a, n in operands:
        if Num(1) in a.shape and any(
            Num(1) != b.shape[m.index(x)] for k, x in enumerate(n) if a.shape[k] == Num(1) for b, m in operands if x in m
        ):
            raise Unlooped("np.einsum with an axis of length 1 that is broadcast")
    return contracted(low, s, operands, list(right), t.dtype)


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


@lowers(np.trace)
def _trace(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a = low.operand(args[0])
    if a.rank != 2 or len(args) > 1 or kwargs:
        raise Unlooped("np.trace of more than a matrix")
    t = array_type(s)
    n = low.simple(op("min", *a.shape)) if a.shape[0] != a.shape[1] else a.shape[0]
    total = low.fresh("trace", t.dtype)
    low.add(Set(total, Num(t.dtype.type(0).item())))
    low.nest([n], lambda i: [Set(total, op("+", Ref(total), a.at([i[0], i[0]])))])
    return Ref(total)
