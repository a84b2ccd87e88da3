"""N-body gravity by leapfrog with all-pairs forces, the self-interaction masked out; after the NPBench benchmark `nbody`."""

import numpy as np


def acceleration(pos, mass, G, acc):
    """Fill acc with the gravitational acceleration of every body."""
    x = pos[:, 0:1]
    y = pos[:, 1:2]
    z = pos[:, 2:3]
    dx = x.T - x
    dy = y.T - y
    dz = z.T - z
    inv_r3 = dx**2 + dy**2 + dz**2
    inv_r3[inv_r3 > 0.0] = inv_r3[inv_r3 > 0.0] ** -1.5
    acc[:, 0] = G * (dx * inv_r3) @ mass
    acc[:, 1] = G * (dy * inv_r3) @ mass
    acc[:, 2] = G * (dz * inv_r3) @ mass


def energy(pos, vel, mass, G):
    """Kinetic and potential energy."""
    kinetic = 0.5 * np.sum(mass * np.sum(vel**2, axis=1))
    dx = pos[:, 0] - pos[:, 0:1]
    dy = pos[:, 1] - pos[:, 1:2]
    dz = pos[:, 2] - pos[:, 2:3]
    r2 = dx**2 + dy**2 + dz**2
    apart = r2 > 0.0
    inv_r = np.zeros_like(r2)
    inv_r[apart] = 1.0 / np.sqrt(r2[apart])
    potential = -0.5 * G * np.sum(np.outer(mass, mass) * inv_r)
    return kinetic, potential


def nbody(mass, pos, vel, dt, G, steps):
    """Move pos and vel on by `steps` steps and return the energies before each step and after the last."""
    n = mass.shape[0]
    vel -= np.mean(mass[:, None] * vel, axis=0) / np.mean(mass)  # centre-of-mass frame
    acc = np.empty((n, 3))
    acceleration(pos, mass, G, acc)
    KE = np.empty(steps + 1)
    PE = np.empty(steps + 1)
    KE[0], PE[0] = energy(pos, vel, mass, G)
    for i in range(steps):
        vel += acc * dt / 2.0
        pos += vel * dt
        acceleration(pos, mass, G, acc)
        vel += acc * dt / 2.0
        KE[i + 1], PE[i + 1] = energy(pos, vel, mass, G)
    return KE, PE


def example(rng):
    """Five bodies on a jittered line, so that none come close."""
    pos = np.linspace(-2.0, 2.0, 5)[:, None] + rng.uniform(-0.3, 0.3, (5, 3))
    return rng.uniform(0.5, 1.5, 5), pos, 0.3 * rng.standard_normal((5, 3)), 0.05, 0.8, 4
