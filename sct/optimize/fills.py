"""Fills: a copy of a broadcast number is an array filled with it.

Adjoints that are written into start as copies; of one that is the same number everywhere there is nothing to be copied. Only
what the transform wrote is changed.

>>> import numpy as np
>>> from sct.testing import derivative_of
>>> print(derivative_of('''
... def f(x):
...     return np.sum(x)
... ''', np.ones(3)))
import numpy as np
<BLANKLINE>
<BLANKLINE>
def f_grad(x):
    # reverse
    # return np.sum(x)
    x_bar = np.full(x.shape, 1.0)
    return x_bar
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sct.analysis.effects import statements
from sct.ir.ssa import Apply, Function, Operand, is_derived, type_of
from sct.ir.types import Array, Const, Scalar
from sct.optimize.dead_code import dead_code
from sct.optimize.rewriter import Rewriter

__all__ = ["fills"]


def fills(f: Function) -> Function:
    """`f` with copies of broadcast numbers as arrays of these, and without what was broadcast for nothing else."""
    made = _Fills().function(f) if any(map(_is_copy, statements(f.block))) else f
    return made if made is f else dead_code(made)


def _is_copy(s: Apply) -> bool:
    """Whether a statement copies an array, with nothing said of how."""
    return s.op is np.array and not s.kwargs and is_derived(s)


def _filled(p: Rewriter, s: Apply) -> Apply | Operand:
    spread = p.made_by(s.args[0], np.broadcast_to) if _is_copy(s) else None
    t = None if spread is None else type_of(spread.args[0])
    if spread is not None and (isinstance(t, (Scalar, Const)) or (isinstance(t, Array) and t.shape == ())):
        return p.changed(s, np.full, spread.args[1], spread.args[0])
    return s


class _Fills(Rewriter):
    rules: ClassVar = {np.array: _filled}
