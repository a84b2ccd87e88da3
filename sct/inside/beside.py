"""A function and its derivative side by side, with the lines of the one that belong to lines of the other.

Takes a derivative's text, whose lines say what they come from; gives a `SideBySide`, which shows itself in a terminal, in a
notebook and as a page. Never reads comments: what belongs together is known from the intermediate form.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sct.backend.python.emit import Text
from sct.errors import Place
from sct.inside.page import fragment, page
from sct.inside.places import Part, parts
from sct.inside.rows import Line, Row, table
from sct.ir.ssa import Origin

__all__ = ["SideBySide", "side_by_side"]


@dataclass(frozen=True)
class SideBySide:
    """A function and its derivative.

    It prints as a table of the terminal's width: beside each line of the function stand the derivative's statements that belong
    to it, with the numbers that they have in `source`, and behind these ``>`` for the forward sweep, ``<`` for the reverse
    sweep, ``~`` for tangents. A notebook shows the two texts, of which the lines that belong together are marked where one of
    them is pointed at.

    Attributes
    ----------
    source : str
        The text of the derivative.
    rows : tuple of Row
        The lines of the function, and of the functions that it calls.
    lines : tuple of Line
        Those of `source`.
    """

    source: str
    parts: tuple[Part, ...]
    rows: tuple[Row, ...]
    lines: tuple[Line, ...]

    def text(self, width: int | None = None) -> str:
        """The table, so many characters wide; as wide as the terminal if nothing is said."""
        return table(self.rows, self.lines, shutil.get_terminal_size().columns if width is None else width)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return fragment(self.parts, self.rows, self.lines)

    def record(self) -> dict[str, Any]:
        """What is shown, as JSON has it; statements are numbers, by which lines of either text belong together."""
        primal = [{"file": self.parts[r.part].file, "line": r.number, "text": r.text, "of": r.statement} for r in self.rows]
        lines = [{"line": x.number, "text": x.text, "sweep": x.sweep, "of": x.statements, "by": x.calls} for x in self.lines]
        return {"primal": primal, "derivative": lines}

    def page(self) -> str:
        """A page of HTML that stands alone: it needs no other file, no network and no scripts."""
        return page(self.parts, self.rows, self.lines)


def side_by_side(root: Any, text: Text) -> SideBySide:
    """The function `root`, and a derivative of it."""
    origins = {o for found in text.origins for o in found}
    shown = parts(root, (p for o in origins for p in _way(o.place)))
    rows: list[Row] = []
    known: dict[tuple[str, int], int] = {}
    for k, part in enumerate(shown):
        for n, (line, begin) in enumerate(zip(part.lines, part.begins, strict=True), start=part.first):
            statement = known.setdefault((part.file, begin), len(known))
            rows.append(Row(k, n, line, statement, n == begin))

    def statement_at(place: Place) -> int:
        part = next(p for p in shown if p.holds(place))
        return known[part.file, part.statement_at(place)]

    head = (rows[0].statement,) if rows else ()
    lines = [Line(k, line, "", (), ()) for k, line in enumerate(text.source.splitlines()[: text.first - 1], start=1)]
    for k, (line, found) in enumerate(zip(text.body.splitlines(), text.origins, strict=True), start=text.first):
        own = tuple(dict.fromkeys(statement_at(o.place) for o in found))
        own = head if line.startswith(f"def {text.name}(") else own
        callers = {statement_at(p) for o in found for p in _way(o.place)[1:]}
        lines.append(Line(k, line, _sweep(found), own, tuple(sorted(callers.difference(own)))))
    return SideBySide(text.source, shown, tuple(rows), tuple(lines))


def _way(place: Place) -> list[Place]:
    """A place, and those of the calls that led there."""
    found = [place]
    while found[-1].caller is not None:
        found.append(found[-1].caller)
    return found


def _sweep(origins: Sequence[Origin]) -> str:
    if not origins:
        return ""
    return "reverse" if origins[0].reverse else "tangent" if origins[0].tangent else "forward"
