"""Correlation matrix by loops, in place on the data; columns that hardly vary are not scaled up; PolyBench's correlation."""

import numpy as np


def correlation(data, eps):
    """Return the correlation matrix and the standard deviations; those up to `eps` become one; `data` is standardized."""
    n, m = data.shape
    mean = np.zeros(m)
    stddev = np.zeros(m)
    for i in range(n):
        mean += data[i]
    mean /= n
    for j in range(m):
        for i in range(n):
            stddev[j] += (data[i, j] - mean[j]) ** 2
        stddev[j] = np.sqrt(stddev[j] / n)
    stddev[stddev <= eps] = 1.0
    for i in range(n):
        data[i] -= mean
        data[i] /= np.sqrt(n) * stddev
    corr = np.eye(m)
    for i in range(m - 1):
        for j in range(i + 1, m):
            corr[i, j] = data[:, i] @ data[:, j]
            corr[j, i] = corr[i, j]
    return corr, stddev


WRT = ("data",)  # eps is only compared with


def example(rng):
    """Seven observations of five variables, the fourth nearly constant."""
    data = rng.uniform(-0.2, 0.2, (7, 5)) + np.linspace(-1.0, 1.0, 7)[:, None]
    data[:, 3] = 2.0 + 0.01 * rng.standard_normal(7)
    return data, 0.1
