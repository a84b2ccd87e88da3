"""Recursive smoothing of an image, forward and backward along rows, then columns (Deriche, IEEE Trans. PAMI 12, 1990)."""

import math

import numpy as np


def smooth_rows(x, y, alpha):
    """Fill `y` with the rows of `x` smoothed by Deriche's second-order filter of width 1/alpha."""
    e = math.exp(-alpha)
    k = (1.0 - e) ** 2 / (1.0 + 2.0 * alpha * e - e * e)
    b1 = 2.0 * e
    b2 = -e * e
    rows, columns = x.shape
    for i in range(rows):
        x1 = 0.0
        y1 = 0.0
        y2 = 0.0
        for j in range(columns):
            y[i, j] = k * (x[i, j] + e * (alpha - 1.0) * x1) + b1 * y1 + b2 * y2
            x1 = x[i, j]
            y2 = y1
            y1 = y[i, j]
        x1 = 0.0
        x2 = 0.0
        y1 = 0.0
        y2 = 0.0
        for j in range(columns - 1, -1, -1):
            back = k * (e * (alpha + 1.0) * x1 + b2 * x2) + b1 * y1 + b2 * y2
            x2 = x1
            x1 = x[i, j]
            y2 = y1
            y1 = back
            y[i, j] += back


def iir_filter(image, alpha):
    """Smooth `image` in place and return it."""
    smoothed = np.empty_like(image)
    smooth_rows(image, smoothed, alpha)
    smooth_rows(smoothed.T, image.T, alpha)
    return image


def example(rng):
    """A 6 by 8 image."""
    return rng.random((6, 8)), 0.7
