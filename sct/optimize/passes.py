"""The lists of passes, and what runs when.

A pass is a function from `Function` to `Function` that gives the same function where it changes nothing, and one that
computes the same otherwise. It looks at the block alone, for it is not run again on one that it has left as it is. A new one
stands in a file of its name, with an example in its docstring, and in one of the lists here; it needs a key of its name in
`sct.analysis.switches.SWITCHES`, and cases in `tests/optimize/<name>.txt`. The tests say what is missing.
"""

from __future__ import annotations

from collections.abc import Callable

from sct.analysis.switches import is_on, left_out
from sct.ir.ssa import Function
from sct.optimize.accumulation import accumulation
from sct.optimize.algebra import algebra
from sct.optimize.buffers import buffers
from sct.optimize.cancellation import cancellation
from sct.optimize.constants import constants
from sct.optimize.copies import copies
from sct.optimize.dead_code import dead_code
from sct.optimize.fills import fills
from sct.optimize.masks import masks
from sct.optimize.signs import signs
from sct.optimize.steps import steps
from sct.optimize.subexpressions import subexpressions

__all__ = ["OWNED", "PRIMAL", "RECORDED", "REVERSED", "STORED", "chosen", "run"]

Pass = Callable[[Function], Function]

PRIMAL: tuple[Pass, ...] = (copies, dead_code, masks, steps)
"""On the primal, before it is differentiated."""

REVERSED: tuple[Pass, ...] = (
    copies,
    dead_code,  # of operands that nothing is differentiated by, so that what is left has the users that it has
    subexpressions,
    algebra,
    constants,
    cancellation,
    subexpressions,
    dead_code,
)
"""On the derivative, while its reverse sweep still reads values of inner blocks freely."""

RECORDED: tuple[Pass, ...] = (copies, subexpressions, dead_code, algebra, dead_code)
"""On the derivative once every value is in scope."""

STORED: tuple[Pass, ...] = (buffers,)
"""After these, when it is known what is written into arrays."""

OWNED: tuple[Pass, ...] = (fills, signs, accumulation)
"""Last, on the derivative, whose results share no memory."""


def chosen(passes: tuple[Pass, ...]) -> tuple[Pass, ...]:
    """Those of `passes` that are not left out (`sct.analysis.switches`)."""
    return tuple(p for p in passes if is_on(p.__name__)) if left_out() else passes


def run(passes: tuple[Pass, ...], f: Function) -> Function:
    """`f` after all `passes`, in order: one that has left a block as it is looks at it no more, nor `dead_code` at its own."""
    for p in chosen(passes):
        if p not in f.block.tables:
            made = p(f)
            if made.block is f.block or p is dead_code:
                made.block.tables[p] = True
            f = made
    return f
