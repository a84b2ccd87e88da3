"""Copies of arguments that lie in memory as the arguments do.

Takes arguments; gives others with the same numbers, strides, and memory in common with one another. Never changes any.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["apart", "arrays_in", "as_given", "overlap"]


def as_given(args: Any) -> Any:
    """A deep copy in which views are views of copies."""
    copies: dict[int, np.ndarray] = {}
    memo: dict[int, Any] = {}
    for v in arrays_in(args):
        if id(v) not in memo:
            memo[id(v)] = _laid_out(v, copies)
    return copy.deepcopy(args, memo)


def arrays_in(value: Any) -> Iterator[np.ndarray]:
    """The arrays in containers and in the fields of objects."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from arrays_in(v)
    elif isinstance(value, dict):
        yield from arrays_in(list(value.values()))
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        yield from arrays_in(list(vars(value).values()))


def apart(value: Any, as_one: Iterator[bool]) -> Any:
    """Arguments in which an array shares no memory with another unless one says so, for each in the order of `arrays_in`."""
    if isinstance(value, np.ndarray):
        return value if next(as_one) else as_given(value)
    if isinstance(value, list):
        value[:] = [apart(v, as_one) for v in value]
    elif isinstance(value, tuple):
        return tuple(apart(v, as_one) for v in value)
    elif isinstance(value, dict):
        value.update({k: apart(v, as_one) for k, v in value.items()})
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        vars(value).update({k: apart(v, as_one) for k, v in vars(value).items()})
    return value


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
