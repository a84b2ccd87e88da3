"""Where planets are on their orbits: a library that knows nothing of derivatives.

The equation is solved number by number, until a number no longer changes: nothing that one would want to differentiate.
"""

import math

import numpy as np

__all__ = ["Orbit", "eccentric_anomaly"]


def eccentric_anomaly(mean_anomaly, eccentricity):
    """The E with E - e sin E = M, for each M."""
    solved = [_solved(float(m), float(eccentricity)) for m in np.ravel(mean_anomaly)]
    return np.reshape(np.fromiter(solved, float), np.shape(mean_anomaly))


def _solved(m, e):
    before, found = math.inf, m
    while abs(found - before) > 1e-15 * max(abs(found), 1.0):
        before, found = found, found - (found - e * math.sin(found) - m) / (1.0 - e * math.cos(found))
    return found


class Orbit:
    """An ellipse around the sun."""

    def __init__(self, half_axis, eccentricity):
        self.half_axis = half_axis
        self.eccentricity = eccentricity

    def distance(self, mean_anomaly):
        """How far the planet is from the sun."""
        anomaly = eccentric_anomaly(mean_anomaly, self.eccentricity)
        return self.half_axis * (1.0 - self.eccentricity * np.cos(anomaly))
