"""Direct 2-D convolution of a batch with stride and zero padding, by scalar loops."""

import numpy as np


def pad(x, p):
    """A copy of x with p rows and columns of zeros on each side."""
    n, c, h, w = x.shape
    padded = np.zeros((n, c, h + 2 * p, w + 2 * p))
    padded[:, :, p : p + h, p : p + w] = x
    return padded


def convolution(x, weight, bias, stride, padding):
    """Cross-correlate x (n, c, h, w) with weight (f, c, kh, kw), add bias (f)."""
    xp = pad(x, padding)
    n, c, h, w = xp.shape
    f, _, kh, kw = weight.shape
    oh = (h - kh) // stride + 1
    ow = (w - kw) // stride + 1
    out = np.empty((n, f, oh, ow))
    for b in range(n):
        for k in range(f):
            for i in range(oh):
                for j in range(ow):
                    s = bias[k]
                    for ch in range(c):
                        for di in range(kh):
                            for dj in range(kw):
                                s += xp[b, ch, i * stride + di, j * stride + dj] * weight[k, ch, di, dj]
                    out[b, k, i, j] = s
    return out


def example(rng):
    """Two images of 2 channels, 7 x 5 pixels; three filters of 3 x 2."""
    return rng.standard_normal((2, 2, 7, 5)), rng.standard_normal((3, 2, 3, 2)), rng.standard_normal(3), 2, 1
