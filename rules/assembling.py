"""Arrays put together of others, or of parts of one: compositions of slices, gathers and concatenations."""

import numpy as np

from sct.registry.compositions import composition

from .manipulation import axis_slice


@composition(np.block)
def block(arrays):
    """Lists of the innermost level along the last axis, those around them along the one before, and so on."""
    depth = levels(arrays)
    if depth == 0:
        return np.array(arrays)
    rank = max(depth, most_axes(arrays))
    return joined_blocks(arrays, depth, rank)


def levels(arrays):
    """How deep lists stand in one another."""
    return 1 + levels(arrays[0]) if isinstance(arrays, list) else 0


def most_axes(arrays):
    """The greatest rank of an array in lists."""
    return max([most_axes(a) for a in arrays]) if isinstance(arrays, list) else np.ndim(arrays)


def joined_blocks(arrays, depth, rank):
    """The blocks of one list joined."""
    if depth == 0:
        a = np.asarray(arrays)
        return np.reshape(a, (1,) * (rank - a.ndim) + a.shape)
    return np.concatenate([joined_blocks(a, depth - 1, rank) for a in arrays], -depth)


@composition(np.delete)
def delete(arr, obj, axis=None):
    """What is left, which is one slice before an index and one behind it, or a gather."""
    if axis is None:
        arr, axis = np.ravel(arr), 0
    arr = np.asarray(arr)
    n = arr.shape[axis]
    if isinstance(obj, int):
        if obj < -n or obj >= n:
            raise IndexError(f"index {obj} is out of bounds for axis {axis} with size {n}")
        k = obj % n
        return np.concatenate((axis_slice(arr, axis, None, k), axis_slice(arr, axis, k + 1, None)), axis)
    stays = np.ones(n, bool)
    stays[obj] = False
    return np.compress(stays, arr, axis)


if hasattr(np, "unstack"):

    @composition(np.unstack)
    def unstack(x, /, *, axis=0):
        """The parts along an axis."""
        return tuple(np.moveaxis(x, axis, 0))


@composition(np.resize)
def resize(a, new_shape):
    """The entries again and again, until there are enough."""
    a = np.ravel(a)
    shape = (new_shape,) if isinstance(new_shape, (int, np.integer)) else tuple(new_shape)
    n = 1
    for length in shape:
        n *= length
    if a.size == 0 or n == 0:
        return np.zeros(shape, a.dtype)
    return np.reshape(a[np.arange(n) % a.size], shape)


@composition(np.trim_zeros)
def trim_zeros(filt, trim="fb"):
    """The vector without the zeros before and behind."""
    filt = np.asarray(filt)
    there = np.nonzero(filt)[0]
    if len(there) == 0:
        return filt[:0]
    first = there[0] if "f" in trim.lower() else 0
    last = there[-1] + 1 if "b" in trim.lower() else len(filt)
    return filt[first:last]


@composition(np.fromfunction)
def fromfunction(function, shape, *, dtype=float, like=None, **kwargs):
    """A function of the indices."""
    return function(*np.indices(shape, dtype=dtype), **kwargs)


@composition(np.apply_over_axes)
def apply_over_axes(func, a, axes):
    """A function along one axis after another, each of which is kept."""
    y = np.asarray(a)
    for axis in (axes,) if np.ndim(axes) == 0 else axes:
        reduced = func(y, axis if axis >= 0 else np.ndim(a) + axis)
        y = reduced if reduced.ndim == y.ndim else np.expand_dims(reduced, axis if axis >= 0 else np.ndim(a) + axis)
    return y


@composition(np.sort_complex)
def sort_complex(a):
    """By the real part, then by the imaginary one; always complex."""
    ordered = np.sort(a)
    if ordered.dtype.kind == "c":
        return ordered
    if ordered.dtype.char in "bhBH":
        return ordered.astype(np.complex64)
    return ordered.astype(np.clongdouble if ordered.dtype.char == "g" else complex)


@composition(np.asarray_chkfinite)
def asarray_chkfinite(a, dtype=None, order=None):
    """The array, if no entry is infinite or NaN."""
    a = np.asarray(a, dtype, order)
    if a.dtype.kind in "fc" and not np.all(np.isfinite(a)):
        raise ValueError("array must not contain infs or NaNs")
    return a


if hasattr(np, "row_stack"):

    @composition(np.row_stack)
    def row_stack(tup, *, dtype=None, casting="same_kind"):
        """What is called vstack now."""
        return np.vstack(tup, dtype=dtype, casting=casting)


if hasattr(np, "cumulative_sum"):

    @composition(np.cumulative_sum)
    def cumulative_sum(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
        """`np.cumsum`, on request with the sum of nothing before it."""
        return with_initial(np.cumsum, x, axis, dtype, 0, include_initial)

    @composition(np.cumulative_prod)
    def cumulative_prod(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
        """`np.cumprod`, on request with the product of nothing before it."""
        return with_initial(np.cumprod, x, axis, dtype, 1, include_initial)


def with_initial(running, x, axis, dtype, first, included):
    """Running results, on request with the first one before them."""
    x = np.atleast_1d(x)
    if axis is None:
        if x.ndim > 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        axis = 0
    y = running(x, axis=axis, dtype=dtype)
    if not included:
        return y
    return np.concatenate((np.full_like(np.sum(y, axis=axis, keepdims=True), first, y.dtype), y), axis)


@composition(np.union1d)
def union1d(ar1, ar2):
    """What is in either, once."""
    return np.unique(np.concatenate((np.ravel(ar1), np.ravel(ar2))))


@composition(np.setdiff1d)
def setdiff1d(ar1, ar2, assume_unique=False):
    """What is in the first alone."""
    ar1 = np.ravel(ar1) if assume_unique else np.unique(ar1)
    return ar1[~np.isin(ar1, ar2)]


@composition(np.intersect1d)
def intersect1d(ar1, ar2, assume_unique=False):
    """What is in both, once."""
    ar1 = np.sort(np.ravel(ar1)) if assume_unique else np.unique(ar1)
    return ar1[np.isin(ar1, ar2)]


@composition(np.setxor1d)
def setxor1d(ar1, ar2, assume_unique=False):
    """What is in one of both."""
    ar1, ar2 = np.unique(ar1), np.unique(ar2)
    return np.sort(np.concatenate((ar1[~np.isin(ar1, ar2)], ar2[~np.isin(ar2, ar1)])))


if hasattr(np, "unique_values"):

    @composition(np.unique_values)
    def unique_values(x):
        """What is in an array, once."""
        return np.unique(x, equal_nan=False)


ALL, COUNTS, INVERSE = (type(f(np.ones(1))) for f in (np.unique_all, np.unique_counts, np.unique_inverse))


@composition(np.unique_all)
def unique_all(x):
    """What is in an array, once, with where and how often, by names."""
    values, indices, inverse, counts = np.unique(x, True, True, True, equal_nan=False)
    return ALL(values, indices, inverse, counts)


@composition(np.unique_counts)
def unique_counts(x):
    """What is in an array, once, with how often."""
    values, counts = np.unique(x, return_counts=True, equal_nan=False)
    return COUNTS(values, counts)


@composition(np.unique_inverse)
def unique_inverse(x):
    """What is in an array, once, with where each entry is among these."""
    values, inverse = np.unique(x, return_inverse=True, equal_nan=False)
    return INVERSE(values, inverse)


@composition(np.fromiter)
def fromiter(iter, dtype, count=-1):
    """What an iterator gives."""
    values = list(iter)
    return np.array(values if count < 0 else values[:count], dtype)
