"""What has several results gives them all at once: `y, pull = f(x)`.

Takes a function; gives it with the parts of a tuple taken right behind the statement that makes it, before anything is pushed
on a tape. So each part has its variable from there on, and none shares it with another that is pushed in between.
"""

from __future__ import annotations

import operator

from sct.ir.ops import PUSH
from sct.ir.rewriting import changed, map_blocks
from sct.ir.ssa import Apply, Block, Function, Statement, Value
from sct.ir.types import Const

__all__ = ["gathered", "part"]


def part(s: Statement, whole: Value) -> int | None:
    """The number of the part of `whole` that a statement takes."""
    if isinstance(s, Apply) and s.op is operator.getitem and s.args[0] is whole and isinstance(s.args[1], Const):
        key = s.args[1].value
        return key if isinstance(key, int) else None
    return None


def gathered(f: Function) -> Function:
    """`f` with parts taken before pushes; `f` itself where there is nothing to move."""
    return changed(f, block=_gathered(f.block))


def _gathered(block: Block) -> Block:
    body: list[Statement] = []
    for s in block.body:
        body.insert(_place(s, body), map_blocks(_gathered, s) if s.blocks else s)
    return block.with_(body)


def _place(s: Statement, body: list[Statement]) -> int:
    """Where a statement goes that comes after some others."""
    k = len(body)
    if not isinstance(s, Apply) or s.op is not operator.getitem or not isinstance(s.args[0], Value):
        return k
    while k > 0 and _pushes(body[k - 1]):
        k -= 1
    taken = k > 0 and (s.args[0] in body[k - 1].results or part(body[k - 1], s.args[0]) is not None)
    return k if taken and part(s, s.args[0]) is not None else len(body)


def _pushes(s: Statement) -> bool:
    return isinstance(s, Apply) and s.op is PUSH
