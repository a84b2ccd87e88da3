"""Copies of arguments that lie in memory as the arguments do.

Takes arguments; gives others with the same numbers, strides, and memory in common with one another. Never changes any.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import numpy as np

__all__ = ["apart", "arrays_in", "as_given", "has_fields", "objects_in", "overlap", "state"]


def as_given(args: Any) -> Any:
    """A deep copy in which views are views of copies."""
    copies: dict[int, np.ndarray] = {}
    memo: dict[int, Any] = {}
    for v in arrays_in(args):
        if id(v) not in memo:
            memo[id(v)] = _laid_out(v, copies)
    return copy.deepcopy(args, memo)


def objects_in(value: Any) -> Iterator[Any]:
    """The arrays, lists and dicts in a value, and in the fields of objects in it; containers before what is in them."""
    if isinstance(value, (np.ndarray, list, dict)):
        yield value
    for v in _items(value):
        yield from objects_in(v)


def arrays_in(value: Any) -> Iterator[np.ndarray]:
    """The arrays in a value, and in the fields of objects in it."""
    return (v for v in objects_in(value) if isinstance(v, np.ndarray))


def state(value: Any) -> Any:
    """What is in an array, and which objects are in a list or dict: it differs once the object has been written into."""
    return value.tobytes() if isinstance(value, np.ndarray) else [*map(id, _items(value))]


def apart(value: Any, as_one: Iterator[bool]) -> Any:
    """Arguments in which an object that stands in two places is one only if `as_one` says so, in the order of `objects_in`."""
    if isinstance(value, np.ndarray):
        return value if next(as_one) else as_given(value)
    if isinstance(value, (list, dict)):
        whole = value if next(as_one) else copy.copy(value)
        for k in range(len(whole)) if isinstance(whole, list) else whole:
            whole[k] = apart(value[k], as_one)
        return whole
    if isinstance(value, tuple):
        return tuple(apart(v, as_one) for v in value)
    if has_fields(value):
        vars(value).update({k: apart(v, as_one) for k, v in vars(value).items()})
    return value


def _items(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    return list(vars(value).values()) if has_fields(value) else []


def has_fields(value: Any) -> bool:
    """Whether a value is an object whose fields are parts of it."""
    return hasattr(value, "__dict__") and not isinstance(value, (type, FunctionType, np.ndarray, np.generic))


def overlap(args: Any) -> bool:
    """Whether arguments have memory in common, or an array in them stands in two places."""
    found = list(arrays_in(args))
    return any(np.shares_memory(v, w) for k, v in enumerate(found) for w in found[:k])


def _laid_out(v: np.ndarray, copies: dict[int, np.ndarray]) -> np.ndarray:
    root = v
    while isinstance(root.base, np.ndarray):
        root = root.base
    own = copies.setdefault(id(root), root.copy(order="K"))
    if v is root or v.dtype.hasobject:
        return own if v is root else v.copy()
    offset = v.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    made = np.ndarray(v.shape, v.dtype, own.ravel(order="K").data, offset, v.strides)
    made.flags.writeable = v.flags.writeable
    return made
