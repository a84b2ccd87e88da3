"""Linear least squares: a polynomial with the coefficients `x` against the signs of `n` points between -1 and 1."""

import numpy as np

from .tasks import Task, function, gradient, number, numbers

__all__ = ["FUNCTIONS", "primal"]


def primal(x, n):
    t = np.linspace(-1.0, 1.0, n)
    fit = np.zeros(n)
    for coefficient in x[::-1]:
        fit = fit * t + coefficient
    residual = np.sign(t) - fit
    return 0.5 * np.sum(residual * residual)


def _prepared(given):
    return np.array(given["x"], float), given["n"]


FUNCTIONS = {
    "primal": Task(_prepared, function(primal), number),
    "gradient": Task(_prepared, gradient(primal, "x"), numbers),
}
