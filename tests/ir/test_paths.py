"""Paths: the shortest one to a part, against what NumPy picks by all of the indices."""

import numpy as np
import pytest

from sct.ir.paths import shortest
from sct.ir.types import Const

A = np.arange(120).reshape(2, 3, 4, 5)
ALL = slice(None)
PATHS = [
    ((1,), (2,)),
    ((1, ...), (1, 2)),
    ((ALL, 2), (1, 2)),
    ((ALL, 2, ALL), (1, 2, 3)),
    ((ALL, 2), (None, 1)),
    ((1,), (None, ALL, 1)),
    ((1,), (..., 2)),
    ((1,), (slice(1, None),), (0,)),
    ((1,), (2,), (...,), (3,)),
    ((ALL,), (ALL, 1), (..., 2)),
    ((None, 1), (0, 1)),
    ((1,), ([0, 2],)),
]


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_the_shortest_path_leads_to_the_same_part(path):
    def part(indices):
        found = A
        for index in indices:
            found = found[index]
        return found

    made = shortest([Const(index) for index in path])
    indices = [
        i.value if isinstance(i, Const) else tuple(e.value if isinstance(e, Const) else ALL for e in i.items) for i in made
    ]
    assert np.array_equal(part(indices), part(path))
    assert len(made) <= len(path)


def test_one_index_tells_what_two_tell():
    i, j = Const(1), Const(2)
    assert shortest([i, j]) == shortest([i, j, Const(...)]) == shortest([Const((slice(None), 2)), i])
    assert shortest([Const(slice(None)), i]) == (i,)
