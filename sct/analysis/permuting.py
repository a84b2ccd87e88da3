"""Permuting: in which order a view of all of an array has the axes of that array.

Takes a statement; asks its function, of an array that is never read, whose strides tell its axes apart. Gives None where the
view has its entries the other way round, or other axes than the array.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from sct.infer.facts import for_call
from sct.ir.shapes import constant
from sct.ir.ssa import Apply, type_of
from sct.ir.types import Array
from sct.registry.facts import facts_of
from sct.registry.methods import primitive_of

__all__ = ["order_of"]


def order_of(s: Apply) -> tuple[int, ...] | None:
    """The axes of the first operand, in the order in which the result, a view of all of it, has them."""
    t, r = type_of(s.args[0]), s.result.type
    if not isinstance(t, Array) or not isinstance(r, Array) or t.rank is None or t.rank != r.rank:
        return None
    turned = for_call(facts_of(s.op).rearranged, s.op, s.args, s.kwargs) == "turned"
    return for_call(partial(_order, primitive_of(s.op)), s.op, s.args, s.kwargs) if turned else None


def _order(primitive: Any, a: Any, *args: Any, **kwargs: Any) -> tuple[int, ...] | None:
    if not isinstance(a, Array) or a.shape is None or not all(map(constant, (*args, *kwargs.values()))):
        return None
    rank = len(a.shape)
    view = primitive(as_strided(np.empty(1, np.int8), (2,) * rank, range(1, rank + 1)), *args, **kwargs)
    order = tuple(n - 1 for n in view.strides)
    return order if sorted(order) == list(range(rank)) else None
