"""Accumulations of one temporary into an array at several offsets, as one nest that reads it at these.

What stencils have in their reverse sweep: `b[i + 1] += t[i]; b[i] += t[i]` over the same range reads and writes `b` for each
offset. A copy of `t` between borders of zeros makes of it one pass, `b[i] += t[i - 1] + t[i]`, in which iterations write apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from sct.backend.loops.forms import (
    Affine,
    Elem,
    Expr,
    Loop,
    Make,
    Name,
    Num,
    Op,
    Put,
    Ref,
    Statement,
    affine,
    blocks_of,
    elements,
    map_expr,
    op,
    plus,
)
from sct.ir.records import record

__all__ = ["gathered"]

_FEWEST = 3
"""How many accumulations one nest is made of at least."""


@record(frozen=True, eq=False)
class _Shifted:
    """A nest that adds to one array, at an offset, what it reads of another one."""

    loops: tuple[Loop, ...]
    target: Name
    offsets: tuple[int, ...]
    sign: str
    expr: Expr
    source: Name

    def alike(self, other: _Shifted) -> bool:
        """Whether two of them may be one nest."""
        ranges = [[(loop.start, loop.stop) for loop in s.loops] for s in (self, other)]
        return ranges[0] == ranges[1] and self.target is other.target and self.source is other.source


def gathered(body: list[Statement], share: Callable[[Name, Name], bool]) -> list[Statement]:
    """A program whose accumulations at several offsets are one nest each; `share` says which arrays may lie in one memory."""
    out: list[Statement] = []
    k = 0
    while k < len(body):
        s = body[k]
        for b in blocks_of(s):
            b[:] = gathered(b, share)
        first = _shifted(s)
        found = [] if first is None else [first]
        j = k + 1
        while first is not None and j < len(body) and (more := _shifted(body[j])) is not None and more.alike(first):
            found.append(more)
            j += 1
        apart = first is not None and not share(first.source, first.target)
        if apart and len(found) >= _FEWEST and len({f.offsets for f in found}) > 1:
            out += _one_nest(found)
            k = j
        else:
            out.append(s)
            k += 1
    return out


def _shifted(s: Statement) -> _Shifted | None:
    """What a statement adds at an offset, if it does that alone."""
    loops: list[Loop] = []
    while isinstance(s, Loop) and s.nest and len(s.body) == 1 and s.start == Num(0) and s.step == Num(1):
        loops.append(s)
        s = s.body[0]
    if not loops or not isinstance(s, Put) or s.how not in ("+", "-") or len(s.place.index) != len(loops):
        return None
    offsets = [_offset(i, loop.var) for i, loop in zip(s.place.index, loops, strict=True)]
    read = list(elements(s.expr))
    if any(o is None for o in offsets) or len(read) != 1 or read[0].array is s.place.array:
        return None
    if read[0].index != tuple(Ref(loop.var) for loop in loops) or not _is_scaled(s.expr):
        return None
    return _Shifted(tuple(loops), s.place.array, tuple(offsets), s.how, s.expr, read[0].array)  # type: ignore[arg-type]


def _offset(e: Expr, var: Name) -> int | None:
    """What is added to the variable of a loop."""
    a: Affine = affine(e)
    return a.const if a.terms == ((Ref(var), 1),) and a.const >= 0 else None


def _is_scaled(e: Expr) -> bool:
    """Whether an expression is an element, its negative, or that times a number: it is 0 where the element is."""
    if isinstance(e, Op) and e.op == "neg":
        return _is_scaled(e.args[0])
    if isinstance(e, Op) and e.op == "*":
        return any(isinstance(p, Num) and math.isfinite(p.value) and _is_scaled(q) for p, q in (e.args, e.args[::-1]))
    return isinstance(e, Elem)


def _one_nest(found: Sequence[_Shifted]) -> list[Statement]:
    """A copy between borders of zeros, and one nest that reads it at all offsets."""
    first = found[0]
    rank = len(first.loops)
    low = [min(f.offsets[k] for f in found) for k in range(rank)]
    wide = [max(f.offsets[k] for f in found) - low[k] for k in range(rank)]
    sizes = [loop.stop for loop in first.loops]
    bordered = Name(f"{first.source.hint}_bordered", first.source.dtype, rank)
    make = Make(bordered, tuple(plus(n, Num(2 * w)) for n, w in zip(sizes, wide, strict=True)), "zeros", steady=True)
    here = [Ref(loop.var) for loop in first.loops]
    copied = tuple(plus(i, Num(w)) for i, w in zip(here, wide, strict=True))
    copy = _nest(first.loops, sizes, [Put(Elem(bordered, copied), Elem(first.source, tuple(here)))])
    variables = [Name(loop.var.hint, loop.var.dtype) for loop in first.loops]
    index = [Ref(v) for v in variables]
    total: Expr | None = None
    for f in found:
        at = tuple(plus(i, Num(lo + w - o)) for i, lo, w, o in zip(index, low, wide, f.offsets, strict=True))
        e = map_expr(lambda x, at=at: Elem(bordered, at) if isinstance(x, Elem) else None, f.expr)  # type: ignore[misc]
        negative = op("neg", e) if f.sign == "-" else e
        total = negative if total is None else op(f.sign, total, e)
    assert total is not None
    place = Elem(first.target, tuple(plus(i, Num(lo)) for i, lo in zip(index, low, strict=True)))
    spans = [plus(n, Num(w)) for n, w in zip(sizes, wide, strict=True)]
    loops = [Loop(v, Num(0), n) for v, n in zip(variables, spans, strict=True)]
    gather = _nest(loops, spans, [Put(place, total, "+")])
    note = first.loops[0].note
    for s in (make, copy, gather):
        _noted(s, note)
    return [make, copy, gather]


def _nest(loops: Sequence[Loop], sizes: Sequence[Expr], inside: list[Statement]) -> Statement:
    for loop, n in reversed(list(zip(loops, sizes, strict=True))):
        inside = [Loop(loop.var, Num(0), n, inside)]
    return inside[0]


def _noted(s: Any, note: str) -> None:
    s.note = note
    for b in blocks_of(s):
        for t in b:
            _noted(t, note)
