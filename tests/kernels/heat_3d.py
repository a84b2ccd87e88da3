"""Explicit finite volumes for heat conduction in an insulated box with uneven conductivity (harmonic means at the faces)."""

import numpy as np


def face_conductivity(a, b):
    """Conductivity of the face between cells of conductivity `a` and `b`."""
    return 2.0 * a * b / (a + b)


def heat_flux(T, kx, ky, kz, dx, qx, qy, qz):
    """Fill `qx`, `qy`, `qz` with Fourier's law at the faces."""
    np.subtract(T[1:], T[:-1], out=qx)
    np.subtract(T[:, 1:], T[:, :-1], out=qy)
    np.subtract(T[:, :, 1:], T[:, :, :-1], out=qz)
    qx *= kx
    qy *= ky
    qz *= kz
    qx /= dx
    qy /= dx
    qz /= dx


def heat_3d(T, k, dx, dt, steps):
    """Advance the temperature `T` in place and return it."""
    kx = face_conductivity(k[1:], k[:-1])
    ky = face_conductivity(k[:, 1:], k[:, :-1])
    kz = face_conductivity(k[:, :, 1:], k[:, :, :-1])
    qx = np.empty_like(kx)
    qy = np.empty_like(ky)
    qz = np.empty_like(kz)
    r = dt / dx
    for _ in range(steps):
        heat_flux(T, kx, ky, kz, dx, qx, qy, qz)
        T[:-1] += r * qx
        T[1:] -= r * qx
        T[:, :-1] += r * qy
        T[:, 1:] -= r * qy
        T[:, :, :-1] += r * qz
        T[:, :, 1:] -= r * qz
    return T


def example(rng):
    """A 4 by 5 by 6 box, four steps well inside the stability limit."""
    shape = (4, 5, 6)
    return 1.0 + rng.random(shape), 0.5 + rng.random(shape), 2.5, 0.5, 4
