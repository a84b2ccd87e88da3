"""The entries of operations in a batch: what stands for each, of values that there are many of along a first axis.

Takes a statement and what stands for its operands (`sct.transform.batch.Batch`); emits what stands for it, and gives that.
Raises `LoopedError` for a call that has no such form.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sct import runtime
from sct.ir.ops import TRUTH, UNPACK, Attribute, Method
from sct.ir.paths import ALL, entries_of
from sct.ir.ssa import Apply, Operand, Value, type_of
from sct.ir.types import Abstract, Array, Const, List, Scalar, Slice, Tuple
from sct.registry.facts import facts_of
from sct.registry.methods import primitive_of
from sct.registry.rules import kind_of
from sct.runtime import item
from sct.transform.raised import raised_if

if TYPE_CHECKING:
    from sct.transform.batch import Batch

__all__ = [
    "RULES",
    "LoopedError",
    "as_const",
    "as_dtype",
    "behind",
    "dtype_of",
    "is_basic",
    "is_elementwise",
    "is_mask",
    "of_spectrum",
    "of_system",
    "picked",
    "rank_of",
]


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
    if list(entries) == [Const(Ellipsis)]:
        return Const(Ellipsis)
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


def dtype_of(t: Abstract) -> np.dtype[Any] | None:
    """The dtype of a number or an array of a type, or of many of these, if that is known."""
    if isinstance(t, Array):
        return t.dtype and np.result_type(t.dtype, *[kind() for kind in t.also])
    kind = t.kind if isinstance(t, Scalar) else type(t.value) if isinstance(t, Const) else None
    return np.dtype(kind) if kind in (bool, int, float, complex) else None


_WHOLE = np.dtype(int)


def as_const(dtype: np.dtype[Any]) -> Const:
    """A dtype as it is written."""
    return Const({"?": bool, "l": int, "q": int if dtype == np.dtype(int) else dtype.type}.get(dtype.char, dtype.type))


def as_dtype(dtype: np.dtype[Any] | None) -> dict[str, Operand]:
    """The argument of an array's maker, where that is not of float64."""
    if dtype is None:
        raise LoopedError
    return {} if dtype == np.dtype(float) else {"dtype": as_const(dtype)}


def is_elementwise(op: Any) -> bool:
    ufunc = op if isinstance(op, np.ufunc) else facts_of(op).ufunc
    if ufunc is not None:
        return ufunc.signature is None
    of_numbers = getattr(op, "__module__", None) == "math"  # whose functions take these alone
    return kind_of(op) in ("elementwise", "comparison") and not of_numbers


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
    if isinstance(whole, (Tuple, List)) and isinstance(index, Const):
        found: Operand = whole.items[index.value]
        return found
    if isinstance(type_of(whole), (Tuple, List)) and isinstance(index, Const):  # one of several results
        return m.b.apply(operator.getitem, (whole, index))
    rank = m.rank(x)
    if not m.is_many(index):
        return m.b.apply(operator.getitem, (m.spread(x), behind(index)))
    if any(map(is_mask, entries_of(index))):  # each picks a number of entries of its own
        raise LoopedError
    entries = entries_of(index)
    if not m.is_many(x) and not any(isinstance(type_of(e), Slice) for e in entries) and Const(Ellipsis) not in entries:
        return m.b.apply(operator.getitem, (x, Tuple(picked(m, index, rank, None).items[1:])))
    return m.b.apply(operator.getitem, (m.spread(x), picked(m, index, rank, m.count)))


def picked(m: Batch, index: Operand, rank: int, numbers: Operand | None) -> Tuple:
    """An index that depends on the value, into each of many arrays of so many axes.

    `numbers`: how many there are, or where those that are meant stand; None if these are not to be told apart.
    """
    entries = entries_of(index)
    if not all(is_basic(e) or _is_array(e) for e in entries):
        raise LoopedError
    if len(entries) == 1 and is_mask(entries[0]):
        return Tuple((m.all_of(entries[0]),))
    ranks = [rank_of(type_of(e)) for e in entries if _is_array(e)]
    if any(map(is_mask, entries)) or len(entries) > rank or None in map(_known, entries):
        raise LoopedError
    if ranks:  # the axes of what they pick stand where the first of them does, which is to be behind that of many
        picks = [k for k, e in enumerate(entries) if _is_array(e) or _is_integer(e)]
        if picks != list(range(len(picks))):
            raise LoopedError
    own = max(ranks, default=0)
    if numbers is None:
        numbers = Const(None)
    else:
        numbers = m.b.apply(np.arange, (numbers,)) if numbers == m.count else numbers
        numbers = m.at(numbers, (ALL, *[Const(None)] * own)) if own else numbers
    return Tuple((numbers, *[m.aligned(e, own) if m.is_many(e) else e for e in entries]))


def _known(entry: Operand) -> Any:
    """What an entry of an index is, if that is known."""
    return entry.value if isinstance(entry, Const) else ...


def is_mask(entry: Operand) -> bool:
    t = type_of(entry)
    return isinstance(t, Array) and t.dtype is not None and t.dtype.kind == "b"


@_of(runtime.updated, runtime.scatter_add)
def _written(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, path, v = args
    return m.made(s, s.op, (m.spread(x), m.path(path, x), m.stored(x, path, v)))


@_of(UNPACK)
def _unpacked(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, count = args
    if not m.rank(x) or not isinstance(count, Const):
        raise LoopedError
    return Tuple(tuple([m.at(m.all_of(x), (ALL, Const(k))) for k in range(count.value)]))


@_of(np.array, np.asarray)
def _array(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, *others = args
    if not isinstance(x, (Tuple, List)):
        return _of_each(m, s, args, kwargs)
    t = s.result.type
    if others or kwargs.keys() - {"dtype"} or not isinstance(t, Array) or t.dtype is None:
        raise LoopedError
    found = _nested(m, x)
    made = type_of(found)
    if isinstance(made, Array) and made.dtype == t.dtype:
        return found
    return m.b.apply(Method("astype"), (found, as_const(t.dtype)))


def _nested(m: Batch, x: Operand) -> Operand:
    """Many of an array of what stands in lists."""
    if not isinstance(x, (Tuple, List)):
        return m.spread(x)
    items = [_nested(m, i) for i in x.items]
    if len({rank_of(type_of(i)) for i in items}) != 1:
        raise LoopedError
    return m.b.apply(np.stack, (Tuple(tuple(items)),), {"axis": Const(1)})


@_of(np.copy, np.positive, np.zeros_like, np.ones_like, np.empty_like, np.tril, np.triu, np.real, np.imag, np.conjugate)
@_of(runtime.kept, runtime.writable, runtime.cast_to, runtime.stop_gradient, np.asanyarray, np.ascontiguousarray)
@_of(Method("copy"), primitive_of(Method("astype")))
def _of_each(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """What is done to the entries, or to the last axes, as they lie."""
    x, *others = args
    m.rank(x)
    if "shape" in kwargs:
        raise LoopedError
    return m.b.apply(s.op, (m.all_of(x), *map(m.one, others)), {k: m.one(v) for k, v in kwargs.items()})


@_of(float, int, bool, complex, np.float64, np.float32, np.float16, np.complex128, np.int64, np.int32, item)
def _number(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """A number that is made of one."""
    if len(args) != 1 or kwargs or m.rank(args[0]):
        raise LoopedError
    dtype, now = dtype_of(type_of(args[0])), dtype_of(s.result.type)
    if now is None or dtype == now:
        return m.all_of(args[0])
    return m.b.apply(Method("astype"), (m.all_of(args[0]), as_const(now)))


@_of(runtime.quotient, runtime.power)
def _as_numpy_has_it(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """A quotient or power of numbers, where Python's raises."""
    return m.elementwise(replace(s, op=operator.truediv if s.op is runtime.quotient else operator.pow), args, kwargs)


@_of(operator.floordiv, operator.mod)
def _of_whole_numbers(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """Whole numbers of Python's are not divided by 0, for which NumPy gives 0."""
    if m.is_many(args[1]) and all(isinstance(type_of(a), (Scalar, Const)) for a in args) and dtype_of(s.result.type) == _WHOLE:
        wrong = m.b.apply(np.any, (m.b.apply(operator.eq, (m.all_of(args[1]), Const(0))),))
        m.b.body.append(raised_if(wrong, ZeroDivisionError, "division by zero"))
    return m.elementwise(s, args, kwargs)


@_of(np.where)
def _where(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 3:
        raise LoopedError
    return m.elementwise(s, args, kwargs)


@_of(
    np.sum,
    np.mean,
    np.prod,
    np.max,
    np.min,
    np.amax,
    np.amin,
    np.any,
    np.all,
    np.std,
    np.var,
    np.ptp,
    np.median,
    np.nansum,
    np.nanmean,
    np.nanmax,
    np.nanmin,
    np.nanprod,
    np.nanstd,
    np.nanvar,
    np.count_nonzero,
)
def _reduction(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "axis")
    if not m.rank(x):
        if given.keys() & {"axis", "keepdims"}:
            raise LoopedError
        given["axis"] = Const(1)
        return m.b.apply(primitive_of(s.op), (_in_rows(m, x),), {k: m.one(v) for k, v in given.items()})
    axis = given.pop("axis", Const(None))
    axis = _every(m.rank(x)) if axis == Const(None) else _shifted(axis)
    return m.b.apply(primitive_of(s.op), (m.all_of(x),), {"axis": axis, **{k: m.one(v) for k, v in given.items()}})


def _every(rank: int) -> Operand:
    """All axes of one, as those of many."""
    return Const(1) if rank == 1 else Tuple(tuple(Const(k + 1) for k in range(rank)))


@_of(np.flip)
def _flipped(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "axis")
    axis = given.get("axis", Const(None))
    return m.b.apply(np.flip, (m.all_of(x),), {"axis": _every(m.rank(x)) if axis == Const(None) else _shifted(axis)})


@_of(np.cumsum, np.cumprod, np.nancumsum, np.nancumprod, np.argmax, np.argmin, np.nanargmax, np.nanargmin)
def _along_axis(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "axis")
    if given.get("axis", Const(None)) != Const(None) or m.rank(x) == 1:
        return _along(m, s, x, given)
    if given.keys() - {"axis"}:
        raise LoopedError
    return m.b.apply(primitive_of(s.op), (_in_rows(m, x),), {"axis": Const(1)})


def _in_rows(m: Batch, x: Operand) -> Operand:
    """The entries of each of many in a row."""
    if m.rank(x) == 0:
        return m.at(m.all_of(x), (ALL, Const(None)))
    return m.b.apply(np.reshape, (m.all_of(x), Tuple((m.count, m.size_of(x)))))


@_of(np.sort, np.argsort)
def _sorted(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "axis", "kind")
    if given.get("axis") == Const(None):
        raise LoopedError
    return _along(m, s, x, {"axis": Const(-1), **given})


@_of(np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft)
def _transformed(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "n", "axis", "norm")
    return _along(m, s, x, {"axis": Const(-1), **given})


@_of(np.repeat)
def _repeated(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "repeats", "axis")
    return _along(m, s, x, given)


@_of(np.roll)
def _rolled(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    return _along(m, s, *_given(args, kwargs, "shift", "axis"))


@_of(np.tile)
def _tiled(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "reps")
    reps = m.one(given["reps"])
    each = reps.items if isinstance(reps, (Tuple, List)) else (reps,)
    rank = m.rank(x)
    if len(each) > rank:
        raise LoopedError
    return m.b.apply(np.tile, (m.all_of(x), Tuple((*[Const(1)] * (1 + rank - len(each)), *each))))


@_of(np.pad)
def _padded(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "pad_width", "mode")
    rank = m.rank(x)
    width = m.one(given.pop("pad_width"))
    if isinstance(width, (Tuple, List)) and all(isinstance(i, (Tuple, List)) for i in width.items):
        pairs = [Tuple(i.items) for i in width.items if isinstance(i, (Tuple, List))]
    elif isinstance(width, (Tuple, List)) and len(width.items) == 2:
        pairs = [Tuple(width.items)]
    elif is_basic(width):
        pairs = [Tuple((width, width))]
    else:
        raise LoopedError
    pairs = pairs * rank if len(pairs) == 1 else pairs
    mode = given.pop("mode", Const("constant"))
    none = Tuple((Const(0), Const(0)))
    if len(pairs) != rank or any(len(p.items) != 2 for p in pairs) or any(map(m.is_many, given.values())):
        raise LoopedError
    if any(isinstance(v, (Tuple, List)) for v in given.values()):
        raise LoopedError
    return m.b.apply(np.pad, (m.all_of(x), Tuple((none, *pairs)), mode), given)


@_of(np.diff)
def _differences(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "n", "axis")
    if any(m.rank(given[k]) for k in ("prepend", "append") if k in given):
        raise LoopedError
    return _along(m, s, x, {"axis": Const(-1), **given})


def _along(m: Batch, s: Apply, x: Operand, given: dict[str, Operand]) -> Operand:
    """What is done along an axis, or, if none is given, along the one that there is."""
    axis = given.pop("axis", Const(None))
    if axis == Const(None):
        if m.rank(x) != 1:
            raise LoopedError
        axis = Const(0)
    m.rank(x)
    others = {k: m.one(v) for k, v in given.items()}
    return m.b.apply(primitive_of(s.op), (m.all_of(x),), {**others, "axis": _shifted(axis)})


@_of(np.reshape)
def _reshape(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 2 or kwargs:
        raise LoopedError
    x, shape = args
    if shape == Const(-1):
        return _in_rows(m, x)
    m.rank(x)
    return m.b.apply(np.reshape, (m.all_of(x), m.in_front(m.one(shape))))


@_of(np.ravel, primitive_of(Method("flatten")))
def _ravel(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 1 or kwargs:
        raise LoopedError
    return _in_rows(m, args[0])


@_of(np.atleast_1d)
def _with_axes(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) != 1 or kwargs:
        raise LoopedError
    return m.all_of(args[0]) if m.rank(args[0]) else m.at(m.all_of(args[0]), (ALL, Const(None)))


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


@_of(np.vstack, np.hstack, np.column_stack)
def _beside(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    parts, *others = args
    if others or kwargs or not isinstance(parts, (Tuple, List)):
        raise LoopedError
    ranks = set(map(m.rank, parts.items))
    op = primitive_of(s.op)
    if len(ranks) != 1 or 0 in ranks:
        raise LoopedError
    made: Any = np.stack if ranks == {1} and op is not np.hstack else np.concatenate
    axis = 1 if op is np.vstack or (op is np.hstack and ranks == {1}) else 2
    return m.b.apply(made, (Tuple(tuple(map(m.spread, parts.items))),), {"axis": Const(axis)})


@_of(np.split, np.array_split)
def _split(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "indices_or_sections", "axis")
    m.rank(x)
    axis = _shifted(given.get("axis", Const(0)))
    return m.b.apply(primitive_of(s.op), (m.all_of(x), m.one(given["indices_or_sections"])), {"axis": axis})


@_of(np.take_along_axis)
def _taken(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "indices", "axis")
    if given.keys() != {"indices", "axis"} or given["axis"] == Const(None):
        raise LoopedError
    indices = given["indices"]
    indices = m.all_of(indices) if m.is_many(indices) else m.at(indices, (Const(None),))
    m.rank(x)
    return m.b.apply(np.take_along_axis, (m.spread(x), indices, _shifted(given["axis"])))


@_of(np.take)
def _take(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "indices", "axis")
    axis, indices = given.get("axis", Const(None)), given["indices"]
    if given.keys() - {"indices", "axis"} or (axis == Const(None) and m.rank(x) != 1):
        raise LoopedError
    axis = Const(0) if axis == Const(None) else axis
    if not m.is_many(indices):
        return m.b.apply(np.take, (m.all_of(x), indices), {"axis": _shifted(axis)})
    if axis != Const(0):
        raise LoopedError
    if m.is_many(x):
        return m.b.apply(operator.getitem, (m.all_of(x), picked(m, indices, m.rank(x), m.count)))
    return m.b.apply(np.take, (x, m.all_of(indices)), {"axis": axis})


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
        if of_b == 1:
            columns = m.at(m.aligned(b, of_a - 1), (Const(Ellipsis), Const(None))) if m.is_many(b) else b
            found = _product(m, m.all_of(a), columns)
            return m.at(found, (Const(Ellipsis), Const(0))) if m.is_many(b) else found
        rows = m.at(m.aligned(a, of_b - 1), (Const(Ellipsis), Const(None), ALL)) if m.is_many(a) else a
        found = _product(m, rows, m.all_of(b))
        return m.at(found, (Const(Ellipsis), Const(0), ALL)) if m.is_many(a) else found
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
    made = m.facts.definition.get(a) if isinstance(a, Value) else None
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
    if rank and type_of(a).shape != type_of(b).shape:  # type: ignore[union-attr]
        if rank > 1:  # np.vdot takes the entries in their order
            raise LoopedError
        return _matmul(m, s, args, kwargs)
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


_LETTERS = "nbkzyxwvutsrqpomljihgfedcaNBKZYXWVUTSRQPOMLJIHGFEDCA"


@_of(np.einsum)
def _einsum(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    formula, *operands = args
    if kwargs or not (isinstance(formula, Const) and isinstance(formula.value, str)) or "." in formula.value:
        raise LoopedError
    given, arrow, result = formula.value.replace(" ", "").partition("->")
    if not arrow:
        result = "".join(sorted(c for c in set(given) - {","} if given.count(c) == 1))
    return _summed(m, given.split(","), result, operands)


def _summed(m: Batch, given: Sequence[str], result: str, operands: Sequence[Operand]) -> Operand:
    """The sum over products of entries that a formula of letters says, for many."""
    letter = next(c for c in _LETTERS if c not in result and not any(c in part for part in given))
    parts = [letter + part if m.is_many(o) else part for part, o in zip(given, operands, strict=True)]
    return m.b.apply(np.einsum, (Const(f"{','.join(parts)}->{letter}{result}"), *map(m.all_of, operands)))


@_of(np.tensordot)
def _tensordot(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    a, given = _given(args, kwargs, "b", "axes")
    b, axes = given["b"], given.get("axes", Const(2))
    of_a, of_b = m.rank(a), m.rank(b)
    if isinstance(axes, Const) and type(axes.value) is int:
        k = axes.value
        pairs = list(zip(range(of_a - k, of_a), range(k), strict=True))
    elif isinstance(axes, (Tuple, List)) and len(axes.items) == 2:
        own = [i.items if isinstance(i, (Tuple, List)) else (i,) for i in axes.items]
        if len(own[0]) != len(own[1]) or any(not isinstance(i, Const) or type(i.value) is not int for o in own for i in o):
            raise LoopedError
        pairs = [(i.value % of_a, j.value % of_b) for i, j in zip(*own, strict=True)]
    else:
        raise LoopedError
    sizes = [t.shape if isinstance(t, Array) and t.shape is not None else () for t in (type_of(a), type_of(b))]
    if any(sizes[0][i] != sizes[1][j] for i, j in pairs):  # np.einsum repeats what is of size 1
        raise LoopedError
    letters = iter("ijklmopqrstuvw")
    first = [next(letters) for _ in range(of_a)]
    second = [next(letters) for _ in range(of_b)]
    for i, j in pairs:
        second[j] = first[i]
    summed = {first[i] for i, _ in pairs}
    result = "".join(c for c in (*first, *second) if c not in summed)
    return _summed(m, ("".join(first), "".join(second)), result, (a, b))


def of_system(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """The solutions of many systems, by the function that solves one."""
    if len(args) != 2 or not all(isinstance(v, Const) for v in kwargs.values()):
        raise LoopedError
    A, b = args
    if m.rank(A) != 2 or m.rank(b) > 2:
        raise LoopedError
    if m.rank(b) > 1:
        return m.b.apply(s.op, (m.all_of(A), m.all_of(b)), kwargs)
    if m.is_many(A):
        column = m.at(m.all_of(b), (Const(Ellipsis), Const(None)))
        return m.at(m.b.apply(s.op, (m.all_of(A), column), kwargs), (Const(Ellipsis), Const(0)))
    return _turned(m, m.b.apply(s.op, (A, _turned(m, m.all_of(b))), kwargs))


@_of(
    np.linalg.inv,
    np.linalg.det,
    np.linalg.slogdet,
    np.linalg.cholesky,
    np.linalg.eigh,
    np.linalg.eigvalsh,
    np.linalg.eig,
    np.linalg.eigvals,
    np.linalg.svd,
    np.linalg.svdvals,
    np.linalg.qr,
    np.linalg.pinv,
    np.linalg.matrix_power,
)
def _of_matrices(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """What is done to the last two axes."""
    x, *others = args
    if m.rank(x) < 2:
        raise LoopedError
    return m.b.apply(primitive_of(s.op), (m.all_of(x), *map(m.one, others)), {k: m.one(v) for k, v in kwargs.items()})


def of_spectrum(m: Batch, s: Apply) -> Operand:
    """The derivative of functions of many matrices, or in many directions, which all have the last two axes."""
    terms = s.args[-2]
    if any(m.rank(t) == 0 and m.is_many(t) for t in (terms.items if isinstance(terms, Tuple) else ())):
        raise LoopedError
    return m.b.apply(s.op, [m.all_of(a) for a in s.args])


@_of(np.linalg.norm)
def _norm(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "ord", "axis", "keepdims")
    rank = m.rank(x)
    axis = given.pop("axis", Const(None))
    if axis == Const(None) and rank not in (1, 2):
        raise LoopedError
    given = {k: m.one(v) for k, v in given.items() if (k, v) != ("ord", Const(None))}
    return m.b.apply(np.linalg.norm, (m.all_of(x),), {**given, "axis": _every(rank) if axis == Const(None) else _shifted(axis)})


@_of(np.trace, np.diagonal)
def _on_diagonal(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "offset", "axis1", "axis2")
    m.rank(x)
    axes = {k: _shifted(given.pop(k, Const(i))) for i, k in enumerate(("axis1", "axis2"))}
    return m.b.apply(primitive_of(s.op), (m.all_of(x),), {**{k: m.one(v) for k, v in given.items()}, **axes})


@_of(np.diag)
def _diag(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    x, given = _given(args, kwargs, "k")
    k = m.one(given.get("k", Const(0)))
    if m.rank(x) == 2:
        return m.b.apply(np.diagonal, (m.all_of(x),), {"offset": k, "axis1": Const(1), "axis2": Const(2)})
    t = type_of(x)
    if m.rank(x) != 1 or k != Const(0) or not isinstance(t, Array) or t.dtype is None:
        raise LoopedError
    size = m.b.apply(operator.getitem, (m.b.apply(np.shape, (m.all_of(x),)), Const(1)))
    zeros = m.b.apply(np.zeros, (Tuple((m.count, size, size)), *([] if t.dtype == np.dtype(float) else [as_const(t.dtype)])))
    at = m.b.apply(np.arange, (size,))
    return m.b.append(runtime.updated, (zeros, Tuple((Tuple((ALL, at, at)),)), m.all_of(x)), {}, type_of(zeros))


@_of(np.clip)
def _clipped(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) == 2 and not kwargs:
        args = [*args, Const(None)]
    given = (*args, *kwargs.values())
    rank = max(m.rank(a) for a in given if a != Const(None))
    if rank != rank_of(s.result.type):
        raise LoopedError
    return m.b.apply(np.clip, [m.aligned(a, rank) for a in args], {k: m.aligned(a, rank) for k, a in kwargs.items()})


@_of(operator.not_)
def _negated(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    m.rank(args[0])
    return m.b.apply(np.logical_not, (m.all_of(args[0]),))


@_of(TRUTH)
def _truth(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    return m.test(args[0])


@_of(max, min)
def _extreme(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """The first of the largest or smallest, as Python gives it."""
    numbers = args if len(args) > 1 else args[0].items if isinstance(args[0], (Tuple, List)) else ()
    if kwargs or not numbers or any(map(m.rank, numbers)):
        raise LoopedError
    first, *others = map(m.all_of, numbers)
    better = operator.gt if s.op is max else operator.lt
    for o in others:
        first = m.b.apply(np.where, (m.b.apply(better, (o, first)), o, first))
    return first


@_of(sum)
def _added(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    if len(args) > 1 or kwargs or m.rank(args[0]) != 1:
        raise LoopedError
    return m.b.apply(np.sum, (m.all_of(args[0]),), {"axis": Const(1)})


@_of(np.full, np.full_like)
def _filled(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    first, given = _given(args, kwargs, "fill_value", "dtype")
    value = given.pop("fill_value")
    like = primitive_of(s.op) is np.full_like
    rank = rank_of(s.result.type)
    if given.keys() - {"dtype"} or any(map(m.is_many, given.values())) or m.rank(value) > rank:
        raise LoopedError
    shape = m.spread(first) if like else m.in_front(m.one(first))
    return m.b.apply(primitive_of(s.op), (shape, m.aligned(value, rank)), given)


@_of(np.linspace)
def _spaced(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    start, given = _given(args, kwargs, "stop", "num", "endpoint")
    if given.keys() - {"stop", "num", "endpoint"} or m.rank(start) or m.rank(given["stop"]):
        raise LoopedError
    stop = m.all_of(given.pop("stop"))
    return m.b.apply(np.linspace, (m.all_of(start), stop), {**{k: m.one(v) for k, v in given.items()}, "axis": Const(1)})


@_of(np.interp, np.searchsorted)
def _looked_up(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    """What is done to the entries of one operand, of which there are many, by the other ones, of which there is one."""
    k = 0 if primitive_of(s.op) is np.interp else 1
    if len(args) <= k or any(m.is_many(o) for i, o in enumerate((*args, *kwargs.values())) if i != k):
        raise LoopedError
    return m.b.apply(s.op, [m.all_of(a) if i == k else a for i, a in enumerate(args)], kwargs)


_OF_NUMBERS = {
    **{n: getattr(np, n) for n in ("exp", "exp2", "expm1", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan")},
    **{n: getattr(np, n) for n in ("sinh", "cosh", "tanh", "degrees", "radians", "fabs", "copysign", "fmod", "hypot")},
    **{f"a{n}": getattr(np, f"arc{n}") for n in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{n: getattr(np, n) for n in ("isnan", "isinf", "isfinite")},
    "atan2": np.arctan2,
    "pow": np.power,
    "log": np.log,
}
"""What NumPy has for the functions of numbers of the module `math`; where these raise, it gives nan or infinity."""


def _of_number(m: Batch, s: Apply, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    op = _OF_NUMBERS[s.op.__name__]
    if kwargs or any(map(m.rank, args)) or not isinstance(op, np.ufunc):
        raise LoopedError
    doubles = [m.as_like(m.all_of(a), Scalar(float)) if m.is_many(a) else a for a in args]
    if s.op is math.log and len(args) == 2:
        top, bottom = [m.b.apply(np.log, (o,)) for o in doubles]
        return m.b.apply(operator.truediv, (top, bottom))
    if len(args) != op.nin:
        raise LoopedError
    return m.b.apply(op, doubles)


RULES.update({getattr(math, n): _of_number for n in _OF_NUMBERS if hasattr(math, n)})


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
