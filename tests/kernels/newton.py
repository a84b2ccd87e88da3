"""Newton's method for the one-dimensional Bratu problem u'' + lam exp(u) = source, u = 0 at both ends."""

import numpy as np

# Not the tolerance: it only says when to stop.
WRT = ("u", "lam", "source")


def residual(u, lam, source, h, F):
    """Write the residual of the discrete equations into F."""
    n = u.shape[0]
    for i in range(n):
        F[i] = -2.0 * u[i]
        if i > 0:
            F[i] += u[i - 1]
        if i < n - 1:
            F[i] += u[i + 1]
    F /= h * h
    F += lam * np.exp(u) - source


def jacobian(u, lam, h, J):
    """Write the residual's diagonal into J, whose other two diagonals stay."""
    for i in range(u.shape[0]):
        J[i, i] = -2.0 / (h * h) + lam * np.exp(u[i])


def newton(u, lam, source, tol, max_iterations):
    """Solve for u, starting from its values and in place; returns u and the solution's mean."""
    n = u.shape[0]
    h = 1.0 / (n + 1)
    F = np.empty(n)
    J = np.zeros((n, n))
    for i in range(n - 1):
        J[i, i + 1] = 1.0 / (h * h)
        J[i + 1, i] = 1.0 / (h * h)
    residual(u, lam, source, h, F)
    iteration = 0
    while np.max(np.abs(F)) > tol and iteration < max_iterations:
        jacobian(u, lam, h, J)
        u -= np.linalg.solve(J, F)
        residual(u, lam, source, h, F)
        iteration += 1
    return u, np.mean(u)


def example(rng):
    """Six inner points, far below the fold at lam = 3.51."""
    return 0.3 * rng.standard_normal(6), 1.5, rng.standard_normal(6), 1e-7, 20
