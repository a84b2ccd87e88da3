"""Colourings, by what they are for: entries that are not to meet do not."""

import numpy as np
import pytest
import scipy.sparse

from sct.api.colouring import Rows, apart, starred


def rows_of(matrix):
    made = scipy.sparse.csr_array(matrix)
    made.sort_indices()
    return Rows(made.indptr, made.indices, made.shape[1])


def stencil(n):
    line = scipy.sparse.diags_array([np.ones(n - 1), np.ones(n), np.ones(n - 1)], offsets=[-1, 0, 1])
    one = scipy.sparse.eye_array(n)
    return scipy.sparse.kron(line, one) + scipy.sparse.kron(one, line)


@pytest.mark.parametrize("seed", range(20))
def test_no_row_has_two_of_one_colour(seed):
    rows = rows_of(scipy.sparse.random_array((25, 18), density=0.15, rng=seed))
    colours = apart(rows)
    for start, end in zip(rows.starts[:-1], rows.starts[1:], strict=True):
        own = colours[rows.indices[start:end]]
        assert len(np.unique(own)) == len(own)
    assert rows.fullest <= colours.max() + 1 <= rows.width


@pytest.mark.parametrize("seed", range(20))
def test_no_path_of_four_has_two_colours(seed):
    made = scipy.sparse.random_array((20, 20), density=0.08, rng=seed)
    rows = rows_of(made + made.T)
    colours = starred(rows)
    near = [set(rows.indices[rows.starts[i] : rows.starts[i + 1]]) - {i} for i in range(20)]
    for v in range(20):
        for w in near[v]:
            assert colours[v] != colours[w]
            for x in near[w] - {v}:
                assert all(len({colours[k] for k in (v, w, x, y)}) > 2 for y in near[x] - {v, w})


def test_how_many_colours():
    assert apart(rows_of(stencil(30))).max() + 1 <= 7
    assert starred(rows_of(stencil(30))).max() + 1 <= 6
    assert apart(rows_of(np.ones((3, 4)))).tolist() == [0, 1, 2, 3]
    assert apart(rows_of(np.zeros((3, 4)))).tolist() == [0, 0, 0, 0]
    star = np.eye(9)
    star[0] = star[:, 0] = 1
    assert starred(rows_of(star)).max() == 1


def test_patterns():
    made = np.array([[0, 1, 1], [0, 0, 0], [1, 0, 1]])
    rows = rows_of(made)
    assert Rows.of([{2, 1}, set(), {0, 2}], 3).indices.tolist() == rows.indices.tolist()
    turned = rows.turned
    assert turned.starts.tolist() == [0, 1, 2, 4] and turned.indices.tolist() == [2, 0, 0, 2]
    both = rows.both_ways()
    np.testing.assert_array_equal(
        scipy.sparse.csr_array((np.ones(len(both.indices)), both.indices, both.starts)).toarray() != 0, (made + made.T) != 0
    )
