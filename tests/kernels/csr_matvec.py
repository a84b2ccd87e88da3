"""Product of a sparse matrix in compressed-row form (CSR) with a vector."""

import numpy as np


def csr_matvec(data, indices, indptr, x):
    """y = A x, where row i has data[indptr[i]:indptr[i+1]] in the columns indices[indptr[i]:indptr[i+1]]."""
    rows = indptr.size - 1
    y = np.empty(rows)
    for i in range(rows):
        start = indptr[i]
        stop = indptr[i + 1]
        cols = indices[start:stop]
        vals = data[start:stop]
        y[i] = vals @ x[cols]
    return y


def example(rng):
    """A 5 x 7 matrix with an empty row and an entry given in two parts (row 3, column 2)."""
    indices = np.array([0, 3, 6, 1, 2, 5, 2, 4, 0, 6, 3])
    indptr = np.array([0, 3, 4, 4, 8, 11])
    return rng.standard_normal(11), indices, indptr, rng.standard_normal(7)
