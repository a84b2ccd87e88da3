"""Permuting: in which order a view of all of an array has the axes of that array, and what leads back from it.

Takes a statement; asks its function, of an array that is never read, whose strides tell its axes apart. Gives None where the
view has its entries the other way round, or other axes than the array.
"""

from __future__ import annotations

from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import as_strided

from sct.infer.call import plain
from sct.infer.facts import for_call
from sct.ir.shapes import constant
from sct.ir.ssa import Apply, Operand, type_of
from sct.ir.types import Array, Const, Tuple
from sct.registry.facts import facts_of
from sct.registry.methods import primitive_of

__all__ = ["Back", "back_from", "order_of"]

Back: TypeAlias = tuple[Any, tuple[Operand, ...], tuple[tuple[str, Operand], ...]]
"""An operation, its operands behind the first, and those by keyword."""


def order_of(s: Apply) -> tuple[int, ...] | None:
    """The axes of the first operand, in the order in which the result, a view of all of it, has them."""
    t, r = type_of(s.args[0]), s.result.type
    if not isinstance(t, Array) or not isinstance(r, Array) or t.rank is None or t.rank != r.rank:
        return None
    turned = for_call(facts_of(s.op).rearranged, s.op, s.args, s.kwargs) == "turned"
    return for_call(partial(_order, primitive_of(s.op)), s.op, s.args, s.kwargs) if turned else None


def back_from(s: Apply) -> Back | None:
    """What gives the entries of the first operand from those of the result, a view of all of it; without arguments a reshape to
    its shape. None if that is only known at run time.
    """
    args, kwargs = s.args[1:], dict(s.kwargs)
    if for_call(facts_of(s.op).involution, s.op, s.args, s.kwargs):
        return s.op, args, s.kwargs
    primitive = primitive_of(s.op)
    if primitive is np.moveaxis:
        there = {**dict(zip(("source", "destination"), args, strict=False)), **kwargs}
        return np.moveaxis, (there["destination"], there["source"]), ()
    if primitive is not np.transpose:
        return np.reshape, (), ()
    axes = plain(type_of(args[0] if len(args) == 1 else kwargs["axes"] if kwargs else Tuple(tuple(args))))
    if not constant(axes):
        return None
    axes = (axes,) if isinstance(axes, int) else axes  # of an array of one axis
    return np.transpose, (Const(tuple(int(i) for i in np.argsort([a % len(axes) for a in axes]))),), ()


def _order(primitive: Any, a: Any, *args: Any, **kwargs: Any) -> tuple[int, ...] | None:
    if not isinstance(a, Array) or a.shape is None or not all(map(constant, (*args, *kwargs.values()))):
        return None
    rank = len(a.shape)
    view = primitive(as_strided(np.empty(1, np.int8), (2,) * rank, range(1, rank + 1)), *args, **kwargs)
    order = tuple(n - 1 for n in view.strides)
    return order if sorted(order) == list(range(rank)) else None
