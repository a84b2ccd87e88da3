"""Differences and integrals of samples: compositions of slices and sums.

Formulas: NumPy's, of second order in the spacing inside; for uneven spacing those of Fornberg (1988), "Generation of finite
difference formulas on arbitrarily spaced grids", as NumPy's documentation derives them.
"""

import numpy as np

from sct.registry.compositions import composition

from .manipulation import axis_slice


@composition(np.trapezoid, *([np.trapz] if hasattr(np, "trapz") else []))
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The sum of widths times means of neighbours."""
    y = np.asarray(y)
    means = (axis_slice(y, axis, 1, None) + axis_slice(y, axis, None, -1)) / 2.0
    if x is None:
        return np.sum(dx * means, axis)
    x = np.asarray(x)
    widths = np.diff(x) if x.ndim == 1 else np.diff(x, axis=axis)
    if x.ndim == 1 and y.ndim > 1:
        widths = along(widths, y.ndim, axis)
    return np.sum(widths * means, axis)


def along(x, rank, axis):
    """A vector along an axis of arrays of a rank."""
    return np.reshape(x, (1,) * (axis % rank) + (-1,) + (1,) * (rank - 1 - axis % rank))


@composition(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    """The differences of neighbours, with more before and behind."""
    differences = np.diff(np.ravel(ary))
    if to_begin is not None:
        differences = np.concatenate((np.ravel(to_begin).astype(differences.dtype), differences))
    if to_end is not None:
        differences = np.concatenate((differences, np.ravel(to_end).astype(differences.dtype)))
    return differences


@composition(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    """Central differences inside, one-sided ones at the ends, along each axis."""
    f = np.asarray(f)
    if f.dtype.kind not in "fc":
        f = f.astype(float)
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    axes = tuple(range(f.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if len(varargs) > 1 and len(varargs) != len(axes):
        raise TypeError("invalid number of arguments")
    slopes = []
    for k in range(len(axes)):
        spacing = 1.0 if len(varargs) == 0 else varargs[0] if len(varargs) == 1 else varargs[k]
        slopes.append(slope_along(f, spacing, axes[k], edge_order).astype(f.dtype, copy=False))
    return slopes[0] if len(axes) == 1 else tuple(slopes)


def slope_along(f, spacing, axis, edge_order):
    """The slope along one axis, by a distance or by the coordinates of the samples."""
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are required."
        )
    before, behind = axis_slice(f, axis, None, -2), axis_slice(f, axis, 2, None)
    first, second = axis_slice(f, axis, None, 1), axis_slice(f, axis, 1, 2)
    next_to_last, last = axis_slice(f, axis, -2, -1), axis_slice(f, axis, -1, None)
    if edge_order == 2:
        third, third_last = axis_slice(f, axis, 2, 3), axis_slice(f, axis, -3, -2)
    if np.ndim(spacing) == 0:
        inside = (behind - before) / (2.0 * spacing)
        if edge_order == 1:
            return np.concatenate(((second - first) / spacing, inside, (last - next_to_last) / spacing), axis)
        start = (-1.5 * first + 2.0 * second - 0.5 * third) / spacing
        end = (0.5 * third_last - 2.0 * next_to_last + 1.5 * last) / spacing
        return np.concatenate((start, inside, end), axis)
    widths = np.diff(spacing)
    left, right = along(widths[:-1], f.ndim, axis), along(widths[1:], f.ndim, axis)
    inside = (
        -right / (left * (left + right)) * before
        + (right - left) / (left * right) * axis_slice(f, axis, 1, -1)
        + left / (right * (left + right)) * behind
    )
    if edge_order == 1:
        return np.concatenate(((second - first) / widths[0], inside, (last - next_to_last) / widths[-1]), axis)
    a, b = widths[0], widths[1]
    start = -(2.0 * a + b) / (a * (a + b)) * first + (a + b) / (a * b) * second - a / (b * (a + b)) * third
    a, b = widths[-2], widths[-1]
    end = b / (a * (a + b)) * third_last - (b + a) / (a * b) * next_to_last + (2.0 * b + a) / (b * (a + b)) * last
    return np.concatenate((start, inside, end), axis)
