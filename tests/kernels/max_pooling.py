"""Max pooling with overlapping windows, as a running maximum over the window's taps."""

import numpy as np


def max_pooling(x, size, stride):
    """Largest value of every size x size window of x (n, c, h, w)."""
    n, c, h, w = x.shape
    oh = (h - size) // stride + 1
    ow = (w - size) // stride + 1
    out = np.full((n, c, oh, ow), -np.inf)
    for di in range(size):
        for dj in range(size):
            taps = x[:, :, di : di + stride * oh : stride, dj : dj + stride * ow : stride]
            np.maximum(out, taps, out=out)
    return out


def example(rng):
    """Distinct multiples of 0.05, shuffled, so that no two values of a window are close."""
    x = 0.05 * rng.permutation(2 * 3 * 7 * 9) - 8.0
    return x.reshape(2, 3, 7, 9), 3, 2
