"""Classical Runge-Kutta method on the Lorenz system, stages in buffers that every step uses again; Lorenz 1963."""

import numpy as np


def lorenz(state, sigma, rho, beta, rate):
    """Write the time derivative of the state into rate."""
    x, y, z = state
    rate[0] = sigma * (y - x)
    rate[1] = x * (rho - z) - y
    rate[2] = x * y - beta * z


def runge_kutta_4(start, sigma, rho, beta, dt, steps):
    """Trajectory (steps + 1, 3) of the Lorenz system."""
    trajectory = np.empty((steps + 1, 3))
    trajectory[0] = start
    k1 = np.empty(3)
    k2 = np.empty(3)
    k3 = np.empty(3)
    k4 = np.empty(3)
    for n in range(steps):
        y = trajectory[n]
        lorenz(y, sigma, rho, beta, k1)
        lorenz(y + 0.5 * dt * k1, sigma, rho, beta, k2)
        lorenz(y + 0.5 * dt * k2, sigma, rho, beta, k3)
        lorenz(y + dt * k3, sigma, rho, beta, k4)
        trajectory[n + 1] = y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return trajectory


def example(rng):
    """Five steps on the attractor."""
    return np.array([1.0, 1.5, 20.0]) + 0.1 * rng.standard_normal(3), 10.0, 28.0, 8.0 / 3.0, 0.02, 5
