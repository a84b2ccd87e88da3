"""Scaled dot-product attention with an in-place, row-wise softmax; Vaswani et al. 2017."""

import numpy as np


def softmax_rows(scores):
    """Replace every row of scores by its softmax."""
    for i in range(scores.shape[0]):
        row = scores[i]
        row -= np.max(row)
        np.exp(row, out=row)
        row /= np.sum(row)


def softmax_attention(Q, K, V, causal):
    """Attention of the queries Q (n, d) to the keys K (m, d) with values V (m, e); the last query sees all keys."""
    n, d = Q.shape
    m = K.shape[0]
    scores = Q @ K.T
    scores /= np.sqrt(d)
    if causal:
        for i in range(n):
            scores[i, i + m - n + 1 :] = -np.inf
    softmax_rows(scores)
    out = np.empty((n, V.shape[1]))
    for i in range(n):
        out[i] = scores[i] @ V
    return out


def example(rng):
    """Four queries of dimension 3, six keys, values of dimension 5."""
    return rng.standard_normal((4, 3)), rng.standard_normal((6, 3)), rng.standard_normal((6, 5)), True
