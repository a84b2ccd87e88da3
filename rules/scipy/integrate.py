"""Rules of scipy.integrate: integrals of what is given at points, followed as sums.

Takes nothing; registers what the functions are made of. Those that call a function are refused.
"""

from types import ModuleType

import numpy as np
from scipy import integrate

from sct.registry.compositions import composition
from sct.registry.effects import effect, is_registered
from sct.registry.refusals import refused


def along(y, axis):
    """An array whose last axis is the one along which is integrated."""
    y = np.asarray(y)
    return y if axis == -1 else np.moveaxis(y, axis, -1)


def spacings(x, axis):
    """The distances of points, which are the same for all rows if they are a vector."""
    return np.diff(x) if np.ndim(x) == 1 else np.diff(along(x, axis))


def ratio(a, b):
    """a / b, and 0 where b is 0, between points that are one."""
    apart = b != 0
    return np.where(apart, a / np.where(apart, b, 1.0), 0.0)


@composition(integrate.trapezoid, rounded=True)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """As np.trapezoid."""
    return np.trapezoid(y, x, dx, axis)


@composition(integrate.cumulative_trapezoid, rounded=True)
def cumulative_trapezoid(y, x=None, dx=1.0, axis=-1, initial=None):
    """The sums of trapezoids up to each point, after 0 if that is asked for."""
    y = along(y, axis)
    width = dx if x is None else spacings(x, axis)
    areas = np.cumsum(width * (y[..., 1:] + y[..., :-1]) / 2.0, axis=-1)
    if initial is not None:
        if initial != 0:
            raise ValueError("`initial` must be `None` or `0`.")
        areas = np.concatenate((np.zeros(np.shape(y[..., :1])), areas), axis=-1)
    return areas if axis == -1 else np.moveaxis(areas, -1, axis)


def parabolas(y):
    """Simpson's rule between points at distances of 1, of which there is an odd number."""
    return np.sum(y[..., :-2:2] + 4.0 * y[..., 1:-1:2] + y[..., 2::2], axis=-1) / 3.0


def parabolas_between(y, h):
    """Simpson's rule between points at such distances, of which there is an even number."""
    left, right = h[..., :-1:2], h[..., 1::2]
    both = left + right
    first = y[..., :-2:2] * (2.0 - ratio(right, left))
    middle = y[..., 1:-1:2] * ratio(both * both, left * right)
    return np.sum(both / 6.0 * (first + middle + y[..., 2::2] * (2.0 - ratio(left, right))), axis=-1)


def last_interval(y, before, width):
    """The parabola through the last three points over the last interval alone (Cartwright 2017, equation 8)."""
    last = ratio(2.0 * width**2 + 3.0 * before * width, 6.0 * (width + before))
    middle = ratio(width**2 + 3.0 * before * width, 6.0 * before)
    first = ratio(width**3, 6.0 * before * (before + width))
    return last * y[..., -1] + middle * y[..., -2] - first * y[..., -3]


@composition(integrate.simpson, rounded=True)
def simpson(y, x=None, *, dx=1.0, axis=-1):
    """Parabolas through three points each, and over a last interval that is left."""
    y = along(y, axis)
    n = np.shape(y)[-1]
    if x is None:
        if n % 2 == 1:
            return parabolas(y) * dx
        if n == 2:
            return 0.5 * dx * (y[..., -1] + y[..., -2])
        last = (5.0 * y[..., -1] + 8.0 * y[..., -2] - y[..., -3]) / 12.0
        return (parabolas(y[..., :-1]) + last) * dx
    h = spacings(x, axis)
    if n % 2 == 1:
        return parabolas_between(y, h)
    if n == 2:
        return 0.5 * h[..., -1] * (y[..., -1] + y[..., -2])
    return parabolas_between(y[..., :-1], h[..., :-1]) + last_interval(y, h[..., -2], h[..., -1])


refused(
    "It has no rule: use simpson or trapezoid.",
    *(integrate.cumulative_simpson, integrate.romb, integrate.newton_cotes),
)
for _name in integrate.__all__:
    _value = getattr(integrate, _name)
    if callable(_value) and not isinstance(_value, ModuleType) and not is_registered(_value):
        effect("acts", _value)
        refused("It calls a function, through which it is not followed: write the sum of its steps, or give it a rule.", _value)
