"""The user's statements that the lines of a derivative come from, in the functions that they stand in.

Takes the places of statements; gives these functions as they are written, and which lines of them are one statement. Never runs
anything, and never looks at what a line means.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from sct.errors import Place, SourceUnavailableError
from sct.frontend.read import read

__all__ = ["Part", "parts"]


@dataclass(frozen=True)
class Part:
    """A function as it is written.

    Attributes
    ----------
    name, file : str
    first : int
        The number of its first line in the file.
    lines : tuple of str
    begins : tuple of int
        For each line that of the statement that it belongs to, by the number of the first line of that.
    """

    name: str
    file: str
    first: int
    lines: tuple[str, ...]
    begins: tuple[int, ...]

    def holds(self, place: Place) -> bool:
        return place.file == self.file and self.first <= place.line < self.first + len(self.lines)

    def statement_at(self, place: Place) -> int:
        """The first line of the statement at a place."""
        return self.begins[place.line - self.first]


def parts(root: Any, places: Iterable[Place]) -> tuple[Part, ...]:
    """The function that is differentiated, and behind it those that it calls and that places are in, by file and line."""
    found = [*_written(root)]
    for place in sorted(set(places), key=lambda p: (p.file, p.line)):
        if not any(part.holds(place) for part in found):
            found.append(_around(place))
    return tuple(found)


def _written(root: Any) -> Iterator[Part]:
    """What a function is written as; nothing of one that Python has no source of."""
    if not isinstance(root, FunctionType):
        return
    try:
        source = read(root)
    except SourceUnavailableError:
        return
    node = source.node
    rows = source.lines[node.lineno - 1 : node.end_lineno]
    yield _part(root.__name__, source.file, source.first + node.lineno - 1, rows)


def _around(place: Place) -> Part:
    """The function around a place, as the file has it now; the line alone if that is not found."""
    lines = [line.rstrip("\n") for line in linecache.getlines(place.file)]
    head = re.compile(rf"\s*(async\s+)?def\s+{re.escape(place.function)}\b")
    for k in range(min(place.line, len(lines)) - 1, -1, -1):
        if head.match(lines[k]):
            rows = inspect.getblock([f"{line}\n" for line in lines[k:]])
            if k + len(rows) >= place.line:
                return _part(place.function, place.file, k + 1, [row.rstrip("\n") for row in rows])
            break
    return _part(place.function, place.file, place.line, lines[place.line - 1 : place.line] or [""])


def _part(name: str, file: str, first: int, rows: Sequence[str]) -> Part:
    lines = textwrap.dedent("\n".join(rows)).split("\n")
    begins = list(range(first, first + len(lines)))
    for start, end in _spans("\n".join(lines)):
        begins[start - 1 : end] = [first + start - 1] * (end - start + 1)
    return Part(name, file, first, tuple(lines), tuple(begins))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """The first and the last lines of statements, without what is in their blocks; of a part of one nothing is known."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            inner = getattr(node, "body", None)
            last = inner[0].lineno - 1 if inner else node.end_lineno or node.lineno
            yield node.lineno, max(last, node.lineno)
