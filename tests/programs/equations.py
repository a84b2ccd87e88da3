"""Differential equations, ordinary and partial."""

import numpy as np

from .registry import normal_of, program

RNG = np.random.default_rng(6)
normal = normal_of(RNG)


@program(np.sin(np.linspace(0.0, np.pi, 12)), 0.2, 6, peer=True)
def heat_equation(u, k, steps):
    for _ in range(steps):
        inner = u[1:-1] + k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u = np.concatenate([u[:1], inner, u[-1:]])
    return np.sum(u * u)


@program(np.array([0.9, 0.4]), 0.5, 12, peer=True)
def lotka_volterra(state, rate, steps):
    prey, predator = state
    for _ in range(steps):
        prey, predator = prey + 0.1 * (prey - rate * prey * predator), predator + 0.1 * (rate * prey * predator - predator)
    return prey * predator


@program(normal(5), normal(5), 0.4, 3, refused=("checkpoint",))
def relaxation_in_place(u, f, weight, sweeps):
    for sweep in range(sweeps):
        before = u.copy()
        for i in range(1, len(u) - 1):
            u[i] += weight * (u[i - 1] + u[i + 1] + f[i] - 2.0 * u[i])
        print(f"sweep {sweep}: changed by {np.max(np.abs(u - before)):.3e}")
    return np.sum(u * u)


def euler(f, y, t, h, *args, **kwargs):
    return y + h * f(t, y, *args, **kwargs)


def rk4(f, y, t, h, *args, **kwargs):
    k1 = f(t, y, *args, **kwargs)
    k2 = f(t + h / 2, y + h / 2 * k1, *args, **kwargs)
    k3 = f(t + h / 2, y + h / 2 * k2, *args, **kwargs)
    k4 = f(t + h, y + h * k3, *args, **kwargs)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def odeint(f, y0, ts, method="rk4", args=(), **kwargs):
    step = {"euler": euler, "rk4": rk4}[method]
    ys = [y0]
    for t0, t1 in zip(ts[:-1], ts[1:]):
        ys.append(step(f, ys[-1], t0, t1 - t0, *args, **kwargs))
    return np.array(ys)


def predator_prey(t, y, a, b, c=1.0, d=0.5):
    return np.array([a * y[0] - b * y[0] * y[1], -c * y[1] + d * y[0] * y[1]])


@program(np.array([1.0, 0.5]), 1.1, 0.4)
def integrator_with_options(y0, a, b):
    ts = np.linspace(0, 1, 6)
    fine = odeint(predator_prey, y0, ts, args=(a, b), d=0.3)
    coarse = odeint(predator_prey, y0, ts, method="euler", args=(a, b), d=0.3)
    return np.sum((fine[-1] - coarse[-1]) ** 2)


def fehlberg_step(f, t, y, h):
    """A step of order five, and how far it is from that of order four."""
    k1 = f(t, y)
    k2 = f(t + h / 4, y + h * k1 / 4)
    k3 = f(t + 3 * h / 8, y + h * (3 * k1 + 9 * k2) / 32)
    k4 = f(t + 12 * h / 13, y + h * (1932 * k1 - 7200 * k2 + 7296 * k3) / 2197)
    k5 = f(t + h, y + h * (439 * k1 / 216 - 8 * k2 + 3680 * k3 / 513 - 845 * k4 / 4104))
    k6 = f(t + h / 2, y + h * (-8 * k1 / 27 + 2 * k2 - 3544 * k3 / 2565 + 1859 * k4 / 4104 - 11 * k5 / 40))
    y4 = y + h * (25 * k1 / 216 + 1408 * k3 / 2565 + 2197 * k4 / 4104 - k5 / 5)
    y5 = y + h * (16 * k1 / 135 + 6656 * k3 / 12825 + 28561 * k4 / 56430 - 9 * k5 / 50 + 2 * k6 / 55)
    return y5, np.max(np.abs(y5 - y4))


@program(np.array([1.0, 0.5]), 1.5)
def runge_kutta_fehlberg(y0, omega):
    """A pendulum by steps that are doubled or halved, and rejected where the error is too large."""

    def f(t, y):
        return np.array([y[1], -omega * omega * np.sin(y[0])])

    t, y, h = 0.0, y0, 0.8
    rejected = 0
    while t < 1.0:
        h = min(h, 1.0 - t)
        new, error = fehlberg_step(f, t, y, h)
        if error < 1e-5:
            t, y = t + h, new
            h *= 1.5
        else:
            rejected += 1
            h *= 0.5
    return y[0] * y[1] + 0.0 * rejected


class ButcherTableau:
    """An explicit Runge–Kutta method by its coefficients."""

    def __init__(self, A, b, c):
        self.A, self.b, self.c = A, b, c

    def step(self, f, t, y, h):
        ks = []
        for row, ci in zip(self.A, self.c):
            increment = 0.0
            for a, k in zip(row, ks):
                increment = increment + a * k
            ks.append(f(t + ci * h, y + h * increment))
        return y + h * sum(bi * k for bi, k in zip(self.b, ks))


KUTTA = ButcherTableau([[], [1 / 2], [-1, 2]], [1 / 6, 2 / 3, 1 / 6], [0, 1 / 2, 1])


@program(np.array([1.0, 0.0, 0.2]), {"sigma": 10.0, "rho": 28.0, "beta": 8 / 3})
def lorenz_attractor(y, constants):
    def f(t, y):
        x, y, z = y
        return np.array(
            [constants["sigma"] * (y - x), x * (constants["rho"] - z) - y, x * y - constants["beta"] * z],
        )

    t, h = 0.0, 0.01
    for _ in range(8):
        y = KUTTA.step(f, t, y, h)
        t += h
    return np.linalg.norm(y)


class Grid:
    """A square with a source in it, whose border is held at zero."""

    def __init__(self, n, source):
        self.n = n
        self.h = 1.0 / (n - 1)
        self.u = np.zeros((n, n))
        self.f = source

    def sweep(self, omega):
        for i in range(1, self.n - 1):
            for j in range(1, self.n - 1):
                gauss_seidel = 0.25 * (
                    self.u[i - 1, j] + self.u[i + 1, j] + self.u[i, j - 1] + self.u[i, j + 1] + self.h**2 * self.f[i, j]
                )
                self.u[i, j] = (1 - omega) * self.u[i, j] + omega * gauss_seidel

    def residual(self):
        laplacian = self.u[:-2, 1:-1] + self.u[2:, 1:-1] + self.u[1:-1, :-2] + self.u[1:-1, 2:] - 4 * self.u[1:-1, 1:-1]
        return np.sqrt(np.mean((laplacian / self.h**2 + self.f[1:-1, 1:-1]) ** 2))


@program(normal(5, 5), 1.4)
def successive_over_relaxation(source, omega):
    grid = Grid(5, source)
    for _ in range(3):
        grid.sweep(omega)
    return grid.residual()


@program(np.exp(-(np.linspace(-2, 2.3, 16) ** 2)), 0.02, 0.5, refused=("checkpoint",))
def burgers_equation(u, nu, dt_over_dx):
    """Shocks by a flux with a limiter, in a loop over interfaces."""

    def minmod(a, b):
        if a * b <= 0:
            return 0.0
        return a if abs(a) < abs(b) else b

    n = len(u)
    for _ in range(2):
        flux = [0.0] * n
        for i in range(1, n - 2):
            left = u[i] + 0.5 * minmod(u[i] - u[i - 1], u[i + 1] - u[i])
            right = u[i + 1] - 0.5 * minmod(u[i + 1] - u[i], u[i + 2] - u[i + 1])
            speed = max(abs(left), abs(right))
            flux[i] = 0.25 * (left**2 + right**2) - 0.5 * speed * (right - left) - nu * (u[i + 1] - u[i])
        new = u.copy()
        for i in range(2, n - 2):
            new[i] = u[i] - dt_over_dx * (flux[i] - flux[i - 1])
        u = new
    return np.sum(u**2 * np.arange(n))


@program(1.0, 0.5)
def shooting_method(mass, k):
    """The slope with which a solution of a boundary value problem starts, by the secant method."""

    def end(slope, n=20):
        y, v, h = 0.0, slope, 1.0 / n
        for _ in range(n):
            y, v = y + h * v, v - h * k / mass * (y + y**3)
        return y

    a, b = 0.5, 2.0
    fa, fb = end(a) - 1.0, end(b) - 1.0
    iterations = 0
    while abs(fb) > 1e-13 and iterations < 50:
        a, b, fa = b, b - fb * (b - a) / (fb - fa), fb
        fb = end(b) - 1.0
        iterations += 1
    return b
