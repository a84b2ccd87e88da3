"""Dynamic time warping in a band, and the second series warped onto the first; Sakoe & Chiba 1978."""

import numpy as np


def accumulate(x, y, band, D):
    """Fill D with the costs of the best alignments of all beginnings of x and y, infinite outside of the band."""
    n = x.shape[0]
    m = y.shape[0]
    D[:] = np.inf
    D[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(max(1, i - band), min(m, i + band) + 1):
            cost = np.sum((x[i - 1] - y[j - 1]) ** 2)
            D[i, j] = cost + min(D[i - 1, j], D[i, j - 1], D[i - 1, j - 1])


def warp(y, D, warped):
    """Follow the best path back and write into each row of warped the mean of the rows of y that are aligned with it."""
    i = D.shape[0] - 1
    j = D.shape[1] - 1
    counts = np.zeros(i)
    warped[:] = 0.0
    while i > 0 and j > 0:
        warped[i - 1] += y[j - 1]
        counts[i - 1] += 1.0
        if D[i - 1, j - 1] <= D[i - 1, j] and D[i - 1, j - 1] <= D[i, j - 1]:
            i -= 1
            j -= 1
        elif D[i - 1, j] <= D[i, j - 1]:
            i -= 1
        else:
            j -= 1
    warped /= counts[:, None]


def dynamic_time_warping(x, y, band):
    """Distance between the series x (n, d) and y (m, d), and y warped onto x (n, d)."""
    D = np.empty((x.shape[0] + 1, y.shape[0] + 1))
    accumulate(x, y, band, D)
    warped = np.empty_like(x)
    warp(y, D, warped)
    return np.sqrt(D[-1, -1]), warped


def example(rng):
    """Series of 7 and 5 points in the plane."""
    return rng.standard_normal((7, 2)), rng.standard_normal((5, 2)), 4
