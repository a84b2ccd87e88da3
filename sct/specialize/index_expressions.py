"""NumPy's objects that are made to be indexed: `np.r_`, `np.c_`, `np.s_`, `np.index_exp`, `np.mgrid` and `np.ogrid`.

Takes such an object and what stands between its brackets; gives the index itself, emits the concatenation that it is short
for, or the grid with its type. Never evaluates any of them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sct.errors import SctError, UnsupportedSyntaxError
from sct.infer.call import infer_call, plain
from sct.ir.ops import describe
from sct.ir.shapes import as_array
from sct.ir.ssa import Operand, type_of
from sct.ir.types import Abstract, Array, Const, List, SizeLike, Slice, Tuple, Unknown
from sct.specialize.building import Builder

__all__ = ["INDEXED", "indexed"]


def indexed(s: Builder, x: Any, key: Operand) -> Operand:
    """`x[key]` for one of the objects in `INDEXED`."""
    return INDEXED[x](s, x, key)


def _entries(s: Builder, key: Operand) -> Sequence[Operand]:
    """What stands between the brackets, one by one."""
    if isinstance(type_of(key), Tuple):
        exposed = s.expose_all(key)
        assert isinstance(exposed, Tuple)
        return exposed.items
    value = plain(type_of(key))
    return [Const(v) for v in value] if isinstance(value, tuple) else [key]


def _slice(entry: Operand) -> Slice | None:
    """A slice's parts as operands; None if the entry is no slice."""
    if isinstance(entry, Slice):
        return entry
    value = plain(type_of(entry))
    return Slice(Const(value.start), Const(value.stop), Const(value.step)) if isinstance(value, slice) else None


# -- the index itself --------------------------------------------------------------------------------------------------------


def _index(s: Builder, x: Any, key: Operand) -> Operand:
    """`np.s_[key]`, and `np.index_exp[key]`, which is always a tuple."""
    is_tuple = isinstance(type_of(key), Tuple) or isinstance(plain(type_of(key)), tuple)
    return Tuple((key,)) if x is np.index_exp and not is_tuple else key


# -- concatenations ----------------------------------------------------------------------------------------------------------


def _concatenated(s: Builder, x: Any, key: Operand) -> Operand:
    """`np.r_[a, 0, 1:3]`: parts of rank 1 or more, end to end; `np.c_`: columns, side by side. A number alone is weak."""
    entries = _entries(s, key)
    if any(isinstance(plain(type_of(e)), str) for e in entries):
        raise UnsupportedSyntaxError(f"{describe(x)} with a directive in a string", s.place, "Use np.concatenate or np.stack.")
    wide = [_range(s, part) if (part := _slice(e)) is not None else e for e in entries]
    arrays = [s.apply(np.asarray, (e,)) if _is_sequence(type_of(e)) else e for e in wide]
    dtype = s.apply(np.result_type, arrays)
    parts = [_with_axis(s, x, a, dtype) for a in arrays]
    ranks = [as_array(type_of(p)).rank for p in parts]
    if x is np.c_ and not all(r is not None and r <= 2 for r in ranks):
        return s.apply(np.concatenate, (Tuple(tuple(parts)),), {"axis": Const(-1)})
    return s.apply(np.concatenate if x is np.r_ else np.column_stack, (Tuple(tuple(parts)),))


def _range(s: Builder, part: Slice) -> Operand:
    """The numbers that a slice stands for: with an imaginary step so many, both ends among them."""
    start = Const(0) if part.start == Const(None) else part.start
    step = plain(type_of(part.step))
    if isinstance(step, complex):
        return s.apply(np.linspace, (start, part.stop), {"num": Const(int(abs(step)))})
    return s.apply(np.arange, (start, part.stop, Const(1) if step is None else part.step))


def _is_sequence(t: Abstract) -> bool:
    """Whether an entry is a list or tuple of numbers or arrays."""
    return isinstance(t, (List, Tuple)) or isinstance(plain(t), (list, tuple))


def _with_axis(s: Builder, x: Any, entry: Operand, dtype: Operand) -> Operand:
    """An entry as an array of rank 1 at least."""
    t = as_array(type_of(entry))
    if t.rank is None:
        raise UnsupportedSyntaxError(
            f"{describe(x)} with an array whose rank is only known at run time",
            s.place,
            "Use np.concatenate or np.column_stack.",
        )
    if t.rank:
        return entry
    known = plain(type_of(dtype))
    own = t.dtype is not None and known == t.dtype
    return s.apply(np.array, (List((entry,)),), {} if own else {"dtype": dtype})


# -- grids -------------------------------------------------------------------------------------------------------------------


def _grid(s: Builder, x: Any, key: Operand) -> Operand:
    """`np.mgrid[0:n, 0:m]`: an array of a grid for each axis; `np.ogrid`: a tuple of them, each along its own axis."""
    entries = _entries(s, key)
    parts = [_slice(e) for e in entries]
    if any(p is None for p in parts):
        raise SctError(f"{describe(x)} takes slices", s.place, "Write 0:n for each axis.")
    ranges = [_range_type(p) for p in parts if p is not None]
    several = isinstance(type_of(key), Tuple) or isinstance(plain(type_of(key)), tuple)
    made: Abstract = ranges[0] if not several else _grid_type(ranges, sparse=x is np.ogrid)
    return s.append(operator.getitem, (Const(x), key), {}, made)


def _range_type(part: Slice) -> Array:
    """The type of the numbers that a slice stands for."""
    start = Const(0) if part.start == Const(None) else type_of(part.start)
    step = plain(type_of(part.step))
    if isinstance(step, complex):
        found = infer_call(np.linspace, [start, type_of(part.stop), Const(int(abs(step)))], {})
    else:
        found = infer_call(np.arange, [start, type_of(part.stop), Const(1) if step is None else type_of(part.step)], {})
    return found if isinstance(found, Array) and found.rank == 1 else Array(None, None)


def _grid_type(ranges: Sequence[Array], sparse: bool) -> Abstract:
    """The type of the grid over the product of ranges."""
    dtypes = [r.dtype for r in ranges if r.dtype is not None]
    dtype = np.result_type(*dtypes) if len(dtypes) == len(ranges) else None
    if any(r.shape is None for r in ranges):
        return Unknown() if sparse else Array(dtype, None)
    sizes: list[SizeLike] = [r.shape[0] for r in ranges if r.shape is not None]
    if not sparse:
        return Array(dtype, (len(sizes), *sizes))
    one: list[SizeLike] = [1] * len(sizes)
    return Tuple(tuple(Array(dtype, (*one[:i], n, *one[i + 1 :])) for i, n in enumerate(sizes)))


INDEXED: dict[Any, Callable[[Builder, Any, Operand], Operand]] = {
    np.r_: _concatenated,
    np.c_: _concatenated,
    np.s_: _index,
    np.index_exp: _index,
    np.mgrid: _grid,
    np.ogrid: _grid,
}
"""What is made of each object; takes the object, and what stands between the brackets."""
