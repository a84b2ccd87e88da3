"""Print what a sparse Jacobian costs, beside a dense one and SciPy's finite differences by the same pattern.

Run with `python tests/benchmarks/sparse.py`; one thread is used, and all are called by turns. "found": the first call, in
which the pattern is found and coloured and the code compiled. The dense Jacobian is of a system of a tenth of the size.
"""

import os
import sys
from functools import partial
from pathlib import Path
from time import perf_counter

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np  # noqa: E402
from scipy.optimize._numdiff import approx_derivative, group_columns  # noqa: E402
from timing import interleaved  # noqa: E402

import sct  # noqa: E402


def tridiagonal(x):
    y = -2.0 * x + 0.1 * np.sin(x)
    y[1:] += x[:-1]
    y[:-1] += x[1:] ** 2
    return y


def five_points(x):
    n = int(np.sqrt(len(x)))
    u = x.reshape(n, n)
    v = -4.0 * u + np.exp(0.1 * u)
    v[1:] += u[:-1]
    v[:-1] += u[1:]
    v[:, 1:] += u[:, :-1]
    v[:, :-1] += u[:, 1:]
    return v.ravel()


def main() -> None:
    columns = ("directions", "found", "sparse", "differences", "ratio", "dense, n/10")
    print(f"{'case':<14}{'n':>8}" + "".join(f"{c:>14}" for c in columns))
    for f, n in ((tridiagonal, 10_000), (five_points, 10_000), (tridiagonal, 100_000), (five_points, 90_000)):
        x = np.linspace(0.0, 1.0, n)
        jacobian = sct.jacobian(f, sparsity="auto")
        began = perf_counter()
        J = jacobian(x)
        found = perf_counter() - began
        pattern = jacobian.pattern(x).astype(int)
        sparsity = pattern, group_columns(pattern)
        assert abs(approx_derivative(f, x, sparsity=sparsity, method="2-point") - J).max() < 1e-5
        by_differences = partial(approx_derivative, f, x, sparsity=sparsity, method="2-point")
        calls = [partial(jacobian, x), by_differences]
        if n == 10_000:
            less = np.linspace(0.0, 1.0, 900 if f is five_points else 1000)
            calls.append(partial(sct.jacobian(f).specialize(less), less))
        times = interleaved(*calls, rounds=10)
        dense = f"{1e3 * times[2]:>12.2f}ms" if len(times) > 2 else ""
        print(
            f"{f.__name__:<14}{n:>8}{jacobian.directions(x):>14}{found:>13.2f}s{1e3 * times[0]:>12.2f}ms"
            f"{1e3 * times[1]:>12.2f}ms{times[0] / times[1]:>14.3f}{dense}"
        )


if __name__ == "__main__":
    main()
