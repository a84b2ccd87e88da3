"""Gradient descent with a step that grows after ten good ones and shrinks after a bad one, for `particle` and `saddle`."""

import numpy as np

__all__ = ["argmin"]


def argmin(f, gradient, x):
    """Where `f` is smallest, from `x` on; the search ends where the gradient, or a step, is no longer than 1e-5."""
    value, slope = f(x), gradient(x)
    eta, good = 1e-5, 0
    while np.sqrt(np.sum(slope * slope)) > 1e-5:
        if good == 10:
            eta, good = 2.0 * eta, 0
        step = eta * slope
        if np.sqrt(np.sum(step * step)) <= 1e-5:
            break
        tried = f(x - step)
        if tried < value:
            x = x - step
            value, slope = tried, gradient(x)
            good += 1
        else:
            eta, good = 0.5 * eta, 0
    return x
