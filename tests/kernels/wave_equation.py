"""Acoustic wave equation in 2-D by leapfrog, absorbing edges (Mur, IEEE Trans. EMC 23, 1981), one source, some receivers."""

import numpy as np


def wave_equation(c, wavelet, dt, dx, si, sj, receivers):
    """Shoot `wavelet` at the grid point (si, sj); return what the receivers in the next row hear, and the last wave field."""
    steps = len(wavelet)
    u_old = np.zeros_like(c)
    u = np.zeros_like(c)
    u_new = np.zeros_like(c)
    record = np.zeros((steps, len(receivers)))
    courant = c * dt / dx
    r2 = courant[1:-1, 1:-1] ** 2
    mur = (courant - 1.0) / (courant + 1.0)
    for t in range(steps):
        lap = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        u_new[1:-1, 1:-1] = 2.0 * u[1:-1, 1:-1] - u_old[1:-1, 1:-1] + r2 * lap
        u_new[si, sj] += dt * dt * wavelet[t]
        u_new[0, 1:-1] = u[1, 1:-1] + mur[0, 1:-1] * (u_new[1, 1:-1] - u[0, 1:-1])
        u_new[-1, 1:-1] = u[-2, 1:-1] + mur[-1, 1:-1] * (u_new[-2, 1:-1] - u[-1, 1:-1])
        u_new[:, 0] = u[:, 1] + mur[:, 0] * (u_new[:, 1] - u[:, 0])
        u_new[:, -1] = 0.0
        record[t] = u_new[si + 1, receivers]
        u_old, u, u_new = u, u_new, u_old
    return record, u


def example(rng):
    """A 7 by 6 medium, eight steps, three receivers."""
    c = 1.0 + 0.3 * rng.random((7, 6))
    wavelet = 0.5 + 0.3 * rng.standard_normal(8)
    return c, wavelet, 2.0, 4.0, 2, 3, np.array([1, 2, 4])
