"""Rules for lists whose length is only known at run time (`sct.specialize.growing`), in the form that the compiler gives them.

Takes and gives lists of arrays or numbers; registers rules at import. The adjoint of such a list is the list of the adjoints
of its items: what appends an item is reversed by what takes the last one away. Whether a list is changed in place is the
compiler's matter.
"""

import operator

import numpy as np

from sct.ir.ops import UNPACK, Method
from sct.ir.shapes import as_array, constant, fresh_size, item_of
from sct.ir.types import Array, ListOf, Scalar, Slice, Undefined, Unknown, equal_shapes, is_of_arguments
from sct.registry.facts import facts, memory
from sct.registry.rules import adjoint, nondifferentiable
from sct.registry.tangents import tangent
from sct.registry.type_rules import result_type
from sct.runtime import (
    added_each,
    added_item,
    appended,
    in_places,
    item,
    items_of,
    joined,
    numbers,
    of_first_dtype,
    paired,
    repeated,
    shortened,
    split_like,
    stacked,
    with_item,
    zeros_each,
)


def zero_like(x):
    """The zero adjoint of an item."""
    return 0.0 if np.ndim(x) == 0 else np.zeros_like(x)


@adjoint(appended, kind="view")
def appended_adjoint(y, s, x, y_bar):
    """The last item of the adjoint list, and the list without it."""
    x_bar = item(y_bar, -1)
    return shortened(y_bar), x_bar


@tangent(appended)
def appended_tangent(y, s, x, s_dot, x_dot):
    """The tangent of the item behind those of the others; the transpose of the adjoint rule makes a list of zeros anew."""
    return appended(zeros_each(s) if s_dot is None else s_dot, zero_like(x) if x_dot is None else x_dot)


@tangent(with_item)
def with_item_tangent(y, s, i, x, s_dot, x_dot):
    """The tangent of the item in the place of another; the transpose of the adjoint rule adds a list of zeros."""
    return with_item(zeros_each(s) if s_dot is None else s_dot, i, zero_like(x) if x_dot is None else x_dot)


@tangent(numbers)
def numbers_tangent(y, s, s_dot, dtype=None):
    """The numbers of the tangents; the transpose of the adjoint rule stacks them, of which there must be one."""
    return numbers(s_dot, dtype)


@tangent(repeated)
def repeated_tangent(y, x, n, x_dot):
    """The tangent as often; the transpose of the adjoint rule takes an array of them apart."""
    return repeated(x_dot, n)


@adjoint(repeated)
def repeated_adjoint(y, x, n, y_bar):
    """y = [x, x, …]:  x̄ = Σ ȳ[i]."""
    return np.sum(numbers(y_bar)), None


@adjoint(shortened, kind="view")
def shortened_adjoint(y, s, y_bar):
    """The adjoint list, with a zero for the item that was taken away."""
    return appended(y_bar, zero_like(item(s, -1)))


@adjoint(item, kind="view")
def item_adjoint(y, s, i, y_bar):
    """s̄[i] += ȳ."""
    return added_item(zeros_each(s), i, y_bar), None


@adjoint(with_item, kind="view")
def with_item_adjoint(y, s, i, x, y_bar):
    """s[i] = x:  x̄ = s̄[i], then s̄[i] = 0, of the shape of what was there."""
    x_bar = item(y_bar, i)
    return with_item(y_bar, i, zero_like(x if has_shape_of_items(s, x) else item(s, i))), None, x_bar


@nondifferentiable
def has_shape_of_items(s, x):
    """Whether something is known to have the shape that all items of a list have."""
    return False


@result_type(has_shape_of_items)
def has_shape_of_items_type(s, x):
    item = _item_type(s)
    if isinstance(item, Scalar) and isinstance(x, (Scalar, int, float)):
        return True
    if not isinstance(item, Array) or item.shape is None or not all(map(is_of_arguments, item.shape)):
        return False
    return equal_shapes(item.shape, as_array(x).shape)


@adjoint(added_item, kind="view")
def added_item_adjoint(y, s, i, v, y_bar):
    """Linear in both."""
    return y_bar, None, item(y_bar, i)


@adjoint(in_places, kind="view")
def in_places_adjoint(y, places, y_bar):
    """The numbers are those in the places."""
    return y_bar


@tangent(in_places)
def in_places_tangent(y, places, places_dot):
    """The numbers in the places of the tangents."""
    return in_places(places_dot)


@adjoint(added_each, kind="view")
def added_each_adjoint(y, a, b, y_bar):
    """Linear in both."""
    return y_bar, y_bar


@adjoint(stacked)
def stacked_adjoint(y, s, y_bar, axis=0):
    """The slices of ȳ along the new axis."""
    return items_of(y_bar, axis)


@adjoint(numbers)
def numbers_adjoint(y, s, y_bar, dtype=None):
    """The entries of ȳ."""
    return items_of(y_bar)


@adjoint(items_of, kind="view")
def items_of_adjoint(y, a, y_bar, axis=0):
    """The items of ȳ, stacked again."""
    return stacked(y_bar, axis)


@adjoint(joined)
def joined_adjoint(y, s, y_bar, axis=0):
    """The pieces of ȳ, of the sizes of the items."""
    return split_like(y_bar, s, axis)


@adjoint(split_like, kind="view")
def split_like_adjoint(y, a, s, y_bar, axis=0):
    """The pieces, joined again; the list is there for its sizes."""
    return joined(y_bar, axis), zeros_each(s)


memory("fresh", joined, numbers, stacked)
facts(added_each, item, items_of, repeated, split_like, zeros_each, new_list=True)
facts(added_item, appended, shortened, with_item, new_list=True, in_place=True)
facts(added_each, zeros_each, memory="fresh")
facts(added_item, memory="view")
facts(operator.getitem, operator.contains, operator.mul, keys=True)
facts(operator.getitem, item, UNPACK, Method("get"), takes=True)
facts(Method("extend"), Method("update"), paired, puts_each=True)
facts(in_places, memory=lambda places: "fresh" if _are_numbers(places) else "view")
facts(added_each, added_item, zeros_each, computes=True)
facts(zeros_each, kind="construction", form_of=0)
facts(Method("append"), Method("extend"), Method("update"), appended, paired, puts=1)
facts(Method("get"), Method("insert"), Method("setdefault"), operator.setitem, with_item, puts=2)
nondifferentiable(zeros_each, of_first_dtype)
result_type(of_first_dtype)(lambda s: Scalar(bool))


def _item_type(t):
    return t.item if isinstance(t, ListOf) else Unknown()


def _with(s, x):
    """The type of a list that has an item more, or another one: its items are of one type, which covers this one as well."""
    item = _item_type(s)
    x = (Scalar(type(x)) if type(x) in _ORDER else as_array(x)) if constant(x) else x
    if isinstance(s, ListOf) and isinstance(item, Undefined):  # nothing is known of it yet
        return ListOf(x)
    if not isinstance(item, (Scalar, Array)) or not isinstance(x, (Scalar, Array)):
        return s
    if isinstance(item, Scalar) and isinstance(x, Scalar):
        return ListOf(Scalar(max(item.kind, x.kind, key=_ORDER.index)))
    a, b = as_array(item), as_array(x)
    dtype = a.dtype if a.dtype == b.dtype else None
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return ListOf(Array(dtype, None))
    if dtype is not None and isinstance(item, Array) and equal_shapes(a.shape, b.shape):
        return s
    return ListOf(Array(dtype, tuple(n if n == m else fresh_size() for n, m in zip(a.shape, b.shape, strict=True))))


_ORDER = (bool, int, float, complex)

result_type(appended)(_with)
result_type(with_item)(lambda s, i, x: _with(s, x))


@result_type(repeated)
def repeated_type(x, n):
    return ListOf(Scalar(type(x)) if constant(x) else x)


result_type(shortened)(lambda s: s)


def _are_numbers(places):
    """Whether the places are those of numbers alone."""
    item = _item_type(places)
    return isinstance(item, Array) and item.shape == ()


@result_type(in_places)
def in_places_type(places):
    item = _item_type(places)
    return ListOf(Array(item.dtype, ()) if _are_numbers(places) else item)


result_type(added_item)(lambda s, i, v: _computed(s))
result_type(zeros_each)(lambda s: _computed(s))
result_type(added_each)(lambda a, b: _computed(a))


def _computed(s):
    """The type of a list of numbers that are computed for those in another one: it is none of the objects that that may be."""
    return ListOf(s.item) if isinstance(s, ListOf) else s


@result_type(item)
def item_type(s, i):
    if isinstance(i, (slice, Slice)):
        return s
    return item_of(s) if isinstance(s, ListOf) else Unknown()


@result_type(numbers)
def numbers_type(s, dtype=None):
    return Array(as_array(_item_type(s)).dtype, (fresh_size("count"),))


def _as_array(t):
    """The array that an item is, or that the items of a list make."""
    if not isinstance(t, ListOf):
        return as_array(t)
    inner = _as_array(t.item)
    return Array(inner.dtype, None if inner.shape is None else (fresh_size("count"), *inner.shape))


@result_type(stacked)
def stacked_type(s, axis=0):
    t = _as_array(_item_type(s))
    if t.shape is None or not isinstance(axis, int):
        return Array(t.dtype, None)
    at = axis if axis >= 0 else axis + len(t.shape) + 1
    return Array(t.dtype, (*t.shape[:at], fresh_size(), *t.shape[at:]))


@result_type(items_of)
def items_of_type(a, axis=0):
    t = as_array(a)
    if t.shape is None or not isinstance(axis, int):
        return ListOf(Array(t.dtype, None))
    at = axis % len(t.shape)
    return ListOf(Array(t.dtype, (*t.shape[:at], *t.shape[at + 1 :])))


@result_type(joined)
def joined_type(s, axis=0):
    t = as_array(_item_type(s))
    if t.shape is None or not isinstance(axis, int):
        return Array(t.dtype, None)
    at = axis % len(t.shape)
    return Array(t.dtype, (*t.shape[:at], fresh_size(), *t.shape[at + 1 :]))


@result_type(split_like)
def split_like_type(a, s, axis=0):
    return s
