"""Rules that write: what they make and write into, as values.

Takes the statements of a rule, in which a write into an array is a statement; gives them with a new value for each write, as a
function that is differentiated has them (`sct.transform.promote`). So what is added to a sweep by a rule never writes into what
the sweep has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sct.analysis.effects import statements
from sct.analysis.points_to import apart
from sct.errors import UnsupportedSyntaxError
from sct.ir.ops import Rebind, Store
from sct.ir.ssa import Apply, Block, Operand, Statement, captured
from sct.specialize.building import Builder
from sct.transform.explicit import with_loads
from sct.transform.promote import promote

__all__ = ["in_values"]


def in_values(b: Builder, carry_out: Callable[..., Operand], *args: Any) -> Operand:
    """What a rule gives, carried out by `carry_out(b, *args)`.

    Raises
    ------
    UnsupportedSyntaxError
        If it writes into an operand, or into an array that is read by another name while it changes.
    """
    steps: list[Statement] = []
    with b.into(steps):
        found = carry_out(b, *args)
    block = Block((), tuple(steps), (found,))
    if (write := _write(block)) is not None:
        classes = apart(block)
        if any(map(classes.is_written, captured(block))):
            raise UnsupportedSyntaxError("a rule that writes into its operand", write.place, "Write into a copy of it.")
        block = promote(with_loads(block, classes))
        if (write := _write(block)) is not None:
            raise UnsupportedSyntaxError(
                "a rule that writes into an array which it reads by another name", write.place, "Keep it under one name."
            )
    b.body += block.body
    return block.yields[0]


def _write(block: Block) -> Apply | None:
    """A statement that writes."""
    return next((s for s in statements(block) if isinstance(s, Apply) and isinstance(s.op, (Rebind, Store))), None)
