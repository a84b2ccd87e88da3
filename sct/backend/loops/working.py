"""Arrays that a kernel works in and does not give: they may lie in memory that is kept for its next call.

Takes a loop program; marks the statements that make such arrays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sct.backend.loops.forms import Do, Make, Name, Num, Outside, Point, Statement, names_in
from sct.backend.loops.passes import every

__all__ = ["worked_in"]

_LEAST = 1 << 16
"""How many bytes an array may have at least that is worth it, as far as that is known."""


def worked_in(body: Sequence[Statement]) -> None:
    """Mark what makes arrays that are in nothing which is returned."""
    statements = list(every(body))
    given = _given(statements)
    for s in statements:
        if isinstance(s, Make) and s.name not in given:
            s.scratch = not _is_small(s)


def _given(statements: Sequence[Statement]) -> set[Name]:
    """What is returned, and all that may lie in the same memory."""
    together: list[set[Name]] = []
    given: set[Name] = set()
    for s in statements:
        if isinstance(s, Do) and s.how == "return":
            given.update(names_in(s.expr))
        elif isinstance(s, Point):
            together.append({s.name, *names_in(s.expr), *([s.of] if s.of is not None else [])})
        elif isinstance(s, (Do, Outside)):
            together.append({*s.reads, *s.sets, *(s.writes if isinstance(s, Do) else ()), *names_in(s.expr)})
    while found := {n for some in together if some & given for n in some} - given:
        given |= found
    return given


def _is_small(s: Make) -> bool:
    sizes = [n.value for n in s.shape if isinstance(n, Num)]
    return len(sizes) == len(s.shape) and math.prod(sizes) * s.name.dtype.itemsize < _LEAST
