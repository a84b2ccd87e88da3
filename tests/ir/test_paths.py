"""Paths: the shortest one to a part, against what NumPy picks by all of the indices."""

import numpy as np
import pytest

from sct.ir.paths import permuted, shortest
from sct.ir.ssa import Value
from sct.ir.types import Array, Const, Tuple

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


TURNED = [
    ((2,), (1, 0, 2, 3)),
    ((2, 1), (1, 0, 2, 3)),
    ((ALL, 1), (3, 2, 1, 0)),
    ((..., 1), (3, 2, 1, 0)),
    ((..., 1, ALL), (1, 2, 3, 0)),
    ((slice(1, 3), 1, slice(None, None, -1)), (1, 0, 3, 2)),
    ((ALL, -1, slice(1, None), 0), (2, 3, 0, 1)),
    ((ALL,), (1, 0, 2, 3)),
]


@pytest.mark.parametrize(("index", "order"), TURNED, ids=str)
def test_a_part_of_a_view_is_a_part_of_the_array(index, order):
    made, axes = permuted(Const(index), order)
    there = tuple(e.value if isinstance(e, Const) else ALL for e in (made.items if isinstance(made, Tuple) else (made,)))
    assert np.array_equal(A[there], np.transpose(A.transpose(order)[index], axes))


def test_what_arrays_and_numbers_pick_together_may_stand_in_front():
    of_numbers = Value(Array(np.dtype(int), (2,)))
    assert permuted(Tuple((of_numbers, Const(1))), (2, 1, 0)) is None
    assert permuted(Const((None, 1)), (1, 0)) is None
