"""Subscripts of subscripts: `A[i][j]` is read as `A[i, j]`.

Takes an array and an index as the user wrote them; gives those of the array that a part without a name was taken from.
"""

from __future__ import annotations

from collections.abc import Sequence

from sct.ir.paths import entries_of, is_axis, is_number, joined
from sct.ir.ssa import Operand, Value, type_of
from sct.ir.types import Array
from sct.specialize.building import Builder

__all__ = ["is_row", "of_whole"]


def is_row(x: Operand, key: Operand, made: Operand) -> bool:
    """Whether `made`, `x[key]`, is an array of which an entry is one of `x` by the numbers in `key` and those of the entry."""
    t, r = type_of(x), type_of(made)
    if not isinstance(t, Array) or not isinstance(r, Array) or not r.shape:
        return False
    return all(is_number(e) or is_axis(e) for e in entries_of(key))


def of_whole(s: Builder, args: Sequence[Operand]) -> Sequence[Operand]:
    """An array and an index, for the part by `args` of a part that has no name."""
    part, key = args
    if not isinstance(part, Value) or part not in s.rows or s.memory.name_of(part):
        return args
    x, outer = s.rows[part]
    index = joined(outer, key)
    return args if index is None else (x, index)
