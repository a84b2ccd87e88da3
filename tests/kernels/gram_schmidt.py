"""Modified Gram-Schmidt QR, columns written in place into Q and R (Golub and Van Loan, Matrix Computations, 5.2)."""

import numpy as np


def gram_schmidt(A):
    """Return Q and R with A = Q R; what is left of the columns is kept in `A`."""
    m, n = A.shape
    Q = np.zeros((m, n))
    R = np.zeros((n, n))
    for k in range(n):
        q = Q[:, k]
        q[:] = A[:, k]
        R[k, k] = np.sqrt(q @ q)
        q /= R[k, k]
        for j in range(k + 1, n):
            R[k, j] = np.dot(q, A[:, j])
            A[:, j] -= R[k, j] * Q[:, k]
    return Q, R


def example(rng):
    """Four columns of length 6, far from dependent."""
    return (np.eye(6, 4) * 2.0 + 0.5 * rng.standard_normal((6, 4)),)
