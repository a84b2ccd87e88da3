"""Leapfrog (velocity Verlet) for the Fermi-Pasta-Ulam-Tsingou chain with fixed ends, in place; Hairer et al. 2006, I.5."""

import numpy as np


def force(q, alpha, beta, f):
    """Fill f with the forces of the springs on each mass; V(s) = s²/2 + alpha s³/3 + beta s⁴/4 for a stretch s."""
    n = q.shape[0]
    f[:] = 0.0
    for i in range(n + 1):
        if i == 0:
            s = q[0]
        elif i == n:
            s = -q[n - 1]
        else:
            s = q[i] - q[i - 1]
        tension = s + alpha * s**2 + beta * s**3
        if i > 0:
            f[i - 1] += tension
        if i < n:
            f[i] -= tension


def leapfrog(q, p, mass, alpha, beta, dt, steps):
    """Move q and p on by `steps` steps, in place; return the final kinetic energy and mean displacement."""
    f = np.empty_like(q)
    force(q, alpha, beta, f)
    for _ in range(steps):
        p += 0.5 * dt * f
        q += dt * p / mass
        force(q, alpha, beta, f)
        p += 0.5 * dt * f
    return 0.5 * np.sum(p**2 / mass), np.mean(q)


def example(rng):
    """Seven masses, five steps."""
    return 0.5 * rng.standard_normal(7), 0.5 * rng.standard_normal(7), rng.uniform(0.8, 1.2, 7), 0.25, 0.4, 0.1, 5
