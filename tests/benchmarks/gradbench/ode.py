"""An ordinary differential equation from time 0 to 2 by the classical Runge-Kutta method; each unknown drives the next one."""

import numpy as np

from .tasks import Task, function, gradient, numbers

__all__ = ["FUNCTIONS", "last", "primal"]


def rate(x, y):
    found = x.copy()
    found[1:] *= y[:-1]
    return found


def primal(x, s):
    """All unknowns after `s` steps."""
    h = 2.0 / s
    y = np.zeros_like(x)
    for _ in range(s):
        k1 = rate(x, y)
        k2 = rate(x, y + 0.5 * h * k1)
        k3 = rate(x, y + 0.5 * h * k2)
        k4 = rate(x, y + h * k3)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return y


def last(x, s):
    """The last of them, of which the gradient is asked for."""
    return primal(x, s)[-1]


def _prepared(given):
    return np.array(given["x"], float), given["s"]


FUNCTIONS = {
    "primal": Task(_prepared, function(primal), numbers),
    "gradient": Task(_prepared, gradient(last, "x"), numbers),
}
