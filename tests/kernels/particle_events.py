"""A particle in a harmonic well under gravity that bounces off the floor: velocity Verlet with events found in the step."""

import numpy as np


def force(q, k, g, f):
    """Write the force on a particle of unit mass at q into f."""
    f[0] = -k * q[0]
    f[1] = -g


def advance(q, v, k, g, dt, f):
    """One step of length dt, in place; f is room for the force."""
    force(q, k, g, f)
    v += 0.5 * dt * f
    q += dt * v
    force(q, k, g, f)
    v += 0.5 * dt * f


def particle_events(q, v, k, g, restitution, friction, h, t_end, max_bounces):
    """Move q and v (both of length 2) on to t_end or the last bounce, in place; returns (q, v, bounce times, t)."""
    f = np.empty(2)
    times = np.zeros(max_bounces)
    bounces = 0
    t = 0.0
    while t < t_end - 1e-9:
        dt = h
        if t + dt > t_end:
            dt = t_end - t
        if q[1] + dt * v[1] - 0.5 * g * dt**2 >= 0.0:
            advance(q, v, k, g, dt, f)
            t += dt
            continue
        # the floor is reached within the step: go there, then turn round
        dt = (v[1] + np.sqrt(v[1] ** 2 + 2.0 * g * q[1])) / g
        advance(q, v, k, g, dt, f)
        t += dt
        q[1] = 0.0
        v[1] *= -restitution
        v[0] *= friction
        times[bounces] = t
        bounces += 1
        if bounces == max_bounces:
            break
    return q, v, times, t


def example(rng):
    """Two bounces, both near the middle of a step, of which the second ends the run before t_end."""
    q = np.array([0.7, 1.0]) + 0.005 * rng.standard_normal(2)
    v = np.array([0.4, 0.3]) + 0.005 * rng.standard_normal(2)
    return q, v, 1.3, 2.0, 0.7, 0.9, 0.135, 3.2, 2
