"""k-means: Lloyd's iterations by loops over points and centres, and the objective; Lloyd 1982."""

import numpy as np


def assign(points, centres, labels):
    """Write each point's nearest centre into labels and return the sum of the squared distances."""
    total = 0.0
    for i in range(points.shape[0]):
        best = np.inf
        for k in range(centres.shape[0]):
            d2 = 0.0
            for j in range(points.shape[1]):
                d2 += (points[i, j] - centres[k, j]) ** 2
            if d2 < best:
                best = d2
                labels[i] = k
        total += best
    return total


def update(points, labels, centres):
    """Move each centre to the mean of its points; one without points stays."""
    sums = np.zeros_like(centres)
    counts = np.zeros(centres.shape[0], dtype=np.int64)
    for i in range(points.shape[0]):
        sums[labels[i]] += points[i]
        counts[labels[i]] += 1
    for k in range(centres.shape[0]):
        if counts[k] > 0:
            centres[k] = sums[k] / counts[k]


def k_means(points, centres, iterations):
    """Improve the centres in place and return the objective at each stage."""
    labels = np.zeros(points.shape[0], dtype=np.int64)
    objective = np.empty(iterations + 1)
    for it in range(iterations):
        objective[it] = assign(points, centres, labels)
        update(points, labels, centres)
    objective[iterations] = assign(points, centres, labels)
    return objective


def example(rng):
    """Three separate clusters in the plane, four centres of which the last wins no point."""
    middle = np.array([[0.0, 0.0], [6.0, 1.0], [1.0, 7.0]])
    points = middle[np.array([0, 1, 2, 0, 1, 2, 0])] + rng.uniform(-1.0, 1.0, (7, 2))
    centres = np.vstack([middle + rng.uniform(-0.5, 0.5, (3, 2)), [[20.0, -20.0]]])
    return points, centres, 2
