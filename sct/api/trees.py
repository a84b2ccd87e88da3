"""Arguments and results that are tuples, lists and dicts of arrays.

Takes such a tree; gives one of the same structure. Never changes one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from sct.frontend.resolve import has_fields, is_instance
from sct.runtime import fields_of, instance

__all__ = ["copied", "filled", "leaves", "of_kind", "ones_like"]


def copied(value: Any) -> Any:
    """A copy of arguments, but for objects with fields: nothing is written into these."""
    if isinstance(value, dict):
        return {k: copied(v) for k, v in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(copied, value))
    return value if has_fields(value) else copy.deepcopy(value)


def ones_like(y: Any) -> Any:
    """A cotangent of the structure of `y`."""
    if isinstance(y, dict):
        return {k: ones_like(v) for k, v in y.items()}
    if isinstance(y, (tuple, list)):
        return type(y)(map(ones_like, y))
    if is_instance(y):
        return instance(type(y), **{n: ones_like(v) for n, v in fields_of(y).items()})
    if y is None or isinstance(y, (str, bytes)):
        return None
    return np.ones_like(y) if np.ndim(y) else 1.0


def leaves(x: Any) -> Iterator[Any]:
    """What is in tuples, lists and dicts, in order."""
    if isinstance(x, (tuple, list, dict)):
        for i in x.values() if isinstance(x, dict) else x:
            yield from leaves(i)
    else:
        yield x


def filled(x: Any, others: Iterator[Any]) -> Any:
    """A tree with other leaves."""
    if isinstance(x, dict):
        return {k: filled(v, others) for k, v in x.items()}
    if isinstance(x, (tuple, list)):
        return of_kind(x, [filled(i, others) for i in x])
    return next(others)


def of_kind(x: Any, items: Iterable[Any]) -> Any:
    """A tuple or list like `x`, a named one too, of other items."""
    return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)
