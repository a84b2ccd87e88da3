"""What a block of the untyped form writes into, as far as it is seen without types.

Takes a block; gives the values, of the block or from around it, whose entries its statements change, those of loops and of the
functions that it calls included, and branches aside. Never looks at a call of which it is not sure what it comes to.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from types import FunctionType

from sct.errors import SctError
from sct.ir.manager import managed
from sct.ir.ops import BINARY, Augmented, Unused, package_of
from sct.ir.ssa import Apply, Block, For, ForEach, Operand, Value, While
from sct.registry.effects import is_registered
from sct.specialize.lowering import lowered

__all__ = ["writes"]

_entered: ContextVar[frozenset[FunctionType]] = ContextVar("entered", default=frozenset())  # that are being looked at


@managed
def writes(block: Block) -> tuple[Value, ...]:
    """The values that are written into, in order: first those that the block's own statements write into, then by calls."""
    parts: dict[Operand, Operand] = {}  # of what an item is taken
    own: dict[Value, None] = {}
    others: dict[Value, None] = {}
    for t in _operations(block):
        if t.op is operator.getitem:
            parts[t.result] = t.args[0]
        elif t.op is operator.setitem or isinstance(t.op, Augmented) or t.op in BINARY:
            own.update(_roots(t.args[:1], parts))
        else:
            others.update(_roots(_given_to_writers(t), parts))
    return tuple(own | others)


def _roots(operands: Sequence[Operand], parts: Mapping[Operand, Operand]) -> Iterator[tuple[Value, None]]:
    """What operands are, or are items of."""
    for x in operands:
        while x in parts:
            x = parts[x]
        if isinstance(x, Value):
            yield x, None


def _operations(body: Block) -> Iterator[Apply]:
    """The operations of a block, and of loops in it, in order."""
    for t in body.body:
        if isinstance(t, Apply):
            yield t
        elif isinstance(t, (ForEach, For, While)):
            yield from _operations(t.body)


def _given_to_writers(t: Apply) -> list[Operand]:
    """The operands of a call of a function that writes into them."""
    op = t.op.op if isinstance(t.op, Unused) else t.op
    if not isinstance(op, FunctionType) or is_registered(op) or package_of(op) in ("numpy", "scipy", "sct"):
        return []
    if op in _entered.get():  # it calls itself
        return []
    try:
        function = lowered(op).function
    except SctError:  # it is called as it stands, or refused where it is
        return []
    block, names = function.block, function.defaults
    if names is None:
        return []
    token = _entered.set(_entered.get() | {op})
    try:
        own = writes(block)
    finally:
        _entered.reset(token)
    given = {**dict(zip(names, t.args, strict=False)), **dict(t.kwargs)}
    named = dict(zip(block.params, names, strict=True))
    return [given[named[v]] for v in own if named.get(v) in given]
