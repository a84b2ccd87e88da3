"""Calls of recursive functions by their pullbacks, so that the reverse sweep does not run them again.

Takes a typed block, and its active values; gives it with calls in place of those of recursive functions that give the pullback
beside the result, and says what each is the pullback of. So at each level of a recursion a function is called once; its `vjp`
would call it again, and that below it, at each level.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace

from sct.ir.ops import Call, Derived, function_name
from sct.ir.records import record
from sct.ir.rewriting import map_blocks
from sct.ir.ssa import Apply, Block, Operand, Statement, Value, values_of
from sct.ir.types import UNKNOWN, Const, Tuple
from sct.transform.called import parameter_names

__all__ = ["Pulled", "with_pullbacks"]


@record(frozen=True)
class Pulled:
    """The pullback of a call, and the operands that it gives adjoints of."""

    pull: Value
    targets: tuple[Operand, ...]


def with_pullbacks(block: Block, active: set[Value]) -> tuple[Block, Mapping[Value, Pulled]]:
    """A block with such calls, and their pullbacks, by what the calls give."""
    found: dict[Value, Pulled] = {}
    made = _block(block, active, found)
    return (made, found) if found else (block, found)


def _block(block: Block, active: set[Value], found: dict[Value, Pulled]) -> Block:
    body: list[Statement] = []
    for s in block.body:
        if isinstance(s, Apply):
            body += _call(s, active, found) if _is_recursive(s) and s.result in active else (s,)
        else:
            body.append(map_blocks(lambda b: _block(b, active, found), s))
    return block.with_(body)


def _is_recursive(s: Apply) -> bool:
    """Whether a statement calls a function that is recursive, which writes into nothing."""
    return isinstance(s.op, Call) and not s.op.checkpointed and s.op.effect != "writes" and parameter_names(s.op) is not None


def _call(s: Apply, active: set[Value], found: dict[Value, Pulled]) -> tuple[Statement, ...]:
    names = parameter_names(s.op)
    assert names is not None
    args = s.args[s.op.draws :]
    given = {**dict(zip(names, args, strict=False)), **dict(s.kwargs)}
    wrt = tuple(n for n, a in given.items() if not active.isdisjoint(values_of(a)))
    if not wrt:
        return (s,)
    whole = Value(Tuple((s.result.type, UNKNOWN)))
    pull = Value(UNKNOWN, f"{function_name(s.op)}_pull")
    found[s.result] = Pulled(pull, tuple(given[n] for n in wrt))
    op = Derived(s.op.function, wrt, False, "pullback", s.op.effect)
    return (
        replace(s, op=op, args=args, result=whole),
        *(Apply(operator.getitem, (whole, Const(k)), (), v, s.place, s.origin) for k, v in enumerate((s.result, pull))),
    )
