"""Calls that NumPy takes, and of which finite differences tell nothing about the derivative.

Takes a call with its result; gives whether the two can be compared. What is told of a function stands in one table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sct.testing.rules import ONE_TRIANGLE

__all__ = ["is_comparable"]


def is_comparable(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], y: Any) -> bool:
    """Whether finite differences of a call that gives `y` are of its derivative."""
    return not any(tells(y, *args, **kwargs) for tells in _INCOMPARABLE.get(function, ()))


def _without_order(y: Any, x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> bool:
    """Whether there are knots that NumPy takes for ascending, and that are not."""
    return period is None and not np.all(np.diff(np.asarray(xp, float)) > 0.0)


def _of_a_number(y: Any, a: Any, *args: Any, **kwargs: Any) -> bool:
    """Whether the operand is no array, in which no direction is symmetric."""
    return not isinstance(a, np.ndarray)


def _with_phases(k: int) -> Callable[..., bool]:
    """Whether the result has complex vectors as item `k`, whose phases are a choice."""
    return lambda y, *args, **kwargs: isinstance(y, tuple) and np.iscomplexobj(y[k])


def _beyond_singular_values(y: Any, a: Any, *args: Any, **kwargs: Any) -> bool:
    """Whether there are singular vectors without a singular value, a basis that is a choice."""
    return isinstance(y, tuple) and y[0].shape[-1] + y[2].shape[-2] > 2 * y[1].shape[-1]


def _beyond_columns(y: Any, a: Any, *args: Any, **kwargs: Any) -> bool:
    """Whether Q has columns beyond those of the operand, a basis that is a choice."""
    return isinstance(y, tuple) and y[0].shape[-1] > np.shape(a)[-1]


_INCOMPARABLE: dict[Any, list[Callable[..., bool]]] = {function: [_of_a_number] for function in ONE_TRIANGLE}
_INCOMPARABLE[np.interp] = [_without_order]
_INCOMPARABLE[np.linalg.svd] = [_with_phases(0), _beyond_singular_values]
_INCOMPARABLE[np.linalg.qr] = [_beyond_columns]
_INCOMPARABLE[np.linalg.eig] = [_with_phases(1)]
_INCOMPARABLE[np.linalg.eigh].append(_with_phases(1))
