"""Rules for reading parts of arrays: subscripts, np.take, diagonals, triangles, sorting, searching.

Takes and gives arrays; registers rules at import. Never writes into an array in place: scattering an adjoint back is
left to `sct.runtime.scatter_add`, which the compiler turns into an in-place update where that is safe.
"""

import operator

import numpy as np

from sct.ir.shapes import (
    as_array,
    as_shape,
    constant,
    fresh_size,
    promote,
    size_product,
    slice_size,
    unknown_array,
)
from sct.ir.types import (
    UNKNOWN,
    Array,
    Const,
    Dict,
    List,
    Mask,
    Scalar,
    Slice,
    Tuple,
    broadcast_shapes,
    size_add,
    size_opaque,
    unify_all,
)
from sct.registry.compositions import composition
from sct.registry.facts import facts, memory
from sct.registry.methods import method
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type
from sct.runtime import as_number, scatter_add, unbroadcast

_INTP = np.dtype(np.intp)

# --- subscripts ---------------------------------------------------------------------------------------------------------


def gives_array(x, index):
    """Whether an ellipsis or a slice keeps what is picked an array."""
    entries = index.items if isinstance(index, Tuple) else index if isinstance(index, tuple) else (index,)
    return isinstance(x, Array) and any(isinstance(e, (slice, Slice)) or _unwrap(e) is Ellipsis for e in entries)


facts(operator.getitem, boxed=gives_array, cheap=True, linear="first", index=1, arrays=(0,))


@adjoint(operator.getitem, kind="view", raw=("index",))
def getitem(y, x, index, y_bar):
    """y = x[i]: the adjoint goes back to the entries that were read; those read twice get both."""
    if np.ndim(x) == 0:  # x[()] or x[...] of an array of rank 0
        return np.sum(y_bar) if np.ndim(y_bar) > 0 else y_bar, None
    return scatter_add(np.zeros_like(x), (index,), y_bar), None


def _unwrap(value):
    """The plain Python value of a Const, anything else as it is."""
    return value.value if isinstance(value, Const) else value


def _is_int(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


@result_type(operator.getitem)
def getitem_type(x, index):
    index = _unwrap(index)
    if isinstance(x, (tuple, list, dict, Tuple, List, Dict)):
        return _item(x, index)
    if isinstance(x, (str, bytes, range)) and constant(index):
        try:
            return x[index]
        except (TypeError, IndexError):
            return UNKNOWN
    if not isinstance(x, (Array, np.ndarray, np.generic)):
        return UNKNOWN
    x = as_array(x)
    if isinstance(index, str) and x.dtype is not None and index in (x.dtype.names or ()):  # a field of records
        field = x.dtype[index]
        return Array(field.base, None if x.shape is None else x.shape + field.shape)
    return Array(x.dtype, _subscript_shape(x.shape, index))


def _item(container, index):
    """An entry or a slice of a container of known structure."""
    if isinstance(container, (dict, Dict)):
        keys = container.keys if isinstance(container, Dict) else tuple(container)
        items = container.items if isinstance(container, Dict) else tuple(container.values())
        try:
            return items[keys.index(index)] if constant(index) and index in keys else UNKNOWN
        except (TypeError, ValueError):
            return UNKNOWN
    items = container.items if isinstance(container, (Tuple, List)) else container
    if isinstance(index, slice) or _is_int(index):
        try:
            part = items[index]
        except (IndexError, TypeError):
            return UNKNOWN
        if _is_int(index) or not isinstance(container, (Tuple, List)):
            return part
        return type(container)(tuple(part))
    plain = [_unwrap(v) for v in items]
    if isinstance(index, (Scalar, Array)) and plain:
        if all(type(v) is int or (isinstance(v, Scalar) and v.kind is int) for v in plain):
            return Scalar(int)
        if not constant(plain[0]) and all(v == plain[0] for v in plain):
            return plain[0]
    return UNKNOWN


def _subscript_shape(shape, index):
    """The shape of `x[index]` for x of `shape`; None if it cannot be told."""
    if shape is None:
        return None
    entries = index.items if isinstance(index, Tuple) else index if isinstance(index, tuple) else (index,)
    entries = [_classify(_unwrap(e)) for e in entries]
    if None in entries:
        return None
    consumed = sum(e[1] for e in entries)
    if consumed > len(shape):
        return None
    ellipses = [i for i, e in enumerate(entries) if e[0] == "ellipsis"]
    if len(ellipses) > 1:
        return None
    whole = [("slice", 1, (None, None, None))] * (len(shape) - consumed)
    at = ellipses[0] if ellipses else len(entries)
    entries = entries[:at] + whole + entries[at + 1 :]
    advanced = any(e[0] in ("array", "mask") for e in entries)
    axes = iter(shape)
    out = []
    places = []
    gathered = []
    for number, (kind, rank, value) in enumerate(entries):
        taken = [next(axes) for _ in range(rank)]
        if kind == "new":
            out.append(1)
        elif kind == "slice":
            out.append(slice_size(taken[0], *value))
        elif kind != "int" or advanced:  # beside an array, an int is an array of rank 0
            if not places:
                first = len(out)
            places.append(number)
            gathered.append(() if kind == "int" else value)
    if not advanced:
        return tuple(out)
    block = broadcast_shapes(gathered)
    if places != list(range(places[0], places[-1] + 1)):
        first = 0
    return (*out[:first], *block, *out[first:])


def _classify(entry):
    """(kind, number of axes that it takes, value) of one entry of a subscript; None if it cannot be told."""
    if entry is None:
        return "new", 0, None
    if entry is Ellipsis:
        return "ellipsis", 0, None
    if isinstance(entry, slice):
        return "slice", 1, (entry.start, entry.stop, entry.step)
    if isinstance(entry, Slice):
        return "slice", 1, (entry.start, entry.stop, entry.step)
    if _is_int(entry) or (isinstance(entry, Scalar) and entry.kind is int):
        return "int", 1, None
    if isinstance(entry, (list, List, tuple, Tuple)):
        if not (entry.items if isinstance(entry, (List, Tuple)) else entry):
            return "array", 1, (0,)
    elif not isinstance(entry, (Array, np.ndarray, range)):
        return None
    array = as_array(entry)
    if array.dtype is None or array.shape is None:
        return None
    if array.dtype.kind in "iu":
        return ("array", 1, array.shape) if array.shape else ("int", 1, None)
    if array.dtype.kind == "b" and array.shape:
        return "mask", len(array.shape), (array.picks if isinstance(array, Mask) else fresh_size("count"),)
    return None


nondifferentiable(slice)


@result_type(slice)
def slice_type(start, stop=..., step=None):
    """As a subscript; the arguments count as those of Python's slice: one argument is the stop."""
    if stop is ...:
        start, stop = None, start
    return Slice(*(p if not constant(p) else Const(p) for p in (start, stop, step)))


# --- np.take and its kin --------------------------------------------------------------------------------------------------


def flat_scatter(a, indices, y_bar):
    """Zeros like `a` with `y_bar` added at `indices` into the flattened `a`."""
    if np.ndim(a) == 1:
        return scatter_add(np.zeros_like(a), (indices,), y_bar)
    return np.reshape(scatter_add(np.zeros_like(np.ravel(a)), (indices,), y_bar), np.shape(a))


def axis_scatter(a, indices, axis, y_bar):
    """Zeros like `a` with `y_bar` added at `indices` along `axis`; the axes of `indices` stand in its place in `y_bar`."""
    if axis == 0 or np.ndim(a) == 1:
        return scatter_add(np.zeros_like(a), (indices,), y_bar)
    if axis == -1 or axis == np.ndim(a) - 1:
        return scatter_add(np.zeros_like(a), ((..., indices),), y_bar)
    if axis == -2 or axis == np.ndim(a) - 2:
        # an int beside a slice keeps the place of the axis as an array does
        return scatter_add(np.zeros_like(a), ((..., indices, slice(None)),), y_bar)
    if axis == 1:
        return scatter_add(np.zeros_like(a), ((slice(None), indices),), y_bar)
    rows = np.reshape(y_bar, shape_with(np.shape(a), axis, (np.size(indices),)))
    front = scatter_add(np.zeros_like(np.swapaxes(a, 0, axis)), (np.ravel(indices),), np.swapaxes(rows, 0, axis))
    return np.swapaxes(front, 0, axis)


@nondifferentiable
def shape_with(shape, axis, sizes):
    """`shape` with `sizes` in the place of `axis`."""
    axis = axis % len(shape)
    return (*shape[:axis], *sizes, *shape[axis + 1 :])


@result_type(shape_with)
def shape_with_type(shape, axis, sizes):
    shape, sizes = (t.items if isinstance(t, Tuple) else t for t in (shape, sizes))
    known = isinstance(shape, tuple) and isinstance(sizes, tuple) and isinstance(axis, int)
    return shape_with(shape, axis, sizes) if known else UNKNOWN


def wrapped(indices, n, mode):
    """`indices` into an axis of size `n` as np.take and np.choose read them in `mode`."""
    if mode == "wrap":
        return np.remainder(indices, n)
    if mode == "clip":
        return np.clip(indices, 0, n - 1)
    return indices


@adjoint(np.take)
def take(y, a, indices, y_bar, axis=None, out=None, mode="raise"):
    if axis is None:
        return flat_scatter(a, wrapped(indices, np.size(a), mode), y_bar), None
    return axis_scatter(a, wrapped(indices, np.shape(a)[axis], mode), axis, y_bar), None


@result_type(np.take)
def take_type(a, indices, axis=None, out=None, mode="raise"):
    a, indices = as_array(a), as_array(indices)
    if axis is None:
        return Array(a.dtype, indices.shape)
    if a.shape is None or indices.shape is None or not _is_int(axis) or not -len(a.shape) <= axis < len(a.shape):
        return unknown_array(a.dtype)
    axis %= len(a.shape)
    return Array(a.dtype, a.shape[:axis] + indices.shape + a.shape[axis + 1 :])


method("take", np.take)


def grid_along_axis(a, indices, axis):
    """The subscript that np.take_along_axis reads `a` with."""
    rank = np.ndim(a)
    subscript = ()
    for i in range(rank):
        if i == axis or i == axis + rank:
            subscript = subscript + (indices,)
        else:
            subscript = subscript + (np.reshape(np.arange(np.shape(a)[i]), (-1,) + (1,) * (rank - 1 - i)),)
    return subscript


@adjoint(np.take_along_axis)
def take_along_axis(y, arr, indices, y_bar, axis=-1):
    if axis is None:
        return flat_scatter(arr, indices, y_bar), None
    if np.ndim(arr) == 1:
        return scatter_add(np.zeros_like(arr), (indices,), y_bar), None
    return scatter_add(np.zeros_like(arr), (grid_along_axis(arr, indices, axis),), y_bar), None


@result_type(np.take_along_axis)
def take_along_axis_type(arr, indices, axis=-1):
    arr, indices = as_array(arr), as_array(indices)
    if axis is None:
        return Array(arr.dtype, indices.shape)
    if arr.shape is None or indices.shape is None or len(arr.shape) != len(indices.shape) or not _is_int(axis):
        return unknown_array(arr.dtype)
    if not -len(arr.shape) <= axis < len(arr.shape):
        return unknown_array(arr.dtype)
    axis %= len(arr.shape)
    others = broadcast_shapes((arr.shape[:axis] + (1,) + arr.shape[axis + 1 :], indices.shape))
    return Array(arr.dtype, others[:axis] + (indices.shape[axis],) + others[axis + 1 :])


@adjoint(np.compress)
def compress(y, condition, a, y_bar, axis=None, out=None):
    kept = np.flatnonzero(condition)
    if axis is None:
        return None, flat_scatter(a, kept, y_bar)
    return None, axis_scatter(a, kept, axis, y_bar)


@result_type(np.compress)
def compress_type(condition, a, axis=None, out=None):
    a = as_array(a)
    if axis is None:
        return Array(a.dtype, (fresh_size("count"),))
    if a.shape is None or not _is_int(axis) or not -len(a.shape) <= axis < len(a.shape):
        return unknown_array(a.dtype)
    axis %= len(a.shape)
    return Array(a.dtype, a.shape[:axis] + (fresh_size("count"),) + a.shape[axis + 1 :])


@adjoint(np.extract)
def extract(y, condition, arr, y_bar):
    return None, flat_scatter(arr, np.flatnonzero(condition), y_bar)


@result_type(np.extract)
def extract_type(condition, arr):
    return Array(as_array(arr).dtype, (fresh_size("count"),))


facts(np.choose, np.select, joins=True)


@adjoint(np.choose, sequences=("choices",))
def choose(y, a, choices, y_bar, out=None, mode="raise"):
    chosen = wrapped(np.asarray(a), len(choices), mode)
    if not isinstance(choices, (list, tuple)):
        return None, choose_from_array(choices, chosen, y_bar)
    parts = []
    for i in range(len(choices)):
        parts = parts + [unbroadcast(np.where(chosen == i, y_bar, 0.0), choices[i])]
    return None, parts


def choose_from_array(choices, chosen, y_bar):
    """The adjoint of an array of choices."""
    number = np.reshape(np.arange(len(choices)), (-1,) + (1,) * np.ndim(y_bar))
    own = (len(choices),) + (1,) * (np.ndim(y_bar) + 1 - np.ndim(choices)) + np.shape(choices)[1:]
    each = unbroadcast(np.where(number == chosen, y_bar, 0.0), np.reshape(choices, own))
    return np.reshape(each, np.shape(choices))


@result_type(np.choose)
def choose_type(a, choices, out=None, mode="raise"):
    a = as_array(a)
    items = choices.items if isinstance(choices, (List, Tuple)) else choices
    if isinstance(items, (list, tuple)):
        arrays = [as_array(c) for c in items]
    else:
        stacked = as_array(choices)
        if not stacked.shape:
            return unknown_array(stacked.dtype)
        arrays = [Array(stacked.dtype, stacked.shape[1:])]
    shape = broadcast_shapes([a.shape, *(c.shape for c in arrays)])
    return Array(promote(*arrays) if arrays else None, shape)


method("choose", np.choose)


facts(np.select, np.isin, boxed=True)


@adjoint(np.select, sequences=("condlist", "choicelist"))
def select(y, condlist, choicelist, default=0, *, y_bar):
    """Each choice gets what the conditions before it have left, and the default what all of them have."""
    rest = y_bar
    parts = []
    for i in range(len(choicelist)):
        parts = parts + [unbroadcast(np.where(condlist[i], rest, 0.0), choicelist[i])]
        rest = np.where(condlist[i], 0.0, rest)
    return None, parts if isinstance(choicelist, (list, tuple)) else np.stack(parts), unbroadcast(rest, default)


@result_type(np.select)
def select_type(condlist, choicelist, default=0):
    conditions = condlist.items if isinstance(condlist, (List, Tuple)) else condlist
    choices = choicelist.items if isinstance(choicelist, (List, Tuple)) else choicelist
    if not isinstance(conditions, (list, tuple)) or not isinstance(choices, (list, tuple)):
        return unknown_array()
    arrays = [as_array(v) for v in (*conditions, *choices, default)]
    return Array(promote(*choices, default), broadcast_shapes(v.shape for v in arrays))


# --- diagonals and triangles ----------------------------------------------------------------------------------------------


def diagonal_rows(y, k):
    """The rows of the entries of the diagonal `y`, the k-th."""
    i = np.arange(np.shape(y)[-1])
    return i if k >= 0 else i - k


def diagonal_columns(y, k):
    """The columns of the entries of the diagonal `y`, the k-th."""
    i = np.arange(np.shape(y)[-1])
    return i if k <= 0 else i + k


memory("read-only", np.diagonal, np.linalg.diagonal)


def memory_of_diagonal(v, k=0):
    """Of a vector it is a new matrix, of a matrix a view."""
    if not isinstance(v, Array) or v.rank is None:
        return "either"
    return "fresh" if v.rank == 1 else "read-only"


memory(memory_of_diagonal, np.diag)


facts(np.diag, linear="first")


@adjoint(np.diag)
def diag(y, v, y_bar, k=0):
    if np.ndim(v) == 1:
        return diagonal_of(y_bar, k)
    return scatter_add(np.zeros_like(v), ((diagonal_rows(y_bar, k), diagonal_columns(y_bar, k)),), y_bar)


def diagonal_of(y_bar, k):
    """The k-th diagonal of `y_bar`."""
    return np.diagonal(y_bar) if is_main(k) else np.diagonal(y_bar, k)


@nondifferentiable
def is_main(k):
    """Whether a diagonal is the main one, as far as the program text tells."""
    return False


@result_type(is_main)
def is_main_type(k):
    return constant(k) and k == 0


@adjoint(np.diagflat)
def diagflat(y, v, y_bar, k=0):
    if np.ndim(v) == 1:
        return diagonal_of(y_bar, k)
    if np.ndim(v) == 0:
        return np.sum(np.diagonal(y_bar, k))
    return np.reshape(np.diagonal(y_bar, k), np.shape(v))


@adjoint(np.diagonal, kind="view")
def diagonal(y, a, y_bar, offset=0, axis1=0, axis2=1):
    rows, columns = diagonal_rows(y_bar, offset), diagonal_columns(y_bar, offset)
    if np.ndim(a) == 2 and axis1 == 0 and axis2 == 1:
        return scatter_add(np.zeros_like(a), ((rows, columns),), y_bar)
    last = scatter_add(np.zeros_like(np.moveaxis(a, (axis1, axis2), (-2, -1))), ((..., rows, columns),), y_bar)
    return np.moveaxis(last, (-2, -1), (axis1, axis2))


def _diagonal_size(rows, columns, k):
    """The length of the k-th diagonal."""
    if not _is_int(k):
        return fresh_size("count")
    rows = slice_size(rows, max(-k, 0))
    columns = slice_size(columns, max(k, 0))
    if isinstance(rows, int) and isinstance(columns, int):
        return min(rows, columns)
    return rows if rows == columns else size_opaque("min", *sorted((rows, columns), key=repr))


@result_type(np.diagonal)
def diagonal_type(a, offset=0, axis1=0, axis2=1):
    a = as_array(a)
    if a.shape is None or not _is_int(axis1) or not _is_int(axis2):
        return unknown_array(a.dtype)
    rank = len(a.shape)
    if rank < 2 or not (-rank <= axis1 < rank and -rank <= axis2 < rank):
        return unknown_array(a.dtype)
    axis1, axis2 = axis1 % rank, axis2 % rank
    rest = tuple(s for i, s in enumerate(a.shape) if i not in (axis1, axis2))
    return Array(a.dtype, (*rest, _diagonal_size(a.shape[axis1], a.shape[axis2], offset)))


def _diagonal_matrix(dtype, size, k):
    size = size_add(size, abs(k)) if _is_int(k) else fresh_size("count")
    return Array(dtype, (size, size))


@result_type(np.diag)
def diag_type(v, k=0):
    v = as_array(v)
    if v.shape is None or len(v.shape) not in (1, 2):
        return unknown_array(v.dtype)
    return _diagonal_matrix(v.dtype, v.shape[0], k) if len(v.shape) == 1 else diagonal_type(v, k)


@result_type(np.diagflat)
def diagflat_type(v, k=0):
    v = as_array(v)
    return _diagonal_matrix(v.dtype, fresh_size("count") if v.shape is None else size_product(v.shape), k)


method("diagonal", np.diagonal)


@adjoint(np.tril)
def tril(y, m, y_bar, k=0):
    return unbroadcast(np.tril(y_bar, k), m)


@adjoint(np.triu)
def triu(y, m, y_bar, k=0):
    return unbroadcast(np.triu(y_bar, k), m)


facts(np.tril, np.triu, band=True)


@result_type(np.tril, np.triu)
def triangle_type(m, k=0):
    m = as_array(m)
    if m.shape is None or not m.shape:
        return unknown_array(m.dtype)
    return Array(m.dtype, m.shape * 2 if len(m.shape) == 1 else m.shape)


# --- sorting --------------------------------------------------------------------------------------------------------------


@adjoint(np.sort)
def sort(y, a, y_bar, axis=-1, kind=None, order=None, *, stable=None):
    """Sorting is a permutation; the adjoint is its inverse. Equal entries are told apart as np.argsort does."""
    if np.ndim(a) == 1:
        return y_bar[np.argsort(np.argsort(a))]
    if axis is None:
        return np.reshape(y_bar[np.argsort(np.argsort(a, axis=None))], np.shape(a))
    return np.take_along_axis(y_bar, np.argsort(np.argsort(a, axis=axis), axis=axis), axis)


@adjoint(np.partition)
def partition(y, a, y_bar, kth, axis=-1, kind="introselect", order=None):
    """By the ranks of the entries in `y` and in `a`: np.argpartition need not agree with np.partition."""
    if axis is None:
        place = np.argsort(y)[np.argsort(np.argsort(a, axis=None))]
        return np.reshape(y_bar[place], np.shape(a))
    place = np.take_along_axis(np.argsort(y, axis=axis), np.argsort(np.argsort(a, axis=axis), axis=axis), axis)
    return np.take_along_axis(y_bar, place, axis)


@tangent(np.sort)
def sort_tangent(y, a, a_dot, axis=-1, kind=None, order=None, *, stable=None):
    """The tangents in the order of the entries; the transpose of the adjoint adds each at its place in an array of zeros."""
    if np.ndim(a) == 1:
        return a_dot[np.argsort(a)]
    if axis is None:
        return np.ravel(a_dot)[np.argsort(a, axis=None)]
    return np.take_along_axis(a_dot, np.argsort(a, axis=axis), axis)


@tangent(np.partition)
def partition_tangent(y, a, a_dot, kth, axis=-1, kind="introselect", order=None):
    """As for np.sort, by the ranks of the entries in `y` and in `a`."""
    if axis is None:
        return np.ravel(a_dot)[np.argsort(a, axis=None)[np.argsort(np.argsort(y))]]
    order = np.take_along_axis(np.argsort(a, axis=axis), np.argsort(np.argsort(y, axis=axis), axis=axis), axis)
    return np.take_along_axis(a_dot, order, axis)


def _sorted_shape(a, axis):
    a = as_array(a)
    if axis is None:
        return (fresh_size("count") if a.shape is None else size_product(a.shape),)
    return a.shape or None


@adjoint(np.unique)
def unique(y, ar, y_bar, return_index=False, return_inverse=False, return_counts=False, *, equal_nan=True):
    """Of equal entries, the first is the one that is taken."""
    values_bar = y_bar[0] if return_index or return_inverse or return_counts else y_bar
    first = np.unique(ar, return_index=True, equal_nan=equal_nan)[1]
    return flat_scatter(ar, first, values_bar)


@result_type(np.unique)
def unique_type(ar, return_index=False, return_inverse=False, return_counts=False, axis=None, *, equal_nan=True, sorted=True):
    if axis is not None or not all(isinstance(f, bool) for f in (return_index, return_inverse, return_counts)):
        return UNKNOWN
    ar = as_array(ar)
    size = fresh_size("count")
    values = Array(ar.dtype, (size,))
    if not (return_index or return_inverse or return_counts):
        return values
    counted = Array(_INTP, (size,))
    inverse = Array(_INTP, ar.shape, boxed=ar.shape == ())
    return Tuple((values, *(counted,) * return_index, *(inverse,) * return_inverse, *(counted,) * return_counts))


@result_type(np.sort)
def sort_type(a, axis=-1, kind=None, order=None, *, stable=None):
    return Array(as_array(a).dtype, _sorted_shape(a, axis) if constant(axis) else None)


@result_type(np.partition)
def partition_type(a, kth, axis=-1, kind="introselect", order=None):
    return Array(as_array(a).dtype, _sorted_shape(a, axis) if constant(axis) else None)


@result_type(np.argsort)
def argsort_type(a, axis=-1, kind=None, order=None, *, stable=None):
    return Array(np.dtype(np.intp), _sorted_shape(a, axis) if constant(axis) else None)


@result_type(np.argpartition)
def argpartition_type(a, kth, axis=-1, kind="introselect", order=None):
    return Array(np.dtype(np.intp), _sorted_shape(a, axis) if constant(axis) else None)


# --- interpolation --------------------------------------------------------------------------------------------------------


@adjoint(np.interp)
def interp(y, x, xp, fp, left=None, right=None, period=None, *, y_bar):
    """y = (1 - w) fp[j] + w fp[j + 1], w = (x - xp[j]) / (xp[j + 1] - xp[j]); at a knot, the piece to its right.

    Left of the knots `left` gets the adjoint, if it is given, and right of them `right`.
    """
    xp = as_number(xp)
    fp = as_number(fp)
    below = x < xp[0]
    above = x > xp[-1]
    f_bar = y_bar
    left_bar = None
    right_bar = None
    if left is not None:
        f_bar = np.where(below, 0.0, f_bar)
        left_bar = np.sum(np.where(below, y_bar, 0.0))
    if right is not None:
        f_bar = np.where(above, 0.0, f_bar)
        right_bar = np.sum(np.where(above, y_bar, 0.0))
    if len(xp) == 1:
        return np.zeros_like(y_bar), np.zeros_like(xp), np.reshape(np.sum(f_bar), (1,)), left_bar, right_bar, None
    j = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, len(xp) - 2)
    width = xp[j + 1] - xp[j]
    w = np.clip((x - xp[j]) / width, 0.0, 1.0)
    fp_bar = scatter_add(scatter_add(np.zeros_like(fp), (j,), f_bar * (1.0 - w)), (j + 1,), f_bar * w)
    t_bar = np.real(np.where(below | above, 0.0, y_bar * (fp[j + 1] - fp[j]) / width))
    xp_bar = scatter_add(scatter_add(np.zeros_like(xp), (j,), t_bar * (w - 1.0)), (j + 1,), -t_bar * w)
    return t_bar, xp_bar, fp_bar, left_bar, right_bar, None


@composition(np.interp, covers=lambda x, xp, fp, left=None, right=None, period=None: period is not None)
def interp_of_period(x, xp, fp, left=None, right=None, period=None):
    """Between knots in their order within one period, and one more at each end."""
    if period == 0:
        raise ValueError("period must be a non-zero value")
    period = abs(period)
    places = np.asarray(xp, float) % period
    order = np.argsort(places)
    places, values = places[order], np.asarray(fp, complex if np.iscomplexobj(fp) else float)[order]
    places = np.concatenate((places[-1:] - period, places, places[:1] + period))
    return np.interp(np.asarray(x, float) % period, places, np.concatenate((values[-1:], values, values[:1])))


@result_type(np.interp)
def interp_type(x, xp, fp, left=None, right=None, period=None):
    fp = as_array(fp)
    unify_all(as_array(xp).shape or (), fp.shape or ())
    dtype = None if fp.dtype is None else np.dtype(complex if fp.dtype.kind == "c" else float)
    return Array(dtype, as_array(x).shape)


# --- what has no derivative -----------------------------------------------------------------------------------------------

nondifferentiable(
    np.argpartition,
    np.argsort,
    np.argwhere,
    np.count_nonzero,
    np.diag_indices,
    np.diag_indices_from,
    np.digitize,
    np.flatnonzero,
    np.indices,
    np.isin,
    *([np.in1d] if hasattr(np, "in1d") else []),
    np.ix_,
    np.lexsort,
    np.nonzero,
    np.ravel_multi_index,
    np.searchsorted,
    np.tril_indices,
    np.tril_indices_from,
    np.triu_indices,
    np.triu_indices_from,
    np.unravel_index,
)

memory("view", np.ix_)

method("argsort", np.argsort)
method("argpartition", np.argpartition)
method("nonzero", np.nonzero)
method("searchsorted", np.searchsorted)


@result_type(np.searchsorted)
def searchsorted_type(a, v, side="left", sorter=None):
    return Array(_INTP, as_array(v).shape)


@result_type(np.digitize)
def digitize_type(x, bins, right=False):
    return Array(_INTP, as_array(x).shape)


@result_type(np.nonzero)
def nonzero_type(a):
    shape = as_array(a).shape
    if not shape:
        return UNKNOWN
    return Tuple((Array(_INTP, (fresh_size("count"),)),) * len(shape))


@result_type(np.argwhere)
def argwhere_type(a):
    shape = as_array(a).shape
    return Array(_INTP, None if shape is None else (fresh_size("count"), len(shape)))


@result_type(np.flatnonzero)
def flatnonzero_type(a):
    return Array(_INTP, (fresh_size("count"),))


@adjoint(np.bincount)
def bincount(y, x, weights=None, minlength=0, *, y_bar):
    if weights is None:
        return None, None, None
    return None, y_bar[x], None


@result_type(np.bincount)
def bincount_type(x, /, weights=None, minlength=0):
    return Array(_INTP if weights is None else np.dtype(float), (fresh_size("count"),))


@result_type(np.isin, *([np.in1d] if hasattr(np, "in1d") else []))
def isin_type(element, test_elements, assume_unique=False, invert=False, *, kind=None):
    return Array(np.dtype(bool), as_array(element).shape)


@result_type(np.ix_)
def ix_type(*args):
    arrays = [as_array(a) for a in args]
    out = []
    for i, a in enumerate(arrays):
        if a.dtype is None or a.shape is None or len(a.shape) != 1 or a.dtype.kind not in "iub":
            return UNKNOWN
        mask = a.dtype.kind == "b"
        shape = [1] * len(arrays)
        shape[i] = fresh_size("count") if mask else a.shape[0]
        out.append(Array(_INTP if mask else a.dtype, tuple(shape)))
    return Tuple(tuple(out))


@result_type(np.indices)
def indices_type(dimensions, dtype=int, sparse=False):
    shape = as_shape(dimensions)
    if shape is None or sparse is not False or not constant(dtype):
        return UNKNOWN
    return Array(np.dtype(dtype), (len(shape), *shape))


@result_type(np.tril_indices, np.triu_indices)
def triangle_indices_type(n, k=0, m=None):
    return Tuple((Array(_INTP, (fresh_size("count"),)),) * 2)


@result_type(np.tril_indices_from, np.triu_indices_from)
def triangle_indices_from_type(arr, k=0):
    return Tuple((Array(_INTP, (fresh_size("count"),)),) * 2)


@result_type(np.diag_indices)
def diag_indices_type(n, ndim=2):
    size = as_shape(n)
    if size is None or len(size) != 1 or not _is_int(ndim):
        return UNKNOWN
    return Tuple((Array(_INTP, size),) * ndim)


@result_type(np.diag_indices_from)
def diag_indices_from_type(arr):
    shape = as_array(arr).shape
    if shape is None or len(shape) < 2:
        return UNKNOWN
    return Tuple((Array(_INTP, shape[:1]),) * len(shape))


@result_type(np.lexsort)
def lexsort_type(keys, axis=-1):
    shape = as_array(keys).shape
    return Array(_INTP, shape[1:] if shape else None)


@result_type(np.ravel_multi_index)
def ravel_multi_index_type(multi_index, dims, mode="raise", order="C"):
    items = multi_index.items if isinstance(multi_index, (Tuple, List)) else multi_index
    if not isinstance(items, (tuple, list)):
        return unknown_array(_INTP)
    return Array(_INTP, broadcast_shapes(as_array(i).shape for i in items))


@result_type(np.unravel_index)
def unravel_index_type(indices, shape, order="C"):
    rank = as_shape(shape)
    return UNKNOWN if rank is None else Tuple((Array(_INTP, as_array(indices).shape),) * len(rank))


# --- numbers of operations ---------------------------------------------------------------------------------------------


def _of_sort(a, axis=-1, *others, **options):
    """Comparisons: n log₂ n for each row of n entries."""
    shape = as_array(a).shape
    if shape is None or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return None
    return [(1, (*shape, ("log2", shape[axis])))]


facts(np.sort, np.argsort, operations=_of_sort)
