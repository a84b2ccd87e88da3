"""A determinant by expansion, which is a good source of multiplications and nothing else.

The expansion by minors is written out: a product for each permutation of the columns. The suite allows for that in tools to
which arrays are more natural than recursion.
"""

import itertools

import numpy as np

from .tasks import Task, function, gradient, number, numbers

__all__ = ["FUNCTIONS", "permutations", "primal"]


def primal(A, columns, signs):
    """`columns` has a permutation in each row, `signs` its sign."""
    return signs @ np.prod(A[np.arange(len(A)), columns], axis=1)


def permutations(n):
    """All permutations of so many columns, and their signs."""
    columns = np.array(list(itertools.permutations(range(n))))
    inversions = sum(columns[:, i] > columns[:, j] for i, j in itertools.combinations(range(n), 2))
    return columns, np.where(inversions % 2 == 0, 1.0, -1.0)


def _prepared(given):
    n = given["ell"]
    return np.array(given["A"], float).reshape(n, n), *permutations(n)


def _flat(value):
    return numbers(np.ravel(value))


FUNCTIONS = {
    "primal": Task(_prepared, function(primal), number),
    "gradient": Task(_prepared, gradient(primal, "A"), _flat),
}
