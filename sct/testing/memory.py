"""Where results lie, compared with what is declared, and with what a caller may rely on.

Takes calls with their results, or cotangents with what they were made of; raises `GradientMismatch` where memory is shared,
or cannot be written into, and nothing says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sct.analysis.storage import fresh, read_only
from sct.infer.signature import abstract
from sct.ir.ssa import Apply, Operand, Value
from sct.ir.types import Abstract, Const, Dict, List, Slice, Tuple, with_items
from sct.testing.calls import label
from sct.testing.claims import as_written
from sct.testing.mismatch import GradientMismatch
from sct.testing.trees import arrays

__all__ = ["check_memory", "check_owned"]


def check_memory(primitive: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], y: Any) -> None:
    """Compare where the result lies with what is declared: whose memory it may be, and whether it can be written into."""
    named = {k: _operand(v, k) for k, v in kwargs.items()}
    made = Apply(primitive, tuple(_operand(a, f"a{i}") for i, a in enumerate(args)), tuple(named.items()), Value(abstract(y)))
    given = arrays((*args, *kwargs.values()))
    for part in arrays(y):
        if fresh(made) and any(np.shares_memory(part, a) for a in given):
            raise GradientMismatch(f"{label(primitive)}: its result lies in an operand's memory, and is said to be new")
        locked = not part.flags.writeable and all(a.flags.writeable for a in given)
        if read_only(made) is False and not fresh(made) and (locked or _overlaps_itself(part)):
            raise GradientMismatch(f"{label(primitive)}: its result cannot be written into, and nothing says so")
        if fresh(made) and locked:
            raise GradientMismatch(f"{label(primitive)}: its result is read-only, and is said to be new")


def _operand(value: Any, path: str) -> Operand:
    """An argument as an operand of a statement."""

    def operand(t: Abstract) -> Operand:
        if isinstance(t, (Tuple, List, Dict)):
            return with_items(t, map(operand, t.items))
        return t if isinstance(t, (Const, Slice)) else Value(t)

    return operand(as_written(value, path))


def _overlaps_itself(a: np.ndarray[Any, Any]) -> bool:
    """Whether one entry of memory is several entries of the array."""
    return a.size > 0 and any(n > 1 and s == 0 for n, s in zip(a.shape, a.strides, strict=True))


def check_owned(what: str, cotangents: Any, others: Any) -> None:
    """Cotangents are the caller's to write into: apart from one another, and from arguments and results."""
    parts = arrays(cotangents)
    for i, a in enumerate(parts):
        if not a.flags.writeable or _overlaps_itself(a):
            raise GradientMismatch(f"{what}: a cotangent cannot be written into")
        if any(np.shares_memory(a, b) for b in (*parts[:i], *arrays(others))):
            raise GradientMismatch(f"{what}: a cotangent shares memory with an argument, the result or another cotangent")
