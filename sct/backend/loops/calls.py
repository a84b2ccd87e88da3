"""Calls that stay calls: what Numba has of linear algebra, and anything else with typed results, by way of Python."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from sct.backend.loops.elementwise import broadcast
from sct.backend.loops.forms import Elem, Expr, Make, Name, Num, Op, Outside, Put, Ref, Statement, op
from sct.backend.loops.lazy import Lazy, of_array
from sct.backend.loops.lowering import Lowering, Unlooped, lowers
from sct.ir.ops import Call, Derived, InPlace, describe
from sct.ir.shapes import as_array
from sct.ir.ssa import Apply, Operand, type_of
from sct.ir.types import Array, Const, List, Scalar, Slice, Tuple
from sct.registry.methods import primitive_of

__all__ = ["outside"]

Args = tuple[Operand, ...]
Kwargs = dict[str, Operand]

_RESULTS = {"eigh": 2, "eig": 2, "qr": 2, "svd": 3, "slogdet": 2}


@lowers(
    np.linalg.inv,
    np.linalg.solve,
    np.linalg.det,
    np.linalg.cholesky,
    np.linalg.eigh,
    np.linalg.qr,
    np.linalg.slogdet,
)
def _linear_algebra(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    """A call that Numba has, of matrices."""
    operands = [low.operand(o) for o in args]
    f = primitive_of(s.op)
    kinds = {a.dtype for a in operands}
    if kwargs or any(a.rank > 2 for a in operands) or len(kinds) > 1 or kinds.pop().kind not in "fc" or operands[0].rank != 2:
        return outside(low, s, args, kwargs)
    given = [Ref(low.whole_array(a).whole) for a in operands]  # type: ignore[arg-type]
    reads = tuple(r.name for r in given)
    call = Op(f"np.linalg.{f.__name__}", tuple(given))
    results = _results(low, s)
    if results is None:
        raise Unlooped(f"{describe(s.op)} with results of which the rank is not known")
    low.add(Outside(tuple(n for n, _ in results), call, (), reads))
    return _given(low, s, results)


def _results(low: Lowering, s: Apply) -> list[tuple[Name, Any]] | None:
    """The variables of a call's results, with their types; None where these are not known."""
    t = s.result.type
    items: Sequence[Any] = t.items if isinstance(t, (Tuple, List)) else (t,)
    found = []
    for k, i in enumerate(items):
        a = as_array(i)
        if not isinstance(i, (Array, Scalar)) or a.shape is None or a.dtype is None or a.dtype.kind not in "biufc":
            return None
        hint = s.result.word or ("result" if len(items) == 1 else f"result_{k}")
        found.append((low.fresh(hint, a.dtype, len(a.shape)), i))
    return found


def _given(low: Lowering, s: Apply, results: Sequence[tuple[Name, Any]]) -> Any:
    made: list[Any] = []
    for name, t in results:
        a = as_array(t)
        if not a.shape:
            made.append(Ref(name))
            continue
        shape = []
        for k, n in enumerate(a.shape):
            size = low.fresh("n", np.dtype(np.int64))
            from sct.backend.loops.forms import Set

            known = low.worked_out(n)
            low.add(Set(size, op(".shape", Ref(name), Num(k))))
            if known is None:
                low.is_called(n, Ref(size))
                known = Ref(size)
            else:
                low.require(op("==", Ref(size), known), "ValueError", "an array of another size")
            shape.append(known)
        made.append(of_array(name, tuple(shape), a.dtype))
    return tuple(made) if isinstance(s.result.type, (Tuple, List)) else made[0]


def outside(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    """A call by way of Python, whose results have types that are known."""
    if isinstance(s.op, InPlace):
        raise Unlooped(f"there is no loop nest for {describe(s.op)}")
    if isinstance(s.op, (Call, Derived)):
        raise Unlooped(f"{describe(s.op)}, a function that is called as it stands")
    known = _sizes(low, s.result.type)
    if known is not None:
        return known
    f = primitive_of(s.op)
    results = _results(low, s)
    if results is None or not callable(f):
        raise Unlooped(f"there is no loop nest for {describe(s.op)}")
    reads: list[Name] = []
    given = [_operand(low, o, reads) for o in args]
    named = [(k, _operand(low, o, reads)) for k, o in kwargs.items()]
    text = low.symbol(f)
    if text.partition(".")[0] in low.symbols_of.bound:  # which a kernel cannot import
        raise Unlooped(f"{describe(s.op)}, a function that is called as it stands")
    call = Op(text, (*given, *(Op("=", (Num(k), e)) for k, e in named)))
    if isinstance(s.result.type, (Tuple, List)) and len(results) == 1:
        call = op("item", call, Num(0))
    types = tuple(_typed(t) for _, t in results)
    low.add(Outside(tuple(n for n, _ in results), call, types, tuple(reads)))
    return _given(low, s, results)


def _sizes(low: Lowering, t: Any) -> Any:
    """What a type tells of its value: a number, or a tuple of sizes that are known by name; None if it tells less."""
    if isinstance(t, Const) and isinstance(t.value, (bool, int, float, complex)):
        return Num(t.value)
    if not isinstance(t, Tuple) or t.kind is not None or not t.items:
        return None
    found = []
    for i in t.items:
        if isinstance(i, Const) and type(i.value) is int:
            found.append(Num(i.value))
        elif isinstance(i, Scalar) and i.kind is int and i.size is not None and (e := low.worked_out(i.size)) is not None:
            found.append(e)  # type: ignore[arg-type]
        else:
            return None
    return tuple(found)


def _typed(t: Any) -> str:
    a = as_array(t)
    assert a.dtype is not None and a.shape is not None
    name = "boolean" if a.dtype.kind == "b" else a.dtype.name
    return f"{name}[{', '.join([':'] * (len(a.shape) - 1) + ['::1'])}]" if a.shape else name


def _operand(low: Lowering, o: Operand, reads: list[Name]) -> Expr:
    """An operand as Python is given it."""
    t = type_of(o)
    if isinstance(t, Const) and not isinstance(t.value, (bool, int, float, complex, np.ndarray)):
        return low.number(o) if isinstance(t.value, np.generic) else _constant(t.value)
    if isinstance(o, Slice):
        return Op("slice", tuple(_operand(low, p, reads) for p in (o.start, o.stop, o.step)))
    if isinstance(o, (Tuple, List)):
        return Op("list" if isinstance(o, List) else "tuple", tuple(_operand(low, i, reads) for i in o.items))
    if isinstance(t, Tuple) and t.kind is None:
        items = tuple(_item(low, low.entry(i), reads) for i in low.items(o))
        return Op("tuple", items)
    return _item(low, low.operand(o), reads)


def _constant(v: Any) -> Expr:
    """What is no number, as it is written."""
    if v is None or isinstance(v, (bool, int, float, complex, str)):
        return Num(v)
    if isinstance(v, (tuple, list)) and type(v) in (tuple, list):
        return Op("tuple" if isinstance(v, tuple) else "list", tuple(map(_constant, v)))
    if isinstance(v, type) and v in (bool, int, float, complex):
        return Op("attribute", (Num(v.__name__),))
    if isinstance(v, np.dtype) or (isinstance(v, type) and issubclass(v, np.generic)):
        dtype = np.dtype(v)
        if dtype.kind in "biufc":
            return Op("attribute", (Num(f"np.{'bool_' if dtype.kind == 'b' else dtype.name}"),))
    raise Unlooped(f"an argument such as {v!r}")


def _item(low: Lowering, found: Any, reads: list[Name]) -> Expr:
    if isinstance(found, tuple):
        return Op("tuple", tuple(_item(low, i, reads) for i in found))
    if not isinstance(found, Lazy):
        return found  # type: ignore[no-any-return]
    if not found.rank:
        return found.at(())
    whole = low.whole_array(found).whole
    assert whole is not None
    reads.append(whole)
    return Ref(whole)


@lowers(np.cross)
def _cross(low: Lowering, s: Apply, args: Args, kwargs: Kwargs) -> Any:
    a, b = (low.read_often(o) for o in args[:2])
    t = as_array(s.result.type)
    threes = all((as_array(type_of(o)).shape or ())[-1:] == (3,) for o in args[:2])
    if kwargs or len(args) > 2 or not threes:
        return outside(low, s, args, kwargs)
    shape, (a, b) = broadcast(low, [a, b])
    name = low.fresh(s.result.word or "cross", t.dtype, len(shape))
    low.add(Make(name, shape))

    def entry(k: int, i: list[Expr]) -> list[Statement]:
        p, q = Num((k + 1) % 3), Num((k + 2) % 3)
        e = op("-", op("*", a.at([*i, p]), b.at([*i, q])), op("*", a.at([*i, q]), b.at([*i, p])))
        return [Put(Elem(name, (*i, Num(k))), e)]

    for k in range(3):
        low.nest(shape[:-1], partial(entry, k))
    return of_array(name, shape, t.dtype)
