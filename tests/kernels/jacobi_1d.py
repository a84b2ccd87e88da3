"""Jacobi smoothing on a line, from one buffer into the other and back; the idea is PolyBench's jacobi-1d."""

import numpy as np


def jacobi_1d(A, B, steps):
    """Average every inner point of `A` with its neighbours into `B`, and of `B` into `A`, `steps` times; the ends stay."""
    for _ in range(steps):
        B[1:-1] = (A[:-2] + A[1:-1] + A[2:]) / 3.0
        A[1:-1] = (B[:-2] + B[1:-1] + B[2:]) / 3.0
    return A


def example(rng):
    """Nine points, four double sweeps."""
    n = 9
    x = np.linspace(0.0, 1.0, n)
    return np.sin(3.0 * x) + 0.1 * rng.standard_normal(n), rng.standard_normal(n), 4
