"""Arguments and results that are tuples, lists and dicts of arrays.

Takes such a tree; gives one of the same structure. Never changes one.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from sct.frontend.resolve import has_fields, is_instance
from sct.runtime import fields_of, instance

__all__ = ["copied", "ones_like"]


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
