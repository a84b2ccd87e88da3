"""The logarithm of a sum of exponentials, of which the largest is taken out first."""

import numpy as np

from .tasks import Task, function, gradient, number, numbers

__all__ = ["FUNCTIONS", "primal"]


def primal(x):
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def _prepared(given):
    return (np.array(given["x"], float),)


FUNCTIONS = {
    "primal": Task(_prepared, function(primal), number),
    "gradient": Task(_prepared, gradient(primal, "x"), numbers),
}
