"""Results with several parts: each part has a variable of its own from where they are taken."""

import numpy as np

import sct


def minor(m, j):
    return [row[:j] + row[j + 1 :] for row in m[1:]]


def determinant(m):
    if len(m) == 2:
        return m[0][0] * m[1][1] - m[0][1] * m[1][0]
    total = 0.0
    for j in range(len(m)):
        total += (-1) ** j * m[0][j] * determinant(minor(m, j))
    return total


def test_parts_that_are_pushed_one_after_another_share_no_variable():
    """The loop records the value of the call and its adjoint's place, and needs neither any more."""
    m = [[2.0, 0.3, -1.0], [0.1, 1.5, 0.4], [0.7, -0.6, 1.1]]
    cofactors = np.linalg.det(m) * np.linalg.inv(m).T
    assert np.allclose(sct.grad(determinant)(m), cofactors)
