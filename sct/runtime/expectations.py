"""What a standalone derivative expects of its arguments: checks that are copied into the modules that need them.

Each takes what is checked and what it is called, and raises `TypeError` or `ValueError` with that name. Imports NumPy only.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "expect",
    "expect_apart",
    "expect_array",
    "expect_items",
    "expect_keys",
    "expect_size",
    "expect_that",
    "expect_value",
]


def expect(name: str, x: object, kind: type) -> None:
    """`x` is an object of this class; a flag is no int."""
    if not isinstance(x, kind) or (isinstance(x, bool) and kind is not bool):
        raise TypeError(f"{name} must be of type {kind.__name__}, not {type(x).__name__}")


def expect_value(name: str, x: object, value: object) -> None:
    """`x` is the value that the code was generated for."""
    if type(x) is not type(value) or x != value:
        raise ValueError(f"this code is for {name}={value!r}, not {x!r}")


def expect_array(name: str, x: object, dtype: str, rank: int, units: tuple[int, ...] = ()) -> None:
    """`x` is an array of this dtype and rank, whose axes `units`, and no others, have length 1."""
    if not isinstance(x, np.ndarray):
        raise TypeError(f"{name} must be an array, not {type(x).__name__}")
    if x.dtype != dtype or x.ndim != rank:
        raise TypeError(f"{name} must be a {dtype} array of rank {rank}, not {x.dtype} of rank {x.ndim}")
    for axis, n in enumerate(x.shape):
        if (n == 1) is not (axis in units):
            raise ValueError(f"axis {axis} of {name} must {'' if axis in units else 'not '}have length 1, but has length {n}")


def expect_size(name: str, n: int, other: str, m: int) -> None:
    """Two sizes are the same."""
    if n != m:
        raise ValueError(f"{name} must be {other}, which is {m}, but is {n}")


def expect_that(condition: str, holds: bool) -> None:
    """What the code relies on of sizes."""
    if not holds:
        raise ValueError(f"this code is for arguments with {condition}; generate it again for these")


def expect_items(name: str, x: object, kind: type, count: int) -> None:
    """`x` is a tuple or list of so many items."""
    if not isinstance(x, (tuple, list)) or type(x) is not kind or len(x) != count:
        raise TypeError(f"{name} must be a {kind.__name__} of {count} items")


def expect_keys(name: str, x: object, keys: tuple[object, ...]) -> None:
    """`x` is a dict with these keys, in this order."""
    if not isinstance(x, dict) or tuple(x) != keys:
        raise TypeError(f"{name} must be a dict with the keys {', '.join(map(repr, keys))}, in this order")


def expect_apart(name: str, x: object, other: str, y: object) -> None:
    """`x`, which is written into, shares no memory with `y`."""
    arrays = isinstance(x, np.ndarray) and isinstance(y, np.ndarray)
    if x is y or (arrays and np.shares_memory(x, y)):
        raise ValueError(f"{name} and {other} share memory, and {name} is written into; pass a copy of one of them")
