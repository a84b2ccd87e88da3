"""The sum of the squared distances of points from the nearest centroid, and the direction of Newton's method from there."""

import numpy as np

import sct

from .tasks import Task, function, number, numbers

__all__ = ["FUNCTIONS", "cost", "direction"]


def cost(points, centroids):
    apart = points[:, None, :] - centroids
    return np.sum(np.min(np.sum(apart * apart, axis=2), axis=1))


def direction(jit=None):
    """What gives the gradient by the diagonal of the Hessian, which has nothing beside it: its product with ones is that."""
    both = sct.jvp(sct.grad(cost, "centroids"), "centroids", jit=jit)

    def newton(points, centroids):
        gradient, curvature = both(points, centroids, np.ones_like(centroids))
        return gradient / curvature

    return newton


def _prepared(given):
    return np.array(given["points"], float), np.array(given["centroids"], float)


FUNCTIONS = {
    "cost": Task(_prepared, function(cost), number),
    "dir": Task(_prepared, direction, numbers),
}
