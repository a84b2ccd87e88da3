"""What is measured: the kernels of tests/kernels at the sizes of a benchmark, and problems of optimisation and simulation.

Sizes are those that NPBench calls S, for the kernels that it has as well; where ours goes through numbers one by one, fewer,
since Python has to run it too. No kernel but `bisection`, which is refused, is left out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from kernel_samples import load
from trees import floating

__all__ = ["WORKLOADS", "Workload"]

Make = Callable[[np.random.Generator], tuple[Any, ...]]


@dataclass(frozen=True)
class Workload:
    """A function with arguments, and what is known of it."""

    name: str
    kind: str
    """`loops` over numbers or short rows, `stencil`, `arrays` where a few operations on whole arrays do the work; or what a
    workload has a figure of its own for."""
    make: Make
    function: Callable[..., Any]
    wrt: tuple[str, ...]
    mark: float | None = None
    """By how much the experiment in loops.md (its column B) was faster than the generated NumPy."""

    def args(self) -> tuple[Any, ...]:
        """The arguments, made afresh and each time the same."""
        return self.make(np.random.default_rng(0))


def _adi(rng):
    return rng.standard_normal((100, 100)), 0.8, 0.02, 0.6, 0.9, 2


def _bundle_adjustment(rng):
    cameras = np.zeros((5, 11))
    cameras[:, 0:3] = 0.3 * rng.standard_normal((5, 3))
    cameras[:, 3:6] = np.array([0.0, 0.0, -5.0]) + 0.2 * rng.standard_normal((5, 3))
    cameras[:, 6] = rng.uniform(1.0, 1.5, 5)
    cameras[:, 7:11] = 0.05 * rng.standard_normal((5, 4))
    seen = rng.integers(0, 5, 200), rng.integers(0, 50, 200)
    return cameras, rng.uniform(-1.0, 1.0, (50, 3)), rng.uniform(0.5, 1.0, 200), *seen, rng.standard_normal((200, 2))


def _cavity_flow(rng):
    u, v, p = 0.1 * rng.standard_normal((3, 41, 41))
    return u, v, p, 1.0, 1.0, 0.1, 0.001, 0.05, 0.05, 25, 5


def _channel_flow(rng):
    u, v, p = 0.02 * rng.random((3, 41, 41))
    return u, v, p, 1.0, 1.0, 0.1, 0.01, 0.1, 0.1


def _cholesky(rng):
    B = rng.standard_normal((100, 100))
    return (B @ B.T + 100.0 * np.eye(100),)


def _conjugate_gradients(rng):
    B = 0.02 * rng.standard_normal((200, 200))
    return np.diag(np.linspace(2.0, 10.0, 200)) + B + B.T, rng.uniform(1.0, 2.0, 200), np.zeros(200), 1e-14, 20


def _convolution(rng):
    return rng.standard_normal((2, 3, 32, 32)), rng.standard_normal((4, 3, 2, 2)), rng.standard_normal(4), 1, 0


def _correlation(rng):
    return rng.standard_normal((300, 250)), 0.1


def _covariance(rng):
    return rng.standard_normal((60, 50)), np.zeros(50), np.zeros((50, 50))


def _csr_matvec(rng):
    indices = rng.integers(0, 4096, 8192)
    indptr = np.concatenate(([0], np.sort(rng.integers(0, 8193, 4095)), [8192]))
    return rng.standard_normal(8192), indices, indptr, rng.standard_normal(4096)


def _durbin(rng):
    return (0.5 ** np.arange(1.0, 1001.0) + 1e-4 * rng.standard_normal(1000),)


def _dynamic_time_warping(rng):
    return np.cumsum(rng.standard_normal((60, 2)), axis=0), np.cumsum(rng.standard_normal((60, 2)), axis=0), 20


def _fdtd_2d(rng):
    ex, ey, hz = (rng.standard_normal(shape) for shape in ((200, 221), (201, 220), (200, 220)))
    return ex, ey, hz, 1.0 + rng.random((200, 220)), rng.standard_normal(20), 0.4


def _fft_radix2(rng):
    return rng.standard_normal(4096), np.hanning(4098)[1:-1] + 0.01 * rng.standard_normal(4096)


def _floyd_warshall(rng):
    tails, heads = np.divmod(rng.permutation(100 * 100)[:2000], 100)
    ring = np.arange(100)
    return 100, np.concatenate((tails, ring)), np.concatenate((heads, (ring + 1) % 100)), rng.uniform(0.5, 2.0, 2100)


def _gauss_seidel(rng):
    return rng.standard_normal((50, 50)), rng.standard_normal((50, 50)), 0.4, 1.3, 8


def _gaussian_mixture(rng):
    k, d, n = 5, 3, 200
    below = 0.2 * rng.standard_normal((k, d * (d - 1) // 2))
    return (
        rng.standard_normal(k),
        rng.standard_normal((k, d)),
        0.2 * rng.standard_normal((k, d)),
        below,
        rng.standard_normal((n, d)),
        0.7,
    )


def _gram_schmidt(rng):
    return (np.eye(70, 60) * 10.0 + rng.standard_normal((70, 60)),)


def _gru(rng):
    Wz, Wr, Wh = 0.2 * rng.standard_normal((3, 16, 32))
    Uz, Ur, Uh = 0.2 * rng.standard_normal((3, 32, 32))
    bz, br, bh = 0.1 * rng.standard_normal((3, 32))
    return rng.standard_normal((20, 8, 16)), rng.standard_normal((8, 32)), Wz, Uz, bz, Wr, Ur, br, Wh, Uh, bh


def _hand_skinning(rng):
    bones, vertices, measured = 22, 544, 100
    parents = np.concatenate(([-1], [int(rng.integers(0, b)) for b in range(1, bones)]))
    base, inverse = np.tile(np.eye(4), (2, bones, 1, 1))
    base[1:, :3, 3] = rng.uniform(0.3, 1.0, (bones - 1, 3))
    inverse[:, :3, 3] = -rng.uniform(0.3, 1.0, (bones, 3))
    weights = rng.uniform(0.1, 1.0, (vertices, bones))
    weights /= weights.sum(axis=1, keepdims=True)
    mesh, given = rng.standard_normal((vertices, 3)), rng.standard_normal((measured, 3))
    angles = 0.3 * rng.standard_normal((bones, 3)), rng.standard_normal(3), 1.1
    return *angles, base, inverse, parents, mesh, weights, rng.integers(0, vertices, measured), given


def _heat_3d(rng):
    return 1.0 + rng.random((25, 25, 25)), 0.5 + rng.random((25, 25, 25)), 2.5, 0.5, 24


def _histogram(rng):
    return rng.uniform(-1.1, 1.1, 2000), rng.uniform(0.5, 1.5, 2000), -1.0, 1.0, 20


def _hmm_forward(rng):
    start, transition, emission = rng.uniform(0.2, 1.0, 10), rng.uniform(0.2, 1.0, (10, 10)), rng.uniform(0.2, 1.0, (10, 8))
    normalised = start / start.sum(), *(m / m.sum(axis=1, keepdims=True) for m in (transition, emission))
    return *normalised, rng.integers(0, 8, 100)


def _horizontal_diffusion(rng):
    return rng.standard_normal((64, 64, 60)), rng.standard_normal((64, 64, 60)), 0.02 + 0.03 * rng.random((64, 64, 60))


def _iir_filter(rng):
    return rng.random((100, 200)), 0.7


def _jacobi_1d(rng):
    return rng.standard_normal(3200), rng.standard_normal(3200), 800


def _jacobi_2d(rng):
    return rng.standard_normal((150, 150)), rng.standard_normal((150, 150)), 0.5, 49


def _k_means(rng):
    return rng.standard_normal((500, 2)), rng.standard_normal((5, 2)), 3


def _kalman_filter(rng):
    A, H = 0.9 * np.eye(4) + 0.05 * rng.standard_normal((4, 4)), np.eye(4)[:2] + 0.1 * rng.standard_normal((2, 4))
    Q, R = 0.3 * np.eye(4), np.array([[0.5, 0.1], [0.1, 0.4]])
    return rng.standard_normal(4), 2.0 * np.eye(4), A, Q, H, R, rng.standard_normal((100, 2)), rng.random(100) < 0.9


def _leapfrog(rng):
    return 0.5 * rng.standard_normal(100), 0.5 * rng.standard_normal(100), rng.uniform(0.8, 1.2, 100), 0.25, 0.4, 0.1, 50


def _lenet(rng):
    shapes = {"conv1": (5, 5, 1, 6), "conv1_bias": (6,), "conv2": (5, 5, 6, 16), "conv2_bias": (16,)}
    shapes |= {"fc1_w": (256, 120), "fc1_b": (120,), "fc2_w": (120, 84), "fc2_b": (84,), "fc3_w": (84, 10), "fc3_b": (10,)}
    params = {name: 0.1 * rng.standard_normal(shape) for name, shape in shapes.items()}
    return params, rng.standard_normal((4, 28, 28, 1)), rng.integers(0, 10, 4)


def _lstm(rng):
    params = {"Wx": 0.2 * rng.standard_normal((16, 128)), "Wh": 0.2 * rng.standard_normal((32, 128)), "b": np.zeros(128)}
    return params, rng.standard_normal((20, 8, 16)), rng.standard_normal((8, 32)), rng.standard_normal((8, 32))


def _lu(rng):
    return (rng.uniform(-1.0, 1.0, (60, 60)) + 60.0 * np.eye(60),)


def _max_pooling(rng):
    return rng.permutation(4 * 8 * 64 * 64).reshape(4, 8, 64, 64) * 1e-3, 3, 2


def _nbody(rng):
    return rng.uniform(0.5, 1.5, 25), 2.0 * rng.standard_normal((25, 3)), 0.3 * rng.standard_normal((25, 3)), 0.01, 0.8, 40


def _newton(rng):
    return 0.3 * rng.standard_normal(30), 1.5, rng.standard_normal(30), 1e-7, 20


def _particle_events(rng):
    return np.array([0.7, 1.0]), np.array([0.4, 0.3]), 1.3, 2.0, 0.9, 0.9, 0.0135, 10.0, 20


def _power_iteration(rng):
    B = 0.05 * rng.standard_normal((50, 50))
    return np.diag(2.0 ** -np.arange(50.0)) * 10.0 + B + B.T, rng.uniform(0.5, 1.0, 50), 3, 51


def _residual_block(rng):
    convs = [0.1 * rng.standard_normal(shape) for shape in ((1, 1, 32, 8), (3, 3, 8, 8), (1, 1, 8, 32))]
    scales, shifts = [rng.uniform(0.5, 1.5, c) for c in (8, 8, 32)], [0.3 * rng.standard_normal(c) for c in (8, 8, 32)]
    return rng.standard_normal((8, 14, 14, 32)), *convs, scales, shifts


def _runge_kutta_4(rng):
    return np.array([1.0, 1.5, 20.0]), 10.0, 28.0, 8.0 / 3.0, 0.005, 500


def _softmax_attention(rng):
    return *rng.standard_normal((3, 128, 32)), True


def _syr2k(rng):
    return 1.2, 0.8, rng.standard_normal((50, 50)), *rng.standard_normal((2, 50, 35))


def _syrk(rng):
    return 1.5, 0.7, rng.standard_normal((70, 70)), rng.standard_normal((70, 50))


def _triangular_solve(rng):
    return 0.05 * rng.standard_normal((100, 100)) + 2.0 * np.eye(100), rng.standard_normal((100, 20))


def _trmm(rng):
    return 1.3, 0.1 * rng.standard_normal((65, 65)), rng.standard_normal((65, 80))


def _vertical_advection(rng):
    u, tend = rng.standard_normal((2, 60, 60, 40))
    return u, rng.standard_normal((61, 60, 41)), tend, 0.8 + 0.4 * rng.random(40), 0.3, 0.6


def _wave_equation(rng):
    return 1.0 + 0.3 * rng.random((150, 150)), rng.standard_normal(50), 2.0, 4.0, 60, 70, np.arange(10, 140, 10)


def _kernel(kind: str, make: Make, mark: float | None = None) -> Workload:
    """A kernel of tests/kernels with the name of what makes its arguments."""
    name = make.__name__[1:]
    module = load(name)
    f = getattr(module, name)
    parameters = inspect.signature(f).parameters
    args = make(np.random.default_rng(0))
    active = tuple(n for n, a in zip(parameters, args, strict=True) if floating(a))
    return Workload(name, kind, make, f, getattr(module, "WRT", active), mark)


def _rate(x, y):
    return x * np.concatenate((np.ones(1), y[:-1]))


def ode(x, steps):
    """The sum of the unknowns after so many steps of the classical Runge-Kutta method; each drives the one after it."""
    y = x
    h = 1.0 / steps
    for _ in range(steps):
        k1 = _rate(x, y)
        k2 = _rate(x, y + 0.5 * h * k1)
        k3 = _rate(x, y + 0.5 * h * k2)
        k4 = _rate(x, y + h * k3)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return np.sum(y)


def mixture(alphas, means, diagonals, belows, x, gamma):
    """Log-likelihood of points under a mixture of Gaussians, with a Wishart prior; the objective `gmm` of ADBench in arrays."""
    k, d = means.shape
    rows, columns = np.tril_indices(d, -1)
    L = np.zeros((k, d, d))
    L[:, rows, columns] = belows
    L[:, np.arange(d), np.arange(d)] = np.exp(diagonals)
    z = np.einsum("kij,nkj->nki", L, x[:, None, :] - means)
    terms = alphas + np.sum(diagonals, axis=1) - 0.5 * np.sum(z**2, axis=2)
    prior = 0.5 * gamma**2 * np.sum(L * L) - d * np.sum(diagonals)
    return np.sum(_log_sum_exp_of_rows(terms)) - len(x) * log_sum_exp(alphas) - prior


def _log_sum_exp_of_rows(x):
    top = np.max(x, axis=1)
    return top + np.log(np.sum(np.exp(x - top[:, None]), axis=1))


def log_sum_exp(x):
    """The logarithm of the sum of exponentials."""
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def least_squares(x, A, b):
    """Half the sum of the squares of what a linear model leaves."""
    r = A @ x - b
    return 0.5 * np.sum(r * r)


def cost_of_centres(centres, points):
    """The sum of the squared distances of points from the nearest centre."""
    apart = points[:, None, :] - centres
    return np.sum(np.min(np.sum(apart * apart, axis=2), axis=1))


def recurrence(x, a, h, steps):
    """A number that goes so many steps towards the root of `a`."""
    for _ in range(steps):
        x = x + h * (a - x * x)
    return x


def _mixture_of(k: int, d: int) -> Make:
    def make(rng):
        below = 0.2 * rng.standard_normal((k, d * (d - 1) // 2))
        own = rng.standard_normal(k), rng.standard_normal((k, d)), 0.2 * rng.standard_normal((k, d)), below
        return *own, rng.standard_normal((1000, d)), 0.7

    return make


def _problem(name: str, f: Callable[..., Any], wrt: tuple[str, ...], make: Make, mark: float | None, kind: str = "problem"):
    return Workload(name, kind, make, f, wrt, mark)


_OF_A_MIXTURE = ("alphas", "means", "diagonals", "belows")

_ALL = (
    _kernel("loops", _adi, 25.5 / 0.56),
    _kernel("arrays", _bundle_adjustment),
    _kernel("stencil", _cavity_flow, 14.4 / 1.88),
    _kernel("stencil", _channel_flow),
    _kernel("loops", _cholesky),
    _kernel("arrays", _conjugate_gradients),
    _kernel("loops", _convolution, 23.0 / 0.81),
    _kernel("loops", _correlation, 89.6 / 25.5),
    _kernel("loops", _covariance, 90.3 / 24.8),
    _kernel("loops", _csr_matvec, 19.8 / 0.23),
    _kernel("loops", _durbin, 13.2 / 0.55),
    _kernel("loops", _dynamic_time_warping),
    _kernel("stencil", _fdtd_2d, 3.54 / 0.93),
    _kernel("arrays", _fft_radix2),
    _kernel("loops", _floyd_warshall),
    _kernel("loops", _gauss_seidel, 5.94 / 0.087),
    _kernel("loops", _gaussian_mixture),
    _kernel("loops", _gram_schmidt, 13.5 / 0.39),
    _kernel("arrays", _gru),
    _kernel("arrays", _hand_skinning),
    _kernel("stencil", _heat_3d, 4.21 / 1.08),
    _kernel("arrays", _histogram),
    _kernel("loops", _hmm_forward),
    _kernel("stencil", _horizontal_diffusion, 4.59 / 1.26),
    _kernel("loops", _iir_filter, 6.13 / 0.37),
    _kernel("stencil", _jacobi_1d, 7.46 / 1.64),
    _kernel("stencil", _jacobi_2d, 5.11 / 1.06),
    _kernel("loops", _k_means),
    _kernel("arrays", _kalman_filter),
    _kernel("loops", _leapfrog),
    _kernel("arrays", _lenet),
    _kernel("arrays", _lstm),
    _kernel("loops", _lu),
    _kernel("arrays", _max_pooling),
    _kernel("arrays", _nbody, 3.69 / 0.82),
    _kernel("arrays", _newton),
    _kernel("loops", _particle_events),
    _kernel("arrays", _power_iteration),
    _kernel("arrays", _residual_block),
    _kernel("loops", _runge_kutta_4),
    _kernel("arrays", _softmax_attention),
    _kernel("loops", _syr2k, 23.3 / 0.088),
    _kernel("loops", _syrk),
    _kernel("loops", _triangular_solve),
    _kernel("loops", _trmm, 18.5 / 0.48),
    _kernel("stencil", _vertical_advection, 13.7 / 4.98),
    _kernel("stencil", _wave_equation),
    _problem("ode 10 x 100", ode, ("x",), lambda rng: (rng.uniform(0.5, 1.5, 10), 100), 2.25 / 0.027),
    _problem("ode 500 x 400", ode, ("x",), lambda rng: (rng.uniform(0.5, 1.5, 500), 400), 13.9 / 0.99),
    _problem("mixture d2 k5", mixture, _OF_A_MIXTURE, _mixture_of(5, 2), 0.93 / 0.150),
    _problem("mixture d20 k25", mixture, _OF_A_MIXTURE, _mixture_of(25, 20), 17.4 / 5.40),
    _problem("log-sum-exp 1e3", log_sum_exp, ("x",), lambda rng: (rng.standard_normal(1000),), 0.010 / 0.002),
    _problem("log-sum-exp 1e6", log_sum_exp, ("x",), lambda rng: (rng.standard_normal(1_000_000),), 2.63 / 1.04),
    _problem("least squares 1e3", least_squares, ("x",), lambda rng: _linear(rng, 1000), 0.042 / 0.007),
    _problem("least squares 2e5", least_squares, ("x",), lambda rng: _linear(rng, 200_000), 4.81 / 2.1),
    _problem("k-means small", cost_of_centres, ("centres",), lambda rng: _clusters(rng, 5, 200, 2), 0.123 / 0.074),
    _problem("k-means large", cost_of_centres, ("centres",), lambda rng: _clusters(rng, 50, 10_000, 8), 31.6 / 42.0),
    _problem("recurrence 1e5", recurrence, ("x", "a"), lambda rng: (1.0, 2.0, 1e-5, 100_000), None),
    _problem("recurrence 1e6", recurrence, ("x", "a"), lambda rng: (1.0, 2.0, 1e-5, 1_000_000), None),
)


def _linear(rng, n):
    return rng.standard_normal(4), rng.standard_normal((n, 4)), rng.standard_normal(n)


def _clusters(rng, k, n, d):
    return rng.standard_normal((k, d)), rng.standard_normal((n, d))


WORKLOADS = {w.name: w for w in _ALL}
"""All that is measured, by name."""
