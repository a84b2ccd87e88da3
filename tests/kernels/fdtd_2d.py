"""Maxwell's equations in 2-D (TE) on Yee's grid, three fields in place; PolyBench's fdtd-2d with a real dielectric."""


def fdtd_2d(ex, ey, hz, eps, source, dt):
    """Step once per entry of `source`, which drives Ey on the left edge; the other edges conduct. Return the three fields."""
    for t in range(len(source)):
        ey[0, :] = source[t]
        ey[1:-1, :] -= 2.0 * dt / (eps[1:, :] + eps[:-1, :]) * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:-1] += 2.0 * dt / (eps[:, 1:] + eps[:, :-1]) * (hz[:, 1:] - hz[:, :-1])
        hz += dt * (ex[:, 1:] - ex[:, :-1] - ey[1:, :] + ey[:-1, :])
    return ex, ey, hz


def example(rng):
    """5 by 6 cells, four steps."""
    nx, ny = 5, 6
    ex = rng.standard_normal((nx, ny + 1))
    ey = rng.standard_normal((nx + 1, ny))
    hz = rng.standard_normal((nx, ny))
    eps = 1.0 + rng.random((nx, ny))
    return ex, ey, hz, eps, rng.standard_normal(4), 0.4
