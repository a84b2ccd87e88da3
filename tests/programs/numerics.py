"""Roots, minima, polynomials, splines and quadrature."""

import math
import warnings

import numpy as np

import sct

from .registry import normal_of, program

RNG = np.random.default_rng(8)
normal = normal_of(RNG)


@program(2.0, 3.0, peer=True)
def newton_iteration(a, b):
    x = 1.0
    for _ in range(50):
        step = (x**3 + a * x - b) / (3 * x**2 + a)
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


@program(np.array([0.3, 1.0, -0.5, 0.8, 0.1]), 2.3)
def hermite_spline(values, t):
    i = int(t)
    if i >= len(values) - 1:
        return values[-1]
    s = t - i
    m0 = 0.5 * (values[min(i + 1, len(values) - 1)] - values[max(i - 1, 0)])
    m1 = 0.5 * (values[min(i + 2, len(values) - 1)] - values[i])
    h = (2 * s**3 - 3 * s**2 + 1) * values[i] + (s**3 - 2 * s**2 + s) * m0
    return h + (-2 * s**3 + 3 * s**2) * values[i + 1] + (s**3 - s**2) * m1


@program(normal(9), peer=True)
def log_sum_exp_divide_and_conquer(x):
    if len(x) == 1:
        return x[0]
    middle = len(x) // 2
    return np.logaddexp(log_sum_exp_divide_and_conquer(x[:middle]), log_sum_exp_divide_and_conquer(x[middle:]))


@program(np.array([1.2, -0.7]), peer=True)
def rosenbrock_after_gradient_steps(x):
    for _ in range(5):
        g0 = -400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0])
        g1 = 200 * (x[1] - x[0] ** 2)
        x = x - 1e-4 * np.stack([g0, g1])
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


@program(0.0, 2.0, peer=True)
def simpson_quadrature(a, b):
    n = 20
    h = (b - a) / n
    total = np.exp(-(a**2)) + np.exp(-(b**2))
    for i in range(1, n):
        weight = 4.0 if i % 2 == 1 else 2.0
        x = a + i * h
        total = total + weight * np.exp(-(x**2))
    return total * h / 3.0


@program(normal(4), normal(3, 4, 2), peer=True)
def horner_polynomials(x, coefficients):
    y = np.zeros((4, 2))
    for c in coefficients:
        y = y * x[:, None] + c
    return np.sum(y**2)


@program(np.linspace(-1.0, 1.0, 9) ** 2, normal(9), peer=True)
def dynamic_time_warping(x, y):
    row = [0.0] + [1e6] * 9
    for i in range(9):
        left = 1e6
        new = [left]
        for j in range(9):
            best = min(row[j], row[j + 1], left)
            left = (x[i] - y[j]) ** 2 + best
            new = new + [left]
        row = new
    return row[-1]


@program(0.3, 0.2)
def secant_method(a, b):
    def f(x):
        return math.cos(x) * a - b * x

    x0, x1 = 0.0, 1.0
    for _ in range(30):
        if abs(f(x1)) < 1e-12:
            break
        x0, x1 = x1, x1 - f(x1) * (x1 - x0) / (f(x1) - f(x0))
    else:
        warnings.warn("no convergence", stacklevel=2)
    return x1


@program(np.array([1.2, 1.0]))
def descent_with_line_search(x):
    """Steepest descent on Rosenbrock's function, with Armijo's rule."""
    f = lambda z: (1 - z[0]) ** 2 + 100 * (z[1] - z[0] ** 2) ** 2  # noqa: E731
    gradient = lambda z: np.array(  # noqa: E731
        [-2 * (1 - z[0]) - 400 * z[0] * (z[1] - z[0] ** 2), 200 * (z[1] - z[0] ** 2)]
    )
    for _ in range(3):
        d = -gradient(x)
        t = 1.0
        while f(x + t * d) > f(x) - 1e-4 * t * np.dot(d, d):
            t *= 0.5
            if t < 1e-10:
                break
        x = x + t * d
    return f(x)


@program(np.array([1.0, 0.6]))
def golden_section(coefficients):
    """The least value in a bracket, where a search and a step of Newton's method end: only the step is differentiated."""
    phi = (math.sqrt(5) - 1) / 2

    def f(x):
        return coefficients[0] * (x - 1.3) ** 2 + coefficients[1] * np.cos(x)

    b, a = 3.0, 0.5
    c, d = b - phi * (b - a), a + phi * (b - a)
    fc, fd = f(c), f(d)
    for _ in range(30):
        if fc < fd:
            b, d, fd = d, c, fc
            c = b - phi * (b - a)
            fc = f(c)
        else:
            a, c, fc = c, d, fd
            d = a + phi * (b - a)
            fd = f(d)
    x = sct.stop_gradient((a + b) / 2)
    slope = 2 * coefficients[0] * (x - 1.3) - coefficients[1] * np.sin(x)
    return f(x - slope / (2 * coefficients[0] - coefficients[1] * np.cos(x)))


@program(np.array([[0.0, 0.0], [1.2, 0.1], [0.2, 1.4]]), 1.3, refused=("checkpoint",))
def nelder_mead(simplex, k):
    """The least value at the corners of a simplex after some steps."""

    def f(x):
        return (x[0] - 1) ** 2 + k * (x[1] - x[0] ** 2) ** 2

    points = [(f(p), p) for p in simplex]
    for _ in range(4):
        points.sort(key=lambda fp: fp[0])
        centroid = np.mean([p for _, p in points[:-1]], axis=0)
        worst = points[-1][1]
        reflected = centroid + (centroid - worst)
        if f(reflected) < points[0][0]:
            expanded = centroid + 2 * (centroid - worst)
            new = expanded if f(expanded) < f(reflected) else reflected
        elif f(reflected) < points[-2][0]:
            new = reflected
        else:
            new = centroid + 0.5 * (worst - centroid)
        points[-1] = (f(new), new)
    return min(value for value, _ in points)


@program(1.3)
def chebyshev_by_memo(x):
    cache = {}

    def T(n):
        if n in cache:
            return cache[n]
        result = 1.0 if n == 0 else x if n == 1 else 2 * x * T(n - 1) - T(n - 2)
        cache[n] = result
        return result

    return T(6)


class Polynomial:
    """Coefficients from the constant term on."""

    def __init__(self, coefficients):
        self.coefficients = np.asarray(coefficients)

    def __call__(self, x):
        result = 0.0
        for c in reversed(self.coefficients):
            result = result * x + c
        return result

    def derivative(self):
        return Polynomial(self.coefficients[1:] * np.arange(1, len(self.coefficients)))

    def __mul__(self, other):
        return Polynomial(np.convolve(self.coefficients, other.coefficients))


@program(np.array([1.0, 0.5, 0.2]))
def polynomial_class(c):
    p = Polynomial(c)
    return p(0.5) + p.derivative()(2.0) * (p * p)(0.3)


@program(np.array([0.5, 1.5, 1.0]))
def linear_interpolation(y):
    xs = [0.0, 1.0, 2.0]

    def f(x):
        for i in range(len(xs) - 1):
            if xs[i] <= x <= xs[i + 1]:
                w = (x - xs[i]) / (xs[i + 1] - xs[i])
                return (1 - w) * y[i] + w * y[i + 1]
        raise ValueError(f"{x} is outside of {xs[0]} to {xs[-1]}")

    return f(0.3) * f(1.7)


@program(normal(7), 2.3, refused=("checkpoint",))
def b_spline_by_de_boor(c, x):
    """A cubic spline by its control points, by de Boor's algorithm."""
    t = [0, 0, 0, 0, 1, 2, 3, 4, 4, 4, 4]
    p = 3
    k = max(i for i in range(len(t) - 1) if t[i] <= x and t[i] < t[i + 1])
    d = [c[j + k - p] for j in range(0, p + 1)]
    for r in range(1, p + 1):
        for j in range(p, r - 1, -1):
            alpha = (x - t[j + k - p]) / (t[j + 1 + k - r] - t[j + k - p])
            d[j] = (1.0 - alpha) * d[j - 1] + alpha * d[j]
    return d[p]


def basis(i, p, knots, x):
    """The B-spline of degree p by the recursion of Cox and de Boor."""
    if p == 0:
        return 1.0 if knots[i] <= x < knots[i + 1] else 0.0
    left = right = 0.0
    if knots[i + p] != knots[i]:
        left = (x - knots[i]) / (knots[i + p] - knots[i]) * basis(i, p - 1, knots, x)
    if knots[i + p + 1] != knots[i + 1]:
        right = (knots[i + p + 1] - x) / (knots[i + p + 1] - knots[i + 1]) * basis(i + 1, p - 1, knots, x)
    return left + right


@program(normal(5), np.array([0.0, 0.0, 0.0, 1.1, 1.9, 3.0, 3.0, 3.0]), 1.4)
def b_spline_by_recursion(control, knots, x):
    return sum(c * basis(i, 2, knots, x) for i, c in enumerate(control))


class CubicSpline:
    """The natural spline through points."""

    def __init__(self, x, y):
        self.x, self.y = x, y
        n = len(x)
        h = np.diff(x)
        A = np.eye(n)
        rhs = np.zeros(n)
        for i in range(1, n - 1):
            A[i, i - 1] = h[i - 1]
            A[i, i] = 2 * (h[i - 1] + h[i])
            A[i, i + 1] = h[i]
            rhs[i] = 3 * ((y[i + 1] - y[i]) / h[i] - (y[i] - y[i - 1]) / h[i - 1])
        self.c = np.linalg.solve(A, rhs)
        self.b = np.diff(y) / h - h * (2 * self.c[:-1] + self.c[1:]) / 3
        self.d = np.diff(self.c) / (3 * h)

    def __call__(self, t):
        i = np.clip(np.searchsorted(self.x, t) - 1, 0, len(self.x) - 2)
        s = t - self.x[i]
        return self.y[i] + self.b[i] * s + self.c[i] * s**2 + self.d[i] * s**3


@program(np.array([0.0, 0.8, 2.1, 3.0, 4.2]), normal(5), np.array([0.5, 1.0, 2.5, 3.9]))
def cubic_spline_class(x, y, at):
    spline = CubicSpline(x, y)
    return np.sum(spline(at) ** 2) + spline(1.7)


def adaptive_simpson(f, a, b, tolerance, whole=None):
    """Halves an interval until both halves together say what the whole does."""
    m = (a + b) / 2
    if whole is None:
        whole = (b - a) / 6 * (f(a) + 4 * f(m) + f(b))
    left = (m - a) / 6 * (f(a) + 4 * f((a + m) / 2) + f(m))
    right = (b - m) / 6 * (f(m) + 4 * f((m + b) / 2) + f(b))
    if abs(left + right - whole) < 15 * tolerance:
        return left + right + (left + right - whole) / 15
    return adaptive_simpson(f, a, m, tolerance / 2, left) + adaptive_simpson(f, m, b, tolerance / 2, right)


def peak(x):
    return 1.0 / (0.1 + x**2)


@program(-0.5, 1.5)
def adaptive_quadrature(a, b):
    return adaptive_simpson(peak, a, b, 1e-3)


@program(0.1, 1.2)
def romberg_integration(a, b):
    n = 4
    R = np.zeros((n, n))
    h = b - a
    R[0, 0] = h / 2 * (np.sin(a) * a + np.sin(b) * b)
    for i in range(1, n):
        h /= 2
        R[i, 0] = R[i - 1, 0] / 2 + h * sum(np.sin(a + k * h) * (a + k * h) for k in range(1, 2**i, 2))
        for j in range(1, i + 1):
            R[i, j] = R[i, j - 1] + (R[i, j - 1] - R[i - 1, j - 1]) / (4**j - 1)
    return R[-1, -1]
