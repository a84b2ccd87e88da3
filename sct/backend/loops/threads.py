"""Nests whose iterations may run on several threads: none of them reads or writes what another one writes.

Takes a loop program; marks loops. A nest that sums into a number is left alone, so that results do not depend on the threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sct.backend.loops.forms import (
    Loop,
    Name,
    Put,
    Set,
    Statement,
    blocks_of,
    elements,
    names_in,
    statement_exprs,
)
from sct.backend.loops.passes import Share, every, reads_of, same_iteration, sets_of

__all__ = ["on_threads"]


def on_threads(body: Sequence[Statement], share: Share) -> None:
    """Mark the outermost loops of nests whose iterations are apart."""
    _mark(body, (reads_of(body), sets_of(body)), share)


def _mark(body: Sequence[Statement], often: tuple[Counter[Name], Counter[Name]], share: Share) -> None:
    for s in body:
        if isinstance(s, Loop) and s.nest:
            s.threads = _are_apart(s, often, share)
        else:
            for b in blocks_of(s):
                _mark(b, often, share)


def _are_apart(s: Loop, often: tuple[Counter[Name], Counter[Name]], share: Share) -> bool:
    """Whether the iterations of a loop are apart."""
    statements = list(every(s.body))
    if not all(isinstance(t, (Put, Set, Loop)) for t in statements):
        return False
    reads, sets = often
    inside, own = sets_of(s.body), reads_of(s.body)
    for t in statements:
        if isinstance(t, Set) and (reads[t.name] > own[t.name] or sets[t.name] > inside[t.name] or _is_carried(s.body, t.name)):
            return False
    written = [t.place for t in statements if isinstance(t, Put)]
    read = [e for t in statements for x in statement_exprs(t) for e in elements(x)]
    for w in written:
        for e in (*written, *read):
            if e.array is w.array:
                if not same_iteration(w.index, e.index, s.var, s.var, set(inside)):
                    return False
            elif share(e.array, w.array):
                return False
    return bool(written)


def _is_carried(body: Sequence[Statement], name: Name) -> bool:
    """Whether a number is read in an iteration before it is set there."""
    for s in body:
        if any(n is name for e in statement_exprs(s) for n in names_in(e)):
            return True
        if isinstance(s, Set) and s.name is name:
            return False
        if any(isinstance(t, Set) and t.name is name for b in blocks_of(s) for t in every(b)):
            return any(_is_carried(b, name) for b in blocks_of(s))
    return False
