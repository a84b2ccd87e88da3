"""The shadows of a pullback: its own each time that it is called, or those that its caller has for it.

Takes a function whose reverse sweep is in a closure, and the shadows that are made where the function runs, of which the
closure reads some; gives it with a closure that has others, which lie as these do. So a pullback may be called any number of
times.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import replace

from sct import runtime
from sct.ir.ops import PUSH
from sct.ir.rewriting import changed, substitute
from sct.ir.ssa import Apply, Block, Closure, Function, Operand, Statement, Value, blocks_in, captured, values_of
from sct.ir.types import Const, Tuple

__all__ = ["pulled_apart", "pulled_for_caller"]


def pulled_apart(f: Function, shadows: Iterable[Value]) -> Function:
    """A function and its pullback, which makes shadows of its own."""
    closure, around = _pullback(f, shadows)
    if not around:
        return f
    whole = _several(around)
    made = Apply(runtime.anew, (Tuple(tuple(around)),), (), whole)
    return _with_closure(f.block, f, closure, replace(closure, block=_reading(closure.block, around, whole, made)))


def pulled_for_caller(f: Function, shadows: Iterable[Value]) -> Function:
    """A function and its pullback, which has those shadows as its argument; the function gives them, beside what it gives."""
    closure, around = _pullback(f, shadows)
    whole = _several(around, "shadows")
    (result,) = f.block.yields
    assert isinstance(result, Tuple)
    block = f.block.with_(None, (Tuple((*result.items, Tuple(tuple(around)))),))
    inner = _reading(closure.block, around, whole).with_(None, None, (whole,))
    return _with_closure(block, f, closure, replace(closure, block=inner))


def _pullback(f: Function, shadows: Iterable[Value]) -> tuple[Closure, list[Value]]:
    """The closure of a function, and what of it are shadows, or φ's or tapes of some, from around it."""
    found = set(shadows)
    flows = [flow for b in blocks_in(f.block) for s in b.body for flow in s.flows]
    pushed = [s for b in blocks_in(f.block) for s in b.body if isinstance(s, Apply) and s.op is PUSH]
    before = -1
    while before != len(found):
        before = len(found)
        found.update(v for v, operands in flows if not found.isdisjoint(values_of(*operands)))
        found.update(v for s in pushed if s.args[1] in found for v in values_of(s.args[0]))
    closure = next(s for s in f.block.body if isinstance(s, Closure))
    return closure, [v for v in captured(closure.block) if v in found]


def _several(values: list[Value], name: str = "") -> Value:
    return Value(Tuple(tuple(v.type for v in values)), name)


def _reading(block: Block, around: list[Value], whole: Value, *first: Statement) -> Block:
    """A block that reads the items of `whole` in place of some values from around it."""
    body = list(first)
    names: dict[Value, Operand] = {}
    for k, v in enumerate(around):
        own = names[v] = Value(v.type, v.name, v.hint)
        body.append(Apply(operator.getitem, (whole, Const(k)), (), own))
    block = substitute(block, names)
    return block.with_([*body, *block.body])


def _with_closure(block: Block, f: Function, before: Closure, after: Closure) -> Function:
    return changed(f, block=block.with_([after if s is before else s for s in block.body]))
