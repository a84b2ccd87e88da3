"""Gated recurrent unit over a sequence, its states written into one array; Cho et al. 2014."""

import numpy as np


def sigmoid(x):
    """Logistic function."""
    return 1.0 / (1.0 + np.exp(-x))


def gru(x, h0, Wz, Uz, bz, Wr, Ur, br, Wh, Uh, bh):
    """Hidden states (steps + 1, batch, hidden) for the inputs x (steps, batch, features)."""
    steps = x.shape[0]
    h = np.empty((steps + 1, h0.shape[0], h0.shape[1]))
    h[0] = h0
    for t in range(steps):
        z = sigmoid(x[t] @ Wz + h[t] @ Uz + bz)
        r = sigmoid(x[t] @ Wr + h[t] @ Ur + br)
        r *= h[t]
        candidate = np.tanh(x[t] @ Wh + r @ Uh + bh)
        h[t + 1] = (1.0 - z) * h[t]
        h[t + 1] += z * candidate
    return h


def example(rng):
    """Five steps, a batch of two, three features, four hidden units."""
    x, h0 = rng.standard_normal((5, 2, 3)), rng.standard_normal((2, 4))
    Wz, Wr, Wh = 0.6 * rng.standard_normal((3, 3, 4))
    Uz, Ur, Uh = 0.6 * rng.standard_normal((3, 4, 4))
    bz, br, bh = 0.3 * rng.standard_normal((3, 4))
    return x, h0, Wz, Uz, bz, Wr, Ur, br, Wh, Uh, bh
