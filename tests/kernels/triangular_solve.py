"""Solution of L Lᵀ X = B from a given factor L, in place on B: forward by rows, backward by columns (LAPACK's potrs)."""

import numpy as np


def solve_lower(L, B):
    """Overwrite `B` by the solution of L X = B."""
    for i in range(L.shape[0]):
        B[i] -= L[i, :i] @ B[:i]
        B[i] /= L[i, i]


def solve_lower_transposed(L, B):
    """Overwrite `B` by the solution of Lᵀ X = B."""
    for i in reversed(range(L.shape[0])):
        B[i] /= L[i, i]
        for j in range(i):
            B[j] -= L[i, j] * B[i]


def triangular_solve(L, B):
    """Overwrite `B` by the solution of L Lᵀ X = B and return it; the strict upper triangle of `L` is not read."""
    solve_lower(L, B)
    solve_lower_transposed(L, B)
    return B


def example(rng):
    """A factor of order 5, three right-hand sides."""
    L = 0.4 * rng.standard_normal((5, 5)) + 2.0 * np.eye(5)
    return L, rng.standard_normal((5, 3))
