"""Rules of reductions along axes: sums, products, extrema, moments, running sums.

Takes nothing; registers adjoint and type rules of NumPy's reductions and the array methods that stand for them.
"""

import builtins

import numpy as np

from sct.ir.shapes import as_array, constant, is_nonnegative, normalize_axes, promote, reduced, size_max0, size_product
from sct.ir.types import UNKNOWN, Array, Scalar, Tuple, is_positive, size_add, unify_all
from sct.registry.conventions import convention
from sct.registry.facts import facts, memory
from sct.registry.methods import method
from sct.registry.rules import adjoint, adjoint_of_square, nondifferentiable
from sct.registry.tangents import multilinear, tangent
from sct.registry.type_rules import result_type
from sct.runtime import keep_reduced_axes, stop_gradient, unbroadcast

from .arithmetic import size_of_number, sum_dtype

# ---------------------------------------------------------------------------------------------------------------------
# Types
# ---------------------------------------------------------------------------------------------------------------------


def _shape(a, axis, keepdims):
    """The shape of a reduction of `a`; None if it is not known."""
    if not constant(axis) or not constant(keepdims):
        return None
    return reduced(as_array(a).shape, axis, bool(keepdims))


def _wanted(dtype, otherwise):
    """The dtype that an argument `dtype` asks for; `otherwise` if it is None."""
    if dtype is None:
        return otherwise
    return np.dtype(dtype) if constant(dtype) else None


def _inexact(dtype):
    """The dtype of a mean: numbers without a fraction become double."""
    return np.dtype(float) if dtype is not None and dtype.kind in "biu" else dtype


def _real(dtype):
    return np.zeros(0, dtype).real.dtype if dtype is not None and dtype.kind == "c" else dtype


def _summed(dtype):
    return None if dtype is None else sum_dtype(dtype)


@result_type(np.sum, np.prod, np.nansum, np.nanprod)
def sum_type(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=True):
    return Array(_wanted(dtype, _summed(as_array(a).dtype)), _shape(a, axis, keepdims))


@result_type(np.mean, np.nanmean)
def mean_type(a, axis=None, dtype=None, out=None, keepdims=False, *, where=True):
    return Array(_wanted(dtype, _inexact(as_array(a).dtype)), _shape(a, axis, keepdims))


@result_type(np.var, np.std, np.nanvar, np.nanstd)
def var_type(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=True, mean=None, correction=0):
    return Array(_real(_wanted(dtype, _inexact(as_array(a).dtype))), _shape(a, axis, keepdims))


@result_type(np.max, np.amax, np.min, np.amin, np.nanmax, np.nanmin)
def max_type(a, axis=None, out=None, keepdims=False, initial=None, where=True):
    return Array(as_array(a).dtype, _shape(a, axis, keepdims))


@result_type(np.ptp)
def ptp_type(a, axis=None, out=None, keepdims=False):
    return Array(as_array(a).dtype, _shape(a, axis, keepdims))


@result_type(np.median, np.nanmedian)
def median_type(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    shape = _shape(a, axis, keepdims)
    return Array(_inexact(as_array(a).dtype), shape, boxed=shape == () and keepdims is True)


@result_type(np.cumsum, np.cumprod, np.nancumsum, np.nancumprod)
def cumsum_type(a, axis=None, dtype=None, out=None):
    array = as_array(a)
    shape = array.shape
    if not constant(axis):
        shape = None
    elif shape is not None and (axis is None or not shape):
        shape = (size_product(shape),)
    return Array(_wanted(dtype, _summed(array.dtype)), shape)


@result_type(np.average)
def average_type(a, axis=None, weights=None, returned=False, *, keepdims=False):
    array = as_array(a)
    dtype = _inexact(array.dtype)
    if weights is not None:
        wtype = as_array(weights).dtype
        if array.rank == as_array(weights).rank:
            unify_all(array.shape or (), as_array(weights).shape or ())
        if dtype is None or wtype is None:
            dtype = None
        else:
            dtype = np.result_type(array.dtype, wtype, *([float] if array.dtype.kind in "biu" else []))
    value = Array(dtype, _shape(a, axis, keepdims))
    if not constant(returned):
        return UNKNOWN
    return Tuple((value, value)) if returned else value


@result_type(np.argmax, np.argmin, np.nanargmax, np.nanargmin)
def argmax_type(a, axis=None, out=None, *, keepdims=False):
    return Array(np.dtype(np.intp), _shape(a, axis, keepdims))


@result_type(np.argsort)
def argsort_type(a, axis=-1, kind=None, order=None, *, stable=None):
    array = as_array(a)
    if axis is None and array.shape is not None:
        return Array(np.dtype(np.intp), cumsum_type(a).shape)
    return Array(np.dtype(np.intp), array.shape if constant(axis) else None)


@result_type(np.any, np.all)
def any_type(a, axis=None, out=None, keepdims=False, *, where=True):
    return Array(np.dtype(bool), _shape(a, axis, keepdims))


@result_type(np.count_nonzero)
def count_nonzero_type(a, axis=None, *, keepdims=False):
    if axis is None and keepdims is False:  # an int or a NumPy integer, by the version of NumPy
        return Array(None, ())
    return Array(np.dtype(np.intp), _shape(a, axis, keepdims))


nondifferentiable(np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.any, np.all, np.count_nonzero)

# ---------------------------------------------------------------------------------------------------------------------
# Sums and means
# ---------------------------------------------------------------------------------------------------------------------


def share_count(a, axis):
    """The number of entries that share the adjoint of their mean; 1 where there are none, for there is nothing to share."""
    n = reduced_count(a, axis)
    return n if is_surely_positive(n) else builtins.max(n, 1)


@nondifferentiable
def is_surely_positive(n):
    """Whether a count is known to be at least 1 before the code runs."""
    return False


@result_type(is_surely_positive)
def is_surely_positive_type(n):
    size = size_of_number(n)
    return size is not None and is_positive(size)


def reduced_count(a, axis):
    """The number of entries that a reduction over `axis` puts into one."""
    if axis is None or np.ndim(a) == 0:
        return np.size(a)
    if isinstance(axis, tuple):
        n = 1
        for i in axis:
            n = n * np.shape(a)[i]
        return n
    return np.shape(a)[axis]


facts(np.var, np.std, np.nanvar, np.nanstd, nonnegative=True)
facts(np.sum, np.mean, linear=lambda a, axis=None, *, keepdims=False: "first")


@adjoint(np.sum, kind="reduction")
def sum(y, a, y_bar, axis=None, dtype=None, out=None, keepdims=False, initial=0, where=True):
    a_bar = np.broadcast_to(keep_reduced_axes(y_bar, a, axis, keepdims), np.shape(a))
    if where is True:
        return a_bar
    return np.where(where, a_bar, 0.0)


@adjoint(np.nansum, kind="reduction")
def nansum(y, a, y_bar, axis=None, dtype=None, out=None, keepdims=False, initial=0, where=True):
    a_bar = np.where(np.isnan(a), 0.0, keep_reduced_axes(y_bar, a, axis, keepdims))
    if where is True:
        return a_bar
    return np.where(where, a_bar, 0.0)


@adjoint(np.mean, kind="reduction")
def mean(y, a, y_bar, axis=None, dtype=None, out=None, keepdims=False, *, where=True):
    if where is True:
        n = share_count(a, axis)
        return np.broadcast_to(keep_reduced_axes(y_bar / n, a, axis, keepdims), np.shape(a))
    counted = np.broadcast_to(where, np.shape(a))
    n = np.sum(counted, axis, y.dtype, keepdims=True)
    return np.where(counted, keep_reduced_axes(y_bar, a, axis, keepdims) / n, 0.0)


@adjoint(np.nanmean, kind="reduction")
def nanmean(y, a, y_bar, axis=None, dtype=None, out=None, keepdims=False, *, where=True):
    counted = ~np.isnan(a)
    if where is not True:
        counted = counted & where
    n = np.sum(counted, axis, y.dtype, keepdims=True)
    return np.where(counted, keep_reduced_axes(y_bar, a, axis, keepdims) / n, 0.0)


@adjoint(np.average, kind="reduction", raw=("axis",))
def average(y, a, axis=None, weights=None, returned=False, *, y_bar, keepdims=False):
    """y = Σ w a / Σ w:  ā = ȳ w / Σ w,  w̄ = ȳ (a − y) / Σ w."""
    value = y[0] if returned else y
    value_bar = y_bar[0] if returned else y_bar
    if weights is None:
        n = share_count(a, axis)
        return np.broadcast_to(keep_reduced_axes(value_bar / n, a, axis, keepdims), np.shape(a)), None, None, None
    w = weights_of(a, axis, weights)
    if axis is None or np.ndim(weights) != np.ndim(a):
        share = keep_reduced_axes(value_bar / np.sum(weights), a, axis, keepdims)
    else:
        share = keep_reduced_axes(value_bar, a, axis, keepdims) / np.sum(weights, axis, keepdims=True)
    a_bar = share * w
    w_bar = share * (a - keep_reduced_axes(value, a, axis, keepdims))
    if returned:
        w_bar = w_bar + keep_reduced_axes(y_bar[1], a, axis, keepdims)
    if np.ndim(weights) == np.ndim(a):
        return a_bar, None, w_bar, None
    return np.broadcast_to(a_bar, np.shape(a)), None, like_weights(unbroadcast(w_bar, w), a, axis, weights), None


def weights_of(a, axis, weights):
    """The weights of an average, shaped to be multiplied with `a`."""
    if np.ndim(weights) == np.ndim(a):
        return weights
    if isinstance(axis, tuple):
        return np.reshape(np.transpose(weights, order_of_axes(axis, np.ndim(a))), lengths_along(np.shape(a), axis))
    return np.reshape(weights, lengths_along(np.shape(a), (axis,)))


def like_weights(w_bar, a, axis, weights):
    """The adjoint of what `weights_of` gives, in the shape of `weights`."""
    if isinstance(axis, tuple):
        order = order_of_axes(axis, np.ndim(a))
        w_bar = np.reshape(w_bar, np.shape(np.transpose(weights, order)))
        return np.transpose(w_bar, order_of_axes(order, np.ndim(a)))
    return np.reshape(w_bar, np.shape(weights))


@nondifferentiable
def order_of_axes(axis, rank):
    """The permutation that puts `axis` into ascending order."""
    return tuple(int(i) for i in np.argsort([i % rank for i in axis]))


@result_type(order_of_axes)
def order_of_axes_type(axis, rank):
    return order_of_axes(axis, rank) if constant(axis) and constant(rank) else UNKNOWN


@nondifferentiable
def lengths_along(shape, axis):
    """`shape` with 1 for each axis that is not in `axis`."""
    axes = [i % len(shape) for i in axis]
    return tuple(n if i in axes else 1 for i, n in enumerate(shape))


@result_type(lengths_along)
def lengths_along_type(shape, axis):
    items = shape.items if isinstance(shape, Tuple) else shape
    if not isinstance(items, tuple) or not constant(axis):
        return UNKNOWN
    axes = normalize_axes(axis, len(items))
    return UNKNOWN if axes is None else tuple(n if i in axes else 1 for i, n in enumerate(items))


# ---------------------------------------------------------------------------------------------------------------------
# Variance and standard deviation
# ---------------------------------------------------------------------------------------------------------------------


def deviation(a, axis, where, mean):
    """`a` less its mean along `axis`; the conjugate where `a` is complex; 0 where an entry is not counted."""
    if mean is not None:
        d = a - mean
    elif where is not True:
        d = np.where(where, a - np.mean(a, axis, keepdims=True, where=where), 0.0)
    elif axis is None:
        d = a - np.mean(a)
    else:
        d = a - np.mean(a, axis, keepdims=True)
    if where is not True and mean is not None:
        d = np.where(where, d, 0.0)
    return np.conj(d) if np.iscomplexobj(a) else d


def freedom(y, a, axis, where, ddof, correction):
    """The number that a sum of squares is divided by: NumPy takes 0 for one below, and gives inf or nan."""
    lost = correction if correction != 0 else ddof
    if where is not True:
        return np.sum(np.broadcast_to(where, np.shape(a)), axis, y.dtype, keepdims=True) - lost
    n = reduced_count(a, axis)
    left = n if is_zero(lost) else n - lost
    return left if is_surely_positive(left) else np.maximum(left, 0)


@nondifferentiable
def is_zero(x):
    """Whether a number is 0, as far as the program text tells."""
    return isinstance(x, int) and x == 0


@result_type(is_zero)
def is_zero_type(x):
    return constant(x) and isinstance(x, int) and x == 0


@adjoint(np.var, kind="reduction", raw=("axis",))
def var(y, a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, mean=None, y_bar, where=True, correction=0):
    """y = Σ |a − m|² / n:  ā = (2 ȳ / n) (a − m), conjugated where complex."""
    d = deviation(a, axis, where, mean)
    n = freedom(y, a, axis, where, ddof, correction)
    if where is True:
        a_bar = keep_reduced_axes(2.0 * y_bar / n, a, axis, keepdims) * d
    else:
        a_bar = 2.0 * keep_reduced_axes(y_bar, a, axis, keepdims) / n * d
    if mean is None:
        return a_bar, None, None, None, None, None, None
    return a_bar, None, None, None, None, None, -unbroadcast(a_bar, mean)


convention("0 where all are the same", np.std, np.nanstd)
convention("shared evenly at ties", np.max, np.min, np.nanmax, np.nanmin, np.ptp)


@adjoint(np.std, kind="reduction", raw=("axis",))
def std(y, a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, mean=None, y_bar, where=True, correction=0):
    """y = √(Σ |a − m|² / n):  ā = ȳ / (n y) (a − m), conjugated where complex; 0 where y is 0."""
    d = deviation(a, axis, where, mean)
    n = freedom(y, a, axis, where, ddof, correction)
    scale = y_bar / (y + (y == 0))
    if where is True:
        a_bar = keep_reduced_axes(scale / n, a, axis, keepdims) * d
    else:
        a_bar = keep_reduced_axes(scale, a, axis, keepdims) / n * d
    if mean is None:
        return a_bar, None, None, None, None, None, None
    return a_bar, None, None, None, None, None, -unbroadcast(a_bar, mean)


adjoint_of_square(np.std)(var)


@adjoint(np.nanvar, kind="reduction", raw=("axis",))
def nanvar(y, a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, mean=None, y_bar, where=True, correction=0):
    """The adjoint of var, of the entries that are not nan."""
    counted = ~np.isnan(a) if where is True else ~np.isnan(a) & where
    return var(y, a, axis, dtype, out, ddof, keepdims, mean=mean, y_bar=y_bar, where=counted, correction=correction)


@adjoint(np.nanstd, kind="reduction", raw=("axis",))
def nanstd(y, a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, mean=None, y_bar, where=True, correction=0):
    """The adjoint of std, of the entries that are not nan."""
    counted = ~np.isnan(a) if where is True else ~np.isnan(a) & where
    return std(y, a, axis, dtype, out, ddof, keepdims, mean=mean, y_bar=y_bar, where=counted, correction=correction)


adjoint_of_square(np.nanstd)(nanvar)


# ---------------------------------------------------------------------------------------------------------------------
# Extrema
# ---------------------------------------------------------------------------------------------------------------------


@nondifferentiable
def is_numpys(x):
    """Whether a number is known to be NumPy's, which can be divided by 0."""
    return isinstance(x, (np.generic, np.ndarray))


@result_type(is_numpys)
def is_numpys_type(x):
    return isinstance(x, Array) and x.shape is not None and not x.also


def shared_by_equals(y, a, y_bar, axis, keepdims, where):
    """`y_bar` spread over the entries of `a` that equal their reduction `y`, in even shares."""
    equal = a == keep_reduced_axes(y, a, axis, keepdims)
    if where is not True:
        equal = equal & where
    if axis is None:
        count = int(np.count_nonzero(equal))  # 0 where y is nan, which equals nothing
        return equal * (y_bar / count) if is_numpys(y_bar) else equal / count * y_bar
    return equal * (keep_reduced_axes(y_bar, a, axis, keepdims) / np.sum(equal, axis=axis, keepdims=True, dtype=y.dtype))


def shared_with_initial(y, a, y_bar, axis, keepdims, initial, where):
    """As `shared_by_equals`, with the starting value among those that may equal the result."""
    y_kept = keep_reduced_axes(y, a, axis, keepdims)
    equal = a == y_kept
    if where is not True:
        equal = equal & where
    count = np.sum(equal, axis=axis, keepdims=True, dtype=y.dtype) + (y_kept == initial)
    return equal * (keep_reduced_axes(y_bar, a, axis, keepdims) / count)


def extremum_adjoint(y, a, y_bar, axis, keepdims, initial, where):
    """The adjoint of max and min: equal entries share it evenly."""
    if initial is None:
        return shared_by_equals(y, a, y_bar, axis, keepdims, where)
    return shared_with_initial(y, a, y_bar, axis, keepdims, initial, where)


def extremum_tangent(y, a, a_dot, axis, keepdims, initial, where):
    """The mean of the tangents of the entries that equal the result.

    The transpose of the adjoint divides each entry's tangent, and keeps axes to drop them; of all entries, whose number it
    looks at, it is the derivative of a call.
    """
    equal = a == keep_reduced_axes(y, a, axis, keepdims)
    if where is not True:
        equal = equal & where
    elif axis is None and initial is None and not keepdims and np.ndim(a) > 0:
        return np.mean(a_dot[equal])
    if not keepdims:
        total = np.sum(np.where(equal, a_dot, 0.0), axis=axis)
        count = np.sum(equal, axis=axis, dtype=y.dtype)
    else:
        total = np.sum(np.where(equal, a_dot, 0.0), axis=axis, keepdims=keepdims)
        count = np.sum(equal, axis=axis, keepdims=keepdims, dtype=y.dtype)
    return total / (count if initial is None else count + (y == initial))


def _extremum(y, a, a_dot, axis=None, out=None, keepdims=False, initial=None, where=True):
    return extremum_tangent(y, a, a_dot, axis, keepdims, initial, where)


for _function in (np.max, np.amax, np.min, np.amin, np.nanmax, np.nanmin):
    tangent(_function)(_extremum)


@tangent(np.ptp)
def ptp_tangent(y, a, a_dot, axis=None, out=None, keepdims=False):
    """That of the greatest less that of the least; see `extremum_tangent`."""
    high = np.max(a, axis, keepdims=keepdims) if keepdims else np.max(a, axis)
    low = np.min(a, axis, keepdims=keepdims) if keepdims else np.min(a, axis)
    high_dot = extremum_tangent(high, a, a_dot, axis, keepdims, None, True)
    return high_dot - extremum_tangent(low, a, a_dot, axis, keepdims, None, True)


@adjoint(np.max, kind="reduction")
def max(y, a, y_bar, axis=None, out=None, keepdims=False, initial=None, where=True):
    return extremum_adjoint(y, a, y_bar, axis, keepdims, initial, where)


@adjoint(np.amax, kind="reduction")
def amax(y, a, y_bar, axis=None, out=None, keepdims=False, initial=None, where=True):
    return extremum_adjoint(y, a, y_bar, axis, keepdims, initial, where)


@adjoint(np.min, kind="reduction")
def min(y, a, y_bar, axis=None, out=None, keepdims=False, initial=None, where=True):
    return extremum_adjoint(y, a, y_bar, axis, keepdims, initial, where)


@adjoint(np.amin, kind="reduction")
def amin(y, a, y_bar, axis=None, out=None, keepdims=False, initial=None, where=True):
    return extremum_adjoint(y, a, y_bar, axis, keepdims, initial, where)


@adjoint(np.nanmax, kind="reduction")
def nanmax(y, a, y_bar, axis=None, out=None, keepdims=False, initial=None, where=True):
    return extremum_adjoint(y, a, y_bar, axis, keepdims, initial, where)


@adjoint(np.nanmin, kind="reduction")
def nanmin(y, a, y_bar, axis=None, out=None, keepdims=False, initial=None, where=True):
    return extremum_adjoint(y, a, y_bar, axis, keepdims, initial, where)


@adjoint(np.ptp, kind="reduction")
def ptp(y, a, y_bar, axis=None, out=None, keepdims=False):
    high = np.max(a, axis, keepdims=keepdims)
    low = np.min(a, axis, keepdims=keepdims)
    high_bar = shared_by_equals(high, a, y_bar, axis, keepdims, True)
    return high_bar - shared_by_equals(low, a, y_bar, axis, keepdims, True)


@adjoint(np.median, kind="reduction")
def median(y, a, y_bar, axis=None, out=None, overwrite_input=False, keepdims=False):
    """The adjoint goes to the middle entry, or half of it to each of the two in the middle."""
    if axis is None:
        ranks = np.reshape(np.argsort(np.argsort(a, None)), np.shape(a))
        n = np.size(a)
    elif isinstance(axis, tuple):
        rest = other_axes(axis, np.ndim(a))
        order = axis + rest
        moved = np.transpose(a, order)
        n = reduced_count(a, axis)
        rows = np.reshape(moved, (n,) + np.shape(moved)[len(axis) :])
        ranks = np.reshape(np.argsort(np.argsort(rows, 0), 0), np.shape(moved))
        ranks = np.transpose(ranks, order_of_axes(order, np.ndim(a)))
    else:
        ranks = np.argsort(np.argsort(a, axis), axis)
        n = np.shape(a)[axis]
    half = 0.5 * keep_reduced_axes(y_bar, a, axis, keepdims)
    return half * (ranks == (n - 1) // 2) + half * (ranks == n // 2)


@nondifferentiable
def other_axes(axis, rank):
    """The axes that are not in `axis`, ascending."""
    axes = [i % rank for i in axis]
    return tuple(i for i in range(rank) if i not in axes)


@result_type(other_axes)
def other_axes_type(axis, rank):
    return other_axes(axis, rank) if constant(axis) and constant(rank) else UNKNOWN


# ---------------------------------------------------------------------------------------------------------------------
# Running sums and products
# ---------------------------------------------------------------------------------------------------------------------


multilinear(np.cumsum)


@adjoint(np.cumsum)
def cumsum(y, a, y_bar, axis=None, dtype=None, out=None):
    """The adjoint is summed from the end."""
    if np.ndim(a) == 0:
        return np.reshape(y_bar, np.shape(a))
    if np.ndim(a) == 1:
        return np.cumsum(y_bar[::-1])[::-1]
    if axis == 0:
        return np.cumsum(y_bar[::-1], axis=0)[::-1]
    if axis is None:
        return np.reshape(np.cumsum(y_bar[::-1])[::-1], np.shape(a))
    return np.flip(np.cumsum(np.flip(y_bar, axis), axis), axis)


@adjoint(np.nancumsum)
def nancumsum(y, a, y_bar, axis=None, dtype=None, out=None):
    return np.where(np.isnan(a), 0.0, cumsum(y, a, y_bar, axis))


@adjoint(np.prod, kind="reduction")
def prod(y, a, y_bar, axis=None, dtype=None, out=None, keepdims=False, initial=1, where=True):
    """ā = ȳ times the product of the other entries."""
    if where is not True:
        return np.where(where, product_adjoint(y, np.where(where, a, 1.0), y_bar, axis, dtype, keepdims, initial), 0.0)
    return product_adjoint(y, a, y_bar, axis, dtype, keepdims, initial)


@adjoint(np.nanprod, kind="reduction")
def nanprod(y, a, y_bar, axis=None, dtype=None, out=None, keepdims=False, initial=1, where=True):
    counted = ~np.isnan(a)
    if where is not True:
        counted = counted & where
    return np.where(counted, product_adjoint(y, np.where(counted, a, 1.0), y_bar, axis, dtype, keepdims, initial), 0.0)


def product_adjoint(y, a, y_bar, axis, dtype, keepdims, initial):
    """The adjoint of a product of entries of `a`, none of them masked."""
    factors = a if dtype is None else np.asarray(a, dtype)
    y = keep_reduced_axes(stop_gradient(y), a, axis, keepdims)
    return keep_reduced_axes(y_bar, a, axis, keepdims) * products_of_others(factors, axis, initial, y)


@adjoint(np.cumprod)
def cumprod(y, a, y_bar, axis=None, dtype=None, out=None):
    if np.ndim(a) == 0:
        return np.reshape(y_bar, np.shape(a))
    return running_product_adjoint(a, y_bar, axis, stop_gradient(y))


@adjoint(np.nancumprod)
def nancumprod(y, a, y_bar, axis=None, dtype=None, out=None):
    counted = ~np.isnan(a)
    return np.where(counted, cumprod(y, np.where(counted, a, 1.0), y_bar, axis, dtype), 0.0)


@tangent(np.cumprod)
def cumprod_tangent(y, a, a_dot, axis=None, dtype=None, out=None):
    """See `running_product_tangent`; the transpose is a derivative of a derivative, of the adjoint of running products."""
    if np.ndim(a) == 0:
        return np.reshape(a_dot, np.shape(y))
    return running_product_tangent(a, a_dot, axis, y)


# What follows must not divide where that would lose something: a product of which one factor is 0, that has underflowed or
# overflowed, tells nothing of the product of the others. So the slower ways are made of running products and of linear
# recurrences, and so are the derivatives of all, which are exact in all orders.


def divisible(y):
    """Whether products are far enough from 0 and infinity to be divided by their factors."""
    size = 1.0 * np.abs(y)  # of an integer, which may stand where a number can, too
    least = np.finfo(size.dtype).tiny ** 0.5
    return np.all((size > least) & (size < 1.0 / least))


def products_of_others(a, axis, initial, y):
    """For each entry of `a`, the product of `initial` and all others along `axis`; with all of them it is `y`."""
    if divisible(y):
        return y / a
    rows = rows_along(a, axis)
    return initial * like_rows(products_before(rows) * products_behind(rows), a, axis)


@adjoint(products_of_others)
def products_of_others_adjoint(o, a, o_bar, axis, initial, y):
    """oᵢ = Πⱼ≠ᵢ aⱼ:  āₖ = Σᵢ≠ₖ ōᵢ Πⱼ≠ᵢ,ₖ aⱼ.

    Without a division, the part of i < k is S(k) times the product of the entries behind k, and the other the same from the
    other end; S(k + 1) = a(k) S(k) + ō(k) P(k) with the products P of the entries before: the tangent of P for ȧ = ō.
    """
    rows = rows_along(a, axis)
    o_bar = rows_along(o_bar, axis)
    if divisible(y) and divisible(a):
        shares = o_bar / rows
        return o * like_rows(sums_before(shares) + sums_behind(shares), a, axis)
    before = products_before(rows)
    behind = products_behind(rows)
    front = recurrence((o_bar * before)[::-1], rows[:0:-1])[::-1]
    back = recurrence(o_bar * behind, rows[:-1])
    none = np.zeros_like(rows[:1])
    rows_bar = np.concatenate((none, front[:-1])) * behind + before * np.concatenate((back[1:], none))
    return initial * like_rows(rows_bar, a, axis)


def products_before(a):
    """The products of the entries before each, along the first axis."""
    return np.concatenate((np.ones_like(a[:1]), np.cumprod(a[:-1], axis=0)))


def products_behind(a):
    """The products of the entries behind each, along the first axis."""
    return products_before(a[::-1])[::-1]


def sums_before(a):
    """The sums of the entries before each, along the first axis."""
    return np.concatenate((np.zeros_like(a[:1]), np.cumsum(a[:-1], axis=0)))


def sums_behind(a):
    """The sums of the entries behind each, along the first axis."""
    return sums_before(a[::-1])[::-1]


def running_product_adjoint(a, y_bar, axis, y):
    """The adjoint of the running products `y` of `a`: āⱼ = Σ_{i ≥ j} ȳᵢ yᵢ / aⱼ.

    Without a division it is pⱼ sⱼ, with the product pⱼ of the entries before, and sⱼ = ȳⱼ + aⱼ₊₁ sⱼ₊₁.
    """
    if divisible(y):
        return cumsum(y, a, y_bar * y, axis) / a
    rows = rows_along(a, axis)
    s = recurrence(rows_along(y_bar, axis), rows[1:])
    return like_rows(products_before(rows) * s, a, axis)


def running_product_tangent(a, a_dot, axis, y):
    """The tangent of the running products `y` of `a`: ẏᵢ = yᵢ Σ_{j ≤ i} ȧⱼ / aⱼ.

    Without a division it is the recurrence ẏᵢ = ȧᵢ yᵢ₋₁ + aᵢ ẏᵢ₋₁.
    """
    if divisible(y):
        return y * np.cumsum(a_dot / a, axis)
    rows = rows_along(a, axis)
    added = products_before(rows) * rows_along(a_dot, axis)
    return np.reshape(like_rows(recurrence(added[::-1], rows[:0:-1])[::-1], a, axis), np.shape(y))


memory("fresh", running_product_tangent)


@result_type(running_product_tangent)
def running_product_tangent_type(a, a_dot, axis, y):
    return as_array(y)


@adjoint(running_product_adjoint)
def running_product_adjoint_adjoint(r, a, y_bar, r_bar, axis, y):
    """r = p s, as it stands above: r̄ p goes back through the recurrence, r̄ s through the running products.

    With divisions, rⱼ = zⱼ / aⱼ with zⱼ = Σ_{i ≥ j} ȳᵢ yᵢ, and each product that holds aⱼ is one over aⱼ of its derivative:
    āⱼ = (Σ_{i < j} (r̄ᵢ / aᵢ) zⱼ + Σ_{i > j} (r̄ᵢ / aᵢ) zᵢ) / aⱼ.
    """
    rows = rows_along(a, axis)
    bars = rows_along(y_bar, axis)
    r_bar = rows_along(r_bar, axis)
    if divisible(y) and divisible(a):
        products = np.cumprod(rows, axis=0)
        shares = r_bar / rows
        z = rows_along(r, axis) * rows
        before = sums_before(shares)
        rows_bar = (before * z + sums_behind(shares * z)) / rows
        return like_rows(rows_bar, a, axis), like_rows((before + shares) * products, y_bar, axis)
    p = products_before(rows)
    s = recurrence(bars, rows[1:])
    bars_bar, ahead_bar = recurrence_adjoint(s, bars, rows[1:], r_bar * p)
    none = np.zeros_like(rows[:1])
    earlier_bar = running_product_adjoint(rows[:-1], (r_bar * s)[1:], 0, stop_gradient(p[1:]))
    rows_bar = np.concatenate((none, ahead_bar)) + np.concatenate((earlier_bar, none))
    return like_rows(rows_bar, a, axis), like_rows(bars_bar, y_bar, axis)


def recurrence(b, c):
    """The solution of s(j) = b(j) + c(j) s(j + 1) along the first axis, of which `c` has an entry less than `b`.

    By odd-even reduction: what remains for the even j, put into one another, is a recurrence of half the length. Blelloch
    1990, "Prefix sums and their applications", section 1.4.
    """
    n = np.shape(b)[0]
    if n < 2:
        return b
    pairs = (n - 1) // 2  # of odd j and the j + 1 behind it
    s = np.array(b, np.result_type(b, c))
    s[: n - 1 : 2] += c[::2] * b[1::2]
    s[::2] = recurrence(s[::2], c[: 2 * pairs : 2] * c[1::2])
    s[1 : 2 * pairs : 2] += c[1::2] * s[2::2]
    return s


@adjoint(recurrence)
def recurrence_adjoint(s, b, c, s_bar):
    """The transposed recurrence runs the other way: b̄(j) = s̄(j) + c(j − 1) b̄(j − 1), and c̄(j) = b̄(j) s(j + 1)."""
    b_bar = recurrence(s_bar[::-1], c[::-1])[::-1]
    return b_bar, b_bar[:-1] * s[1:]


def rows_along(a, axis):
    """`a` with the entries that are reduced together along its first axis; a number is a row of its own."""
    if axis is None or np.ndim(a) == 0:
        return np.ravel(a)
    if isinstance(axis, tuple):
        moved = np.transpose(a, axis + other_axes(axis, np.ndim(a)))
        return np.reshape(moved, (reduced_count(a, axis),) + np.shape(moved)[len(axis) :])
    return np.moveaxis(a, axis, 0)


def like_rows(rows, a, axis):
    """What `rows_along` gives, in the shape of `a` again."""
    if axis is None or np.ndim(a) == 0:
        return np.reshape(rows, np.shape(a))
    if isinstance(axis, tuple):
        order = axis + other_axes(axis, np.ndim(a))
        return np.transpose(np.reshape(rows, np.shape(np.transpose(a, order))), order_of_axes(order, np.ndim(a)))
    return np.moveaxis(rows, 0, axis)


memory("fresh", products_of_others, running_product_adjoint)


@result_type(products_of_others)
def products_of_others_type(a, axis, initial, y):
    array = as_array(a)
    return Array(array.dtype, array.shape)


@result_type(running_product_adjoint)
def running_product_adjoint_type(a, y_bar, axis, y):
    return Array(promote(a, y_bar), as_array(a).shape)


@result_type(recurrence)
def recurrence_type(b, c):
    return Array(promote(b, c), as_array(b).shape)


# ---------------------------------------------------------------------------------------------------------------------
# Differences
# ---------------------------------------------------------------------------------------------------------------------


memory(lambda a, n=1, *rest, **named: "fresh" if type(n) is int and n > 0 else "view", np.diff)  # of order 0 its operand


@adjoint(np.diff)
def diff(y, a, n=1, axis=-1, prepend=None, append=None, *, y_bar):
    """The transpose of an n-th difference is (−1)ⁿ times the n-th difference of the adjoint between zeros.

    Of fewer entries than n there is no difference: their adjoints are some of the zeros.
    """
    if n == 0:
        return y_bar, None, None, None, None
    edge = np.zeros(edge_shape(np.shape(y_bar), axis, n), y_bar.dtype)
    full_bar = np.diff(np.concatenate((edge, y_bar, edge), axis), n, axis)
    if n % 2 == 1:
        full_bar = -full_bar
    first = edge_length(prepend, np.shape(a), axis)
    last = first + np.shape(a)[axis]
    stop = last + edge_length(append, np.shape(a), axis)
    if not reaches(stop, n):
        full_bar = between(full_bar, axis, 0, stop)
    prepend_bar = None
    append_bar = None
    if prepend is not None:
        prepend_bar = unbroadcast(between(full_bar, axis, 0, first), prepend)
    if append is not None:
        append_bar = unbroadcast(between(full_bar, axis, last, stop), append)
    if prepend is not None or append is not None:
        full_bar = between(full_bar, axis, first, last)
    return full_bar, None, None, prepend_bar, append_bar


@tangent(np.diff)
def diff_tangent(y, a, a_dot, n=1, axis=-1, prepend=None, append=None, prepend_dot=None, append_dot=None):
    """Linear in all three together; the transpose of the adjoint takes differences between zeros, and cuts these off."""
    if a_dot is None:
        a_dot = np.zeros_like(a)
    if prepend is None and append is None:
        return np.diff(a_dot, n) if axis == -1 else np.diff(a_dot, n, axis)
    if prepend_dot is None and prepend is not None:
        prepend_dot = np.zeros_like(prepend)
    if append_dot is None and append is not None:
        append_dot = np.zeros_like(append)
    if append is None:
        return np.diff(a_dot, n, axis, prepend_dot)
    if prepend is None:
        return np.diff(a_dot, n, axis, append=append_dot)
    return np.diff(a_dot, n, axis, prepend_dot, append_dot)


@nondifferentiable
def reaches(length, n):
    """Whether an axis is known to be of length `n` at least; then nothing need be cut off."""
    return False


@result_type(reaches)
def reaches_type(length, n):
    size = length.size if isinstance(length, Scalar) else length
    return size is not None and type(n) is int and is_nonnegative(size_add(size, n, -1))


def between(a, axis, start, stop):
    """The entries of `a` from `start` to `stop` along `axis`."""
    if np.ndim(a) == 1:
        return a[start:stop]
    return np.moveaxis(np.moveaxis(a, axis, 0)[start:stop], 0, axis)


def edge_length(edge, shape, axis):
    """How many entries `prepend` or `append` adds along `axis`: a number counts as one."""
    if edge is None:
        return 0
    if np.ndim(edge) == 0:
        return 1
    return np.shape(edge)[axis]


@nondifferentiable
def edge_shape(shape, axis, n):
    """`shape` with `n` along `axis`."""
    rank = len(shape)
    return tuple(n if i == axis % rank else size for i, size in enumerate(shape))


@result_type(edge_shape)
def edge_shape_type(shape, axis, n):
    items = shape.items if isinstance(shape, Tuple) else shape
    if not isinstance(items, tuple) or not constant(axis):
        return UNKNOWN
    return tuple(n if i == axis % len(items) else size for i, size in enumerate(items))


@result_type(np.diff)
def diff_type(a, n=1, axis=-1, prepend=None, append=None):
    array = as_array(a)
    dtype = array.dtype
    for edge in (prepend, append):
        if edge is not None and dtype is not None:
            other = as_array(edge).dtype
            dtype = None if other is None else np.result_type(dtype, other)
    if array.shape is None or type(axis) is not int or type(n) is not int or not -len(array.shape) <= axis < len(array.shape):
        return Array(dtype, None)
    shape = list(array.shape)
    length = shape[axis]
    for edge in (prepend, append):
        if edge is not None:
            size = as_array(edge).shape
            if size is None or (size and len(size) != len(shape)):
                return Array(dtype, None)
            length = size_add(length, size[axis] if size else 1)
    shape[axis] = size_max0(size_add(length, n, -1)) if n else array.shape[axis]
    return Array(dtype, tuple(shape))


# ---------------------------------------------------------------------------------------------------------------------
# Array methods
# ---------------------------------------------------------------------------------------------------------------------

for _name in ("sum", "mean", "prod", "max", "min", "var", "std", "cumsum", "cumprod"):
    method(_name, getattr(np, _name))
for _name in ("argmax", "argmin", "argsort", "any", "all"):
    method(_name, getattr(np, _name))
