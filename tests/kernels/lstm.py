"""Long short-term memory over a sequence, its states kept in lists; Hochreiter & Schmidhuber 1997, Gers et al. 2000."""

import numpy as np


def sigmoid(x):
    """Logistic function."""
    return 1.0 / (1.0 + np.exp(-x))


def lstm(params, xs, h0, c0):
    """Hidden states (steps, batch, hidden) for the inputs xs (steps, batch, features), and the last cell state."""
    n = h0.shape[1]
    hs = [h0]
    cs = [c0]
    for t in range(xs.shape[0]):
        gates = xs[t] @ params["Wx"] + hs[-1] @ params["Wh"] + params["b"]
        i = sigmoid(gates[:, :n])
        f = sigmoid(gates[:, n : 2 * n])
        o = sigmoid(gates[:, 2 * n : 3 * n])
        g = np.tanh(gates[:, 3 * n :])
        c = f * cs[-1] + i * g
        cs.append(c)
        hs.append(o * np.tanh(c))
    return np.stack(hs[1:]), cs[-1]


def example(rng):
    """Five steps, a batch of two, three features, four hidden units."""
    params = {
        "Wx": 0.5 * rng.standard_normal((3, 16)),
        "Wh": 0.5 * rng.standard_normal((4, 16)),
        "b": 0.2 * rng.standard_normal(16),
    }
    return params, rng.standard_normal((5, 2, 3)), rng.standard_normal((2, 4)), rng.standard_normal((2, 4))
