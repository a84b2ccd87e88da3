"""Periodic channel flow driven by a force, run until nearly steady, after Barba and Forsyth's CFD Python, step 12."""

import numpy as np


def divergence_source(u, v, rho, dt, dx, dy):
    """Right-hand side of the pressure equation, zero at the walls."""
    b = np.zeros_like(u)
    nx = u.shape[1]
    for i in range(nx):
        east = (i + 1) % nx
        ux = (u[1:-1, east] - u[1:-1, i - 1]) / (2.0 * dx)
        uy = (u[2:, i] - u[:-2, i]) / (2.0 * dy)
        vx = (v[1:-1, east] - v[1:-1, i - 1]) / (2.0 * dx)
        vy = (v[2:, i] - v[:-2, i]) / (2.0 * dy)
        b[1:-1, i] = rho * ((ux + vy) / dt - ux * ux - 2.0 * uy * vx - vy * vy)
    return b


def pressure_poisson(p, b, dx, dy, sweeps):
    """Relax `p` in place, periodic along x, no flux through the walls."""
    nx = p.shape[1]
    for _ in range(sweeps):
        pn = p.copy()
        for i in range(nx):
            east = (i + 1) % nx
            around = (pn[1:-1, east] + pn[1:-1, i - 1]) * dy**2 + (pn[2:, i] + pn[:-2, i]) * dx**2
            p[1:-1, i] = (around - dx**2 * dy**2 * b[1:-1, i]) / (2.0 * (dx**2 + dy**2))
        p[-1] = p[-2]
        p[0] = p[1]


def channel_flow(u, v, p, force, rho, nu, dt, dx, dy):
    """Advance `u`, `v`, `p` in place until the flow grows by less than 14 % a step; return all three."""
    nx = u.shape[1]
    growth = 1.0
    while growth > 0.14:
        un = u.copy()
        vn = v.copy()
        b = divergence_source(un, vn, rho, dt, dx, dy)
        pressure_poisson(p, b, dx, dy, 3)
        for i in range(nx):
            east = (i + 1) % nx
            west = i - 1
            uc = un[1:-1, i]
            vc = vn[1:-1, i]
            u[1:-1, i] = (
                uc
                - uc * dt / dx * (uc - un[1:-1, west])
                - vc * dt / dy * (uc - un[:-2, i])
                - dt / (2.0 * rho * dx) * (p[1:-1, east] - p[1:-1, west])
                + nu * dt / dx**2 * (un[1:-1, east] - 2.0 * uc + un[1:-1, west])
                + nu * dt / dy**2 * (un[2:, i] - 2.0 * uc + un[:-2, i])
                + force * dt
            )
            v[1:-1, i] = (
                vc
                - uc * dt / dx * (vc - vn[1:-1, west])
                - vc * dt / dy * (vc - vn[:-2, i])
                - dt / (2.0 * rho * dy) * (p[2:, i] - p[:-2, i])
                + nu * dt / dx**2 * (vn[1:-1, east] - 2.0 * vc + vn[1:-1, west])
                + nu * dt / dy**2 * (vn[2:, i] - 2.0 * vc + vn[:-2, i])
            )
        u[0] = 0.0
        u[-1] = 0.0
        v[0] = 0.0
        v[-1] = 0.0
        growth = (np.sum(u) - np.sum(un)) / np.sum(u)
    return u, v, p


def example(rng):
    """A 5 by 6 channel nearly at rest; the loop stops far from its tolerance."""
    shape = (5, 6)
    u = 0.02 * rng.random(shape)
    v = 0.02 * rng.standard_normal(shape)
    p = 0.02 * rng.standard_normal(shape)
    return u, v, p, 1.0, 1.1, 0.2, 0.2, 1.2, 1.0
