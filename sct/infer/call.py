"""The type of one call, from the types of its arguments.

Takes a primitive and abstract arguments; gives the abstract result by the primitive's type rule, by broadcasting for a
ufunc, and otherwise "unknown". Never runs the primitive on data.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sct.infer.join import either
from sct.ir.shapes import as_array, broadcast, constant, fresh_size, size_picked
from sct.ir.ssa import Operand, Value, leaves, type_of
from sct.ir.types import (
    UNKNOWN,
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    List,
    ListOf,
    Mask,
    Scalar,
    SizeLike,
    Slice,
    Tuple,
    is_named_tuple,
    same_dtype,
    sizes_taken_equal,
    with_items,
    with_sizes,
)
from sct.registry.facts import facts_of
from sct.registry.type_rules import type_rule

__all__ = ["index_type", "infer_call", "operand_types", "plain"]


def plain(value: Abstract) -> Any:
    """The Python value that `value` is known to be, or `value` itself; containers of known values become Python's."""
    kind = type(value)
    if kind is Array or kind is Scalar:  # most of them
        return value
    if kind is Const:
        return value.value  # type: ignore[union-attr]
    if isinstance(value, (Tuple, List)):
        items = [plain(v) for v in value.items]
        if all(constant(v) for v in items):
            return items if isinstance(value, List) else tuple(items) if value.kind is None else value.kind(*items)
    if isinstance(value, Slice):
        parts = [plain(p) for p in (value.start, value.stop, value.step)]
        if all(constant(p) for p in parts):
            return slice(*parts)
    return value


def operand_types(op: Any, operands: Sequence[Operand], now: Callable[[Operand], Operand] = lambda o: o) -> list[Abstract]:
    """The types of operands, for the type rule of `op`; `now` gives an operand as its memory is."""
    types = [type_of(o) for o in operands]
    k = facts_of(op).index
    if k is not None and k < len(types) and any(map(_is_mask, leaves(operands[k]))):
        types[k] = index_type(now(operands[k]))
    return types


def index_type(index: Operand) -> Abstract:
    """The type of an index, for a type rule that looks up what it picks: what a mask in it picks has a size of its own."""
    if isinstance(index, Tuple):
        return with_items(index, map(index_type, index.items))
    t = type_of(index)
    if not _is_mask(index):
        return t
    assert isinstance(index, Value) and isinstance(t, Array)
    return Mask(t.dtype, t.shape, picks=size_picked(index.id))


def _is_mask(o: Operand) -> bool:
    """Whether an operand is an array of flags."""
    t = o.type if isinstance(o, Value) else None
    return isinstance(t, Array) and bool(t.rank) and same_dtype(t.dtype, _FLAGS)


_FLAGS = np.dtype(bool)


def _abstract(value: Any) -> Abstract:
    """The other way: a type rule may answer in plain values, and in tuples that mix plain and abstract ones."""
    if isinstance(value, (Array, Scalar)):
        return value
    if not constant(value):
        assert isinstance(value, (Const, Scalar, Array, Tuple, List, ListOf, Dict, DictOf, Slice)) or value is not None
        return value
    if type(value) is tuple or is_named_tuple(type(value)):
        return Tuple(tuple(_abstract(v) for v in value), None if type(value) is tuple else type(value))
    if type(value) is list:
        return List(tuple(_abstract(v) for v in value))
    return Const(value)


def infer_call(primitive: Any, args: Sequence[Abstract], kwargs: Mapping[str, Abstract]) -> Abstract:
    """The abstract result of `primitive(*args, **kwargs)`."""
    for t in args:
        if t.also if type(t) is Array or type(t) is Scalar else type(t) is not Const and _is_doubtful(t):
            break
    else:
        return _inferred(primitive, args, kwargs)
    doubtful = next(i for i, a in enumerate(args) if _is_doubtful(a))

    def of(kind: type | None) -> Abstract:
        return infer_call(primitive, [*args[:doubtful], _of_kind(args[doubtful], kind), *args[doubtful + 1 :]], kwargs)

    if doubtful in facts_of(primitive).arrays:
        return of(None)
    numbers = [of(kind) for kind in sorted(_kinds(args[doubtful]), key=str)]
    if not _has_axes(args[doubtful]):
        return functools.reduce(either, (of(None), *numbers))
    with sizes_taken_equal() as taken:  # if it is an array, and not otherwise
        array = of(None)
    return functools.reduce(either, (_of_sizes(array, numbers[0], taken), *numbers))


def _of_sizes(array: Abstract, number: Abstract, taken: list[tuple[SizeLike, SizeLike, bool]]) -> Abstract:
    """The type of a result if an operand is an array, with what its sizes are if that is a number as well."""
    if not (isinstance(array, Array) and isinstance(number, Array) and array.shape and array.rank == number.rank):
        return array
    assert number.shape is not None
    there = number.shape
    equal = {frozenset((a, b)) for a, b, exactly in taken if exactly}
    return with_sizes(array, lambda k, n: there[k] if n == there[k] or frozenset((n, there[k])) in equal else fresh_size())


def _is_doubtful(t: Abstract) -> bool:
    """Whether there is a number in `t` that may be Python's or NumPy's, by the path that the program takes."""
    if isinstance(t, (Scalar, Array)):
        return bool(t.also)
    return isinstance(t, (Tuple, List, Dict)) and any(map(_is_doubtful, t.items))


def _kinds(t: Abstract) -> set[type]:
    """The kinds of Python numbers that a number in `t` may be of, by the path that the program takes."""
    if isinstance(t, (Scalar, Array)):
        return set(t.also)
    return set().union(*map(_kinds, t.items)) if isinstance(t, (Tuple, List, Dict)) else set()


def _has_axes(t: Abstract) -> bool:
    """Whether a number in `t` may be an array with axes, by the path that the program takes."""
    if isinstance(t, (Tuple, List, Dict)):
        return any(map(_has_axes, t.items))
    return isinstance(t, Array) and t.axes is not None


def _of_kind(t: Abstract, kind: type | None) -> Abstract:
    """`t`, known to be of a kind where it may be of that: a Python number, or for None what it was taken to be."""
    if isinstance(t, (Tuple, List, Dict)):
        return with_items(t, [_of_kind(i, kind) for i in t.items])
    if not isinstance(t, (Scalar, Array)) or not t.also:
        return t
    if kind is not None and kind in t.also:
        return Scalar(kind)
    if isinstance(t, Array) and t.axes is not None:
        return Array(t.dtype, t.axes)
    return replace(t, also=())


def _inferred(primitive: Any, args: Sequence[Abstract], kwargs: Mapping[str, Abstract]) -> Abstract:
    rule = type_rule(primitive)
    if rule is not None:
        try:
            known = {k: plain(v) for k, v in kwargs.items()} if kwargs else {}
            return _abstract(rule(*map(plain, args), **known))
        except TypeError:  # a call that the rule's signature does not know
            return UNKNOWN
    if isinstance(primitive, np.ufunc) and primitive.nout == 1 and primitive.signature is None:
        return _ufunc(primitive, args, kwargs)
    return UNKNOWN


_WEAK: dict[type, type] = {int: int, float: float, complex: complex}


def _ufunc(ufunc: np.ufunc, args: Sequence[Abstract], kwargs: Mapping[str, Abstract]) -> Abstract:
    if len(args) != ufunc.nin or kwargs.keys() - {"dtype"}:
        return UNKNOWN
    dtypes: list[Any] = []
    for a in args:
        value = plain(a)
        kind = a.kind if isinstance(a, Scalar) else type(value)
        dtypes.append(_WEAK[kind] if kind in _WEAK else as_array(a).dtype)
    shape = broadcast(*args)
    if "dtype" in kwargs:
        wanted = plain(kwargs["dtype"])
        return Array(np.dtype(wanted) if constant(wanted) and wanted is not None else None, shape)
    if any(d is None for d in dtypes):
        return Array(None, shape)
    try:
        return Array(ufunc.resolve_dtypes((*dtypes, None))[-1], shape)
    except TypeError:
        return Array(None, shape)
