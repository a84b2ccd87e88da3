"""Durbin's recursion for the Yule-Walker equations (Golub and Van Loan, Matrix Computations, 4.7)."""

import numpy as np


def durbin(r):
    """Solve T y = -r, T symmetric Toeplitz with first row (1, r[0], ..., r[n-2]); return y and the prediction error."""
    n = len(r)
    y = np.empty(n)
    alpha = -r[0]
    beta = 1.0
    y[0] = -r[0]
    for k in range(1, n):
        beta *= 1.0 - alpha * alpha
        alpha = -(r[k] + np.dot(r[:k][::-1], y[:k])) / beta
        y[:k] += alpha * y[:k][::-1]
        y[k] = alpha
    return y, beta * (1.0 - alpha * alpha)


def example(rng):
    """A decaying autocorrelation of seven lags."""
    lags = np.arange(1, 8)
    return (0.6**lags + 0.02 * rng.standard_normal(7),)
