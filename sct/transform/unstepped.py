"""Checkpointed loops of derivatives as loops again, before these are differentiated in their turn.

Takes a typed function; gives it with loops in the place of the functions that are their steps, but for those that its reverse
sweep goes back through. `sct.transform.stepped` is the way back. Never changes what is computed.
"""

from __future__ import annotations

import operator

from sct.ir.ops import Steps
from sct.ir.rewriting import changed, map_blocks, substitute
from sct.ir.ssa import Apply, Block, Checkpointing, For, Function, Operand, Statement, Value, blocks_in, read
from sct.ir.types import UNDEFINED, Abstract, Const, Tuple

__all__ = ["unstepped"]


def unstepped(f: Function) -> Function:
    """`f` with loops in place of its steps; `f` itself where there is none."""
    return changed(f, block=_unstepped(f.block))


def _unstepped(block: Block) -> Block:
    steps = {s.result for b in blocks_in(block) for s in b.body if isinstance(s, Apply) and isinstance(s.op, Steps)}
    return _Loops(block, steps).block(block) if steps else block


class _Loops:
    """A walk that has the statements that make what loops go through, and the items that are taken of their last states."""

    def __init__(self, block: Block, steps: set[Value]) -> None:
        every = [s for b in blocks_in(block) for s in b.body if isinstance(s, Apply)]
        self.ranges = {s.result: s.args for s in every if s.op is range}
        self.parts = {(s.args[0], s.args[1]): s.result for s in every if s.op is operator.getitem and s.args[0] in steps}
        self.steps = {whole for whole in steps if self.checkpoints_of(whole) not in read(block)}

    def checkpoints_of(self, whole: Value) -> Value | None:
        assert isinstance(whole.type, Tuple)
        return self.parts.get((whole, Const(len(whole.type.items) - 1)))

    def block(self, block: Block) -> Block:
        body: list[Statement] = []
        for s in block.body:
            if isinstance(s, Apply) and s.result in self.steps:
                body.append(self.loop(s))
            elif not (isinstance(s, Apply) and s.op is operator.getitem and s.args[0] in self.steps):
                body.append(map_blocks(self.block, s))
        return block.with_(body)

    def loop(self, s: Apply) -> For:
        """A checkpointed loop as one."""
        step: Function = s.op.step
        indices, state, constants, slots, disk = s.args
        outs, t = step.block.yields[0], s.result.type
        assert isinstance(state, Tuple) and isinstance(constants, Tuple) and isinstance(outs, Tuple) and isinstance(t, Tuple)
        assert isinstance(indices, Value)
        n = len(state.items)
        params = step.block.params
        inner = _unstepped(step.block)
        body = substitute(inner.with_(None, outs.items), dict(zip(params[1 + n :], constants.items, strict=True)))
        start, stop, by = _domain(self.ranges[indices])
        results = tuple(self.parts.get((s.result, Const(k)), Value(t.items[k])) for k in range(n))
        how = Checkpointing(step.name, slots, disk, dict(s.kwargs).get("generators", Tuple(())))
        inits = tuple(_begun(o, p.type) for o, p in zip(state.items, params[1 : 1 + n], strict=True))
        block = body.with_(params=params[: 1 + n])
        return For(start, stop, by, block, inits, False, False, results, s.place, s.origin, how)


def _begun(o: Operand, t: Abstract) -> Operand:
    """What a loop begins with: None stands for what has no value yet."""
    return UNDEFINED if o == Const(None) and o != t else o


def _domain(args: tuple[Operand, ...]) -> tuple[Operand, Operand, Operand]:
    """The start, stop and step of a range."""
    start, stop = (Const(0), args[0]) if len(args) == 1 else args[:2]
    return start, stop, args[2] if len(args) > 2 else Const(1)
