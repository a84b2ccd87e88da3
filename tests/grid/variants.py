"""Variants of one call: its operands in other precisions, layouts, shapes and kinds, its axes written in other ways.

Takes a function with the arguments of a call; gives the calls that differ from it in one respect, by name. Whether the
function takes them is for the function to say.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sct.testing.trees import arrays, floating, leaves, mapped

__all__ = ["DTYPES", "Call", "variants"]

Call = tuple[tuple[Any, ...], dict[str, Any]]

DTYPES = (np.float32, np.float16, np.longdouble, np.complex128, np.complex64)


def variants(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[tuple[str, Call]]:
    """The variants of a call, each with its name; the call itself is the first."""
    given = tuple(args), dict(kwargs)
    yield "as it is", given
    for dtype in DTYPES:
        yield np.dtype(dtype).name, _mapped(given, lambda v, dtype=dtype: _of_dtype(v, dtype))
    yield from _of_one_operand(given, "integers", _integers)
    yield from _of_one_operand(given, "flags", lambda v: np.asarray(v) > 0.5)
    yield from _of_one_operand(given, "a list", lambda v: np.asarray(v).tolist())
    yield from _of_one_operand(given, "complex", lambda v: _of_dtype(v, np.complex128))
    yield from _of_one_operand(given, "single", lambda v: _of_dtype(v, np.float32))
    yield from _of_one_operand(given, "batched", lambda v: np.stack((v, 0.9 * v)))
    yield "batched", _mapped(given, lambda v: np.stack((v, 0.9 * v)))
    yield "batched twice", _mapped(given, lambda v: np.stack((v, 0.9 * v, 1.1 * v))[:, None])
    yield "Fortran's order", _mapped(given, np.asfortranarray)
    yield "every second", _mapped(given, _every_second)
    yield "backwards", _mapped(given, lambda v: np.ascontiguousarray(v[::-1])[::-1] if np.ndim(v) else v)
    for size in sorted({n for a in arrays(list(args)) if floating(a) for n in a.shape if n > 1}):
        yield f"1 for {size}", _mapped(given, lambda v, size=size: _cut(v, size, 1))
        yield f"0 for {size}", _mapped(given, lambda v, size=size: _cut(v, size, 0))
    yield "numbers", _mapped(given, lambda v: v.flat[0] if np.size(v) else v)
    yield from _of_axes(function, given)


def _mapped(call: Call, change: Callable[[Any], Any]) -> Call:
    """A call with all floating arrays changed."""

    def of(v: Any) -> Any:
        return change(v) if isinstance(v, np.ndarray) and floating(v) else v

    return mapped(of, call[0]), mapped(of, call[1])


def _of_one_operand(call: Call, name: str, change: Callable[[Any], Any]) -> Iterator[tuple[str, Call]]:
    """For each argument that is a floating array or number, where there are several: the call with this one changed."""
    args, kwargs = call
    places = [i for i, v in enumerate(args) if not isinstance(v, (tuple, list)) and floating(v)]
    for i in places if sum(1 for _ in leaves(args)) > 1 or name in ("a list", "batched") else ():
        yield f"{name} for operand {i}", ((*args[:i], change(args[i]), *args[i + 1 :]), kwargs)


def _of_dtype(v: Any, dtype: Any) -> Any:
    """A floating array or number in another precision; complex ones, of the imaginary parts 0.3, stay complex."""
    dtype = np.dtype(dtype)
    if np.iscomplexobj(v) and dtype.kind != "c":
        dtype = np.result_type(dtype, np.complex64)
    if not np.iscomplexobj(v) and dtype.kind == "c":
        v = v + 0.3j * np.cos(np.arange(np.size(v))).reshape(np.shape(v))
    return np.asarray(v, dtype) if isinstance(v, np.ndarray) else dtype.type(v)


def _integers(v: Any) -> Any:
    rounded = np.rint(2.0 * np.real(v)).astype(int)
    return rounded if isinstance(v, np.ndarray) else int(rounded)


def _every_second(v: Any) -> Any:
    """The same entries, as a part of an array of twice the size."""
    if not np.ndim(v):
        return v
    wide = np.zeros((*v.shape[:-1], 2 * v.shape[-1]), v.dtype)
    wide[..., ::2] = v
    return wide[..., ::2]


def _cut(v: Any, size: int, to: int) -> Any:
    return v[tuple(slice(to) if n == size else slice(None) for n in v.shape)]


def _of_axes(function: Callable[..., Any], call: Call) -> Iterator[tuple[str, Call]]:
    """An axis that is written from the other end, as a tuple of one, or as an integer of NumPy's."""
    args, kwargs = call
    for place, axis, found in _axes(function, call):
        rank = np.ndim(args[0]) if args and isinstance(args[0], np.ndarray) else 0
        if isinstance(axis, int):
            yield "axis from the other end", found(axis - rank if axis >= 0 else axis + rank)
            yield "a tuple of one axis", found((axis,))
            yield "an axis of NumPy's", found(np.int64(axis))
        elif isinstance(axis, tuple) and all(isinstance(a, int) for a in axis):
            yield f"{place} from the other end", found(tuple(a - rank if a >= 0 else a + rank for a in axis))


def _axes(function: Callable[..., Any], call: Call) -> Iterator[tuple[str, Any, Callable[[Any], Call]]]:
    """The arguments that are called `axis` or `axes`: their names, values, and the call with another value."""
    args, kwargs = call
    for name in ("axis", "axes"):
        if name in kwargs:
            yield name, kwargs[name], lambda v, name=name: (args, {**kwargs, name: v})
            continue
        try:
            at = list(inspect.signature(function).parameters).index(name)
        except (ValueError, TypeError):
            continue
        if at < len(args):
            yield name, args[at], lambda v, at=at: ((*args[:at], v, *args[at + 1 :]), kwargs)
