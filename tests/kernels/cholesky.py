"""Cholesky factorization by scalar loops, in place on the lower triangle (Golub and Van Loan, Matrix Computations, 4.2)."""

import math

import numpy as np


def cholesky(A):
    """Overwrite the lower triangle of `A` by L with L Lᵀ = A; the strict upper triangle is neither read nor written."""
    n = A.shape[0]
    for j in range(n):
        s = A[j, j]
        for k in range(j):
            s -= A[j, k] * A[j, k]
        A[j, j] = math.sqrt(s)
        for i in range(j + 1, n):
            s = A[i, j]
            for k in range(j):
                s -= A[i, k] * A[j, k]
            A[i, j] = s / A[j, j]
    return A


def example(rng):
    """A well-conditioned 5 by 5 matrix."""
    B = rng.standard_normal((5, 5))
    return (B @ B.T + 5.0 * np.eye(5),)
