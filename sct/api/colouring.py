"""Colourings of sparsity patterns: which columns of a Jacobian, or of a Hessian, can be had from one direction.

Takes a pattern by its rows; gives a colour for each column, counted from 0. Greedy, in the order of the columns and in that of
their degrees, of which the better one is kept: what is optimal is NP-hard to find. Method: Gebremedhin, Manne & Pothen, What
color is your Jacobian? Graph coloring for computing derivatives, SIAM Review 47 (2005), 629–705.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Rows", "apart", "starred"]

_Ints = np.ndarray[Any, np.dtype[np.intp]]


class Rows:
    """A pattern, as compressed sparse rows have it: row `i` has the columns `indices[starts[i] : starts[i + 1]]`, in order."""

    def __init__(self, starts: Any, indices: Any, width: int) -> None:
        self.starts: _Ints = np.asarray(starts, np.intp)
        self.indices: _Ints = np.asarray(indices, np.intp)
        self.width = width

    @staticmethod
    def of(rows: Sequence[Sequence[int] | frozenset[int]], width: int) -> Rows:
        """The pattern of rows that are collections of columns."""
        starts = np.concatenate(([0], np.cumsum([len(r) for r in rows], dtype=np.intp)))
        count = int(starts[-1])
        indices = np.fromiter((k for r in rows for k in r), np.intp, count)
        by_row = np.repeat(np.arange(len(rows)), np.diff(starts))
        return Rows(starts, indices[np.lexsort((indices, by_row))], width)

    @property
    def numbers(self) -> _Ints:
        """The row of each entry."""
        return np.repeat(np.arange(self.height), np.diff(self.starts))

    @property
    def height(self) -> int:
        return len(self.starts) - 1

    @property
    def turned(self) -> Rows:
        """The pattern of the transpose."""
        order = np.argsort(self.indices, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(self.indices, minlength=self.width))))
        return Rows(starts, self.numbers[order], self.height)

    @property
    def fullest(self) -> int:
        """The most entries that a row has: no fewer colours are enough for the columns."""
        return int(np.max(np.diff(self.starts), initial=0))

    def both_ways(self) -> Rows:
        """The pattern with its transpose."""
        keys = np.unique(np.concatenate((self.numbers * self.width + self.indices, self.indices * self.width + self.numbers)))
        starts = np.concatenate(([0], np.cumsum(np.bincount(keys // max(self.width, 1), minlength=self.height))))
        return Rows(starts, keys % max(self.width, 1), self.width)


def apart(rows: Rows) -> _Ints:
    """Colours of the columns such that no row has two entries of one colour: a distance-2 colouring of the bipartite graph."""
    columns = rows.turned
    if rows.fullest == rows.width:
        return np.arange(rows.width)
    return _fewest([_coloured_apart(rows, columns, order) for order in _orders(columns)])


def _orders(columns: Rows) -> list[_Ints]:
    """The orders in which columns are coloured: as they come, and the fullest first."""
    sizes = np.diff(columns.starts)
    own = [np.arange(len(sizes))]
    return own if len(np.unique(sizes)) < 2 else [*own, np.argsort(-sizes, kind="stable")]


def _fewest(found: Sequence[_Ints]) -> _Ints:
    return min(found, key=lambda colours: int(np.max(colours, initial=-1)))


def _coloured_apart(rows: Rows, columns: Rows, order: _Ints) -> _Ints:
    """Each column in turn in the first colour that no column has with which it shares a row."""
    colours = np.full(rows.width, -1, np.intp)
    used: list[set[int]] = [set() for _ in range(rows.height)]  # the colours that a row has entries of
    starts, indices = columns.starts.tolist(), columns.indices.tolist()
    for j in order.tolist():
        own = [used[i] for i in indices[starts[j] : starts[j + 1]]]
        taken: set[int] = set().union(*own)
        colour = 0
        while colour in taken:
            colour += 1
        colours[j] = colour
        for u in own:
            u.add(colour)
    return colours


def starred(rows: Rows) -> _Ints:
    """Colours of a symmetric pattern's columns from which each entry is found in one of two: a star colouring of its graph.

    Columns i ≠ j with an entry (i, j) have two colours, and no path of four columns has as few (algorithm 4.1 there).
    """
    return _fewest([_coloured_as_stars(rows, order) for order in _orders(rows)])


def _coloured_as_stars(rows: Rows, order: _Ints) -> _Ints:
    starts, indices = rows.starts.tolist(), rows.indices.tolist()
    near = [[j for j in indices[starts[i] : starts[i + 1]] if j != i] for i in range(rows.width)]
    colours = [-1] * rows.width
    of_colour: list[dict[int, int]] = [{} for _ in near]  # by colour, how many neighbours have it
    for v in order.tolist():
        taken: set[int] = set()
        for w in near[v]:
            if colours[w] < 0:
                taken.update(of_colour[w])  # v - w - x, and w comes later
                continue
            taken.add(colours[w])
            # v - w - x - y, where y has the colour of w already: v must not have that of x.
            taken.update(colours[x] for x in near[w] if colours[x] >= 0 and of_colour[x].get(colours[w], 0) > 1)
        colour = 0
        while colour in taken:
            colour += 1
        colours[v] = colour
        for w in near[v]:
            of_colour[w][colour] = of_colour[w].get(colour, 0) + 1
    return np.array(colours, np.intp)
