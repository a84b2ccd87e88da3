"""Arrays as what they hold at an index, before anything is computed.

Takes expressions; gives the expression of an element. A view, a broadcast operand or a sum of arrays takes no memory as long as
each of its elements is asked for once: the nest that asks computes it there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sct.backend.loops.forms import Elem, Expr, Name, Num
from sct.ir.records import record

__all__ = ["Lazy", "constant", "of_array"]


@record(frozen=True, eq=False)
class Lazy:
    """An array of a shape and dtype, by the expression of its element at an index.

    `arrays` are those that this reads, `computes` whether it does more than read one element. `whole`: the array that it is,
    if it is one; `turned`: that of which it is the transpose. `fill`: how NumPy makes one, where all of it is alike.
    """

    shape: tuple[Expr, ...]
    dtype: Any
    at: Callable[[Sequence[Expr]], Expr]
    arrays: frozenset[Name]
    computes: bool = True
    whole: Name | None = None
    turned: Name | None = None
    fill: str | None = None

    @property
    def rank(self) -> int:
        return len(self.shape)


def of_array(name: Name, shape: tuple[Expr, ...], dtype: Any) -> Lazy:
    """An array that is there."""
    return Lazy(shape, dtype, lambda index: Elem(name, tuple(index)), frozenset((name,)), False, whole=name)


def constant(shape: tuple[Expr, ...], dtype: Any, value: Any) -> Lazy:
    """An array of one number."""
    return Lazy(
        shape, dtype, lambda _: Num(value), frozenset(), False, fill="zeros" if not value and dtype.kind in "fciub" else None
    )
