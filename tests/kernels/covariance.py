"""Mean and covariance by loops, written into the caller's arrays, data centred in place; PolyBench's covariance."""

import numpy as np


def covariance(data, mean, cov):
    """Fill `mean` and `cov` for `data`, one observation a row; return both."""
    n, m = data.shape
    for j in range(m):
        mean[j] = 0.0
        for i in range(n):
            mean[j] += data[i, j]
        mean[j] /= n
    for i in range(n):
        for j in range(m):
            data[i, j] -= mean[j]
    for i in range(m):
        for j in range(i, m):
            cov[i, j] = 0.0
            for k in range(n):
                cov[i, j] += data[k, i] * data[k, j]
            cov[i, j] /= n - 1.0
            cov[j, i] = cov[i, j]
    return mean, cov


def example(rng):
    """Six observations of four variables; the arrays to be filled hold old numbers."""
    return rng.standard_normal((6, 4)), np.ones(4), rng.standard_normal((4, 4))
