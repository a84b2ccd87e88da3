"""The field that takes a charged particle to the origin: gradient descent through a simulation that takes gradients itself."""

import numpy as np

import sct

from .descent import argmin
from .tasks import Task, number

__all__ = ["FUNCTIONS", "best"]

STEP = 0.1


def potential(x, y, w):
    """Of two charges, at (10, 10 - w) and (10, 0)."""
    right = 10.0 - x
    return 1.0 / np.sqrt(right**2 + (10.0 - w - y) ** 2) + 1.0 / np.sqrt(right**2 + y**2)


def fall(w, slope):
    """The square of where the particle crosses the axis, by Euler's method; `slope` gives the slopes of the potential."""
    x, y, speed_x, speed_y = 0.0, 8.0, 0.75, 0.0
    while y > 0.0:
        slope_x, slope_y = slope(x, y, w)
        x = x + STEP * speed_x
        y = y + STEP * speed_y
        if y > 0.0:
            speed_x = speed_x - STEP * slope_x
            speed_y = speed_y - STEP * slope_y
    return (x - y / speed_y * speed_x) ** 2


def slope_reverse(x, y, w):
    return sct.grad(potential, ("x", "y"))(x, y, w)


def slope_forward(x, y, w):
    return sct.jvp(potential, "x")(x, y, w, 1.0)[1], sct.jvp(potential, "y")(x, y, w, 1.0)[1]


def fall_reverse(w):
    return fall(w, slope_reverse)


def fall_forward(w):
    return fall(w, slope_forward)


def best_rr(w):
    return argmin(fall_reverse, lambda w: sct.grad(fall_reverse)(w), w)


def best_rf(w):
    return argmin(fall_forward, lambda w: sct.grad(fall_forward)(w), w)


def best_fr(w):
    return argmin(fall_reverse, lambda w: sct.jvp(fall_reverse)(w, 1.0)[1], w)


def best_ff(w):
    return argmin(fall_forward, lambda w: sct.jvp(fall_forward)(w, 1.0)[1], w)


def best(mode, jit=None):
    """What finds the best `w`: `mode` has a letter for the descent and one for the simulation, f(orward) or r(everse)."""
    return sct.compile({"ff": best_ff, "fr": best_fr, "rf": best_rf, "rr": best_rr}[mode], jit=jit)


def _prepared(given):
    return (float(given["w"]),)


def _task(mode):
    return Task(_prepared, lambda jit: best(mode, jit), number)


FUNCTIONS = {mode: _task(mode) for mode in ("ff", "fr", "rf", "rr")}
