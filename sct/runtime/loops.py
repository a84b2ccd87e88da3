"""What loops for Numba call: as Python, what NumPy has; compiled, what is quicker (`sct.backend.vectorized`, `.scratch`)."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["exp", "half_power", "raised", "scratch", "zeroed_scratch"]


def exp(x: Any) -> Any:
    """The exponential of a number."""
    return np.exp(x)


def half_power(x: Any, n: int) -> Any:
    """`x ** (n / 2)`, of an odd n."""
    return x ** (n / 2)


def raised(error: BaseException) -> None:
    """Raise an error."""
    raise error


def scratch(shape: Any, dtype: Any = np.float64) -> Any:
    """An array to work in, which is not given to anybody."""
    return np.empty(shape, dtype)


def zeroed_scratch(shape: Any, dtype: Any = np.float64) -> Any:
    """An array of zeros to work in."""
    return np.zeros(shape, dtype)
