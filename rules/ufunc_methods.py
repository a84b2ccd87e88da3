"""The methods of ufuncs: reductions, running results, outer products and repeated writes, of each ufunc with a derivative.

What a function of NumPy's own computes is that function; all else is the ufunc on one row after another.
"""

import numpy as np

from sct.ir.types import UNKNOWN
from sct.registry.compositions import composition
from sct.registry.effects import effect, has_effect
from sct.registry.refusals import refused
from sct.registry.rules import has_adjoint, nondifferentiable
from sct.registry.type_rules import result_type

_NOT_GIVEN = object()
_WHOLE = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}
_RUNNING = {np.add: np.cumsum, np.multiply: np.cumprod}


def _reduce(ufunc):
    if ufunc in _WHOLE:
        whole = _WHOLE[ufunc]

        @composition(ufunc.reduce)
        def reduce(array, axis=0, dtype=None, out=None, keepdims=False, initial=_NOT_GIVEN, where=True):
            array = np.asarray(array, dtype)
            if initial is _NOT_GIVEN:
                return whole(array, axis=axis, keepdims=keepdims, where=where)
            return whole(array, axis=axis, keepdims=keepdims, initial=initial, where=where)

        return

    in_any_order, identity = _takes_several_axes(ufunc), ufunc.identity

    @composition(ufunc.reduce)
    def reduce_rows(array, axis=0, dtype=None, out=None, keepdims=False, initial=_NOT_GIVEN, where=True):
        if where is not True and initial is _NOT_GIVEN:
            if identity is None:
                raise ValueError("to use a where mask of a reduction that has no identity one has to specify 'initial'")
            initial = identity
        array = np.asarray(array, dtype)
        if array.ndim == 0:
            array, axis, keepdims = np.reshape(array, (1,)), 0, False
        axes = tuple(range(array.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        if len(axes) != 1 and not in_any_order:
            raise ValueError("a reduction by this ufunc is not reorderable, so at most one axis may be specified")
        moved = np.moveaxis(array, axes, tuple(range(len(axes))))
        shape = (-1,) + moved.shape[len(axes) :]
        rows = moved if len(axes) == 1 else np.reshape(moved, shape)
        if initial is _NOT_GIVEN and identity is not None and len(rows) < 2:
            initial = identity
        if len(rows) == 0 and initial is not _NOT_GIVEN:
            y = np.full(rows.shape[1:], initial, rows.dtype)
            return np.expand_dims(y, axes) if keepdims else y
        if where is not True:
            counted = np.reshape(np.moveaxis(np.broadcast_to(where, array.shape), axes, tuple(range(len(axes)))), shape)
            y = np.where(counted[0], ufunc(initial, rows[0]), initial)
            for k in range(1, len(rows)):
                y = np.where(counted[k], ufunc(y, rows[k]), y)
        else:
            y = rows[0] if initial is _NOT_GIVEN else ufunc(initial, rows[0])
            for k in range(1, len(rows)):
                y = ufunc(y, rows[k])
        return np.expand_dims(y, axes) if keepdims else y


def _takes_several_axes(ufunc):
    """Whether NumPy reduces by a ufunc along several axes at once."""
    try:
        ufunc.reduce(np.ones((1, 1)), axis=(0, 1))
    except (TypeError, ValueError):
        return False
    return True


def one_axis(axis):
    """The axis of a method that takes one, also in a tuple."""
    return axis[0] if isinstance(axis, tuple) else axis


def _accumulate(ufunc):
    if ufunc in _RUNNING:
        running = _RUNNING[ufunc]

        @composition(ufunc.accumulate)
        def accumulate(array, axis=0, dtype=None, out=None):
            return running(array, one_axis(axis), dtype)

        return

    @composition(ufunc.accumulate)
    def accumulate_rows(array, axis=0, dtype=None, out=None):
        axis = one_axis(axis)
        rows = np.moveaxis(np.asarray(array, dtype), axis, 0)
        y = np.empty_like(rows)
        if len(rows) == 0:
            return np.moveaxis(y, 0, axis)
        y[0] = rows[0]
        for k in range(1, len(rows)):
            y[k] = ufunc(y[k - 1], rows[k])
        return np.moveaxis(y, 0, axis)


def _outer(ufunc):
    @composition(ufunc.outer)
    def outer(A, B, /):
        A, B = np.asarray(A), np.asarray(B)
        return ufunc(np.reshape(A, A.shape + (1,) * B.ndim), B)


def _reduceat(ufunc):
    @composition(ufunc.reduceat)
    def reduceat(array, indices, axis=0, dtype=None, out=None):
        axis = one_axis(axis)
        rows = np.moveaxis(np.asarray(array, dtype), axis, 0)
        n = len(indices)
        y = np.zeros((n,) + rows.shape[1:], rows.dtype)
        for k in range(n):
            start, stop = indices[k], indices[k + 1] if k + 1 < n else len(rows)
            y[k] = rows[start]
            if ufunc is np.add:
                y[k] += np.sum(rows[start + 1 : stop], axis=0)
            else:
                for i in range(start + 1, stop):
                    y[k] = ufunc(y[k], rows[i])
        return np.moveaxis(y, 0, axis)


def _at(ufunc):
    effect("acts", ufunc.at)  # where it is not followed, it may write into anything
    if ufunc.nin == 1:

        @composition(ufunc.at)
        def at(a, indices):
            for k in np.ravel(indices):
                a[k] = ufunc(a[k])

        return

    @composition(ufunc.at)
    def at_with(a, indices, b):
        indices = np.asarray(indices)
        values = np.broadcast_to(b, indices.shape + a.shape[1:])
        for k in np.ndindex(indices.shape):
            a[indices[k]] = ufunc(a[indices[k]], values[k])


_ALL = list({id(f): f for f in vars(np).values() if isinstance(f, np.ufunc)}.values())
_OF_ENTRIES = [f for f in _ALL if f.signature is None and f.nout == 1]
_METHODS = "reduce", "accumulate", "outer", "reduceat", "at"

for _ufunc in (f for f in _OF_ENTRIES if has_adjoint(f)):
    if _ufunc not in (np.add, np.subtract):
        _at(_ufunc)
    if _ufunc.nin == 2:
        _reduce(_ufunc)
        _accumulate(_ufunc)
        _outer(_ufunc)
        _reduceat(_ufunc)

for _ufunc in (f for f in _OF_ENTRIES if not has_adjoint(f)):
    refused("It writes what has no derivative into an array: assign it to the entries.", _ufunc.at)
    if _ufunc.nin == 2:
        _constant = [getattr(_ufunc, name) for name in _METHODS if name != "at"]
        nondifferentiable(*_constant)
        result_type(*_constant)(lambda *args, **kwargs: UNKNOWN)

for _ufunc in _ALL:
    refused(
        "NumPy has it of functions of two numbers with one result only.",
        *[m for m in (getattr(_ufunc, name) for name in _METHODS if _ufunc not in (np.add, np.subtract)) if not has_effect(m)],
    )
