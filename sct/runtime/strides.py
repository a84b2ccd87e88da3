"""Arrays with other strides, as np.lib.stride_tricks.as_strided gives them.

Takes an array, a shape and strides; gives the array with these, and which of its entries that has. Never gives what is no entry
of the array.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["strided", "strided_entries"]


def strided(x: Any, entries: Any, shape: Any = None, strides: Any = None, subok: bool = False, writeable: bool = True) -> Any:
    """`np.lib.stride_tricks.as_strided`, which gives the entries of these numbers."""
    return np.lib.stride_tricks.as_strided(x, shape, strides, subok, writeable)


def strided_entries(x: Any, shape: Any = None, strides: Any = None) -> Any:
    """The numbers, in the order of the indices, of the entries of `x` that it has with other strides.

    Raises ValueError for what is in memory between the entries of `x`, or beyond them.
    """
    x = np.asarray(x)
    own = _offsets(x.shape, x.strides).ravel()
    wanted = _offsets(x.shape if shape is None else shape, x.strides if strides is None else strides)
    order = np.argsort(own, kind="stable")
    places = np.searchsorted(own[order], wanted)
    if not np.all(places < own.size) or not np.array_equal(own[order[places]], wanted):
        raise ValueError("as_strided gives what is no entry of the array")
    return order[places]


def _offsets(shape: Any, strides: Any) -> Any:
    """How far the entries of an array lie from that of the indices 0, in bytes."""
    shape, strides = (tuple(x) if np.iterable(x) else (x,) for x in (shape, strides))
    offsets: Any = np.zeros(shape, int)
    for axis, (n, step) in enumerate(zip(shape, strides, strict=True)):
        offsets += np.reshape(np.arange(n) * step, (n,) + (1,) * (len(shape) - 1 - axis))
    return offsets
