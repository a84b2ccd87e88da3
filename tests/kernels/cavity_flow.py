"""Lid-driven cavity: finite differences and a pressure-Poisson equation, after Barba and Forsyth's CFD Python, step 11."""

import numpy as np


def divergence_source(b, u, v, rho, dt, dx, dy):
    """Fill the inner points of `b` with the right-hand side of the pressure equation."""
    ux = (u[1:-1, 2:] - u[1:-1, :-2]) / (2.0 * dx)
    uy = (u[2:, 1:-1] - u[:-2, 1:-1]) / (2.0 * dy)
    vx = (v[1:-1, 2:] - v[1:-1, :-2]) / (2.0 * dx)
    vy = (v[2:, 1:-1] - v[:-2, 1:-1]) / (2.0 * dy)
    b[1:-1, 1:-1] = rho * ((ux + vy) / dt - ux**2 - 2.0 * uy * vx - vy**2)


def pressure_poisson(p, b, dx, dy, sweeps):
    """Relax `p` in place: no flux through the walls, no pressure at the lid."""
    dx2 = dx * dx
    dy2 = dy * dy
    pn = np.empty_like(p)
    for _ in range(sweeps):
        pn[:] = p
        p[1:-1, 1:-1] = (pn[1:-1, 2:] + pn[1:-1, :-2]) * dy2 + (pn[2:, 1:-1] + pn[:-2, 1:-1]) * dx2
        p[1:-1, 1:-1] -= dx2 * dy2 * b[1:-1, 1:-1]
        p[1:-1, 1:-1] /= 2.0 * (dx2 + dy2)
        p[:, -1] = p[:, -2]
        p[:, 0] = p[:, 1]
        p[0, :] = p[1, :]
        p[-1, :] = 0.0


def momentum(w, wn, un, vn, dp, rho, nu, dt, dx, dy):
    """Advance one velocity component `w` in place from its old values `wn`, upwind for flow to the right and up."""
    here = wn[1:-1, 1:-1]
    w[1:-1, 1:-1] = here - dt / rho * dp
    w[1:-1, 1:-1] -= un[1:-1, 1:-1] * dt / dx * (here - wn[1:-1, :-2])
    w[1:-1, 1:-1] -= vn[1:-1, 1:-1] * dt / dy * (here - wn[:-2, 1:-1])
    w[1:-1, 1:-1] += nu * dt / dx**2 * (wn[1:-1, 2:] - 2.0 * here + wn[1:-1, :-2])
    w[1:-1, 1:-1] += nu * dt / dy**2 * (wn[2:, 1:-1] - 2.0 * here + wn[:-2, 1:-1])


def cavity_flow(u, v, p, lid, rho, nu, dt, dx, dy, steps, sweeps):
    """Advance velocity `u`, `v` and pressure `p` in place (rows along y) and return them; the lid moves with speed `lid`."""
    b = np.zeros_like(p)
    for _ in range(steps):
        un = u.copy()
        vn = v.copy()
        divergence_source(b, u, v, rho, dt, dx, dy)
        pressure_poisson(p, b, dx, dy, sweeps)
        momentum(u, un, un, vn, (p[1:-1, 2:] - p[1:-1, :-2]) / (2.0 * dx), rho, nu, dt, dx, dy)
        momentum(v, vn, un, vn, (p[2:, 1:-1] - p[:-2, 1:-1]) / (2.0 * dy), rho, nu, dt, dx, dy)
        u[0, :] = 0.0
        u[:, 0] = 0.0
        u[:, -1] = 0.0
        u[-1, :] = lid
        v[0, :] = 0.0
        v[-1, :] = 0.0
        v[:, 0] = 0.0
        v[:, -1] = 0.0
    return u, v, p


def example(rng):
    """A 6 by 7 cavity, three steps of four pressure sweeps."""
    shape = (6, 7)
    u = 0.2 * rng.standard_normal(shape)
    v = 0.2 * rng.standard_normal(shape)
    p = 0.2 * rng.standard_normal(shape)
    return u, v, p, 1.0, 1.1, 0.2, 0.2, 0.9, 1.1, 3, 4
