"""Derived functions that are called inside: what they write into of what they are given shares no memory with the rest.

Takes a typed function; gives it without the statements that ask for that (`APART`), where they are seen to hold. Which of its
own arguments are to be looked at when it is called, since these may share memory then, it says as well.
"""

from __future__ import annotations

from dataclasses import replace

from sct.analysis.points_to import apart, fields_given, has_memory
from sct.errors import UnsupportedSyntaxError
from sct.ir.ops import APART
from sct.ir.rewriting import changed, map_blocks
from sct.ir.ssa import Apply, Block, Value, blocks_in
from sct.ir.types import Const
from sct.specialize.specializer import Specialized, Written

__all__ = ["seen_apart"]


def seen_apart(primal: Specialized, sharing: bool = False) -> Specialized:
    """A typed function whose derived functions get arguments that are apart; `sharing`: its own arguments may not be.

    Raises
    ------
    UnsupportedSyntaxError
        If what a derived function writes into may share memory with another argument of it.
    """
    block = primal.function.block
    asked = [s for b in blocks_in(block) for s in b.body if isinstance(s, Apply) and s.op is APART]
    if not asked:
        return primal
    classes = apart(block)
    if sharing:
        classes.join((*block.params, *fields_given(block)))
    written = list(primal.written)
    for s in asked:
        what, target, other = s.args
        assert isinstance(what, Const) and isinstance(target, Value) and isinstance(other, Value)
        if classes.of(target) is classes.of(other):
            raise UnsupportedSyntaxError(
                f"{what.value}, which may share memory with {repr(other.name) if other.name else 'another one'}",
                s.place,
                "Copy one of them first.",
            )
        written += [Written((p.name,), s.place) for p in block.params if has_memory(p) and classes.of(p) is classes.of(target)]
    return replace(primal, function=changed(primal.function, block=_without(block)), written=tuple(written))


def _without(block: Block) -> Block:
    body = [s for s in block.body if not (isinstance(s, Apply) and s.op is APART)]
    return block.with_([map_blocks(_without, s) for s in body])
