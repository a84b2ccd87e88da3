"""What loops for Numba call: as Python, what NumPy has; compiled, what LLVM can vectorize (`sct.backend.vectorized`)."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["exp"]


def exp(x: Any) -> Any:
    """The exponential of a number."""
    return np.exp(x)
