"""LU factorization without pivoting, in place, row by row (Golub and Van Loan, Matrix Computations, 3.2)."""

import numpy as np


def lu(A):
    """Overwrite `A` by U on and above the diagonal and the unit lower L below it; return `A` and log |det A|."""
    n = A.shape[0]
    logdet = 0.0
    for i in range(n):
        for j in range(i):
            for k in range(j):
                A[i, j] -= A[i, k] * A[k, j]
            A[i, j] /= A[j, j]
        for j in range(i, n):
            for k in range(i):
                A[i, j] -= A[i, k] * A[k, j]
        logdet += np.log(np.abs(A[i, i]))
    return A, logdet


def example(rng):
    """A diagonally dominant 5 by 5 matrix, one pivot negative."""
    A = rng.uniform(-1.0, 1.0, (5, 5)) + 6.0 * np.eye(5)
    A[2, 2] -= 13.0
    return (A,)
