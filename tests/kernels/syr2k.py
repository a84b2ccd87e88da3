"""Symmetric rank-2k update C = alpha (A Bᵀ + B Aᵀ) + beta C of the lower triangle, in place (BLAS dsyr2k, PolyBench)."""

import numpy as np


def syr2k(alpha, beta, C, A, B):
    """Update the lower triangle of `C` and return `C`."""
    for i in range(A.shape[0]):
        row = C[i, : i + 1]
        row *= beta
        for k in range(A.shape[1]):
            row += alpha * B[i, k] * A[: i + 1, k]
            row += alpha * A[i, k] * B[: i + 1, k]
    return C


def example(rng):
    """Order 5, rank 3."""
    return 1.2, 0.8, rng.standard_normal((5, 5)), rng.standard_normal((5, 3)), np.cos(rng.standard_normal((5, 3)))
