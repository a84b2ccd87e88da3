"""Copy propagation: a φ whose sides are one value is that value; so is what a loop carries without changing it.

>>> from sct.testing import optimized
>>> print(optimized(copies, '''
... def f(x, n):
...     k = 2.0 * x
...     for i in range(n):
...         k = k
...         x = x * k
...     return x
... '''))
def f(x, n):
    k = 2.0 * x
    for _ in range(n):
        x = x * k
    return x
"""

from __future__ import annotations

from sct.ir.ops import RAISE
from sct.ir.rewriting import carrying, changed, map_blocks, substitute
from sct.ir.ssa import Apply, Block, For, Function, If, Operand, Value, While, carried_params, type_of
from sct.ir.types import UNDEFINED, Const, Scalar
from sct.optimize.rewriter import Rewriter

__all__ = ["copies"]


def copies(f: Function) -> Function:
    """`f` with values in place of copies of them."""
    return f if all(isinstance(s, Apply) for s in f.block.body) else _Copies().function(f)


class _Copies(Rewriter):
    def if_(self, s: If) -> None:
        if isinstance(s.test, Const):
            taken = self.block(s.then if s.test.value else s.orelse)
            self.body.extend(taken.body)
            self.replaced.update(zip(s.results, taken.yields, strict=True))
            return
        then, orelse = self.block(s.then), self.block(s.orelse)
        keep = []
        for k, r in enumerate(s.results):
            same = self.same(s.test, then, orelse, k)
            if same is None:
                keep.append(k)
            else:
                self.replaced[r] = same
        blocks = [b.with_(yields=[b.yields[k] for k in keep]) for b in (then, orelse)]
        results = tuple(s.results[k] for k in keep)
        self.keep(changed(s, then=blocks[0], orelse=blocks[1], results=results))

    def same(self, test: Operand, then: Block, orelse: Block, k: int) -> Operand | None:
        """The one operand that both branches yield; a branch that raises yields whatever the other one does."""
        a, b = then.yields[k], orelse.yields[k]
        if a == Const(True) and b == Const(False) and type_of(test) == Scalar(bool):
            return test
        if a is b or (isinstance(a, Const) and a == b):
            return a
        for block, y, z in ((then, a, b), (orelse, b, a)):
            if y is UNDEFINED and _raises(block) and not (isinstance(z, Value) and z in self.inside(then, orelse)):
                return z
        return None

    def inside(self, *blocks: Block) -> set[Value]:
        out: set[Value] = set()
        for b in blocks:
            for s in b.body:
                out.update((s.result,) if isinstance(s, Apply) else getattr(s, "results", ()))
        return out

    def loop(self, s: For | While) -> None:
        n = len(s.inits)
        params = carried_params(s)
        constant = [
            k for k in range(n) if s.body.yields[k] is params[k] or (s.body.yields[k] is s.inits[k] and _fixed(s.inits[k]))
        ]
        if not constant:
            super().loop(s)
            return
        mapping: dict[Value, Operand] = {params[k]: s.inits[k] for k in constant}
        if isinstance(s, While):
            mapping.update({s.test.params[k]: s.inits[k] for k in constant})
        self.replaced.update(mapping)  # the reverse sweep may read what the loop carries
        self.replaced.update({s.results[k]: s.inits[k] for k in constant})
        rest = carrying(s, [k for k in range(n) if k not in constant])
        self.statement(map_blocks(lambda b: substitute(b, mapping), rest))


def _fixed(o: Operand) -> bool:
    return isinstance(o, (Value, Const))


def _raises(block: Block) -> bool:
    return bool(block.body) and isinstance(block.body[-1], Apply) and block.body[-1].op is RAISE
