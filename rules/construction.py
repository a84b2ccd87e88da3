"""Rules for making arrays: from numbers and lists, by shape, by range, by conversion; and for asking what an array is.

Takes and gives arrays, shapes and dtypes; registers rules at import. Never decides on data: questions about an array
(`np.shape`, `np.ndim`, `np.iscomplexobj`) are answered at compile time wherever its type is known.
"""

import numpy as np

from sct.ir.ops import Attribute, Method
from sct.ir.shapes import (
    as_array,
    as_shape,
    constant,
    fresh_size,
    promote,
    size_ceil_div,
    size_max0,
    size_product,
)
from sct.ir.types import (
    UNKNOWN,
    Array,
    Const,
    Dict,
    DictOf,
    List,
    ListOf,
    Maybe,
    Scalar,
    Size,
    Tuple,
    Undefined,
    Unknown,
    broadcast_shapes,
    fit_into,
    size_add,
)
from sct.registry.compositions import composition
from sct.registry.facts import facts, memory
from sct.registry.methods import method
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.type_rules import result_type
from sct.runtime import (
    anew,
    boxed_like,
    is_copy,
    kept,
    laid_out,
    not_none,
    of_copy,
    place_for,
    place_of,
    together,
    unbroadcast,
    writable,
)

from .arithmetic import is_ndarray


def _unwrap(value):
    """The plain Python value of a Const, anything else as it is."""
    return value.value if isinstance(value, Const) else value


def _dtype(dtype, default):
    """The dtype that a `dtype` argument stands for, `default` for None; None if it is not known."""
    dtype = _unwrap(dtype)
    if dtype is None:
        return default
    if not constant(dtype):
        return None
    try:
        return np.dtype(dtype)
    except TypeError:
        return None


def _int(size):
    """A size as the Python int that `x.shape[i]` gives."""
    return Scalar(int, size) if isinstance(size, Size) else size


# --- questions ----------------------------------------------------------------------------------------------------------

nondifferentiable(np.shape, np.ndim, np.size, np.iscomplexobj, np.isrealobj, np.isscalar, np.result_type)
facts(np.shape, np.ndim, np.size, form_of=0, memory="fresh")
facts(np.array, joins=True)
facts(np.zeros, np.zeros_like, zeros=True)
facts(*(Attribute(_name) for _name in ("shape", "ndim", "size", "dtype", "itemsize", "nbytes")), form_of=0)


def _is_valued(x):
    """Whether enough is known of `x` to take it for the array that it converts to."""
    return not isinstance(x, (Unknown, Undefined, Dict))


@result_type(np.shape)
def shape_type(a):
    shape = as_array(a).shape if _is_valued(a) else None
    if shape is None:
        return UNKNOWN
    if all(isinstance(n, int) for n in shape):
        return shape
    return Tuple(tuple(Scalar(int, n) if isinstance(n, Size) else Const(n) for n in shape))


@result_type(np.ndim)
def ndim_type(a):
    shape = as_array(a).shape if _is_valued(a) else None
    return Scalar(int) if shape is None else len(shape)


@result_type(np.size)
def size_type(a, axis=None):
    shape = as_array(a).shape if _is_valued(a) else None
    if shape is None:
        return Scalar(int)
    if axis is None:
        return _int(size_product(shape))
    if isinstance(axis, int) and -len(shape) <= axis < len(shape):
        return _int(shape[axis])
    return Scalar(int)


def _dtype_of(x):
    return as_array(x).dtype if _is_valued(x) else None


@result_type(np.iscomplexobj)
def iscomplexobj_type(x):
    dtype = _dtype_of(x)
    return Scalar(bool) if dtype is None else dtype.kind == "c"


@result_type(np.isrealobj)
def isrealobj_type(x):
    dtype = _dtype_of(x)
    return Scalar(bool) if dtype is None else dtype.kind != "c"


@result_type(np.isscalar)
def isscalar_type(element):
    if constant(element):
        return bool(np.isscalar(element))
    if isinstance(element, Scalar):
        return True
    if isinstance(element, (Tuple, List, Dict)):
        return False
    if isinstance(element, Array) and element.shape:  # rank 0 may be a number or an array
        return False
    return Scalar(bool)


@result_type(np.result_type)
def result_type_type(*arrays_and_dtypes):
    parts = []
    for a in arrays_and_dtypes:
        a = _unwrap(a)
        if isinstance(a, (str, type, np.dtype)):
            a = Array(_dtype(a, None), ())
        parts.append(a)
    dtype = promote(*parts)
    return UNKNOWN if dtype is None else dtype


_ABOUT_DTYPES = (np.can_cast, np.finfo, np.iinfo, np.isdtype, np.issubdtype, np.promote_types)


def _fold(function):
    """A type rule that evaluates `function`, which knows of dtypes only, where its arguments are known."""

    def fold(*args, **kwargs):
        values = [_unwrap(a) for a in (*args, *kwargs.values())]
        if not all(map(constant, values)):
            return UNKNOWN
        try:
            return function(*values[: len(args)], **dict(zip(kwargs, values[len(args) :], strict=True)))
        except (TypeError, ValueError):  # the program's own error: it is raised when the program runs
            return UNKNOWN

    return fold


nondifferentiable(*_ABOUT_DTYPES, np.dtype, np.iterable, np.min_scalar_type, np.shares_memory, np.may_share_memory)

for _function in (*_ABOUT_DTYPES, np.dtype):
    result_type(_function)(_fold(_function))


@result_type(np.shares_memory, np.may_share_memory)
def shares_memory_type(a, b, /, max_work=None):
    return Scalar(bool)


@result_type(np.iterable)
def iterable_type(y):
    if isinstance(y, Unknown) or (isinstance(y, Array) and y.shape is None):
        return Scalar(bool)
    return isinstance(y, (tuple, list, str, Tuple, List, ListOf, Dict, DictOf)) or (isinstance(y, Array) and y.shape != ())


@result_type(np.min_scalar_type)
def min_scalar_type_type(a, /):
    return UNKNOWN  # depends on the value


nondifferentiable(np.broadcast_shapes)


@result_type(np.broadcast_shapes)
def broadcast_shapes_type(*args):
    shape = broadcast_shapes(as_shape(a) for a in args)
    if shape is None:
        return UNKNOWN
    if all(isinstance(n, int) for n in shape):
        return shape
    return Tuple(tuple(Scalar(int, n) if isinstance(n, Size) else Const(n) for n in shape))


@nondifferentiable
def has_derivative(y):
    """Whether `y` is of a kind that has derivatives: floating or complex. Asked where that is known only at run time."""
    return np.result_type(y).kind in "fc"


@result_type(has_derivative)
def has_derivative_type(y):
    dtype = _dtype_of(y)
    return Scalar(bool) if dtype is None else dtype.kind in "fc"


# --- arrays like another ------------------------------------------------------------------------------------------------

nondifferentiable(np.zeros_like, np.ones_like, np.empty_like)


def order_of_like(a, dtype=None, order="K", subok=True, shape=None, *, device=None):
    return order if shape is None else None


facts(np.zeros_like, np.ones_like, np.empty_like, kind="construction", form_of=0, order=order_of_like, boxed=True)
facts(np.full_like, order=lambda a, fill_value, *args, **kwargs: order_of_like(a, *args, **kwargs), boxed=True)


@result_type(np.zeros_like, np.ones_like, np.empty_like)
def like_type(a, dtype=None, order="K", subok=True, shape=None, *, device=None):
    a = as_array(a)
    return Array(_dtype(dtype, a.dtype), a.shape if shape is None else as_shape(shape))


@adjoint(np.full_like, kind="construction")
def full_like(y, a, fill_value, y_bar, dtype=None, order="K", subok=True, shape=None, *, device=None):
    return np.zeros_like(a), unbroadcast(y_bar, fill_value)


@result_type(np.full_like)
def full_like_type(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, device=None):
    made = like_type(a, dtype, order, subok, shape)
    fit_into(as_array(made).shape, as_array(fill_value).shape)
    return made


# --- arrays of a given shape ----------------------------------------------------------------------------------------------

nondifferentiable(np.zeros, np.ones, np.empty, np.eye, np.identity, np.tri)


def order_of_new(shape, dtype=None, order="C", *, device=None, like=None):
    return order


facts(np.zeros, np.ones, np.empty, kind="construction", order=order_of_new, boxed=True)
facts(np.full, order=lambda shape, fill_value, *args, **kwargs: order_of_new(shape, *args, **kwargs), boxed=True)


@result_type(np.zeros, np.ones, np.empty)
def zeros_type(shape, dtype=None, order="C", *, device=None, like=None):
    return Array(_dtype(dtype, np.dtype(float)), as_shape(shape))


@adjoint(np.ndarray, kind="construction")
def ndarray(y, shape, y_bar, dtype=float, order=None):
    """None by its shape; what lies in the memory of a buffer has no rule."""
    return None  # noqa: RET501


@result_type(np.ndarray)
def ndarray_type(shape, dtype=float):
    return Array(_dtype(dtype, np.dtype(float)), as_shape(shape))


def memory_of_ndarray(shape, dtype=float, buffer=None, offset=0, strides=None, order=None):
    return "fresh" if buffer is None else "view"


def order_of_ndarray(shape, dtype=float, buffer=None, offset=0, strides=None, order=None):
    return "C" if strides is None and order is None else order if strides is None else None


facts(np.ndarray, memory=memory_of_ndarray, order=order_of_ndarray, boxed=True)


@result_type(np.eye)
def eye_type(N, M=None, k=0, dtype=float, order="C", *, device=None, like=None):
    return Array(_dtype(dtype, np.dtype(float)), as_shape((N, N if M is None else M)))


@result_type(np.tri)
def tri_type(N, M=None, k=0, dtype=float, *, like=None):
    return Array(_dtype(dtype, np.dtype(float)), as_shape((N, N if M is None else M)))


@result_type(np.identity)
def identity_type(n, dtype=None, *, like=None):
    return Array(_dtype(dtype, np.dtype(float)), as_shape((n, n)))


@adjoint(np.full, kind="construction", raw=("shape",))
def full(y, shape, fill_value, y_bar, dtype=None, order="C", *, device=None, like=None):
    return None, unbroadcast(y_bar, fill_value)


@result_type(np.full)
def full_type(shape, fill_value, dtype=None, order="C", *, device=None, like=None):
    shape = as_shape(shape)
    fit_into(shape, as_array(fill_value).shape)
    return Array(_dtype(dtype, as_array(fill_value).dtype), shape)


# --- ranges ---------------------------------------------------------------------------------------------------------------


@adjoint(np.arange)
def arange(y, start, stop=None, step=1, dtype=None, *, y_bar, device=None, like=None):
    """y = start + step (0, 1, 2, ...); with one argument, that is the stop and moves nothing."""
    if stop is None:
        return None, None, None, None
    return np.sum(y_bar), None, np.sum(y_bar * np.arange(np.size(y))), None


@result_type(np.arange)
def arange_type(start, stop=None, step=1, dtype=None, *, device=None, like=None):
    if stop is None:
        start, stop = 0, start
    parts = [start, stop, 1 if step is None else step]
    if any(isinstance(p, (Unknown, Undefined)) for p in parts):
        return Array(_dtype(dtype, None), (fresh_size("count"),))
    if all(isinstance(p, (int, float)) for p in parts) and parts[2] != 0 and dtype is None:
        known = np.arange(*parts)
        return Array(known.dtype, known.shape)
    kind = _dtype(dtype, promote(*(as_array(p) for p in parts)))
    ends = [p.size if isinstance(p, Scalar) and p.kind is int else p for p in parts]
    if all(isinstance(p, (int, Size)) for p in ends) and isinstance(ends[2], int) and ends[2] != 0:
        step = ends[2]
        length = size_add(ends[1], ends[0], -1) if step > 0 else size_add(ends[0], ends[1], -1)
        return Array(kind, (size_ceil_div(size_max0(length), abs(step)),))
    return Array(kind, (fresh_size("count"),))


def along_samples(y_bar, weights, axis):
    """The sum over the axis `axis` of `y_bar` with `weights`."""
    if np.ndim(y_bar) == 1:
        return y_bar @ weights
    return np.moveaxis(y_bar, axis, -1) @ weights


@adjoint(np.linspace)
def linspace(y, start, stop, y_bar, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    """y = (1 - t) start + t stop."""
    t = np.linspace(0.0, 1.0, num, endpoint)
    if retstep:
        steps = num - 1 if endpoint else num
        samples_bar = y_bar[0]
        stop_bar = along_samples(samples_bar, t, axis) + y_bar[1] / steps
    else:
        samples_bar = y_bar
        stop_bar = along_samples(samples_bar, t, axis)
    start_bar = np.sum(samples_bar, axis=axis) - stop_bar
    return unbroadcast(start_bar, start), unbroadcast(stop_bar, stop)


@adjoint(np.logspace)
def logspace(y, start, stop, y_bar, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    """y = base**((1 - t) start + t stop)."""
    t = np.linspace(0.0, 1.0, num, endpoint)
    exponent_bar = y_bar * y * np.log(base)
    stop_bar = along_samples(exponent_bar, t, axis)
    start_bar = np.sum(exponent_bar, axis=axis) - stop_bar
    return unbroadcast(start_bar, start), unbroadcast(stop_bar, stop)


@adjoint(np.geomspace, real_only=True)
def geomspace(y, start, stop, y_bar, num=50, endpoint=True, dtype=None, axis=0):
    """y = start (stop / start)**t, so that d log|y| = (1 - t) d log|start| + t d log|stop|."""
    t = np.linspace(0.0, 1.0, num, endpoint)
    log_bar = y_bar * y
    stop_bar = along_samples(log_bar, t, axis)
    start_bar = np.sum(log_bar, axis=axis) - stop_bar
    return unbroadcast(start_bar / start, start), unbroadcast(stop_bar / stop, stop)


def _samples(dtype, ends, num, axis):
    """The array of `num` samples between `ends`."""
    kind = _dtype(dtype, promote(*(as_array(e) for e in ends)))
    shape = broadcast_shapes(as_array(e).shape for e in ends)
    count = as_shape(num)
    if shape is None or count is None or len(count) != 1 or not isinstance(axis, int):
        return Array(kind, None)
    rank = len(shape) + 1
    if not -rank <= axis < rank:
        return Array(kind, None)
    axis %= rank
    return Array(kind, (*shape[:axis], count[0], *shape[axis:]))


def _inexact(start, stop):
    """The dtype of `start` and `stop` as np.linspace converts them; None if it is not known."""
    if as_array(start).dtype is None or as_array(stop).dtype is None:
        return None
    return promote(start, stop, 1.0)


@result_type(np.linspace)
def linspace_type(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    samples = _samples(dtype, (start, stop), num, axis)
    if dtype is None:
        samples = Array(_inexact(start, stop), samples.shape)
    if retstep is False:
        return samples
    return Tuple((samples, UNKNOWN)) if retstep is True else UNKNOWN


@result_type(np.logspace)
def logspace_type(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    samples = _samples(dtype, (start, stop), num, axis)
    plain = isinstance(base, (int, float, Scalar))
    return Array(_dtype(dtype, _inexact(start, stop) if plain else None), samples.shape if plain else None)


@result_type(np.geomspace)
def geomspace_type(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    kind = _inexact(start, stop)
    kind = None if kind is None else np.promote_types(kind, float)  # never less than double
    return Array(_dtype(dtype, kind), _samples(dtype, (start, stop), num, axis).shape)


@adjoint(np.vander)
def vander(y, x, y_bar, N=None, increasing=False):
    """Columns are powers of x: d x**p = p x**(p - 1) dx, and nothing for p = 0."""
    columns = np.shape(y)[1]
    powers = np.arange(columns)
    slopes = powers * np.expand_dims(x, 1) ** np.maximum(powers - 1, 0)
    if increasing:
        return np.sum(y_bar * slopes, axis=1)
    return np.sum(np.fliplr(y_bar) * slopes, axis=1)


@result_type(np.vander)
def vander_type(x, N=None, increasing=False):
    x = as_array(x)
    if x.shape is None or len(x.shape) != 1:
        return Array(None, None)
    dtype = None if x.dtype is None else np.promote_types(x.dtype, int)
    columns = (x.shape[0],) if N is None else as_shape(N)
    return Array(dtype, None if columns is None else (x.shape[0], *columns))


# --- conversion -----------------------------------------------------------------------------------------------------------


def is_of_dtype(a, dtype=None):
    """Whether an array is converted to what it is."""
    return is_ndarray(a) and _dtype(dtype, a.dtype) == a.dtype


def is_uncopied(object, dtype=None, *, copy=True, order="K", subok=False, ndmin=0, like=None):
    """Whether np.array gives back an array as it is."""
    uncopied = copy in (None, False) and order == "K" and isinstance(ndmin, int) and is_of_dtype(object, dtype)
    return uncopied and object.rank is not None and object.rank >= ndmin


facts(np.array, np.copy, boxed=True)
facts(np.array, itself=is_uncopied)
facts(np.asarray, np.asanyarray, itself=is_of_dtype, boxed=True)
facts(np.array, np.asarray, np.asanyarray, np.copy, np.require, Method("copy"), Method("tobytes"), layout="by order")
facts(np.isfortran, layout="always")
facts(Method("copy"), memory="fresh", order=lambda a, order="C": order, boxed=is_ndarray)


facts(anew, boxed_like, laid_out, of_copy, place_for, memory="fresh")
nondifferentiable(place_for)


@result_type(place_for)
def place_for_type(x):
    if not isinstance(x, Array) or x.shape is None or x.dtype is None or x.dtype.kind not in "fc":
        return UNKNOWN
    return x if x.shape else Array(x.dtype, (), boxed=True)


@adjoint(kept, kind="construction")
def kept_adjoint(y, x, y_bar):
    return y_bar


@adjoint(together, kind="construction")
def together_adjoint(y, *arrays, y_bar):
    """Of arrays that nothing is written into."""
    parts = ()
    for i in range(len(arrays)):
        parts = parts + (y_bar[i],)
    return parts


result_type(together)(lambda *arrays: arrays)


@adjoint(not_none, kind="view")
def not_none_adjoint(y, x, y_bar):
    return y_bar


facts(not_none, linear="first", rearranged="reshaped", cheap=True)
result_type(not_none)(lambda x: x.item if isinstance(x, Maybe) else x)


@adjoint(writable, kind="view")
def writable_adjoint(y, view, y_bar):
    return y_bar


facts(writable, linear="first", rearranged="reshaped")
result_type(writable)(lambda view: view)


@adjoint(place_of, kind="view")
def place_of_adjoint(y, part, zeros, copied, y_bar):
    return of_copy(y_bar, not copied), of_copy(y_bar, copied), None


facts(place_of, rearranged="reshaped")
result_type(place_of)(lambda part, zeros, copied: zeros)


@adjoint(boxed_like)
def boxed_like_adjoint(y, x, like, y_bar):
    """The value is `x`; of `like` only the kind counts, so its adjoint is 0."""
    return y_bar, np.zeros_like(like)


result_type(boxed_like)(lambda x, like: x)


@adjoint(laid_out)
def laid_out_adjoint(y, x, like=None, *, y_bar):
    """The value is `x`; of `like` only the layout counts, so its adjoint is 0."""
    return y_bar, None if like is None else np.zeros_like(like)


@result_type(laid_out)
def laid_out_type(x, like=None):
    return x


nondifferentiable(is_copy)
facts(is_copy, lies=True)
result_type(is_copy)(lambda part, whole: Scalar(bool))


@adjoint(of_copy)
def of_copy_adjoint(y, g, copied, y_bar):
    return of_copy(y_bar, copied), None


facts(of_copy, linear="first")
result_type(of_copy)(lambda g, copied: g)


@adjoint(np.array)
def array(y, object, y_bar, dtype=None, *, copy=True, order="K", subok=False, ndmin=0, like=None):
    if not has_derivative(y):
        y_bar = np.zeros_like(y_bar)
    if np.ndim(object) == np.ndim(y_bar):
        return y_bar
    if np.ndim(object) == 0:
        return np.sum(y_bar)
    return np.reshape(y_bar, np.shape(object))


@result_type(np.array)
def array_type(object, dtype=None, *, copy=True, order="K", subok=False, ndmin=0, like=None):
    a = _converted(object, dtype)
    if ndmin == 0:
        return a
    if a.shape is None or not isinstance(ndmin, int):
        return Array(a.dtype, None)
    return Array(a.dtype, (1,) * (ndmin - len(a.shape)) + a.shape)


def _converted(a, dtype):
    """The array that `a` is converted to."""
    known = as_array(a) if _is_valued(a) else Array(None, None)
    return Array(_dtype(dtype, known.dtype), known.shape)


@adjoint(np.asarray, kind="view")
def asarray(y, a, y_bar, dtype=None, order=None, *, device=None, copy=None, like=None):
    return y_bar if has_derivative(y) else np.zeros_like(y_bar)


@adjoint(np.asanyarray, kind="view")
def asanyarray(y, a, y_bar, dtype=None, order=None, *, device=None, copy=None, like=None):
    return y_bar if has_derivative(y) else np.zeros_like(y_bar)


@result_type(np.asarray, np.asanyarray)
def asarray_type(a, dtype=None, order=None, *, device=None, copy=None, like=None):
    return _converted(a, dtype)


@adjoint(np.ascontiguousarray, kind="view")
@adjoint(np.asfortranarray, kind="view")
def ordered(y, a, y_bar, dtype=None, *, like=None):
    """A number becomes an array of one entry."""
    if not has_derivative(y):
        y_bar = np.zeros_like(y_bar)
    if np.ndim(a) == 0:
        return np.sum(y_bar)
    return y_bar


@result_type(np.ascontiguousarray)
@result_type(np.asfortranarray)
def ordered_type(a, dtype=None, *, like=None):
    a = _converted(a, dtype)
    return Array(a.dtype, (1,) if a.shape == () else a.shape)


@adjoint(np.copy)
def copy(y, a, y_bar, order="K", subok=False):
    return y_bar


@result_type(np.copy)
def copy_type(a, order="K", subok=False):
    return _converted(a, None)


method("copy", np.copy)


def astype(x, dtype, order="K", casting="unsafe", subok=True, copy=True):
    """`x.astype(dtype, ...)`."""
    return np.asarray(x).astype(dtype, order, casting, subok, copy)


@adjoint(astype)
def astype_adjoint(y, x, y_bar, dtype, order="K", casting="unsafe", subok=True, copy=True):
    return y_bar if has_derivative(y) else np.zeros_like(y_bar)


@adjoint(np.astype)
def astype_function(y, x, y_bar, dtype, *, copy=True, device=None):
    return y_bar if has_derivative(y) else np.zeros_like(y_bar)


@result_type(astype)
def astype_type(x, dtype, order="K", casting="unsafe", subok=True, copy=True):
    return Array(_dtype(dtype, np.dtype(float)), as_array(x).shape)


@result_type(np.astype)
def astype_function_type(x, dtype, *, copy=True, device=None):
    return Array(_dtype(dtype, np.dtype(float)), as_array(x).shape)


def keeps_dtype(x, dtype, *rest, **named):
    """Whether numbers are converted to the dtype that they have; None if it is open."""
    to = _dtype(dtype, np.dtype(float))
    return None if not isinstance(x, Array) or x.dtype is None or to is None else to == x.dtype


def memory_of_astype(x, dtype, order="K", casting="unsafe", subok=True, copy=True, device=None):
    """Without a copy it may be the array itself, if that is of the dtype."""
    return "fresh" if copy is True or keeps_dtype(x, dtype) is False else "view"


def is_itself_as(x, dtype, order="K", casting="unsafe", subok=True, copy=True, device=None):
    """Whether an array is given back as it is."""
    return order == "K" and copy is False and is_ndarray(x) and keeps_dtype(x, dtype) is True


memory(memory_of_astype, np.astype, astype)
facts(np.astype, astype, boxed=is_ndarray, layout="by order", itself=is_itself_as)
facts(astype, linear=lambda *args, **named: "first" if keeps_dtype(*args, **named) else None)
facts(astype, keeps_zeros=True)
method("astype", astype)


def item(x):
    """`x.item()`: the one entry of `x` as a Python number."""
    return np.asarray(x).item()


@adjoint(item)
def item_adjoint(y, x, y_bar):
    if np.ndim(x) == 0:
        return y_bar
    return np.full(np.shape(x), y_bar)


_PYTHON_KINDS = {"b": bool, "i": int, "u": int, "f": float, "c": complex}


@result_type(item)
def item_type(x):
    dtype = _dtype_of(x)
    if dtype is None or dtype.kind not in _PYTHON_KINDS or dtype.itemsize > np.dtype(complex).itemsize:
        return UNKNOWN
    return Scalar(_PYTHON_KINDS[dtype.kind]) if dtype.char not in "gG" else UNKNOWN


method("item", item)


# --- dtypes called as functions -------------------------------------------------------------------------------------------


@adjoint(np.float16)
@adjoint(np.float32)
@adjoint(np.float64)
@adjoint(np.longdouble)
def floating(y, x, y_bar):
    return y_bar


@adjoint(np.complex64)
@adjoint(np.complex128)
@adjoint(np.clongdouble)
def complexfloating(y, x, y_bar):
    return y_bar


_INTEGERS = (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.longlong, np.ulonglong)

nondifferentiable(*_INTEGERS, np.bool_)


def _conversion(dtype):
    """The type rule of a scalar type called as a function."""

    def converted(x=0, /):
        return Array(dtype, as_array(x).shape if _is_valued(x) and not isinstance(x, str) else None)

    return converted


for _type in (
    *_INTEGERS,
    np.bool_,
    np.float16,
    np.float32,
    np.float64,
    np.longdouble,
    np.complex64,
    np.complex128,
    np.clongdouble,
):
    result_type(_type)(_conversion(np.dtype(_type)))


# --- windows, frequencies, and what is asked of types: constants --------------------------------------------------------

_WINDOWS = np.bartlett, np.blackman, np.hamming, np.hanning
nondifferentiable(*_WINDOWS, np.isfortran, np.common_type, np.einsum_path)


@result_type(*_WINDOWS)
def window_type(M):
    return Array(np.dtype(float), as_shape(M))


@adjoint(np.fft.fftfreq)
@adjoint(np.fft.rfftfreq)
def frequencies(y, n, d=1.0, *, y_bar):
    """yₖ = k / (n d): d̄ = -⟨ȳ, y⟩ / d."""
    return None, -np.sum(y_bar * y) / d


@result_type(np.fft.fftfreq)
def fftfreq_type(n, d=1.0):
    return Array(np.dtype(float), as_shape(n))


@result_type(np.fft.rfftfreq)
def rfftfreq_type(n, d=1.0):
    return Array(np.dtype(float), (n // 2 + 1,) if constant(n) else None)


@result_type(np.isfortran)
def isfortran_type(a):
    return Scalar(bool)


result_type(np.einsum_path)(lambda *args, **kwargs: UNKNOWN)


@result_type(np.common_type)
def common_type_type(*arrays):
    dtypes = [as_array(a).dtype for a in arrays]
    return (
        UNKNOWN if any(d is None or d.kind not in "iufc" for d in dtypes) else np.common_type(*[np.empty(0, d) for d in dtypes])
    )


@composition(np.mask_indices)
def mask_indices(n, mask_func, k=0):
    """Where a function leaves what is not 0 in a matrix of ones."""
    return np.nonzero(mask_func(np.ones((n, n), int), k) != 0)
