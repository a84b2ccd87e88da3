"""Matrices in the last two axes: their transposes and conjugates, and numbers shaped to multiply what is of matrices.

Takes and gives arrays; functions in the language of rules, by which the rules of linear algebra are written. Registers nothing.
"""

import numpy as np


def conjugate(x):
    """The complex conjugate; `x` itself if it is real."""
    return np.conj(x) if np.iscomplexobj(x) else x


def transposed(a):
    """The transposes of the matrices in the last two axes."""
    return a.T if np.ndim(a) == 2 else np.swapaxes(a, -1, -2)


def adjoined(a):
    """The conjugate transposes of the matrices in the last two axes."""
    return np.conj(transposed(a)) if np.iscomplexobj(a) else transposed(a)


def per_row(v):
    """One number per row of a matrix, shaped to multiply its rows."""
    return np.expand_dims(v, -1)


def per_column(v):
    """One number per column of a matrix, shaped to multiply its columns."""
    return v if np.ndim(v) == 1 else np.expand_dims(v, -2)


def per_matrix(v):
    """One number per matrix, shaped to multiply it."""
    return v if np.ndim(v) == 0 else np.expand_dims(v, (-2, -1))
