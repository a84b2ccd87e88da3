"""What the function copies before it writes into it is read from the copy by the reverse sweep, which need not have it back.

Takes the block of the forward sweep, its versions, and what the reverse sweep reads; gives the copy of each array that is to be
read in its place. That is sound whatever shares memory: both are values, equal where the copy is made, in the same block as the
array, so that the copy is there wherever the array is; and the copy is one that nothing is written into. Only copies that the
reverse sweep reads anyway are taken, and none where something asks in what order axes lie in memory, which may be another one.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

import numpy as np

from sct.analysis.effects import statements
from sct.analysis.layout import asks_for_layout
from sct.analysis.recording import cheap
from sct.analysis.versions import Versions
from sct.ir.ops import Method
from sct.ir.ssa import Apply, Block, Operand, Value, blocks_in, type_of
from sct.ir.types import UNDEFINED, Array

__all__ = ["copies_read"]


def copies_read(forward: Block, versions: Versions, read: Iterable[Value], handles: Container[Value]) -> dict[Value, Value]:
    """The copies to be read in place of arrays that are written into; `read` is what the reverse sweep reads, `handles` stand
    for memory."""
    found = _copies(forward, versions, handles)
    if not found or any(map(asks_for_layout, statements(forward))):
        return {}
    definition = {s.result: s for s in statements(forward)}
    wanted: set[Value] = set()
    work = [*read]
    while work:
        v = work.pop()
        if v in wanted:
            continue
        wanted.add(v)
        if v in definition and cheap(definition[v]):
            work += definition[v].values
    return {v: c for v, c in found.items() if v in wanted and c in wanted}


def _copies(forward: Block, versions: Versions, handles: Container[Value]) -> dict[Value, Value]:
    """The first copy of each array that is written into, if its block makes one into which nothing is."""
    found: dict[Value, Value] = {}
    for b in blocks_in(forward):
        made: set[Operand] = set(b.params)
        for s in b.body:
            if isinstance(s, Apply) and s.result not in versions.chain and s.result not in handles:
                v = _original(s)
                if isinstance(v, Value) and v in made and v in versions.chain and v not in handles:
                    found.setdefault(v, s.result)
            made.update(s.results)
    return found


def _original(s: Apply) -> Operand:
    """The array that a statement makes a copy of, of the same type, if it does."""
    if len(s.args) != 1 or s.kwargs or not isinstance(s.result.type, Array) or s.result.type != type_of(s.args[0]):
        return UNDEFINED
    return s.args[0] if s.op in (np.array, np.copy) or s.op == Method("copy") else UNDEFINED
