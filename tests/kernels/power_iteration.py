"""Leading eigenpairs of a symmetric matrix by power iteration with deflation; Golub & Van Loan 2013, 8.2."""

import numpy as np


def power_iteration(A, start, count, iterations):
    """The `count` largest eigenvalues of A, and their vectors as columns; two buffers change places in each iteration."""
    n = A.shape[0]
    B = 0.5 * (A + A.T)
    values = np.empty(count)
    vectors = np.empty((n, count))
    v = np.empty(n)
    w = np.empty(n)
    for k in range(count):
        v[:] = start
        for _ in range(iterations):
            np.dot(B, v, out=w)
            w /= np.sqrt(np.sum(w * w))
            v, w = w, v
        values[k] = v @ B @ v
        vectors[:, k] = v
        B -= values[k] * np.outer(v, v)
    return values, vectors


def example(rng):
    """A 5 x 5 matrix with well-separated eigenvalues; an odd number of iterations leaves the buffers exchanged."""
    return np.diag([5.0, 3.0, 1.5, 0.7, 0.2]) + 0.2 * rng.standard_normal((5, 5)), rng.uniform(0.5, 1.0, 5), 3, 7
