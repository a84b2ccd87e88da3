"""Print what a tangent costs on matrix code: `sct.jvp`, which gives the value too, in times of the function.

Run with `python tests/benchmarks/tangents.py [NAME ...]`; one thread is used, and both are called by turns. The last column is
what the mathematics asks for in numbers of operations (Golub & Van Loan 2013 has those of the factorizations), with NumPy's own
functions: a product of three matrices that all vary is 2 products, and its tangent 4 more, as (ȦB + AḂ) A + (AB) Ȧ.
"""

import os
import sys
from functools import partial
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np  # noqa: E402
from timing import interleaved  # noqa: E402

import sct  # noqa: E402

RNG = np.random.default_rng(0)
N = 200
M = RNG.standard_normal((N, N))
SPD = M @ M.T + N * np.eye(N)
X, Y = RNG.standard_normal((2000, 50)), RNG.standard_normal(2000)
U = RNG.standard_normal((400, 400))


def ridge(X, y, k):
    return np.linalg.solve(X.T @ X + k * np.eye(X.shape[1]), X.T @ y)


def stencil(u, k, steps):
    for _ in range(steps):
        u[1:-1, 1:-1] += k * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1])
    return u


def network(x, W1, W2):
    return np.tanh(np.tanh(x @ W1) @ W2)


def steps_of_newton(A, B, steps):
    """The inverse of A by Newton's iteration, from B."""
    for _ in range(steps):
        B = 2.0 * B - B @ A @ B
    return B


CASES = {
    "A @ B": (lambda A, B: A @ B, (M, SPD), (0, 1), 3.0),
    "A @ B @ A": (lambda A, B: A @ B @ A, (M, SPD), (0, 1), 3.0),
    "A @ B @ A by B": (lambda A, B: A @ B @ A, (M, SPD), (1,), 2.0),
    "newton": (steps_of_newton, (SPD, np.eye(N) / np.trace(SPD), 5), (0,), 3.0),
    "network": (network, (X, RNG.standard_normal((50, 60)), RNG.standard_normal((60, 50))), (1, 2), 2.5),
    "ridge by X": (ridge, (X, Y, 0.5), (0,), 3.0),
    "ridge by k": (ridge, (X, Y, 0.5), (2,), 1.0),
    "solve": (lambda A, b: np.linalg.solve(A, b), (SPD, M[0]), (0, 1), 2.0),
    "inv": (lambda A: np.linalg.inv(A), (SPD,), (0,), 3.0),
    "det": (lambda A: np.linalg.det(A), (M,), (0,), 4.0),
    "log-determinant": (lambda A: np.linalg.slogdet(A)[1], (M,), (0,), 4.0),
    "cholesky": (lambda A: np.linalg.cholesky(A), (SPD,), (0,), 25.0),
    "qr": (lambda A: np.linalg.qr(A), (M,), (0,), 5.0),
    "eigh": (lambda A: np.linalg.eigh(A), (SPD,), (0,), 1.7),
    "svd": (lambda A: np.linalg.svd(A, full_matrices=False), (M,), (0,), 1.4),
    "stencil": (stencil, (U, 0.1, 5), (0, 1), 2.2),
    "softmax": (lambda x: np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))), (U,), (0,), 2.0),
    "norm": (lambda x: np.linalg.norm(x), (U,), (0,), 2.0),
    "max": (lambda x: np.max(x), (U,), (0,), 2.0),
    "sort": (lambda x: np.sort(x, axis=0), (U,), (0,), 2.0),
}


def main() -> None:
    print(f"{'case':<20}{'function':>11}{'jvp':>12}{'ratio':>8}{'bound':>8}")
    for name in sys.argv[1:] or CASES:
        f, args, wrt, bound = CASES[name]
        dots = [np.ones_like(args[n]) if isinstance(args[n], float) else RNG.standard_normal(args[n].shape) for n in wrt]
        push = sct.jvp(f, wrt).specialize(*args, *dots)
        own = [a.copy() if isinstance(a, np.ndarray) else a for a in args]  # which the function may write into
        t, both = interleaved(partial(f, *own), partial(push, *args, *dots), rounds=30)
        print(f"{name:<20}{1e6 * t:>9.1f}µs{1e6 * both:>10.1f}µs{both / t:>8.2f}{bound:>8.1f}")


if __name__ == "__main__":
    main()
