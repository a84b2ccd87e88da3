"""Rules for writes into arrays, in the form that the compiler gives them: a new array with a part replaced.

Takes and gives arrays; registers rules at import. Whether the new array is stored over the old one is the compiler's matter.
"""

import numpy as np

from sct.ir.shapes import as_array
from sct.ir.types import UNKNOWN, Array, List, ListOf, Scalar, Tuple, Unknown, fit_into
from sct.registry.facts import facts
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type
from sct.runtime import kept, last_writes, part, scatter_add, tangents_like, unbroadcast, updated, zeros_if_bound, zeros_in

from .arithmetic import in_shape
from .construction import has_derivative
from .indexing import getitem_type

facts(updated, memory="fresh", in_place=True, index=1)
facts(scatter_add, updated, joins=True, boxed=True)
facts(zeros_if_bound, memory="fresh", form_of=0)
nondifferentiable(zeros_if_bound)  # and not inlined: what its operand is said to be does not say whether it is there
result_type(zeros_if_bound)(lambda x: x if isinstance(x, Array) else UNKNOWN)


@adjoint(updated)
def updated_adjoint(y, a, path, value, y_bar):
    """a[i] = v:  v̄ = ā[i], then ā[i] = 0 (Griewank & Walther 2008, section 3.2).

    Of several writes to one entry the last one counts.
    """
    if np.ndim(y_bar) == 0 and np.ndim(part(y, path)) == 0:  # all of it; the adjoint may be a number
        return np.zeros_like(y_bar), None, unbroadcast(y_bar, value)
    if np.ndim(y_bar) == 0:
        y_bar = np.asarray(y_bar)
    if not has_derivative(y):  # what is written is cut
        return updated(y_bar, path, 0.0), None, np.zeros_like(value)
    value_bar = part(y_bar, path)
    if may_repeat(path[-1]):
        value_bar = np.where(last_writes(part(y_bar, path[:-1]), path[-1]), value_bar, 0.0)
    return updated(y_bar, path, 0.0), None, in_shape(unbroadcast(value_bar, value), value)


@tangent(updated)
def updated_tangent(y, a, path, value, a_dot, value_dot):
    """a[i] = v:  ȧ[i] = v̇. The transpose of the adjoint rule adds an array that is zero elsewhere."""
    if value_dot is None:
        value_dot = 0.0
    return updated(np.zeros_like(y) if a_dot is None else a_dot, path, value_dot)


@tangent(scatter_add)
def scatter_add_tangent(y, a, path, value, a_dot, value_dot):
    """a[i] += v:  ȧ[i] += v̇. The transpose of the adjoint rule adds an array that is zero elsewhere."""
    if value_dot is None:
        return a_dot
    return scatter_add(np.zeros_like(y) if a_dot is None else a_dot, path, value_dot)


@result_type(updated)
@result_type(scatter_add)
def updated_type(a, path, value):
    indices = path.items if isinstance(path, Tuple) else path
    if isinstance(indices, tuple):
        part = a
        for index in indices:
            part = getitem_type(part, index)
        fit_into(as_array(part).shape, as_array(value).shape)
    return as_array(a)


@nondifferentiable
def may_repeat(index):
    """Whether an index may name an entry more than once: there is an array of integers in it."""
    entries = index if isinstance(index, tuple) else (index,)
    return any(isinstance(e, (list, np.ndarray)) and np.asarray(e).dtype != bool and np.size(e) > 1 for e in entries)


@result_type(may_repeat)
def may_repeat_type(index):
    entries = index.items if isinstance(index, Tuple) else index if isinstance(index, tuple) else (index,)
    kinds = [_repeats(e) for e in entries]
    return True if True in kinds else Scalar(bool) if None in kinds else False


def _repeats(entry):
    """Whether one entry of an index is an array of integers; None where that is not known."""
    if isinstance(entry, (List, ListOf, list)):
        return True
    if isinstance(entry, Array):
        if entry.shape == () or (entry.dtype is not None and entry.dtype.kind == "b"):
            return False
        return None if entry.shape is None or entry.dtype is None else True
    if isinstance(entry, np.ndarray):
        return entry.dtype != bool and entry.size > 1
    return None if isinstance(entry, Unknown) else False


@result_type(last_writes)
def last_writes_type(a, index):
    return Array(np.dtype(bool), as_array(getitem_type(a, index)).shape)


nondifferentiable(last_writes)
facts(last_writes, memory="fresh")


@adjoint(kept)
def kept_copy(y, x, y_bar):
    return y_bar


@result_type(kept)
def kept_type(x):
    return x


@tangent(tangents_like)
def tangents_like_tangent(y, given, like, given_dot):
    """Linear in what is given; of `like` only the kinds and shapes count. It has no adjoint rule."""
    return zeros_in(like) if given_dot is None else tangents_like(given_dot, like)


@result_type(tangents_like)
def tangents_like_type(given, like):
    return like
