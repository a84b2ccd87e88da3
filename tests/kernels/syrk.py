"""Symmetric rank-k update C = alpha A Aᵀ + beta C of the lower triangle, in place (BLAS dsyrk; PolyBench's loop order)."""

import numpy as np


def syrk(alpha, beta, C, A):
    """Update the lower triangle of `C` and return `C`."""
    n, m = A.shape
    for i in range(n):
        C[i, : i + 1] *= beta
        for k in range(m):
            C[i, : i + 1] += alpha * A[i, k] * A[: i + 1, k]
    return C


def example(rng):
    """Order 6, rank 4."""
    return 1.5, 0.7, rng.standard_normal((6, 6)), np.sin(rng.standard_normal((6, 4)))
