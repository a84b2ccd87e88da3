"""Functions of NumPy's that it composes of others, as Python functions that are followed like any other.

What stands here for a function of NumPy's is called in its place (`in_python`), with what are arrays, lists and numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sct.runtime.strides import strided, strided_entries

__all__ = [
    "polynomial_at",
    "polynomial_difference",
    "polynomial_product",
    "polynomial_slopes",
    "polynomial_sum",
    "windows",
    "with_strides",
]


def with_strides(x: Any, shape: Any = None, strides: Any = None, subok: Any = False, writeable: Any = True) -> Any:
    """`np.lib.stride_tricks.as_strided`, of which the entries are known by their numbers in the array."""
    x = np.asarray(x)
    return strided(x, strided_entries(x, shape, strides), shape, strides, False, writeable)


def windows(x: Any, window_shape: Any, axis: Any = None, *, subok: Any = False, writeable: Any = False) -> Any:
    """`np.lib.stride_tricks.sliding_window_view`."""
    x = np.asarray(x)
    sizes = window_shape if isinstance(window_shape, (tuple, list)) else (window_shape,)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    if len(sizes) != len(axes):
        raise ValueError("there must be a size of windows for each axis")
    lengths = np.array(x.shape)
    for k, n in zip(axes, sizes, strict=True):
        lengths[k] -= n - 1
        if n < 0 or lengths[k] < 1:
            raise ValueError("a window is larger than the array")
    return with_strides(x, (*lengths, *sizes), (*x.strides, *[x.strides[k] for k in axes]), False, writeable)


def polynomial_at(p: Any, x: Any) -> Any:
    """`np.polyval`, by Horner's rule."""
    x = np.asanyarray(x)
    y = np.zeros_like(x)
    for coefficient in np.asarray(p):
        y = y * x + coefficient
    return y


def polynomial_sum(a1: Any, a2: Any) -> Any:
    """`np.polyadd`."""
    a1, a2 = np.atleast_1d(a1), np.atleast_1d(a2)
    n = max(len(a1), len(a2))
    return np.pad(a1, (n - len(a1), 0)) + np.pad(a2, (n - len(a2), 0))


def polynomial_difference(a1: Any, a2: Any) -> Any:
    """`np.polysub`."""
    a1, a2 = np.atleast_1d(a1), np.atleast_1d(a2)
    n = max(len(a1), len(a2))
    return np.pad(a1, (n - len(a1), 0)) - np.pad(a2, (n - len(a2), 0))


def polynomial_product(a1: Any, a2: Any) -> Any:
    """`np.polymul`."""
    a1, a2 = np.atleast_1d(a1), np.atleast_1d(a2)
    return np.convolve(a1, a2)[_leading_zeros(a1) + _leading_zeros(a2) :]


def _leading_zeros(p: Any) -> Any:
    """How many of the coefficients NumPy leaves out: of a polynomial that is 0 all but one."""
    return np.argmax(p != 0) if np.any(p != 0) else len(p) - 1


def polynomial_slopes(p: Any, m: Any = 1) -> Any:
    """`np.polyder`."""
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    p = np.asarray(p)
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p
