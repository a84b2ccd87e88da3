"""Gauss-Seidel with successive over-relaxation for Poisson's equation, point by point as in PolyBench's seidel-2d."""

import math

import numpy as np


def gauss_seidel(u, f, h, omega, sweeps):
    """Relax `u` in place; return it and the size of the last sweep's change."""
    n, m = u.shape
    change = 0.0
    for _ in range(sweeps):
        change = 0.0
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                old = u[i, j]
                star = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] + h * h * f[i, j])
                u[i, j] = (1.0 - omega) * old + omega * star
                change += (u[i, j] - old) ** 2
    return u, math.sqrt(change)


def example(rng):
    """A 5 by 6 grid, three sweeps."""
    return rng.standard_normal((5, 6)), np.cos(rng.standard_normal((5, 6))), 0.4, 1.3, 3
