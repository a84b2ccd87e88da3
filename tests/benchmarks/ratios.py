"""Print the ratios of generated gradients to gradients by hand and by autograd, and the time that compilation takes.

Run with `python tests/benchmarks/ratios.py`; one thread is used, so that small and large cases compare.
"""

import itertools
import os
import sys
from functools import partial
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np  # noqa: E402
from bench_speed import compile_seconds, ways  # noqa: E402
from cases import CASES  # noqa: E402
from timing import interleaved  # noqa: E402

import sct  # noqa: E402


def sum_of_squares(x):
    s = 0.0
    for i in range(len(x)):
        s = s + x[i] * x[i]
    return s


def recursion(x):
    y = np.empty_like(x)
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = 0.5 * y[i - 1] + np.sin(x[i])
    return y[-1]


def windows(x):
    y = np.zeros_like(x)
    for i in range(1, len(x) - 1):
        y[i - 1 : i + 2] += x[i - 1 : i + 2] * x[i]
    return np.sum(y)


def main() -> None:
    print("Best seconds per call, interleaved in one process; ratios below 1 are faster than what they are compared with.\n")
    print(f"{'case':<32}{'by hand':>11}{'specialize':>12}{'derived':>11}{'autograd':>11}", end="")
    print(f"{'/ hand':>9}{'/ simplified':>14}{'dispatch':>11}{'/ autograd':>12}")
    for case in CASES:
        functions = ways(case)
        if case.simplified:
            functions["simplified"] = partial(case.simplified, *case.args)
        t = dict(zip(functions, interleaved(*functions.values()), strict=True))
        print(f"{case.name:<32}", end="")
        print(*(f"{1e6 * t[w]:>9.2f}µs" for w in ("hand", "specialize", "derived", "autograd")), sep="", end="")
        simplified = f"{t['specialize'] / t['simplified']:>14.3f}" if case.simplified else f"{'':>14}"
        print(f"{t['specialize'] / t['hand']:>9.3f}{simplified}", end="")
        print(f"{1e6 * (t['derived'] - t['specialize']):>9.2f}µs{t['derived'] / t['autograd']:>12.3f}")

    print("\nThe gradient of loops that read or write an entry or a part in each step; a tenfold step costs at most tenfold:")
    for f in (sum_of_squares, recursion, windows):
        seconds = []
        for n in (1000, 10_000, 100_000):
            gradient = sct.grad(f).specialize(np.ones(n))
            seconds.append(interleaved(partial(gradient, np.linspace(0.0, 1.0, n)))[0])
        ratios = ", ".join(f"{b / a:.1f}" for a, b in itertools.pairwise(seconds))
        print(f"{f.__name__:<20}{1e3 * seconds[0]:9.2f} ms for 1000 entries; ten times as many: {ratios}")

    print("\nCompilation of a function that was not seen before:")
    compile_seconds(20, 1)
    for statements in (10, 20, 100, 1000):
        seconds = compile_seconds(statements, 5 if statements <= 100 else 2)
        print(f"{statements:>6} statements: {1e3 * seconds:8.1f} ms, {1e6 * seconds / statements:7.1f} µs a statement")


if __name__ == "__main__":
    main()
