"""`sct check`: the derivatives of a function beside finite differences, as a table.

Takes a function and arguments; gives a row for each argument that it is differentiated by, or part of one. The function is run,
on copies of the arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sct.cli.target import CommandError, Target, running
from sct.signatures import read_signature
from sct.testing.differences import Comparison
from sct.testing.gradients import compared_grads
from sct.testing.mismatch import GradientMismatch

__all__ = ["COLUMNS", "Row", "checked"]

COLUMNS = ("order", "by", "directions", "difference", "allowed", "")


@dataclass(frozen=True)
class Row:
    """What was compared of one argument, or part of one, for the derivative of an order: the comparison that came out worst."""

    order: int
    by: str
    directions: int
    worst: Comparison | None

    @property
    def agrees(self) -> bool:
        return self.worst is None or self.worst.agrees

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        if self.worst is None:
            return str(self.order), self.by, "0", "", "", "nothing to compare"
        difference = f"{abs(self.worst.got - self.worst.expected):.1e}"
        verdict = "agrees" if self.agrees else "disagrees"
        return str(self.order), self.by, str(self.directions), difference, f"{self.worst.allowed:.1e}", verdict

    def record(self) -> dict[str, Any]:
        """The row as JSON has it."""
        w = self.worst
        found = {} if w is None else {"got": w.got, "expected": w.expected, "allowed": w.allowed}
        return {"order": self.order, "by": self.by, "directions": self.directions, **found, "agrees": self.agrees}


def checked(of: Target, args: tuple[Any, ...], wrt: Any, order: int) -> tuple[list[Row], list[str]]:
    """What was compared, and what there is to say where something is wrong.

    Raises
    ------
    SctError
        If the function is not supported, or does not take these arguments.
    """
    names = _names(of.function, args)
    asked = list(_asked(wrt, names))
    found: dict[tuple[int, Any], list[Comparison]] = {}
    problems: list[str] = []
    try:
        with running(of):
            for number, one in compared_grads(of.function, args, wrt, order):
                found.setdefault((number, one.path), []).append(one)
    except GradientMismatch as e:
        problems.append(str(e))
    rows = [
        Row(number, _by(path, names), len({id(c.direction) for c in several}), max(several, key=_badness))
        for (number, path), several in found.items()
    ]
    problems += [str(row.worst.mismatch()) for row in rows if row.worst is not None and not row.agrees]
    if not rows and not problems:
        rows = [Row(1, name, 0, None) for name in asked]
    return rows, problems


def _badness(c: Comparison) -> float:
    """How much a difference is of what is allowed; that of a NaN is the greatest."""
    share = abs(c.got - c.expected) / c.allowed
    return math.inf if math.isnan(share) else share


def _names(function: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """What the arguments are called."""
    try:
        bound = read_signature(function).bind(*args)
    except TypeError as e:
        raise CommandError(f"{getattr(function, '__name__', 'f')} does not take these arguments: {e}") from None
    names = [n for n in bound.arguments if n not in bound.kwargs]
    return [*names, *(f"argument {k}" for k in range(len(names), len(args)))]


def _by(path: tuple[Any, ...], names: Sequence[str]) -> str:
    """A leaf of the arguments, as Python writes it."""
    head = names[path[0]] if path[0] < len(names) else "the result's adjoint"
    return head + "".join(f"[{k!r}]" for k in path[1:])


def _asked(wrt: Any, names: Sequence[str]) -> Iterator[str]:
    """The names of what is differentiated by."""
    for w in wrt if isinstance(wrt, tuple) else (wrt,):
        if not (w in names if isinstance(w, str) else w < len(names)):
            raise CommandError(f"there is no argument {w}", None, f"The arguments are {', '.join(names)}.")
        yield w if isinstance(w, str) else names[w]
