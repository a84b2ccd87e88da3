"""Dead code: drop what no result and no effect depends on.

>>> from sct.testing import optimized
>>> print(optimized(dead_code, '''
... def f(x):
...     y = np.exp(x)
...     z = y * x
...     return y
... '''))
def f(x):
    y = np.exp(x)
    return y
"""

from __future__ import annotations

from dataclasses import replace

from sct.analysis.effects import has_effect
from sct.ir.ops import POP, PUSH
from sct.ir.rewriting import carrying, map_blocks
from sct.ir.ssa import (
    Apply,
    Block,
    Closure,
    For,
    Function,
    If,
    Operand,
    Statement,
    Value,
    While,
    carried_params,
    values_of,
)

__all__ = ["dead_code"]


def dead_code(f: Function) -> Function:
    """`f` without statements, results and carried values that nothing depends on."""
    live = _Liveness()
    live.scan(f.block, ())
    live.roots(f.block)
    live.need(*f.block.yields)
    live.run()
    return replace(f, block=live.sweep(f.block))


class _Liveness:
    """Mark from the roots through the definitions; then rebuild what is marked."""

    def __init__(self) -> None:
        self.live: set[Value] = set()
        self.needed: set[int] = set()  # statements that own blocks and hold something live
        self.work: list[Value] = []
        self.sources: dict[Value, tuple[Operand, ...]] = {}
        self.owners: dict[Value, tuple[Statement, ...]] = {}
        self.definition: dict[Value, Statement] = {}
        self.pushes: dict[Value, list[tuple[Apply, tuple[Statement, ...]]]] = {}

    def scan(self, block: Block, owners: tuple[Statement, ...]) -> None:
        """Record, for each value, what it is made of and which statements it stands in."""
        for s in block.body:
            inside = (*owners, s)
            if isinstance(s, Apply):
                self.sources[s.result] = s.operands
                self.owners[s.result] = owners
                if s.op in (PUSH, POP) and isinstance(s.args[0], Value):
                    self.pushes.setdefault(s.args[0], []).append((s, owners))
                continue
            if isinstance(s, If):
                for r, a, b in zip(s.results, s.then.yields, s.orelse.yields, strict=True):
                    self.sources[r], self.owners[r] = (a, b), inside
            elif isinstance(s, (For, While)):
                self.scan_loop(s, inside)
            elif isinstance(s, Closure):
                self.sources[s.result], self.owners[s.result] = s.block.yields, inside
                for p in s.block.params:
                    self.sources[p], self.owners[p] = (), inside
            for block_of_s in s.blocks:
                self.scan(block_of_s, inside)

    def scan_loop(self, s: For | While, inside: tuple[Statement, ...]) -> None:
        n = len(s.inits)
        params = carried_params(s)
        for k in range(n):
            pair = (s.inits[k], s.body.yields[k])
            for v in (s.results[k], params[k], *(s.test.params[k : k + 1] if isinstance(s, While) else ())):
                self.sources[v], self.owners[v] = pair, inside
        for v in (*s.results[n:], *(s.body.params[:1] if isinstance(s, For) else ())):
            self.sources[v], self.owners[v] = (), inside

    def roots(self, block: Block, owners: tuple[Statement, ...] = ()) -> None:
        for s in block.body:
            if isinstance(s, Apply) and has_effect(s):
                self.hold(owners)
                self.live.add(s.result)
                self.need(*s.operands)
            for b in s.blocks:
                self.roots(b, (*owners, s))

    def need(self, *operands: Operand) -> None:
        for v in values_of(*operands):
            if v not in self.live:
                self.live.add(v)
                self.work.append(v)

    def hold(self, owners: tuple[Statement, ...]) -> None:
        for s in reversed(owners):
            if id(s) in self.needed:
                return  # and so are those around it
            self.needed.add(id(s))
            if isinstance(s, If):
                self.need(s.test)
            elif isinstance(s, For):
                self.need(s.start, s.stop, s.step, *(s.body.yields[-1:] if s.exits else ()))
            elif isinstance(s, While):
                self.need(*s.test.yields, *(s.body.yields[-1:] if s.exits else ()))

    def run(self) -> None:
        while self.work:
            v = self.work.pop()
            self.hold(self.owners.get(v, ()))
            self.need(*self.sources.get(v, ()))
            for s, owners in self.pushes.get(v, ()):
                self.hold(owners)
                self.live.add(s.result)
                self.need(*s.operands)

    # -- rebuilding --------------------------------------------------------------------------------------------------

    def sweep(self, block: Block) -> Block:
        return block.with_(body=[t for s in block.body if (t := self.kept(s)) is not None])

    def kept(self, s: Statement) -> Statement | None:
        if isinstance(s, Apply):
            return s if s.result in self.live else None
        if id(s) not in self.needed:
            return None
        if isinstance(s, If):
            return self.kept_if(s)
        if isinstance(s, (For, While)):
            return self.kept_loop(s)
        assert isinstance(s, Closure)
        return replace(s, block=self.sweep(s.block))

    def kept_if(self, s: If) -> If:
        keep = [k for k, r in enumerate(s.results) if r in self.live]
        blocks = [b.with_(self.sweep(b).body, [b.yields[k] for k in keep]) for b in (s.then, s.orelse)]
        return replace(s, then=blocks[0], orelse=blocks[1], results=tuple(s.results[k] for k in keep))

    def kept_loop(self, s: For | While) -> Statement:
        n = len(s.inits)
        params = carried_params(s)
        keep = [
            k
            for k in range(n)
            if {s.results[k], params[k], *(s.test.params[k : k + 1] if isinstance(s, While) else ())} & self.live
        ]
        return map_blocks(self.sweep, carrying(s, keep))
