"""What a standalone derivative expects of its arguments: checks that are copied into the modules that need them.

Each takes what is checked and what it is called, and raises `TypeError` or `ValueError` with that name. Imports NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sct.runtime import fields_of

__all__ = [
    "expect",
    "expect_absent",
    "expect_apart",
    "expect_array",
    "expect_fields",
    "expect_items",
    "expect_keys",
    "expect_object",
    "expect_object_of",
    "expect_rank",
    "expect_size",
    "expect_structure",
    "expect_that",
    "expect_value",
    "expect_writable",
]


def expect(name: str, x: object, kind: type) -> None:
    """`x` is of this class, and of none that is derived from it."""
    if type(x) is not kind:
        raise TypeError(f"{name} must be of type {kind.__name__}, not {type(x).__name__}")


def expect_value(name: str, x: object, value: object) -> None:
    """`x` is the value that the code was generated for."""
    if type(x) is not type(value) or x != value:
        raise ValueError(f"this code is for {name}={value!r}, not {x!r}")


def expect_object(name: str, x: object, expected: object) -> None:
    """`x` is the object that the code was generated for."""
    if x is not expected:
        raise ValueError(f"this code is for {name}={called(expected)}, not {called(x)}")


def called(x: object) -> str:
    """What a message calls an object: the name by which it is imported, if it has one."""
    name = getattr(x, "__qualname__", None)
    return repr(x) if name is None else f"{getattr(x, '__module__', '?')}.{name}"


def expect_array(name: str, x: object, dtype: str, rank: int | None, units: tuple[int, ...] = ()) -> None:
    """`x` is an array of this dtype and rank, whose axes `units`, and no others, have length 1; of any rank if that is None."""
    if not isinstance(x, np.ndarray) or type(x) not in (np.ndarray, np.memmap):
        raise TypeError(f"{name} must be an array, not {type(x).__name__}")
    if rank is None:
        if x.dtype != dtype:
            raise TypeError(f"{name} must be a {dtype} array, not {x.dtype}")
        return
    if x.dtype != dtype or x.ndim != rank:
        raise TypeError(f"{name} must be a {dtype} array of rank {rank}, not {x.dtype} of rank {x.ndim}")
    for axis, n in enumerate(x.shape):
        if (n == 1) is not (axis in units):
            raise ValueError(f"axis {axis} of {name} must {'' if axis in units else 'not '}have length 1, but has length {n}")


def expect_rank(name: str, x: object, dtype: str, rank: int) -> None:
    """`x` is an array of this dtype and rank, of any sizes."""
    if type(x) not in (np.ndarray, np.memmap) or not isinstance(x, np.ndarray) or x.dtype != dtype or x.ndim != rank:
        raise TypeError(f"{name} must be a {dtype} array of rank {rank}")


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
    if not isinstance(x, dict) or type(x) is not dict or tuple(x) != keys:
        raise TypeError(f"{name} must be a dict with the keys {', '.join(map(repr, keys))}, in this order")


def expect_object_of(name: str, x: object, cls: type, fields: tuple[str, ...]) -> None:
    """`x` is an object of a class, with what is in these fields, and in no others."""
    expect(name, x, cls)
    if not fields_of(x).keys() <= {*fields}:
        raise TypeError(f"{name} must be an object with the fields {', '.join(fields)}")


def expect_structure(name: str, x: Any, like: Any) -> None:
    """`x` is a cotangent or tangent of what has the structure of `like`.

    In `like`, `float` and `complex` stand for numbers and arrays of any shape, and None for what has no derivative.
    """
    if isinstance(x, float) and (like is float or type(like) is float):
        return
    if like is float and type(x) is np.ndarray and x.dtype.kind == "f":
        return
    if isinstance(like, dict):
        if not isinstance(x, dict) or x.keys() != like.keys():
            raise TypeError(f"{name} must be a dict with the keys {', '.join(map(repr, like))}")
        for k, part in like.items():
            expect_structure(f"{name}[{k!r}]", x[k], part)
        return
    if isinstance(like, (list, tuple)):
        kind = list if isinstance(like, list) else tuple
        if not isinstance(x, kind) or len(x) != len(like):
            raise TypeError(f"{name} must be a {kind.__name__} of length {len(like)}")
        for k, part in enumerate(like):
            expect_structure(f"{name}[{k}]", x[k], part)
        return
    dtype = np.dtype(like) if isinstance(like, type) else np.asarray(like).dtype
    if dtype.kind not in "fc":
        return
    if x is None or isinstance(x, (str, dict)):
        raise TypeError(f"{name} must be a number or an array")
    if dtype.kind == "f" and np.iscomplexobj(x):
        raise TypeError(f"{name} must be real")
    if not isinstance(like, type) and np.shape(x) != np.shape(like):
        raise ValueError(f"{name} must {f'have the shape {np.shape(like)}' if np.ndim(like) else 'be a number'}")


def expect_fields(name: str, x: Any, like: Any) -> None:
    """`x` is a cotangent or tangent of what has the structure of `like`, in which there are objects with fields."""
    own = {} if isinstance(like, (type, dict, list, tuple)) else fields_of(like)
    if isinstance(like, dict):
        expect_structure(name, x, dict.fromkeys(like))
        for k, part in like.items():
            expect_fields(f"{name}[{k!r}]", x[k], part)
    elif isinstance(like, (list, tuple)):
        expect_structure(name, x, [None] * len(like) if isinstance(like, list) else (None,) * len(like))
        for k, part in enumerate(like):
            expect_fields(f"{name}[{k}]", x[k], part)
    elif own:
        if type(x) is not type(like) or fields_of(x).keys() != own.keys():
            raise TypeError(f"{name} must be an object of the class {type(like).__name__} with the fields {', '.join(own)}")
        for k, part in own.items():
            expect_fields(f"{name}.{k}", getattr(x, k), part)
    else:
        expect_structure(name, x, like)


def expect_absent(name: str, x: object, attribute: str, own: bool) -> None:
    """`x` has no such attribute; `own`: none of its own."""
    if attribute in vars(x) if own else hasattr(x, attribute):
        raise ValueError(f"this code is for {name} without {attribute}{' of its own' if own else ''}")


def expect_writable(name: str, x: object) -> None:
    """`x` can be written into, each entry by itself."""
    if isinstance(x, np.ndarray):
        if not x.flags.writeable:
            raise ValueError(f"{name} is read-only, and is written into; pass a copy")
        low, high = np.lib.array_utils.byte_bounds(x)
        if high - low < x.nbytes:
            raise ValueError(f"entries of {name} share memory with one another, and it is written into; pass a copy")


def expect_apart(name: str, x: object, other: str, y: object) -> None:
    """`x`, which is written into, shares no memory with `y`, nor, if that is an object, with what it holds."""
    for q in [y] if isinstance(y, (np.ndarray, list, dict)) else held_by(y):
        if x is q or (isinstance(x, np.ndarray) and isinstance(q, np.ndarray) and np.shares_memory(x, q)):
            raise ValueError(f"{name} and {other} share memory, and {name} is written into; pass a copy of one of them")


def held_by(x: Any) -> Iterator[object]:
    """The arrays, lists and dicts that an object is, or holds."""
    if isinstance(x, (np.ndarray, list, dict)):
        yield x
    if isinstance(x, (tuple, list)):
        for item in x:
            yield from held_by(item)
    elif isinstance(x, dict):
        for item in x.values():
            yield from held_by(item)
    elif hasattr(x, "__dict__") and not isinstance(x, type):
        for item in vars(x).values():
            yield from held_by(item)
