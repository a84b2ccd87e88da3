"""Rules of scipy.interpolate: what interpolates between points, by the points, the values there, and where it is evaluated.

Takes nothing; registers the classes whose formulas are explicit, followed as objects in Python. Splines, which solve a system
of equations, are refused.
"""

from types import ModuleType

import numpy as np
from scipy import interpolate

from sct.ir.shapes import as_array
from sct.registry.compositions import composition
from sct.registry.effects import is_registered
from sct.registry.refusals import refused


def interval_of(x, x_new):
    """The number of the interval between points in which each of others is; that at an end for those outside."""
    return np.clip(np.searchsorted(x, x_new), 1, len(x) - 1)


class Linear:
    """`interp1d` of the kind "linear"."""

    __sct_stands_for__ = interpolate.interp1d

    def __init__(self, x, y, fill):
        self.x = x
        self.y = y
        self.fill = fill

    def __call__(self, x):
        x_new = np.asarray(x)
        upper = interval_of(self.x, x_new)
        lower = upper - 1
        y_lower = self.y[..., lower]
        slope = (self.y[..., upper] - y_lower) / (self.x[upper] - self.x[lower])
        y_new = slope * (x_new - self.x[lower]) + y_lower
        if isinstance(self.fill, str):
            return y_new
        below, above = x_new < self.x[0], x_new > self.x[-1]
        if self.fill is None:
            if np.any(below | above):
                raise ValueError("A value in x_new is outside the interpolation range.")
            return y_new
        low, high = self.fill if isinstance(self.fill, tuple) else (self.fill, self.fill)
        return np.where(below, low, np.where(above, high, y_new))


def is_linear(x, y, kind="linear", axis=-1, copy=True, bounds_error=None, fill_value=None, assume_sorted=False):
    return kind == "linear" and axis == -1 and bounds_error is not True


@composition(interpolate.interp1d, covers=is_linear, rounded=True)
def interp1d(x, y, kind="linear", axis=-1, copy=True, bounds_error=None, fill_value=None, assume_sorted=False):
    """Straight lines between points, along the last axis of the values; the points are sorted."""
    x, y = np.asarray(x), np.asarray(y)
    if not assume_sorted:
        order = np.argsort(x, kind="mergesort")
        x, y = x[order], y[..., order]
    return Linear(x, y, np.nan if fill_value is None and bounds_error is False else fill_value)


class Hermite:
    """Cubic polynomials between points, by values and slopes there."""

    __sct_stands_for__ = interpolate.CubicHermiteSpline

    def __init__(self, x, y, slopes):
        self.x = x
        self.y = y
        self.slopes = slopes

    def __call__(self, x):
        x_new = np.asarray(x)
        upper = np.clip(np.searchsorted(self.x, x_new, side="right"), 1, len(self.x) - 1)
        lower = upper - 1
        width = self.x[upper] - self.x[lower]
        t = x_new - self.x[lower]
        secant = (self.y[upper] - self.y[lower]) / width
        bend = (self.slopes[lower] + self.slopes[upper] - 2.0 * secant) / width
        cubic = bend / width
        square = (secant - self.slopes[lower]) / width - bend
        return self.y[lower] + t * (self.slopes[lower] + t * (square + t * cubic))


def of_one_row(x, y, *slopes, **kwargs):
    return as_array(y).rank == 1 and not kwargs and all(as_array(s).rank == 1 for s in slopes)


@composition(interpolate.CubicHermiteSpline, covers=of_one_row, rounded=True)
def cubic_hermite_spline(x, y, dydx):
    """By values and slopes at the points."""
    return Hermite(np.asarray(x), np.asarray(y), np.asarray(dydx))


@composition(interpolate.PchipInterpolator, covers=lambda x, y, **kwargs: of_one_row(x, y, **kwargs), rounded=True)
def pchip_interpolator(x, y):
    """Slopes that keep what is monotonic so: weighted harmonic means, and 0 at extrema (Fritsch and Butland 1984)."""
    x, y = np.asarray(x), np.asarray(y)
    return Hermite(x, y, monotonic_slopes(x, y))


def monotonic_slopes(x, y):
    """The slopes at points by which cubic polynomials are monotonic where the values are."""
    width = np.diff(x)
    secant = np.diff(y) / width
    if len(x) == 2:
        return np.concatenate((secant, secant))
    before, after = secant[:-1], secant[1:]
    flat = (np.sign(before) != np.sign(after)) | (before == 0) | (after == 0)
    w1, w2 = 2.0 * width[1:] + width[:-1], width[1:] + 2.0 * width[:-1]
    mean = (w1 / np.where(flat, 1.0, before) + w2 / np.where(flat, 1.0, after)) / (w1 + w2)
    inner = np.where(flat, 0.0, 1.0 / mean)
    first = slope_at_end(width[0], width[1], secant[0], secant[1])
    last = slope_at_end(width[-1], width[-2], secant[-1], secant[-2])
    return np.concatenate((np.reshape(first, (1,)), inner, np.reshape(last, (1,))))


def slope_at_end(h0, h1, m0, m1):
    """That of the parabola through three points, less if it would not be monotonic (Moler: Numerical Computing, pchiptx)."""
    slope = ((2.0 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    steep = (np.sign(m0) != np.sign(m1)) & (np.abs(slope) > 3.0 * np.abs(m0))
    return np.where(np.sign(slope) != np.sign(m0), 0.0, np.where(steep, 3.0 * m0, slope))


for _name in interpolate.__all__:
    _value = getattr(interpolate, _name)
    if callable(_value) and not isinstance(_value, ModuleType) and not is_registered(_value):
        refused("It has no rule: use interp1d of the kind linear, PchipInterpolator or CubicHermiteSpline.", _value)
