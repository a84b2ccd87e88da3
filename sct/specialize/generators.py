"""Generators, carried out while a function is specialized: a loop through one is the generator, with the loop's body at each
`yield`.

Takes the call of a generator, and loops; gives the call something to loop over, and puts statements of the untyped form in the
loop's place, which are followed like any others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sct.errors import UnsupportedSyntaxError
from sct.ir.ops import YIELD
from sct.ir.rewriting import copied, handing_on, map_blocks, renamed, substitute
from sct.ir.ssa import Apply, Block, Closure, ForEach, Function, If, Operand, Phi, Statement, Value, blocks_in
from sct.ir.types import UNKNOWN, Const
from sct.specialize.building import Builder
from sct.specialize.iteration import Generated
from sct.specialize.lowering import is_own

__all__ = ["through"]

_DEEPEST = 8  # so many loops through one generator may stand in one another


def through(s: Builder, loop: ForEach, given: Generated) -> None:
    """A loop through a generator."""
    function = given.function
    if s.generators.count(function) >= _DEEPEST:
        raise UnsupportedSyntaxError(
            f"a generator ({function.name}) that goes on in calls of itself", s.place, "Collect the values in a list."
        )
    what = "woven", loop.body.label, function
    if what not in s.decided:  # the statements are the same in each run, as what is decided of them counts
        s.decided[what] = _woven(loop, function, s.in_library)
    params, body, after = s.decided[what]
    outer, library = s.env, s.in_library
    s.env, s.in_library = {**outer, **dict(zip(params, given.args, strict=True))}, False
    s.generators.append(function)
    try:
        with s.instance_of("call"):
            for t in body:
                s.statement(t)
            results = [s.resolve(o, reads=False) for o in after]
    finally:
        s.generators.pop()
        s.env, s.in_library = outer, library
    s.env.update(zip(loop.results, results, strict=True))


def _woven(
    loop: ForEach, function: Function, in_library: bool
) -> tuple[tuple[Value, ...], Sequence[Statement], Sequence[Operand]]:
    """The statements of a generator with the body of a loop at each yield; its parameters, and what the loop leaves.

    Statements of sct's own stand at the places of those around them.
    """
    if in_library:
        loop = replace(loop, body=_placed(loop.body, None), place=None, origin=None)
    block = copied(function.block)
    if is_own(function.callee):
        block = _placed(block, loop)
    elif loop.place is not None:
        block = _called(block, loop)
    weaver = _Weaver(loop)
    body, after = weaver.statements(block.body, list(loop.inits))
    made = renamed(substitute(Block((), tuple(body), tuple(after)), weaver.ended), weaver.names)
    return block.params, made.body, made.yields


def _placed(block: Block, loop: ForEach | None) -> Block:
    """The block with its statements at the place of a loop."""
    place, origin = (None, None) if loop is None else (loop.place, loop.origin)
    return block.with_([replace(map_blocks(lambda b: _placed(b, loop), t), place=place, origin=origin) for t in block.body])


def _called(block: Block, loop: ForEach) -> Block:
    """The block with its statements in a function that is called at the place of a loop."""

    def called(t: Statement) -> Statement:
        place = None if t.place is None else t.place.called_from(loop.place)
        return replace(map_blocks(lambda b: _called(b, loop), t), place=place)

    return block.with_(map(called, block.body))


class _Weaver:
    """Puts the body of a loop at yields; hands on what the loop carries.

    `ended`: of each yield, whether the loop has ended. `names`: what is called as the loop calls its items.
    """

    def __init__(self, loop: ForEach) -> None:
        self.loop = loop
        self.ended: dict[Value, Operand] = {}
        self.names: dict[Value, Value] = {}

    def statements(self, body: Sequence[Statement], carried: list[Operand]) -> tuple[list[Statement], list[Operand]]:
        """Statements, and what the loop carries behind them."""
        out: list[Statement] = []
        for t in body:
            if isinstance(t, Apply) and t.op is YIELD:
                carried = self.iteration(t, out, carried)
            elif any(isinstance(u, Apply) and u.op is YIELD for b in t.blocks for c in blocks_in(b) for u in c.body):
                t, carried = self.region(t, carried)
                out.append(t)
            else:
                out.append(t)
        return out, carried

    def iteration(self, t: Apply, out: list[Statement], carried: list[Operand]) -> list[Operand]:
        """The body of the loop, on what a generator yields."""
        body = copied(self.loop.body)
        item, name = t.args[0], body.params[0].name
        last = out[-1] if out else None
        if isinstance(last, Apply) and last.result is item and name and not item.name:  # it is called what the loop calls it
            self.names[last.result] = last.result.called(name)
        body = substitute(body, dict(zip(body.params, (item, *carried), strict=True)))
        out += body.body
        n = len(carried)
        self.ended[t.result] = body.yields[n] if self.loop.exits else Const(False)
        return list(body.yields[:n])

    def region(self, t: Statement, carried: list[Operand]) -> tuple[Statement, list[Operand]]:
        """A branch or loop of the generator with yields in it, which hands on what the loop carries."""
        results = [Value(UNKNOWN, r.name) for r in self.loop.results]
        if isinstance(t, If):
            then, orelse = (self.statements(b.body, carried) for b in t.blocks)
            t = replace(t, then=t.then.with_(then[0]), orelse=t.orelse.with_(orelse[0]))
            phis = [Phi(r, (), (), (p, q)) for r, p, q in zip(results, then[1], orelse[1], strict=True)]
        else:
            assert not isinstance(t, (Apply, Closure))
            params = [Value(UNKNOWN, r.name) for r in self.loop.results]
            body, ends = self.statements(t.body.body, list(params))
            t = replace(t, body=t.body.with_(body))
            phis = [Phi(r, (p,), (i,), (e,)) for r, p, i, e in zip(results, params, carried, ends, strict=True)]
        return handing_on(t, phis), list(results)
