"""How long the source of first and second derivatives of kernels is, in statements: figures that may only fall.

Takes a kernel; gives the number of statements of its gradient (`vjp`), of its tangent (`jvp`), and of each mix of the two.
`python -m tests.orders --lengths` writes them into `lengths.txt`. What makes of the gradient's source three times as much or
less: forward over reverse mode (2.9 at most), reverse over forward mode (2.7) and forward over forward mode (2.0). Reverse over
reverse mode goes four times through a function, where the gradient does twice: 1.6 to 3.7 times its source.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sct

from . import Case

__all__ = ["COLUMNS", "TABLE", "length", "read", "write"]

TABLE = Path(__file__).with_name("lengths.txt")
COLUMNS: dict[str, Callable[[Case], str]] = {
    "reverse": lambda c: sct.vjp(c.f, c.wrt).source_for(*c.args, c.y_bar),
    "forward": lambda c: sct.jvp(c.f, c.wrt).source_for(*c.args, *c.v),
    "forward over reverse": lambda c: sct.jvp(sct.vjp(c.f, c.wrt), c.wrt).source_for(*c.args, c.y_bar, *c.v),
    "reverse over reverse": lambda c: sct.vjp(sct.vjp(c.f, c.wrt), c.wrt).source_for(*c.args, c.y_bar, (c.zeros, c.w)),
    "reverse over forward": lambda c: sct.vjp(sct.jvp(c.f, c.wrt), c.wrt).source_for(*c.args, *c.v, (c.zeros, c.y_bar)),
    "forward over forward": lambda c: sct.jvp(sct.jvp(c.f, c.wrt), c.wrt).source_for(*c.args, *c.v, *c.w),
}


def length(case: Case, column: str) -> int:
    """The number of statements of a derivative's source."""
    return sum(isinstance(n, ast.stmt) for n in ast.walk(ast.parse(COLUMNS[column](case))))


def read() -> dict[str, dict[str, int]]:
    """The table, by kernel."""
    rows = [line.split() for line in TABLE.read_text().splitlines()[1:]]
    return {name: dict(zip(COLUMNS, map(int, figures), strict=True)) for name, *figures in rows}


def write(kernels: Any) -> None:
    """Measure all kernels, and write the table."""
    heads = ["".join(w[0] for w in column.split(" over ")) for column in COLUMNS]
    lines = [f"{'kernel':<24}" + "".join(f"{h:>6}" for h in heads)]
    for name, f, args, wrt in kernels:
        case = Case.of(f, args, wrt, 0)
        lines.append(f"{name:<24}" + "".join(f"{length(case, column):>6}" for column in COLUMNS))
    TABLE.write_text("\n".join(lines) + "\n")
