"""Rules of scipy.interpolate: what interpolates between points, by the points, the values there, and where it is evaluated.

Takes nothing; registers classes and functions, followed as objects in Python: piecewise polynomials by their coefficients,
splines by B-splines. Formulas are those of de Boor, "A Practical Guide to Splines" (1978), unless a docstring says otherwise.
The points and coefficients of what is made outside of a function are data.
"""

import functools
import itertools

import numpy as np
from scipy import interpolate, linalg
from scipy.spatial import distance

from sct.ir.shapes import as_shape, constant, fresh_size
from sct.ir.types import Array
from sct.registry.refusals import refused, those_of
from sct.registry.rules import nondifferentiable
from sct.registry.type_rules import result_type

from . import followed

_of = functools.partial(those_of, interpolate)


# ---------------------------------------------------------------------------------------------------------------------
# Points, values, and where it is evaluated
# ---------------------------------------------------------------------------------------------------------------------


def ascending(x):
    """Points as floating numbers; raises unless they ascend."""
    x = np.asarray(x, dtype=float)
    if np.any(x[1:] <= x[:-1]):
        raise ValueError("`x` must be strictly increasing sequence.")
    return x


def knots_of(t):
    """Knots as floating numbers; raises where one is less than that before it."""
    t = np.asarray(t, dtype=float)
    if np.any(t[1:] < t[:-1]):
        raise ValueError("Knots must be in a non-decreasing order.")
    return t


def with_first(y, axis):
    """Values as floating numbers, the axis along which is interpolated before all others."""
    y = as_floating(y)
    return y if np.ndim(y) == 1 or axis == 0 else np.moveaxis(y, axis, 0)


def as_floating(y):
    """Numbers in double precision, complex ones as they are."""
    y = np.asarray(y)
    return y if y.dtype.kind == "c" else np.asarray(y, dtype=float)


def in_place(y, rank, axis):
    """Values whose first axes are those of the points where it is evaluated, with these where `axis` was."""
    if axis == 0 or rank == 0:
        return y
    return np.moveaxis(y, tuple(range(rank)), tuple([axis + k for k in range(rank)]))


def beside(x, count):
    """An array with so many more axes behind its own."""
    return x if count == 0 else np.reshape(x, np.shape(x) + (1,) * count)


def interval_of(x, q, first, last):
    """The number of the interval between points in which each of others is, which is open above; at least and at most."""
    return np.clip(np.searchsorted(x, q, side="right") - 1, first, last)


def brought_inside(q, low, high):
    """Where a function of that period has the same value."""
    return low + (q - low) % (high - low)


def blank_outside(y, q, low, high):
    """Values, and nan where they are of what is outside."""
    return np.where(beside((q >= low) & (q <= high), np.ndim(y) - np.ndim(q)), y, np.nan)


# ---------------------------------------------------------------------------------------------------------------------
# Piecewise polynomials
# ---------------------------------------------------------------------------------------------------------------------


def differentiated(c, nu):
    """The coefficients of the derivative of polynomials, the highest power first."""
    for _ in tuple(range(nu)):
        powers = beside(np.arange(len(c) - 1.0, 0.0, -1.0), np.ndim(c) - 1)
        c = np.zeros(np.shape(c)) if len(c) == 1 else c[:-1] * powers
    return c


class Piecewise:
    """Polynomials between points, by their coefficients: c[j, i] is that of (x - x[i])ᵏ⁻ʲ."""

    __sct_stands_for__ = interpolate.PPoly

    def __init__(self, c, x, extrapolate=True, axis=0):
        self.c = c
        self.x = x
        self.extrapolate = extrapolate
        self.axis = axis

    def __call__(self, x, nu=0, extrapolate=None):
        beyond = self.extrapolate if extrapolate is None else extrapolate
        q = np.asarray(x, dtype=float)
        low, high = self.x[0], self.x[-1]
        if beyond == "periodic":
            q = brought_inside(q, low, high)
        i = interval_of(self.x, q, 0, len(self.x) - 2)
        c = differentiated(self.c, nu)[:, i]
        t = beside(q - self.x[i], np.ndim(self.c) - 2)
        y = c[0]
        for j in range(1, len(c)):
            y = y * t + c[j]
        if not beyond:
            y = blank_outside(y, q, low, high)
        return in_place(y, np.ndim(q), self.axis)

    def derivative(self, nu=1):
        return Piecewise(differentiated(self.c, nu), self.x, self.extrapolate, self.axis)

    def antiderivative(self, nu=1):
        c = self.c
        width = beside(np.diff(self.x), np.ndim(c) - 2)
        for _ in tuple(range(nu)):
            c = c / beside(np.arange(len(c), 0.0, -1.0), np.ndim(c) - 1)
            y = c[0]
            for j in range(1, len(c)):
                y = y * width + c[j]
            y = y * width
            before = np.concatenate((np.zeros(np.shape(y[:1])), np.cumsum(y, axis=0)[:-1]))
            c = np.concatenate((c, np.expand_dims(before, 0)))
        return Piecewise(c, self.x, False if self.extrapolate == "periodic" else self.extrapolate, self.axis)

    def integrate(self, a, b, extrapolate=None):
        beyond = self.extrapolate if extrapolate is None else extrapolate
        if beyond == "periodic":
            raise NotImplementedError("an integral over several periods; add up integrals over parts of one")
        whole = self.antiderivative()
        return whole(b, 0, beyond) - whole(a, 0, beyond)


class Cubic(Piecewise):
    """Cubic polynomials between points, by values and slopes there."""

    __sct_stands_for__ = interpolate.CubicHermiteSpline

    def __init__(self, x, y, slopes, extrapolate, axis):
        width = beside(np.diff(x), np.ndim(y) - 1)
        secant = np.diff(y, axis=0) / width
        bend = (slopes[:-1] + slopes[1:] - 2.0 * secant) / width
        c = np.stack((bend / width, (secant - slopes[:-1]) / width - bend, slopes[:-1], y[:-1]))
        super().__init__(c, x, extrapolate, axis)


class CubicBySecondDerivatives(Cubic):
    """One whose second derivatives are continuous."""

    __sct_stands_for__ = interpolate.CubicSpline


class Monotonic(Cubic):
    """One that is monotonic where the values are."""

    __sct_stands_for__ = interpolate.PchipInterpolator


class Local(Cubic):
    """One whose slopes depend on the values nearby."""

    __sct_stands_for__ = interpolate.Akima1DInterpolator


@followed(interpolate.PPoly)
def piecewise(c, x, extrapolate=None, axis=0):
    """By the coefficients; the points ascend."""
    c, x = np.asarray(c), np.asarray(x, dtype=float)
    if x[0] > x[-1]:
        raise NotImplementedError("points that descend; turn them round, and the coefficients")
    if axis != 0:
        c = np.moveaxis(c, (axis, axis + 1), (0, 1))
    return Piecewise(c, x, True if extrapolate is None else extrapolate, axis)


@followed(interpolate.CubicHermiteSpline)
def cubic_hermite_spline(x, y, dydx, axis=0, extrapolate=None):
    """By values and slopes at the points."""
    y = with_first(y, axis)
    return Cubic(ascending(x), y, with_first(dydx, axis), True if extrapolate is None else extrapolate, axis % np.ndim(y))


@followed(interpolate.PchipInterpolator)
def pchip_interpolator(x, y, axis=0, extrapolate=None):
    """Slopes that keep what is monotonic so: weighted harmonic means, and 0 at extrema (Fritsch and Butland 1984)."""
    x, y = ascending(x), with_first(y, axis)
    beyond = True if extrapolate is None else extrapolate
    return Monotonic(x, y, monotonic_slopes(x, y), beyond, axis % np.ndim(y))


def _has_one_order(xi, yi, x, der=0, axis=0):
    return isinstance(der, int)


@followed(interpolate.pchip_interpolate, covers=_has_one_order)
def pchip_interpolate(xi, yi, x, der=0, axis=0):
    """As PchipInterpolator, or its derivative."""
    return pchip_interpolator(xi, yi, axis)(x, der)


def monotonic_slopes(x, y):
    """The slopes at points by which cubic polynomials are monotonic where the values are."""
    width = beside(np.diff(x), np.ndim(y) - 1)
    secant = np.diff(y, axis=0) / width
    if len(x) == 2:
        return np.concatenate((secant, secant))
    before, after = secant[:-1], secant[1:]
    flat = (np.sign(before) != np.sign(after)) | (before == 0) | (after == 0)
    w1, w2 = 2.0 * width[1:] + width[:-1], width[1:] + 2.0 * width[:-1]
    mean = (w1 / np.where(flat, 1.0, before) + w2 / np.where(flat, 1.0, after)) / (w1 + w2)
    inner = np.where(flat, 0.0, 1.0 / mean)
    first = slope_at_end(width[:1], width[1:2], secant[:1], secant[1:2])
    last = slope_at_end(width[-1:], width[-2:-1], secant[-1:], secant[-2:-1])
    return np.concatenate((first, inner, last))


def slope_at_end(h0, h1, m0, m1):
    """That of the parabola through three points, less if it would not be monotonic (Moler: Numerical Computing, pchiptx)."""
    slope = ((2.0 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    steep = (np.sign(m0) != np.sign(m1)) & (np.abs(slope) > 3.0 * np.abs(m0))
    return np.where(np.sign(slope) != np.sign(m0), 0.0, np.where(steep, 3.0 * m0, slope))


@followed(interpolate.Akima1DInterpolator)
def akima(x, y, axis=0, *, method="akima", extrapolate=None):
    """Means of the secants before and after, each weighted by how much they change on the other side (Akima 1970)."""
    x, y = ascending(x), with_first(y, axis)
    beyond = False if extrapolate is None else extrapolate
    return Local(x, y, local_slopes(x, y, method), beyond, axis % np.ndim(y))


def local_slopes(x, y, method):
    """Akima's slopes at points; of the method "makima" with weights that are not 0 where the secants are the same."""
    secant = np.diff(y, axis=0) / beside(np.diff(x), np.ndim(y) - 1)
    if len(x) == 2:
        return np.concatenate((secant, secant))
    low = 2.0 * secant[:1] - secant[1:2]
    high = 2.0 * secant[-1:] - secant[-2:-1]
    m = np.concatenate((2.0 * low - secant[:1], low, secant, high, 2.0 * high - secant[-1:]))
    change = np.abs(np.diff(m, axis=0))
    if method == "makima":
        change = change + 0.5 * np.abs(m[1:] + m[:-1])
    before, after = change[:-2], change[2:]
    both = before + after
    mixed = both > 1e-9 * np.max(both)
    share = before / np.where(mixed, both, 1.0)
    return np.where(mixed, m[1:-2] + share * (m[2:-1] - m[1:-2]), 0.5 * (m[3:] + m[:-3]))


# --- cubic splines -------------------------------------------------------------------------------------------------------


def derivative_at_end(condition):
    """The order of the derivative that a condition gives, and its value."""
    if not isinstance(condition, str):
        return condition
    if condition not in ("clamped", "natural"):
        raise ValueError("Unknown boundary condition")
    return (1, 0.0) if condition == "clamped" else (2, 0.0)


def equation_at_end(condition, h, m, sign):
    """What a condition says of the slopes at an end and beside it: a s₀ + b s₁ = r, of widths and secants from the end on.

    The condition is that the third derivative is continuous at the point beside it, or the order of a derivative and its
    value; `sign` is -1 where the points are seen from the last one.
    """
    if is_not_a_knot(condition):
        both = h[0] + h[1]
        return h[1], both, ((h[0] + 2.0 * both) * h[1] * m[0] + h[0] ** 2 * m[1]) / both
    order, value = derivative_at_end(condition)
    if order == 1:
        return 1.0, 0.0, value + 0.0 * m[0]
    return 2.0 * h[0], h[0], 3.0 * h[0] * m[0] - sign * 0.5 * value * h[0] ** 2


def solved(lower, middle, upper, b):
    """What solves a system of which the matrix has three diagonals."""
    bands = np.stack((np.concatenate(((0.0,), upper)), middle, np.concatenate((lower, (0.0,)))))
    if np.ndim(b) < 3:
        return linalg.solve_banded((1, 1), bands, b)
    return np.reshape(linalg.solve_banded((1, 1), bands, np.reshape(b, (len(b), -1))), np.shape(b))


def spline_slopes(x, y, first, last):
    """The slopes at points by which second derivatives are continuous (chapter IV, 8)."""
    h = np.diff(x)
    wide = beside(h, np.ndim(y) - 1)
    m = np.diff(y, axis=0) / wide
    a0, b0, r0 = equation_at_end(first, h, m, 1.0)
    a1, b1, r1 = equation_at_end(last, h[::-1], m[::-1], -1.0)
    inner = 3.0 * (wide[1:] * m[:-1] + wide[:-1] * m[1:])
    middle = np.concatenate(((a0,), 2.0 * (h[:-1] + h[1:]), (a1,)))
    b = np.concatenate((np.expand_dims(r0, 0), inner, np.expand_dims(r1, 0)))
    return solved(np.concatenate((h[1:], (b1,))), middle, np.concatenate(((b0,), h[:-1])), b)


def periodic_slopes(x, y):
    """As those of `spline_slopes`, where all goes on from the beginning behind the end: the last unknown one is taken out of
    the others, which are of two systems with three diagonals."""
    h = np.diff(x)
    wide = beside(h, np.ndim(y) - 1)
    m = np.diff(y, axis=0) / wide
    h_before, wide_before, m_before = np.roll(h, 1), np.roll(wide, 1, 0), np.roll(m, 1, 0)
    b = 3.0 * (wide * m_before + wide_before * m)
    middle = 2.0 * (h_before + h)
    corner = np.concatenate((h[:1], np.zeros(len(h) - 3), h[-3:-2]))
    lower, upper = h[1:-1], h_before[:-2]
    s = solved(lower, middle[:-1], upper, b[:-1])
    of_last = solved(lower, middle[:-1], upper, corner)
    own = middle[-1] - h[-2] * of_last[0] - h[-1] * of_last[-1]
    last = (b[-1] - h[-2] * s[0] - h[-1] * s[-1]) / own
    s = s - beside(of_last, np.ndim(y) - 1) * last
    return np.concatenate((s, np.expand_dims(last, 0), s[:1]))


def is_not_a_knot(condition):
    """Whether a condition is that of third derivatives."""
    return isinstance(condition, str) and condition == "not-a-knot"


@followed(interpolate.CubicSpline)
def cubic_spline(x, y, axis=0, bc_type="not-a-knot", extrapolate=None):
    """By slopes that make second derivatives continuous."""
    x, y = ascending(x), with_first(y, axis)
    first, last = (bc_type, bc_type) if isinstance(bc_type, str) else bc_type
    if isinstance(first, str) and first == "periodic":
        if len(x) < 4:
            raise NotImplementedError("a periodic spline of fewer than four points; give it more")
        if not np.allclose(y[0], y[-1], rtol=1e-15, atol=1e-15):
            raise ValueError("The first and last `y` point must be identical when bc_type='periodic'.")
        slopes = periodic_slopes(x, y)
    else:
        if len(x) < 4 and (is_not_a_knot(first) or is_not_a_knot(last)):
            raise NotImplementedError("a cubic spline through fewer than four points, not-a-knot; use numpy.polyfit")
        slopes = spline_slopes(x, y, first, last)
    beyond = extrapolate
    if extrapolate is None:
        beyond = "periodic" if isinstance(first, str) and first == "periodic" else True
    return CubicBySecondDerivatives(x, y, slopes, beyond, axis % np.ndim(y))


# ---------------------------------------------------------------------------------------------------------------------
# B-splines
# ---------------------------------------------------------------------------------------------------------------------


def basis(t, k, x, i, nu=0):
    """The B-splines of degree k that are not 0 at points, or a derivative of them, of the intervals in which the points are.

    Those of degree j are of those of degree j - 1 by Cox's and de Boor's recurrence (chapter X, 7), derivatives by
    differences (chapter X, 9).
    """
    w = np.zeros((len(x), k + 1))
    if nu > k:
        return w
    w[:, k] = 1.0
    for j in range(1, k - nu + 1):
        upper, lower = t[i[:, None] + np.arange(1, j + 1)], t[i[:, None] + np.arange(1 - j, 1)]
        share = w[:, k - j + 1 :] / (upper - lower)
        w[:, k - j + 1 :] = share * (x[:, None] - lower)
        w[:, k - j : k] += share * (upper - x[:, None])
    if nu > 0:
        for j in range(k - nu + 1, k + 1):
            upper, lower = t[i[:, None] + np.arange(1, j + 1)], t[i[:, None] + np.arange(1 - j, 1)]
            share = j * w[:, k - j + 1 :] / (upper - lower)
            w[:, k - j + 1 :] = share
            w[:, k - j : k] -= share
    return w


class Spline:
    """A sum of B-splines, by the knots t, the coefficients and the degree."""

    __sct_stands_for__ = interpolate.BSpline

    def __init__(self, t, c, k, extrapolate=True, axis=0):
        self.t = t
        self.c = c
        self.k = k
        self.extrapolate = extrapolate
        self.axis = axis

    def __call__(self, x, nu=0, extrapolate=None):
        beyond = self.extrapolate if extrapolate is None else extrapolate
        t, c, k = self.t, self.c, self.k
        n = len(t) - k - 1
        q = np.asarray(x, dtype=float)
        if beyond == "periodic":
            q = brought_inside(q, t[k], t[n])
        points = q if np.ndim(q) == 1 else np.ravel(q)
        i = interval_of(t, points, k, n - 1)
        w = basis(t, k, points, i, nu)
        picked = c[i[:, None] + np.arange(-k, 1)]
        y = np.sum(beside(w, np.ndim(c) - 1) * picked, axis=1)
        if np.ndim(q) != 1:
            y = np.reshape(y, np.shape(q) + np.shape(c)[1:])
        if not beyond:
            y = blank_outside(y, q, t[k], t[n])
        return in_place(y, np.ndim(q), self.axis)

    def derivative(self, nu=1):
        t, c, k = self.t, self.c[: len(self.t) - self.k - 1], self.k
        for _ in tuple(range(nu)):
            if k == 0:
                raise ValueError("Order of derivative (n) must be <= order of spline (k)")
            width = beside(t[k + 1 : -1] - t[1 : -k - 1], np.ndim(c) - 1)
            apart = width != 0
            c = np.where(apart, k * np.diff(c, axis=0) / np.where(apart, width, 1.0), 0.0)
            t, k = t[1:-1], k - 1
        return Spline(t, with_zeros(c, k + 1), k, self.extrapolate, self.axis)

    def antiderivative(self, nu=1):
        t, c, k = self.t, self.c[: len(self.t) - self.k - 1], self.k
        for _ in tuple(range(nu)):
            width = beside(t[k + 1 :] - t[: -k - 1], np.ndim(c) - 1)
            c = np.concatenate((np.zeros(np.shape(c[:1])), np.cumsum(c * width, axis=0) / (k + 1)))
            t, k = np.concatenate((t[:1], t, t[-1:])), k + 1
        c = np.concatenate((c, np.repeat(c[-1:], k + 1, axis=0))) if nu > 0 else c
        return Spline(t, c, k, False if self.extrapolate == "periodic" else self.extrapolate, self.axis)

    def integrate(self, a, b, extrapolate=None):
        beyond = self.extrapolate if extrapolate is None else extrapolate
        if beyond == "periodic":
            raise NotImplementedError("an integral over several periods; add up integrals over parts of one")
        if not beyond:
            low, high = self.t[self.k], self.t[-self.k - 1]
            a, b = np.clip(a, low, high), np.clip(b, low, high)
        whole = self.antiderivative()
        return whole(b, 0, True) - whole(a, 0, True)


def with_zeros(c, count):
    """Coefficients, and so many zeros behind them, as SciPy pads those of a derivative."""
    return np.concatenate((c, np.zeros((count,) + np.shape(c)[1:])))


@followed(interpolate.BSpline)
def b_spline(t, c, k, extrapolate=True, axis=0):
    """By the knots, the coefficients and the degree."""
    c = with_first(c, axis)
    t = knots_of(t)
    if len(c) < len(t) - k - 1:
        raise ValueError("Knots, coefficients and degree are inconsistent.")
    return Spline(t, c, k, extrapolate, axis % np.ndim(c))


# --- splines through points ----------------------------------------------------------------------------------------------


def repeated(x, count):
    """The first point so many times, all points, and the last one so many times."""
    return np.concatenate((np.repeat(x[:1], count), x, np.repeat(x[-1:], count)))


def not_a_knot(x, k):
    """Knots for as many B-splines as points: points, or what is halfway between them, without some at the ends (XIII, 12)."""
    between = x if k % 2 == 1 else 0.5 * (x[1:] + x[:-1])
    cut = (k + 1) // 2
    return np.concatenate((np.repeat(x[:1], k + 1), between[cut : len(between) - cut], np.repeat(x[-1:], k + 1)))


def conditions_at_end(conditions):
    """The orders of the derivatives that are given at an end, and their values."""
    if conditions is None:
        return ()
    if isinstance(conditions, str):
        return (derivative_at_end(conditions),)
    return tuple([(order, value) for order, value in conditions])


def rows_of(t, k, x, i, conditions):
    """Derivatives of the B-splines that are not 0 at a point, a row for each condition."""
    return [basis(t, k, x, i, order) for order, _ in conditions]


def values_of(y, conditions):
    """The values of derivatives that are given, as further rows of values."""
    return [np.broadcast_to(value, (1,) + np.shape(y)[1:]) for _, value in conditions]


def joined(rows):
    """Arrays below one another."""
    return rows[0] if len(rows) == 1 else np.concatenate(rows)


def collocated(t, k, x, y, first, last):
    """The coefficients of B-splines that have the values at the points, and derivatives that are given at the ends: what
    solves a system whose matrix has bands (chapter XIII)."""
    n = len(t) - k - 1
    i = interval_of(t, x, k, n - 1)
    w = joined([*rows_of(t, k, x[:1], i[:1], first), basis(t, k, x, i), *rows_of(t, k, x[-1:], i[-1:], last)])
    i = joined([*[i[:1] for _ in first], i, *[i[-1:] for _ in last]])
    columns = i[:, None] + np.arange(-k, 1)
    bands = np.zeros((2 * k + 1, n))
    bands[k + np.arange(n)[:, None] - columns, columns] = w
    b = joined([*values_of(y, first), y, *values_of(y, last)])
    if np.ndim(y) < 3:
        return linalg.solve_banded((k, k), bands, b)
    return np.reshape(linalg.solve_banded((k, k), bands, np.reshape(b, (n, -1))), np.shape(b))


def through_points(x, y, k, t, bc_type, axis):
    """The spline of that degree that has the values, in which the axis is the first, at the points."""
    if k == 0:
        return Spline(np.concatenate((x, x[-1:])), y, k, True, axis)
    first, last = (bc_type, bc_type) if bc_type is None or isinstance(bc_type, str) else bc_type
    ends = conditions_at_end(first), conditions_at_end(last)
    if k == 1 and t is None:
        return Spline(repeated(x, 1), y, k, True, axis)
    if t is not None:
        t = knots_of(t)
    elif first is None and last is None:
        t = not_a_knot(x, k)
    else:
        t = repeated(x, k)
    if len(t) - k - 1 - len(x) != len(ends[0]) + len(ends[1]):
        raise ValueError("The number of derivatives at boundaries does not match.")
    return Spline(t, collocated(t, k, x, y, *ends), k, True, axis)


def around_circle(x, y, k, axis):
    """The spline that goes on from the beginning behind the end: of the coefficients the last ones are the first ones."""
    period, count = x[-1] - x[0], len(x) - 1
    knots = x if k % 2 == 1 else np.concatenate((x[:1], 0.5 * (x[:-2] + x[1:-1]), x[-1:]))
    j = np.arange(-k, count + k + 1)
    t = knots[j % count] + j // count * period
    i = interval_of(t, x[:-1], k, count + k - 1)
    rows = np.zeros((count, count))
    np.add.at(rows, (np.arange(count)[:, None], (i[:, None] + np.arange(-k, 1)) % count), basis(t, k, x[:-1], i))
    c = np.linalg.solve(rows, np.reshape(y[:-1], (count, -1)))[np.arange(count + k) % count]
    return Spline(t, np.reshape(c, (count + k,) + np.shape(y)[1:]), k, "periodic", axis)


@followed(interpolate.make_interp_spline)
def make_interp_spline(x, y, k=3, t=None, bc_type=None, axis=0, check_finite=True):
    """By the values at points, and derivatives at the ends."""
    x, y = ascending(x), with_first(y, axis)
    axis = axis % np.ndim(y)
    if isinstance(bc_type, str) and bc_type == "periodic" and k > 1:
        if t is not None:
            raise NotImplementedError("knots that are given in a circle; leave `t` out")
        if not np.allclose(y[0], y[-1], atol=1e-15):
            raise ValueError("First and last points does not match while periodic case expected")
        return around_circle(x, y, k, axis)
    none = isinstance(bc_type, str) and bc_type in ("not-a-knot", "periodic")
    return through_points(x, y, k, t, None if none else bc_type, axis)


@followed(interpolate.make_lsq_spline)
def make_lsq_spline(x, y, t, k=3, w=None, axis=0, check_finite=True, *, method="qr"):
    """By least squares of what it is from the values, each times its weight."""
    x, t, y = np.asarray(x, dtype=float), knots_of(t), with_first(y, axis)
    if (k > 0 and np.any((x < t[k]) | (x > t[-k]))) or np.any(x[1:] < x[:-1]):
        raise ValueError("Expect x to be an ascending sequence between the knots.")
    n = len(t) - k - 1
    i = interval_of(t, x, k, n - 1)
    rows = np.zeros((len(x), n))
    rows[np.arange(len(x))[:, None], i[:, None] + np.arange(-k, 1)] = basis(t, k, x, i)
    values = y if np.ndim(y) == 1 else np.reshape(y, (len(x), -1))
    if w is not None:
        weights = np.asarray(w, dtype=float)
        rows, values = rows * weights[:, None], values * beside(weights, np.ndim(values) - 1)
    c = np.linalg.lstsq(rows, values, rcond=None)[0]
    return Spline(t, np.reshape(c, (n,) + np.shape(y)[1:]), k, True, axis % np.ndim(y))


@followed(interpolate.make_smoothing_spline, covers=lambda x, y, w=None, lam=None, *, axis=0: lam is not None)
def make_smoothing_spline(x, y, w=None, lam=None, *, axis=0):
    """The natural spline of which the sum of squares, and `lam` times the integral of squared second derivatives, is least.

    These are γ of (R + λ Qᵀ W⁻¹ Q) γ = Qᵀ y, and the values at the points y - λ W⁻¹ Q γ (Reinsch 1967; Green and Silverman,
    "Nonparametric regression and generalized linear models", 2.3.3).
    """
    x, y = ascending(x), with_first(y, axis)
    if len(x) < 5:
        raise ValueError("``x`` and ``y`` length must be at least 5")
    if lam < 0.0:
        raise ValueError("Regularization parameter should be non-negative")
    h = np.diff(x)
    before, after = 1.0 / h[:-1], 1.0 / h[1:]
    q = np.stack((before, -before - after, after))
    scaled = lam * q if w is None else lam * q / triples(np.asarray(w, dtype=float))
    diagonal = (h[:-1] + h[1:]) / 3.0 + np.sum(q * scaled, axis=0)
    first = h[1:-1] / 6.0 + q[1, :-1] * scaled[0, 1:] + q[2, :-1] * scaled[1, 1:]
    bands = np.stack((diagonal, in_front(first, 1), in_front(q[2, :-2] * scaled[0, 2:], 2)))
    wide = beside(h, np.ndim(y) - 1)
    b = np.diff(np.diff(y, axis=0) / wide, axis=0)
    bends = np.reshape(linalg.solveh_banded(bands, np.reshape(b, (len(b), -1)), lower=True), np.shape(b))
    moved = [beside(scaled[k], np.ndim(y) - 1) * bends for k in range(3)]
    rest = np.shape(y)[1:]
    one, two = np.zeros((1,) + rest), np.zeros((2,) + rest)
    total = np.concatenate((moved[0], two)) + np.concatenate((one, moved[1], one)) + np.concatenate((two, moved[2]))
    return through_points(x, y - total, 3, None, "natural", axis % np.ndim(y))


def triples(w):
    """Each three neighbours."""
    return np.stack((w[:-2], w[1:-1], w[2:]))


def in_front(x, count):
    """What is below a diagonal, and so many zeros behind it."""
    return np.concatenate((x, np.zeros(count)))


# ---------------------------------------------------------------------------------------------------------------------
# interp1d
# ---------------------------------------------------------------------------------------------------------------------


def degree_of(kind):
    """The degree of the splines of a kind, None where it is not one of splines."""
    if isinstance(kind, int):
        return kind
    if kind in ("zero", "slinear"):
        return 0 if kind == "zero" else 1
    if kind in ("quadratic", "cubic"):
        return 2 if kind == "quadratic" else 3
    return None


class AlongLine:
    """What is between points, by the kind; outside of them what is to be filled in, if it does not go on."""

    __sct_stands_for__ = interpolate.interp1d

    def __init__(self, x, y, kind, spline, axis, bounds_error, fill):
        self.x = x
        self.y = y
        self.kind = kind
        self.spline = spline
        self.axis = axis
        self.bounds_error = bounds_error
        self.fill = fill

    def __call__(self, x):
        q = np.asarray(x)
        y = self.inside(q)
        below, above = q < self.x[0], q > self.x[-1]
        if self.bounds_error and np.any(below | above):
            raise ValueError("A value in x_new is outside the interpolation range.")
        if not self.bounds_error and self.fill is not None:
            low, high = self.fill if isinstance(self.fill, tuple) else (self.fill, self.fill)
            rank = np.ndim(y) - np.ndim(q)
            y = np.where(beside(below, rank), low, np.where(beside(above, rank), high, y))
        return in_place(y, np.ndim(q), self.axis)

    def inside(self, q):
        last = len(self.x) - 1
        if self.kind == "linear":
            upper = np.clip(np.searchsorted(self.x, q), 1, last)
            lower = upper - 1
            y_lower = self.y[lower]
            rank = np.ndim(self.y) - 1
            slope = (self.y[upper] - y_lower) / beside(self.x[upper] - self.x[lower], rank)
            return slope * beside(q - self.x[lower], rank) + y_lower
        if self.kind == "previous":
            return self.y[interval_of(self.x, q, 0, last)]
        if self.kind == "next":
            return self.y[np.clip(np.searchsorted(self.x, q), 0, last)]
        if self.kind in ("nearest", "nearest-up"):
            halfway = self.x[1:] / 2.0 + self.x[:-1] / 2.0
            return self.y[np.searchsorted(halfway, q, side="left" if self.kind == "nearest" else "right")]
        return self.spline(q)


def fill_of(y, kind, fill_value):
    """What is filled in below and above, None if what is inside goes on."""
    if fill_value is None:
        return np.nan
    if not isinstance(fill_value, str):
        return fill_value
    if kind == "previous":
        return np.nan, y[-1]
    return (y[0], np.nan) if kind == "next" else None


@followed(interpolate.interp1d)
def interp1d(x, y, kind="linear", axis=-1, copy=True, bounds_error=None, fill_value=None, assume_sorted=False):
    """By what the kind says, along an axis of the values; the points are sorted."""
    goes_on = isinstance(fill_value, str)
    if goes_on and bounds_error:
        raise ValueError("Cannot extrapolate and raise at the same time.")
    x, y = np.asarray(x), np.asarray(y)
    axis = axis % np.ndim(y)
    y = y if axis == 0 else np.moveaxis(y, axis, 0)
    if y.dtype.kind in "biu":
        y = y.astype(float)
    if not assume_sorted:
        order = np.argsort(x, kind="mergesort")
        x, y = x[order], y[order]
    fails = (not goes_on) if bounds_error is None else bounds_error
    spline, degree = None, degree_of(kind)
    if degree is not None:
        spline = through_points(np.asarray(x, dtype=float), as_floating(y), degree, None, None, 0)
    return AlongLine(x, y, kind, spline, axis, fails, fill_of(y, kind, fill_value))


# ---------------------------------------------------------------------------------------------------------------------
# Splines of FITPACK
# ---------------------------------------------------------------------------------------------------------------------


def _interpolates(x, y, w=None, xb=None, xe=None, k=3, task=0, s=None, t=None, full_output=0, per=0, quiet=1):
    """Whether nothing is smoothed, and nothing given but points, values and the degree."""
    through = s is None or (constant(s) and s == 0)
    return w is xb is xe is t is None and through and all(constant(v) and v == 0 for v in (task, full_output, per))


@followed(interpolate.splrep, covers=_interpolates)
def splrep(x, y, w=None, xb=None, xe=None, k=3, task=0, s=None, t=None, full_output=0, per=0, quiet=1):
    """The knots, the coefficients with zeros behind them, and the degree of the spline through the points."""
    spline = through_points(ascending(x), with_first(y, 0), k, None, None, 0)
    return spline.t, with_zeros(spline.c, k + 1), k


def evaluated(spline, x, nu, ext):
    """A spline that goes on beyond its knots, is 0 there, fails, or stays as it is at the ends, as `ext` says."""
    q = np.asarray(x, dtype=float)
    low, high = spline.t[spline.k], spline.t[-spline.k - 1]
    inside = (q >= low) & (q <= high)
    if ext in (2, "raise") and not np.all(inside):
        raise ValueError("x value not allowed: it is outside of the knots.")
    y = spline(np.clip(q, low, high) if ext in (3, "const") and nu == 0 else q, nu, True)
    return np.where(inside, y, 0.0) if ext in (1, "zeros") else y


def spline_of(tck):
    """The spline of its knots, coefficients and degree."""
    if not isinstance(tck, tuple):
        raise NotImplementedError("a spline that is no tuple; call its methods")
    return Spline(np.asarray(tck[0], dtype=float), np.asarray(tck[1], dtype=float), tck[2])


@followed(interpolate.splev)
def splev(x, tck, der=0, ext=0):
    """By the knots, the coefficients and the degree."""
    return evaluated(spline_of(tck), x, der, ext)


@followed(interpolate.splint)
def splint(a, b, tck, full_output=0):
    """The integral of a spline, which is 0 outside of its knots."""
    return spline_of(tck).integrate(a, b, False)


@followed(interpolate.splder)
def splder(tck, n=1):
    """The derivative of a spline."""
    derived = spline_of(tck).derivative(n)
    return derived.t, derived.c, derived.k


@followed(interpolate.splantider)
def splantider(tck, n=1):
    """The antiderivative of a spline, which is 0 at the first knot."""
    whole = spline_of(tck).antiderivative(n)
    return whole.t, whole.c, whole.k


class ThroughPoints:
    """A spline that has the values at the points."""

    __sct_stands_for__ = interpolate.InterpolatedUnivariateSpline

    def __init__(self, spline, ext):
        self.spline = spline
        self.ext = ext

    def __call__(self, x, nu=0, ext=None):
        return evaluated(self.spline, x, nu, self.ext if ext is None else ext)

    def derivative(self, n=1):
        derived = self.spline.derivative(n)
        return ThroughPoints(derived, 0 if self.ext in (3, "const") else self.ext)

    def antiderivative(self, n=1):
        return ThroughPoints(self.spline.antiderivative(n), self.ext)

    def integral(self, a, b):
        return self.spline.integrate(a, b, False)


def _spans_the_points(x, y, w=None, bbox=None, k=3, ext=0, check_finite=False):
    return bbox is None


@followed(interpolate.InterpolatedUnivariateSpline, covers=_spans_the_points)
def interpolated(x, y, w=None, bbox=None, k=3, ext=0, check_finite=False):
    """By the values at points, whatever their weights."""
    return ThroughPoints(through_points(ascending(x), with_first(y, 0), k, None, None, 0), ext)


def _smooths_nothing(x, y, w=None, bbox=None, k=3, s=None, ext=0, check_finite=False):
    return bbox is None and constant(s) and s == 0


@followed(interpolate.UnivariateSpline, covers=_smooths_nothing)
def univariate(x, y, w=None, bbox=None, k=3, s=None, ext=0, check_finite=False):
    """As InterpolatedUnivariateSpline, where nothing is smoothed."""
    return interpolated(x, y, k=k, ext=ext)


# ---------------------------------------------------------------------------------------------------------------------
# Grids
# ---------------------------------------------------------------------------------------------------------------------


class OnGrid:
    """What is between the points of a grid, by those along each axis and the values."""

    __sct_stands_for__ = interpolate.RegularGridInterpolator

    def __init__(self, points, values, method, bounds_error, fill_value):
        self.points = points
        self.values = values
        self.method = method
        self.bounds_error = bounds_error
        self.fill_value = fill_value

    def __call__(self, xi, method=None):
        rank = len(self.points)
        q = coordinates_of(xi, rank)
        outside = is_outside(self.points[0], q[..., 0])
        for k in tuple(range(1, rank)):
            outside = outside | is_outside(self.points[k], q[..., k])
        if self.bounds_error and np.any(outside):
            raise ValueError("One of the requested xi is out of bounds.")
        y = self.inside(q, self.method if method is None else method)
        if not self.bounds_error and self.fill_value is not None:
            y = np.where(beside(outside, np.ndim(y) - np.ndim(outside)), self.fill_value, y)
        return y

    def inside(self, q, method):
        lower, shares = [], []
        for k in tuple(range(len(self.points))):
            p = self.points[k]
            i = interval_of(p, q[..., k], 0, len(p) - 2)
            lower.append(i)
            shares.append((q[..., k] - p[i]) / (1.0 if len(p) == 1 else p[i + 1] - p[i]))
        if method == "nearest":
            return self.values[tuple([i + (share > 0.5) for i, share in zip(lower, shares, strict=True)])]
        if method != "linear":
            raise NotImplementedError("an interpolation on a grid of that method; take linear or nearest")
        rank = np.ndim(self.values) - len(lower)
        return between(self.values, (), lower, [beside(share, rank) for share in shares])


def is_outside(p, q):
    """Which coordinates are below the first point, or above the last one."""
    return (q < p[0]) | (q > p[-1])


def between(values, places, lower, shares):
    """What is between the corners of a cell of which the first coordinates are given, along one axis after another."""
    k = len(places)
    if k == len(lower):
        return values[places]
    low = between(values, (*places, lower[k]), lower, shares)
    high = between(values, (*places, lower[k] + 1), lower, shares)
    return low + shares[k] * (high - low)


def coordinates_of(xi, rank):
    """Points by their coordinates, along the last axis; of arrays of coordinates those that are broadcast."""
    if isinstance(xi, tuple):
        return np.stack(np.broadcast_arrays(*[np.asarray(x, dtype=float) for x in xi]), axis=-1)
    q = np.asarray(xi, dtype=float)
    return np.reshape(q, (-1, rank)) if np.ndim(q) == 1 else q


@followed(interpolate.RegularGridInterpolator)
def regular_grid(points, values, method="linear", bounds_error=True, fill_value=np.nan):
    """By the points along each axis, which ascend, and the values."""
    values = np.asarray(values)
    if values.dtype.kind in "biu":
        values = values.astype(float)
    return OnGrid(tuple([ascending(p) for p in points]), values, method, bounds_error, fill_value)


@followed(interpolate.interpn)
def interpn(points, values, xi, method="linear", bounds_error=True, fill_value=np.nan):
    """As RegularGridInterpolator."""
    return regular_grid(points, values, method, bounds_error, fill_value)(xi)


class OnPlane:
    """Sums of products of B-splines in two directions, by knots, coefficients and degrees; at the edges it stays."""

    __sct_stands_for__ = interpolate.RectBivariateSpline

    def __init__(self, tx, ty, c, kx, ky):
        self.tx = tx
        self.ty = ty
        self.c = c
        self.kx = kx
        self.ky = ky

    def __call__(self, x, y, dx=0, dy=0, grid=True):
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        if grid:
            x, y = np.ravel(x), np.ravel(y)
            if np.any(np.diff(x) < 0.0) or np.any(np.diff(y) < 0.0):
                raise ValueError("x and y must be increasing when `grid` is True")
            i, u = inside_of(self.tx, self.kx, x, dx)
            j, v = inside_of(self.ty, self.ky, y, dy)
            rows = np.sum(u[:, :, None] * self.c[i], axis=1)
            return np.sum(rows[:, j] * v, axis=2)
        shape = np.broadcast_shapes(np.shape(x), np.shape(y))
        i, u = inside_of(self.tx, self.kx, np.ravel(np.broadcast_to(x, shape)), dx)
        j, v = inside_of(self.ty, self.ky, np.ravel(np.broadcast_to(y, shape)), dy)
        rows = np.sum(self.c[i[:, :, None], j[:, None, :]] * v[:, None, :], axis=2)
        return np.reshape(np.sum(rows * u, axis=1), shape)

    def ev(self, xi, yi, dx=0, dy=0):
        return self(xi, yi, dx, dy, False)


def inside_of(t, k, x, nu):
    """The numbers of the B-splines that are not 0 at points, or the nearest ends, and their values or derivatives."""
    x = np.clip(x, t[k], t[-k - 1])
    i = interval_of(t, x, k, len(t) - k - 2)
    return i[:, None] + np.arange(-k, 1), basis(t, k, x, i, nu)


def _is_not_smoothed(x, y, z, bbox=None, kx=3, ky=3, s=0, maxit=20):
    return bbox is None and constant(s) and s == 0


@followed(interpolate.RectBivariateSpline, covers=_is_not_smoothed)
def on_plane(x, y, z, bbox=None, kx=3, ky=3, s=0, maxit=20):
    """By the values on a grid: coefficients along one axis, and of these along the other."""
    x, y, z = ascending(x), ascending(y), np.asarray(z, dtype=float)
    tx, ty = not_a_knot(x, kx), not_a_knot(y, ky)
    rows = collocated(tx, kx, x, z, (), ())
    return OnPlane(tx, ty, collocated(ty, ky, y, rows.T, (), ()).T, kx, ky)


# ---------------------------------------------------------------------------------------------------------------------
# Radial functions
# ---------------------------------------------------------------------------------------------------------------------


def degree_of_polynomial(kernel):
    """The lowest degree of polynomials with which a radial function has one solution."""
    if kernel in ("thin_plate_spline", "cubic"):
        return 1
    return 2 if kernel == "quintic" else 0


def radial(x, y, kernel, epsilon):
    """A function of the distances between points, which are scaled."""
    if kernel in ("gaussian", "multiquadric", "inverse_multiquadric", "inverse_quadratic"):
        square = distance.cdist(x * epsilon, y * epsilon, "sqeuclidean")
        if kernel == "gaussian":
            return np.exp(-square)
        if kernel == "multiquadric":
            return -np.sqrt(square + 1.0)
        return 1.0 / (square + 1.0) if kernel == "inverse_quadratic" else 1.0 / np.sqrt(square + 1.0)
    r = distance.cdist(x * epsilon, y * epsilon)
    if kernel == "thin_plate_spline":
        apart = r > 0
        return np.where(apart, r**2 * np.log(np.where(apart, r, 1.0)), 0.0)
    if kernel == "linear":
        return -r
    return r**3 if kernel == "cubic" else -(r**5)


@nondifferentiable
def exponents(count, degree):
    """Those of the monomials of so many variables up to a degree, a row for each."""
    chosen = [itertools.combinations_with_replacement(range(count), k) for k in range(degree + 1)]
    return np.array([[row.count(k) for k in range(count)] for rows in chosen for row in rows], dtype=int).reshape(-1, count)


@result_type(exponents)
def exponents_type(count, degree):
    return Array(np.dtype(int), (fresh_size("monomials"), *as_shape((count,))))


class ByDistances:
    """Radial functions of the distances from points, and a polynomial, by their coefficients."""

    __sct_stands_for__ = interpolate.RBFInterpolator

    def __init__(self, y, kernel, epsilon, powers, shift, scale, coefficients, shape):
        self.y = y
        self.kernel = kernel
        self.epsilon = epsilon
        self.powers = powers
        self.shift = shift
        self.scale = scale
        self.coefficients = coefficients
        self.shape = shape

    def __call__(self, x):
        x = np.asarray(x, dtype=float)
        polynomial = monomials((x - self.shift) / self.scale, self.powers)
        values = np.concatenate((radial(x, self.y, self.kernel, self.epsilon), polynomial), axis=1) @ self.coefficients
        return np.reshape(values, np.shape(x)[:1] + self.shape)


def monomials(x, powers):
    """The products of powers of coordinates, in columns."""
    return np.prod(x[:, None, :] ** powers, axis=2)


def _of_all_points(y, d, neighbors=None, smoothing=0.0, kernel="thin_plate_spline", epsilon=None, degree=None):
    return neighbors is None


@followed(interpolate.RBFInterpolator, covers=_of_all_points)
def by_distances(y, d, neighbors=None, smoothing=0.0, kernel="thin_plate_spline", epsilon=None, degree=None):
    """By the values at points: of coefficients to which no polynomial of the degree is orthogonal, so many as of both
    (Fasshauer, "Meshfree approximation methods with Matlab", chapters 6 and 19)."""
    y, d = np.asarray(y, dtype=float), np.asarray(d, dtype=float)
    scaled_itself = kernel in ("linear", "thin_plate_spline", "cubic", "quintic")
    if epsilon is None and not scaled_itself:
        raise ValueError("`epsilon` must be specified for this kernel.")
    width = 1.0 if epsilon is None else epsilon
    powers = exponents(np.shape(y)[1], degree_of_polynomial(kernel) if degree is None else degree)
    low, high = np.min(y, axis=0), np.max(y, axis=0)
    shift, scale = 0.5 * (low + high), np.where(high > low, 0.5 * (high - low), 1.0)
    polynomial = monomials((y - shift) / scale, powers)
    n, count = np.shape(polynomial)[0], np.shape(polynomial)[1]
    smoothed = radial(y, y, kernel, width) + smoothing * np.eye(n)
    above = np.concatenate((smoothed, polynomial), axis=1)
    below = np.concatenate((polynomial.T, np.zeros((count, count))), axis=1)
    values = np.reshape(d, (n, -1))
    b = np.concatenate((values, np.zeros((count, np.shape(values)[1]))))
    coefficients = np.linalg.solve(np.concatenate((above, below)), b)
    return ByDistances(y, kernel, width, powers, shift, scale, coefficients, np.shape(d)[1:])


# ---------------------------------------------------------------------------------------------------------------------
# Those that were made outside
# ---------------------------------------------------------------------------------------------------------------------


def _as_kept(cls, name, getter):
    """Follow a property as the field that it gives, which older versions of SciPy have under the property's name."""
    found = getattr(cls, name, None)
    if isinstance(found, property):
        followed(found.fget)(getter)


_as_kept(interpolate.PPoly, "c", lambda self: self._c)
_as_kept(interpolate.PPoly, "x", lambda self: self._x)
_as_kept(interpolate.BSpline, "c", lambda self: self._c)
_as_kept(interpolate.BSpline, "t", lambda self: self._t)
_as_kept(interpolate.interp1d, "fill_value", lambda self: self._fill_value_orig)
_as_kept(interpolate.RegularGridInterpolator, "grid", lambda self: self._grid)
_as_kept(interpolate.RegularGridInterpolator, "values", lambda self: self._values)


def polynomials(made):
    """Piecewise polynomials that SciPy made."""
    return Piecewise(made.c, made.x, made.extrapolate, made.axis)


@followed(interpolate.PPoly.__call__)
def call_of_polynomials(self, x, nu=0, extrapolate=None):
    """By their coefficients."""
    return polynomials(self)(x, nu, extrapolate)


@followed(interpolate.PPoly.derivative)
def derivative_of_polynomials(self, nu=1):
    """As of those that are made inside."""
    return polynomials(self).derivative(nu)


@followed(interpolate.PPoly.antiderivative)
def antiderivative_of_polynomials(self, nu=1):
    """As of those that are made inside."""
    return polynomials(self).antiderivative(nu)


@followed(interpolate.PPoly.integrate)
def integral_of_polynomials(self, a, b, extrapolate=None):
    """As of those that are made inside."""
    return polynomials(self).integrate(a, b, extrapolate)


def spline(made):
    """A spline that SciPy made."""
    return Spline(made.t, made.c, made.k, made.extrapolate, made.axis)


@followed(interpolate.BSpline.__call__)
def call_of_spline(self, x, nu=0, extrapolate=None):
    """By its knots and coefficients."""
    return spline(self)(x, nu, extrapolate)


@followed(interpolate.BSpline.derivative)
def derivative_of_spline(self, nu=1):
    """As of one that is made inside."""
    return spline(self).derivative(nu)


@followed(interpolate.BSpline.antiderivative)
def antiderivative_of_spline(self, nu=1):
    """As of one that is made inside."""
    return spline(self).antiderivative(nu)


@followed(interpolate.BSpline.integrate)
def integral_of_spline(self, a, b, extrapolate=None):
    """As of one that is made inside."""
    return spline(self).integrate(a, b, extrapolate)


def _is_interp1d(self, x):
    return issubclass(getattr(self, "cls", object), interpolate.interp1d)


@followed(interpolate.interp1d.__call__, covers=_is_interp1d)
def call_along_line(self, x):
    """By its points and values."""
    y = self.y if self.axis == 0 else np.moveaxis(self.y, self.axis, 0)
    spline = None
    if self._kind == "spline":
        c = self._spline.c
        spline = Spline(self._spline.t, np.reshape(c, np.shape(c)[:1] + np.shape(y)[1:]), self._spline.k)
    fill = None if self._extrapolate else self.fill_value
    return AlongLine(self.x, y, self._kind, spline, self.axis, self.bounds_error, fill)(x)


@followed(interpolate.UnivariateSpline.__call__)
def call_of_fitpack(self, x, nu=0, ext=None):
    """By its knots and coefficients."""
    return evaluated(spline_of(self._eval_args), x, nu, self.ext if ext is None else ext)


@followed(interpolate.UnivariateSpline.integral)
def integral_of_fitpack(self, a, b):
    """By its knots and coefficients."""
    return spline_of(self._eval_args).integrate(a, b, False)


def plane(made):
    """Sums of products of B-splines that SciPy made."""
    tx, ty, c = made.tck
    kx, ky = made.degrees
    return OnPlane(tx, ty, np.reshape(c, (len(tx) - kx - 1, len(ty) - ky - 1)), kx, ky)


@followed(interpolate.BivariateSpline.__call__)
def call_on_plane(self, x, y, dx=0, dy=0, grid=True):
    """By its knots and coefficients."""
    return plane(self)(x, y, dx, dy, grid)


@followed(interpolate.BivariateSpline.ev)
def call_at_points(self, xi, yi, dx=0, dy=0):
    """By its knots and coefficients."""
    return plane(self)(xi, yi, dx, dy, False)


@followed(interpolate.RBFInterpolator.__call__)
def call_by_distances(self, x):
    """By its points and coefficients."""
    if self.neighbors is not None:
        raise NotImplementedError("an interpolation by the nearest points; leave `neighbors` out")
    made = ByDistances(self.y, self.kernel, self.epsilon, self.powers, self._shift, self._scale, self._coeffs, self.d_shape)
    return made(x)


@followed(interpolate.RegularGridInterpolator.__call__)
def call_on_grid(self, xi, method=None):
    """By its points and values."""
    return OnGrid(self.grid, self.values, self.method, self.bounds_error, self.fill_value)(xi, method)


# ---------------------------------------------------------------------------------------------------------------------
# Others
# ---------------------------------------------------------------------------------------------------------------------

refused(
    "It chooses knots, or how much it smooths: give knots to make_lsq_spline, or `lam` to make_smoothing_spline.",
    *_of("make_splprep make_splrep generate_knots splprep LSQUnivariateSpline"),
)
refused(
    "It has no rule yet: use make_interp_spline or BSpline, and its methods derivative, antiderivative and integrate.",
    *_of("insert spalde sproot BPoly NdBSpline NdPPoly pade approximate_taylor_polynomial lagrange"),
    *_of("BarycentricInterpolator FloaterHormannInterpolator AAA KroghInterpolator barycentric_interpolate krogh_interpolate"),
)
refused(
    "It interpolates between triangles or points that it searches for: use RegularGridInterpolator on a grid.",
    *_of("CloughTocher2DInterpolator LinearNDInterpolator NearestNDInterpolator griddata"),
)
refused("Use RBFInterpolator.", *_of("Rbf"))
refused(
    "It is a spline of two variables that smooths, or has no rule: use RectBivariateSpline without smoothing.",
    *_of("BivariateSpline LSQBivariateSpline LSQSphereBivariateSpline RectSphereBivariateSpline"),
    *_of("SmoothBivariateSpline SmoothSphereBivariateSpline bisplev bisplrep interp2d"),
)
