"""Alternating direction implicit heat equation in 2-D (Peaceman and Rachford 1955), one tridiagonal system a grid line."""

import numpy as np


def thomas(r, d, x, w):
    """Solve -r x[i-1] + (1 + 2r) x[i] - r x[i+1] = d[i] into `x`; `w` is scratch of at least the same length."""
    n = len(d)
    w[0] = -r / (1.0 + 2.0 * r)
    x[0] = d[0] / (1.0 + 2.0 * r)
    for i in range(1, n):
        pivot = 1.0 + 2.0 * r + r * w[i - 1]
        w[i] = -r / pivot
        x[i] = (d[i] + r * x[i - 1]) / pivot
    for i in range(n - 2, -1, -1):
        x[i] -= w[i] * x[i + 1]


def adi(u, alpha, dt, dx, dy, steps):
    """Advance `u` in place, edges fixed, and return it."""
    nx, ny = u.shape
    rx = alpha * dt / (2.0 * dx * dx)
    ry = alpha * dt / (2.0 * dy * dy)
    half = u.copy()
    w = np.empty(max(nx, ny))
    for _ in range(steps):
        for j in range(1, ny - 1):
            d = u[1:-1, j] + ry * (u[1:-1, j - 1] - 2.0 * u[1:-1, j] + u[1:-1, j + 1])
            d[0] += rx * u[0, j]
            d[-1] += rx * u[-1, j]
            thomas(rx, d, half[1:-1, j], w)
        for i in range(1, nx - 1):
            d = half[i, 1:-1] + rx * (half[i - 1, 1:-1] - 2.0 * half[i, 1:-1] + half[i + 1, 1:-1])
            d[0] += ry * u[i, 0]
            d[-1] += ry * u[i, -1]
            thomas(ry, d, u[i, 1:-1], w)
    return u


def example(rng):
    """A 6 by 7 plate, three steps beyond the explicit limit."""
    return rng.standard_normal((6, 7)), 0.8, 0.7, 0.6, 0.9, 3
