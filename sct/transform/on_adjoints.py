"""Code that runs on an adjoint (`sct.ir.ops.AdjointOf`), in the sweeps.

Takes the statement; gives what its operand gets of the adjoint of its result, by what the code does; in forward mode the
tangent, where the code leaves the adjoint as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sct.analysis.effects import is_opaque, statements
from sct.analysis.points_to import apart
from sct.errors import NoRuleError, UnsupportedSyntaxError
from sct.ir.ops import AdjointOf, View
from sct.ir.ssa import Apply, Block, Operand, Statement, Value, values_of
from sct.ir.types import Array
from sct.specialize.building import UndecidedError
from sct.specialize.on_adjoints import WRITES
from sct.transform.in_values import in_values
from sct.transform.rule_calls import expect_shape

__all__ = ["adjusted", "refuse_changed", "refuse_written"]


def adjusted(b: Any, s: Apply, bar: Operand) -> Operand:
    """What the operand of a statement gets of the adjoint of its result."""
    block = _block(b, s, bar)
    if any(map(apart(block).is_written, values_of(*s.args[1:]))):
        raise UnsupportedSyntaxError(WRITES, s.place, "Call a function there that keeps it.")
    own = isinstance(s.result.type, Array) and _may_write(block, bar)
    found: Operand = in_values(b, lambda b: _run(b, s, b.apply(np.array, (bar,)) if own else bar))
    message = f"the adjoint of {s.result.name} is of another shape behind the with on it"
    expect_shape(b, found, s.result, message, "Keep its shape.", s.place)
    return found


def _run(b: Any, s: Apply, bar: Operand) -> Operand:
    begun = len(b.body)
    while True:
        try:
            found: Operand = b.present(b.run(s.op.function, [*s.args[1:], bar]))
            return found
        except UndecidedError as e:  # how a call is followed
            b.decided[e.what] = e.choice
            del b.body[begun:]


def _block(b: Any, s: Apply, bar: Operand) -> Block:
    """What the code of a statement does."""
    steps: list[Statement] = []
    with b.into(steps):
        found = _run(b, s, bar)
    return Block((), tuple(steps), (found,))


def _may_write(block: Block, bar: Operand) -> bool:
    """Whether it may write into the adjoint."""
    every = [s for s in statements(block) if isinstance(s, Apply)]
    return any(map(is_opaque, every)) or any(map(apart(block).is_written, values_of(bar)))


def refuse_changed(b: Any, s: Apply) -> None:
    """Refuse a statement whose code may not leave the adjoint as it is: it has no transpose."""
    bar = Value(s.result.type)
    block = _block(b, s, bar)
    if block.yields != (bar,) or _may_write(block, bar):
        raise NoRuleError(
            f"what stands in `with sct.adjoint_of({s.result.name})` may change the adjoint, and so has no transpose",
            s.place,
            "Use reverse mode, or write a function, with rules by sct.adjoint and sct.tangent.",
        )


def refuse_written(block: Block) -> None:
    """Refuse arrays that are written into, whose adjoints are no values."""
    for s in statements(block):
        if isinstance(s, Apply) and isinstance(s.op, View) and isinstance(s.op.op, AdjointOf):
            raise UnsupportedSyntaxError("sct.adjoint_of of an array that is written into", s.place, "Copy it first.")
