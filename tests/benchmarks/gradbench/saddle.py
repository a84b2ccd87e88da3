"""A saddle point: gradient descent on what gradient ascent reaches, which is differentiated too."""

import numpy as np

import sct

from .descent import argmin
from .tasks import Task, numbers

__all__ = ["FUNCTIONS", "point"]


def height(x, y):
    return np.sum(x * x) - np.sum(y * y)


def depth(y, x):
    return -height(x, y)


def by_reverse(y, x):
    return sct.grad(depth, "y")(y, x)


def by_forward(y, x):
    first, second = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    return np.array([sct.jvp(depth, "y")(y, x, first)[1], sct.jvp(depth, "y")(y, x, second)[1]])


def search_reverse(start, x):
    """Where the height over `x` is greatest."""
    return argmin(lambda y: depth(y, x), lambda y: by_reverse(y, x), start)


def search_forward(start, x):
    return argmin(lambda y: depth(y, x), lambda y: by_forward(y, x), start)


def point(mode, jit=None):
    """What finds the saddle point: `mode` has a letter for the descent and one for the ascent in it, f(orward) or r(everse).

    The ascent ends at a root of the slope, and is differentiated as that.
    """
    search, slope = (search_reverse, by_reverse) if mode[1] == "r" else (search_forward, by_forward)
    top = sct.custom_root(slope)(sct.compile(search, jit=jit))

    def ridge(x, start):
        return height(x, top(start, x))

    gradient = sct.grad(ridge, "x") if mode[0] == "r" else sct.jacobian(ridge, "x", mode="forward")

    def found(start):
        x = argmin(lambda x: ridge(x, start), lambda x: gradient(x, start), start)
        return np.concatenate((x, top(start, x)))

    return found


def _prepared(given):
    return (np.array(given["start"], float),)


def _task(mode):
    return Task(_prepared, lambda jit: point(mode, jit), numbers)


FUNCTIONS = {mode: _task(mode) for mode in ("ff", "fr", "rf", "rr")}
