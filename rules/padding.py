"""Rules and compositions of padding.

Takes and gives arrays. Modes that repeat entries, or put constants that do not vary beside them, have a rule; the others are
followed as concatenations of an array and what stands before and behind it, axis by axis.
"""

import numpy as np

from sct.errors import NoRuleError
from sct.ir.shapes import as_array, as_shape, fresh_size
from sct.ir.types import UNKNOWN, Array, Dict, Scalar, size_add
from sct.registry.compositions import composition
from sct.registry.facts import facts
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type
from sct.runtime import scatter_add

from .arithmetic import is_literal
from .manipulation import _entries, axis_slice

facts(np.pad, boxed=True)


def pad_pair(pad_width, axis, rank):
    """What a scalar, a pair, pairs by axis, or a dict of them has for before and behind along `axis`."""
    if isinstance(pad_width, dict):
        key = axis if axis in pad_width else axis - rank
        return pad_pair(pad_width[key], axis, rank) if key in pad_width else (0, 0)
    if pad_width is None or np.ndim(pad_width) == 0:
        return pad_width, pad_width
    if np.ndim(pad_width) == 1:
        return pad_width[0], pad_width[-1]
    if len(pad_width) == 1:
        return pad_width[0][0], pad_width[0][-1]
    return pad_width[axis][0], pad_width[axis][-1]


@nondifferentiable
def require_gathering(mode):
    """Refuse what is no mode of NumPy's, such as a function."""
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise NoRuleError(f"np.pad has no derivative rule for mode={mode!r}", advice="Use one of the modes that have a name.")
    return mode


@result_type(require_gathering)
def require_gathering_type(mode):
    return mode if isinstance(mode, str) and mode in ("edge", "reflect", "symmetric", "wrap") else UNKNOWN


@adjoint(np.pad)
def pad(y, array, y_bar, pad_width, mode="constant", *, constant_values=0):
    """The part that the array is, with what was repeated added to where it comes from; in other modes by what it is made of."""
    rank = np.ndim(array)
    if mode == "constant" or mode == "empty":
        if rank == 1:
            before, after = pad_pair(pad_width, 0, rank)
            return y_bar[before if before != 0 else None : -after if after != 0 else None]
        if rank == 2:
            top, bottom = pad_pair(pad_width, 0, rank)
            left, right = pad_pair(pad_width, 1, rank)
            return y_bar[
                top if top != 0 else None : -bottom if bottom != 0 else None,
                left if left != 0 else None : -right if right != 0 else None,
            ]
    g = y_bar
    for axis in range(rank):
        before, after = pad_pair(pad_width, axis, rank)
        g = unpad(g, array, axis, before, after, mode)
    return g


@tangent(np.pad)
def pad_tangent(y, array, array_dot, pad_width, mode="constant", *, constant_values=0):
    """The tangents padded as the entries are, by zeros where these are constants, of which there is no derivative.

    The transpose of the adjoint adds them to a part of an array of zeros, and in the other modes picks them by axes.
    """
    if mode == "constant" or mode == "empty":
        return np.pad(array_dot, pad_width)
    return np.pad(array_dot, pad_width, require_gathering(mode))


def unpad(g, array, axis, before, after, mode):
    """The adjoint of padding along one axis."""
    n = np.shape(array)[axis]
    if mode == "constant" or mode == "empty":
        return axis_slice(g, axis, before, before + n)
    if is_literal(before) and is_literal(after) and before == 0 and after == 0:
        return g
    source = np.pad(np.arange(n), (before, after), require_gathering(mode))
    front = g if axis == 0 else np.swapaxes(g, 0, axis)
    gathered = scatter_add(np.zeros((n,) + np.shape(front)[1:], np.result_type(g)), (source,), front)
    return gathered if axis == 0 else np.swapaxes(gathered, 0, axis)


@result_type(np.pad)
def pad_type(array, pad_width, mode="constant", **kwargs):
    array = as_array(array)
    if array.shape is None:
        return array
    widths = _widths(pad_width, len(array.shape))
    if widths is None:
        return Array(array.dtype, tuple(fresh_size("count") for _ in array.shape))
    shape = tuple(size_add(size_add(n, b), a) for n, (b, a) in zip(array.shape, widths, strict=True))
    return Array(array.dtype, shape)


def _widths(pad_width, rank):
    """The (before, after) sizes for each axis; None if the structure of `pad_width` is not known."""
    if isinstance(pad_width, Dict):
        pad_width = pad_width.mapping()
    if isinstance(pad_width, dict):
        pairs = [_widths(pad_width.get(k, pad_width.get(k - rank, 0)), 1) for k in range(rank)]
        return None if None in pairs else [pair for (pair,) in pairs]
    if isinstance(pad_width, np.ndarray):
        pad_width = pad_width.tolist()
    entries = _entries(pad_width)
    if entries is None:
        one = as_shape(pad_width)
        return None if one is None else [one * 2] * rank
    inner = [_entries(e) for e in entries]
    if all(e is None for e in inner):
        inner = [entries]
    if any(e is None or len(e) not in (1, 2) for e in inner) or len(inner) not in (1, rank):
        return None
    pairs = [as_shape(tuple(e)) for e in inner]
    if any(p is None for p in pairs):
        return None
    return [(p[0], p[-1]) for p in pairs] * (rank if len(pairs) == 1 else 1)


# --- what stands beside the array depends on it, or on arguments -----------------------------------------------------------


def is_composed(array, pad_width, mode="constant", **kwargs):
    """Whether more is put beside an array of floats than its entries, and numbers that are known."""
    dtype = as_array(array).dtype
    if dtype is None or dtype.kind not in "fc":
        return False
    if mode == "constant":
        return _varies(kwargs.get("constant_values"))
    return mode in ("linear_ramp", "maximum", "mean", "median", "minimum") or kwargs.get("reflect_type", "even") != "even"


def _varies(value):
    """Whether there is something in an argument that is known at run time only."""
    entries = _entries(value)
    return isinstance(value, (Array, Scalar)) if entries is None else any(_varies(e) for e in entries)


@composition(np.pad, covers=is_composed)
def padded(array, pad_width, mode="constant", *, constant_values=0, end_values=0, stat_length=None, reflect_type="even"):
    """Along one axis after the other, of the array with what is beside it along those before."""
    y = np.array(array)
    for axis in tuple(range(y.ndim)):
        before, after = pad_pair(pad_width, axis, y.ndim)
        if before != 0 or after != 0:
            if mode == "constant":
                y = between_constants(y, axis, before, after, *pad_pair(constant_values, axis, y.ndim))
            elif mode == "linear_ramp":
                y = between_ramps(y, axis, before, after, *pad_pair(end_values, axis, y.ndim))
            elif mode == "reflect" or mode == "symmetric":
                y = between_turned(y, axis, before, after, mode)
            else:
                y = between_statistics(y, axis, before, after, mode, *pad_pair(stat_length, axis, y.ndim))
    return y


def between_constants(x, axis, before, after, first, last):
    """`x` with two numbers repeated."""
    front = np.full(x.shape[:axis] + (before,) + x.shape[axis + 1 :], first, x.dtype)
    back = np.full(x.shape[:axis] + (after,) + x.shape[axis + 1 :], last, x.dtype)
    return np.concatenate((front, x, back), axis)


def between_ramps(x, axis, before, after, first, last):
    """`x` with numbers from `first` up to its first entries, and from its last ones down to `last`."""
    if x.dtype.char in "efF":  # numbers of Python count in double precision
        first, last = np.asarray(first), np.asarray(last)
    front = np.linspace(first, np.take(x, 0, axis), before, False, axis=axis).astype(x.dtype)
    back = np.linspace(last, np.take(x, -1, axis), after, False, axis=axis).astype(x.dtype)
    return np.concatenate((front, x, np.flip(back, axis)), axis)


def between_statistics(x, axis, before, after, mode, first, last):
    """`x` with a statistic of its first entries, and of its last ones: of so many, or of all."""
    front = statistic(x if first is None else axis_slice(x, axis, None, first), axis, mode)
    back = front
    if last is not None:
        back = statistic(axis_slice(x, axis, -last if last != 0 else x.shape[axis], None), axis, mode)
    return np.concatenate((np.repeat(front, before, axis), x, np.repeat(back, after, axis)), axis)


def statistic(x, axis, mode):
    """What a mode puts beside an array, with the axis."""
    if mode == "maximum":
        return np.max(x, axis, keepdims=True)
    if mode == "minimum":
        return np.min(x, axis, keepdims=True)
    if mode == "mean":
        return np.mean(x, axis, keepdims=True)
    return np.median(x, axis, keepdims=True)


def between_turned(x, axis, before, after, mode):
    """`x` turned by half around its ends, again and again."""
    n = x.shape[axis]
    return np.concatenate((turned(x, axis, mode, -before, 0), x, turned(x, axis, mode, n, n + after)), axis)


def turned(x, axis, mode, start, stop):
    """The entries at places beyond the ends; of two turns each shifts the array by twice its rise."""
    n = x.shape[axis]
    if n == 1 and mode == "reflect":
        return np.repeat(x, stop - start, axis)
    turn, place = np.divmod(np.arange(start, stop), n if mode == "symmetric" else n - 1)
    odd = turn % 2
    along = (-1,) + (1,) * (x.ndim - 1 - axis)
    kept = np.take(x, np.where(odd == 1, n - 1 - place, place), axis) * np.reshape(1 - 2 * odd, along)
    first, last = axis_slice(x, axis, 0, 1), axis_slice(x, axis, n - 1, n)
    return (kept + last * np.reshape(turn + odd, along) - first * np.reshape(turn - odd, along)).astype(x.dtype)
