"""Nests that go over the same rows, as one loop over these in which some stay rows behind.

Takes a loop program; gives another one. What one nest writes and another one reads, at other offsets, is still at hand when
that comes to it, and an array that is added to at two offsets is gone through once. A nest of which iteration q accesses what
iteration p of an earlier one does, where one of them writes, runs iteration q when the loop has come to p at least.
"""

from __future__ import annotations

from collections.abc import Sequence

from sct.backend.loops.forms import (
    Affine,
    Branch,
    Expr,
    Loop,
    Name,
    Num,
    Op,
    Ref,
    Statement,
    affine,
    blocks_of,
    names_in,
    op,
    plus,
)
from sct.backend.loops.passes import Effects, Share, meetings, related, replace

__all__ = ["lagged"]

_LONGEST = 3
"""How many rows a nest may be behind at most."""


def lagged(body: list[Statement], share: Share) -> list[Statement]:
    """A program in which nests of the same rows are one loop."""
    out: list[Statement] = []
    made: list[Effects] = []
    for s in body:
        e = Effects(s)
        if not (isinstance(s, Loop) and _has_rows(s) and _put_into(s, e, out, made, share)):
            out.append(s)
            made.append(e)
    for s in out:
        for b in blocks_of(s):
            b[:] = lagged(b, share)
    return out


def _has_rows(s: Statement) -> bool:
    """Whether a statement is a nest whose iterations are nests."""
    return isinstance(s, Loop) and s.nest and s.start == Num(0) and s.step == Num(1) and any(_are_rows(t) for t in s.body)


def _are_rows(s: Statement) -> bool:
    return isinstance(s, Loop) or (isinstance(s, Branch) and any(map(_are_rows, s.then)))


def _put_into(s: Loop, e: Effects, out: list[Statement], made: list[Effects], share: Share) -> bool:
    """Make a nest part of an earlier one, if that may be."""
    for k in range(len(out) - 1, -1, -1):
        t = out[k]
        if isinstance(t, Loop) and _has_rows(t) and related(made[k], e):
            behind = _rows_behind(t, s, made[k], e, share)
            if behind is not None and _joined(t, s, behind):
                made[k] = Effects(t)
                return True
        if made[k].conflicts(e, share):
            return False
    return False


def _rows_behind(t: Loop, s: Loop, a: Effects, b: Effects, share: Share) -> int | None:
    """How many rows a nest has to be behind an earlier one; None if it has to wait for the end of that."""
    met = meetings(t, s, a, b, share)
    if met is None:
        return None
    least = 0
    for i, j in met:
        rows = _apart(i, j, t.var, s.var, a.sets | b.sets)
        if rows is None:
            return None
        least = max(least, rows)
    return least if least <= _LONGEST else None


def _apart(i: Sequence[Expr], j: Sequence[Expr], var: Name, other: Name, inside: set[Name]) -> int | None:
    """By how much the second loop is behind where both are at one element; None if that is not the same for all elements."""
    found = []
    for p, q in zip(i, j, strict=True):
        x, y = _offset(p, var, inside), _offset(q, other, inside)
        if x is not None and y is not None and x[0] == y[0]:
            found.append(y[1] - x[1])
    return min(found, default=None)


def _offset(e: Expr, var: Name, inside: set[Name]) -> tuple[frozenset[tuple[Expr, int]], int] | None:
    """What is added to the variable of a loop: what does not change in it, and a number."""
    a: Affine = affine(e)
    rest = frozenset(t for t in a.terms if t != (Ref(var), 1))
    if len(rest) != len(a.terms) - 1 or any(n is var or n in inside for p, _ in rest for n in names_in(p)):
        return None
    return rest, a.const


def _joined(t: Loop, s: Loop, behind: int) -> bool:
    """Put the iterations of a nest into those of an earlier one, that number of rows behind."""
    end = plus(s.stop, Num(behind))
    more = plus(end, t.stop, -1)
    if not isinstance(more, Num):
        return False
    rows = s.body
    replace(rows, lambda e: plus(Ref(t.var), Num(-behind)) if isinstance(e, Ref) and e.name is s.var else None)
    if more.value > 0:
        t.body = _where(op("<", Ref(t.var), t.stop), t.body)
        t.stop = end
    tests = []
    if behind:
        tests.append(op(">=", Ref(t.var), Num(behind)))
    if more.value < 0:
        tests.append(op("<", Ref(t.var), end))
    for test in reversed(tests):
        rows = _where(test, rows)
    last = t.body[-1] if t.body else None
    if tests and isinstance(last, Branch) and len(rows) == 1 and isinstance(rows[0], Branch) and last.test == rows[0].test:
        last.then += rows[0].then
    else:
        t.body += rows
    return True


def _where(test: Op, rows: list[Statement]) -> list[Statement]:
    """Statements under a condition; what is under it already stays as it is."""
    if len(rows) == 1 and isinstance(rows[0], Branch) and not rows[0].orelse:
        inner = rows[0]
        inner.test = op("and", test, inner.test)
        return rows
    branch = Branch(test, rows, [])
    branch.note = rows[0].note
    return [branch]
