"""Rules of quantiles along axes: y = Σₖ wₖ(q) sₖ of the sorted entries s, with weights that are tents around a place in them.

Takes nothing; registers adjoint and type rules. The place is that of Hyndman and Fan (1996), "Sample quantiles in statistical
packages", for the method; between two entries the weights are linear in it. Where entries are equal, which of them gets the
adjoint is that of the sort.
"""

import numpy as np

from sct.errors import NoRuleError
from sct.ir.shapes import as_array
from sct.ir.types import Array
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.type_rules import result_type

from .reductions import _inexact, _shape, order_of_axes, other_axes, reduced_count

_OFFSETS = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "linear": (1.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
_ROUNDED = ("lower", "higher", "midpoint", "nearest")


@nondifferentiable
def require_method(method):
    """Refuse the methods that are neither linear between entries nor round the place of the linear one."""
    if method not in _OFFSETS and method not in _ROUNDED:
        raise NoRuleError(
            f"np.quantile has no derivative rule for method={method!r}", None, "Use method='linear', or one of the others."
        )
    return method


@result_type(require_method)
def require_method_type(method):
    return require_method(method)


def place_of_quantile(n, q, method):
    """Where in `n` sorted entries the quantile is, from 0 to n - 1."""
    if method == "lower":
        return np.floor(q * (n - 1))
    if method == "higher":
        return np.ceil(q * (n - 1))
    if method == "midpoint":
        return 0.5 * (np.floor(q * (n - 1)) + np.ceil(q * (n - 1)))
    if method == "nearest":
        return np.round(q * (n - 1))
    if method == "linear":
        return q * (n - 1)
    alpha, beta = _OFFSETS[method]
    return np.clip(n * q + (alpha + q * (1.0 - alpha - beta)) - 1.0, 0.0, n - 1)


def slope_of_place(n, q, method):
    """The derivative of that place by `q`."""
    if method in _ROUNDED:
        return np.zeros_like(q)
    if method == "linear":
        return np.full_like(q, n - 1.0)
    alpha, beta = _OFFSETS[method]
    place = n * q + (alpha + q * (1.0 - alpha - beta)) - 1.0
    return np.where((place >= 0.0) & (place <= n - 1), n + (1.0 - alpha - beta), 0.0)


def rows_along(a, axis):
    """The entries along the axes that are reduced as rows, those of all others as columns."""
    if axis is None:
        return np.reshape(a, (-1, 1))
    if isinstance(axis, tuple):
        return np.reshape(np.transpose(a, axis + other_axes(axis, np.ndim(a))), (reduced_count(a, axis), -1))
    return np.reshape(np.moveaxis(a, axis, 0), (np.shape(a)[axis], -1))


def from_rows(rows, a, axis):
    """Such rows in the place of the entries that they are of."""
    if axis is None:
        return np.reshape(rows, np.shape(a))
    if isinstance(axis, tuple):
        order = axis + other_axes(axis, np.ndim(a))
        return np.transpose(np.reshape(rows, np.shape(np.transpose(a, order))), order_of_axes(order, np.ndim(a)))
    return np.moveaxis(np.reshape(rows, np.shape(np.moveaxis(a, axis, 0))), 0, axis)


def quantile_adjoints(a, q, y_bar, axis, method):
    """ā = Σ ȳ w(q) in the order of the sort; q̄ = Σ ȳ (the next entry less the one before) times the place's slope."""
    rows = rows_along(a, axis)
    n = np.shape(rows)[0]
    q_row = np.reshape(q, -1)
    bars = np.reshape(y_bar, (np.size(q), -1))
    place = place_of_quantile(n, q_row, method)
    weights = np.maximum(0.0, 1.0 - np.abs(np.arange(n)[:, None] - place))
    order = np.argsort(rows, 0)
    rows_bar = np.take_along_axis(weights @ bars, np.argsort(order, 0), 0)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, n - 1)
    ordered = np.take_along_axis(rows, order, 0)
    place_bar = np.sum(bars * (ordered[above] - ordered[below]), 1)
    return from_rows(rows_bar, a, axis), np.reshape(place_bar * slope_of_place(n, q_row, method), np.shape(q))


@adjoint(np.quantile, kind="reduction", real_only=True)
def quantile(y, a, q, y_bar, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
    """See `quantile_adjoints`."""
    return quantile_adjoints(a, q, y_bar, axis, require_method(method))


@adjoint(np.percentile, kind="reduction", real_only=True)
def percentile(y, a, q, y_bar, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
    """The quantile at q / 100."""
    a_bar, part_bar = quantile_adjoints(a, np.divide(q, 100.0), y_bar, axis, require_method(method))
    return a_bar, part_bar / 100.0


def nanquantile_adjoints(a, q, y_bar, axis, method):
    """The same of the entries that are no NaN, which are the first of the sorted ones; of as many as each column has."""
    rows = rows_along(a, axis)
    n = np.sum(~np.isnan(rows), 0)
    q_column = np.reshape(q, (-1, 1))
    bars = np.reshape(y_bar, (np.size(q), -1))
    place = place_of_quantile(n, q_column, method)
    weights = np.maximum(0.0, 1.0 - np.abs(np.arange(np.shape(rows)[0])[:, None, None] - place))
    order = np.argsort(rows, 0)
    rows_bar = np.take_along_axis(np.sum(weights * bars, 1), np.argsort(order, 0), 0)
    below = np.maximum(np.floor(place), 0.0).astype(int)
    above = np.clip(below + 1, 0, np.maximum(n - 1, 0))
    ordered = np.take_along_axis(rows, order, 0)
    rise = np.take_along_axis(ordered, above, 0) - np.take_along_axis(ordered, below, 0)
    q_bar = np.sum(bars * rise * slope_of_place(n, q_column + np.zeros(np.shape(place)), method), 1)
    return from_rows(rows_bar, a, axis), np.reshape(q_bar, np.shape(q))


@adjoint(np.nanquantile, kind="reduction", real_only=True)
def nanquantile(y, a, q, y_bar, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
    """See `nanquantile_adjoints`."""
    return nanquantile_adjoints(a, q, y_bar, axis, require_method(method))


@adjoint(np.nanpercentile, kind="reduction", real_only=True)
def nanpercentile(y, a, q, y_bar, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
    """The quantile at q / 100."""
    a_bar, part_bar = nanquantile_adjoints(a, np.divide(q, 100.0), y_bar, axis, require_method(method))
    return a_bar, part_bar / 100.0


@adjoint(np.nanmedian, kind="reduction")
def nanmedian(y, a, y_bar, axis=None, out=None, overwrite_input=False, keepdims=False):
    """The quantile at one half."""
    return nanquantile_adjoints(a, 0.5, y_bar, axis, "linear")[0]


@result_type(np.quantile, np.percentile, np.nanquantile, np.nanpercentile)
def quantile_type(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
    """The axes of `q`, and behind them those that are left."""
    places, left = as_array(q).shape, _shape(a, axis, keepdims)
    shape = None if places is None or left is None else (*places, *left)
    dtype = _inexact(as_array(a).dtype)
    if dtype != np.float64 and (places != () or isinstance(q, Array)):
        dtype = None  # by the method, that of the entries, or such as holds `q` too
    return Array(dtype, shape, boxed=places != ())
