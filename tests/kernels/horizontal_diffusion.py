"""Fourth-order horizontal diffusion with flux limiter, after COSMO's kernel; Xue, Mon. Wea. Rev. 128, 2000."""

import numpy as np


def laplacian(field, lap):
    """Fill `lap` with the negative 5-point Laplacian of the inner points."""
    lap[:] = 4.0 * field[1:-1, 1:-1]
    lap -= field[2:, 1:-1] + field[:-2, 1:-1]
    lap -= field[1:-1, 2:] + field[1:-1, :-2]


def horizontal_diffusion(field, out, coeff):
    """Write `field` diffused into the inner part of `out` (two points off each edge), return `out`; uphill fluxes are cut."""
    nx, ny, nz = field.shape
    lap = np.empty((nx - 2, ny - 2, nz))
    laplacian(field, lap)

    flx = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flx = np.where(flx * (field[2:-1, 2:-2] - field[1:-2, 2:-2]) > 0.0, 0.0, flx)
    fly = lap[1:-1, 1:] - lap[1:-1, :-1]
    fly = np.where(fly * (field[2:-2, 2:-1] - field[2:-2, 1:-2]) > 0.0, 0.0, fly)

    out[2:-2, 2:-2] = field[2:-2, 2:-2] - coeff[2:-2, 2:-2] * (flx[1:] - flx[:-1] + fly[:, 1:] - fly[:, :-1])
    return out


def example(rng):
    """Growth along one axis (fluxes kept), a zigzag along the other (fluxes cut), with roles changed from level to level."""
    nx, ny, nz = 7, 8, 3
    i, j = np.meshgrid(np.arange(nx), np.arange(ny), indexing="ij")
    field = np.empty((nx, ny, nz))
    field[:, :, 0] = np.exp(0.5 * i) + (-1.0) ** j
    field[:, :, 1] = (-1.0) ** i + np.exp(0.5 * j)
    field[:, :, 2] = np.exp(0.4 * i) - np.exp(0.5 * j)
    field += 0.002 * rng.standard_normal(field.shape)
    return field, rng.standard_normal(field.shape), 0.02 + 0.03 * rng.random(field.shape)
