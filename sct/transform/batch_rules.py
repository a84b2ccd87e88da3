"""The entries of operations in a batch: what stands for each, of values that there are many of along a first axis.

Takes a statement and what stands for its operands (`sct.transform.batch.Batch`); emits what stands for it, and gives that.
Raises `LoopedError` for a call that has no such form.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sct import runtime
from sct.ir.ops import UNPACK, Attribute, Method
from sct.ir.paths import ALL, entries_of
from sct.ir.ssa import Apply, Operand, Value, type_of
from sct.ir.types import Abstract, Array, Const, List, Scalar, Slice, Tuple
from sct.registry.facts import facts_of
from sct.registry.methods import primitive_of
from sct.registry.rules import kind_of
from sct.runtime import item

if TYPE_CHECKING:
    from sct.transform.batch import Batch

__all__ = ["RULES", "LoopedError", "behind", "is_basic", "is_elementwise", "rank_of"]


class LoopedError(Exception):
    """An operation, a test or a size stands in the way of many values at once. Never reaches a user."""


def rank_of(t: Abstract) -> int:
    if isinstance(t, Array) and t.shape is not None:
        return len(t.shape)
    if isinstance(t, Scalar) or (isinstance(t, Const) and isinstance(t.value, (bool, int, float, complex))):
        return 0
    raise LoopedError


def is_basic(entry: Operand) -> bool:
    """Whether an entry of an index gives a view."""
    t = type_of(entry)
    if isinstance(t, Const):
        return t.value is None or t.value is Ellipsis or type(t.value) is int
    return isinstance(t, Slice) or _is_integer(entry)


def _is_array(entry: Operand) -> bool:
    """Whether an entry of an index is an array, or a list of integers."""
    t = type_of(entry)
    return (isinstance(t, Array) and t.shape is not None and t.shape != ()) or isinstance(t, List)


def behind(index: Operand) -> Operand:
    """An index into each of many arrays; that of arrays which are apart in it has its axes elsewhere."""
    entries = entries_of(index)
    if not all(is_basic(e) or _is_array(e) for e in entries):
        raise LoopedError
    if any(map(_is_array, entries)):
        picks = [k for k, e in enumerate(entries) if _is_array(e) or _is_integer(e)]
        if picks != list(range(picks[0], picks[0] + len(picks))):
            raise LoopedError
    return Tuple((ALL, *entries))


def _is_integer(entry: Operand) -> bool:
    t = type_of(entry)
    if isinstance(t, Array):
        return t.shape == () and t.dtype is not None and t.dtype.kind in "iu"
    return (isinstance(t, Scalar) and t.kind is int) or (isinstance(t, Const) and type(t.value) is int)


def is_elementwise(op: Any) -> bool:
    ufunc = op if isinstance(op, np.ufunc) else facts_of(op).ufunc
    if ufunc is not None:
        return ufunc.signature is None
    return kind_of(op) == "elementwise" and getattr(op, "__module__", None) != "math"  # whose functions take numbers alone


# -- the entries of operations -----------------------------------------------------------------------------------------------

_Rule = Callable[["Batch", Apply, list[Operand], dict[str, Operand]], Operand]
RULES: dict[Any, _Rule] = {}


def _of(*ops: Any) -> Callable[[_Rule], _Rule]:
    def register(rule: _Rule) -> _Rule:
        RULES.update(dict.fromkeys(ops, rule))
        return rule

    return register


@_of(operator.getitem)
def _getitem(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, index = args
    whole = m.all_of(x)
    if isinstance(whole, Tuple) and isinstance(index, Const):
        found: Operand = whole.items[index.value]
        return found
    m.rank(x)
    return m.b.apply(operator.getitem, (m.spread(x), behind(m.one(index))))


@_of(runtime.updated, runtime.scatter_add)
def _written(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, path, v = args
    return m.made(s, s.op, (m.spread(x), m.path(path), m.stored(x, path, v)))


@_of(UNPACK)
def _unpacked(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, count = args
    if not m.rank(x) or not isinstance(count, Const):
        raise LoopedError
    return Tuple(tuple([m.at(m.all_of(x), (ALL, Const(k))) for k in range(count.value)]))


@_of(np.array)
def _array(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, *others = args
    if others or kwargs or not isinstance(x, (Tuple, List)):
        return _of_each(m, s, args, kwargs)
    ranks = set(map(m.rank, x.items))
    if len(ranks) > 1:
        raise LoopedError
    return m.b.apply(np.stack, (Tuple(tuple(map(m.spread, x.items))),), {"axis": Const(1)})


@_of(np.asarray, np.copy, np.positive, np.zeros_like, np.tril, np.triu, Method("copy"), Method("astype"))
def _of_each(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """What is done to the entries, or to the last axes, as they lie."""
    x, *others = args
    m.rank(x)
    return m.b.apply(s.op, (m.all_of(x), *map(m.one, others)), {k: m.one(v) for k, v in kwargs.items()})


@_of(float, np.float64, item)
def _number(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """A number that is made of one."""
    if len(args) != 1 or kwargs or m.rank(args[0]):
        raise LoopedError
    return m.all_of(args[0])


@_of(np.where)
def _where(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 3:
        raise LoopedError
    m.one(args[0])
    return m.elementwise(s, args, kwargs)


@_of(np.sum, np.mean)
def _reduction(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "axis")
    if not m.rank(x):
        return m.all_of(x)
    axis = given.pop("axis", Const(None))
    axis = _every(m.rank(x)) if axis == Const(None) else _shifted(axis)
    return m.b.apply(primitive_of(s.op), (m.all_of(x),), {"axis": axis, **{k: m.one(v) for k, v in given.items()}})


def _every(rank: int) -> Operand:
    """All axes of one, as those of many."""
    return Const(1) if rank == 1 else Tuple(tuple(Const(k + 1) for k in range(rank)))


@_of(np.cumsum, np.flip)
def _along_axis(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    return _along(m, s, *_given(args, kwargs, "axis"))


@_of(np.roll)
def _rolled(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    return _along(m, s, *_given(args, kwargs, "shift", "axis"))


@_of(np.diff)
def _differences(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "n", "axis")
    return _along(m, s, x, {"axis": Const(-1), **given})


def _along(m: Batch, s: Apply, x: Operand, given: dict[str, Operand]) -> Operand:
    """What is done along an axis, or, if none is given, along the one that there is."""
    axis = given.pop("axis", Const(None))
    if axis == Const(None):
        if m.rank(x) != 1:
            raise LoopedError
        axis = Const(0)
    others = {k: m.one(v) for k, v in given.items()}
    return m.b.apply(primitive_of(s.op), (m.all_of(x),), {**others, "axis": _shifted(axis)})


@_of(np.reshape)
def _reshape(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs:
        raise LoopedError
    x, shape = args
    m.rank(x)
    return m.b.apply(np.reshape, (m.all_of(x), m.in_front(m.one(shape))))


@_of(np.ravel)
def _ravel(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 1 or kwargs:
        raise LoopedError
    (x,) = args
    m.rank(x)
    return m.b.apply(np.reshape, (m.all_of(x), Tuple((m.count, Const(-1)))))


@_of(np.transpose)
def _transpose(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "axes")
    rank = m.rank(x)
    axes = given.get("axes", Const(None))
    if axes == Const(None):
        axes = Tuple(tuple(Const(k) for k in reversed(range(rank))))
    if not isinstance(axes, (Tuple, List)):
        raise LoopedError
    behind = [_shifted(Const(a.value % rank) if isinstance(a, Const) else a) for a in axes.items]
    if [Const(k + 1) for k in range(rank)] == behind:
        return m.all_of(x)
    return m.b.apply(np.transpose, (m.all_of(x), Tuple((Const(0), *behind))))


@_of(np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze)
def _axes_named(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, *axes = args
    m.rank(x)
    if kwargs.keys() - {"axis"} or not (axes or kwargs):
        raise LoopedError
    named = {k: _shifted(v) for k, v in kwargs.items()}
    return m.b.apply(primitive_of(s.op), (m.all_of(x), *map(_shifted, axes)), named)


@_of(np.broadcast_to)
def _broadcast(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs:
        raise LoopedError
    x, shape = args
    return m.b.apply(np.broadcast_to, (m.aligned(x, rank_of(s.result.type)), m.in_front(m.one(shape))))


@_of(np.concatenate, np.stack)
def _joined(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    parts, given = _given(args, kwargs, "axis")
    if not isinstance(parts, (Tuple, List)) or given.keys() - {"axis"}:
        raise LoopedError
    for p in parts.items:
        m.rank(p)
    axis = _shifted(given.get("axis", Const(0)))
    return m.b.apply(primitive_of(s.op), (Tuple(tuple(map(m.spread, parts.items))),), {"axis": axis})


@_of(np.take_along_axis)
def _taken(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "indices", "axis")
    if given.keys() != {"indices", "axis"}:
        raise LoopedError
    indices = m.at(m.one(given["indices"]), (Const(None),))
    return m.b.apply(np.take_along_axis, (m.all_of(x), indices, _shifted(given["axis"])))


@_of(operator.matmul, np.matmul, np.dot)
def _matmul(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs:
        raise LoopedError
    a, b = args
    of_a, of_b = m.rank(a), m.rank(b)
    if primitive_of(s.op) is np.dot and max(of_a, of_b) > 2:
        raise LoopedError
    if not of_a or not of_b:
        rank = max(of_a, of_b)
        return m.b.apply(operator.mul, (m.aligned(a, rank), m.aligned(b, rank)))
    if of_a > 1 and of_b > 1:
        return _product(m, m.aligned(a, max(of_a, of_b)), m.aligned(b, max(of_a, of_b)))
    if max(of_a, of_b) > 2:
        raise LoopedError
    if m.is_many(a) and m.is_many(b):
        rows = m.all_of(a) if of_a > 1 else m.at(m.all_of(a), (ALL, Const(None)))
        columns = m.all_of(b) if of_b > 1 else m.at(m.all_of(b), (Const(Ellipsis), Const(None)))
        found = _product(m, rows, columns)
        found = found if of_b > 1 else m.at(found, (Const(Ellipsis), Const(0)))
        return found if of_a > 1 else m.at(found, (ALL, Const(0)))
    if m.is_many(a) or of_b > 1:
        return _product(m, m.all_of(a), m.all_of(b))
    return _product(m, m.all_of(b), a if of_a == 1 else _turned(m, a))


def _turned(m: Batch, a: Operand) -> Operand:
    """A matrix with its axes exchanged."""
    made = m.definition.get(a) if isinstance(a, Value) else None
    if made is not None and primitive_of(made.op) is np.transpose and len(made.operands) == 1:
        return made.args[0]
    return m.b.apply(Attribute("T"), (a,))


def _product(m: Batch, a: Operand, b: Operand) -> Operand:
    return m.b.apply(operator.matmul, (a, b))


@_of(np.outer)
def _outer(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs or set(map(m.rank, args)) != {1}:
        raise LoopedError
    a, b = args
    rows = m.at(m.all_of(a), (Const(Ellipsis), Const(None)))
    return m.b.apply(operator.mul, (rows, m.aligned(b, 2)))


@_of(np.vdot, np.inner)
def _scalar_product(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs:
        raise LoopedError
    a, b = args
    rank = m.rank(a)
    if rank != m.rank(b) or (primitive_of(s.op) is np.inner and rank > 1) or _is_complex(a) or _is_complex(b):
        raise LoopedError
    if rank > 1 and type_of(a).shape != type_of(b).shape:  # type: ignore[union-attr]
        raise LoopedError  # np.vdot takes the entries in their order
    if rank == 1 and not (m.is_many(a) and m.is_many(b)):
        return _product(m, m.all_of(a), b) if m.is_many(a) else _product(m, m.all_of(b), a)
    each = m.b.apply(operator.mul, (m.all_of(a), m.all_of(b)))
    return m.b.apply(np.sum, (each,), {"axis": _every(rank)}) if rank else each


def _is_complex(o: Operand) -> bool:
    t = type_of(o)
    return not isinstance(t, Array) or t.dtype is None or t.dtype.kind == "c"


@_of(np.cross)
def _cross(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if kwargs or len(args) != 2:
        raise LoopedError
    return m.elementwise(s, args, {})


@_of(np.einsum)
def _einsum(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    formula, *operands = args
    if kwargs or not (isinstance(formula, Const) and isinstance(formula.value, str) and "->" in formula.value):
        raise LoopedError
    if "." in formula.value:
        raise LoopedError
    given, result = formula.value.replace(" ", "").split("->")
    letter = next(c for c in "nbkzyxwvutsrqpomljihgfedcaNBKZYXWVUTSRQPOMLJIHGFEDCA" if c not in formula.value)
    parts = [letter + part if m.is_many(o) else part for part, o in zip(given.split(","), operands, strict=True)]
    return m.b.apply(np.einsum, (Const(f"{','.join(parts)}->{letter}{result}"), *map(m.all_of, operands)))


@_of(np.linalg.solve)
def _solve(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs:
        raise LoopedError
    A, b = args
    if m.is_many(A) or m.rank(A) != 2:
        raise LoopedError
    if m.rank(b) > 1:
        return m.b.apply(np.linalg.solve, (A, m.all_of(b)))
    return _turned(m, m.b.apply(np.linalg.solve, (A, _turned(m, m.all_of(b)))))


def _given(args: Sequence[Operand], kwargs: Mapping[str, Operand], *names: str) -> tuple[Operand, dict[str, Operand]]:
    """The first argument of a call, and the others by their names."""
    if len(args) > 1 + len(names):
        raise LoopedError
    return args[0], {**dict(zip(names, args[1:], strict=False)), **kwargs}


def _shifted(axis: Operand) -> Operand:
    """An axis, or several, of one as those of many; those that are counted from the end are the same."""
    if isinstance(axis, (Tuple, List)):
        return Tuple(tuple(map(_shifted, axis.items)))
    if not isinstance(axis, Const) or type(axis.value) is not int:
        raise LoopedError
    return Const(axis.value + 1) if axis.value >= 0 else axis
