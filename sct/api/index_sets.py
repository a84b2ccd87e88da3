"""Arrays of index sets: which numbers of the arguments each entry of a tangent depends on, through every operation.

Takes an operation of a derivative with operands some of which are `Sets`; gives the `Sets` of its result. An entry of the table
says which entries of its operands an entry of the result is made of; what only moves entries is carried out on the sets as
it is on numbers. What has no entry here depends with all of its result on all of its operands. Never misses an index: where
the operation's own zeros are not known, they count as entries.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from sct import runtime
from sct.api.trees import of_kind
from sct.ir.ops import Attribute, Method
from sct.registry.facts import ufunc_of
from sct.registry.methods import primitive_of
from sct.registry.rules import kind_of

__all__ = ["EMPTY", "Sets", "added_into", "applied", "empty", "holds_sets", "is_elementwise", "put_into", "singletons"]

EMPTY: frozenset[int] = frozenset()


class Sets:
    """An array of index sets, one for each entry: `entries`, an array of frozensets. It may lie in the memory of another."""

    __slots__ = ("entries",)

    def __init__(self, entries: Any) -> None:
        self.entries: np.ndarray[Any, Any] = entries if isinstance(entries, np.ndarray) else _alone(entries)

    @property
    def shape(self) -> tuple[int, ...]:
        found: tuple[int, ...] = self.entries.shape
        return found


def _alone(entry: Any) -> Any:
    """A set as an array without axes."""
    made = np.empty((), object)
    made[()] = entry
    return made


def _united(a: Any, b: Any) -> Any:
    if a is b or b <= a:
        return a
    return b if a <= b else a | b


_union = np.frompyfunc(_united, 2, 1)
_as_set = np.frompyfunc(lambda entry: entry if type(entry) is frozenset else EMPTY, 1, 1)


def empty(shape: Any) -> Sets:
    """Sets of nothing."""
    return Sets(np.full(shape, EMPTY, object))


def singletons(shape: tuple[int, ...], first: int) -> Sets:
    """Each entry's own number, counted from `first`."""
    count = int(np.prod(shape))
    made = np.empty(count, object)
    made[:] = [frozenset((k,)) for k in range(first, first + count)]
    return Sets(made.reshape(shape))


def holds_sets(x: Any) -> bool:
    """Whether there are sets in a value."""
    kind = type(x)  # asked of every operand
    if kind is Sets:
        return True
    if kind is list or kind is tuple:
        for i in x:  # noqa: SIM110
            if holds_sets(i):
                return True
        return False
    return any(map(holds_sets, x.values())) if kind is dict else isinstance(x, (tuple, list)) and any(map(holds_sets, x))


def _entries(x: Any) -> Any:
    """The sets of a value, of what is a number none; of a tuple or list, those of its items."""
    return of_kind(x, map(_array, x)) if isinstance(x, (tuple, list)) else _array(x)


def _array(x: Any) -> Any:
    """The sets of a value, a list or tuple as the array that NumPy makes of it."""
    if isinstance(x, Sets):
        return x.entries
    return np.stack([*map(_array, x)]) if holds_sets(x) else np.full(np.shape(x), EMPTY, object)


def put_into(part: Sets, index: Any, x: Any) -> None:
    """Have a part be `x`."""
    entries = x.entries if isinstance(x, Sets) else _alone(EMPTY)
    part.entries[index] = entries if entries.ndim else entries[()]


def added_into(part: Sets, index: Any, x: Any) -> None:
    """Add `x` to a part, whose entries the index may name several times."""
    if isinstance(x, Sets):
        _union.at(part.entries, index, x.entries)


def applied(op: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, bool]:
    """What an operation gives of operands with sets among them; and whether which entries go where depends on the values of the
    other operands, such as indices: of a factor nothing counts but its shape.
    """
    primitive = primitive_of(op)
    rule = _RULES.get(primitive)
    if rule is not None:
        found = rule(args, kwargs)
        return found, primitive in _BY_VALUE
    if is_elementwise(primitive):
        return _elementwise(args, kwargs), False
    if type(op) in (Attribute, Method) and primitive is op:
        raise LookupError(f"{op} of a tangent")
    return _dense(primitive, args, kwargs), False


def is_elementwise(op: Any) -> bool:
    """Whether each entry of what a function gives is of the entries at its place."""
    ufunc = ufunc_of(op)
    return kind_of(op) == "elementwise" if ufunc is None else ufunc.signature is None


def _elementwise(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Sets:
    """Each entry of those that stand at its place."""
    shape = np.broadcast_shapes(*map(np.shape, map(_like, args)))
    return _spread(reduce(_union, [a.entries for a in args if isinstance(a, Sets)]), shape)


def _like(x: Any) -> Any:
    """Numbers in the shape of sets; anything else as it is."""
    if isinstance(x, (tuple, list)):
        return of_kind(x, map(_like, x))
    return np.zeros(x.shape) if isinstance(x, Sets) else x


def _spread(entries: Any, shape: tuple[int, ...]) -> Sets:
    """Sets broadcast to a shape, in memory of their own."""
    made = np.empty(shape, object)
    made[...] = entries
    return Sets(made)


def _all(x: Any) -> frozenset[int]:
    """All that sets hold."""
    if isinstance(x, Sets):
        return _whole(x.entries)
    if isinstance(x, dict):
        x = tuple(x.values())
    return EMPTY.union(*map(_all, x)) if isinstance(x, (tuple, list)) else EMPTY


def _whole(entries: Any) -> frozenset[int]:
    return EMPTY.union(*{id(e): e for e in entries.flat}.values())


def _dense(op: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The whole result of the whole operands: in the shape that it has for numbers."""
    every = _all([*args, *kwargs.values()])
    with np.errstate(all="ignore"):
        found = op(*map(_like, args), **{k: _like(v) for k, v in kwargs.items()})
    return _full(found, every)


def _full(x: Any, every: frozenset[int]) -> Any:
    if isinstance(x, (tuple, list)):
        return of_kind(x, [_full(i, every) for i in x])
    if isinstance(x, (float, complex, np.inexact)) or (isinstance(x, np.ndarray) and x.dtype.kind not in "biu"):
        return _spread(every, np.shape(x))
    return x  # no whole number is linear in a tangent: it tells of its shape


# -- the entries of operations -----------------------------------------------------------------------------------------------

_Rule = Callable[[Sequence[Any], Mapping[str, Any]], Any]
_RULES: dict[Any, _Rule] = {}
_BY_VALUE: set[Any] = set()


def _of(*ops: Any, by_value: bool = False) -> Callable[[_Rule], _Rule]:
    """Register the entry of operations; `by_value`: their other operands' values decide which entries go where."""

    def register(rule: _Rule) -> _Rule:
        _RULES.update(dict.fromkeys(ops, rule))
        if by_value:
            _BY_VALUE.update(ops)
        return rule

    return register


@_of(np.asarray, np.array, np.copy, np.ascontiguousarray, np.positive, np.real, Method("astype"), Method("copy"))
@_of(float, np.float64, np.float32, runtime.kept, runtime.laid_out, runtime.cast_to, runtime.boxed_like, runtime.as_taken)
@_of(runtime.numbers)
def _same(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    x = args[0]
    return Sets(_array(x).copy()) if holds_sets(x) else x


@_of(runtime.cast_like)
def _cast(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return _same(args, {}) if isinstance(args[0], Sets) else runtime.cast_like(args[0], _like(args[1]))


def _of_shapes(*ops: Any) -> None:
    """Have operations be of the shapes of their operands alone."""
    for op in ops:
        _RULES[op] = functools.partial(_of_shape, op)


def _of_shape(op: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return op(*map(_like, args), **kwargs)


_of_shapes(np.shape, np.ndim, np.size, len, np.iscomplexobj, np.zeros_like, np.ones_like, np.empty_like, runtime.zeros_if_bound)


@_of(operator.getitem, runtime.item, by_value=True)
def _getitem(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    x, index = args
    return Sets(x.entries[index]) if isinstance(x, Sets) else x[index]


def _moving(*ops: Any) -> None:
    """Have operations that move entries be carried out on the sets; what they fill in is of nothing."""
    for op in ops:
        _BY_VALUE.add(op)
        _RULES[op] = functools.partial(_moved, op)


def _moved(op: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    found = op(_entries(args[0]), *args[1:], **kwargs)
    if isinstance(found, (list, tuple)):
        return of_kind(found, map(Sets, found))
    return Sets(_as_set(found) if op in _FILL else found)


_FILL = (np.diag, np.diagflat, np.tril, np.triu)
_moving(*_FILL, np.diagonal, np.flip, np.fliplr, np.flipud, np.roll, np.rot90, np.rollaxis, np.repeat, np.tile, np.take)
_moving(np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze, np.broadcast_to)
_moving(np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack, runtime.stacked, runtime.joined)
_moving(np.take_along_axis, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.split, np.array_split, np.hsplit, np.vsplit)
_moving(np.delete)


@_of(np.pad, by_value=True)
def _pad(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    mode = args[2] if len(args) > 2 else kwargs.get("mode", "constant")
    if mode not in ("constant", "edge", "wrap", "reflect", "symmetric"):
        return _dense(np.pad, args, kwargs)
    return Sets(_as_set(np.pad(args[0].entries, args[1], mode=mode)))


@_of(np.where)
def _where(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Sets:
    """Of both: which one it is may be another matter at the next call."""
    return _elementwise(args, kwargs)


@_of(np.sum, np.mean, np.nansum, np.nanmean)
def _reduction(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Sets:
    x = args[0]
    axis = args[1] if len(args) > 1 else kwargs.get("axis")
    return Sets(_reduced(_array(x), axis, bool(kwargs.get("keepdims", False))))


def _reduced(entries: Any, axis: Any, keepdims: bool = False) -> Any:
    """The union along axes; along all if there is none."""
    rank = entries.ndim
    axes = range(rank) if axis is None else (axis,) if np.ndim(axis) == 0 else axis
    axes = tuple(sorted(int(a) % rank for a in axes)) if rank else ()
    kept = [k for k in range(rank) if k not in axes]
    shape = tuple(entries.shape[k] for k in kept)
    rows = np.transpose(entries, (*kept, *axes)).reshape(
        (int(np.prod(shape)), -1) if entries.size else (int(np.prod(shape)), 0)
    )
    made = np.empty(len(rows), object)
    for k, row in enumerate(rows):
        made[k] = row[0] if len(row) == 1 else _whole(row)
    if keepdims:
        shape = tuple(1 if k in axes else n for k, n in enumerate(entries.shape))
    return made.reshape(shape)


@_of(sum)
def _sum(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    x = args[0]
    items = [Sets(e) for e in x.entries] if isinstance(x, Sets) else [*x]
    return reduce(lambda a, b: _elementwise((a, b), {}), [i for i in (*items, *args[1:]) if isinstance(i, Sets)])


@_of(runtime.unbroadcast)
def _unbroadcast(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    g, x = args
    if not isinstance(g, Sets):
        return runtime.unbroadcast(g, _like(x))
    return _to_shape(g, np.shape(_like(x)))


@_of(runtime.unbroadcast_to)
def _unbroadcast_to(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return _to_shape(args[0], tuple(args[1]))


def _to_shape(g: Sets, shape: tuple[int, ...]) -> Sets:
    axes = runtime.broadcast_axes(_like(g), np.empty(shape))
    return Sets(_reduced(g.entries, axes).reshape(shape))


@_of(runtime.keep_reduced_axes)
def _keep_axes(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    y, a, *rest = args
    found = runtime.keep_reduced_axes(y.entries if isinstance(y, Sets) else y, _like(a), *rest)
    return Sets(found) if isinstance(y, Sets) else found


@_of(runtime.added)
def _added(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    x, y = args
    if x is None or y is None:
        return y if x is None else x
    if isinstance(x, (list, tuple)):
        return of_kind(x, [_added(p, {}) if holds_sets(p) else runtime.added(*p) for p in zip(x, y, strict=True)])
    return _elementwise(args, {})


def _of_items(*ops: Any) -> None:
    """Have operations on lists, which leave the items as they are, be carried out on lists of sets."""
    for op in ops:
        _BY_VALUE.add(op)
        _RULES[op] = functools.partial(_on_items, op)


def _on_items(op: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return op(*args, **kwargs)


_of_items(runtime.appended, runtime.shortened, runtime.repeated, runtime.with_item)


@_of(runtime.items_of, by_value=True)
def _items_of(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    x, *axis = args
    return [Sets(e) for e in runtime.items_of(x.entries, *axis, **kwargs)]


@_of(np.cumsum)
def _cumsum(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Sets:
    entries = _array(args[0])
    axis = args[1] if len(args) > 1 else kwargs.get("axis")
    if axis is None:
        entries, axis = entries.ravel(), 0
    return Sets(_union.accumulate(entries, axis=axis, dtype=object) if entries.size else entries.copy())


@_of(np.diff, by_value=True)
def _diff(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Sets:
    if kwargs.keys() - {"n", "axis"} or len(args) > 3:
        return _dense(np.diff, args, kwargs)  # type: ignore[no-any-return]
    given = {**dict(zip(("n", "axis"), args[1:], strict=False)), **kwargs}
    entries = np.moveaxis(_array(args[0]), given.get("axis", -1), -1)
    for _ in range(given.get("n", 1)):
        entries = _union(entries[..., 1:], entries[..., :-1])
    return Sets(np.moveaxis(entries, -1, given.get("axis", -1)))


@_of(operator.matmul, np.matmul)
def _matmul(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Each entry of a row of the one and of a column of the other: what in these is zero is not asked for."""
    a, b = args[:2]
    ranks = np.ndim(_like(a)), np.ndim(_like(b))
    parts = []
    if isinstance(a, Sets):
        rows = _reduced(a.entries, -1)
        parts.append(rows if ranks[1] == 1 else rows[..., None])
    if isinstance(b, Sets):
        columns = _reduced(b.entries, -2 if ranks[1] > 1 else -1)
        parts.append(columns if 1 in ranks else columns[..., None, :])
    return _spread(reduce(_union, parts), np.shape(np.matmul(_like(a), _like(b))))


@_of(np.dot)
def _dot(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return _of_products(np.dot, args)


@_of(np.inner)
def _inner(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return _of_products(np.inner, args)


def _of_products(op: Any, args: Sequence[Any]) -> Any:
    ranks = [np.ndim(_like(x)) for x in args[:2]]
    if 0 in ranks:
        return _elementwise(args[:2], {})
    small = max(ranks) < 3 if op is np.dot else max(ranks) == 1
    return _matmul(args, {}) if small else _dense(op, args[:2], {})


@_of(np.vdot)
def _vdot(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    return _full(0.0, _all(args))


@_of(np.outer)
def _outer(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    a, b = (Sets(x.entries.ravel()) if isinstance(x, Sets) else np.ravel(x) for x in args[:2])
    column = Sets(a.entries[:, None]) if isinstance(a, Sets) else a[:, None]
    return _elementwise((column, b), {})


@_of(np.cross)
def _cross(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Each entry of the vectors at its place."""
    a, b = map(_like, args[:2])
    if kwargs or len(args) > 2 or np.shape(a)[-1:] != (3,) or np.shape(b)[-1:] != (3,):
        return _dense(np.cross, args, kwargs)
    parts = [_reduced(x.entries, -1, keepdims=True) for x in args if isinstance(x, Sets)]
    return _spread(reduce(_union, parts), np.broadcast_shapes(np.shape(a), np.shape(b)))


@_of(np.einsum)
def _einsum(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """An entry has those along the letters that are summed over."""
    formula, *operands = args
    plain = isinstance(formula, str) and "." not in formula and "->" in formula
    given, result = formula.replace(" ", "").split("->") if plain else ("", "")
    parts = given.split(",")
    if not plain or any(len(set(p)) < len(p) for p in (*parts, result)):
        return _dense(np.einsum, args, kwargs)
    sizes = {c: n for p, x in zip(parts, operands, strict=True) for c, n in zip(p, np.shape(_like(x)), strict=True)}
    found = []
    for letters, x in zip(parts, operands, strict=True):
        if isinstance(x, Sets):
            entries = _reduced(x.entries, tuple(k for k, c in enumerate(letters) if c not in result))
            kept = [c for c in letters if c in result]
            entries = np.transpose(entries, [kept.index(c) for c in result if c in kept])
            found.append(entries[tuple(slice(None) if c in kept else None for c in result)])
    return _spread(reduce(_union, found), tuple(sizes[c] for c in result))


@_of(np.linalg.solve)
def _solve(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """A column of the solution has all of the right-hand side's."""
    A, b = args
    if isinstance(A, Sets):
        return _full(np.linalg.solve(np.eye(A.shape[-1]) + np.zeros(A.shape), _like(b)), _all(args))
    shape = np.shape(np.linalg.solve(np.eye(np.shape(A)[-1]) + np.zeros(np.shape(A)), _like(b)))
    if b.entries.ndim == 1 or shape != b.shape:
        return _spread(_all(b), shape)
    return _spread(_reduced(b.entries, -2, keepdims=True), shape)


@_of(np.convolve)
def _convolve(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """An entry has as many as the other sequence is long."""
    given = {**dict(zip(("mode",), args[2:], strict=False)), **kwargs}
    x, other = (args[0], args[1]) if isinstance(args[0], Sets) else (args[1], args[0])
    if isinstance(other, Sets) or np.ndim(other) != 1 or x.entries.ndim != 1:
        return _dense(np.convolve, args, kwargs)
    n, m = len(x.entries), len(other)
    every = np.full(n + m - 1, EMPTY, object)
    for k in range(m):
        every[k : k + n] = _union(every[k : k + n], x.entries)
    length = len(np.convolve(np.zeros(n), np.zeros(m), **given))
    first = (len(every) - length) // 2
    return Sets(every[first : first + length])


@_of(operator.neg, operator.pos, operator.truediv, operator.mul, operator.add, operator.sub)
def _arithmetic(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    if all(isinstance(a, (tuple, list)) for a in args):  # of sequences, one behind the other
        return reduce(operator.add, args)
    return _elementwise(args, kwargs)
