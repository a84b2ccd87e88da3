"""Checkpointed loops as plain ones, for forward mode, which goes through them once and keeps no states.

Takes a typed function; gives it with loops in the place of the functions that are their steps. Never changes what is computed.
"""

from __future__ import annotations

import operator
from dataclasses import replace

from sct.ir.ops import Steps, StepsBack
from sct.ir.rewriting import map_blocks, substitute
from sct.ir.ssa import Apply, Block, For, Function, Operand, Statement, Value, blocks_in
from sct.ir.types import Const, Tuple

__all__ = ["unstepped"]


def unstepped(f: Function) -> Function:
    """`f` without checkpoints; `f` itself where it has none, or reverses loops that have some."""
    kinds = {type(s.op) for b in blocks_in(f.block) for s in b.body if isinstance(s, Apply)}
    return replace(f, block=_block(f.block, {})) if Steps in kinds and StepsBack not in kinds else f


def _block(block: Block, ranges: dict[Operand, Apply]) -> Block:
    """A block; `ranges` has the statements that make what loops go through."""
    whole = {s.result for s in block.body if isinstance(s, Apply) and isinstance(s.op, Steps)}
    parts = {(s.args[0], s.args[1]): s.result for s in block.body if isinstance(s, Apply) and _is_part(s, whole)}
    body: list[Statement] = []
    for s in block.body:
        if isinstance(s, Apply) and s.op is range:
            ranges[s.result] = s
        if isinstance(s, Apply) and isinstance(s.op, Steps):
            body.append(_loop(s, ranges, parts))
        elif not (isinstance(s, Apply) and _is_part(s, whole)):
            body.append(map_blocks(lambda b: _block(b, ranges), s))
    return block.with_(body)


def _is_part(s: Apply, whole: set[Value]) -> bool:
    """Whether a statement takes an item of the last state of a checkpointed loop, or the checkpoints, which nobody reads."""
    return s.op is operator.getitem and s.args[0] in whole


def _loop(s: Apply, ranges: dict[Operand, Apply], parts: dict[tuple[Operand, Operand], Value]) -> For:
    """A checkpointed loop as a plain one."""
    step: Function = s.op.step
    indices, state, constants, _, _ = s.args
    outs, t = step.block.yields[0], s.result.type
    assert isinstance(state, Tuple) and isinstance(constants, Tuple) and isinstance(outs, Tuple) and isinstance(t, Tuple)
    n = len(state.items)
    params = step.block.params
    inner = _block(step.block, ranges)
    body = substitute(inner.with_(None, outs.items), dict(zip(params[1 + n :], constants.items, strict=True)))
    start, stop, by = _domain(ranges[indices].args)
    results = tuple(parts.get((s.result, Const(k)), Value(t.items[k])) for k in range(n))
    block = body.with_(params=params[: 1 + n])
    return For(start, stop, by, block, state.items, False, False, results, s.place, s.origin)


def _domain(args: tuple[Operand, ...]) -> tuple[Operand, Operand, Operand]:
    """The start, stop and step of a range."""
    start, stop = (Const(0), args[0]) if len(args) == 1 else args[:2]
    return start, stop, args[2] if len(args) > 2 else Const(1)
