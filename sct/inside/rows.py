"""Two texts as a table of two columns, for a terminal.

Takes lines of a function and of its derivative, with the statements that they belong to; gives text of a width.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

__all__ = ["Line", "Row", "table"]

_MARKS = {"forward": ">", "reverse": "<", "tangent": "~", "": " "}
_LEAST = 20  # characters that a column has at least


@dataclass(frozen=True)
class Row:
    """A line of a function: which of the functions (`part`), its number in the file, its text, the number of the statement that
    it belongs to, and whether that begins here."""

    part: int
    number: int
    text: str
    statement: int
    begins: bool


@dataclass(frozen=True)
class Line:
    """A line of a derivative.

    Attributes
    ----------
    number : int
    text : str
    sweep : str
        "forward", "reverse", "tangent", or "" of what belongs to no statement.
    statements : tuple of int
        The statements that it comes from: the one that it stands for, then those of what is written in it.
    calls : tuple of int
        The statements that call the functions that these are in.
    """

    number: int
    text: str
    sweep: str
    statements: tuple[int, ...]
    calls: tuple[int, ...]

    @property
    def is_comment(self) -> bool:
        return self.text.lstrip().startswith("# ")


def table(rows: Sequence[Row], lines: Sequence[Line], width: int) -> str:
    """The lines of the functions, and beside each the derivative's statements that belong to it, in their order."""
    numbers = [len(str(max((x.number for x in xs), default=0))) for xs in (rows, lines)]
    longest = max((len(r.text) for r in rows), default=0)
    left = max(_LEAST, min(longest, (width - sum(numbers) - 7) // 2))
    right = max(_LEAST, width - left - sum(numbers) - 7)
    beside: dict[int, list[Line]] = {}
    for line in lines:
        if line.text.strip() and not line.is_comment and not line.text.startswith(("import ", "from ")):
            beside.setdefault(line.statements[0] if line.statements else -1, []).append(line)
    out: list[str] = []
    for k, row in enumerate(rows):
        if k and row.part != rows[k - 1].part:
            out.append("")
        own = _wrapped([(f"{row.number:>{numbers[0]}} ", row.text)], left)
        others = _beside(beside.get(row.statement, ()) if row.begins else (), numbers[1], right)
        out += _joined(own, others, numbers[0] + 1 + left)
    if -1 in beside:
        out.append("")
        out += _joined((), _beside(beside[-1], numbers[1], right), numbers[0] + 1 + left)
    return "\n".join(out)


def _beside(lines: Iterable[Line], digits: int, width: int) -> Iterator[str]:
    return _wrapped([(f"{line.number:>{digits}} {_MARKS[line.sweep]} ", line.text) for line in lines], width)


def _wrapped(lines: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """Lines behind their heads, those that are too long on several, which are indented further."""
    for head, text in lines:
        margin = text[: len(text) - len(text.lstrip())]
        further = f"{margin}        " if len(margin) + 8 < width // 2 else "  "
        pieces = textwrap.wrap(text, width, subsequent_indent=further, drop_whitespace=True, break_on_hyphens=False)
        for k, piece in enumerate(pieces or [""]):
            yield (head if k == 0 else " " * len(head)) + piece


def _joined(left: Iterable[str], right: Iterable[str], width: int) -> Iterator[str]:
    for a, b in zip_longest(left, right, fillvalue=""):
        yield f"{a:<{width}} | {b}".rstrip()
