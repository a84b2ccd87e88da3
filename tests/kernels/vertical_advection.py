"""Implicit vertical advection of a wind component: Thomas' algorithm along the third axis, after COSMO's kernel."""

import numpy as np


def vertical_advection(u, w, tend, dz, dt, theta):
    """Turn `tend` (all other tendencies) in place into the total one of `u`; `w` is staggered along axes 0 and 2."""
    nz = u.shape[2]
    ccol = np.zeros_like(u)
    dcol = np.zeros_like(u)

    # forward: uppermost level, inner levels, lowest level
    below = 0.25 * (w[1:, :, 1] + w[:-1, :, 1]) / dz[0]
    ccol[:, :, 0] = theta * below
    b = 1.0 / dt - ccol[:, :, 0]
    dcol[:, :, 0] = u[:, :, 0] / dt + tend[:, :, 0] - (1.0 - theta) * below * (u[:, :, 1] - u[:, :, 0])
    ccol[:, :, 0] /= b
    dcol[:, :, 0] /= b
    for k in range(1, nz - 1):
        above = 0.25 * (w[1:, :, k] + w[:-1, :, k]) / dz[k]
        below = 0.25 * (w[1:, :, k + 1] + w[:-1, :, k + 1]) / dz[k]
        a = -theta * above
        ccol[:, :, k] = theta * below
        b = 1.0 / dt - a - ccol[:, :, k]
        explicit = above * (u[:, :, k] - u[:, :, k - 1]) + below * (u[:, :, k + 1] - u[:, :, k])
        dcol[:, :, k] = u[:, :, k] / dt + tend[:, :, k] - (1.0 - theta) * explicit
        pivot = 1.0 / (b - a * ccol[:, :, k - 1])
        ccol[:, :, k] *= pivot
        dcol[:, :, k] = (dcol[:, :, k] - a * dcol[:, :, k - 1]) * pivot
    k = nz - 1
    above = 0.25 * (w[1:, :, k] + w[:-1, :, k]) / dz[k]
    a = -theta * above
    b = 1.0 / dt - a
    dcol[:, :, k] = u[:, :, k] / dt + tend[:, :, k] - (1.0 - theta) * above * (u[:, :, k] - u[:, :, k - 1])
    dcol[:, :, k] = (dcol[:, :, k] - a * dcol[:, :, k - 1]) / (b - a * ccol[:, :, k - 1])

    # backward: the new value level by level, as a tendency
    x = dcol[:, :, k]
    tend[:, :, k] = (x - u[:, :, k]) / dt
    for k in range(nz - 2, -1, -1):
        x = dcol[:, :, k] - ccol[:, :, k] * x
        tend[:, :, k] = (x - u[:, :, k]) / dt
    return tend


def example(rng):
    """Columns of 6 levels over 4 by 5 points."""
    nx, ny, nz = 4, 5, 6
    u = rng.standard_normal((nx, ny, nz))
    w = rng.standard_normal((nx + 1, ny, nz + 1))
    tend = rng.standard_normal((nx, ny, nz))
    return u, w, tend, 0.8 + 0.4 * rng.random(nz), 0.3, 0.6
