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

from dataclasses import replace
from typing import TypeGuard

import numpy as np

from sct.ir.rewriting import changed, keeping, map_blocks, substitute
from sct.ir.ssa import (
    Apply,
    Block,
    For,
    ForEach,
    Function,
    If,
    Operand,
    Phi,
    Statement,
    Value,
    While,
    blocks_in,
    is_derived,
    raises,
    type_of,
)
from sct.ir.types import UNDEFINED, Abstract, Array, Const, Scalar, same_dtype
from sct.optimize.rewriter import Rewriter

__all__ = ["copies"]


def copies(f: Function) -> Function:
    """`f` with values in place of copies of them."""
    p = _Copies()
    if not any(p.holds(s) for b in blocks_in(f.block) for s in b.body if s.blocks):
        return f
    handed = _handed_around(f.block)
    return p.function(changed(f, block=substitute(f.block, handed)) if handed else f)


def _handed_around(block: Block) -> dict[Value, Operand]:
    """The φ's that are made of one value and of one another, as where loops in loops hand one on; with that value.

    Braun et al., Simple and efficient construction of static single assignment form (2013), section 3.2.
    """
    phis = [(phi.params[0] if phi.params else phi.result, phi) for b in blocks_in(block) for s in b.body for phi in s.phis]
    own = {v: first for first, phi in phis for v in (phi.result, *phi.params)}
    found: dict[Value, Operand] = {}  # what a φ stands for, as far as that is known: itself, if it is several

    def stands_for(o: Operand) -> Operand | None:
        if not isinstance(o, Value) or o not in own:
            return o
        one = found.get(own[o])
        return o if one is own[o] else one

    again = True
    while again:
        again = False
        for first, phi in phis:
            others = [
                o for o in map(stands_for, (*phi.begins, *phi.ends)) if o is not None and o not in (phi.result, *phi.params)
            ]
            if found.get(first) is first or not others:
                continue
            one = others[0] if isinstance(others[0], Value) and all(o is others[0] for o in others) else first
            if found.get(first) is not one:
                found[first] = one
                again = True
    return {v: found[first] for v, first in own.items() if found.get(first, first) is not first}


class _Copies(Rewriter):
    def holds(self, s: Statement) -> bool:
        """Whether there is a copy among the φ's of a statement with blocks."""
        if isinstance(s, If):
            return isinstance(s.test, Const) or any(
                self.same(s.test, s.then, s.orelse, k) is not None for k in range(len(s.results))
            )
        return any(map(_stays, s.phis)) or (isinstance(s, For) and any(_are_zeros(t) for t in s.body.body))

    def if_(self, s: If) -> None:
        if isinstance(s.test, Const):
            n = 0 if s.test.value else 1
            self.body.extend(self.block(s.blocks[n]).body)
            self.replaced.update([(phi.result, self.operand(phi.ends[n])) for phi in s.phis])
            return
        then, orelse = self.block(s.then), self.block(s.orelse)
        keep = []
        for k, r in enumerate(s.results):
            same = self.same(s.test, then, orelse, k)
            if same is None:
                keep.append(k)
            else:
                self.replaced[r] = same
        self.keep(keeping(changed(s, then=then, orelse=orelse), keep))

    def same(self, test: Operand, then: Block, orelse: Block, k: int) -> Operand | None:
        """The one operand that both branches yield; a branch that raises yields whatever the other one does."""
        a, b = then.yields[k], orelse.yields[k]
        if a == Const(True) and b == Const(False) and type_of(test) == Scalar(bool):
            return test
        if a is b or (isinstance(a, Const) and a == b):
            return a
        for block, y, z in ((then, a, b), (orelse, b, a)):
            if y is UNDEFINED and raises(block) and not (isinstance(z, Value) and z in self.inside(then, orelse)):
                return z
        return None

    def inside(self, *blocks: Block) -> set[Value]:
        out: set[Value] = set()
        for b in blocks:
            for s in b.body:
                out.update((s.result,) if isinstance(s, Apply) else getattr(s, "results", ()))
        return out

    def loop(self, s: For | ForEach | While) -> None:
        if isinstance(s, For):
            s = self.without_zeros(s)
        phis = s.phis
        vary = [k for k, phi in enumerate(phis) if not _stays(phi)]
        if len(vary) == len(phis):
            super().loop(s)
            return
        constant = [phi for phi in phis if _stays(phi)]
        mapping = {p: phi.begins[0] for phi in constant for p in phi.params}
        self.replaced.update(mapping)  # the reverse sweep may read what the loop carries
        self.replaced.update({phi.result: phi.begins[0] for phi in constant})
        self.statement(map_blocks(lambda b: substitute(b, mapping), keeping(s, vary)))

    def without_zeros(self, s: For) -> For:
        """A loop of the reverse sweep that makes zeros where they are needed, instead of handing them on."""
        made = {t.result: t for t in s.body.body if _are_zeros(t) and is_derived(t)}
        zeros: list[Statement] = []
        vary: list[int] = []
        for k, phi in enumerate(s.phis):
            first, after, own = phi.begins[0], phi.ends[0], phi.params[0]
            begun, ended = self.made_by(first, np.zeros_like), made.get(after)  # type: ignore[arg-type]
            if not _are_zeros(begun) or ended is None or not all(_is_of_form(own.type, z.result.type) for z in (begun, ended)):
                vary.append(k)
                continue
            zeros.append(replace(begun, result=own, origin=ended.origin))
            self.replaced[phi.result] = first
        if not zeros:
            return s
        kept = keeping(s, vary)
        assert isinstance(kept, For)
        return changed(kept, body=kept.body.with_([*zeros, *kept.body.body]))


def _are_zeros(s: Statement | None) -> TypeGuard[Apply]:
    """Whether a statement makes an array of zeros."""
    return isinstance(s, Apply) and s.op is np.zeros_like and not s.kwargs


def _is_of_form(t: Abstract, form: Abstract) -> bool:
    """Whether an array type is known to be of the shape and dtype of another."""
    if not isinstance(t, Array) or not isinstance(form, Array) or t.dtype is None or t.shape is None:
        return False
    return same_dtype(t.dtype, form.dtype) and t.shape == form.shape


def _stays(phi: Phi) -> bool:
    """Whether what a loop carries is what it starts from, in each iteration."""
    (first,), (after,) = phi.begins, phi.ends
    return after in phi.params or (after is first and isinstance(first, (Value, Const)))
