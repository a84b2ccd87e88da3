"""Masks: equal comparisons of arrays are computed once, also in the user's own text.

What one mask picks has as many entries as a write by that mask has room for: in `y[x > 0.0] = y[x > 0.0] ** 3` the sizes are
then known to be equal, and no adjoint needs to be un-broadcast.

>>> import numpy as np
>>> from sct.testing import derivative_of
>>> print(derivative_of('''
... def f(x):
...     y = 1.0 * x
...     y[x > 0.0] = y[x > 0.0] ** 3
...     return np.sum(y * x)
... ''', np.ones(3)))
def f_grad(x):
    # forward
    y = 1.0 * x
    above = x > 0.0
    y_picked = y[above]
    y[above] = y_picked ** 3
    # reverse
    # y[x > 0.0] = y[x > 0.0] ** 3
    y_bar = x.copy()
    y_bar[above] = 0.0
    y_bar[above] += 3 * x[above] * y_picked ** 2
    # y = 1.0 * x
    y += y_bar
    return y
"""

from __future__ import annotations

from sct.analysis.effects import statements
from sct.ir.ssa import Apply, Function, Operand
from sct.ir.types import Array
from sct.optimize.subexpressions import Sharing
from sct.registry.rules import kind_of

__all__ = ["masks"]


def masks(f: Function) -> Function:
    """`f` with equal comparisons of arrays computed once."""
    return _Masks().function(f) if any(map(_is_mask, statements(f.block))) else f


def _is_mask(s: Apply) -> bool:
    """Whether a statement compares arrays."""
    t = s.result.type
    flags = isinstance(t, Array) and bool(t.shape) and (t.dtype is None or t.dtype.kind == "b")
    return flags and kind_of(s.op) == "comparison"


class _Masks(Sharing):
    def rewrite(self, s: Apply) -> Apply | Operand:
        return super().rewrite(s) if _is_mask(s) else s
