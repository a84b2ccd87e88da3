"""Shapes and dtypes of array expressions: what type rules are made of.

Takes and gives abstract values; never looks at data. Where something is not known the answer says so (None).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sct.ir.types import (
    Abstract,
    Array,
    Const,
    Dict,
    DictOf,
    Instance,
    List,
    ListOf,
    Maybe,
    Scalar,
    Size,
    SizeLike,
    Slice,
    Stateful,
    Tuple,
    Undefined,
    Unknown,
    broadcast_shapes,
    is_nonnegative,
    is_of_arguments,
    is_positive,
    size_add,
    size_mul,
    size_opaque,
    with_items,
    with_sizes,
)

__all__ = [
    "as_array",
    "as_shape",
    "broadcast",
    "constant",
    "fresh_size",
    "item_of",
    "normalize_axes",
    "promote",
    "reduced",
    "size_ceil_div",
    "size_divide",
    "size_max0",
    "size_min",
    "size_picked",
    "size_product",
    "size_serial",
    "slice_size",
    "unknown_array",
]


def unknown_array(dtype: np.dtype[Any] | None = None) -> Array:
    """An array of unknown rank."""
    return Array(dtype, None)


_serial = [0]


def fresh_size(kind: str = "size") -> SizeLike:
    """A size of which nothing is known, different from all others."""
    _serial[0] += 1
    return size_opaque(kind, _serial[0])


def item_of(t: ListOf | DictOf) -> Abstract:
    """The type of an item that is read: a size that is not one of arguments may differ from one item to the next."""
    return _with_own_sizes(t.item)


def _with_own_sizes(t: Abstract) -> Abstract:
    if isinstance(t, (Tuple, List, Dict)):
        return with_items(t, map(_with_own_sizes, t.items))
    if isinstance(t, Maybe):
        return Maybe(_with_own_sizes(t.item))
    if not isinstance(t, Array):
        return t
    return with_sizes(t, lambda _, n: n if is_of_arguments(n) else fresh_size("item"))


def size_picked(mask: int) -> SizeLike:
    """How many entries a mask picks, the value of that number: what one mask picks is of one size, whatever it picks from."""
    _serial[0] += 1  # it is a size of one function's, as those are of which nothing is known
    return size_opaque("picked", mask)


def size_serial() -> int:
    """How many sizes `fresh_size` and `size_picked` have made: the same number before and after means none in between."""
    return _serial[0]


_ABSTRACT = (Scalar, Array, Unknown, Undefined, Const, Tuple, List, ListOf, Dict, DictOf, Instance, Stateful, Slice)


def constant(value: Any) -> bool:
    """Whether a type rule's argument is a plain Python value, known at compile time."""
    return not isinstance(value, _ABSTRACT)


_KINDS: dict[type, Any] = {bool: True, int: 0, float: 0.0, complex: 0j}


def as_array(value: Any) -> Array:
    """The array that `np.asarray(value)` gives."""
    if isinstance(value, Const):
        value = value.value
    if isinstance(value, Array):
        return value
    if isinstance(value, Scalar):
        return Array(np.dtype(type(_KINDS[value.kind])), ())
    if isinstance(value, (Tuple, List)):
        if not value.items:
            return Array(np.dtype(float), (0,))
        items = [as_array(v) for v in value.items]
        dtype = promote(*items)  # not of the entries: np.asarray takes a Python number at full width
        shape = items[0].shape
        if any(i.shape is None or shape is None or len(i.shape) != len(shape) for i in items):
            return unknown_array(dtype)
        assert shape is not None
        return Array(dtype, (len(items), *shape))
    if not _is_data(value):
        return unknown_array()
    try:
        array = np.asarray(value)
    except ValueError:
        return unknown_array()
    return Array(array.dtype, array.shape)


_DATA = (bool, int, float, complex, str, bytes, np.generic, np.ndarray, range)


def _is_data(value: Any) -> bool:
    """Whether a Python value is numbers, or lists of them: NumPy asks any other object for items, which may never end."""
    return isinstance(value, _DATA) or (isinstance(value, (list, tuple)) and all(map(_is_data, value)))


def promote(*values: Any) -> np.dtype[Any] | None:
    """The dtype of an expression of `values`; Python numbers are weak (NEP 50). None if some dtype is not known."""
    parts: list[Any] = []
    for v in values:
        if isinstance(v, Const):
            v = v.value
        if isinstance(v, Array):
            if v.dtype is None:
                return None
            parts.append(v.dtype)
        elif isinstance(v, Scalar):
            parts.append(_KINDS[v.kind])
        elif isinstance(v, (Tuple, List)):
            inner = as_array(v).dtype
            if inner is None:
                return None
            parts.append(inner)
        elif isinstance(v, (bool, int, float, complex, np.generic)):
            parts.append(v)
        elif isinstance(v, (list, tuple, np.ndarray)):
            inner = as_array(v).dtype
            if inner is None:
                return None
            parts.append(inner)
        else:
            return None
    try:
        return np.result_type(*parts)
    except (TypeError, ValueError, OverflowError):
        return None


def broadcast(*values: Any) -> tuple[SizeLike, ...] | None:
    """The shape of an element-wise expression of `values`."""
    return broadcast_shapes(as_array(v).shape for v in values)


def as_shape(value: Any) -> tuple[SizeLike, ...] | None:
    """The shape that a `shape` argument (an int or a sequence of int) denotes; a -1 becomes an unknown size."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return (int(value) if value >= 0 else fresh_size(),)
    if isinstance(value, Scalar):
        return (value.size if value.size is not None else fresh_size(),)
    if isinstance(value, (Tuple, List)):
        value = value.items
    if isinstance(value, (tuple, list)):
        out: list[SizeLike] = []
        for v in value:
            one = as_shape(v.value if isinstance(v, Const) else v)
            if one is None or len(one) != 1:
                return None
            out.append(one[0])
        return tuple(out)
    if isinstance(value, Array) and value.shape == ():
        return (fresh_size(),)
    return None


def normalize_axes(axis: Any, rank: int) -> tuple[int, ...] | None:
    """A constant `axis` argument (None, int or sequence) as sorted non-negative ints; None if it is not known or wrong."""
    if axis is None:
        return tuple(range(rank))
    if isinstance(axis, (int, np.integer)):
        axis = (int(axis),)
    if not isinstance(axis, (tuple, list)) or not all(isinstance(a, (int, np.integer)) for a in axis):
        return None
    axes = tuple(sorted(int(a) + rank if a < 0 else int(a) for a in axis))
    return axes if all(0 <= a < rank for a in axes) and len(set(axes)) == len(axes) else None


def reduced(shape: Sequence[SizeLike] | None, axis: Any, keepdims: Any) -> tuple[SizeLike, ...] | None:
    """The shape after reducing over `axis`; None if it is not known."""
    if not isinstance(keepdims, bool):
        return None
    if shape == () and type(axis) is int and axis in (0, -1):  # NumPy takes a number for its own row
        return ()
    if axis is None and not keepdims:
        return ()
    if shape is None:
        return None
    axes = () if not shape and axis in (0, -1) else normalize_axes(axis, len(shape))
    if axes is None:
        return None
    if keepdims:
        return tuple(1 if i in axes else s for i, s in enumerate(shape))
    return tuple(s for i, s in enumerate(shape) if i not in axes)


def _atom(s: SizeLike, kind: str) -> tuple[Any, ...] | None:
    """The atom of `s` if `s` is one atom of that kind and nothing else."""
    if isinstance(s, Size) and s.const == 0 and len(s.terms) == 1 and s.terms[0][1] == 1:
        atom = s.terms[0][0]
        if isinstance(atom, tuple) and atom[0] == kind:
            return atom
    return None


def size_max0(s: SizeLike) -> SizeLike:
    """`max(s, 0)`, in a form that is the same for `max(max(s, 0) - k, 0)` and `max(s - k, 0)`, k ≥ 0."""
    if isinstance(s, int):
        return max(s, 0)
    if is_nonnegative(s):
        return s
    if s.const <= 0 and len(s.terms) == 1 and s.terms[0][1] == 1:
        inner = _atom(Size(s.terms), "max0")
        if inner is not None:
            return size_max0(size_add(inner[1], s.const))
        inner = _atom(Size(s.terms), "min")
        if inner is not None:
            return size_min(size_max0(size_add(inner[1], s.const)), size_max0(size_add(inner[2], s.const)))
    return size_opaque("max0", s)


def size_min(s: SizeLike, bound: SizeLike) -> SizeLike:
    """`min(s, bound)` of a size and a bound ≥ 0, in a form that is the same for `min(min(s, a), b)` and `min(s, min(a, b))`."""
    if s == bound or bound == 0:
        return bound
    if isinstance(bound, int):
        if isinstance(s, int):
            return min(s, bound)
        inner = _atom(s, "min")
        if inner is not None and isinstance(inner[2], int):
            return size_min(inner[1], min(inner[2], bound))
        if is_nonnegative(size_add(s, bound, -1)):
            return bound
    return size_opaque("min", s, bound)


def size_ceil_div(s: SizeLike, step: int) -> SizeLike:
    """`s / step` rounded up, step ≥ 1."""
    if step == 1:
        return s
    if isinstance(s, int):
        return -(-s // step)
    inner = _atom(s, "ceil_div")
    if inner is not None:
        return size_ceil_div(inner[1], inner[2] * step)
    return size_opaque("ceil_div", s, step)


def _bound(bound: Any, n: SizeLike) -> Any:
    """A slice bound relative to an axis of size `n`: None at or behind the end, and the ints -1, -2 for n - 1, n - 2."""
    if isinstance(bound, Size):
        beyond = size_add(bound, n, -1)
        if isinstance(beyond, int) and beyond >= 0:
            return None
        if beyond in (-1, -2):  # n - 3 is not -3: for n = 2 it counts from the end twice
            return beyond
    return bound


def slice_size(n: SizeLike, start: Any = None, stop: Any = None, step: Any = None) -> SizeLike:
    """The size of `u[start:stop:step]` for an axis of size `n`.

    Each bound is None, an int, a `Size`, the type of a Python integer, or anything else for an integer that is not known. Two
    results that are equal as forms are equal sizes for every value that the symbols can take.
    """
    if start is stop is step is None:
        return n
    parts = [p if p is None or type(p) is int else _slice_bound(p) for p in (start, stop, step)]
    if ... in parts:
        return fresh_size()
    start, stop, step = parts
    if step is None:
        step = 1
    if step == 0:
        return fresh_size()
    if all(isinstance(p, int) for p in (n, step)) and not isinstance(start, Size) and not isinstance(stop, Size):
        return len(range(*slice(start, stop, step).indices(n)))  # type: ignore[arg-type]
    steps = _whole_steps(n, start, stop, step)
    if steps is not None:
        return steps
    if isinstance(step, Size):
        return size_opaque("slice", n, start, stop, step)
    if step < 0:
        # the same elements forwards: [b + 1, a + 1), where -1 + 1 means the end
        if isinstance(start, Size) or isinstance(stop, Size):
            return size_opaque("slice", n, start, stop, step)
        if stop == -1:
            return 0
        start, stop = None if stop is None else stop + 1, None if start is None or start == -1 else start + 1
        return size_ceil_div(_run(n, start, stop), -step)
    if isinstance(start, Size):
        start = _bound(start, n)
        if start is None:
            return 0
    return size_ceil_div(_run(n, start, _bound(stop, n)), step)


def _whole_steps(n: SizeLike, start: Any, stop: Any, step: SizeLike) -> SizeLike | None:
    """The size of `u[start:start + k * step:step]`, k, where the last of these lies on the axis; None if that is not known."""
    start = 0 if start is None else start
    if stop is None or step == 1:
        return None
    k = _quotient(size_add(stop, start, -1), step)
    if k is None or not (is_positive(step) and is_nonnegative(start) and is_nonnegative(k)):
        return None
    beyond = size_add(size_add(n, stop, -1), size_add(step, -1))  # n - 1 less the last index
    return k if is_nonnegative(beyond) else None


def _quotient(s: SizeLike, step: SizeLike) -> SizeLike | None:
    """The size that is `s` when it is multiplied by `step`; None if it is not seen."""
    if isinstance(step, int):
        parts = (s,) if isinstance(s, int) else (s.const, *(c for _, c in s.terms))
        if step == 0 or any(p % step for p in parts):
            return None
        return s // step if isinstance(s, int) else Size(tuple((a, c // step) for a, c in s.terms), s.const // step)
    if isinstance(s, int) or len(s.terms) != 1 or s.const:
        return None
    atom, c = s.terms[0]
    if size_mul(step, c) == s:
        return c
    product = _atom(Size(((atom, 1),)), "mul")
    if product is None or step not in product[1:]:
        return None
    return size_mul(product[2 if product[1] == step else 1], c)


def _slice_bound(p: Any) -> Any:
    """A bound of a slice: None, an int, a `Size`, or `...` if it is not known."""
    if isinstance(p, Const):
        p = p.value
    if isinstance(p, Scalar) and p.kind is int:
        p = ... if p.size is None else p.size
    if isinstance(p, np.integer):
        p = int(p)
    return p if p is None or isinstance(p, (int, Size)) else ...


def _run(n: SizeLike, start: Any, stop: Any) -> SizeLike:
    """The size of `u[start:stop]`."""
    if start is None:
        start = 0
    if isinstance(start, Size) or isinstance(stop, Size):
        end = n if stop is None else stop
        size = size_add(end, start, -1)
        if all(map(is_nonnegative, (start, end, size_add(n, end, -1), size))):  # no bound is clipped
            return size
        return size_opaque("slice", n, start, stop, 1)
    if isinstance(n, int):
        return len(range(*slice(start, stop).indices(n)))
    if start >= 0:
        if stop is None:
            return size_max0(size_add(n, -start))
        if stop < 0:
            return size_max0(size_add(n, stop - start))
        return size_min(size_max0(size_add(n, -start)), max(stop - start, 0))
    if stop is None:
        return size_min(n, -start)
    if stop < 0:
        return size_min(size_max0(size_add(n, stop)), max(stop - start, 0))
    return size_opaque("slice", n, start, stop, 1)


def _factors(shape: Sequence[SizeLike]) -> tuple[int, list[Size]]:
    """The product of `shape` as an int times forms that are no products."""
    coefficient, forms = 1, []
    for s in shape:
        if isinstance(s, int):
            coefficient *= s
            continue
        if s.const == 0 and len(s.terms) == 1:
            coefficient *= s.terms[0][1]
            s = Size(((s.terms[0][0], 1),))
        product = _atom(s, "mul")
        if product is None:
            forms.append(s)
        else:
            inner, more = _factors(product[1:])
            coefficient *= inner
            forms += more
    return coefficient, sorted(forms, key=repr)


def _product(coefficient: int, forms: Sequence[Size]) -> SizeLike:
    out: SizeLike = 1
    for f in forms:
        out = size_mul(out, f)
    return size_mul(out, coefficient)


def size_product(shape: Sequence[SizeLike]) -> SizeLike:
    """The product of the sizes, in a form that does not depend on their order or grouping."""
    return _product(*_factors(shape))


def size_divide(shape: Sequence[SizeLike], known: Sequence[SizeLike]) -> SizeLike:
    """The size of the axis -1 when an array of `shape` is reshaped and the other axes have the sizes `known`."""
    coefficient, forms = _factors(shape)
    divisor, others = _factors(known)
    for f in list(others):
        if f in forms:
            forms.remove(f)
            others.remove(f)
    if not others and divisor and coefficient % divisor == 0:
        return _product(coefficient // divisor, forms)
    return size_opaque("quotient", _product(coefficient, forms), _product(divisor, others))
