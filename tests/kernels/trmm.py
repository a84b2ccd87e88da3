"""Triangular matrix product B = alpha Aᵀ B in place, A unit lower triangular (BLAS dtrmm; PolyBench's loop order)."""

import numpy as np


def trmm(alpha, A, B):
    """Overwrite `B` and return it; the diagonal and the upper triangle of `A` are not read."""
    m, n = B.shape
    for i in range(m):
        for j in range(n):
            B[i, j] += np.dot(A[i + 1 :, i], B[i + 1 :, j])
            B[i, j] *= alpha
    return B


def example(rng):
    """A of order 5, B of 5 by 4."""
    return 1.3, rng.standard_normal((5, 5)), rng.standard_normal((5, 4))
