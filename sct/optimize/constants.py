"""Constant folding: arithmetic on numbers that the transform made.

>>> from sct.testing import optimized
>>> print(optimized(constants, '''
... def f(x):
...     return x * (2.0 * -3.0)
... '''))
def f(x):
    return x * -6.0
"""

from __future__ import annotations

import operator

from sct.analysis.effects import statements
from sct.ir.ssa import Apply, Function, Operand
from sct.ir.types import Const
from sct.optimize.rewriter import Rewriter

__all__ = ["constants"]


_FOLDED = (operator.add, operator.sub, operator.mul, operator.truediv, operator.neg)


def constants(f: Function) -> Function:
    """`f` with sums, products and quotients of numbers carried out."""
    return _Constants().function(f) if any(map(_is_of_numbers, statements(f.block))) else f


def _is_of_numbers(s: Apply) -> bool:
    if s.values or s.kwargs or s.op not in _FOLDED:
        return False
    return all(isinstance(a, Const) and type(a.value) in (int, float) for a in s.args)


def _folded(_: Rewriter, s: Apply) -> Apply | Operand:
    if not _is_of_numbers(s):
        return s
    try:
        return Const(s.op(*(a.value for a in s.args if isinstance(a, Const))))
    except (ZeroDivisionError, OverflowError):
        return s


class _Constants(Rewriter):
    rules = dict.fromkeys(_FOLDED, _folded)
