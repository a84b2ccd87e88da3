"""Whether values are finite, and what is said of them.

Takes values of any kind; gives texts. Never holds one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from sct.api.trees import of_kind
from sct.frontend.resolve import has_fields, is_instance
from sct.runtime import fields_of, instance

__all__ = ["described", "is_finite", "numbers", "summed"]


def is_finite(value: Any) -> bool:
    """Whether all real and complex numbers in a value are finite; so is what holds none."""
    return all(bool(np.all(np.isfinite(x))) for x in numbers(value))


def numbers(value: Any, seen: frozenset[int] = frozenset()) -> Iterator[Any]:
    """The real and complex numbers in a value, and the arrays of such; `seen` are the objects that it is in."""
    if isinstance(value, (float, complex, np.inexact)) or (isinstance(value, np.ndarray) and value.dtype.kind in "fc"):
        yield value
    elif id(value) not in seen:
        for item in _items(value):
            yield from numbers(item, seen | {id(value)})


def _items(value: Any) -> Iterable[Any]:
    """What is in a container, or an object with fields."""
    if isinstance(value, (tuple, list)):
        return value
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, (ModuleType, type)) or callable(value) or not has_fields(value):
        return ()
    return fields_of(value).values()


def summed(a: Any, b: Any) -> Any:
    """The sum of two adjoints of one value, item by item and field by field; what has none has None."""
    if a is None or b is None:
        return b if a is None else a
    if isinstance(a, dict):
        return {k: summed(v, b[k]) for k, v in a.items()}
    if isinstance(a, (tuple, list)):
        return of_kind(a, [summed(x, y) for x, y in zip(a, b, strict=True)])
    if is_instance(a):
        theirs = fields_of(b)
        return instance(type(a), **{n: summed(v, theirs[n]) for n, v in fields_of(a).items()})
    return a + b


def described(value: Any) -> str:
    """What a value is, and between which numbers it lies."""
    if isinstance(value, (bool, int, float, complex, np.number, np.bool_)):
        return repr(value.item() if isinstance(value, np.generic) else value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "fciub":
        return f"{value.dtype} array of shape {value.shape}{''.join(f', {said}' for said in _ranges(value))}"
    found = [described(x) for x in numbers(value)]
    inner = f" of {'; '.join(found[:3])}{'; …' if len(found) > 3 else ''}" if found else ""
    return f"{type(value).__name__}{inner}"


def _ranges(value: Any) -> Iterator[str]:
    """Which entries of an array are not finite, and between which numbers the others lie."""
    finite = np.isfinite(value)
    count = value.size - np.count_nonzero(finite)
    if count:
        first = [int(i) for i in np.argwhere(~finite)[0]]
        kinds = {str(x) for x in np.unique(value[~finite])} if value.dtype.kind == "f" else {"not finite"}
        many = f"{count} of {value.size}" if value.size > 1 else "it"
        yield f"{many} {'are' if count > 1 else 'is'} {' or '.join(sorted(kinds))}" + (f", first at {first}" if first else "")
    rest = value[finite]
    if rest.size:
        size = np.abs(rest) if value.dtype.kind == "c" else rest
        whose = "in size " if value.dtype.kind == "c" else ""
        yield f"{'the rest ' if count else ''}{whose}from {size.min().item():.6g} to {size.max().item():.6g}"
