"""Trees: tuples, lists, dicts and objects with fields, with numbers and arrays at their leaves.

Takes arguments, results and adjoints; gives their leaves, with paths, and trees with other leaves. Never changes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sct.frontend.resolve import is_instance
from sct.ir.types import FieldName
from sct.runtime import fields_of, instance

__all__ = ["Path", "arrays", "at", "double", "floating", "is_single", "leaves", "mapped", "replaced", "write_protected"]

Path = tuple[Any, ...]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The floating numbers and arrays in `value`, each with its path."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield from leaves(v, (*path, k))
    elif isinstance(value, (tuple, list)):
        for i, v in enumerate(value):
            yield from leaves(v, (*path, i))
    elif is_instance(value):
        for n, v in fields_of(value).items():
            yield from leaves(v, (*path, FieldName(n)))
    elif floating(value):
        yield path, value


def floating(value: Any) -> bool:
    """Whether a leaf is a floating number or array, real or complex."""
    if isinstance(value, (np.ndarray, np.generic)):
        return bool(np.issubdtype(value.dtype, np.inexact))
    return isinstance(value, (float, complex))


def mapped(f: Callable[[Any], Any], value: Any) -> Any:
    """`value` with `f` applied to every leaf."""
    if isinstance(value, dict):
        return {k: mapped(f, v) for k, v in value.items()}
    if isinstance(value, tuple):
        return _of_tuple(value, [mapped(f, v) for v in value])
    if isinstance(value, list):
        return [mapped(f, v) for v in value]
    if is_instance(value):
        return instance(type(value), **{n: mapped(f, v) for n, v in fields_of(value).items()})
    return f(value)


def at(value: Any, path: Path) -> Any:
    """What stands in `value` at a path."""
    for key in path:
        if value is None:  # None for a container: no derivative in any part of it
            return None
        value = getattr(value, key) if isinstance(key, FieldName) else value[key]
    return value


def replaced(value: Any, path: Path, leaf: Any) -> Any:
    """`value` with another leaf at a path."""
    if not path:
        return leaf
    key, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {k: replaced(v, rest, leaf) if k == key else v for k, v in value.items()}
    if isinstance(key, FieldName):
        return instance(type(value), **{n: replaced(v, rest, leaf) if n == key else v for n, v in fields_of(value).items()})
    items = [replaced(v, rest, leaf) if i == key else v for i, v in enumerate(value)]
    return _of_tuple(value, items) if isinstance(value, tuple) else items


def _of_tuple(value: tuple[Any, ...], items: list[Any]) -> Any:
    """A tuple of other items, or a named one."""
    return value._make(items) if hasattr(value, "_make") else tuple(items)


def double(value: Any) -> Any:
    """A leaf in double precision."""
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype in (np.float16, np.float32):
        return value.astype(np.float64)
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype == np.complex64:
        return value.astype(np.complex128)
    return value


def write_protected(value: Any) -> Any:
    """A leaf into which nothing can be written."""
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.flags.writeable = False
    return view


def arrays(value: Any) -> list[np.ndarray[Any, Any]]:
    """The arrays in `value`."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if is_instance(value):
        value = tuple(fields_of(value).values())
    if isinstance(value, (tuple, list)):
        return [a for v in value for a in arrays(v)]
    return [value] if isinstance(value, np.ndarray) else []


def is_single(*trees: Any) -> bool:
    """Whether any leaf is of single precision or less."""
    return any(np.finfo(np.asarray(v).dtype).eps > 1e-10 for t in trees for _, v in leaves(t))
