"""Exchanges: what a loop's body hands on as what it began with, in another order.

Takes a loop and values; gives those of its φ's that stand for them and that an iteration exchanges, by one test or always: what
they were before it is told by what they are after it, and by the test.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sct.ir.records import record
from sct.ir.ssa import For, If, Operand, Phi, Value, While
from sct.ir.types import Const

__all__ = ["Exchange", "exchanged"]


@record(frozen=True)
class Exchange:
    """φ's of a loop whose parameters the body hands on: as those of the numbers `ways[0]` if `test`, else of `ways[1]`."""

    phis: tuple[Phi, ...]
    test: Operand
    ways: tuple[tuple[int, ...], tuple[int, ...]]


def exchanged(s: For | While, among: Collection[Value]) -> Exchange | None:
    """What an iteration of a loop exchanges of some values; None if some of these are anything else after it."""
    phis = tuple(phi for phi in s.phis if phi.params[0] in among)
    ends = [phi.ends[0] for phi in phis]
    made = [t for t in s.body.body if isinstance(t, If) and not set(ends).isdisjoint(t.results)]
    if len(phis) < 2 or len(made) > 1:
        return None
    params = [phi.params[0] for phi in phis]
    test = made[0].test if made else Const(True)
    then, orelse = (_numbers(ends, made[0] if made else None, k, params) for k in range(2))
    if then is None or orelse is None:
        return None
    return Exchange(phis, test, (then, orelse))


def _numbers(ends: Sequence[Operand], branch: If | None, way: int, params: list[Value]) -> tuple[int, ...] | None:
    """The numbers of the parameters that are handed on where a branch is taken; None if each is not handed on once."""
    given = {} if branch is None else {phi.result: phi.ends[way] for phi in branch.phis}
    found = [given.get(o, o) if isinstance(o, Value) else o for o in ends]
    if set(found) != set(params) or len(found) != len(params):
        return None
    return tuple(params.index(o) for o in found)  # type: ignore[arg-type]
