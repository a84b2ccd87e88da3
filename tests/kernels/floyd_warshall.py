"""Shortest paths between all pairs of nodes; Floyd 1962, Warshall 1962."""

import numpy as np


def floyd_warshall(n, tails, heads, lengths):
    """Matrix of the distances in a graph of n nodes with the edges tails[e] -> heads[e] of the given lengths.

    The zeros of the diagonal tie in every round (d[k, j] against d[k, k] + d[k, j]); both sides are the same number with
    the same derivative, so the distances are smooth in the lengths all the same.
    """
    dist = np.full((n, n), np.inf)
    dist[tails, heads] = lengths
    for i in range(n):
        dist[i, i] = 0.0
    for k in range(n):
        np.minimum(dist, dist[:, k, None] + dist[k], out=dist)
    return dist


def example(rng):
    """A ring of six nodes, so that every node is reached, and five chords."""
    tails = np.array([0, 1, 2, 3, 4, 5, 0, 2, 4, 1, 5])
    heads = np.array([1, 2, 3, 4, 5, 0, 3, 5, 1, 4, 2])
    return 6, tails, heads, rng.uniform(0.5, 2.0, 11)
