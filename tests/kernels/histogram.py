"""Weighted histogram as a density, and the weighted mean in every bin."""

import numpy as np


def find_bins(values, low, high, n, bins):
    """Write the bin of every value into bins, -1 where it is out of range."""
    width = (high - low) / n
    for i in range(values.shape[0]):
        if values[i] < low or values[i] >= high:
            bins[i] = -1
        else:
            bins[i] = int((values[i] - low) / width)


def histogram(values, weights, low, high, n):
    """Density and mean of the weighted values in n equal bins over [low, high)."""
    bins = np.empty(values.shape[0], dtype=np.int64)
    find_bins(values, low, high, n, bins)
    density = np.zeros(n)
    for i in range(values.shape[0]):
        if bins[i] >= 0:
            density[bins[i]] += weights[i]
    inside = bins >= 0
    means = np.zeros(n)
    np.add.at(means, bins[inside], weights[inside] * values[inside])
    filled = density > 0.0
    means[filled] /= density[filled]
    density /= np.sum(density) * (high - low) / n
    return density, means


def example(rng):
    """Values in the inner part of four bins, bin 2 left empty, two values out of range."""
    low, high, n = -1.0, 1.4, 4
    cells = np.array([0, 3, 1, 0, -1, 1, 3, 3, 0, 4, 1])
    values = low + 0.6 * (cells + rng.uniform(0.2, 0.8, cells.size))
    return values, rng.uniform(0.5, 1.5, cells.size), low, high, n
