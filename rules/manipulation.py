"""Rules for changing the shape and order of arrays: reshaping, transposing, joining, splitting, repeating.

Takes and gives arrays; registers rules at import. Every function here is linear in its arrays, so that each adjoint is
the transposed rearrangement. Never looks at data: what depends on axes and orders only is worked out on constants.
"""

import numpy as np

from sct.ir.shapes import (
    as_array,
    as_shape,
    constant,
    fresh_size,
    is_nonnegative,
    normalize_axes,
    promote,
    size_ceil_div,
    size_divide,
    size_max0,
    size_product,
    slice_size,
    unknown_array,
)
from sct.ir.types import (
    UNKNOWN,
    Array,
    Const,
    List,
    Scalar,
    Tuple,
    broadcast_shapes,
    fit_into,
    is_unit,
    size_add,
    size_mul,
    size_opaque,
    unify,
)
from sct.registry.compositions import composition
from sct.registry.facts import facts, memory
from sct.registry.methods import attribute, method
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import joining, multilinear, tangent
from sct.registry.type_rules import result_type
from sct.runtime import unbroadcast
from sct.runtime.strides import strided, strided_entries

from .arithmetic import is_ndarray
from .indexing import axis_scatter, flat_scatter, shape_with


def _is_int(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_axis(value, rank):
    return _is_int(value) and -rank <= value < rank


def _entries(value):
    """The entries of a sequence argument, each an abstract or plain value; None if its length is not known."""
    if isinstance(value, (Tuple, List)):
        value = value.items
    if not isinstance(value, (tuple, list)):
        return None
    return [v.value if isinstance(v, Const) else v for v in value]


# --- reshaping ----------------------------------------------------------------------------------------------------------


@nondifferentiable
def index_order(a, order):
    """The order, "C" or "F", that reading `a` in `order` comes to; "A" and "K" depend on the layout of `a`."""
    if order in ("C", "F"):
        return order
    flags = np.asarray(a).flags
    if order == "K" and not flags.c_contiguous and not flags.f_contiguous:
        raise ValueError("the adjoint of order='K' is not known for an array that is not contiguous; use order='C'")
    return "F" if flags.fnc else "C"


@result_type(index_order)
def index_order_type(a, order):
    return order if isinstance(order, str) and order in ("C", "F") else UNKNOWN


def reshape_like(y_bar, a):
    """`y_bar` in the shape of `a`, which has as many entries."""
    if np.ndim(a) == 0:
        return np.sum(y_bar)  # a number, where np.reshape gives an array of rank 0
    return np.reshape(y_bar, np.shape(a))


def rearranged_by_reshape(a, shape=None, order="C", *, newshape=None):
    """A vector is always in order, though it may have steps."""
    if order != "C":
        return None
    return "reshaped" if isinstance(a, Array) and a.rank == 1 else "may copy"


facts(np.reshape, np.ravel, linear="first", layout="by order")
facts(np.reshape, rearranged=rearranged_by_reshape, boxed=is_ndarray)
facts(np.ravel, rearranged=lambda a, order="C": "may copy" if order == "C" else None)


@adjoint(np.reshape, kind="view")
def reshape(y, a, y_bar, shape, order="C", *, copy=None):
    if order == "C":
        return reshape_like(y_bar, a)
    return np.reshape(y_bar, np.shape(a), order=index_order(a, order))


@adjoint(np.ravel, kind="view")
def ravel(y, a, y_bar, order="C"):
    if order == "C":
        return reshape_like(y_bar, a)
    return np.reshape(y_bar, np.shape(a), order=index_order(a, order))


@result_type(np.reshape)
def reshape_type(a, shape, order="C", *, copy=None):
    a = as_array(a)
    entries = _entries(shape)
    if entries is None:
        entries = [shape]
    sizes = as_shape(tuple(entries))
    if sizes is None:
        return unknown_array(a.dtype)
    sure = [s for s, e in zip(sizes, entries, strict=True) if not _is_int(e) or e >= 0]
    if not all(map(is_nonnegative, sure)):
        # an int of unknown sign may be -1, which stands for what is left over
        if a.shape is None:
            return Array(a.dtype, tuple(fresh_size("count") for _ in sizes))
        return Array(a.dtype, tuple(size_opaque("reshape", i, a.shape, sizes) for i in range(len(sizes))))
    if len(sure) < len(sizes):
        rest = fresh_size("count") if a.shape is None else size_divide(a.shape, sure)
        sizes = tuple(rest if _is_int(e) and e < 0 else s for s, e in zip(sizes, entries, strict=True))
    if a.shape is not None:
        unify(size_product(a.shape), size_product(sizes))
    return Array(a.dtype, sizes)


@result_type(np.ravel)
def ravel_type(a, order="C"):
    a = as_array(a)
    return Array(a.dtype, (fresh_size("count") if a.shape is None else size_product(a.shape),))


method("reshape", np.reshape, pack=True)
method("ravel", np.ravel)


# --- permuting axes -----------------------------------------------------------------------------------------------------


@nondifferentiable
def inverse_permutation(axes):
    """The permutation that undoes `axes`: a tuple of int."""
    rank = len(axes)
    positions = [a % rank for a in axes]
    return tuple(positions.index(i) for i in range(rank))


@result_type(inverse_permutation)
def inverse_permutation_type(axes):
    entries = _entries(axes)
    if entries is None or not all(map(_is_int, entries)):
        return UNKNOWN if entries is None else Tuple((Scalar(int),) * len(entries))
    return inverse_permutation(entries)


facts(np.transpose, np.moveaxis, np.expand_dims, np.squeeze, rearranged="turned", linear="first")
facts(np.append, np.column_stack, np.concatenate, np.dstack, np.hstack, np.insert, np.stack, np.vstack, joins=True)
joining(np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack)
multilinear(np.repeat, np.rot90)
facts(np.matrix_transpose, np.swapaxes, np.flip, np.fliplr, np.flipud, rearranged="turned", linear="first", involution=True)
facts(np.transpose, involution=lambda a, axes=None: axes is None)
facts(np.transpose, np.squeeze, boxed=is_ndarray)
facts(np.expand_dims, np.moveaxis, np.tile, np.broadcast_to, np.roll, boxed=True)
facts(np.tile, np.broadcast_to, np.roll, linear="first")


@adjoint(np.transpose, kind="view")
def transpose(y, a, y_bar, axes=None):
    if np.ndim(a) < 2:
        return y_bar
    if axes is None:
        return y_bar.T
    inverse = inverse_permutation(axes)
    if inverse == (1, 0):
        return y_bar.T
    return np.transpose(y_bar, inverse)


@adjoint(np.matrix_transpose, kind="view")
def matrix_transpose(y, x, y_bar):
    if np.ndim(x) == 2:
        return y_bar.T
    return np.swapaxes(y_bar, -1, -2)


@result_type(np.transpose)
def transpose_type(a, axes=None):
    a = as_array(a)
    if a.shape is None:
        entries = _entries(axes)
        return Array(a.dtype, None if entries is None else tuple(fresh_size("count") for _ in entries))
    if axes is None:
        return Array(a.dtype, a.shape[::-1])
    if _is_int(axes):  # np.transpose(a, 0)
        axes = (axes,)
    entries = _entries(axes)
    if entries is None or len(entries) != len(a.shape):
        return unknown_array(a.dtype)
    if not all(map(_is_int, entries)):
        return Array(a.dtype, tuple(fresh_size("count") for _ in entries))
    if sorted(e % len(entries) for e in entries) != list(range(len(entries))):
        return unknown_array(a.dtype)
    return Array(a.dtype, tuple(a.shape[e] for e in entries))


@result_type(np.matrix_transpose)
def matrix_transpose_type(x):
    x = as_array(x)
    if x.shape is None or len(x.shape) < 2:
        return unknown_array(x.dtype)
    return Array(x.dtype, (*x.shape[:-2], x.shape[-1], x.shape[-2]))


@adjoint(np.swapaxes, kind="view")
def swapaxes(y, a, y_bar, axis1, axis2):
    if np.ndim(a) == 2 and (axis1 - axis2) % 2 == 1:
        return y_bar.T
    return np.swapaxes(y_bar, axis1, axis2)


@result_type(np.swapaxes)
def swapaxes_type(a, axis1, axis2):
    a = as_array(a)
    if a.shape is None:
        return a
    rank = len(a.shape)
    if not (_is_axis(axis1, rank) and _is_axis(axis2, rank)):
        return Array(a.dtype, tuple(fresh_size("count") for _ in a.shape))
    shape = list(a.shape)
    shape[axis1], shape[axis2] = shape[axis2], shape[axis1]
    return Array(a.dtype, tuple(shape))


@adjoint(np.moveaxis, kind="view")
def moveaxis(y, a, y_bar, source, destination):
    return np.moveaxis(y_bar, destination, source)


@result_type(np.moveaxis)
def moveaxis_type(a, source, destination):
    a = as_array(a)
    if a.shape is None:
        return a
    rank = len(a.shape)
    source = [source] if _entries(source) is None else _entries(source)
    destination = [destination] if _entries(destination) is None else _entries(destination)
    if len(source) != len(destination) or not all(_is_axis(i, rank) for i in (*source, *destination)):
        return Array(a.dtype, tuple(fresh_size("count") for _ in a.shape))
    source, destination = [i % rank for i in source], [i % rank for i in destination]
    order = [i for i in range(rank) if i not in source]
    for to, axis in sorted(zip(destination, source, strict=True)):
        order.insert(to, axis)
    return Array(a.dtype, tuple(a.shape[i] for i in order) if len(order) == rank else None)


@adjoint(np.rollaxis, kind="view")
def rollaxis(y, a, y_bar, axis, start=0):
    """The axis comes to stand before `start`, counted without it: it is moved back from there."""
    rank = np.ndim(a)
    source = axis % rank
    before = start if start >= 0 else start + rank
    return np.moveaxis(y_bar, before - 1 if source < before else before, source)


@result_type(np.rollaxis)
def rollaxis_type(a, axis, start=0):
    a = as_array(a)
    if a.shape is None:
        return a
    rank = len(a.shape)
    if not _is_axis(axis, rank) or not _is_int(start) or not -rank <= start <= rank:
        return Array(a.dtype, tuple(fresh_size("count") for _ in a.shape))
    source, before = axis % rank, start if start >= 0 else start + rank
    return moveaxis_type(a, source, before - 1 if source < before else before)


method("swapaxes", np.swapaxes)
method("transpose", np.transpose, pack=True)
attribute("T", np.transpose)
attribute("mT", np.matrix_transpose)


# --- adding, dropping and stretching axes ---------------------------------------------------------------------------------


@adjoint(np.expand_dims, kind="view")
def expand_dims(y, a, y_bar, axis):
    return reshape_like(y_bar, a)


@result_type(np.expand_dims)
def expand_dims_type(a, axis):
    a = as_array(a)
    entries = [axis] if _entries(axis) is None else _entries(axis)
    if a.shape is None or any(not _is_int(e) and _entries(axis) is None for e in entries):
        return unknown_array(a.dtype)
    rank = len(a.shape) + len(entries)
    if not all(map(_is_int, entries)):
        return Array(a.dtype, tuple(fresh_size("count") for _ in range(rank)))
    axes = normalize_axes(tuple(entries), rank)
    if axes is None:
        return unknown_array(a.dtype)
    sizes = iter(a.shape)
    return Array(a.dtype, tuple(1 if i in axes else next(sizes) for i in range(rank)))


@adjoint(np.squeeze, kind="view")
def squeeze(y, a, y_bar, axis=None):
    return reshape_like(y_bar, a)


@result_type(np.squeeze)
def squeeze_type(a, axis=None):
    a = as_array(a)
    if a.shape is None or not constant(axis):
        return unknown_array(a.dtype)
    if axis is None:
        if any(is_unit(s) is None for s in a.shape):
            return unknown_array(a.dtype)
        return Array(a.dtype, tuple(s for s in a.shape if not is_unit(s)))
    axes = normalize_axes(axis, len(a.shape))
    if axes is None:
        return unknown_array(a.dtype)
    return Array(a.dtype, tuple(s for i, s in enumerate(a.shape) if i not in axes))


memory("spread", np.broadcast_to, np.broadcast_arrays)


@adjoint(np.broadcast_to, kind="view")
def broadcast_to(y, array, y_bar, shape, subok=False):
    return unbroadcast(y_bar, array)


@result_type(np.broadcast_to)
def broadcast_to_type(array, shape, subok=False):
    shape = as_shape(shape)
    fit_into(shape, as_array(array).shape)
    return Array(as_array(array).dtype, shape)


method("squeeze", np.squeeze)


# --- other strides --------------------------------------------------------------------------------------------------------

nondifferentiable(strided_entries)
memory("fresh", strided_entries)
memory("spread", strided)
facts(strided, strided_entries, layout="always")


@result_type(strided_entries)
def strided_entries_type(x, shape=None, strides=None):
    return Array(np.dtype(int), as_array(x).shape if shape is None else as_shape(shape))


@adjoint(strided, kind="view")
def strided_adjoint(y, x, entries, y_bar, shape=None, strides=None, subok=False, writeable=True):
    return flat_scatter(x, entries, y_bar), None


@tangent(strided)
def strided_tangent(y, x, entries, x_dot, entries_dot, shape=None, strides=None, subok=False, writeable=True):
    """The tangent may lie in memory in another way."""
    return np.ravel(x_dot)[entries]


@composition(np.lib.stride_tricks.as_strided)
def as_strided(x, shape=None, strides=None, subok=False, writeable=True):
    """The entries are known by their numbers in the array."""
    x = np.asarray(x)
    return strided(x, strided_entries(x, shape, strides), shape, strides, False, writeable)


@composition(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(x, window_shape, axis=None, *, subok=False, writeable=False):
    """The array with strides of its own once more, for the axes of windows."""
    x = np.asarray(x)
    sizes = window_shape if isinstance(window_shape, (tuple, list)) else (window_shape,)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    if len(sizes) != len(axes):
        raise ValueError("there must be a size of windows for each axis")
    lengths = np.array(x.shape)
    for k, n in zip(axes, sizes, strict=True):
        lengths[k] -= n - 1
        if n < 0 or lengths[k] < 1:
            raise ValueError("a window is larger than the array")
    return as_strided(x, (*lengths, *sizes), (*x.strides, *[x.strides[k] for k in axes]), False, writeable)


@result_type(strided)
def strided_type(x, entries, shape=None, strides=None, subok=False, writeable=True):
    return Array(as_array(x).dtype, as_array(entries).shape)


@adjoint(np.broadcast_arrays, kind="view")
def broadcast_arrays(y, *args, y_bar, subok=False):
    parts = ()
    for i in range(len(args)):
        parts = parts + (unbroadcast(y_bar[i], args[i]),)
    return parts


@result_type(np.broadcast_arrays)
def broadcast_arrays_type(*args, subok=False):
    arrays = [as_array(a) for a in args]
    shape = broadcast_shapes(a.shape for a in arrays)
    return Tuple(tuple(Array(a.dtype, shape, boxed=shape == ()) for a in arrays))


def reshape_each(y_bar, arrays):
    """The adjoints of `arrays` under a function that reshapes one array, or each of several."""
    if len(arrays) == 1:
        return (reshape_like(y_bar, arrays[0]),)
    parts = ()
    for i in range(len(arrays)):
        parts = parts + (reshape_like(y_bar[i], arrays[i]),)
    return parts


facts(np.atleast_1d, itself=lambda a: a.rank is not None and a.rank >= 1)
facts(np.atleast_2d, itself=lambda a: a.rank is not None and a.rank >= 2)
facts(np.atleast_3d, itself=lambda a: a.rank is not None and a.rank >= 3)


@adjoint(np.atleast_1d, kind="view")
def atleast_1d(y, *arys, y_bar):
    return reshape_each(y_bar, arys)


@adjoint(np.atleast_2d, kind="view")
def atleast_2d(y, *arys, y_bar):
    return reshape_each(y_bar, arys)


@adjoint(np.atleast_3d, kind="view")
def atleast_3d(y, *arys, y_bar):
    return reshape_each(y_bar, arys)


def _at_least(rank):
    """The shape that np.atleast_<rank>d gives an array of `shape`."""

    def raised(shape):
        if shape is None or len(shape) >= rank:
            return shape
        if rank == 3:
            return ((1, 1, 1), (1, *shape, 1), (*shape, 1))[len(shape)]
        return (1,) * (rank - len(shape)) + shape

    def type_of(*arys):
        out = []
        for a in map(as_array, arys):
            out.append(Array(a.dtype, raised(a.shape)))
        return out[0] if len(out) == 1 else Tuple(tuple(out))

    return raised, type_of


_at_least_1d, _type_1d = _at_least(1)
_at_least_2d, _type_2d = _at_least(2)
_at_least_3d, _type_3d = _at_least(3)
result_type(np.atleast_1d)(_type_1d)
result_type(np.atleast_2d)(_type_2d)
result_type(np.atleast_3d)(_type_3d)


@adjoint(np.meshgrid)
def meshgrid(y, *xi, y_bar, copy=True, sparse=False, indexing="xy"):
    """Grid i varies along one axis only, that of x_i: its adjoint is summed over the others."""
    parts = ()
    for i in range(len(xi)):
        own = 1 - i if indexing == "xy" and len(xi) > 1 and i < 2 else i
        others = ()
        for axis in range(len(xi)):
            if axis != own:
                others = others + (axis,)
        if len(others) == 0 or sparse:
            parts = parts + (reshape_like(y_bar[i], xi[i]),)
        else:
            parts = parts + (reshape_like(np.sum(y_bar[i], axis=others), xi[i]),)
    return parts


@result_type(np.meshgrid)
def meshgrid_type(*xi, copy=True, sparse=False, indexing="xy"):
    arrays = [as_array(x) for x in xi]
    if not isinstance(sparse, bool) or indexing not in ("xy", "ij") or any(a.shape is None for a in arrays):
        return UNKNOWN
    sizes = [size_product(a.shape) for a in arrays]
    order = list(range(len(sizes)))
    if indexing == "xy" and len(sizes) > 1:
        order[:2] = 1, 0
    out = []
    for i, a in enumerate(arrays):
        out.append(Array(a.dtype, tuple(sizes[j] if j == i or not sparse else 1 for j in order)))
    return Tuple(tuple(out))


# --- joining --------------------------------------------------------------------------------------------------------------


def axis_slice(x, axis, start, stop):
    """`x[start:stop]` along `axis`."""
    if axis == 0 or axis == -np.ndim(x):
        return x[start:stop]
    if axis == -1 and np.ndim(x) > 2:
        return x[..., start:stop]
    if axis == 1 or axis == -1:
        return x[:, start:stop]
    if axis == 2:
        return x[:, :, start:stop]
    if axis == -2:
        return x[..., start:stop, :]
    return np.swapaxes(np.swapaxes(x, 0, axis)[start:stop], 0, axis)


def axis_item(x, axis, i):
    """`x[i]` along `axis`."""
    if axis == 0 or axis == -np.ndim(x):
        return x[i]
    if axis == -1 and np.ndim(x) > 2:
        return x[..., i]
    if axis == 1 or axis == -1:
        return x[:, i]
    if axis == 2:
        return x[:, :, i]
    return np.moveaxis(x, axis, 0)[i]


@adjoint(np.concatenate, sequences=("arrays",))
def concatenate(y, arrays, y_bar, axis=0, out=None, *, dtype=None, casting="same_kind"):
    if not isinstance(arrays, (list, tuple)):
        return concatenate_rows(arrays, y_bar, axis)
    last = len(arrays) - 1
    parts = []
    start = None
    for i in range(len(arrays)):
        size = np.size(arrays[i]) if axis is None else np.shape(arrays[i])[axis]
        end = size if start is None else start + size
        stop = end if i < last else None
        part = reshape_like(y_bar[start:stop], arrays[i]) if axis is None else axis_slice(y_bar, axis, start, stop)
        parts = parts + [part]
        start = end
    return parts


def concatenate_rows(a, y_bar, axis):
    """The adjoint of an array whose rows were joined."""
    if axis is None or axis == 0:
        return np.reshape(y_bar, np.shape(a))
    return np.stack(np.split(y_bar, len(a), axis))


def _parts(arrays):
    """The arrays in a sequence of arrays, or in one whose first axis counts them; None if it is not known how many."""
    entries = _entries(arrays)
    if entries is not None:
        return [as_array(e) for e in entries]
    a = as_array(arrays)
    if a.shape and isinstance(a.shape[0], int):
        return [Array(a.dtype, a.shape[1:])] * a.shape[0]
    return None


def _rows(arrays):
    """As `_parts`, where it does not matter how many there are: (array, number of such arrays) pairs."""
    parts = _parts(arrays)
    if parts is not None:
        return [(p, 1) for p in parts]
    a = as_array(arrays)
    return [(Array(a.dtype, a.shape[1:]), a.shape[0])] if a.shape else None


def _joined(pieces, axis, dtype):
    """The type of (array, count) `pieces` joined along `axis`."""
    if pieces is None or not pieces:
        return unknown_array(as_dtype(dtype, None))
    kind = as_dtype(dtype, promote(*(p for p, _ in pieces)))
    shapes = [p.shape for p, _ in pieces]
    if any(s is None for s in shapes):
        ranks = {len(s) for s in shapes if s is not None}
        if axis is not None and len(ranks) == 1:
            return Array(kind, tuple(fresh_size("count") for _ in range(ranks.pop())))
        return Array(kind, (fresh_size("count"),) if axis is None else None)
    if axis is None:
        total = 0
        for s, (_, count) in zip(shapes, pieces, strict=True):
            total = size_add(total, size_mul(size_product(s), count))
        return Array(kind, (total,))
    rank = len(shapes[0])
    if any(len(s) != rank for s in shapes) or not rank:
        return unknown_array(kind)
    if not _is_axis(axis, rank):
        return Array(kind, tuple(fresh_size("count") for _ in range(rank)))
    axis %= rank
    total = 0
    for s, (_, count) in zip(shapes, pieces, strict=True):
        total = size_add(total, size_mul(s[axis], count))
    return Array(kind, tuple(total if i == axis else _one_of([s[i] for s in shapes]) for i in range(rank)))


def _one_of(sizes):
    """One of several sizes that must be equal: the plainest."""
    for s in sizes:
        unify(sizes[0], s)
    for s in sizes:
        if isinstance(s, int):
            return s
    return min(sizes, key=lambda s: (len(repr(s)), repr(s)))


def as_dtype(dtype, default):
    """The dtype that a `dtype` argument stands for, `default` for None; None if it is not known."""
    if dtype is None:
        return default
    try:
        return np.dtype(dtype) if constant(dtype) else None
    except TypeError:
        return None


@result_type(np.concatenate)
def concatenate_type(arrays, axis=0, out=None, *, dtype=None, casting="same_kind"):
    return _joined(_rows(arrays), axis, dtype)


@adjoint(np.append)
def append(y, arr, values, y_bar, axis=None):
    if axis is None:
        size = np.size(arr)
        return reshape_like(y_bar[:size], arr), reshape_like(y_bar[size:], values)
    size = np.shape(arr)[axis]
    return axis_slice(y_bar, axis, None, size), axis_slice(y_bar, axis, size, None)


@tangent(np.append)
def append_tangent(y, arr, values, arr_dot, values_dot, axis=None):
    """The tangents behind one another; the transpose of the adjoint adds them to parts of an array of zeros."""
    before = np.zeros_like(arr) if arr_dot is None else arr_dot
    behind = np.zeros_like(values) if values_dot is None else values_dot
    return np.append(before, behind) if axis is None else np.append(before, behind, axis)


@result_type(np.append)
def append_type(arr, values, axis=None):
    return _joined([(as_array(arr), 1), (as_array(values), 1)], axis, None)


@nondifferentiable
def entries_of_insert(arr, obj, count, axis):
    """The numbers, in the result of np.insert, of what was there before, then of the `count` that were put in."""
    n = np.size(arr) if axis is None else np.shape(arr)[axis]
    return np.argsort(np.insert(np.full(n, -1), obj, np.arange(count)), kind="stable")


@result_type(entries_of_insert)
def entries_of_insert_type(arr, obj, count, axis):
    return Array(np.dtype(int), (fresh_size(),))


@adjoint(np.insert)
def insert(y, arr, obj, values, y_bar, axis=None):
    """An entry of the result is one of the array or of the values, which are broadcast to the room that is made for them."""
    n = np.size(arr) if axis is None else np.shape(arr)[axis]
    of_result = np.size(y) if axis is None else np.shape(y)[axis]
    entries = entries_of_insert(arr, obj, of_result - n, axis)
    if axis is None:
        return reshape_like(y_bar[entries[:n]], arr), None, unbroadcast(y_bar[entries[n:]], values)
    put = np.take(y_bar, entries[n:], axis)
    if np.ndim(obj) == 0:  # the first axis of the values is that along which they are put in
        put = np.moveaxis(put, axis, 0)
    return np.take(y_bar, entries[:n], axis), None, unbroadcast(put, values)


@tangent(np.insert)
def insert_tangent(y, arr, obj, values, arr_dot, obj_dot, values_dot, axis=None):
    """The tangents put in likewise."""
    into = np.zeros_like(arr) if arr_dot is None else arr_dot
    return np.insert(into, obj, np.zeros_like(values) if values_dot is None else values_dot, axis)


@result_type(np.insert)
def insert_type(arr, obj, values, axis=None):
    arr = as_array(arr)
    if axis is None:
        return Array(arr.dtype, (fresh_size("count"),))
    if arr.shape is None or not _is_axis(axis, len(arr.shape)):
        return unknown_array(arr.dtype)
    return Array(arr.dtype, tuple(fresh_size("count") if k == axis % len(arr.shape) else n for k, n in enumerate(arr.shape)))


@adjoint(np.stack, sequences=("arrays",))
def stack(y, arrays, y_bar, axis=0, out=None, *, dtype=None, casting="same_kind"):
    if not isinstance(arrays, (list, tuple)):
        return y_bar if axis == 0 else np.moveaxis(y_bar, axis, 0)
    parts = []
    for i in range(len(arrays)):
        parts = parts + [axis_item(y_bar, axis, i)]
    return parts


@result_type(np.stack)
def stack_type(arrays, axis=0, out=None, *, dtype=None, casting="same_kind"):
    pieces = _rows(arrays)
    if not pieces:
        return unknown_array(as_dtype(dtype, None))
    kind = as_dtype(dtype, promote(*(p for p, _ in pieces)))
    shapes = [p.shape for p, _ in pieces if p.shape is not None]
    if not shapes or any(len(s) != len(shapes[0]) for s in shapes) or not _is_axis(axis, len(shapes[0]) + 1):
        return unknown_array(kind)
    count = 0
    for _, n in pieces:
        count = size_add(count, n)
    shape = [_one_of([s[i] for s in shapes]) for i in range(len(shapes[0]))]
    shape.insert(axis % (len(shape) + 1), count)
    return Array(kind, tuple(shape))


@adjoint(np.vstack, sequences=("tup",))
def vstack(y, tup, y_bar, *, dtype=None, casting="same_kind"):
    if not isinstance(tup, (list, tuple)):
        return np.reshape(y_bar, np.shape(tup))
    parts = []
    start = 0
    for i in range(len(tup)):
        if np.ndim(tup[i]) == 0:
            part = y_bar[start, 0]
            stop = start + 1
        elif np.ndim(tup[i]) == 1:
            part = y_bar[start]
            stop = start + 1
        else:
            stop = start + np.shape(tup[i])[0]
            part = y_bar[start if i > 0 else None : stop if i < len(tup) - 1 else None]
        parts = parts + [part]
        start = stop
    return parts


@adjoint(np.hstack, sequences=("tup",))
def hstack(y, tup, y_bar, *, dtype=None, casting="same_kind"):
    if not isinstance(tup, (list, tuple)):
        return concatenate_rows(tup, y_bar, 0 if np.ndim(tup) == 2 else 1) if np.ndim(tup) > 1 else y_bar
    parts = []
    start = 0
    axis = 0 if np.ndim(tup[0]) < 2 else 1
    for i in range(len(tup)):
        if np.ndim(tup[i]) == 0:
            part = y_bar[start]
            stop = start + 1
        else:
            stop = start + np.shape(tup[i])[axis]
            part = axis_slice(y_bar, axis, start if i > 0 else None, stop if i < len(tup) - 1 else None)
        parts = parts + [part]
        start = stop
    return parts


@adjoint(np.dstack, sequences=("tup",))
def dstack(y, tup, y_bar):
    if not isinstance(tup, (list, tuple)):
        return dstack_rows(tup, y_bar)
    parts = []
    start = 0
    for i in range(len(tup)):
        if np.ndim(tup[i]) < 3:
            stop = start + 1
            part = reshape_like(y_bar[:, :, start], tup[i])
        else:
            stop = start + np.shape(tup[i])[2]
            part = y_bar[:, :, start if i > 0 else None : stop if i < len(tup) - 1 else None]
        parts = parts + [part]
        start = stop
    return parts


def dstack_rows(a, y_bar):
    """The adjoint of an array whose rows were joined along the third axis."""
    if np.ndim(a) < 4:
        return np.reshape(np.moveaxis(y_bar, 2, 0), np.shape(a))
    return concatenate_rows(a, y_bar, 2)


@adjoint(np.column_stack, sequences=("tup",))
def column_stack(y, tup, y_bar):
    if not isinstance(tup, (list, tuple)):
        return column_stack_rows(tup, y_bar)
    parts = []
    start = 0
    for i in range(len(tup)):
        if np.ndim(tup[i]) < 2:
            stop = start + 1
            part = y_bar[:, start] if np.ndim(tup[i]) == 1 else y_bar[0, start]
        else:
            stop = start + np.shape(tup[i])[1]
            part = axis_slice(y_bar, 1, start if i > 0 else None, stop if i < len(tup) - 1 else None)
        parts = parts + [part]
        start = stop
    return parts


def column_stack_rows(a, y_bar):
    """The adjoint of an array whose rows became columns."""
    if np.ndim(a) == 1:
        return np.reshape(y_bar, np.shape(a))
    return y_bar.T if np.ndim(a) == 2 else concatenate_rows(a, y_bar, 1)


def _raised(pieces, raised):
    """(array, count) pieces with each array's shape changed by `raised`."""
    return None if pieces is None else [(Array(p.dtype, raised(p.shape)), n) for p, n in pieces]


@result_type(np.vstack)
def vstack_type(tup, *, dtype=None, casting="same_kind"):
    return _joined(_raised(_rows(tup), _at_least_2d), 0, dtype)


@result_type(np.hstack)
def hstack_type(tup, *, dtype=None, casting="same_kind"):
    pieces = _raised(_rows(tup), _at_least_1d)
    if not pieces or pieces[0][0].shape is None:
        return unknown_array(as_dtype(dtype, None))
    return _joined(pieces, 0 if len(pieces[0][0].shape) == 1 else 1, dtype)


@result_type(np.dstack)
def dstack_type(tup):
    return _joined(_raised(_rows(tup), _at_least_3d), 2, None)


def _column(shape):
    """The shape of a column of np.column_stack."""
    if shape is None or len(shape) > 1:
        return shape
    return (shape[0] if shape else 1, 1)


@result_type(np.column_stack)
def column_stack_type(tup):
    return _joined(_raised(_rows(tup), _column), 1, None)


# --- splitting ------------------------------------------------------------------------------------------------------------


@adjoint(np.split, kind="view")
def split(y, ary, y_bar, indices_or_sections, axis=0):
    return np.concatenate(y_bar, axis=axis)


@adjoint(np.array_split, kind="view")
def array_split(y, ary, y_bar, indices_or_sections, axis=0):
    return np.concatenate(y_bar, axis=axis)


@adjoint(np.hsplit, kind="view")
def hsplit(y, ary, y_bar, indices_or_sections):
    return np.concatenate(y_bar, axis=0 if np.ndim(ary) == 1 else 1)


@adjoint(np.vsplit, kind="view")
def vsplit(y, ary, y_bar, indices_or_sections):
    return np.concatenate(y_bar, axis=0)


@adjoint(np.dsplit, kind="view")
def dsplit(y, ary, y_bar, indices_or_sections):
    return np.concatenate(y_bar, axis=2)


_MOST_PARTS = 1000


def _part_sizes(n, sections, equal):
    """The sizes of the parts of an axis of size `n`; None if it is not known how many there are."""
    if _is_int(sections):
        if not 0 < sections <= _MOST_PARTS:
            return None
        if equal:
            return [size_divide((n,), (int(sections),))] * int(sections)
        # one more for each of the first n % sections
        return [size_ceil_div(size_max0(size_add(n, -i)), int(sections)) for i in range(sections)]
    bounds = _entries(sections)
    if bounds is None and isinstance(sections, np.ndarray) and sections.ndim == 1:
        bounds = list(sections)
    if bounds is None:
        return None
    return [slice_size(n, *ends) for ends in zip([0, *bounds], [*bounds, None], strict=True)]


def _pieces(ary, sections, axis, equal):
    ary = as_array(ary)
    if ary.shape is None:
        count = _part_sizes(fresh_size("count"), sections, equal)
        return UNKNOWN if count is None else List((unknown_array(ary.dtype),) * len(count))
    if not _is_axis(axis, len(ary.shape)):
        return UNKNOWN
    axis %= len(ary.shape)
    sizes = _part_sizes(ary.shape[axis], sections, equal)
    if sizes is None:
        return UNKNOWN
    return List(tuple(Array(ary.dtype, (*ary.shape[:axis], n, *ary.shape[axis + 1 :])) for n in sizes))


@result_type(np.split)
def split_type(ary, indices_or_sections, axis=0):
    return _pieces(ary, indices_or_sections, axis, True)


@result_type(np.array_split)
def array_split_type(ary, indices_or_sections, axis=0):
    return _pieces(ary, indices_or_sections, axis, False)


@result_type(np.hsplit)
def hsplit_type(ary, indices_or_sections):
    shape = as_array(ary).shape
    return UNKNOWN if shape is None else _pieces(ary, indices_or_sections, 0 if len(shape) == 1 else 1, True)


@result_type(np.vsplit)
def vsplit_type(ary, indices_or_sections):
    return _pieces(ary, indices_or_sections, 0, True)


@result_type(np.dsplit)
def dsplit_type(ary, indices_or_sections):
    return _pieces(ary, indices_or_sections, 2, True)


# --- repeating ------------------------------------------------------------------------------------------------------------


@adjoint(np.tile)
def tile(y, A, y_bar, reps):
    """The axes of y are (repetition, axis of A) pairs; the repetitions are summed over."""
    counts = reps if isinstance(reps, (tuple, list)) else (reps,)
    new = len(counts) - np.ndim(A)  # leading axes that A does not have
    shape = ()
    summed = ()
    for i in range(max(new, 0)):
        shape = shape + (counts[i],)
        summed = summed + (i,)
    paired = False
    for i in range(np.ndim(A)):
        if new + i >= 0 and counts[new + i] != 1:
            summed = summed + (len(shape),)
            shape = shape + (counts[new + i], np.shape(A)[i])
            paired = True
        else:
            shape = shape + (np.shape(A)[i],)
    if len(summed) == 0:
        return y_bar
    if not paired:
        return np.sum(y_bar, axis=summed if len(summed) > 1 else summed[0])
    return np.sum(np.reshape(y_bar, shape), axis=summed if len(summed) > 1 else summed[0])


@result_type(np.tile)
def tile_type(A, reps):
    A = as_array(A)
    counts = as_shape(reps)
    if A.shape is None or counts is None:
        return unknown_array(A.dtype)
    rank = max(len(counts), len(A.shape))
    counts = (1,) * (rank - len(counts)) + counts
    shape = (1,) * (rank - len(A.shape)) + A.shape
    return Array(A.dtype, tuple(size_product((n, c)) for n, c in zip(shape, counts, strict=True)))


@adjoint(np.repeat)
def repeat(y, a, y_bar, repeats, axis=None):
    if np.ndim(repeats) > 0:
        return repeat_each(a, y_bar, repeats, axis)
    if np.ndim(a) == 0:
        return np.sum(y_bar)
    shape = np.shape(a)
    if axis is None or np.ndim(a) < 2:
        return np.sum(np.reshape(y_bar, shape + (repeats,)), axis=-1)
    apart = np.reshape(y_bar, shape_with(shape, axis, (shape[axis], repeats)))
    return np.sum(apart, axis=axis + 1 if axis >= 0 else axis)


def repeat_each(a, y_bar, repeats, axis):
    """The adjoint of np.repeat with a count for each entry."""
    if axis is None:
        return flat_scatter(a, np.repeat(np.arange(np.size(a)), repeats), y_bar)
    return axis_scatter(a, np.repeat(np.arange(np.shape(a)[axis]), repeats), axis, y_bar)


@result_type(np.repeat)
def repeat_type(a, repeats, axis=None):
    a = as_array(a)
    times = as_array(repeats).shape
    if _is_int(repeats):
        count = int(repeats)
    elif isinstance(repeats, Scalar) and repeats.kind is int and repeats.size is not None:
        count = repeats.size
    else:
        count = None
    if axis is None:
        if a.shape is None or count is None or times is None:
            return Array(a.dtype, (fresh_size("count"),))
        return Array(a.dtype, (size_product((*a.shape, count)),))
    if a.shape is None or not _is_axis(axis, max(len(a.shape), 1)):
        return unknown_array(a.dtype)
    shape = a.shape or (1,)
    axis %= len(shape)
    size = fresh_size("count") if count is None else size_product((shape[axis], count))
    return Array(a.dtype, (*shape[:axis], size, *shape[axis + 1 :]))


method("repeat", np.repeat)


# --- turning --------------------------------------------------------------------------------------------------------------


@adjoint(np.roll)
def roll(y, a, y_bar, shift, axis=None):
    if isinstance(shift, (tuple, list)):
        back = ()
        for s in shift:
            back = back + (-s,)
        return np.roll(y_bar, back, axis)
    if axis is None:
        return np.roll(y_bar, -shift)
    return np.roll(y_bar, -shift, axis)


@adjoint(np.flip, kind="view")
def flip(y, m, y_bar, axis=None):
    if axis is None:
        return np.flip(y_bar)
    return np.flip(y_bar, axis)


@adjoint(np.fliplr, kind="view")
def fliplr(y, m, y_bar):
    return np.fliplr(y_bar)


@adjoint(np.flipud, kind="view")
def flipud(y, m, y_bar):
    return np.flipud(y_bar)


@adjoint(np.rot90, kind="view")
def rot90(y, m, y_bar, k=1, axes=(0, 1)):
    return np.rot90(y_bar, -k, axes)


@result_type(np.roll)
def roll_type(a, shift, axis=None):
    return as_array(a)


@result_type(np.flip)
def flip_type(m, axis=None):
    array = as_array(m)
    return Array(array.dtype, array.shape)


@result_type(np.fliplr, np.flipud)
def flip_rows_type(m):
    return as_array(m)


@result_type(np.rot90)
def rot90_type(m, k=1, axes=(0, 1)):
    m = as_array(m)
    if m.shape is None:
        return m
    entries = _entries(axes)
    rank = len(m.shape)
    if not _is_int(k) or entries is None or len(entries) != 2 or not all(_is_axis(e, rank) for e in entries):
        return Array(m.dtype, tuple(fresh_size("count") for _ in m.shape))
    return swapaxes_type(m, *entries) if k % 2 else m


# --- methods without a function of NumPy ----------------------------------------------------------------------------------


def flatten(x, order="C"):
    """`x.flatten(order)`."""
    return np.asarray(x).flatten(order)


@adjoint(flatten)
def flatten_adjoint(y, x, y_bar, order="C"):
    if order == "C":
        return reshape_like(y_bar, x)
    return np.reshape(y_bar, np.shape(x), order=index_order(x, order))


result_type(flatten)(ravel_type)
memory("fresh", flatten)
facts(flatten, layout="by order")
method("flatten", flatten)
