"""The least abstract value that covers two: what a φ knows.

Takes two abstract values; gives one that both satisfy. Sizes that differ become a symbol of the φ, the same one each time
that it is asked, so that a loop's types settle.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from sct.ir.shapes import as_array
from sct.ir.types import (
    UNDEFINED,
    UNKNOWN,
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    List,
    ListOf,
    Maybe,
    ObjectOf,
    Scalar,
    SizeLike,
    Tuple,
    alike,
    are_equal,
    is_of_arguments,
    keys_of,
    or_none,
    size_opaque,
    with_items,
    with_sizes,
)

__all__ = ["either", "fixed_shape", "join", "own_sizes", "widen"]

_ORDER: dict[type, int] = {bool: 0, int: 1, float: 2, complex: 3}


def widen(t: Abstract) -> Abstract:
    """The abstract value of a number without its value: `Const(2)` becomes an int."""
    if isinstance(t, Const) and type(t.value) in _ORDER and type(t.value) is not bool:
        return Scalar(type(t.value))
    if isinstance(t, Scalar):
        return Scalar(t.kind, None, t.also)
    return with_items(t, map(widen, t.items)) if isinstance(t, (Tuple, List, Dict)) else t


def join(a: Any, b: Any, key: Hashable) -> Abstract:
    """What holds of a value that is either `a` or `b`; `key` names the φ."""
    if a == b or b == UNDEFINED:
        return a  # type: ignore[no-any-return]
    if a == UNDEFINED:
        return b  # type: ignore[no-any-return]
    a, b = or_none(a, b), or_none(b, a)
    if isinstance(a, (Tuple, List, Dict)) and alike(a, b):
        return with_items(a, (join(p, q, (key, k)) for k, p, q in zip(keys_of(a), a.items, b.items, strict=True)))
    if isinstance(a, (List, ListOf)) and isinstance(b, (List, ListOf)):
        sites: frozenset[Hashable] = frozenset().union(*(t.sites for t in (a, b) if isinstance(t, ListOf)))
        return ListOf(_covering((*_item_types(a), *_item_types(b)), key), sites)
    if isinstance(a, ObjectOf) or isinstance(b, ObjectOf):
        return _join_objects(a, b)  # type: ignore[no-any-return]
    if isinstance(a, DictOf) and isinstance(b, DictOf):
        return DictOf(join(a.key, b.key, (key, "key")), _covering((a.item, b.item), key), a.sites | b.sites)
    if _numeric(a) and _numeric(b):
        return _join_numbers(a, b, key)
    none = Const(None)
    if a == none or b == none or isinstance(a, Maybe) or isinstance(b, Maybe):
        items = [t.item if isinstance(t, Maybe) else t for t in (a, b) if t != none]
        return (
            Maybe(functools.reduce(lambda p, q: join(p, q, key), map(widen, items))) if all(map(_numeric, items)) else UNKNOWN
        )
    return UNKNOWN


def _join_objects(a: Any, b: Any) -> Any:
    """An object, or another one of its class, or None."""
    if Const(None) in (a, b):
        return replace(a if b == Const(None) else b, or_none=True)
    if type(a) is not type(b) or a.cls is not b.cls or a.names != b.names:
        return UNKNOWN
    return replace(a, sites=a.sites | b.sites, or_none=a.or_none or b.or_none)


def _item_types(t: List | ListOf) -> tuple[Any, ...]:
    return (t.item,) if isinstance(t, ListOf) else t.items


def _covering(items: tuple[Any, ...], key: Hashable) -> Abstract:
    """The type of all items of a list whose length is not known."""
    out: Abstract = UNDEFINED
    for t in items:
        out = join(out, own_sizes(widen(t), (key, "item")), (key, "item"))
    return out


def _numeric(t: Any) -> bool:
    if isinstance(t, Const):
        return type(t.value) in _ORDER or isinstance(t.value, (np.number, np.bool_))
    return isinstance(t, (Scalar, Array))


def _python_number(t: Any) -> Scalar | None:
    if isinstance(t, Scalar):
        return t
    if isinstance(t, Const) and type(t.value) in _ORDER:
        return Scalar(type(t.value), t.value if type(t.value) is int else None)
    return None


def _join_numbers(a: Any, b: Any, key: Hashable) -> Abstract:
    p, q = _python_number(a), _python_number(b)
    kinds = {k for t in (p, q) if t is not None for k in (t.kind, *t.also)}
    if p is not None and q is not None:
        kind = max(kinds, key=_ORDER.__getitem__)
        size = p.size if p.size == q.size else size_opaque("phi", key) if kind is int else None
        return Scalar(kind, size, _in_order(kinds - {kind}))
    x, y = as_array(a), as_array(b)
    dtype = _join_dtypes(p.kind() if p else x.dtype, q.kind() if q else y.dtype)
    shape = _join_shapes(x.shape, y.shape, key)
    numbers = {t.shape == () and not t.boxed if t.boxed is not None else None for t in (x, y)}
    boxed = shape == () and numbers == {False} if numbers in ({True}, {False}) else None
    axes = None if shape is not None else _join_axes([t for t, number in ((x, p), (y, q)) if number is None], key)
    return Array(dtype, shape, boxed, _in_order(kinds.union(x.also, y.also)), axes)


def _join_axes(arrays: list[Array], key: Hashable) -> tuple[SizeLike, ...] | None:
    """The shape of what may be one of some arrays or a Python number, if it is no such number."""
    shapes = [t.axes if t.shape is None else t.shape or None for t in arrays]
    return functools.reduce(lambda a, b: _join_shapes(a, b, key), shapes)


def _in_order(kinds: Iterable[type]) -> tuple[type, ...]:
    return tuple(sorted(kinds, key=_ORDER.__getitem__))


def either(a: Any, b: Any) -> Abstract:
    """What holds of a result that is of type `a` or `b`, by whether an operand is a number of Python's.

    Of one rank, it is of the shape of `a`.
    """
    if a == b:
        return a  # type: ignore[no-any-return]
    if isinstance(a, Tuple) and isinstance(b, Tuple) and len(a.items) == len(b.items):
        return Tuple(tuple(map(either, a.items, b.items)))
    if not (_numeric(a) and _numeric(b)):
        return join(a, b, "either")
    if isinstance(a, Array) and isinstance(b, Array) and (a.shape is None or a.rank == b.rank):
        b = Array(b.dtype, a.shape, b.boxed, b.also)
    return join(widen(a), widen(b), "either")


def _join_dtypes(a: Any, b: Any) -> np.dtype[Any] | None:
    """A Python number (given as itself) counts as of the other's dtype where that dtype can hold its kind."""
    if a is None or b is None:
        return None
    if a == b and isinstance(a, np.dtype):
        return a
    if isinstance(a, np.dtype) and isinstance(b, np.dtype):
        return None
    dtype = a if isinstance(a, np.dtype) else b
    both: np.dtype[Any] = np.result_type(a, b)
    return both if both == dtype else None


def _join_shapes(a: tuple[SizeLike, ...] | None, b: tuple[SizeLike, ...] | None, key: Hashable) -> tuple[SizeLike, ...] | None:
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(p if are_equal(p, q) else size_opaque("phi", key, i) for i, (p, q) in enumerate(zip(a, b, strict=True)))


def own_sizes(t: Any, key: Hashable) -> Abstract:
    """`t` with symbols of the φ `key` for all sizes but those of arguments: others may be of another iteration or call."""
    if isinstance(t, (Tuple, List, Dict)):
        return with_items(t, (own_sizes(p, (key, k)) for k, p in zip(keys_of(t), t.items, strict=True)))
    if isinstance(t, (ListOf, DictOf, Maybe)):
        return replace(t, item=own_sizes(t.item, (key, "item")))
    if isinstance(t, Scalar) and t.size is not None and not is_of_arguments(t.size):
        return Scalar(t.kind, size_opaque("phi", key), t.also)
    if isinstance(t, Array):
        return with_sizes(t, lambda k, n: n if is_of_arguments(n) else size_opaque("phi", key, k))
    return t  # type: ignore[no-any-return]


def fixed_shape(t: Abstract) -> bool:
    """Whether a type's sizes are those of arguments, and so do not change from one iteration to the next."""
    return isinstance(t, Array) and t.shape is not None and all(map(is_of_arguments, t.shape))
